"""The images of a request, by docs/protocol.md, "Chat request": an http(s) address, or a JPEG or PNG as base64."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_MOST_BYTES = 5_000_000
_LONGEST_SIDE = 6_000
_DATA_URL = re.compile(r"data:[\w/.+-]*;base64,")


@dataclass(frozen=True)
class Picture:
    """An image that came with the request itself. Its size is in pixels."""

    form: str
    width: int
    height: int
    bytes: int

    @property
    def within_limits(self) -> bool:
        return self.bytes <= _MOST_BYTES and 0 < max(self.width, self.height) <= _LONGEST_SIDE


def is_acceptable(address: Any) -> bool:
    """Whether the service would accept the contents of an `image_url` part."""
    if not isinstance(address, str):
        return False
    picture = received(address)
    return is_remote(address) if picture is None else picture.within_limits


def described(address: str, template: str) -> str:
    """An image in a few words: its host, or the template with what is known of it."""
    picture = received(address)
    if picture is None:
        return f"`{urlsplit(address).hostname}`"
    return template.format(form=picture.form, width=picture.width, height=picture.height, bytes=picture.bytes)


def received(text: str) -> Picture | None:
    """The image in a base64 text, with or without the head of a `data:` address; None if it is not one."""
    try:
        data = base64.b64decode(_DATA_URL.sub("", text, count=1), validate=True)
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            width, height = struct.unpack_from(">II", data, 16)
            return Picture("PNG", width, height, len(data))
        if data.startswith(b"\xff\xd8\xff"):
            width, height = _size_of_jpeg(data)
            return Picture("JPEG", width, height, len(data))
    except (binascii.Error, struct.error, ValueError):
        pass
    return None


def is_remote(address: Any) -> bool:
    """Whether this is the address of something elsewhere."""
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _size_of_jpeg(data: bytes) -> tuple[int, int]:
    """Width and height from the header of the first frame; the segments before it are skipped by their lengths."""
    place = 2
    while True:
        marker, length = struct.unpack_from(">HH", data, place)
        if marker in range(0xFFC0, 0xFFD0) and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        place += 2 + length
