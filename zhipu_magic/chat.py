"""The chat: the one place where prompts become requests, and replies become turns.

It knows nothing of notebooks, widgets or HTTP: `magics` and `view` stand above it, `client` below.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from .budget import Budget
from .conversation import Thread
from .credentials import Endpoint
from .environment import REPLAY_VARIABLE, ReplayMode, default_model, default_replay
from .errors import InvalidRequest, ServiceError, SettingsError
from .events import Kept
from .exchange import Emit, Exchange
from .history import History
from .journal import Journal
from .ledger import Ledger, Sums
from .models import CATALOGUE
from .options import Options, with_more
from .record import told
from .replay import Known, Recorded, Replay
from .reply import Reply
from .request import Anchor, Request
from .service import Service, build_completion
from .service_errors import TOO_LONG
from .source import Retry, Source
from .window import context_tokens, fit, fit_smaller

#: What a reply that was cut short is asked to be continued with.
GO_ON = "Go on exactly where you stopped, without repeating anything."
GO_ON_CHINESE = "请从刚才停下的地方继续，不要重复已有的内容。"


class Chat:
    """A conversation with a model.

    >>> chat = Chat(model="glm-4.7-flash")
    >>> for text in chat.ask("你好"):
    ...     print(text, end="")

    `model` defaults to the environment's ZHIPU_MAGIC_MODEL, then to a free one. `api_key` defaults to
    ZHIPUAI_API_KEY, then to what `%glm login` saved; `base_url` to ZHIPUAI_BASE_URL, then to the mainland service.
    `timeout` is in seconds without a byte; `max_retries` counts the tries after the first.

    `journal` is the file that all turns are appended to, if any. `replay` answers known requests from it: "off",
    "auto", or "only", where nothing goes out; it defaults to ZHIPU_MAGIC_REPLAY, then to "off". `warn` is called with
    what the reader should know and what is no error; it defaults to `warnings.warn`.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        system: str = "",
        temperature: float | None = None,
        stream: bool = True,
        timeout: float = 60.0,
        max_retries: int = 3,
        journal: str | os.PathLike[str] | None = None,
        replay: ReplayMode | None = None,
        warn: Callable[[str], None] = warnings.warn,
    ) -> None:
        self.stream = stream
        self.service = Service(base_url, api_key, timeout=timeout, max_retries=max_retries)
        self._warn = warn
        self._pending: Reply | None = None
        settings = {"model": model or default_model(), "system": system or None, "temperature": temperature}
        self.history = History(
            Journal(Path(journal) if journal else None, hide=self.service.hide, warn=warn),
            {name: value for name, value in settings.items() if value is not None},
            self._settle,
        )
        self.replay = default_replay() if replay is None else replay

    # Asking

    def ask(self, prompt: str, options: Options | None = None, *, anchor: Anchor | None = None, **more: Any) -> Reply:
        """Send `prompt` as the next turn of the conversation; gives the `Reply` to iterate over or to read.

        `more` are options by name, as in `ask("…", temperature=0.2, once=True)`; see `Options`. `anchor` is the cell
        that asks: asked again by another run of it, the turn replaces the earlier one in place. The request goes out
        at once; the turn is committed when its reply has been read to the end, which the next `ask` does if nobody
        has (and which then raises what ended it). Raises InvalidRequest, OverBudget, NotRecorded or SettingsError
        where nothing can be sent; reading the reply raises `GLMError`.
        """
        options = with_more(options or Options(), more)
        self._settle()
        thread = self.thread(options.thread)
        _check(prompt, options.system or thread.system)
        anchor = anchor or Anchor()
        return self._send(self._request(prompt, options, anchor, self.history.before(options.thread, anchor)))

    def ask_again(self, anchor: Anchor | None = None) -> Reply:
        """Ask the last turn's prompt again; the new reply takes its place. Raises InvalidRequest without a turn.

        `anchor` is the cell that wants it; the turn stays with the cell that asked.
        """
        self._settle()
        link = self.history.newest("ask again")
        before = replace(self.thread(), last=link.before)
        options = Options.of(link.turn.model, link.turn.members)
        return self._send(self._request(link.turn.prompt, options, anchor or Anchor(), before, replaces=link.turn.id))

    def go_on(self, anchor: Anchor | None = None) -> Reply:
        """Have the model go on from a reply that was cut short, and join the two into one turn.

        `anchor` is the cell that wants it. Raises InvalidRequest where the last reply came to its end.
        """
        self._settle()
        turn = self.history.newest("go on from").turn
        if turn.finish_reason not in ("interrupted", "length"):
            raise InvalidRequest(
                "The last reply came to its end; there is nothing to go on from.",
                hint="%glm continue is for a reply that was interrupted, or cut off at its longest length.",
            )
        prompt = GO_ON if turn.reply.isascii() else GO_ON_CHINESE
        options = Options.of(turn.model, turn.members)
        return self._send(self._request(prompt, options, anchor or Anchor(), self.thread(), joins=turn.id))

    def interrupt(self) -> None:
        """Stop the reply that is under way, if there is one; what has come of it is kept."""
        if self._pending is not None:
            self._pending.interrupt()

    def _request(
        self,
        prompt: str,
        options: Options,
        anchor: Anchor,
        before: Thread,
        *,
        replaces: str | None = None,
        joins: str | None = None,
    ) -> Request:
        """The request that asks `prompt` after the thread `before`."""
        options = replace(
            options,
            temperature=self.temperature if options.temperature is None else options.temperature,
            stream=self.stream if options.stream is None else options.stream,
        )
        model = options.model or _model_of(before)
        if options.once:
            before = Thread(before.name, system=options.system or "")
        elif options.system is not None:
            before = replace(before, system=options.system)
        return fit(Request(prompt, options, anchor, before, model, replaces, joins))

    def _send(self, request: Request) -> Reply:
        if self.replay == "only":
            self._check_budget(request)  # as the recorded run did: what it refused is no occurrence
        known = self._replay.look_up(request)
        if known.answer is not None:
            reply = self._pending = self._reply(Recorded(known.answer["completion"]), request, known, None)
            return reply
        if self.replay == "only":
            raise self._replay.missed(request, known)
        self._check_budget(request)
        endpoint = self.service.endpoint()

        def send(emit: Emit, cancelled: threading.Event) -> None:
            client = self.service.client(endpoint)
            try:
                client.send(request.body, emit, cancelled)
            except ServiceError as error:
                smaller = fit_smaller(request) if error.code in TOO_LONG else None
                if smaller is None or cancelled.is_set():
                    raise
                reply.request = smaller
                emit(Retry(1, 1, 0.0, "the conversation is too long for the model"))
                client.send(smaller.body, emit, cancelled)

        exchange = Exchange(send, self.service.hang_up)
        reply = self._reply(exchange, request, known, endpoint)
        try:
            self._pending = reply
            exchange.start()
        except BaseException:  # an interrupt, or no thread to be had
            reply.interrupt()
            raise
        return reply

    def _check_budget(self, request: Request) -> None:
        budget = self.kept.budget
        if budget is not None and not (self.service.practising and budget.unit == "yuan"):
            budget.check(request, self.account, priced=self.replay == "only" or self.service.priced)

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
            history, run = self.history, reply.request.anchor.run
            history.commit(reply, lambda: told(history.journal.next_id(), history.run(run), reply, known, endpoint))
            if endpoint is not None and self.kept.event is not None:
                self._replay.add(known, self.kept.event)

    def _settle(self) -> None:
        """Read the reply before to its end, so that its turn stands before the next one."""
        pending, self._pending = self._pending, None
        if pending is not None and pending.ended is None:
            _ = pending.text
        elif pending is not None:
            pending.interrupt()  # which commits it, should an interrupt have come between its end and that

    # What it keeps (`kept` itself may be looked at while a reply grows; the others read that to its end first)

    @property
    def kept(self) -> Kept:
        """All of it, as it is at this moment."""
        return self.history.kept

    def thread(self, name: str | None = None) -> Thread:
        """The thread of this name, or the current one: its `turns`, and its `messages` as the service takes them."""
        return self.history.thread(name)

    @property
    def ledger(self) -> Ledger:
        """What it has cost so far."""
        self._settle()
        return self.kept.ledger

    @property
    def account(self) -> Sums:
        """What has been spent. Where nothing goes out, it is what the page took when it was recorded."""
        return self.kept.ledger.account(as_recorded=self.replay == "only")

    @property
    def system(self) -> str:
        """The system text that stands before all turns of the current thread; empty where there is none."""
        return self.thread().system

    @system.setter
    def system(self, text: str) -> None:
        self.history.do("system", thread=self.thread().name, text=text)

    @property
    def model(self) -> str:
        """The model that the current thread asks."""
        return _model_of(self.kept.conversation.here)

    @model.setter
    def model(self, name: str) -> None:
        self.history.do("model", thread=self.thread().name, name=name)

    @property
    def temperature(self) -> float | None:
        """How freely the model picks words; None leaves it to the model."""
        return self.kept.temperature

    @temperature.setter
    def temperature(self, value: float | None) -> None:
        self.history.do("temperature", value=value)

    @property
    def budget(self) -> Budget | None:
        """What may be spent in all; None where there is no limit."""
        return self.kept.budget

    @budget.setter
    def budget(self, budget: Budget | None) -> None:
        self.history.do("budget", **({"limit": budget.limit, "unit": budget.unit} if budget else {}))

    @property
    def replay(self) -> ReplayMode:
        """Whether known requests are answered from the journal: "off", "auto", or "only", where nothing goes out."""
        return self._replay.mode

    @replay.setter
    def replay(self, mode: ReplayMode) -> None:
        if mode not in get_args(ReplayMode):
            raise SettingsError(f"replay is off, auto or only, not {mode!r}.", hint=f"Look at {REPLAY_VARIABLE} too.")
        self._replay = Replay(mode, self.history.journal, self._warn)
        self.service.sealed = self.history.journal.read_only = mode == "only"

    def context_filled(self, model: str | None = None, thread: str | None = None) -> tuple[int, int] | None:
        """Tokens that a thread takes of a model's context, and that context; None where it is not known."""
        conversation = self.kept.conversation
        here = conversation.here if thread is None else conversation.thread(thread)
        known = CATALOGUE.get(model or self.model)
        return (min(context_tokens(here), known.context), known.context) if known else None

    @classmethod
    def load(cls, path: str | os.PathLike[str], **settings: Any) -> Chat:
        """A chat that goes on from a journal, and leaves the file as it is. `settings` are those of `Chat`.

        Raises JournalError.
        """
        chat = cls(**settings)
        for note in chat.history.go_on_from(Path(path), here=False):
            chat._warn(note)
        return chat

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all that has happened as a journal, which `load` and `%glm resume` read. Raises JournalError."""
        self.history.save(path)

    def close(self) -> None:
        """Let the connections go. The chat can be used on; it connects anew."""
        self.service.close()

    def __repr__(self) -> str:
        return f"<Chat with {self.model}, {self.kept.conversation.here.size} turns>"


def _model_of(thread: Thread) -> str:
    return thread.model or default_model()


def _check(prompt: str, system: str) -> None:
    if not prompt.strip():
        raise InvalidRequest("There is nothing to send: the prompt is empty.")
    for name, text in (("prompt", prompt), ("system text", system)):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            half = ascii(text[error.start])
            raise InvalidRequest(f"The {name} holds half a character ({half}), which is no text.") from None
