"""The practice server's gate: which requests are let in, and how large they may be.

The server listens on this machine alone, but that keeps out neither the machine's other users nor pages in a browser,
which can post to 127.0.0.1, or reach it through a host name of their own. So every request is checked before its body
is read and before its path is looked up.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import socket
import sys
from collections.abc import Awaitable
from typing import cast

from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream, StreamClosedError

from . import encode, rules
from .calls.drawing import PICTURES
from .messages import _
from .script import Fault

#: Bytes of a request's body: twelve images at the service's limit, in base64.
MOST_BODY_BYTES = 64 * 2**20
MOST_HEADER_BYTES = 32 * 2**10
MOST_CONNECTIONS = 256
#: Seconds that a connection may be idle, which is longer than our own client keeps one; and that a body may take.
IDLE_SECONDS = 180.0
BODY_SECONDS = 60.0

_LINGER_SECONDS = 2.0
_LINGER_BYTES = 2**20

_ELSEWHERE = Fault(
    403,
    "1220",
    _(
        "The practice server answers only programs on this machine, at the address that it has printed, and no web "
        "page."
    ),
)
_TOO_LARGE = Fault(413, "1210", _("A request may have {size} MiB; this one is larger.", size=MOST_BODY_BYTES // 2**20))
_FULL = Fault(
    503, "1305", _("The practice server has {most} connections open, and accepts no more.", most=MOST_CONNECTIONS)
)


def gated(application: HTTPServerConnectionDelegate, *, api_key: str, port: int) -> HTTPServer:
    """A server that lets through only requests from programs on this machine that have the key."""
    return _Server(
        _Gate(application, api_key, port),
        max_header_size=MOST_HEADER_BYTES,
        idle_connection_timeout=IDLE_SECONDS,
        body_timeout=BODY_SECONDS,
        max_body_size=sys.maxsize,  # the gate counts instead, to answer in the service's form
    )


class _Server(HTTPServer):
    """Bounds the number of open connections."""

    _open = 0

    def handle_stream(self, stream: IOStream, address: tuple[object, ...]) -> None:
        if self._open >= MOST_CONNECTIONS:
            status, headers, body = _response(_FULL)
            lines = [f"HTTP/1.1 {status.code} {status.reason}", *(f"{n}: {v}" for n, v in headers.get_all()), "", ""]
            with contextlib.suppress(StreamClosedError):
                stream.write("\r\n".join(lines).encode() + body)
            stream.close()
            return
        self._open += 1
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        self._open -= 1
        super().on_close(server_conn)


class _Gate(HTTPServerConnectionDelegate):
    """Checks each request."""

    def __init__(self, application: HTTPServerConnectionDelegate, api_key: str, port: int) -> None:
        self._application = application
        self._api_key = api_key
        names = [f"{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]")]
        self._hosts = {*names, *(name.removesuffix(":80") for name in names if port == 80)}

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        inner = self._application.start_request(server_conn, request_conn)
        return _Visitor(self, inner, cast(HTTP1Connection, request_conn))

    def objection(self, headers: HTTPHeaders, line: RequestStartLine) -> Fault | None:
        """The refusal of a request with this first line and these headers, or None.

        Whoever has a picture's address needs no key, as with the service.
        """
        if not self._is_from_here(headers):
            return _ELSEWHERE
        length = headers.get("Content-Length", "")
        too_large = length.isdecimal() and (len(length) > 20 or int(length) > MOST_BODY_BYTES)
        is_picture = line.method == "GET" and PICTURES in line.path.partition("?")[0]
        refused = None if is_picture else rules.refuse_key(headers.get("Authorization"), self._api_key)
        return refused or (_TOO_LARGE if too_large else None)

    def _is_from_here(self, headers: HTTPHeaders) -> bool:
        """Whether a program sent the request, to the server's own address.

        A page that uses a host name of its own has it in `Host`. Other pages show their origin: in `Origin` when they
        post, and in all current browsers in `Sec-Fetch-Site`.
        """
        host, origin = headers.get("Host", "").lower(), headers.get("Origin")
        return (
            host in self._hosts
            and (origin is None or origin.lower() == f"http://{host}")
            and headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
        )


class _Visitor(HTTPMessageDelegate):
    """One request at the gate: refused, or passed on to the application as it arrives."""

    def __init__(self, gate: _Gate, inner: HTTPMessageDelegate, connection: HTTP1Connection) -> None:
        self._gate = gate
        self._inner = inner
        self._connection = connection
        self._size = 0

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        line = cast(RequestStartLine, start_line)
        fault = self._gate.objection(headers, line)
        if fault is not None:
            return self._refuse(fault, has_body=line.method != "HEAD")
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._size += len(chunk)
        if self._size > MOST_BODY_BYTES:
            return self._break_off()
        return self._inner.data_received(chunk)

    def finish(self) -> None:
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()

    async def _refuse(self, fault: Fault, *, has_body: bool) -> None:
        with contextlib.suppress(StreamClosedError):
            start_line, headers, body = _response(fault)
            await self._connection.write_headers(start_line, headers, body if has_body else b"")
        await _let_go(self._connection.detach())

    async def _break_off(self) -> None:
        """End a body of undeclared length that turns out to be too large."""
        with contextlib.suppress(StreamClosedError):
            await self._connection.write_headers(*_response(_TOO_LARGE))
        self._connection.stream.close()


def _response(fault: Fault) -> tuple[ResponseStartLine, HTTPHeaders, bytes]:
    body = encode.to_json(encode.error(fault))
    headers = HTTPHeaders(
        {
            "Content-Type": encode.JSON,
            "X-LOG-ID": encode.new_id(),
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
    )
    return ResponseStartLine("HTTP/1.1", fault.status, http.HTTPStatus(fault.status).phrase), headers, body


async def _let_go(stream: IOStream) -> None:
    """Close a connection gently, because a client that is still sending would otherwise lose the answer.

    What still arrives is discarded, for a short time.
    """
    with contextlib.suppress(StreamClosedError, OSError, asyncio.TimeoutError):
        stream.socket.shutdown(socket.SHUT_WR)
        await asyncio.wait_for(_discard(stream, _LINGER_BYTES), _LINGER_SECONDS)
    stream.close()


async def _discard(stream: IOStream, most: int) -> None:
    while most > 0:
        most -= len(await stream.read_bytes(2**16, partial=True))
