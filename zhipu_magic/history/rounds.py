"""The rounds of a turn: what the model called before it answered, and what was returned to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ..service.response_members import objects
from ..service.wire import Usage, is_broken_off, plain_reason
from ..text.untrusted_json import loads
from ..values.tools.ran import Changed, Ran
from .turn import Message, user_message

if TYPE_CHECKING:
    from ..values.images.image import Image


@dataclass(frozen=True, slots=True)
class Called:
    """A call of a tool by the model, and the `text` that was returned to it.

    It took `seconds`, if known. A call that failed without any did not run, because its turn had made too many; nor did
    one that the user has `declined`. `cut` says what part of the result was returned, if not all of it. `error` is the
    exception that the tool raised; one that comes from a journal has lost it. `ran` is what a run of Python has shown
    and changed.
    """

    id: str
    name: str
    arguments: str
    text: str
    failed: bool = False
    seconds: float | None = None
    declined: bool = False
    error: BaseException | None = field(default=None, repr=False, compare=False)
    cut: str = ""
    ran: Ran | None = None

    @property
    def is_beyond(self) -> bool:
        """Whether it did not run because its turn had made as many calls as it may."""
        return self.failed and self.seconds is None

    def result_to_json(self) -> dict[str, Any]:
        """The result, as the journal holds it beside the call."""
        members = {
            "id": self.id,
            "text": self.text,
            "failed": self.failed or None,
            "seconds": self.seconds,
            "declined": self.declined or None,
            "cut": self.cut or None,
            "ran": self.ran and self.ran.to_json(),
        }
        return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True)
class Round:
    """A round that was not the last: the reply that came, the calls in it, or what was wrong with it."""

    body: Mapping[str, Any]
    calls: tuple[Called, ...] = ()
    wrong: str = ""

    @classmethod
    def from_json(cls, members: Mapping[str, Any]) -> Round:
        """Read it from a journal's line."""
        asked = {call["id"]: call["function"] for call in calls_of(members["completion"])}
        calls = (
            Called(
                id=call["id"],
                name=asked[call["id"]]["name"],
                arguments=asked[call["id"]]["arguments"],
                text=call["text"],
                failed=call.get("failed", False),
                seconds=call.get("seconds"),
                declined=call.get("declined", False),
                cut=call.get("cut", ""),
                ran=Ran.from_json(call["ran"]) if "ran" in call else None,
            )
            for call in members.get("calls", ())
        )
        return cls(members["completion"], tuple(calls), members.get("wrong", ""))

    def to_json(self) -> dict[str, Any]:
        """The members of a journal's line. What was called stands in the reply itself."""
        members: dict[str, Any] = {"completion": self.body}
        if self.calls:
            members["calls"] = [call.result_to_json() for call in self.calls]
        if self.wrong:
            members["wrong"] = self.wrong
        return members

    @property
    def has_run(self) -> bool:
        """Whether code has run in one of its calls."""
        return any(call.ran is not None for call in self.calls)

    @property
    def completed(self) -> Round:
        """The same with a result for each call, as a request needs them, where a reply ended between its calls."""
        done = {call.id for call in self.calls}
        missing = (call for call in calls_of(self.body) if call["id"] not in done)
        return replace(self, calls=(*self.calls, *map(not_done, missing)))

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
        """The round as the requests of its own turn contain it; empty for one that was asked again as wrong.

        Its reasoning goes back with the calls, for a model that reasons on from there (docs/protocol.md, "Chat
        request").
        """
        if not self.calls:
            return []
        asked: Message = {"role": "assistant", "content": self.words}
        if self.thoughts:
            asked["reasoning_content"] = self.thoughts
        asked["tool_calls"] = [_as_sent(call) for call in calls_of(self.body)]
        given = ({"role": "tool", "tool_call_id": call.id, "content": call.text} for call in self.calls)
        return [asked, *given, *([user_message(_FIGURES, self.figures)] if self.figures else [])]

    @property
    def figures(self) -> tuple[Image, ...]:
        """The figures that its calls have drawn, and that the model is sent with their results."""
        return tuple(image for call in self.calls if call.ran is not None for image in call.ran.sent)


#: Stands with the figures: the result of a tool is a text (docs/protocol.md, "Chat request"), so they come after it.
_FIGURES = "[The figures that the calls above have drawn, in their order. They were put in automatically.]"


def tool_messages(rounds: Iterable[Round]) -> list[Message]:
    """What stands between a prompt and the reply to it."""
    return [message for one in rounds for message in one.messages]


def figures_in(messages: Iterable[Message]) -> list[Image]:
    """The figures in messages from `tool_messages`."""
    held = (message["content"] for message in messages if message["role"] == "user")
    return [part["image_url"]["url"] for parts in held for part in parts if "image_url" in part]


def not_done(asked: Mapping[str, Any]) -> Called:
    """A call that had no result when its reply ended."""
    name, arguments = asked["function"]["name"], asked["function"]["arguments"]
    return Called(asked["id"], name, arguments, _NOT_DONE, failed=True, seconds=0.0)


_NOT_DONE = "This call has no result: the reply ended before."


_UNCHANGED = Changed()


def changed_by(rounds: Iterable[Round], changed: Changed = _UNCHANGED) -> Changed:
    """The names that the code in these rounds has changed in the notebook, after what was `changed` before."""
    for call in (call for one in rounds for call in one.calls):
        changed = changed.after(call.ran) if call.ran is not None else changed
    return changed


def calls_by_round(messages: Iterable[Message]) -> Iterator[tuple[str, list[Called]]]:
    """The messages from `tool_messages`, round by round: the words of each, and its calls."""
    messages = list(messages)
    for place, message in enumerate(messages, 1):
        if message["role"] == "assistant":
            given = takewhile(lambda one: one["role"] == "tool", messages[place:])
            results = {one["tool_call_id"]: one["content"] for one in given}  # ids are unique only within a round
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


def _as_sent(call: dict[str, Any]) -> dict[str, Any]:
    """The call as it is sent back: some servers fail on arguments that are not a JSON object."""
    function = call["function"]
    return call if _is_object(function["arguments"]) else {**call, "function": {**function, "arguments": "{}"}}


def _is_object(text: str) -> bool:
    try:
        return isinstance(loads(text), dict)
    except ValueError:
        return False


def was_cut(body: Mapping[str, Any]) -> bool:
    """Whether the reply reached its maximum length: the same question would end as it did."""
    return bool(body["choices"][0].get("finish_reason") == "length")


def lacks_its_end(body: Mapping[str, Any]) -> bool:
    """Whether something ended the reply before the model did, so that the arguments of a call may be missing."""
    return is_early(body["choices"][0].get("finish_reason"))


def is_early(reason: str | None) -> bool:
    """Whether a reply with this finish reason ended before the model was done."""
    return reason is not None and plain_reason(reason) in _ENDED_EARLY


def is_full(reason: str | None) -> bool:
    """Whether a reply with this finish reason reached its maximum length."""
    return reason is not None and plain_reason(reason) in _FULL


def broke_off(reason: str | None) -> bool:
    """Whether anything but its maximum length ended a reply with this finish reason before the model was done."""
    return is_broken_off(reason) or (is_early(reason) and not is_full(reason))


_FULL = frozenset({"length", "max_tokens"})
_ENDED_EARLY = _FULL | {"model_context_window_exceeded", "network_error", "sensitive"}


def _message(body: Mapping[str, Any]) -> Mapping[str, Any]:
    message: Mapping[str, Any] = body["choices"][0]["message"]
    return message
