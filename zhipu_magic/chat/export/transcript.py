"""A thread as Markdown to share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from ...history.conversation import Thread
from ...history.link import Link
from ...history.markdown import answer, call_and_result, citations, code_in, sources
from ...history.rounds import calls_by_round
from ...text.html import link as link_to
from ...text.languages.messages import N_, Message, _, told
from ...text.markdown import fenced
from ...text.markup import Markup
from ...text.sanitize.pages import Cited, page_of
from ...values.images.from_value import Image

#: A line that Markdown shows as it is: no letter of it is a mark, it begins like no list, and has no gap to close up.
_PROSE = re.compile(r"(?![-+=:]|\d+[.)])(?!.*  )[^\s\\`*_~\[\]<>#&|$^](?:[^\\`*_~\[\]<>#&|$^]*[^\s\\`*_~\[\]<>#&|$^])?")


def transcript(thread: Thread) -> str:
    """The turns that stand: the user's words as they were written, the replies as the Markdown that they are.

    A file is a source to work on, in tools that know nothing of HTML in it: what fits a page to front ends stays out.
    """
    return page_of(_pieces(thread), as_written=True).rich + "\n"


def _pieces(thread: Thread) -> Iterator[Markup | Cited | str]:
    links = [link for link in thread.links if not link.aside]
    models = Markup(" and ").join(dict.fromkeys(link.turn.model for link in links))
    yield Markup("# Conversation with {models}", models=models)
    if thread.system:
        yield Markup("**System**")
        yield _as_written(thread.system)
    for link in links:
        yield Markup("---")
        yield from _turn(link)


def _turn(link: Link) -> Iterator[Markup | Cited | str]:
    turn = link.turn
    yield Markup("**You**")
    yield from (_image(number, image) for number, image in enumerate(turn.images, 1))
    yield _as_written(turn.prompt)
    yield Markup(" · ").join([Markup("**{model}**", model=turn.model), *marks(link)])
    links = citations(turn.sources)
    for words, calls in calls_by_round(turn.tool_messages):
        yield Cited(words.strip("\n"), links)
        for is_code, group in groupby(calls, lambda call: code_in(call.name, call.arguments) is not None):
            if not is_code:
                yield fenced("\n".join(map(call_and_result, group)))
                continue
            for call in group:
                yield fenced(code_in(call.name, call.arguments) or "", "python")
                yield fenced(call.text)
    yield Cited(answer(turn).strip("\n"), links)
    yield sources(turn.sources)


#: What goes to a model by its address is called.
_NAMES = {"image_url": N_("image {number}"), "video_url": N_("video {number}"), "file_url": N_("file {number}")}


def _image(number: int, image: Image) -> Markup:
    """The image itself, or a link to where it is on the web: to look at a transcript fetches nothing."""
    if image.url:
        return link_to(told(Message(_NAMES[image.part], number=number)), image.url)
    name = told(_("image {number}", number=number))
    return Markup.vouched(f"![{name}](data:{image.type};base64,{image.base64()})", name)


def marks(link: Link) -> Iterator[str]:
    """What has to be said of a reply that is not whole, or no longer stands on what is above it."""
    if link.turn.interrupted:
        yield _("interrupted")
    if link.turn.finish_reason == "length":
        yield _("cut off")
    if link.stale:
        yield _("stale: the turns before it have changed since")


def _as_written(text: str) -> str:
    """The text as it was written: as a quotation if Markdown shows it unchanged, else in a fence."""
    lines = text.strip("\n").split("\n")
    if not all(line.isprintable() and (not line or _PROSE.fullmatch(line)) for line in lines):
        return fenced(text)
    # Two spaces keep the end of a line that another one follows.
    ends = ["  " if line and following else "" for line, following in zip(lines, [*lines[1:], ""], strict=True)]
    return "\n".join(f"> {line}{end}" if line else ">" for line, end in zip(lines, ends, strict=True))
