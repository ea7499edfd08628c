"""What a chat keeps, and what all events that change it have in common: how one is checked, applied, read and written.

An event is a dataclass. Its fields are the members of its line in the journal, in the order in which they are written;
a member that is absent is None. The type of a field names the check that a line from elsewhere must pass (see
`event_members`). A line with a member that fails its check makes no sense and is left out as a whole: to believe the
rest of it might lift a budget, or show a turn that never was. Members that are not of the format are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Annotated, Any, ClassVar, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from .budget import Budget
from .conversation import Conversation, Thread
from .event_members import Id, Text
from .ledger import Ledger

E = TypeVar("E", bound="Event")


@dataclass(slots=True, eq=False)
class State:
    """All that a chat keeps.

    An event changes it in place. Whoever shows it to others changes a copy and puts that in its place, so that an
    interrupt and another thread see it before an event or after, never between. `event` is the event that led
    to this state.
    """

    conversation: Conversation = field(default_factory=Conversation)
    ledger: Ledger = field(default_factory=Ledger)
    temperature: float | None = None
    budget: Budget | None = None
    event: Event | None = None

    def copy(self) -> State:
        """One that can be changed while this one stays as it is."""
        return replace(self)

    def put(self, thread: Thread) -> None:
        """Put this thread in the place of the one of its name."""
        self.conversation = self.conversation.has(thread)


@dataclass(frozen=True, kw_only=True, eq=False)
class Event:
    """Something that happened to a chat.

    Its `id` is the name of its session, a dash, and a number that grows within the session. `forked` is set on the
    first event after another process was forked from this one.
    """

    id: Id
    event: Text
    forked: Any = None

    together: ClassVar[frozenset[str]] = frozenset()
    """Members of which a line has all or none."""
    null_is_absent: ClassVar[bool] = False
    """Whether a member that is null in a line counts as absent."""
    _format: ClassVar[_Format]

    @classmethod
    def format(cls) -> _Format:
        """The format of its line."""
        if "_format" not in vars(cls):
            cls._format = _format_of(cls)
        return cls._format

    @property
    def session(self) -> str:
        """The session that it belongs to."""
        return self.id.rpartition("-")[0]

    def applied_to(self, state: State) -> State:
        """What the state is after the event; the one before stays as it is. Raises as `apply` does."""
        state = state.copy()
        self.apply(state)
        return state

    def apply(self, state: State) -> None:
        """Change the state. Raises LookupError, TypeError or ValueError where the event makes no sense there.

        In that case nothing is changed.
        """
        raise LookupError(f"{self.event} changes nothing")

    def work(self, conversation: Conversation, events_before: int) -> int:
        """About how many links and threads `apply` looks at, after so many events of the same session."""
        return len(conversation.threads) // 2

    def to_json(self) -> dict[str, Any]:
        """The members of its line."""
        format, values = self.format(), vars(self)
        names = (*self.written_fields(), *(["forked"] if self.forked is not None else []))
        return {
            format.on_disk[name]: values.get(name)
            for name in names
            if values.get(name) is not None or name in format.required
        }

    def written_fields(self) -> tuple[str, ...]:
        """Its fields, in the order in which they are written."""
        return tuple(name for name in self.format().on_disk if name != "forked")


def made(event_type: type[E], fields: dict[str, Any]) -> E:
    """The event with these fields, which are its own from now on; those that are absent are found in the class.

    Its constructor would take longer than all else that reading a line takes.
    """
    event = object.__new__(event_type)
    object.__setattr__(event, "__dict__", fields)
    return event


class _Format(NamedTuple):
    """The format of one kind of event: its fields with their names in a line, their checks, and what must be there."""

    on_disk: Mapping[str, str]
    checks: Mapping[str, Any]
    required: frozenset[str]


def _format_of(event_type: type[Event]) -> _Format:
    on_disk = {one.name: one.name.rstrip("_") for one in fields(event_type)}  # `from` is a word of Python's
    hints = get_type_hints(event_type, include_extras=True)
    required = {one.name for one in fields(event_type) if one.default is MISSING}
    return _Format(on_disk, {name: _check_in(hints[name]) for name in on_disk}, frozenset(required))


def _check_in(hint: Any) -> Any:
    """The check that a field's type names; None where it takes anything."""
    if get_origin(hint) is Annotated:
        return hint.__metadata__[0]
    return next((check for inner in get_args(hint) if (check := _check_in(inner)) is not None), None)
