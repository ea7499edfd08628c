"""Pictures from the notebook in the form that the service takes: `image_of(value)` makes an `Image`.

    a path, bytes, a data: address ──▶ files.py ──────────────────┐  PNG or JPEG within the limits: untouched
    a figure ──▶ drawn here                │ anything else        ▼
    a PIL image, an array ─────────▶ pixels.py ──────────────▶ Image     image.py
    an http(s) address ───────────────────────────────────────────▲
    a journal's folder ──▶ stored.py ─────────────────────────────┘

The service takes PNG and JPEG of at most 5 MB and 6,000 × 6,000 pixels (docs/protocol.md, "Chat request"). A picture
that is encoded here carries no metadata, is scaled down if it is too large, and is the same for the same pixels. An
address is not fetched: the service does that. Pillow is needed only to decode or encode.

No library is imported: a value can only come from one that the notebook has imported. Nothing is displayed, closed or
changed.
"""

from __future__ import annotations

import base64
import io
import sys
import warnings
from pathlib import Path
from typing import Any

from ...text.characters import class_name
from ...text.errors import InvalidRequest
from ...text.languages.messages import _
from .files import WHAT_IS, from_bytes, from_file, from_text
from .image import LONGEST_SIDE, Image
from .pixels import from_array, from_encoded, from_pil
from .stored import is_kept

__all__ = ["Image", "image_of", "is_kept"]


def image_of(value: Any) -> Image:
    """The picture that a value is or shows. Raises InvalidRequest if there is none, or if it cannot be sent."""
    match value:
        case Image():
            return value
        case str():
            return from_text(value)
        case Path():
            return from_file(value)
        case bytes() | bytearray():
            return from_bytes(bytes(value), _("These bytes"))
    if _is_a(value, "PIL.Image", "Image"):
        return from_pil(value)
    if (figure := _figure_of(value)) is not None:
        return _from_matplotlib(figure)
    if _is_a(value, "plotly.basedatatypes", "BaseFigure"):
        return _from_plotly(value)
    if _is_a(value, "numpy", "ndarray"):
        return from_array(value)
    if _is_a(value, "IPython.display", "Image"):
        return image_of(value.data or value.url)
    return _from_representation(value)


def _is_a(value: Any, module: str, name: str) -> bool:
    """Whether a value is of this class. A module that has not been imported cannot have made it."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def _figure_of(value: Any) -> Any:
    """The matplotlib figure that a value is, or is drawn on: Axes, an array of Axes, a seaborn grid."""
    if _is_a(value, "numpy", "ndarray"):
        value = value.flat[0] if value.dtype == object and value.size else None
    while value is not None and not _is_a(value, "matplotlib.figure", "Figure"):
        drawn = _is_a(value, "matplotlib.artist", "Artist") or type(value).__module__.startswith("seaborn.")
        value = getattr(value, "figure", None) if drawn else None
    return value


def _from_matplotlib(figure: Any) -> Image:
    # A larger figure is drawn at a lower resolution, which is more legible than scaling it down afterwards.
    longest = max(figure.get_size_inches())
    dpi = "figure" if longest * figure.get_dpi() <= LONGEST_SIDE else LONGEST_SIDE / longest
    drawn = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as those of missing glyphs, which would name a line of ours
            figure.savefig(
                drawn,
                format="png",
                dpi=dpi,
                facecolor="auto",
                metadata={"Software": None},
                pil_kwargs={"compress_level": 1},  # it is encoded again
            )
    except Exception as error:  # whatever the user's own artists raise
        raise InvalidRequest(
            "matplotlib cannot draw this figure.", reason="image.matplotlib", detail=str(error)
        ) from error
    return from_encoded(drawn.getvalue(), _("This figure"), lossy=False)


def _from_plotly(figure: Any) -> Image:
    try:
        drawn = figure.to_image(format="png")
    except Exception as error:  # plotly, kaleido and the browser raise their own, which vary by version
        raise InvalidRequest(
            "plotly cannot draw this figure as an image: it needs kaleido and a browser.",
            hint="pip install kaleido; if no Chrome or Chromium is installed, run plotly_get_chrome as well.",
            reason="image.plotly",
            detail=_first_line(error),
        ) from error
    return from_encoded(drawn, _("This figure"), lossy=False)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _from_representation(value: Any) -> Image:
    """The picture that a notebook displays for a value."""
    name = class_name(value)
    for method in ("_repr_png_", "_repr_jpeg_"):
        if not hasattr(type(value), method):
            continue
        try:
            shown = getattr(value, method)()
            shown = shown[0] if isinstance(shown, tuple) else shown  # with metadata
            shown = base64.b64decode(shown, validate=True) if isinstance(shown, str) else shown
        except Exception as error:  # whatever the user's own class raises
            raise InvalidRequest(
                "The {type} cannot be shown as an image.", reason="image.own_code", detail=_first_line(error), type=name
            ) from error
        if isinstance(shown, bytes | bytearray):
            return from_bytes(bytes(shown), _("What the {type} shows", type=name))
    raise InvalidRequest(
        "A value of type {type} cannot be sent as an image.", hint=WHAT_IS, reason="image.none", type=name
    )
