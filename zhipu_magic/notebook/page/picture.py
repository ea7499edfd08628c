"""What the front end's extension is told of the conversation (docs/front-end.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...history.link import Link, back_from
from ...text.characters import shorten
from ...text.numbers import plural
from .. import costs
from ..display.dashboard_figures import DashboardFigures
from ..page_told import VERSION

if TYPE_CHECKING:
    from ...history.conversation import Thread
    from ...history.turn import Turn

#: Turns that are told, and characters of what a cell asked.
_MOST_TURNS, _LONGEST_PROMPT = 1_000, 80
#: Characters in which a prompt's beginning is looked for.
_LOOKED_AT = 10 * _LONGEST_PROMPT
#: Reasons for which a reply ends so that `%glm continue` goes on with it.
_CUT = frozenset({"interrupted", "length"})


class Picture:
    """Makes it after each change. A turn is looked at only once, for the most that changes is where it stands."""

    def __init__(self, on_page: Callable[[str], str | None]) -> None:
        """`on_page` gives the page's id of a cell; None if that is not known."""
        self._on_page = on_page
        self._known: dict[str, tuple[Turn, dict[str, Any]]] = {}

    def of(self, figures: DashboardFigures, threads: Sequence[Thread], hide: Callable[[str], str]) -> dict[str, Any]:
        """The conversation as the page shows it; `hide` removes the key from a text."""
        here = figures.state.conversation.here
        known, self._known = self._known, {}
        turns: list[dict[str, Any]] = []
        for thread, link in islice(_standing(here, threads), _MOST_TURNS):
            turn = link.turn
            seen = known.get(turn.id)
            if seen is None or seen[0] is not turn:
                seen = (turn, _facts(turn, hide))
            self._known[turn.id] = seen
            cell = self._on_page(turn.cell or "")
            if cell is not None:
                turns.append({"cell": cell, "thread": thread, "number": link.number, **seen[1], "stale": link.stale})
        return {
            "type": "state",
            "version": VERSION,
            "thread": here.name,
            "threads": [{"name": thread.name, "turns": thread.size} for thread in threads],
            "turns": turns[::-1],
            "usage": [list(pair) for pair in _usage(figures)],
        }


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


def _usage(figures: DashboardFigures) -> Iterator[tuple[str, str]]:
    """What was spent in all, as the panel says it."""
    sums, budget = figures.sums, figures.state.budget
    if not figures.ledger.everything.requests:
        return
    yield "requests", f"{sums.requests:,}"
    yield "prompt", plural(sums.prompt_tokens, "token")
    yield "completion", plural(sums.completion_tokens, "token")
    yield "cost", costs.in_all(sums)
    if estimated := costs.estimated(sums):
        yield "not counted", estimated
    if budget is not None:
        yield "budget left", budget.left_in_words(sums)
