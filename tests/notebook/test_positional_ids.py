"""Cell ids that are mere positions: nbstripout's numbers and VS Code's handles shift when a cell is put in above."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Cell, Notebook
from restarted import Kernels

from zhipu_magic.history.conversation import Thread
from zhipu_magic.history.turn import Turn
from zhipu_magic.notebook.page.identity import CellIdentity, is_position
from zhipu_magic.practice import Fault

NUMBERS = str


def handles(number: int) -> str:
    """VS Code's ids: the number of a cell in base 7."""
    digits = f"{number // 7 or ''}{number % 7}"
    return f"{'WXYZ'[len(digits) - 1]}{digits}sZmlsZQ%3D%3D"


@pytest.fixture(params=[NUMBERS, handles])
def named(request: pytest.FixtureRequest) -> Callable[[int], str]:
    made: Callable[[int], str] = request.param
    return made


class Numbered:
    """A page whose cells are named by their places."""

    def __init__(self, kernels: Kernels, named: Callable[[int], str], *texts: str) -> None:
        self._kernels, self._named, self.texts = kernels, named, list(texts)
        self.reopen(resume=False)

    def reopen(self, *, resume: bool = True) -> None:
        """The page in a new kernel."""
        self.notebook = Notebook(self._kernels.start(), self._kernels.server)
        if resume:
            assert self.notebook.page.run("%glm resume", "the command").success

    def run(self, place: int, reply: str | Fault, *, line: str = "%%glm") -> Cell:
        return self.notebook.run(self._named(place), f"{line}\n{self.texts[place]}", reply)

    def run_all(self) -> None:
        for place, text in enumerate(self.texts):
            assert self.run(place, f"on {text}").success

    def told(self, cell: Cell) -> bool:
        """Whether the panel says that other words were replaced."""
        return "earlier turn had other words" in cell.plain(1)


TEXTS = ("What is a mean?", "Plot the prices by month.", "Summarise it in Chinese.")


@pytest.fixture
def page(kernels: Kernels, named: Callable[[int], str]) -> Numbered:
    made = Numbered(kernels, named, *TEXTS)
    made.run_all()
    return made


def test_a_cell_put_in_above_does_not_cost_the_turns_below(page: Numbered) -> None:
    page.texts.insert(1, "And what is a median?")
    page.reopen()
    assert not page.told(page.run(3, "anew on the last"))
    assert not page.told(page.run(2, "anew on the prices"))
    assert page.notebook.turns() == [
        (TEXTS[0], f"on {TEXTS[0]}"),
        (TEXTS[1], "anew on the prices"),
        (TEXTS[2], "anew on the last"),
    ]
    page.run(1, "on the median")
    assert page.notebook.replies() == [f"on {TEXTS[0]}", "anew on the prices", "anew on the last", "on the median"]
    page.reopen()
    page.run(1, "twice on the median")
    page.run(2, "twice on the prices")
    assert page.notebook.replies() == [
        f"on {TEXTS[0]}",
        "twice on the prices",
        "anew on the last",
        "twice on the median",
    ]


def test_a_cell_that_was_taken_out_does_not_cost_the_turns_below(page: Numbered) -> None:
    del page.texts[0]
    page.reopen()
    page.run(0, "anew on the prices")
    page.run(1, "anew on the last")
    assert page.notebook.replies() == [f"on {TEXTS[0]}", "anew on the prices", "anew on the last"]


def test_after_a_shift_an_edit_is_one_of_the_cell_that_ran(page: Numbered) -> None:
    page.texts.insert(0, "Hello!")
    page.reopen()
    page.run(2, "anew on the prices")
    page.texts[2] = "Plot the prices by week."
    assert not page.told(page.run(2, "on the weeks"))
    assert page.notebook.replies() == [f"on {TEXTS[0]}", "on the weeks", f"on {TEXTS[2]}"]


def test_other_words_under_an_id_are_told_and_undone(page: Numbered) -> None:
    page.texts.insert(1, "Write me a limerick about cats.")
    page.reopen()
    cell = page.run(1, "There was a cat")
    assert page.told(cell)
    assert f"“{TEXTS[1]}”" in cell.plain(1)
    assert page.notebook.replies() == [f"on {TEXTS[0]}", "There was a cat", f"on {TEXTS[2]}"]
    page.notebook.command("undo")
    assert page.notebook.replies() == [f"on {text}" for text in TEXTS]


@pytest.mark.parametrize(
    "edited",
    [TEXTS[1], "Plot the prices by week.", f"{TEXTS[1]} Use a log scale, and name both axes, please, in full."],
)
def test_the_same_or_an_edited_text_replaces_without_a_word(page: Numbered, edited: str) -> None:
    page.texts[1] = edited
    for reopened in (False, True):
        if reopened:
            page.reopen()
        assert not page.told(page.run(1, "anew"))
        assert page.notebook.replies() == [f"on {TEXTS[0]}", "anew", f"on {TEXTS[2]}"]


def test_names_that_are_no_positions_replace_whatever_the_words(kernels: Kernels) -> None:
    page = Numbered(kernels, lambda place: f"3f2504e0-4f89-41d3-9a0c-0305e82c330{place}", *TEXTS)
    page.run_all()
    page.texts[1] = "Write me a limerick about cats."
    assert not page.told(page.run(1, "There was a cat"))
    page.texts[1] = TEXTS[2]
    assert not page.told(page.run(1, "anew"))
    assert page.notebook.replies() == [f"on {TEXTS[0]}", "anew", f"on {TEXTS[2]}"]


def test_a_notebook_whose_names_became_numbers_goes_on(kernels: Kernels) -> None:
    page = Numbered(kernels, lambda place: f"3f2504e0-4f89-41d3-9a0c-0305e82c330{place}", *TEXTS)
    page.run_all()
    page._named = NUMBERS
    page.reopen()
    page.run(1, "anew")
    assert page.notebook.replies() == [f"on {TEXTS[0]}", "anew", f"on {TEXTS[2]}"]


def test_cells_with_the_same_words_stay_two(kernels: Kernels, named: Callable[[int], str]) -> None:
    page = Numbered(kernels, named, "Again.", "Again.", "Again.")
    page.run_all()
    for reopened in (False, True):
        if reopened:
            page.reopen()
        for place in range(3):
            page.run(place, f"{place}, {reopened}")
        assert page.notebook.replies() == [f"{place}, {reopened}" for place in range(3)]


def test_texts_that_are_nearly_the_same_are_told_apart(kernels: Kernels, named: Callable[[int], str]) -> None:
    page = Numbered(kernels, named, "Label row 1.", "Label row 2.", "Label row 3.")
    page.run_all()
    page.texts.insert(0, "Label row 0.")
    page.reopen()
    for place in (3, 2, 1, 0):
        page.run(place, f"anew on {page.texts[place]}")
    assert page.notebook.replies() == [f"anew on {text}" for text in page.texts[1:] + page.texts[:1]]


def test_several_questions_of_one_cell_stay_together(kernels: Kernels, named: Callable[[int], str]) -> None:
    page = Numbered(kernels, named)
    notebook, asks = page.notebook, "%glm ask one thing\n%glm ask another"
    notebook.run(named(0), asks, "1.1", "1.2")
    notebook.run(named(0), asks, "2.1", "2.2")
    page.reopen()
    page.notebook.run(named(3), asks, "3.1", "3.2")
    assert page.notebook.replies() == ["3.1", "3.2"]


def test_a_cell_that_no_longer_asks_sets_its_own_turn_aside_and_no_other(page: Numbered) -> None:
    page.notebook.run(page._named(1), "x = 1")
    assert page.notebook.replies() == [f"on {TEXTS[0]}", f"on {TEXTS[2]}"]
    page.notebook.command("restore")
    page.texts.insert(0, "x = 1")
    page.reopen()
    page.notebook.run(
        page._named(0), "x = 1", deleted=[page._named(2)]
    )  # it has not run here: nobody knows what it was
    assert page.notebook.replies() == [f"on {text}" for text in TEXTS]
    page.run(2, "anew")
    page.notebook.run("the command", "x = 1", deleted=[page._named(2)])
    assert page.notebook.replies() == [f"on {TEXTS[0]}", f"on {TEXTS[2]}"]


def test_what_failed_has_replaced_nothing_and_is_not_told(page: Numbered) -> None:
    page.texts[1] = "Write me a limerick about cats."
    cell = page.run(1, Fault(400, "1301"))
    assert "The earlier turn of this cell stays" in str(cell.error)
    page.texts.append("And now?")
    assert not page.told(page.run(3, "so"))
    assert page.notebook.replies() == [*(f"on {text}" for text in TEXTS), "so"]


def test_a_preview_and_a_question_asked_once_replace_nothing_and_say_nothing(page: Numbered) -> None:
    page.texts[1] = "Write me a limerick about cats."
    assert page.notebook.run(page._named(1), f"%%glm --preview\n{page.texts[1]}").success
    assert page.notebook.replies() == [f"on {text}" for text in TEXTS]
    assert not page.told(page.run(1, "aside", line="%%glm --once"))
    assert page.notebook.replies() == [f"on {TEXTS[0]}", f"on {TEXTS[2]}"]


def test_on_wish_every_run_appends_all_the_same(page: Numbered) -> None:
    page.notebook.page.run('%config GLMMagics.rerun = "append"')
    assert not page.told(page.run(1, "anew"))
    assert page.notebook.replies() == [*(f"on {text}" for text in TEXTS), "anew"]


def test_a_page_with_a_shift_replays(page: Numbered, kernels: Kernels) -> None:
    page.texts.insert(1, "And what is a median?")
    page.reopen()
    for place in (3, 2, 1):
        page.run(place, f"anew {place}")
    replies, asked = page.notebook.replies(), kernels.asked
    assert restored(kernels) == replies
    assert kernels.asked == asked


def restored(kernels: Kernels) -> list[str]:
    """The replies of the conversation, read from the journal."""
    notebook = Notebook(kernels.start(), kernels.server)
    notebook.command("resume")
    return notebook.replies()


# What is a position


@pytest.mark.parametrize("cell", ["0", "12", "9999", "W0sZmlsZQ%3D%3D", "X10sZmlsZQ==", "Y106sdW50aXRsZWQ%3D", "1~a.2"])
def test_numbers_and_handles_are_positions(cell: str) -> None:
    assert is_position(cell)


@pytest.mark.parametrize(
    "cell",
    ["a", "", "10473526", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "cell-1", "b1f2", "W3", "zlVvjVLHyAyp", "１", "-1"],
)
def test_names_are_none(cell: str) -> None:
    assert not is_position(cell)


@given(st.lists(st.tuples(st.sampled_from("0123"), st.text(alphabet="ab ", min_size=1, max_size=8)), max_size=12))
def test_of_the_cells_of_one_page_no_two_are_ever_the_same(runs: list[tuple[str, str]]) -> None:
    identity, thread, cells = CellIdentity(), Thread(), dict[str, str]()
    for number, (page, text) in enumerate(runs):
        found = identity.identify(page, text, thread, number + 1)
        thread = thread.commit(Turn(text, "reply", "glm-4", id=str(number), cell=found.cell, run=f"s.{number}"))
        cells[page] = found.cell
        assert len(set(cells.values())) == len(cells)
        assert sum(turn.cell == found.cell for turn in thread.turns) == 1
        assert is_position(found.cell)


def test_of_several_cells_with_the_same_words_the_nearest_is_meant_and_the_user_is_told() -> None:
    thread = Thread()
    for cell, words in enumerate(("Tell me of Peking", "Go on", "Tell me of Rome", "Go on"), 1):
        thread = thread.commit(Turn(words, "…", "glm-4", id=f"turn {cell}", cell=str(cell)))
    found = CellIdentity().identify("3", "Go on", thread, 1)
    assert found.cell == "2"
    assert "2 cells have asked this, and the turn of the nearest was replaced" in found.notice
    assert CellIdentity().identify("9", "Go on", thread, 1).cell == "4"
    alone = CellIdentity().identify("9", "Tell me of Rome", thread, 1)
    assert (alone.cell, alone.notice) == ("3", "")
