"""The JSON in an answer that may have words around it, and which of several values an answer means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple


class Piece(NamedTuple):
    """A piece of JSON in a text: from `start` to `end`, and its value."""

    start: int
    end: int
    json: str
    data: Any


def pieces(text: str) -> list[Piece]:
    """The JSON in the text: all of it, or else what is in fenced blocks and in brackets, in order."""
    whole = _read(text, 0, len(text))
    if whole is not None:
        return [whole]
    fenced = [piece for block in _BLOCK.finditer(text) if (piece := _read(text, *block.span(2)))]
    found, place = list[Piece](), 0
    for start, end, block in [*((one.start, one.end, one) for one in fenced), (len(text), len(text), None)]:
        found += (piece for bounds in _brackets(text, place, start) if (piece := _read(text, *bounds)))
        found += [block] if block else []
        place = end
    return found


def is_last_meant(text: str, fitting: Sequence[Piece]) -> bool:
    """Whether the last of these pieces is the answer: it is the only one, or the words before it say so."""
    last, before = fitting[-1], 0
    others, drafts = list[Piece](), list[Piece]()
    for piece in fitting:
        if piece.data != last.data:
            others.append(piece)
            drafts += [piece] if _DRAFT.search(text, before, piece.start) else []
        before = piece.end
    if len(drafts) == len(others):
        return True
    return _FINAL.search(text, others[-1].end, last.start) is not None


_FINAL = re.compile(
    r"(?<!\bnot )(?<!\bnot the )\bfinal(?:ly)?\b|\bcorrect(?:ed|ion)\b|\brevised\b|"
    r"^\W*(?:the |my )?(?:answer|result)\W*:|"
    r"(?<!不是)最终|更正|修正|改正|纠正|^\W*(?:答案|结果)\W*[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_DRAFT = re.compile(r"\bdraft|\bfirst (?:try|attempt|guess|idea)|草稿|初稿|初步", re.IGNORECASE)
_BLOCK = re.compile(r"^[ \t]*(```+|~~~+)[^\n]*\n(.*?)^[ \t]*\1", re.DOTALL | re.MULTILINE)
_OPENING = re.compile(r"[\[{]")
_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


def _read(text: str, start: int, end: int) -> Piece | None:
    from pydantic_core import from_json

    piece = text[start:end].strip("\ufeff \t\r\n")
    try:
        return Piece(start, end, piece, from_json(piece))
    except ValueError:
        return None


def _brackets(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """What is in brackets between these places, one after the other."""
    end = start
    while (opening := _OPENING.search(text, end, stop)) and (end := _end(text, opening.start(), stop)):
        yield opening.start(), end


def _end(text: str, start: int, stop: int) -> int:
    """Where the bracket at `start` is closed; 0 if it is not, as part of a truncated answer is not an answer."""
    depth = 0
    for mark in _MARK.finditer(text, start, stop):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.end()
    return 0
