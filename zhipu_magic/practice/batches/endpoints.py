"""`/files` and `/batches`, and what they keep."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, TypeVar, cast

from tornado.httputil import HTTPFile, parse_multipart_form_data

from ..body import parsed
from ..disturbed import Disturbable, disturbed
from ..endpoint import Service
from ..script import Fault
from .batch import Batch
from .course import Course
from .files import File, Files
from .lines import ENDPOINT

#: The most batches that are remembered, and the most of a list in one reply.
MOST_BATCHES = 1_000
_MOST_LISTED = 100
_USUALLY_LISTED = 20

_MOST_METADATA, _LONGEST_KEY, _LONGEST_VALUE = 16, 64, 512

_T = TypeVar("_T", File, Batch)


@dataclass
class Batches:
    """The files and batches of a server. `seconds` is about the time that a batch takes."""

    service: Service
    seconds: float
    files: Files = field(default_factory=Files)
    by_id: dict[str, Batch] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    courses: deque[Course] = field(default_factory=deque)
    """How the next batches go, in order."""

    def begin(self, batch: Batch, data: bytes) -> None:
        """Remember a batch, and run it on the data of its file."""
        self.by_id[batch.id] = batch
        for oldest in list(self.by_id)[:-MOST_BATCHES]:
            del self.by_id[oldest]
        task = asyncio.ensure_future(batch.run(data, self.service, self.files, seconds=self.seconds))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def stop(self) -> None:
        """Break off what is running: the server stops."""
        for task in self.tasks:
            task.cancel()


class _Endpoint(Disturbable):
    """What these have in common."""

    @property
    def batches(self) -> Batches:
        return cast(Batches, self.settings["batches"])

    async def send_page(self, items: list[_T]) -> None:
        """Send a list, the newest first, as far as `limit` and from `after` on."""
        limit = self.get_query_argument("limit", str(_USUALLY_LISTED))
        if not (limit.isascii() and limit.isdecimal() and len(limit) < 5 and 1 <= int(limit) <= _MOST_LISTED):
            return await self.refuse(Fault.of("1214", "limit 参数非法。请检查文档"))
        after = self.get_query_argument("after", "")
        ids = [item.id for item in items]
        rest = items[ids.index(after) + 1 :] if after in ids else [] if after else items
        page = rest[: int(limit)]
        await self.send(
            {
                "object": "list",
                "data": [item.as_json() for item in page],
                "first_id": page[0].id if page else None,
                "last_id": page[-1].id if page else None,
                "has_more": len(page) < len(rest),
            }
        )


class FileList(_Endpoint):
    """`POST /files` uploads a file, `GET /files` lists those of a purpose."""

    @disturbed
    async def post(self) -> None:
        purpose, files = _form(self.request.headers.get("Content-Type", ""), self.take_body())
        if not files or purpose is None:
            return await self.refuse(Fault.of("1213", f"未正常接收到 {'file' if not files else 'purpose'} 参数"))
        file = File(files[0]["filename"], purpose, files[0]["body"])
        fault = self.batches.files.add(file)
        await (self.refuse(fault) if fault else self.send(file.as_json()))

    @disturbed
    async def get(self) -> None:
        purpose = self.get_query_argument("purpose", "")
        if not purpose:
            return await self.refuse(Fault.of("1213", "未正常接收到 purpose 参数"))
        await self.send_page([file for file in reversed(self.batches.files.by_id.values()) if file.purpose == purpose])


class OneFile(_Endpoint):
    """`DELETE /files/ID`."""

    @disturbed
    async def delete(self, id: str) -> None:
        if not self.batches.files.remove(id):
            return await self.refuse(Fault(404, "404", "文件不存在"))
        await self.send({"id": id, "object": "file", "deleted": True})


class FileContent(_Endpoint):
    """`GET /files/ID/content`."""

    @disturbed
    async def get(self, id: str) -> None:
        file = self.batches.files.by_id.get(id)
        if file is None:
            return await self.refuse(Fault(404, "404", "文件不存在"))
        self.set_header("Content-Type", "application/octet-stream")
        await self.send_data(file.data)


class BatchList(_Endpoint):
    """`POST /batches` creates a batch of an uploaded file, `GET /batches` lists them."""

    @disturbed
    async def post(self) -> None:
        body = parsed(self.take_body())
        if not isinstance(body, dict):
            return await self.refuse(Fault.of("1210"))
        fault = self._objection(body)
        if fault is not None:
            return await self.refuse(fault)
        file = self.batches.files.by_id[body["input_file_id"]]
        courses = self.batches.courses
        batch = Batch(
            file.id,
            body.get("metadata"),
            body.get("auto_delete_input_file") is not False,
            courses.popleft() if courses else Course(),
        )
        self.batches.begin(batch, file.data)
        await self.send(batch.as_json())

    @disturbed
    async def get(self) -> None:
        await self.send_page(list(reversed(self.batches.by_id.values())))

    def _objection(self, body: dict[str, Any]) -> Fault | None:
        for member in ("input_file_id", "endpoint"):
            if body.get(member) is None:
                return Fault.of("1213", f"未正常接收到 {member} 参数")
        if body["endpoint"] != ENDPOINT:
            return Fault.of("1214", f"endpoint 参数非法：目前支持 {ENDPOINT}")
        file = self.batches.files.by_id.get(str(body["input_file_id"]))
        if file is None or file.purpose != "batch":
            return Fault.of("1214", "input_file_id 参数非法：没有用于 batch 的该文件")
        return None if _is_metadata(body.get("metadata")) else Fault.of("1214", "metadata 参数非法。请检查文档")


class OneBatch(_Endpoint):
    """`GET /batches/ID` tells of a batch."""

    @disturbed
    async def get(self, id: str) -> None:
        batch = self.batches.by_id.get(id)
        await (self.send(batch.as_json()) if batch else self.refuse(Fault(404, "404", "批处理任务不存在")))


class CancelBatch(_Endpoint):
    """`POST /batches/ID/cancel` ends a batch early."""

    @disturbed
    async def post(self, id: str) -> None:
        batch = self.batches.by_id.get(id)
        if batch is None:
            return await self.refuse(Fault(404, "404", "批处理任务不存在"))
        if not batch.can_be_cancelled:
            return await self.refuse(Fault.of("1214", f"批处理任务无法取消，状态为 {batch.status}"))
        batch.cancel()
        await self.send(batch.as_json())


def _form(content_type: str, body: bytes) -> tuple[str | None, list[HTTPFile]]:
    """The `purpose` and the `file` of an upload, as far as it has them."""
    header = Message()
    header["Content-Type"] = content_type
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    try:
        parse_multipart_form_data((header.get_boundary() or "").encode("latin-1"), body, arguments, files)
        purpose = arguments["purpose"][-1].decode() if arguments.get("purpose") else None
    except Exception:  # tornado's own classes of errors differ by its version
        return None, []
    return purpose, files.get("file", [])


def _is_metadata(value: Any) -> bool:
    return value is None or (
        isinstance(value, dict)
        and len(value) <= _MOST_METADATA
        and all(len(key) <= _LONGEST_KEY for key in value)
        and all(isinstance(text, str) and len(text) <= _LONGEST_VALUE for text in value.values())
    )
