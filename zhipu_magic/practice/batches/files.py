"""The files that were uploaded, and those that batches have written: all in memory."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ..faults import CHINA
from ..script import Fault

PURPOSES: Final = ("batch", "code-interpreter", "agent", "voice-clone-input")

#: The most files, as the service has it, and the most bytes of them together.
MOST_FILES = 1_000
MOST_BYTES = 256 * 2**20


@dataclass(frozen=True)
class File:
    """A file, and what the service tells of it. Times are in milliseconds."""

    filename: str
    purpose: str
    data: bytes
    id: str = field(default_factory=lambda: f"file-{datetime.now(CHINA):%Y%m%d%H%M%S%f}-{secrets.token_hex(3)}")
    created_at: int = field(default_factory=lambda: now())

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.data),
            "created_at": self.created_at,
            "filename": self.filename,
            "purpose": self.purpose,
        }


@dataclass
class Files:
    """The files by their ids, oldest first."""

    by_id: dict[str, File] = field(default_factory=dict)
    taken: int = 0
    """Bytes of all of them, and of those that batches are writing."""

    def add(self, file: File) -> Fault | None:
        """Keep a file that was uploaded; the objection, if there is one."""
        if file.purpose not in PURPOSES:
            return Fault.of("1214", "purpose 参数非法。请检查文档")
        if file.purpose == "batch" and not file.filename.lower().endswith(".jsonl"):
            return Fault.of("1214", "file 参数非法：batch 仅支持 .jsonl 文件")
        if len(self.by_id) >= MOST_FILES or not self.take(len(file.data)):
            return Fault.of("1214", "文件数量或总大小超过限制，请先删除不需要的文件")
        self.by_id[file.id] = file
        return None

    def take(self, size: int) -> bool:
        """Take so many bytes, if they are there."""
        if self.taken + size > MOST_BYTES:
            return False
        self.taken += size
        return True

    def write(self, filename: str, lines: list[bytes]) -> str | None:
        """Keep what a batch has written, whose bytes are taken, and give its id; None if there are no lines."""
        if not lines:
            return None
        file = File(filename, "batch_output", b"".join(lines))
        self.by_id[file.id] = file
        return file.id

    def remove(self, id: str) -> bool:
        """Delete a file; whether there was one."""
        file = self.by_id.pop(id, None)
        if file is not None:
            self.taken -= len(file.data)
        return file is not None


def now() -> int:
    """The time in milliseconds since 1970: so the service gives it, although its documents say seconds."""
    return round(time.time() * 1000)
