"""What the service refuses, and the words that it refuses it with."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import jwt
import pytest
from english import chinese_in
from sent_pictures import as_base64, picture

from zhipu_magic.practice import Answer, Fault, PracticeServer, tool_call
from zhipu_magic.practice.faults import CODES

Ask = Callable[..., httpx.Response]

HELLO = {"model": "glm-4", "messages": [{"role": "user", "content": "你好"}]}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with PracticeServer(pace=0, api_key="practice.key") as server:
        yield server


def refusal(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert response.json()["error"]["message"]
    return response.status_code, response.json()["error"]["code"]


def token(secret: str = "key", expires_in: float = 60, kind: str = "SIGN", **claims: Any) -> str:
    now = round(time.time() * 1000)
    payload = {"api_key": "practice", "exp": now + round(expires_in * 1000), "timestamp": now, **claims}
    return jwt.encode(payload, secret, algorithm="HS256", headers={"sign_type": kind})


def post_with(server: PracticeServer, authorization: str | None) -> httpx.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    return httpx.post(f"{server.base_url}/chat/completions", json=HELLO, headers=headers, trust_env=False)


def test_the_key_opens(server: PracticeServer) -> None:
    assert post_with(server, "Bearer practice.key").status_code == 200


def test_a_token_signed_with_the_secret_opens(server: PracticeServer) -> None:
    assert post_with(server, f"Bearer {token()}").status_code == 200


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "1001"),
        ("Bearer", "1001"),
        ("Bearer practice.lock", "1002"),
        ("Bearer a.b.c", "1002"),
        (f"Bearer {token(secret='lock')}", "1002"),
        (f"Bearer {token(api_key='someone')}", "1002"),
        (f"Bearer {token(kind='NONE')}", "1002"),
        (f"Bearer {token(expires_in=-1)}", "1003"),
    ],
    # A token holds the time that it was made, and so has no place in a test's name.
    ids=["no header", "no key", "another key", "no token", "wrong secret", "wrong id", "wrong kind", "expired"],
)
def test_anything_else_is_refused_by_its_code(server: PracticeServer, authorization: str | None, code: str) -> None:
    assert refusal(post_with(server, authorization)) == (401, code)


def test_without_one_each_server_makes_a_key_of_its_own() -> None:
    keys = {PracticeServer().api_key for _ in range(5)}
    assert len(keys) == 5
    assert all(len(key.partition(".")[2]) >= 32 for key in keys)


def test_the_key_is_the_one_that_the_server_was_given() -> None:
    with PracticeServer(pace=0, api_key="mine.own") as server:
        assert post_with(server, "Bearer mine.own").status_code == 200
        assert refusal(post_with(server, "Bearer practice.key")) == (401, "1002")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"messages": []}, "1214"),
        ({"messages": "你好"}, "1214"),
        ({"messages": ["你好"]}, "1214"),
        ({"messages": None}, "1213"),
        ({"model": None}, "1213"),
        ({"model": "gpt-4"}, "1211"),
        ({"temperature": 1.5}, "1210"),
        ({"temperature": "hot"}, "1210"),
        ({"max_tokens": 0}, "1210"),
        ({"messages": [{"role": "user", "content": [IMAGE]}]}, "1210"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_bad_request_is_refused_in_json_even_when_a_stream_was_asked_for(
    client: httpx.Client, changes: dict[str, Any], code: str, stream: bool
) -> None:
    response = client.post("/chat/completions", json={**HELLO, "stream": stream, **changes})
    assert refusal(response) == (400, code)


USER: dict[str, Any] = {"role": "user", "content": "?"}
CALLS = {"role": "assistant", "content": "", "tool_calls": [tool_call("f", {}, id=id) for id in "ab"]}
A, B = ({"role": "tool", "tool_call_id": id, "content": "1"} for id in "ab")
TWICE = {**CALLS, "tool_calls": [tool_call("f", {}, id="a")] * 2}
WORDS = {"role": "assistant", "content": "So it is."}


@pytest.mark.parametrize(
    "messages",
    [
        [USER, CALLS],
        [USER, CALLS, A],
        [USER, CALLS, A, A],
        [USER, CALLS, A, B, B],
        [USER, CALLS, A, USER, B],
        [USER, CALLS, USER],
        [USER, CALLS, CALLS, A, B],
        [USER, A],
        [USER, WORDS, A],
        [USER, CALLS, A, {"role": "tool", "content": "1"}],
        [A, USER],
    ],
)
def test_calls_of_tools_and_their_results_must_match(ask: Ask, server: PracticeServer, messages: Any) -> None:
    assert refusal(ask(messages)) == (400, "1214")
    server.enqueue(Answer("as scripted"))
    assert ask(messages).status_code == 200
    assert server.requests[-1].objection == Fault(400, "1214", "messages 参数非法：tool 消息与 tool_calls 不对应")


@pytest.mark.parametrize(
    "messages",
    [
        [USER, CALLS, B, A],
        [USER, TWICE, A, A],
        [USER, CALLS, A, B, CALLS, A, B, WORDS, USER],
        [USER, {**WORDS, "tool_calls": []}],
    ],
)
def test_calls_that_are_answered_are_accepted(ask: Ask, server: PracticeServer, messages: Any) -> None:
    assert ask(messages).status_code == 200
    assert server.requests[-1].objection is None


PNG = picture("PNG", (3, 2))


@pytest.mark.parametrize(
    "address",
    [
        None,
        7,
        "",
        "a.png",
        "file:///a.png",
        "https://",
        "http://[oops",
        "data:image/png;base64,",
        as_base64(picture("GIF", (3, 2))),
        as_base64(PNG)[:-3],
        as_base64(PNG[:18]),
        as_base64(picture("JPEG", (3, 2))[:20]),
        "data:image/png;base64," + as_base64(PNG)[:5] + "*" + as_base64(PNG)[5:],
        as_base64(PNG + bytes(5_000_001 - len(PNG))),
        as_base64(picture("PNG", (6001, 1))),
        as_base64(picture("JPEG", (1, 6001))),
    ],
    ids=lambda address: repr(address)[:40],
)
def test_an_image_that_the_service_does_not_take_is_refused(ask: Ask, address: Any) -> None:
    image = {"type": "image_url", "image_url": {"url": address}}
    earlier = [{"role": "user", "content": [image]}, WORDS, USER]
    assert refusal(ask(earlier, model="glm-4.5v")) == (400, "1210")


def test_a_video_without_an_address_is_refused(ask: Ask) -> None:
    for address, status in ((7, 400), ("https://example.com/a.mp4", 200)):
        video = {"type": "video_url", "video_url": {"url": address}}
        assert ask([{"role": "user", "content": [video]}], model="glm-4.5v").status_code == status


def test_an_image_at_the_limits_is_accepted(ask: Ask) -> None:
    data = picture("PNG", (6000, 6000))
    for address in (as_base64(data + bytes(5_000_000 - len(data))), "http://example.com/a.png"):
        image = {"type": "image_url", "image_url": {"url": address}}
        assert ask([{"role": "user", "content": [image]}], model="glm-4.5v").status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(client: httpx.Client, body: bytes) -> None:
    assert refusal(client.post("/chat/completions", content=body)) == (400, "1210")


@pytest.mark.parametrize(
    "members",
    [
        {"temperature": 0},
        {"temperature": 1},
        {"response_format": None, "thinking": None},
        {"colour": "green"},
        {"model": "glm-5.3-flash", "messages": [{"role": "user", "content": [IMAGE]}]},
        {"messages": [{"role": "assistant", "content": "the last word"}]},
    ],
)
def test_what_the_service_accepts_is_accepted(client: httpx.Client, members: dict[str, Any]) -> None:
    assert client.post("/chat/completions", json={**HELLO, **members}).status_code == 200


def test_unknown_paths_and_methods_have_errors_of_the_same_shape(client: httpx.Client) -> None:
    assert refusal(client.post("/moderations", json={})) == (404, "404")
    assert refusal(client.get("/chat/completions")) == (405, "405")


def test_the_models_are_listed_for_those_who_have_the_key(client: httpx.Client) -> None:
    listed = client.get("/models").json()
    assert listed["object"] == "list"
    assert {"glm-4", "glm-4.7-flash", "glm-5.3"} <= {model["id"] for model in listed["data"]}
    assert {model["object"] for model in listed["data"]} == {"model"}
    assert refusal(client.get("/models", headers={"Authorization": "Bearer other.key"})) == (401, "1002")


@pytest.mark.parametrize("name", ["glm-4", "glm-4.6v-flash", "autoglm-phone", "glm-4-0520"])
def test_one_model_is_told_of(client: httpx.Client, name: str) -> None:
    told = client.get(f"/models/{name}").json()
    assert (told["id"], told["object"]) == (name, "model")


def test_a_model_that_there_is_not_is_not_told_of(client: httpx.Client) -> None:
    assert refusal(client.get("/models/gpt-4")) == (404, "1211")
    assert refusal(client.get("/models/a/b")) == (404, "404")


@pytest.mark.parametrize("model", ["glm-5.3", "glm-5.3-flash"])
def test_a_model_that_must_think_refuses_not_to(ask: Ask, model: str) -> None:
    assert refusal(ask("Why?", model=model, thinking={"type": "disabled"})) == (400, "1210")
    assert ask("Why?", model=model, thinking={"type": "enabled"}).status_code == 200


@pytest.mark.parametrize("model", ["glm-4.6v", "glm-5v-turbo", "glm-4v-flash", "glm-5.3-flashx", "autoglm-phone"])
def test_vision_models_take_images(ask: Ask, model: str) -> None:
    assert ask([{"role": "user", "content": [IMAGE]}], model=model).status_code == 200


def test_a_fault_speaks_the_services_own_words(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Fault(429, "1113"), Fault(429, "1302", "slow down", headers={"Retry-After": "3"}))

    empty, busy = ask("你好"), ask("你好", stream=True)

    assert refusal(empty) == (429, "1113")
    assert empty.json()["error"]["message"] == "您的账户已欠费，请充值后重试"
    assert busy.json() == {"error": {"code": "1302", "message": "slow down"}}
    assert busy.headers["Retry-After"] == "3"


def test_a_fault_can_carry_more_than_its_error(server: PracticeServer, ask: Ask) -> None:
    verdict = [{"role": "user", "level": 1}]
    server.enqueue(Fault(400, "1301", extra={"contentFilter": verdict}))
    assert ask("…").json()["contentFilter"] == verdict


def test_a_script_answers_whatever_is_asked_but_only_with_the_key(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Answer("as scripted"))
    assert refusal(post_with(server, None)) == (401, "1001")
    assert server.requests == []
    assert ask([]).json()["choices"][0]["message"]["content"] == "as scripted"


BY_STATUS = {
    401: "401 1000 1001 1002 1003 1004 1005",
    400: "1210 1211 1212 1213 1214 1215 1221 1222 1231 1261 1300 1301 1702",
    403: "1220",
    404: "404",
    429: "1110 1111 1112 1113 1120 1121 1302 1303 1304 1305 1308 1309 1310 1311 1312 1313 1314 1315 1316 1317 1318 "
    "1319 1320 1321 1701",
    500: "500 1200 1230 1234",
}


@pytest.mark.parametrize(("status", "codes"), BY_STATUS.items())
def test_every_documented_code_has_its_status_and_its_words(
    server: PracticeServer, ask: Ask, status: int, codes: str
) -> None:
    for code in codes.split():
        server.enqueue(Fault.of(code))
        response = ask("你好", stream=True)
        assert refusal(response) == (status, code)
        assert chinese_in(response.json()["error"]["message"])


def test_no_other_code_is_documented() -> None:
    assert set(CODES) == set(" ".join(BY_STATUS.values()).split())


@pytest.mark.parametrize("code", ["1308", "1310", *map(str, range(1316, 1322))])
def test_a_limit_says_when_it_resets_on_chinas_clock(server: PracticeServer, ask: Ask, code: str) -> None:
    server.enqueue(Fault.of(code))
    [reset] = re.findall(r"\d{4}-\d\d-\d\d \d\d:00:00", ask("你好").json()["error"]["message"])
    in_china = datetime.now(timezone(timedelta(hours=8))).replace(tzinfo=None)
    away = datetime.fromisoformat(reset) - in_china
    assert timedelta(hours=4, minutes=59) < away <= timedelta(days=7, hours=1)


def test_unsafe_content_comes_with_a_verdict(server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Fault.of("1301"), Fault.of("1300"))
    assert ask("…").json()["contentFilter"] == [{"role": "user", "level": 1}]
    assert set(ask("…").json()) == {"error"}


def test_a_code_that_is_not_documented_needs_its_status() -> None:
    with pytest.raises(ValueError, match=r"Fault\(429, '9999'\)"):
        Fault.of("9999")
    assert Fault.of("1302", "slow down") == Fault(429, "1302", "slow down")
