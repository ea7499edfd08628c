"""Text for a page, made of pieces that know whether they are ours or from outside.

Whatever is shown as `text/markdown` or `text/html` is a `Markup`, which can be made in three ways:

    Markup("**{model}** is asked.", model=…)   a literal of ours (a test checks that) with pieces in it: a
                                               Markup as it is, everything else escaped
    Markup("\n\n").join(pieces)                the same, between pieces
    Markup.vouched(rich, plain)                in the few modules that make a text harmless in another way

So a prompt, a model's name or a service's words can go into any sentence or cell, and no caller has to remember that
they came from outside. A Markup also has its plain text, for terminals and for copying. Templates, and messages among
the pieces (`languages/messages`), are told in the language of the reader when the piece is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from .addresses import leads_elsewhere
from .characters import without_controls
from .languages.joined import run_on
from .languages.language import Language, reader
from .languages.messages import in_language, told
from .languages.spacing import filled_in_chinese

#: What is markup within a line of Markdown or HTML, and how it is escaped. Front ends search for mathematics in the
#: Markdown, where an entity hides it, and again in the resulting page, but there never across elements.
_INSTEAD = {mark: f"&#{ord(mark)};" for mark in "`*_~[]|"} | {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#x27;",
}
_INSTEAD |= {sign: f"<span>&#{ord(sign)};</span>" for sign in "$\\"}
_MARK = re.compile(f"[{re.escape(''.join(_INSTEAD))}]")
#: Where a front end makes a link of an address, and how far it reads.
_ADDRESS = re.compile(r"((?<=http)://|(?<=https)://|(?<=ftp)://|www\.)(?=([^\s<]{1,3000}))", re.IGNORECASE)
_SPACES = re.compile(r"(?<=\n) +|\A  +|(?<= ) +")
#: What begins a heading or a list at the start of a line, indented or not; its last character is escaped.
_BEGINNING = re.compile(r"\s*(?:[#+=-]|\d{1,9}[.)](?=\s|\Z))")


def without_commands(text: str) -> str:
    """The text without what begins a terminal command, such as one that sets the clipboard, the title or colours.

    For a text that a front end may print and whose other control characters are intended.
    """
    return text if text.isprintable() else _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)


#: Enquiry, bell, backspace, the shifts, escape, and the characters of C1 that open a sequence.
_COMMANDS = re.compile(r"[\x05\x07\x08\x0e\x0f\x1b\x84\x88\x8d-\x90\x96-\x9f]")


def escape(text: str) -> str:
    """The text with its lines and indents, as Markdown or HTML in which nothing is markup."""
    if text.isalnum():
        return text
    # A space at the beginning of a line, or after another space, would not be visible.
    spaced = _SPACES.sub(lambda found: "&nbsp;" * len(found[0]), inert(text).expandtabs(4))
    return spaced.replace("\n", "<br>")


def inert(text: str) -> str:
    """The text with nothing in it that Markdown or HTML reads as markup; its lines are still lines."""
    shown = without_controls(text.replace("\r\n", "\n").replace("\r", "\n"))
    mark = _BEGINNING.match(shown)
    if mark is None:
        return _marked(shown)
    end = mark.end()
    return f"{shown[: end - 1]}&#{ord(shown[end - 1])};{_marked(shown[end:])}"


def _marked(text: str) -> str:
    """The text with its marks as entities, and no link where a front end would take an address for a file's name."""
    shown, at = "", 0
    for found in _ADDRESS.finditer(text):
        if not leads_elsewhere(found[2].rstrip("?!.,:;*_'\"~()")):
            shown += _MARK.sub(_instead, text[at : found.start()]) + found[1].replace(":", "&#58;").replace(
                ".", "&#46;"
            )
            at = found.end()
    return shown + _MARK.sub(_instead, text[at:])


def _instead(mark: re.Match[str]) -> str:
    return _INSTEAD[mark[0]]


def typeset(text: str) -> str:
    """The text with its lines and indents, as Markdown without HTML in which nothing is markup."""
    if text.isalnum():
        return text
    shown = without_controls(text.replace("\r\n", "\n").replace("\r", "\n")).expandtabs(4)
    return _MARK_OR_END.sub(_typeset, _SPACES.sub(lambda found: "\t" * len(found[0]), shown))


def _typeset(mark: re.Match[str]) -> str:
    return _AS_ENTITY.get(mark[0]) or f"\\{mark[0]}"


#: All that CommonMark may read as markup, and what ends a line, a cell or a run of words; a tab stands for a space.
_MARK_OR_END = re.compile(r"[!-/:-@\[-`{-~\n\t]")
_AS_ENTITY = {"|": "&#124;", "\n": "&#10;", "\t": "&#32;"}

Form = Literal["rich", "plain", "bare", "typeset"]


class Markup:
    """A piece of a page in four forms, each made when first needed.

    `rich` is Markdown and HTML for a page, `plain` is text with Markdown's marks, `bare` is text without them, and
    `typeset` is Markdown without HTML, for a terminal that sets it.
    """

    __slots__ = ("_known", "_make")

    def __init__(self, ours: str = "", /, **pieces: object) -> None:
        self._known: dict[tuple[Form, Language], str] = {}
        self._make: Callable[[Form, Language], str] = partial(_filled, ours, pieces)

    @classmethod
    def vouched(cls, rich: str, plain: str, bare: str | None = None, set_from: str | None = None) -> Markup:
        """A piece that the caller vouches for: `rich` runs nothing, fetches nothing, and says the same as `plain`.

        `set_from` is its `typeset` form, if that is not `bare` as it is.
        """
        piece, bare = cls(), plain if bare is None else bare
        forms: dict[Form, str] = {"rich": rich, "plain": plain, "bare": bare}
        if set_from is not None:
            forms["typeset"] = set_from
        piece._make = lambda form, _language: forms[form] if form in forms else typeset(bare)
        return piece

    @classmethod
    def of(cls, piece: object) -> Markup:
        """A Markup as it is, and anything else as text from outside."""
        return piece if isinstance(piece, Markup) else cls("{piece}", piece=piece)

    @classmethod
    def sentences(cls, *pieces: object) -> Markup:
        """Pieces that are sentences, one after the other, as each language writes them."""
        made = cls()
        made._make = partial(_run_on, [cls.of(piece) for piece in pieces])
        return made

    def join(self, pieces: Iterable[object]) -> Markup:
        """The pieces, with this piece between them."""
        joined = Markup()
        joined._make = partial(_joined, self, [Markup.of(piece) for piece in pieces])
        return joined

    def form(self, form: Form) -> str:
        """The piece in one of its forms, in the language of the reader."""
        return self.form_in(form, reader.language)

    def form_in(self, form: Form, language: Language) -> str:
        """The piece in one of its forms, in this language: that of the reader may change meanwhile."""
        known = self._known.get((form, language))
        if known is None:
            known = self._known[form, language] = self._make(form, language)
        return known

    @property
    def rich(self) -> str:
        return self.form("rich")

    @property
    def plain(self) -> str:
        return self.form("plain")

    @property
    def bare(self) -> str:
        return self.form("bare")

    @property
    def typeset(self) -> str:
        return self.form("typeset")

    def __add__(self, other: object) -> Markup:
        return Markup().join([self, other])

    def __bool__(self) -> bool:
        return bool(self.rich)

    def __repr__(self) -> str:
        return f"<Markup {self.rich!r}>"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece in the form that a template asks for."""

    piece: object
    form: Form
    language: Language

    def __format__(self, spec: str) -> str:
        if isinstance(self.piece, Markup):
            return self.piece.form_in(self.form, self.language)
        text = format(in_language(self.piece, self.language), spec)
        return _ESCAPES[self.form](text)


_ESCAPES: Mapping[Form, Callable[[str], str]] = {"rich": escape, "plain": str, "bare": str, "typeset": typeset}


def _filled(ours: str, pieces: Mapping[str, object], form: Form, language: Language) -> str:
    if language != "en":
        from .languages.catalogue import translated  # with the first piece that is not told in English

        ours = translated(ours, language)
    if form == "bare":
        ours = ours.replace("**", "").replace("`", "")
    if not pieces:
        return ours
    if language == "en":
        return ours.format(**{name: _Piece(piece, form, language) for name, piece in pieces.items()})
    return filled_in_chinese(ours, pieces, lambda piece: _Piece(piece, form, language))


def _run_on(pieces: Sequence[Markup], form: Form, language: Language) -> str:
    return run_on([piece.form_in(form, language) for piece in pieces], language)


def _joined(between: Markup, pieces: Sequence[Markup], form: Form, language: Language) -> str:
    return between.form_in(form, language).join([piece.form_in(form, language) for piece in pieces])


def markdown_bundle(page: Markup, plain: str | None = None) -> dict[str, str]:
    """The MIME bundle that shows the page as Markdown; `plain` is its text, if different."""
    return {"text/markdown": page.rich, "text/plain": without_commands(page.plain if plain is None else told(plain))}


def html_bundle(page: Markup, plain: str) -> dict[str, str]:
    """The MIME bundle that shows the page as HTML."""
    return {"text/html": page.rich, "text/plain": without_commands(told(plain))}
