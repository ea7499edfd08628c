"""The HTTP client that the SDK is given: its settings, its certificates, and its socket, which hanging up needs."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import httpx

from ..text.errors import ConnectionFailed, SettingsError
from ..text.languages.messages import _
from .decode import check
from .endpoint import Endpoint

CONNECT_SECONDS = 8.0
#: Where the environment names certificates of its own; for local services, they are not looked at.
_NAMING_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def certificates(endpoint: Endpoint) -> ssl.SSLContext:
    """What checks the service's certificate. Raises SettingsError if the environment names unreadable files."""
    try:
        if endpoint.is_local or not any(map(os.environ.get, _NAMING_CERTIFICATES)):
            return _usual_certificates(os.environ.get("SSLKEYLOGFILE"))
        return httpx.create_ssl_context()
    except OSError as error:
        raise SettingsError(
            "The certificates that the environment names cannot be read.",
            hint="Check SSL_CERT_FILE and SSL_CERT_DIR.",
            reason="certificates.unreadable",
            detail=_("({words})", words=error),
        ) from None


@cache
def _usual_certificates(key_log: str | None) -> ssl.SSLContext:
    """Those that come with httpx, for all chats: loading them takes longer than a short request, and a megabyte.

    `key_log` is the file to which Python's ssl then writes the keys.
    """
    return httpx.create_ssl_context(trust_env=False)


def http_client(
    endpoint: Endpoint,
    *,
    timeout: float,
    keep_alive: float,
    context: ssl.SSLContext,
    watch: Callable[[httpx.Request], None],
) -> httpx.Client:
    """The HTTP client for the SDK. Raises SettingsError if the environment's settings cannot be used."""
    try:
        return _Client(
            timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=1, keepalive_expiry=keep_alive),
            verify=context,
            event_hooks={"request": [watch], "response": [check]},
            headers={"Accept-Encoding": "gzip, deflate"},
            trust_env=not endpoint.is_local,
        )
    except ImportError:
        raise SettingsError(
            "The environment names a SOCKS proxy, but support for it is not installed.",
            hint='pip install "httpx[socks]", or unset ALL_PROXY.',
            reason="proxy.socks",
        ) from None
    except (ValueError, httpx.InvalidURL):
        raise SettingsError(
            "The proxy that the environment names cannot be used.",
            hint="Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; they look like http://host:port.",
            reason="proxy.invalid",
        ) from None


class _Client(httpx.Client):
    """A client that does not take apart again what it has taken apart: that is a fifth of a short request's time."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._none = _NoCookies()

    @property  # type: ignore[misc]  # nobody sets them
    def cookies(self) -> httpx.Cookies:
        return self._none

    def build_request(self, method: str, url: httpx.URL | str, **given: Any) -> httpx.Request:
        # An empty query, as the SDK gives it, would have the whole address read again.
        return super().build_request(method, url, **{**given, "params": given.get("params") or None})


class _NoCookies(httpx.Cookies):
    """Takes none: each request stands for itself."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Do not look for any."""


class Line:
    """A client's socket, which hanging up needs. httpx passes it to those who trace a request.

    A TLS handshake replaces the socket, and the new one is known only at its end; until then a duplicate is shut.
    `seconds` is how long it may be silent. It can change while a reply is read, as httpx's own timeout cannot.
    """

    def __init__(self, *, secure: bool, seconds: float) -> None:
        self.cancelled = threading.Event()
        self.seconds = seconds
        self._secure = secure
        self._socket: socket.socket | None = None
        self._duplicate: socket.socket | None = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            return
        self._close_duplicate()
        stream = info["return_value"]
        self._socket = stream.get_extra_info("socket")
        read = stream.read
        stream.read = lambda size, timeout=None: read(size, self.seconds)
        if self._secure and event.endswith(".connect_tcp.complete") and self._socket is not None:
            self._duplicate = self._socket.dup()
        if self.cancelled.is_set():
            stream.close()
            raise ConnectionFailed("The request was stopped while it was connecting.", reason="request.stopped")

    def shut(self) -> None:
        for one in (self._socket, self._duplicate):
            if one is not None:
                with suppress(OSError):  # closed already
                    # The base class's method: a TLS socket's own would destroy state that the reading thread uses.
                    socket.socket.shutdown(one, socket.SHUT_RDWR)

    def close(self) -> None:
        self._close_duplicate()
        connection, self._socket = self._socket, None
        if connection is not None:
            with suppress(OSError):
                connection.close()

    def _close_duplicate(self) -> None:
        duplicate, self._duplicate = self._duplicate, None
        if duplicate is not None:
            duplicate.close()
