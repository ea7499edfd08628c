"""Makes the words of one paragraph harmless. Each piece still looks as it does in its most likely reading."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from urllib.parse import quote

from ..addresses import PLAIN_HOST, SCHEME_IN_PATH
from ..fitting.marks import HTML
from ..inline import PUNCTUATION, TARGET, Words, as_entities, code_in
from .dangers import CLEAN_TITLE, DISGUISED, MACRO, SCHEMED_ADDRESS

#: The steps in which the words of a paragraph are read.
_STEP = re.compile(
    rf"""
      (?P<macro>\\{{1,2}}(?={MACRO}))
    | (?P<math>\\{{1,2}}[(\[] | \\begin\{{[A-Za-z]*\*?\}} | \$\$?)
    | (?P<escape>\\.)
    | (?P<code>`+)
    | (?P<badge>\[(?=!\[(?P<words>[^\[\]]*)\](?P<picture>\((?:[^()]|\([^()]*\))*\))\][(\[]))
    | (?P<image>!{{1,9}}\[)
    | (?P<autolink><(?P<url>https?://[^\s<>\\]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>)
    | (?P<tag><(?=[A-Za-z/!?]))
    | (?P<link>\]\()
    | (?P<definition>\[)
    | (?P<address>://|[wW]{{3}}\.)
    | (?P<tildes>~{{3,}})
    | (?P<entity>(?={DISGUISED})&)
    """,
    re.VERBOSE | re.DOTALL,
)
_DOLLARS = re.compile(r"\$(?=[^\s$])(?:[^$\\]|\\.)*?(?<!\s)\$(?!\d)", re.DOTALL)
_BACKSLASHES = re.compile(rf"\\{{1,2}}(?={MACRO})")
_WORDS_OF_IMAGE = re.compile(r"\[([^\[\]]*)\](?=\(|\[[^\[\]]*\])")
_ESCAPED = re.compile(rf"\\([{PUNCTUATION}])")
_ADDRESS_END = re.compile(rf"[\s{HTML}]")
_SCHEMED_ADDRESS = re.compile(SCHEMED_ADDRESS)
_SCHEME = re.compile(r"[^/?#]*?:")
_PATH_WITH_SCHEME = re.compile(
    rf"(?!https?://{PLAIN_HOST}|mailto:|tel:)(?:https?://|(?!https?://)).*?{SCHEME_IN_PATH}", re.DOTALL
)
_SCHEMES = ("http:", "https:", "mailto:", "tel:")
_READ_AS_MATHEMATICS = re.compile("&#(?:36|92);")  # a dollar, a backslash
#: Characters that are shown of an address with its own data, which would fill the page.
_SHOWN_OF_DATA = 40


def paragraph(text: str, edges: list[int], danger: re.Pattern[str]) -> str:
    """A paragraph, a list without gaps, a table or a title; code and mathematics do not cross the `edges` in it."""
    cuts = [0, *(edge for edge in edges if 0 < edge < len(text)), len(text)]
    pieces = [piece for start, end in pairwise(cuts) for piece in _Run(text[start:end], danger).pieces()]
    if danger.search("".join("·" if isinstance(piece, _Html) else piece for piece in pieces)):
        return spelled(text, apart=True)  # together the pieces have something that none of them had
    return "".join(pieces)


class _Html(str):
    """Our own tags around what `spelled` returned."""


@dataclass
class _Run:
    """Words of one paragraph, heading or cell, with nothing harmful in them."""

    text: str
    danger: re.Pattern[str]
    address_end: int = 0  # the end of the last bare address with mathematics in it

    def pieces(self) -> Iterator[str]:
        """The harmless text in pieces, from left to right; for each step, the method of that name makes the piece."""
        at = 0
        while step := _STEP.search(self.text, at):
            yield self.text[at : step.start()]
            piece, at = getattr(self, f"_{step.lastgroup}")(step)
            yield piece
        yield self.text[at:]

    @cached_property
    def _words(self) -> Words:
        return Words(self.text)

    def _is_harmful(self, step: re.Match[str]) -> bool:
        return self.danger.match(self.text, step.start()) is not None

    def _macro(self, step: re.Match[str]) -> tuple[str, int]:
        return _Html(spelled("\\", apart=True)), step.end()

    def _math(self, step: re.Match[str]) -> tuple[str, int]:
        if step.start() < self.address_end:
            return quote(step[0][0]), step.start() + 1
        end = self._end_of_mathematics(step)
        return (_mathematics(self.text[step.start() : end], self.danger), end) if end else (step[0], step.end())

    def _end_of_mathematics(self, step: re.Match[str]) -> int | None:
        if step[0] == "$":
            closed = _DOLLARS.match(self.text, step.start())
            return closed.end() if closed else None
        found = self._words.end_of_mathematics(step[0], step.end())
        return found[1] if found else None

    def _escape(self, step: re.Match[str]) -> tuple[str, int]:
        letter, after = step[0][1], self.text[step.end() : step.end() + 1]
        if letter == "$" and step.start() < self.address_end:
            return quote(letter), step.end()
        if letter in "<&" or (letter == "!" and after in ("[", "!")) or (letter == "]" and after == "("):
            return spelled(letter), step.end()
        return step[0], step.end()

    def _code(self, step: re.Match[str]) -> tuple[str, int]:
        end = self._words.code.get(step.start())
        if end is None:
            return (spelled(step[0]) if self._is_harmful(step) else step[0]), step.end()
        if not self.danger.search(self.text, step.start(), end):
            return self.text[step.start() : end], end
        return _Html(f"<code>{spelled(code_in(self.text[step.start() : end]))}</code>"), end

    def _badge(self, step: re.Match[str]) -> tuple[str, int]:
        """An image in a link becomes the link's words."""
        if not self.danger.match(self.text, step.end()):
            return step[0], step.end()
        words = step["words"] if step["words"].strip() else "image"
        return "[" + "".join(_Run(words, self.danger).pieces()), step.end("picture")

    def _image(self, step: re.Match[str]) -> tuple[str, int]:
        if not self.danger.match(self.text, step.end() - 2):
            return step[0], step.end()
        before = "&#33;" * (len(step[0]) - 2)
        words = _WORDS_OF_IMAGE.match(self.text, step.end() - 1)
        if words is None:
            return f"{before}&#33;[", step.end()
        return f"{before}[" if words[1].strip() else f"{before}[image", step.end()

    def _autolink(self, step: re.Match[str]) -> tuple[str, int]:
        if self.text.endswith("!", 0, step.start()):
            return "&lt;", step.start() + 1  # with a link after it, this would be an image
        scheme = "" if "://" in step["url"] else "mailto:"
        address = quote(step["url"], safe=":/?#[]@!&'*+,;=%~")
        return f"[{spelled(step['url'])}]({scheme}{address})", step.end()

    def _tag(self, step: re.Match[str]) -> tuple[str, int]:
        return "&lt;", step.end()

    def _link(self, step: re.Match[str]) -> tuple[str, int]:
        if not self._is_harmful(step):
            return step[0], step.end()
        link = TARGET.match(self.text, step.start())
        if link and _is_allowed(link["address"]):
            tamed = _tamed(link["address"], link["title"] or "")
            if not self.danger.match(tamed):
                return tamed, link.end()
        if link and len(link["address"]) > _SHOWN_OF_DATA and link["address"].lower().startswith("data:"):
            return f"]&#40;{spelled(link['address'][:_SHOWN_OF_DATA])}…)", link.end()
        return "]&#40;", step.end()

    def _definition(self, step: re.Match[str]) -> tuple[str, int]:
        return (spelled("[") if self._is_harmful(step) else "["), step.end()

    def _address(self, step: re.Match[str]) -> tuple[str, int]:
        if step.start() >= self.address_end and self._is_harmful(step):
            end = _ADDRESS_END.search(self.text, step.start())
            self.address_end = end.start() if end else len(self.text)
        if _SCHEMED_ADDRESS.match(self.text, step.end()):
            return step[0].replace(":", "&#58;").replace(".", "&#46;"), step.end()  # no address any more
        return step[0], step.end()

    def _tildes(self, step: re.Match[str]) -> tuple[str, int]:
        return (spelled(step[0]) if self._is_harmful(step) else step[0]), step.end()

    def _entity(self, step: re.Match[str]) -> tuple[str, int]:
        return "&amp;", step.end()


def _mathematics(formula: str, danger: re.Pattern[str]) -> str:
    """The formula in a form that looks the same and does nothing, whether read as mathematics or as words."""
    if not danger.search(formula):
        return formula
    formula = _BACKSLASHES.sub(lambda row: "" if len(row[0]) == 1 else "\\\\ ", formula)
    formula = re.sub(r"<(?=[A-Za-z/!?])", r"\\lt ", formula)
    for harmful, same in ("![", "!{[}"), ("](", "]{(}"), ("]:", "]{:}"), ("://", ":{/}{/}"), ("~~~", "~{~}~"):
        formula = formula.replace(harmful, same)
    return re.sub(r"[wW]{3}(?=\.)", r"\g<0>{}", re.sub(rf"(?={DISGUISED})&", "& ", formula))


def _is_allowed(address: str) -> bool:
    plain = html.unescape(html.unescape(_ESCAPED.sub(r"\1", address.strip("<>"))))
    plain = "".join(plain.split())
    if _PATH_WITH_SCHEME.match(plain):
        return False
    scheme = _SCHEME.match(plain)
    return scheme is None or scheme[0].lower() in _SCHEMES


def _tamed(address: str, title: str) -> str:
    """The rest of a link, from the closing bracket of its words on."""
    address = re.sub(
        r"""[\s()<>"'`$\\]|(?<=@)@""", lambda letter: quote(letter[0]), _ESCAPED.sub(r"\1", address.strip("<>"))
    )
    title = f'"{title[1:-1]}"'
    return f"]({address} {title})" if re.fullmatch(CLEAN_TITLE, title) and len(title) > 2 else f"]({address})"


def spelled(text: str, *, apart: bool = False) -> str:
    """The text with nothing in it that is HTML, Markdown or mathematics.

    Front ends search for mathematics in the finished page too, but not in code and never across elements; outside code,
    `apart` puts its marks into elements of their own.
    """
    entities = as_entities(text)
    return _READ_AS_MATHEMATICS.sub(r"<span>\g<0></span>", entities) if apart else entities
