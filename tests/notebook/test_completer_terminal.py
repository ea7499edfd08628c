"""The Tab key in the IPython terminal, in a pseudo-terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from test_terminal import surroundings

from zhipu_magic.practice import Answer, PracticeServer

pexpect = pytest.importorskip("pexpect", reason="a pseudo-terminal needs pexpect")
if sys.platform == "win32":
    pytest.skip("there is no pseudo-terminal on Windows", allow_module_level=True)

TAB, ENTER, INTERRUPT = "\t", "\r", "\x03"


class Keyboard:
    """IPython as it is when a person types: with its menus."""

    def __init__(self, home: str, service: dict[str, str]) -> None:
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", "--no-banner", "--colors=nocolor", "--HistoryManager.enabled=False"],
            env=surroundings(home) | service,
            encoding="utf-8",
            dimensions=(50, 120),
            timeout=20,
        )
        self.child.delaybeforesend = None
        self.count = 0
        self.until_prompt()

    def until_prompt(self) -> str:
        """What is written until IPython waits for the next cell."""
        self.count += 1
        self.child.expect_exact(f"In [{self.count}]:")
        printed: str = self.child.before
        return printed

    def press(self, keys: str) -> None:
        self.child.send(keys)

    def run(self, line: str) -> str:
        self.press(line + ENTER)
        return self.until_prompt()

    def complete(self, typed: str, rest: str) -> None:
        """Type this, press Tab, and wait for what that brings."""
        self.press(typed + TAB)
        self.see(rest)

    def see(self, text: str) -> None:
        self.child.expect_exact(text)


@pytest.fixture
def keyboard(server: PracticeServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyboard]:
    service = {"ZHIPUAI_BASE_URL": server.base_url, "ZHIPUAI_API_KEY": server.api_key}
    running = Keyboard(str(tmp_path_factory.mktemp("ipython")), service)
    running.run("%load_ext zhipu_magic")
    yield running
    running.child.close(force=True)


def test_an_option_and_a_reference_are_completed_and_sent(keyboard: Keyboard, server: PracticeServer) -> None:
    server.enqueue(Answer("Enough."))
    keyboard.run("inventory = 'seven bolts'")
    keyboard.complete("%%glm --mod", "el")
    keyboard.complete(f" glm-4{ENTER}We have {{{{ inv", "entory")
    keyboard.press(" }}" + ENTER + ENTER + ENTER)
    assert "Enough." in keyboard.until_prompt()
    body = server.requests[0].body
    assert body["model"] == "glm-4"
    assert [message["content"] for message in body["messages"]] == ["We have seven bolts"]


def test_models_and_commands_are_offered_in_a_menu(keyboard: Keyboard) -> None:
    keyboard.complete("%%glm -m glm-4.7", " glm-4.7-flashx")
    keyboard.see(" glm-4.7-flash ")
    keyboard.press(INTERRUPT + INTERRUPT)  # the menu, then the line
    keyboard.complete("%glm versi", "on")
    keyboard.press(ENTER)
    assert "zhipu_magic" in keyboard.until_prompt()
