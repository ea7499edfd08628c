"""Pictures that are files already: bytes, paths and addresses, and what the head of a file shows."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from ...text import regular_files
from ...text.addresses import is_web_address
from ...text.characters import shortened
from ...text.errors import InvalidRequest
from ...text.languages.messages import N_, _
from ...text.languages.system_words import why
from .image import JPEG, LONGEST_SIDE, MOST_BYTES, PNG, Image, remote
from .pixels import damaged, from_encoded

WHAT_IS: Final = N_(
    "Give a matplotlib or plotly figure, a PIL image, a numpy array, the bytes or the path of a picture, or an "
    "http(s) address."
)

_PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n"
_JPEG_HEAD: Final = b"\xff\xd8\xff"
_OTHER_HEADS: Final = re.compile(rb"GIF8[79]a|RIFF.{4}WEBP|BM|II\*\0|MM\0\*", re.DOTALL)
_LONGEST_HEAD: Final = 16
_LONGEST_SHOWN: Final = 100
"""Characters of a path or an address in a message."""
_MOST_READ: Final = 100_000_000
"""Bytes of a picture's file: photographs have fewer, and a sparse file can claim a terabyte."""
_ORIENTATION: Final = 0x0112
_END: Final = 4_096
"""Bytes at the end of a complete file that contain its end mark; phones may append a film to a photograph."""


def from_text(text: str) -> Image:
    """The picture at an address, in a `data:` address, or at a path."""
    if is_web_address(text):
        return remote(text)
    if re.match("https?:", text, re.IGNORECASE):
        raise InvalidRequest(
            "“{address}” is not a complete address: it needs a host and must not contain spaces.",
            reason="image.address",
            address=shortened(text, _LONGEST_SHOWN),
        )
    if text[:5].lower() == "data:":
        return _from_data_url(text)
    return from_file(Path(text))


def from_file(path: Path) -> Image:
    """The picture in a file on this machine."""
    name = shortened(str(path), _LONGEST_SHOWN)
    try:
        with regular_files.handed_over(path.expanduser()) as file:
            data = regular_files.some(file, _LONGEST_HEAD)
            if _is_picture(data):  # otherwise a huge file would be read for nothing
                data += regular_files.some(file, _MOST_READ)
    except (FileNotFoundError, ValueError):
        raise InvalidRequest(
            "“{name}” is neither a file nor an address.", hint=WHAT_IS, reason="image.no_file", name=name
        ) from None
    except (OSError, RuntimeError) as error:
        reason = why(error)
        raise InvalidRequest(
            "The file “{name}” cannot be read.", hint=WHAT_IS, reason="image.unreadable_file", detail=reason, name=name
        ) from None
    if len(data) > _MOST_READ:
        raise InvalidRequest(
            "The file “{name}” is larger than {most:,} bytes.",
            hint="Make the picture smaller.",
            reason="image.large_file",
            name=name,
            most=_MOST_READ,
        )
    return from_bytes(data, _("The file “{name}”", name=name))


def displayed_bytes(form: Any) -> bytes:
    """The bytes of a picture that a cell displayed: in base64, or as they are. Raises ValueError."""
    return bytes(form) if isinstance(form, (bytes, bytearray)) else base64.b64decode(str(form))


def from_bytes(data: bytes, what: str) -> Image:
    """The picture in a file's bytes, unchanged if the service accepts them. `what` names it in errors."""
    if not _is_picture(data):
        raise InvalidRequest(
            "{what} cannot be sent as an image: it is not PNG, JPEG, GIF, WebP, BMP or TIFF.",
            hint=WHAT_IS,
            reason="image.format",
            what=what,
        )
    try:
        kind, width, height, ready = what_is(data)
    except (ValueError, struct.error):
        raise damaged(what) from None
    if ready and max(width, height) <= LONGEST_SIDE and len(data) <= MOST_BYTES:
        return Image(kind, width, height, hashlib.sha256(data).hexdigest(), encoded=data)
    return from_encoded(data, what, lossy=kind == JPEG)


def what_is(data: bytes) -> tuple[str, int, int, bool]:
    """The type (PNG, JPEG or neither), width and height from a file's head, and whether it can be sent as it is.

    Raises ValueError or struct.error if the head is damaged.
    """
    if data.startswith(_PNG_HEAD):
        return (PNG, *_png_head(data))
    return (JPEG, *_jpeg_head(data)) if data.startswith(_JPEG_HEAD) else ("", 0, 0, False)


def _from_data_url(text: str) -> Image:
    head, _comma, body = text.partition(",")
    data = unquote_to_bytes(body)
    if head.lower().endswith(";base64"):
        try:
            data = base64.b64decode(b"".join(data.split()), validate=True)
        except binascii.Error:
            raise InvalidRequest("The base64 of this data: address is damaged.", reason="image.base64") from None
    return from_bytes(data, _("This data: address"))


def _is_picture(head: bytes) -> bool:
    return head.startswith((_PNG_HEAD, _JPEG_HEAD)) or bool(_OTHER_HEADS.match(head))


def _png_head(data: bytes) -> tuple[int, int, bool]:
    """Width, height, and whether the file can be sent as it is: whether its end mark is there."""
    length, name, width, height = struct.unpack_from(">I4sII", data, len(_PNG_HEAD))
    if (length, name) != (13, b"IHDR") or not (width and height):
        raise ValueError
    return width, height, b"IEND" in data[-_END:]


def _jpeg_head(data: bytes) -> tuple[int, int, bool]:
    """Width, height, and whether the file can be sent as it is: complete and upright.

    Exif may say to rotate it, and the service may not look at Exif.
    """
    place, upright = 2, True
    while True:
        mark, name = struct.unpack_from("BB", data, place)
        if mark != 0xFF:
            raise ValueError
        if name == 0xFF:  # padding
            place += 1
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        if 0xC0 <= name <= 0xCF and name not in (0xC4, 0xC8, 0xCC):  # a frame begins; those three are tables
            height, width = struct.unpack_from(">HH", data, place + 5)
            if not (width and height):
                raise ValueError
            return width, height, upright and b"\xff\xd9" in data[-_END:]
        if name == 0xE1:
            upright = upright and _is_upright(data[place + 4 : place + 2 + length])
        place += 2 + length


def _is_upright(exif: bytes) -> bool:
    order = {b"II": "<", b"MM": ">"}.get(exif[6:8])
    if not exif.startswith(b"Exif\0\0") or order is None:
        return True
    try:
        (directory,) = struct.unpack_from(f"{order}I", exif, 10)
        (count,) = struct.unpack_from(f"{order}H", exif, directory + 6)
        for number in range(count):
            tag, _type, _count, value = struct.unpack_from(f"{order}HHIH", exif, directory + 8 + 12 * number)
            if tag == _ORIENTATION:
                return value not in range(2, 9)
    except struct.error:
        pass
    return True
