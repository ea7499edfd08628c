"""The protocol's reading side: chunks of a reply become one body, error bodies become one clear error.

Pure: no socket, no clock. A plain reply is read as a stream of a single chunk, so that a streamed and an
unstreamed reply end as the same body.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import ServiceError

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


@dataclass(frozen=True)
class _Cause:
    """What a business code means, what to do about it, and whether to try again."""

    message: str
    hint: str
    retryable: bool = False


_KEY = _Cause(
    "The service does not accept the API key.",
    "Check ZHIPUAI_API_KEY or set another with %glm login; keys are made at https://open.bigmodel.cn (API keys).",
)
_BUSY = _Cause("The service is busy.", "Wait a little and run the cell again.", retryable=True)
_NETWORK = _Cause("The service had an error of its own.", "Run the cell again in a while.", retryable=True)
_QUOTA = _Cause("The account has used up its quota.", "Wait until it is renewed, or take another model: %glm models.")
_ACCOUNT = _Cause("The service refuses this account.", "Look at the account's state at https://open.bigmodel.cn.")
_PARAMETER = _Cause(
    "The service does not accept the request.", "Look at the options of the cell; the service's words say which."
)

_CAUSES: dict[str, _Cause] = {
    **dict.fromkeys(("401", "1000", "1001", "1002", "1004"), _KEY),
    "1003": _Cause("The API key has expired.", "Make a new one at https://open.bigmodel.cn, then %glm login."),
    **dict.fromkeys((str(code) for code in range(1110, 1122)), _ACCOUNT),
    "1113": _Cause(
        "The account's balance is used up.",
        "Top it up at https://open.bigmodel.cn, or take a free model: %glm model glm-4.7-flash.",
    ),
    **dict.fromkeys(("1210", "1212", "1213", "1214", "1215"), _PARAMETER),
    "1211": _Cause("The service has no such model.", "%glm models lists those that it has."),
    **dict.fromkeys(
        ("1220", "1221", "1222"),
        _Cause("This key may not use this service.", "Look at the account's rights, or take another model."),
    ),
    "1230": _NETWORK,
    "1231": _Cause("The service has seen this request id before.", "Leave request_id out, or give another."),
    "1234": _NETWORK,
    "1261": _Cause(
        "The conversation is longer than the model can take.",
        "Begin anew with %glm reset, ask outside it with %%glm --once, or take a model with a longer context.",
    ),
    "1300": _Cause("The service's policy forbids this request.", "Word it differently."),
    "1301": _Cause("The service found unsafe content in the request.", "Word it differently."),
    "1302": _Cause(
        "Too many requests are under way with this key.", "Let another end, then run the cell again.", retryable=True
    ),
    "1303": _Cause("Requests come too fast for this key.", "Wait a little and run the cell again.", retryable=True),
    "1304": _Cause("Today's quota is used up.", "Go on tomorrow, or take another model: %glm models."),
    "1305": _BUSY,
    "1308": _QUOTA,
    "1309": _Cause("The account's plan has expired.", "Renew it at https://open.bigmodel.cn."),
    "1310": _QUOTA,
    "1311": _Cause("The account's plan does not include this model.", "%glm models lists others."),
    "1312": _BUSY,
    "1313": _Cause("The service limits this account under its fair-use rules.", "Go on later."),
}

_STATUSES: dict[int, _Cause] = {
    400: _PARAMETER,
    401: _KEY,
    403: _Cause("The service refuses access.", "Look at the key's rights, and at the base_url (%glm shows it)."),
    404: _Cause(
        "There is no chat service at this address.",
        "Check base_url: it ends before /chat/completions, as in https://open.bigmodel.cn/api/paas/v4.",
    ),
    429: _BUSY,
    **dict.fromkeys((500, 502, 504), _NETWORK),
    503: _BUSY,
}

_REDIRECT = _Cause(
    "The address answers with a redirect, which is not followed, so that the key goes nowhere else.",
    "Set base_url to where the service really is (%glm shows the present one).",
)
_UNKNOWN = _Cause("The service refused the request.", "Its own words say more.")
NOT_JSON = _Cause(
    "The address answers, but not as a chat service does.",
    "Check base_url (%glm shows it): a proxy or a web site may be answering in its place.",
)


def service_error(
    status: int,
    body: str | bytes,
    *,
    request_id: str | None = None,
    retry_after: float | None = None,
    location: str | None = None,
) -> ServiceError:
    """Make one clear error of an HTTP answer that is none, after wire.md's table of errors.

    `location` is where a redirect points to; `retry_after` is in seconds.
    """
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    error = parsed.get("error") if isinstance(parsed, Mapping) else None
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, Mapping):
        # Other servers put code and message at the top, or nothing that can be read.
        error = parsed if isinstance(parsed, Mapping) else {}
    code = "" if error.get("code") is None else str(error["code"])
    words = str(error.get("message") or error.get("msg") or error.get("detail") or "")
    if 300 <= status < 400:
        cause, words = _REDIRECT, words or (f"to {location}" if location else "")
    else:
        cause = _CAUSES.get(code) or _STATUSES.get(status) or (NOT_JSON if parsed is None else _UNKNOWN)
    if isinstance(parsed, Mapping):
        request_id = parsed.get("request_id") or parsed.get("id") or request_id
    signs = [f"HTTP {status}"] if status != 200 else []
    signs += [f"code {code}"] if code else []
    signs += [f"request id {request_id}"] if request_id else []
    detail = " · ".join(signs) + (f": {_short(words)}" if words else "")
    return ServiceError(
        cause.message,
        hint=cause.hint,
        detail=f"({detail})" if detail else "",
        status=status,
        code=code,
        request_id=request_id,
        retry_after=retry_after,
        retryable=cause.retryable,
    )


def not_a_reply(body: str | bytes, request_id: str | None = None) -> ServiceError:
    """The error for a 200 that holds neither a reply nor an error that can be read."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    start = _short(" ".join(text.split()), 120)
    return ServiceError(
        NOT_JSON.message,
        hint=NOT_JSON.hint,
        detail=f"(HTTP 200, beginning: {start})" if start else "(HTTP 200 with nothing in it)",
        request_id=request_id,
    )


def _short(words: str, longest: int = 500) -> str:
    return words if len(words) <= longest else words[: longest - 1] + "…"
