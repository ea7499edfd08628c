"""Practice servers in a process of their own, so that what they cost is not counted as ours."""

from __future__ import annotations

from itertools import cycle, islice
from multiprocessing import get_context
from multiprocessing.managers import BaseManager
from types import TracebackType

from zhipu_magic.practice import DONE, Answer, PracticeServer, Raw, Script, chunk, sse

#: As long as a model's tokens are: four to five bytes.
_TOKENS = (" amet", " dolo", "r sit", " non", " quis", ",\nut", " **a**")
PAUSE = 0.25
"""Seconds that a model thinks before its first word, where a reply is `late`."""


def tokens(count: int) -> tuple[str, ...]:
    """The words of a reply, a piece for each token."""
    return tuple(islice(cycle(_TOKENS), count))


def characters(count: int) -> int:
    """How long that text is."""
    return sum(map(len, tokens(count)))


def reply(count: int) -> Answer:
    """A reply of so many tokens, each of them a chunk and a packet of its own."""
    pieces = tokens(count)
    return Answer("".join(pieces), pieces=pieces)


def glued_reply(count: int) -> Raw:
    """The same as one piece of bytes: as many chunks a packet as there is room for."""
    return Raw((_stream(count),))


def late_reply(count: int) -> Raw:
    """The same, but for a pause before the first word."""
    return Raw((PAUSE, _stream(count)))


def _stream(count: int) -> bytes:
    chunks = [chunk(piece) for piece in tokens(count)]
    usage = {"prompt_tokens": 9, "completion_tokens": count, "total_tokens": count + 9}
    return b"".join(map(sse, [*chunks, chunk(finish_reason="stop", usage=usage)])) + DONE


class Practice:
    """A practice server, as it is seen through a `Servers` process."""

    def __init__(self, pace: float) -> None:
        self._server = PracticeServer(pace=pace).start()

    def environment(self) -> dict[str, str]:
        """What points a client here."""
        return {"ZHIPUAI_BASE_URL": self._server.base_url, "ZHIPUAI_API_KEY": self._server.api_key}

    def answer_next(self, script: Script) -> None:
        """Answer the next request so."""
        self._server.enqueue(script)

    def received_at(self) -> float:
        """When the last request was in, by `time.monotonic()`, which all processes of a machine share."""
        return self._server.requests[-1].received_at


class Servers:
    """The process that the servers run in, as a context manager."""

    def __init__(self) -> None:
        self._manager = _Manager(ctx=get_context("spawn"))

    def practice(self, *, pace: float) -> Practice:
        """A server that streams `pace` chunks a second; 0 is as fast as they go."""
        server: Practice = self._manager.Practice(pace)  # type: ignore[attr-defined]  # registered at run time
        return server

    def __enter__(self) -> Servers:
        self._manager.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._manager.shutdown()


class _Manager(BaseManager):
    """Makes objects in a process of its own."""


_Manager.register("Practice", Practice)
