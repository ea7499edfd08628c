"""The lines of a batch's file: read and checked, and written with their replies."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from .. import encode
from ..body import parsed
from ..endpoint import Service
from ..request import ChatRequest
from ..script import Answer, Fault

ENDPOINT: Final = "/v4/chat/completions"
MOST_LINES = 50_000
_SHORTEST_ID = 6


@dataclass(frozen=True)
class Line:
    """A request of a batch."""

    custom_id: str
    request: ChatRequest


@dataclass(frozen=True)
class Mistake:
    """Why a line cannot be a request; lines count from 1."""

    line: int | None
    message: str
    param: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"code": "1214", "line": self.line, "message": self.message, "param": self.param}


def read(data: bytes) -> Iterator[Line | Mistake]:
    """The lines of a file, or what is wrong with each. Blank ones are passed over."""
    seen: set[str] = set()
    for number, text in enumerate(io.BytesIO(data), 1):
        if number > MOST_LINES:
            yield Mistake(number, f"文件超过 {MOST_LINES} 行")
            return
        if text.strip():
            line = _line(parsed(text), number)
            if isinstance(line, Line):
                if line.custom_id in seen:
                    line = Mistake(number, "custom_id 重复", "custom_id")
                else:
                    seen.add(line.custom_id)
            yield line


def _line(value: Any, number: int) -> Line | Mistake:
    if not isinstance(value, dict):
        return Mistake(number, "该行不是 JSON 对象")
    custom_id = value.get("custom_id")
    if not isinstance(custom_id, str) or len(custom_id) < _SHORTEST_ID:
        return Mistake(number, f"custom_id 至少需要 {_SHORTEST_ID} 个字符", "custom_id")
    if value.get("method") != "POST":
        return Mistake(number, "method 必须为 POST", "method")
    if value.get("url") != ENDPOINT:
        return Mistake(number, f"url 必须为 {ENDPOINT}", "url")
    if not isinstance(value.get("body"), dict):
        return Mistake(number, "body 必须为 JSON 对象", "body")
    return Line(custom_id, ChatRequest(value["body"]))


def reply(line: Line, service: Service) -> tuple[bool, bytes]:
    """Whether a line has been answered, and the line that says so. What cannot be a reply in a file is a fault."""
    try:
        script = service.script_for(line.request)
        if isinstance(script, Answer):
            identity = encode.identity(script, line.request)
            return True, _written(line, 200, encode.completion(script, line.request, identity))
        fault = script if isinstance(script, Fault) else Fault.of("500")
    except Exception as error:  # a script that cannot be played is told to the client, as in a live reply
        fault = Fault.of("500", str(error))
    return False, _written(line, fault.status, encode.error(fault))


def _written(line: Line, status: int, body: dict[str, Any]) -> bytes:
    response = {"status_code": status, "body": body}
    return encode.to_json({"response": response, "custom_id": line.custom_id, "id": new_id()}) + b"\n"


def new_id() -> str:
    """An id like the service's for a batch and each of its lines."""
    return f"batch_{secrets.randbelow(9 * 10**18) + 10**18}"
