"""A session without magics, as another front end builds one: a shell, settings, and what is shown."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from in_process import Page
from IPython.core.interactiveshell import ExecutionInfo

from zhipu_magic.notebook import ask_cell
from zhipu_magic.notebook.commands import registry
from zhipu_magic.notebook.line.cell_line import parse
from zhipu_magic.notebook.session import Session
from zhipu_magic.notebook.settings import BadSetting, Settings
from zhipu_magic.practice import Answer, Fault, PracticeServer
from zhipu_magic.text.errors import GLMError


@pytest.fixture
def session(bare_page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    built = Session(bare_page.shell, Settings(model="glm-4", base_url=server.base_url, journal="off"))
    yield built
    built.close()


def test_a_cell_asks_and_its_reply_is_shown_and_bound(
    session: Session, bare_page: Page, server: PracticeServer
) -> None:
    server.enqueue(Answer("It is **seven**."))
    bare_page.names["n"] = 7
    ask_cell.ask(session, "What is {{ n }}?", parse("-b response -o words"))
    assert server.requests[-1].body["messages"][-1]["content"] == "What is 7?"
    reply, panel = bare_page.taken().outputs
    assert (reply["data"]["text/markdown"], reply["data"]["text/plain"]) == ("It is **seven**.", "It is **seven**.")
    assert "glm-4" in panel["data"]["text/plain"]
    assert bare_page.names["response"].choices[0].message.content == bare_page.names["words"] == "It is **seven**."
    assert "GLMMagics" not in bare_page.shell.magics_manager.registry


def test_a_failed_cell_shows_nothing_and_raises(session: Session, bare_page: Page, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1301"))
    with pytest.raises(GLMError, match="1301"):
        ask_cell.ask(session, "Hello")
    assert bare_page.taken().outputs == []
    assert session.chat.thread().turns == ()


def test_the_chat_follows_the_settings(session: Session, server: PracticeServer) -> None:
    ask_cell.ask(session, "Hello")
    session.settings.system = "Be brief."
    session.settings.temperature = 0.5
    session.settings.tool_rounds = 3
    ask_cell.ask(session, "Hello again")
    body = server.requests[-1].body
    assert (body["messages"][0]["content"], body["temperature"]) == ("Be brief.", 0.5)
    assert session.chat.tool_rounds == 3


def test_the_settings_show_what_else_changed_the_chat(session: Session) -> None:
    ask_cell.ask(session, "Hello", parse("-s 'Be brief.'"))
    assert session.settings.system == "Be brief."
    registry.run(session, "thread drafts")
    assert session.settings.system == ""
    registry.run(session, "model glm-4-plus")
    registry.run(session, "thread main")
    assert (session.settings.system, session.settings.model) == ("Be brief.", "glm-4")


def test_a_model_chosen_before_the_first_cell_is_the_threads_alone(session: Session) -> None:
    session.change("model", "glm-4-plus")
    registry.run(session, "thread drafts")
    assert session.chat.model == "glm-4"


def test_a_setting_that_is_refused_stays_as_it_was(session: Session) -> None:
    with pytest.raises(BadSetting):
        session.change("model", "glm 4")
    assert session.settings.model == session.chat.model == "glm-4"


def test_a_notice_is_shown_once_with_the_next_answer(session: Session, bare_page: Page) -> None:
    session.notify("The tide is turning.")
    assert session.notices == ["The tide is turning."]
    registry.run(session, "version")
    (first,) = bare_page.taken().outputs
    assert first["data"]["text/plain"].startswith("The tide is turning.\n\nzhipu_magic ")
    registry.run(session, "version")
    (second,) = bare_page.taken().outputs
    assert second["data"]["text/plain"].startswith("zhipu_magic ")


def test_a_cell_run_again_replaces_its_turn(session: Session, server: PracticeServer) -> None:
    for prompt in ("first", "second"):
        session.begin_cell(cell("a"))
        ask_cell.ask(session, prompt)
        session.end_cell(None)
    assert [turn.prompt for turn in session.chat.thread().turns] == ["second"]
    assert len(server.requests[-1].body["messages"]) == 1


def cell(name: str) -> ExecutionInfo:
    return ExecutionInfo("", store_history=True, silent=False, shell_futures=True, cell_id=name)


def test_a_session_is_built_without_the_magics() -> None:
    code = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from zhipu_magic.notebook.commands import registry
from zhipu_magic.notebook.completer import place
from zhipu_magic.notebook.session import Session
from zhipu_magic.notebook.settings import Settings
session = Session(InteractiveShell(), Settings(journal="off"))
registry.run(session, "")
place.offer(session, "%glm mo", 0, 7)
session.close()
print("zhipu_magic.notebook.magics" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\nFalse\n")
