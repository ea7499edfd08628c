"""What all endpoints have in common, and what they share with the server."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from tornado.web import RequestHandler, stream_request_body

from . import dialogue, encode, rules
from .disturbances import Disturbances
from .load import Load
from .request import ChatRequest
from .script import CUT, RESET, STALL, Fault, Raw, Script
from .script_file import ScriptFile

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


class Call(NamedTuple):
    """A request that is not about chat: its method and path, the headers and the parsed JSON of its body."""

    kind: str
    headers: dict[str, str]
    body: Any


@dataclass
class Service:
    """What the endpoints share with the server."""

    pace: float
    load: Load
    requests: list[Received] = field(default_factory=list)
    """The latest requests only: each holds a whole conversation, and a server may run for long."""
    scripts: deque[Script] = field(default_factory=deque)
    script_file: ScriptFile = field(default_factory=ScriptFile)
    disturbances: Disturbances = field(default_factory=Disturbances)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=MOST_REQUESTS))
    """The latest requests for pictures, vectors, rankings and counts."""
    pictures: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    """The pictures that were drawn, by their names: the newest of them."""

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

    def script_for(self, request: ChatRequest) -> Script:
        """What to do with a chat request: the next script in the queue, or else what the rules, the file of scripts and
        the dialogue say, in this order.
        """
        if self.scripts:
            return self.scripts.popleft()
        try:
            return rules.refuse_request(request) or self.script_file.script_for(request) or dialogue.answer(request)
        except ValueError:
            return Fault(400, "1210", "JSON Schema 无法使用")


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

    async def send_packet(self, data: bytes) -> None:
        """Send bytes as a separate packet. Raises StreamClosedError if the client has left."""
        self.write(data)
        await self.flush()

    async def play(self, raw: Raw) -> None:
        """Send a response step by step."""
        self.set_status(raw.status)
        self.clear_header("Content-Type")
        for name, value in raw.headers.items():
            self.set_header(name, value)
        await self.flush()
        for step in raw.steps:
            if isinstance(step, bytes):
                await self.send_packet(step)
            elif step is STALL:
                await asyncio.Event().wait()
            elif step is CUT or step is RESET:
                return self.hang_up(reset=step is RESET)
            else:
                await asyncio.sleep(step)

    def hang_up(self, *, reset: bool) -> None:
        """Close the connection, or reset it, whatever has been sent."""
        stream = self.detach()
        if reset:
            # Closing a socket with a linger time of zero resets the connection. Windows uses shorts here.
            no_time = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time)
        stream.close()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send an unexpected error to the client, which is testing against this server, in the usual form."""
        _, error, _ = kwargs["exc_info"]
        self.finish(encode.to_json(encode.error(Fault(status_code, str(status_code), str(error)))))

    def log_exception(self, *_: object) -> None:
        """Print nothing on stderr: `write_error` has told the client."""


@stream_request_body  # otherwise tornado would look for a form in the body, and answer a bad one in its own way
class Receiver(Endpoint):
    """An endpoint that takes the body of a request as it is."""

    def initialize(self, service: Service) -> None:
        super().initialize(service)
        self._body = bytearray()

    def data_received(self, chunk: bytes) -> None:
        self._body += chunk

    def take_body(self) -> bytes:
        """The whole body; it is not kept here any longer."""
        body = bytes(self._body)
        self._body.clear()
        return body


class NotFound(Endpoint):
    """Any other path, whatever the method."""

    async def prepare(self) -> None:
        await self.refuse(Fault(404, "404"))
