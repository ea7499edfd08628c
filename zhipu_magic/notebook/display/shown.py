"""An output of a run of Python as an output of the cell. It may come from a journal, and so from anywhere."""

from __future__ import annotations

from ...text.errors import JournalError
from ...text.html_tables import table_of
from ...text.markup import Markup, html_bundle, markdown_bundle
from ...text.sanitize.pages import page_of
from ...values.tools.ran import Shown
from .output import Bundle


def shown_bundle(shown: Shown, *, remote_images: bool = False) -> Bundle:
    """The MIME bundle that shows it; running nothing, and fetching nothing unless `remote_images` are wanted."""
    if shown.image is not None:
        try:
            return {shown.image.type: shown.image.base64(), **_plain(shown.text)}
        except JournalError as error:
            return _plain(f"[{shown.text}: {error.message}]")
    if shown.kind == "table":
        table = table_of(shown.source)
        return html_bundle(table, shown.text) if table is not None else _plain(shown.text)
    if shown.kind == "markdown":
        return markdown_bundle(page_of([shown.source], remote_images=remote_images), shown.text)
    return _plain(shown.text)


def _plain(text: str) -> Bundle:
    plain = markdown_bundle(Markup(), text)
    return {"text/plain": plain["text/plain"]}
