"""Requests on their way: answered from the journal or sent, within the budget, and committed when they are answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..history.history import History
from ..history.ledger import Entry, Sums, cost_of
from ..history.rounds import Round
from ..history.turn import Message
from ..service.connection import Service, build_completion
from ..service.endpoint import Endpoint
from ..service.error_codes import TOO_LONG
from ..service.exchange import Emit, Exchange
from ..service.stream import Retry
from ..text.errors import OverBudget, ServiceError
from .budget_check import check_budget
from .environment import ReplayMode
from .journal_entry import told
from .replay import Known, Recorded, Replay
from .reply import Reply
from .request import Request
from .stream import Source
from .tool_loop import Rounds
from .window import fit_smaller, taken


class Dispatch:
    """Sends a chat's requests. `pending` is the reply that was asked for last.

    A turn may take `tool_rounds` rounds of calls, `tool_calls` calls in all, and the result of each `value_tokens`
    tokens.
    """

    def __init__(self, service: Service, history: History, warn: Callable[[str], None]) -> None:
        self.pending: Reply | None = None
        self.tool_rounds = 10
        self.tool_calls = 50
        self.value_tokens = 4_000
        self._service = service
        self._history = history
        self._warn = warn
        self._replay = Replay("off", history.journal, warn)

    @property
    def mode(self) -> ReplayMode:
        """Whether known requests are answered from the journal."""
        return self._replay.mode

    @mode.setter
    def mode(self, mode: ReplayMode) -> None:
        self._replay = Replay(mode, self._history.journal, self._warn)
        self._service.sealed = self._history.journal.read_only = mode == "only"

    @property
    def account(self) -> Sums:
        """What has been spent. Where nothing goes out, it is what the page took when it was recorded."""
        return self._history.kept.ledger.account(as_recorded=self.mode == "only")

    def send(self, request: Request) -> Reply:
        """The reply to this request. Raises OverBudget, NotRecorded or SettingsError where nothing can be sent."""
        if self.mode == "only":
            self._check_budget(request)  # as the recorded run did: what it refused is no occurrence
        known = self._replay.look_up(request)
        if known.answer is not None:
            reply = self.pending = self._reply(Recorded(known.answer), request, known, None)
            return reply
        if self.mode == "only":
            raise self._replay.missed(request, known)
        self._check_budget(request)
        endpoint = self._service.endpoint()

        def exchange(more: Sequence[Message] = ()) -> Exchange:
            return Exchange(
                lambda emit, cancelled: self._ask(reply, endpoint, more, emit, cancelled), self._service.hang_up
            )

        def ask_on(more: Sequence[Message], rounds: Sequence[Round]) -> Source:
            try:
                self._check_budget(reply.request, rounds)
            except OverBudget as error:
                error.hint = error.hint.replace("Nothing was sent", "Nothing more was sent")
                raise
            following = exchange(more)
            try:
                following.start()
            except BaseException:  # an interrupt: nobody else knows of it yet
                following.close()
                raise
            return following

        first = exchange()
        reply = self._reply(self._in_rounds(first, ask_on, request), request, known, endpoint)
        try:
            self.pending = reply
            first.start()
        except BaseException:  # an interrupt, or no thread to be had
            reply.interrupt()
            raise
        return reply

    def settle(self) -> None:
        """Read the reply before to its end, so that its turn stands before the next one."""
        pending = self.pending
        if pending is not None and pending.ended is None:
            if pending.is_advancing:
                raise pending.in_a_tool()
            self.pending = None
            _ = pending.text
        elif pending is not None:
            self.pending = None
            pending.interrupt()  # which commits it, should an interrupt have come between its end and that

    def _in_rounds(
        self, first: Source, ask_on: Callable[[Sequence[Message], Sequence[Round]], Source], request: Request
    ) -> Source:
        """The exchange, and those that tools or a type of the answer may make necessary."""
        if not request.options.tools and request.shape is None:
            return first
        return Rounds(
            first,
            ask_on,
            tools=request.options.tools,
            most=self.tool_rounds,
            most_calls=self.tool_calls,
            tokens=self.value_tokens,
            shape=request.shape,
            hide=self._service.hide,
        )

    def _ask(
        self, reply: Reply, endpoint: Endpoint, more: Sequence[Message], emit: Emit, cancelled: threading.Event
    ) -> None:
        """Send the reply's request with these messages after its own, and once more where it is too long."""
        client, data_urls = self._service.client(endpoint), endpoint.takes_data_urls
        try:
            client.send(reply.request.to_send(more, data_urls=data_urls), emit, cancelled)
        except ServiceError as error:
            smaller = fit_smaller(reply.request) if error.code in TOO_LONG else None
            if smaller is None or cancelled.is_set():
                raise
            reply.request = smaller
            emit(Retry(1, 1, 0.0, "the conversation is too long for the model"))
            client.send(smaller.to_send(more, data_urls=data_urls), emit, cancelled)

    def _check_budget(self, request: Request, rounds: Sequence[Round] = ()) -> None:
        """Raise OverBudget for a request that could pass it, after these rounds of its turn."""
        budget = self._history.kept.budget
        if budget is None or (self._service.practising and budget.unit == "yuan"):
            return
        priced, account = self.mode == "only" or self._service.priced, self.account
        usages, tokens = taken(request, rounds)
        for usage in usages:
            cost = cost_of(request.model, usage, priced=priced)
            account = account.with_entry(Entry(request.model, "", usage, cost, 0.0))
        check_budget(budget, replace(request, tokens=tokens), account, priced=priced)

    def _reply(self, source: Source, request: Request, known: Known, endpoint: Endpoint | None) -> Reply:
        return Reply(
            source,
            request,
            commit=lambda reply: self._commit(reply, known, endpoint),
            build=build_completion,
            recorded=known.answer,
            practice=endpoint is not None and endpoint.practice,
        )

    def _commit(self, reply: Reply, known: Known, endpoint: Endpoint | None) -> None:
        """The one commit point. Called again for the same reply, it only makes sure that the journal has it."""
        if reply.has_begun:
            history, run = self._history, reply.request.anchor.run
            history.commit(reply, lambda: told(history.journal.next_id(), history.run(run), reply, known, endpoint))
            if endpoint is not None and history.kept.event is not None:
                self._replay.add(known, history.kept.event)
