"""The cells above the one that asks, as data: what of them goes along is decided by their rendering."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ...text.languages.messages import _
from .output import Cell, Whole

if TYPE_CHECKING:
    from ..images.image import Image


CODE: Final = _("Code cell")
MARKDOWN: Final = _("Markdown cell")
QUESTION: Final = _("Question")
ASKED_APART: Final = _("Question, asked apart from this conversation")
TITLES: Final = (CODE, MARKDOWN, QUESTION)
"""What each piece begins with, and so what comes behind another one."""


@dataclass(frozen=True)
class Piece(Whole):
    """One cell above: code with its outputs (`cell`), or a `text`, which is a Markdown cell or says what stands there.
    That of a question has its `answer`.

    `title` says what it is, and `words` are its first. Neither has the cell's number, which may be another one in each
    run of the page. One that is `pinned` is left out last. Of a `turn` of the conversation, by its id, only the words
    stand here where the request holds it.
    """

    title: str
    words: str = field(default="", repr=False)
    cell: Cell | None = None
    text: str = field(default="", repr=False)
    answer: str = field(default="", repr=False)
    pinned: bool = False
    turn: str = ""


@dataclass(frozen=True)
class Sent(Whole):
    """The prompt of an earlier `turn`, which is its id, and the images that went with it."""

    prompt: str = field(repr=False)
    images: tuple[Image, ...] = ()
    turn: str = ""


@dataclass(frozen=True)
class Above(Whole):
    """The pieces in their order on the page, within so many `tokens` where a reference names no other budget.

    A piece that stands in one of the prompts already `sent` in this conversation, and in the request, is not sent
    again; a model that does not see (`sees`) can be given no picture of it. `notes` say what else the user should know:
    where the order comes from, what was hidden. Secrets that cells name which do not go along are `known`.
    """

    pieces: tuple[Piece, ...]
    tokens: int
    sent: tuple[Sent, ...] = ()
    notes: tuple[str, ...] = ()
    known: tuple[str, ...] = field(default=(), repr=False)
    sees: bool = True

    def after(self, turns: Collection[str]) -> Above:
        """The same for a request that holds none but these turns, by their ids."""
        return replace(self, sent=tuple(one for one in self.sent if one.turn in turns))
