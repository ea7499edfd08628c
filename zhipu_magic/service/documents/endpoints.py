"""`/files/parser/sync`, `/layout_parsing` and `/reader`, over a connection that is there.

See docs/protocol.md, "Documents". Each is one try: what takes effect is billed, and only the answer may be lost.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import httpx

from ...text.errors import ServiceError
from ..client import Client
from ..json_calls import STREAMED, post, reading, response_of
from ..profile import LONG_TIMEOUT
from ..response_members import as_text
from ..wire import Usage

#: What reads the pictures of pages.
OCR_MODEL: Final = "glm-ocr"
#: Bytes of the largest PDF that it takes, and its most pages.
OCR_BYTES, OCR_PAGES = 50_000_000, 100
#: Characters in which a page's title may stand that is not put above it.
_OPENING: Final = 1_000


class Text(NamedTuple):
    """What the service has read, and the tokens that it has counted for that, if it counts them."""

    text: str
    usage: Usage | None = None


class DocumentEndpoints:
    """What reads documents at the other end of a connection. All of it raises GLMError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def parse(self, data: bytes, name: str, ending: str) -> Text:
        """The text of a document with this `ending`. The service gets its bytes, and nothing of its name."""
        body = {"tool_type": "prime-sync", "file_type": ending.upper()}
        options = {"headers": {"Content-Type": "multipart/form-data"}}
        files = {"file": (f"document.{ending}", data, "application/octet-stream")}

        def send(sdk: Any) -> httpx.Response:
            return response_of(sdk.post("/files/parser/sync", body=body, files=files, options=options, **STREAMED))

        def parsed(value: Mapping[str, Any]) -> Text | None:
            if value.get("status") == "failed":
                raise ServiceError(
                    "The service could not read {name}.",
                    hint="Save it in another format, such as PDF.",
                    detail=as_text(value.get("message"))[:200],
                    reason="document.service_failed",
                    name=name,
                )
            return _text(value.get("content"))

        return self._client.call(send, reading(parsed), seconds=LONG_TIMEOUT)

    def recognise(self, data: bytes, first: int | None = None, last: int | None = None) -> Text:
        """The text in the pictures of a PDF's pages, or of these of them, counted from 1, both included."""
        body: dict[str, Any] = {"model": OCR_MODEL, "file": base64.b64encode(data).decode()}
        pages = {"start_page_id": first, "end_page_id": last}
        body |= {member: number for member, number in pages.items() if number is not None}

        def recognised(value: Mapping[str, Any]) -> Text | None:
            usage, found = value.get("usage"), _text(value.get("md_results"))
            counted = Usage.read(usage) if isinstance(usage, Mapping) else None
            return None if found is None else found._replace(usage=counted)

        return post(self._client, "/layout_parsing", body, recognised, cancelled=threading.Event())

    def read(self, url: str) -> Text:
        """What is at an address, as Markdown, below its title. It is fetched by the service."""
        body = {"url": url, "return_format": "markdown", "retain_images": False}

        def fetched(value: Mapping[str, Any]) -> Text | None:
            result = value.get("reader_result")
            if not isinstance(result, Mapping) or (found := _text(result.get("content"))) is None:
                return None
            title = " ".join(as_text(result.get("title")).split())
            return Text(f"# {title}\n\n{found.text}") if title and title not in found.text[:_OPENING] else found

        return post(self._client, "/reader", body, fetched, cancelled=threading.Event())


def _text(value: Any) -> Text | None:
    return Text(value) if isinstance(value, str) else None
