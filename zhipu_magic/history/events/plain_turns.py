"""Plain turns in a row, read from a journal together.

Nearly all lines of a journal are turns that only add something to the end of a thread. Checking and building many of
them at once, a member at a time, takes half as long as one after the other. Lines for which that is not possible are
read one by one; the result is the same either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import chain, repeat
from typing import Any, NamedTuple, TypeVar

from ...service.wire import Usage
from ..ledger import Entry
from ..turn import Turn
from .members import SENSELESS
from .reader import Columns, EventReader, are_counts

#: The kinds of events that may add a turn, and their members that do no more than describe it.
_KINDS = frozenset({"turn", "partial"})
_NEEDED = frozenset({"id", "event", "thread", "prompt", "completion", "model"})
_MEMBERS = _NEEDED | {
    *("time", "cell", "run", "execution_count", "after", "held", "written", "instruction", "key", "members", "host"),
    *("practice", "seconds", "first_token", "chunks", "tokens", "left_out", "unseen", "first_unseen", "answer_limit"),
    *("cost", "estimated_tokens", "estimated_cost"),
}
#: What an entry of the ledger holds of them and a turn does not.
_COSTS = ("cost", "seconds", "practice", "estimated_tokens", "estimated_cost", "thread")
#: The members of a reply's `usage` in the order of `Usage`, those within others last; and more than any reply has.
_COUNTED = ("prompt_tokens", "completion_tokens", "total_tokens")
_DETAILS = (("prompt_tokens_details", "cached_tokens"), ("completion_tokens_details", "reasoning_tokens"))
_MOST_TOKENS = 2**31

R = TypeVar("R", bound=NamedTuple)


class PlainTurns(NamedTuple):
    """Turns of one session that were added to one thread, in order.

    `cells` are those that asked, if cells did. `asked_after` are the checksums of the turns in the requests, if known;
    `costs` is what the ledger's entries hold besides.
    """

    session: str
    thread: str
    cells: Sequence[str]
    turns: Sequence[Turn]
    asked_after: Sequence[int | None]
    costs: Columns

    def after(self, count: int) -> PlainTurns:
        """The turns after the first `count`."""
        return self._part(slice(count, None)) if count else self

    def of_cells_not_in(self, known: Set[str]) -> PlainTurns:
        """The turns before the first whose cell is `known`, or asks for the second time here."""
        if known.isdisjoint(self.cells) and len(set(self.cells)) == len(self.cells):
            return self
        new: set[str] = set()
        for cell in self.cells:  # pragma: no branch  # there is such a cell
            if cell in known or cell in new:
                break
            new.add(cell)
        return self._part(slice(len(new)))

    def _part(self, part: slice) -> PlainTurns:
        return self._replace(
            cells=self.cells[part],
            turns=self.turns[part],
            asked_after=self.asked_after[part],
            costs={name: column[part] for name, column in self.costs.items()},
        )


def read_plain_turns(reader: EventReader, rows: Sequence[dict[str, Any]], sizes: Sequence[int]) -> PlainTurns | None:
    """The turns in these lines; None if they are not all plain, or one of them is not valid.

    The lines, of these `sizes` in bytes, have the same members in the same order.
    """
    if not _NEEDED <= rows[0].keys() <= _MEMBERS:
        return None
    try:
        sessions = {str.rpartition(row["id"], "-")[0] for row in rows}
        if len(sessions) > 1 or len({row["thread"] for row in rows}) > 1:
            return None
        columns = reader.read_columns(rows, sizes)
    except SENSELESS:
        return None
    turns = _turns(columns) if _KINDS.issuperset(columns["event"]) else None
    if turns is None:
        return None
    return PlainTurns(
        session=sessions.pop(),
        thread=columns["thread"][0],
        cells=columns.get("cell", ()),
        turns=turns,
        asked_after=columns.get("held", (None,) * len(turns)),
        costs={name: columns[name] for name in _COSTS if name in columns},
    )


def _turns(columns: Columns) -> list[Turn] | None:
    """The turns, as `TurnEvent.apply` makes one; None if a reply has no words, or used web search."""
    completions = columns["completion"]
    choices = [completion["choices"][0] for completion in completions]
    messages = [choice["message"] for choice in choices]
    replies = [message.get("content") for message in messages]
    if not all(replies) or any("web_search" in completion for completion in completions):
        return None
    made = {
        "reply": replies,
        "usage": _usages(completions),
        "finish_reason": _shared(choice.get("finish_reason") for choice in choices),
        "reasoning": [message.get("reasoning_content") or "" for message in messages],
        "model": _shared(columns["model"]),
    }
    if "members" in columns:
        made["members"] = [members or Turn._field_defaults["members"] for members in columns["members"]]
    return _records(Turn, {**columns, **made})


def _usages(completions: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What `Usage.read` makes of each count of tokens; where all are as they should be, in half the time."""
    counts: list[Any] = [completion.get("usage") for completion in completions]
    if set(map(type, counts)) == {dict}:
        columns = [[count.get(name) for count in counts] for name in _COUNTED]
        for name, detail in _DETAILS:
            details = [count.get(name) for count in counts]
            columns.append([one.get(detail, 0) if isinstance(one, dict) else 0 for one in details])
        if all(columns[2]) and are_counts([*chain(*columns)], _MOST_TOKENS):
            return [*map(tuple.__new__, repeat(Usage), zip(*columns, strict=True))]
    return [Usage.read(count) if isinstance(count, dict) else None for count in counts]


def entries(costs: Columns, turns: Sequence[Turn]) -> list[Entry]:
    """The ledger's entries for these turns, as `TurnEvent.apply` makes one."""
    made: dict[str, Iterable[Any]] = {
        "model": [turn.model for turn in turns],
        "prompt": [turn.written or turn.prompt for turn in turns],
        "usage": [turn.usage for turn in turns],
        "turn": [turn.id for turn in turns],
        "cost": costs.get("cost", repeat(None)),
        "seconds": [seconds or 0.0 for seconds in costs.get("seconds", (0.0,) * len(turns))],
    }
    if "estimated_cost" in costs:
        made["estimated_cost"] = [cost or 0.0 for cost in costs["estimated_cost"]]
    return _records(Entry, {**costs, **made})


def _shared(texts: Iterable[Any]) -> list[Any]:
    """The same texts; those that are equal are one text in memory."""
    known: dict[Any, Any] = {}
    return [known.setdefault(text, text) for text in texts]


def _records(kind: type[R], columns: Mapping[str, Iterable[Any]]) -> list[R]:
    """Tuples of this kind with these values; a field without a column has its default."""
    defaults = kind._field_defaults
    rows = zip(*(columns[name] if name in columns else repeat(defaults[name]) for name in kind._fields), strict=False)
    return list(map(tuple.__new__, repeat(kind), rows))
