"""System texts that came with turns: which of them is in force in a thread."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from .turn import Turn


@dataclass(frozen=True, slots=True)
class SystemTexts:
    """What a thread knows of the system texts that its turns came with, beyond those turns.

    `count` of them have been given so far; those up to number `overruled` were overruled by a text for the whole
    thread. A reset leaves the turn whose text was in force in `left_by_reset`, until its cell is run again.
    """

    count: int = 0
    overruled: int = 0
    left_by_reset: Turn | None = None

    def in_force(self, turns: Iterable[Turn]) -> Turn | None:
        """The turn whose system text is in force. `turns` are those that stand and came with one, the newest first."""
        return next((turn for turn in turns if not self._is_overruled(turn)), self.left_by_reset)

    def numbered(self, turn: Turn) -> tuple[SystemTexts, Turn]:
        """With the turn's system text counted, if it came with one; and the turn, whose text now has its number."""
        if turn.system_given is None:
            return self, turn
        texts = replace(self, count=self.count + 1)
        return texts, turn._replace(system_given=turn.system_given._replace(number=texts.count))

    def all_overruled(self) -> SystemTexts:
        """With none of them in force any more."""
        return replace(self, overruled=self.count, left_by_reset=None)

    def without(self, cells: Collection[str | None], except_run: str | None) -> SystemTexts:
        """Without the text that a reset has left, if one of these cells gave it in another run than `except_run`."""
        left = self.left_by_reset
        if left is None or left.cell is None or left.cell not in cells or left.run == except_run:
            return self
        return replace(self, left_by_reset=None)

    def with_left(self, turn: Turn | None) -> SystemTexts:
        """With this turn as the one that a reset has left, unless its text is overruled."""
        left = None if turn is not None and self._is_overruled(turn) else turn
        return self if left is self.left_by_reset else replace(self, left_by_reset=left)

    def _is_overruled(self, turn: Turn) -> bool:
        return (turn.system_given.number if turn.system_given is not None else 0) <= self.overruled
