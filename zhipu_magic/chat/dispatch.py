"""Requests: answered from the journal, or sent if the budget allows it; and committed once they are answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ..history.budget import Budget
from ..history.events.event import State
from ..history.events.map_event import MapEvent
from ..history.events.read_event import ReadEvent
from ..history.events.turn_event import TurnEvent
from ..history.history import History
from ..history.ledger import Sums
from ..history.rounds import Round
from ..history.turn import Anchor, Message, Turn
from ..service.connection import Service
from ..service.endpoint import Endpoint
from ..service.exchange import Exchange
from ..text.errors import NOTHING_MORE_SENT, NOTHING_SENT, GLMError, OverBudget, ServiceError
from ..text.languages.language import language_of
from ..text.languages.messages import _
from .budget_check import Others, Spending, answer_limit, most_of
from .committing import in_one_step
from .environment import ReplayMode
from .journal_entry import turn_event_of
from .option_check import check_options
from .options import Options
from .replies.progress import Progress
from .replies.reading import Reading
from .replies.recorded_maps import Keys
from .replies.recorded_readings import Wanted
from .replies.recording import Ran, Seen
from .replies.refused import Refused
from .replies.replay import Known, Recorded, Replay
from .replies.reply import Reply
from .replies.stream import Smaller, Source
from .replies.tool_loop import Rounds, ToolLimits
from .request import Request
from .scheduler import Scheduler, UnderWay
from .window import fit_smaller

if TYPE_CHECKING:
    from ..values.tools.awaiting import RunCoroutine


class Dispatch:
    """Sends a chat's requests, when the `scheduler` lets it, each within the `tool_limits` of that moment."""

    def __init__(
        self,
        service: Service,
        history: History,
        scheduler: Scheduler,
        *,
        tool_limits: Callable[[], ToolLimits],
        warn: Callable[[str], None],
    ) -> None:
        self._tool_limits = tool_limits
        self._service = service
        self._history = history
        self._scheduler = scheduler
        self._warn = warn
        self.asked_below: Callable[[Turn], bool] | None = None
        """Whether a turn is asked further down on the page, if the page is known (see `explained`)."""
        self._replay = Replay("off", history.journal, warn)

    @property
    def mode(self) -> ReplayMode:
        """Whether known requests are answered from the journal."""
        return self._replay.mode

    @mode.setter
    def mode(self, mode: ReplayMode) -> None:
        self._replay = Replay(mode, self._history.journal, self._warn, self._is_below)
        self._service.sealed = self._history.records.read_only = mode == "only"

    def _is_below(self, turn: Turn) -> bool:
        return self.asked_below is not None and self.asked_below(turn)

    @property
    def account(self) -> Sums:
        """What has been spent. Where nothing goes out, it is what the page took when it was recorded."""
        sums = self._history.state.ledger.account(as_recorded=self.mode == "only")
        return sums.for_budget(practising=self._service.practising)

    def send(self, request: Request, begun: Callable[[Reply], None]) -> Reply:
        """The reply to this request; `begun` is called with it before anything is sent.

        Raises OverBudget, NotRecorded or SettingsError where nothing can be sent.
        """
        with self._scheduler.admitting:
            if self.mode == "only":
                # As in the recorded run: what that refused is not an occurrence. What others took is known by now.
                self._within_budget(replace(request, share=1))
            known = self._replay.look_up(request)
            if known.answer is None:
                if self.mode == "only":
                    raise self._replay.missed(request, known)
                request = self._within_budget(request)
                endpoint = self._service.endpoint()
                check_options(request, endpoint.profile, self._warn)
                exchange, reply = self._asked(request, known, endpoint)
                begun(reply)
                self._scheduler.add(reply)
        if known.answer is not None:  # without `admitting`: who waits for this turn holds the reply's lock before that
            return self._replayed(request, known, begun)
        self._scheduler.start(exchange, reply.received)
        return reply

    def check(self, request: Request) -> None:
        """Raise what stands against sending this request, as far as it can be told without it. It is not sent."""
        with self._scheduler.admitting:
            self._within_budget(request)
        check_options(request, self._service.endpoint().profile, _say_nothing)

    def refused(self, error: GLMError, model: str, request: Request | None = None) -> Reply:
        """A reply that raises this where it is read: what stands against sending the request, if one could be made."""
        if request is None:
            thread = self._history.thread()
            request = Request(prompt="", options=Options(), anchor=Anchor(), before=thread, model=model)
        return self._reply(Refused(error), Progress(request), Known(""), None)

    def recorded_at(self, request: Request) -> int:
        """The place in the journal of the answer to this request; -1 where it has none."""
        return self._replay.place_of(request)

    def _replayed(self, request: Request, known: Known, begun: Callable[[Reply], None]) -> Reply:
        """The recorded answer, complete from the start."""
        assert known.answer is not None
        reply = self._reply(Recorded(known.answer), Progress(request, recorded=known.answer), known, None)
        begun(reply)
        with suppress(GLMError):  # of one that ended early: it is raised for whoever reads it
            while reply.ended is None:
                reply.step()
        return reply

    def _asked(self, request: Request, known: Known, endpoint: Endpoint) -> tuple[Exchange, Reply]:
        """The first exchange for this request, which has not begun, and the reply that it brings."""

        def new_exchange(more: Sequence[Message] = ()) -> Exchange:
            return Exchange(lambda exchange: self._ask(progress, endpoint, more, exchange))

        def ask_on(more: Sequence[Message], rounds: Sequence[Round]) -> Source:
            with self._scheduler.admitting:
                progress.request = self._within_budget(progress.request, rounds, but=reply)
                reply.admitted = tuple(rounds)
            following = new_exchange(more)
            try:
                self._scheduler.start(following, reply.received)
            except BaseException:  # an interrupt: nobody else knows of it yet
                following.close()
                raise
            return following

        first = new_exchange()
        progress = Progress(request, practice=endpoint.practice)
        source = self._in_rounds(first, ask_on, request, lambda: reply.run_coroutine)
        reply = self._reply(source, progress, known, endpoint)
        return first, reply

    def _in_rounds(
        self,
        first: Source,
        ask_on: Callable[[Sequence[Message], Sequence[Round]], Source],
        request: Request,
        run_coroutine: Callable[[], RunCoroutine | None],
    ) -> Source:
        """The exchange, and those that tools or a type of the answer may make necessary."""
        if request.is_one_round:
            return first
        return Rounds(
            first,
            ask_on,
            tools=request.options.tools,
            limits=replace(self._tool_limits(), seeing=request.takes_figures),
            shape=request.shape,
            language=language_of(request.written or request.prompt),
            hide=self._service.hide,
            run_coroutine=run_coroutine,
        )

    def _ask(self, progress: Progress, endpoint: Endpoint, more: Sequence[Message], exchange: Exchange) -> None:
        """Send the request with these messages after its own, and smaller ones while it is too long."""
        profile, emit, cancelled = endpoint.profile, exchange.emit, exchange.cancelled
        first, shown = progress.request, self._service.shown_at(endpoint.base_url)
        request = first
        with self._service.client(endpoint) as client, exchange.waiting_on(client):
            while True:
                try:
                    client.send(request.to_send(profile, more), emit, cancelled)
                    return
                except ServiceError as error:
                    if error.reason != "service.too_long" or error.begun or cancelled.is_set():
                        raise
                    # Of the service's own the catalogue knows the contexts, so that one smaller request is enough.
                    if not profile.is_glm:
                        client.learn_context(request.model, error, cancelled)
                    smaller = fit_smaller(replace(request, known=shown.model(request.model)))
                    if smaller is None or (profile.is_glm and request is not first):
                        raise
                    request = smaller
                    why = _("the conversation is too long for the model")
                    emit(Smaller(number=1, most=1, wait=0.0, reason=why, request=request))

    def _learn_how_it_thinks(self, reply: Reading, endpoint: Endpoint) -> None:
        """Learn from a reply whether the model's replies begin with reasoning that no tag opens."""
        unopened = reply.progress.thinks_unopened
        is_sure = unopened or (reply.request.thinks_unopened and reply.state == "complete")
        if is_sure and not endpoint.profile.is_glm:
            self._service.shown_at(endpoint.base_url).learn(reply.request.model, thinks_unopened=unopened)

    def _within_budget(self, request: Request, rounds: Sequence[Round] = (), *, but: Reply | None = None) -> Request:
        """The request, its answer limited to what the budget has room for after these rounds of its turn.

        What other replies under way may still take counts as spent: they were admitted before. Raises OverBudget where
        even a short answer has no room.
        """
        budget = self._history.state.budget
        if budget is None or (self._service.practising and budget.unit == "yuan"):
            return replace(request, answer_limit=None)
        priced = self.mode == "only" or self._service.priced
        others = [reply for reply in self._scheduler.under_way if reply is not but]
        maps = self._scheduler.maps_under_way
        reserved = self._reserved_by(others, budget, priced=priced) + sum(one.held.amount for one in maps)
        count = len(others) + len(maps)
        try:
            spending = Spending(spent=self.account, reserved=reserved, others=count, priced=priced, share=request.share)
            limit = answer_limit(budget, request, rounds, spending)
        except OverBudget as error:
            error.outcomes = [NOTHING_MORE_SENT if rounds else NOTHING_SENT]
            raise
        return replace(request, answer_limit=limit)

    def others(self, budget: Budget, *, but: UnderWay | None) -> Others:
        """What has been spent, and what all under way may still take but this map, in the budget's unit."""
        replies = self._scheduler.under_way
        maps = [one.held for one in self._scheduler.maps_under_way if one is not but]
        reserved = self._reserved_by(replies, budget, priced=self._service.priced) + sum(held.amount for held in maps)
        # A reply with tools may wait for its reader, who may wait for this map.
        ends = any(held.in_hand for held in maps) or any(not reply.request.options.tools for reply in replies)
        unsure = sum(held.unsure for held in maps)
        return Others(budget.amount(self.account) + reserved, unsure, give_back=ends)

    @staticmethod
    def _reserved_by(replies: Sequence[Reply], budget: Budget, *, priced: bool) -> float:
        return sum(most_of(budget, reply.request, reply.admitted, priced=priced) or 0.0 for reply in replies)

    def state_after(self, reply: Reply) -> State:
        """The state as of this reply: of a replay, that in which the recorded reply left its page."""
        recorded = self._replay.left_by(reply.event) if reply.event is not None else None
        return self._history.state if recorded is None else recorded

    def seen(self, ran: Callable[[], Ran | None]) -> Seen | None:
        """The page as the running cell saw it when it was recorded, in a replay where that is not as now."""
        return self._replay.seen(ran)

    @property
    def replayed(self) -> Replay:
        """What the journal answers in place of the service."""
        return self._replay

    def recorded_map(self, keys: Keys, anchor: Anchor, *, peek: bool = False) -> MapEvent | None:
        """The recorded event of the map with one of these keys that this cell asks, if there is one."""
        return self._replay.look_up_map(keys, anchor, peek=peek)

    def recorded_reading(self, wanted: Wanted, anchor: Anchor) -> ReadEvent | None:
        """The recorded reading of a document that this cell asks for, if the journal may answer and there is one."""
        return self._replay.look_up_reading(wanted, anchor)

    def _reply(self, source: Source, progress: Progress, known: Known, endpoint: Endpoint | None) -> Reply:
        return Reply(
            progress,
            source,
            commit=lambda reply: self._commit(reply, known, endpoint),
            owner=self._scheduler,
        )

    def _commit(self, reply: Reading, known: Known, endpoint: Endpoint | None) -> None:
        """The one commit point. Called again for the same reply, it only makes sure that the journal has it."""
        history = self._history

        def commit() -> None:
            try:
                if reply.progress.has_begun:
                    if reply.event is None or not history.has(reply.event):
                        reply.event = self._event(reply, known, endpoint)
                        history.commit(reply.event)
                    if history.state.event is reply.event:
                        reply.entry = history.state.ledger.latest
                    if endpoint is None:
                        self._replay.gave(reply.event)
                    else:
                        self._replay.add(known, reply.event)
                        self._learn_how_it_thinks(reply, endpoint)
            finally:  # a fault must not keep its place, and what the budget reserves for it
                self._scheduler.remove(reply)

        in_one_step(history, self._scheduler, commit)

    def _event(self, reply: Reading, known: Known, endpoint: Endpoint | None) -> TurnEvent:
        history = self._history
        return turn_event_of(
            reply,
            known,
            endpoint,
            event_id=history.next_id(),
            run=history.run(reply.request.anchor.run),
            forked=history.journal.forked,
        )


def _say_nothing(notice: str) -> None:
    """It is told when the request goes out."""
