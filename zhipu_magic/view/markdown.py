"""A reply as Markdown. Whatever it holds, showing it runs nothing and fetches nothing (see `harmless`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..harmless import harmless
from ..markdown_code import closed
from ..reply import Reply
from ..rounds import Round, exchanged
from ..source import Called
from ..turn import Turn
from ..wire import objects
from .document import fenced, shorten
from .literal import literal

#: Letters of the reasoning that are shown while it grows.
_TAIL = 600
_AS_CODE = "white-space:pre-wrap;font-family:var(--jp-code-font-family, monospace);font-size:13px"
#: Letters of a call's arguments, and of its result, on its one line.
_LONGEST_ARGUMENTS, _LONGEST_RESULT = 60, 60


def growing_markdown(reply: Reply, *, remote_images: bool = False) -> str:
    """The reply while it grows: of the reasoning only its tail, for it is sent again with every refresh."""
    tail = reply.thoughts[-_TAIL:]
    if len(tail) < len(reply.thoughts):
        tail = f"…{tail}"
    opened = not reply.has_words and not reply.calls and reply.calling is None
    parts = [_rounds(reply.rounds, remote_images), folded_reasoning(tail, opened=opened) if tail else ""]
    parts += [_words(reply, remote_images) if reply.has_words else "", _folded_calls(reply.calls)]
    return _joined([*parts, _under_way(reply, "…")])


def final_markdown(reply: Reply, *, remote_images: bool = False) -> str:
    """The reply as it stays."""
    parts = [_rounds(reply.rounds, remote_images), folded_reasoning(reply.thoughts) if reply.thoughts else ""]
    shown = _value(reply, remote_images)
    sources = sources_markdown(objects(reply.body().get("web_search")))
    parts += [shown or _words(reply, remote_images), _folded_calls(reply.calls), _under_way(reply, "· interrupted")]
    return _joined([*parts, sources])


def turn_markdown(turn: Turn, *, remote_images: bool = False) -> str:
    """The reply of a turn that was kept: the calls of tools and the reasoning folded away, then the words."""
    parts = []
    for words, calls in exchanged(turn.exchange):
        parts += [harmless(words, remote_images=remote_images), _folded_calls(calls)]
    parts.append(folded_reasoning(turn.reasoning) if turn.reasoning else "")
    return _joined([*parts, harmless(answer(turn), remote_images=remote_images), sources_markdown(turn.sources)])


def answer(turn: Turn) -> str:
    """The words of a reply as Markdown; JSON that was asked for stands in a fence."""
    return fenced(turn.reply.strip(), "json") if turn.instruction and "```" not in turn.reply else turn.reply


def folded_reasoning(thoughts: str, *, opened: bool = False) -> str:
    """The reasoning as one block of HTML that nothing in it can end.

    A blank line would end the block, and some front ends look for code and emphasis before they look for HTML.
    """
    opening = "<details open>" if opened else "<details>"
    return f"{opening}<summary>Reasoning</summary>{quoted(thoughts.strip())}</details>"


def folded_call(call: Called) -> str:
    """A call of a tool on one line, with what it was given and what it gave folded away."""
    facts = [call_text(call.name, call.arguments), *(["failed"] if call.failed else [])]
    facts += [] if call.seconds is None else [f"{call.seconds:.1f} s"]
    line = f"{' · '.join(facts)} → {shorten(_without_fence(call.text), _LONGEST_RESULT)}"
    return folded(line, [_pretty(call.arguments), call.text])


def _without_fence(text: str) -> str:
    """What stands in the fence, where all of the text does."""
    fence = re.fullmatch(r"(`{3,})\w*\n(.*?)\n?\1(.*)", text.strip(), re.DOTALL)
    return f"{fence[2]}{fence[3]}" if fence else text


def _folded_calls(calls: Iterable[Called]) -> str:
    """The calls one below the other, and apart from the words after them."""
    lines = "".join(map(folded_call, calls))
    return f'<div style="margin-bottom:1em">{lines}</div>' if lines else ""


def quoted(text: str) -> str:
    """The text as it was written, as a quotation in HTML, with its lines and indents."""
    return f"<blockquote>{_inert(text)}</blockquote>"


def preformatted(text: str) -> str:
    """The text as it was written, letter below letter, in HTML that nothing in it can end."""
    inside = literal(text)
    for character in "`*_~[]|":
        inside = inside.replace(character, f"&#{ord(character)};")
    inside = inside.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "&#10;")
    return f'<pre style="{_AS_CODE}">{inside}</pre>'


def _inert(text: str) -> str:
    """The text as HTML that Markdown has no part in."""
    inside = literal(text)
    for character in "`*_~[]":
        inside = inside.replace(character, f"&#{ord(character)};")
    return inside.replace("\r\n", "\n").replace("\r", "\n").replace("  ", "&nbsp; ").replace("\n", "<br>")


def _joined(parts: Iterable[str]) -> str:
    """The parts apart from each other: a fence that one leaves open would take in what follows."""
    told = [part for part in parts if part]
    return "\n\n".join([*map(closed, told[:-1]), *told[-1:]])


def _under_way(reply: Reply, how: str) -> str:
    """The call of a tool that has not come back; nothing, where there is none."""
    if reply.calling is None:
        return ""
    line = _inert(f"{call_text(reply.calling.name, reply.calling.arguments)} {how}")
    return f"<details><summary>{line}</summary></details>"


def _words(reply: Reply, remote_images: bool) -> str:
    if reply.request.shape is not None:
        return harmless(fenced(reply.words.strip(), "json"))
    return harmless(reply.words, remote_images=remote_images)


def _value(reply: Reply, remote_images: bool) -> str:
    """The value of an answer that has a type; nothing, where it has none."""
    shape = reply.request.shape
    if shape is None or reply.state != "complete" or reply.is_invalid:
        return ""
    return harmless(shape.markdown(reply.value), remote_images=remote_images)


def _rounds(rounds: Iterable[Round], remote_images: bool) -> str:
    parts = []
    for one in rounds:
        parts.append(folded_reasoning(one.thoughts) if one.thoughts else "")
        if one.wrong:
            parts.append(folded("Asked to mend its answer", [one.words, one.wrong]))
        else:
            parts += [harmless(one.words, remote_images=remote_images), _folded_calls(one.calls)]
    return _joined(parts)


def folded(line: str, texts: Iterable[str]) -> str:
    """Texts as they were written, folded away under one line."""
    return (
        f"<details><summary>{_inert(line)}</summary>{''.join(preformatted(text) for text in texts if text)}</details>"
    )


def call_text(name: str, arguments: str) -> str:
    """A call on one line, as Python would write it."""
    return f"{name}({shorten(_as_python(arguments), _LONGEST_ARGUMENTS)})"


def _as_python(arguments: str) -> str:
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


def sources_markdown(found: Iterable[Mapping[str, Any]]) -> str:
    """What the service found on the web, as numbered links."""
    lines: list[str] = []
    for source in found:
        title, link = (str(source.get(name) or "").strip() for name in ("title", "link"))
        about = [str(source.get(name) or "").strip() for name in ("media", "publish_date")]
        text = _as_text(title or link or "untitled")
        shown = f"[{text}](<{link}>)" if _is_web_address(link) else text
        lines.append(" · ".join([f"{len(lines) + 1}. {shown}", *(_as_text(one) for one in about if one)]))
    # The word before it keeps the list apart from one that the reply ends with.
    return "\n".join(["Sources:", "", *lines]) if lines else ""


def _as_text(text: str) -> str:
    """One line of Markdown that shows the text as it is."""
    return _inert(" ".join(text.split()))


def _is_web_address(link: str) -> bool:
    try:
        return urlsplit(link).scheme in ("http", "https") and not any(letter in link for letter in "<>\\\n\r ")
    except ValueError:
        return False
