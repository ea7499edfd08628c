"""`/files/parser/sync`, `/layout_parsing` and `/reader`: documents, pictures of pages and addresses, as text.

Nothing is read or fetched: each says plainly what it got. A test can have another answer: `PracticeServer.disturb`.
"""

from __future__ import annotations

import base64
import binascii
import time
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from tornado.httputil import HTTPFile, parse_multipart_form_data

from .. import encode
from ..script import Fault
from ..text import estimate_tokens
from .call import Answer, Calls, illegal, missing

#: The kinds that the parser takes, by their endings: the specification's `file_type`.
_OFFICE = frozenset({"WPS", "PDF", "DOCX", "DOC", "XLS", "XLSX", "PPT", "PPTX"})
_PICTURES = frozenset({"PNG", "JPG", "JPEG", "BMP", "GIF", "WEBP", "HEIC", "EPS", "ICNS", "IM", "PCX", "PPM", "TIFF"})
_MORE_PICTURES = frozenset({"XBM", "HEIF", "JP2"})
_TEXTS = frozenset({"CSV", "TXT", "MD", "HTML"})
_KINDS = _OFFICE | _PICTURES | _MORE_PICTURES | _TEXTS
_LARGEST_PDF, _LARGEST_PICTURE = 50_000_000, 10_000_000


class Parser(Calls):
    """`POST /files/parser/sync`, a form with the file. What is text comes back as it is."""

    def read(self) -> dict[str, Any]:
        arguments, self._files = _form(self.request.headers.get("Content-Type", ""), self.take_body())
        return {**arguments}

    def answer(self, body: dict[str, Any]) -> Answer | Fault:
        return _parsed(body, self._files)


def _parsed(arguments: dict[str, str], files: list[HTTPFile]) -> Answer | Fault:
    if not files or not arguments.get("tool_type"):
        return Fault.of("1213", f"未正常接收到 {'tool_type' if files else 'file'} 参数")
    name, data = files[0]["filename"], files[0]["body"]
    kind = (arguments.get("file_type") or name.rpartition(".")[2]).upper()
    if arguments["tool_type"] != "prime-sync":
        return illegal("tool_type")
    if kind not in _KINDS:
        return illegal("file_type")
    found = {"message": "结果获取成功", "task_id": f"task_{encode.new_id()}", "parsing_result_url": None}
    if not data:
        return {**found, "status": "failed", "message": "文件内容为空", "content": None}
    text = data.decode("utf-8", "replace") if kind in _TEXTS else f"A {kind} file of {len(data):,} bytes (practice)."
    return {**found, "status": "succeeded", "content": text}


class LayoutParsing(Calls):
    """`POST /layout_parsing`."""

    def answer(self, body: dict[str, Any]) -> Answer | Fault:
        if fault := missing(body, "model", "file"):
            return fault
        if body["model"] != "glm-ocr":
            return Fault.of("1211")
        first, last = body.get("start_page_id"), body.get("end_page_id")
        if any(page is not None and (type(page) is not int or page < 1) for page in (first, last)):
            return illegal("start_page_id")
        what = _what(body["file"])
        if what is None:
            return illegal("file")
        pages = f", pages {first or 1} to {last or 'the end'}" if first or last else ""
        text = f"# Practice\n\n{what}{pages}."
        tokens = estimate_tokens(text)
        identity = encode.new_id()
        return {
            "id": identity,
            "created": int(time.time()),
            "model": "GLM-OCR",
            "md_results": text,
            "usage": {"prompt_tokens": 100, "completion_tokens": tokens, "total_tokens": 100 + tokens},
            "request_id": identity,
        }


def _what(file: Any) -> str | None:
    """What the text of `file` is: an address, or a PDF or a picture in base64."""
    if not isinstance(file, str):
        return None
    if file.startswith(("http://", "https://")):
        return f"What is at {urlsplit(file).hostname}"
    try:
        data = base64.b64decode(file.partition("base64,")[2] or file, validate=True)
    except (binascii.Error, ValueError):
        return None
    if data.startswith(b"%PDF-") and len(data) <= _LARGEST_PDF:
        return f"A PDF of {len(data):,} bytes"
    is_picture = data.startswith((b"\x89PNG", b"\xff\xd8")) and len(data) <= _LARGEST_PICTURE
    return f"A picture of {len(data):,} bytes" if is_picture else None


class Reader(Calls):
    """`POST /reader`. Nothing is fetched: the page is one about its address."""

    def answer(self, body: dict[str, Any]) -> Answer | Fault:
        if fault := missing(body, "url"):
            return fault
        url = body["url"]
        parts = urlsplit(url) if isinstance(url, str) else None
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            return illegal("url")
        identity = encode.new_id()
        return {
            "id": identity,
            "created": int(time.time()),
            "request_id": identity,
            "model": "reader",
            "reader_result": {
                "title": f"{parts.hostname}{parts.path}",
                "description": "",
                "url": url,
                "content": f"This page is of the practice server, which has fetched nothing from {parts.hostname}.",
            },
        }


def _form(content_type: str, body: bytes) -> tuple[dict[str, str], list[HTTPFile]]:
    """The fields and the file of a form, as far as it has them."""
    header = Message()
    header["Content-Type"] = content_type
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    try:
        parse_multipart_form_data((header.get_boundary() or "").encode("latin-1"), body, arguments, files)
        fields = {name: values[-1].decode() for name, values in arguments.items() if values}
    except Exception:  # tornado's own classes of errors differ by its version
        return {}, []
    return fields, files.get("file", [])
