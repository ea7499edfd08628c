"""Pictures in a journal's folder. One is used only if it is the picture that the journal's line describes.

A journal may come from anywhere, and its pictures with it. So a file must be a complete PNG or JPEG of the size in the
line, and its name must be its hash: of its bytes, or of its pixels if they were encoded here. Only the size is checked
where the pixels cannot be: encoding changes those of a JPEG, scaling down those of a large picture, and without Pillow
no pixels can be read.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...text import regular_files
from ...text.addresses import is_web_address
from ...text.errors import JournalError
from ...text.languages.system_words import why
from ...text.open_folder import refused
from .files import what_is
from .image import ENDINGS, LONGEST_SIDE, MOST_BYTES, PARTS, PNG, Image, remote
from .pixels import hash_of_png


def from_json(entry: Mapping[str, Any], folder: Path) -> Image:
    """The image that `Image.to_json` wrote, with its file in `folder`. Raises JournalError for any other entry."""
    url, sha256, kind = (str(entry.get(member) or "") for member in ("url", "sha256", "type"))
    part = entry.get("part", PARTS[0])
    if url and is_web_address(url) and part in PARTS:
        return remote(url, part)
    # A journal may come from anywhere: its file names must not lead out of the folder.
    if url or kind not in ENDINGS or not re.fullmatch("[0-9a-f]{64}", sha256):
        raise JournalError(
            "The journal describes a picture in a form that is not valid.",
            reason="journal.bad_picture",
            detail=repr(dict(entry))[:200],
        )
    width, height = (size if isinstance(size := entry.get(side), int) else 0 for side in ("width", "height"))
    path = folder / f"{sha256}{ENDINGS[kind]}"
    return Image(kind, max(0, width), max(0, height), sha256, path=path, read=_read_or_say)


def _read_or_say(image: Image, path: Path) -> bytes:
    try:
        return read(image, path)
    except OSError as error:
        raise JournalError(
            "The picture {picture} cannot be read from the journal's folder {folder}.",
            hint="Put it back there, or undo the turn that showed it: chat.history.undo().",
            reason="journal.picture_unreadable",
            detail=why(error),
            picture=path.name,
            folder=path.parent.name,
        ) from None


def read(image: Image, path: Path) -> bytes:
    """The bytes of the picture in this file. Raises OSError, even for a different picture."""
    data = regular_files.read(path, MOST_BYTES, ours=1)
    is_ours = image.path is None and data == image.encoded
    if not (is_ours or _is_it(data, image)):
        raise refused(path.name, "{name} is not the picture that the journal describes")
    return data


def is_kept(image: Image, path: Path) -> bool:
    """Whether the file is this picture."""
    with suppress(OSError):
        read(image, path)
        return True
    return False


def _is_it(data: bytes, image: Image) -> bool:
    try:
        kind, width, height, ready = what_is(data)
    except (ValueError, struct.error):
        return False
    if (kind, width, height) != (image.type, image.width, image.height):
        return False
    if hashlib.sha256(data).hexdigest() == image.sha256:
        return True
    as_encoded = kind == PNG and max(width, height) < LONGEST_SIDE
    return ready and (not as_encoded or hash_of_png(data) in (None, image.sha256))
