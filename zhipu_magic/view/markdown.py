"""A reply as a page. Whatever it holds, showing it runs nothing and fetches nothing (see `harmless`)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..harmless.pages import page_of
from ..markup import Markup
from ..reply import Reply
from ..rounds import Round, exchanged
from ..source import Called
from ..texts import shorten
from ..turn import Turn
from ..wire import objects
from .document import fenced, folded, link, quotation

#: Letters of the reasoning that are shown while it grows.
_TAIL = 600
#: Letters of a call's arguments, and of its result, on its one line.
_LONGEST_ARGUMENTS, _LONGEST_RESULT = 60, 60
#: Letters of an address that is shown as text.
_LONGEST_ADDRESS = 200
#: Letters of a call's arguments, and of its result, that are folded away below that line.
_LONGEST_FOLDED = 20_000
#: Calls that are shown while a reply grows.
_LATEST_CALLS = 10

#: What a page is made of: the model's Markdown, and pieces of our own.
Pieces = Iterator[Markup | str]


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
        yield _folded_calls(reply.calls)
        yield _under_way(reply, "· interrupted")
        yield sources(objects(reply.body().get("web_search")))

    return page_of(pieces(), remote_images=remote_images)


def turn_page(turn: Turn, *, remote_images: bool = False) -> Markup:
    """The reply of a turn that was kept: the calls of tools and the reasoning folded away, then the words."""

    def pieces() -> Pieces:
        for words, calls in exchanged(turn.exchange):
            yield words
            yield _folded_calls(calls)
        if turn.reasoning:
            yield folded_reasoning(turn.reasoning)
        yield answer(turn)
        yield sources(turn.sources)

    return page_of(pieces(), remote_images=remote_images)


def _tail(thoughts: str) -> str:
    """The end of the reasoning."""
    return thoughts if len(thoughts) <= _TAIL else f"…{thoughts[-_TAIL:]}"


def answer(turn: Turn) -> str:
    """The words of a reply as Markdown; JSON that was asked for stands in a fence."""
    return fenced(turn.reply.strip(), "json") if turn.instruction and "```" not in turn.reply else turn.reply


def folded_reasoning(thoughts: str, *, opened: bool = False) -> Markup:
    """The reasoning as one block of HTML that nothing in it can end.

    A blank line would end the block, and some front ends look for code and emphasis before they look for HTML.
    """
    details = Markup("<details open>") if opened else Markup("<details>")
    inside = quotation(thoughts.strip())
    return Markup("{details}<summary>Reasoning</summary>{inside}</details>", details=details, inside=inside)


def folded_call(call: Called) -> Markup:
    """A call of a tool on one line, with what it was given and what it gave folded away."""
    return folded(_line(call), [_within(_pretty(call.arguments)), _within(call.text)])


def _line(call: Called) -> str:
    facts = [call_text(call.name, call.arguments), *(["failed"] if call.failed else [])]
    facts += [] if call.seconds is None else [f"{call.seconds:.1f} s"]
    return f"{' · '.join(facts)} → {shorten(_without_fence(call.text), _LONGEST_RESULT)}"


def _within(text: str) -> str:
    """As much of the text as is shown: front ends are slow with megabytes, and notebooks are saved with them."""
    more = len(text) - _LONGEST_FOLDED
    return text if more <= 0 else f"{text[:_LONGEST_FOLDED]}\n… and {more:,} more characters, which are not shown here."


def _without_fence(text: str) -> str:
    """What stands in the fence, where all of the text does."""
    fence = re.fullmatch(r"(`{3,})\w*\n(.*?)\n?\1(.*)", text.strip(), re.DOTALL)
    return f"{fence[2]}{fence[3]}" if fence else text


def _folded_calls(calls: Iterable[Called]) -> Markup:
    """The calls one below the other, and apart from the words after them; those that did not run on one line."""
    ran, beyond = _parted(calls)
    return _apart([*map(folded_call, ran), *beyond])


class _LatestCalls:
    """Lines for the calls of one round after the other, but for so many `earlier` ones, which are only counted."""

    def __init__(self, earlier: int) -> None:
        self._earlier = earlier

    def lines(self, calls: Sequence[Called]) -> Markup:
        skipped = max(0, min(self._earlier, len(calls)))
        self._earlier -= skipped
        ran, beyond = _parted(calls[skipped:])
        count = [folded(f"{skipped:,} {'call' if skipped == 1 else 'calls'}", [])] if skipped else []
        return _apart([*count, *(folded(_line(call), []) for call in ran), *beyond])


def _parted(calls: Iterable[Called]) -> tuple[list[Called], list[Markup]]:
    """The calls that ran, and a line for those that did not because they were too many."""
    calls = list(calls)
    ran = [call for call in calls if not call.is_beyond]
    count = len(calls) - len(ran)
    return ran, [folded(f"{count:,} more {'call' if count == 1 else 'calls'} · did not run", [])] if count else []


def _apart(lines: Sequence[Markup]) -> Markup:
    return Markup('<div style="margin-bottom:1em">{lines}</div>', lines=Markup().join(lines)) if lines else Markup()


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
    shown: Callable[[Sequence[Called]], Markup] = _folded_calls,
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


def call_text(name: str, arguments: str) -> str:
    """A call on one line, as Python would write it."""
    return f"{name}({shorten(as_python(arguments), _LONGEST_ARGUMENTS)})"


def as_python(arguments: str) -> str:
    """The arguments as a call of the function would be written."""
    try:
        given = json.loads(arguments or "{}")
        return ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in given.items())
    except (ValueError, AttributeError, RecursionError):
        return arguments


def _pretty(arguments: str) -> str:
    try:
        given = json.loads(arguments or "{}")
        return json.dumps(given, ensure_ascii=False, indent=2) if given else ""
    except (ValueError, RecursionError):
        return arguments


def sources(found: Iterable[Mapping[str, Any]]) -> Markup:
    """What the service found on the web, as numbered links; nothing, where it found nothing."""
    lines = [_source(source) for source in found]
    if not lines:
        return Markup()
    # The word before it keeps the list apart from one that the reply ends with.
    numbered = (Markup("{number}. {line}", number=number, line=line) for number, line in enumerate(lines, 1))
    return Markup("Sources:\n\n{lines}", lines=Markup("\n").join(numbered))


def _source(source: Mapping[str, Any]) -> Markup:
    title, address, *about = (
        " ".join(str(source.get(name) or "").split()) for name in ("title", "link", "media", "publish_date")
    )
    shown = link(title or address or "untitled", address)
    if title and shown.plain == title:  # no address of the web: it is no link, and can be read all the same
        about = [shorten(address, _LONGEST_ADDRESS), *about]
    return Markup(" · ").join([shown, *(fact for fact in about if fact)])
