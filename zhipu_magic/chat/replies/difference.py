"""In what two requests differ, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...history.messages import attached
from ...text.characters import shortened
from ...text.languages.messages import _
from ..request import deciding, key_of


def difference(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """The first message or parameter in which two requests differ, in words."""
    recorded, asked = deciding(recorded), deciding(asked)
    pairs = zip(recorded["messages"], asked["messages"], strict=False)
    for number, (old, new) in enumerate(pairs, 1):
        if key_of({"message": old}) != key_of({"message": new}):
            return _("message {number} differs. {how}", number=number, how=_message_difference(old, new))
    count, now = len(recorded["messages"]), len(asked["messages"])
    if count != now:
        return _("it has {count} messages, this one {now}.", count=count, now=now)
    for name in [*asked, *(recorded.keys() - asked.keys())]:
        if recorded.get(name) != asked.get(name):
            was, is_now = (
                _cut(json.dumps(body[name], ensure_ascii=False)) if name in body else _("none")
                for body in (recorded, asked)
            )
            return _("{name} differs. Recorded: {was}; now: {now}", name=name, was=was, now=is_now)
    return _("there is no visible difference.")


def _message_difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if old["role"] != new["role"]:
        return _("Recorded: from the {was}; now: from the {now}", was=old["role"], now=new["role"])
    was, is_now = _text(old["content"]), _text(new["content"])
    shorter = min(len(was), len(is_now))
    same = next((i for i in range(shorter) if was[i] != is_now[i]), shorter)
    start = max(0, same - 20)
    return _(
        "Recorded ({role}): {was!r}; now: {now!r}", role=old["role"], was=_cut(was, start), now=_cut(is_now, start)
    )


def _text(content: Any) -> str:
    """The text of a message, after a line for each of its images."""
    if isinstance(content, str):
        return content
    images = (image for part in content if (image := attached(part)) is not None)
    text = "".join(part.get("text", "") for part in content)
    return "\n".join([*(f"image {image.sha256[:12]}, {image.describe()}" for image in images), text])


def _cut(text: str, start: int = 0) -> str:
    """The text from `start` on, as long as one line may be."""
    text = f"…{text[start:]}" if start else text
    return shortened(text, 60)
