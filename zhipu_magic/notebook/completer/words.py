"""A line as it is typed: its words as shlex reads them, the last one still open."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

#: What may be written: a text, and what kind of thing it is.
Found = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Offer:
    """What may stand in the place of `fragment`, which ends at the cursor."""

    fragment: str = ""
    found: Found = ()


@dataclass
class Word:
    """The word at the end of a line, as it is meant; `places` has where in the line each of its letters stands."""

    line: str
    text: str = ""
    places: list[int] = field(default_factory=list)
    quote: str = ""

    def offer(self, start: int, found: Found) -> Offer:
        """What may stand in the place of the word from this letter on."""
        fragment = self.line[self.places[start] :] if start < len(self.places) else ""
        if not self.quote and ("'" in fragment or '"' in fragment):
            return Offer()  # its quote is closed, and so is the word
        fitting = begun(found, self.text[start:])
        return Offer(fragment, [(_quoted(text, self.quote), kind) for text, kind in fitting if self._can_hold(text)])

    def _can_hold(self, text: str) -> bool:
        return not self.quote or (self.quote not in text and (self.quote == "'" or "\\" not in text))


def split(line: str) -> tuple[list[str], Word]:
    """The whole words of a line, and the one at its end."""
    words, word, is_begun, position = [], Word(line), False, 0
    while position < len(line):
        letter, place, following = line[position], position, line[position + 1 : position + 2]
        position += 1
        if letter == word.quote:
            word.quote = ""
        elif letter in "\"'" and not word.quote:
            word.quote, is_begun = letter, True
        elif letter in " \t\r\n" and not word.quote:
            if is_begun:
                words.append(word.text)
            word, is_begun = Word(line), False
        else:
            if letter == "\\" and following and (not word.quote or (word.quote == '"' and following in '"\\')):
                letter, position = following, position + 1
            word.text, is_begun = word.text + letter, True
            word.places.append(place)
    return words, word


def begun(found: Found, prefix: str) -> list[tuple[str, str]]:
    """Those that go on from what is typed, each once."""
    return [(text, kind) for text, kind in dict(found).items() if text.startswith(prefix)]


def _quoted(text: str, quote: str) -> str:
    """As one word of the line; a folder's quote stays open, for what is in it."""
    if quote or not re.search(r"[\s'\"\\]", text):
        return text
    if "'" not in text:
        return f"'{text}" + ("" if text.endswith("/") else "'")
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}' + ("" if text.endswith("/") else '"')


class Desk(Protocol):
    """Who knows what there is to name."""

    shell: Any
    model: Any

    def thread_names(self) -> list[str]: ...

    def tool_names(self) -> list[str]: ...
