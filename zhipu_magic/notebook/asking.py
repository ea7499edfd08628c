"""What the running cell asks, and how: on the latter depends which of the cells above go along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..chat.options import Options
    from ..history.turn import Anchor
    from ..values.outputs.above import Above


class Asking(NamedTuple):
    """How the running cell asks: in this `thread` (None: the current one), or outside the conversation; whether it only
    shows what would be sent; and the `most` cells above that may go along, None for all.
    """

    thread: str | None = None
    once: bool = False
    previews: bool = False
    most: int | None = None


class Question(NamedTuple):
    """What a cell asks: its `prompt`, the `names` that this may refer to (none for a raw one), and what goes along."""

    prompt: str
    options: Options
    names: Mapping[str, Any] | None
    images: Sequence[Any]
    files: Sequence[Any]
    anchor: Anchor
    above: Above | None = None

    @property
    def given(self) -> dict[str, Any]:
        """What goes with the prompt and the options."""
        along = {"images": self.images, "files": self.files, "above": self.above}
        return {"names": self.names, "anchor": self.anchor, **along}
