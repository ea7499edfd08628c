"""A thread as Markdown to share."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..conversation import Link, Thread
from ..view.document import fenced

#: A line that Markdown shows as it is: no letter of it is a mark, it begins like no list, and has no gap to close up.
_PROSE = re.compile(r"(?![-+=:]|\d+[.)])(?!.*  )[^\s\\`*_~\[\]<>#&|$^](?:[^\\`*_~\[\]<>#&|$^]*[^\s\\`*_~\[\]<>#&|$^])?")
_FENCE = re.compile(r"( {0,3})(`{3,}|~{3,})(.*)")


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
    return f"**You**\n\n{_as_written(turn.prompt)}\n\n{said_by}\n\n{_contained(turn.reply)}"


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


def _contained(reply: str) -> str:
    """The reply as it is; a fence that it left open, being cut short, is closed, for it would take in what follows."""
    opened: re.Match[str] | None = None
    for fence in filter(None, map(_FENCE.fullmatch, reply.split("\n"))):
        if opened is None:
            opened = None if fence[2].startswith("`") and "`" in fence[3] else fence  # else it is code within a line
        elif fence[2].startswith(opened[2]) and not fence[3].strip():
            opened = None
    return reply.strip("\n") + (f"\n{opened[1]}{opened[2]}" if opened else "")
