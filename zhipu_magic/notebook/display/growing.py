"""A reply as a page while it grows. Whatever it contains, showing it runs nothing and fetches nothing.

What stands finished above (`Above`) is not given again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...chat.replies.progress import Progress
from ...history.markdown import Pieces, apart, call_line, citations, folded_reasoning, parted, shown_calls
from ...history.rounds import Called
from ...text.html import fence, folded
from ...text.languages.messages import _
from ...text.languages.numbers import plural
from ...text.markup import Markup
from ...text.sanitize.pages import Cited, page_of
from ...values.tools.ran import Shown
from . import answer
from .markdown import CORRECTED, Piece, found_by, in_parts, under_way
from .style import FAINT

#: Characters of the reasoning that are shown while it grows, on one line and folded away.
_LINE, _TAIL = 200, 600
#: Calls that are shown while a reply grows.
_LATEST_CALLS = 10


def mark(words: str) -> Markup:
    """A line below or in place of what is not whole."""
    return Markup(
        '<div style="color:{faint};font-size:12px;line-height:18px;margin-bottom:6px">{words}</div>',
        faint=FAINT,
        words=words,
    )


#: The last line of what is not whole yet, for a page that is saved meanwhile.
UNFINISHED_PLAIN = _("… still being written")
UNFINISHED = mark(UNFINISHED_PLAIN)


@dataclass(frozen=True)
class Above:
    """What stands finished above the output that grows: so many rounds and, of the next one, perhaps its beginning.

    Of its words so many characters stand there; the rest is to be shown with what it `goes_on` with before it.
    """

    rounds: int = 0
    reasoning: bool = False
    words: int = 0
    goes_on: str = ""

    def rest(self, words: str) -> str:
        """What is left of the words."""
        return self.goes_on + words[self.words :]

    @property
    def hides_reasoning(self) -> bool:
        """Whether that of the next round stands there, or would have to."""
        return self.reasoning or self.words > 0


def waiting(progress: Progress) -> str:
    """What a text that has not begun waits for, in a few words."""
    if progress.retry is not None and progress.retry_due > time.monotonic():
        return _("… waiting to try again: {reason}", reason=progress.retry.reason)
    return _("… waiting for {model}", model=progress.model)


def growing_page(progress: Progress, above: Above, *, remote_images: bool = False) -> Markup:
    """The reply while it grows, with only the end of its reasoning and the latest tool calls, without results.

    Every refresh sends the whole page again, and what is folded is closed again.
    """

    return page_of([*growing_pieces(progress, above), UNFINISHED], remote_images=remote_images, growing=True)


def growing_pieces(progress: Progress, above: Above) -> Pieces:
    """The same as the pieces of a page."""
    calls = sum(len(one.calls) for one in progress.rounds[above.rounds :]) + len(progress.calls)
    links, latest = _growing_links(progress), _LatestCalls(calls - _LATEST_CALLS)
    yield from (piece for piece in _growing_rounds(progress, above, links, latest) if not isinstance(piece, Shown))
    begun = above if len(progress.rounds) == above.rounds else Above()
    if progress.reasoning and not begun.hides_reasoning:
        is_over = progress.reasoning_is_over
        yield folded_reasoning(_tail(progress.reasoning)) if is_over else growing_reasoning(progress)
    if progress.has_text:
        yield Cited(begun.rest(answer.growing(progress.joined_text, progress)), links)
    yield latest.lines(progress.calls)
    yield under_way(progress, as_code=progress.printed is not None or not _is_asked_about(progress))
    if progress.printed:
        yield fence(progress.printed)


def finished_words(words: str, progress: Progress, *, remote_images: bool = False) -> Markup:
    """A part of the words of a reply that grows, which stays as it is until the reply is whole."""
    return page_of([Cited(words, _growing_links(progress))], remote_images=remote_images)


def finished_rounds(progress: Progress, above: Above, *, remote_images: bool = False) -> list[Markup | Shown]:
    """The rounds that are over, but for what stands above, which stay as they are until the reply is whole."""
    links = _growing_links(progress)
    return in_parts(_growing_rounds(progress, above, links), remote_images=remote_images)


def growing_reasoning(progress: Progress) -> Markup:
    """The newest thoughts on one line, as high as the folded reasoning that it becomes."""
    newest = " ".join(progress.reasoning[-_LINE:].split())
    return Markup(
        '<div style="display:flex;overflow:hidden;white-space:nowrap">'
        '<span style="flex:none">▸ {reasoning}&nbsp;…&nbsp;</span>'
        '<span style="display:flex;flex:auto;min-width:0;overflow:hidden;justify-content:flex-end;color:{faint}">'
        '<span style="flex:none;margin-right:auto">{newest}</span></span></div>',
        faint=FAINT,
        reasoning=_("Reasoning"),
        newest=newest,
    )


def _growing_rounds(
    progress: Progress, above: Above, links: Mapping[str, Markup], latest: _LatestCalls | None = None
) -> Iterator[Piece]:
    """The rounds before the last while the reply grows: what was shown of them stays where it is.

    They are given in full, or in short with the `latest` calls.
    """
    begun = above
    for one in progress.rounds[above.rounds :]:
        if one.thoughts and not begun.hides_reasoning:
            yield folded_reasoning(_tail(one.thoughts) if latest else one.thoughts)
        yield Cited(begun.rest(answer.growing(progress.words_of(one), progress)), links)
        if one.wrong:
            yield folded(CORRECTED, [one.wrong])
        else:
            yield from [latest.lines(one.calls)] if latest else shown_calls(one.calls)
        begun = Above()


def _is_asked_about(progress: Progress) -> bool:
    """Whether the user is asked before the call runs, and so is shown it below."""
    calling, tools = progress.calling, progress.request.options.tools
    return calling is not None and any(tool.name == calling.name and tool.asks_first for tool in tools)


def _growing_links(progress: Progress) -> dict[str, Markup]:
    """What stands for the references in the words of a reply that grows."""
    return citations(found_by(progress)) if progress.request.searches else {}


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
