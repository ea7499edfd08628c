"""A thread as Markdown to share."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..conversation import Link, Thread
from ..harmless import harmless
from ..images import Image
from ..markdown_code import closed
from ..rounds import exchanged
from ..turn import Turn
from ..view.document import fenced
from ..view.markdown import answer, call_text, sources_markdown

#: A line that Markdown shows as it is: no letter of it is a mark, it begins like no list, and has no gap to close up.
_PROSE = re.compile(r"(?![-+=:]|\d+[.)])(?!.*  )[^\s\\`*_~\[\]<>#&|$^](?:[^\\`*_~\[\]<>#&|$^]*[^\s\\`*_~\[\]<>#&|$^])?")


def transcript(thread: Thread) -> str:
    """The turns that stand: the reader's words as they were written, the replies as the Markdown that they are."""
    links = [link for link in thread.links if not link.aside]
    models = dict.fromkeys(link.turn.model for link in links)
    opening = f"# Conversation with {' and '.join(models)}"
    if thread.system:
        opening += f"\n\n**System**\n\n{_as_written(thread.system)}"
    return "\n\n---\n\n".join([opening, *map(_turn, links)]) + "\n"


def _turn(link: Link) -> str:
    turn = link.turn
    said_by = " · ".join([f"**{turn.model}**", *_marks(link)])
    images = [f"![image {number}]({_address(image)})" for number, image in enumerate(turn.images, 1)]
    called = []
    for words, calls in exchanged(turn.exchange):
        results = "\n".join(f"{call_text(call.name, call.arguments)} → {call.text}" for call in calls)
        called += [closed(harmless(words).strip("\n"))] if words else []
        called.append(fenced(results))
    said = [said_by, *called, closed(harmless(answer(turn)).strip("\n")), *_sources(turn)]
    return "\n\n".join(["**You**", *images, _as_written(turn.prompt), *said])


def _sources(turn: Turn) -> Iterator[str]:
    if shown := sources_markdown(turn.sources):
        yield shown


def _address(image: Image) -> str:
    """The image itself, or where it is on the web."""
    return image.url or f"data:{image.type};base64,{image.base64()}"


def _marks(link: Link) -> Iterator[str]:
    if link.turn.interrupted:
        yield "interrupted"
    if link.turn.finish_reason == "length":
        yield "cut off"
    if link.stale:
        yield "stale: the turns before it have changed since"


def _as_written(text: str) -> str:
    """The text and not what Markdown makes of it: a quotation where the two are the same, else in a fence."""
    lines = text.strip("\n").split("\n")
    if not all(line.isprintable() and (not line or _PROSE.fullmatch(line)) for line in lines):
        return fenced(text)
    # Two spaces keep the end of a line that another one follows.
    ends = ["  " if line and following else "" for line, following in zip(lines, [*lines[1:], ""], strict=True)]
    return "\n".join(f"> {line}{end}" if line else ">" for line, end in zip(lines, ends, strict=True))
