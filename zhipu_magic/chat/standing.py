"""What a reply cost, and the state of the chat after it: turns, context, total cost."""

from __future__ import annotations

from typing import NamedTuple

from ..history.ledger import Sums


class Standing(NamedTuple):
    """The `cost` of a reply in yuan (None where it is not known), and its thread: name, turns, context in tokens.

    `sums` are of all that the chat has asked; `budget_left` says what may still be spent, if there is a budget. `plan`
    is whether a subscription pays for it. `turn` is the id of the reply's turn, if it has one yet, `number` its number.
    """

    cost: float | None
    thread: str
    turns: int
    context: tuple[int, int] | None
    sums: Sums
    budget_left: str
    plan: bool = False
    turn: str = ""
    number: int | None = None
