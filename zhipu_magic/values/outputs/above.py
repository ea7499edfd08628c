"""The cells above the one that asks, as data: what of them goes along is decided by their rendering."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .output import Cell, Whole

if TYPE_CHECKING:
    from ..images.image import Image


@dataclass(frozen=True)
class Piece(Whole):
    """One cell above: code with its outputs (`cell`), or a `text`, which is a Markdown cell or says what stands there.

    `title` says what it is, and `words` are its first. Neither has the cell's number, which may be another one in each
    run of the page. One that is `pinned` is never left out. `is_turn` marks a turn of this conversation, of which only
    the words stand here.
    """

    title: str
    words: str = field(default="", repr=False)
    cell: Cell | None = None
    text: str = field(default="", repr=False)
    pinned: bool = False
    is_turn: bool = False


@dataclass(frozen=True)
class Sent(Whole):
    """The prompt of an earlier turn, and the images that went with it."""

    prompt: str = field(repr=False)
    images: tuple[Image, ...] = ()


@dataclass(frozen=True)
class Above(Whole):
    """The pieces in their order on the page, within so many `tokens` where a reference names no other budget.

    A piece that stands in one of the prompts already `sent` in this conversation is not sent again. `notes` say what
    else the user should know: where the order comes from, what was hidden.
    """

    pieces: tuple[Piece, ...]
    tokens: int
    sent: tuple[Sent, ...] = ()
    notes: tuple[str, ...] = ()
