"""The page of a reply: the model's Markdown and what we put around it, made harmless as one text.

Rounds, answer and sources are on one page, and mathematics or a fence that one of them opens continues into the next,
so they cannot be made harmless one by one. Marks stand in for our own pieces, which are put in afterwards, as they do
for the HTML with which the model's Markdown is fitted to all front ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..fitting.marks import BACKSLASH, in_html
from ..fitting.reply import fitted
from ..markdown import closed, outside_code
from ..markup import Markup
from .dangers import CONTROL
from .hidden import unhidden
from .markdown import harmless

#: Around a piece's number. Neither is a character: Unicode reserves them for use within a program.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_OURS = re.compile("[\ufdd0-\ufdef]")  # and those of `fitting.marks`
_CONTROLS = re.compile(f"[{CONTROL}]")
_ENVIRONMENT = re.compile(r"\\begin(\{[A-Za-z]+\*?\})")
#: A reference that is not part of a link, an image or an address.
_CITATION = re.compile(r"(?<![\\!\[(</=])\[(ref_[0-9]{1,4})\](?![(:])")


class Cited(NamedTuple):
    """The model's Markdown, and what stands for `[ref_1]` and the like in it, outside code."""

    words: str
    links: Mapping[str, Markup]


def page_of(
    pieces: Iterable[Markup | Cited | str],
    *,
    remote_images: bool = False,
    as_written: bool = False,
    growing: bool = False,
) -> Markup:
    """A page of pieces one below the other: a `str` is the model's Markdown, a `Markup` is ours. Both may be empty.

    The model's Markdown is fitted to all front ends, unless it is to stay `as_written`; the `plain` form has it as it
    is. `remote_images` shows the images in it. A `growing` page whose last piece is longer continues where an earlier
    one was.
    """
    ours: list[Markup] = []
    rich: list[str] = []
    plain: list[str] = []
    for piece in pieces:
        if not (piece.words if isinstance(piece, Cited) else piece):
            continue
        if rich:
            # An open fence would take in the next piece, and so would an environment.
            rich[-1], plain[-1] = _without_open_environment(closed(rich[-1])), closed(plain[-1])
        if isinstance(piece, Markup):
            rich.append(f"{_OPEN}{len(ours)}{_CLOSE}")
            plain.append(piece.plain)
            ours.append(piece)
        else:
            words, links = piece if isinstance(piece, Cited) else (piece, {})
            words = _OURS.sub("\N{REPLACEMENT CHARACTER}", words)
            # A control character becomes a space, after which a fence may stand where none did: so it does so first.
            seen = unhidden(_CONTROLS.sub(" ", words), growing=growing)
            rich.append(_linked(seen if as_written else fitted(seen, growing=growing), links, ours))
            plain.append(words)
    shown = in_html(harmless("\n\n".join(rich), remote_images=remote_images, growing=growing))
    return Markup.vouched(_MARK.sub(lambda mark: ours[int(mark[1])].rich, shown), "\n\n".join(plain))


def _without_open_environment(text: str) -> str:
    """The text with an environment that does not end in it as words: VS Code reads on to the end of the page."""
    if "\\begin{" not in text:
        return text
    parts, at = [], 0
    for found in outside_code(text, _ENVIRONMENT):
        if f"\\end{found[1]}" not in text[found.end() :]:
            parts += [text[at : found.start()], f"{BACKSLASH}begin{found[1]}"]
            at = found.end()
    return "".join([*parts, text[at:]])


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
