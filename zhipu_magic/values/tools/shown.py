"""What of the outputs of a run is shown on the page, and kept for a replay: text, pictures, tables and Markdown.

The richest form that can be shown without trusting it is taken: a journal may come from anywhere, and a replay shows
what the live run has shown. So HTML is only read for its table, and what else there is, as a script, for its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from ...text.characters import whole_characters, without_addresses
from ...text.errors import GLMError, JournalError
from ...text.html_tables import table_of
from ...text.languages.joined import in_lines
from ...text.languages.language import prompted
from ...text.languages.messages import _
from ...text.terminal_text import as_shown
from ..images.files import displayed_bytes, from_bytes
from ..images.image import JPEG, PNG, Image
from ..outputs.output import DISPLAY, ERROR, HTML, MARKDOWN, PLAIN, RESULT, STREAM, Output
from .ran import MOST_SHOWN, MOST_SOURCE, MOST_TEXT, Shown

_ERROR_TOKENS: Final = 1_000
"""Tokens of an error's traceback on the page."""
_MOST_IMAGES: Final = 20
_AROUND: Final = 50
"""Characters of the words in place of the middle of a text."""
_MOST_SOURCES: Final = 2_000_000
"""Characters of tables and Markdown that are shown as such, in all."""


def shown_of(outputs: Sequence[Output], notes: Sequence[str] = ()) -> tuple[Shown, ...]:
    """What is shown of these outputs, in order, and the notes below them."""
    shown: list[Shown] = []
    images = sources = 0
    for output in outputs:
        for one in _shown(output):
            images += one.kind == "image"
            sources += len(one.source)
            if one.kind == "image" and images > _MOST_IMAGES:
                shown.append(Shown("text", _("[{figure}: there are too many figures]", figure=one.text)))
            elif one.source and sources > _MOST_SOURCES:
                shown.append(Shown("text", one.text))
            elif one.kind == "text" and shown and shown[-1].kind == "text":
                shown[-1] = Shown("text", _within(f"{shown[-1].text.rstrip()}\n{one.text}"))
            else:
                shown.append(one)
    if len(shown) > MOST_SHOWN - 1:
        more = len(shown) - (MOST_SHOWN - 2)
        shown = [*shown[: MOST_SHOWN - 2], Shown("text", _("[{count:,} more outputs are not shown]", count=more))]
    return (*shown, *([Shown("text", in_lines(notes))] if notes else []))


def outputs_of(shown: Iterable[Shown]) -> Iterator[Output]:
    """What was shown as outputs of a cell, which a prompt can refer to: the same in a live run and in a replay."""
    for one in shown:
        if one.image is not None:
            try:
                yield Output(DISPLAY, data={one.image.type: one.image.base64(), PLAIN: one.text})
            except JournalError as error:  # its file is gone
                yield Output(DISPLAY, data={PLAIN: f"[{one.text}: {error.happened}]"})
        elif one.kind == "table":
            yield Output(DISPLAY, data={HTML: one.source, PLAIN: one.text})
        elif one.kind == "markdown":
            yield Output(DISPLAY, data={MARKDOWN: one.source, PLAIN: one.text})
        elif one.kind == "error":
            yield Output(ERROR, text=one.text)
        else:
            yield Output(STREAM, "stdout", f"{one.text}\n")


def _shown(output: Output) -> Iterator[Shown]:
    if output.kind == STREAM:
        text = without_addresses(as_shown(output.text)).strip("\n")
        if text.strip():
            yield Shown("text", _within(text))
    elif output.kind == ERROR:
        yield Shown("error", _within(_error(output)))
    else:
        yield from _displayed(output.data, is_result=output.kind == RESULT)


def _error(output: Output) -> str:
    from ..rendering.renderers import rendered

    try:
        with prompted("en"):  # it is kept in a journal
            text = rendered(output.value, _ERROR_TOKENS).text
    except GLMError:  # its own code fails
        text = output.name
    lines = text.split("\n")
    is_fenced = len(lines) > 2 and lines[0].startswith("```") and lines[-1].startswith("```")
    return "\n".join(lines[1:-1] if is_fenced else lines)


def _displayed(data: Mapping[str, Any], *, is_result: bool) -> Iterator[Shown]:
    plain = _within(without_addresses(as_shown(_form(data, "text/plain"))).strip("\n"))
    for kind in (PNG, JPEG):
        if data.get(kind) and (image := _image(data[kind])) is not None:
            yield Shown("image", plain or _("a figure"), image=image)
            return
    html = _form(data, "text/html")
    if html and (table := table_of(html)) is not None and len(table.rich) <= MOST_SOURCE:
        yield Shown("table", plain, source=table.rich)
        return
    for kind in ("text/markdown", "text/latex"):
        source = _form(data, kind)
        if source.strip() and len(source) <= MOST_SOURCE:
            yield Shown("markdown", plain or _within(source), source=source)
            return
    others = sorted(kind for kind in map(str, data) if kind != "text/plain")
    if plain:
        yield Shown("text", plain)
    if others and not is_result:
        yield Shown("text", _("[not shown here: {types}]", types=", ".join(others)[:200]))


def _image(encoded: Any) -> Image | None:
    """The picture as it was drawn; None for one that cannot be kept."""
    try:
        return from_bytes(displayed_bytes(encoded), _("This output"))
    except (GLMError, ValueError):
        return None


def _form(data: Mapping[str, Any], kind: str) -> str:
    text = data.get(kind, "")
    return whole_characters(text) if isinstance(text, str) else ""


def _within(text: str) -> str:
    """The text, with its middle left out if it is too long to be shown."""
    text = whole_characters(text)
    if len(text) <= MOST_TEXT:
        return text
    half = (MOST_TEXT - _AROUND) // 2
    return _(
        "{beginning}\n… {count:,} more characters …\n{end}",
        beginning=text[:half],
        count=len(text) - MOST_TEXT,
        end=text[-half:],
    )
