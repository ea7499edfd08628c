"""The side panel: the threads and turns of the notebook that has the focus, as its kernel tells them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from front_end import LAB, FrontEnd, OpenNotebook
from trap import Trap, attacks

from zhipu_magic.practice import Answer, PracticeServer

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

at_once = pytest.mark.parametrize("server", [0], indirect=True)

LOAD = "%load_ext zhipu_magic"


def side(notebook: OpenNotebook) -> Locator:
    """Have the side panel shown."""
    page = notebook.page
    page.get_by_role("menuitem", name="View", exact=True).click()
    page.get_by_role("menuitem", name="Show the GLM conversation").click()
    panel = page.locator(".zhipu-magic-side")
    panel.wait_for()
    return panel


#: Has the kernel run a cell of another page.
ELSEWHERE = """code => {
    const {kernel} = jupyterapp.shell.currentWidget.sessionContext.session;
    return kernel.requestExecute({code}, false, {cellId: 'elsewhere'}).done.then(() => undefined);
}"""


def asked(front_end: FrontEnd, server: PracticeServer, opened: Open, name: str, *cells: str) -> OpenNotebook:
    """A notebook whose cells have been run."""
    notebook = opened(front_end, front_end.write(name, LOAD, *cells))
    notebook.wait_for_kernel()
    notebook.finish(*range(len(cells) + 1))
    return notebook


@at_once
def test_it_shows_the_conversation_and_goes_to_its_cells(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    notebook = opened(front_end, front_end.write("side", LOAD, "%%glm\nfirst", "%%glm\nsecond", "pass"))
    notebook.wait_for_kernel()
    panel = side(notebook)
    expect(panel).to_contain_text("Nothing is known of this conversation yet. Run %load_ext zhipu_magic, and then")
    expect(panel).to_contain_text("begins with %%glm.")
    shoot(notebook.page, f"{front_end.name}-side-empty")
    server.enqueue(Answer("one"), Answer("two", finish_reason="length"))
    notebook.finish(0, 1, 2)
    turns = panel.get_by_role("listitem")
    expect(turns).to_have_count(2)
    expect(turns.first).to_contain_text("first")
    expect(turns.last).to_contain_text("cut short")
    expect(panel.get_by_label("Shown thread", exact=True).locator("option")).to_have_text(["main (2) · current"])
    expect(panel.get_by_label("Usage")).to_contain_text("requests")
    turns.first.click()
    expect(notebook.cell(1)).to_be_focused()
    shoot(notebook.page, f"{front_end.name}-side")


@at_once
def test_a_turn_out_of_view_is_scrolled_to(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    code = "\n".join(f"x = {number}" for number in range(30))
    server.enqueue(Answer("one"), Answer("two"))
    path = front_end.write("side-long", LOAD, "%%glm\nalpha", *[code] * 6, "%%glm\nomega", *[code] * 6)
    notebook = opened(front_end, path)
    notebook.wait_for_kernel()
    panel = side(notebook)
    notebook.page.get_by_role("menuitem", name="Run", exact=True).click()
    notebook.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    turns = panel.get_by_role("listitem").get_by_role("button")
    expect(turns).to_have_count(2)
    for turn, words in ((0, "alpha"), (1, "omega"), (0, "alpha")):
        turns.nth(turn).click()
        cell = notebook.page.locator(".jp-Notebook .jp-CodeCell", has_text=words)
        expect(cell).to_be_focused()
        expect(cell.locator(".jp-Cell-inputWrapper")).to_be_in_viewport(ratio=1)
        notebook.page.wait_for_timeout(300)
        expect(cell.locator(".jp-Cell-inputWrapper")).to_be_in_viewport(ratio=1)
    shoot(notebook.page, f"{front_end.name}-side-scrolled")


@at_once
def test_it_follows_what_is_deleted(lab: FrontEnd, server: PracticeServer, opened: Open) -> None:
    from playwright.sync_api import expect

    server.enqueue(Answer("one"), Answer("two"))
    notebook = asked(lab, server, opened, "side-deleted", "%%glm\nfirst", "%%glm\nsecond")
    turns = side(notebook).get_by_role("listitem")
    expect(turns).to_have_count(2)
    notebook.press(1, "d", "d")
    expect(turns).to_have_count(1)
    expect(turns).to_contain_text("earlier turns have changed")


@at_once
def test_without_the_order_of_the_page_it_shows_the_conversation_too(
    lab: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    from playwright.sync_api import expect

    server.enqueue(Answer("one"), Answer("two"))
    with lab.setting("zhipu-magic/plugin", {"page": False}):
        notebook = asked(lab, server, opened, "side-alone", "%%glm\nfirst", "%%glm\nsecond")
        turns = side(notebook).get_by_role("listitem")
        expect(turns).to_have_count(2)
        notebook.press(1, "d", "d")
        expect(turns.first.get_by_role("button")).to_be_disabled()
        expect(turns.first).to_contain_text("not on this page")


@at_once
def test_an_earlier_conversation_is_resumed_by_a_button(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    server.enqueue(Answer("one"), Answer("two"))
    notebook = asked(lab, server, opened, "side-resumed", "%%glm\nfirst", "%%glm\nsecond")
    notebook.save()
    lab.shut_kernels_down()
    notebook.load()
    notebook.wait_for_kernel()
    panel = side(notebook)
    expect(panel).to_contain_text("The replies here are of an earlier session. Run %load_ext zhipu_magic")
    notebook.finish(0)
    expect(panel).to_contain_text("This notebook has an earlier conversation.")
    shoot(notebook.page, "jupyterlab-side-earlier")
    panel.get_by_role("button", name="Resume").click()
    expect(panel.get_by_role("listitem")).to_have_count(2)
    expect(panel.get_by_role("button", name="Resume")).to_be_hidden()
    assert notebook.find("%glm resume") == 1


@at_once
def test_one_goes_on_in_the_thread_that_is_shown(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    server.enqueue(Answer("one"), Answer("two"))
    notebook = asked(lab, server, opened, "side-go-on", "%%glm\nfirst", "%glm thread other", "%%glm\naside")
    panel = side(notebook)
    thread = panel.get_by_label("Shown thread", exact=True).locator("select")
    expect(thread.locator("option")).to_have_text(["main (1)", "other (1) · current"])
    switch = panel.get_by_role("button", name="Go on in this thread")
    expect(switch).to_be_hidden()
    thread.select_option("main")
    shoot(notebook.page, "jupyterlab-side-go-on")
    switch.click()
    expect(thread.locator("option")).to_have_text(["main (1) · current", "other (1)"])
    expect(switch).to_be_hidden()
    notebook.page.keyboard.type("on")
    last = notebook.page.locator(".jp-Notebook .jp-CodeCell").last
    assert last.locator(".cm-line").all_text_contents() == ["%%glm", "on"]


@at_once
def test_it_shows_other_threads_and_what_has_become_stale(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    server.enqueue(Answer("one"), Answer("two"), Answer("three"))
    cells = ("%%glm\nfirst", "%%glm\nsecond", "%glm thread other", "%%glm\naside")
    notebook = asked(front_end, server, opened, "side-threads", *cells)
    panel = side(notebook)
    thread = panel.get_by_label("Shown thread", exact=True).locator("select")
    expect(thread.locator("option")).to_have_text(["main (2)", "other (1) · current"])
    expect(panel.get_by_role("listitem")).to_have_count(1)
    thread.select_option("main")
    expect(panel.get_by_role("listitem")).to_have_count(2)
    notebook.press(1, "Control+Shift+ArrowDown")
    expect(panel.get_by_role("listitem").last).to_contain_text("earlier turns have changed")
    shoot(notebook.page, f"{front_end.name}-side-stale")
    keys = notebook.page.keyboard
    panel.get_by_role("listitem").first.get_by_role("button").focus()
    keys.press("End")
    expect(panel.get_by_role("listitem").last.get_by_role("button")).to_be_focused()
    keys.press("ArrowUp")
    keys.press("Enter")
    expect(notebook.cell(notebook.find("second"))).to_be_focused()


@at_once
def test_keys_pass_a_turn_whose_cell_is_not_on_the_page(
    front_end: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    from playwright.sync_api import expect

    notebook = asked(front_end, server, opened, "side-gone", "%%glm\nfirst")
    notebook.page.evaluate(ELSEWHERE, "%%glm\nsecond")
    notebook.edit(2, "%%glm\nthird")
    notebook.finish(2)
    turns = side(notebook).get_by_role("listitem").get_by_role("button")
    expect(turns.nth(1)).to_contain_text("not on this page")
    turns.first.focus()
    for index in (1, 2):
        notebook.page.keyboard.press("ArrowDown")
        expect(turns.nth(index)).to_be_focused()
    notebook.page.keyboard.press("ArrowUp")
    notebook.page.keyboard.press("Enter")
    expect(turns.nth(1)).to_be_focused()
    notebook.page.keyboard.press("Shift+Tab")
    notebook.page.keyboard.press("Tab")
    expect(turns.nth(1)).to_be_focused()


def test_it_names_the_keys_that_the_user_has_set(lab: FrontEnd, opened: Open) -> None:
    from playwright.sync_api import expect

    def empty(name: str) -> Locator:
        notebook = opened(lab, lab.write(name, LOAD, "%glm model"))
        notebook.wait_for_kernel()
        notebook.finish(0, 1)
        return side(notebook)

    expect(empty("side-keys")).to_contain_text("No turns yet. Alt+G adds a cell that asks.")
    ours = {"command": "zhipu-magic:new-cell", "selector": "[data-zhipu-magic] .jp-Notebook"}
    changed = [{**ours, "keys": ["Alt G"], "disabled": True}, {**ours, "keys": ["Ctrl Alt J"]}]
    with lab.setting("@jupyterlab/shortcuts-extension/shortcuts", {"shortcuts": changed}):
        expect(empty("side-other-keys")).to_contain_text("No turns yet. Ctrl+Alt+J adds a cell that asks.")


@pytest.fixture
def chinese(tmp_path: Path, server: PracticeServer, needs_a_browser: None) -> Iterator[FrontEnd]:
    """A JupyterLab that has a Chinese language pack, of one word, and whose user has chosen it."""
    pack = tmp_path / "pack"
    texts = pack / "pack_of_one_word" / "locale" / "zh_CN" / "LC_MESSAGES" / "jupyterlab.json"
    about = pack / "jupyterlab_language_pack_zh_CN-4.0.dist-info"
    texts.parent.mkdir(parents=True)
    about.mkdir()
    (pack / "pack_of_one_word" / "__init__.py").touch()
    header = {"domain": "jupyterlab", "language": "zh_CN", "plural_forms": "nplurals=1; plural=0;", "version": "4"}
    texts.write_text(json.dumps({"": header, "File": ["文件"]}))
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: jupyterlab-language-pack-zh-CN\nVersion: 4.0\n")
    (about / "entry_points.txt").write_text("[jupyterlab.languagepack]\nzh_CN = pack_of_one_word\n")
    places = filter(None, [str(pack), os.environ.get("PYTHONPATH")])
    service = {"ZHIPUAI_BASE_URL": server.base_url, "ZHIPUAI_API_KEY": str(server.api_key)}
    front_end = FrontEnd(LAB, tmp_path / "home", {**service, "PYTHONPATH": os.pathsep.join(places)})
    front_end.start()
    with front_end.setting("@jupyterlab/translation-extension/plugin", {"locale": "zh_CN"}):
        yield front_end
    front_end.stop()


@at_once
def test_on_a_chinese_page_it_speaks_chinese(
    chinese: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    server.enqueue(Answer("好的。", finish_reason="length"))
    notebook = opened(chinese, chinese.write("chinese", LOAD, "%glm budget 5 yuan", "%%glm\n你好"))
    notebook.wait_for_kernel()
    notebook.finish(0, 1, 2)
    # The pack of one word leaves this in English; where the whole one is installed, it may be that which is read.
    notebook.page.get_by_role("menuitem", name=re.compile("^(View|视图|查看)$")).click()
    notebook.page.get_by_role("menuitem", name="显示 GLM 对话").click()
    panel = notebook.page.locator(".zhipu-magic-side")
    expect(panel.get_by_role("listitem")).to_contain_text("被截断")
    said = panel.inner_text()
    notebook.cell(2).locator(".jp-Cell-outputArea").hover()
    expect(notebook.cell(2).get_by_role("button", name="重新运行")).to_be_visible()
    shoot(notebook.page, "jupyterlab-side-chinese")
    for word in ("main", "glm-4.7-flash"):
        said = said.replace(word, "")
    assert set(re.findall("[A-Za-z]+", said)) == {"token"}, said


def test_it_shows_how_a_table_goes_on(front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot) -> None:
    from playwright.sync_api import expect

    cells = ("rows = [{'a': n} for n in range(300)]", "%%glm\nx")
    notebook = asked(front_end, server, opened, "side-tables", *cells)
    panel = side(notebook)
    notebook.edit(2, "%%glm --each rows\nSay {{ a }}")
    notebook.run(2)
    bar = panel.get_by_role("progressbar")
    expect(bar).to_be_visible()
    expect(panel.get_by_label("Running tables")).to_contain_text("of 300")
    shoot(notebook.page, f"{front_end.name}-side-table")
    notebook.interrupt()
    notebook.wait_until_ended(2)
    expect(bar).to_be_hidden()


@at_once
def test_nothing_of_a_hostile_conversation_is_more_than_text(
    front_end: FrontEnd, server: PracticeServer, opened: Open, trap: Trap
) -> None:
    from playwright.sync_api import expect

    prompts = [attack for attack in attacks(trap)[:12] if "{{" not in attack]
    server.enqueue(*(Answer(attack) for attack in prompts))
    notebook = asked(front_end, server, opened, "side-hostile", *(f"%%glm\n{prompt}" for prompt in prompts))
    panel = side(notebook)
    expect(panel.get_by_role("listitem")).to_have_count(len(prompts))
    assert panel.locator("img, script, svg, style, iframe, a, object, form, video, audio").count() == 0
    assert notebook.page.evaluate("window.__pwned") is None
    assert trap.visits == set()
