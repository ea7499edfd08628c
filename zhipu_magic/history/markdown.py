"""A turn that was kept as Markdown: its words, the calls of tools and the reasoning folded away, the sources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from ..text.characters import shorten
from ..text.html import fence, folded, inline_link, link, quotation
from ..text.languages.joined import dotted
from ..text.languages.messages import Message, _, told
from ..text.languages.numbers import plural
from ..text.markdown import fenced
from ..text.markup import Markup
from ..text.sanitize.pages import Cited, page_of
from ..values.tools.ran import Shown
from .rounds import Called, calls_by_round
from .turn import Turn

#: Characters of a call's arguments, and of its result, on its one line.
_LONGEST_ARGUMENTS, _LONGEST_RESULT = 60, 60
#: Characters of an address that is shown as text.
_LONGEST_ADDRESS = 200
#: Characters of a call's arguments, and of its result, that are folded away below that line.
_LONGEST_FOLDED = 20_000

#: Lines of code, and of what it has printed, that are not folded away.
_MOST_CODE, _MOST_PRINTED = 40, 25

#: What a page is made of: the model's Markdown, and pieces of our own.
Pieces = Iterator[Markup | Cited | str]


def turn_page(turn: Turn, *, remote_images: bool = False, opened: bool = False) -> Markup:
    """The reply of a turn that was kept: the calls of tools and the reasoning folded away, then the words.

    The reasoning is `opened` for whoever asks for it.
    """

    def pieces() -> Pieces:
        links = citations(turn.sources)
        for words, calls in calls_by_round(turn.tool_messages):
            yield Cited(words, links)
            yield from (piece for piece in shown_calls(calls) if isinstance(piece, Markup))
        if turn.reasoning:
            yield folded_reasoning(turn.reasoning, opened=opened)
        yield _value(turn) or Cited(answer(turn), links)
        yield sources(turn.sources)

    return page_of(pieces(), remote_images=remote_images)


def _value(turn: Turn) -> str:
    """The value of a typed answer, as its cell showed it; nothing if it has no type, or did not come to its end."""
    if not turn.instruction or turn.interrupted:
        return ""
    from ..values.types.recorded import recorded_markdown

    return recorded_markdown(turn.reply, turn.instruction)


def answer(turn: Turn) -> str:
    """The words of a reply as Markdown; JSON that was asked for stands in a fence."""
    is_json = turn.instruction and turn.reply and "```" not in turn.reply
    return fenced(turn.reply.strip(), "json") if is_json else turn.reply


def folded_reasoning(thoughts: str, *, opened: bool = False) -> Markup:
    """The reasoning as one block of HTML that nothing in it can end.

    A blank line would end the block, and some front ends look for code and emphasis before they look for HTML.
    """
    details = Markup("<details open>") if opened else Markup("<details>")
    inside = quotation(thoughts.strip())
    return Markup("{details}<summary>Reasoning</summary>{inside}</details>", details=details, inside=inside)


def folded_call(call: Called) -> Markup:
    """A call of a tool on one line, with what it was given and what it gave folded away."""
    return folded(call_line(call), [_within(_pretty(call.arguments)), _within(call.text)])


def folded_calls(calls: Iterable[Called]) -> Markup:
    """The calls one below the other, and apart from the words after them; those that did not run on one line."""
    ran, beyond = parted(calls)
    return apart([*map(folded_call, ran), *beyond])


def shown_calls(calls: Iterable[Called]) -> Iterator[Markup | Shown]:
    """The calls one below the other: code with what it has printed, and all others folded away.

    What is an output of its own is given as it is.
    """
    for is_of_code, group in groupby(calls, lambda call: code_in(call.name, call.arguments) is not None):
        if is_of_code:
            for call in group:
                yield from _code_and_outputs(call)
        else:
            yield folded_calls(group)


def code_in(name: str, arguments: str) -> str | None:
    """The Python code that a call is to run; None for a call of another kind."""
    if name != _PYTHON:
        return None
    try:
        given = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    is_code = isinstance(given, dict) and given.keys() == {"code"} and isinstance(given["code"], str)
    return given["code"].strip("\n") if is_code else None


#: The name of the tool that runs Python.
_PYTHON = "python"


def shown_code(code: str) -> Markup:
    """Code as a cell shows it; a long one is folded away."""
    lines = code.count("\n") + 1
    if lines <= _MOST_CODE and len(code) <= _LONGEST_FOLDED:
        return fence(code, _PYTHON)
    return apart([folded(dotted([_PYTHON, plural(lines, "line")]), [_within(code)])])


def _code_and_outputs(call: Called) -> Iterator[Markup | Shown]:
    yield shown_code(code_in(call.name, call.arguments) or "")
    if call.ran is None:  # it did not run, or what it has shown is not at hand
        yield from _printed(_without_fence(call.text))
        return
    for one in call.ran.shown:
        if one.is_apart:
            yield one
        else:
            yield from _printed(one.text)


def _printed(text: str) -> Iterator[Markup]:
    text = text.strip("\n")
    if not text:
        return
    if text.count("\n") < _MOST_PRINTED and len(text) <= _LONGEST_FOLDED:
        yield fence(text)
    else:
        lines = plural(text.count("\n") + 1, "line")
        yield apart([folded(dotted([shorten(text, _LONGEST_RESULT), lines]), [_within(text)])])


def parted(calls: Iterable[Called]) -> tuple[list[Called], list[Markup]]:
    """The calls that ran, and a line for those that did not because they were too many."""
    calls = list(calls)
    ran = [call for call in calls if not call.is_beyond]
    count = len(calls) - len(ran)
    return ran, [folded(_("{calls} · did not run", calls=plural(count, "more call")), [])] if count else []


def apart(lines: Sequence[Markup]) -> Markup:
    return Markup('<div style="margin-bottom:1em">{lines}</div>', lines=Markup().join(lines)) if lines else Markup()


def call_line(call: Called) -> str:
    """A call that has come back, and the beginning of its result, on one line."""
    facts: list[str] = [call_text(call.name, call.arguments)]
    facts += [_("declined")] if call.declined else [_("failed")] if call.failed else []
    facts += [] if call.seconds is None or call.declined else [_("{seconds:.1f} s", seconds=call.seconds)]
    result = shorten(_without_fence(call.text), _LONGEST_RESULT)
    return Message("{call} → {result}", call=dotted(facts), result=result)


def _within(text: str) -> str:
    """The text, cut to what is shown: megabytes are slow in a front end, and would be saved in the notebook."""
    more = len(text) - _LONGEST_FOLDED
    if more <= 0:
        return text
    shown = text[:_LONGEST_FOLDED]
    return told(_("{text}\n… and {more:,} more characters, which are not shown here.", text=shown, more=more))


def _without_fence(text: str) -> str:
    """The text without the fence around it, if there is one."""
    fence = re.fullmatch(r"(`{3,})\w*\n(.*?)\n?\1(.*)", text.strip(), re.DOTALL)
    return f"{fence[2]}{fence[3]}" if fence else text


def call_text(name: str, arguments: str) -> str:
    """A call on one line, as Python would write it."""
    return f"{name}({shorten(as_python(arguments), _LONGEST_ARGUMENTS)})"


def call_and_result(call: Called) -> str:
    """A call that has come back, and all of its result; of code, all of that."""
    code = code_in(call.name, call.arguments)
    if code is not None:
        return f"{code}\n→ {call.text}"
    return f"{call_text(call.name, call.arguments)} → {call.text}"


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


def citations(found: Iterable[Mapping[str, Any]]) -> dict[str, Markup]:
    """The links to the sources, by the names that the reply refers to them with, such as `ref_1`."""
    links: dict[str, Markup] = {}
    for source in found:
        name = str(source.get("refer") or "")
        address = source.get("link")
        linked = inline_link(f"[{name}]", address) if isinstance(address, str) else None
        if linked is not None:
            links.setdefault(name, linked)
    return links


def _source(source: Mapping[str, Any]) -> Markup:
    title, address, *about = (
        " ".join(str(source.get(name) or "").split()) for name in ("title", "link", "media", "publish_date")
    )
    shown = link(title or address or _("untitled"), address)
    if title and shown.plain == title:  # no address of the web: it is no link, and can be read all the same
        about = [shorten(address, _LONGEST_ADDRESS), *about]
    return Markup(" · ").join([shown, *(fact for fact in about if fact)])
