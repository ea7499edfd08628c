"""What was undone or redone."""

from __future__ import annotations


class Change(str):
    """A change in words, such as `a reset`; that of a turn which was added is `turn 3`, with its number as `turn`."""

    __slots__ = ("turn",)
    turn: int | None

    def __new__(cls, what: str, turn: int | None = None) -> Change:
        change = super().__new__(cls, what if turn is None else f"turn {turn}")
        change.turn = turn
        return change
