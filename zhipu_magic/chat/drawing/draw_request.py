"""What is asked of a model that draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ...history.turn import Anchor
from ..request import key_of


@dataclass(frozen=True)
class DrawRequest:
    """A picture that is asked for by this `prompt`; `members` are those of the request beyond model and prompt.

    `written` is the prompt as the cell holds it, where references made another text of it, and `cut` says what of its
    values is not in it. `anchor` is the cell that asks. With `fresh`, the journal is not asked.
    """

    prompt: str
    model: str
    members: Mapping[str, Any] = field(default_factory=dict)
    written: str = ""
    cut: tuple[str, ...] = ()
    anchor: Anchor = field(default_factory=Anchor)
    fresh: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """What is sent."""
        return {"model": self.model, "prompt": self.prompt, **self.members}

    @cached_property
    def key(self) -> str:
        """By what a journal knows it: the same for the same question, wherever it is asked."""
        return key_of(self.body)
