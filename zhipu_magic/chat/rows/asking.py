"""Asks one row: its rounds, and its answer as a value of the type that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...history.rounds import Round, is_full
from ...history.rows.row import Row
from ...history.turn import Message
from ...service.profile import Profile
from ...service.stream import StreamItem
from ...service.wire import Usage, usage_in
from ...text.errors import GLMError, Interrupted, InvalidAnswer
from ...text.languages.language import Language, prompted
from ...text.tokens import estimate
from ...values.row_prompt import RowPrompt
from ..replies.progress import Progress
from ..replies.round_end import check_is_answer
from ..replies.stream import Again, StreamEvent
from ..replies.tool_loop import Rounds, ToolLimits
from .asked import Answered, RoundEnded, kept_failure
from .caller import Caller, StopAll, Stopped
from .part import ToAsk
from .requests import RowRequests


class RowAsking:
    """Asks the rows of one map, each in the thread that calls. `read` makes the value of an answer."""

    def __init__(
        self,
        requests: RowRequests,
        caller: Caller,
        profile: Profile,
        *,
        read: Callable[[Row], Any],
        tool_limits: Callable[[], ToolLimits],
        language: Language,
        practice: bool,
    ) -> None:
        self._requests = requests
        self._caller = caller
        self._profile = profile
        self._read = read
        self._tool_limits = tool_limits
        self._language = language
        self._practice = practice

    def ask(self, row: ToAsk, round_ended: RoundEnded) -> Answered:
        """Ask this row (see `run.Asks`). Raises Stopped or StopAll where nothing came that is to be kept.

        An answer of the wrong type is kept where it could not be corrected, whatever the reason: it has been paid.
        """
        asked = _Asked(row.key, Progress(self._requests.request, practice=self._practice), round_ended)
        value: Any = None
        error: GLMError | None = None
        stops: GLMError | None = None
        try:
            has_tools = bool(self._requests.request.options.tools)
            value = self._with_tools(asked, row.prompt) if has_tools else self._plain(asked, row.prompt)
        except Stopped:
            if not asked.progress.rounds:
                raise
            error = Interrupted("This row was stopped between the calls of its tools.", reason="row.stopped")
        except StopAll as stop:
            if asked.wrong is None:
                raise
            error = stops = stop.error
        except GLMError as failure:
            error = failure
        finally:
            asked.end_round()
        if error is None or isinstance(error, InvalidAnswer):
            return Answered(asked.row, value, error, requests=asked.requests)
        if asked.wrong is None:
            return Answered(kept_failure(row.key, error, asked.requests), error=error, requests=asked.requests)
        answered = Answered(asked.wrong, requests=asked.requests, stops=stops)
        try:
            return replace(answered, value=self._read(asked.wrong))
        except InvalidAnswer as invalid:
            return replace(answered, error=invalid)

    def _plain(self, asked: _Asked, prompt: RowPrompt) -> Any:
        shape = self._requests.request.shape
        self._round(asked, prompt, ())
        if shape is None:
            return asked.end()
        from ...values.types.answer_type import Mismatch

        try:
            if is_full(asked.progress.finish_reason):
                return asked.end()
            value = shape.read(asked.progress.text)
        except Mismatch as mismatch:
            with prompted(self._language):
                wrong = shape.request_for_repair(mismatch)
            answer = {"role": "assistant", "content": Round(asked.progress.body()).words}
            asked.feed(Again(wrong))
            self._round(asked, prompt, (answer, {"role": "user", "content": wrong}))
            return asked.end()
        asked.progress.end(whole=True)
        return value

    def _round(self, asked: _Asked, prompt: RowPrompt, more: Sequence[Message]) -> None:
        body = self._requests.body(prompt, self._profile, more)
        # A round after the first corrects an answer that has been paid: it goes out whatever happens to the others.
        for chunk in self._caller.call(body, asked.count, whatever=bool(more)):
            asked.feed(chunk)
        asked.end_round()
        check_is_answer(asked.progress)

    def _with_tools(self, asked: _Asked, prompt: RowPrompt) -> Any:
        request = self._requests.request

        def ask(more: Sequence[Message] = (), rounds: Sequence[Round] = ()) -> _OneCall:
            def call() -> Sequence[StreamItem]:
                return self._caller.call(self._requests.body(prompt, self._profile, more), asked.count)

            return _OneCall(call)

        rounds = Rounds(
            ask(),
            ask,
            tools=request.options.tools,
            limits=self._tool_limits(),
            shape=request.shape,
            language=self._language,
            hide=request.hide,
            run_coroutine=lambda: None,
        )
        while True:
            events = rounds.take()
            if events is not None:
                for event in events:
                    asked.feed(event)
                continue
            asked.end_round()
            check_is_answer(asked.progress)
            if not rounds.follow(asked.progress.body()):
                return asked.end()


class _Asked:
    """A row under way: its progress, the requests that it took, and its last answer of the wrong type, if any was."""

    def __init__(self, key: str, progress: Progress, round_ended: RoundEnded) -> None:
        self._key = key
        self.progress = progress
        self._round_ended = round_ended
        self.requests = self._counted = self._rounds = 0
        self.wrong: Row | None = None

    def count(self, lost: Sequence[StreamItem]) -> None:
        """Another request was answered, or failed after this had come."""
        self.requests += 1
        if lost and (usage := usage_in(lost)) is not None:
            self._count(usage)

    def feed(self, event: StreamEvent) -> None:
        """This came of it."""
        if isinstance(event, Again) and event.wrong:
            self.wrong = self.row
        self.progress.feed(event)

    def end_round(self) -> None:
        """Nothing more comes in this round. What it took counts from now on, once, whatever becomes of the row."""
        progress = self.progress
        if self._rounds > len(progress.rounds):
            return
        progress.end_round()
        if not (progress.round_has_begun or progress.last_usage):
            return
        self._rounds = len(progress.rounds) + 1
        self._count(progress.last_usage)

    def _count(self, usage: Usage | None) -> None:
        requests, self._counted = self.requests - self._counted, self.requests
        self._round_ended(usage, lambda: estimate(self.progress.reasoning + self.progress.text), requests)

    def end(self) -> Any:
        """Nothing more comes. Returns the value. Raises InvalidAnswer."""
        self.progress.end(whole=True)
        return self.progress.value

    @property
    def row(self) -> Row:
        """Its line for the store."""
        progress, usage = self.progress, self.progress.usage
        return Row(
            key=self._key,
            text=progress.text,
            reasoning=progress.reasoning,
            finish=progress.finish_reason or "stop",
            model=progress.model,
            usage=None if usage is None else (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens),
            seconds=progress.timing.seconds,
            rounds=len(progress.rounds) + 1,
        )


class _OneCall:
    """A source of one request, which is sent when its events are taken (see `stream.Source`)."""

    def __init__(self, call: Callable[[], Sequence[StreamItem]]) -> None:
        self._call: Callable[[], Sequence[StreamItem]] | None = call

    def wait(self, timeout: float, linger: float) -> None:
        """Does nothing: taking waits."""

    def take(self) -> Sequence[StreamEvent] | None:
        call, self._call = self._call, None
        return None if call is None else call()

    def notify(self, call: Callable[[], None]) -> None:
        call()

    def wake(self) -> None:
        """Does nothing: nobody waits."""

    @property
    def is_over(self) -> bool:
        return self._call is None

    @property
    def runs_tools(self) -> bool:
        return False

    def follow(self, body: Mapping[str, Any]) -> bool:
        return False

    def would_follow(self, body: Mapping[str, Any]) -> bool:
        return False

    def close(self) -> Sequence[StreamEvent]:
        return ()
