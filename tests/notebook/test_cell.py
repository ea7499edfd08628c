"""The main job: a `%%glm` cell is a turn of the conversation."""

from __future__ import annotations

from typing import Any

import pytest
from in_process import Page

from zhipu_magic.practice import PracticeServer

DIALOGUE = [
    (
        "作为一名营销专家，请为我的产品创作一个吸引人的口号",
        "当然，要创作一个吸引人的口号，请告诉我一些关于您产品的信息",
    ),
    ("智谱AI开放平台", "点燃未来，智谱AI绘制无限，让创新触手可及！"),
    ("创作一个更精准且吸引人的口号", "以AI绘蓝图 — 智谱AI，让创新的每一刻成为可能。"),
]


def test_the_documented_dialogue(page: Page, server: PracticeServer) -> None:
    for prompt, reply in DIALOGUE:
        cell = page.run(f"%%glm -m glm-4 -b response\n{prompt}")
        assert cell.success
        assert len(cell.outputs) == 2
        assert cell.outputs[0]["data"] == {"text/markdown": reply, "text/plain": reply}
        assert set(cell.outputs[1]["data"]) == {"text/html", "text/plain"}
    usage = page.names["response"].usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (31, 217, 248)


def test_the_third_request_is_what_the_plain_sdk_sends(page: Page, server: PracticeServer) -> None:
    from zhipuai import ZhipuAI

    for prompt, _ in DIALOGUE:
        page.run(f"%%glm -m glm-4 -b response\n{prompt}")
    messages: list[dict[str, Any]] = []
    for prompt, reply in DIALOGUE:
        messages += [{"role": "user", "content": prompt}, {"role": "assistant", "content": reply}]
    client = ZhipuAI(api_key=server.api_key, base_url=server.base_url, max_retries=0)
    plain = client.chat.completions.create(model="glm-4", messages=messages[:-1])
    client.close()

    ours, theirs = server.requests[-2].body, server.requests[-1].body
    assert ours.pop("stream") is True
    assert ours == theirs
    assert type(page.names["response"]) is type(plain)
    assert str(page.names["response"]) == str(plain)


@pytest.mark.parametrize(
    "text",
    [
        "{x} and {{y}} and ${z} and $HOME",
        r"\int_0^1 x\,dx = \frac{1}{2}, and $$e^{i\pi}$$",
        '{"a": [1, 2, {"b": "it\'s"}]}',
        ">>> df.head()\n... more\nIn [1]: x",
        "!ls\n%time\n%%bash\nhelp?\n?help",
        "    indented\n\tand tabbed\n\n\nand spaced  ",
        "你好，世界 🌍\u2028and\u0085odd\r\nline ends\\",
        "```python\nprint('{}'.format(1))\n```",
    ],
)
def test_the_text_is_sent_as_written(page: Page, server: PracticeServer, text: str) -> None:
    page.run(f"%%glm\n{text}")
    page.run(f"\n\n%%glm --once\n{text}")
    for request in server.requests:
        assert request.body["messages"] == [{"role": "user", "content": text}]


@pytest.mark.parametrize("around", ["%%time", "%%capture kept", "%%capture\n\n%%time", "\n%%timeit -n1 -r1"])
@pytest.mark.parametrize(
    "text", [">>> f(1)\n1", "a\n>>> f(1)\n... more", "In [1]: x\nOut[1]: 1", "  >>> indented\nx", "!ls\n%%bash\nhelp?"]
)
def test_within_another_magic_it_is_sent_as_written_too(
    page: Page, server: PracticeServer, around: str, text: str
) -> None:
    assert page.run(f"{around}\n%%glm --once\n{text}").success
    [request] = server.requests
    assert request.body["messages"] == [{"role": "user", "content": text}]


def test_a_cell_that_only_mentions_ours_is_ipythons(page: Page) -> None:
    assert page.run("%%capture kept\n>>> print('%%glm')\n").success
    assert str(page.names["kept"]) == "%%glm\n"
