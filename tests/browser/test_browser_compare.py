"""Replies of several models as their reader sees them: side by side, or one below the other where there is no room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, PracticeServer

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

FIRST = """夏季促销的口号，三个方向：

1. **清凉**：“一口冰爽，整个夏天。”
2. **省心**：“买一送一，不用多想。”
3. **热闹**：“夏天就该这样过！”

| 方向 | 适合 | 注意 |
|---|---|---|
| 清凉 | 饮料、冰品 | 不要写“最低价” |
| 热闹 | 线下活动 | 需要图片配合 |
"""
SECOND = """我会写：“把夏天带回家”。

```python
slogans = ["把夏天带回家", "今天就凉快"]
for number, slogan in enumerate(slogans, 1):
    print(f"{number}. {slogan}  # 一行很长的注释，比一栏还要宽很多，所以这里应该可以左右滚动而不是撑开页面")
```
"""
#: The left edge of each column, and the top of its first words.
PLACES = """cell => [...cell.querySelectorAll('.jp-RenderedMarkdown strong')]
    .filter(one => one.textContent.startsWith('glm-'))
    .map(one => one.getBoundingClientRect()).map(place => [place.left, place.top])"""


def test_replies_of_several_models_stand_side_by_side(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    cells = (
        "%load_ext zhipu_magic\nget_ipython().magics_manager.registry['GLMMagics'].chat.limit = 1",
        "%%glm -m glm-5.3 -m glm-4.7-flash\n为我的产品写一个夏季促销口号。",
        "%glm keep glm-5.3",
        "%%glm\n再短一点。",
    )
    notebook = opened(front_end, front_end.write("compare", *cells))
    notebook.page.set_viewport_size({"width": 1100, "height": 900})
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.enqueue(Answer(FIRST), Answer(SECOND))
    notebook.run(1)
    notebook.wait_until_ended(1)
    notebook.page.wait_for_timeout(300)
    (left, top), (other_left, other_top) = notebook.cell(1).evaluate(PLACES)
    assert other_left > left + 300 and abs(top - other_top) < 2
    shoot(notebook.page, f"{front_end.name}-compared")
    notebook.finish(2, 3)
    assert "The reply of glm-5.3 is a turn of the conversation" in notebook.panel(1).inner_text()
    assert [message["content"] for message in server.requests[-1].body["messages"]][1] == FIRST
    shoot(notebook.page, f"{front_end.name}-kept")
    notebook.page.set_viewport_size({"width": 520, "height": 900})
    notebook.page.wait_for_timeout(300)
    (left, top), (other_left, other_top) = notebook.cell(1).evaluate(PLACES)
    assert abs(other_left - left) < 2 and other_top > top + 100
    shoot(notebook.page, f"{front_end.name}-narrow")


#: Of each block of code: its margins, and whether its lines are whole, and scrolled where they are wider than it.
CODE = """cell => [...cell.querySelectorAll('.jp-RenderedMarkdown pre')].map(block => {
    const {margin, lineHeight} = getComputedStyle(block), lines = block.textContent.trimEnd().split('\\n').length;
    const scrolled = block.scrollWidth > block.clientWidth && /auto/.test(getComputedStyle(block).overflowX);
    return {margin, whole: block.clientHeight < (lines + 0.9) * parseFloat(lineHeight), scrolled};
})"""
#: Whether all of a button can be seen and pressed.
IS_WHOLE = """button => {
    const {left, right, top, bottom} = button.getBoundingClientRect();
    const at = (x, y) => button.contains(document.elementFromPoint(x, y));
    return at(left + 2, top + 2) && at(right - 2, top + 2) && at(left + 2, bottom - 2) && at(right - 2, bottom - 2);
}"""


@pytest.mark.parametrize("server", [0], indirect=True)
@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_code_in_columns_is_as_in_any_reply_and_scrolled_where_it_is_too_wide(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot, theme: str
) -> None:
    words = f"{SECOND}\nAnd more words.\n\n```bash\nls\n```\n\nThe end."
    cells = ("%load_ext zhipu_magic", "%%glm -m glm-5.3 -m glm-4.7-flash -m glm-4.6\nWhy?", "%%glm\nWhy?")
    with front_end.setting("@jupyterlab/apputils-extension/themes", {"theme": f"JupyterLab {theme}"}):
        notebook = opened(front_end, front_end.write(f"columns-{theme}", *cells), width=1100, height=1100)
        notebook.wait_for_kernel()
    server.enqueue(*[Answer(words)] * 4)
    notebook.finish(0, 1, 2)
    ordinary = notebook.cell(2).evaluate(CODE)
    found = notebook.cell(1).evaluate(CODE)
    assert {one["margin"] for one in found} == {one["margin"] for one in ordinary}
    assert all(one["whole"] for one in found) and [one["scrolled"] for one in found] == [True, False] * 3
    for block in notebook.cell(1).locator(".jp-RenderedMarkdown pre").all()[:2]:
        block.evaluate("block => { block.scrollLeft = 90; block.scrollIntoView({block: 'center'}); }")
        block.hover()
        assert block.get_by_role("button", name="Copy this code").evaluate(IS_WHOLE)
    shoot(notebook.page, f"{front_end.name}-columns-{theme}")
    notebook.page.set_viewport_size({"width": 900, "height": 1100})
    notebook.page.wait_for_timeout(300)
    assert len({left for left, _ in notebook.cell(1).evaluate(PLACES)}) == 1  # and not two and one
    shoot(notebook.page, f"{front_end.name}-columns-{theme}-900")
