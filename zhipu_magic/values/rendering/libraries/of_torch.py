"""torch's modules: their layers, and how many parameters they have, where and of what type."""

from __future__ import annotations

from collections import Counter
from types import ModuleType
from typing import Any

from ....text.languages.joined import comma
from ....text.languages.messages import _, sent
from ..registry import LATE, add
from ..reprs import repr_of
from .parts import block, library_and_class


def _module(value: Any, tokens: int) -> str:
    """Nothing of the weights is read but their sizes."""
    weights = list(value.parameters())
    count = sum(weight.numel() for weight in weights)
    trained = sum(weight.numel() for weight in weights if weight.requires_grad)
    kinds = ", ".join(sorted({str(weight.dtype).removeprefix("torch.") for weight in weights}))
    devices = Counter(str(weight.device) for weight in weights)
    is_elsewhere = bool(devices) and set(devices) != {"cpu"}
    parts = [
        _("{count:,} parameters", count=count)
        if trained == count
        else _("{count:,} parameters ({trained:,} trainable)", count=count, trained=trained),
        kinds,
        _("on {device}", device=", ".join(sorted(devices))) if is_elsewhere else "",
        _("in training mode") if value.training else _("in evaluation mode"),
    ]
    heading = sent(comma([library_and_class(value), *parts]))
    return block(heading, repr_of(value).splitlines(), tokens)


def _register(module: ModuleType) -> None:
    add(module, "Module", _module)


LATE["torch.nn.modules.module"] = _register
