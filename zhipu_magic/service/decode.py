"""Turns the bytes of a response into the chunks of a reply (docs/protocol.md, "Traps in the SDK", 3, 6 and 7).

Everything that a service sends comes in here, and is bounded, cleaned or refused. No later code reads bytes or JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, cast

import httpx
from httpx_sse import EventSource

from ..text.errors import ReplyBroken
from ..text.untrusted_json import loads
from .response_members import REASONING, objects
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


def chunks_of(response: httpx.Response) -> Iterator[Chunk]:
    """The chunks of a reply, streamed or plain, in a twentieth of the time that the SDK's own loop takes."""
    response.encoding = "utf-8-sig"  # JSON and event streams are always UTF-8, and may begin with a byte order mark
    text = _Text(response)
    if text.is_stream():
        yield from _events(text)
    else:  # a plain reply was asked for, or the server cannot stream: the body is the whole reply
        yield from _checked(_parse_plain(response, text.rest()), response)
        yield DONE


class _Text:
    """The text of a response, piece by piece and bounded in size. Its first characters say how to read it.

    Servers label streams as anything, so that their Content-Type says nothing. The event decoder reads this in place
    of the response.
    """

    #: What the decoder takes for an event stream.
    headers: Mapping[str, str] = MappingProxyType({"content-type": "text/event-stream"})

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.has_ended = False
        self._pieces = response.iter_text()
        self._beginning = ""

    @property
    def beginning(self) -> str:
        """Its first characters, for an error that quotes them."""
        return self._beginning[:_LONGEST_ERROR]

    def is_stream(self) -> bool:
        """Whether it is a stream of events, by its first line; an empty one is where that is its label."""
        for piece in self._pieces:
            self._beginning += piece
            found = self._beginning.lstrip(_BLANK)
            if found and (found[0] not in _FIELDS or ":" in found or "\n" in found or len(found) > _LONGEST_FIELD):
                return _EVENT_FIELD.match(found) is not None
            if len(self._beginning) > MOST_BYTES:
                raise _too_much(MOST_BYTES)
        label: str = self.response.headers.get("content-type", "")
        return label.lower().startswith("text/event-stream") and not self._beginning.strip()

    def iter_text(self) -> Iterator[str]:
        """Its pieces, and what ends an event, in case the last one lacks it."""
        size = len(self._beginning)
        if self._beginning:
            yield self._beginning.lstrip("\ufeff")
        for text in self._pieces:
            size += len(text)
            if size > MOST_STREAMED:
                raise _too_much(MOST_STREAMED)
            yield text
        self.has_ended = True
        yield "\n\n"

    def rest(self) -> str:
        """All of it, as text. Raises ReplyBroken if it is too large."""
        found, size = [self._beginning], len(self._beginning)
        for piece in self._pieces:
            found.append(piece)
            size += len(piece)
            if size > MOST_BYTES:
                raise _too_much(MOST_BYTES)
        return "".join(found)


_BLANK = " \t\r\n\ufeff"
#: The first letters of a line of an event stream: a field, or a comment.
_FIELDS = ":deir"
_EVENT_FIELD = re.compile(r":|(?:data|event|id|retry)[ \t]*(?::|\r|\n|\Z)")
_LONGEST_FIELD = 16
#: Characters of `[DONE]` with the space around it.
_LONGEST_END = 16


def _events(text: _Text) -> Iterator[Chunk]:
    joiner, response = SurrogateJoiner(), text.response
    for event in EventSource(cast(httpx.Response, text)).iter_sse():
        data = event.data
        if not data:  # an event may have none, such as a ping
            continue
        if len(data) > MOST_BYTES:
            raise _too_much(MOST_BYTES)
        if len(data) < _LONGEST_END and data.strip() == "[DONE]":
            yield DONE
            continue
        if event.event == "error":
            raise Refused(response, _error_event(data))
        try:
            chunk = joiner.read(data)
        except ValueError:
            if _ERROR.match(data):  # some servers write it as JSON without escaping its words
                raise Refused(response, {"error": data}) from None
            if text.has_ended:  # half of an event, where the connection ended
                return
            if event.event != "message":  # such as a ping; what is part of a reply has no name
                continue
            raise
        if type(chunk) is dict and chunk.get("choices") and '"error"' not in data:  # as nearly every chunk
            yield chunk
        else:
            yield from _checked(chunk, response)


_ERROR = re.compile(r'\s*\{\s*"error"')


def _error_event(data: str) -> Mapping[str, Any]:
    """What an event that is named an error says."""
    with suppress(ValueError):
        said = loads(data)
        if isinstance(said, Mapping):
            return said if said.get("error") else {**said, "error": said.get("message") or said}
        data = said if isinstance(said, str) else data
    return {"error": data}


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


def _parse_plain(response: httpx.Response, body: str) -> Any:
    try:
        parsed = loads(body)
    except ValueError:
        parsed = None
    if isinstance(parsed, Mapping) and (parsed.get("choices") or says_error(parsed)):
        return parsed
    raise Refused(response, body[:_LONGEST_ERROR].encode(errors="replace"), is_error=False)


def _checked(chunk: Any, response: httpx.Response) -> Iterator[Chunk]:
    """The chunk. Raises ValueError if it is not an object, Refused if it is an error, after what else it brings."""
    if not isinstance(chunk, Mapping):
        raise ValueError("not an object")
    if not says_error(chunk):
        yield chunk
        return
    if chunk.get("choices"):
        yield {name: value for name, value in chunk.items() if name != "error"}
    raise Refused(response, _error_in(chunk))


def says_error(chunk: Mapping[str, Any]) -> bool:
    """Whether the chunk is an error, in any of the forms in which servers send one (docs/protocol.md, "Errors")."""
    if chunk.get("error") or chunk.get("object") == "error":
        return True
    if chunk.get("choices"):
        return any("error" in choice and choice["error"] for choice in objects(chunk["choices"]))
    if chunk.get("success") is False or any(chunk.get(name) for name in ("errors", "detail")):
        return True
    return any(chunk.get(name) for name in ("message", "msg")) and any(chunk.get(name) for name in ("code", "status"))


def _error_in(chunk: Mapping[str, Any]) -> Mapping[str, Any]:
    """The error itself, where a choice holds it."""
    if chunk.get("error") or not chunk.get("choices"):
        return chunk
    held = next((choice["error"] for choice in objects(chunk["choices"]) if choice.get("error")), None)
    return chunk if held is None else {"error": held}


_OF_A_REPLY = ("content", *REASONING, "tool_calls")


def brings_a_token(chunk: Chunk) -> bool:
    """Whether the chunk begins the answer: from then on nothing is retried."""
    for choice in objects(chunk.get("choices")):
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, Mapping) and any(delta.get(name) for name in _OF_A_REPLY):
            return True
    return False


def finish_reason(chunk: Chunk) -> str | None:
    """Why the reply ends with this chunk; None if it does not."""
    reasons = (choice.get("finish_reason") for choice in objects(chunk.get("choices")))
    return next((reason for reason in reasons if isinstance(reason, str)), None)
