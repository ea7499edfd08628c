"""Fetches a picture from the address that the service has given for it, at once: the address expires.

The address comes from outside. So it is asked over TLS alone, with no key and no cookie; it may not lead to this
machine or into the local network, and what comes is bounded in bytes and time. All that is allowed where the host is
the service's own, to which the user has sent the key already.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from ...text.addresses import host_of, origin_of, parts_of
from ...text.characters import printable
from ...text.errors import ConnectionFailed, GLMError, ServiceError
from ...text.languages.messages import _
from ...text.public_addresses import is_public, plain_host
from ..endpoint import Endpoint
from ..http_client import CONNECT_SECONDS, Line, certificates

#: Bytes of a picture, seconds until all of it has come, redirects that are followed, and tries.
MOST_BYTES: Final = 20 * 2**20
_MOST_SECONDS: Final = 120.0
_MOST_REDIRECTS: Final = 3
_TRIES: Final = 3
#: Seconds without a byte, and before another try.
_SILENCE: Final = 30.0
_PAUSE: Final = 0.5


class Fetch:
    """Fetches one picture; `hang_up` wakes the thread that does. `endpoint` is the service that has given its
    address; `hide` takes the key out of what is told of that.

    Meant for a separate thread.
    """

    def __init__(self, url: str, endpoint: Endpoint, cancelled: threading.Event, hide: Callable[[str], str]) -> None:
        self._url = url
        self._hide = hide
        self._endpoint = endpoint
        self._cancelled = cancelled
        self._line: Line | None = None
        self._is_direct = True
        self._asked = url

    def hang_up(self) -> None:
        """Wake the thread that waits in the connection's socket."""
        if (line := self._line) is not None:
            line.shut()

    def data(self) -> bytes:
        """The bytes of the picture. Raises GLMError."""
        until = time.monotonic() + _MOST_SECONDS
        left = _TRIES
        while True:
            left -= 1
            try:
                return self._followed(until)
            except GLMError as error:
                if not (error.retryable and left) or self._cancelled.wait(_PAUSE):
                    raise

    def _followed(self, until: float) -> bytes:
        url = self._url
        for _each in range(_MOST_REDIRECTS + 1):
            found = self._fetched(url, until)
            if isinstance(found, bytes):
                return found
            url = found
        raise self._failed(_("too many redirects"))

    def _fetched(self, url: str, until: float) -> bytes | str:
        """The picture at this address, or the address to which it leads."""
        self._check(url)
        self._asked = url
        line = self._line = Line(secure=url.startswith("https:"), seconds=_SILENCE)
        line.cancelled = self._cancelled
        try:
            with self._client() as client:
                self._is_direct = client._transport_for_url(httpx.URL(url)) is client._transport
                request = client.build_request("GET", url, extensions={"trace": self._traced})
                response = client.send(request, stream=True)
                try:
                    return self._read(response, until)
                finally:
                    response.close()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:  # a host that IDNA does not know
            failure = self._failed(type(error).__name__, retryable=isinstance(error, httpx.TransportError))
        finally:
            line.close()
        raise failure  # without httpx's frames

    def _client(self) -> httpx.Client:
        """A client of its own, which has nothing of the service's: no key, and no cookies."""
        return httpx.Client(
            timeout=httpx.Timeout(_SILENCE, connect=CONNECT_SECONDS),
            verify=certificates(self._endpoint),
            headers={"Accept": "image/png,image/jpeg,image/webp", "Accept-Encoding": "identity"},
            trust_env=not self._endpoint.is_local,
        )

    def _read(self, response: httpx.Response, until: float) -> bytes | str:
        if response.is_redirect:
            return str(response.next_request.url) if response.next_request is not None else ""
        if not response.is_success:
            raise self._failed(f"HTTP {response.status_code}", retryable=response.status_code >= 500)
        data = bytearray()
        for piece in response.iter_raw():
            data += piece
            if len(data) > MOST_BYTES:
                raise self._failed(_("it is larger than {size} MB", size=MOST_BYTES >> 20))
            if time.monotonic() > until:
                raise self._failed(_("it did not come within {seconds:g} seconds", seconds=_MOST_SECONDS))
        return bytes(data)

    # What an address may be

    def _check(self, url: str) -> None:
        """Raise ServiceError for an address that is not asked."""
        parts = parts_of(url)
        if parts is None or parts.username or parts.password or not plain_host(parts.hostname or ""):
            raise self._failed(_("it is no address of the web"))
        if parts.scheme != "https" and origin_of(url) != origin_of(self._endpoint.base_url):
            raise self._failed(_("it has no https://"))
        if not self._is_the_services(url) and not is_public(parts.hostname or ""):
            raise self._failed(_("it is in a private network"))

    def _is_the_services(self, url: str) -> bool:
        return host_of(url) == self._endpoint.host

    def _traced(self, event: str, info: Mapping[str, Any]) -> None:
        assert self._line is not None
        self._line.trace(event, info)
        if event.endswith(".connect_tcp.complete") and self._is_direct:
            # The address of the connection itself: a name may be resolved to another each time it is looked up.
            stream = info["return_value"]
            peer = stream.get_extra_info("server_addr")
            if not self._is_the_services(self._asked) and not is_public(str(peer[0])):
                stream.close()
                raise self._failed(_("it is in a private network"))

    def _failed(self, why: str, *, retryable: bool = False) -> GLMError:
        """The error of a picture that was drawn and is not here: its address is all that is left of it."""
        kind = ConnectionFailed if retryable else ServiceError
        return kind(
            "The picture was drawn, but could not be fetched from {host}: {why}.",
            hint="The service may bill it. Until it expires, it is at {address}",
            reason="drawing.not_fetched",
            retryable=retryable,
            host=host_of(self._url) or _("its address"),
            why=why,
            address=printable(self._hide(self._url)),
        )
