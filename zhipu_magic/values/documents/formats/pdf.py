"""PDF, page by page."""

from __future__ import annotations

import io
from typing import Any

from ..pages import Pages
from .found import Found, Parts, Unreadable
from .pdf_hidden import Page


def read(data: bytes, pages: Pages) -> Found:
    """The text of these pages. Raises Unreadable, and LookupError for a page that is missing."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    reader = PdfReader(io.BytesIO(data))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("encrypted")
        total = len(reader.pages)
    except (DependencyError, NotImplementedError) as error:
        raise Unreadable("encrypted", str(error)) from None
    found = Parts()
    for number in pages.chosen(total):
        if found.is_full:
            break
        found.add(str(number), _text(reader.pages[number - 1], reader))
    return found.found(total)


def _text(page: Any, reader: Any) -> str:
    """The text of a page that is seen. Where other text was left out, it ends with that."""
    seen = Page(page, reader)
    seen.without_hidden()
    text: str = page.extract_text() or ""
    return (
        f"{text.rstrip()}\n\n[Text of this page that is not seen is left out.]"
        if seen.hidden and text.strip()
        else text
    )
