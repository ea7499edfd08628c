"""What is kept of what cells show, within bounds, whatever they do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from in_process import Page
from IPython.core.displaypub import DisplayPublisher

from zhipu_magic.notebook.outputs import store as stores
from zhipu_magic.notebook.outputs.store import Asked, OutputStore, Ran, kept_forms
from zhipu_magic.values.outputs.output import DISPLAY, ERROR, NOT_AT_HAND, RESULT, STREAM, Output


def ran(run: int, cell: str | None = None) -> Ran:
    return Ran(run, cell, run, f"source {run}", first=run)


def test_the_newest_cells_are_kept() -> None:
    store = OutputStore()
    for run in range(stores.MOST_CELLS + 5):
        store.begin(run, ran(run))
    assert [one.run for one in store.all()] == list(range(5, stores.MOST_CELLS + 5))
    store.add(0, Output(STREAM, "stdout", "late"))  # of a thread of a cell that is forgotten


def test_they_are_kept_within_the_bound_and_the_newest_always() -> None:
    store = OutputStore()
    for run in range(20):
        store.begin(run, ran(run))
        for _ in range(4):
            store.add(run, Output(DISPLAY, data={"image/png": "A" * 4_000_000}))
    kept = store.all()
    sizes = [len(one.data["image/png"]) for each in kept for one in each.output.outputs]
    assert sum(sizes) <= stores.MOST_BYTES and kept[-1].run == 19 and len(kept) == 3


def test_of_a_very_long_stream_the_two_ends_are_kept() -> None:
    store = OutputStore()
    store.begin(1, ran(1))
    for line in range(400_000):
        store.add(1, Output(STREAM, "stdout", f"line {line}\n"))
    [output] = store.all()[0].output.outputs
    assert output.text.startswith("line 0\n") and output.text.endswith("line 399999\n")
    assert "characters were not kept" in output.text
    assert len(output.text) < 3 * stores.LARGEST


def test_of_very_many_outputs_the_first_and_the_newest_are_kept() -> None:
    store = OutputStore()
    store.begin(1, ran(1))
    for number in range(3_000):
        kind = STREAM if number % 2 else DISPLAY
        text = "" if kind == DISPLAY else f"{number} "
        store.add(1, Output(kind, "stdout", text, data={} if text else {"text/plain": f"{number} "}))
    [kept] = store.all()
    shown = [one.text or one.data["text/plain"] for one in kept.output.outputs]
    assert [shown[0], shown[99], shown[100], shown[-1]] == ["0 ", "99 ", "1100 ", "2999 "]


def test_what_is_told_of_a_cell_that_is_forgotten_or_of_another_output_changes_nothing_else() -> None:
    store = OutputStore()
    store.note_asked(ran(99), Asked("prompt", "reply", "main", "a-1"))
    store.begin(1, ran(1))
    store.add(1, Output(RESULT, data={"text/plain": "4"}))
    store.add(1, Output(DISPLAY, data={"text/plain": "one"}), "h1")
    store.add(1, Output(DISPLAY, data={"text/plain": "two"}), "h2")
    store.update("h2", {"text/plain": "TWO"})
    [kept] = store.all()
    assert store.change(kept, RESULT, Output(RESULT, value=4))
    assert not store.change(kept, ERROR, Output(ERROR, text="none"))
    assert [one.data["text/plain"] for one in kept.output.outputs] == ["4", "one", "TWO"]
    assert kept.output.outputs[0].value == 4
    assert len(store.all()) == 1


def test_only_what_is_read_is_kept() -> None:
    forms = {
        "text/plain": "p",
        "application/javascript": "x" * 9,
        "application/json": {"a": 1},
        "image/png": "A" * 10**7,
    }
    assert kept_forms(forms) == {
        "text/plain": "p",
        "application/javascript": "",
        "application/json": {"a": 1},
        "image/png": "",
    }
    figure = {"data": [{"type": "bar", "y": [0] * 10**6}], "layout": {"title": "T", "template": {}}}
    assert kept_forms({"application/vnd.plotly.v1+json": figure}) == {
        "application/vnd.plotly.v1+json": {"data": [{"type": "bar"}], "layout": {"title": "T"}}
    }
    assert kept_forms({"application/vnd.plotly.v1+json": [figure]}) == {"application/vnd.plotly.v1+json": ""}


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), st.integers(0, 3)),
        st.tuples(st.just("print"), st.integers(0, 3)),
        st.tuples(st.just("show"), st.integers(0, 3)),
        st.tuples(st.just("update"), st.integers(0, 3)),
        st.tuples(st.just("clear"), st.integers(0, 3)),
        st.tuples(st.just("clear later"), st.integers(0, 3)),
    ),
    max_size=40,
)


@given(ACTIONS)
def test_it_folds_as_a_page_does_and_counts_what_it_holds(actions: list[tuple[str, int]]) -> None:
    store, page = OutputStore(), dict[int, list[str]]()
    due: set[int] = set()
    for number, (what, cell) in enumerate(actions):
        if what == "begin":
            store.begin(cell, ran(cell))
            page[cell] = []
            due.discard(cell)
        elif what in ("print", "show") and cell in page:
            if cell in due:
                page[cell].clear()
                due.discard(cell)
            page[cell].append(f"{what} {number}")
        elif what == "clear later" and cell in page:
            due.add(cell)
        elif what == "clear" and cell in page:
            page[cell].clear()
            due.discard(cell)
        if what == "print":
            store.add(cell, Output(STREAM, "stdout", f"print {number}"))
        elif what == "show":
            store.add(cell, Output(DISPLAY, data={"text/plain": f"show {number}"}), f"id {cell}")
        elif what == "update":
            store.update(f"id {cell}", {"text/plain": f"update {number}"})
            for kept in page.values():
                for place, one in enumerate(kept):
                    if one.startswith(("show", "update")) and kept is page.get(cell):
                        kept[place] = f"update {number}"
        elif what.startswith("clear"):
            store.clear(cell, wait=what == "clear later")
    for cell, expected in page.items():
        one = store.of(cell)
        assert one is not None
        text = "".join(each.text or each.data["text/plain"] for each in one.output.outputs)
        assert text == "".join(expected)
    assert store._size == sum(one.size + one.around for one in store.all())
    assert all(one.size >= 0 for one in store.all())


def test_an_error_is_bounded_too() -> None:
    store = OutputStore()
    store.begin(1, ran(1))
    store.add(1, Output(ERROR, text="x" * 5_000_000))
    assert len(store.all()[0].output.outputs[0].text) == stores.LARGEST


def test_sources_questions_and_answers_count_too() -> None:
    store = OutputStore()
    for number in range(8):
        one = Ran(number, None, number, "x" * 10_000_000, first=number)
        store.begin(number, one)
        store.note_asked(one, Asked("?" * 2_000_000, "!" * 3_000_000, "", ""))
    assert [one.run for one in store.all()] == [5, 6, 7]


def test_without_a_kernel_neither_results_nor_exceptions_are_kept_alive(bare_page: Page) -> None:
    shell, bare_page.numbers = bare_page.shell, True
    shell.display_pub = DisplayPublisher()
    bare_page.run("%load_ext zhipu_magic")
    bare_page.run("class Big:\n    def __repr__(self):\n        return 'big one'")
    result = shell.run_cell("Big()", store_history=True).result
    for _ in range(2):
        bare_page.run("held = Big()\nlist = [held]\n1 / 0")
    kept = bare_page.session.outputs.recorder.store.all()
    assert not any(one.first.value is result for ran in kept for one in ran._shown)
    assert any(each.value is result for ran in kept for each in ran.output.outputs)  # as long as it is there
    shown = [one for ran in kept for one in ran.output.outputs]
    assert any("big one" in one.data.get("text/plain", "") for one in shown)
    first, last = (one for one in shown if one.kind == ERROR)
    assert first.value is NOT_AT_HAND and "--> 3 | 1 / 0" in first.text
    assert isinstance(last.value, ZeroDivisionError)
