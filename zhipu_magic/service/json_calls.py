"""A request of one JSON body and one JSON answer, besides chat: how it is sent, read and told of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import httpx

from ..text.addresses import host_of
from ..text.errors import GLMError, ServiceError
from ..text.untrusted_json import loads
from .client import Client
from .decode import Refused, says_error, whole_body
from .profile import LONG_TIMEOUT

_Found = TypeVar("_Found")

#: How the SDK is asked for the response itself, read as a stream.
STREAMED: Final[dict[str, Any]] = {"cast_type": httpx.Response, "stream": True}
#: What a server answers that does not have this path.
_NOT_HERE: Final = (404, 405, 501)


def post(
    client: Client,
    path: str,
    body: Mapping[str, Any],
    found_in: Callable[[Mapping[str, Any]], _Found | None],
    *,
    cancelled: threading.Event,
    tries: int = 1,
    again: Callable[[GLMError], bool] = lambda error: error.retryable,
) -> _Found:
    """What `found_in` makes of the answer to this body. Raises GLMError.

    It is sent again where the error is one to try `again` after, up to so many `tries`.
    """
    try:
        return client.call(
            lambda sdk: response_of(sdk.post(path, body=dict(body), **STREAMED)),
            reading(found_in),
            tries=tries,
            seconds=LONG_TIMEOUT,
            cancelled=cancelled,
            again=again,
            model=str(body.get("model", "")),
        )
    except ServiceError as error:
        if error.status not in _NOT_HERE or error.reason == "service.no_model":
            raise
        raise ServiceError(
            "The service at {host} does not have this: there is no {path}.",
            hint="ZhiPu AI's own has it: {address}.",
            reason="service.no_endpoint",
            detail=error.detail,
            status=error.status,
            code=error.code,
            host=host_of(client.endpoint.base_url),
            path=path,
            address="https://open.bigmodel.cn/api/paas/v4",
        ) from None


def reading(found_in: Callable[[Mapping[str, Any]], _Found | None]) -> Callable[[httpx.Response], _Found]:
    """Reads an answer, of which `found_in` is wanted. An error, and what has nothing of it, is Refused."""

    def read(response: httpx.Response) -> _Found:
        body = whole_body(response)
        try:
            value = loads(body)
        except ValueError:
            value = None
        is_object = isinstance(value, Mapping)
        found = found_in(value) if is_object else None
        if found is None:
            raise Refused(response, body, is_error=is_object and says_error(value))
        return found

    return read


def response_of(given: Any) -> httpx.Response:
    """What the SDK, which has no types, gives."""
    response: httpx.Response = given
    return response
