"""What a chat keeps, and what all events that change it have in common: how one is checked, applied, read and written.

An event is a dataclass. Its fields are the members of its line in the journal, in the order in which they are written;
a member that is absent is None. The type of a field names the check that a line from elsewhere must pass (see
`event_members`). A line with a member that fails its check makes no sense and is left out as a whole: to believe the
rest of it might lift a budget, or show a turn that never was. Members that are not of the format are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from operator import itemgetter
from typing import Annotated, Any, ClassVar, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from ..service.response_members import MOST_COUNTED
from .budget import Budget
from .conversation import Conversation, Thread
from .event_members import AMOUNT, COUNT, ID, LONGEST_ID, MOST_AMOUNT, SENSELESS, TEXT, Id, Text, check_size
from .ledger import Ledger

#: Members that may be far larger in memory than in their line.
_LARGE = frozenset({"members", "images", "rounds"})


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


class _Plan(NamedTuple):
    """How to read a line of one kind with certain members: a journal has many lines, and few such plans.

    `texts` gets its texts; then come its counts, amounts, and members with checks of their own; `ids` are those that
    are looked up. `fields` are the fields by their member, where the line has others besides, or a field has another
    name than its member.
    """

    event_type: type[Event]
    texts: Callable[[Mapping[str, Any]], tuple[str, ...]]
    counts: tuple[str, ...]
    amounts: tuple[str, ...]
    others: tuple[tuple[str, Callable[[Any], bool]], ...]
    ids: tuple[str, ...]
    is_large: bool
    fields: Mapping[str, str] | None


def _plan(event_type: type[Event], names: tuple[str, ...]) -> _Plan:
    on_disk, checks, required = event_type.format()
    fields = {member: name for name, member in on_disk.items() if member in names}
    if not required <= set(fields.values()):
        raise ValueError("a member is missing")
    if event_type.together and len(event_type.together & set(names)) not in (0, len(event_type.together)):
        raise ValueError("a member is missing that belongs to another")

    def checked_as(*wanted: Any) -> tuple[str, ...]:
        return tuple(member for member, name in fields.items() if checks[name] in wanted)

    return _Plan(
        event_type=event_type,
        texts=itemgetter("id", "event", *(name for name in checked_as(TEXT, ID) if name not in ("id", "event"))),
        counts=checked_as(COUNT),
        amounts=checked_as(AMOUNT),
        others=tuple((member, checks[name]) for member, name in fields.items() if callable(checks[name])),
        ids=checked_as(ID),
        is_large=not _LARGE.isdisjoint(names),
        fields=None if fields.keys() == set(names) == set(fields.values()) else fields,
    )


class EventReader:
    """Reads the events of these types, by their kinds, from what the lines of a journal hold."""

    def __init__(self, types: Mapping[str, type[Event]]) -> None:
        self._types = types
        self._plans: dict[tuple[str, tuple[str, ...]], _Plan] = {}

    def read(self, members: dict[str, Any], size: int) -> Event:
        """The event of a line of `size` bytes with these members, which are its own from now on.

        Raises one of `SENSELESS` for an event that makes no sense.
        """
        try:
            key = members["event"], tuple(members)
            plan = self._plans.get(key) or self._new_plan(key)
            "".join(plan.texts(members))  # which only texts can be, and is soon done
            for name in plan.counts:
                value = members[name]
                if type(value) is not int or not 0 <= value < MOST_COUNTED:
                    raise ValueError(f"{name} is no count")
            for name in plan.amounts:
                value = members[name]
                if (type(value) is not float and type(value) is not int) or not 0 <= value <= MOST_AMOUNT:
                    raise ValueError(f"{name} is no amount")
            for name, check in plan.others:
                if not check(members[name]):
                    raise ValueError(f"{name} cannot be that")
        except SENSELESS:
            if not self._without_nulls(members):
                raise
            return self.read(members, size)
        if plan.is_large:
            check_size(members, size)
        if size > LONGEST_ID and any(len(members[name]) > LONGEST_ID for name in plan.ids):
            raise ValueError("an id is too long")
        if plan.fields is not None:
            members = {name: members[member] for member, name in plan.fields.items()}
        return made(plan.event_type, members)

    def _new_plan(self, key: tuple[str, tuple[str, ...]]) -> _Plan:
        kind, names = key
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        plan = self._plans[key] = _plan(self._types[kind], names)
        return plan

    def _without_nulls(self, members: dict[str, Any]) -> bool:
        """Take out members that are null, where that counts as absent. Gives whether there were any."""
        event_type = self._types[members["event"]]
        known = event_type.format().on_disk.values() if event_type.null_is_absent else ()
        empty = [name for name, value in members.items() if value is None and name in known]
        for name in empty:
            del members[name]
        return bool(empty)


#: A journal of ours needs a few; one from elsewhere may need another for each line.
_MOST_PLANS = 64
