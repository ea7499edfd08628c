"""`/images/generations`: draws a picture, which is at an address of its own for a while.

Which sizes a model draws: docs/protocol.md, "Pictures".
"""

from __future__ import annotations

import re
import secrets
import time
from typing import Any, NamedTuple

from ..endpoint import Endpoint
from ..messages import _
from ..script import Fault
from .call import Answer, Calls, illegal, missing
from .png import picture

#: The path of a picture after that of the service. Whoever knows its name needs no key, as with the service.
PICTURES = "/practice-pictures/"
#: Pictures that have an address, at most.
_MOST_PICTURES = 20


class _Model(NamedTuple):
    """The sizes that a model draws: sides that are multiples of `step` in these bounds, and so many pixels at most."""

    usual: str
    step: int
    shortest: int
    longest: int
    most_pixels: int
    qualities: tuple[str, ...]


_GLM_IMAGE = _Model("1280x1280", step=32, shortest=1024, longest=2048, most_pixels=2**22, qualities=("hd",))
_OTHERS = _Model("1024x1024", step=16, shortest=512, longest=2048, most_pixels=2**21, qualities=("standard", "hd"))
_MODELS = {
    "glm-image": _GLM_IMAGE,
    **dict.fromkeys(("cogview-4", "cogview-4-250304", "cogview-3-flash"), _OTHERS),
}
_SIZE = re.compile(r"(\d{3,4})x(\d{3,4})")


class Generations(Calls):
    """`POST /images/generations`."""

    def answer(self, body: dict[str, Any]) -> Answer | Fault:
        if fault := missing(body, "model", "prompt"):
            return fault
        model = _MODELS.get(str(body["model"]))
        if model is None:
            return Fault.of("1211")
        size = _SIZE.fullmatch(str(body.get("size") or model.usual))
        width, height = (int(size[1]), int(size[2])) if size else (0, 0)
        if not all(_is_side(side, model) for side in (width, height)) or width * height > model.most_pixels:
            return illegal("size")
        if body.get("quality") not in (None, *model.qualities):
            return illegal("quality")
        name = f"{secrets.token_hex(16)}.png"
        self.service.pictures[name] = picture(str(body["prompt"]), width, height)
        while len(self.service.pictures) > _MOST_PICTURES:
            self.service.pictures.popitem(last=False)
        host, path = self.request.host, self.request.path.partition("/images/")[0]
        return {
            "created": int(time.time()),
            "data": [{"url": f"http://{host}{path}{PICTURES}{name}"}],
            "content_filter": [{"role": "assistant", "level": 3}],
        }


def _is_side(side: int, model: _Model) -> bool:
    return model.shortest <= side <= model.longest and side % model.step == 0


class Picture(Endpoint):
    """`GET` of a picture. A key that comes along is refused: nobody should send it to where pictures are."""

    async def get(self, name: str) -> None:
        data = self.service.pictures.get(name)
        if "Authorization" in self.request.headers:
            return await self.refuse(Fault(400, "1210", _("A picture's address was sent the key.")))
        if data is None:
            return await self.refuse(Fault(404, "404", "图片不存在"))
        self.set_header("Content-Type", "image/png")
        await self.finish(data)
