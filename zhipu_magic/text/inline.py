"""The parts of Markdown within a paragraph that all renderers read alike: code, links, the end of mathematics.

Those who read words from left to right share it: `fitting`, which has them read right, and `sanitize`, which makes
them harmless.
"""

from __future__ import annotations

import re
from functools import cached_property

from .markdown import code_spans

#: The characters that Markdown can give a meaning, or take it from with a backslash; a part of a class of characters.
PUNCTUATION = r"!-/:-@\[-`{-~"
#: What follows the words of a link, from their closing bracket on.
TARGET = re.compile(
    r"""\]\([ \t\n]*(?P<address><[^<>\n]*>|(?:\\[^\s]|[^\s()<>\\]|\((?:\\[^\s]|[^\s()<>\\])*\))*)"""
    r"""(?:[ \t\n]+(?P<title>"[^"]*"|'[^']*'|\([^()]*\)))?[ \t\n]*\)"""
)
_SPECIAL = re.compile(f"[{PUNCTUATION}]")
_LINE_END = re.compile(r"\n[ \t>]*")


class Words:
    """One run of words, for those who read it from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._missing: set[str] = set()  # what closes mathematics and does not occur any more

    @cached_property
    def code(self) -> dict[int, int]:
        """Where code between backticks begins, and where it ends."""
        return dict(code_spans(self._text, 0, len(self._text)))

    def end_of_mathematics(self, opening: str, start: int) -> tuple[int, int] | None:
        """Where the mathematics ends whose inside begins at `start`, and where the text goes on after it."""
        closing = closing_of(opening)
        end = -1 if closing in self._missing else self._text.find(closing, start)
        if end < 0:
            self._missing.add(closing)  # a model that repeats itself can open thousands
            return None
        return end, end + len(closing)


def closing_of(opening: str) -> str:
    r"""What closes the mathematics that `$$`, `\(`, `\[` or `\begin{…}` opens; with two backslashes, it has two."""
    return opening.replace("\\begin", "\\end").replace("(", ")").replace("[", "]")


def code_in(span: str) -> str:
    """What a reader sees of code between backticks: on one line, without the space that keeps backticks apart."""
    ticks = len(span) - len(span.lstrip("`"))
    code = _LINE_END.sub(" ", span[ticks:-ticks])
    return code[1:-1] if code.strip() and code[0] == code[-1] == " " else code


def as_entities(text: str) -> str:
    """The text with each of its punctuation as an entity of HTML, so that none of it is Markdown."""
    return _SPECIAL.sub(lambda sign: f"&#{ord(sign[0])};", text)
