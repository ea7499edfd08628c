"""With the extension, a turn stands where its cell stands, and cells whose earlier turns have changed are marked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from front_end import IS_OLDEST, FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, Fault, PracticeServer

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("server", [0], indirect=True)]

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
TURNS = ("%%glm\nfirst", "%%glm\nsecond", "%%glm\nthird")
#: What a mark says.
MARK = "The turns above this cell have changed since it asked"


class User:
    """A user at a page whose cells ask in a word each, and are answered with that word in capitals."""

    def __init__(self, notebook: OpenNotebook, server: PracticeServer) -> None:
        self.notebook = notebook
        self.page = notebook.page
        self.server = server
        notebook.wait_for_kernel()

    def begin(self) -> None:
        """Load the extension, and ask what there is to ask."""
        self.notebook.finish(0)
        for words in ("first", "second", "third"):
            self.ask(words)

    def ask(self, words: str, index: int | None = None) -> list[str]:
        """Run the cell with these words. Returns the prompts of its request."""
        place = self.notebook.find(words) if index is None else index
        asked = len(self.server.requests)
        self.server.enqueue(Answer(words.upper()))
        self.notebook.finish(place)
        assert len(self.server.requests) == asked + 1
        return self.sent()

    def sent(self, request: int = -1) -> list[str]:
        """The prompts of a request; its replies are those of these prompts."""
        texts = [message["content"] for message in self.server.requests[request].body["messages"]]
        assert texts[1::2] == [prompt.upper() for prompt in texts[:-1:2]]
        return texts[::2]

    def press(self, words: str, *keys: str, cells: int) -> None:
        """Choose the cell with these words and press keys, after which the page has so many cells."""
        from playwright.sync_api import expect

        self.notebook.press(self.notebook.find(words), *keys)
        expect(self.page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(cells)

    def insert_below(self, words: str, source: str) -> None:
        """A new cell below the one with these words."""
        place = self.notebook.find(words)
        count = self.page.locator(".jp-Notebook .jp-CodeCell").count()
        self.press(words, "b", cells=count + 1)
        self.notebook.edit(place + 1, source)

    def sees_stale(self, *words: str) -> None:
        """Wait until the cells with these words are marked, and no other."""
        from playwright.sync_api import expect

        marks = self.page.locator(".jp-Notebook").get_by_role("img", name=MARK)
        expect(marks).to_have_count(len(words))
        for each in words:
            expect(self.notebook.cell(self.notebook.find(each)).get_by_role("img", name=MARK)).to_have_count(1)

    def button(self, count: int) -> None:
        """Wait until the button says that it would run so many cells; for none it is not there."""
        from playwright.sync_api import expect

        button = self.page.get_by_role("button", name="Run stale cells")
        if count:
            expect(button).to_have_text(f"Run stale cells ({count})")
        else:
            expect(button).to_be_hidden()


@pytest.fixture
def user(front_end: FrontEnd, server: PracticeServer, opened: Open, request: pytest.FixtureRequest) -> User:
    name = request.function.__name__.removeprefix("test_")
    user = User(opened(front_end, front_end.write(name, LOAD, *TURNS, "pass"), height=900), server)
    user.begin()
    return user


def test_an_inserted_cell_is_told_what_stands_above_it_and_stale_cells_are_run(
    user: User, front_end: FrontEnd, shoot: Shoot
) -> None:
    user.sees_stale()
    user.button(0)
    user.insert_below("first", "%%glm\nbetween")
    assert user.ask("between") == ["first", "between"]
    user.sees_stale("second", "third")
    user.button(2)
    shoot(user.page, f"{front_end.name}-order-stale")
    asked = len(user.server.requests)
    user.server.enqueue(Answer("SECOND"), Answer("THIRD"))
    user.page.get_by_role("button", name="Run stale cells").click()
    user.button(0)
    user.sees_stale()
    assert len(user.server.requests) == asked + 2
    assert user.sent(-2) == ["first", "between", "second"]
    assert user.sent() == ["first", "between", "second", "third"]
    shoot(user.page, f"{front_end.name}-order-run")


def test_a_moved_cell_marks_what_has_changed_at_once(user: User) -> None:
    user.press("first", "Control+Shift+ArrowDown", cells=5)
    user.sees_stale("first", "second", "third")
    assert user.ask("third") == ["second", "first", "third"]
    user.press("first", "Control+Shift+ArrowUp", cells=5)
    user.sees_stale("third")


def test_a_cell_that_is_cut_and_pasted_keeps_its_turn_in_its_new_place(user: User) -> None:
    user.press("second", "x", cells=4)
    user.press("third", "v", cells=5)
    user.sees_stale("second", "third")
    assert user.ask("third") == ["first", "third"]
    assert user.ask("second") == ["first", "third", "second"]
    user.sees_stale()


def test_a_deletion_that_is_undone_brings_the_turn_back_at_once(user: User) -> None:
    user.press("second", "d", "d", cells=4)
    assert user.ask("third") == ["first", "third"]
    user.press("third", "z", cells=5)
    user.sees_stale("third")
    assert user.ask("third") == ["first", "second", "third"]


def test_a_deleted_cell_marks_what_is_below_before_anything_runs(user: User) -> None:
    user.press("first", "d", "d", cells=4)
    user.sees_stale("second", "third")
    user.page.keyboard.press("z")
    user.sees_stale()
    assert user.ask("third") == ["first", "second", "third"]
    assert "set aside" not in user.notebook.cell(user.notebook.find("third")).inner_text()


IDS = "jupyterapp.shell.currentWidget.content.widgets.map(({model}) => model.id)"


@pytest.mark.parametrize("key", ["m", "r"])
def test_a_cell_that_is_no_code_any_more_has_no_turn_until_it_is_code_again(user: User, key: str) -> None:
    user.notebook.outputs(user.notebook.find("second")).first.hover()
    user.press("second", key, cells=4)
    user.sees_stale("third")
    assert user.ask("third") == ["first", "third"]
    before = user.page.evaluate(IDS)
    other = user.page.locator(".jp-MarkdownCell, .jp-RawCell")
    other.click()
    user.page.keyboard.press("Escape")
    user.page.keyboard.press("y")
    if IS_OLDEST:  # which gives a cell of another type another id
        assert user.page.evaluate(IDS) != before
        return
    user.sees_stale("third")
    assert user.ask("third") == ["first", "second", "third"]


def test_a_cell_that_went_while_no_page_was_open_has_no_turn(user: User) -> None:
    user.notebook.save()
    user.notebook.wait_until_saved()
    user.page.goto("about:blank")
    saved = nbformat.read(user.notebook.path, as_version=4)
    saved.cells = [cell for cell in saved.cells if "first" not in cell.source]
    nbformat.write(saved, user.notebook.path)
    user.notebook.load()
    user.sees_stale("second", "third")
    assert user.ask("third") == ["second", "third"]


def test_split_merged_and_duplicated_cells(user: User) -> None:
    from playwright.sync_api import expect

    place = user.notebook.find("second")
    user.press("second", "c", "v", cells=6)  # a copy below it
    assert user.ask("second", place + 1) == ["first", "second", "second"]
    user.sees_stale("third")
    user.notebook.edit(user.notebook.find("first"), "%%glm\nupper\n%%glm\nlower")
    user.page.keyboard.press("Home")
    user.page.keyboard.press("ArrowUp")
    user.page.keyboard.press("Home")
    user.page.keyboard.press("Control+Shift+Minus")
    expect(user.page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(7)
    # The second half is entered, in JupyterLab 4.2 some time after the split.
    expect(user.notebook.cell(user.notebook.find("lower")).locator(".cm-focused")).to_have_count(1)
    assert user.ask("upper")[-1] == "upper"
    assert user.ask("lower") == ["upper", "lower"]
    assert user.ask("third") == ["upper", "lower", "second", "second", "third"]
    user.press("upper", "Shift+ArrowDown", "Shift+m", cells=6)
    user.server.enqueue(Answer("MERGED"), Answer("THIRD"))
    user.notebook.finish(user.notebook.find("upper"), user.notebook.find("third"))
    texts = [message["content"] for message in user.server.requests[-1].body["messages"]]
    assert texts[0].split() == ["upper", "%%glm", "lower"]
    assert texts[1:] == ["MERGED", "second", "SECOND", "second", "SECOND", "third"]


def test_cells_that_wait_in_the_queue_stand_in_the_page_s_order(
    front_end: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    user = User(
        opened(front_end, front_end.write("queued", LOAD, *TURNS, "import time; time.sleep(2)", "pass")), server
    )
    user.begin()
    user.insert_below("first", "%%glm\nbetween")
    asked = len(server.requests)
    server.enqueue(Answer("BETWEEN"), Answer("THIRD"))
    for words in ("sleep", "between", "third"):
        user.notebook.run(user.notebook.find(words))
    user.notebook.wait_until_ended(user.notebook.find("third"))
    assert len(server.requests) == asked + 2
    assert user.sent(-2) == ["first", "between"]
    assert user.sent() == ["first", "between", "second", "third"]


def test_a_restarted_kernel_has_no_marks_and_a_resumed_one_has_them_again(user: User) -> None:
    user.insert_below("first", "%%glm\nbetween")
    user.ask("between")
    user.sees_stale("second", "third")
    user.notebook.restart()
    user.sees_stale()
    user.notebook.finish(0)
    user.notebook.edit(user.notebook.find("pass"), "%glm resume")
    user.notebook.finish(user.notebook.find("resume"))
    user.sees_stale("second", "third")
    assert user.ask("second") == ["first", "between", "second"]


def test_a_page_that_is_loaded_again_has_its_marks_again(user: User) -> None:
    user.insert_below("first", "%%glm\nbetween")
    user.ask("between")
    user.sees_stale("second", "third")
    user.notebook.save()
    user.notebook.wait_until_saved()
    user.notebook.load()
    user.sees_stale("second", "third")
    user.button(2)


def test_running_stale_cells_stops_at_an_error(user: User) -> None:
    user.insert_below("first", "%%glm\nbetween")
    user.ask("between")
    user.sees_stale("second", "third")
    asked = len(user.server.requests)
    user.server.enqueue(Fault(400, "1210"))
    user.page.get_by_role("button", name="Run stale cells").click()
    user.notebook.wait_for(user.notebook.find("second"), "/1210/.test(words)")
    user.page.wait_for_timeout(1000)
    assert len(user.server.requests) == asked + 1
    user.sees_stale("second", "third")
    user.button(2)


def test_two_views_of_a_notebook_are_one_page(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    user = User(opened(lab, lab.write("views", LOAD, *TURNS, "pass"), width=1400, height=900), server)
    user.begin()
    user.page.keyboard.press("Control+Shift+D")  # several documents beside each other
    user.page.get_by_role("menuitem", name="File", exact=True).click()
    user.page.get_by_role("menuitem", name="New View for Notebook").click()
    views = user.page.locator(".jp-NotebookPanel")
    expect(views).to_have_count(2)
    user.press("first", "b", cells=12)
    user.notebook.edit(user.notebook.find("first") + 1, "%%glm\nbetween")
    assert user.ask("between") == ["first", "between"]
    for view in (views.nth(0), views.nth(1)):
        expect(view.get_by_role("img", name=MARK)).to_have_count(2)
        expect(view.get_by_role("button", name="Run stale cells")).to_have_text("Run stale cells (2)")
    shoot(user.page, "jupyterlab-order-views")
    server.enqueue(Answer("SECOND"), Answer("THIRD"))
    views.nth(1).get_by_role("button", name="Run stale cells").click()
    for view in (views.nth(0), views.nth(1)):
        expect(view.get_by_role("img", name=MARK)).to_have_count(0)
    assert user.sent() == ["first", "between", "second", "third"]


def test_without_the_part_all_is_as_ever(front_end: FrontEnd, server: PracticeServer, opened: Open) -> None:
    with front_end.setting("zhipu-magic/plugin", {"page": False}):
        user = User(opened(front_end, front_end.write("off", LOAD, *TURNS, "pass")), server)
        user.begin()
        user.insert_below("first", "%%glm\nbetween")
        assert user.ask("between") == ["first", "second", "third", "between"]
        user.sees_stale()
        user.button(0)


def test_a_page_with_an_inserted_cell_replays(front_end: FrontEnd, server: PracticeServer, opened: Open) -> None:
    replay = '%config GLMMagics.replay = "{}"'
    user = User(opened(front_end, front_end.write("inserted", LOAD, *TURNS, replay.format("off")), height=900), server)
    user.begin()
    user.insert_below("first", "%%glm\nbetween")
    user.ask("between")
    user.sees_stale("second", "third")
    asked = len(server.requests)
    user.notebook.restart()
    user.notebook.finish(0)
    user.notebook.edit(user.notebook.find("config"), replay.format("only"))
    for words in ("config", "first", "between", "second", "third"):
        place = user.notebook.find(words)
        user.notebook.finish(place)
        if words != "config":
            user.notebook.wait_for(place, f"words.includes({words.upper()!r})")
    assert len(server.requests) == asked
