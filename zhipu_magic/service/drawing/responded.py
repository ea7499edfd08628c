"""What the SDK makes of the service's answer to who wants a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..sdk import ImagesResponded


def responded(answer: Mapping[str, Any]) -> ImagesResponded:
    """The SDK's `ImagesResponded` of an answer."""
    found: ImagesResponded = ImagesResponded.model_validate(dict(answer))
    return found
