"""The prompt of a `%%glm` cell is prose: how it looks, how it is written, and that what is sent is what was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, PracticeServer

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic\ninventory = {'bolts': 7}"
PROSE = ".zhipu-magic-prose"
HARBOUR = '''%%glm -m glm-4.7 --bind plan --thread "trip notes"
# A plan for the harbour

It's **important** that the numbers in {{ inventory }} are *right*; the old ones (see `stock.csv`) weren't. \
Compare them with {{ invetory["bolts"] }}, and say """why""" they differ :)

- first, count what's there
- then leave `x + {{ y }}` as it is

> Nobody counts twice.

```python
def count(items):
    return {name: len(each) for name, each in items}
```

| name  | bolts |
|-------|-------|
| quay  | 7     |'''
CHINESE = """％％glm —once -b 回答
请根据 {{ inventory }} 写一段**简短**的说明：

1、先说明库存；
2、再说明 {{ inventry }} 的变化。

“引号”和标点都应当好看，长句子要自动换行，而不是一直向右延伸到看不见的地方去，这样读起来才舒服。"""
#: What the reader sees marked as wrong.
_REDDENED = """cell => [...cell.querySelectorAll('.cm-nonmatchingBracket, .cm-invalid')].filter(
    mark => getComputedStyle(mark).backgroundColor !== 'rgba(0, 0, 0, 0)').length"""
_STYLES = "[...document.querySelectorAll('style')].filter(one => one.textContent.includes('zhipu-magic-prose')).length"


def written(notebook: OpenNotebook, index: int) -> str:
    """What stands in the cell, as it would be sent."""
    lines = notebook.cell(index).locator(".cm-line").evaluate_all("lines => lines.map(line => line.textContent)")
    return "\n".join(lines)


def anew(notebook: OpenNotebook, index: int) -> None:
    notebook.cell(index).locator(".cm-content").click()
    notebook.page.keyboard.press("Control+a")
    notebook.page.keyboard.press("Delete")


def is_prose(notebook: OpenNotebook, index: int) -> bool:
    return notebook.cell(index).locator(PROSE).count() == 1


def expect_prose(notebook: OpenNotebook, index: int, *, wanted: bool = True) -> None:
    from playwright.sync_api import expect

    expect(notebook.cell(index).locator(PROSE)).to_have_count(int(wanted))


#: How well the words of these elements can be read on what is behind them, by WCAG's measure.
_CONTRASTS = """elements => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = colour => numbers(colour).slice(0, 3).map(value => value / 255)
    .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = element => {
    const colour = getComputedStyle(element).backgroundColor;
    return numbers(colour)[3] === 0 ? behind(element.parentElement) : colour;
  };
  return elements.map(element => {
    const pair = [getComputedStyle(element).color, behind(element)].map(luminance);
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  });
}"""


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest, front_end: FrontEnd) -> Iterator[str]:
    name = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}[request.param]
    with front_end.setting("@jupyterlab/apputils-extension/themes", {"theme": name}):
        yield request.param


def test_it_looks_like_prose(
    front_end: FrontEnd, theme: str, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    notebook = opened(front_end, front_end.write(f"looks-{theme}", LOAD, HARBOUR, CHINESE, "x = {'a': \"it's\"}"))
    notebook.wait_for_kernel()
    notebook.finish(0)
    unknown = notebook.page.locator(f"{PROSE}-unknown")
    expect(unknown.first).to_have_attribute("title", "There is no value named invetory. Did you mean inventory?")
    expect(unknown).to_have_text(['{{ invetory["bolts"] }}', "{{ inventry }}"])
    expect(notebook.cell(1).locator(f"{PROSE}-reference")).to_have_text(["{{ inventory }}", '{{ invetory["bolts"] }}'])
    expect(notebook.cell(1).locator(f"{PROSE}-head")).to_have_count(1)
    notebook.cell(1).locator(".cm-line", has_text="differ").click()
    for index in (1, 2):
        assert notebook.cell(index).evaluate(_REDDENED) == 0
        content = notebook.cell(index).locator(".cm-content")
        expect(content).to_have_attribute("spellcheck", "true")
        assert content.evaluate("content => content.scrollWidth <= content.clientWidth + 1")
    for index in (1, 2):
        assert min(notebook.cell(index).locator(f"{PROSE}-head span").evaluate_all(_CONTRASTS)) >= 4.5
    expect_prose(notebook, 3, wanted=False)
    notebook.press(1)
    notebook.page.mouse.move(5, 5)
    notebook.page.set_viewport_size({"width": 1100, "height": 1000})
    shoot(notebook.page, f"{front_end.name}-prose-{theme}")
    if theme == "light":
        notebook.page.set_viewport_size({"width": 480, "height": 1100})
        shoot(notebook.page, f"{front_end.name}-prose-narrow")
        for index in (1, 2):
            content = notebook.cell(index).locator(".cm-content")
            assert content.evaluate("content => content.scrollWidth <= content.clientWidth + 1")


def test_what_is_typed_is_what_is_sent(front_end: FrontEnd, server: PracticeServer, opened: Open) -> None:
    notebook = opened(front_end, front_end.write("typed", LOAD, "..."))
    notebook.wait_for_kernel()
    notebook.finish(0)
    anew(notebook, 1)
    keyboard = notebook.page.keyboard
    typed = 'It\'s (fine):\n    if x:\nelse:\n"""what [is\n```python\ndef f(x):\n    return {1: \'a"\nb\n```\n1、甲\n乙'
    keyboard.type("%%glm\n")
    expect_prose(notebook, 1)
    for line in typed.split("\n"):
        keyboard.type(line)
        # What goes on by itself in code and lists is taken away again, as a user would.
        keyboard.press("Enter")
        if line in ("    return {1: 'a\"", "1、甲"):
            keyboard.press("Shift+Home")
            keyboard.press("Delete")
    keyboard.press("Backspace")
    assert written(notebook, 1) == f"%%glm\n{typed}"
    server.enqueue(Answer("Enough."))
    notebook.finish(1)
    assert server.requests[0].body["messages"][-1]["content"] == typed


def test_lists_go_on_and_code_keeps_its_indentation(front_end: FrontEnd, opened: Open) -> None:
    notebook = opened(front_end, front_end.write("lists", "..."))
    notebook.wait_for_kernel()
    anew(notebook, 0)
    notebook.page.keyboard.type("%%glm -q\n")
    # A page that is still being loaded is plain text up to here.
    expect_prose(notebook, 0)
    notebook.page.keyboard.type("- a\nb\n\nx\n1. c\nd\n\n    e\nf\n```python\nif x:\n    y\nz")
    assert written(notebook, 0) == "%%glm -q\n- a\n- b\nx\n1. c\n2. d\n    e\nf\n```python\nif x:\n    y\n    z"


def test_it_follows_every_change_of_the_first_lines(front_end: FrontEnd, opened: Open) -> None:
    notebook = opened(front_end, front_end.write("follows", "x = 1", "%%glm\nIt's *fine*", "%%timeit\nx", "# c"))
    notebook.wait_for_kernel()
    keyboard = notebook.page.keyboard
    expect_prose(notebook, 1)
    for index in (0, 2, 3):
        expect_prose(notebook, index, wanted=False)

    notebook.cell(1).locator(".cm-line").first.click()
    keyboard.press("End")
    keyboard.type("x")
    expect_prose(notebook, 1, wanted=False)
    keyboard.press("Control+z")
    expect_prose(notebook, 1)
    keyboard.press("Control+Shift+z")
    expect_prose(notebook, 1, wanted=False)
    keyboard.press("Control+z")
    expect_prose(notebook, 1)
    assert written(notebook, 1) == "%%glm\nIt's *fine*"

    keyboard.press("Control+Home")
    keyboard.insert_text("# why\n%%time\n")
    expect_prose(notebook, 1)
    from playwright.sync_api import expect

    expect(notebook.cell(1).locator(f"{PROSE}-head")).to_have_count(3)
    keyboard.press("Control+z")
    expect(notebook.cell(1).locator(f"{PROSE}-head")).to_have_count(1)

    notebook.edit(0, "％％glm　—once \\\n  -q\n#| label: a\n# Heading")
    expect_prose(notebook, 0)
    expect(notebook.cell(0).locator(f"{PROSE}-head")).to_have_count(3)
    notebook.press(0, "m")
    assert notebook.page.locator(f".jp-MarkdownCell {PROSE}").count() == 0
    notebook.page.keyboard.press("y")
    expect_prose(notebook, 0)


def test_chinese_is_composed(front_end: FrontEnd, server: PracticeServer, opened: Open) -> None:
    notebook = opened(front_end, front_end.write("composed", LOAD, "..."))
    notebook.wait_for_kernel()
    notebook.finish(0)
    anew(notebook, 1)
    keyboard = notebook.page.keyboard
    session = notebook.page.context.new_cdp_session(notebook.page)

    def compose(*steps: str) -> None:
        for step in steps:
            session.send(
                "Input.imeSetComposition", {"text": step, "selectionStart": len(step), "selectionEnd": len(step)}
            )
        session.send("Input.insertText", {"text": steps[-1]})

    compose("％", "％％")
    keyboard.type("gl")
    compose("m", "m")
    expect_prose(notebook, 1)
    keyboard.press("Enter")
    compose("n", "ni", "ni h", "你好")
    keyboard.type(" **")
    compose("z", "zh", "zhong", "中")
    keyboard.type("**: {{ inventory }}")
    compose("。")
    assert written(notebook, 1) == "％％glm\n你好 **中**: {{ inventory }}。"
    for _ in range(3):
        keyboard.press("Control+z")
    for _ in range(3):
        keyboard.press("Control+Shift+z")
    assert written(notebook, 1) == "％％glm\n你好 **中**: {{ inventory }}。"
    server.enqueue(Answer("好。"))
    notebook.finish(1)
    content = server.requests[0].body["messages"][-1]["content"]
    assert content.startswith("你好 **中**: ")
    assert content.endswith("。") or "bolts" in content


def test_it_is_switched_off_and_on_for_open_pages(lab: FrontEnd, opened: Open) -> None:
    notebook = opened(lab, lab.write("switched", "%%glm\nIt's *fine*", "x = 1"))
    notebook.wait_for_kernel()
    expect_prose(notebook, 0)
    before = written(notebook, 0)
    notebook.page.keyboard.press("Control+,")
    notebook.page.get_by_placeholder("Search").last.fill("GLM")
    switch = notebook.page.get_by_label("Write prompts as prose").first
    for on in (False, True, False, True):
        switch.set_checked(on)
        expect_prose(notebook, 0, wanted=on)
        assert notebook.page.evaluate(_STYLES) == int(on)
    assert written(notebook, 0) == before
