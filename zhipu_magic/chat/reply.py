"""One reply: while it grows, and when it is whole."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

from ..history.rounds import Called, Round
from ..service.forks import tell_of_forks
from ..service.stream import Retry
from ..service.wire import DONE, Assembly, Usage, total
from ..text.errors import GLMError, InvalidAnswer, InvalidRequest, ReplyBroken, ServiceError, asked_elsewhere
from .stream import Again, Calling, Event, Source, Timing
from .undisturbed import undisturbed

if TYPE_CHECKING:
    from ..service.connection import Completion
    from .request import Request

State = Literal["waiting", "streaming", "complete", "interrupted", "failed"]


class Reply:
    """The model's answer, to iterate over while it grows and to read when it is whole.

    Its life, in order:

    1. *waiting*: the request has gone out; nothing has come but perhaps a `Retry`.
    2. *streaming*: reasoning, then words, have begun to come.
    3. *complete*: the service said that this is all. The turn is committed.
       Or *interrupted*: stopped by the reader or broken off; if words had come, they are committed so marked.
       Or *failed*: nothing had come. Nothing is committed.

    A turn may take several `rounds`: where the model calls tools, they run while the reply is advanced, in the thread
    that does so, and it is asked on with their results; an answer that is not of the wanted type is asked for once
    more. The words, and all else that is told of the reply, are those of its last round, but for `usage`, which sums.

    Iterating gives the words as they come, those of all rounds. The attributes `text`, `reasoning`, `completion`,
    `usage` and `value` read the reply to its end first, and raise the `GLMError` that ended it if one did.
    """

    def __init__(
        self,
        source: Source,
        request: Request,
        *,
        commit: Callable[[Reply], None],
        build: Callable[[Mapping[str, Any]], Completion],
        practice: bool = False,
        recorded: Mapping[str, Any] | None = None,
    ) -> None:
        self.request = request
        self.practice = practice if recorded is None else bool(recorded.get("practice"))
        self.state: State = "waiting"
        self.retry: Retry | None = None
        self.retry_due = 0.0
        self.error: Exception | None = None
        self.started = time.monotonic()
        self.first_token: float | None = None
        self.ended: float | None = None
        self.chunks = 0
        self.changes = 0
        self.rounds: list[Round] = []
        self.calls: list[Called] = []
        self.calling: Calling | None = None
        self._between = False
        self._advancing = False
        self._changing = threading.RLock()  # another thread may stop what this one reads
        self._recorded = recorded
        self._source = source
        self._commit = commit
        self._build = build
        self._assembly = Assembly(request.hide)
        self._completion: Completion | None = None
        self._committed = False
        self._deltas: deque[str] = deque()
        self._value: tuple[Any, ...] = ()
        tell_of_forks(self)

    # While it grows

    def __iter__(self) -> Iterator[str]:
        """The words of the answer, as they come."""
        while True:
            more = self.advance(timeout=_TICK)
            while self._deltas:
                yield self._deltas.popleft()
            if not more:
                return

    def advance(self, timeout: float = 0.0, linger: float = 0.0) -> bool:
        """Take in what has come, waiting at most `timeout` seconds for something; False once it has ended.

        `linger` seconds more are given for the rest to gather, unless the end comes first. Raises the `GLMError`
        that ended the reply. An interrupt while it waits ends the reply as *interrupted*.
        """
        if self.ended is not None:
            if self.error is not None:
                raise self.error
            return False
        if self._advancing:
            raise self.in_a_tool()
        try:
            self._advancing = True
            self._source.wait(timeout, linger)
            if self._between:
                self._run_on()
            else:
                undisturbed(self._take_in)
        except BaseException:  # an interrupt, or what has ended the reply
            self.interrupt()
            raise
        finally:
            self._advancing = False
        return self.ended is None

    def interrupt(self) -> None:
        """Stop here: the connection is let go, and what has come is kept. Does nothing to a reply that has ended.

        A tool may call it, and another thread. A tool that runs is not waited for, and what it gives is not used.
        """
        undisturbed(self._stop)

    def _stop(self) -> None:
        with self._changing:
            arrived = self._source.close()
            if self.ended is None:
                with suppress(Exception):
                    for event in arrived:
                        self._feed(event)
            self._end(whole=self._assembly.done and not self._between)

    def after_fork(self, *, in_child: bool) -> None:
        """In a child it has failed, if it was under way: the parent reads it to its end, and keeps it."""
        if in_child:
            self._changing = threading.RLock()
            if self.ended is None:
                self.error, self.state = asked_elsewhere(), "failed"
                self.ended, self._committed = time.monotonic(), True
                self._advancing = False

    @property
    def is_advancing(self) -> bool:
        """Whether it is being read at this very moment: it is one of its own tools that asks."""
        return self._advancing

    def in_a_tool(self) -> InvalidRequest:
        """The error of a tool that wants to go on with the very turn that called it."""
        return InvalidRequest(
            "A tool cannot use the chat that is calling it.", hint="Let it ask another one: Chat().ask(…)."
        )

    # What it holds so far

    @property
    def model(self) -> str:
        """The model that was asked."""
        return self.request.model

    @property
    def replayed(self) -> bool:
        """Whether the journal gave it."""
        return self._recorded is not None

    @property
    def left_out(self) -> int:
        """Turns that its request had no room for."""
        return self.request.left_out if self._recorded is None else int(self._recorded.get("left_out", 0))

    @property
    def unseen(self) -> int:
        """Images of earlier turns that its model could not see."""
        return self.request.unseen if self._recorded is None else int(self._recorded.get("unseen", 0))

    @property
    def timing(self) -> Timing:
        """Its times so far, or those that were recorded."""
        if self._recorded is not None:
            return Timing.recorded(self._recorded)
        seconds = (self.ended or time.monotonic()) - self.started
        first_token = None if self.first_token is None else round(self.first_token - self.started, 3)
        # Rounded as the journal tells them, so that a replay shows the very same.
        return Timing(round(seconds, 3), first_token, self.chunks)

    @property
    def words(self) -> str:
        """The words of the answer so far."""
        return self._assembly.text

    @property
    def thoughts(self) -> str:
        """The reasoning so far."""
        return self._assembly.reasoning

    @property
    def has_words(self) -> bool:
        return self._assembly.has_words

    @property
    def has_begun(self) -> bool:
        """Whether anything of the answer has come: reasoning, words, or a call of a tool."""
        return bool(self.rounds) or self._round_has_begun

    @property
    def _round_has_begun(self) -> bool:
        return self._assembly.has_words or self._assembly.has_reasoning or self._assembly.has_tool_calls

    @property
    def wants_tools(self) -> bool:
        """Whether the model asks for tools to be called."""
        return self._assembly.has_tool_calls

    @property
    def tool_errors(self) -> list[BaseException]:
        """What its tools have raised."""
        return [call.error for call in self.all_calls if call.error is not None]

    @property
    def all_calls(self) -> list[Called]:
        """The calls of tools that have come back, in all rounds."""
        return [*(call for one in self.rounds for call in one.calls), *self.calls]

    @property
    def counted(self) -> Usage | None:
        """The service's count of tokens in all rounds, once it has come."""
        return total([*(one.usage for one in self.rounds), self.last_counted])

    @property
    def last_counted(self) -> Usage | None:
        """The service's count of tokens in the last round, once it has come."""
        return self._assembly.usage

    @property
    def finish_reason(self) -> str | None:
        """Why it ended: the service's word, or `interrupted`."""
        return "interrupted" if self.state == "interrupted" else self._assembly.finish_reason

    @property
    def is_kept(self) -> bool:
        """Whether it is worth keeping: it is whole, or words had come before it was cut short."""
        return self.state == "complete" or (self.state == "interrupted" and self.has_words)

    @property
    def outcome(self) -> str:
        """One sentence on what becomes of a reply that did not come to its end."""
        if self.state == "complete":
            return "The reply was whole by then, and is kept."
        if self.has_words:
            return "What had arrived is kept, marked as interrupted."
        return "The answer itself had not begun, so it leaves no turn."

    @property
    def request_id(self) -> str | None:
        """The caller's own, else the service's."""
        asked = self.request.options.params.get("request_id")
        request_id = self._assembly.member("request_id") or asked or self._assembly.member("id")
        return str(request_id) if request_id else None

    # When it is whole

    @property
    def text(self) -> str:
        """The words of the answer."""
        return self._read_to_end().words

    @property
    def reasoning(self) -> str:
        """The reasoning before the answer; empty where the model gave none."""
        return self._read_to_end().thoughts

    @property
    def usage(self) -> Usage | None:
        """The service's count of tokens; None where it gave none."""
        return self._read_to_end().counted

    @property
    def value(self) -> Any:
        """The answer as a value of the type that was asked for; without one, its words. Raises InvalidAnswer."""
        shape = self.request.shape
        if shape is None:
            return self.text
        from ..values.types.answer_type import Misfit

        words = self.text
        try:
            self._value = self._value or (shape.read(words),)
            return self._value[0]
        except Misfit as misfit:
            said = f"The answer is no {shape.name}, although it was asked for twice: {'; '.join(misfit.problems)}."
            hint = "Word the prompt differently, or ask another model."
            if self.finish_reason == "length":
                said = f"The answer was cut off at its longest length, and is no {shape.name}."
                hint = "--max-tokens NUMBER allows a longer one (in Python: max_tokens)."
            raise InvalidAnswer(
                said,
                hint=f"{hint} This turn is not in the conversation.",
                detail=f"The answer was: {self.text}",
                text=self.text,
            ) from None

    @property
    def is_invalid(self) -> bool:
        """Whether it is whole, and not of the type that was asked for."""
        if self.request.shape is None or self.state != "complete":
            return False
        try:
            _ = self.value
        except InvalidAnswer:
            return True
        return False

    @property
    def completion(self) -> Completion:
        """The whole reply as the SDK's `Completion`, as if it had come unstreamed."""
        return self._read_to_end().so_far()

    def so_far(self) -> Completion:
        """What has come, in the same form; of a whole reply always the same object."""
        if self._completion is None or self.ended is None:
            self._completion = self._build(self.body())
        return self._completion

    def body(self) -> dict[str, Any]:
        """The reply as the service would have sent it unstreamed."""
        body = self._assembly.body()
        body.setdefault("model", self.model)
        # A stream does not repeat the request id; unstreamed it is the caller's own, else the reply's id (wire.md).
        if self.request_id:
            body.setdefault("request_id", self.request_id)
        body["choices"][0]["finish_reason"] = self.finish_reason
        return body

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Reply {self.state}, {self.model}, {len(self.words)} characters>"

    def _repr_markdown_(self) -> str:
        from ..text.sanitize.pages import page_of

        return page_of([self.text]).rich

    # Its life

    def _read_to_end(self) -> Reply:
        while self.advance(timeout=_TICK):
            pass
        return self

    def _take_in(self) -> None:
        """Take in what has come. Nothing of it is lost to an interrupt, nor to another thread that stops the reply."""
        with self._changing:
            if self.ended is None:
                with self._ending():
                    self._feed_all(self._source.take())

    def _run_on(self) -> None:
        """Run the next tool, which an interrupt can stop, and for which no other thread has to wait."""
        try:
            events = self._source.take()
        except Exception:
            with self._changing:
                if self.ended is None:
                    with self._ending():
                        raise
            return  # it is of what was stopped meanwhile
        with self._changing:
            if self.ended is None:
                with self._ending():
                    self._feed_all(events)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """What is raised within is the end of the reply."""
        try:
            yield
        except GLMError as error:
            self._break_off(error)
            raise
        except Exception as error:  # a fault of our own or of a library's
            self.error = error
            self._end()
            raise

    def _feed_all(self, events: Sequence[Event] | None) -> None:
        for event in events or ():
            self._feed(event)
        if self._assembly.done and not self._between:
            # The round is whole, whatever becomes of the connection; most often that ends at once.
            self._source.wait(0.0, _FAREWELL)
            with suppress(GLMError):
                self._source.take()
            self._source.close()  # a server that holds it open would hold a thread and a place in the queue
            events = None
        if events is None:
            self._finish_round()

    def _feed(self, event: Event) -> None:
        self.changes += 1
        if isinstance(event, (Retry, Calling, Called, Again)):
            self._feed_between(event)
            return
        self._say(self._assembly.feed(event))
        if event is not DONE:
            self.chunks += 1
        if self.first_token is None and self.has_begun:
            self.first_token = time.monotonic()
            self.state = "streaming"

    def _say(self, words: str) -> None:
        if words:
            self._deltas.append(words)

    def _feed_between(self, event: Retry | Calling | Called | Again) -> None:
        if isinstance(event, Retry):
            self.retry, self.retry_due = event, time.monotonic() + event.wait
            self._assembly = Assembly(self.request.hide)
        elif isinstance(event, Calling):
            self.calling = event
        elif isinstance(event, Called):
            self.calling = None
            self.calls.append(event)
        else:
            self.rounds.append(Round(self.body(), tuple(self.calls), event.wrong))
            self.calls, self._assembly = [], Assembly(self.request.hide)
            self._completion, self._between = None, False

    def _finish_round(self) -> None:
        self._say(self._assembly.end())
        if not self._assembly.whole and self._round_has_begun:
            raise ReplyBroken("The reply broke off: the connection ended before the reply did.")
        if not self._round_has_begun:
            reason = f" (it ended for: {self.finish_reason})" if self.finish_reason else ""
            raise ServiceError(
                f"The reply holds no words{reason}.",
                hint="Run the cell again; if it stays so, word the prompt differently.",
                request_id=self.request_id,
            )
        self._between = self._source.follow(self.body())
        if not self._between:
            self._end(whole=True)

    def _break_off(self, error: GLMError) -> None:
        self._say(self._assembly.end())
        if self.has_begun:
            error.hint = " ".join(part for part in (self.outcome, error.hint) if part)
        self.error = error
        self._end()

    def _end(self, *, whole: bool = False) -> None:
        """End it, unless it has ended, and commit it, unless an interrupt came between and it is committed."""
        with self._changing:
            if self.ended is None:
                self._say(self._assembly.end())
                self.state = "complete" if whole else "interrupted" if self.has_begun else "failed"
                self.ended = time.monotonic()
            if not self._committed:
                self._commit(self)
                self._committed = True


#: Seconds after which a wait looks up: on Windows no interrupt comes through before.
_TICK = 0.25
#: Seconds that a connection is given to end after `[DONE]`, so that the next turn finds it free.
_FAREWELL = 0.1
