"""A reply as a page. Whatever the reply contains, showing it runs nothing and fetches nothing (see `text.sanitize`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...chat.replies.progress import Progress
from ...history.markdown import Pieces, call_text, citations, folded_calls, folded_reasoning, sources
from ...service.response_members import objects
from ...text.html import folded
from ...text.markup import Markup
from ...text.sanitize.pages import Cited, page_of
from . import answer

#: What stands in the place of an answer that was not of its type.
CORRECTED = "Asked to correct its answer"


def final_page(progress: Progress, *, remote_images: bool = False) -> Markup:
    """The complete reply, as it stays on the page."""
    return page_of(final_pieces(progress), remote_images=remote_images)


def final_pieces(progress: Progress) -> Pieces:
    """The same as the pieces of a page."""
    found = found_by(progress)
    links = citations(found)
    yield from _rounds(progress, links)
    if progress.reasoning:
        yield folded_reasoning(progress.reasoning)
    yield answer.value(progress) or Cited(answer.written(progress), links)
    yield folded_calls(progress.calls)
    yield under_way(progress, "· interrupted")
    yield sources(found)


def found_by(progress: Progress) -> list[Mapping[str, Any]]:
    """What the service has found on the web, as far as it is known."""
    return objects(progress.body().get("web_search"))


def under_way(progress: Progress, how: str) -> Markup:
    """The tool call that is running; nothing if there is none."""
    if progress.calling is None:
        return Markup()
    line = f"{call_text(progress.calling.name, progress.calling.arguments)} {how}"
    return Markup("<details><summary>{line}</summary></details>", line=line)


def _rounds(progress: Progress, links: Mapping[str, Markup]) -> Pieces:
    """The rounds before the last, as they stay on the page."""
    for one in progress.rounds:
        if one.thoughts:
            yield folded_reasoning(one.thoughts)
        if one.wrong:
            yield folded(CORRECTED, [progress.words_of(one), one.wrong])
        else:
            yield Cited(progress.words_of(one), links)
            yield folded_calls(one.calls)
