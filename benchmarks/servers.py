"""Practice servers in a separate process, so that their cost is not counted as ours."""

from __future__ import annotations

from itertools import cycle, islice
from multiprocessing import get_context
from multiprocessing.managers import BaseManager
from pathlib import Path
from types import TracebackType
from typing import Any

from zhipu_magic.practice import DONE, Answer, Fault, PracticeServer, Raw, Script, chunk, sse

#: Pieces as long as a model's tokens: four to five bytes.
_TOKENS = (" amet", " dolo", "r sit", " non", " quis", ",\nut", " **a**")
PAUSE = 0.25
"""Seconds before the first word of a late reply, as when a model thinks."""


def tokens(count: int) -> tuple[str, ...]:
    """The words of a reply, a piece for each token."""
    return tuple(islice(cycle(_TOKENS), count))


def characters(count: int) -> int:
    """The number of characters in so many tokens."""
    return sum(map(len, tokens(count)))


def reply(count: int) -> Answer:
    """A reply of so many tokens, each a separate chunk and packet."""
    pieces = tokens(count)
    return Answer("".join(pieces), pieces=pieces)


def glued_reply(count: int) -> Raw:
    """The same reply in one piece of bytes, with as many chunks in a packet as fit."""
    return Raw((_stream(count),))


def late_reply(count: int) -> Raw:
    """The same with a pause before the first word."""
    return Raw((PAUSE, _stream(count)))


def _stream(count: int) -> bytes:
    chunks = [chunk(piece) for piece in tokens(count)]
    usage = {"prompt_tokens": 9, "completion_tokens": count, "total_tokens": count + 9}
    return b"".join(map(sse, [*chunks, chunk(finish_reason="stop", usage=usage)])) + DONE


class Practice:
    """A practice server in a `Servers` process."""

    def __init__(self, pace: float, limit: int | None = None, latency: float = 0.0) -> None:
        self._server = PracticeServer(pace=pace, limit=limit, latency=latency, api_key="bench.marks").start()
        self._let_in = self._refused = 0
        self._in_flight_seconds = 0.0

    def environment(self) -> dict[str, str]:
        """The environment variables that point a client here."""
        return {"ZHIPUAI_BASE_URL": self._server.base_url, "ZHIPUAI_API_KEY": self._server.api_key}

    def answer_next(self, script: Script) -> None:
        """Answer the next request with this script."""
        self._server.enqueue(script)

    def answer_all(self, script: Path) -> None:
        """Answer every request by a file of scripts (docs/practice.md)."""
        self._server.read_script(script)

    def change(self, **load: Any) -> None:
        """Change what it takes from now on (see `zhipu_magic.practice.load.Load`)."""
        for name, value in load.items():
            setattr(self._server.load, name, value)

    def storm(self, begins: bool) -> None:
        """From now on, answer everything with code 1305, or as usual."""
        self._server.load.storm = Fault.of("1305") if begins else None

    def count_from_here(self) -> None:
        """Forget what was counted."""
        load = self._server.load
        self._let_in, self._refused, self._in_flight_seconds = load.let_in, load.refused, load.in_flight_seconds

    def counts(self) -> tuple[int, int]:
        """The requests that were let in, and those that were refused."""
        load = self._server.load
        return load.let_in - self._let_in, load.refused - self._refused

    def in_flight_seconds(self) -> float:
        """How long the requests were in flight, together."""
        return self._server.load.in_flight_seconds - self._in_flight_seconds

    def received_at(self) -> float:
        """When the last request had arrived, by `time.monotonic()`, which all processes of a machine share."""
        return self._server.requests[-1].received_at


class Servers:
    """The process that the servers run in, as a context manager."""

    def __init__(self) -> None:
        self._manager = _Manager(ctx=get_context("spawn"))

    def practice(self, *, pace: float, limit: int | None = None, latency: float = 0.0) -> Practice:
        """A server that streams `pace` chunks a second; 0 is as fast as possible. `latency` is in seconds."""
        server: Practice = self._manager.Practice(pace, limit, latency)  # type: ignore[attr-defined]  # registered at run time
        return server

    def __enter__(self) -> Servers:
        self._manager.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._manager.shutdown()


class _Manager(BaseManager):
    """Makes objects in a separate process."""


_Manager.register("Practice", Practice)
