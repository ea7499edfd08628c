"""HTML: what a page shows, as Markdown."""

from __future__ import annotations

from typing import Final

from ..pages import Pages
from .found import Found, Parts, Unreadable
from .html_hidden import take_out_hidden

#: What a page does not show, or what is no part of its text.
_UNSEEN: Final = (
    *("script", "style", "noscript", "template", "svg", "iframe", "object", "form", "button", "select", "datalist"),
    *("audio", "video", "canvas", "embed", "applet"),
)


def read(data: bytes, pages: Pages) -> Found:
    """The text of a page, without what it hides."""
    if pages.parts:
        raise Unreadable("no_pages")
    from bs4 import BeautifulSoup, Comment
    from markdownify import MarkdownConverter

    page = BeautifulSoup(data, "html.parser")
    for comment in page.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    take_out_hidden(page)
    for element in page.find_all(_UNSEEN):
        element.extract()
    for image in page.find_all("img"):
        image.replace_with(f"[picture: {alt}]" if (alt := str(image.get("alt") or "").strip()) else "")
    title = " ".join(page.title.get_text().split()) if page.title else ""
    body = MarkdownConverter(heading_style="ATX", bullets="-").convert_soup(page.body or page)
    found = Parts()
    found.add("", f"# {title}\n\n{body}" if title and not page.find("h1") else body)
    return found.found()
