"""Splits a line of options into words, with the typographic signs of any keyboard.

Keyboards for Chinese and word processors write `—once`, `－b`, `“…”` and wide spaces. They are read for the plain signs
where they are part of the line's form; a value keeps its own.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Container

from ...text.characters import DASHES

#: What closes each typographic quote. Some languages, and keyboards that take turns, open with what others close with.
CLOSING = {
    **{"“": "”", "”": "”“", "„": "“”", "‘": "’", "’": "’‘", "‚": "‘’"},
    **{"「": "」", "『": "』", "｢": "｣", "〝": "〞〟", "«": "»", "»": "«", "＂": "＂", "＇": "＇"},
}
_TYPOGRAPHIC = frozenset("".join(CLOSING.values())).union(CLOSING)
_ENDS_OF_QUOTES = frozenset("\"'".join(CLOSING.values()))
#: What may stand between an option and its value.
SEPARATORS = "=＝﹦:：﹕∶"
#: What cannot be seen, but comes along when text is copied: blanks without width, and marks of the writing direction.
_UNSEEN = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_AN_UNSEEN = re.compile(f"[{_UNSEEN}]")
#: The same around a word, where it means nothing. A run of them is looked at from its beginning only.
_AROUND_WORDS = re.compile(rf"(?<!\S)[{_UNSEEN}]+|(?<![{_UNSEEN}])[{_UNSEEN}]+(?!\S)")
_DASH = re.escape(DASHES)
_OPTION = re.compile(
    rf"(?P<dashes>[{_DASH}{_UNSEEN}]*[{_DASH}])(?P<name>[{_UNSEEN}]*[^\W\d_][\w{_DASH}{_UNSEEN}]*)",
)
#: What may stand between a quoted value and an option that follows without a space: a list is also written so.
_JOINED = re.compile(rf"[,，、;；]?\s*(?P<option>{_OPTION.pattern})")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.", re.DOTALL)


class QuoteNotClosed(ValueError):
    """A typographic quote has no end. `opening` and `closing` are its signs."""

    def __init__(self, opening: str) -> None:
        super().__init__(opening)
        self.opening, self.closing = opening, CLOSING[opening][0]


def words(line: str, options: Container[str]) -> list[str]:
    """The words of the line, without quotes. `options` are the names that an option can have.

    A bracketed part is one word, so that Literal["a", "b"] needs no quotes. Raises ValueError for a quote that is not
    closed: QuoteNotClosed if it is a typographic one.
    """
    pieces, place, at_word = list[str](), 0, True
    while place < len(line):
        unseen = _AROUND_WORDS.match(line, place)
        piece, end = _piece(line, place, options) if at_word and not unseen else _inside(line, place)
        if unseen:
            piece, end = "", unseen.end()
        else:
            joined = _option_after(line, end, options) if at_word and end > place + 1 else None
            at_word = piece == " " or joined is not None
            piece, end = (f"{piece} ", joined.start("option")) if joined else (piece, end)
        pieces.append(piece)
        place = end
    return shlex.split("".join(pieces))


def _option_after(line: str, place: int, options: Container[str]) -> re.Match[str] | None:
    """The option that follows the quote which ends here, if one does without a space before it."""
    joined = _JOINED.match(line, place)
    if joined is None or line[place - 1] not in _ENDS_OF_QUOTES or joined[0][0].isspace():
        return None
    is_typographic = line[place - 1] not in "\"'"
    return joined if is_typographic or plain_option(joined["option"]) in options else None


def seen(text: str) -> str:
    """The text without what cannot be seen around its words."""
    return _AROUND_WORDS.sub("", text)


def _piece(line: str, place: int, options: Container[str]) -> tuple[str, int]:
    """What a word begins with, and where that ends: an option with its quoted value, a quote, or any sign."""
    option = _OPTION.match(line, place)
    name = plain_option(option[0]) if option else ""
    if option is None or name not in options:
        return _value(line, place)
    end = option.end()
    following = line[end : end + 1]
    if following in CLOSING:
        piece, end = _value(line, end)
        return f"{name} {piece}", end
    if following and following in SEPARATORS:
        if following not in "=＝﹦" and not line[end + 1 : end + 2].strip():  # the value is the next word
            return name, end + 1
        piece, end = _value(line, end + 1)
        return f"{name}={piece}", end
    return name, end


def _value(line: str, place: int) -> tuple[str, int]:
    """What a value begins with: its quote, or any sign."""
    end = end_of_quote(line, place)
    return (shlex.quote(line[place + 1 : end - 1]), end) if end else _inside(line, place)


def _inside(line: str, place: int) -> tuple[str, int]:
    """What stands within a word: a quoted part, a bracketed one, or any sign."""
    if quoted := _QUOTED.match(line, place):
        return _kept(quoted[0]), quoted.end()
    sign = line[place : place + 1]
    end = _end_of_brackets(line, place) if sign == "[" else 0
    return (shlex.quote(_brackets(line[place:end])), end) if end else (" " if sign.isspace() else sign, place + 1)


def _kept(piece: str) -> str:
    """A quoted part, or a backslash and what it escapes: one that escapes nothing is a sign like others."""
    escapes = piece[0] != "\\" or piece[1] in "\\\"'" or piece[1].isspace() or piece[1] in _TYPOGRAPHIC
    return piece if escapes else f"\\{piece}"


def _brackets(text: str) -> str:
    """A bracketed part of a type, such as `[“a”，“b”]`, as Python reads it."""
    read, place = "", 0
    while place < len(text):
        quoted, end = _QUOTED.match(text, place), end_of_quote(text, place, in_brackets=True)
        piece = quoted[0] if quoted else repr(text[place + 1 : end - 1]) if end else text[place].replace("，", ",")
        place = quoted.end() if quoted else end or place + 1
        read += piece
    return read


def _end_of_brackets(line: str, start: int) -> int:
    """The position after the bracket that closes the one at `start`; 0 if none does."""
    depth, place = 0, start
    while place < len(line):
        quoted = _QUOTED.match(line, place)
        place = quoted.end() if quoted else place + 1
        depth += 0 if quoted else {"[": 1, "]": -1}.get(line[place - 1], 0)
        if depth == 0:
            return place
    return 0


def plain_option(word: str) -> str:
    """An option as it was meant: one dash may stand for two, as word processors make it."""
    option = _OPTION.fullmatch(word)
    if option is None or option["dashes"] == "-":  # a value may follow: -mglm-4
        return seen(word)
    signs = ("-" if sign in DASHES else sign for sign in _AN_UNSEEN.sub("", option["name"]))
    name = unicodedata.normalize("NFKC", "".join(signs))
    return f"-{name}" if len(name) == 1 else f"--{name}"


def with_plain_options(text: str, options: Container[str]) -> str:
    """The text with those words that mean an option written plainly, such as `—full` as `--full`."""
    words = re.split(r"(\s+)", text)
    return "".join(option if (option := plain_option(word)) in options else word for word in words)


def end_of_quote(line: str, start: int, *, in_brackets: bool = False) -> int:
    """The position after what closes the typographic quote that begins at `start`; 0 if none begins there.

    Raises QuoteNotClosed.
    """
    opening = line[start : start + 1]
    if opening not in CLOSING:
        return 0
    depth = 0
    for place in range(start + 1, len(line)):
        if line[place] in CLOSING[opening] and not _is_apostrophe(line, place):
            if not depth:
                return place + 1 if _ends_word(line, place + 1, in_brackets=in_brackets) else 0
            depth -= 1
        elif line[place] == opening:
            depth += 1
    word = next(iter(line[start + 1 :].split()), "")
    if in_brackets or any(sign in word for sign in CLOSING[opening]):
        return 0
    raise QuoteNotClosed(opening)


def _ends_word(line: str, place: int, *, in_brackets: bool) -> bool:
    after = "" if _AROUND_WORDS.match(line, place) else line[place : place + 1]
    if in_brackets:
        return not after or after.isspace() or after in ",，]|)"
    return not after or after.isspace() or _begins_option(line, place)


def _begins_option(line: str, place: int) -> bool:
    """Whether an option follows, after a comma perhaps: Chinese has no letters in its name, as a text may."""
    joined = _JOINED.match(line, place)
    return joined is not None and plain_option(joined["option"]).isascii()


def _is_apostrophe(line: str, place: int) -> bool:
    """Whether this stands within a word of Latin letters, as in `you’re`."""
    around = line[place - 1] + line[place + 1 : place + 2]
    return line[place] in "‘’" and len(around) == 2 and all(_is_latin(sign) for sign in around)


def _is_latin(sign: str) -> bool:
    return unicodedata.name(sign, "").startswith("LATIN")
