"""The dashboard that `%glm usage` shows: totals, a small chart, sums and a table by turn, updated after every turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ...history.events.event import State
from ...history.ledger import Entry
from ...service.wire import Usage
from ...text.languages.messages import _
from ...text.markup import Markup, html_bundle
from ...text.tables import table
from .dashboard_figures import HEADER, DashboardFigures, totals
from .style import BRAND, FAINT, FONT, TRACK
from .updates import are_shown
from .widget import LiveHTML

if TYPE_CHECKING:
    from ..shell import Shell


_CHART_WIDTH, _CHART_HEIGHT = 480, 80
#: Places where one dashboard is kept up to date.
_MOST_PLACES = 5


class Dashboard:
    """Shown wherever it is asked for, and replaced in place after every turn, where updates are shown.

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
        if are_shown(self._shell):
            self._shown = [*self._shown[1 - _MOST_PLACES :], (publish, display_id)]
        publish(self._bundle(figures), transient={"display_id": display_id})

    def update(self, figures: DashboardFigures) -> None:
        """Update the figures wherever the dashboard is shown."""
        if figures.state is self._shown_state:
            return
        bundle = self._bundle(figures)
        for publish, display_id in self._shown:
            publish(bundle, transient={"display_id": display_id}, update=True)

    def _bundle(self, figures: DashboardFigures) -> dict[str, Any]:
        self._shown_state = figures.state
        html, text = dashboard_html(figures), dashboard_text(figures).plain
        return self._widget.bundle(html, text) if self._widget else html_bundle(html, text)

    def close(self) -> None:
        if self._widget is not None:
            self._widget.close()


def dashboard_text(figures: DashboardFigures) -> Markup:
    """The dashboard as text, for where there is no HTML."""
    parts: list[object] = [totals(figures), *(table(header, rows) for header, rows in figures.tables_of_sums)]
    if figures.rows:
        parts += [*filter(None, [figures.left_out]), table(HEADER, figures.rows)]
    parts += filter(None, [figures.as_of])
    return Markup("\n\n").join(parts)


def dashboard_html(figures: DashboardFigures) -> Markup:
    """The dashboard as HTML, with inline styles and one SVG."""
    return Markup(
        '<div class="zhipu-magic-dashboard" style="color:{faint};{font}">'
        '<div style="margin:4px 0">{totals}</div>{chart}{sums}{table}{as_of}</div>',
        faint=FAINT,
        font=FONT,
        totals=totals(figures),
        chart=_chart(figures.newest),
        sums=Markup().join(_table_of_sums(header, rows) for header, rows in figures.tables_of_sums),
        table=_table(figures) if figures.rows else Markup(),
        as_of=Markup('<div style="margin:4px 0">{text}</div>', text=figures.as_of) if figures.as_of else Markup(),
    )


_CELL = Markup(
    "padding:2px 12px 2px 0;vertical-align:baseline;border:none;background:none;color:inherit;font-size:12px"
)
_NUMBER = Markup("{cell};text-align:right;white-space:nowrap", cell=_CELL)
_WORD = Markup("{cell};text-align:left;white-space:nowrap", cell=_CELL)
_PROMPT = Markup("{cell};text-align:left;min-width:12em", cell=_CELL)


def _table_of_sums(header: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Markup:
    def line(cells: Sequence[str], *, heads: bool) -> Markup:
        styles = (_WORD, _NUMBER, _NUMBER, _NUMBER, _NUMBER)
        parts = (
            Markup('<th style="{style}">{cell}</th>', style=style, cell=cell)
            if heads
            else Markup('<td style="{style}">{cell}</td>', style=style, cell=cell)
            for style, cell in zip(styles, cells, strict=True)
        )
        return Markup('<tr style="background:none">{cells}</tr>', cells=Markup().join(parts))

    return Markup(
        '<div style="overflow-x:auto;width:0;min-width:100%">'
        '<table style="border:none;border-collapse:collapse;margin:0 0 8px;{font}">{head}{rows}</table></div>',
        font=FONT,
        head=line(header, heads=True),
        rows=Markup().join(line(row, heads=False) for row in rows),
    )


def _table(figures: DashboardFigures) -> Markup:
    return Markup(
        '{left_out}<div style="overflow-x:auto;width:0;min-width:100%">'
        '<table style="border:none;border-collapse:collapse;margin:0;{font}">{head}{rows}</table></div>',
        font=FONT,
        left_out=Markup("<div>{text}</div>", text=figures.left_out) if figures.left_out else Markup(),
        head=Markup(
            '<tr style="background:none"><th style="{word}">{a}</th><th style="{word}">{b}</th>'
            '<th style="{number}">{c}</th><th style="{number}">{d}</th><th style="{number}">{e}</th>'
            '<th style="{number}">{f}</th><th style="{prompt}">{g}</th></tr>',
            **_cells(HEADER),
        ),
        # One Markup for each row rather than each cell: there are many, and all are made again after every turn.
        rows=Markup().join(
            Markup(
                '<tr style="background:none"><td style="{word}">{a}</td><td style="{word}">{b}</td>'
                '<td style="{number}">{c}</td><td style="{number}">{d}</td><td style="{number}">{e}</td>'
                '<td style="{number}">{f}</td><td style="{prompt}">{g}</td></tr>',
                **_cells(row),
            )
            for row in figures.rows
        ),
    )


def _cells(row: tuple[str, ...]) -> dict[str, object]:
    return {**dict(zip("abcdefg", row, strict=True)), "word": _WORD, "number": _NUMBER, "prompt": _PROMPT}


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
        '<svg role="img" aria-label="{label}" width="{width:.0f}" '
        'height="{height}" viewBox="0 0 {width:.0f} {height}" style="display:block;max-width:100%;margin-top:8px">'
        '{bars}</svg><div style="margin:2px 0 8px -12px">{legend}</div>',
        label=_("Tokens by request: prompt below, completion above"),
        width=len(usages) * step,
        height=_CHART_HEIGHT,
        bars=Markup().join(bars),
        legend=Markup(
            "{prompt} prompt, below {completion} completion, above", prompt=_key(TRACK), completion=_key(BRAND)
        ),
    )


def _key(colour: Markup) -> Markup:
    """A square of this colour, for the chart's legend."""
    return Markup(
        '<span style="display:inline-block;width:8px;height:8px;margin:0 4px 0 12px;background:{colour};'
        'forced-color-adjust:none"></span>',
        colour=colour,
    )
