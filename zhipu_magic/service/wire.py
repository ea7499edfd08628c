"""The reading side of the protocol: the chunks of a reply become one body.

Pure: no socket, no clock. A plain reply is read as a stream with a single chunk, so that a streamed and an unstreamed
reply have the same body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..text.characters import each_text
from .api_key import Hide
from .response_members import MESSAGE, MOST_MEMBERS, TOP, as_text, name_of, objects, typed
from .stream import DONE, Chunk
from .tool_calls import ToolCalls


class Usage(NamedTuple):
    """Tokens of one reply as counted by the service. Details that it did not send are 0."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    @classmethod
    def read(cls, usage: Mapping[str, Any]) -> Usage:
        """Read a `usage` member; missing or odd values count as 0."""
        given = usage.get
        prompt, completion = _count(given("prompt_tokens")), _count(given("completion_tokens"))
        cached, reasoning = given("prompt_tokens_details"), given("completion_tokens_details")
        return cls(
            prompt_tokens=prompt,
            completion_tokens=completion,
            total_tokens=_count(given("total_tokens")) or prompt + completion,
            cached_tokens=_count(cached.get("cached_tokens")) if isinstance(cached, dict) else 0,
            reasoning_tokens=_count(reasoning.get("reasoning_tokens")) if isinstance(reasoning, dict) else 0,
        )


def total(usages: Sequence[Usage | None]) -> Usage | None:
    """The sum of several counts; None if one of them is missing."""
    known = [usage for usage in usages if usage is not None]
    return Usage(*map(sum, zip(*known, strict=True))) if known and len(known) == len(usages) else None


#: No reply has so many; sums of such numbers, and their costs, can still be written.
_MOST_TOKENS = 2**40


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value < _MOST_TOKENS else 0


class Assembly:
    """Assembles the chunks of one reply into the body that the service would have sent unstreamed.

    One thread feeds it, and others may look meanwhile: looking changes nothing, and goes through copies.

    Unknown members are kept: at the top level, in the choice and in the message, the last value wins. Only the first
    choice is read; the service sends no other. Whatever the chunks hold, the members of the body have their types (see
    `response_members`), and `hide` has removed the keys.
    """

    def __init__(self, hide: Hide | None = None) -> None:
        self._hide = hide or Hide()
        self.finish_reason: str | None = None
        self.usage: Usage | None = None
        self.done = False
        self._top: dict[str, Any] = {}
        self._choice: dict[str, Any] = {}
        self._message: dict[str, Any] = {}
        self._texts: list[str] = []
        self._reasonings: list[str] = []
        self._words, self._thoughts = self._hide.growing(), self._hide.growing()
        self._tool_calls = ToolCalls()

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
                self._top[name] = value
                if name == "usage" and isinstance(value, Mapping):
                    self.usage = Usage.read(value)
        return content

    def _feed_choice(self, choice: Mapping[str, Any]) -> str:
        content = ""
        for name, value in choice.items():
            if value is None or name == "index":
                continue
            if name in ("delta", "message"):
                content += self._feed_message(value) if isinstance(value, Mapping) else ""
            elif name == "finish_reason":
                # Some gateways send an empty one on every chunk.
                self.finish_reason = self._hide(name_of(value) or "") or self.finish_reason
            elif name in self._choice or len(self._choice) < MOST_MEMBERS:
                self._choice[name] = value
        return content

    def _feed_message(self, delta: Mapping[str, Any]) -> str:
        content = ""
        for name, value in delta.items():
            if not value:
                continue
            if name == "content":
                content = self._words.add(value if isinstance(value, str) else _text_of_parts(value))
                if content:
                    self._texts.append(content)
            elif name in ("reasoning_content", "reasoning"):
                # The second is vLLM's and Ollama's name for it; some send both, with the same text.
                if name == "reasoning_content" or not delta.get("reasoning_content"):
                    self._reasonings += filter(None, [self._thoughts.add(as_text(value))])
            elif name == "tool_calls":
                self._tool_calls.feed(objects(value))
            elif name in self._message or len(self._message) < MOST_MEMBERS:
                self._message[name] = value
        return content

    def end(self) -> str:
        """End the reply. Returns the text that was held back (see `api_key.Growing`)."""
        rest = self._words.rest()
        self._texts = [self._hide(self.text + rest)]
        self._reasonings = [self._hide(self.reasoning + self._thoughts.rest())]
        return rest

    @property
    def text(self) -> str:
        """The text of the answer so far."""
        return "".join(self._texts)  # not put back: another thread may be adding a piece

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return "".join(self._reasonings)

    @property
    def has_words(self) -> bool:
        return any(self._texts)

    @property
    def has_reasoning(self) -> bool:
        return any(self._reasonings)

    @property
    def has_tool_calls(self) -> bool:
        return bool(self._tool_calls)

    @property
    def whole(self) -> bool:
        """Whether the service said that the reply is complete.

        Either sign is enough: some servers leave out `[DONE]`, others the finish reason.
        """
        return self.done or self.finish_reason is not None

    def member(self, name: str) -> Any:
        """A top-level member of the reply, such as `id` or `model`; None if it is missing."""
        return self._without_keys(typed({name: self._top.get(name)}, TOP)).get(name)

    def body(self) -> dict[str, Any]:
        """The reply so far in the shape of an unstreamed one (docs/protocol.md, "Plain reply")."""
        message = {"role": "assistant", "content": self.text, **self._without_keys(typed(dict(self._message), MESSAGE))}
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


def _text_of_parts(content: Any) -> str:
    """The text of content that is a list of parts, as some gateways send it."""
    return "".join(as_text(part.get("text")) for part in objects(content))


def _is_further(index: Any) -> bool:
    """Whether this is the index of a choice after the first; the first one's may be 0, -1 or missing."""
    return isinstance(index, int) and index > 0
