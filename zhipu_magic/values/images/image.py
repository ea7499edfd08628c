"""A picture that can be sent: its bytes, in memory or in the journal's folder, or its address."""

from __future__ import annotations

import base64
import hashlib
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ...text.languages.joined import comma
from ...text.languages.messages import _

PNG: Final = "image/png"
JPEG: Final = "image/jpeg"

MOST_BYTES: Final = 5_000_000
LONGEST_SIDE: Final = 6_000
"""In pixels. Both are the service's limits (docs/protocol.md, "Chat request")."""

PARTS: Final = ("image_url", "video_url", "file_url")
"""What may stand at an address, by the name of a message's part: a picture, a video, a document."""
ENDINGS: Final = {PNG: ".png", JPEG: ".jpg"}
_PATCH: Final = 28
_FEWEST_TOKENS: Final = 64
_MOST_TOKENS: Final = 1_600


@dataclass(frozen=True, eq=False)
class Image:
    """A PNG or JPEG within the service's limits, or the address of one, or of a video or a document (see `part`).

    Two are equal if their `sha256` are.

    `sha256` is the hash of the pixels if they were encoded here, so that another encoder's version makes no difference;
    of the bytes if they were left as they were; of the address if there is one.
    """

    type: str
    """`image/png` or `image/jpeg`; empty for one with an address."""
    width: int
    height: int
    """In pixels; 0 where it is not known."""
    sha256: str
    url: str = ""
    """The http(s) address that the service fetches it from."""
    part: str = "image_url"
    """What stands at the address, one of `PARTS`."""
    path: Path | None = field(default=None, repr=False)
    """The file in a journal's folder."""
    read: Callable[[Image, Path], bytes] | None = field(default=None, repr=False)
    """The function that reads that file."""
    encoded: bytes = field(default=b"", repr=False)

    @cached_property
    def data(self) -> bytes:
        """The file's bytes, read when they are first needed; empty for an address.

        Raises JournalError if the journal's folder no longer has the file, or has another one in its place.
        """
        return self.encoded if self.path is None or self.read is None else self.read(self, self.path)

    def to_json(self) -> dict[str, Any]:
        """Its entry in a journal's line; the file itself is stored beside the journal, as `file_name`."""
        if self.url:
            return {"url": self.url} if self.part == PARTS[0] else {"url": self.url, "part": self.part}
        return {"sha256": self.sha256, "type": self.type, "width": self.width, "height": self.height}

    @property
    def file_name(self) -> str:
        """Its name in a journal's folder; empty for an address."""
        return f"{self.sha256}{ENDINGS[self.type]}" if self.type else ""

    def base64(self) -> str:
        return base64.b64encode(self.data).decode()

    def describe(self) -> str:
        """`PNG, 640 × 480, 35 kB`, or the host and path of an address, without its query."""
        if self.url:
            address = urlsplit(self.url)
            return f"{address.hostname}{address.path}"
        return comma([self._format, self._size, self._weight])

    @property
    def tokens(self) -> int:
        """The tokens that it takes, estimated: the service does not publish its rule.

        One token for every 28 × 28 pixels, as such models divide their pictures; at least 64 and at most 1,600, which
        is also the estimate for an unknown size.
        """
        if not (self.width and self.height):
            return _MOST_TOKENS
        patches = math.ceil(self.width / _PATCH) * math.ceil(self.height / _PATCH)
        return min(max(patches, _FEWEST_TOKENS), _MOST_TOKENS)

    @property
    def _format(self) -> str:
        return self.type.removeprefix("image/").upper()

    @property
    def _size(self) -> str:
        return f"{self.width} × {self.height}" if self.width and self.height else ""

    @property
    def _weight(self) -> str:
        try:
            weight = os.lstat(self.path).st_size if self.path else len(self.encoded)
        except OSError:
            return _("missing")
        return f"{weight / 1e6:.1f} MB" if weight >= 1e6 else f"{math.ceil(weight / 1e3)} kB"

    def __eq__(self, other: object) -> bool:
        return self.sha256 == other.sha256 if isinstance(other, Image) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.sha256)


def remote(url: str, part: str = "image_url") -> Image:
    """The picture at an address, which is not fetched; or what else stands there, by its `part`."""
    named = url if part == PARTS[0] else f"{part} {url}"
    return Image("", 0, 0, hashlib.sha256(named.encode("utf-8", "replace")).hexdigest(), url=url, part=part)
