"""Figures and pictures: they go to the model as images."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any, Final

from ...text.errors import InvalidRequest
from ...text.languages.messages import for_model
from ..images.from_value import Image, image_of
from .registry import LATE, add, is_ours, render

LONGEST_HEAD: Final = 16
"""Bytes by which a picture's file is recognised."""


_HEADS: Final = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP", re.DOTALL)
_MOST: Final = 50
_TYPES: Final = {
    "IPython.display": ("Image",),
    "PIL.Image": ("Image",),
    "matplotlib.axes": ("Axes",),
    "matplotlib.figure": ("FigureBase",),
    "plotly.basedatatypes": ("BaseFigure",),
    "seaborn.axisgrid": ("Grid", "JointGrid"),
}


def begins_as_picture(data: bytes | bytearray | memoryview) -> bool:
    """Whether bytes begin as a file of PNG, JPEG, GIF or WebP does."""
    return _HEADS.match(bytes(data[:LONGEST_HEAD])) is not None


def in_its_place() -> str:
    """The text in place of a picture among other values."""
    return for_model("[a picture: refer to it by itself]")


def is_picture(value: Any) -> bool:
    """Whether a value is rendered as an image, judging by its type or its first bytes."""
    function = render.dispatch(type(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return is_ours(function) and begins_as_picture(value)
    return function in (_as_it_is, _as_image)


def images_of(value: Any) -> list[Image]:
    """The images of a list or tuple of pictures only; none for any other value."""
    if not isinstance(value, (list, tuple)) or not value or not all(map(is_picture, value)):
        return []
    if len(value) > _MOST:
        raise InvalidRequest(
            "These are {count:,} pictures; at most {most} can be sent.",
            hint="Refer to a slice of them.",
            reason="render.too_many_pictures",
            count=len(value),
            most=_MOST,
        )
    return [_as_image(one, 0) for one in value]


@render.register
def _as_it_is(image: Image, tokens: int) -> Image:
    return image


def _as_image(value: Any, tokens: int) -> Image:
    return image_of(bytes(value) if isinstance(value, memoryview) else value)


def _register(module: ModuleType) -> None:
    for name in _TYPES[module.__name__]:
        add(module, name, _as_image)


LATE.update(dict.fromkeys(_TYPES, _register))
