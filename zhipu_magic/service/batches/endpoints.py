"""`/files` and `/batches`, over a connection that is there (docs/protocol.md, "Batch, embeddings").

What can be asked twice without harm is asked again where an error allows it. A batch is created in exactly one try:
the SDK sends that again as well, and where only the answer was lost, the second batch is paid like the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, Final

import httpx

from ...text.errors import ServiceError
from ..client import Client
from ..decode import whole_body
from ..json_calls import STREAMED, reading, response_of
from ..profile import LONG_TIMEOUT
from ..response_members import objects
from ..sdk import FinalRequestOptions
from .batch import Batch, batch_of, id_of
from .requests import ENDPOINT

_TRIES = 4
#: The most batches in a page of a list, and pages that are read.
_A_PAGE, _MOST_PAGES = 100, 200
#: Bytes of the largest file of results.
_LARGEST: Final = 1 << 33


class BatchEndpoints:
    """The files and batches of the service at the other end of a connection. All of it raises GLMError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def upload(self, file: IO[bytes], name: str) -> str:
        """Upload a file of requests, without reading it into memory. Returns its id."""
        options = {"headers": {"Content-Type": "multipart/form-data"}}

        def send(sdk: Any) -> httpx.Response:
            file.seek(0)
            return response_of(
                sdk.post(
                    "/files",
                    body={"purpose": "batch"},
                    files={"file": (name, file, "application/jsonl")},
                    options=options,
                    **STREAMED,
                )
            )

        return self._client.call(
            send, reading(lambda value: id_of(value.get("id"))), tries=_TRIES, seconds=LONG_TIMEOUT
        )

    def create(self, file_id: str, metadata: Mapping[str, str]) -> Batch:
        """Create a batch of an uploaded file. One try only, since each that takes effect is paid.

        Its file is deleted once it has been read: the user's data does not stay there, nor count towards the thousand
        files that there may be, and no second batch can be made of it afterwards.
        """
        body = {
            "input_file_id": file_id,
            "endpoint": ENDPOINT,
            "auto_delete_input_file": True,
            "metadata": dict(metadata),
        }
        return self._client.call(
            lambda sdk: response_of(sdk.post("/batches", body=body, **STREAMED)),
            reading(batch_of),
            seconds=LONG_TIMEOUT,
        )

    def retrieve(self, batch_id: str) -> Batch:
        return self._client.call(
            lambda sdk: response_of(sdk.get(f"/batches/{batch_id}", **STREAMED)), reading(batch_of), tries=_TRIES
        )

    def cancel(self, batch_id: str) -> Batch:
        """End a batch early. The service refuses that for one that is about to end."""
        return self._client.call(
            lambda sdk: response_of(sdk.post(f"/batches/{batch_id}/cancel", body={}, **STREAMED)),
            reading(batch_of),
            tries=_TRIES,
        )

    def batches(self) -> Iterator[Batch]:
        """All batches of the account that the service still knows. Raises ServiceError if they do not come to an end,
        so that nobody takes a batch for missing that is only further down.
        """
        after: str | None = None
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            page, more = self._client.call(_listing(after), reading(_page), tries=_TRIES)
            new = [batch for batch in page if batch.id not in seen]
            yield from new
            seen.update(batch.id for batch in new)
            if not more:
                return
            if not new:
                break
            after = page[-1].id
        raise ServiceError(
            "The service's list of batches does not come to an end.",
            hint="Try again in a while; chat.service.base_url is the address that was asked.",
            reason="batch.endless_list",
        )

    def content(self, file_id: str, into: IO[bytes]) -> None:
        """Write the content of a file of results into another file, which is read from its beginning afterwards."""

        def read(response: httpx.Response) -> None:
            into.seek(0)
            into.truncate()
            left = _LARGEST
            for piece in response.iter_bytes():
                left -= len(piece)
                if left < 0:
                    raise ServiceError(
                        "A file of results is larger than {gigabytes} GB, and was not read to its end.",
                        hint="Fetch it with the service's own tools.",
                        reason="batch.results_too_large",
                        gigabytes=_LARGEST >> 30,
                    )
                into.write(piece)
            into.seek(0)

        self._client.call(
            lambda sdk: response_of(sdk.get(f"/files/{file_id}/content", **STREAMED)),
            read,
            tries=_TRIES,
            seconds=LONG_TIMEOUT,
        )

    def delete_file(self, file_id: str) -> None:
        options = FinalRequestOptions.construct(method="delete", url=f"/files/{file_id}")

        def read(response: httpx.Response) -> None:
            whole_body(response)

        # Not the SDK's `delete`, which would read an answer of any size into memory.
        self._client.call(lambda sdk: response_of(sdk.request(options=options, **STREAMED)), read)


def _listing(after: str | None) -> Callable[[Any], httpx.Response]:
    params = {"limit": _A_PAGE, **({} if after is None else {"after": after})}
    return lambda sdk: response_of(sdk.get("/batches", options={"params": params}, **STREAMED))


def _page(value: Mapping[str, Any]) -> tuple[list[Batch], bool] | None:
    """The batches of a page of the list, and whether more follow."""
    if not isinstance(value.get("data"), list):
        return None
    batches = [batch for one in objects(value["data"]) if (batch := batch_of(one)) is not None]
    return batches, value.get("has_more") is True and bool(value["data"])
