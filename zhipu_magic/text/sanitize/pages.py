"""The page of a reply: the model's Markdown and what we put around it, made harmless as one text.

Rounds, answer and sources are on one page, and mathematics or a fence that one of them opens continues into the next,
so they cannot be made harmless one by one. Marks stand in for our own pieces, which are put in afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..markdown import closed, outside_code
from ..markup import Markup
from .markdown import harmless

#: Around a piece's number. Neither is a character: Unicode reserves them for use within a program.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_OURS = re.compile(f"[{_OPEN}{_CLOSE}]")
#: A reference that is not part of a link, an image or an address.
_CITATION = re.compile(r"(?<![\\!\[(</=])\[(ref_[0-9]{1,4})\](?![(:])")


class Cited(NamedTuple):
    """The model's Markdown, and what stands for `[ref_1]` and the like in it, outside code."""

    words: str
    links: Mapping[str, Markup]


def page_of(pieces: Iterable[Markup | Cited | str], *, remote_images: bool = False) -> Markup:
    """The pieces one below the other: a `str` is the model's Markdown, a `Markup` is ours, and both may be empty.

    `remote_images` shows the images in the Markdown. Called again with a longer last piece, it continues where it was.
    """
    ours: list[Markup] = []
    texts: list[str] = []
    for piece in pieces:
        if not (piece.words if isinstance(piece, Cited) else piece):
            continue
        if texts:
            texts[-1] = closed(texts[-1])  # an open fence would take in the next piece
        if isinstance(piece, Markup):
            texts.append(f"{_OPEN}{len(ours)}{_CLOSE}")
            ours.append(piece)
        else:
            words, links = piece if isinstance(piece, Cited) else (piece, {})
            texts.append(_linked(_OURS.sub("\N{REPLACEMENT CHARACTER}", words), links, ours))
    shown = harmless("\n\n".join(texts), remote_images=remote_images)
    rich = _MARK.sub(lambda mark: ours[int(mark[1])].rich, shown)
    return Markup.vouched(rich, _MARK.sub(lambda mark: ours[int(mark[1])].plain, "\n\n".join(texts)))


def _linked(text: str, links: Mapping[str, Markup], ours: list[Markup]) -> str:
    """The text with marks in place of its references, which are added to `ours`."""
    if not links:
        return text
    parts, at = [], 0
    for found in outside_code(text, _CITATION):
        if found[1] in links:
            parts += [text[at : found.start()], f"{_OPEN}{len(ours)}{_CLOSE}"]
            ours.append(links[found[1]])
            at = found.end()
    return "".join([*parts, text[at:]])
