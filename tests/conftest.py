"""What every test stands on: the practice server over real sockets, and a clean environment."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import comm
import pytest
from comm.base_comm import BaseComm
from hypothesis import HealthCheck, settings
from in_process import Notebook, Page
from other_server import OtherServer
from restarted import Kernels
from story import Story

from zhipu_magic import Chat
from zhipu_magic.practice import PracticeServer
from zhipu_magic.service import keys
from zhipu_magic.text.languages.language import reader

# No test fails because a machine is slow.
settings.register_profile("at any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("at any speed")

#: Of every server here. A reply that ends like a key begins waits for more: few texts of the tests have these letters.
KEY = "Q7practice.Z9that-only-these-tests-know"


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Collect no garbage meanwhile: of thousands of tests, none goes."""
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines which tests were left out for want of a browser or of node, and how to have them."""
    reasons: dict[str, list[str]] = {"in real browsers": [], "that run node": []}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if "browser" in getattr(report, "keywords", ()):  # a module has none
            reasons["in real browsers"].append(reason)
        elif reason.startswith("needs node"):
            reasons["that run node"].append(reason)
    if any(reasons.values()):
        terminalreporter.section("left out", sep="-")
    for which, why in reasons.items():
        if why:
            terminalreporter.line(f"{len(why)} tests {which} did not run: {'; '.join(sorted(set(why)))}")


@pytest.fixture(scope="module", autouse=True)
def quick_collections() -> None:
    """Each in-process shell ends with a full garbage collection: leave out of it what no test will ever free.

    Each module adds to that: its own tests, and the libraries that they import.
    """
    for name in ("zhipu_magic.service.client", "ipywidgets"):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def no_journals_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Kernels and terminals that serve several tests keep their journals here."""
    os.environ["XDG_DATA_HOME"] = str(tmp_path_factory.mktemp("user data"))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key, address, model, proxy or journal of the machine's own reaches a test."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user data"))
    monkeypatch.setenv("ZHIPU_MAGIC_LANGUAGE", "en")  # whatever that of the machine is
    reader.look_again()
    for name in ("ZHIPUAI_API_KEY", "ZHIPUAI_BASE_URL", "ZHIPU_MAGIC_MODEL", "ZHIPU_MAGIC_REPLAY", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    keys._from_keyring.cache_clear()


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with PracticeServer(pace=0, api_key=KEY) as running:
        yield running
        # A script answers whatever is asked; what was asked must be a request that the service takes all the same, but
        # for the name of a model.
        objections = [received.objection for received in running.requests]
        assert [fault for fault in objections if fault is not None and fault.code != "1211"] == []


@pytest.fixture
def other_server() -> Iterator[OtherServer]:
    """A server that is not ZhiPu AI's."""
    running = OtherServer()
    yield running
    running.close()


@pytest.fixture
def chat(server: PracticeServer) -> Iterator[Chat]:
    asking = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key)
    yield asking
    asking.close()


@pytest.fixture
def bare_page() -> Iterator[Page]:
    """A page with nothing loaded."""
    main = sys.modules["__main__"]
    page = Page()
    yield page
    if "GLMMagics" in page.shell.magics_manager.registry:
        page.run("%unload_ext zhipu_magic")
    atexit.unregister(page.shell.atexit_operations)
    page.shell.atexit_operations()
    sys.modules["__main__"] = (
        main  # the shell has put an empty one in its place, and no process can be started with that
    )


@pytest.fixture
def page(bare_page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> Page:
    """A page with the extension loaded, whose service is the practice server."""
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    assert bare_page.run("%load_ext zhipu_magic").success
    return bare_page


@pytest.fixture
def notebook(page: Page, server: PracticeServer) -> Notebook:
    """The page, with cells that have names."""
    return Notebook(page, server)


@pytest.fixture
def three(notebook: Notebook) -> Notebook:
    """A conversation of the cells a, b and c."""
    for cell in "abc":
        assert notebook.ask(cell, f"{cell} one").success
    return notebook


@pytest.fixture
def story(page: Page, server: PracticeServer) -> Story:
    return Story(page, server)


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What live widgets have told the front end, in order."""
    told: list[str] = []

    class FrontEnd(BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, *rest: Any, **more: Any) -> None:
            told.append(str(((data or {}).get("state") or {}).get("value")))

    monkeypatch.setattr(comm, "create_comm", FrontEnd)
    return told


@pytest.fixture
def kernels(tmp_path: Path, server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernels]:
    """Kernels one after the other, each of which may resume or replay what those before it have kept."""
    started = Kernels(tmp_path, server, monkeypatch)
    yield started
    started.end()
