"""The dashboard that `%glm usage` shows: totals, a small chart and a table by turn, updated after every turn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ...history.events.event import State
from ...history.ledger import Entry, Ledger, Sums
from ...history.link import Link, back_from
from ...service.response_members import objects
from ...service.wire import Usage
from ...text.characters import shorten
from ...text.markup import Markup, html_bundle
from ...text.numbers import money, plural
from ...text.tables import plain_table
from .panel import BRAND, FAINT, FONT, TRACK, money_with_date
from .widget import LiveHTML

if TYPE_CHECKING:
    from ..shell import Shell


_CHART_WIDTH, _CHART_HEIGHT = 480, 80
_LONGEST_PROMPT = 40
#: Requests that are listed one by one; earlier ones count in the totals.
_LONGEST_LIST = 60
#: Places where one dashboard is kept up to date.
_MOST_PLACES = 5


class Dashboard:
    """Shown wherever it is asked for, and replaced in place after every turn.

    It is HTML that is replaced through its display id, so that a saved page still shows it: for a widget without its
    kernel JupyterLab shows "model not found", even if the output has an HTML fallback. `GLMMagics.panel = "live"` makes
    it a widget all the same.
    """

    def __init__(self, shell: Shell, *, live: bool) -> None:
        self._shell = shell
        self._widget = LiveHTML() if live else None
        self._shown: list[tuple[Callable[..., None], str]] = []
        self._shown_state: State | None = None

    def show(self, figures: DashboardFigures) -> None:
        """Show the dashboard here."""
        publish, display_id = self._shell.display_pub.publish, uuid4().hex
        self._shown = [*self._shown[1 - _MOST_PLACES :], (publish, display_id)]
        publish(self._bundle(figures), transient={"display_id": display_id})

    def update(self, figures: DashboardFigures) -> None:
        """Update the figures wherever the dashboard is shown."""
        if figures.state is self._shown_state:
            return
        for publish, display_id in self._shown:
            publish(self._bundle(figures), transient={"display_id": display_id}, update=True)

    def _bundle(self, figures: DashboardFigures) -> dict[str, Any]:
        self._shown_state = figures.state
        html, text = dashboard_html(figures), dashboard_text(figures)
        return self._widget.bundle(html, text) if self._widget else html_bundle(html, text)

    def close(self) -> None:
        if self._widget is not None:
            self._widget.close()


@dataclass(frozen=True)
class DashboardFigures:
    """What the dashboard shows. `as_recorded` leaves out what a replay would show differently from the recorded run."""

    state: State
    as_recorded: bool = False

    @property
    def ledger(self) -> Ledger:
        return self.state.ledger

    @property
    def sums(self) -> Sums:
        return self.ledger.account(as_recorded=self.as_recorded)

    def marks(self, listed: Collection[str]) -> dict[str, str]:
        """The marks of the turns with these ids; turns that are no longer in a thread are left out."""
        here = self.state.conversation.here
        others = (thread for thread in self.state.conversation.threads.values() if thread is not here)
        links = (link for thread in (*others, here) for link in back_from(thread.last) if link.turn.id in listed)
        return {link.turn.id: _marks(link) for link in links}

    @cached_property
    def newest(self) -> list[Entry]:
        """The requests that are listed, the latest first."""
        return list(islice(self.ledger.newest_first(), _LONGEST_LIST))

    @cached_property
    def rows(self) -> list[tuple[str, ...]]:
        """The rows of the table: the latest requests, numbered from the very first."""
        count = self.ledger.everything.requests
        marks = self.marks({entry.turn for entry in self.newest})
        rows: list[tuple[str, ...]] = []
        for number, entry in zip(range(count, 0, -1), self.newest, strict=False):
            replayed = "replayed" if entry.replayed and not self.as_recorded else ""
            mark = marks.get(entry.turn, "replaced or undone") if entry.turn else ""
            notes = [note for note in (entry.note, mark, replayed) if note]
            rows.append((str(number), entry.model, *_figures(entry), _asked(entry, notes)))
        return rows[::-1]


def _marks(link: Link) -> str:
    marks = ["set aside"] if link.aside else ["stale"] if link.stale else []
    searches = any(tool.get("type") == "web_search" for tool in objects(link.turn.members.get("tools")))
    return ", ".join([*marks, *(["the web search is billed separately"] if searches else [])])


def dashboard_text(figures: DashboardFigures) -> str:
    """The dashboard as text, for where there is no HTML."""
    totals = _totals(figures)
    return f"{totals}\n\n{plain_table(_HEADER, figures.rows)}" if figures.rows else totals


def dashboard_html(figures: DashboardFigures) -> Markup:
    """The dashboard as HTML, with inline styles and one SVG."""
    return Markup(
        '<div class="zhipu-magic-dashboard" style="color:{faint};{font}">'
        '<div style="margin:4px 0">{totals}</div>{chart}{table}</div>',
        faint=FAINT,
        font=FONT,
        totals=_totals(figures),
        chart=_chart(figures.newest),
        table=_table(figures.rows) if figures.rows else Markup(),
    )


_CELL = Markup(
    "padding:2px 12px 2px 0;vertical-align:baseline;border:none;background:none;color:inherit;font-size:12px"
)
_NUMBER = Markup("{cell};text-align:right;white-space:nowrap", cell=_CELL)
_WORD = Markup("{cell};text-align:left;white-space:nowrap", cell=_CELL)
_PROMPT = Markup("{cell};text-align:left;min-width:12em", cell=_CELL)


def _table(rows: Sequence[tuple[str, ...]]) -> Markup:
    return Markup(
        '<div style="overflow-x:auto;width:0;min-width:100%">'
        '<table style="border:none;border-collapse:collapse;margin:0;{font}">{head}{rows}</table></div>',
        font=FONT,
        head=Markup(
            '<tr style="background:none"><th style="{word}">{a}</th><th style="{word}">{b}</th>'
            '<th style="{number}">{c}</th><th style="{number}">{d}</th><th style="{number}">{e}</th>'
            '<th style="{number}">{f}</th><th style="{prompt}">{g}</th></tr>',
            **_cells(_HEADER),
        ),
        # One Markup for each row rather than each cell: there are many, and all are made again after every turn.
        rows=Markup().join(
            Markup(
                '<tr style="background:none"><td style="{word}">{a}</td><td style="{word}">{b}</td>'
                '<td style="{number}">{c}</td><td style="{number}">{d}</td><td style="{number}">{e}</td>'
                '<td style="{number}">{f}</td><td style="{prompt}">{g}</td></tr>',
                **_cells(row),
            )
            for row in rows
        ),
    )


def _cells(row: tuple[str, ...]) -> dict[str, object]:
    return {**dict(zip("abcdefg", row, strict=True)), "word": _WORD, "number": _NUMBER, "prompt": _PROMPT}


_HEADER = ("request", "model", "prompt", "completion", "cost", "time", "asked")


def _figures(entry: Entry) -> tuple[str, str, str, str]:
    if entry.usage is None:
        return "not counted", "", "", f"{entry.seconds:.1f} s"
    cost = "nothing" if entry.practice else "not known" if entry.cost is None else money(entry.cost)
    return f"{entry.usage.prompt_tokens:,}", f"{entry.usage.completion_tokens:,}", cost, f"{entry.seconds:.1f} s"


def _totals(figures: DashboardFigures) -> str:
    sums, replayed, budget = figures.sums, figures.ledger.replayed, figures.state.budget
    if not figures.ledger.everything.requests:
        return "Nothing has been asked yet."
    parts = [
        plural(sums.requests, "request"),
        f"{sums.prompt_tokens:,} prompt + {sums.completion_tokens:,} completion tokens",
    ]
    if sums.cost is not None:
        parts.append(money_with_date(sums.cost))
    if sums.unpriced:
        parts.append(f"{sums.unpriced} unpriced")
    if sums.uncounted:
        parts.append(f"{sums.uncounted} uncounted")
    if replayed.requests and not figures.as_recorded:
        parts.append(f"{replayed.requests} replayed ({replayed.total_tokens:,} tokens), which cost nothing")
    if budget is not None:
        parts.append(f"left of the budget: {budget.left_in_words(sums)}")
    return " · ".join(parts)


def _asked(entry: Entry, notes: Sequence[str]) -> str:
    prompt = shorten(entry.prompt, _LONGEST_PROMPT)
    return f"{prompt} ({', '.join(notes)})" if notes else prompt


def _chart(newest: Sequence[Entry]) -> Markup:
    """Tokens by request: one bar for each, with the prompt below and the completion above."""
    usages = [entry.usage or Usage() for entry in reversed(newest)]
    highest = max((usage.total_tokens for usage in usages), default=0)
    if not highest:
        return Markup()
    step = min(24.0, _CHART_WIDTH / len(usages))
    bars = []
    for number, usage in enumerate(usages):
        prompt = _CHART_HEIGHT * usage.prompt_tokens / highest
        completion = _CHART_HEIGHT * usage.completion_tokens / highest
        bars.append(
            Markup(
                '<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{prompt:.1f}" style="fill:{track}"/>'
                '<rect x="{x:.1f}" y="{above:.1f}" width="{width:.1f}" height="{completion:.1f}" '
                'style="fill:{brand}"/>',
                x=number * step,
                top=_CHART_HEIGHT - prompt,
                above=_CHART_HEIGHT - prompt - completion,
                width=max(1.0, step - 3),
                prompt=prompt,
                completion=completion,
                track=TRACK,
                brand=BRAND,
            )
        )
    return Markup(
        '<svg role="img" aria-label="Tokens by request: prompt below, completion above" width="{width:.0f}" '
        'height="{height}" viewBox="0 0 {width:.0f} {height}" style="display:block;max-width:100%;margin-top:8px">'
        '{bars}</svg><div style="margin:2px 0 8px -12px">{prompt} prompt {completion} completion</div>',
        width=len(usages) * step,
        height=_CHART_HEIGHT,
        bars=Markup().join(bars),
        prompt=_key(TRACK),
        completion=_key(BRAND),
    )


def _key(colour: Markup) -> Markup:
    """A square of this colour, for the chart's legend."""
    return Markup(
        '<span style="display:inline-block;width:8px;height:8px;margin:0 4px 0 12px;background:{colour}"></span>',
        colour=colour,
    )
