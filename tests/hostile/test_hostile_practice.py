"""The practice server among strangers: pages in a browser, other users of the machine, and clients that misbehave."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhipu_magic.practice import STALL, Answer, PracticeServer, Raw, endpoint, gate
from zhipu_magic.practice.dialogue import answer
from zhipu_magic.practice.request import ChatRequest
from zhipu_magic.practice.rules import refuse_request

CHAT = "/api/paas/v4/chat/completions"
HELLO = {"model": "glm-4", "messages": [{"role": "user", "content": "你好"}]}
Reply = tuple[int, dict[str, str], bytes]


@pytest.fixture
def server(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[PracticeServer]:
    """A server that says nothing to anybody but its clients."""
    caplog.set_level(logging.WARNING)
    with PracticeServer(pace=0) as server:
        yield server
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def port_of(server: PracticeServer) -> int:
    return httpx.URL(server.base_url).port or 80


def connected(server: PracticeServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port_of(server)), timeout=5)


def head(server: PracticeServer, method: str = "POST", path: str = CHAT, **changed: str | None) -> bytes:
    """The head of a request that is as it should be, but for these headers; None leaves one out."""
    headers: dict[str, str | None] = {
        "Host": f"127.0.0.1:{port_of(server)}",
        "Authorization": f"Bearer {server.api_key}",
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    lines = [f"{method} {path} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items() if v is not None), "", ""]
    return "\r\n".join(lines).encode()


def read_all(connection: socket.socket) -> Reply:
    """The answer on a connection that ends after it."""
    received = b""
    while more := connection.recv(65536):
        received += more
    told, _, body = received.partition(b"\r\n\r\n")
    status, *lines = told.decode().split("\r\n")
    return int(status.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body


def answered(server: PracticeServer, request: bytes) -> Reply:
    with closing(connected(server)) as connection:
        connection.sendall(request)
        return read_all(connection)


def code(reply: Reply) -> str:
    status, headers, body = reply
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert not any(name.startswith("access-control") for name in headers)
    said: dict[str, str] = json.loads(body)["error"]
    assert said["message"]
    return f"{status} {said['code']}"


def post(server: PracticeServer, content: bytes) -> httpx.Response:
    headers = {"Authorization": f"Bearer {server.api_key}"}
    return httpx.post(f"{server.base_url}/chat/completions", content=content, headers=headers, trust_env=False)


# Who is asking

EVERYWHERE = [
    *(("POST", CHAT), ("OPTIONS", CHAT), ("GET", CHAT), ("PUT", CHAT), ("TRACE", CHAT)),
    *(("GET", "/api/paas/v4/models"), ("GET", "/"), ("GET", "/favicon.ico"), ("POST", "/nowhere"), ("OPTIONS", "*")),
]


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
@pytest.mark.parametrize(
    "changed",
    [
        {"Host": "attacker.example"},
        {"Host": "attacker.example:PORT"},
        {"Host": "127.0.0.1.attacker.example:PORT"},
        {"Host": "localhost.:PORT"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": "127.0.0.1:PORT, attacker.example"},
        {"Host": "127.0.0.1:PORT@attacker.example"},
        {"Host": ""},
        {"Origin": "https://attacker.example"},
        {"Origin": "http://attacker.example:PORT"},
        {"Origin": "https://127.0.0.1:PORT"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://localhost:PORT"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
    ids=str,
)
def test_a_page_in_a_browser_gets_no_answer_whatever_it_asks_for(
    server: PracticeServer, method: str, path: str, changed: dict[str, str]
) -> None:
    put = {name: value.replace("PORT", str(port_of(server))) for name, value in changed.items()}
    assert code(answered(server, head(server, method, path, **put))) == "403 1220"
    assert server.requests == []


def test_a_request_without_a_host_is_not_from_here(server: PracticeServer) -> None:
    request = head(server, Host=None).replace(b"HTTP/1.1", b"HTTP/1.0")
    assert code(answered(server, request)) == "403 1220"


def test_a_refusal_of_a_head_has_no_body(server: PracticeServer) -> None:
    status, headers, body = answered(server, head(server, "HEAD", Host="attacker.example"))
    assert (status, body) == (403, b"")
    assert int(headers["content-length"]) > 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
@pytest.mark.parametrize("with_origin", [False, True])
def test_this_machines_own_names_are_let_in(server: PracticeServer, host: str, with_origin: bool) -> None:
    address = f"{host}:{port_of(server)}"
    origin = f"http://{address}" if with_origin else None
    request = head(server, "GET", "/api/paas/v4/models", Host=address, Origin=origin, Connection="close")
    status, headers, _ = answered(server, request)
    assert status == 200
    assert not any(name.startswith("access-control") for name in headers)


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
def test_nothing_is_told_without_the_key(server: PracticeServer, method: str, path: str) -> None:
    assert code(answered(server, head(server, method, path, Authorization=None))) == "401 1001"
    assert code(answered(server, head(server, method, path, Authorization="Bearer practice.key"))) == "401 1002"


# The key


def test_the_body_of_a_stranger_is_not_waited_for(server: PracticeServer) -> None:
    server.enqueue(Answer("for whom it is meant"))
    assert code(answered(server, head(server, Authorization="Bearer x.y", Content_Length=str(2**40)))) == "401 1002"
    assert server.requests == []
    assert post(server, b"{}").json()["choices"][0]["message"]["content"] == "for whom it is meant"


def test_a_stranger_who_sends_a_body_all_the_same_still_reads_the_refusal(server: PracticeServer) -> None:
    for size in (10, 100_000, 900_000):
        url = f"{server.base_url}/chat/completions"
        response = httpx.post(url, content=b"x" * size, headers={"Authorization": "Bearer x.y"}, trust_env=False)
        assert response.status_code == 401


def test_a_stranger_cannot_keep_sending(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_LINGER_SECONDS", 0.2)
    with closing(connected(server)) as connection:
        connection.sendall(head(server, Authorization=None, Content_Length=str(2**40)))
        with pytest.raises(OSError):
            for _ in range(200):
                connection.sendall(b"x" * 100_000)
                time.sleep(0.005)


def segment(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed(secret: str, header: Any, claims: Any) -> str:
    told = f"{segment(header)}.{segment(claims)}"
    return f"{told}.{segment(hmac.new(secret.encode(), told.encode(), hashlib.sha256).digest())}"


HEADER = {"alg": "HS256", "sign_type": "SIGN"}
DEEP = b"[" * 10_000


@pytest.mark.parametrize(
    ("header", "claims", "refusal"),
    [
        (HEADER, {}, "401 1002"),
        ({"alg": "none", "sign_type": "SIGN"}, None, "401 1002"),
        ({"alg": "HS512", "sign_type": "SIGN"}, None, "401 1002"),
        ([], None, "401 1002"),
        (HEADER, [], "401 1002"),
        (HEADER, {"exp": "tomorrow"}, "401 1002"),
        (HEADER, {"exp": None}, "401 1002"),
        (HEADER, {"exp": 10**400}, "401 1002"),
        (HEADER, {"exp": float("nan")}, "401 1003"),
        (HEADER, {"exp": 0}, "401 1003"),
        (HEADER, DEEP, "401 1002"),
        (DEEP, None, "401 1002"),
    ],
    ids=range(12),
)
def test_an_odd_token_is_refused_even_if_it_is_signed(
    server: PracticeServer, header: Any, claims: Any, refusal: str
) -> None:
    name, _, secret = server.api_key.partition(".")
    exp = round(time.time() * 1000) + 60_000
    if claims is None or (isinstance(claims, dict) and claims):
        claims = {"api_key": name, "exp": exp, "timestamp": exp, **(claims or {})}
    token = signed(secret, header, claims)
    assert code(answered(server, head(server, Authorization=f"Bearer {token}"))) == refusal


@pytest.mark.parametrize("token", ["..", "a.b.c.d", f"{segment(DEEP)}.{segment(DEEP)}.", "ключ", "\x7f", "é.é.é"])
def test_what_is_no_token_is_refused(server: PracticeServer, token: str) -> None:
    request = head(server, Authorization=f"Bearer {token}")
    assert answered(server, request)[0] in (400, 401)


def test_a_key_without_a_secret_part_cannot_be_signed_with() -> None:
    with PracticeServer(pace=0, api_key="practice.") as server:
        exp = round(time.time() * 1000) + 60_000
        token = signed("", HEADER, {"api_key": "practice", "exp": exp, "timestamp": exp})
        assert code(answered(server, head(server, Authorization=f"Bearer {token}"))) == "401 1002"


# Bounds


def test_a_body_that_says_it_is_too_large_is_refused_at_once(server: PracticeServer) -> None:
    for length in (gate.MOST_BODY_BYTES + 1, 10**30):
        assert code(answered(server, head(server, Content_Length=str(length)))) == "413 1210"
    assert server.requests == []


def test_a_body_in_pieces_is_refused_when_it_has_become_too_large(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MOST_BODY_BYTES", 100_000)
    piece = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    assert code(answered(server, head(server, Transfer_Encoding="chunked") + 5 * piece)) == "413 1210"
    assert server.requests == []
    assert post(server, json.dumps(HELLO).encode()).status_code == 200


def test_a_body_in_pieces_is_read_like_any_other(server: PracticeServer) -> None:
    body = json.dumps(HELLO).encode()
    pieces = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in body) + b"0\r\n\r\n"
    request = head(server, Transfer_Encoding="chunked", Connection="close") + pieces
    assert answered(server, request)[0] == 200
    assert server.requests[-1].body == HELLO
    assert server.requests[-1].size == len(body)


def test_headers_without_end_are_cut_off(server: PracticeServer) -> None:
    with closing(connected(server)) as connection, pytest.raises(OSError):
        connection.sendall(head(server)[:-2])
        for number in range(1_000):
            connection.sendall(f"X-{number}: {'x' * 1_000}\r\n".encode())
            time.sleep(0.001)


def test_requests_are_kept_up_to_so_many_bytes_and_the_newest_always(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "MOST_BYTES", 10_000)
    for number in range(5):
        post(server, json.dumps({"number": number, "padding": "x" * 3_000}).encode())
    assert [received.body["number"] for received in server.requests] == [2, 3, 4]
    post(server, json.dumps({"number": 5, "padding": "x" * 30_000}).encode())
    assert [received.body["number"] for received in server.requests] == [5]
    post(server, b"{}")
    assert [received.body for received in server.requests] == [{}]


def test_requests_are_kept_up_to_so_many(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "MOST_REQUESTS", 3)
    for number in range(5):
        post(server, json.dumps({"number": number}).encode())
    assert [received.body["number"] for received in server.requests] == [2, 3, 4]


def test_connections_beyond_the_bound_are_told_so_and_there_is_room_again_when_others_go(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MOST_CONNECTIONS", 5)
    with ExitStack() as stack:
        held = [stack.enter_context(closing(connected(server))) for _ in range(5)]
        for connection in held:
            connection.sendall(head(server, "GET", "/api/paas/v4/models"))
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        with closing(connected(server)) as one_more:
            assert code(read_all(one_more)) == "503 1305"
    deadline = time.monotonic() + 5
    while post(server, json.dumps(HELLO).encode()).status_code != 200:
        assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("bound", "sent"),
    [
        ("IDLE_SECONDS", lambda server: b""),
        ("IDLE_SECONDS", lambda server: head(server)[:-2]),
        ("BODY_SECONDS", lambda server: head(server, Content_Length="1000")),
        ("BODY_SECONDS", lambda server: head(server, Transfer_Encoding="chunked") + b"1\r\nx\r\n"),
    ],
    ids=["silent", "half a head", "no body", "half a body"],
)
def test_a_client_that_never_goes_on_is_let_go(
    bound: str, sent: Callable[[PracticeServer], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, bound, 0.2)
    with PracticeServer(pace=0) as server, closing(connected(server)) as connection:
        connection.sendall(sent(server))
        assert connection.recv(65536) == b""
        assert server.requests == []


def test_a_client_that_trickles_its_body_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.3)
    with PracticeServer(pace=0) as server, closing(connected(server)) as connection:
        connection.sendall(head(server, Content_Length="1000"))
        with pytest.raises(OSError):
            for _ in range(1_000):
                connection.sendall(b" ")
                time.sleep(0.005)


def test_a_client_that_never_reads_holds_up_nobody_else(server: PracticeServer) -> None:
    server.enqueue(Answer("x" * 4_000_000), Raw((b"x" * 20_000_000, STALL)))
    with ExitStack() as stack:
        for body in ({"stream": True}, {}):
            deaf = stack.enter_context(closing(connected(server)))
            content = json.dumps(body).encode()
            deaf.sendall(head(server, Content_Length=str(len(content))) + content)
        while len(server.requests) < 2:
            time.sleep(0.005)
        assert post(server, json.dumps(HELLO).encode()).status_code == 200
        assert not server.requests[1].ended.is_set()
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 2


def test_requests_that_follow_each_other_at_once_are_answered_one_by_one(server: PracticeServer) -> None:
    body = json.dumps(HELLO).encode()
    one = head(server, Content_Length=str(len(body))) + body
    last = head(server, Content_Length=str(len(body)), Connection="close") + body
    with closing(connected(server)) as connection:
        connection.sendall(one * 20 + last)
        received = b""
        while more := connection.recv(65536):
            received += more
    assert received.count(b"HTTP/1.1 200 OK") == 21
    assert len(server.requests) == 21


def test_a_connection_is_used_again(server: PracticeServer) -> None:
    headers = {"Authorization": f"Bearer {server.api_key}"}
    with httpx.Client(base_url=server.base_url, headers=headers, trust_env=False) as client:
        places = set()
        for method, path, status in (("POST", "/chat/completions", 200), ("GET", "/x", 404), ("GET", "/models", 200)):
            with client.stream(method, path, json=HELLO) as response:
                places.add(response.extensions["network_stream"].get_extra_info("client_addr"))
                assert response.status_code == status
                response.read()
        assert len(places) == 1


# What a body can hold


ODD = {
    "nested": b"[" * 100_000 + b"]" * 100_000,
    "nested and broken": b"[" * 100_000,
    "nested in a member": b'{"model":"glm-4","x":' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
    "digits": b'{"model":"glm-4","messages":[{"role":"user","content":"?"}],"seed":1' + b"0" * 400 + b"}",
    "a million digits": b'{"seed":1' + b"0" * 1_000_000 + b"}",
    "infinite": b'{"model":"glm-4","messages":[{"role":"user","content":"?"}],"top_p":1e999}',
    "no number": b'{"model":"glm-4","messages":[{"role":"user","content":"?"}],"top_p":NaN}',
    "no UTF-8": b'{"model":"glm-4","messages":[{"role":"user","content":"\xed\xa0\x80"}]}',
    "UTF-16": json.dumps(HELLO).encode("utf-16"),
    "a form": b"model=glm-4&messages=x",
    "nothing": b"",
    "no object": b"[1]",
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_a_body_that_nobody_should_send_is_refused_as_the_service_does(server: PracticeServer, content: bytes) -> None:
    response = post(server, content)
    assert response.status_code == 400
    assert response.json()["error"]["code"] in ("1210", "1213")
    assert server.requests[-1].objection is not None


def test_half_a_character_comes_back_as_it_was(server: PracticeServer) -> None:
    body = rb'{"model":"glm-4","messages":[{"role":"user","content":"\ud800","tool_calls":3}],"request_id":"\udfff"}'
    response = post(server, body)
    assert response.status_code == 200
    assert rb"\ud800" in response.content


SCHEMAS: dict[str, Any] = {
    "lists of lists": {"type": "array", "minItems": 1_000, "items": {"$ref": "#/$defs/a"}},
    "a very long list": {"type": "array", "minItems": 10**9, "maxItems": 10**10, "items": {"type": "string"}},
    "a very long text": {"type": "string", "minLength": 10**10},
    "many names": {"type": "object", "required": ["x"] * 100_000},
    "a long way": {"$ref": "#/$defs/0"},
    "odd members": {"type": "array", "minItems": "many", "items": 3},
    "odd properties": {"type": "object", "properties": [], "required": 7},
    "odd bounds": {"type": "integer", "minimum": [], "maximum": {}},
    "odd choices": {"anyOf": 3},
}
DEFINITIONS = {
    "a": {"type": "array", "minItems": 1_000, "items": {"type": "array", "minItems": 1_000, "items": {"type": "null"}}},
    **{str(number): {"$ref": f"#/$defs/{number + 1}"} for number in range(2_000)},
}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_a_schema_that_asks_for_too_much_or_makes_no_sense_is_refused_or_bounded(
    server: PracticeServer, schema: dict[str, Any]
) -> None:
    function = {"name": "f", "parameters": {**schema, "$defs": DEFINITIONS}}
    began = time.monotonic()
    response = post(server, json.dumps({**HELLO, "tools": [{"type": "function", "function": function}]}).encode())
    assert response.status_code in (200, 400)
    assert len(response.content) < 1_000_000
    assert time.monotonic() - began < 3


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "tool", "user", "assistant", "glm-4v", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "type", "text", "url", "id", "name", "function", "parameters", "enable"]
            )
            | st.sampled_from(["properties", "required", "items", "enum", "image_url", "web_search", "tool_calls"])
            | st.sampled_from(["tool_call_id", "minItems", "$ref", "anyOf", "allOf", "minimum", "search_query"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "tool", "system", 1, None])},
        optional={name: JSON_VALUES for name in ("content", "tool_calls", "tool_call_id", "name")},
    ),
    min_size=1,
    max_size=4,
)
FUNCTION = st.fixed_dictionaries(
    {"type": st.just("function"), "function": st.fixed_dictionaries({"name": JSON_VALUES, "parameters": JSON_VALUES})}
)
BODIES = st.fixed_dictionaries(
    {"model": st.sampled_from(["glm-4", "glm-4.5v"]), "messages": MESSAGES},
    optional={
        "tools": st.lists(FUNCTION | JSON_VALUES, max_size=3) | JSON_VALUES,
        **{name: JSON_VALUES for name in ("response_format", "thinking", "stream", "max_tokens", "request_id")},
    },
)


@given(BODIES)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_request_holds_it_is_answered_or_refused(body: dict[str, Any]) -> None:
    request = ChatRequest(body)
    if refuse_request(request) is None:
        with suppress(ValueError):  # which the server takes for a schema that is none
            answer(request)


@pytest.mark.parametrize(
    "content",
    [
        lambda size: "```python\n" * (size // 10),
        lambda size: "```json\n" * (size // 8),
        lambda size: "`" * size,
        lambda size: "data:" * (size // 5),
        lambda size: "continue " * (size // 9),
    ],
    ids=["python", "json", "fences", "addresses", "going on"],
)
def test_the_time_of_an_answer_grows_with_its_request_and_no_faster(content: Callable[[int], str]) -> None:
    def seconds(size: int) -> float:
        text = content(size)
        roles = ["system", "user", "assistant", "tool", "user"]
        calls = {"tool_calls": [{"id": 1, "function": {"name": "f"}}], "tool_call_id": 1}
        messages = [{"role": role, "content": text, **calls} for role in roles]
        requests = [{"messages": messages[:count]} for count in (2, 4, 5)]
        began = time.process_time()
        for request in requests:
            answer(ChatRequest({"model": "glm-4", **request}))
        return time.process_time() - began

    seconds(1_000)
    assert seconds(400_000) < 40 * seconds(40_000) + 0.5


def test_many_calls_of_tools_are_matched_with_their_results_quickly() -> None:
    ids = list(range(100_000))
    messages = [
        {"role": "assistant", "tool_calls": [{"id": id} for id in ids]},
        *({"role": "tool", "tool_call_id": id} for id in reversed(ids)),
    ]
    began = time.process_time()
    assert refuse_request(ChatRequest({"model": "glm-4", "messages": messages})) is None
    assert time.process_time() - began < 5


# `serve`


def serve(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "zhipu_magic", "serve", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def test_a_port_that_is_in_use_is_told_in_one_line(server: PracticeServer) -> None:
    status, said = serve("--port", str(port_of(server)))
    assert status == 2
    assert said.count("\n") == 1
    assert f"Port {port_of(server)} is in use" in said
    assert "--port" in said


@pytest.mark.parametrize(
    "arguments", [["--port", "70000"], ["--port=-1"], ["--port", "abc"], ["--port", "٣"], ["--pace", "nan"]], ids=str
)
def test_what_is_no_port_is_told_in_one_line(arguments: list[str]) -> None:
    status, said = serve(*arguments)
    assert status == 2
    assert said.count("\n") == 1
    assert "give" in said
