"""A server that is not ZhiPu AI's: it speaks OpenAI's protocol at `/v1`, and says what a test has written down."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

EVENTS = {"Content-Type": "text/event-stream"}


@dataclass(frozen=True)
class Says:
    """What it answers once: these bytes, piece by piece, and then the connection closes."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: EVENTS)

    @classmethod
    def json(cls, body: Any, status: int = 200, **headers: str) -> Says:
        return cls(json.dumps(body).encode(), status, {"Content-Type": "application/json", **headers})

    @property
    def pieces(self) -> Iterable[bytes]:
        return [self.body] if isinstance(self.body, bytes) else self.body


def event(choice: Mapping[str, Any] | None = None, **members: Any) -> bytes:
    """An event of a stream, with one choice or none."""
    choices = [] if choice is None else [{"index": 0, **choice}]
    return b"data: " + json.dumps({"choices": choices, **members}, ensure_ascii=False).encode() + b"\n\n"


def words(*pieces: str, **last: Any) -> bytes:
    """A stream of these words, which ends as it should; its last chunk has these members."""
    said = b"".join(event({"delta": {"content": piece}}) for piece in pieces)
    return said + event({"delta": {}, "finish_reason": "stop"}, **last) + b"data: [DONE]\n\n"


class OtherServer:
    """Listens on a free port of this machine. `models` is what it lists, `requests` what it was asked."""

    def __init__(self) -> None:
        self.says: deque[Says] = deque()
        self.models: list[dict[str, Any]] = [{"id": "local"}]
        self.requests: list[dict[str, Any]] = []
        self.cookies: list[str | None] = []
        """What each request sent of them."""
        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._listener.daemon_threads = True
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._listener.server_port}/v1"

    def enqueue(self, *says: Says | bytes) -> None:
        """Answer the next requests with these, in order; bytes are a stream."""
        self.says.extend(one if isinstance(one, Says) else Says(one) for one in says)

    def close(self) -> None:
        self._listener.shutdown()
        self._listener.server_close()


def _handler(server: OtherServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(Says.json({"object": "list", "data": server.models}))

        def do_POST(self) -> None:
            server.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            server.cookies.append(self.headers["Cookie"])
            self._say(server.says.popleft() if server.says else Says(words("ok")))

        def _say(self, says: Says) -> None:
            self.send_response(says.status)
            for name, value in says.headers.items():
                self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                for piece in says.pieces:
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:  # the client has gone
                pass

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    return Handler
