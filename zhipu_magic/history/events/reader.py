"""Reads events from what the lines of a journal hold: one line at a time, or many with the same members at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from ...service.response_members import MOST_COUNTED
from .event import Event, made
from .members import AMOUNT, COUNT, ID, LONGEST_ID, MOST_AMOUNT, SENSELESS, TEXT, check_size
from .told import TOLD, as_told

#: Members that may be far larger in memory than in their line.
_LARGE = frozenset({"members", "images", "rounds", "calls"})
#: Plans to remember. A journal of ours needs a few; one from elsewhere may need another for each line.
_MOST_PLANS = 64

Columns = Mapping[str, Sequence[Any]]
"""The members of several lines: the values of each member, in the order of the lines."""


class _Plan(NamedTuple):
    """How to read all lines of one kind that have the same members: a journal has many lines, and few such plans.

    `texts`, `counts` and `amounts` are the members to check as such, and `others` those with checks of their own, each
    with its check. `ids` are the texts by which something is looked up, `texts_of` gets all texts of a line. `fields`
    maps members to fields; it is None if all members are fields of the same name. `is_told` says that there are texts
    of ours among them (see `told`).
    """

    event_type: type[Event]
    texts: tuple[str, ...]
    texts_of: Callable[[Mapping[str, Any]], tuple[str, ...]]
    counts: tuple[str, ...]
    amounts: tuple[str, ...]
    others: tuple[tuple[str, Callable[[Any], bool]], ...]
    ids: tuple[str, ...]
    is_large: bool
    is_told: bool
    fields: Mapping[str, str] | None


def _plan(event_type: type[Event], names: tuple[str, ...]) -> _Plan:
    on_disk, checks, defaults = event_type.format()
    fields = {member: name for name, member in on_disk.items() if member in names}
    if on_disk.keys() - defaults.keys() - set(fields.values()):
        raise ValueError("a member is missing")
    if event_type.together and len(event_type.together & set(names)) not in (0, len(event_type.together)):
        raise ValueError("a member is missing that belongs to another")

    def checked_as(*wanted: Any) -> tuple[str, ...]:
        return tuple(member for member, name in fields.items() if checks[name] in wanted)

    texts = checked_as(TEXT, ID)
    return _Plan(
        event_type=event_type,
        texts=texts,
        texts_of=itemgetter(*texts),
        counts=checked_as(COUNT),
        amounts=checked_as(AMOUNT),
        others=tuple((member, checks[name]) for member, name in fields.items() if callable(checks[name])),
        ids=checked_as(ID),
        is_large=not _LARGE.isdisjoint(names),
        is_told=TOLD in names,
        fields=None if fields.keys() == set(names) == set(fields.values()) else fields,
    )


class EventReader:
    """Reads the events of these types, by their kinds."""

    def __init__(self, types: Mapping[str, type[Event]]) -> None:
        self._types = types
        self._plans: dict[tuple[str, tuple[str, ...]], _Plan] = {}

    def read(self, members: dict[str, Any], size: int) -> Event:
        """The event of a line of `size` bytes with these members; the event takes over the dictionary.

        Raises one of `SENSELESS` for an event that makes no sense.
        """
        try:
            plan = self._plan_for(members)
            "".join(plan.texts_of(members))  # fails for anything but texts, and is fast
            for name in plan.counts:
                value = members[name]
                if type(value) is not int or not 0 <= value < MOST_COUNTED:
                    raise ValueError(f"{name} is not a count")
            for name in plan.amounts:
                value = members[name]
                if (type(value) is not float and type(value) is not int) or not 0 <= value <= MOST_AMOUNT:
                    raise ValueError(f"{name} is not an amount")
            for name, check in plan.others:
                if not check(members[name]):
                    raise ValueError(f"{name} is not valid")
        except SENSELESS:
            if not self._without_nulls(members):
                raise
            return self.read(members, size)
        if plan.is_large:
            check_size(members, size)
        if size > LONGEST_ID and any(len(members[name]) > LONGEST_ID for name in plan.ids):
            raise ValueError("an id is too long")
        if plan.is_told:
            members = as_told(members)
        if plan.fields is not None:
            members = {name: members[member] for member, name in plan.fields.items()}
        return made(plan.event_type, members)

    def read_columns(self, rows: Sequence[dict[str, Any]], sizes: Sequence[int]) -> Columns:
        """The members of lines of these `sizes` in bytes, which all have the same members in the same order.

        They have passed the checks that `read` makes, a column at a time. Raises one of `SENSELESS` where `read` would
        raise for one of them, or would read one as if it lacked a member that is null.
        """
        plan = self._plan_for(rows[0])
        columns = dict(zip(rows[0], zip(*map(dict.values, rows), strict=True), strict=True))
        for name in plan.texts:
            "".join(columns[name])
        for name in plan.counts:
            if not are_counts(columns[name], MOST_COUNTED - 1):
                raise ValueError(f"{name} is not a count")
        for name in plan.amounts:
            if not _are_amounts(columns[name]):
                raise ValueError(f"{name} is not an amount")
        for name, check in plan.others:
            if not all(map(check, columns[name])):
                raise ValueError(f"{name} is not valid")
        if plan.is_large:
            for row, size in zip(rows, sizes, strict=True):
                check_size(row, size)
        if max(sizes) > LONGEST_ID and any(max(map(len, columns[name])) > LONGEST_ID for name in plan.ids):
            raise ValueError("an id is too long")
        return columns

    def _plan_for(self, members: Mapping[str, Any]) -> _Plan:
        key = members["event"], tuple(members)
        plan = self._plans.get(key)
        if plan is None:
            plan = _plan(self._types[members["event"]], tuple(members))
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            self._plans[key] = plan
        return plan

    def _without_nulls(self, members: dict[str, Any]) -> bool:
        """Take out members that are null, where that counts as absent. Returns whether there were any."""
        event_type = self._types[members["event"]]
        known = event_type.format().on_disk.values() if event_type.null_is_absent else ()
        empty = [name for name, value in members.items() if value is None and name in known]
        for name in empty:
            del members[name]
        return bool(empty)


def are_counts(column: Sequence[Any], most: int) -> bool:
    """Whether all are integers from 0 to `most`."""
    return set(map(type, column)) == {int} and min(column) >= 0 and max(column) <= most


def _are_amounts(column: Sequence[Any]) -> bool:
    return set(map(type, column)) <= {int, float} and min(column) >= 0 and max(column) <= MOST_AMOUNT
