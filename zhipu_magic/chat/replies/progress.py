"""A reply as far as it has arrived: takes the events of its stream; has its text, rounds and figures.

Pure: it never waits, and commits nothing. A display paints it; `Reading` brings it to its end.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from ...history.events.turn_event import Timing, TurnEvent
from ...history.rounds import Called, Round, calls_of, not_done
from ...service.stream import DONE, Retry
from ...service.wire import Assembly, Usage, is_broken_off, total
from ...text.errors import InvalidAnswer
from ...text.joining import joined
from ...text.languages.notice import Notice
from .stream import Again, Calling, Smaller, StreamEvent
from .typed_answer import value_of

if TYPE_CHECKING:
    from ..request import Request

ReplyState = Literal["waiting", "streaming", "complete", "interrupted", "failed"]


class Progress:
    """A reply as far as it has come.

    Its text, reasoning, calls and finish reason are of the last round; its usage, times and chunks are of all rounds.

    Its `state`, in order:

    1. *waiting*: the request has gone out; nothing has come but perhaps a `Retry`.
    2. *streaming*: reasoning, then text, have begun to come.
    3. *complete*: the service said that this is all.
       Or *interrupted*: stopped by the user, or broken off after it had begun.
       Or *failed*: nothing had come.

    `recorded` is the journal's event, where the reply comes from there.
    """

    def __init__(self, request: Request, *, practice: bool = False, recorded: TurnEvent | None = None) -> None:
        self.request = request
        self.practice = practice if recorded is None else bool(recorded.practice)
        self.state: ReplyState = "waiting"
        self.retry: Retry | None = None
        self.retry_due = 0.0
        self.started = time.monotonic()
        self.first_token: float | None = None
        self.ended: float | None = None
        self._between = 0.0
        self._called_at = 0.0
        self.chunks = 0
        self.changes = 0
        self.rounds: list[Round] = []
        self.calls: list[Called] = []
        self.calling: Calling | None = None
        self.printed: str | None = None
        """What the code that runs has printed so far, as it is shown meanwhile. It is not kept."""
        self._recorded = recorded
        self._assembly = self._new_assembly()
        self._value: tuple[Any, ...] = ()

    # What comes

    def feed(self, event: StreamEvent) -> str:
        """Take in the next event. Returns the text of the answer that it brought."""
        self.changes += 1
        if isinstance(event, Retry):
            self.retry, self.retry_due = event, time.monotonic() + event.wait
            if isinstance(event, Smaller):
                self.request = event.request
            self._assembly = self._new_assembly()
            return ""
        if isinstance(event, (Calling, Called, Again)):
            self._feed_between(event)
            return ""
        text = self._assembly.feed(event)
        if event is not DONE:
            self.chunks += 1
        if self.first_token is None and self.has_begun:
            self.first_token = time.monotonic()
            self.state = "streaming"
        return text

    def _feed_between(self, event: Calling | Called | Again) -> None:
        self.printed = None
        if isinstance(event, Calling):
            self.calling, self._called_at = event, time.monotonic()
        elif isinstance(event, Called):
            if self.calling is not None:
                self._between += time.monotonic() - self._called_at
            self.calling = None
            self.calls.append(event)
        else:
            self.rounds.append(Round(self.body(), tuple(self.calls), event.wrong))
            self.calls, self._assembly = [], self._new_assembly()

    def _new_assembly(self) -> Assembly:
        if self._recorded is not None:
            return Assembly(self.request.hide, marks="words")  # its reasoning has been told apart already
        return Assembly(self.request.hide, marks=self.request.marks)

    def end_round(self) -> str:
        """Nothing more comes in this round. Returns the text that was held back."""
        return self._assembly.end()

    def end(self, *, whole: bool) -> None:
        """Nothing more comes at all."""
        if self.calling is not None and any(call.ran is not None for call in self.calls):
            # What has run is kept, and with it that this call was under way.
            self._feed_between(not_done(calls_of(self.body())[len(self.calls)]))
        self.printed = None
        self.state = "complete" if whole else "interrupted" if self.has_begun else "failed"
        self.ended = time.monotonic()

    # What there is

    @property
    def model(self) -> str:
        """The model that was asked."""
        return self.request.model

    @property
    def text(self) -> str:
        """The text of the answer so far."""
        return self._assembly.text

    @property
    def joined_text(self) -> str:
        """The text so far, in its first round after that of the reply that this one goes on from, if it does."""
        return self.text if self.rounds else self._joined(self.text)

    def words_of(self, one: Round) -> str:
        """The words of a round that is over; of the first, after those of the reply that this one goes on from."""
        return self._joined(one.words) if one is self.rounds[0] else one.words

    def _joined(self, words: str) -> str:
        earlier = self.request.joined
        return words if earlier is None else joined(earlier.reply, words)

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return self._assembly.reasoning

    @property
    def has_text(self) -> bool:
        return self._assembly.has_words

    @property
    def reasoning_is_over(self) -> bool:
        """Whether something else has come after the reasoning of this round: text, or calls of tools."""
        return self.has_text or self.wants_tools

    @property
    def taken_back(self) -> int:
        """How often the text so far turned out to be the reasoning (see `Words`)."""
        return self._assembly.words.taken_back

    @property
    def thinks_unopened(self) -> bool:
        """Whether a closing tag ended reasoning that no opening tag had begun."""
        return self._assembly.words.closed_unopened

    @property
    def has_begun(self) -> bool:
        """Whether anything of the answer has come: reasoning, text, or a call of a tool."""
        return bool(self.rounds) or self.round_has_begun

    @property
    def round_has_begun(self) -> bool:
        return self._assembly.has_words or self._assembly.has_reasoning or self._assembly.has_tool_calls

    @property
    def round_is_done(self) -> bool:
        """Whether the stream of this round has ended, as the service says it (`[DONE]`)."""
        return self._assembly.done

    @property
    def round_is_whole(self) -> bool:
        """Whether the service has said that this round is at its end."""
        return self._assembly.whole

    @property
    def ended_badly(self) -> bool:
        """Whether the service itself ended this round early, as its finish reason says."""
        return self._recorded is None and is_broken_off(self._assembly.finish_reason)

    @property
    def last_words(self) -> str:
        """What the service said about the end of this round."""
        return self._assembly.last_words

    @property
    def wants_tools(self) -> bool:
        """Whether the model asks for tools to be called."""
        return self._assembly.has_tool_calls

    @property
    def all_calls(self) -> list[Called]:
        """The calls of tools that have come back, in all rounds."""
        return [*(call for one in self.rounds for call in one.calls), *self.calls]

    @property
    def has_run(self) -> bool:
        """Whether code has run in one of them."""
        return any(call.ran is not None for call in self.all_calls)

    @property
    def stopped_round(self) -> Round | None:
        """The last round with its calls, where the reply ended after code had run in one of them."""
        last = Round(self.body(), tuple(self.calls))
        return last if self.state == "interrupted" and last.has_run else None

    @property
    def tool_errors(self) -> list[BaseException]:
        """What its tools have raised."""
        return [call.error for call in self.all_calls if call.error is not None]

    @property
    def usage(self) -> Usage | None:
        """The service's count of tokens in all rounds, once it has come."""
        return total([*(one.usage for one in self.rounds), self.last_usage])

    @property
    def last_usage(self) -> Usage | None:
        """The service's count of tokens in the last round, once it has come."""
        return self._assembly.usage

    @property
    def finish_reason(self) -> str | None:
        """Why it ended: the service's word, or `interrupted`."""
        return "interrupted" if self.state == "interrupted" else self._assembly.finish_reason

    @property
    def is_kept(self) -> bool:
        """Whether it is worth keeping: it is whole, or text had come or code had run before it was cut short."""
        return self.state == "complete" or (self.state == "interrupted" and (self.has_text or self.has_run))

    @property
    def outcome(self) -> Notice:
        """One sentence on what happens to a reply that was cut short."""
        if self.state == "complete":
            return Notice("The reply was already complete and is kept.", reason="outcome.complete")
        is_kept = self.has_text or self.has_run
        if is_kept and self.request.leaves_no_turn:
            return Notice("What had arrived is kept, marked as interrupted.", reason="outcome.partial_once")
        if is_kept:
            return Notice(
                "What had arrived is kept, marked as interrupted.",
                hint="chat.go_on() goes on from there.",
                reason="outcome.partial",
            )
        return Notice("The answer itself had not begun, so it leaves no turn.", reason="outcome.no_turn")

    @property
    def recorded_as(self) -> str:
        """The id of the journal's event that it comes from; empty if it comes from the service."""
        return "" if self._recorded is None else self._recorded.id

    @property
    def replayed(self) -> bool:
        """Whether the journal gave it."""
        return self._recorded is not None

    @property
    def left_out(self) -> int:
        """Turns that its request had no room for."""
        return self.request.left_out if self._recorded is None else self._recorded.left_out or 0

    @property
    def first_unseen(self) -> int:
        """Images of earlier turns that its model could not see, and that no turn before it had to leave out."""
        if self._recorded is None:
            return self.request.first_unseen
        first = self._recorded.first_unseen
        return (self._recorded.unseen or 0) if first is None else first  # earlier versions told every turn of all

    @property
    def cut(self) -> list[str]:
        """What of the values in the prompt, and of the results of tools, was sent, where it was not all of them."""
        cut = self.request.cut if self._recorded is None else self._recorded.cut or ()
        return [*cut, *(f"{call.name}(): {call.cut}" for call in self.all_calls if call.cut)]

    @property
    def above(self) -> str:
        """Which of the cells above went along, in words; empty if none did."""
        return self.request.above if self._recorded is None else self._recorded.above or ""

    @property
    def answer_limit(self) -> int | None:
        """The longest answer, in tokens, that the budget had room for, where it could have been longer."""
        return self.request.answer_limit if self._recorded is None else self._recorded.answer_limit

    @property
    def timing(self) -> Timing:
        """Its times so far, or those that were recorded."""
        if self._recorded is not None:
            return self._recorded.timing
        now = self.ended or time.monotonic()
        between = self._between + (now - self._called_at if self.calling is not None else 0.0)
        seconds = now - self.started - between
        first_token = None if self.first_token is None else round(self.first_token - self.started, 3)
        # Rounded as the journal has them, so that a replay shows the very same.
        return Timing(round(seconds, 3), first_token, self.chunks)

    @property
    def request_id(self) -> str | None:
        """The caller's own, else the service's."""
        asked = self.request.options.params.get("request_id")
        request_id = self._assembly.member("request_id") or asked or self._assembly.member("id")
        return str(request_id) if request_id else None

    def body(self) -> dict[str, Any]:
        """The reply so far as the service would have sent it unstreamed."""
        body = self._assembly.body()
        body.setdefault("model", self.model)
        # A stream does not repeat the request id; unstreamed it is the caller's own, else the reply's id
        # (docs/protocol.md, "Plain reply").
        if self.request_id:
            body.setdefault("request_id", self.request_id)
        body["choices"][0]["finish_reason"] = self.finish_reason
        return body

    # The answer as a value

    @property
    def value(self) -> Any:
        """The text as a value of the type that was asked for; without one, as it is. Raises InvalidAnswer."""
        shape = self.request.shape
        if shape is None:
            return self.text
        if not self._value:
            self._value = (value_of(self.text, shape, self.finish_reason, answer_limit=self.answer_limit),)
        return self._value[0]

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
