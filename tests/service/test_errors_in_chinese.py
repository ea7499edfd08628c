"""What the service refuses, told in Chinese."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from english import english_in

from zhipu_magic.service.error_causes import CAUSES, cause_of
from zhipu_magic.service.error_codes import not_a_reply, service_error
from zhipu_magic.service.quota import _name
from zhipu_magic.service.ranges import RANGES
from zhipu_magic.text.languages.language import reader
from zhipu_magic.text.languages.messages import told


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    reader.choose("zh")
    yield
    reader.choose("auto")


def refused(status: int, code: str = "", words: str = "", retry_after: float | None = None) -> str:
    error = {"error": {"code": code, "message": words}}
    return str(service_error(status, json.dumps(error), model="glm-4.6", request_id="7", retry_after=retry_after))


@pytest.mark.parametrize("code", CAUSES)
def test_each_code_is_told_in_chinese(code: str) -> None:
    cause = cause_of(200, code, "")
    assert cause is not None
    said = refused(429, code, "原话")
    assert "原话" in said and not english_in(said)


@pytest.mark.parametrize("status", [301, 400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 425, 429, 500, 503, 529])
def test_each_status_is_told_in_chinese(status: int) -> None:
    assert not english_in(refused(status))


def test_an_error_in_chinese_has_the_services_own_words() -> None:
    assert refused(429, "1308", "您的限额将在 2026-11-27 10:00:00 重置") == (
        "账户的额度已用完。\n"
        "等到 2026-11-27 10:00:00（服务的时间）之后再试，或换一个模型。\n"
        "（HTTP 429 · 代码 1308 · 请求 ID 7：您的限额将在 2026-11-27 10:00:00 重置）"
    )
    assert refused(401, "1003").endswith(
        "；密钥在 https://open.bigmodel.cn 的 API Keys 页创建。\n（HTTP 401 · 代码 1003 · 请求 ID 7）"
    )
    waiting = refused(429, "1302", "", 300)
    assert re.match(r"这个密钥的并发数过高。服务要求等待 5 分钟，到 .*\d\d:\d\d 为止。\n请到时再试。", waiting)
    assert str(not_a_reply("")).endswith("（HTTP 200，内容为空）")


def test_an_error_is_recorded_in_english() -> None:
    error = service_error(429, json.dumps({"error": {"code": "1302"}}))
    assert error.happened == "Too many requests are in progress with this key."
    assert error.in_language("en").endswith("then try again.\n(HTTP 429 · code 1302)")


def test_figures_are_named_in_chinese() -> None:
    assert (
        told(_name("TOKENS_LIMIT", 3, 5)) == "5 小时内的 token" and _name("TOKENS_LIMIT", 3, 5) == "tokens in 5 hours"
    )
    assert told(_name("TIME_LIMIT", None, None)) == "搜索和其他工具"
    assert told(str(RANGES["user_id"])) == "6 到 128 个字符" and str(RANGES["top_p"]) == "0 to 1"
