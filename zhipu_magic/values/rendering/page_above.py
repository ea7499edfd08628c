"""The cells above the one that asks, within a budget: the oldest are left out first, and none is sent twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ...text.blobs import without_blobs
from ...text.characters import shorten
from ...text.languages.joined import comma
from ...text.languages.messages import N_, _, for_model, sent
from ...text.languages.numbers import plural
from ...text.left_out import collecting_cuts, note_cut
from ...text.secrets import collecting_secrets, of_other_than_secrets, secrets_in, taken_out_of, without_secrets
from ...text.tokens import ends, weight
from ..images.from_value import Image
from ..outputs.above import TITLES, Above, Piece, Sent
from .registry import Illustrated, image_mark, not_sent, render, rendered, unseen

_SHARE: Final = 3
"""A cell gets at most the third part of the budget, so that a long one does not drive out all others; those that are
pinned share it, and if there are too many even for that, the oldest of them are left out too."""
_LEAST: Final = 60
"""Tokens: with fewer, a cell says nothing."""
_LEAST_PINNED: Final = 20
_AROUND: Final = 45
"""Tokens of the sentences around the cells."""
_LINE: Final = 30
"""Tokens of a line about a cell that does not go along again."""
_LONGEST_WORDS: Final = 60
_NOTHING: Final = N_("(No cell above this one has run in this session.)")
_OPENING: Final = N_("The cells of the notebook above this prompt, in their order:")
_END: Final = N_("(Here the cells above end.)")


@dataclass
class _Read:
    """A piece as it goes along."""

    piece: Piece
    parts: tuple[str | Image, ...]
    tokens: float
    is_cut: bool = False
    was_sent: bool = False

    is_turn: bool = False

    @property
    def goes(self) -> bool:
        return not (self.was_sent or self.is_turn)


@render.register
def _above(value: Above, tokens: int) -> Illustrated | str:
    with collecting_secrets() as secrets:
        chosen, left_out = _chosen(replace(value, pieces=knowing(value.pieces, value.known)), tokens)
    goes = [one for one in chosen if one.goes]
    if not chosen and not left_out:
        note_cut(plural(0, "cell"))
        return for_model(_NOTHING)
    parts = list(_laid_out(chosen, left_out))
    text = "".join(part for part in parts if isinstance(part, str))
    pictures = sum(isinstance(part, Image) for part in parts)
    was_sent, shortened = sum(one.was_sent for one in chosen), sum(one.is_cut for one in goes)
    told = [
        plural(len(goes), "cell"),
        (plural(pictures, "picture") if value.sees else not_sent(pictures)) if pictures else "",
        _("{count:,} left out", count=left_out) if left_out else "",
        _("{count:,} already sent", count=was_sent) if was_sent else "",
        _("{count:,} shortened", count=shortened) if shortened else "",
        taken_out_of([text], secrets),
        *value.notes,
        plural(round(weight(text)), "token"),
    ]
    note_cut(comma(told))
    return Illustrated(tuple(parts), is_whole=True)


def knowing(pieces: Sequence[Piece], others: Sequence[str] = ()) -> tuple[Piece, ...]:
    """The pieces without the secrets that any cell's source names, and without `others`: another one may show them."""
    ran = [piece.cell.ran for piece in pieces if piece.cell]
    known = (*others, *(secret for one in ran for secret in (*secrets_in(one.source), *one.known)))
    return tuple(
        replace(
            piece,
            words=_cleaned(piece.words, known),
            text=_cleaned(piece.text, known),
            answer=_cleaned(piece.answer, known),
            cell=piece.cell and replace(piece.cell, ran=replace(piece.cell.ran, known=known)),
        )
        for piece in pieces
    )


def _cleaned(text: str, known: Sequence[str]) -> str:
    return without_secrets(without_blobs(text), known)[0]


def _chosen(value: Above, tokens: int) -> tuple[list[_Read], int]:
    """The pieces that go along, in their order, and how many do not for want of room: the oldest."""
    most = max(_LEAST, tokens // _SHARE)
    left: float = tokens - _AROUND
    places = [place for place, piece in enumerate(value.pieces) if piece.pinned]
    share = min(most, left / max(1, len(places)))
    pinned: dict[int, _Read | None] = {}
    for place in reversed(places):
        one = _read(value.pieces[place], share, value, least=_LEAST_PINNED)
        fits = one.tokens <= left and None not in pinned.values()
        pinned[place] = one if fits else None
        left -= one.tokens if fits else 0
    chosen: list[_Read] = []
    dropped = sum(one is None for one in pinned.values())
    full = dropped > 0
    for place in reversed(range(len(value.pieces))):
        piece = value.pieces[place]
        if place in pinned:
            chosen += [kept] if (kept := pinned[place]) is not None else []
            continue
        read = None if full else _read(piece, min(most, left), value)
        if read is None or read.tokens > left:
            full = True
            dropped += not any(one.turn == piece.turn for one in value.sent) if piece.turn else 1
            continue
        left -= read.tokens
        chosen.append(read)
    return chosen[::-1], dropped


def _line(one: _Read) -> str:
    """What stands in the place of a piece that does not go along again."""
    facts = {"title": one.piece.title, "words": shorten(one.piece.words, _LONGEST_WORDS)}
    if one.is_turn:
        return for_model("{title}, an earlier turn of this conversation: “{words}”", **facts)
    return for_model("{title}, already sent, unchanged: “{words}”", **facts)


def headed(title: str) -> str:
    """The line above a cell."""
    return for_model("{title}:", title=title)


def _read(piece: Piece, room: float, above: Above, *, least: int = _LEAST) -> _Read:
    if piece.turn and any(one.turn == piece.turn for one in above.sent):
        return _Read(piece, (), _LINE, is_turn=True)
    around = weight(sent(piece.title)) + 8
    parts, is_cut = within(piece, max(least, room - around))
    if any(_stands_in(piece.title, parts, one, sees=above.sees) for one in above.sent):
        return _Read(piece, (), _LINE, was_sent=True)
    tokens = weight("".join(part for part in parts if isinstance(part, str))) + around
    return _Read(piece, parts, tokens, is_cut)


def within(piece: Piece, tokens: float) -> tuple[tuple[str | Image, ...], bool]:
    """The piece in so many tokens, and whether anything but secrets is left out of it."""
    parts: tuple[str | Image, ...]
    with collecting_cuts() as cuts:
        if piece.cell is None:
            exchange = for_model("{question}\n\nThe answer:\n\n{answer}", question=piece.text, answer=piece.answer)
            parts = (ends(exchange if piece.answer else piece.text, tokens),)
        else:
            shown = rendered(piece.cell, round(tokens))
            cuts.append(shown.left_out)
            parts = tuple(shown.parts)
    return parts, any(map(of_other_than_secrets, cuts))


def _stands_in(title: str, parts: Sequence[str | Image], earlier: Sent, *, sees: bool) -> bool:
    """Whether an earlier prompt has just this as one of its pieces, with its pictures if the model sees.

    A beginning of a piece is another one: its output may have been longer then, or there may have been one.
    """
    if sees and not all(part in earlier.images for part in parts if isinstance(part, Image)):
        return False
    texts = [re.escape(part) if isinstance(part, str) else _picture(part, earlier, sees=sees) for part in parts]
    following = "|".join(re.escape(for_model(one)) for one in (*TITLES, _END))
    pattern = f"\n\n{re.escape(headed(title))}\n\n{''.join(texts)}\n\n(?:{following})"
    return re.search(pattern, earlier.prompt) is not None


def _picture(image: Image, earlier: Sent, *, sees: bool) -> str:
    """How a picture stands in an earlier prompt, as a pattern; a model without eyes needs no more than its words."""
    mark = re.escape(image_mark("\0", "\0")).replace("\0", r"[^\]\n]*")
    picture = rf"\s*{mark}\s*"
    if sees:
        return picture
    words = rf"\s*{re.escape(unseen(image))}\s*"
    return f"(?:{words}|{picture})" if image in earlier.images else words


def _laid_out(chosen: Sequence[_Read], left_out: int) -> Iterator[str | Image]:
    yield for_model(_OPENING)
    if left_out:
        yield for_model("\n\n[{what} left out]", what=plural(left_out, "earlier cell"))
    for one in chosen:
        if one.goes:
            yield f"\n\n{headed(one.piece.title)}\n\n"
            yield from one.parts
        else:
            yield f"\n\n{_line(one)}"
    yield f"\n\n{for_model(_END)}"
