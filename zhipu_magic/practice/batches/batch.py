"""A batch: its states, one after the other, and the replies to its lines."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

from ..endpoint import Service
from .course import Course
from .files import Files, now
from .lines import ENDPOINT, Line, Mistake, new_id, read, reply

_WINDOW_HOURS = 24
_MOST_MISTAKES = 100
"""How many bad lines are told of."""

_TIMES = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
"""The states whose beginning is told."""


@dataclass
class Batch:
    """A batch that was created; `run` leads it to its end."""

    input_file_id: str
    metadata: dict[str, str] | None = None
    deletes_input: bool = True
    course: Course = field(default_factory=Course)
    status: str = "validating"
    id: str = field(default_factory=new_id)
    times: dict[str, int] = field(default_factory=lambda: {"created": now()})
    """When each state began, in milliseconds."""
    mistakes: list[Mistake] = field(default_factory=list)
    output_file_id: str | None = None
    error_file_id: str | None = None
    total: int | None = None
    """The number of lines, once it is known."""
    completed: int = 0
    failed: int = 0
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    def as_json(self) -> dict[str, Any]:
        """What the service tells of it. Before the lines are counted, there are no counts."""
        counts = {"total": self.total, "completed": self.completed, "failed": self.failed}
        errors = {"object": "list", "data": [mistake.as_json() for mistake in self.mistakes]}
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": ENDPOINT,
            "input_file_id": self.input_file_id,
            "completion_window": f"{_WINDOW_HOURS}h",
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self._told(self.times["created"]),
            "expires_at": self._told(self.times["created"] + _WINDOW_HOURS * 3_600_000),
            **{f"{state}_at": self._told(self.times.get(state)) for state in _TIMES},
            "request_counts": None if self.total is None or not self.course.counted else counts,
            "metadata": self.metadata,
            "errors": errors if self.mistakes else None,
        }

    def _told(self, time: int | None) -> int | None:
        return time // 1000 if time is not None and self.course.in_seconds else time

    @property
    def can_be_cancelled(self) -> bool:
        return self.status in ("validating", "in_progress")

    def cancel(self) -> None:
        """End it early, keeping the replies that there are."""
        self._enter("cancelling")
        self.stopped.set()

    async def run(self, data: bytes, service: Service, files: Files, *, seconds: float) -> None:
        """Answer the lines of a file, as requests are answered. Each of the three states takes a third of the time."""
        lines = await self._validated(data)
        await self._wait(seconds / 3)
        written: dict[bool, list[bytes]] = {True: [], False: []}  # by whether a line was answered
        if not self.mistakes and not self.stopped.is_set():
            self.total = len(lines)
            self._enter("in_progress")
            for line in lines[: self.course.answers]:
                await self._wait(seconds / 3 / len(lines))
                if self.stopped.is_set() or not self._answer(line, service, files, written):
                    break
        if self.mistakes or self.course.ends == "failed":
            files.taken -= sum(map(len, written[True] + written[False]))
            self._enter("failed")
            return
        if not self.stopped.is_set() and self.course.ends == "completed":
            self._enter("finalizing")
            await self._wait(seconds / 3)
        self._write(files, written)
        if self.deletes_input:
            files.remove(self.input_file_id)
        self._enter("cancelled" if self.stopped.is_set() else self.course.ends)

    def _write(self, files: Files, written: dict[bool, list[bytes]]) -> None:
        """Write the two files, with what the batch's course adds to them."""
        for is_answered, more in ((True, self.course.output), (False, self.course.errors)):
            if more and files.take(len(more)):
                written[is_answered].append(more)
        self.output_file_id = files.write(f"{self.id}_output.jsonl", written[True])
        self.error_file_id = files.write(f"{self.id}_error.jsonl", written[False])

    async def _validated(self, data: bytes) -> list[Line]:
        """The lines of the file; what is wrong with any of them is among the mistakes afterwards."""
        lines: list[Line] = []
        for line in read(data):
            if isinstance(line, Line):
                lines.append(line)
            elif len(self.mistakes) < _MOST_MISTAKES:
                self.mistakes.append(line)
            await asyncio.sleep(0)  # other requests have their turn
        self.mistakes += self.course.mistakes
        if not lines and not self.mistakes:
            self.mistakes.append(Mistake(None, "文件中没有请求"))
        return lines

    def _answer(self, line: Line, service: Service, files: Files, written: dict[bool, list[bytes]]) -> bool:
        """Add the reply to a line to what is written; False if there is no room for it."""
        is_answered, text = reply(line, service)
        if not files.take(len(text)):
            self.mistakes.append(Mistake(None, "输出文件总大小超过限制，请先删除不需要的文件"))
            return False
        written[is_answered].append(text)
        self.completed += is_answered
        self.failed += not is_answered
        return True

    async def _wait(self, seconds: float) -> None:
        """Wait for so long, or until it is cancelled."""
        if seconds < 0.001:  # too short a time for a timer of its own
            await asyncio.sleep(0)
            return
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.stopped.wait(), seconds)

    def _enter(self, state: str) -> None:
        self.status = state
        self.times[state] = now()
