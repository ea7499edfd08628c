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
from ...text.markdown import fenced
from ...text.markup import Markup
from ...text.numbers import plural
from ...text.sanitize.pages import Cited, page_of

#: Characters of the reasoning that are shown while it grows.
_TAIL = 600
#: Calls that are shown while a reply grows.
_LATEST_CALLS = 10


def growing_page(progress: Progress, *, remote_images: bool = False) -> Markup:
    """The reply while it grows, with only the end of its reasoning and the latest tool calls, without results.

    Every refresh sends the whole page again.
    """

    def pieces() -> Pieces:
        latest = _LatestCalls(len(progress.all_calls) - _LATEST_CALLS)
        links = citations(_found(progress)) if progress.request.searches else {}
        yield from _rounds(progress.rounds, links, latest.lines, _tail)
        if progress.reasoning:
            opened = not progress.has_text and not progress.calls and progress.calling is None
            yield folded_reasoning(_tail(progress.reasoning), opened=opened)
        if progress.has_text:
            yield Cited(_words(progress), links)
        yield latest.lines(progress.calls)
        yield _under_way(progress, "…")

    return page_of(pieces(), remote_images=remote_images)


def final_page(progress: Progress, *, remote_images: bool = False) -> Markup:
    """The complete reply, as it stays on the page."""

    def pieces() -> Pieces:
        found = _found(progress)
        links = citations(found)
        yield from _rounds(progress.rounds, links)
        if progress.reasoning:
            yield folded_reasoning(progress.reasoning)
        yield _value(progress) or Cited(_words(progress), links)
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


def _words(progress: Progress) -> str:
    return progress.text if progress.request.shape is None else fenced(progress.text.strip(), "json")


def _value(progress: Progress) -> str:
    """The value of a typed answer; nothing if the answer has no type."""
    shape = progress.request.shape
    if shape is None or progress.state != "complete" or progress.is_invalid:
        return ""
    return shape.markdown(progress.value)


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
