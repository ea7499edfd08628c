"""What a chat keeps, as it is at this moment: looking never waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

from ..history.conversation import Thread
from ..history.events.event import State
from ..history.history import History
from ..history.ledger import Ledger, Sums
from ..history.turn import Turn
from ..service.connection import Service
from ..text.errors import SettingsError
from .chat_settings import model_of
from .dispatch import Dispatch
from .environment import REPLAY_VARIABLE, ReplayMode
from .replies.reply import Reply
from .standing import Standing
from .token_counts import context_tokens

if TYPE_CHECKING:
    from .replies.recording import Ran, Seen


class ChatRecord:
    """What can be looked at of a chat: its state, its threads, what it has cost, and how it replays."""

    history: History
    service: Service
    _dispatch: Dispatch

    @property
    def state(self) -> State:
        """All of it, as it is at this moment."""
        return self.history.state

    @property
    def kept(self) -> State:
        """The same as `state`, by its earlier name."""
        return self.state

    def thread(self, name: str | None = None) -> Thread:
        """The thread of this name, or the current one: its `turns`, and its `messages` as the service takes them."""
        return self.history.thread(name)

    @property
    def ledger(self) -> Ledger:
        """What it has cost so far."""
        return self.state.ledger

    @property
    def account(self) -> Sums:
        """What has been spent. Where nothing goes out, it is what the page took when it was recorded."""
        return self._dispatch.account

    @property
    def replay(self) -> ReplayMode:
        """Whether known requests are answered from the journal: "off", "auto", or "only", which sends nothing."""
        return self._dispatch.mode

    @replay.setter
    def replay(self, mode: ReplayMode) -> None:
        if mode not in get_args(ReplayMode):
            raise SettingsError(
                "replay must be off, auto or only, not {mode!r}.",
                hint="{variable} sets it too.",
                reason="replay.mode",
                mode=mode,
                variable=REPLAY_VARIABLE,
            )
        self._dispatch.mode = mode

    @property
    def asked_below(self) -> Callable[[Turn], bool] | None:
        """Whether a turn is asked further down on the page than what asks now; None where the page is not known.

        A replay of a page that was not run from top to bottom asks this, where the journal does not know the page's
        order.
        """
        return self._dispatch.asked_below

    @asked_below.setter
    def asked_below(self, asked_below: Callable[[Turn], bool] | None) -> None:
        self._dispatch.asked_below = asked_below

    def seen(self, ran: Callable[[], Ran | None]) -> Seen | None:
        """In a replay of a page that was not run from top to bottom, the page as the running cell saw it when it was
        recorded, where it asks nothing; None where it is as now. `ran` gives what the notebook's file says of the cell.
        """
        return self._dispatch.seen(ran)

    def context_filled(self, model: str | None = None, thread: str | None = None) -> tuple[int, int] | None:
        """Tokens that a thread takes of a model's context, and that context; None where it is not known."""
        conversation = self.state.conversation
        return self._filled(conversation.here if thread is None else conversation.thread(thread), model)

    def _filled(self, here: Thread, model: str | None) -> tuple[int, int] | None:
        known = self.service.model(model or model_of(self.history.state.conversation.here))
        context = known.context if known else None
        return (min(context_tokens(here), context), context) if context else None

    def standing(self, reply: Reply) -> Standing:
        """What the reply has cost, and where its thread and all of the chat stand by now."""
        state = self._dispatch.state_after(reply)
        context = self._filled(state.conversation.thread(reply.request.before.name), reply.model)
        profile, practising = self.service.profile, self.service.practising
        account = state.ledger.everything.for_budget(practising=practising) if reply.replayed else self.account
        entry = reply.entry if state is self.state else state.ledger.latest
        turn = entry.turn if entry else ""
        return Standing.of(reply, state, account, turn=turn, context=context, plan=profile.plan)
