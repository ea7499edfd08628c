"""The panel under a reply: one line of figures while it grows, and the same line with details at the end.

The HTML and the plain text are made from the `Figures` alone.
"""

from __future__ import annotations

from typing import Literal

from ...text.characters import shorten
from ...text.languages.joined import dotted, in_lines
from ...text.languages.messages import _, told
from ...text.languages.numbers import money, plural
from ...text.markup import Markup
from .figures import Figures, percent
from .panel_words import elapsed, first_token, rate, tokens, with_cached
from .style import BRAND, FAINT, FONT, TRACK, WARN, in_a_grid

PanelMode = Literal["settle", "live", "off"]

#: Characters of a system text in the line; and of a text in the details.
_SHORT_SYSTEM, _LONG_TEXT = 24, 300
#: Values that were cut: so many are told in the line, in so many characters each, and so many in the details.
_CUT_IN_LINE, _LONGEST_CUT, _CUT_IN_DETAILS = 2, 60, 10
_NOTE = Markup(
    "color:var(--jp-ui-font-color1, inherit);border-left:3px solid {warn};padding-left:8px;margin-bottom:2px", warn=WARN
)


#: Notebook 7 puts outputs of more than some hundred lines into a box of 24, with the panel out of sight. Whoever asks
#: for the box gets it: an icon tells that.
UNBOXED = Markup(
    "<style>body[data-notebook] .jp-mod-outputsScrolled:has(.zhipu-magic-panel)"
    ':not(:has([data-icon="ui-components:expand"])){'
    ".jp-Cell-outputArea{max-height:none;overflow:visible;margin-left:0;resize:none;&::after{display:none}}"
    ".jp-OutputArea-child{padding-top:0}"
    ".jp-OutputArea-prompt{width:var(--jp-cell-prompt-width);flex:0 0 var(--jp-cell-prompt-width)}}</style>"
)


def panel_html(figures: Figures, *, live: bool = False) -> Markup:
    """The panel. A `live` one has no details: each redraw would close them."""
    parts = [Markup('<span style="white-space:nowrap">{part}</span>', part=part) for part in _line(figures)]
    line = Markup(" · ").join(parts)
    if figures.context:
        line += _bar(*figures.context)
    if live:
        inner = Markup(
            '<div><span aria-hidden="true" style="display:inline-block;width:1em">◦</span>{line}</div>', line=line
        )
    else:
        inner = Markup(
            '<details><summary style="cursor:pointer">{line}</summary>{details}</details>',
            line=line,
            details=in_a_grid(_details(figures)),
        )
    return Markup(
        '<div class="zhipu-magic-panel" role="group" aria-label="{label}" '
        'style="color:{faint};{font};overflow-wrap:anywhere">{unboxed}{notes}{inner}</div>',
        label=_("Usage of this reply"),
        unboxed=UNBOXED,
        faint=FAINT,
        font=FONT,
        notes=_notes_html(figures),
        inner=inner,
    )


def note_html(figures: Figures) -> Markup:
    """The notes alone, where there is no panel."""
    return Markup('<div class="zhipu-magic-note" style="{font}">{notes}</div>', font=FONT, notes=_notes_html(figures))


def left_behind(figures: Figures | None) -> Markup:
    """The note above the figures on a page that was saved or reloaded before its reply was complete."""
    if figures is None:
        return note_line(_("This page was saved or reloaded while the cell ran, which ended without a reply."))
    if figures.number is None:
        return note_line(_("This page was saved or reloaded before the reply was whole, and does not show all of it."))
    show = _("%glm show {number}", number=figures.number)
    if figures.thread:
        show = _("%glm thread {thread} and then {command}", thread=figures.thread, command=show)
    return note_line(
        _("This page was saved or reloaded before the reply was whole: {command} shows all of it.", command=show)
    )


def _notes_html(figures: Figures) -> Markup:
    return Markup().join(map(note_line, figures.notes))


def note_line(note: str) -> Markup:
    """One note."""
    return Markup('<div role="note" style="{style}">{note}</div>', style=_NOTE, note=note)


def _bar(tokens: int, context: int) -> Markup:
    return Markup(
        '<span role="img" aria-label="{label}" title="{label}" style="display:inline-block;width:48px;'
        "height:6px;border-radius:3px;margin-left:10px;background:{track};vertical-align:1px;overflow:hidden;"
        'forced-color-adjust:none">'
        '<span style="display:block;width:{percent:.1f}%;min-width:{least}px;height:6px;background:{brand}"></span>'
        "</span>",
        label=_("{tokens:,} of {context:,} tokens of the context", tokens=tokens, context=context),
        percent=min(100.0, 100 * tokens / context),
        least=2 if tokens else 0,
        track=TRACK,
        brand=BRAND,
    )


# As text


def panel_text(figures: Figures) -> str:
    """The panel as text, for where there is no HTML."""
    return told(in_lines([*figures.notes, line_text(figures)]))


def line_text(figures: Figures) -> str:
    """The panel's one line, as text."""
    return told(dotted(line_parts(figures)))


def line_parts(figures: Figures) -> list[str]:
    """The parts of that line."""
    context = [_("context {share}", share=percent(*figures.context))] if figures.context else []
    return _line(figures) + context


def _line(figures: Figures) -> list[str]:
    parts = [*_place(figures), figures.model, elapsed(figures.elapsed)]
    if figures.doing:
        parts.append(figures.doing)
    if figures.first_token is not None:
        parts.append(first_token(figures.first_token))
    if figures.rate is not None:
        parts.append(rate(figures.rate))
    if figures.usage is not None:
        parts.append(tokens(figures.usage))
    if figures.cost is not None:
        parts.append(money(figures.cost))
    return parts + _budget(figures) + _cut(figures)


def along(figures: Figures) -> list[str]:
    """What several replies to one question have in common: their thread, what went along, and the budget."""
    return _place(figures) + _cut(figures) + _budget(figures)


def _place(figures: Figures) -> list[str]:
    parts = [figures.thread] if figures.thread else []
    if figures.system and figures.elsewhere:  # elsewhere on the page, where a reader may not look
        parts.append(_("system: {text}", text=shorten(figures.system, _SHORT_SYSTEM)))
    return parts


def _budget(figures: Figures) -> list[str]:
    return [_("budget left: {budget}", budget=figures.budget)] if figures.budget else []


def _cut(figures: Figures) -> list[str]:
    """Which of the cells above went along, and which values were cut."""
    above = [shorten(told(_("above: {cells}", cells=figures.above)), _LONG_TEXT)] if figures.above else []
    cut = figures.cut
    if len(cut) > _CUT_IN_LINE:
        return [*above, _("{count:,} values cut", count=len(cut))]
    return [*above, *(shorten(told(one), _LONGEST_CUT) for one in cut)]


def _details(figures: Figures) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    usage = figures.usage
    if usage is None:
        rows.append((_("tokens"), _("the service did not count them")))
    else:
        completion, reasoning = usage.completion_tokens, usage.reasoning_tokens
        of_them = _("{count:,}, of them {reasoning:,} reasoning", count=completion, reasoning=reasoning)
        rows.append((_("prompt tokens"), with_cached(usage.prompt_tokens, usage.cached_tokens)))
        rows.append((_("completion tokens"), of_them if reasoning else f"{completion:,}"))
        rows.append((_("cost"), figures.cost_text))
    if figures.requests > 1:
        rows.append((_("requests"), str(figures.requests)))
    if figures.answer_limit is not None:
        rows.append((_("longest answer"), _("{count:,} tokens, by the budget", count=figures.answer_limit)))
    rows.append((_("finish reason"), figures.finish_reason or _("none given")))
    if figures.system:
        rows.append((_("system text"), shorten(figures.system, _LONG_TEXT)))
    if figures.above:
        rows.append((_("cells above"), shorten(told(figures.above), _LONG_TEXT)))
    cut = figures.cut
    rows += [(_("value cut"), shorten(told(one), _LONG_TEXT)) for one in cut[:_CUT_IN_DETAILS]]
    if len(cut) > _CUT_IN_DETAILS:
        rows.append((_("values cut"), _("{count:,} more", count=len(cut) - _CUT_IN_DETAILS)))
    if figures.turns is not None:
        rows.append((_("conversation"), plural(figures.turns, "turn")))
    if figures.thread:
        rows.append((_("thread"), figures.thread))
    return rows + _details_of_chat(figures)


def _details_of_chat(figures: Figures) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    if figures.tells_of_chat:
        total = _("{count:,} tokens", count=figures.total_tokens)
        if figures.total_cost is not None:
            total = _("{tokens}, {cost}", tokens=total, cost=money(figures.total_cost))
        rows.append((_("in all"), total))
    if figures.tells_of_chat and figures.uncounted:
        rows.append((_("besides"), figures.uncounted))
    if figures.context:
        used, context = figures.context
        share = percent(used, context)
        rows.append(
            (_("context"), _("{share} ({used:,} of {context:,} tokens)", share=share, used=used, context=context))
        )
    return rows
