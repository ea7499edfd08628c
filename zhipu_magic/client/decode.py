"""The bytes of an answer become chunks of a reply (wire.md, *Traps in the SDK*: 3, 6 and 7)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from httpx_sse import EventSource
from zhipuai.core import StreamResponse
from zhipuai.types.chat.chat_completion_chunk import ChatCompletionChunk

from ..service_errors import not_a_reply, service_error
from ..wire import DONE, Chunk, objects


class ChunkStream(StreamResponse[ChatCompletionChunk]):  # type: ignore[misc]  # the SDK has no types
    """Decodes a reply, streamed or plain, into chunks: a twentieth of the time that the SDK's own loop takes."""

    def __stream__(self) -> Iterator[Chunk]:
        response: httpx.Response = self.response
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            # Asked for plain, or a server that cannot stream: the body is the whole reply.
            yield _checked(_parse_plain(response), response)
            yield DONE
            return
        response.encoding = "utf-8-sig"  # an event stream is always UTF-8, and may begin with its mark
        for event in EventSource(response).iter_sse():
            if event.data == "[DONE]":
                yield DONE
            elif event.data:  # an event may have none, such as a ping
                yield _checked(_loads(event.data), response)


def _parse_plain(response: httpx.Response) -> Any:
    body = response.read()
    try:
        parsed = _loads(body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, Mapping) or not (parsed.get("choices") or parsed.get("error")):
        raise not_a_reply(body, request_id(response))
    return parsed


def _loads(text: str | bytes) -> Any:
    """JSON, without the NaN and Infinity that Python reads in it and no front end takes."""
    return json.loads(text, parse_constant=lambda name: None)


def _checked(chunk: Any, response: httpx.Response) -> Chunk:
    """The chunk, if it is one and not an error in its place."""
    if not isinstance(chunk, Mapping):
        raise ValueError("not an object")
    if chunk.get("error"):
        raise service_error(200, json.dumps(chunk), request_id=request_id(response))
    return chunk


def brings_a_token(chunk: Chunk) -> bool:
    """Whether the answer has begun with it: from then on nothing is asked again."""
    for choice in objects(chunk.get("choices")):
        delta = choice.get("delta") or choice.get("message")
        names = ("content", "reasoning_content", "reasoning", "tool_calls")
        if isinstance(delta, Mapping) and any(delta.get(name) for name in names):
            return True
    return False


def finish_reason(chunk: Chunk) -> str | None:
    """Why the reply ends with this chunk, if it does."""
    reasons = (choice.get("finish_reason") for choice in objects(chunk.get("choices")))
    return next((reason for reason in reasons if isinstance(reason, str)), None)


def request_id(response: httpx.Response) -> str | None:
    """What the service's support asks for, by whichever name the answer bears it."""
    found: str | None = response.headers.get("x-log-id") or response.headers.get("x-request-id")
    return found
