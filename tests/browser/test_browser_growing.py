"""A reply while it grows, in a real browser: it is calm, and a page that is saved or reloaded meanwhile says so."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from calm import LINE, begin_to_watch, what_was_seen
from front_end import AT_LENGTH, NO_KERNEL, FrontEnd, OpenNotebook

from zhipu_magic.practice import DONE, Answer, PracticeServer, Raw, chunk, sse, tool_call

pytestmark = [pytest.mark.browser, AT_LENGTH]

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
THOUGHTS = ["Let me think. ", "The sea:\n\n", "- is deep\n", "- is **wide**\n\n", "```\nso ", "x = 3\n"]
SECTION = """\
## Section {number}

海很深，**也很宽**。The sea is deep, and what is written here about `depth` goes on for a while.

- The first point takes one line.
- The second point has $x_{number}$ in it.

```python
def depth(x: float) -> float:
    return 3.0 * x + {number}
```

| name | value |
|------|-------|
| fish | {number} |

"""
SOUND = "def sound() -> float:\n    'Sound the depth, in fathoms.'\n    return 1_968.0"
MARK = "… still being written"
WAITING = "… waiting for glm-4.7-flash"
BROKEN = ["Error displaying widget", "model not found"]
IS_BOXED = (
    "index => document.querySelectorAll('.jp-CodeCell')[index].querySelector('.jp-OutputArea').clientHeight < 400"
)


def growing(*, thoughts: int, sections: int, step: int = 40) -> Raw:
    """Thoughts, then sections of words, in so small pieces that it takes some seconds."""
    text = "".join(SECTION.format(number=number) for number in range(1, sections + 1))
    pieces = [chunk(reasoning=THOUGHTS[number % len(THOUGHTS)]) for number in range(thoughts)]
    pieces += [chunk(text[start : start + step]) for start in range(0, len(text), step)]
    steps = [each for piece in pieces for each in (sse(piece), 0.04)]
    return Raw((*steps, sse(chunk(finish_reason="stop")), DONE))


def sounding(words: str, *, reasoning: str = "") -> Answer:
    """A round that ends with a call."""
    return Answer(words, reasoning=reasoning, tool_calls=(tool_call("sound", {}, id="1"),))


@pytest.mark.parametrize("has_tools", [False, True], ids=["words", "tools"])
def test_a_growing_reply_is_calm(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot, has_tools: bool
) -> None:
    from playwright.sync_api import expect

    line = "%%glm --tool sound" if has_tools else "%%glm"
    notebook = opened(front_end, front_end.write(f"calm-{has_tools}", f"{LOAD}\n{SOUND}", f"{line}\nHow deep is it?"))
    notebook.wait_for_kernel()
    notebook.finish(0)
    rounds = [sounding("First I sound it.\n\n" * 30, reasoning="Hm. " * 40), sounding("Once more.")]
    server.enqueue(*rounds * has_tools, growing(thoughts=60, sections=14))
    begin_to_watch(notebook.page, 1)
    notebook.run(1)
    notebook.wait_for(1, "words.includes('Reasoning') && live")
    shoot(notebook.page, f"{front_end.name}-calm-reasoning")
    seen = what_was_seen(notebook.page, timeout=60)
    assert len(seen.heights) > 20
    assert max(seen.falls, default=0.0) <= LINE
    assert seen.settling_dip <= LINE
    assert seen.used, "nothing was selected and opened"
    assert seen.lost == []

    expect(notebook.outputs(1)).to_have_count(2)
    assert not notebook.page.evaluate(IS_BOXED, 1), "the panel is hidden below a box"
    expect(notebook.panel(1)).to_contain_text("tok/s")
    expect(notebook.cell(1).get_by_text(MARK)).to_have_count(0)
    shoot(notebook.page, f"{front_end.name}-calm-settled")


def test_a_page_saved_or_reloaded_in_mid_reply_says_so(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    path = front_end.write("early", LOAD, "%%glm\nHow deep is the sea?")
    notebook = opened(front_end, path)
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.enqueue(growing(thoughts=50, sections=100))
    notebook.run(1)
    notebook.wait_for(1, "words.length > 0 && live")
    moments = []
    for moment in range(10):
        saved = notebook.save().cells[1].outputs
        shown = [output.data for output in saved]
        panels = [data for data in shown if "text/html" in data]
        assert panels and "zhipu-magic-panel" in panels[-1]["text/html"]
        text = shown[len(shown) - 2]["text/markdown"]
        assert MARK in text or WAITING in text or MARK in shown[-1].get("text/markdown", "")
        moments.append(shutil.copy(path, path.with_name(f"moment-{moment}.ipynb")))
        notebook.page.wait_for_timeout(300)
    notebook.page.close()
    front_end.interrupt_kernels()

    again = opened(front_end, path)
    again.wait_for_kernel()  # it is idle, so the reply has ended
    panel = again.cell(1).locator(".jupyter-widgets .zhipu-magic-panel")
    expect(panel).to_contain_text("tok/s")
    expect(again.cell(1)).to_contain_text("saved or reloaded before the reply was whole: %glm show 1 shows all of it")
    expect(again.cell(1).get_by_text(MARK)).to_have_count(1)
    for words in BROKEN:
        expect(again.page.get_by_text(words)).to_have_count(0)
    shoot(again.page, f"{front_end.name}-reloaded")
    again.edit(2, "%glm show 1")
    again.finish(2)
    expect(again.cell(2)).to_contain_text("Section 1")
    again.restart()
    expect(again.cell(1).get_by_text(MARK)).to_have_count(1)
    again.page.close()
    front_end.shut_kernels_down()

    for moment in (moments[0], moments[4], moments[9]):
        elsewhere = front_end.copy(Path(moment), f"elsewhere-{Path(moment).stem}", kernel=NO_KERNEL, trusted=False)
        without = opened(front_end, elsewhere)
        without.go_without_kernel()
        expect(without.cell(1).get_by_text(re.compile(f"{MARK}|{WAITING}"))).to_have_count(1)
        expect(without.panel(1)).to_contain_text("glm-4.7-flash")
        without.page.close()
    assert nbformat.read(path, as_version=4).cells[1].outputs
