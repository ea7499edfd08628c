"""A map on the page: one line while its rows are asked, then the first rows of its table, and the panel below."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import zip_longest
from typing import Any, Protocol, TypeAlias

from ...chat.rows.figures import MapFigures
from ...chat.undisturbed import undisturbed
from ...text.characters import shorten, without_controls
from ...text.languages.joined import in_lines
from ...text.markup import Markup, html_bundle, markdown_bundle
from ...text.tables import table
from .map_panel import MapNotes, line_html, line_text, notes_html, notes_text, panel_html, panel_text, said_html
from .output import NOTHING, Bundle, Output
from .pace import Pace

#: The first rows of a table: a page of ours, or a bundle of what a library shows.
FirstRows: TypeAlias = Markup | Bundle


class MapPainter(Protocol):
    """Paints one map. It only looks at its figures, and never waits."""

    @property
    def stays(self) -> bool:
        """Whether it can still paint when other cells run."""

    def begin_apart(self, figures: MapFigures) -> None:
        """Make its places in the cell that runs, for a map whose cell does not wait for it."""

    def say(self, text: str) -> None:
        """Show what is done before anything is asked; nothing for an empty text."""

    def paint(self, figures: MapFigures) -> None:
        """Show where it stands, if it is time to."""

    def settle(self, figures: MapFigures, rows: FirstRows | None, notes: MapNotes) -> None:
        """Show the first `rows` of the table, if there are any, and the panel."""


class PageMapPainter:
    """In a notebook. Where updates are not shown, it paints once, at the end."""

    def __init__(self, new_output: Callable[[], Output], *, panel: bool, updates: bool) -> None:
        self._outputs = [new_output(), new_output()]
        self._panel = panel
        self._updates = updates
        self._pace = Pace()
        self._said = ""

    @property
    def stays(self) -> bool:
        """Whether it can still paint when other cells run."""
        return self._updates

    def begin_apart(self, figures: MapFigures) -> None:
        """Make its places in the cell that runs, for a map whose cell does not wait for it."""
        self.paint(figures)
        self._outputs[1].show(NOTHING)

    def say(self, text: str) -> None:
        if self._updates and text != self._said:
            self._said = text
            self._outputs[0].show(html_bundle(said_html(text), text) if text else NOTHING)

    def paint(self, figures: MapFigures) -> None:
        if self._updates and self._pace.is_time(time.monotonic(), figures):
            self._outputs[0].show(html_bundle(line_html(figures), line_text(figures)))

    def settle(self, figures: MapFigures, rows: FirstRows | None, notes: MapNotes) -> None:
        undisturbed(lambda: self._settle(figures, rows, notes))

    def _settle(self, figures: MapFigures, rows: FirstRows | None, notes: MapNotes) -> None:
        bundles = [] if rows is None else [markdown_bundle(rows) if isinstance(rows, Markup) else rows]
        if self._panel:
            bundles.append(html_bundle(panel_html(figures, notes), panel_text(figures, notes)))
        elif notes_text(notes):
            bundles.append(html_bundle(notes_html(notes), in_lines(notes_text(notes))))
        for output, bundle in zip_longest(self._outputs, bundles):
            if bundle is not None or output.shown:
                output.show(bundle or NOTHING)


def first_rows(shown: Any, format: Callable[[Any], tuple[Bundle, Any]]) -> FirstRows:
    """What shows the first rows: a frame as it shows itself, lists and dicts as a table of ours.

    A library escapes what is in its frame; what a terminal would obey, or would reorder a text, it leaves in, and what
    would be read as a formula.
    """
    if isinstance(shown, (list, dict)):
        return _table(shown)
    with _as_a_part():
        bundle, _ = format(shown)
    plain = without_controls(str(bundle.get(_PLAIN, "")))
    if not isinstance(bundle.get(_HTML), str):
        return {_PLAIN: plain}
    frame = Markup.vouched(without_controls(bundle[_HTML]), plain)
    return html_bundle(Markup('<div class="tex2jax_ignore mathjax_ignore">{frame}</div>', frame=frame), plain)


@contextmanager
def _as_a_part() -> Iterator[None]:
    """Have libraries show a frame as the first rows of a larger one: without its own size, and with the answers."""
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    with ExitStack() as settings:
        with suppress(Exception):  # settings that a library does not have, or no longer
            if pandas is not None:
                settings.enter_context(pandas.option_context(*_OF_PANDAS))
            if polars is not None:
                settings.enter_context(polars.Config(tbl_hide_dataframe_shape=True))
        yield


#: Chinese letters are as wide as two others in a terminal, and a column that is left out could be the answer's; of very
#: many, the first and the last are shown.
_OF_PANDAS = (
    *("display.show_dimensions", False),
    *("display.max_columns", 50),
    *("display.unicode.east_asian_width", True),
)
_PLAIN, _HTML = "text/plain", "text/html"
#: Characters of a cell.
_LONGEST_CELL = 60


def _table(shown: list[Any] | dict[Any, Any]) -> Markup:
    columns = list(shown if isinstance(shown, dict) else dict.fromkeys(name for row in shown for name in row))
    if isinstance(shown, dict):
        rows = list(zip(*shown.values(), strict=True))
    else:
        rows = [tuple(row.get(name) for name in columns) for row in shown]
    return table([str(name) for name in columns], [[_cell(value) for value in row] for row in rows])


def _cell(value: Any) -> str:
    return "" if value is None else shorten(str(value), _LONGEST_CELL)
