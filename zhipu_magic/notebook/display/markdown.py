"""A reply as a page. Whatever the reply contains, showing it runs nothing and fetches nothing (see `text.sanitize`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...chat.replies.progress import Progress
from ...history.markdown import (
    Pieces,
    apart,
    call_line,
    call_text,
    citations,
    folded_calls,
    folded_reasoning,
    parted,
    sources,
)
from ...history.rounds import Called, Round
from ...service.response_members import objects
from ...text.html import folded
from ...text.markup import Markup
from ...text.numbers import plural
from ...text.sanitize.pages import Cited, page_of
from . import answer
from .style import FAINT

#: Characters of the reasoning that are shown while it grows, on one line and folded away.
_LINE, _TAIL = 200, 600
#: Calls that are shown while a reply grows.
_LATEST_CALLS = 10


#: The last line of what is not whole yet, for a page that is saved meanwhile.
UNFINISHED = Markup(
    '<div style="color:{faint};font-size:12px;line-height:18px;margin-bottom:6px">… still being written</div>',
    faint=FAINT,
)
UNFINISHED_PLAIN = "… still being written"


def growing_page(progress: Progress, *, remote_images: bool = False) -> Markup:
    """The reply while it grows, with only the end of its reasoning and the latest tool calls, without results.

    Every refresh sends the whole page again, and what is folded is closed again.
    """

    def pieces() -> Pieces:
        latest = _LatestCalls(len(progress.all_calls) - _LATEST_CALLS)
        links = links_of(progress)
        yield from _rounds(progress.rounds, links, latest.lines, _tail)
        if progress.reasoning:
            is_growing = not progress.has_text and not progress.calls and progress.calling is None
            yield growing_reasoning(progress) if is_growing else folded_reasoning(_tail(progress.reasoning))
        if progress.has_text:
            yield Cited(answer.written(progress), links)
        yield latest.lines(progress.calls)
        yield _under_way(progress, "…")
        yield UNFINISHED

    return page_of(pieces(), remote_images=remote_images)


def growing_words(words: str, links: Mapping[str, Markup], *, remote_images: bool = False) -> Markup:
    """The end of the words of a reply that grows; what is before it stands in outputs of its own."""
    return page_of([Cited(words, links), UNFINISHED], remote_images=remote_images)


def finished_words(words: str, links: Mapping[str, Markup], *, remote_images: bool = False) -> Markup:
    """A part of the words of a reply that grows, which stays as it is until the reply is whole."""
    return page_of([Cited(words, links)], remote_images=remote_images)


def growing_reasoning(progress: Progress) -> Markup:
    """The newest thoughts on one line, as high as the folded reasoning that it becomes."""
    newest = " ".join(progress.reasoning[-_LINE:].split())
    return Markup(
        '<div style="display:flex;overflow:hidden;white-space:nowrap">'
        '<span style="flex:none">▸ Reasoning&nbsp;…&nbsp;</span>'
        '<span style="display:flex;flex:auto;min-width:0;overflow:hidden;justify-content:flex-end;color:{faint}">'
        '<span style="flex:none;margin-right:auto">{newest}</span></span></div>',
        faint=FAINT,
        newest=newest,
    )


def links_of(progress: Progress) -> dict[str, Markup]:
    """What stands for the references in the words of a reply that grows."""
    return citations(_found(progress)) if progress.request.searches else {}


def final_page(progress: Progress, *, remote_images: bool = False) -> Markup:
    """The complete reply, as it stays on the page."""

    def pieces() -> Pieces:
        found = _found(progress)
        links = citations(found)
        yield from _rounds(progress.rounds, links)
        if progress.reasoning:
            yield folded_reasoning(progress.reasoning)
        yield answer.value(progress) or Cited(answer.written(progress), links)
        yield folded_calls(progress.calls)
        yield _under_way(progress, "· interrupted")
        yield sources(found)

    return page_of(pieces(), remote_images=remote_images)


def _found(progress: Progress) -> list[Mapping[str, Any]]:
    """What the service has found on the web, as far as it is known."""
    return objects(progress.body().get("web_search"))


def _tail(thoughts: str) -> str:
    """The end of the reasoning."""
    return thoughts if len(thoughts) <= _TAIL else f"…{thoughts[-_TAIL:]}"


class _LatestCalls:
    """Lines for the tool calls, round by round; the first `earlier` calls are only counted."""

    def __init__(self, earlier: int) -> None:
        self._earlier = earlier

    def lines(self, calls: Sequence[Called]) -> Markup:
        skipped = max(0, min(self._earlier, len(calls)))
        self._earlier -= skipped
        ran, beyond = parted(calls[skipped:])
        count = [folded(plural(skipped, "call"), [])] if skipped else []
        return apart([*count, *(folded(call_line(call), []) for call in ran), *beyond])


def _under_way(progress: Progress, how: str) -> Markup:
    """The tool call that is running; nothing if there is none."""
    if progress.calling is None:
        return Markup()
    line = f"{call_text(progress.calling.name, progress.calling.arguments)} {how}"
    return Markup("<details><summary>{line}</summary></details>", line=line)


def _rounds(
    rounds: Iterable[Round],
    links: Mapping[str, Markup],
    show_calls: Callable[[Sequence[Called]], Markup] = folded_calls,
    show_reasoning: Callable[[str], str] = str,
) -> Pieces:
    """The rounds before the last."""
    for one in rounds:
        if one.thoughts:
            yield folded_reasoning(show_reasoning(one.thoughts))
        if one.wrong:
            yield folded("Asked to correct its answer", [one.words, one.wrong])
        else:
            yield Cited(one.words, links)
            yield show_calls(one.calls)
