"""A turn of several rounds: the model calls tools and is asked on with their results, or has to mend its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from .errors import ReplyBroken
from .source import Again, Called, Calling, Event, Source
from .tokens import estimate
from .turn import Message
from .wire import Usage, objects

if TYPE_CHECKING:
    from .structured import Shape
    from .tools import Tool


#: The results of a turn take together at most so often what one may take.
_MOST_RESULTS = 16
_NOT_RUN = "This call did not run: the {count} calls that a turn may make have been made. Answer with what you have."


@dataclass(frozen=True)
class Round:
    """A round that was not the last: the reply that came, the calls in it, or what was wrong with it."""

    body: Mapping[str, Any]
    calls: tuple[Called, ...] = ()
    wrong: str = ""

    @classmethod
    def from_told(cls, told: Mapping[str, Any]) -> Round:
        """As the journal tells it."""
        asked = {call["id"]: call["function"] for call in calls_of(told["completion"])}
        calls = (
            Called(
                call["id"],
                asked[call["id"]]["name"],
                asked[call["id"]]["arguments"],
                call["text"],
                call.get("failed", False),
                call.get("seconds"),
            )
            for call in told.get("calls", ())
        )
        return cls(told["completion"], tuple(calls), told.get("wrong", ""))

    def told(self) -> dict[str, Any]:
        """For the journal. What was called stands in the reply itself."""
        calls = [
            {"id": call.id, "text": call.text, "failed": call.failed or None, "seconds": call.seconds}
            for call in self.calls
        ]
        return {
            "completion": self.body,
            **(
                {"calls": [{name: value for name, value in call.items() if value is not None} for call in calls]}
                if calls
                else {}
            ),
            **({"wrong": self.wrong} if self.wrong else {}),
        }

    @property
    def words(self) -> str:
        return str(_message(self.body).get("content") or "")

    @property
    def thoughts(self) -> str:
        return str(_message(self.body).get("reasoning_content") or "")

    @property
    def usage(self) -> Usage | None:
        """The service's count of tokens; None where it gave none."""
        counted = self.body.get("usage")
        return Usage.read(counted) if isinstance(counted, Mapping) else None

    @property
    def messages(self) -> list[Message]:
        """The round as later requests hold it; nothing, where it was mended."""
        if not self.calls:
            return []
        asked = {"role": "assistant", "content": self.words, "tool_calls": calls_of(self.body)}
        return [asked, *({"role": "tool", "tool_call_id": call.id, "content": call.text} for call in self.calls)]


def exchange_of(rounds: Iterable[Round]) -> list[Message]:
    """What stands between a prompt and the reply to it."""
    return [message for one in rounds for message in one.messages]


def exchanged(messages: Iterable[Message]) -> Iterator[tuple[str, list[Called]]]:
    """What `exchange_of` gave, by its rounds: the words of each, and its calls."""
    messages = list(messages)
    for place, message in enumerate(messages, 1):
        if message["role"] == "assistant":
            given = takewhile(lambda one: one["role"] == "tool", messages[place:])
            results = {one["tool_call_id"]: one["content"] for one in given}  # ids are told apart within a round alone
            yield (
                message["content"],
                [
                    Called(call["id"], call["function"]["name"], call["function"]["arguments"], results[call["id"]])
                    for call in message["tool_calls"]
                ],
            )


def calls_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The calls in a reply, each with an id of its own: some servers give none, and some give one to two calls."""
    calls: dict[str, dict[str, Any]] = {}
    for number, call in enumerate(objects(_message(body).get("tool_calls"))):
        call_id = str(call.get("id") or f"call_{number}")
        while call_id in calls:
            call_id = f"{call_id}_{number}"
        function = {"name": call["function"]["name"], "arguments": call["function"]["arguments"]}
        calls[call_id] = {"id": call_id, "type": "function", "function": function}
    return list(calls.values())


def was_cut(body: Mapping[str, Any]) -> bool:
    """Whether the reply reached its longest length: the same question would end as it did."""
    return bool(body["choices"][0].get("finish_reason") == "length")


def _message(body: Mapping[str, Any]) -> Mapping[str, Any]:
    message: Mapping[str, Any] = body["choices"][0]["message"]
    return message


class Rounds:
    """A source of as many rounds as it takes (see `source.Source`).

    `ask` sends the request once more, with these messages after its own. Tools run in the thread that takes, one at
    each `take`, in at most `most` rounds and `most_calls` calls; their results are texts of at most `tokens` tokens,
    without what `hide` takes out of them. An answer that is not of the `shape` is mended, once.
    """

    def __init__(
        self,
        first: Source,
        ask: Callable[[Sequence[Message], Sequence[Round]], Source],
        *,
        tools: Sequence[Tool] = (),
        most: int = 10,
        most_calls: int = 50,
        tokens: int = 4_000,
        shape: Shape | None = None,
        hide: Callable[[str], str] = lambda text: text,
    ) -> None:
        self._source = first
        self._ask = ask
        self._tools = tools
        self._most = most
        self._most_calls = most_calls
        self._tokens = tokens
        self._room = tokens * _MOST_RESULTS
        self._called = 0
        self._shape = shape
        self._hide = hide
        self._closed = False
        self._rounds: list[Round] = []
        self._messages: list[Message] = []
        self._following: Iterator[Sequence[Event]] | None = None

    def wait(self, timeout: float, linger: float) -> None:
        if self._following is None:
            self._source.wait(timeout, linger)

    def take(self) -> list[Event] | None:
        if self._following is None:
            return self._source.take()
        events = next(self._following, None)
        if events is None:
            self._following = None
            return []
        return list(events)

    def follow(self, body: Mapping[str, Any]) -> bool:
        """Whether there is another round. Raises ReplyBroken after too many."""
        self._closed = False  # what was closed is the connection of a round that is whole
        if self._tools and calls_of(body):
            if sum(bool(one.calls) for one in self._rounds) >= self._most:
                raise ReplyBroken(
                    f"The model called tools {self._most} times without an answer, and was stopped.",
                    hint="%config GLMMagics.tool_rounds = NUMBER allows more (in Python: chat.tool_rounds).",
                )
            self._following = self._run_tools(body)
        elif self._shape is not None and not (was_cut(body) or any(one.wrong for one in self._rounds)):
            self._following = self._mend(body, self._shape)
        return self._following is not None

    def close(self) -> list[Event]:
        self._closed, self._following = True, None
        return self._source.close()

    def _run_tools(self, body: Mapping[str, Any]) -> Iterator[Sequence[Event]]:
        calls, done = calls_of(body), list[Called]()
        running = max(0, self._most_calls - self._called)
        self._called += len(calls)
        for wanted in calls[:running]:
            name, arguments = wanted["function"]["name"], wanted["function"]["arguments"]
            yield [Calling(name, arguments)]
            done.append(self._run_tool(wanted["id"], name, arguments))
            yield done[-1:]
        not_run = _NOT_RUN.format(count=self._most_calls)
        beyond = [  # for the service wants a result for each call
            Called(wanted["id"], wanted["function"]["name"], wanted["function"]["arguments"], not_run, failed=True)
            for wanted in calls[running:]
        ]
        whole = Round(body, (*done, *beyond))
        self._go_on(whole, whole.messages)
        yield [*beyond, Again()]

    def _run_tool(self, call_id: str, name: str, arguments: str) -> Called:
        from .tools import call

        outcome = call(self._tools, name, arguments, min(self._tokens, self._room))
        text = self._hide(outcome.text)
        self._room = max(0, self._room - round(estimate(text)))
        return Called(call_id, name, arguments, text, outcome.failed, outcome.seconds, outcome.error)

    def _mend(self, body: Mapping[str, Any], shape: Shape) -> Iterator[Sequence[Event]] | None:
        from .structured import Misfit

        done = Round(body)
        try:
            shape.read(done.words)
        except Misfit as misfit:
            wrong = shape.request_for_repair(misfit)
        else:
            return None
        answer = {"role": "assistant", "content": done.words}
        self._go_on(Round(body, wrong=wrong), [answer, {"role": "user", "content": wrong}])
        return iter([[Again(wrong)]])

    def _go_on(self, done: Round, messages: Sequence[Message]) -> None:
        self._rounds.append(done)
        self._messages += messages
        if self._closed:  # by the tool itself, or by another thread while it ran
            return
        self._source = self._ask(self._messages, self._rounds)
        if self._closed:
            self._source.close()
