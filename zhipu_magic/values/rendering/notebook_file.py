"""A notebook's file: its cells in order, with what they showed, each within its share of the budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from ...text.languages.joined import comma
from ...text.languages.messages import _, for_model, sent
from ...text.languages.numbers import plural
from ...text.left_out import note_cut
from ...text.secrets import collecting_secrets, taken_out_of
from ...text.tokens import shares, weight
from ..budget import check_room
from ..images.from_value import Image
from ..outputs.above import Piece
from .page_above import headed, knowing, within
from .registry import Illustrated

_AROUND: Final = 40
"""Tokens of the lines around the cells."""
_LEAST: Final = 60
"""Tokens: with fewer, a cell says nothing, so that cells in the middle are left out."""
_MOST_PICTURES: Final = 10


def notebook_text(name: str, pieces: Sequence[Piece], hidden: int, tokens: int) -> Illustrated:
    """The cells below a line that says what it is. What is left out is noted."""
    check_room(name, tokens, around=_AROUND, whole=_LEAST * len(pieces))
    room, left_out = tokens - _AROUND, 0
    most = max(2, room // _LEAST)
    with collecting_secrets() as secrets:
        pieces = knowing(pieces)
        whole = [_read(piece, tokens) for piece in pieces]
        if sum(one.tokens for one in whole) > room and len(pieces) > most:
            left_out = len(pieces) - most
            pieces = (*pieces[: most // 2], *pieces[len(pieces) - (most - most // 2) :])
            whole = [_read(piece, tokens) for piece in pieces]
        given = shares([one.tokens for one in whole], room)
        read = [
            one if one.tokens <= share else _read(piece, share)
            for piece, one, share in zip(pieces, whole, given, strict=True)
        ]
    parts: list[str | Image] = [for_model("{name}, a notebook:", name=name)]
    for place, (piece, one) in enumerate(zip(pieces, read, strict=True)):
        if left_out and place == most // 2:
            parts.append(for_model("\n\n[{what} left out]", what=plural(left_out, "cell")))
        parts += [f"\n\n{headed(piece.title)}\n\n", *one.parts]
    parts, pictures = _first_pictures(parts)
    shortened = sum(one.is_cut for one in read)
    told = [
        _("{count:,} left out", count=left_out) if left_out else "",
        _("{count:,} shortened", count=shortened) if shortened else "",
        _("{what} left out", what=plural(pictures, "picture")) if pictures else "",
        _("{count:,} hidden", count=hidden) if hidden else "",
        taken_out_of((part for part in parts if isinstance(part, str)), secrets),
    ]
    if any(told):
        note_cut(comma([plural(len(pieces), "cell"), *told]))
    return Illustrated(tuple(parts))


class _Read(NamedTuple):
    """A cell as it goes along, its tokens, and whether it is cut."""

    parts: tuple[str | Image, ...]
    tokens: float
    is_cut: bool


def _read(piece: Piece, tokens: float) -> _Read:
    around = weight(sent(piece.title)) + 4
    parts, is_cut = within(piece, max(1.0, tokens - around))
    size = weight("".join(part for part in parts if isinstance(part, str))) + around
    return _Read(parts, size, is_cut)


def _first_pictures(parts: Sequence[str | Image]) -> tuple[list[str | Image], int]:
    """The parts with at most so many pictures, and how many are left out."""
    kept, pictures = list[str | Image](), 0
    for part in parts:
        pictures += isinstance(part, Image)
        is_beyond = isinstance(part, Image) and pictures > _MOST_PICTURES
        kept.append(for_model("[a picture left out]") if is_beyond else part)
    return kept, max(0, pictures - _MOST_PICTURES)
