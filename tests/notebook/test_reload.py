"""A conversation outlives whatever loads the extension once more."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest
from in_process import Notebook

import zhipu_magic
from zhipu_magic.practice import DONE, Raw, chunk, sse
from zhipu_magic.text.own_version import OWN_VERSION

END = (sse(chunk(finish_reason="stop")), DONE)
AGAIN = ("%load_ext zhipu_magic", "%reload_ext zhipu_magic", "%load_ext autoreload\n%autoreload 2")


@pytest.mark.parametrize("again", [*AGAIN, "import zhipu_magic\nzhipu_magic.load_ipython_extension(get_ipython())"])
def test_loading_again_keeps_the_conversation_and_its_settings(notebook: Notebook, again: str) -> None:
    page = notebook.page
    matchers, transforms = list(page.shell.Completer.custom_matchers), list(page.shell.input_transformers_cleanup)
    page.run("def weather(city: str) -> str:\n    return 'rain'")
    page.run("%glm tools add weather\n%config GLMMagics.temperature = 0.5\n%glm budget 5 yuan")
    notebook.ask("a", "one", line='%%glm -s "Be brief."')
    notebook.run("b", "%%glm -t other\nelsewhere", "two")
    chat = page.magics.chat
    cell = page.run(again)
    assert cell.success and cell.outputs == []
    notebook.ask("c", "three")
    sent = notebook.server.requests[-1].body
    assert [message["content"] for message in sent["messages"]] == ["Be brief.", "about a", "one", "about c"]
    assert sent["temperature"] == 0.5 and [tool["function"]["name"] for tool in sent["tools"]] == ["weather"]
    assert page.magics.chat is chat and chat.budget is not None and chat.budget.limit == 5
    assert notebook.turns("other") == [("elsewhere", "two")]
    notebook.ask("a", "one, again")
    assert notebook.replies() == ["one, again", "three"]
    assert (matchers, transforms) == (page.shell.Completer.custom_matchers, page.shell.input_transformers_cleanup)


def test_a_reload_goes_on_in_the_same_journal(notebook: Notebook, tmp_path: Path) -> None:
    journal = tmp_path / "talk.jsonl"
    notebook.page.run(f"%config GLMMagics.journal = {str(journal)!r}")
    notebook.ask("a", "one")
    notebook.page.run("%reload_ext zhipu_magic")
    notebook.ask("b", "two")
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    assert [line["prompt"] for line in lines if "prompt" in line] == ["about a", "about b"]
    assert len({line["session"] for line in lines if "session" in line}) <= 1


def test_what_is_under_way_goes_on(notebook: Notebook) -> None:
    notebook.run("a", "%%glm --bg -b r\nhello", Raw((sse(chunk("slow")), 0.5, *END)))
    assert notebook.page.run("%reload_ext zhipu_magic").success
    assert notebook.page.run("%glm wait").success
    assert notebook.page.names["r"].state == "complete"


def test_unloading_and_loading_begins_anew(notebook: Notebook) -> None:
    notebook.ask("a", "one")
    notebook.page.run("%unload_ext zhipu_magic\n%load_ext zhipu_magic")
    notebook.ask("b", "two")
    assert notebook.sent() == ["about b"]


def test_after_an_upgrade_the_code_that_runs_is_named(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.ask("a", "one")
    monkeypatch.setattr(zhipu_magic, "__version__", "99.0")
    zhipu_magic.load_ipython_extension(notebook.page.shell)
    assert capsys.readouterr().out == (
        f"zhipu_magic 99.0 is installed now. This kernel goes on with {OWN_VERSION}: restart it to use the new one.\n"
    )
    for command in ("%glm", "%glm version"):
        shown = notebook.page.run(command).plain()
        assert OWN_VERSION in shown and "99.0" not in shown
    notebook.ask("b", "two")
    assert notebook.replies() == ["one", "two"]


def test_no_installer_needs_to_know_the_package(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    def from_name(name: str) -> importlib.metadata.Distribution:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata.Distribution, "from_name", from_name)
    notebook.ask("a", "one")
    assert all(notebook.page.run(command).success for command in ("%glm", "%glm version"))
