"""How long a text is for a model, where nobody has counted."""

from __future__ import annotations

#: Tokens that a message takes beyond its text.
_AROUND = 4


def estimate(text: str) -> float:
    """Tokens of a text, roughly: four ASCII characters to one, and five of other scripts to three."""
    beyond_ascii = 0 if text.isascii() else (len(text.encode("utf-8", "replace")) - len(text)) / 2
    return (len(text) - beyond_ascii) / 4 + beyond_ascii * 0.6 + _AROUND
