"""What the practice server says when no script tells it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, Field
from sent_pictures import as_base64, picture

from zhipu_magic.notebook.commands.code import _CELL_FAILED, _SCRIPT_FAILED
from zhipu_magic.practice import tool_call
from zhipu_magic.practice.dialogue import answer
from zhipu_magic.practice.request import ChatRequest
from zhipu_magic.text.languages.catalogue import translated

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
        "object": "chat.completion",
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


THINK = [
    "glm-5.3",
    "glm-5.2",
    "glm-5v-turbo",
    "glm-4.7",
    "glm-4.7-flash",
    "GLM-4.6",
    "glm-4.5-air",
    "glm-4.1v-thinking-flash",
]
DO_NOT_THINK = ["glm-4", "glm-4-plus", "glm-4-flash-250414", "glm-4v-flash"]


@pytest.mark.parametrize("model", [*THINK, *DO_NOT_THINK])
@pytest.mark.parametrize("members", [{}, {"thinking": None}, {"thinking": {"clear_thinking": False}}])
def test_reasoning_comes_by_itself_from_models_that_think(ask: Ask, model: str, members: dict[str, Any]) -> None:
    assert ("reasoning_content" in message(ask("Why?", model=model, **members))) is (model in THINK)


@pytest.mark.parametrize(
    ("model", "stops"), [("glm-4.7", True), ("glm-4.6v", True), ("glm-4.1v-thinking-flash", False)]
)
def test_thinking_can_be_turned_off_unless_the_model_always_thinks(ask: Ask, model: str, stops: bool) -> None:
    reply = message(ask("Why?", model=model, thinking={"type": "disabled"}))
    assert ("reasoning_content" not in reply) is stops


def test_no_effort_is_no_reasoning_where_effort_is_known(ask: Ask) -> None:
    assert "reasoning_content" not in message(ask("Why?", model="glm-5.2", reasoning_effort="none"))
    assert "reasoning_content" in message(ask("Why?", model="glm-5.2", reasoning_effort="low"))
    assert "reasoning_content" in message(ask("Why?", model="glm-5.1", reasoning_effort="none"))


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
    results = {"call_1": "sunny, 21 °C", "call_2": "wind 3 m/s"}
    calls = {"role": "assistant", "tool_calls": [tool_call("get_weather", {}, id=id) for id in results]}
    told = [{"role": "tool", "content": text, "tool_call_id": id} for id, text in results.items()]
    reply = message(ask([{"role": "user", "content": "Will it rain?"}, calls, *told], tools=[WEATHER]))

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


def test_a_json_object_is_of_the_schema_that_the_system_text_shows(ask: Ask) -> None:
    class Item(BaseModel):
        name: str
        count: int = Field(gt=0)

    class Invoice(BaseModel):
        items: list[Item]
        paid: date | None

    shown = f"Be brief. Not this:\n```json\n[1]\n```\nbut:\n```json\n{json.dumps(Invoice.model_json_schema())}\n```"
    for asked in (
        {"role": "system", "content": shown},
        {"role": "system", "content": [{"type": "text", "text": shown}]},
    ):
        messages = [asked, {"role": "user", "content": "Two apples"}]
        reply = message(ask(messages, response_format={"type": "json_object"}))["content"]
        first, second = Invoice.model_validate_json(reply, strict=True).items
        assert (first.name, first.count, second.count) == ("Two apples", 1, 2)


@pytest.mark.parametrize(
    "system",
    ["No schema.", "```json\n{oops\n```", '```json\n{"note": "no schema"}\n```', '```\n{"type": "object"}\n```'],
)
def test_what_is_no_schema_is_not_taken_for_one(ask: Ask, system: str) -> None:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": "Hi"}]
    reply = json.loads(message(ask(messages, response_format={"type": "json_object"}))["content"])
    assert "no model" in reply["note"]


def test_a_schema_that_the_user_shows_or_that_is_not_asked_for_changes_nothing(ask: Ask) -> None:
    schema = '```json\n{"type": "integer"}\n```'
    assert "note" in json.loads(message(ask(schema, response_format={"type": "json_object"}))["content"])
    messages = [{"role": "system", "content": schema}, {"role": "user", "content": "Hi"}]
    assert "no model" in message(ask(messages))["content"]


SEARCH: dict[str, Any] = {
    "type": "web_search",
    "web_search": {"enable": True, "search_query": "free names", "search_result": True},
}


def test_a_search_is_answered_with_its_sources(ask: Ask) -> None:
    reply = ask("Which names are free?", tools=[SEARCH])
    sources = reply.json()["web_search"]
    assert [set(source) for source in sources] == [
        {"icon", "title", "link", "media", "publish_date", "content", "refer"}
    ] * 2
    content = message(reply)["content"]
    assert "no model is behind it" in content
    assert "```text\nfree names\n```" in content
    assert all(f"[{source['refer']}]" in content for source in sources)
    assert all(re.match(r"https://(www\.)?example\.(org|com)/", source["link"]) for source in sources)


def test_a_streamed_search_gives_its_sources_with_the_last_chunk(ask: Ask) -> None:
    lines = ask("哪些域名可以用？", tools=[SEARCH], stream=True).text.split("\n\n")
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    assert ["web_search" in chunk for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["web_search"][0]["title"] == "示例专用的域名"


@pytest.mark.parametrize(("change", "cites"), [({"search_result": False}, True), ({"enable": False}, False)])
def test_a_search_without_results_or_without_leave_tells_no_sources(
    ask: Ask, change: dict[str, bool], cites: bool
) -> None:
    reply = ask("Names?", tools=[{"type": "web_search", "web_search": {**SEARCH["web_search"], **change}}])
    assert "web_search" not in reply.json()
    assert ("[ref_1]" in message(reply)["content"]) is cites


def test_a_search_beside_a_function_waits_until_the_function_was_called(ask: Ask) -> None:
    called = ask("Will it rain?", tools=[SEARCH, WEATHER])
    assert "web_search" not in called.json()
    call = message(called)
    result = {"role": "tool", "content": "sunny", "tool_call_id": call["tool_calls"][0]["id"]}
    after = ask([{"role": "user", "content": "Will it rain?"}, call, result], tools=[SEARCH, WEATHER])
    assert "sunny" in message(after)["content"] and after.json()["web_search"]


def test_images_are_acknowledged(ask: Ask) -> None:
    png, jpeg = (picture(form, (3, 2)) for form in ("PNG", "JPEG"))
    addresses = ["https://example.com/a.png?secret", as_base64(png), f"data:image/jpeg;base64,{as_base64(jpeg)}"]
    parts = [
        {"type": "text", "text": "What is this?"},
        *({"type": "image_url", "image_url": {"url": address}} for address in addresses),
    ]
    content = message(ask([{"role": "user", "content": parts}], model="glm-4.5v"))["content"]
    assert "What is this?\n[image_url]\n[image_url]\n[image_url]\n" in content
    told = f"`example.com`, PNG 3 × 2 ({len(png)} bytes), JPEG 3 × 2 ({len(jpeg)} bytes)."
    assert f"It came with 3 image(s): {told}" in content


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


def test_what_goes_on_is_thought_about_too(ask: Ask) -> None:
    said = message(ask("Why?", model="glm-4.6", max_tokens=60))
    go_on = [{"role": "user", "content": "Why?"}, said, {"role": "user", "content": "Go on."}]
    assert "no model here" in message(ask(go_on, model="glm-4.6", max_tokens=60))["reasoning_content"]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("words", [_CELL_FAILED, _SCRIPT_FAILED])
def test_python_to_be_repaired_is_given_back_as_it_came(words: str, language: Any) -> None:
    words = translated(words, language)
    code = "total = 1\n\nprint(total)"
    prompt = f"{words}\n\n```python\n{code}\n```\n\n```text\nan error\n```"
    said = answer(ChatRequest({"model": "glm-4", "messages": [{"role": "user", "content": prompt}]})).content
    assert said.endswith(f"\n\n```python\n{code}\n```")


@pytest.mark.parametrize("words", ["What does it do?", "Explain this notebook cell.", "它做什么？"])
def test_of_python_that_is_asked_about_it_says_what_came(words: str) -> None:
    prompt = f"{words}\n\n```python\ntotal = 1\n```"
    said = answer(ChatRequest({"model": "glm-4", "messages": [{"role": "user", "content": prompt}]})).content
    assert f"````text\n{prompt}\n````" in said


def test_a_longer_conversation_takes_more_tokens_also_where_its_replies_are_documented(ask: Ask) -> None:
    messages: list[dict[str, Any]] = []
    prompts = ["作为一名营销专家，请为我的产品创作一个吸引人的口号", "智谱AI开放平台", SLOGAN, "你好", SLOGAN, "hello"]
    counted: list[int] = []
    for prompt in prompts:
        messages.append({"role": "user", "content": prompt})
        body = ask(messages).json()
        counted.append(body["usage"]["prompt_tokens"])
        messages.append(body["choices"][0]["message"])
    assert counted == sorted(set(counted))
    assert counted[:3] == [8, 20, 31]


def test_in_another_conversation_a_documented_reply_takes_what_it_is_long(ask: Ask) -> None:
    system = {"role": "system", "content": "Be brief."}
    usage = ask([system, {"role": "user", "content": SLOGAN}]).json()["usage"]
    assert 10 < usage["completion_tokens"] < 30
