"""Threads: several conversations on one page, each with its own turns, system text and model."""

from __future__ import annotations

import pytest
from in_process import Notebook, Page, texts
from IPython.core.error import UsageError

from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.text.errors import InvalidRequest

# To and fro


def test_a_new_thread_begins_empty_and_the_old_one_is_left_as_it_was(three: Notebook) -> None:
    assert "**other**: 0 turns" in three.command("thread other")
    three.ask("d", "d one")
    assert three.sent() == ["about d"]
    assert "**main**: 3 turns" in three.command("thread main")
    three.ask("e", "e one")
    assert three.sent() == ["about a", "a one", "about b", "b one", "about c", "c one", "about e"]
    assert three.replies("other") == ["d one"]


def test_a_turn_in_another_thread_leaves_the_current_one(three: Notebook) -> None:
    for option in ("--thread", "-t"):
        three.ask(f"d{option}", "aside", line=f"%%glm {option} other")
    assert three.sent() == ["about d--thread", "aside", "about d-t"]
    assert "**main**: 3 turns" in three.command("thread")
    three.ask("e", "e one")
    assert three.sent()[-3:] == ["about c", "c one", "about e"]


def test_a_switch_ahead_of_a_name_in_quotes(notebook: Notebook) -> None:
    notebook.command('thread "other"')
    assert "**other**" in notebook.command("thread")


def test_the_threads_are_listed(three: Notebook) -> None:
    three.ask("d", "d one", line="%%glm -t 营销 -s 简短")
    three.command("thread empty")
    three.command("model glm-4")
    rows = [[word.strip() for word in row.split("|")[1:-1]] for row in three.command("threads").split("\n")[2:5]]
    assert rows == [
        ["main", "3", "glm-4.7-flash", "", "about c"],
        ["营销", "1", "glm-4.7-flash", "简短", "about d"],
        ["empty ←", "0", "glm-4", "", ""],
    ]


def test_on_a_new_page_there_is_one_thread(notebook: Notebook) -> None:
    shown = notebook.command("threads")
    assert "main ←" in shown
    assert "**main**: 0 turns" in notebook.command("thread")


def test_the_panel_names_a_thread_other_than_main(three: Notebook) -> None:
    assert "main" not in three.ask("d", "d one").html(1)
    for line in ("%%glm -t other", "%%glm"):
        cell = three.ask("e", "e one", line=line)
        assert cell.plain(1).startswith("other · ")
        assert ">other<" in cell.html(1)
        assert "<span>conversation</span><span>1 turn</span>" in cell.html(1)
        three.command("thread other")


def test_a_thread_named_with_markup_is_shown_as_it_is(notebook: Notebook) -> None:
    cell = notebook.ask("a", "a one", line="%%glm -t '<b>x'")
    assert "<b>" not in cell.html(1)
    assert "&lt;b&gt;x" in cell.html(1)


def test_the_status_says_in_which_of_how_many(three: Notebook) -> None:
    assert "one of" not in three.command("")
    three.command("thread other")
    assert "other, one of 2" in three.command("")


# Forks


def test_a_fork_goes_its_own_way(three: Notebook) -> None:
    assert "**try**, with 3 turns from main" in three.command("fork try")
    three.ask("d", "in the fork")
    assert three.sent()[-3:] == ["about c", "c one", "about d"]
    three.command("thread main")
    three.ask("e", "in main")
    assert "in the fork" not in three.sent()
    assert three.replies("try") == ["a one", "b one", "c one", "in the fork"]
    assert three.replies("main") == ["a one", "b one", "c one", "in main"]


def test_a_fork_at_a_number_has_the_turns_up_to_it(three: Notebook) -> None:
    assert "with 2 turns from main" in three.command("fork try --at 2")
    assert three.replies() == ["a one", "b one"]
    three.ask("d", "d one")
    assert three.sent() == ["about a", "a one", "about b", "b one", "about d"]


def test_the_number_is_that_of_the_history(three: Notebook) -> None:
    three.run("x", "x = 1", deleted=["b"])
    assert "**3 · you** · cell c" in three.command("history 3")
    three.command("fork try --at 3")
    assert three.replies() == ["a one", "c one"]
    three.command("restore 2")
    assert three.replies() == ["a one", "b one", "c one"]
    assert three.replies("main") == ["a one", "c one"]


def test_a_cell_run_again_in_a_fork_replaces_its_turn_there(three: Notebook) -> None:
    three.command("fork try")
    three.ask("b", "b two")
    assert three.sent() == ["about a", "a one", "about b"]
    assert three.replies("try") == ["a one", "b two", "c one"]


def test_a_cell_run_again_in_a_fork_stays_in_the_thread_that_it_came_from(three: Notebook) -> None:
    three.command("fork try")
    three.ask("b", "b two")
    assert three.replies("main") == ["a one", "b one", "c one"]


def test_a_fork_keeps_system_text_and_model(notebook: Notebook) -> None:
    notebook.ask("a", "a one", line="%%glm -s brief")
    notebook.command("model glm-4")
    notebook.command("fork try")
    assert (notebook.page.magics.chat.system, notebook.page.magics.chat.model) == ("brief", "glm-4")
    notebook.command("system long")
    notebook.command("thread main")
    assert notebook.page.magics.chat.system == "brief"


def test_the_same_cells_run_in_another_thread_leave_the_first_to_compare(three: Notebook) -> None:
    three.command("thread other")
    for cell in "abc":
        assert "set aside" not in three.ask(cell, f"{cell} two").plain(1)
    assert three.sent() == ["about a", "a two", "about b", "b two", "about c"]
    assert three.replies("main") == ["a one", "b one", "c one"]


def test_a_fork_before_a_cell_leaves_its_turn_in_the_origin(three: Notebook) -> None:
    three.command("fork try --at 1")
    three.ask("b", "b two")
    assert three.replies("try") == ["a one", "b two"]
    assert three.replies("main") == ["a one", "b one", "c one"]


# System text, model and settings


def test_each_thread_has_its_own_system_text(notebook: Notebook) -> None:
    notebook.command("system in main")
    notebook.command("thread other")
    assert "no system text" in notebook.command("system")
    notebook.ask("a", "a one")
    assert texts(notebook.server.requests[-1].body["messages"]) == ["about a"]
    notebook.command("system in other")
    for thread in ("main", "other"):
        notebook.command(f"thread {thread}")
        notebook.ask(f"in {thread}", "words")
        system = notebook.server.requests[-1].body["messages"][0]
        assert system == {"role": "system", "content": f"in {thread}"}


def test_the_first_line_of_all_sets_no_more_than_its_own_threads_model(notebook: Notebook) -> None:
    notebook.command("model glm-4")
    notebook.command("thread other")
    assert "glm-4.7-flash" in notebook.command("model")


def test_each_thread_has_its_own_model(notebook: Notebook) -> None:
    notebook.command("thread other")
    notebook.command("model glm-4")
    for thread, model in (("main", "glm-4.7-flash"), ("other", "glm-4")):
        notebook.command(f"thread {thread}")
        notebook.ask(thread, "words")
        assert notebook.server.requests[-1].body["model"] == model


def test_a_turn_elsewhere_takes_that_threads_system_text_and_model(notebook: Notebook) -> None:
    notebook.command("thread other")
    notebook.command("model glm-4")
    notebook.command("system there")
    notebook.command("thread main")
    notebook.ask("a", "words", line="%%glm -t other")
    body = notebook.server.requests[-1].body
    assert body["model"] == "glm-4"
    assert body["messages"][0] == {"role": "system", "content": "there"}
    notebook.ask("b", "words")
    assert notebook.server.requests[-1].body["model"] == "glm-4.7-flash"


def test_a_system_text_given_elsewhere_stays_there(notebook: Notebook) -> None:
    notebook.ask("a", "words", line="%%glm -t other -s there")
    assert "no system text" in notebook.command("system")
    assert notebook.page.magics.system == ""
    notebook.ask("b", "words", line="%%glm -t other")
    assert notebook.server.requests[-1].body["messages"][0] == {"role": "system", "content": "there"}


def test_the_settings_follow_the_current_thread(notebook: Notebook) -> None:
    settings = notebook.page.magics
    notebook.ask("a", "a one")
    notebook.page.run('%config GLMMagics.system = "in main"')
    notebook.command("thread other")
    assert settings.system == ""
    notebook.page.run('%config GLMMagics.system = "in other"')
    notebook.page.run('%config GLMMagics.model = "glm-4"')
    notebook.command("thread main")
    assert (settings.system, settings.model) == ("in main", "glm-4.7-flash")
    notebook.command("thread other")
    assert (settings.system, settings.model) == ("in other", "glm-4")


def test_what_was_set_before_the_first_cell_holds_for_every_thread(
    bare_page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    bare_page.run("%load_ext zhipu_magic")
    bare_page.run('%config GLMMagics.model = "glm-4"')
    bare_page.run('%config GLMMagics.system = "everywhere"')
    for thread in ("main", "other"):
        bare_page.run(f"%glm thread {thread}")
        bare_page.run("%%glm\nhi")
        body = server.requests[-1].body
        assert (body["model"], body["messages"][0]["content"]) == ("glm-4", "everywhere")


# Undo


def test_undo_is_the_current_threads(three: Notebook) -> None:
    three.ask("d", "d one", line="%%glm -t other")
    three.command("undo")
    assert three.replies("main") == ["a one", "b one"]
    assert three.replies("other") == ["d one"]
    three.command("thread other")
    three.command("undo")
    assert three.replies("other") == []
    assert "nothing to undo" in three.command("undo")
    three.command("thread main")
    three.command("redo")
    assert three.replies("main") == ["a one", "b one", "c one"]


def test_undo_in_a_fork_leaves_its_origin(three: Notebook) -> None:
    three.command("fork try")
    three.command("undo")
    assert three.replies("try") == ["a one", "b one"]
    assert three.replies("main") == ["a one", "b one", "c one"]


def test_reset_is_the_current_threads(three: Notebook) -> None:
    three.ask("d", "d one", line="%%glm -t other")
    three.command("thread other")
    three.command("reset")
    assert three.replies("other") == []
    assert len(three.replies("main")) == 3


def test_the_dashboard_counts_all_threads(three: Notebook) -> None:
    three.ask("d", "d one", line="%%glm -t other")
    assert "4 requests" in three.command("usage")


# Mistakes


@pytest.mark.parametrize("name", ["two words", "--at", "-x"])
def test_a_name_is_one_word(three: Notebook, name: str) -> None:
    error = three.page.run(f"%glm thread {name}").error
    assert isinstance(error, InvalidRequest)
    assert "one word" in str(error)
    assert "**main**" in three.command("thread")


@pytest.mark.parametrize("line", ["%%glm -t", "%%glm -t 'two words'", "%%glm --thread ''"])
def test_a_bad_name_on_a_cell_sends_nothing(three: Notebook, line: str) -> None:
    cell = three.page.run(f"{line}\nhi")
    assert isinstance(cell.error, UsageError)
    assert len(three.server.requests) == 3


def test_a_fork_is_never_put_onto_a_thread(three: Notebook) -> None:
    three.ask("d", "d one", line="%%glm -t other")
    for name in ("other", "main"):
        error = three.page.run(f"%glm fork {name}").error
        assert isinstance(error, InvalidRequest)
        assert f"There is already a thread named {name}." in str(error)
    assert three.replies("other") == ["d one"]
    assert "**main**: 3 turns" in three.command("thread")


def test_a_fork_at_a_number_that_there_is_not(three: Notebook) -> None:
    error = three.page.run("%glm fork try --at 4").error
    assert isinstance(error, InvalidRequest)
    assert "no turn 4" in str(error)
    assert "try" not in three.command("threads")


@pytest.mark.parametrize(
    "line", ["fork", "fork a b", "fork try --at", "fork --at 2", "fork try --at two", "fork try --at 0", "fork try 2"]
)
def test_a_fork_that_makes_no_sense_says_how_it_is_used(three: Notebook, line: str) -> None:
    error = three.page.run(f"%glm {line}").error
    assert isinstance(error, UsageError)
    assert "%glm fork NAME" in str(error)
    assert len(three.page.magics.chat.history.threads) == 1


def test_threads_takes_no_name(three: Notebook) -> None:
    assert "nothing was done" in str(three.page.run("%glm threads other").error)


# Notices


def test_what_is_set_aside_elsewhere_is_told_with_the_threads_name(three: Notebook) -> None:
    three.command("thread other")
    notice, _ = three.ask("d", "d one", deleted=["b"]).plain(1).split("\n")
    assert "set aside" in notice
    assert "main" in notice


def test_a_turn_elsewhere_binds_like_any_other(three: Notebook) -> None:
    three.server.enqueue(Answer("bound"))
    three.page.run("%%glm -t other -b response\nhi")
    assert three.page.names["response"].choices[0].message.content == "bound"
