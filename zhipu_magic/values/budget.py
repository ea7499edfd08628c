"""A budget that is too small for anything of a document or a file."""

from __future__ import annotations

import math
from typing import Final

from ..text.characters import shortened
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.languages.numbers import about

_LEAST: Final = 30
"""Tokens: with fewer, there is room for nothing but the note that the text is cut."""


def check_room(name: str, tokens: float, *, around: float, whole: float) -> None:
    """Raise InvalidRequest where a text of `whole` tokens, with `around` of them around it, is cut to nothing."""
    if tokens >= around + min(whole, _LEAST):
        return
    raise InvalidRequest(
        "{tokens} tokens are too few for anything of {name}: about {least} are needed, and about {all} for all of it.",
        hint="Write | {least} or more after it, or no number.",
        reason="budget.too_small",
        outcomes=[NOTHING_SENT],
        tokens=f"{round(tokens):,}",
        name=shortened(name, 100),
        least=math.ceil((around + min(whole, _LEAST)) / 10) * 10,
        all=about(around + whole),
    )
