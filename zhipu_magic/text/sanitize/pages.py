"""The page of a reply: the model's Markdown and what we put around it, made harmless as one text.

Rounds, answer and sources are on one page, and mathematics or a fence that one of them opens continues into the next,
so they cannot be made harmless one by one. Marks stand in for our own pieces, which are put in afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..markdown import closed
from ..markup import Markup
from .markdown import harmless

#: Around a piece's number. Neither is a character: Unicode reserves them for use within a program.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_OURS = re.compile(f"[{_OPEN}{_CLOSE}]")


def page_of(pieces: Iterable[Markup | str], *, remote_images: bool = False) -> Markup:
    """The pieces one below the other: a `str` is the model's Markdown, a `Markup` is ours, and both may be empty.

    `remote_images` shows the images in the Markdown. Called again with a longer last piece, it continues where it was.
    """
    ours: list[Markup] = []
    texts: list[str] = []
    for piece in pieces:
        if not piece:
            continue
        if texts:
            texts[-1] = closed(texts[-1])  # an open fence would take in the next piece
        if isinstance(piece, Markup):
            texts.append(f"{_OPEN}{len(ours)}{_CLOSE}")
            ours.append(piece)
        else:
            texts.append(_OURS.sub("\N{REPLACEMENT CHARACTER}", piece))
    shown = harmless("\n\n".join(texts), remote_images=remote_images)
    rich = _MARK.sub(lambda mark: ours[int(mark[1])].rich, shown)
    return Markup.vouched(rich, _MARK.sub(lambda mark: ours[int(mark[1])].plain, "\n\n".join(texts)))
