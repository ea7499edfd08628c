"""The line of a drawing while it is made, and the panel below it: as HTML and as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...text.characters import shorten
from ...text.languages.joined import dotted, in_lines
from ...text.languages.messages import _, told
from ...text.languages.numbers import money
from ...text.markup import Markup
from .panel import note_line
from .panel_words import elapsed
from .style import FAINT, FONT, in_a_grid

#: Characters of a note on a value that was cut.
_LONGEST_CUT = 300
_LABEL = _("Figures of this drawing")


@dataclass(frozen=True)
class DrawingFigures:
    """What the panel shows of a drawing. `doing` says what is under way, `size` is as in 1024 × 1024; both are empty
    where there is none. `cost` is in yuan, None where there is no figure; `cost_text` says it in words.
    `file` is where the picture is, from the notebook's journal on.
    """

    model: str
    seconds: float
    doing: str = ""
    size: str = ""
    quality: str = ""
    cost: float | None = None
    cost_text: str = ""
    file: str = ""
    cut: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def line_parts(figures: DrawingFigures) -> list[str]:
    """The parts of the line."""
    cost = figures.cost_text if figures.cost is None else money(figures.cost)
    parts = [figures.model, elapsed(figures.seconds), figures.doing, figures.size, figures.quality, cost]
    return [part for part in parts if part]


def line_text(figures: DrawingFigures) -> str:
    """The line, as text."""
    return told(dotted(line_parts(figures)))


def panel_text(figures: DrawingFigures) -> str:
    """The panel, as text."""
    return told(in_lines([*figures.notes, line_text(figures)]))


def line_html(figures: DrawingFigures) -> Markup:
    """The line, while it is drawn."""
    dot = Markup('<span aria-hidden="true" style="display:inline-block;width:1em">◦</span>')
    return _framed(dot + _parts(line_parts(figures)))


def panel_html(figures: DrawingFigures) -> Markup:
    """The panel of a drawing that is there."""
    inner = Markup(
        '<details><summary style="cursor:pointer">{line}</summary>{details}</details>',
        line=_parts(line_parts(figures)),
        details=in_a_grid(_details(figures)),
    )
    return _framed(notes_html(figures.notes) + inner)


def notes_html(notes: Sequence[str]) -> Markup:
    """The notes alone."""
    return Markup().join(map(note_line, notes))


def _details(figures: DrawingFigures) -> list[tuple[str, str]]:
    rows = [
        (_("size"), _("{size} pixels", size=figures.size)),
        (_("quality"), figures.quality),
        (_("cost"), figures.cost_text),
        (_("picture"), figures.file),
        *((_("value cut"), shorten(told(cut), _LONGEST_CUT)) for cut in figures.cut),
    ]
    return [(name, value) for name, value in rows if value]


def _parts(parts: Sequence[str]) -> Markup:
    return Markup(" · ").join(Markup('<span style="white-space:nowrap">{part}</span>', part=part) for part in parts)


def _framed(inner: Markup) -> Markup:
    return Markup(
        '<div class="zhipu-magic-panel" role="group" aria-label="{label}" '
        'style="color:{faint};{font};overflow-wrap:anywhere">{inner}</div>',
        label=_LABEL,
        faint=FAINT,
        font=FONT,
        inner=inner,
    )
