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
    """Whether the last of these pieces is the answer: it is the only one, or the words right before it say so."""
    last, before = fitting[-1], 0
    others, drafts = list[Piece](), list[Piece]()
    for piece in fitting:
        if piece.data != last.data:
            others.append(piece)
            drafts += [piece] if _says(_DRAFT, _introduction(text, before, piece.start)) else []
        before = piece.end
    if len(drafts) == len(others):
        return True
    return _says(_FINAL, _introduction(text, others[-1].end, last.start))


def _introduction(text: str, start: int, end: int) -> str:
    """The sentence that leads up to a piece; what goes on in the sentence of the piece before is not one."""
    between = _FENCE_BEFORE.sub("", text[start:end])
    if start:
        between = "".join(_SENTENCE_END.split(_FENCE_AFTER.sub("", between), maxsplit=1)[1:])
    return _SENTENCE_END.split(between.rstrip(" \t\r\n.。"))[-1]


def _says(meaning: re.Pattern[str], sentence: str) -> bool:
    return meaning.search(sentence) is not None and _NOT.search(sentence) is None


_SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？\n]")
_FENCE_BEFORE = re.compile(r"(?:`{1,3}|~~~)[\w+-]*\s*\Z")
_FENCE_AFTER = re.compile(r"\A\s*(?:`+|~~~)")
_NOT = re.compile(r"\bnot\b|n't\b|\bnever\b|\bwrong|\bincorrect|\bbad\b|\bexample|不|错|例", re.IGNORECASE)
_FINAL = re.compile(
    r"\bfinal(?:ly)?\b|\bcorrect(?:ed|ion)\b|\brevised\b|\banswer is\b|^\W*(?:the |my )?(?:answer|result)\W*:|"
    r"最终|最后|更正|修正|改正|纠正|答案",
    re.IGNORECASE | re.MULTILINE,
)
_DRAFT = re.compile(r"\bdraft|\bfirst (?:try|attempt|guess|idea)|草稿|初稿|初步", re.IGNORECASE)
_BLOCK = re.compile(r"^[ \t]*(`{3,}(?!`)|~{3,}(?!~))[^\n]*\n(.*?)^[ \t]*\1", re.DOTALL | re.MULTILINE)
_OPENING = re.compile(r"[\[{]")
_MARK = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*("?)|[\[{]|[\]}]', re.DOTALL)
_BRACKET = re.compile(r"[\[{]|[\]}]")


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
    depth, place, marks = 0, start, _MARK
    while mark := marks.search(text, place, stop):
        place = mark.end()
        if mark[0].startswith('"'):
            if not mark[1]:  # it is never closed, so that neither is any after it: what stands here is no string
                place, marks = mark.start() + 1, _BRACKET
            continue
        depth += 1 if mark[0] in "[{" else -1
        if depth == 0:
            return place
    return 0
