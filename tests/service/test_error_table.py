"""Every code of the service's own table, asked over real sockets: how often it is tried, and what it advises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from other_server import OtherServer, Says, words

from zhipu_magic import Chat
from zhipu_magic.practice import Answer, Fault, PracticeServer
from zhipu_magic.practice.faults import CODES, documented_status
from zhipu_magic.service.error_codes import service_error
from zhipu_magic.text.errors import ServiceError

#: By code: whether it is tried again, and words of the message and its advice.
TABLE: dict[str, tuple[bool, str]] = {
    "1000": (False, "does not accept the API key"),
    "1001": (False, "does not accept the API key"),
    "1002": (False, "does not accept the API key"),
    "1003": (False, "has expired"),
    "1004": (False, "does not accept the API key"),
    "1005": (False, "second factor"),
    "401": (False, "does not accept the API key"),
    "1110": (False, "refuses this account"),
    "1111": (False, "refuses this account"),
    "1112": (False, "refuses this account"),
    "1113": (False, 'base_url="coding"'),
    "1120": (False, "refuses this account"),
    "1121": (False, "refuses this account"),
    "1210": (False, "options of the request"),
    "1211": (False, "no such model"),
    "1212": (False, "options of the request"),
    "1213": (False, "options of the request"),
    "1214": (False, "options of the request"),
    "1215": (False, "options of the request"),
    "1220": (False, "not allowed"),
    "1221": (False, "no longer offers"),
    "1222": (False, "no longer offers"),
    "500": (True, "internal error"),
    "1200": (True, "internal error"),
    "1230": (True, "internal error"),
    "1231": (False, "request id"),
    "1234": (True, "internal error"),
    "1261": (False, "too long"),
    "1300": (False, "policy"),
    "1301": (False, "unsafe"),
    "1302": (True, "in progress with this key"),
    "1303": (True, "too fast"),
    "1304": (False, "Continue tomorrow"),
    "1305": (True, "busy"),
    "1308": (False, "until 2026-11-27 10:00:00"),
    "1309": (False, "Renew it at https://open.bigmodel.cn"),
    "1310": (False, "until 2026-11-27 10:00:00"),
    "1311": (False, "does not include this model"),
    "1312": (True, "busy"),
    "1313": (False, "fair-use"),
    "1314": (False, "Renew it"),
    "1315": (False, "another product"),
    "1316": (False, "until 2026-11-27 10:00:00"),
    "1317": (False, "until 2026-11-27 10:00:00"),
    "1318": (False, "until 2026-11-27 10:00:00"),
    "1319": (False, "until 2026-11-27 10:00:00"),
    "1320": (False, "until 2026-11-27 10:00:00"),
    "1321": (False, "until 2026-11-27 10:00:00"),
    "1701": (True, "search is busy"),
    "1702": (False, "search failed"),
    "1703": (False, "search failed"),
}
WORDS = "您已达到使用上限，您的限额将在 2026-11-27 10:00:00 重置"


def test_every_code_of_the_service_is_in_the_table() -> None:
    assert set(CODES) - {"404"} <= TABLE.keys()


@pytest.mark.parametrize("code", TABLE)
def test_a_code_has_its_tries_and_its_advice(chat: Chat, server: PracticeServer, code: str) -> None:
    retried, advice = TABLE[code]
    status = documented_status(code) or 429
    fault = Fault(status, code, WORDS, headers={"Retry-After": "0"})
    server.enqueue(*[fault] * 4, Answer("never"))
    with pytest.raises(ServiceError) as error:
        _ = chat.ask("你好").text
    assert len(server.requests) == (4 if retried else 1)
    assert advice in str(error.value)
    assert WORDS in str(error.value)
    assert error.value.code == code
    told = error.value.message, error.value.hint
    assert "{" not in "".join(told)


def test_a_code_that_is_not_in_the_table_is_told_with_the_services_words(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1999", "一个新的错误"))
    with pytest.raises(ServiceError, match="一个新的错误"):
        _ = chat.ask("你好").text
    assert len(server.requests) == 1


#: What other servers say: the status, the body, whether it is tried again, and words of the message.
OTHERS: list[tuple[int, Any, bool, str]] = [
    (408, {"error": "slow"}, True, "slow"),
    (409, {"error": {"message": "conflict", "code": 409}}, True, "conflict"),
    (425, "", True, "not ready"),
    (429, "", True, "busy"),
    (429, {"error": {"message": "Rate limit reached for requests per minute"}}, True, "busy"),
    (429, {"error": {"message": "litellm.RateLimitError: 您当前使用该 API 的并发数过高", "code": "429"}}, True, "busy"),
    (
        429,
        {"error": {"message": "litellm.RateLimitError: 您的账户已欠费，请充值后重试", "code": "429"}},
        False,
        "balance",
    ),
    (429, {"error": {"message": "Your plan's weekly limit is reached."}}, False, "quota is used up"),
    (429, {"error": {"message": "You exceeded your quota", "type": "insufficient_quota"}}, False, "quota or balance"),
    (429, {"error": {"message": "x", "code": "insufficient_quota"}}, False, "quota or balance"),
    (429, {"error": {"message": "Rate limit reached: requests per day (RPD): Limit 200"}}, False, "quota is used up"),
    (429, {"error": {"message": "Insufficient capacity, load balancer busy"}}, True, "busy"),
    (400, {"error": {"message": "context_window parameter is not known"}}, False, "options of the request"),
    (429, {"error": {"message": "Your context window usage limit resets tomorrow"}}, False, "quota is used up"),
    (413, {"error": {"message": "too big"}}, False, "too large"),
    (500, "Internal Server Error", True, "Internal Server Error"),
    (500, {"error": {"message": "1 validation error: temperature"}}, False, "does not accept the request"),
    (502, "<html><title>Bad Gateway</title>…</html>", True, "Bad Gateway"),
    (503, {"error": "loading"}, True, "busy"),
    (520, "", True, "internal error"),
    (524, "<html>", True, "internal error"),
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, True, "Overloaded"),
    (400, [{"error": {"code": 400, "message": "a list"}}], False, "a list"),
    (400, {"errors": [{"message": "of several"}]}, False, "of several"),
    (400, {"errors": ["a text"]}, False, "a text"),
    (400, "plain words", False, "plain words"),
    (400, '"a string"', False, "a string"),
    (422, {"detail": [{"loc": ["body", "thinking"], "msg": "Extra inputs"}]}, False, "body.thinking: Extra inputs"),
    (422, {"detail": "Unexpected fields in the request: {'thinking'}"}, False, "Unexpected fields"),
    (200, {"code": 401, "msg": "token expired or incorrect", "success": False}, False, "does not accept the API key"),
    (200, {"choices": None, "code": "1302", "msg": "busy now"}, True, "busy now"),
    (200, {"error": {"type": "overloaded_error", "message": "Overloaded"}}, True, "Overloaded"),
    (200, {"error": {"status": 503, "message": "loading"}}, True, "loading"),
    (200, {"error": {"code": "server_error", "message": "oops"}}, True, "internal error"),
    (400, '{"error": {"message": "of a long prompt: ' + "x" * 100_000, False, "of a long prompt"),
    (401, {"error": {"message": "no key"}}, False, "the one that 127.0.0.1 expects"),
    (404, {"detail": "Not Found"}, False, "no chat service at this address"),
    (418, {"error": {"message": "a teapot"}}, False, "a teapot"),
]


@pytest.mark.parametrize(("status", "body", "retried", "told"), OTHERS)
def test_what_other_servers_say_is_told(status: int, body: Any, retried: bool, told: str) -> None:
    said = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    other, chat = OtherServer(), None
    try:
        chat = Chat(model="local", base_url=other.base_url, api_key="none", max_retries=1)
        other.enqueue(
            *[Says(said, status, {"Content-Type": "application/json", "Retry-After": "0"})] * 2, words("never")
        )
        with pytest.raises(ServiceError) as error:
            _ = chat.ask("hi").text
        assert told in str(error.value)
        assert len(other.requests) == (2 if retried else 1)
        assert "bigmodel" not in str(error.value) or told.startswith("no chat service")
    finally:
        if chat is not None:
            chat.close()
        other.close()


def test_a_wait_of_an_hour_is_told_at_once_with_the_time_of_day(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Fault(429, "1302", headers={"Retry-After": "3600"}), Answer("never"))
    with pytest.raises(ServiceError, match=r"asks to wait 1 hour, until (\d{4}-\d\d-\d\d )?\d\d:\d\d\.") as error:
        _ = chat.ask("你好").text
    assert (len(server.requests), error.value.retry_after, error.value.retryable) == (1, 3600.0, False)


@pytest.mark.parametrize(
    ("base_url", "advice"),
    [
        ("https://open.bigmodel.cn/api/paas/v4", ("https://open.bigmodel.cn (API keys)", 'base_url="coding"')),
        ("https://api.z.ai/api/paas/v4", ("https://z.ai (API keys)", 'base_url="z.ai/coding"')),
        ("https://api.z.ai/api/coding/paas/v4", ("https://z.ai (API keys)", 'base_url="z.ai/coding"')),
    ],
)
def test_advice_names_the_host_that_was_asked(base_url: str, advice: tuple[str, str]) -> None:
    refused = service_error(401, {"error": {"code": "1000"}}, base_url=base_url)
    empty = service_error(429, {"error": {"code": "1113"}}, base_url=base_url)
    assert advice[0] in refused.hint
    assert advice[1] in empty.hint


@pytest.mark.parametrize(
    ("words", "tokens"),
    [
        ("This model's maximum context length is 512 tokens. However, you requested 600 tokens", 512),
        ("Requested tokens (15019) exceed context window of 4,096", 4096),
        ("the request exceeds the available context size, try increasing it", None),
        ("litellm.ContextWindowExceededError: maximum context length is 8192 tokens", 8192),
        ("litellm.BadRequestError: OpenAIException - Prompt 超长", None),
        ("litellm.BadRequestError: OpenAIException - Prompt exceeds max length", None),
        ("`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens", None),
        ("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", None),
        ("Invalid request: Your request exceeded model token limit: 8192", None),
        ("input length and `max_tokens` exceed context limit: 5000 + 100 > 4096", None),
        ("Your request exceeds the context size by 1200 tokens", None),
    ],
)
def test_a_full_context_is_known_by_its_words_and_tells_its_size(words: str, tokens: int | None) -> None:
    error = service_error(400, {"error": {"message": words, "code": "400"}})
    assert (error.reason, error.context_tokens) == ("service.too_long", tokens)


def test_llama_cpp_tells_its_size_in_a_member() -> None:
    said = {"code": 400, "message": "too big", "type": "exceed_context_size_error", "n_prompt_tokens": 9, "n_ctx": 4096}
    error = service_error(400, {"error": said})
    assert (error.reason, error.context_tokens) == ("service.too_long", 4096)
