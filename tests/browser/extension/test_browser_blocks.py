"""What the extension renders of a growing reply, block by block: at each moment what Jupyter itself would show."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from front_end import IS_OLDEST, STEP_TIMEOUT, FrontEnd, OpenNotebook
from trap import FETCHED, FOREIGN, Trap, attacks

from zhipu_magic.text.sanitize.pages import page_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]

MARK = '\n\n<div style="font-size:12px">… still being written</div>'
DOCUMENTS = {
    "words": "# 海有多深\n\n海很深，**也很宽**。它有`depth`。\n第二行\n\nTitle\n=====\n\nmore *and* more\n***\nend",
    "lists": (
        "Points:\n- one\n  - two\n\n    still two\n\n- three\n\n\n1. a\n2. b\n\n"
        "   ```python\n   x = 1\n\n   y = 2\n   ```\n"
        "3. c\n\nafter\n\n* star\n\n- dash\n\n    indented code\n\nend"
    ),
    "tables": "Here:\n\n| a | b |\n|---|:-:|\n| 1 | **x** |\n| 2 | `y` |\n"
    "| 3 | [l](http://a.b) |\n\nafter\n\na | b\n- | -\n1 | 2\n\nend",
    "formulas": "So $x_1$ and\n\n$$\na + b\n$$\n\nthen \\(y\\), \\[z\n= 1\\]\n\n- $a$ and `$b$`\n\n$$c\n\nd$$\n\nend",
    "links": "See [one] and [two][1].\n\nMore.\n\n[one]: http://a.b/one\n[1]: http://a.b/two 'title'\n\nend",
    "labels": (
        "Note[^1] and [INFO], [x] [Y\nz].\n\n```\n[key: string]: number;\n[x]: 1\n```\n\n[^1]: Words of a note.\n\n"
        "[INFO]: started here\n\n[log]: started\n\n- [x]: done\n- [ ] open\n\n> [y Z]:\n> /c 'a\n> b'\n\n[w]: <d e>\n"
        "[v]: /f (g)\n\nwords\n[u]: /h\n\n[u] [v]\n\nend"
    ),
    "details": (
        "<details><summary>Reasoning</summary><blockquote>Think.<br>More</blockquote></details>\n\nwords\n\n"
        "<details><summary>More</summary>\n\nin *it*\n\n- a\n\n</details>\n\nafter <b>bold\n\nstill</b> <br> x\n\n"
        "`<div>` and ``a ` <p>``\n\nend"
    ),
    "fences": (
        "Code:\n```python\ndef f():\n\n    return '`'\n```\nafter\n\n~~~\n```\n\n~~~\n\n````md\n```\nx\n```\n````\n\n"
        "  ```\n  two\n  ```\n\n```a`b```\n\n- ```\n  in\n\n  a list\n  ```\n\n> ```\n> quoted\n\n```\nlast\n\nopen"
    ),
    "quotes": "> a\n> b\n\n> c\n\nd\n> e\n\nhttps://a.b/c and <https://a.b> and <me@a.b>\n\n"
    "<!-- x\n\ny -->\n\n&lt;p>\n\nend",
}
#: Renders each page in turn by the extension and by Jupyter itself; gives those at which they differ. Code that has not
#: ended has no colours yet, and whether details are open is the reader's affair. The oldest
#: JupyterLab loses the ends of some code.
COMPARE = """async ([pages, trusted, losesEnds]) => {
    const rendermime = jupyterapp.shell.currentWidget.content.rendermime;
    const [growing, own] = [0, 1].map(() => rendermime.createRenderer('text/markdown'));
    const plain = node => {
        const copy = node.cloneNode(true);
        copy.querySelectorAll('details').forEach(each => each.removeAttribute('open'));
        for (const image of copy.querySelectorAll('img')) image.src = image.src.replace(/[?].*/, '');  // the time
        for (const code of copy.querySelectorAll('pre > code')) {
            code.className = '';
            code.textContent = losesEnds ? '' : code.textContent.trimEnd();
        }
        return copy.innerHTML.replaceAll('</pre>\\n', '</pre>').trimEnd();
    };
    const found = [];
    for (const page of pages) {
        const data = {'text/markdown': page};
        const metadata = {zhipu_magic: {growing: true}};
        const whole = await Promise.allSettled([
            growing.renderModel(rendermime.createModel({data, trusted, metadata})),
            own.renderModel(rendermime.createModel({data, trusted})),
        ]);
        if (whole.every(each => each.status === 'rejected')) continue;  // what Jupyter cannot render
        const [ours, theirs] = [plain(growing.node), plain(own.node)];
        if (ours !== theirs) found.push([page, ours, theirs]);
    }
    return found;
}"""
#: Shows each page in turn while the reply grows, in the page.
SHOW = """async ([pages, trusted]) => {
    const rendermime = jupyterapp.shell.currentWidget.content.rendermime;
    const growing = rendermime.createRenderer('text/markdown');
    growing.constructor.attach(growing, document.body);
    for (const page of pages) {
        const [data, metadata] = [{'text/markdown': page}, {zhipu_magic: {growing: true}}];
        await growing.renderModel(rendermime.createModel({data, trusted, metadata}));
    }
}"""


@pytest.fixture
def notebook(front_end: FrontEnd, opened: Open) -> OpenNotebook:
    notebook: OpenNotebook = opened(front_end, front_end.write("blocks", "pass"))
    notebook.page.wait_for_function(
        "typeof jupyterapp === 'object' && jupyterapp.shell.currentWidget?.content.rendermime"
    )
    return notebook


def prefixes(text: str) -> list[str]:
    return [text[:end] for end in range(1, len(text) + 1)]


def differences(page: Page, pages: list[str], *, trusted: bool = True) -> list[list[str]]:
    found: list[Any] = page.evaluate(COMPARE, [pages, trusted, IS_OLDEST])
    return found


def test_it_is_what_jupyter_shows_at_each_moment(notebook: OpenNotebook) -> None:
    for text in DOCUMENTS.values():
        assert differences(notebook.page, prefixes(text)) == []
        assert differences(notebook.page, [before + MARK for before in prefixes(text)]) == []


def test_so_it_is_after_a_frame_that_takes_words_back(notebook: OpenNotebook) -> None:
    pages = [text[:end] for end in (400, 100, 250, 30) for text in DOCUMENTS.values()]
    assert differences(notebook.page, pages) == []


def test_what_the_page_does_not_trust_is_sanitised(notebook: OpenNotebook, trap: Trap, complaints: list[str]) -> None:
    # a diagram that has not ended is plain text here, and an error there
    for attack in (each for each in attacks(trap) if "mermaid" not in each):
        pages = [attack[:end] + MARK for end in range(1, len(attack) + 1, 7)] + [attack, f"a\n\n{attack}\n\nb"]
        assert differences(notebook.page, pages, trusted=False) == []
    assert notebook.page.evaluate("window.__pwned") is None
    # what Jupyter itself cannot render is said here, and left to it
    assert all(said.startswith("zhipu_magic, growing: ") for said in complaints)
    complaints.clear()


def test_growing_attacks_run_nothing_and_fetch_nothing(notebook: OpenNotebook, trap: Trap) -> None:
    for attack in attacks(trap):
        text = f"Words.\n\n{attack}"
        ends = [*range(9, len(text), 5), len(text)]
        pages = [page_of([text[:end]], growing=True).rich + MARK for end in ends]
        for trusted in (True, False):
            notebook.page.evaluate(SHOW, [pages, trusted])
    notebook.page.evaluate(FETCHED)
    assert notebook.page.evaluate(FOREIGN) == []
    assert notebook.page.evaluate("window.__pwned") is None
    assert notebook.dialogs == []
    assert trap.visits == set()


#: Shows two frames of a growing reply by a new renderer or by the last one; whether what did not change was kept.
KEEPS = """async isNew => {
    const rendermime = jupyterapp.shell.currentWidget.content.rendermime;
    if (isNew) window.growing = rendermime.createRenderer('text/markdown');
    const show = page => growing.renderModel(rendermime.createModel(
        {data: {'text/markdown': page}, trusted: true, metadata: {zhipu_magic: {growing: true}}}));
    await show('one\\n\\ntwo');
    const first = growing.node.firstChild;
    await show('one\\n\\ntwo and more');
    return growing.node.textContent.includes('more') && growing.node.firstChild === first;
}"""


def test_switched_off_it_is_jupyters_own_again_also_where_a_reply_grew(lab: FrontEnd, opened: Open) -> None:
    notebook = opened(lab, lab.write("switched", "pass"))
    page = notebook.page
    page.wait_for_function("typeof jupyterapp === 'object' && jupyterapp.shell.currentWidget?.content.rendermime")
    page.evaluate("void (window.notebook = jupyterapp.shell.currentWidget)")
    keeps = KEEPS.replace("jupyterapp.shell.currentWidget", "window.notebook")
    assert page.evaluate(keeps, True)
    page.keyboard.press("Control+,")
    page.get_by_placeholder("Search").last.fill("GLM")
    switch = page.get_by_label("Replies grow calmly").first
    for on in (False, True):
        switch.set_checked(on)
        deadline = time.monotonic() + STEP_TIMEOUT
        while page.evaluate(keeps, on) is not on:  # when off, by the renderer that it had when it was on
            assert time.monotonic() < deadline
            page.wait_for_timeout(50)
