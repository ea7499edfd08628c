"""A turn of several rounds: the model calls tools and is called again with their results, or corrects its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...history.rounds import Called, Round, calls_of, lacks_its_end, was_cut
from ...history.turn import Message
from ...text.errors import ReplyBroken
from ...text.languages.language import Language, prompted
from ...text.languages.messages import N_, for_model
from ...text.tokens import estimate
from ...values.tools.ran import hidden
from .stream import Again, Calling, Source, StreamEvent

if TYPE_CHECKING:
    from ...values.tools.awaiting import RunCoroutine
    from ...values.tools.tool import Tool
    from ...values.types.answer_type import Shape


#: All results of a turn together may take this many times what one may take.
_MOST_RESULTS = 16
_NOT_RUN = N_(
    "This call did not run: the {count} calls that a turn may make have been made. Answer with what you have."
)
_CUT_OFF = N_("This call did not run: its arguments were cut off. Give them as one JSON object.")


@dataclass(frozen=True)
class ToolLimits:
    """How many `rounds` of calls a turn may take, how many `calls` in all, and the `tokens` of each result.

    The model is `seeing` images or not.
    """

    rounds: int
    calls: int
    tokens: int
    seeing: bool = False


class Rounds:
    """A source of as many rounds as it takes (see `stream.Source`).

    `ask` sends the request once more, with these messages after its own. Tools run in the thread that takes, one at
    each `take`, within the `limits`; `hide` is applied to their results. `run_coroutine` returns what runs an async
    tool; without it, each has an event loop of its own. An answer that is not of the `shape` is sent back once, to be
    corrected. What the model is told is in the `language` of the prompt.
    """

    def __init__(
        self,
        first: Source,
        ask: Callable[[Sequence[Message], Sequence[Round]], Source],
        *,
        tools: Sequence[Tool],
        limits: ToolLimits,
        shape: Shape | None,
        language: Language,
        hide: Callable[[str], str],
        run_coroutine: Callable[[], RunCoroutine | None],
    ) -> None:
        self._source = first
        self._ask = ask
        self._tools = tools
        self._most = limits.rounds
        self._most_calls = limits.calls
        self._tokens = limits.tokens
        self._seeing = limits.seeing
        self._room = limits.tokens * _MOST_RESULTS
        self._called = 0
        self._shape = shape
        self._language = language
        self._hide = hide
        self._run_coroutine = run_coroutine
        self._closed = self._runs_tools = False
        self._rounds: list[Round] = []
        self._messages: list[Message] = []
        self._following: Iterator[Sequence[StreamEvent]] | None = None

    def wait(self, timeout: float, linger: float) -> None:
        if self._following is None:
            self._source.wait(timeout, linger)

    def take(self) -> Sequence[StreamEvent] | None:
        if self._following is None:
            return self._source.take()
        events = next(self._following, None)
        if events is None:
            self._following = None
            return []
        return list(events)

    def notify(self, call: Callable[[], None]) -> None:
        if self._following is None:
            self._source.notify(call)
        else:
            call()

    def wake(self) -> None:
        self._source.wake()

    @property
    def is_over(self) -> bool:
        return self._source.is_over

    @property
    def runs_tools(self) -> bool:
        return self._runs_tools and self._following is not None

    def follow(self, body: Mapping[str, Any]) -> bool:
        """Whether there is another round. Raises ReplyBroken after too many."""
        self._closed = False  # only the connection of a complete round was closed
        if self._tools and calls_of(body):
            if sum(bool(one.calls) for one in self._rounds) >= self._most:
                raise ReplyBroken(
                    "The model called tools {rounds} times without an answer and was stopped.",
                    hint="chat.tool_rounds = NUMBER allows more.",
                    reason="tool.rounds",
                    rounds=self._most,
                )
            self._following, self._runs_tools = self._run_tools(body), True
        elif self._shape is not None and not (was_cut(body) or any(one.wrong for one in self._rounds)):
            self._following, self._runs_tools = self._corrected(body, self._shape), False
        return self._following is not None

    def would_follow(self, body: Mapping[str, Any]) -> bool:
        """Whether `follow` would ask for another round."""
        if self._tools and calls_of(body):
            return True
        if self._shape is None or was_cut(body) or any(one.wrong for one in self._rounds):
            return False
        from ...values.types.answer_type import Mismatch

        try:
            self._shape.read(Round(body).words)
        except Mismatch:
            return True
        return False

    def close(self) -> Sequence[StreamEvent]:
        self._closed, self._following = True, None
        return self._source.close()

    def _run_tools(self, body: Mapping[str, Any]) -> Iterator[Sequence[StreamEvent]]:
        calls, done = calls_of(body), list[Called]()
        running = max(0, self._most_calls - self._called)
        self._called += len(calls)
        for wanted in calls[:running]:
            name, arguments = wanted["function"]["name"], wanted["function"]["arguments"]
            yield [Calling(name, arguments)]
            if lacks_its_end(body) and not arguments.strip():  # it must not run with its defaults
                done.append(Called(wanted["id"], name, arguments, self._said(_CUT_OFF), failed=True, seconds=0.0))
                yield done[-1:]
                continue
            called, interrupted = self._run_tool(wanted["id"], name, arguments)
            done.append(called)
            yield done[-1:]
            if interrupted:  # once what it has shown and changed is taken in
                raise KeyboardInterrupt
        not_run = self._said(_NOT_RUN, count=self._most_calls)
        beyond = [  # the service wants a result for each call
            Called(wanted["id"], wanted["function"]["name"], wanted["function"]["arguments"], not_run, failed=True)
            for wanted in calls[running:]
        ]
        whole = Round(body, (*done, *beyond))
        self._go_on(whole, whole.messages)
        yield [*beyond, Again()]

    def _run_tool(self, call_id: str, name: str, arguments: str) -> tuple[Called, bool]:
        """The call with its result, and whether the user has stopped the code that it ran."""
        from ...values.tools.tool import call

        room, run = min(self._tokens, self._room), self._run_coroutine()
        with prompted(self._language):
            outcome = call(self._tools, name, arguments, room, run_coroutine=run, seeing=self._seeing)
        text = self._hide(outcome.text)
        self._room = max(0, self._room - round(estimate(text)))
        called = Called(
            id=call_id,
            name=name,
            arguments=arguments,
            text=text,
            failed=outcome.failed,
            seconds=outcome.seconds,
            declined=outcome.declined,
            error=outcome.error,
            cut=outcome.left_out,
            ran=outcome.ran and hidden(outcome.ran, self._hide),
        )
        return called, outcome.interrupted

    def _said(self, text: str, **facts: object) -> str:
        with prompted(self._language):
            return for_model(text, **facts)

    def _corrected(self, body: Mapping[str, Any], shape: Shape) -> Iterator[Sequence[StreamEvent]] | None:
        from ...values.types.answer_type import Mismatch

        done = Round(body)
        try:
            shape.read(done.words)
        except Mismatch as mismatch:
            with prompted(self._language):
                wrong = shape.request_for_repair(mismatch)
        else:
            return None
        answer = {"role": "assistant", "content": done.words}
        self._go_on(Round(body, wrong=wrong), [answer, {"role": "user", "content": wrong}])
        return iter([[Again(wrong)]])

    def _go_on(self, done: Round, messages: Sequence[Message]) -> None:
        self._rounds.append(done)
        self._messages += messages
        if self._closed:  # by the tool itself, or by another thread while the tool ran
            return
        self._source = self._ask(self._messages, self._rounds)
        if self._closed:
            self._source.close()
