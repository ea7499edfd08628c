"""What every test stands on: the practice server over real sockets, and a clean environment."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from zhipu_magic import Chat
from zhipu_magic.magics import GLMMagics
from zhipu_magic.practice import PracticeServer


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines which front ends were not tried, and how to get them."""
    left_out = [report for report in terminalreporter.stats.get("skipped", []) if "browser" in report.keywords]
    if left_out:
        terminalreporter.section("front ends left out", sep="-")
        reasons = {report.longrepr[2].removeprefix("Skipped: ") for report in left_out}
        terminalreporter.line(f"{len(left_out)} tests in real browsers did not run: {'; '.join(sorted(reasons))}")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, address, model or proxy of the machine's own reaches a test."""
    for name in ("ZHIPUAI_API_KEY", "ZHIPUAI_BASE_URL", "ZHIPU_MAGIC_MODEL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with PracticeServer(pace=0) as running:
        yield running


@pytest.fixture
def chat(server: PracticeServer) -> Iterator[Chat]:
    asking = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key)
    yield asking
    asking.close()


@dataclass
class Cell:
    """What a cell left on the page: its outputs after all updates, and how it ended."""

    outputs: list[dict[str, Any]]
    error: BaseException | None
    messages: list[dict[str, Any]]
    """Every display message in order, updates among them."""

    @property
    def success(self) -> bool:
        return self.error is None

    def html(self, index: int) -> str:
        return str(self.outputs[index]["data"]["text/html"])

    def markdown(self, index: int = 0) -> str:
        return str(self.outputs[index]["data"]["text/markdown"])

    def plain(self, index: int = 0) -> str:
        return str(self.outputs[index]["data"]["text/plain"])


class Page:
    """A notebook without a kernel: an in-process shell whose display messages are caught."""

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        self.shell = InteractiveShell(config=config)
        self.publisher = CapturingDisplayPublisher()
        self.shell.display_pub = self.publisher

    def run(self, cell: str) -> Cell:
        """Run a cell as a front end would."""
        result = self.shell.run_cell(cell)
        messages, self.publisher.outputs = list(self.publisher.outputs), []
        return Cell(_folded(messages), result.error_before_exec or result.error_in_exec, messages)

    @property
    def names(self) -> dict[str, Any]:
        """The reader's namespace."""
        return self.shell.user_ns

    @property
    def magics(self) -> GLMMagics:
        magics = self.shell.magics_manager.registry["GLMMagics"]
        assert isinstance(magics, GLMMagics)
        return magics


def _folded(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The outputs that stand on the page after all updates, as a front end folds them."""
    outputs: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    for message in messages:
        display_id = (message["transient"] or {}).get("display_id")
        output = {"data": message["data"], "metadata": message["metadata"] or {}}
        if not message["update"]:
            places[display_id] = len(outputs)
            outputs.append(output)
        elif display_id in places:
            outputs[places[display_id]] = output
    return outputs


@pytest.fixture
def bare_page() -> Iterator[Page]:
    """A page with nothing loaded."""
    page = Page()
    yield page
    if "GLMMagics" in page.shell.magics_manager.registry:
        page.run("%unload_ext zhipu_magic")
    atexit.unregister(page.shell.atexit_operations)
    page.shell.atexit_operations()


@pytest.fixture
def page(bare_page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> Page:
    """A page with the extension loaded, whose service is the practice server."""
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    assert bare_page.run("%load_ext zhipu_magic").success
    return bare_page
