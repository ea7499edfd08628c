"""The practice server itself: a thread with its own event loop that listens on 127.0.0.1."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from .batches.course import Course
from .batches.endpoints import Batches
from .disturbances import Ill
from .endpoint import Call, Received, Service
from .gate import gated
from .load import Latency, Load
from .script import Script
from .script_file import ScriptFile, read
from .service import BASE_PATH, application


class PracticeServer:
    """Stands in for the GLM service, from `start()` to `stop()` or as a context manager.

    `pace` is the number of chunks a second that a reply streams; 0 is as fast as possible. `api_key` is the only key
    that it accepts, as it is or in a JWT signed with it; without one, the server makes a random key. `port` 0 takes a
    free port; if the server is stopped and started again, it keeps its port. `limit` is the most chat requests that may
    be in flight at once, before more get 429 and 1302; None is any number. An answer takes `latency` seconds to begin:
    a mean, or what is called for each. A batch takes about `batch_seconds`.
    """

    def __init__(
        self,
        *,
        pace: float = 60.0,
        api_key: str | None = None,
        port: int = 0,
        limit: int | None = None,
        latency: Latency = 0.0,
        batch_seconds: float = 0.3,
    ) -> None:
        self.api_key = api_key or f"practice.{secrets.token_hex(16)}"
        self._service = Service(pace, Load(limit, latency))
        self._batches = Batches(self._service, batch_seconds)
        self._port = port
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """The service's address. The port is known once `start()` has been called."""
        return f"http://127.0.0.1:{self._port}{BASE_PATH}"

    @property
    def requests(self) -> list[Received]:
        """The latest chat requests that had the key, in order."""
        return self._service.requests

    @property
    def calls(self) -> list[Call]:
        """The latest requests for all but chat, files and batches that had the key, in order."""
        return list(self._service.calls)

    @property
    def limit(self) -> int | None:
        """The most chat requests in flight. It can be changed at any time, and from any thread."""
        return self._service.load.limit

    @limit.setter
    def limit(self, limit: int | None) -> None:
        self._service.load.limit = limit

    @property
    def load(self) -> Load:
        """What it takes at once, how long answers take, and its storms. It can be changed at any time."""
        return self._service.load

    def read_script(self, path: str | Path | None) -> None:
        """Answer with the scripts of a YAML or JSON file (see `script_file`) from now on; None: without.

        Raises ScriptFileError, and goes on as before, if there is something wrong with the file.
        """
        self._service.script_file = ScriptFile() if path is None else read(path)

    def enqueue(self, *scripts: Script) -> None:
        """Answer the next chat requests with these scripts, in order. Can be called from any thread."""
        self._service.scripts.extend(scripts)

    def enqueue_batches(self, *courses: Course) -> None:
        """Have the next batches go like this, in order. Can be called from any thread."""
        self._batches.courses.extend(courses)

    def disturb(self, kind: str, *answers: Ill, takes_effect: bool = False) -> None:
        """Answer the next requests of a kind with these: `POST /batches`, `GET /files/*`; not those to chat.

        If a request `takes_effect`, what it asks for is done, and its answer alone is another. Can be called from any
        thread.
        """
        self._service.disturbances.add(kind, *answers, takes_effect=takes_effect)

    @property
    def batches(self) -> list[dict[str, Any]]:
        """The batches that it knows, the oldest first, as it tells of them."""
        return [batch.as_json() for batch in list(self._batches.by_id.values())]

    @property
    def files(self) -> list[str]:
        """The names of the files that it has, the oldest first."""
        return [file.filename for file in list(self._batches.files.by_id.values())]

    def start(self) -> PracticeServer:
        """Start listening. Raises OSError if the port is taken."""
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
        server = gated(application(self._service, self._batches), api_key=self.api_key, port=self._port)
        server.add_socket(listener)
        await self._stopping.wait()
        server.stop()
        for received in self.requests:
            received.ended.set()  # before the connections close, because no client has closed them
        await server.close_all_connections()
        self._batches.stop()
        # A reply ends by itself once its connection is closed; waiting for that avoids warnings when the loop closes.
        replies = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*replies, return_exceptions=True)
