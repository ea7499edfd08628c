"""Turns the bytes of a response into the chunks of a reply (docs/protocol.md, "Traps in the SDK", 3, 6 and 7).

Everything that a service sends comes in here, and is bounded, cleaned or refused. No later code reads bytes or JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, cast

import httpx
from httpx_sse import EventSource
from zhipuai.core import StreamResponse
from zhipuai.types.chat.chat_completion_chunk import ChatCompletionChunk

from ..text.errors import ReplyBroken
from ..text.untrusted_json import loads
from .response_members import objects
from .stream import DONE, Chunk
from .surrogates import SurrogateJoiner

_MEGABYTE = 2**20
#: Of an event or a plain reply, and of a whole stream. The longest answer of any model is about 30 MB.
MOST_BYTES, MOST_STREAMED = 16 * _MEGABYTE, 64 * _MEGABYTE
#: Bytes of an error's body that are read.
_LONGEST_ERROR = 64 * 1024
#: Others can unpack a few bytes to more than fits in memory, and so can double compression.
_COMPRESSIONS = ("", "identity", "gzip", "x-gzip", "deflate")


class Refused(Exception):
    """A response that is not a reply, with as much of its body as was read."""

    def __init__(self, response: httpx.Response, said: bytes | Mapping[str, Any], *, is_error: bool = True) -> None:
        super().__init__()
        self.response = response
        self.said = said
        self.is_error = is_error


def check(response: httpx.Response) -> None:
    """Raise Refused for a response whose status is an error, or that cannot be read safely."""
    if response.headers.get("content-encoding", "").strip().lower() not in _COMPRESSIONS:
        raise Refused(response, b"compressed in a way that was not asked for", is_error=not response.is_success)
    if not response.is_success:
        raise Refused(response, _beginning(response))


def _beginning(response: httpx.Response) -> bytes:
    """As much of an error's body as is worth reading and has arrived."""
    said = bytearray()
    with suppress(httpx.HTTPError):
        for piece in response.iter_bytes():
            said += piece
            if len(said) > _LONGEST_ERROR:
                break
    return bytes(said[:_LONGEST_ERROR])


class ChunkStream(StreamResponse[ChatCompletionChunk]):  # type: ignore[misc]  # the SDK has no types
    """Decodes a reply, streamed or plain, into chunks, in a twentieth of the time that the SDK's own loop takes."""

    def __stream__(self) -> Iterator[Chunk]:
        response: httpx.Response = self.response
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            # A plain reply was asked for, or the server cannot stream: the body is the whole reply.
            yield _checked(_parse_plain(response), response)
            yield DONE
            return
        response.encoding = "utf-8-sig"  # an event stream is always UTF-8, and may begin with a byte order mark
        joiner = SurrogateJoiner()
        for event in EventSource(cast(httpx.Response, _Bounded(response))).iter_sse():
            if event.data == "[DONE]":
                yield DONE
            elif event.data:  # an event may have none, such as a ping
                if len(event.data) > MOST_BYTES:
                    raise _too_much(MOST_BYTES)
                yield _checked(joiner.read(event.data), response)


class _Bounded:
    """The part of a response that the event decoder uses, with a bound on its size."""

    def __init__(self, response: httpx.Response) -> None:
        self.headers = response.headers
        self._response = response

    def iter_text(self) -> Iterator[str]:
        size = 0
        for text in self._response.iter_text():
            size += len(text)
            if size > MOST_STREAMED:
                raise _too_much(MOST_STREAMED)
            yield text


def _too_much(most: int) -> ReplyBroken:
    return ReplyBroken(
        "The reply was cut off here: the service sent more than {megabytes} MB.",
        reason="reply.too_large",
        megabytes=most // _MEGABYTE,
    )


def whole_body(response: httpx.Response) -> bytes:
    """The body of a response that is not a stream. Raises ReplyBroken if it is too large."""
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise _too_much(MOST_BYTES)
    return bytes(body)


def _parse_plain(response: httpx.Response) -> Any:
    body = whole_body(response)
    try:
        parsed = loads(body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, Mapping) or not (parsed.get("choices") or parsed.get("error")):
        raise Refused(response, body, is_error=False)
    return parsed


def _checked(chunk: Any, response: httpx.Response) -> Chunk:
    """The chunk. Raises ValueError if it is not an object, Refused if it is an error."""
    if not isinstance(chunk, Mapping):
        raise ValueError("not an object")
    if chunk.get("error"):
        raise Refused(response, chunk)
    return chunk


def brings_a_token(chunk: Chunk) -> bool:
    """Whether the chunk begins the answer: from then on nothing is retried."""
    for choice in objects(chunk.get("choices")):
        delta = choice.get("delta") or choice.get("message")
        names = ("content", "reasoning_content", "reasoning", "tool_calls")
        if isinstance(delta, Mapping) and any(delta.get(name) for name in names):
            return True
    return False


def finish_reason(chunk: Chunk) -> str | None:
    """Why the reply ends with this chunk; None if it does not."""
    reasons = (choice.get("finish_reason") for choice in objects(chunk.get("choices")))
    return next((reason for reason in reasons if isinstance(reason, str)), None)
