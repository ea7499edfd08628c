"""The project itself where the SDK that it declares is missing, and its successor is there, with a newer pyjwt."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec

import pytest

zai = pytest.importorskip("zai", reason="make test-clients runs this")

from zhipu_magic import Chat, GLMError  # noqa: E402  # after the skip
from zhipu_magic.practice import Answer, Fault, PracticeServer, tool_call  # noqa: E402  # after the skip


@pytest.fixture
def chat(server: PracticeServer) -> Iterator[Chat]:
    asking = Chat(base_url=server.base_url, api_key=server.api_key, journal=None)
    yield asking
    asking.close()


def test_this_is_the_environment_that_pip_would_not_resolve() -> None:
    assert find_spec("zhipuai") is None
    assert tuple(map(int, version("pyjwt").split(".")[:2])) >= (2, 9)


def test_a_conversation(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("你好！"), Answer("第二"))
    assert chat.ask("你好").text == "你好！"
    reply = chat.ask("再来", stream=False)
    assert reply.text == "第二"
    assert type(reply.completion).__module__.startswith("zai.")
    assert reply.completion.choices[0].message.content == "第二"
    assert chat.thread().size == 2
    assert "glm-4.7-flash" in chat.service.models()


def test_a_tool(chat: Chat, server: PracticeServer) -> None:
    def double(number: int) -> int:
        return 2 * number

    server.enqueue(Answer("", tool_calls=(tool_call("double", {"number": 21}, id="call_1"),)), Answer("42"))
    assert chat.ask("twice 21?", tools=[double]).text == "42"
    assert server.requests[-1].body["messages"][-1]["content"] == "42"


def test_a_refusal_and_no_server(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Fault(401, "1002"))
    with pytest.raises(GLMError, match="does not accept the API key"):
        _ = chat.ask("hi").text
    away = Chat(base_url="http://127.0.0.1:9/v1", api_key="none", max_retries=0)
    with pytest.raises(GLMError, match="cannot be reached"):
        _ = away.ask("hi").text
