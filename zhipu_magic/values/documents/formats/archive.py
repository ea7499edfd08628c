"""The check on office documents, which are ZIP archives of XML: their size, and what no such document has."""

from __future__ import annotations

import io
import zipfile
from typing import Any, Final
from xml.parsers import expat

from .found import Unreadable

#: Files in an archive, and bytes of all of them once they are unpacked.
_MOST_FILES: Final = 10_000
_MOST_BYTES: Final = 400_000_000
#: How a document begins that a password protects: the archive is within another container.
_PROTECTED: Final = b"\xd0\xcf\x11\xe0"
_PIECE: Final = 1 << 16


class _Begun(Exception):
    """The document's first element has come: no document type can follow."""


def check(data: bytes) -> None:
    """Raise Unreadable for an archive that would become too large, or whose XML defines entities.

    What its directory says of sizes holds: no more than that is ever unpacked of a file.
    """
    if data.startswith(_PROTECTED):
        raise Unreadable("encrypted")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = archive.infolist()
            if len(files) > _MOST_FILES or sum(file.file_size for file in files) > _MOST_BYTES:
                raise Unreadable("too_large")
            if any(file.flag_bits & 1 for file in files):
                raise Unreadable("encrypted")
            for file in files:
                if file.filename.lower().endswith((".xml", ".rels", ".vml")):
                    with archive.open(file) as opened:
                        _check_xml(opened)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise Unreadable("damaged", str(error)) from None


def _check_xml(file: Any) -> None:
    """Raise Unreadable for a document type, which the format forbids: entities could grow without end."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = _begun
    try:
        while piece := file.read(_PIECE):
            parser.Parse(piece)
    except _Begun:
        pass
    except expat.ExpatError as error:
        raise Unreadable("damaged", str(error)) from None


def _refuse(*_: Any) -> None:
    raise Unreadable("entities")


def _begun(*_: Any) -> None:
    raise _Begun
