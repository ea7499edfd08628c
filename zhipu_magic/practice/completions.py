"""`POST /chat/completions`: receives a chat request and plays what it is answered with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any, cast

from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError

from . import encode
from .body import parsed
from .endpoint import Received, Receiver, Service
from .request import ChatRequest
from .script import EVENT_STREAM, Answer, Drop, Fault, Raw, Script
from .text import estimate_tokens

_LONGEST_SILENCE = 2.0
"""Seconds: the longest wait for an unstreamed reply, however long its text."""


class ChatCompletions(Receiver):
    """`POST /chat/completions`, answered by the next script, or else by the rules and the dialogue."""

    def initialize(self, service: Service) -> None:
        super().initialize(service)
        # Here, not in `post`, because the client may have left before that begins.
        self.received = Received(str(self.request.method), self.request.path, dict(self.request.headers), None)
        self._performance: asyncio.Future[None] | None = None

    async def post(self) -> None:
        received = self.received
        body = self.take_body()
        received.received_at, received.size, received.body = time.monotonic(), len(body), parsed(body)
        self.service.remember(received)
        # Nagle's algorithm would join small pieces; tornado turns it on for each request.
        cast(HTTP1Connection, self.request.connection).stream.set_nodelay(True)
        request = ChatRequest(received.body)
        refusal = self.service.load.enter()
        script = refusal or self.service.script_for(request)
        self._performance = asyncio.ensure_future(self._perform(script, request))
        try:
            await self._performance
        except (asyncio.CancelledError, StreamClosedError):
            self.on_connection_close()
        finally:
            if refusal is None:
                self.service.load.leave()
            received.ended.set()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if not self.received.ended.is_set():
            self.received.closed_at = time.monotonic()
            self.received.closed.set()
            self.received.ended.set()
        if self._performance is not None:
            self._performance.cancel()

    async def _perform(self, script: Script, request: ChatRequest) -> None:
        match script:
            case Answer():
                await self._answer(script, request)
            case Fault():
                await self.refuse(script)
            case Raw():
                await self.play(script)
            case Drop():
                self.hang_up(reset=script.reset)

    async def _answer(self, answer: Answer, request: ChatRequest) -> None:
        await asyncio.sleep(self.service.load.seconds())
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
            await self.send_packet(encode.to_json(encode.completion(answer, request, identity)))

    async def _stream(self, chunks: Iterable[dict[str, Any]]) -> None:
        await self.flush()
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, event in enumerate(chunks, 1):
            due = began + number / self.service.pace if self.service.pace else began
            # Even without a wait, give the other connections their turn.
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self.send_packet(encode.sse(event))
        await self.send_packet(encode.DONE)

    def hang_up(self, *, reset: bool) -> None:
        self.received.ended.set()  # before the connection closes, because the client has not closed it
        super().hang_up(reset=reset)
