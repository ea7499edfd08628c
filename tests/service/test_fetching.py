"""Fetching a picture from an address that comes from outside."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from zhipu_magic.service.api_key import ApiKey
from zhipu_magic.service.drawing import fetching
from zhipu_magic.service.drawing.fetching import Fetch
from zhipu_magic.service.endpoint import Endpoint
from zhipu_magic.text.errors import GLMError

KEY = "secret-key-of-mine"


class Pictures:
    """A server of pictures: for each path a status, headers and a body, or a wait."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.stall = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.stall.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        pictures = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pictures.seen.append((self.path, dict(self.headers)))
                if self.path == "/stall":
                    pictures.stall.wait(10)
                status, headers, body = pictures.answers.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Print nothing."""

        return Handler


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    running = Pictures()
    yield running
    running.close()


def fetch(pictures: Pictures, path: str, cancelled: threading.Event | None = None, *, url: str = "") -> Fetch:
    endpoint = Endpoint(f"{pictures.origin}/v4", ApiKey(KEY), "a test")
    return Fetch(url or pictures.origin + path, endpoint, cancelled or threading.Event(), lambda text: text)


def test_what_is_there_comes_and_nothing_of_ours_goes_along(pictures: Pictures) -> None:
    pictures.answers["/a"] = (200, {}, b"picture")
    assert fetch(pictures, "/a").data() == b"picture"
    ((_, headers),) = pictures.seen
    assert not {"Authorization", "Cookie"} & headers.keys()
    assert KEY not in str(headers)


def test_redirects_are_followed_within_the_service_and_not_for_ever(pictures: Pictures) -> None:
    pictures.answers["/a"] = (302, {"Location": "/b"}, b"")
    pictures.answers["/b"] = (200, {}, b"picture")
    assert fetch(pictures, "/a").data() == b"picture"
    pictures.answers["/b"] = (302, {"Location": "/a"}, b"")
    with pytest.raises(GLMError, match="too many redirects"):
        fetch(pictures, "/a").data()
    assert len(pictures.seen) < 10


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("http://127.0.0.1:1/x", "it has no https://"),
        ("https://10.1.2.3/x", "it is in a private network"),
        ("https://[::1]/x", "it is in a private network"),
        *(
            (f"https://{host}/x", "it is in a private network")
            for host in ("2130706433", "0x7f.1", "intranet", "a.local.")
        ),
        *((f"https://{host}/x", "it is in a private network") for host in ("[fe80::1%25eth0]", "[2002:7f00:1::]")),
        ("file:///etc/passwd", "it is no address of the web"),
    ],
)
def test_redirects_lead_nowhere_that_an_address_may_not(pictures: Pictures, location: str, why: str) -> None:
    pictures.answers["/a"] = (302, {"Location": location}, b"")
    with pytest.raises(GLMError, match=why):
        fetch(pictures, "/a").data()


def test_a_name_that_is_resolved_to_the_local_network_is_not_asked(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(pictures.origin.rpartition(":")[2])
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: here)
    with pytest.raises(GLMError, match="it is in a private network"):
        fetch(pictures, "", url=f"https://pictures.example:{port}/a").data()
    assert pictures.seen == []


def test_more_than_a_picture_may_have_is_not_read(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 2**20)
    pictures.answers["/a"] = (200, {}, b"x" * (2**20 + 1))
    with pytest.raises(GLMError, match="it is larger than 1 MB"):
        fetch(pictures, "/a").data()


def test_an_address_that_has_expired_is_told_with_what_is_left_of_it(pictures: Pictures) -> None:
    with pytest.raises(GLMError, match=r"could not be fetched from 127\.0\.0\.1: HTTP 404") as found:
        fetch(pictures, "/gone?signature=1").data()
    assert f"{pictures.origin}/gone?signature=1" in str(found.value)
    assert len(pictures.seen) == 1


def test_a_fault_is_tried_again(pictures: Pictures) -> None:
    pictures.answers["/a"] = (503, {}, b"")
    with pytest.raises(GLMError, match="HTTP 503"):
        fetch(pictures, "/a").data()
    assert len(pictures.seen) == 3


def test_hanging_up_wakes_who_waits(pictures: Pictures) -> None:
    cancelled = threading.Event()
    one = fetch(pictures, "/stall", cancelled)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            one.data()
        except GLMError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while not pictures.seen:
        time.sleep(0.01)
    cancelled.set()
    one.hang_up()
    thread.join(3)
    assert len(failed) == 1
    assert len(pictures.seen) == 1


def test_what_comes_too_slowly_is_not_waited_for(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_MOST_SECONDS", 0)
    pictures.answers["/a"] = (200, {}, b"picture")
    with pytest.raises(GLMError, match="it did not come within 0 seconds"):
        fetch(pictures, "/a").data()


def test_who_hangs_up_before_anything_was_asked_does_not_try_again(pictures: Pictures) -> None:
    cancelled = threading.Event()
    one = fetch(pictures, "/a", cancelled)
    pictures.answers["/a"] = (503, {}, b"")
    cancelled.set()
    one.hang_up()
    with pytest.raises(GLMError):
        one.data()
    assert len(pictures.seen) <= 1
