"""What the front end's extension is told of the conversation, and what of it has changed (docs/front-end.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ...history.link import Link, back_from
from ...text.characters import shorten
from .. import costs
from ..display.dashboard_figures import DashboardFigures
from ..page_says import VERSION
from .identity import is_position

if TYPE_CHECKING:
    from ...history.conversation import Thread
    from ...history.turn import Turn

#: Turns that are told, and characters of what a cell asked.
_MOST_TURNS, _LONGEST_PROMPT = 1_000, 80
#: Characters in which a prompt's beginning is looked for.
_LOOKED_AT = 10 * _LONGEST_PROMPT
#: Reasons for which a reply ends so that `%glm continue` goes on with it.
_CUT = frozenset({"interrupted", "length"})


class _Seen(NamedTuple):
    """A turn in its place, and what is told of it; None where its cell is not on the page. Which it is there may change
    where its id is `unsure`.
    """

    link: Link
    told: dict[str, Any] | None
    unsure: bool


class Picture:
    """Makes it after each change. What was told of a turn stays the same object until that changes."""

    def __init__(self, on_page: Callable[[str], str | None]) -> None:
        """`on_page` gives the page's id of a cell; None if that is not known."""
        self._on_page = on_page
        self._seen: dict[tuple[str, str], _Seen] = {}

    def of(self, figures: DashboardFigures, threads: Sequence[Thread], hide: Callable[[str], str]) -> dict[str, Any]:
        """The conversation as the page shows it; `hide` removes the key from a text."""
        here = figures.state.conversation.here
        before, self._seen = self._seen, {}
        turns: list[dict[str, Any]] = []
        for thread, link in islice(_standing(here, threads), _MOST_TURNS):
            key = (thread, link.turn.id)
            seen = before.get(key)
            if seen is None or seen.link is not link or seen.unsure:
                seen = self._looked_at(link, thread, seen, hide)
            self._seen[key] = seen
            if seen.told is not None:
                turns.append(seen.told)
        return {
            "type": "state",
            "version": VERSION,
            "thread": here.name,
            "threads": [{"name": thread.name, "turns": thread.size} for thread in threads],
            "turns": turns[::-1],
            "usage": _usage(figures),
        }

    def _looked_at(self, link: Link, thread: str, before: _Seen | None, hide: Callable[[str], str]) -> _Seen:
        known, told = link.turn.cell or "", None if before is None else before.told
        cell, unsure = self._on_page(known), is_position(known)
        if cell is None:
            return _Seen(link, None, unsure)
        place = {"cell": cell, "thread": thread, "number": link.number, "stale": link.stale}
        if before is None or told is None or before.link.turn is not link.turn:
            return _Seen(link, {**place, **_facts(link.turn, hide)}, unsure)
        is_same = told["number"] == link.number and told["stale"] == place["stale"] and told["cell"] == cell
        return _Seen(link, told if is_same else {**told, **place}, unsure)


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a picture that differ from those of the one before; empty if none does.

    Its turns are told by what they were: a pair of places stands for the turns between them, all else is a new one.
    """
    changed = {name: value for name, value in now.items() if name != "turns" and value != before.get(name)}
    turns = _parts(before["turns"], now["turns"])
    return changed if turns == [[0, len(before["turns"])]] or turns == before["turns"] else {**changed, "turns": turns}


def _parts(before: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]]) -> list[Any]:
    places = {id(turn): place for place, turn in enumerate(before)}
    parts: list[Any] = []
    end = -1
    for turn in now:
        place = places.get(id(turn))
        if place is None:
            parts.append(turn)
            end = -1
        elif place == end:
            end = parts[-1][1] = place + 1
        else:
            end = place + 1
            parts.append([place, end])
    return parts


def _standing(here: Thread, threads: Sequence[Thread]) -> Iterator[tuple[str, Link]]:
    """The turns that stand and have a cell: those of the current thread first, the newest of each first."""
    for thread in (here, *(each for each in threads if each.name != here.name)):
        for link in back_from(thread.last):
            if link.turn.cell is not None and not link.aside:
                yield thread.name, link


def _facts(turn: Turn, hide: Callable[[str], str]) -> dict[str, Any]:
    """What does not change of a turn."""
    return {
        "prompt": shorten(hide((turn.written or turn.prompt)[:_LOOKED_AT]), _LONGEST_PROMPT),
        "model": turn.model,
        "tokens": turn.tokens,
        "cut": turn.finish_reason in _CUT,
    }


def _usage(figures: DashboardFigures) -> dict[str, Any] | None:
    """What was spent in all, as the panel counts it, in numbers and keys: the page has the words."""
    sums, budget = figures.sums, figures.state.budget
    if not figures.ledger.everything.requests:
        return None
    left = None if budget is None else {"left": budget.left(sums), "limit": budget.limit, "unit": budget.unit}
    return {
        "requests": sums.requests,
        "prompt_tokens": sums.prompt_tokens,
        "completion_tokens": sums.completion_tokens,
        "cost": costs.amount_or_why(sums),
        "estimated_tokens": sums.estimated_tokens,
        "budget": left,
    }
