"""The line of a map while its rows are asked, and the panel under its table: as HTML and as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from ...chat.rows.asked import FailedRow
from ...chat.rows.figures import MapFigures
from ...text.characters import shorten
from ...text.languages.joined import comma, dotted, in_lines, sentences
from ...text.languages.messages import Message, _, ngettext, told
from ...text.languages.numbers import compact, money, plural, rough_money, short_time
from ...text.markup import Markup
from ...text.wrapping import width
from .. import costs
from .panel import note_line
from .panel_words import with_cached
from .style import BRAND, FAINT, FONT, TRACK, WARN, in_a_grid

#: Causes of failure that are told apart, rows that are named for each, and characters of what the service said.
_CAUSES, _ROWS_NAMED, _LONGEST = 5, 5, 240


@dataclass(frozen=True)
class Cause:
    """Why some rows failed: how many, the message of the first, the places of the first few, and what to do."""

    count: int
    message: str
    rows: tuple[int, ...]
    hint: str


@dataclass(frozen=True)
class MapNotes:
    """What stands above the figures of a map that has ended: what to know, and its failures by cause.

    In a preview, rows `would_fail`: they have not failed yet.
    """

    notes: Sequence[str] = ()
    causes: Sequence[Cause] = ()
    would_fail: bool = False


#: What to do in a cell about rows that failed for this reason; else they are asked again when the cell is run again.
_HINTS = {
    "row.missing": '{{ column | default("…") }} says what stands for a missing value.',
    "row.cut": "{{ column | 4000 }} says how many tokens of a value are sent.",
    "row.empty": "",
    "prompt.too_long": "Shorten what is sent, or use a model with a longer context: %glm models lists them.",
    "prompt.no_room": "Shorten what is sent, lower --max-tokens, or use a model with a longer context.",
    "service.too_long": "Shorten what is sent, or use a model with a longer context: %glm models lists them.",
    "answer.invalid": "%glm rows retry asks again.",
    "answer.cut_off": "--max-tokens NUMBER allows longer answers; %glm rows retry asks again.",
    "service.unsafe": "Rephrase what is sent.",
    "service.policy": "Rephrase what is sent.",
    "model.no_vision": "Use a model that sees, with -m NAME: %glm models lists them.",
}
_AGAIN = _("Run the cell again to ask again.")


def causes_of(failures: Sequence[FailedRow]) -> list[Cause]:
    """The failures by cause, the most frequent first."""
    found: dict[tuple[str, str], list[FailedRow]] = {}
    for failure in failures:
        found.setdefault((failure.reason, failure.code), []).append(failure)
    return [
        Cause(
            count=len(rows),
            message=rows[0].message,
            rows=tuple(row.row for row in rows[:_ROWS_NAMED]),
            hint=_(_HINTS.get(reason, _AGAIN)),
        )
        for (reason, _code), rows in sorted(found.items(), key=lambda item: -len(item[1]))
    ]


# The line


def line_text(figures: MapFigures) -> str:
    """The line, as text."""
    return told(dotted(line_parts(figures)))


def line_within(figures: MapFigures, columns: int) -> str:
    """The line in so many columns of a terminal: without what matters least, where there is no room for all of it."""
    parts = {name: told(part) for name, part in _named_parts(figures).items()}
    for name in _LEAST_FIRST:
        if width(_SEPARATOR.join(parts.values())) <= columns:
            break
        parts.pop(name, "")
        if name == "besides":
            parts["count"] = told(_count(figures))
    return _SEPARATOR.join(parts.values())


def line_parts(figures: MapFigures) -> list[str]:
    """The parts of the line."""
    return [*_named_parts(figures).values()]


_SEPARATOR = " · "
#: The parts that a line may be without, and what stands besides the count; the first goes first.
_LEAST_FIRST = ("estimated", "tokens", "cut_off", "cost", "besides", "failed", "doing")


def _named_parts(figures: MapFigures) -> dict[str, str]:
    parts = {"count": _counted(figures)}
    if not figures.is_over and (doing := _doing(figures)):
        parts["doing"] = doing
    if figures.failed:
        parts["failed"] = _("{count:,} failed", count=figures.failed)
    if figures.cut_off:
        parts["cut_off"] = _("{count:,} cut off", count=figures.cut_off)
    if figures.prompt_tokens or figures.completion_tokens:
        both = {"prompt": compact(figures.prompt_tokens), "completion": compact(figures.completion_tokens)}
        parts["tokens"] = (
            _("{prompt} + {completion} tokens", **both)
            if figures.is_over
            else _("{prompt}+{completion} tokens", **both)
        )
    if figures.estimated_tokens:
        parts["estimated"] = _("about {count} tokens that were not counted", count=compact(figures.estimated_tokens))
    if figures.cost is not None and figures.requests:
        expected = None if figures.is_over else figures.expected_cost
        spent = money(figures.cost)
        parts["cost"] = _("{spent} of {expected}", spent=spent, expected=rough_money(expected)) if expected else spent
    if figures.is_over and figures.requests:
        parts["time"] = short_time(figures.seconds)
    elif figures.eta is not None and not (figures.busy_for or figures.trouble or figures.waits_for):
        parts["time"] = _("ETA {time}", time=short_time(figures.eta))
    return parts


def _count(figures: MapFigures) -> str:
    return plural(figures.rows, "row") if figures.done == figures.rows else f"{figures.done:,}/{figures.rows:,}"


def _counted(figures: MapFigures) -> str:
    """The count, and how many of the rows were not asked."""
    count, besides = (
        _count(figures),
        comma(
            [
                _("{count:,} equal", count=figures.equal) if figures.equal else "",
                _("{count:,} known", count=figures.known) if figures.known else "",
            ]
        ),
    )
    return _("{count} ({besides})", count=count, besides=besides) if besides else count


def _doing(figures: MapFigures) -> str:
    if figures.busy_for > 0 or figures.trouble:
        what = shorten(told(figures.trouble).rstrip(".。"), _LONGEST) or _("service busy")
        if figures.busy_for <= 0:
            return what
        return _("{trouble}, next try in {seconds} s", trouble=what, seconds=ceil(figures.busy_for))
    doing: list[str] = []
    if figures.prepared < figures.rows:
        doing.append(_("{count:,} rows read", count=figures.prepared))
    if figures.in_flight:
        most = max(figures.limit, figures.in_flight)
        doing.append(_("{count:,} of {most:,} in flight", count=figures.in_flight, most=most))
    if figures.waits_for:
        doing.append(figures.waits_for)
    return dotted(doing)


def said_html(text: str) -> Markup:
    """What stands in the place of the line, before there are figures."""
    return _framed(_parts([text]))


def line_html(figures: MapFigures) -> Markup:
    """The line with a bar, while the rows are asked."""
    return _framed(_bar(figures) + _parts(line_parts(figures)))


def _parts(parts: Sequence[str]) -> Markup:
    return Markup.of(_SEPARATOR).join(
        Markup('<span style="white-space:nowrap">{part}</span>', part=part) for part in parts
    )


def _bar(figures: MapFigures) -> Markup:
    share = 100 * figures.done / figures.rows if figures.rows else 100.0
    failed = 100 * figures.failed / figures.rows if figures.rows else 0.0
    return Markup(
        '<span role="progressbar" aria-valuemin="0" aria-valuemax="{rows}" aria-valuenow="{done}" '
        'aria-label="{label}" style="display:inline-flex;width:120px;height:6px;border-radius:3px;'
        'margin-right:10px;background:{track};vertical-align:1px;overflow:hidden;forced-color-adjust:none">'
        '<span style="width:{share:.1f}%;height:6px;background:{brand}"></span>'
        '<span style="width:{failed:.1f}%;height:6px;background:{warn}"></span></span>',
        label=_("{done:,} of {rows:,} rows", done=figures.done, rows=figures.rows),
        rows=figures.rows,
        done=figures.done,
        share=max(0.0, share - failed),
        failed=failed,
        track=TRACK,
        brand=BRAND,
        warn=WARN,
    )


# The panel


def panel_html(figures: MapFigures, found: MapNotes) -> Markup:
    """The panel of a map that has ended."""
    inner = Markup(
        '<details><summary style="cursor:pointer">{line}</summary>{details}</details>',
        line=_parts(line_parts(figures)),
        details=in_a_grid(_details(figures)),
    )
    return _framed(_notes_html(found) + inner)


def notes_html(found: MapNotes) -> Markup:
    """The notes alone, where there is no panel."""
    return _framed(_notes_html(found))


def panel_text(figures: MapFigures, found: MapNotes) -> str:
    """The panel as text."""
    return told(in_lines([*notes_text(found), line_text(figures)]))


def notes_text(found: MapNotes) -> list[str]:
    """The notes as text, a line each."""
    lines = [*found.notes, *(_cause_text(cause, found.would_fail) for cause in found.causes[:_CAUSES])]
    more = sum(cause.count for cause in found.causes[_CAUSES:])
    if not more:
        return lines
    rows = plural(more, "row")
    other = (
        _("{rows} would fail for other reasons: see .errors.", rows=rows)
        if found.would_fail
        else _("{rows} failed for other reasons: see .errors.", rows=rows)
    )
    return [*lines, other]


def _cause_text(cause: Cause, would_fail: bool) -> str:
    named: str = comma([f"{row:,}" for row in cause.rows])
    more = cause.count - len(cause.rows)
    if more:
        named = _("{rows} and {more:,} more", rows=named, more=more)
    facts = {
        "rows": ngettext("row {rows}", "rows {rows}", cause.count, rows=named),
        "count": cause.count,
        "message": shorten(told(cause.message), _LONGEST),
    }
    what = (
        Message("{count:,} would fail ({rows}): {message}", **facts)
        if would_fail
        else Message("{count:,} failed ({rows}): {message}", **facts)
    )
    return sentences(what, cause.hint)


def _notes_html(found: MapNotes) -> Markup:
    return Markup().join(map(note_line, notes_text(found)))


def _framed(inner: Markup) -> Markup:
    return Markup(
        '<div class="zhipu-magic-panel" role="group" aria-label="{label}" '
        'style="color:{faint};{font};font-variant-numeric:tabular-nums;overflow-wrap:anywhere">{inner}</div>',
        label=_("Rows of this table"),
        faint=FAINT,
        font=FONT,
        inner=inner,
    )


def _details(figures: MapFigures) -> list[tuple[str, str]]:
    answered = figures.done - figures.failed
    return [
        (_("answered"), _("{done:,} of {rows:,} rows", done=answered, rows=figures.rows)),
        (_("equal to another row"), f"{figures.equal:,}"),
        (_("answered before"), f"{figures.known:,}"),
        (_("requests"), f"{figures.requests:,}"),
        (_("prompt tokens"), with_cached(figures.prompt_tokens, figures.cached_tokens)),
        (_("completion tokens"), f"{figures.completion_tokens:,}"),
        (_("cost"), _cost_text(figures)),
    ]


def _cost_text(figures: MapFigures) -> str:
    if figures.practice:
        return costs.OF_PRACTICE
    if figures.plan:
        return costs.OF_PLAN
    return costs.with_date(figures.cost) if figures.requests else _("nothing was asked")
