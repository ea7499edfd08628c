"""The bar at a reply: what can be done with it, by mouse and by keyboard, with and without a kernel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from front_end import NO_KERNEL, FrontEnd, OpenNotebook
from trap import Trap, attacks

from zhipu_magic.practice import Answer, PracticeServer

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
WORDS = """Here is **how**:

```python
x = [1, 2, 3]
print(sum(x))
```

1. And in a list:

   ```py
   y = 4
   ```

```bash
ls
```"""
CODE = "x = [1, 2, 3]\nprint(sum(x))\n\ny = 4"
#: Where what was copied is kept for the test, instead of in the machine's clipboard.
LISTEN = """() => {
    window.__copied = [];
    navigator.clipboard.writeText = async text => void window.__copied.push(text);
}"""
#: Milliseconds from the click on Stop until the page knows that the kernel is idle.
STOPPED = """() => new Promise(resolve => {
    const button = document.querySelector('.zhipu-magic-bar [data-action=stop]');
    const prompt = button.closest('.jp-Cell').querySelector('.jp-InputPrompt');
    const start = performance.now();
    new MutationObserver(() => /\\d/.test(prompt.textContent) && resolve(performance.now() - start))
        .observe(prompt, {childList: true, characterData: true, subtree: true});
    button.click();
})"""


#: The words of the outputs of a cell that are under its bar, without those that are scrolled out of sight.
COVERED = """index => {
    const cell = document.querySelectorAll('.jp-Notebook .jp-CodeCell')[index];
    const bar = cell.querySelector('.zhipu-magic-bar > div').getBoundingClientRect();
    const under = box => box.left < bar.right - 1 && box.right > bar.left + 1
        && box.top < bar.bottom - 1 && box.bottom > bar.top + 1;
    const end = element => element === cell ? Infinity : Math.min(end(element.parentElement),
        getComputedStyle(element).overflowX === 'auto' ? element.getBoundingClientRect().right : Infinity);
    const walker = document.createTreeWalker(cell.querySelector('.jp-Cell-outputArea'), NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const range = document.createRange();
        for (const {index, 0: word} of walker.currentNode.textContent.matchAll(/\\S+/g)) {
            range.setStart(walker.currentNode, index);
            range.setEnd(walker.currentNode, index + word.length);
            const seen = box => under(box) && bar.left + 1 < end(walker.currentNode.parentElement);
            if ([...range.getClientRects()].some(seen)) found.push(word);
        }
    }
    return found;
}"""


class Reply:
    """A cell and the bar at its reply."""

    def __init__(self, notebook: OpenNotebook, index: int) -> None:
        self.cell = notebook.cell(index)
        self.page = notebook.page

    def button(self, name: str) -> Locator:
        return self.cell.get_by_role("toolbar", name="The reply").get_by_role("button", name=name)

    def offers(self, *names: str) -> None:
        """Point at the cell, and wait until its bar offers just this."""
        from playwright.sync_api import expect

        self.cell.locator(".jp-Cell-outputArea").hover()
        expect(self.cell.locator(".zhipu-magic-bar button")).to_have_count(len(names))
        for name in names:
            expect(self.button(name)).to_be_visible()


def sources(notebook: OpenNotebook) -> list[str]:
    """What the cells say."""
    texts: list[str] = notebook.page.evaluate(
        "[...document.querySelectorAll('.jp-CodeCell .cm-content')]"
        ".map(one => [...one.querySelectorAll('.cm-line')].map(line => line.textContent).join('\\n'))"
    )
    return texts


@pytest.fixture
def asked(front_end: FrontEnd, server: PracticeServer, opened: Open, request: pytest.FixtureRequest) -> OpenNotebook:
    """A notebook with one reply, that has code."""
    name = f"bar-{request.function.__name__}"
    server.enqueue(Answer(WORDS))
    notebook = opened(front_end, front_end.write(name, LOAD, "%%glm\nHow?", "1 + 1"))
    notebook.wait_for_kernel()
    notebook.finish(0, 1)
    notebook.page.evaluate(LISTEN)
    return notebook


@pytest.mark.parametrize("server", [0], indirect=True)
def test_a_reply_is_copied_as_it_was_written_and_its_code_put_below(
    front_end: FrontEnd, asked: OpenNotebook, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    reply = Reply(asked, 1)
    reply.offers("Run again", "Copy as Markdown", "Insert code below", "Fork from here")
    shoot(asked.page, f"{front_end.name}-bar")
    said = asked.page.locator(".zhipu-magic-said[role=status]")
    reply.button("Copy as Markdown").click()
    expect(said).to_have_text("Copied")
    blocks = reply.cell.locator(".jp-RenderedMarkdown pre")
    blocks.last.hover()
    blocks.last.get_by_role("button", name="Copy this code").click()
    expect(blocks.last).to_have_text("ls\n", use_inner_text=False)
    assert asked.page.evaluate("window.__copied") == [WORDS, "ls"]
    reply.button("Insert code below").click()
    expect(said).to_have_text("The code is in a new cell below.")
    assert sources(asked) == [LOAD, "%%glm\nHow?", CODE, "1 + 1"]
    expect(asked.cell(2)).to_be_focused()


@pytest.mark.parametrize("server", [0], indirect=True)
def test_nothing_of_the_bar_is_saved_or_selected_or_printed(asked: OpenNotebook) -> None:
    Reply(asked, 1).offers("Run again", "Copy as Markdown", "Insert code below", "Fork from here")
    saved = str(asked.save().cells[1].outputs)
    assert "Copy this code" not in saved
    assert "zhipu-magic-bar" not in saved
    selected = asked.page.evaluate(
        "getSelection().selectAllChildren(document.querySelector('pre')), `${getSelection()}`"
    )
    assert selected.strip() == CODE.partition("\n\n")[0]
    asked.page.emulate_media(media="print")
    assert not asked.page.locator(".zhipu-magic-bar, .zhipu-magic-code").locator("visible=true").count()
    asked.page.emulate_media(media="screen")


@pytest.mark.parametrize("server", [0], indirect=True)
def test_keys_reach_the_bar_and_come_back(front_end: FrontEnd, asked: OpenNotebook, shoot: Shoot) -> None:
    from playwright.sync_api import expect

    reply, keys = Reply(asked, 1), asked.page.keyboard
    reply.offers("Run again", "Copy as Markdown", "Insert code below", "Fork from here")
    asked.press(1, "Alt+Shift+g")
    expect(reply.button("Run again")).to_be_focused()
    for key, name in (
        ("ArrowRight", "Copy as Markdown"),
        ("End", "Fork from here"),
        ("ArrowLeft", "Insert code below"),
        ("Home", "Run again"),
    ):
        keys.press(key)
        expect(reply.button(name)).to_be_focused()
    shoot(asked.page, f"{front_end.name}-bar-focus")
    keys.press("Escape")
    expect(reply.cell).to_be_focused()
    keys.press("Alt+Shift+g")
    keys.press("ArrowRight")
    keys.press("Enter")
    expect(asked.page.locator(".zhipu-magic-said")).to_have_text("Copied")
    assert len(sources(asked)) == 3


def test_stop_ends_a_reply_at_once_and_what_was_cut_goes_on(
    front_end: FrontEnd, server: PracticeServer, asked: OpenNotebook, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    asked.edit(2, "%%glm\nMore?")
    reply = Reply(asked, 2)
    server.enqueue(Answer("more and " * 200))
    asked.run(2)
    asked.wait_for(2, "words.includes('more and more')")
    asked.page.mouse.move(5, 5)
    expect(reply.button("Stop")).to_be_visible()
    shoot(asked.page, f"{front_end.name}-bar-running")
    took = asked.page.evaluate(STOPPED)
    print(f"{front_end.name}: Stop to idle {took:.0f} ms")
    assert took < 600  # 0.3 s on an idle machine
    reply.offers("Run again", "Copy as Markdown", "Fork from here", "Continue where it was cut")
    shoot(asked.page, f"{front_end.name}-bar-cut")
    server.enqueue(Answer("so on."))
    reply.button("Continue where it was cut").dblclick()  # which is one click
    asked.wait_for(3, "words.endsWith('so on.')")
    assert sources(asked)[3] == "%glm continue"
    Reply(asked, 3).offers("Copy as Markdown")
    reply.offers("Run again", "Copy as Markdown", "Fork from here")


def test_stop_ends_a_reply_in_the_background_and_no_cell_that_runs_meanwhile(
    front_end: FrontEnd, server: PracticeServer, asked: OpenNotebook, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    asked.edit(2, "%%glm --bg\nMore?")
    server.enqueue(Answer("more and " * 2000))
    asked.run(2)
    asked.wait_for(2, "words.includes('more and more')")
    reply = Reply(asked, 2)
    reply.offers("Stop", "Copy as Markdown")
    shoot(asked.page, f"{front_end.name}-bar-background")
    asked.edit(3, "import time\nfor _ in range(40): time.sleep(0.1)\nprint('went on')")
    asked.run(3)
    asked.wait_for(3, "prompt.includes('*')")
    reply.offers("Stop", "Copy as Markdown")
    reply.button("Stop").click()
    expect(reply.button("Stops when the kernel is idle")).to_be_visible()
    asked.wait_for(3, "words === 'went on'")
    reply.offers("Run again", "Copy as Markdown", "Fork from here", "Continue where it was cut")


@pytest.mark.parametrize("server", [0], indirect=True)
@pytest.mark.parametrize("width", [500, 1100])
def test_the_bar_covers_no_words_and_copy_buttons_are_whole(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot, width: int
) -> None:
    from playwright.sync_api import expect

    long = "words that reach the end of the line at any width, so that nothing can be shown over it; " * 6
    server.enqueue(Answer(f"```bash\nls\n```\n\n{long}\n\n{long}"), Answer("Yes.", finish_reason="length"))
    server.enqueue(Answer(long), Answer(f"1\n\n{long}"), Answer("No"), Answer("Yes."), Answer("Yes."))
    asked = ("%%glm\nx", "%%glm\ny", "%%glm -q\nz", "%%glm --as int\nHow many?", f"%%glm {'words ' * 30}\nx")
    compared = "%%glm -m glm-5.3 -m glm-4.7-flash\nx"
    notebook = opened(front_end, front_end.write(f"covered-{width}", LOAD, *asked, compared), width=width)
    notebook.wait_for_kernel()
    notebook.finish(0, 1, 2, 3, 4, 5, 6)
    for index in range(1, 7):
        notebook.reach(index)
        notebook.cell(index).locator(".jp-Cell-outputArea").hover()
        expect(Reply(notebook, index).button("Run again")).to_be_visible()
        assert notebook.page.evaluate(COVERED, index) == []
        room = (
            notebook.cell(index)
            .locator(".jp-Cell-outputWrapper")
            .evaluate("one => getComputedStyle(one).paddingBottom")
        )
        assert room == ("24px" if index in (3, 4) else "0px")  # where nothing else leaves room for several buttons
        shoot(notebook.page, f"{front_end.name}-bar-{width}-{index}")
    notebook.reach(1)
    code = notebook.cell(1).locator(".jp-RenderedMarkdown pre")
    code.evaluate("block => block.scrollIntoView({block: 'center'})")
    code.hover()
    assert (
        code.get_by_role("button", name="Copy this code").evaluate(
            """button => {
            const {left, right, top, bottom} = button.getBoundingClientRect();
            const at = (x, y) => button.contains(document.elementFromPoint(x, y));
            return [at(left + 2, top + 2), at(right - 2, top + 2), at(left + 2, bottom - 2), at(right - 2, bottom - 2)];
        }"""
        )
        == [True] * 4
    )


@pytest.mark.parametrize("server", [0], indirect=True)
def test_a_fork_begins_at_the_reply_and_its_cell_is_written_in(
    front_end: FrontEnd, server: PracticeServer, asked: OpenNotebook, shoot: Shoot
) -> None:
    Reply(asked, 1).offers("Run again", "Copy as Markdown", "Insert code below", "Fork from here")
    Reply(asked, 1).button("Fork from here").click()
    asked.wait_until_ended(2)
    asked.page.keyboard.insert_text("Otherwise?")
    shoot(asked.page, f"{front_end.name}-bar-fork")
    assert sources(asked) == [LOAD, "%%glm\nHow?", "%glm fork main-2 --at 1", "%%glm\nOtherwise?", "1 + 1"]
    server.enqueue(Answer("So."), Answer("So too."))
    asked.finish(3)
    assert [message["content"] for message in server.requests[-1].body["messages"]] == ["How?", WORDS, "Otherwise?"]
    # a turn of another thread than the current one: its thread is gone back to first
    asked.edit(4, "%glm thread main")
    asked.finish(4)
    Reply(asked, 3).offers("Run again", "Copy as Markdown", "Fork from here")
    Reply(asked, 3).button("Fork from here").click()
    asked.wait_until_ended(4)
    assert sources(asked)[4:6] == ["%glm thread main-2\n%glm fork main-3 --at 2", "%%glm\n"]


@pytest.mark.parametrize("server", [0], indirect=True)
def test_a_fork_above_cells_that_ask_stands_below_them(server: PracticeServer, asked: OpenNotebook) -> None:
    asked.edit(2, "%%glm\nMore?")
    server.enqueue(Answer("more"))
    asked.finish(2)
    Reply(asked, 1).offers("Run again", "Copy as Markdown", "Insert code below", "Fork from here")
    Reply(asked, 1).button("Fork from here").click()
    asked.wait_until_ended(4)
    assert sources(asked)[2:] == ["%%glm\nMore?", "", "%glm fork main-2 --at 1", "%%glm\n"]


@pytest.mark.parametrize("server", [0], indirect=True)
def test_without_a_kernel_a_reply_is_still_copied_and_its_code_taken(
    front_end: FrontEnd, asked: OpenNotebook, opened: Open, shoot: Shoot
) -> None:
    asked.save()
    copy = front_end.copy(asked.path, f"{asked.path.stem}-elsewhere", kernel=NO_KERNEL)
    there = opened(front_end, copy, width=500)
    there.go_without_kernel()
    there.page.evaluate(LISTEN)
    reply = Reply(there, 1)
    reply.offers("Copy as Markdown", "Insert code below")
    shoot(there.page, f"{front_end.name}-bar-narrow")
    reply.button("Copy as Markdown").click()
    there.page.wait_for_function("window.__copied.length")
    assert there.page.evaluate("window.__copied") == [WORDS]


@pytest.mark.parametrize("server", [0], indirect=True)
def test_only_replies_have_a_bar(asked: OpenNotebook) -> None:
    asked.finish(2)
    asked.cell(2).hover()
    asked.cell(0).hover()
    Reply(asked, 1).offers("Run again", "Copy as Markdown", "Insert code below", "Fork from here")
    assert asked.page.locator(".zhipu-magic-bar").count() == 1


@pytest.mark.parametrize("server", [0], indirect=True)
def test_nothing_of_a_hostile_reply_takes_effect_in_the_bar(
    front_end: FrontEnd, server: PracticeServer, opened: Open, trap: Trap
) -> None:
    words = "\n\n".join([*attacks(trap)[:40], f"```python\n{attacks(trap)[0]}\n```"])
    server.enqueue(Answer(words))
    notebook = opened(front_end, front_end.write("bar-hostile", LOAD, "%%glm\nx"))
    notebook.wait_for_kernel()
    notebook.finish(0, 1)
    notebook.page.evaluate(LISTEN)
    reply = Reply(notebook, 1)
    reply.offers("Run again", "Copy as Markdown", "Insert code below", "Fork from here")
    reply.button("Copy as Markdown").click()
    notebook.page.wait_for_function("window.__copied.length")
    assert notebook.page.evaluate("window.__copied")[0].strip() == words.strip()
    reply.button("Insert code below").click()
    assert attacks(trap)[0] in sources(notebook)[2]
    assert notebook.page.evaluate("window.__pwned") is None
    assert trap.visits == set()
