"""The models that draw: which sizes and qualities each takes, and what a picture costs.

No document that we know names the price of a picture, but that one model is free; no figure is ever made up.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ...text.characters import shortened
from ...text.errors import NOTHING_SENT, InvalidRequest
from ...text.languages.joined import comma
from ...text.suggestions import nearest
from ..models import find

DEFAULT_DRAWING_MODEL: Final = "cogview-3-flash"
#: The qualities of the specification.
QUALITIES: Final = ("standard", "hd")


class DrawingModel(NamedTuple):
    """A model that draws. Its pictures have sides that are multiples of `step` from `shortest` to `longest`, and at
    most so many pixels; `sizes` are those that its documents recommend, the usual one first. `price` is in yuan a
    picture, None where it is not known.
    """

    name: str
    sizes: tuple[str, ...]
    step: int
    shortest: int
    longest: int
    most_pixels: int
    qualities: tuple[str, ...]
    price: float | None = None

    @property
    def usual_size(self) -> str:
        return self.sizes[0]

    def takes(self, width: int, height: int) -> bool:
        """Whether it draws pictures of this size."""
        sides = all(self.shortest <= side <= self.longest and not side % self.step for side in (width, height))
        return sides and width * height <= self.most_pixels


def _cogview(name: str, price: float | None = None) -> DrawingModel:
    return DrawingModel(
        name,
        sizes=("1024x1024", "768x1344", "864x1152", "1344x768", "1152x864", "1440x720", "720x1440"),
        step=16,
        shortest=512,
        longest=2048,
        most_pixels=2**21,
        qualities=QUALITIES,
        price=price,
    )


_GLM_IMAGE = DrawingModel(
    "glm-image",
    sizes=("1280x1280", "1568x1056", "1056x1568", "1472x1088", "1088x1472", "1728x960", "960x1728"),
    step=32,
    shortest=1024,
    longest=2048,
    most_pixels=2**22,
    qualities=("hd",),
)
DRAWING_MODELS: Final = {
    model.name: model
    for model in (
        _GLM_IMAGE,
        _cogview("cogview-4"),
        _cogview("cogview-4-250304"),
        _cogview(DEFAULT_DRAWING_MODEL, price=0.0),
    )
}
_SIZE = re.compile(r"(\d{2,5})\s*[x×*]\s*(\d{2,5})", re.IGNORECASE | re.ASCII)


def drawing_model(name: str) -> DrawingModel | None:
    """What is known of a model that draws; None for any other. Case makes no difference to a name."""
    return DRAWING_MODELS.get(name.lower())


def size_of(text: str) -> tuple[int, int] | None:
    """Width and height in pixels, as in `1024x768`; None for what is no size."""
    found = _SIZE.fullmatch(text.strip())
    return (int(found[1]), int(found[2])) if found else None


def check_draws(model: str) -> None:
    """Raise InvalidRequest for a model that is known to write, and not to draw."""
    if drawing_model(model) is None and find(model) is not None:
        raise InvalidRequest(
            "{model} does not draw.",
            hint="These models do: {models}.",
            reason="drawing.not_a_drawing_model",
            outcomes=[NOTHING_SENT],
            model=model,
            models=comma(DRAWING_MODELS),
        )


def check_size(model: str, text: str) -> str:
    """The size as the service takes it. Raises InvalidRequest for one that the model does not draw.

    Of a model that is not known, any size may be asked for.
    """
    found, known = size_of(text) if isinstance(text, str) else None, drawing_model(model)
    if found is None:
        raise InvalidRequest(
            "{size!r} is not the size of a picture.",
            hint="It looks like 1024x1024: width and height in pixels.",
            reason="drawing.no_size",
            outcomes=[NOTHING_SENT],
            size=shortened(str(text), 40),
        )
    width, height = found
    if known is not None and not known.takes(width, height):
        raise InvalidRequest(
            "{model} draws no picture of {width}x{height}: each side is a multiple of {step} from {shortest} to "
            "{longest}, and both together are at most {pixels:,} pixels.",
            hint="Usual are: {sizes}.",
            reason="drawing.size",
            outcomes=[NOTHING_SENT],
            model=known.name,
            width=width,
            height=height,
            step=known.step,
            shortest=known.shortest,
            longest=known.longest,
            pixels=known.most_pixels,
            sizes=comma(known.sizes),
        )
    return f"{width}x{height}"


def check_quality(model: str, quality: str) -> str:
    """The quality, if the model has it. Raises InvalidRequest."""
    known = drawing_model(model)
    qualities = known.qualities if known else QUALITIES
    if quality not in qualities:
        raise InvalidRequest(
            "{model} has no quality {quality!r}.",
            hint="It has: {qualities}.",
            reason="drawing.quality",
            outcomes=[NOTHING_SENT],
            near=nearest(quality, qualities),
            model=model,
            quality=shortened(quality, 40),
            qualities=comma(qualities),
        )
    return quality
