"""The practice server itself: a thread with an event loop of its own, listening on 127.0.0.1."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from types import TracebackType

from .gate import gated
from .script import Script
from .service import BASE_PATH, Received, Service, application


class PracticeServer:
    """Stands in for the GLM service, from `start()` to `stop()` or as a context manager.

    `pace` is how many chunks a second a reply streams; 0 is as fast as they go. `api_key` is the only key
    it accepts, itself or as a JWT signed with it; without one, the server makes a key that nobody else can know.
    `port` 0 takes a free one; stopped and started again, the server keeps the port that it had.
    """

    def __init__(self, *, pace: float = 60.0, api_key: str | None = None, port: int = 0) -> None:
        self.api_key = api_key or f"practice.{secrets.token_hex(16)}"
        self._service = Service(pace)
        self._port = port
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """Where the service is to be found; the port is known from the first `start()` on."""
        return f"http://127.0.0.1:{self._port}{BASE_PATH}"

    @property
    def requests(self) -> list[Received]:
        """The chat requests that came in, in order: the latest, and none without the key."""
        return self._service.requests

    def enqueue(self, *scripts: Script) -> None:
        """Have the next chat requests answered by these scripts, in order. Safe from any thread."""
        self._service.scripts.extend(scripts)

    def start(self) -> PracticeServer:
        """Listen. Raises OSError when the port is taken."""
        if self._thread is None:
            listener = socket.create_server(("127.0.0.1", self._port))
            self._port = listener.getsockname()[1]
            # Not asyncio.run: tornado wants a selector, which is not the default loop on Windows.
            self._loop = asyncio.SelectorEventLoop()
            self._stopping = asyncio.Event()
            self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
            self._thread.name = "practice server"
            self._thread.start()
        return self

    def stop(self) -> None:
        """Close the listener and every connection, and wait until the thread has ended."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
            self._thread = None

    def __enter__(self) -> PracticeServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, listener: socket.socket) -> None:
        try:
            self._loop.run_until_complete(self._serve(listener))
        finally:
            self._loop.close()

    async def _serve(self, listener: socket.socket) -> None:
        listener.setblocking(False)
        server = gated(application(self._service), api_key=self.api_key, port=self._port)
        server.add_socket(listener)
        await self._stopping.wait()
        server.stop()
        for received in self.requests:
            received.ended.set()  # by us, before the connections go: no client has closed them
        await server.close_all_connections()
        # A reply ends by itself once its connection is gone; the loop waits for that, to close in silence.
        replies = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*replies, return_exceptions=True)
