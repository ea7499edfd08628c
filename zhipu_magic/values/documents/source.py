"""A document that the user has named: a file, its bytes, or an address."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from ...text import regular_files
from ...text.characters import printable, shortened
from ...text.errors import NOTHING_SENT, InvalidRequest
from .kinds import LONGEST_HEAD, WEB, Kind, kind_of, may_be_document
from .pages import ALL, Pages

#: Bytes of the largest document.
MOST_BYTES: Final = 100_000_000
#: Characters of a document's name, and of how the user has written it.
_LONGEST_NAME: Final = 120
LONGEST_WRITTEN: Final = 2_000


@dataclass(frozen=True)
class Source:
    """A document as it was `written` in a cell, with its bytes or its address."""

    written: str
    name: str
    kind: Kind
    pages: Pages = ALL
    data: bytes = b""
    url: str = ""

    @cached_property
    def sha256(self) -> str:
        """The hash of its bytes; of an address, of the address."""
        return hashlib.sha256(self.url.encode() if self.url else self.data).hexdigest()


def source_of(value: Any, written: str, pages: Pages = ALL) -> Source | None:
    """The document that a value is: that of a path, or of bytes; None for any other value, and for other files.

    Raises InvalidRequest for a document that is too large, and FileNotFoundError for a file that is missing.
    """
    if isinstance(value, Path):
        return _source_at(value, written, pages)
    if isinstance(value, (bytes, bytearray)):
        return _made(bytes(value), written, written, pages)
    return None


def _source_at(path: Path, written: str, pages: Pages) -> Source | None:
    try:
        with regular_files.handed_over(path.expanduser()) as file:
            data = regular_files.some(file, LONGEST_HEAD)
            if not may_be_document(data, path.name):
                return None
            data += regular_files.some(file, MOST_BYTES)
    except FileNotFoundError:
        raise
    except (OSError, RuntimeError, ValueError):  # the renderer of paths says what is wrong
        return None
    return _made(data, path.name, written, pages)


#: How the names of documents end: one without a document in it is no text file either.
_ENDINGS: Final = (".pdf", ".docx", ".xlsx", ".pptx", ".doc", ".xls", ".ppt", ".odt", ".ods", ".odp", ".epub")


def check_content(path: Path, data: bytes) -> None:
    """Raise InvalidRequest for a file with the name of a document that holds none, and no text that could be sent."""
    if path.suffix.lower() not in _ENDINGS:
        return
    if not data:
        raise InvalidRequest(
            "{name} is empty.",
            hint="Look whether it was saved, or downloaded, to its end.",
            reason="document.empty",
            outcomes=[NOTHING_SENT],
            name=shown_name(path.name),
        )
    if b"\0" in data or data.startswith(b"PK"):
        raise InvalidRequest(
            "{name} is of a kind that is not read.",
            hint="Save it as PDF, .docx, .xlsx or .pptx.",
            reason="document.unknown_kind",
            outcomes=[NOTHING_SENT],
            name=shown_name(path.name),
        )


def _made(data: bytes, name: str, written: str, pages: Pages) -> Source | None:
    if len(data) > MOST_BYTES:
        raise InvalidRequest(
            "{name} is larger than {megabytes} MB.",
            hint="Take out of it what the model is to read.",
            reason="document.too_large",
            outcomes=[NOTHING_SENT],
            name=shown_name(name),
            megabytes=MOST_BYTES // 1_000_000,
        )
    kind = kind_of(data, name)
    if kind is None:
        return None
    return Source(written=shortened(written, LONGEST_WRITTEN), name=shown_name(name), kind=kind, pages=pages, data=data)


def source_at_address(url: str, pages: Pages = ALL) -> Source:
    """The page or document at an address, which has been checked (see `text.public_addresses`)."""
    return Source(written=url, name=shown_name(url, 300), kind=WEB, pages=pages, url=url)


def shown_name(name: str, most: int = _LONGEST_NAME) -> str:
    """The name as it stands in a prompt and in notes: one line, without what could be taken for its end."""
    return shortened(re.sub(r"[\s`<>\[\]]+", " ", printable(name)).strip() or "document", most)
