"""A map on the page: one line while its rows are asked, then the first rows of its table, and the panel below."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from ...chat.rows.figures import MapFigures
from ...chat.undisturbed import undisturbed
from ...text.markup import html_bundle
from .map_panel import MapNotes, line_html, line_text, notes_html, notes_text, panel_html, panel_text
from .output import Bundle, Output

#: Seconds between two frames.
FRAME = 0.25


class MapPainter(Protocol):
    """Paints one map. It only looks at its figures, and never waits."""

    def paint(self, figures: MapFigures) -> None:
        """Show where it stands, if it is time to."""

    def settle(self, figures: MapFigures, table: Bundle | None, notes: MapNotes) -> None:
        """Show the first rows of the table, if there are any, and the panel."""


class PageMapPainter:
    """In a notebook. Where updates are not shown, it paints once, at the end."""

    def __init__(self, new_output: Callable[[], Output], *, panel: bool, updates: bool) -> None:
        self._new_output = new_output
        self._line = new_output()
        self._panel = panel
        self._updates = updates
        self._due = 0.0

    def paint(self, figures: MapFigures) -> None:
        now = time.monotonic()
        if not self._updates or now < self._due:
            return
        self._due = now + FRAME
        self._line.show(html_bundle(line_html(figures), line_text(figures)))

    def settle(self, figures: MapFigures, table: Bundle | None, notes: MapNotes) -> None:
        undisturbed(lambda: self._settle(figures, table, notes))

    def _settle(self, figures: MapFigures, table: Bundle | None, notes: MapNotes) -> None:
        outputs = [self._line, self._new_output()]
        if table is not None:
            outputs.pop(0).show(table)
        if self._panel:
            outputs.pop(0).show(html_bundle(panel_html(figures, notes), panel_text(figures, notes)))
        elif notes_text(notes):
            outputs.pop(0).show(html_bundle(notes_html(notes), "\n".join(notes_text(notes))))


def first_rows(shown: Any, format: Callable[[Any], tuple[Bundle, Any]]) -> Bundle:
    """The bundle by which a table shows itself, harmless to a terminal."""
    from ...text.markup import without_commands

    bundle, _ = format(shown)
    kept = {kind: bundle[kind] for kind in ("text/html", "text/plain") if isinstance(bundle.get(kind), str)}
    return {kind: without_commands(text) for kind, text in kept.items()}
