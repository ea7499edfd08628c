"""A reply as a page. Whatever the reply contains, showing it runs nothing and fetches nothing (see `text.sanitize`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from ...chat.replies.progress import Progress
from ...history.markdown import (
    Pieces,
    call_text,
    citations,
    code_in,
    folded_reasoning,
    shown_calls,
    shown_code,
    sources,
)
from ...service.response_members import objects
from ...text.html import folded
from ...text.languages.messages import _
from ...text.markup import Markup
from ...text.sanitize.pages import Cited, page_of
from ...values.tools.ran import Shown
from . import answer

#: What a reply is made of: pages, and outputs between them.
Piece = Markup | Cited | str | Shown

#: What stands in the place of an answer that was not of its type.
CORRECTED = _("Asked to correct its answer")


def final_page(progress: Progress, *, remote_images: bool = False) -> Markup:
    """The complete reply, as it stays on the page."""
    return page_of(final_pieces(progress), remote_images=remote_images)


def final_pieces(progress: Progress) -> Pieces:
    """The same as the pieces of a page, without what is an output of its own."""
    yield from (piece for piece in _pieces(progress) if not isinstance(piece, Shown))


def final_parts(progress: Progress, *, remote_images: bool = False) -> list[Markup | Shown]:
    """The complete reply as the outputs that it stays on the page in: its pages, and what its code has shown between.

    There is one page at least.
    """
    return in_parts(_pieces(progress), remote_images=remote_images)


def in_parts(pieces: Iterable[Piece], *, remote_images: bool = False) -> list[Markup | Shown]:
    """These pieces as pages, with what is an output of its own between them."""
    parts: list[Markup | Shown] = []
    for is_page, group in groupby(pieces, lambda piece: not isinstance(piece, Shown)):
        if is_page:
            page = page_of((piece for piece in group if not isinstance(piece, Shown)), remote_images=remote_images)
            parts += [page] if page else []
        else:
            parts += [piece for piece in group if isinstance(piece, Shown)]
    return parts if any(isinstance(part, Markup) for part in parts) else [*parts, Markup()]


def _pieces(progress: Progress) -> Iterator[Piece]:
    found = found_by(progress)
    links = citations(found)
    yield from _rounds(progress, links)
    if progress.reasoning:
        yield folded_reasoning(progress.reasoning)
    yield answer.value(progress) or Cited(answer.written(progress), links)
    yield from shown_calls(progress.calls)
    yield under_way(progress, interrupted=True)
    yield sources(found)


def found_by(progress: Progress) -> list[Mapping[str, Any]]:
    """What the service has found on the web, as far as it is known."""
    return objects(progress.body().get("web_search"))


def under_way(progress: Progress, *, as_code: bool = True, interrupted: bool = False) -> Markup:
    """The tool call that runs, or was interrupted, code `as_code` or on one line; nothing if there is none."""
    if progress.calling is None:
        return Markup()
    code = code_in(progress.calling.name, progress.calling.arguments)
    if code is not None and not as_code:
        return folded(_as_far(progress.calling.name, interrupted), [])
    if code is not None:
        below = folded(_as_far(progress.calling.name, interrupted), [])
        return Markup("{code}\n\n{line}", code=shown_code(code), line=below)
    line = _as_far(call_text(progress.calling.name, progress.calling.arguments), interrupted)
    return Markup("<details><summary>{line}</summary></details>", line=line)


def _as_far(call: str, interrupted: bool) -> str:
    return _("{call} · interrupted", call=call) if interrupted else f"{call} …"


def _rounds(progress: Progress, links: Mapping[str, Markup]) -> Iterator[Piece]:
    """The rounds before the last, as they stay on the page."""
    for one in progress.rounds:
        if one.thoughts:
            yield folded_reasoning(one.thoughts)
        if one.wrong:
            yield folded(CORRECTED, [progress.words_of(one), one.wrong])
        else:
            yield Cited(progress.words_of(one), links)
            yield from shown_calls(one.calls)
