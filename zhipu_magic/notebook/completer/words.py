"""A line being typed: its words as shlex reads them, the last one still open."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ...text.languages.messages import N_, _, told

#: Candidates: each a text and its kind.
Found = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Offer:
    """The candidates that may replace `fragment`, the text that ends at the cursor."""

    fragment: str = ""
    found: Found = ()


@dataclass
class Word:
    """The last word of a line, without its quotes; `places` are the positions of its characters in the line."""

    line: str
    text: str = ""
    places: list[int] = field(default_factory=list)
    quote: str = ""

    def offer(self, start: int, found: Found) -> Offer:
        """What may replace the word from this character on."""
        fragment = self.line[self.places[start] :] if start < len(self.places) else ""
        if not self.quote and ("'" in fragment or '"' in fragment):
            return Offer()  # its quote is closed, so the word is complete
        fitting = begun(found, self.text[start:])
        return Offer(fragment, [(_quoted(text, self.quote), kind) for text, kind in fitting if self._can_hold(text)])

    def _can_hold(self, text: str) -> bool:
        return not self.quote or (self.quote not in text and (self.quote == "'" or "\\" not in text))


def split(line: str) -> tuple[list[str], Word]:
    """The complete words of a line, and the one at its end."""
    words, word, is_begun, position = [], Word(line), False, 0
    while position < len(line):
        character, place, following = line[position], position, line[position + 1 : position + 2]
        position += 1
        if character == word.quote:
            word.quote = ""
        elif character in "\"'" and not word.quote:
            word.quote, is_begun = character, True
        elif character in " \t\r\n" and not word.quote:
            if is_begun:
                words.append(word.text)
            word, is_begun = Word(line), False
        else:
            if character == "\\" and following and (not word.quote or (word.quote == '"' and following in '"\\')):
                character, position = following, position + 1
            word.text, is_begun = word.text + character, True
            word.places.append(place)
    return words, word


def begun(found: Found, prefix: str) -> list[tuple[str, str]]:
    """The candidates that begin with `prefix`, each once."""
    return [(text, kind) for text, kind in dict(found).items() if text.startswith(prefix)]


def _quoted(text: str, quote: str) -> str:
    """The text as one word of the line, quoted if needed. The quote around a folder stays open, for a file in it."""
    if quote or not re.search(r"[\s'\"\\]", text):
        return text
    if "'" not in text:
        return f"'{text}" + ("" if text.endswith("/") else "'")
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}' + ("" if text.endswith("/") else '"')


def kind_in_words(kind: str) -> str:
    """What a candidate is, as the page says it beside it; what the front-end extension asks is no word.

    JupyterLab reckons the width of a word by its letters, and would break a Chinese one.
    """
    if kind not in _KINDS:
        return kind
    words = told(_(kind))
    return words if words.isascii() else _WORD_JOINER.join(words)


_WORD_JOINER = "\u2060"


_KINDS = frozenset(
    (
        *(N_("option"), N_("command"), N_("word"), N_("model"), N_("thread"), N_("job"), N_("tool"), N_("type")),
        *(N_("variable"), N_("attribute"), N_("key"), N_("column"), N_("path")),
    )
)
