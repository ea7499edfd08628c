"""What the reader does with a reply while it grows stays when it settles, with the extension."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from front_end import LAB, FrontEnd, OpenNotebook

from zhipu_magic.practice import DONE, Answer, PracticeServer, Raw, chunk, sse, tool_call

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
SOUND = "def sound() -> float:\n    'Sound the depth.'\n    return 1_968.0"
SECTION = """\
## Section {number}

海很深，**也很宽**。The sea is deep, and what is written here about `depth` goes on for a while.

- The first point takes one line.
- The second point has a sum: $x_{number}$.

```python
def depth(x: float) -> float:
    return 3.0 * x + {number}
```

"""
CELLS = {
    "in-parts": (LOAD, "%%glm\nHow deep is it?"),
    "in-one": (LOAD, "%%glm --tool sound\nHow deep is it?"),
    "no-panel": (f"{LOAD}\n%config GLMMagics.panel = 'off'", "%%glm\nHow deep is it?"),
}
#: Watches the cell of this index: once it has grown a while, details are opened, words selected, and the page is
#: scrolled to them; from then on, each frame notes whether that is so, where they are, and whether a box hides it.
_WATCH = """index => {
    const cell = document.querySelectorAll('.jp-Notebook .jp-CodeCell')[index];
    const area = cell.querySelector('.jp-OutputArea');
    const seen = window.seen = {used: false, moved: 0, lost: [], boxed: 0, ended: false, selected: ''};
    const head = () => [...area.querySelectorAll('h2')].find(each => each.textContent.startsWith('Section 2'));
    let top = null, numbered = 0, ready = 0;
    const use = now => {
        if (area.textContent.length < 3000 || !head()) return;
        ready = ready || now;
        if (now < ready + 300) return;
        area.querySelector('details').open = true;
        document.activeElement.blur();
        const words = head().nextElementSibling;
        getSelection().setBaseAndExtent(words.firstChild, 2, words.lastChild, 7);
        seen.selected = getSelection().toString();
        head().scrollIntoView();
        seen.used = now;
    };
    const look = now => {
        if (/\\[\\d+\\]/.test(cell.querySelector('.jp-InputPrompt').textContent)) numbered = numbered || now;
        if (numbered && now > numbered + 1200) { seen.ended = true; return; }
        requestAnimationFrame(look);
        if (!seen.used) { use(now); return; }
        if (now < seen.used + 100) return;
        const lose = what => seen.lost.includes(what) || seen.lost.push(what);
        if (!head()) { lose('words'); return; }
        top = top ?? head().getBoundingClientRect().top;
        seen.moved = Math.max(seen.moved, Math.abs(head().getBoundingClientRect().top - top));
        if (getSelection().toString() !== seen.selected) lose('selection');
        if (!area.querySelector('details').open) lose('details');
        if (!numbered && area.clientHeight < 400) seen.boxed += 1;
    };
    requestAnimationFrame(look);
}"""


def growing(sections: int) -> Raw:
    text = "".join(SECTION.format(number=number) for number in range(1, sections + 1))
    pieces = [chunk(reasoning=f"Thought {number}.\n\n") for number in range(60)]
    pieces += [chunk(text[start : start + 40]) for start in range(0, len(text), 40)]
    steps = [each for piece in pieces for each in (sse(piece), 0.03)]
    return Raw((*steps, sse(chunk(finish_reason="stop")), DONE))


def watched(notebook: OpenNotebook, server: PracticeServer, *, has_tools: bool) -> dict[str, Any]:
    """What is seen of the second cell while it runs."""
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.enqueue(
        *[Answer("First I sound it.", tool_calls=(tool_call("sound", {}, id="1"),))] * has_tools, growing(20)
    )
    notebook.page.evaluate(_WATCH, 1)
    notebook.run(1)
    notebook.page.wait_for_function("seen.ended", timeout=60_000)
    seen: dict[str, Any] = notebook.page.evaluate("seen")
    assert seen["used"]
    assert "The sea" in seen["selected"]
    return seen


@pytest.mark.parametrize("kind", CELLS)
def test_what_is_opened_selected_and_read_stays(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot, kind: str
) -> None:
    from playwright.sync_api import expect

    first, *others = CELLS[kind]
    notebook = opened(front_end, front_end.write(f"stays-{kind}", f"{first}\n{SOUND}", *others))
    seen = watched(notebook, server, has_tools=kind == "in-one")
    shoot(notebook.page, f"{front_end.name}-stays-{kind}")
    assert seen["lost"] == []
    assert seen["moved"] <= 4
    assert seen["boxed"] == 0
    expect(notebook.outputs(1)).to_have_count(1 if kind == "no-panel" else 2)
    expect(notebook.cell(1)).to_contain_text("Section 20")


def test_without_the_extension_the_reply_settles_too(front_end: FrontEnd, server: PracticeServer, opened: Open) -> None:
    from playwright.sync_api import expect

    with front_end.without_extension():
        notebook = opened(front_end, front_end.write("without", *CELLS["in-parts"]))
        seen = watched(notebook, server, has_tools=False)
    assert "details" in seen["lost"], "what this test is about is gone"
    expect(notebook.outputs(1)).to_have_count(2)
    expect(notebook.cell(1)).to_contain_text("Section 20")


def test_a_reply_in_the_background_keeps_what_is_open(
    front_end: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    from playwright.sync_api import expect

    notebook = opened(front_end, front_end.write("background", LOAD, "%%glm --bg\nHow deep is it?", "1 + 1"))
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.enqueue(growing(20))
    notebook.run(1)
    summary = notebook.cell(1).locator("summary", has_text="Reasoning")
    expect(notebook.cell(1)).to_contain_text("Section 3")
    summary.click()
    details = summary.locator("..")
    expect(details).to_have_attribute("open", "")
    expect(notebook.cell(1)).to_contain_text("Section 20")
    expect(notebook.cell(1).get_by_text("… still being written")).to_have_count(0)
    expect(details).to_have_attribute("open", "")
    notebook.finish(2)
    if front_end.name == LAB:
        expect(notebook.cell(2)).to_contain_text("2")
