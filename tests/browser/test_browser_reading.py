"""The table of `reading`, walked in JupyterLab and in Notebook 7: while a reply grows, settled, and replayed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from front_end import LAB, FrontEnd, OpenNotebook
from reading import ADDRESSES, AT_ODDS, DOLLARS, EMPHASIS, MATHEMATICS, ROWS, THE_REST, TILDES, Row, differences

from zhipu_magic.practice import DONE, PracticeServer, Raw, chunk, sse

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
REPLAY = '%config GLMMagics.replay = "{}"'
#: Between the rows of one reply.
RULE = "\n\n***\n\n"
GROUPS = {
    "emphasis": EMPHASIS,
    "addresses": [*TILDES, *ADDRESSES],
    "sums": [*MATHEMATICS, *DOLLARS],
    "rest": [*THE_REST, *AT_ODDS],
}
#: What the front end shows of a reply, with its typeset mathematics as it can be compared.
SHOWN = """area => {
    const copy = area.cloneNode(true);
    for (const formula of copy.querySelectorAll('mjx-container')) {
        const stand = document.createElement('x-formula');
        stand.textContent = '·';
        formula.replaceWith(stand);
    }
    return copy.innerHTML;
}"""
TYPESET = """([cell, count]) => {
    const area = document.querySelectorAll('.jp-Notebook .jp-CodeCell')[cell].querySelector('.jp-RenderedMarkdown');
    return area !== null && area.querySelectorAll('mjx-container').length >= count;
}"""
#: What a user copies of a reply.
COPIED = """area => {
    const range = document.createRange();
    range.selectNodeContents(area);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    const copied = getSelection().toString();
    getSelection().removeAllRanges();
    return copied;
}"""


def reply(rows: list[Row]) -> str:
    return RULE.join(row.source for row in rows)


def streamed(rows: list[Row], pause: float = 0.04) -> Raw:
    """A reply that takes a second."""
    text = reply(rows)
    size = len(text) // 25 + 1
    steps: list[object] = []
    for start in range(0, len(text), size):
        steps += [sse(chunk(text[start : start + size])), pause]
    usage = {"prompt_tokens": 12, "completion_tokens": 345, "total_tokens": 357}
    return Raw((*steps, sse(chunk(finish_reason="stop", usage=usage)), DONE))


def wrong(notebook: OpenNotebook, cell: int, rows: list[Row]) -> dict[str, list[str]]:
    """The rows of a reply that are not shown as they must be; the last of a growing one may not be whole."""
    page = notebook.outputs(cell).nth(0).evaluate(SHOWN)
    shown = page.split("<hr>")
    return {
        row.source: found
        for row, part in zip(rows, shown, strict=False)
        if (found := differences(row, part, formulas=False))
    }


def wait_for_mathematics(notebook: OpenNotebook, cell: int, rows: list[Row]) -> None:
    notebook.page.wait_for_function(TYPESET, arg=[cell, sum(row.text.count("⟦") for row in rows)])


def test_every_row_is_read_right(front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot) -> None:
    from playwright.sync_api import expect

    cells = [REPLAY.format("off"), *(f"%%glm --once\nTell me about {name}." for name in GROUPS)]
    notebook = opened(front_end, front_end.write("reading", LOAD, *cells), height=2200)
    notebook.wait_for_kernel()
    notebook.finish(0, 1)
    for cell, rows in enumerate(GROUPS.values(), 2):
        server.enqueue(streamed(rows))
        notebook.run(cell)
        notebook.wait_for(cell, f"prompt === '[*]:' && words.length > {len(reply(rows)) // 3}")
        page = notebook.outputs(cell).nth(0)
        count = page.locator("hr").count() - 1
        assert count > 1
        while_growing = rows[:count]
        wait_for_mathematics(notebook, cell, while_growing)
        assert wrong(notebook, cell, while_growing) == {}
        notebook.wait_until_ended(cell)
        wait_for_mathematics(notebook, cell, rows)
        assert wrong(notebook, cell, rows) == {}
        assert page.locator("hr").count() == len(rows) - 1
        page.screenshot(path=shoot(notebook.page, f"{front_end.name}-reading-{list(GROUPS)[cell - 2]}"))
        copied = page.evaluate(COPIED)
        assert not any(sign in copied for sign in "\u200b\u200c\u200d\u2060\ufeff")

    notebook.restart()
    notebook.edit(1, REPLAY.format("only"))
    notebook.run_all(2 + len(GROUPS))
    for cell, rows in enumerate(GROUPS.values(), 2):
        notebook.reach(cell)
        expect(notebook.outputs(cell).nth(0).locator("hr")).to_have_count(len(rows) - 1)
        wait_for_mathematics(notebook, cell, rows)
        assert wrong(notebook, cell, rows) == {}


HEADINGS = """# First

Second
------

Third
===

- an item
---

### Fourth **注：**题

```python
# no heading
```

> # Quoted
"""


def test_headings_of_replies_are_not_in_the_table_of_contents(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    own = "from IPython.display import Markdown, display\ndisplay(Markdown('# The user\\'s own'))"
    notebook = opened(front_end, front_end.write("contents", LOAD, own, "%%glm\nTell me."))
    notebook.wait_for_kernel()
    notebook.finish(0, 1)
    server.enqueue(Raw((sse(chunk(HEADINGS)), sse(chunk(finish_reason="stop")), DONE)))
    notebook.finish(2)
    expect(notebook.outputs(2).nth(0).locator("h1, h2, h3")).to_have_count(5)
    expect(notebook.outputs(2).nth(0).locator("hr")).to_have_count(1)
    if front_end.name == LAB:
        notebook.page.locator('.jp-SideBar [data-id="table-of-contents"]').click()
    else:
        notebook.page.get_by_role("menuitem", name="View", exact=True).click()
        items = notebook.page.locator(".lm-Menu-item")
        items.filter(has_text="Left Sidebar").click()
        items.filter(has_text="Show Table of Contents").click()
    headings = notebook.page.locator(".jp-TableOfContents-content .jp-tocItem")

    expect(headings).to_have_count(1)
    expect(headings).to_contain_text("The user's own")
    shoot(notebook.page, f"{front_end.name}-contents")


def test_every_row_is_in_a_group() -> None:
    assert [row for rows in GROUPS.values() for row in rows] == ROWS


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_chinese_reply_looks_as_it_was_meant(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot, theme: str
) -> None:
    with lab.setting("@jupyterlab/apputils-extension/themes", {"theme": f"JupyterLab {theme}"}):
        notebook = opened(lab, lab.write(f"chinese-{theme}", LOAD, "%%glm\n介绍线性回归"), height=1250)
        notebook.wait_for_kernel()
        notebook.finish(0)
        server.enqueue(Raw((sse(chunk(CHINESE)), sse(chunk(finish_reason="stop")), DONE)))
        notebook.finish(1)
        notebook.page.wait_for_function(TYPESET, arg=[1, 3])
        notebook.page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
        bold = notebook.outputs(1).nth(0).locator("strong").all_inner_texts()
        shoot(notebook.page, f"jupyterlab-chinese-{theme.lower()}")
    assert bold == ["线性回归（OLS）", "“最小二乘”", "步骤一：", "步骤二。", "价格：", "注意："]


CHINESE = """# 线性回归

**线性回归（OLS）**来自**“最小二乘”**的思想，约 3~5 分钟可以学会，温度 20~25℃。模型是 \\( y = wx + b \\)，损失为

\\[
L = \\frac{1}{n} \\sum_{i=1}^n (y_i - \\hat y_i)^2

\\]

1. **步骤一：**读取数据，见 https://pandas.pydata.org，然后继续；
  - 从文件 `~/data.csv`，或者
  - 从网址
2. **步骤二。**建模，请看《https://zh.wikipedia.org/wiki/线性回归》。

| 项 | 说明 |
|---|---|
| **价格：**$5 | 第一行<br>第二行 |
| $50 | `a|b` 与 $|x|$ |

**注意：**请不要把 ~~旧数据~~ 和 2**3 混在一起，$5 per month, or $50 a year[ref_1]。
"""
