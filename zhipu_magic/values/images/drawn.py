"""Pictures that a service has drawn: what counts as one, and those in a journal's folder.

They are kept and shown as they came, byte for byte: nobody sends them as they are, so that the limits of what is sent
do not apply. A name in the folder is the hash of the bytes. WebP, which not every front end shows, becomes PNG.
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ...text import regular_files
from ...text.errors import InvalidRequest, JournalError, ServiceError
from ...text.languages.messages import _
from ...text.languages.system_words import why
from ...text.open_folder import refused
from .files import what_is
from .image import Image
from .pixels import pil_image
from .stored import from_json

#: Bytes, and the longest side in pixels: services draw pictures of some 2,000.
MOST_DRAWN: Final = 20 * 2**20
_LONGEST_SIDE: Final = 8_192
_FORMATS: Final = ("PNG", "JPEG", "WEBP")


def drawn(data: bytes) -> Image:
    """The picture in the bytes that a service has sent. Raises ServiceError if it is none.

    With Pillow all of it is decoded once. Without Pillow, its beginning and its end are looked at.
    """
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    try:
        kind, width, height, is_whole = what_is(data)
        if not is_webp and not (kind and 0 < max(width, height) <= _LONGEST_SIDE):
            raise ValueError
        decoded = _decoded(data, as_png=is_webp)
    except (ValueError, struct.error):
        raise no_picture() from None
    if is_webp:
        if decoded is None:
            raise no_picture(_("it is WebP, which needs Pillow: pip install pillow"))
        return drawn(decoded)
    if decoded is None and not is_whole:
        raise no_picture()
    return Image(kind, width, height, hashlib.sha256(data).hexdigest(), encoded=data)


def no_picture(why: str = _("it is no PNG, JPEG or WebP, or is damaged")) -> ServiceError:
    """The error of what was drawn and cannot be shown."""
    return ServiceError(
        "What the service has drawn is no picture that can be shown: {why}.",
        hint="The service may bill it.",
        reason="drawing.no_picture",
        why=why,
    )


def _decoded(data: bytes, *, as_png: bool) -> bytes | None:
    """No bytes once a picture has been decoded, or what it is `as_png`; None without Pillow.

    Raises ValueError for a damaged one.
    """
    try:
        library = pil_image(_("The picture"))
    except InvalidRequest:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", library.DecompressionBombWarning)
            with library.open(io.BytesIO(data), formats=_FORMATS) as picture:
                if max(picture.size) > _LONGEST_SIDE:
                    raise ValueError
                picture.load()
                encoded = io.BytesIO()
                if as_png:
                    picture.save(encoded, "PNG")
                return encoded.getvalue()
    except Exception:  # whatever Pillow's decoders raise on damaged data
        raise ValueError from None


def kept(entry: Mapping[str, Any], folder: Path) -> Image:
    """The picture that `Image.to_json` wrote, with its file in `folder`. Raises JournalError for any other entry."""
    found = from_json(entry, folder)
    return Image(found.type, found.width, found.height, found.sha256, path=found.path, read=_read)


def _read(image: Image, path: Path) -> bytes:
    """The bytes of the picture in this file. Raises JournalError where they are not those that were drawn."""
    try:
        data = regular_files.read(path, MOST_DRAWN, ours=1)
        if hashlib.sha256(data).hexdigest() != image.sha256 or what_is(data)[:3] != (
            image.type,
            image.width,
            image.height,
        ):
            raise refused(path.name, "{name} is not the picture that the journal describes")
    except (ValueError, struct.error):
        raise no_file(path, _("it is damaged")) from None
    except OSError as error:
        raise no_file(path, why(error)) from None
    return data


def no_file(path: Path, why: str) -> JournalError:
    """The error of a drawing whose picture is gone."""
    return JournalError(
        "The drawing {picture} cannot be read from the journal's folder {folder}.",
        hint="Put it back there.",
        reason="journal.drawing_unreadable",
        detail=why,
        picture=path.name,
        folder=path.parent.name,
    )
