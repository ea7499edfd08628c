"""Two users in one document, by jupyter-collaboration, which .venv-beside has (make test-front-ends)."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from front_end import STEP_TIMEOUT, FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, PracticeServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(importlib.util.find_spec("jupyter_collaboration") is None, reason="needs jupyter-collaboration"),
    pytest.mark.parametrize("server", [0], indirect=True),
]

Open = Callable[..., OpenNotebook]

CELLS = ("%load_ext zhipu_magic", "%%glm\nfirst", "%%glm\nsecond", "%%glm\nthird", "pass")
MARK = ".jp-Notebook .zhipu-magic-stale"


def sees_stale(user: OpenNotebook, *words: str) -> None:
    """Wait until this user sees marks at these cells and at no other."""
    from playwright.sync_api import expect

    expect(user.page.locator(MARK)).to_have_count(len(words))
    for each in words:
        expect(user.cell(user.find(each)).locator(".zhipu-magic-stale")).to_have_count(1)


def asks(user: OpenNotebook, server: PracticeServer, words: str) -> list[str]:
    """Have the user run the cell with these words. Returns the prompts of its request."""
    server.enqueue(Answer(words.upper()))
    user.finish(user.find(words))
    return [message["content"] for message in server.requests[-1].body["messages"]][::2]


@pytest.fixture
def elsewhere(browser: Browser) -> Iterator[BrowserContext]:
    """A window of the other user's: of two pages in one window, only one is seen."""
    window = browser.new_context()
    window.set_default_timeout(STEP_TIMEOUT * 1000)
    yield window
    window.close()


@pytest.mark.timeout(300)
def test_what_one_user_changes_the_other_sees_and_asks_by(
    lab: FrontEnd, server: PracticeServer, opened: Open, elsewhere: BrowserContext
) -> None:
    from playwright.sync_api import expect

    path = lab.write("together", *CELLS)
    one = opened(lab, path)
    one.wait_for_kernel()
    other = OpenNotebook(lab, elsewhere.new_page(), path)
    other.load()
    expect(other.page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(5)
    one.finish(0)
    for words in ("first", "second", "third"):
        asks(one, server, words)
    other.press(other.find("first"), "b")
    expect(one.page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(6)
    other.edit(other.find("first") + 1, "%%glm\nbetween")
    assert asks(other, server, "between") == ["first", "between"]
    for user in (one, other):
        sees_stale(user, "second", "third")
    one.press(one.find("first"), "d", "d")
    for user in (one, other):
        sees_stale(user, "between", "second", "third")
    assert asks(other, server, "third") == ["between", "second", "third"]
    elsewhere.close()  # of the user who has gone, nothing is lost
    assert asks(one, server, "second") == ["between", "second"]
