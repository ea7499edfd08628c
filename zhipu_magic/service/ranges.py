"""What the values of a request's members may be, as the service's own specification has it (docs/protocol.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from ..text.languages.messages import N_, Message, _


class Range(NamedTuple):
    """The least and the most that a number may be, or the length of a text or list in so many `of`."""

    least: float
    most: float
    of: str = ""

    def has(self, value: Any) -> bool:
        """Whether a value is within it; of another kind of value it says nothing."""
        if self.of:
            return not isinstance(value, (str, list, tuple)) or self.least <= len(value) <= self.most
        return isinstance(value, bool) or not isinstance(value, (int, float)) or self.least <= value <= self.most

    def __str__(self) -> str:
        facts = {"least": self.least, "most": self.most}
        if self.of:
            return _("{least:,} to {most:,} {of}", **facts, of=Message(self.of))
        return _("{least:,} to {most:,}", **facts)


_CHARACTERS: Final = N_("characters")
RANGES: Final[Mapping[str, Range]] = {
    "temperature": Range(0, 1),
    "top_p": Range(0, 1),  # the specification begins at 0.01, and the SDK takes 0 for that
    "max_tokens": Range(1, 131_072),
    "request_id": Range(6, 64, _CHARACTERS),
    "user_id": Range(6, 128, _CHARACTERS),
}


def out_of_range(members: Mapping[str, Any]) -> Iterator[tuple[str, Any, Range]]:
    """The members whose values the service would refuse, with what they may be."""
    for name, allowed in RANGES.items():
        if not allowed.has(members.get(name)):
            yield name, members[name], allowed
