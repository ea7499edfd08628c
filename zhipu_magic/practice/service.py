"""The service's HTTP endpoints: they receive a request, decide what to do with it, and do it."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler, stream_request_body

from . import dialogue, encode, rules
from .body import parsed
from .models import MODELS, is_served
from .request import ChatRequest
from .script import CUT, EVENT_STREAM, RESET, STALL, Answer, Drop, Fault, Raw, Script
from .text import estimate_tokens

BASE_PATH = "/api/paas/v4"

_LONGEST_SILENCE = 2.0
"""Seconds: the longest wait for an unstreamed reply, however long its text."""


#: The most requests that are remembered, and the most bytes of their bodies together.
MOST_REQUESTS = 1_000
MOST_BYTES = 256 * 2**20


@dataclass
class Received:
    """A chat request that was received, and what became of its connection. Times are `time.monotonic()`."""

    method: str
    path: str
    headers: dict[str, str]
    """With names in canonical form, such as "Content-Type"."""
    body: Any
    """The parsed JSON, or None if the service cannot read it."""
    size: int = 0
    """Bytes of the body."""
    received_at: float = field(default_factory=time.monotonic)
    closed_at: float | None = None
    closed: threading.Event = field(default_factory=threading.Event)
    """Set when the client has closed the connection before the reply had ended."""
    ended: threading.Event = field(default_factory=threading.Event)
    """Set when the reply has been sent completely, or the connection has ended."""

    @property
    def objection(self) -> Fault | None:
        """The service's objection to the request, even if a script answered it; None if there is none."""
        return rules.refuse_request(ChatRequest(self.body))


@dataclass
class Service:
    """What the endpoints share with the server."""

    pace: float
    requests: list[Received] = field(default_factory=list)
    """The latest requests only: each holds a whole conversation, and a server may run for long."""
    scripts: deque[Script] = field(default_factory=deque)

    def remember(self, received: Received) -> None:
        """Keep the request, and as many of the earlier ones as there is room for."""
        self.requests.append(received)
        room, count = MOST_BYTES - received.size, 1
        for earlier in islice(reversed(self.requests), 1, MOST_REQUESTS):
            room -= earlier.size
            if room < 0:
                break
            count += 1
        del self.requests[:-count]


def application(service: Service) -> Application:
    """The service's paths; any other is a 404 in the service's form. Nothing is logged."""
    shared = {"service": service}
    return Application(
        [
            (f"{BASE_PATH}/chat/completions", ChatCompletions, shared),
            (f"{BASE_PATH}/models", Models, shared),
            (f"{BASE_PATH}/models/([^/]+)", Models, shared),
        ],
        default_handler_class=NotFound,
        default_handler_args=shared,
        log_function=lambda _: None,
    )


class Endpoint(RequestHandler):
    """What all endpoints have in common."""

    service: Service

    def initialize(self, service: Service) -> None:
        self.service = service

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", encode.JSON)
        self.set_header("X-LOG-ID", encode.new_id())

    async def refuse(self, fault: Fault) -> None:
        """Send an error, as plain JSON even if a stream was asked for (docs/protocol.md, "Errors")."""
        self.set_status(fault.status)
        for name, value in fault.headers.items():
            self.set_header(name, value)
        await self.finish(encode.to_json(encode.error(fault)))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send an unexpected error to the client, which is testing against this server, in the usual form."""
        _, error, _ = kwargs["exc_info"]
        self.finish(encode.to_json(encode.error(Fault(status_code, str(status_code), str(error)))))

    def log_exception(self, *_: object) -> None:
        """Print nothing on stderr: `write_error` has told the client."""


class NotFound(Endpoint):
    """Any other path, whatever the method."""

    async def prepare(self) -> None:
        await self.refuse(Fault(404, "404"))


class Models(Endpoint):
    """`GET /models`, the list of models, and `GET /models/NAME`, one of them: both in OpenAI's form."""

    async def get(self, name: str | None = None) -> None:
        if name is None:
            await self.finish(encode.to_json({"object": "list", "data": [_entry(model) for model in MODELS]}))
        elif is_served(name):
            await self.finish(encode.to_json(_entry(name)))
        else:
            await self.refuse(Fault(404, "1211"))


def _entry(model: str) -> dict[str, Any]:
    return {"id": model, "object": "model", "created": 1703487403, "owned_by": "z-ai"}


@stream_request_body  # otherwise tornado would look for a form in the body
class ChatCompletions(Endpoint):
    """`POST /chat/completions`, answered by the next script, or else by the rules and the dialogue."""

    def initialize(self, service: Service) -> None:
        super().initialize(service)
        # Here, not in `post`, because the client may have left before that begins.
        self.received = Received(str(self.request.method), self.request.path, dict(self.request.headers), None)
        self._body = bytearray()
        self._performance: asyncio.Future[None] | None = None

    def data_received(self, chunk: bytes) -> None:
        self._body += chunk

    async def post(self) -> None:
        received = self.received
        received.received_at, received.size = time.monotonic(), len(self._body)
        received.body = parsed(bytes(self._body))
        self._body.clear()
        self.service.remember(received)
        # Nagle's algorithm would join small pieces; tornado turns it on for each request.
        cast(HTTP1Connection, self.request.connection).stream.set_nodelay(True)
        request = ChatRequest(received.body)
        self._performance = asyncio.ensure_future(self._perform(self._script_for(request), request))
        try:
            await self._performance
        except (asyncio.CancelledError, StreamClosedError):
            self.on_connection_close()
        finally:
            received.ended.set()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if not self.received.ended.is_set():
            self.received.closed_at = time.monotonic()
            self.received.closed.set()
            self.received.ended.set()
        if self._performance is not None:
            self._performance.cancel()

    def _script_for(self, request: ChatRequest) -> Script:
        if self.service.scripts:
            return self.service.scripts.popleft()
        try:
            return rules.refuse_request(request) or dialogue.answer(request)
        except ValueError:
            return Fault(400, "1210", "JSON Schema 无法使用")

    async def _perform(self, script: Script, request: ChatRequest) -> None:
        match script:
            case Answer():
                await self._answer(script, request)
            case Fault():
                await self.refuse(script)
            case Raw():
                await self._play(script)
            case Drop():
                self._hang_up(reset=script.reset)

    async def _answer(self, answer: Answer, request: ChatRequest) -> None:
        identity = encode.identity(answer, request)
        self.set_header("X-LOG-ID", identity["id"])
        if request.get("stream"):
            self.set_header("Content-Type", EVENT_STREAM)
            await self._stream(encode.stream(answer, request, identity))
        else:
            if self.service.pace:
                # A piece of a stream is about a token.
                pieces = estimate_tokens((answer.reasoning or "") + answer.content)
                await asyncio.sleep(min(pieces / self.service.pace, _LONGEST_SILENCE))
            await self._send(encode.to_json(encode.completion(answer, request, identity)))

    async def _stream(self, chunks: Iterable[dict[str, Any]]) -> None:
        await self.flush()
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, event in enumerate(chunks, 1):
            due = began + number / self.service.pace if self.service.pace else began
            # Even without a wait, give the other connections their turn.
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self._send(encode.sse(event))
        await self._send(encode.DONE)

    async def _send(self, data: bytes) -> None:
        """Send bytes as a separate packet. Raises StreamClosedError if the client has left."""
        self.write(data)
        await self.flush()

    async def _play(self, raw: Raw) -> None:
        self.set_status(raw.status)
        self.clear_header("Content-Type")
        for name, value in raw.headers.items():
            self.set_header(name, value)
        await self.flush()
        for step in raw.steps:
            if isinstance(step, bytes):
                await self._send(step)
            elif step is STALL:
                await asyncio.Event().wait()
            elif step is CUT or step is RESET:
                return self._hang_up(reset=step is RESET)
            else:
                await asyncio.sleep(step)

    def _hang_up(self, *, reset: bool) -> None:
        self.received.ended.set()  # before the connection closes, because the client has not closed it
        stream = self.detach()
        if reset:
            # Closing a socket with a linger time of zero resets the connection. Windows uses shorts here.
            no_time = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time)
        stream.close()
