"""What a file is, by its first bytes: its name may say anything."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final, NamedTuple

from ...text.languages.messages import N_

#: Bytes at the beginning of a file that tell whether it may be a document.
LONGEST_HEAD: Final = 1_024


class Kind(NamedTuple):
    """A kind of document: the `ending` that its files have, its `name`, and what its parts are called (`unit`).

    `module` reads it on this machine, and comes with the `package`; both are empty where nothing does.
    """

    ending: str
    name: str
    unit: str = ""
    module: str = ""
    package: str = ""


PDF: Final = Kind("pdf", "PDF", "page", module="pypdf", package="pypdf")
WORD: Final = Kind("docx", "Word", module="docx", package="python-docx")
EXCEL: Final = Kind("xlsx", "Excel", "sheet", module="openpyxl", package="openpyxl")
POWERPOINT: Final = Kind("pptx", "PowerPoint", "slide", module="pptx", package="python-pptx")
HTML: Final = Kind("html", "HTML", module="markdownify", package="markdownify")
WEB: Final = Kind("", N_("web page"))
"""What is at an address; the service reads it."""
KINDS: Final = {kind.ending: kind for kind in (PDF, WORD, EXCEL, POWERPOINT, HTML, WEB)} | {
    # Microsoft's formats until 2007, which only the service reads.
    ending: Kind(ending, name)
    for ending, name in (("doc", N_("old Word")), ("xls", N_("old Excel")), ("ppt", N_("old PowerPoint")))
}

_OFFICE: Final = {"word/": WORD, "xl/": EXCEL, "ppt/": POWERPOINT}
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML: Final = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE | re.DOTALL)
_MARK: Final = b"\xef\xbb\xbf"


def may_be_document(head: bytes, name: str) -> bool:
    """Whether a file that begins with `head` may be a document, so that it is worth to be read as a whole."""
    return (
        b"%PDF-" in head
        or head.startswith((b"PK\3\4", _OLD_OFFICE))
        or _HTML.match(head.removeprefix(_MARK)) is not None
        or (PurePath(name).suffix.lower() in (".html", ".htm") and b"\0" not in head)
    )


def kind_of(data: bytes, name: str) -> Kind | None:
    """What kind of document this is; None for none."""
    head = data[:LONGEST_HEAD]
    if b"%PDF-" in head:
        return PDF
    if head.startswith(b"PK\3\4"):
        return _office_of(data)
    if head.startswith(_OLD_OFFICE):
        return KINDS.get(PurePath(name).suffix.lower().removeprefix("."))
    return HTML if may_be_document(head, name) else None


def _office_of(data: bytes) -> Kind | None:
    """The kind of an office document, by the names in the archive that it is."""
    import io
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeError):
        return None
    if "[Content_Types].xml" not in names:
        return None
    return next((kind for folder, kind in _OFFICE.items() if any(name.startswith(folder) for name in names)), None)
