"""What a cell's first line says of whether it goes along with what is asked below it."""

from __future__ import annotations

import re
from typing import Final, Literal

Mark = Literal["", "hide", "pin"]

_FIRST_LINE: Final = re.compile(r"\s*(?:#|<!--)[ \t]*glm:[ \t]*(hide|pin)\b", re.IGNORECASE)
#: Tags of a cell that say the same.
TAGS: Final[dict[str, Mark]] = {"glm-hide": "hide", "glm-pin": "pin"}


def mark_of(source: str, tags: object = ()) -> Mark:
    """`hide` for a cell that never goes along, `pin` for one that is never left out; a tag to hide it comes first."""
    marks = (
        [TAGS[tag] for tag in tags if isinstance(tag, str) and tag in TAGS] if isinstance(tags, (list, tuple)) else []
    )
    found = _FIRST_LINE.match(source)
    marks += ["pin" if found[1].lower() == "pin" else "hide"] if found else []
    return "hide" if "hide" in marks else "pin" if marks else ""
