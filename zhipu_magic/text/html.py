"""Pieces of a page that show a text from outside exactly as written."""

from __future__ import annotations

from collections.abc import Iterable

from .addresses import link_target
from .markdown import LINE_END, backticks, fenced
from .markup import Markup, escape, inert, typeset

_AS_CODE = "white-space:pre-wrap;font-family:var(--jp-code-font-family, monospace);font-size:13px"


def code(text: str) -> Markup:
    """A text on one line, as code within a sentence."""
    mark = backticks(text, 1)
    plain = f"{mark} {text} {mark}" if len(mark) > 1 else f"{mark}{text}{mark}"
    return Markup.vouched(f"<code>{escape(text)}</code>", plain, text, f"{mark} {' '.join(text.splitlines())} {mark}")


def block(text: str, language: str = "text") -> Markup:
    """A text as it was written, in a block of its own and in a monospaced font."""
    inside = inert(text).replace("\n", "&#10;")
    plain = fenced(text, language)
    return Markup.vouched(f'<pre style="{_AS_CODE}">{inside}</pre>', plain, set_from=plain)


def fence(text: str, language: str = "text") -> Markup:
    """A text as it was written, in a fence, where front ends highlight its language; made harmless as a reply is."""
    from .sanitize.pages import page_of

    plain = fenced(text, language)
    return Markup.vouched(page_of([plain]).rich, plain, set_from=plain)


def quotation(text: str) -> Markup:
    """A text as it was written, as a quotation, with its lines and indents."""
    plain = fenced(text)
    quoted = "\n".join(f"> {line}" for line in LINE_END.split(plain))
    return Markup.vouched(f"<blockquote>{escape(text)}</blockquote>", plain, set_from=quoted)


def folded(line: object, texts: Iterable[str]) -> Markup:
    """Texts as they were written, folded under one line."""
    blocks = Markup().join(block(text) for text in texts if text)
    return Markup("<details><summary>{line}</summary>{blocks}</details>", line=line, blocks=blocks)


def inline_link(text: str, address: str) -> Markup | None:
    """The text as a link that can stand among other words, whatever a front end takes these for; None if it is none.

    An address between < and > would be a tag where HTML is read as it is.
    """
    target = link_target(address)
    return None if target is None else Markup.vouched(f"[{escape(text)}]({target})", text)


def link(text: str, address: str) -> Markup:
    """The text as a link to a web address; the text alone if the address is not one."""
    target = link_target(address)
    if target is None:
        return Markup.of(text)
    plain = text if text == address else f"{text} <{address}>"
    return Markup.vouched(f"[{escape(text)}](<{target}>)", plain, set_from=f"[{typeset(text)}](<{target}>)")
