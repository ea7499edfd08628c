"""Small changes to texts from outside, the same in every run."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

#: Characters of a name that is shown: a thread's, a model's.
LONGEST_NAME = 200
#: Chinese characters, as a range of a pattern.
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
#: Hyphens, dashes and minus signs, wide ones too.
DASHES = "-‐‑‒–—―−﹘﹣－⸺⸻"


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning and … in so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def shorten(text: str, longest: int) -> str:
    """The text on one line, shortened to so many characters."""
    return shortened(" ".join(text.split()), longest)


def with_line_ends_escaped(text: str) -> str:
    """The text on one line, with each line end written as `\\n`."""
    return "\\n".join(text.splitlines())


def printable(text: str) -> str:
    """The text with a space for each unprintable character, line ends included."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)


def without_addresses(text: str) -> str:
    """A text without the memory addresses of objects in it, `<… at 0x…>`, which change from run to run.

    In quotes, and outside such brackets, an address is a part of somebody's own words, and stays.
    """
    if " at 0x" not in text:
        return text
    taken: list[tuple[int, int]] = []
    opened: list[list[tuple[int, int]]] = []
    for found in _OF_A_REPR.finditer(text):
        if found["opening"]:
            opened.append([])
        elif found["address"] and opened:
            opened[-1].append(found.span())
        elif found["closing"] and opened:
            taken += opened.pop()
    pieces, end = [], 0
    for start, after in sorted(taken):
        pieces.append(text[end:start])
        end = after
    return "".join([*pieces, text[end:]])


#: What overrides the order in which a text is read, and what else is not seen and has no use in it.
REORDERING = r"\u202a-\u202e\u2066-\u206f\ufff9-\ufffb"
_A_TAG, _TAGS_OF_FLAG = r"[\U000E0000-\U000E007F]", r"[\U000E0020-\U000E007F]"
#: A tag, which is not seen at all, except in the emoji of a flag: a black flag, a few letters as tags, and an end.
TAG = f"(?={_A_TAG})" + "".join(rf"(?<!\U0001F3F4{_TAGS_OF_FLAG}{{{tags}}})" for tags in range(7)) + _A_TAG
#: All of C0, DEL and C1, except tab and line ends. A lone carriage return would overwrite its line.
_CONTROLS = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{REORDERING}]|\r(?!\n)|{TAG}")
#: A text in quotes, which is passed over, and what the reprs of objects are made of.
_OF_A_REPR = re.compile(
    r"""
      (?<!\w)[bru]{0,2} (?: ' (?: [^'\\\n] | \\. )* ' | " (?: [^"\\\n] | \\. )* " )
    | (?P<opening> < (?=[A-Za-z_]) )
    | (?P<address> [ ]at[ ]0x[0-9A-Fa-f]+ )
    | (?P<closing> (?<![-=]) > )
    """,
    re.VERBOSE,
)


def whole_characters(text: str) -> str:
    """The text with unpaired surrogates replaced: they can neither be sent nor read."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_name(text: str) -> bool:
    """Whether a text can be a name: printable, on one line, and not too long."""
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()


def is_word(text: str) -> bool:
    """Whether a text can be a name without a space."""
    return is_name(text) and text.split() == [text]


def plain_name(text: str) -> str:
    """A name in plain characters: without wide letters, typographic dashes, or a comma after it."""
    name = unicodedata.normalize("NFKC", text).rstrip(",、;。")
    return "".join("-" if sign in DASHES else sign for sign in name)


def class_name(value: Any) -> str:
    """The name of a value's class, with its library: `pandas.DataFrame`, `list`, `Order`."""
    kind = type(value)
    library = library_of(kind)
    return kind.__qualname__ if library in ("builtins", "__main__") else f"{library}.{kind.__qualname__}"


def library_of(kind: type) -> str:
    """The package that a class is of, as its users import it: `duckdb`, also for its compiled part `_duckdb`."""
    package = str(kind.__module__).partition(".")[0]
    public = package.removeprefix("_")
    return public if public in sys.modules else package


def message_of(error: BaseException) -> str:
    """What an error says; where its own code fails, what Python writes in a traceback then."""
    try:
        return str(error)
    except Exception:
        return "<exception str() failed>"


def without_controls(text: str) -> str:
    """The text with no control characters that a terminal would obey, nor such as reorder what is read."""
    return text if text.isprintable() else _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """The value with each text in it changed, including the names of members."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(name): each_text(member, change) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [each_text(item, change) for item in value]
    return value
