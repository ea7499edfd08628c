"""Where a key may go: by an address's name, over TLS, or to a host that the user has named."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from in_process import Page

from zhipu_magic import Chat, SettingsError
from zhipu_magic.practice import PracticeServer
from zhipu_magic.service.api_key import ApiKey
from zhipu_magic.service.endpoint import Endpoint, check_base_url, check_plain_http, resolve_base_url
from zhipu_magic.service.profile import NAMED_ADDRESSES, profile_of
from zhipu_magic.text.addresses import is_this_machine

PLAN = "https://open.bigmodel.cn/api/coding/paas/v4"


# Names


@pytest.mark.parametrize("name", [*NAMED_ADDRESSES, "Coding", " z.ai ", "Z.AI/coding"])
def test_a_name_stands_for_an_address_everywhere(name: str, monkeypatch: pytest.MonkeyPatch, page: Page) -> None:
    address = NAMED_ADDRESSES[name.strip().lower()]
    assert check_base_url(name) == address == resolve_base_url(name)
    assert Chat(api_key="a.key", base_url=name).service.base_url == address
    page.run(f"%config GLMMagics.base_url = {name!r}")
    assert page.magics.chat.service.base_url == address
    monkeypatch.setenv("ZHIPUAI_BASE_URL", name)
    assert Chat(api_key="a.key").service.endpoint().base_url == address


@pytest.mark.parametrize(("name", "near"), [("codign", "coding"), ("zai", "z.ai"), ("z.ai/codng", "z.ai/coding")])
def test_a_mistyped_name_gets_the_nearest(name: str, near: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=f"Did you mean {near}\\?"):
        check_base_url(name)
    monkeypatch.setenv("ZHIPUAI_BASE_URL", name)
    with pytest.raises(
        SettingsError, match=r"(?s)Did you mean .*one of the names bigmodel, coding, z\.ai, z\.ai/coding"
    ):
        Chat(api_key="a.key").ask("hi")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("bigmodel", "Get one at https://open.bigmodel.cn (API keys)"),
        ("coding", "Get one at https://open.bigmodel.cn (API keys)"),
        ("z.ai/coding", "Get one at https://z.ai (API keys)"),
        ("https://glm.example.com/v1", "the one that glm.example.com expects"),
        ("http://127.0.0.1:9/v1", "A server on this machine takes any key"),
        ("http://host.docker.internal:11434/v1", "A server on this machine takes any key"),
    ],
)
def test_who_has_no_key_is_told_where_that_host_has_them(
    address: str, said: str, bare_page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match="There is no API key yet") as refused:
        Chat(base_url=address).ask("hi")
    assert said in str(refused.value)
    monkeypatch.setenv("ZHIPUAI_BASE_URL", address)
    bare_page.run("%load_ext zhipu_magic")
    told = str(bare_page.run("%%glm\nhi").error)
    assert said in told and "%glm login" in told


# Logging in


@pytest.fixture
def typed_key(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Types a key wherever one is asked for; gives what was asked."""

    def type_in(key: str) -> list[str]:
        prompts: list[str] = []
        monkeypatch.setattr("getpass.getpass", lambda prompt: prompts.append(prompt) or key)
        return prompts

    return type_in


def test_a_login_names_the_other_addresses(bare_page: Page, typed_key: Callable[[str], list[str]]) -> None:
    bare_page.run("%load_ext zhipu_magic")
    prompts = typed_key("hidden.key")
    shown = bare_page.run("%glm login").plain()
    assert prompts == ["API key for open.bigmodel.cn (not shown as you type): "]
    assert "The key is set." in shown and "`%glm login coding`" in shown and "`%glm login z.ai/coding`" in shown
    assert "hidden" not in shown


def test_a_login_to_an_address_asks_there_from_then_on(
    bare_page: Page, typed_key: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", "z.ai")
    bare_page.run("%load_ext zhipu_magic")
    prompts = typed_key("hidden.key")
    shown = bare_page.run("%glm login Coding").plain()
    assert prompts == ["API key for open.bigmodel.cn (not shown as you type): "]
    assert f"asks {PLAN} now; set ZHIPUAI_BASE_URL=coding" in shown
    assert bare_page.magics.chat.service.base_url == bare_page.magics.base_url == PLAN


def test_a_login_that_is_given_up_changes_no_address(bare_page: Page, typed_key: Callable[[str], list[str]]) -> None:
    bare_page.run("%load_ext zhipu_magic")
    typed_key("two words")
    assert not bare_page.run("%glm login coding").success
    assert bare_page.magics.base_url == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("codign", "Did you mean coding?"),
        ("codingplan.secretsecret", "Do not write the key in a cell"),
        ("coding z.ai", "Do not write the key in a cell"),
        ("hidden", "Do not write the key in a cell"),
    ],
)
def test_what_else_stands_after_a_login_is_not_repeated(page: Page, line: str, said: str) -> None:
    error = str(page.run(f"%glm login {line}").error)
    assert said in error
    assert line not in error


# Without TLS


def test_what_counts_as_this_machine() -> None:
    for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1", "host.docker.internal", "host.containers.internal"):
        assert is_this_machine(host)
    for host in (
        "10.0.0.5",
        "0.0.0.0",
        "docker.internal",
        "host.docker.internal.example.com",
        "xhost.docker.internal",
        "",
    ):
        assert not is_this_machine(host)


def test_a_named_host_may_be_asked_without_tls_and_no_other() -> None:
    assert check_base_url("http://10.0.0.5:8000/v1", ("10.0.0.5",)) == "http://10.0.0.5:8000/v1"
    assert check_base_url("http://GPU.lan/v1", ("gpu.lan",)) == "http://GPU.lan/v1"
    assert check_base_url("http://[fd00::5]:8000/v1", check_plain_http("[FD00::5]")) == "http://[fd00::5]:8000/v1"
    for address in (
        "http://10.0.0.50/v1",
        "http://10.0.0.5.example.com/v1",
        "http://a.gpu.lan",
        "http://10.0.0.5@b.example",
    ):
        with pytest.raises(SettingsError, match=r"without encryption|a user name"):
            check_base_url(address, ("10.0.0.5", "gpu.lan"))
    with pytest.raises(SettingsError, match="user name or a password"):
        check_base_url("http://reader:hidden@10.0.0.5/v1", ("10.0.0.5",))


@pytest.mark.parametrize(
    "given",
    ["", "http://10.0.0.5", "10.0.0.5:8000", "10.0.0.0/8", "*", "a b", "reader:hidden@10.0.0.5", "[::x", ["a", "b/c"]],
)
def test_only_hosts_can_be_named(given: Any, page: Page) -> None:
    with pytest.raises(SettingsError, match="names or numbers of hosts") as refused:
        check_plain_http(given)
    assert "hidden" not in str(refused.value)
    with pytest.raises(SettingsError):
        Chat(plain_http=given)


def test_a_refused_address_says_how_to_allow_it(page: Page) -> None:
    with pytest.raises(SettingsError, match=r"plain_http=\['10\.0\.0\.5'\]"):
        Chat(api_key="a.key", base_url="http://10.0.0.5/v1").ask("hi")
    page.run("%config GLMMagics.plain_http = ['10.0.0.5']")
    page.run("%config GLMMagics.base_url = 'http://10.0.0.5:8000/v1'")
    service = page.magics.chat.service
    assert service.endpoint().base_url == "http://10.0.0.5:8000/v1"
    page.run("%config GLMMagics.plain_http = []")
    error = str(page.run("%%glm\nhi").error)
    assert "without encryption" in error and "%config GLMMagics.plain_http = ['10.0.0.5']" in error


def test_a_secret_key_that_others_can_read_is_told_once() -> None:
    warned: list[str] = []
    chat = Chat(api_key="id.secret", base_url="http://10.0.0.5/v1", plain_http="10.0.0.5", warn=warned.append)
    for _ in range(2):
        chat.service.endpoint()
    assert warned == [
        "10.0.0.5 is sent your API key without encryption: others on the network can read it. Give it a key that is no "
        "secret, or use https://."
    ]
    for key, address in (
        ("none", "http://10.0.0.5/v1"),
        ("id.secret", "https://10.0.0.5/v1"),
        ("id.secret", "http://[::1]/"),
    ):
        Chat(
            api_key=key, base_url=address, plain_http=["10.0.0.5"]
        ).service.endpoint()  # it would warn, and fail the test


def test_no_proxy_reads_what_is_not_encrypted() -> None:
    for address in (
        "http://10.0.0.5/v1",
        "http://127.0.0.1/v1",
        "https://localhost/v1",
        "http://host.docker.internal/v1",
    ):
        assert Endpoint(address, ApiKey("a.key"), "").is_local
    assert not Endpoint("https://10.0.0.5/v1", ApiKey("a.key"), "").is_local


# What is used of the plan


class Plan:
    """A service at the plan's path that tells of a quota."""

    def __init__(self) -> None:
        self.answer: tuple[int, bytes] = (200, b"{}")
        self.asked: list[tuple[str, str | None]] = []
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                told.asked.append((self.path, self.headers["Authorization"]))
                status, body = told.answer
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/api/coding/paas/v4"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def plan() -> Iterator[Plan]:
    running = Plan()
    yield running
    running.close()


@pytest.fixture
def plan_page(bare_page: Page, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", plan.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", "hidden.secret")
    bare_page.run("%load_ext zhipu_magic")
    return bare_page


def test_usage_tells_what_is_used_of_the_plan(plan_page: Page, plan: Plan) -> None:
    renews = datetime.now().replace(microsecond=0) + timedelta(days=2)
    limits = [
        {"type": "TOKENS_LIMIT", "unit": 3, "number": 5, "percentage": 12, "nextResetTime": renews.timestamp() * 1000},
        {"type": "TIME_LIMIT", "unit": 5, "number": 1, "percentage": 3.4, "usage": 100},
        {"type": "NEW_LIMIT", "percentage": 250},
    ]
    plan.answer = 200, json.dumps({"code": 200, "success": True, "data": {"limits": limits, "level": "pro"}}).encode()
    cell = plan_page.run("%glm usage")
    assert cell.plain(1) == (
        "The coding plan is billed as a subscription, not by the token. Used: 12 % of the tokens in 5 hours, until "
        f"{renews:%Y-%m-%d %H:%M} · 3 % of the searches and other tools in 1 month · 100 % of the NEW_LIMIT."
    )
    assert plan.asked == [("/api/monitor/usage/quota/limit", "hidden.secret")]


ODD = [
    (500, b"no"),
    (302, b""),
    (200, b""),
    (200, b"<html>"),
    (200, b"[" * 100_000),
    (200, b"x" * 200_000),
    (200, b"\xff\xfe"),
    (200, b'{"code":401,"msg":"token expired or incorrect","success":false}'),
    *((200, json.dumps({"data": data}).encode()) for data in ([], {"limits": {}}, {"limits": [1, None, {}]})),
    (200, b'{"data":{"limits":[{"type":"T","percentage":1e999}]}}'),
    (200, b'{"data":{"limits":[{"type":["T"],"percentage":1},{"type":"T","percentage":true}]}}'),
]


@pytest.mark.parametrize("answer", ODD)
def test_a_plan_that_does_not_tell_costs_one_line(plan_page: Page, plan: Plan, answer: tuple[int, bytes]) -> None:
    plan.answer = answer
    cell = plan_page.run("%glm usage")
    assert cell.success
    assert "does not say what is left of the plan" in cell.plain(1) and "\n" not in cell.plain(1)
    assert "hidden" not in str(cell.outputs)


def test_hostile_names_and_times_stay_text(plan_page: Page, plan: Plan) -> None:
    limits = [{"type": "<img src=x>\x1b[31m" * 50, "unit": 10**400, "number": 10**400, "percentage": -5}]
    limits += [{"type": "T", "percentage": 1, "nextResetTime": when} for when in (1e300, -1e18, "soon", [1], 10**400)]
    plan.answer = 200, json.dumps({"data": {"limits": limits * 20}}).encode()
    cell = plan_page.run("%glm usage")
    assert cell.success
    assert "<img" not in cell.markdown(1) and "\x1b" not in cell.plain(1)
    assert len(cell.plain(1)) < 600


def test_only_a_plan_is_asked_for_its_quota(page: Page, server: PracticeServer, plan: Plan) -> None:
    assert len(page.run("%glm usage").outputs) == 1
    page.run(f"%config GLMMagics.base_url = '{plan.base_url}'")
    page.run("%config GLMMagics.replay = 'only'")
    assert len(page.run("%glm usage").outputs) == 1
    assert plan.asked == []
    assert profile_of(plan.base_url).plan
