"""Turns answers into the bytes of the wire (docs/protocol.md, "Plain reply", "Streamed reply", "Errors")."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from .faults import CHINA, documented_message
from .messages import told
from .request import ChatRequest
from .script import Answer, Fault
from .text import cut, estimate_tokens

DONE: Final = b"data: [DONE]\n\n"
JSON: Final = "application/json; charset=UTF-8"

COMPLETION: Final = "chat.completion"
CHUNK: Final = "chat.completion.chunk"
"""What `object` says of a plain reply and of a chunk. OpenAI's own clients ask for it."""


def sse(event: Any) -> bytes:
    """One event of a stream: a `data:` line with the JSON of `event`, and a blank line."""
    return b"data: " + to_json(event) + b"\n\n"


def chunk(
    content: str | None = None,
    *,
    reasoning: str | None = None,
    tool_calls: list[dict[str, Any]] | None = None,
    finish_reason: str | None = None,
    usage: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One chunk of a streamed completion. `more` are top-level members to add or replace (`id`, `choices`).

    As seen on the wire, a text delta repeats the role, a tool call's delta has none, and a chunk with a finish reason
    has an empty content.
    """
    delta: dict[str, Any] = {}
    if tool_calls is None:
        delta["role"] = "assistant"
    else:
        delta["tool_calls"] = tool_calls
    if reasoning is not None:
        delta["reasoning_content"] = reasoning
    if content is not None:
        delta["content"] = content
    elif finish_reason is not None:
        delta["content"] = ""
    ending = {} if finish_reason is None else {"finish_reason": finish_reason}
    event: dict[str, Any] = {
        "id": "202611230644033b1a7c0de5f29d84",
        "created": 1795387443,
        "object": CHUNK,
        "model": "glm-4",
        "choices": [{"index": 0, **ending, "delta": delta}],
    }
    if usage is not None:
        event["usage"] = usage
    return event | more


def tool_call(name: str, arguments: Mapping[str, Any] | str, *, id: str, index: int = 0) -> dict[str, Any]:
    """A model's call of a function; arguments given as text go out as they are, valid JSON or not."""
    text = arguments if isinstance(arguments, str) else to_json(arguments).decode()
    return {"id": id, "index": index, "type": "function", "function": {"name": name, "arguments": text}}


def identity(answer: Answer, request: ChatRequest) -> dict[str, Any]:
    """The members that a plain reply and every chunk of a streamed one begin with."""
    return {
        "id": answer.id or new_id(),
        "created": int(time.time()) if answer.created is None else answer.created,
        "model": request.model,
    }


def completion(answer: Answer, request: ChatRequest, identity: dict[str, Any]) -> dict[str, Any]:
    """The answer as a plain reply."""
    message: dict[str, Any] = {"content": answer.content, "role": "assistant"}
    if answer.reasoning is not None:
        message["reasoning_content"] = answer.reasoning
    if answer.tool_calls:
        message["tool_calls"] = answer.tool_calls
    return {
        **identity,
        "object": COMPLETION,
        "request_id": request.get("request_id") or identity["id"],
        "choices": [{"finish_reason": _finish_reason(answer), "index": 0, "message": message}],
        "usage": _usage(answer, request),
        **answer.extra,
    }


def stream(answer: Answer, request: ChatRequest, identity: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The answer as the chunks of a streamed reply."""
    for piece in cut(answer.reasoning or ""):
        yield chunk(reasoning=piece, **identity)
    for piece in cut(answer.content) if answer.pieces is None else answer.pieces:
        yield chunk(piece, **identity)
    for call in answer.tool_calls:
        for part in _call_in_pieces(call) if request.get("tool_stream") else (dict(call),):
            yield chunk(tool_calls=[part], **identity)
    last = chunk(finish_reason=_finish_reason(answer), usage=_usage(answer, request), **identity)
    yield {**last, **answer.extra}


def error(fault: Fault) -> dict[str, Any]:
    """The body of an HTTP error."""
    message = documented_message(fault.code) if fault.message is None else fault.message
    return {"error": {"code": fault.code, "message": told(message)}, **fault.extra}


def new_id() -> str:
    """An id like the service's: 14 digits of the time in China and 16 hex digits."""
    return datetime.now(CHINA).strftime("%Y%m%d%H%M%S") + secrets.token_hex(8)


def to_json(value: Any) -> bytes:
    """JSON as the service writes it: compact, text unescaped.

    An unpaired surrogate cannot be encoded; Python's replacement happens to be JSON's own escape.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _finish_reason(answer: Answer) -> str:
    return "tool_calls" if answer.tool_calls and answer.finish_reason == "stop" else answer.finish_reason


def _usage(answer: Answer, request: ChatRequest) -> dict[str, Any]:
    prompt = request.prompt_tokens if answer.prompt_tokens is None else answer.prompt_tokens
    reasoning, completion = answer.reasoning_tokens, answer.completion_tokens
    if reasoning is None and answer.reasoning:
        reasoning = estimate_tokens(answer.reasoning)
    if completion is None:
        calls = to_json(answer.tool_calls).decode() if answer.tool_calls else ""
        completion = (reasoning or 0) + estimate_tokens(answer.content) + estimate_tokens(calls)
    usage: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if answer.cached_tokens is not None:
        usage["prompt_tokens_details"] = {"cached_tokens": answer.cached_tokens}
    if reasoning is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return usage


def _call_in_pieces(call: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A tool call in pieces, for `tool_stream`: first the name, then the arguments piece by piece, by index."""
    function = call["function"]
    yield {**call, "function": {**function, "arguments": ""}}
    for piece in cut(function["arguments"]):
        yield {"index": call.get("index", 0), "function": {"arguments": piece}}
