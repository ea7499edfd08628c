"""What goes along with a prompt and is not on the page: the panel tells it, and a system text goes with its cell."""

from __future__ import annotations

import html

from in_process import Notebook
from restarted import Kernels

from zhipu_magic.practice import Answer, Fault, tool_call
from zhipu_magic.service.models import find

PIRATE = '%%glm -s "Be a pirate, and never leave that part."'
SHORT = "system: Be a pirate, and never …"
EYES, BLIND = "glm-4.6v", "glm-4"


def system(notebook: Notebook) -> str:
    """The system text of the last request."""
    first = notebook.server.requests[-1].body["messages"][0]
    return first["content"] if first["role"] == "system" else ""


def told(notebook: Notebook, cell: str, line: str = "%%glm") -> str:
    """The system text that this cell is asked with."""
    assert notebook.ask(cell, "ok", line=line).success
    return system(notebook)


# The system text, in the panel


def test_a_system_text_from_elsewhere_is_told_in_the_line(notebook: Notebook) -> None:
    own = notebook.ask("a", "Arr.", line=PIRATE)
    assert "system:" not in own.plain(1)
    assert "Be a pirate, and never leave that part." in own.html(1)
    later = notebook.ask("b", "Arr!")
    assert later.plain(1).startswith(f"{SHORT} · ")
    assert "Be a pirate, and never leave that part." in later.html(1)
    assert "system text" not in notebook.ask("c", "Yes.", line="%%glm --once").html(1)
    notebook.command('system ""')
    assert "system text" not in notebook.ask("d", "Yes.").html(1)


def test_a_retry_and_what_goes_on_are_told_it_too(notebook: Notebook) -> None:
    notebook.ask("a", Answer("Arr, and", finish_reason="length"), line=PIRATE)
    assert SHORT in notebook.run("x", "%glm continue", "so on").plain(1)
    assert system(notebook).startswith("Be a pirate")
    assert SHORT in notebook.run("x", "%glm retry", "Arr.").plain(1)
    assert system(notebook).startswith("Be a pirate")


def test_a_hostile_system_text_is_shown_as_text(notebook: Notebook) -> None:
    notebook.command("system <img src=x onerror=alert(1)> *")
    assert "<img" not in notebook.ask("a", "ok").html(1)


# The system text of a cell


def test_it_goes_when_its_cell_is_run_without_it_and_undo_brings_it_back(notebook: Notebook) -> None:
    assert told(notebook, "a", "%%glm -s pirate") == told(notebook, "b") == "pirate"
    assert told(notebook, "a") == told(notebook, "b") == ""
    assert notebook.command("system") == "There is no system text."
    notebook.command("undo 2")
    assert told(notebook, "c") == "pirate"


def test_it_goes_when_its_cell_is_deleted_and_comes_back_with_its_turn(notebook: Notebook) -> None:
    told(notebook, "a", "%%glm -s pirate")
    notebook.run("x", "x = 1", deleted=["a"])
    assert told(notebook, "b") == ""
    notebook.command("restore")
    assert told(notebook, "c") == "pirate"
    notebook.run("a", "x = 1")  # it asks no more
    assert told(notebook, "d") == ""


def test_undo_of_its_turn_takes_it_and_redo_brings_it_back(notebook: Notebook) -> None:
    told(notebook, "a", "%%glm -s pirate")
    notebook.command("undo")
    assert notebook.page.magics.system == notebook.page.magics.chat.system == ""
    notebook.command("redo")
    assert notebook.page.magics.system == notebook.page.magics.chat.system == "pirate"


def test_what_was_in_force_before_it_is_in_force_again(notebook: Notebook) -> None:
    notebook.command("system brief")
    told(notebook, "a", "%%glm -s pirate")
    assert told(notebook, "b", "%%glm -s poet") == told(notebook, "c") == "poet"
    assert told(notebook, "b") == told(notebook, "c") == "pirate"
    assert told(notebook, "a") == told(notebook, "b") == told(notebook, "c") == "brief"


def test_each_cell_is_told_what_stands_above_it(notebook: Notebook) -> None:
    told(notebook, "a")
    told(notebook, "b", "%%glm -s poet")
    assert told(notebook, "a") == ""
    assert told(notebook, "a", "%%glm -s pirate") == "pirate"
    assert told(notebook, "c") == "poet"


def test_an_empty_one_takes_the_text_away_until_it_goes(notebook: Notebook) -> None:
    notebook.command("system brief")
    assert told(notebook, "a", '%%glm -s ""') == told(notebook, "b") == ""
    assert told(notebook, "a") == told(notebook, "b") == "brief"


def test_the_command_is_of_no_cell_and_overrules_what_cells_gave(notebook: Notebook) -> None:
    told(notebook, "a", "%%glm -s pirate")
    notebook.command("system brief")
    assert told(notebook, "b") == "brief"
    notebook.command("undo 2")
    notebook.command("redo 2")
    assert told(notebook, "b") == "brief"
    assert told(notebook, "a") == told(notebook, "b") == "brief"
    assert told(notebook, "a", "%%glm -s pirate") == told(notebook, "b") == "pirate"


def test_the_same_text_set_by_the_command_stays_when_the_cell_goes(notebook: Notebook) -> None:
    told(notebook, "a", "%%glm -s pirate")
    notebook.command("system pirate")
    assert told(notebook, "a") == told(notebook, "b") == "pirate"


def test_a_reset_leaves_it_until_its_cell_is_run_without_it_or_deleted(notebook: Notebook) -> None:
    for gone in ("rerun", "deleted", "asks no more"):
        told(notebook, "a", "%%glm -s pirate")
        notebook.command("reset")
        assert told(notebook, "b") == "pirate"
        if gone == "rerun":
            assert told(notebook, "a") == ""
        elif gone == "deleted":
            notebook.run("x", "x = 1", deleted=["a"])
        else:
            notebook.run("a", "x = 1")
        assert told(notebook, "b") == ""
        notebook.command("reset")


def test_undo_of_a_reset_brings_its_turn_back_and_it_goes_with_that(notebook: Notebook) -> None:
    told(notebook, "a", "%%glm -s pirate")
    notebook.command("reset")
    notebook.command("undo")
    assert told(notebook, "b") == "pirate"
    assert told(notebook, "a") == told(notebook, "b") == ""


def test_a_failed_run_without_it_leaves_it(notebook: Notebook) -> None:
    told(notebook, "a", "%%glm -s pirate")
    assert not notebook.ask("a", Fault(400, "1301")).success
    assert told(notebook, "b") == "pirate"


def test_threads_and_forks_have_their_own(notebook: Notebook) -> None:
    told(notebook, "a")
    told(notebook, "b", "%%glm -s pirate")
    notebook.command("fork early --at 1")
    assert told(notebook, "c") == ""
    notebook.command("thread main")
    notebook.command("fork late")
    assert told(notebook, "d") == "pirate"
    assert told(notebook, "b") == told(notebook, "d") == ""
    notebook.command("thread main")
    assert told(notebook, "e") == "pirate"


def test_where_a_run_appends_its_turn_stays_and_the_text_with_it(notebook: Notebook) -> None:
    notebook.page.run("%config GLMMagics.rerun = 'append'")
    told(notebook, "a", "%%glm -s pirate")
    assert told(notebook, "a") == told(notebook, "b") == "pirate"


def test_a_resumed_conversation_goes_on_with_it_and_so_it_goes(kernels: Kernels) -> None:
    notebook = Notebook(kernels.start(), kernels.server)
    notebook.command("system brief")
    told(notebook, "a", "%%glm -s pirate")
    told(notebook, "b")
    again = Notebook(kernels.start(), kernels.server)
    again.command("resume")
    assert told(again, "b") == "pirate"
    assert told(again, "a") == "brief"
    last = Notebook(kernels.start(), kernels.server)
    last.command("resume")
    assert told(last, "b") == "brief"
    last.command("undo 2")
    assert told(last, "c") == "pirate"


# Values


def test_a_value_that_was_cut_is_told_with_what_was_sent(notebook: Notebook) -> None:
    notebook.page.run("import pandas as pd\ncars = pd.DataFrame({f'c{n}': range(406) for n in range(9)})")
    cell = notebook.run("a", "%%glm\nLook at {{ cars }}.", "Cars.")
    sent = notebook.server.requests[-1].body["messages"][-1]["content"]
    rows = sum(line.startswith("| ") for line in sent.split("The first ")[1].split("\n")) - 2 - 1
    assert f"cars: 406 × 9, {rows} rows sent" in cell.plain(1)
    assert f"cars: 406 × 9, {rows} rows sent" in cell.html(1)
    assert f"cut: cars: 406 × 9, {rows} rows sent" in notebook.command("history 1")
    assert "sent" not in notebook.run("b", "%%glm\nLook at {{ cars.columns[:2] }}.", "ok").plain(1)


def test_many_values_are_counted_in_the_line_and_told_in_the_details(notebook: Notebook) -> None:
    notebook.page.run("values = ['word ' * 9000] * 12")
    text = " ".join(f"{{{{ values[{n}] | 50 }}}}" for n in range(12))
    cell = notebook.run("a", f"%%glm\n{text}", "ok")
    assert "12 values cut" in cell.plain(1) and "values[0]" not in cell.plain(1)
    shown = html.unescape(cell.html(1))
    assert "values[9]: about 50 of about 11,000 tokens sent" in shown
    assert "values[10]" not in shown and "2 more" in shown


def test_what_a_tool_returned_is_told_too(notebook: Notebook) -> None:
    notebook.page.run("def numbers() -> list[int]:\n    return list(range(100_000))")
    call = Answer(tool_calls=(tool_call("numbers", {}, id="1"),))
    cell = notebook.run("a", "%%glm --tool numbers\nWhich?", call, "Many.")
    assert "numbers(): 100,000 items, " in cell.plain(1)


def test_a_retry_tells_it_again(notebook: Notebook) -> None:
    notebook.page.run("long = 'word ' * 9000")
    first = notebook.run("a", "%%glm\n{{ long }}", "one").plain(1)
    assert "long: about " in first
    assert "long: about " in notebook.run("x", "%glm retry", "two").plain(1)


# Images


def test_images_that_a_model_cannot_see_are_told_once(notebook: Notebook) -> None:
    assert find(EYES).vision and not find(BLIND).vision  # type: ignore[union-attr]
    notebook.page.run(
        "from PIL import Image\nred, blue = Image.new('RGB', (8, 6), 'red'), Image.new('RGB', (8, 6), 'blue')"
    )
    notebook.run("a", f"%%glm -m {EYES}\n{{{{ red }}}} {{{{ blue }}}}", "ok")
    assert "2 images of earlier turns were left out" in notebook.ask("b", "ok", line=f"%%glm -m {BLIND}").plain(1)
    assert "left out" not in notebook.ask("c", "ok", line=f"%%glm -m {BLIND}").plain(1)
    notebook.run("d", f"%%glm -m {EYES}\n{{{{ red }}}}", "ok")
    assert "1 image of an earlier turn was left out" in notebook.ask("e", "ok", line=f"%%glm -m {BLIND}").plain(1)
    assert "left out" not in notebook.ask("f", "ok", line=f"%%glm -m {BLIND}").plain(1)
    notebook.command("undo 5")  # and with them what was told
    assert "2 images of earlier turns were left out" in notebook.ask("g", "ok", line=f"%%glm -m {BLIND}").plain(1)


# Replays


def test_a_replay_shows_the_same_as_was_recorded(kernels: Kernels) -> None:
    cells = {
        "a": "long = 'word ' * 9000\nfrom PIL import Image\nred = Image.new('RGB', (8, 6), 'red')",
        "b": f"{PIRATE} -m {EYES}\n{{{{ long }}}} {{{{ red }}}}",
        "c": f"%%glm -m {BLIND}\nAnd now?",
        "d": f"%%glm -m {BLIND}\nAnd now?",
        "e": "def numbers() -> list[int]:\n    return list(range(100_000))",
        "f": f"%%glm -m {BLIND} --tool numbers\nCount.",
        "g": "%glm history",
    }
    notebook = Notebook(kernels.start(), kernels.server)
    call = Answer(tool_calls=(tool_call("numbers", {}, id="1"),))
    live = [
        notebook.run(cell, code, *(["ok"] if cell in "bcd" else [call, "ok"] if cell == "f" else []))
        for cell, code in cells.items()
    ]
    assert "long: about " in live[1].plain(1) and "left out" in live[2].plain(1) and "left out" not in live[3].plain(1)
    page = kernels.start("only")
    again = [page.run(code, cell) for cell, code in cells.items()]
    shown = [[output["data"] for output in cell.outputs] for cell in again]
    assert shown == [[output["data"] for output in cell.outputs] for cell in live]


def test_it_is_told_that_a_system_text_went_with_its_cell(notebook: Notebook) -> None:
    notebook.command("system brief")
    told(notebook, "a", "%%glm -s pirate")
    shown = notebook.ask("b", "ok", deleted=["a"]).plain(1)
    assert "1 turn was set aside: its cell was deleted." in shown
    assert (
        "The system text “pirate”, which came with a cell that was deleted, is no longer in force: now it is “brief”."
        in shown
    )
    notebook.command('system ""')
    told(notebook, "c", "%%glm -s poet")
    assert "“poet”, which came with a cell that was deleted, is no longer in force: now there is none." in notebook.ask(
        "d", "ok", deleted=["c"]
    ).plain(1)
    assert "system text" not in notebook.ask("e", "ok", deleted=["d"]).plain(1)
    told(notebook, "f", "%%glm -s sailor")
    notebook.command("reset")
    assert "The system text “sailor”, which came with" in notebook.ask("g", "ok", deleted=["f"]).plain(1)
