"""The protocol's reading side: the chunks of a reply become one body.

Pure: no socket, no clock. A plain reply is read as a stream of a single chunk, so that a streamed and an
unstreamed reply end as the same body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Chunk = Mapping[str, Any]

#: The service's `data: [DONE]`; also follows the one chunk of a plain reply.
DONE: Chunk = {}


@dataclass(frozen=True)
class Usage:
    """Tokens of one reply as the service counted them. Details that it did not give are 0."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    @classmethod
    def read(cls, usage: Mapping[str, Any]) -> Usage:
        """Read a `usage` member; whatever of it is missing or odd counts as 0."""
        prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        return cls(
            prompt_tokens=prompt,
            completion_tokens=completion,
            total_tokens=_count(usage, "total_tokens") or prompt + completion,
            cached_tokens=_count(usage.get("prompt_tokens_details"), "cached_tokens"),
            reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning_tokens"),
        )


def _count(tokens: Any, name: str) -> int:
    value = tokens.get(name) if isinstance(tokens, Mapping) else None
    return value if isinstance(value, int) and value >= 0 else 0


class Assembly:
    """Puts the chunks of one reply together into the body that the service would have sent unstreamed.

    Members that this project does not know are kept: at the top, in the choice and in the message the last value
    wins. Only the first choice is read; the service knows no other.
    """

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.usage: Usage | None = None
        self.done = False
        self._top: dict[str, Any] = {}
        self._choice: dict[str, Any] = {}
        self._message: dict[str, Any] = {}
        self._texts: list[str] = []
        self._reasonings: list[str] = []
        self._tool_calls: list[dict[str, Any]] = []

    def feed(self, chunk: Chunk) -> str:
        """Take the next chunk in; gives the words of the answer that it brought."""
        if chunk is DONE:
            self.done = True
            return ""
        content = ""
        for name, value in chunk.items():
            if name == "choices":
                for choice in value or ():
                    if choice.get("index", 0) in (0, -1, None):
                        content += self._feed_choice(choice)
            elif value is not None:
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
                content = self._feed_message(value)
            elif name == "finish_reason":
                # Some gateways send an empty one on every chunk.
                self.finish_reason = value or self.finish_reason
            else:
                self._choice[name] = value
        return content

    def _feed_message(self, delta: Mapping[str, Any]) -> str:
        content = ""
        for name, value in delta.items():
            if not value:
                continue
            if name == "content":
                content = value if isinstance(value, str) else _text_of_parts(value)
                self._texts.append(content)
            elif name in ("reasoning_content", "reasoning"):  # the second is vLLM's and Ollama's name for it
                self._reasonings.append(value)
            elif name == "tool_calls":
                for call in value:
                    self._feed_tool_call(call)
            else:
                self._message[name] = value
        return content

    def _feed_tool_call(self, piece: Mapping[str, Any]) -> None:
        """A new id begins a new call; the index tells nothing, for it has been seen as 0 and -1 for all."""
        call_id, function = piece.get("id"), piece.get("function") or {}
        call = next((call for call in self._tool_calls if call["id"] == call_id), None)
        if call is None and not call_id and self._tool_calls and not function.get("name"):
            call = self._tool_calls[-1]
        if call is None:
            call = {"id": call_id or "", "type": "function", "function": {"name": "", "arguments": ""}}
            self._tool_calls.append(call)
        call["type"] = piece.get("type") or call["type"]
        call["function"]["name"] = function.get("name") or call["function"]["name"]
        call["function"]["arguments"] += function.get("arguments") or ""

    @property
    def text(self) -> str:
        """The words of the answer so far."""
        self._texts = ["".join(self._texts)]
        return self._texts[0]

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        self._reasonings = ["".join(self._reasonings)]
        return self._reasonings[0]

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
        """Whether the service said that the reply is at its end.

        Either sign will do: some servers leave out `[DONE]`, others the finish reason.
        """
        return self.done or self.finish_reason is not None

    def member(self, name: str) -> Any:
        """A top-level member of the reply, such as `id` or `model`; None where there is none."""
        return self._top.get(name)

    def body(self) -> dict[str, Any]:
        """The reply so far in the shape of an unstreamed one (wire: *Plain reply*)."""
        message = {"role": "assistant", "content": self.text, **self._message}
        if self.has_reasoning:
            message["reasoning_content"] = self.reasoning
        if self._tool_calls:
            message["tool_calls"] = [{**call, "function": {**call["function"]}} for call in self._tool_calls]
        top = dict(self._top)
        if "object" in top:
            top["object"] = "chat.completion"
        choice = {"index": 0, "finish_reason": self.finish_reason, "message": message, **self._choice}
        return {**top, "choices": [choice]}


def _text_of_parts(content: Any) -> str:
    """The text of a content that came as a list of parts, which some gateways send."""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, Mapping))
    return str(content)
