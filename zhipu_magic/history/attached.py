"""What goes along of the pictures, videos and documents that earlier turns were asked with.

A model gets what it takes, and a document by its address goes beside nothing else (docs/protocol.md, "Chat request"):
what the prompt has decides, and without any, what was attached last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from ..service.models import find
from ..values.images.image import PARTS
from .rounds import figures_in

if TYPE_CHECKING:
    from ..values.images.from_value import Image
    from .turn import Turn

ALL: Final = frozenset(PARTS)
_DOCUMENT: Final = "file_url"


def parts_of(turn: Turn) -> list[str]:
    """The parts of what is attached to a turn, and of the figures that its code has drawn for the model."""
    return [*(image.part for image in turn.images), *("image_url" for _ in figures_in(turn.tool_messages))]


def going_along(turns: Iterable[Turn], images: Sequence[Image], takes: Collection[str]) -> frozenset[str]:
    """The parts of these turns (the newest first) that go beside `images`, to a model that `takes` so much."""
    takes = frozenset(takes)
    for parts in ([image.part for image in images], *map(parts_of, turns)):
        if going := takes.intersection(parts):
            return takes & {_DOCUMENT} if _DOCUMENT in going else takes - {_DOCUMENT}
    return takes


def left_out(turns: Iterable[Turn], going: Collection[str]) -> int:
    """How much of what is attached to these turns does not go along."""
    return sum(part not in going for turn in turns for part in parts_of(turn))


def first_left_out(turns: Sequence[Turn], going: Collection[str]) -> int:
    """How much of that every turn since has had: its user does not know that it goes no further."""
    first, still = 0, ALL - set(going)
    for place, turn in enumerate(turns):
        if not still:
            break
        first += sum(part in still for part in parts_of(turn))
        known = find(turn.model)
        still &= going_along(turns[place + 1 :], turn.images, ALL if known is None else known.takes)
    return first


def went_along(turns: Sequence[Turn], images: Sequence[Image], count: int | None) -> frozenset[str]:
    """The parts of these turns (the newest first) that a recorded request had, which left out so many."""
    if count is None:
        return ALL
    for takes in (ALL, ALL - {_DOCUMENT}):
        going = going_along(turns, images, takes)
        if left_out(turns, going) == count:
            return going
    return frozenset()
