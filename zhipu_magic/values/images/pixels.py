"""Makes pictures that can be sent, with Pillow: decodes, converts colours, scales down and encodes."""

from __future__ import annotations

import hashlib
import io
import math
import sys
import warnings
from typing import Any, Final

from ...text.errors import InvalidRequest
from ...text.languages.messages import _
from .image import JPEG, LONGEST_SIDE, MOST_BYTES, PNG, Image

_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
"""No others are tried: for some, such as EPS, Pillow starts another program."""

_JPEG_QUALITY: Final = 90


def damaged(what: str) -> InvalidRequest:
    """The error of a damaged picture; `what` names it."""
    return InvalidRequest(
        "{what} cannot be sent as an image: it is damaged or incomplete.", reason="image.damaged", what=what
    )


def from_pil(picture: Any) -> Image:
    """A PIL image of any mode; of an animation, its current frame."""
    lossy = getattr(picture, "format", None) in ("JPEG", "MPO")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata, which is dropped
        return _sent(_in_plain_colours(picture, _("This PIL image")), lossy=lossy)


def from_encoded(data: bytes, what: str, *, lossy: bool) -> Image:
    """A picture's bytes, decoded and encoded again: as JPEG if they already were (`lossy`)."""
    pillow = pil_image(what)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", pillow.DecompressionBombWarning)
            with pillow.open(io.BytesIO(data), formats=_FORMATS) as picture:
                return _sent(_in_plain_colours(picture, what), lossy=lossy)
    except (pillow.DecompressionBombWarning, pillow.DecompressionBombError):
        most = (pillow.MAX_IMAGE_PIXELS or 0) / 1e6
        raise InvalidRequest(
            "{what} has more than {most:.0f} million pixels and is not unpacked.",
            hint="If you trust it, make it smaller with PIL, whose own limit this is (PIL.Image.MAX_IMAGE_PIXELS).",
            reason="image.too_many_pixels",
            what=what,
            most=most,
        ) from None
    except InvalidRequest:
        raise
    except Exception as error:  # whatever Pillow's decoders raise on damaged data
        raise damaged(what) from error


def hash_of_png(data: bytes) -> str | None:
    """The hash of a PNG's pixels, as `Image.sha256` has it for one that was encoded here; empty if it is damaged.

    None without Pillow.
    """
    try:
        pillow = pil_image(_("A PNG"))
    except InvalidRequest:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pillow.open(io.BytesIO(data), formats=("PNG",)) as picture:
                return _hash_of(picture)
    except Exception:  # whatever Pillow's decoders raise on damaged data
        return ""


def from_array(array: Any) -> Image:
    """A numpy array, height × width, with no channels or with 1, 3 or 4 channels last.

    8-bit numbers are used as they are, and so are other integers from 0 to 255 if there are channels. Floats from 0 to
    1 are fractions of the brightest value. Anything else is stretched from its minimum to its maximum. NaN is black.
    """
    shape = array.shape
    numbers, whole = array.dtype.kind in "buif", 0 not in shape
    if not (numbers and whole and (len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4)))):
        size = " × ".join(map(str, shape)) or "()"
        turned = numbers and len(shape) == 3 and shape[0] in (1, 3, 4)
        raise InvalidRequest(
            "A numpy array of shape {shape} and dtype {dtype} cannot be sent as an image.",
            hint="The channels must come last: try .transpose(1, 2, 0)."
            if turned
            else "It must hold numbers, as height × width, or height × width × 1, 3 or 4 channels.",
            reason="image.channels_first" if turned else "image.array",
            shape=size,
            dtype=str(array.dtype),
        )
    plain = _eight_bits(array[..., 0] if shape[2:] == (1,) else array)
    picture = pil_image(_("A numpy array")).fromarray(plain)
    return _sent(_in_plain_colours(picture, _("A numpy array")), lossy=False)


def pil_image(what: str) -> Any:
    """The module PIL.Image. Raises InvalidRequest without Pillow: `what` cannot be sent then."""
    try:
        import PIL.Image
    except ImportError:
        raise InvalidRequest(
            "{what} cannot be sent as an image without Pillow.",
            hint="pip install pillow",
            reason="image.no_pillow",
            what=what,
        ) from None
    return PIL.Image


def _eight_bits(array: Any) -> Any:
    numpy = sys.modules["numpy"]
    if array.dtype == numpy.uint8:
        return numpy.ascontiguousarray(array)
    with numpy.errstate(all="ignore"):
        values = array.astype(numpy.float64)
        finite = numpy.isfinite(values)
        least, greatest = (values[finite].min(), values[finite].max()) if finite.any() else (0.0, 0.0)
        if array.dtype.kind in "bf" and least >= 0 and greatest <= 1:
            least, greatest = 0.0, 1.0
        elif array.dtype.kind in "ui" and array.ndim == 3 and least >= 0 and greatest <= 255:
            least, greatest = 0.0, 255.0
        # Halved, because the difference of two floats can exceed the largest float.
        span = (greatest / 2 - least / 2) or 1.0
        stretched = (numpy.where(finite, values, least) / 2 - least / 2) / span * 255
        return stretched.round().astype(numpy.uint8)


def _in_plain_colours(picture: Any, what: str) -> Any:
    """An upright copy of mode L, RGB or, if something is transparent, RGBA."""
    from PIL import ImageOps

    try:
        upright: Any = ImageOps.exif_transpose(picture)
        mode = upright.mode
        if mode.startswith(("I", "F")):
            return _stretched(upright)
        if mode in ("La", "RGBa"):
            upright = upright.convert(mode.upper())
        if mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in upright.info:
            plain = upright.convert("RGBA")
            opaque = plain.getextrema()[3] == (255, 255)
            return plain.convert("RGB") if opaque else plain
        return upright.convert("L" if mode in ("1", "L") else "RGB")
    except Exception as error:  # whatever Pillow's decoders raise on damaged data, and what it cannot convert
        raise InvalidRequest(
            "{what} cannot be read.",
            reason="image.unreadable",
            detail=_NOT_FINITE if error.args == (_NOT_FINITE,) else str(error),
            what=what,
        ) from error


_NOT_FINITE: Final = _("It holds numbers that are not finite.")


def _stretched(picture: Any) -> Any:
    """Pixels of more than eight bits in grey, stretched from minimum to maximum."""
    numbers = picture if picture.mode == "F" else picture.convert("I").convert("F")
    least, greatest = numbers.getextrema()
    scale = 255 / ((greatest - least) or 1)
    if not math.isfinite(scale * least):
        raise ValueError(_NOT_FINITE)
    # Converting to L truncates.
    return numbers.point(lambda number: number * scale + (0.5 - least * scale)).convert("L")


def _sent(picture: Any, *, lossy: bool) -> Image:
    """The picture encoded within the service's limits."""
    pixels = _hash_of(picture)
    picture.info = {}  # otherwise the encoders would write some of it
    picture = _scaled(picture, LONGEST_SIDE / max(picture.size))
    kind, data = (JPEG, _as_jpeg(picture)) if lossy else (PNG, _as_png(picture))
    while len(data) > MOST_BYTES:
        if kind == JPEG:
            picture = _scaled(picture, min(0.9, math.sqrt(MOST_BYTES / len(data))))
        kind, data = JPEG, _as_jpeg(picture)
    return Image(kind, picture.width, picture.height, pixels, encoded=data)


def _hash_of(picture: Any) -> str:
    pixels = hashlib.sha256(f"{picture.mode} {picture.width} {picture.height} ".encode())
    pixels.update(picture.tobytes())
    return pixels.hexdigest()


def _scaled(picture: Any, factor: float) -> Any:
    if factor >= 1:
        return picture
    from PIL.Image import Resampling

    width, height = (max(1, round(side * factor)) for side in picture.size)
    return picture.resize((width, height), Resampling.LANCZOS)


def _as_png(picture: Any) -> bytes:
    encoded = io.BytesIO()
    picture.save(encoded, "PNG")
    return encoded.getvalue()


def _as_jpeg(picture: Any) -> bytes:
    if picture.mode == "RGBA":
        on_white = pil_image(_("This image")).new("RGB", picture.size, "white")
        on_white.paste(picture, mask=picture.getchannel("A"))
        picture = on_white
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=_JPEG_QUALITY)
    return encoded.getvalue()
