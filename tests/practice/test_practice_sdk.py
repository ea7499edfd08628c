"""The service's own SDK takes the practice server for the service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from zhipuai import ZhipuAI
from zhipuai.core._errors import APIAuthenticationError, APIReachLimitError, APIRequestFailedError
from zhipuai.types.chat.chat_completion import Completion

from zhipu_magic.practice import Answer, Fault, PracticeServer, tool_call


@pytest.fixture
def sdk(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZhipuAI]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ZhipuAI(api_key=server.api_key, base_url=server.base_url, max_retries=0) as client:
        yield client


def test_it_reads_a_plain_reply(sdk: ZhipuAI) -> None:
    reply = sdk.chat.completions.create(
        model="glm-4", messages=[{"role": "user", "content": "创作一个更精准且吸引人的口号"}]
    )
    assert isinstance(reply, Completion)
    assert reply.choices[0].message.content == "以AI绘蓝图 — 智谱AI，让创新的每一刻成为可能。"
    assert (reply.usage.total_tokens, reply.id) == (248, "8239375684858666781")


def test_it_reads_a_streamed_reply(sdk: ZhipuAI, server: PracticeServer) -> None:
    server.enqueue(Answer("你好！ Hello.", reasoning="Greet."))
    stream = sdk.chat.completions.create(model="glm-4", messages=[{"role": "user", "content": "你好"}], stream=True)
    chunks = list(stream)
    deltas = [chunk.choices[0].delta for chunk in chunks]

    assert "".join(delta.reasoning_content or "" for delta in deltas) == "Greet."
    assert "".join(delta.content or "" for delta in deltas) == "你好！ Hello."
    assert [chunk.choices[0].finish_reason for chunk in chunks[-2:]] == [None, "stop"]
    assert chunks[-1].usage.prompt_tokens > 0


def test_it_reads_tool_calls(sdk: ZhipuAI, server: PracticeServer) -> None:
    server.enqueue(Answer(tool_calls=(tool_call("f", {"x": 1}, id="call_1"),)))
    reply = sdk.chat.completions.create(model="glm-4", messages=[{"role": "user", "content": "?"}])
    assert reply.choices[0].message.tool_calls[0].function.arguments == '{"x":1}'


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(401, "1002"), APIAuthenticationError),
        (Fault(429, "1302"), APIReachLimitError),
        (Fault(400, "1210"), APIRequestFailedError),
    ],
)
def test_it_raises_its_own_errors_for_faults(
    sdk: ZhipuAI, server: PracticeServer, fault: Fault, error: type[Exception]
) -> None:
    server.enqueue(fault)
    with pytest.raises(error, match=fault.code):
        sdk.chat.completions.create(model="glm-4", messages=[{"role": "user", "content": "?"}])


def test_its_signed_token_is_accepted(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ZhipuAI(api_key=server.api_key, base_url=server.base_url, max_retries=0, disable_token_cache=False) as sdk:
        sdk.chat.completions.create(model="glm-4", messages=[{"role": "user", "content": "你好"}])
    assert server.requests[0].headers["Authorization"].count(".") == 2
