"""A reply as a page. Whatever it holds, showing it runs nothing and fetches nothing (see `harmless`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ...chat.reply import Reply
from ...history.markdown import Pieces, apart, call_line, call_text, folded_calls, folded_reasoning, parted, sources
from ...history.rounds import Called, Round
from ...service.wire import objects
from ...text.document import fenced, folded
from ...text.markup import Markup
from ...text.sanitize.pages import page_of

#: Letters of the reasoning that are shown while it grows.
_TAIL = 600
#: Calls that are shown while a reply grows.
_LATEST_CALLS = 10


def growing_page(reply: Reply, *, remote_images: bool = False) -> Markup:
    """The reply while it grows: of the reasoning its tail, and of the calls the latest, without what they gave.

    For all of it is sent again with every refresh.
    """

    def pieces() -> Pieces:
        latest = _LatestCalls(len(reply.all_calls) - _LATEST_CALLS)
        yield from _rounds(reply.rounds, latest.lines, _tail)
        if reply.thoughts:
            opened = not reply.has_words and not reply.calls and reply.calling is None
            yield folded_reasoning(_tail(reply.thoughts), opened=opened)
        if reply.has_words:
            yield _words(reply)
        yield latest.lines(reply.calls)
        yield _under_way(reply, "…")

    return page_of(pieces(), remote_images=remote_images)


def final_page(reply: Reply, *, remote_images: bool = False) -> Markup:
    """The reply as it stays."""

    def pieces() -> Pieces:
        yield from _rounds(reply.rounds)
        if reply.thoughts:
            yield folded_reasoning(reply.thoughts)
        yield _value(reply) or _words(reply)
        yield folded_calls(reply.calls)
        yield _under_way(reply, "· interrupted")
        yield sources(objects(reply.body().get("web_search")))

    return page_of(pieces(), remote_images=remote_images)


def _tail(thoughts: str) -> str:
    """The end of the reasoning."""
    return thoughts if len(thoughts) <= _TAIL else f"…{thoughts[-_TAIL:]}"


class _LatestCalls:
    """Lines for the calls of one round after the other, but for so many `earlier` ones, which are only counted."""

    def __init__(self, earlier: int) -> None:
        self._earlier = earlier

    def lines(self, calls: Sequence[Called]) -> Markup:
        skipped = max(0, min(self._earlier, len(calls)))
        self._earlier -= skipped
        ran, beyond = parted(calls[skipped:])
        count = [folded(f"{skipped:,} {'call' if skipped == 1 else 'calls'}", [])] if skipped else []
        return apart([*count, *(folded(call_line(call), []) for call in ran), *beyond])


def _under_way(reply: Reply, how: str) -> Markup:
    """The call of a tool that has not come back; nothing, where there is none."""
    if reply.calling is None:
        return Markup()
    line = f"{call_text(reply.calling.name, reply.calling.arguments)} {how}"
    return Markup("<details><summary>{line}</summary></details>", line=line)


def _words(reply: Reply) -> str:
    return reply.words if reply.request.shape is None else fenced(reply.words.strip(), "json")


def _value(reply: Reply) -> str:
    """The value of an answer that has a type; nothing, where it has none."""
    shape = reply.request.shape
    if shape is None or reply.state != "complete" or reply.is_invalid:
        return ""
    return shape.markdown(reply.value)


def _rounds(
    rounds: Iterable[Round],
    shown: Callable[[Sequence[Called]], Markup] = folded_calls,
    told: Callable[[str], str] = str,
) -> Pieces:
    """The rounds before the last: what is `shown` of their calls, and `told` of their reasoning."""
    for one in rounds:
        if one.thoughts:
            yield folded_reasoning(told(one.thoughts))
        if one.wrong:
            yield folded("Asked to mend its answer", [one.words, one.wrong])
        else:
            yield one.words
            yield shown(one.calls)
