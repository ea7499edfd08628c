"""The settings of a chat that environment variables provide."""

from __future__ import annotations

import os
from typing import Literal, cast

from ..service.models import DEFAULT_MODEL

MODEL_VARIABLE = "ZHIPU_MAGIC_MODEL"
REPLAY_VARIABLE = "ZHIPU_MAGIC_REPLAY"

ReplayMode = Literal["off", "auto", "only"]


def default_model() -> str:
    """The environment's choice, else a free model."""
    return os.environ.get(MODEL_VARIABLE, "").strip() or DEFAULT_MODEL


def default_replay() -> ReplayMode:
    """The environment's choice, else none; checked where it is used."""
    return cast("ReplayMode", os.environ.get(REPLAY_VARIABLE, "").strip().lower() or "off")
