"""The reading side of the protocol: the chunks of a reply become one body.

Pure: no socket, no clock. A plain reply is read as a stream with a single chunk, so that a streamed and an unstreamed
reply have the same body.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from ..text.characters import each_text, printable, shortened
from .api_key import Hide
from .response_members import MESSAGE, MOST_MEMBERS, REASONING, TOP, as_text, count_of, name_of, objects, typed
from .stream import DONE, Chunk
from .tool_calls import ToolCalls
from .words import Marks, Words


class Usage(NamedTuple):
    """Tokens of one reply as counted by the service. Details that it did not send are 0."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    @classmethod
    def read(cls, usage: Mapping[str, Any]) -> Usage | None:
        """Read a `usage` member; None where a part is not known, or nothing was counted, as some say with zeros."""
        given = usage.get
        prompt, completion = _counted(given("prompt_tokens")), _counted(given("completion_tokens"))
        counted = _count(given("total_tokens"))
        if prompt is None and completion is not None and counted >= completion:
            prompt = counted - completion
        elif completion is None and prompt is not None and counted >= prompt:
            completion = counted - prompt
        if prompt is None or completion is None or not (prompt or completion):
            return None
        cached, reasoning = given("prompt_tokens_details"), given("completion_tokens_details")
        return cls(
            prompt_tokens=prompt,
            completion_tokens=completion,
            total_tokens=counted or prompt + completion,
            cached_tokens=_count(cached.get("cached_tokens")) if isinstance(cached, dict) else 0,
            reasoning_tokens=_count(reasoning.get("reasoning_tokens")) if isinstance(reasoning, dict) else 0,
        )


def total(usages: Sequence[Usage | None]) -> Usage | None:
    """The sum of several counts; None if one of them is missing."""
    known = [usage for usage in usages if usage is not None]
    return Usage(*map(sum, zip(*known, strict=True))) if known and len(known) == len(usages) else None


def usage_in(chunks: Sequence[Any]) -> Usage | None:
    """What the service counted for a reply that came in these chunks."""
    counted = (chunk.get("usage") for chunk in chunks if isinstance(chunk, Mapping))
    found = [usage for usage in (Usage.read(one) for one in counted if isinstance(one, Mapping)) if usage is not None]
    return found[-1] if found else None


#: No reply has so many; sums of such numbers, and their costs, can still be written.
_MOST_TOKENS = 2**40


def _counted(value: Any) -> int | None:
    count = count_of(value)
    return count if count is not None and count < _MOST_TOKENS else None


def _count(value: Any) -> int:
    return _counted(value) or 0


class Assembly:
    """Assembles the chunks of one reply into the body that the service would have sent unstreamed.

    One thread feeds it, and others may look meanwhile: looking changes nothing, and goes through copies.

    Unknown members are kept: at the top level, in the choice and in the message, the last value wins. Only the first
    choice is read; the service sends no other. Whatever the chunks hold, the members of the body have their types (see
    `response_members`), and `hide` has removed the keys. `marks` is as in `Words`.
    """

    def __init__(self, hide: Hide | None = None, *, marks: Marks = "meant") -> None:
        self._hide = hide or Hide()
        self.words = Words(self._hide, marks)
        self.finish_reason: str | None = None
        self.usage: Usage | None = None
        self.done = False
        self._top: dict[str, Any] = {}
        self._choice: dict[str, Any] = {}
        self._message: dict[str, Any] = {}
        self._tool_calls = ToolCalls()
        self._in_deltas = False

    def feed(self, chunk: Chunk) -> str:
        """Take the next chunk. Returns the text that it adds to the answer."""
        if chunk is DONE:
            self.done = True
            return self.end()
        content = ""
        for name, value in chunk.items():
            if name == "choices":
                for choice in objects(value):
                    if not _is_further(choice.get("index")):
                        content += self._feed_choice(choice)
            elif value is not None and (name in self._top or len(self._top) < MOST_MEMBERS):
                if name != "usage":
                    self._top[name] = value
                else:
                    self._feed_usage(value)
        return content

    def _feed_usage(self, value: Any) -> None:
        """Take a count; one of nothing does not replace another."""
        found = Usage.read(value) if isinstance(value, Mapping) else None
        if found is not None or "usage" not in self._top:
            self._top["usage"], self.usage = value, found

    def _feed_choice(self, choice: Mapping[str, Any]) -> str:
        content = ""
        if "delta" in choice and "message" in choice:  # the message repeats the delta, whichever comes first
            choice = {name: choice[name] for name in sorted(choice, key=lambda name: name == "message")}
        for name, value in choice.items():
            if value is None or name == "index":
                continue
            if name == "delta":
                if isinstance(value, Mapping):
                    self._in_deltas = True
                    content += self._feed_message(value)
            elif name == "message":
                content += self._feed_message(self._lacking(value), whole=True) if isinstance(value, Mapping) else ""
            elif name == "finish_reason":
                self._feed_finish_reason(self._hide(name_of(value) or ""))
            elif name in self._choice or len(self._choice) < MOST_MEMBERS:
                self._choice[name] = value
        return content

    def _feed_finish_reason(self, reason: str) -> None:
        """Take why it ended. Some gateways send an empty reason on every chunk, or another after a fault."""
        if reason and not is_broken_off(self.finish_reason):
            self.finish_reason = reason

    def _lacking(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a message brings. After deltas, it repeats all that they have brought, as some servers end a stream."""
        if not self._in_deltas:
            return message
        self._tool_calls = self._tool_calls.completed(objects(message.get("tool_calls")))
        lacking = {**message, "content": self.words.lacking(as_text(message.get("content")))}
        return {name: value for name, value in lacking.items() if name not in self._in_pieces}

    @property
    def _in_pieces(self) -> Collection[str]:
        """The members that deltas have brought, a piece at a time."""
        calls = ("tool_calls",) if self._tool_calls else ()
        return (*calls, *(REASONING if self.words.has_thoughts else ()), *(self._message.keys() & {"refusal"}))

    def _feed_message(self, delta: Mapping[str, Any], *, whole: bool = False) -> str:
        content = ""
        for name, value in delta.items():
            if not value:
                continue
            if name == "content":
                content = self.words.add(value) if isinstance(value, str) else self._feed_parts(value)
            elif name in REASONING:
                self._feed_reasoning(name, value, delta)
            elif name == "tool_calls":
                feed = self._tool_calls.feed_message if whole else self._tool_calls.feed
                feed(objects(value))
            elif name == "refusal":
                self._message[name] = as_text(self._message.get(name)) + as_text(value)
            elif name in self._message or len(self._message) < MOST_MEMBERS:
                self._message[name] = value
        return content

    def _feed_reasoning(self, name: str, value: Any, delta: Mapping[str, Any]) -> None:
        """Take reasoning under the first of its names: some servers send the same text under two."""
        if any(delta.get(other) for other in REASONING[: REASONING.index(name)]):
            return
        if isinstance(value, str):
            self.words.think(value)
        else:
            for part in objects(value):
                self.words.think(as_text(part.get("text")))

    def _feed_parts(self, parts: Any) -> str:
        """Take content that is a list of parts, as some gateways send it."""
        content = ""
        for part in objects(parts):
            text, kind = part.get("text"), part.get("type")
            if kind in ("thinking", "reasoning"):
                thoughts = part.get("thinking", text)
                texts = [one.get("text") for one in objects(thoughts)] if isinstance(thoughts, list) else [thoughts]
                self.words.think("".join(map(as_text, texts)))
            else:
                content += self.words.add(as_text(text))
        return content

    def end(self) -> str:
        """End the reply. Returns the text that was held back (see `Words`)."""
        return self.words.end(cut=not self.whole or self.finish_reason == "length")

    @property
    def text(self) -> str:
        """The text of the answer so far."""
        return self.words.text

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return self.words.thoughts

    @property
    def has_words(self) -> bool:
        return self.words.has_text

    @property
    def has_reasoning(self) -> bool:
        return self.words.has_thoughts

    @property
    def has_tool_calls(self) -> bool:
        return bool(self._tool_calls)

    @property
    def whole(self) -> bool:
        """Whether the service said that the reply is complete.

        Either sign is enough: some servers leave out `[DONE]`, others the finish reason.
        """
        return self.done or self.finish_reason is not None

    @property
    def last_words(self) -> str:
        """What the service said about a refusal or a fault that ended the reply."""
        return self._hide(printable(shortened(as_text(self._message.get("refusal")).strip(), _LONGEST_WORDS)))

    def member(self, name: str) -> Any:
        """A top-level member of the reply, such as `id` or `model`; None if it is missing."""
        return self._without_keys(typed({name: self._top.get(name)}, TOP)).get(name)

    def body(self) -> dict[str, Any]:
        """The reply so far in the shape of an unstreamed one (docs/protocol.md, "Plain reply")."""
        message = {
            "role": "assistant",
            "content": self.text,
            **self._without_keys(typed(dict(self._message), MESSAGE)),
        }
        if self.has_reasoning:
            message["reasoning_content"] = self.reasoning
        if self._tool_calls:
            message["tool_calls"] = [self._without_keys(call) for call in self._tool_calls.to_json()]
        top = self._without_keys(typed(dict(self._top), TOP))
        if "object" in top:
            top["object"] = "chat.completion"
        choice = {"index": 0, "finish_reason": self.finish_reason, "message": message}
        return {**top, "choices": [{**choice, **self._without_keys(typed(dict(self._choice), {}))}]}

    def _without_keys(self, members: dict[str, Any]) -> dict[str, Any]:
        hidden: dict[str, Any] = each_text(members, self._hide)
        return hidden


def is_broken_off(reason: str | None) -> bool:
    """Whether this ends a reply that another server has broken off."""
    return reason is not None and plain_reason(reason) in _BROKEN_OFF


def plain_reason(reason: str) -> str:
    """A finish reason in the service's spelling: others write `CONTENT_FILTER` or `content-filter`."""
    return reason.lower().replace("-", "_")


def is_fault(reason: str | None) -> bool:
    """Whether a reply with this finish reason met a fault of its service: the same request may succeed."""
    return reason is not None and plain_reason(reason) in {*_FAULTS, "network_error"}


_FAULTS = {"abort", "aborted", "cancelled", "canceled", "error", "failed", "timeout", "insufficient_system_resource"}
#: Finish reasons of such replies (docs/protocol.md, "Other servers of OpenAI's protocol").
_BROKEN_OFF = {*_FAULTS, "content_filter", "recitation", "refusal", "safety"}
_LONGEST_WORDS = 500


def _is_further(index: Any) -> bool:
    """Whether this is the index of a choice after the first; the first one's may be 0, -1 or missing."""
    return isinstance(index, int) and index > 0
