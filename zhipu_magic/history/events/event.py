"""The state of a chat, and what all events that change it have in common.

An event is a dataclass. Its fields are the members of its line in the journal, in the order in which they are written;
a member that is absent is None. The type of a field names the check that a line must pass (see `members`), and
`reader` makes it. A line with a member that fails its check is left out as a whole: trusting the rest of it might
lift a budget, or show a turn that never was. Members that are not part of the format are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from ..budget import Budget
from ..conversation import Conversation, Thread
from ..ledger import Ledger
from .members import Id, Text

E = TypeVar("E", bound="Event")


@dataclass(slots=True, eq=False)
class State:
    """Everything that a chat keeps.

    Applying an event changes it in place. Where others can see the state, a copy is changed and then swapped in, so
    that an interrupt or another thread sees it before an event or after it, never in between. `event` is the latest,
    and `compared` are the replies of the latest comparisons (`TurnEvent`), one of which may be kept.
    """

    conversation: Conversation = field(default_factory=Conversation)
    ledger: Ledger = field(default_factory=Ledger)
    temperature: float | None = None
    budget: Budget | None = None
    event: Event | None = None
    compared: tuple[Any, ...] = ()

    def copy(self) -> State:
        """A copy that can be changed without changing this one."""
        # `dataclasses.replace` would take five times as long, and each event of a journal may need one.
        return State(
            conversation=self.conversation,
            ledger=self.ledger,
            temperature=self.temperature,
            budget=self.budget,
            event=self.event,
            compared=self.compared,
        )

    def put(self, thread: Thread) -> None:
        """Replace the thread with the same name."""
        self.conversation = self.conversation.with_thread(thread)

    def change(self, name: str, change: Callable[[Thread], Thread]) -> None:
        """Change the thread with this name."""
        self.put(change(self.conversation.thread(name)))


if TYPE_CHECKING:
    from typing_extensions import dataclass_transform

    @dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=False)
    def event_class(cls: type[E]) -> type[E]:
        """Make the class a frozen dataclass, whose fields are given by name."""
else:
    # No methods are generated, as `Event` has them: Python would take 8 ms to make those of all events, and the first
    # cell waits for that.
    event_class = dataclass(init=False, repr=False, eq=False, kw_only=True)


@event_class
class Event:
    """Something that happened to a chat.

    Its `id` is the name of its session, a dash, and a number that grows within the session. `forked` is set on the
    first event after another process was forked from this one.
    """

    id: Id
    event: Text
    forked: Any = None

    together: ClassVar[frozenset[str]] = frozenset()
    """Members that a line has all of, or none."""
    null_is_absent: ClassVar[bool] = False
    """Whether a member that is null in a line counts as absent."""
    _format: ClassVar[_Format]

    if not TYPE_CHECKING:

        def __init__(self, **fields: Any) -> None:
            form = self.format()
            members = {**form.defaults, **fields}
            if wrong := members.keys() ^ form.on_disk.keys():
                raise TypeError(f"{type(self).__name__}: missing or unknown: {', '.join(sorted(wrong))}")
            vars(self).update(members)

        def __setattr__(self, name: str, value: object) -> None:
            raise FrozenInstanceError(f"cannot change {name}: what has happened does not change")

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
        """The state after the event; the given one stays as it is. Raises as `apply` does."""
        state = state.copy()
        self.apply(state)
        return state

    def apply(self, state: State) -> None:
        """Change the state. Raises LookupError, TypeError or ValueError for an event that cannot be applied to it.

        In that case nothing has changed.
        """
        raise LookupError(f"{self.event} changes nothing")

    def work(self, conversation: Conversation, events_before: int) -> int:
        """About how many links and threads `apply` visits; `events_before` counts those of the same session."""
        return len(conversation.threads) // 2

    def to_json(self) -> dict[str, Any]:
        """The members of its line."""
        format, values = self.format(), vars(self)
        names = (*self.written_fields(), *(["forked"] if self.forked is not None else []))
        return {
            format.on_disk[name]: values.get(name)
            for name in names
            if values.get(name) is not None or name not in format.defaults
        }

    def written_fields(self) -> tuple[str, ...]:
        """Its fields, in the order in which they are written."""
        return tuple(name for name in self.format().on_disk if name != "forked")


def repeated(event: E, fields: Mapping[str, Any]) -> E:
    """The same event once more, with these fields of its own as far as its kind has them.

    Its `of` names the first of its kind, also where `event` repeats another one.
    """
    known = event.format().on_disk
    own = {name: value for name, value in fields.items() if name in known}
    return made(type(event), {**vars(event), **own, "of": getattr(event, "of", None) or event.id})


def made(event_type: type[E], fields: dict[str, Any]) -> E:
    """Make an event of these fields without its constructor: absent fields are then looked up in the class.

    The constructor would take longer than everything else about reading a line.
    """
    event = object.__new__(event_type)
    object.__setattr__(event, "__dict__", fields)
    return event


class _Format(NamedTuple):
    """How one kind of event is written: the names of its fields in a line, their checks, and their defaults.

    A field without a default must be there.
    """

    on_disk: Mapping[str, str]
    checks: Mapping[str, Any]
    defaults: Mapping[str, Any]


def _format_of(event_type: type[Event]) -> _Format:
    on_disk = {one.name: one.name.rstrip("_") for one in fields(event_type)}  # `from` is a word of Python's
    hints = get_type_hints(event_type, include_extras=True)
    defaults = {one.name: one.default for one in fields(event_type) if one.default is not MISSING}
    return _Format(on_disk, {name: _check_in(hints[name]) for name in on_disk}, defaults)


def _check_in(hint: Any) -> Any:
    """The check in the type of a field; None for a field that takes anything."""
    if get_origin(hint) is Annotated:
        return hint.__metadata__[0]
    return next((check for inner in get_args(hint) if (check := _check_in(inner)) is not None), None)
