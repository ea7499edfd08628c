"""Text for a page, made of pieces that know whether they are ours or from outside.

Whatever is shown as `text/markdown` or `text/html` is a `Markup`, and there are three ways to one:

    Markup("**{model}** is asked.", model=…)   a literal of ours (a test looks that it is one), with pieces put in: a
                                               Markup as it is, everything else escaped
    Markup("\n\n").join(pieces)                the same, between pieces
    Markup.vouched(rich, plain)                in the few rooms that take the harm out of a text in another way

So a prompt, a model's name or a service's words can go into any sentence or cell, and nobody has to remember that they
came from outside. A Markup bears its plain text with it, for terminals and for those who copy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape as escape_html

from .texts import without_commands, without_controls

#: What Markdown and HTML read as their own within a line, and how it is written instead. Mathematics is searched for
#: in Markdown, where an entity hides it, and once more in the page that comes of it, but there never across elements.
_INSTEAD = {mark: f"&#{ord(mark)};" for mark in "`*_~[]|"} | {mark: escape_html(mark) for mark in "&<>\"'"}
_INSTEAD |= {sign: f"<span>&#{ord(sign)};</span>" for sign in "$\\"}
_MARK = re.compile(f"[{re.escape(''.join(_INSTEAD))}]")
#: What at the beginning of a line makes a heading or a list: its last letter is written otherwise.
_BEGINNING = re.compile(r"[#+=-]|\d{1,9}[.)](?=\s|\Z)")


def escape(text: str) -> str:
    """The text as it is, with its lines and indents, as Markdown or HTML in which nothing is markup."""
    if text.isalnum():
        return text
    return inert(text).replace("  ", "&nbsp; ").replace("\n", "<br>")


def inert(text: str) -> str:
    """The text with nothing in it that Markdown or HTML reads as markup; its lines are still lines."""
    shown = without_controls(text.replace("\r\n", "\n").replace("\r", "\n"))
    mark = _BEGINNING.match(shown)
    if mark is None:
        return _MARK.sub(_instead, shown)
    end = mark.end()
    return f"{shown[: end - 1]}&#{ord(shown[end - 1])};{_MARK.sub(_instead, shown[end:])}"


def _instead(mark: re.Match[str]) -> str:
    return _INSTEAD[mark[0]]


class Markup:
    """A piece of a page: `rich` as Markdown and HTML, and `plain` for where there is neither."""

    __slots__ = ("plain", "rich")

    def __init__(self, ours: str = "", /, **pieces: object) -> None:
        self.rich = self.plain = ours
        if pieces:
            self.rich = ours.format(**{name: _Rich(piece) for name, piece in pieces.items()})
            self.plain = ours.format(**{name: _Plain(piece) for name, piece in pieces.items()})

    @classmethod
    def vouched(cls, rich: str, plain: str) -> Markup:
        """A piece that the caller answers for: nothing in `rich` runs, fetches, or says other than `plain`."""
        piece = cls()
        piece.rich, piece.plain = rich, plain
        return piece

    @classmethod
    def of(cls, piece: object) -> Markup:
        """A Markup as it is, and anything else as text from outside."""
        if isinstance(piece, Markup):
            return piece
        text = str(piece)
        return cls.vouched(escape(text), text)

    def join(self, pieces: Iterable[object]) -> Markup:
        """The pieces with this between them."""
        found = [Markup.of(piece) for piece in pieces]
        rich, plain = (piece.rich for piece in found), (piece.plain for piece in found)
        return Markup.vouched(self.rich.join(rich), self.plain.join(plain))

    def __add__(self, other: object) -> Markup:
        return Markup().join([self, other])

    def __bool__(self) -> bool:
        return bool(self.rich or self.plain)

    def __repr__(self) -> str:
        return f"<Markup {self.rich!r}>"


@dataclass(frozen=True, slots=True)
class _Rich:
    """A piece as it goes into a template for a page."""

    piece: object

    def __format__(self, spec: str) -> str:
        return self.piece.rich if isinstance(self.piece, Markup) else escape(format(self.piece, spec))


@dataclass(frozen=True, slots=True)
class _Plain:
    """A piece as it reads where there is no page."""

    piece: object

    def __format__(self, spec: str) -> str:
        return self.piece.plain if isinstance(self.piece, Markup) else format(self.piece, spec)


def markdown_bundle(page: Markup, plain: str | None = None) -> dict[str, str]:
    """What a front end is sent to show the page as Markdown; `plain` is its text, where that is another."""
    return {"text/markdown": page.rich, "text/plain": without_commands(page.plain if plain is None else plain)}


def html_bundle(page: Markup, plain: str) -> dict[str, str]:
    """What a front end is sent to show the page as HTML."""
    return {"text/html": page.rich, "text/plain": without_commands(plain)}
