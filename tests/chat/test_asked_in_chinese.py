"""What goes to a model along with a Chinese prompt is Chinese, in each of its rounds, whoever reads the page."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from in_process import Page

from zhipu_magic import Chat
from zhipu_magic.practice import Answer, PracticeServer, tool_call

TABLE = pd.DataFrame({"price": range(300)})


def sent(server: PracticeServer, number: int = -1) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = server.requests[number].body["messages"]
    return messages


def test_each_round_of_a_turn_is_in_the_language_of_its_prompt(chat: Chat, server: PracticeServer) -> None:
    def prices() -> pd.DataFrame:
        """The prices."""
        return TABLE

    for prompt, heading, unknown in (
        ("价格怎么样？", "pandas DataFrame，300 行 × 1 列", "没有工具 'price'。可用的工具：prices。"),
        ("How are the prices?", "pandas DataFrame, 300 rows × 1 column", "There is no tool 'price'."),
    ):
        calls = tool_call("prices", {}, id="call_1"), tool_call("price", {}, id="call_2")
        server.enqueue(Answer(tool_calls=calls), Answer("ok"))
        assert chat.ask(prompt, tools=[prices]).text == "ok"
        *_, result, wrong = sent(server)
        assert result["content"].startswith(heading) and wrong["content"].startswith(unknown)


def test_a_reply_is_continued_in_the_language_of_its_prompt(chat: Chat, server: PracticeServer) -> None:
    for prompt, words in (
        ("写一首诗", "请从刚才停下的地方继续，不要重复已有的内容。"),
        ("Write a poem", "Go on exactly"),
    ):
        server.enqueue(Answer("one ", finish_reason="length"), Answer("two"))
        assert chat.ask(prompt).text == "one "
        assert chat.go_on().text.endswith("two")
        assert sent(server)[-1]["content"].startswith(words)


def test_an_answer_is_asked_for_and_corrected_in_the_language_of_the_template(
    chat: Chat, server: PracticeServer
) -> None:
    for template, asked, corrected in (
        ("数一数 {{ price }}", "只用 JSON 回答", "上面的回答不符合 JSON Schema：\n- value：应为整数，而不是 'one'"),
        ("Count {{ price }}", "Answer with JSON only", "That answer does not fit the JSON Schema:\n- value: a whole"),
    ):
        server.enqueue(Answer('{"value": "one"}'), Answer('{"value": 1}'))
        assert [row.value for row in chat.map(template, TABLE[:1], as_type=int)] == [1]
        assert sent(server, -2)[0]["content"].startswith(asked)
        assert sent(server)[-1]["content"].startswith(corrected)


def test_what_is_offered_by_us_is_described_in_the_language_of_the_prompt(page: Page, server: PracticeServer) -> None:
    for prompt, words in (
        ("一加一等于几？", "在用户自己的笔记本内核中运行"),
        ("What is one and one?", "Run Python code"),
    ):
        server.enqueue(Answer("2"))
        assert page.run(f"%%glm --tool python!\n{prompt}").success
        [tool] = server.requests[-1].body["tools"]
        assert tool["function"]["description"].startswith(words)
        described = json.dumps(tool["function"]["parameters"], ensure_ascii=False)
        assert ("要运行的代码" in described) == (words[0] == "在")


OWN_ERROR = """
def ask() -> str:
    try:
        chat.ask("")
    except ValueError as error:
        globals()["kept"] = error
        return str(error)

said = ask()
series = pandas.Series([kept])
"""


def test_our_own_errors_go_to_a_model_in_the_language_of_the_prompt(page: Page, server: PracticeServer) -> None:
    page.run("%glm language zh")
    page.names.update(chat=page.magics.chat, pandas=pd)
    assert page.run(OWN_ERROR).success
    for prompt, said in (("What is it?", "There is nothing to send"), ("这是什么？", "没有可以发送的内容")):
        server.enqueue(Answer(tool_calls=(tool_call("ask", {}, id="call_1"),)), Answer("ok"))
        assert page.run(f"%%glm --once --tool ask\n{prompt} {{{{ kept }}}} {{{{ series }}}}").success
        *_, asked, _call, result = sent(server)
        assert asked["content"].count(said) == 2 and result["content"].startswith(said)
    assert page.names["said"].startswith("没有可以发送的内容")
    page.run("%glm language auto")
