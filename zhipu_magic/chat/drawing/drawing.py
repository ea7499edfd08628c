"""A picture that a model has drawn, as users have it."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...history.events.drawn_event import DrawnEvent
from ...text.errors import InvalidRequest
from ...values.images.image import ENDINGS

if TYPE_CHECKING:
    from ...values.images.image import Image


@dataclass(frozen=True)
class Drawing:
    """A picture that a model has drawn.

    `data` are its bytes as they came, of the type `type` (`image/png` or `image/jpeg`); `width` and `height` are in
    pixels. `seconds` is how long it took, `cost` is in yuan, None where the price is not known. `url` is where the
    service keeps it for a while. It was `replayed` if the journal had it.
    """

    prompt: str
    model: str
    type: str
    width: int
    height: int
    seconds: float
    cost: float | None
    url: str
    practice: bool
    replayed: bool
    sha256: str
    data: bytes = field(repr=False)
    answer: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, event: DrawnEvent) -> Drawing:
        """The drawing in this event, whose picture is at hand or beside the journal. Raises JournalError."""
        picture: Image = next(iter(event.images or ()))
        answer = dict(event.response or {"created": 0, "data": [{}]})
        return cls(
            prompt=event.prompt,
            model=event.model,
            type=picture.type,
            width=picture.width,
            height=picture.height,
            seconds=event.seconds or 0.0,
            cost=event.cost,
            url=str(answer["data"][0].get("url", "")),
            practice=event.practice is not None,
            replayed=event.of is not None,
            sha256=picture.sha256,
            data=picture.data if picture.path is None or picture.read is None else picture.read(picture, picture.path),
            answer=answer,
        )

    @property
    def size(self) -> str:
        """Its width and height, as the service has them: `1024x1024`."""
        return f"{self.width}x{self.height}"

    @property
    def file_name(self) -> str:
        """Its name in the journal's folder of pictures."""
        return f"{self.sha256}{ENDINGS[self.type]}"

    @property
    def image(self) -> Any:
        """A PIL image of it, a new one each time. Raises InvalidRequest without Pillow."""
        check_pillow()
        import PIL.Image

        found = PIL.Image.open(io.BytesIO(self.data))
        found.load()
        return found

    @property
    def png(self) -> bytes:
        """Its bytes as PNG. Raises InvalidRequest without Pillow, if it is none already."""
        if self.type == "image/png":
            return self.data
        encoded = io.BytesIO()
        self.image.save(encoded, "PNG")
        return encoded.getvalue()

    @property
    def response(self) -> Any:
        """The SDK's own object: `zhipuai.types.image.ImagesResponded`. The address in it expires."""
        from ...service.drawing.responded import responded

        return responded(self.answer)

    def __str__(self) -> str:
        kind = self.type.removeprefix("image/").upper()
        return f"<Drawing by {self.model}, {kind}, {self.width} × {self.height}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {self.type: base64.b64encode(self.data).decode(), "text/plain": str(self)}

    def _repr_png_(self) -> bytes | None:
        return self.data if self.type == "image/png" else None

    def _repr_jpeg_(self) -> bytes | None:
        return self.data if self.type == "image/jpeg" else None


def check_pillow() -> None:
    """Raise InvalidRequest without Pillow, which a PIL image needs."""
    try:
        import PIL.Image  # noqa: F401  # is it there?
    except ImportError:
        raise InvalidRequest(
            "A PIL image needs Pillow, which is not installed.",
            hint="pip install pillow; Drawing.data are the bytes of the picture.",
            reason="drawing.no_pillow",
        ) from None
