"""The panel under a reply: one line of figures while it grows, and the same line with details at the end.

`Figures` are read from the chat and the reply once; the HTML and the plain text are made from them alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from ...chat.replies.progress import Progress
from ...chat.standing import Standing
from ...history.conversation import MAIN
from ...history.events.turn_event import Timing
from ...service.models import PRICES_DATE
from ...service.wire import Usage
from ...text.characters import shorten
from ...text.markup import Markup
from ...text.numbers import money, plural

PanelMode = Literal["settle", "live", "off"]

#: Why a reply ended before its natural end, and what to do about it.
NOTES = {
    "length": "Cut off: the answer reached its maximum length.",
    "sensitive": "Cut off: the service found sensitive content.",
    "network_error": "Cut off: the model's service had an error of its own. Run the cell again.",
    "model_context_window_exceeded": "Cut off: the conversation fills the model's context. %glm thread NAME is empty.",
    "interrupted": "Interrupted.",
}
_TOOL_CALLS = "The model asks for a tool to be called: see .choices[0].message.tool_calls of the bound completion."
_OUT_OF_BUDGET = "Cut off: the budget had room for an answer of {limit:,} tokens. %glm budget raises it."
_GO_ON = "%glm continue goes on from here."
#: Seconds that a reply must have grown before its rate is shown.
_RATE_AFTER = 0.5
_LONGEST_NAME = 30
#: Seconds: a reply that took no longer came in one piece.
_ONE_PIECE = 0.05
#: Characters of a system text in the line; and of a text in the details.
_SHORT_SYSTEM, _LONG_TEXT = 24, 300
#: Values that were cut: so many are told in the line, in so many characters each, and so many in the details.
_CUT_IN_LINE, _LONGEST_CUT, _CUT_IN_DETAILS = 2, 60, 10
_NO_WORDS = "The answer itself had not begun, and is not in the conversation."


@dataclass(frozen=True)
class Figures:
    """Everything that the panel shows. Times are in seconds, costs in yuan (estimates).

    `system` is the system text that went along, from the cell itself or else from `elsewhere`; `cut` says what of the
    values in the prompt did not.
    """

    model: str
    elapsed: float
    first_token: float | None
    rate: float | None
    doing: str
    notes: tuple[str, ...]
    requests: int
    answer_limit: int | None
    finish_reason: str | None
    usage: Usage | None
    cost: float | None
    cost_text: str
    turns: int
    total_tokens: int
    total_cost: float | None
    context: tuple[int, int] | None
    thread: str
    budget: str
    system: str = ""
    elsewhere: bool = False
    cut: tuple[str, ...] = ()
    number: int | None = None

    @classmethod
    def of(cls, standing: Standing, progress: Progress, notices: Sequence[str] = ()) -> Figures:
        timing = progress.timing
        return cls(
            model=f"{progress.model} (practice)" if progress.practice else progress.model,
            cost_text=_cost_text(progress, standing),
            elapsed=timing.seconds,
            first_token=timing.first_token,
            rate=_rate(progress, timing),
            doing=_doing(progress),
            notes=tuple(note for note in (*_notes(progress), *notices) if note),
            requests=len(progress.rounds) + 1,
            answer_limit=progress.answer_limit,
            finish_reason=progress.finish_reason,
            usage=progress.usage,
            cost=standing.cost,
            turns=standing.turns,
            # As recorded, so that a replay shows the same; the dashboard tells live and replayed requests apart.
            total_tokens=standing.sums.total_tokens,
            total_cost=standing.sums.cost,
            context=standing.context,
            thread=standing.thread if standing.thread != MAIN else "",
            budget=standing.budget_left,
            system=progress.request.hide(progress.request.system),
            elsewhere=progress.request.options.system is None,
            cut=tuple(progress.cut),
            number=standing.number,
        )


def _cost_text(progress: Progress, standing: Standing) -> str:
    if progress.practice:
        return "nothing: practice"
    if progress.request.searches:
        return f"{money_with_date(standing.cost)}: web searches are billed separately"
    return "covered by the coding plan" if standing.plan else money_with_date(standing.cost)


def _rate(progress: Progress, timing: Timing) -> float | None:
    """Tokens a second since the first one. Until the service has counted them, each chunk counts as one token."""
    if timing.first_token is None:
        return None
    seconds = timing.seconds - timing.first_token
    if progress.ended is None and seconds < _RATE_AFTER:
        return None
    tokens = progress.usage.completion_tokens if progress.usage else timing.chunks
    # A reply in one piece took the whole time.
    seconds = seconds if seconds > _ONE_PIECE else timing.seconds
    return tokens / seconds if seconds else None


def _doing(progress: Progress) -> str:
    """What is happening before the first words."""
    if progress.state == "streaming":
        if progress.calling is not None:
            return f"calling {shorten(progress.calling.name, _LONGEST_NAME)}"
        if progress.rounds and not (progress.has_text or progress.reasoning):
            return "waiting"
        return "" if progress.has_text else "reasoning"
    if progress.state != "waiting":
        return ""
    left = progress.retry_due - time.monotonic()
    if progress.retry is None or left <= 0:
        return "waiting"
    return f"{progress.retry.reason}, trying again in {ceil(left)} s ({progress.retry.number} of {progress.retry.most})"


def _note(progress: Progress) -> str:
    if progress.ended is None:
        return ""
    if progress.state == "complete" and progress.wants_tools:
        return _TOOL_CALLS
    reason = progress.finish_reason or ""
    note = NOTES.get(reason, "")
    if reason == "length" and progress.answer_limit is not None:
        note = _OUT_OF_BUDGET.format(limit=progress.answer_limit)
    if not progress.has_text:
        return f"{note} {_NO_WORDS}".strip()
    return f"{note} {_GO_ON}" if reason in ("interrupted", "length") and not progress.request.options.once else note


def _notes(progress: Progress) -> tuple[str, ...]:
    return _note(progress), _left_out(progress), _unseen(progress), _not_run(progress)


def _not_run(progress: Progress) -> str:
    count = sum(call.is_beyond for call in progress.all_calls)
    calls = plural(count, "tool call")
    more = "%config GLMMagics.tool_calls = NUMBER allows more (in Python: chat.tool_calls)"
    return f"{calls} did not run: the turn had reached its maximum. {more}." if count else ""


def _left_out(progress: Progress) -> str:
    count = progress.left_out
    turns = "earlier turn was" if count == 1 else "earlier turns were"
    return f"{count:,} {turns} left out: the model's context has no room for more." if count else ""


def _unseen(progress: Progress) -> str:
    count = progress.first_unseen
    images = "1 image of an earlier turn was" if count == 1 else f"{count:,} images of earlier turns were"
    return f"{images} left out: {progress.model} cannot see." if count else ""


# As HTML. Colours and fonts are JupyterLab's or VS Code's, or else plain ones that are legible on light and dark.

FAINT = Markup("var(--jp-ui-font-color2, var(--vscode-descriptionForeground, #767676))")
WARN = Markup("var(--jp-warn-color1, var(--vscode-editorWarning-foreground, #b26a00))")
BRAND = Markup("var(--jp-brand-color1, var(--vscode-progressBar-background, #2979c8))")
TRACK = Markup("var(--jp-border-color2, var(--vscode-editorWidget-border, #c8c8c8))")
FONT = Markup("font-family:var(--jp-ui-font-family, system-ui, sans-serif);font-size:12px;line-height:18px")
_NOTE = Markup(
    "color:var(--jp-ui-font-color1, inherit);border-left:3px solid {warn};padding-left:8px;margin-bottom:2px", warn=WARN
)


#: Notebook 7 puts outputs of more than some hundred lines into a box of 24, with the panel out of sight. Whoever asks
#: for the box gets it: an icon tells that.
_UNBOXED = Markup(
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
            details=_details_html(figures),
        )
    return Markup(
        '<div class="zhipu-magic-panel" role="group" aria-label="Usage of this reply" '
        'style="color:{faint};{font};overflow-wrap:anywhere">{unboxed}{notes}{inner}</div>',
        unboxed=_UNBOXED,
        faint=FAINT,
        font=FONT,
        notes=_notes_html(figures),
        inner=inner,
    )


def note_html(figures: Figures) -> Markup:
    """The notes alone, where there is no panel."""
    return Markup('<div class="zhipu-magic-note" style="{font}">{notes}</div>', font=FONT, notes=_notes_html(figures))


def left_behind(figures: Figures | None) -> Markup:
    """What stands above the figures on a page that was saved or reloaded before the reply was whole, if one came."""
    if figures is None:
        return _note_html("This page was saved or reloaded while the cell ran, which ended without a reply.")
    saved = "This page was saved or reloaded before the reply was whole"
    if figures.number is None:
        return _note_html(f"{saved}, and does not show all of it.")
    thread = f" in thread {figures.thread}" if figures.thread else ""
    return _note_html(f"{saved}: %glm show {figures.number}{thread} shows all of it.")


def _notes_html(figures: Figures) -> Markup:
    return Markup().join(map(_note_html, figures.notes))


def _note_html(note: str) -> Markup:
    return Markup('<div role="note" style="{style}">{note}</div>', style=_NOTE, note=note)


def _bar(tokens: int, context: int) -> Markup:
    return Markup(
        '<span role="img" aria-label="{tokens:,} of {context:,} tokens of the context" '
        'title="{tokens:,} of {context:,} tokens of the context" style="display:inline-block;width:48px;'
        'height:6px;border-radius:3px;margin-left:10px;background:{track};vertical-align:1px;overflow:hidden">'
        '<span style="display:block;width:{percent:.1f}%;min-width:{least}px;height:6px;background:{brand}"></span>'
        "</span>",
        tokens=tokens,
        context=context,
        percent=min(100.0, 100 * tokens / context),
        least=2 if tokens else 0,
        track=TRACK,
        brand=BRAND,
    )


def _details_html(figures: Figures) -> Markup:
    rows = Markup().join(
        Markup("<span>{name}</span><span>{value}</span>", name=name, value=value) for name, value in _details(figures)
    )
    return Markup(
        '<div style="display:grid;grid-template-columns:max-content 1fr;column-gap:16px;margin:4px 0 4px 16px">'
        "{rows}</div>",
        rows=rows,
    )


# As text


def panel_text(figures: Figures) -> str:
    """The panel as text, for where there is no HTML."""
    return "\n".join([*figures.notes, line_text(figures)])


def line_text(figures: Figures) -> str:
    """The panel's one line, as text."""
    context = [f"context {percent(*figures.context)}"] if figures.context else []
    return " · ".join(_line(figures) + context)


def _line(figures: Figures) -> list[str]:
    parts = [figures.thread] if figures.thread else []
    if figures.system and figures.elsewhere:  # elsewhere on the page, where a reader may not look
        parts.append(f"system: {shorten(figures.system, _SHORT_SYSTEM)}")
    parts += [figures.model, f"{figures.elapsed:.1f} s"]
    if figures.doing:
        parts.append(figures.doing)
    if figures.first_token is not None:
        parts.append(f"first token {figures.first_token:.2f} s")
    if figures.rate is not None:
        parts.append(f"{figures.rate:.0f} tok/s")
    if figures.usage is not None:
        parts.append(f"{figures.usage.prompt_tokens:,} + {figures.usage.completion_tokens:,} tokens")
    if figures.cost is not None:
        parts.append(money(figures.cost))
    if figures.budget:
        parts.append(f"left: {figures.budget}")
    if len(figures.cut) > _CUT_IN_LINE:
        parts.append(f"{len(figures.cut):,} values cut")
    else:
        parts += [shorten(cut, _LONGEST_CUT) for cut in figures.cut]
    return parts


def _details(figures: Figures) -> list[tuple[str, str]]:
    rows = []
    usage = figures.usage
    if usage is None:
        rows.append(("tokens", "the service did not count them"))
    else:
        cached = f", of them {usage.cached_tokens:,} cached" if usage.cached_tokens else ""
        reasoning = f", of them {usage.reasoning_tokens:,} reasoning" if usage.reasoning_tokens else ""
        rows.append(("prompt tokens", f"{usage.prompt_tokens:,}{cached}"))
        rows.append(("completion tokens", f"{usage.completion_tokens:,}{reasoning}"))
        rows.append(("cost", figures.cost_text))
    if figures.requests > 1:
        rows.append(("requests", str(figures.requests)))
    if figures.answer_limit is not None:
        rows.append(("longest answer", f"{figures.answer_limit:,} tokens, by the budget"))
    rows.append(("finish reason", figures.finish_reason or "none given"))
    if figures.system:
        rows.append(("system text", shorten(figures.system, _LONG_TEXT)))
    rows += [("value cut", shorten(cut, _LONG_TEXT)) for cut in figures.cut[:_CUT_IN_DETAILS]]
    if len(figures.cut) > _CUT_IN_DETAILS:
        rows.append(("values cut", f"{len(figures.cut) - _CUT_IN_DETAILS:,} more"))
    total = f", {money(figures.total_cost)}" if figures.total_cost is not None else ""
    rows.append(("conversation", plural(figures.turns, "turn")))
    if figures.thread:
        rows.append(("thread", figures.thread))
    rows.append(("in all", f"{figures.total_tokens:,} tokens{total}"))
    if figures.context:
        tokens, context = figures.context
        rows.append(("context", f"{percent(tokens, context)} ({tokens:,} of {context:,} tokens)"))
    return rows


def money_with_date(yuan: float | None) -> str:
    return "price not known" if yuan is None else f"{money(yuan)} (prices of {PRICES_DATE})"


def percent(tokens: int, context: int) -> str:
    share = 100 * tokens / context
    return f"{share:.0f} %" if share >= 1 or tokens == 0 else "< 1 %"
