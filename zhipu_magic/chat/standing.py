"""What a reply cost, and the state of the chat after it: turns, context, total cost."""

from __future__ import annotations

from typing import NamedTuple

from ..history.events.event import State
from ..history.ledger import Sums
from .replies.reply import Reply


class Standing(NamedTuple):
    """The `cost` of a reply in yuan (None where it is not known), and its thread: name, turns, context in tokens.

    `sums` are of all that the chat has asked; `budget_left` says what may still be spent, if there is a budget. `plan`
    is whether a subscription pays for it. `turn` is the id of the reply's turn, if it has one yet, `number` its number.
    `is_partial` says that replies to earlier cells were still on their way, so that the sums are not those of the page
    so far.
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
    is_partial: bool = False

    @classmethod
    def of(
        cls, reply: Reply, state: State, account: Sums, *, turn: str, context: tuple[int, int] | None, plan: bool
    ) -> Standing:
        """What the reply has cost, and where the chat is in this state. A budget counts what the `account` says.

        `turn` is the id that the reply's turn has in the state, empty if it has none.
        """
        thread, entry = state.conversation.thread(reply.request.before.name), reply.entry
        return cls(
            cost=entry.cost if entry else None,
            thread=thread.name,
            turns=thread.size,
            context=context,
            sums=state.ledger.everything,
            budget_left=state.budget.left_in_words(account) if state.budget else "",
            plan=plan and not reply.replayed,
            turn=entry.turn if entry else "",
            number=thread.number_of(turn) if turn else None,
        )
