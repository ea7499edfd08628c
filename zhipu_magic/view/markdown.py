"""A reply as Markdown."""

from __future__ import annotations

from ..reply import Reply
from .literal import literal

#: Letters of the reasoning that are shown while it grows.
_TAIL = 600


def growing_markdown(reply: Reply) -> str:
    """The reply while it grows: of the reasoning only its tail, for it is sent again with every refresh."""
    tail = reply.thoughts[-_TAIL:]
    if len(tail) < len(reply.thoughts):
        tail = f"…{tail}"
    if not reply.has_words:
        return folded_reasoning(tail, opened=True)
    return f"{folded_reasoning(tail)}\n\n{reply.words}" if tail else reply.words


def final_markdown(reply: Reply) -> str:
    """The reply as it stays."""
    return reply_markdown(reply.words, reply.thoughts)


def reply_markdown(words: str, thoughts: str) -> str:
    """Reasoning folded away, if there is any, then the words."""
    return f"{folded_reasoning(thoughts)}\n\n{words}" if thoughts else words


def folded_reasoning(thoughts: str, *, opened: bool = False) -> str:
    """The reasoning as one block of HTML that nothing in it can end.

    A blank line would end the block, and some front ends look for code and emphasis before they look for HTML.
    """
    opening = "<details open>" if opened else "<details>"
    return f"{opening}<summary>Reasoning</summary>{quoted(thoughts.strip())}</details>"


def quoted(text: str) -> str:
    """The text as it was written, as a quotation in HTML, with its lines and indents."""
    inside = literal(text)
    for character in "`*_~[]":
        inside = inside.replace(character, f"&#{ord(character)};")
    inside = inside.replace("\r\n", "\n").replace("\r", "\n").replace("  ", "&nbsp; ").replace("\n", "<br>")
    return f"<blockquote>{inside}</blockquote>"
