"""One thing that a cell displayed, from the forms of it that the page got, by MIME type.

A page shows the richest form that it can. A model reads, in this order: a picture; the value itself where it is at hand
and HTML was made of it for the eye, as of a table; Markdown and LaTeX; the text of HTML tables; plain text; what else
HTML says; and of the rest, what it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from ...text.blobs import without_blobs
from ...text.characters import shortened, without_addresses
from ...text.errors import GLMError
from ...text.html_text import html_text
from ...text.languages.messages import _, for_model
from ...text.left_out import note_cut
from ...text.markdown import closed
from ...text.terminal_text import as_shown
from ...text.tokens import INLINE, ends, fenced_ends
from ..images.files import displayed_bytes, from_bytes
from ..images.image import JPEG, PNG, Image
from ..images.pixels import from_encoded
from ..outputs.output import HTML, JSON, LATEX, MARKDOWN, NOT_AT_HAND, PLAIN, PLOTLY, SVG, Output
from .instead import says_nothing
from .registry import PICTURE, render, rendered

_PICTURES: Final = (PNG, JPEG)
_THIS: Final = _("This output")
"""What an error calls it."""
_LONGEST: Final = 1_000_000
"""Characters of a form that are looked at."""
_LONGEST_TITLE: Final = 200
_MOST_TRACES: Final = 20
#: In what a library shows of a long table, what is left out.
_ABBREVIATED: Final = re.compile(r"\.\.\.|…")


def shown(output: Output, tokens: int) -> str | Image:
    """How what was displayed reads to a model, within so many tokens; empty if it was nothing."""
    data = output.data
    if not data and output.value is not NOT_AT_HAND:
        return _of_value(output.value, tokens)
    for kind in _PICTURES:
        if data.get(kind):
            return _picture(kind, data[kind])
    if HTML in data and (value := _unchanged(output)) is not NOT_AT_HAND:
        with suppress(GLMError):  # the value cannot be read, but what the page showed of it can
            read = _of_value(value, tokens)
            if isinstance(read, str):
                return read
    return _text(data, tokens)


def _of_value(value: Any, tokens: int) -> str | Image:
    """A value as a reference to it reads; of one with pictures, the first."""
    read = rendered(value, tokens)
    if read.left_out:
        note_cut(read.left_out)
    return read.images[0] if read.images and not read.text else read.text.replace(PICTURE, for_model("[a picture]"))


def _picture(kind: str, encoded: Any) -> str | Image:
    """The picture, known by its pixels, so that another version of what drew it makes no other picture of it."""
    try:
        data = displayed_bytes(encoded)
        if kind == PNG:
            try:
                return from_encoded(data, _THIS, lossy=False)
            except GLMError as error:
                if error.reason != "image.no_pillow":
                    raise
        return from_bytes(data, _THIS)
    except (GLMError, ValueError) as error:
        why = error.happened if isinstance(error, GLMError) else _("its base64 is damaged")
        note_cut(_("a picture not sent"))
        return for_model("[a picture that cannot be sent: {why}]", why=why)


def _unchanged(output: Output) -> Any:
    """The value that was displayed, if something here knows how it reads, and it still is as it was shown."""
    value = output.value
    if value is NOT_AT_HAND or render.dispatch(type(value)) is render.dispatch(object):
        return NOT_AT_HAND
    plain = _form(output.data, PLAIN)
    if _ABBREVIATED.search(plain):  # what is not in it may have changed since
        return NOT_AT_HAND
    try:
        return value if repr(value) == plain else NOT_AT_HAND
    except Exception:  # the user's own code
        return NOT_AT_HAND


def _text(data: Mapping[str, Any], tokens: int) -> str:
    for kind in (MARKDOWN, LATEX):
        if text := _form(data, kind).strip():
            return closed(ends(without_blobs(text), tokens))
    source, plain = _form(data, HTML), without_addresses(as_shown(_form(data, PLAIN))).strip("\n")
    has_words = not says_nothing(NOT_AT_HAND, plain)
    if source and ("<table" in source.lower() or not has_words):
        text = without_addresses(without_blobs(html_text(source)))
        if text:
            return ends(text, tokens)
    if PLOTLY in data:
        return _plotly(data[PLOTLY])
    if has_words:
        plain = without_blobs(plain)
        return ends(plain, tokens) if _is_short(plain) else fenced_ends(plain, "text", tokens)
    return _other(data, tokens) or plain


def _is_short(text: str) -> bool:
    return "\n" not in text and len(text) <= INLINE


def _other(data: Mapping[str, Any], tokens: int) -> str:
    if JSON in data:
        with suppress(TypeError, ValueError, RecursionError):
            return fenced_ends(json.dumps(data[JSON], ensure_ascii=False, indent=1), "json", tokens)
    if words := html_text(_form(data, SVG)):
        return ends(for_model("[a drawing in SVG, with the words: {words}]", words=" ".join(words.split())), tokens)
    kinds = [kind for kind in data if kind not in (PLAIN, HTML)] or [kind for kind in data if kind == HTML]
    listed = ", ".join(shortened(kind, 60) for kind in kinds[:5])
    return for_model("[an output that has no text: {kinds}]", kinds=listed) if kinds else ""


def _form(data: Mapping[str, Any], kind: str) -> str:
    """A form that is text; a notebook's file may have it as a list of lines."""
    text = data.get(kind, "")
    if isinstance(text, list):
        text = "".join(line for line in text if isinstance(line, str))
    return text[:_LONGEST] if isinstance(text, str) else ""


def _plotly(figure: Any) -> str:
    """What a plotly figure is: its title, and the kinds of its traces."""
    members = figure if isinstance(figure, Mapping) else {}
    layout, traces = members.get("layout"), members.get("data")
    title = layout.get("title") if isinstance(layout, Mapping) else ""
    title = title.get("text") if isinstance(title, Mapping) else title
    kinds = [str(one.get("type", "scatter")) for one in (traces if isinstance(traces, list) else []) if one]
    described = ", ".join(shortened(kind, 30) for kind in kinds[:_MOST_TRACES])
    figure = _("a plotly figure")
    if isinstance(title, str) and title:
        figure = _("a plotly figure, titled “{title}”", title=shortened(title, _LONGEST_TITLE))
    if described:
        figure = _("{figure}: {traces}", figure=figure, traces=described)
    return for_model("[{figure}; refer to it by name to send it as an image]", figure=figure)
