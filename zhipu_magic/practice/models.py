"""The models that the service offers, and which of them think and see (docs/protocol.md, "Models, context, price").

Other names that begin with `glm-` are served too, each like its relatives. Case makes no difference to a name.
"""

from __future__ import annotations

import re

MODELS = (
    "glm-5.3",
    "glm-5.3-flash",
    "glm-5.3-flashx",
    "glm-5.2",
    "glm-5.1",
    "glm-5-turbo",
    "glm-5",
    "glm-4.7",
    "glm-4.7-flashx",
    "glm-4.7-flash",
    "glm-4.6",
    "glm-4.5",
    "glm-4.5-air",
    "glm-4.5-airx",
    "glm-4.5-flash",
    "glm-4-flashx-250414",
    "glm-4-flash-250414",
    "glm-4-plus",
    "glm-4",
    "glm-5v-turbo",
    "glm-4.6v",
    "glm-4.6v-flash",
    "glm-4.6v-flashx",
    "glm-4.5v",
    "glm-4.1v-thinking-flash",
    "glm-4.1v-thinking-flashx",
    "glm-4v-flash",
    "autoglm-phone",
)

_NAME = re.compile(r"glm-|autoglm-phone$", re.IGNORECASE)
_SEES = re.compile(r"glm-[\d.]+v\b|glm-5\.3-flashx?\b|autoglm-", re.IGNORECASE)
_TAKES_FILES = re.compile(r"glm-(?:5v-turbo|4\.6v|4\.5v|5\.3-flashx?)$", re.IGNORECASE)
_THINKS_IF_ASKED = re.compile(r"(glm-4v?(?![.\w])|autoglm-)", re.IGNORECASE)
_ALWAYS_THINKS = re.compile(r"glm-(5\.3\b|4\.1v-thinking)", re.IGNORECASE)
_MUST_THINK = re.compile(r"glm-5\.3\b", re.IGNORECASE)
_HAS_EFFORT = re.compile(r"glm-5\.2\b", re.IGNORECASE)


def is_served(model: str) -> bool:
    """Whether the service knows a model of this name."""
    return bool(_NAME.match(model))


def sees(model: str) -> bool:
    """Whether a model takes images."""
    return bool(_SEES.match(model))


def takes_files(model: str) -> bool:
    """Whether a model takes documents by their address."""
    return bool(_TAKES_FILES.match(model))


def thinks(model: str, thinking: str, effort: str) -> bool:
    """Whether a model reasons before it answers.

    `thinking` is "enabled" or "disabled", `effort` a word such as "low"; both are empty if the request has none. A
    model that decides for itself decides to think.
    """
    if thinking == "enabled" or _ALWAYS_THINKS.match(model):
        return True
    if thinking == "disabled" or (_HAS_EFFORT.match(model) and effort in ("none", "minimal")):
        return False
    return not _THINKS_IF_ASKED.match(model)


def must_think(model: str) -> bool:
    """Whether a request that disables thinking is refused."""
    return bool(_MUST_THINK.match(model))
