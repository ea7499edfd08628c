"""What cells printed and showed, referred to in a prompt: `out`, `Out[8]`, `cell[8]`, and the cells above."""

from __future__ import annotations

from pathlib import Path

import pytest
from in_process import Notebook, Page
from kernels import Kernel, one_kernel  # noqa: F401  # a fixture

from zhipu_magic.notebook.outputs.store import MOST_CELLS
from zhipu_magic.practice import Answer, PracticeServer, tool_call

SAY = "say = get_ipython().display_pub.print"


@pytest.fixture
def numbered(bare_page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Notebook:
    """A page whose cells have numbers, with a way to print that the page is told of: cell 1 loads, cell 2 makes it."""
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    monkeypatch.chdir(tmp_path)
    bare_page.numbers = True
    assert bare_page.run("%load_ext zhipu_magic").success
    found = Notebook(bare_page, server)
    assert found.run("says", SAY).success
    return found


def sent(notebook: Notebook, prompt: str, line: str = "%%glm", cell: str = "asks") -> str:
    """The prompt as the service gets it."""
    found = notebook.run(cell, f"{line}\n{prompt}", "ok")
    assert found.success, found.error
    text = notebook.server.requests[-1].body["messages"][-1]["content"]
    return text if isinstance(text, str) else str(text[-1]["text"])


def failure(notebook: Notebook, prompt: str, line: str = "%%glm") -> str:
    before = len(notebook.server.requests)
    found = notebook.run("fails", f"{line}\n{prompt}")
    assert len(notebook.server.requests) == before
    return str(found.error)


# out, Out[8], cell[8]


def test_out_is_what_the_last_cell_showed(numbered: Notebook) -> None:
    numbered.run("a", "say('one\\ntwo\\n')")
    numbered.run("b", "x = 1")
    assert sent(numbered, "{{ out }}") == "```text\none\ntwo\n```"
    assert sent(numbered, "Explain {{ out }}.", cell="again").startswith("Explain `out`.\n\n`out`:\n\n```text\none")


def test_a_reply_and_a_commands_answer_are_no_outputs(numbered: Notebook) -> None:
    numbered.run("a", "say('mine')")
    numbered.ask("q", "A reply.")
    numbered.command("history")
    assert sent(numbered, "{{ out }}") == "mine"


def run_of_python(code: str, call: str = "1") -> Answer:
    return Answer(tool_calls=[tool_call("python", {"code": code}, id=call)])


def test_what_python_of_the_models_has_shown_is_an_output(numbered: Notebook) -> None:
    table = "import pandas as pd\nsaid = get_ipython().display_pub.publish({'text/plain': 'said'})\n"
    table += "pd.DataFrame({'price': [3, 4]})"
    for line in ("%%glm --tool python!", "%%glm --once --tool python!"):
        assert numbered.run("r", f"{line}\nGo.", run_of_python(table), "Done.").success
        text = sent(numbered, "{{ out }}", "%%glm --once")
        assert text.startswith("said") and "| price |" in text, text
        number = numbered.page.shell.execution_count - 2
        assert sent(numbered, f"{{{{ Out[{number}] }}}}", "%%glm --once") == text
        assert "| price |" in sent(numbered, "?", "%%glm --once --above")
    numbered.run("e", "%%glm --tool python!\nGo.", run_of_python("1 / 0"), "It fails.")
    assert "ZeroDivisionError" in sent(numbered, "{{ out }}", "%%glm --once")


def test_a_figure_of_a_run_goes_along_and_so_it_does_in_a_replay(numbered: Notebook) -> None:
    code = "import PIL.Image\nPIL.Image.new('RGB', (40, 30), '#1188cc')"
    numbered.run("r", "%%glm --tool python!\nGo.", run_of_python(code), "Done.")
    ask = "%%glm -m glm-4.6v --once\n{{ out }}"
    assert numbered.run("q", ask, "Blue.").markdown() == "Blue."
    assert numbered.server.requests[-1].body["messages"][-1]["content"][0]["type"] == "image_url"
    numbered.page.run("%config GLMMagics.replay = 'only'")
    assert numbered.run("r", "%%glm --tool python!\nGo.").success
    assert numbered.run("q", ask).markdown() == "Blue."


def test_a_picture_that_was_drawn_goes_into_the_next_cell(numbered: Notebook) -> None:
    assert numbered.page.run("%%glm --draw\nA lighthouse.", "d").success
    assert sent(numbered, "What is it? {{ out }}", "%%glm -m glm-4.6v").startswith("What is it? [image 1: out]")
    found = numbered.page.run("%%glm --draw\nThe same by night: {{ out }}", "e")
    assert found.success, found.error


def test_out_of_a_number_falls_back_to_what_its_cell_showed(numbered: Notebook) -> None:
    numbered.run("a", "say('three')")
    numbered.run("b", "4")
    assert sent(numbered, "{{ Out[3] }}, {{ Out[4] }}, {{ cell[3] }}").startswith("three, 4, `cell[3]`")
    assert "```python\nsay('three')\n```\n\nOutput:\n\nthree" in numbered.sent()[-1]


def test_each_way_to_have_no_output_has_its_message(numbered: Notebook) -> None:
    assert "No cell of this session has printed or shown anything yet." in failure(numbered, "{{ out }}")
    numbered.run("a", "say('here')")
    numbered.run("b", "x = 1")
    assert "Cell 5 has no value and no output." in failure(numbered, "{{ Out[5] }}")
    assert "with output: 4" in failure(numbered, "{{ Out[5] }}")
    assert "No cell with the number 99 has run" in failure(numbered, "{{ cell[99] }}")
    numbered.run("c", "# glm: hide\nsay('secret')")
    assert "is hidden from the model" in failure(numbered, "{{ cell[9] }}")
    assert sent(numbered, "{{ out }}") == "here"
    numbered.page.run("1", "d", deleted=["a"])
    assert "Cell 4 has been deleted" in failure(numbered, "{{ cell[4] }}")


def test_what_is_no_number_of_a_cell_or_goes_back_too_far_says_so(numbered: Notebook) -> None:
    numbered.run("a", "say('here')")
    assert sent(numbered, "{{ cell[-1] }}").endswith("here")
    assert "No cell with the number -9 has run" in failure(numbered, "{{ cell[-9] }}")
    assert failure(numbered, '{{ Out["a"] }}') and failure(numbered, '{{ cell["a"] }}')


def test_of_very_many_cells_the_oldest_are_said_to_be_gone(numbered: Notebook) -> None:
    for number in range(MOST_CELLS):
        numbered.page.run(f"x = {number}")
    gone = failure(numbered, "{{ cell[2] }}")
    assert "What cell 2 showed is no longer kept: that of the newest 200 cells is, 50 MB at most." in gone


def test_the_users_own_names_win(numbered: Notebook) -> None:
    numbered.run("a", "say('shown'); out, cell, above = 'mine', {8: 'my cell'}, 'over'")
    assert sent(numbered, "{{ out }} {{ cell[8] }} {{ above }}") == "mine my cell over"


def test_a_cell_before_the_extension_was_loaded_is_known_from_ipython(
    bare_page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    monkeypatch.chdir(tmp_path)
    bare_page.numbers = True
    assert bare_page.run("x = 1").success
    assert bare_page.run("print('printed')\n2 + 2").success
    assert bare_page.run("%load_ext zhipu_magic").success
    notebook = Notebook(bare_page, server)
    assert sent(notebook, "{{ cell[1] }}") == "```python\nx = 1\n```"
    assert "4" in sent(notebook, "{{ cell[2] }}", cell="again").partition("Output:")[2]


def test_what_is_replaced_or_cleared_is_as_the_page_has_it(numbered: Notebook) -> None:
    publish = "get_ipython().display_pub.publish({'text/plain': '%s'}, transient={'display_id': 'h'}, update=%s)"
    numbered.run("a", publish % ("old", False))
    numbered.run("b", publish % ("new", True))
    assert sent(numbered, "{{ out }}") == "new"
    numbered.run("c", "say('gone')\nget_ipython().display_pub.clear_output(wait=True)\nsay('kept')")
    assert sent(numbered, "{{ out }}") == "kept"


def test_secrets_in_outputs_do_not_go_out_and_it_is_told(numbered: Notebook) -> None:
    numbered.run("a", f"say('key: ghp_' + 'a1' * 18 + ' and ' + {numbered.server.api_key!r})")
    found = numbered.run("q", "%%glm\n{{ out }}", "ok")
    assert "ghp_" not in numbered.sent()[-1] and numbered.server.api_key not in numbered.sent()[-1]
    assert "taken out" in found.plain(1)


def test_a_model_without_eyes_is_told_of_a_figure(numbered: Notebook) -> None:
    png = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFElEQVR4nGP8z8Dwn4GBgYGJAQoAHxcCAk+Uzr4AAAAASUVORK5CYII="
    numbered.run("a", f"get_ipython().display_pub.publish({{'image/png': {png!r}, 'text/plain': '<Figure>'}})")
    assert "which this model cannot see" in sent(numbered, "{{ out }}", "%%glm -m glm-4")
    text = sent(numbered, "{{ out }}", "%%glm -m glm-4.6v --once", "other")
    assert text == "[image 1: out]"


# The cells above


def test_the_cells_above_go_along_when_asked_for(numbered: Notebook) -> None:
    numbered.run("a", "say('six')")
    text = sent(numbered, "What is it?")
    assert text == "What is it?"
    found = numbered.run("asks", "%%glm --above\nWhat is it?", "ok")
    text = numbered.sent()[-1]
    assert text.startswith(
        "The cells of the notebook above this prompt, in their order:\n\nCode cell:\n\n```python\nsay ="
    )
    assert (
        "Code cell:\n\n```python\nsay('six')\n```\n\nOutput:\n\nsix\n\n(Here the cells above end.)\n\nWhat is it?"
        in text
    )
    assert "above: 2 cells, " in found.plain(1) and " tokens" in found.plain(1)
    assert "above: 2 cells, " in numbered.command("history --full")
    assert numbered.turns()[-1][0] == text


def test_a_preview_says_what_would_go(numbered: Notebook) -> None:
    found = numbered.run("asks", "%%glm --above --preview\nWhat is it?")
    assert "above: 1 cell, " in found.plain() and "Code cell:" in found.plain()


def test_what_an_earlier_turn_has_sent_is_not_sent_again(numbered: Notebook) -> None:
    numbered.run("a", "say('six')")
    sent(numbered, "One?", "%%glm --above", "q1")
    numbered.run("b", "say('seven')")
    text = sent(numbered, "Two?", "%%glm --above", "q2")
    assert text.count("six") == 1 and "seven" in text
    line = "Code cell, already sent, unchanged: “say('six')”"
    assert f"{line}\n\nQuestion, an earlier turn of this conversation: “One?”" in text
    numbered.run("a", "say('six')\nsay(' more')")
    assert "six more" in sent(numbered, "Three?", "%%glm --above", "q3")


def test_a_cell_run_again_counts_once_and_in_its_place(numbered: Notebook) -> None:
    numbered.run("a", "say('old')")
    numbered.run("b", "say('between')")
    numbered.run("a", "say('new')")
    text = sent(numbered, "?", "%%glm --above")
    assert "old" not in text and 0 < text.index("new") < text.index("between")


def test_a_cell_whose_id_is_a_place_counts_once_when_it_is_edited(numbered: Notebook) -> None:
    numbered.run("3", "say('the first words')")
    numbered.run("3", "say('the first words of it')")
    numbered.run("3", "other = [1, 2, 3, 4]")
    text = sent(numbered, "?", "%%glm --above")
    assert text.count("say('the first") == 1 and "words of it" in text and "other = [1" in text


def test_a_cell_asked_again_sees_what_is_above_it(numbered: Notebook) -> None:
    numbered.run("a", "say('above')")
    sent(numbered, "?", "%%glm --above", "q")
    numbered.run("b", "say('below')")
    assert "below" not in sent(numbered, "?", "%%glm --above", "q")


def test_the_pages_own_order_goes_first(numbered: Notebook) -> None:
    numbered.run("a", "say('first')")
    numbered.run("b", "say('second')")
    told = {
        "version": 1,
        "cells": ["q"],
        "above": [{"cell": "b"}, {"cell": "m", "text": "# Why"}, {"cell": "a", "tags": ["glm-pin"]}, {"cell": "none"}],
    }
    numbered.server.enqueue()
    assert numbered.page.run("%%glm --above\n?", "q", told=told).success
    text = numbered.sent()[-1]
    assert text.index("second") < text.index("Markdown cell:\n\n# Why") < text.index("first")
    assert "say = " not in text


def test_hidden_cells_stay_and_pinned_ones_go(numbered: Notebook) -> None:
    numbered.run("a", "# glm: pin\nsay('pinned')")
    numbered.run("h", "# glm: hide\nsay('hidden')")
    for name in "bcd":
        numbered.run(name, f"say('{name}' * 30)")
    found = numbered.run("asks", "%%glm --above 1\n?", "ok")
    text = numbered.sent()[-1]
    assert "pinned" in text and "hidden" not in text and "ddd" in text and "ccc" not in text
    assert "1 cell hidden" in found.plain(1)


def test_the_oldest_are_left_out_first(numbered: Notebook) -> None:
    for name in "abcdefgh":
        numbered.run(name, f"say('{name} ' * 100)")
    found = numbered.run("asks", "%%glm\n{{ above | 300 }}\nWhat?", "ok")
    text = numbered.sent()[-1]
    assert "h h h" in text and "a a a" not in text
    assert "left out]" in text and " left out, " in found.plain(1)


def test_the_setting_sends_them_with_each_cell(numbered: Notebook) -> None:
    numbered.run("a", "%config GLMMagics.above = 1")
    numbered.run("b", "say('it')")
    assert "say('it')" in sent(numbered, "?")
    assert sent(numbered, "Alone?", "%%glm --above 0", "r") == "Alone?"
    assert sent(numbered, "{{ above }}?", cell="s").count("The cells of the notebook") == 1


def test_what_was_asked_elsewhere_is_a_question_and_an_answer(numbered: Notebook) -> None:
    numbered.run("t", "%%glm --once\nAside?", "An aside.")
    text = sent(numbered, "?", "%%glm --above")
    assert "Question, asked apart from this conversation:\n\nAside?\n\nThe answer:\n\nAn aside." in text


def test_outside_the_conversation_its_turns_are_questions_and_answers(numbered: Notebook) -> None:
    numbered.ask("q", "Seven.")
    numbered.run("b", "say('six')")
    sent(numbered, "One?", "%%glm --above", "q1")
    text = sent(numbered, "Two?", "%%glm --above --once", "q2")
    assert "six" in text and "Question, asked apart from this conversation:\n\nabout q\n\nThe answer:\n\nSeven." in text
    assert "six" in sent(numbered, "Three?", "%%glm --above -t other", "q3")


def test_what_names_no_cell_says_so(numbered: Notebook) -> None:
    told = "{{ cell }} takes the number of a cell.\nNothing was sent. The number stands beside the cell: {{ cell[8] }}."
    assert told in failure(numbered, "{{ cell }}")
    assert "takes the number of a cell" in failure(numbered, "{{ cell['a'] }}")
    numbered.run("a", "5")
    assert sent(numbered, "{{ Out }}") == '{"5": 5}'


def test_the_page_says_which_of_its_cells_have_not_run_here(numbered: Notebook) -> None:
    numbered.run("a", "say('here')")
    told = {"version": 1, "cells": ["q"], "above": [{"cell": "a"}, {"cell": "other"}]}
    found = numbered.page.run("%%glm --above\n?", "q", told=told)
    assert "above: 1 cell, 1 cell not run here, " in found.plain(1)


def test_the_cell_that_loads_the_extension_is_one_of_them(
    bare_page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    bare_page.run("%load_ext zhipu_magic\nget_ipython().display_pub.print('at once')\nprices = [3]")
    assert "prices = [3]" in sent(Notebook(bare_page, server), "?", "%%glm --above")


def test_several_models_get_the_cells_above(numbered: Notebook) -> None:
    numbered.run("a", "say('six')")
    assert numbered.run("q", "%%glm -m glm-4 -m glm-4.7-flash --above\n?", "ok", "ok").success
    prompts = [one.body["messages"][-1]["content"] for one in numbered.server.requests[-2:]]
    assert all("say('six')" in prompt for prompt in prompts)


def test_a_table_may_be_asked_about_with_what_was_shown(numbered: Notebook) -> None:
    numbered.run("a", "say('shared\\noutput')\ntexts = ['x', 'y']")
    numbered.server.enqueue()
    assert numbered.run("q", "%%glm --each texts\n{{ text }} in {{ out }}", "ok", "ok").success
    assert all("shared\noutput" in one.body["messages"][-1]["content"] for one in numbered.server.requests[-2:])
    assert "--above cannot be used with --each" in str(
        numbered.run("q", "%%glm --each texts --above\n{{ text }}").error
    )


def test_a_turn_that_was_undone_is_not_above(numbered: Notebook) -> None:
    numbered.ask("q", "gone")
    numbered.command("undo")
    assert "gone" not in sent(numbered, "?", "%%glm --above")


def test_markdown_is_read_from_the_notebooks_file(
    numbered: Notebook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import nbformat.v4 as v4

    cells = [v4.new_markdown_cell("# The plan"), v4.new_code_cell("say('done')", id="a")]
    cells += [v4.new_markdown_cell(" "), v4.new_code_cell("say('not run')", id="b")]
    cells += [v4.new_markdown_cell("Hidden", metadata={"tags": ["glm-hide"]}), v4.new_markdown_cell("In between")]
    cells += [v4.new_code_cell("%%glm --above\n?", id="q"), v4.new_markdown_cell("Below")]
    path = tmp_path / "page.ipynb"
    path.write_text(v4.writes(v4.new_notebook(cells=cells)), "utf-8")
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    numbered.run("a", "say('done')")
    found = numbered.run("q", "%%glm --above\n?", "ok")
    text = numbered.sent()[-1]
    assert text.index("# The plan") < text.index("say('done')") < text.index("In between")
    assert "Hidden" not in text and "Below" not in text and "not run" not in text
    assert "Markdown as saved at " in found.plain(1)


def test_a_tag_in_the_file_hides_a_cell_from_explicit_references_too(
    numbered: Notebook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import nbformat.v4 as v4

    cell = v4.new_code_cell("say('hidden')", id="h", metadata={"tags": ["glm-hide"]})
    path = tmp_path / "page.ipynb"
    path.write_text(v4.writes(v4.new_notebook(cells=[cell])), "utf-8")
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    numbered.run("a", "say('seen')")
    numbered.run("h", "say('hidden')")
    assert "Cell 4 is hidden from the model" in failure(numbered, "{{ cell[4] }}")
    assert sent(numbered, "{{ out }}") == "seen"
    assert "hidden" not in sent(numbered, "?", "%%glm --above")
    assert "hidden from the model" in str(numbered.run("e", "%glm explain 4").error)


def test_nothing_above_sends_the_prompt_alone(numbered: Notebook) -> None:
    numbered.run("says", "# glm: hide\n" + SAY)
    assert sent(numbered, "Alone?", "%%glm --above") == "Alone?"


# In a kernel


@pytest.fixture
def kernel(one_kernel: Kernel, server: PracticeServer) -> Kernel:  # noqa: F811  # the fixture
    one_kernel.set(ZHIPUAI_BASE_URL=server.base_url, ZHIPUAI_API_KEY=server.api_key)
    return one_kernel


def test_a_kernel_records_all_that_it_sends(kernel: Kernel, server: PracticeServer) -> None:
    code = """
import sys, threading
print("printed")
print("warned", file=sys.stderr)
display({"a": 1})
threading.Thread(target=print, args=["from a thread"]).start()
"result"
"""
    number = kernel.run(code).reply["execution_count"]
    kernel.run("1 / 0")
    kernel.run("%%capture\nprint('captured')")
    done = kernel.run("%%glm --once\n{{ Out[" + str(number + 1) + "] }}\n\n{{ cell[" + str(number) + "] }}")
    assert done.reply["status"] == "ok", done.traceback
    text = server.requests[-1].body["messages"][-1]["content"]
    assert "ZeroDivisionError: division by zero" in text and "--> 1 | 1 / 0" in text
    for shown in ("printed", "Standard error:\nwarned", "{'a': 1}", "from a thread", "'result'"):
        assert shown in text, text
    kernel.run("%%glm --once\n{{ out }}")
    assert "captured" not in server.requests[-1].body["messages"][-1]["content"]


# %glm explain, %glm fix N


def test_explain_sends_the_last_cell_or_one_by_its_number(numbered: Notebook) -> None:
    numbered.run("a", "say('six')")
    numbered.ask("q", "ok")
    assert numbered.run("e", "%glm explain", "It prints.").success
    text = numbered.sent()[-1]
    assert text.startswith("Explain this notebook cell") and "say('six')\n```\n\nOutput:\n\nsix" in text
    assert "`the cell`:" in text and "the_cell" not in text
    assert numbered.run("e", "%glm explain 2 Why?", "To print.").success
    assert "\n\nWhy?\n\n`the cell`:\n\n```python\nsay = " in numbered.sent()[-1]
    numbered.run("e", "%glm explain 为什么？", "这样。")
    assert numbered.sent()[-1].startswith("请解释这个笔记本单元格")
    assert "No cell with the number 77" in str(numbered.run("e", "%glm explain 77").error)


def test_fix_takes_the_number_of_a_cell(numbered: Notebook) -> None:
    numbered.run("a", "first = 1 / 0")
    numbered.run("b", "second = [][1]")
    assert numbered.run("f", "%glm fix 3", "```python\nfirst = 1\n```").success
    assert "ZeroDivisionError: division by zero" in numbered.sent()[-1] and "first = 1 / 0" in numbered.sent()[-1]
    found = numbered.run("f", "%glm fix 4", "```python\nsecond = 1\n```")
    assert "IndexError: list index out of range" in numbered.sent()[-1]
    assert "Sent to be fixed: IndexError" in found.plain(1)
    assert "Cell 2 has raised no exception" in str(numbered.run("f", "%glm fix 2").error)


def test_nothing_of_a_short_cell_is_cut_for_a_secret_in_it(numbered: Notebook) -> None:
    numbered.run("till", "till = {'host': 'h', 'password': 'sunny-beach-7'}\nsay(str(till))")
    code = "till = {'host': 'h', 'password': '[secret taken out]'}\nsay(str(till))"
    for prompt in (sent(numbered, "Why?", "%%glm --above 1"), sent(numbered, "{{ cell[3] }}", cell="b")):
        assert f"```python\n{code}\n```\n\nOutput:\n\n{{'host': 'h', 'password': '[secret" in prompt


def test_a_secret_of_a_source_is_taken_out_of_what_any_cell_shows(numbered: Notebook) -> None:
    numbered.run("a", 'password = "hunter2"\nsay("it is hunter2")')
    numbered.run("b", "say(password)")
    assert sent(numbered, "{{ cell[3] }}").endswith("it is [secret taken out]")
    assert "hunter2" not in sent(numbered, "Why?", "%%glm --above", cell="above")
