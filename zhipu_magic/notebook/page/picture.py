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

#: Turns that are told, and characters of what a cell asked.
_MOST_TURNS, _LONGEST_PROMPT = 1_000, 80
#: Characters in which a prompt's beginning is looked for.
_LOOKED_AT = 10 * _LONGEST_PROMPT
#: Reasons for which a reply ends so that `%glm continue` goes on with it.
_CUT = frozenset({"interrupted", "length"})


def picture(
    figures: DashboardFigures,
    threads: Sequence[Thread],
    *,
    on_page: Callable[[str], str | None],
    hide: Callable[[str], str],
) -> dict[str, Any]:
    """The conversation as the page shows it. `on_page` gives the page's id of a cell, and `hide` removes the key."""
    here = figures.state.conversation.here
    ordered = (here, *(thread for thread in threads if thread.name != here.name))
    told = islice(_turns(ordered, on_page, hide), _MOST_TURNS)
    return {
        "type": "state",
        "version": VERSION,
        "thread": here.name,
        "threads": [{"name": thread.name, "turns": thread.size} for thread in threads],
        "turns": list(told)[::-1],
        "usage": [list(pair) for pair in _usage(figures)],
    }


def _turns(
    threads: Sequence[Thread], on_page: Callable[[str], str | None], hide: Callable[[str], str]
) -> Iterator[dict[str, Any]]:
    """The turns that stand and have a cell on the page, the newest of each thread first."""
    for thread in threads:
        for link in back_from(thread.last):
            cell = on_page(link.turn.cell) if link.turn.cell is not None and not link.aside else None
            if cell is not None:
                yield _turn(link, cell, thread.name, hide)


def _turn(link: Link, cell: str, thread: str, hide: Callable[[str], str]) -> dict[str, Any]:
    turn = link.turn
    return {
        "cell": cell,
        "thread": thread,
        "number": link.number,
        "prompt": shorten(hide((turn.written or turn.prompt)[:_LOOKED_AT]), _LONGEST_PROMPT),
        "model": turn.model,
        "tokens": turn.tokens,
        "stale": link.stale,
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
