"""`/files/parser/sync`, `/layout_parsing` and `/reader`, over a connection that is there.

See docs/protocol.md, "Documents".

Each is one try: what takes effect is billed, and only the answer may be lost.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

import httpx

from ...text.errors import ServiceError
from ...text.untrusted_json import loads
from ..client import Client
from ..decode import Refused, says_error, whole_body
from ..profile import LONG_TIMEOUT
from ..response_members import as_text
from ..wire import Usage

#: What reads the pictures of pages.
OCR_MODEL: Final = "glm-ocr"
#: Bytes of the largest PDF that it takes, and its most pages.
OCR_BYTES, OCR_PAGES = 50_000_000, 100

_STREAMED: Final[dict[str, Any]] = {"cast_type": httpx.Response, "stream": True}

_Found = TypeVar("_Found")


class Text(NamedTuple):
    """What the service has read, and the tokens that it has counted for that, if it counts them."""

    text: str
    usage: Usage | None = None


class DocumentEndpoints:
    """What reads documents at the other end of a connection. All of it raises GLMError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def parse(self, data: bytes, name: str, ending: str) -> Text:
        """The text of a document with this `ending`. The service gets its bytes, and a name that says no more."""
        body = {"tool_type": "prime-sync", "file_type": ending.upper()}
        options = {"headers": {"Content-Type": "multipart/form-data"}}
        file = (f"document.{ending}", data, "application/octet-stream")

        def send(sdk: Any) -> httpx.Response:
            return _response(
                sdk.post("/files/parser/sync", body=body, files={"file": file}, options=options, **_STREAMED)
            )

        def parsed(value: Mapping[str, Any]) -> Text | None:
            if value.get("status") == "failed":
                raise ServiceError(
                    "The service could not read {name}.",
                    hint="Save it in another format, such as PDF.",
                    detail=as_text(value.get("message"))[:200],
                    reason="document.service_failed",
                    name=name,
                )
            return Text(value["content"]) if isinstance(value.get("content"), str) else None

        return self._client.call(send, _read(parsed), seconds=LONG_TIMEOUT)

    def ocr(self, data: bytes, first: int | None = None, last: int | None = None) -> Text:
        """The text in the pictures of a PDF's pages, or of these of them, counted from 1, both included."""
        pages = {"start_page_id": first, "end_page_id": last}
        body = {"model": OCR_MODEL, "file": base64.b64encode(data).decode()}
        body |= {name: number for name, number in pages.items() if number is not None}

        def recognised(value: Mapping[str, Any]) -> Text | None:
            usage = value.get("usage")
            counted = Usage.read(usage) if isinstance(usage, Mapping) else None
            return Text(value["md_results"], counted) if isinstance(value.get("md_results"), str) else None

        return self._post("/layout_parsing", body, recognised)

    def read(self, url: str) -> Text:
        """What is at an address, as Markdown, below its title. It is fetched by the service."""
        body = {"url": url, "return_format": "markdown", "retain_images": False}

        def fetched(value: Mapping[str, Any]) -> Text | None:
            result = value.get("reader_result")
            if not isinstance(result, Mapping) or not isinstance(result.get("content"), str):
                return None
            title, content = " ".join(as_text(result.get("title")).split()), result["content"]
            return Text(f"# {title}\n\n{content}" if title and title not in content[:1_000] else content)

        return self._post("/reader", body, fetched)

    def _post(self, path: str, body: Mapping[str, Any], found_in: Callable[[Mapping[str, Any]], Text | None]) -> Text:
        return self._client.call(
            lambda sdk: _response(sdk.post(path, body=body, **_STREAMED)), _read(found_in), seconds=LONG_TIMEOUT
        )


def _response(given: Any) -> httpx.Response:
    """What the SDK, which has no types, gives."""
    response: httpx.Response = given
    return response


def _read(found_in: Callable[[Mapping[str, Any]], _Found | None]) -> Callable[[httpx.Response], _Found]:
    """Reads an answer, of which `found_in` is wanted. An error, and what has nothing of it, is Refused."""

    def read(response: httpx.Response) -> _Found:
        body = whole_body(response)
        try:
            value = loads(body)
        except ValueError:
            value = None
        is_error = isinstance(value, Mapping) and says_error(value)
        found = found_in(value) if isinstance(value, Mapping) and not is_error else None
        if found is None:
            raise Refused(response, body, is_error=is_error)
        return found

    return read
