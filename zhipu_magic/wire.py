"""The protocol's reading side: the chunks of a reply become one body.

Pure: no socket, no clock. A plain reply is read as a stream of a single chunk, so that a streamed and an
unstreamed reply end as the same body.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from .untrusted_json import loads

Chunk = Mapping[str, Any]

#: The service's `data: [DONE]`; also follows the one chunk of a plain reply.
DONE: Chunk = {}


class Usage(NamedTuple):
    """Tokens of one reply as the service counted them. Details that it did not give are 0."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    @classmethod
    def read(cls, usage: Mapping[str, Any]) -> Usage:
        """Read a `usage` member; whatever of it is missing or odd counts as 0."""
        prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
        cached, reasoning = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
        return cls(
            prompt,
            completion,
            _count(usage.get("total_tokens")) or prompt + completion,
            _count(cached.get("cached_tokens")) if isinstance(cached, dict) else 0,
            _count(reasoning.get("reasoning_tokens")) if isinstance(reasoning, dict) else 0,
        )


def total(usages: Sequence[Usage | None]) -> Usage | None:
    """The sum of several counts; None where one of them is missing."""
    known = [usage for usage in usages if usage is not None]
    return Usage(*map(sum, zip(*known, strict=True))) if known and len(known) == len(usages) else None


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """The value with this change made to each text in it, but not to the names of members."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: each_text(member, change) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [each_text(item, change) for item in value]
    return value


def _count(value: Any) -> int:
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
        self._calls_by_id: dict[str, dict[str, Any]] = {}
        self._calls_by_index: dict[int | None, dict[str, Any]] = {}
        self._half = ""

    def feed(self, chunk: Chunk) -> str:
        """Take the next chunk in; gives the words of the answer that it brought."""
        if chunk is DONE:
            self.done = True
            return ""
        content = ""
        for name, value in chunk.items():
            if name == "choices":
                for choice in objects(value):
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
                content += self._feed_message(value) if isinstance(value, Mapping) else ""
            elif name == "finish_reason":
                # Some gateways send an empty one on every chunk.
                self.finish_reason = _text(value) or self.finish_reason
            else:
                self._choice[name] = value
        return content

    def _feed_message(self, delta: Mapping[str, Any]) -> str:
        content = ""
        for name, value in delta.items():
            if not value:
                continue
            if name == "content":
                content = self._whole_characters(value if isinstance(value, str) else _text_of_parts(value))
                self._texts.append(content)
            elif name in ("reasoning_content", "reasoning"):
                # The second is vLLM's and Ollama's name for it; some send both, with the same text.
                if name == "reasoning_content" or not delta.get("reasoning_content"):
                    self._reasonings.append(_joined_halves(_text(value)))
            elif name == "tool_calls":
                begun: set[int] = set()
                for piece in objects(value):
                    begun.add(self._feed_tool_call(piece, begun))
            else:
                self._message[name] = value
        return content

    def _whole_characters(self, text: str) -> str:
        """The text with what is left of a character that was split between two chunks."""
        if text.isascii() and not self._half:
            return text
        text, self._half = self._half + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return _joined_halves(text)

    def _feed_tool_call(self, piece: Mapping[str, Any], begun: Collection[int]) -> int:
        """A new id or a new name begins a new call; a piece without either goes on with the last of its index.

        The index alone tells nothing, for it has been seen as 0 and -1 for all; and some servers give two calls one
        id. `begun` are the calls that the same chunk has brought pieces of; gives the one that this piece is of.
        """
        call_id, function = _text(piece.get("id")), piece.get("function")
        name, arguments = (
            (_text(function.get("name")), _text(function.get("arguments")))
            if isinstance(function, Mapping)
            else ("", "")
        )
        index = piece.get("index")
        index = index if isinstance(index, int) else None
        call = self._calls_by_id.get(call_id) if call_id else None
        if call is not None and name:
            is_new_place = index is not None and index not in self._calls_by_index
            call = None if is_new_place or id(call) in begun or _follows(call, arguments) else call
        if call is None and not call_id and not name and self._tool_calls:
            call = self._calls_by_index.get(index, self._tool_calls[-1])
        if call is None:
            call = {"id": call_id, "type": "function", "function": {"name": "", "arguments": ""}}
            self._tool_calls.append(call)
            self._calls_by_id[call_id] = self._calls_by_index[index] = call
        call["type"] = _text(piece.get("type")) or call["type"]
        call["function"]["name"] = name or call["function"]["name"]
        call["function"]["arguments"] += arguments
        for other in piece.keys() - {"id", "index", "type", "function"}:
            call[other] = piece[other]
        return id(call)

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


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a JSON array, and of anything else none."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _follows(call: Mapping[str, Any], arguments: str) -> bool:
    """Whether these arguments are another call's than this one's, whose own are whole."""
    known = call["function"]["arguments"].rstrip()
    if not (arguments.lstrip().startswith("{") and known.endswith("}")):
        return False
    try:
        loads(known)
    except ValueError:
        return False
    return True


def _text_of_parts(content: Any) -> str:
    """The text of a content that came as a list of parts, which some gateways send."""
    return "".join(_text(part.get("text")) for part in objects(content))


def _joined_halves(text: str) -> str:
    """Halves of characters (UTF-16's surrogates) put together, or replaced: alone they are no text."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
