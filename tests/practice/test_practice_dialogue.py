"""What the practice server says when no script tells it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from zhipu_magic.practice.dialogue import answer
from zhipu_magic.practice.request import ChatRequest

Ask = Callable[..., httpx.Response]

SLOGAN = "创作一个更精准且吸引人的口号"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["kelvin", "celsius"]},
                "days": {"type": "integer"},
                "indoors": {"type": "boolean"},
                "hours": {"type": "array", "items": {"type": "number"}},
                "remark": {"type": "string"},
                "scale": {"type": "integer", "default": 10},
                "nothing": {"type": "null"},
                "not_required": {"type": "string"},
            },
            "required": ["city", "unit", "days", "indoors", "hours", "remark", "scale", "nothing"],
        },
    },
}


def message(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["choices"][0]["message"]
    return found


def test_the_documented_reply_comes_back_member_for_member(ask: Ask) -> None:
    assert ask(SLOGAN).json() == {
        "created": 1703487403,
        "id": "8239375684858666781",
        "model": "glm-4",
        "request_id": "8239375684858666781",
        "choices": [
            {
                "finish_reason": "stop",
                "index": 0,
                "message": {
                    "content": "以AI绘蓝图 — 智谱AI，让创新的每一刻成为可能。",
                    "role": "assistant",
                },
            }
        ],
        "usage": {"completion_tokens": 217, "prompt_tokens": 31, "total_tokens": 248},
    }


def test_the_documented_conversation_can_be_held_turn_by_turn(ask: Ask) -> None:
    messages: list[dict[str, Any]] = []
    for prompt, beginning in [
        ("作为一名营销专家，请为我的产品创作一个吸引人的口号", "当然，要创作一个吸引人的口号"),
        ("智谱AI开放平台", "点燃未来，智谱AI绘制无限"),
        (SLOGAN, "以AI绘蓝图"),
    ]:
        messages.append({"role": "user", "content": prompt})
        reply = message(ask(messages))
        assert reply["content"].startswith(beginning)
        messages.append(reply)


def test_a_prompt_is_known_with_blank_lines_around_it(ask: Ask) -> None:
    assert message(ask("\n你好\n"))["content"] == "你好！有什么我可以帮助你的吗？"


@pytest.mark.parametrize("prompt", ["你好", "智谱AI开放平台", "Hello there", "讲讲勾股定理"])
def test_the_same_request_gets_the_same_words_and_usage_plain_or_streamed(ask: Ask, prompt: str) -> None:
    first, again = ask(prompt), ask(prompt)
    lines = ask(prompt, stream=True).text.split("\n\n")
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]

    assert message(first) == message(again)
    assert "".join(c["choices"][0]["delta"]["content"] for c in chunks) == message(first)["content"]
    assert first.json()["usage"] == again.json()["usage"] == chunks[-1]["usage"]


@pytest.mark.parametrize(
    ("prompt", "confession"),
    [("What is entropy?", "no model is behind it"), ("什么是熵？用 Python 举例。", "背后没有任何模型")],
)
def test_any_other_prompt_is_told_at_once_and_in_its_language_that_no_model_speaks(
    ask: Ask, prompt: str, confession: str
) -> None:
    content = message(ask(prompt))["content"]
    assert confession in content.split("\n")[0]
    assert prompt in content
    assert len(content) < 1500


def test_the_reply_shows_what_was_received(ask: Ask) -> None:
    conversation = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "Two"},
        {"role": "user", "content": "Three"},
    ]
    content = message(ask(conversation, temperature=0.5, thinking=None))["content"]

    assert "turn 2" in content
    assert "| system | 1 |\n| user | 2 |\n| assistant | 1 |" in content
    code = re.search(r"```json\n(.*?)\n```", content, re.DOTALL)
    assert code
    assert json.loads(code[1]) == {"model": "glm-4", "temperature": 0.5}


def test_a_message_cannot_break_out_of_its_quotation(ask: Ask) -> None:
    content = message(ask("```\n# Not a heading\n````"))["content"]
    assert "`````text\n```\n# Not a heading\n````\n`````\n" in content


def test_a_long_message_is_quoted_in_part(ask: Ask) -> None:
    content = message(ask("word " * 5000, stop="x" * 5000))["content"]
    assert "word…" in content
    assert len(content) < 1500


def test_reasoning_comes_when_thinking_is_enabled(ask: Ask) -> None:
    thinking = ask("Why?", thinking={"type": "enabled"})
    assert "no model here" in message(thinking)["reasoning_content"]
    assert thinking.json()["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert "reasoning_content" not in message(ask("Why?", thinking={"type": "disabled"}))


def test_an_offered_function_is_called_with_its_required_arguments(ask: Ask) -> None:
    response = ask("Will it rain?", tools=[{"type": "web_search", "web_search": {}}, WEATHER])
    [call] = message(response)["tool_calls"]

    assert response.json()["choices"][0]["finish_reason"] == "tool_calls"
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"]) == {
        "city": "北京",
        "unit": "kelvin",
        "days": 1,
        "indoors": True,
        "hours": [1.0],
        "remark": "Will it rain?",
        "scale": 10,
        "nothing": None,
    }


def test_a_tools_results_are_quoted_in_the_reply(ask: Ask) -> None:
    called = message(ask("Will it rain?", tools=[WEATHER]))
    results = [
        {"role": "tool", "content": text, "tool_call_id": called["tool_calls"][0]["id"]}
        for text in ("sunny, 21 °C", "wind 3 m/s")
    ]
    reply = message(ask([{"role": "user", "content": "Will it rain?"}, called, *results], tools=[WEATHER]))

    assert "```text\nsunny, 21 °C\n```\n\n```text\nwind 3 m/s\n```" in reply["content"]
    assert "tool_calls" not in reply


def test_max_tokens_cuts_the_reply(ask: Ask) -> None:
    whole, part = ask("Explain"), ask("Explain", max_tokens=20)
    content = message(part)["content"]

    assert content and message(whole)["content"].startswith(content)
    assert part.json()["choices"][0]["finish_reason"] == "length"
    assert part.json()["usage"]["completion_tokens"] == 20
    assert ask("Explain", max_tokens=4000).json()["choices"][0]["finish_reason"] == "stop"


def test_max_tokens_counts_reasoning_first(ask: Ask) -> None:
    reply = ask("Explain", max_tokens=10, thinking={"type": "enabled"})
    assert message(reply)["content"] == ""
    assert len(message(reply)["reasoning_content"]) == 40
    assert reply.json()["choices"][0]["finish_reason"] == "length"


def test_a_json_object_is_given_when_asked_for(ask: Ask) -> None:
    reply = json.loads(message(ask("Hi", response_format={"type": "json_object"}))["content"])
    assert reply["turn"] == 1
    assert reply["message"] == "Hi"


def test_an_image_is_acknowledged(ask: Ask) -> None:
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    content = message(ask([{"role": "user", "content": parts}], model="glm-4.5v"))["content"]
    assert "What is this?\n[image_url]" in content


def test_half_a_character_in_the_prompt_does_not_harm(client: httpx.Client) -> None:
    body = rb'{"model": "glm-4", "messages": [{"role": "user", "content": "smile \ud83d"}]}'
    content = message(client.post("/chat/completions", content=body))["content"]
    assert "smile \ud83d" in content


def test_a_reply_that_was_cut_short_goes_on_where_it_stopped() -> None:
    def ask(*texts: str, **more: Any) -> str:
        messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]
        return answer(ChatRequest({"model": "glm-4", "messages": messages, **more})).content

    whole = ask("What is this?", max_tokens=10_000).replace("10000", "40")
    begun = ask("What is this?", max_tokens=40)
    rest = ask("What is this?", begun, "Go on, please.", max_tokens=40)
    assert begun and whole.startswith(begun + rest)
    assert rest != ask("What is this?", begun, "And that?", max_tokens=40)
