"""Several replies to one question on a page: in columns as wide as there is room for, and one panel below.

The columns are HTML with Markdown in them, which all front ends render; where styles are taken out, the replies stand
one below the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ...history.markdown import Pieces
from ...text.fitting.definitions import shown_as_words
from ...text.languages.joined import Joined, dotted, in_lines
from ...text.languages.messages import _, told
from ...text.languages.numbers import money
from ...text.markup import Markup, html_bundle, markdown_bundle
from ...text.sanitize.pages import Cited, page_of
from . import answer
from .display import Compared, ShowOptions
from .figures import Figures
from .growing import UNFINISHED, UNFINISHED_PLAIN, Above, growing_pieces, mark, waiting
from .markdown import final_pieces
from .output import Output
from .painter import LONGEST_GAP, gap_after
from .panel import UNBOXED, along, note_line
from .panel_words import elapsed, first_token, rate, tokens
from .style import FAINT, FONT

#: Seconds between two looks at the replies, and two refreshes of the panel.
_LOOK, _PANEL_GAP = 0.05, 0.5
#: Each column is a page of its own for JupyterLab's styles, which give blocks of code their margins on a page alone.
_COLUMN = Markup(
    '<div class="jp-RenderedHTMLCommon zhipu-magic-column" style="min-width:0;overflow-x:auto;padding-right:0">'
)
_NEXT = Markup("</div>\n{column}", column=_COLUMN)
_END = Markup("</div>\n</div>")


class PageComparison:
    """Paints a comparison (see `watch.ComparisonPainter`). Where it is not `streamed`, it paints once, at the end.

    `note` says how the replies stand in the conversation, which may change after the cell has ended (`follow`).
    """

    def __init__(
        self,
        compared: Sequence[Compared],
        new_output: Callable[[], Output],
        options: ShowOptions,
        note: Callable[[], str],
    ) -> None:
        self._compared = compared
        self._note = note
        self._settled: tuple[list[Figures], list[str], str] | None = None  # the figures and notes, and that note
        self._text, self._panel = new_output(), new_output()
        self._options = options
        self._text_due = self._panel_due = 0.0
        self._painted = -1

    def begin(self) -> None:
        if self._options.alone:
            self.paint()

    def patience(self) -> float:
        return _LOOK if self._options.streamed else LONGEST_GAP

    def paint(self) -> None:
        if not self._options.streamed:
            return
        now, changes = time.monotonic(), sum(one.progress.changes for one in self._compared)
        if changes > self._painted and now >= self._text_due:
            self._painted = changes
            self._text_due = now + gap_after(self._show_text(whole=False))
        if now >= self._panel_due:
            self._panel_due = now + _PANEL_GAP
            self._show_panel(whole=False)

    def settle(self) -> None:
        if self._text.shown or any(one.progress.has_begun for one in self._compared):
            self._show_text(whole=True)
            self._show_panel(whole=True)

    def follow(self) -> None:
        """Show the note as it is by now, where the panel has another one."""
        if self._settled is None:
            return
        figures, notes, noted = self._settled
        if (note := self._note()) != noted:
            self._show_settled(figures, notes, note)

    def _show_text(self, *, whole: bool) -> int:
        """Show the replies. Returns the size of that in bytes."""
        page = page_of(_pieces(self._compared, whole), remote_images=self._options.remote_images, growing=not whole)
        bundle = markdown_bundle(page, comparison_text(self._compared, whole=whole))
        self._text.show(bundle)
        return sum(map(len, bundle.values()))

    def _show_panel(self, *, whole: bool) -> None:
        figures = [figures_of(one) for one in self._compared]
        if whole:
            self._show_settled(figures, [*notes_of(figures), *self._options.notices], self._note())
        else:
            self._show_figures(figures, [])

    def _show_settled(self, figures: list[Figures], notes: list[str], note: str) -> None:
        self._settled = figures, notes, note
        self._show_figures(figures, [*notes, *([note] if note else [])])

    def _show_figures(self, figures: Sequence[Figures], notes: Sequence[str]) -> None:
        if self._options.panel != "off":
            self._panel.show(html_bundle(_panel_html(figures, notes), panel_text(figures, notes)))
        elif notes:
            self._panel.show(html_bundle(_notes_html(notes), in_lines(notes)))


def _pieces(compared: Sequence[Compared], whole: bool) -> Pieces:
    for place, one in enumerate(compared):
        yield _NEXT if place else _first(len(compared))
        yield Markup("**{model}**", model=one.model)
        yield from map(_apart, _reply(one, whole))
    yield _END


def _first(count: int) -> Markup:
    """What begins so many columns: side by side where each has room for 20em, and else all one below the other.

    What is clamped is far below the one width or far above the other, but for a hair between.
    """
    return Markup(
        '<div style="display:grid;gap:14px 24px;grid-template-columns:'
        'repeat(auto-fit,minmax(clamp(100% / {count} - 24px,({count} * 20em - 100%) * 999,100%),1fr))">\n{column}',
        count=count,
        column=_COLUMN,
    )


def _apart(piece: Markup | Cited | str) -> Markup | Cited | str:
    """The piece without links that it defines for the whole page, and so for the replies beside it."""
    if isinstance(piece, Markup):
        return piece
    if isinstance(piece, Cited):
        return piece._replace(words=shown_as_words(piece.words))
    return shown_as_words(piece)


def _reply(one: Compared, whole: bool) -> Pieces:
    progress = one.progress
    if progress.ended is not None and not progress.has_begun:
        yield mark(answer.FAILED_BELOW)
    elif progress.ended is not None or whole:
        yield from final_pieces(progress)
    elif progress.has_begun:
        yield from growing_pieces(progress, Above())
        yield UNFINISHED
    else:
        yield mark(waiting(progress))


def comparison_text(compared: Sequence[Compared], *, whole: bool) -> str:
    """The replies as plain text, each below the name of its model."""
    return told(
        Joined(
            "\n\n",
            [_("{model}:\n\n{reply}", model=one.model, reply=_plain(one, whole)) for one in compared],
        )
    )


def _plain(one: Compared, whole: bool) -> str:
    progress = one.progress
    if progress.ended is not None and not progress.has_begun:
        return answer.FAILED_BELOW
    ends = "" if progress.ended is not None or whole else UNFINISHED_PLAIN
    return Joined("\n\n", [answer.written(progress) if progress.has_text else "", ends])


def figures_of(one: Compared) -> Figures:
    """What the panel says of a reply; the error below says why one has failed."""
    found = Figures.of(one.standing(), one.progress)
    return found.told_below() if one.progress.state == "failed" else found


def notes_of(figures: Sequence[Figures]) -> list[str]:
    """What is to be said of single replies, behind the name of their model."""
    return [_("{model}: {note}", model=one.model, note=note) for one in figures for note in one.notes]


def panel_text(figures: Sequence[Figures], notes: Sequence[str]) -> str:
    """The panel as text: a line for each model."""
    rows = [*map(_row, figures), along(figures[-1])]
    return in_lines([*notes, *(dotted(row) for row in rows if row)])


def _panel_html(figures: Sequence[Figures], notes: Sequence[str]) -> Markup:
    rows = Markup().join(Markup("<span>{cell}</span>", cell=cell) for one in figures for cell in _row(one))
    return Markup(
        '<div class="zhipu-magic-panel" role="group" aria-label="{label}" '
        'style="color:{faint};{font};overflow-wrap:anywhere">{unboxed}{notes}'
        '<div style="display:grid;grid-template-columns:repeat({columns},max-content);column-gap:16px;overflow-x:auto">'
        "{rows}</div>{along}</div>",
        label=_("Usage of these replies"),
        unboxed=UNBOXED,
        faint=FAINT,
        font=FONT,
        notes=_notes_lines(notes),
        columns=len(_row(figures[0])),
        rows=rows,
        along=Markup(" · ").join(along(figures[-1])),
    )


def _row(one: Figures) -> list[str]:
    """What each model's line says: its name, time, first token, rate, tokens and cost."""
    if one.usage is None and one.first_token is None:
        return [one.model, one.doing or _("no reply"), "", "", "", ""]
    return [
        one.model,
        elapsed(one.elapsed),
        "" if one.first_token is None else first_token(one.first_token),
        one.doing if one.rate is None else rate(one.rate),
        "" if one.usage is None else tokens(one.usage),
        one.cost_text if one.cost is None and one.usage is not None else "" if one.cost is None else money(one.cost),
    ]


def _notes_html(notes: Sequence[str]) -> Markup:
    return Markup('<div class="zhipu-magic-note" style="{font}">{notes}</div>', font=FONT, notes=_notes_lines(notes))


def _notes_lines(notes: Sequence[str]) -> Markup:
    return Markup().join(map(note_line, notes))
