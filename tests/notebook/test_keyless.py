"""A page without a key: the journal answers what it knows, each reply says so, and nothing else is answered."""

from __future__ import annotations

import pytest
from in_process import Cell, Page
from restarted import Kernels

from zhipu_magic.practice import Answer

NOTE = "There is no API key: replies come from the journal. %glm login has the service asked.\n"
NO_KEY = "There is no API key yet."


@pytest.fixture
def keyless(kernels: Kernels, monkeypatch: pytest.MonkeyPatch) -> Page:
    """A page whose journal knows a greeting, in a kernel without a key."""
    kernels.server.enqueue(Answer("one"))
    assert kernels.start("").run("%%glm\n你好").plain() == "one"
    page = kernels.start("")
    monkeypatch.delenv("ZHIPUAI_API_KEY")
    return page


def is_replayed(cell: Cell) -> bool:
    return bool(cell.outputs[0]["metadata"]["zhipu_magic"].get("replayed"))


def fails(page: Page, prompt: str) -> bool:
    cell = page.run(f"%%glm\n{prompt}")
    return not cell.success and NO_KEY in str(cell.error)


def test_what_the_journal_knows_is_answered_and_each_reply_says_why(kernels: Kernels, keyless: Page) -> None:
    for _ in range(2):
        cell = keyless.run("%%glm --once\n你好", "a cell")
        assert cell.plain() == "one" and is_replayed(cell)
        assert cell.plain(1).startswith(NOTE)
    assert kernels.asked == 1


def test_what_it_does_not_know_is_the_error_that_it_was(kernels: Kernels, keyless: Page) -> None:
    assert fails(keyless, "second")
    assert NOTE not in keyless.run("%glm history").plain()
    kernels.journal.unlink()
    assert fails(kernels.start(""), "你好") is False  # with a key it is asked


def test_with_a_key_the_service_is_asked_again(kernels: Kernels, keyless: Page) -> None:
    assert is_replayed(keyless.run("%%glm --once\n你好"))
    keyless.session.chat.service.login(kernels.server.api_key)
    kernels.server.enqueue(Answer("two"))
    cell = keyless.run("%%glm --once\n你好")
    assert cell.plain() == "two" and NOTE not in cell.plain(1)
    assert keyless.session.settings.replay == "off"


def test_practice_answers_by_itself(keyless: Page) -> None:
    assert is_replayed(keyless.run("%%glm --once\n你好"))
    keyless.run("%glm practice")
    cell = keyless.run("%%glm --once\n你好")
    assert not is_replayed(cell) and NOTE not in cell.plain(1)


def test_what_the_user_has_said_holds(kernels: Kernels, keyless: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_replayed(keyless.run("%%glm --once\n你好"))
    keyless.run('%config GLMMagics.replay = "off"')
    assert fails(keyless, "你好")
    page = kernels.start("off")
    monkeypatch.delenv("ZHIPUAI_API_KEY")
    assert fails(page, "你好")
