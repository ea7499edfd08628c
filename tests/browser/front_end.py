"""A real front end as its user has it: a Jupyter server of its own, and a notebook open in a browser.

FrontEnd        JupyterLab or Notebook 7, with none of the machine's own settings
OpenNotebook    a notebook in a browser page, read as its user sees it
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import nbformat
import pytest
from nbformat.sign import NotebookNotary, SQLiteSignatureStore

from hatch_build import write_extension

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

LAB, NOTEBOOK = "jupyterlab", "notebook"
#: Whether this is the oldest JupyterLab that there may be, some of whose ways are not ours to mend.
IS_OLDEST = False
with suppress(PackageNotFoundError):
    IS_OLDEST = version(LAB).startswith("4.2.")
#: For tests that take minutes in all.
AT_LENGTH = pytest.mark.skipif(
    not os.environ.get("ZHIPU_MAGIC_TEST_FRONT_ENDS"), reason="takes minutes: make test-front-ends"
)
#: A kernel that no machine has.
NO_KERNEL = "elsewhere"

#: Seconds for a server to come up, and for any one step in a browser: ten times what an idle machine takes.
START_TIMEOUT = 60.0
STEP_TIMEOUT = 20.0

_LAB, _EXTENSION = Path(__file__).parents[2] / "lab", "zhipu-magic"
_OUTPUT = ".jp-OutputArea-child .jp-OutputArea-output"
_SEEN = f"""index => {{
    const cell = document.querySelectorAll('.jp-Notebook .jp-CodeCell')[index];
    const outputs = [...cell.querySelectorAll('{_OUTPUT}')];
    const panel = cell.querySelector('.zhipu-magic-panel');
    return {{
        prompt: cell.querySelector('.jp-InputPrompt')?.textContent ?? '',
        words: outputs.length ? outputs[0].innerText.trim() : '',
        panel: panel ? panel.innerText.trim() : '',
        live: panel !== null && panel.closest('.jupyter-widgets.widget-html') !== null,
    }};
}}"""

#: Scrolls to the cell, or to the first that has not been seen yet: those that have been stay, and are not displayed.
_SCROLL = """index => {
    const notebook = jupyterapp.shell.currentWidget.content;
    const cells = notebook.widgets.filter(each => each.model.type === 'code');
    const next = Math.min(index, document.querySelectorAll('.jp-Notebook .jp-CodeCell').length);
    notebook.scrollToItem(notebook.widgets.indexOf(cells[next]), 'start').catch(() => {});
}"""


class FrontEnd:
    """A server that serves one front end, its files and its settings all under `home`.

    It has the front-end extension as these sources are, whatever is installed.
    """

    def __init__(self, name: str, home: Path, service: dict[str, str]) -> None:
        self.name = name
        self.notebooks = home / "notebooks"
        self._home = home
        self._service = service
        self._token = secrets.token_hex(16)
        self._address = f"http://127.0.0.1:{free_port()}"
        self._log = home / "log"
        # One client: each loads certificates, which takes longer than what is asked here again and again.
        self._client = httpx.Client(
            base_url=self._address,
            headers={"Authorization": f"token {self._token}"},
            timeout=STEP_TIMEOUT,
            trust_env=False,
        )

    def start(self) -> None:
        """Serve. Raises AssertionError with the server's own words if it does not come up."""
        self.notebooks.mkdir(parents=True)
        self._write_setting(
            "@jupyterlab/apputils-extension/notification", {"fetchNews": "false", "checkForUpdates": False}
        )
        write_extension(_LAB, self._home / "jupyter" / "labextensions" / _EXTENSION, {"version": "0"})
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.name, *self._options()],
                env=self.environment(),
                cwd=self.notebooks,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not self._is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"{self.name} does not come up:\n{self._log.read_text()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the server and its kernels."""
        self._client.close()
        self._process.terminate()
        try:
            self._process.wait(timeout=START_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def write(self, name: str, *cells: str) -> Path:
        """A new notebook with these code cells."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=_kernelspec("python3")
        )
        path = self.notebooks / f"{name}.ipynb"
        nbformat.write(notebook, path)
        return path

    def copy(self, path: Path, name: str, *, kernel: str = "python3", trusted: bool = True) -> Path:
        """The notebook on another desk: with this kernel or with `NO_KERNEL`, its user trusting it or not."""
        notebook = nbformat.read(path, as_version=4)
        # A notebook is trusted by its content: one word that is not in the original makes the copy another one.
        notebook.metadata = _kernelspec(kernel) | {"title": name}
        if trusted:
            self._sign(notebook)
        copy = self.notebooks / f"{name}.ipynb"
        nbformat.write(notebook, copy)
        return copy

    def url(self, path: Path) -> str:
        # A workspace of its own: what another notebook's page has opened beside it, such as a sidebar, is not there.
        view = f"doc/workspaces/{path.stem.encode().hex()}/tree" if self.name == LAB else "notebooks"
        return f"{self._address}/{view}/{path.name}?token={self._token}"

    @contextmanager
    def setting(self, plugin: str, value: dict[str, Any]) -> Iterator[None]:
        """Have a setting of the user's so, for pages that are opened meanwhile."""
        written = self._write_setting(plugin, value)
        try:
            yield
        finally:
            written.unlink()

    @contextmanager
    def without_extension(self, *names: str) -> Iterator[None]:
        """Have our extension disabled, or those of these `names`, for pages that are opened meanwhile."""
        written = self._home / "config" / "labconfig" / "page_config.json"
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(json.dumps({"disabledExtensions": dict.fromkeys(names or (_EXTENSION,), True)}))
        try:
            yield
        finally:
            written.unlink()

    def has_kernel_for(self, path: Path) -> bool:
        """Whether a kernel is ready, and a page with this notebook connected to it."""
        kernels = [each["kernel"] for each in self._call("GET", "/api/sessions").json() if each["path"] == path.name]
        return any(kernel["connections"] > 0 and kernel["execution_state"] == "idle" for kernel in kernels)

    def interrupt_kernels(self) -> None:
        """Interrupt every kernel, as from another page."""
        for session in self._call("GET", "/api/sessions").json():
            self._call("POST", f"/api/kernels/{session['kernel']['id']}/interrupt")

    def shut_kernels_down(self) -> None:
        """End every kernel, as at the end of the day."""
        for session in self._call("GET", "/api/sessions").json():
            self._call("DELETE", f"/api/sessions/{session['id']}")

    def _call(self, method: str, path: str) -> httpx.Response:
        return self._client.request(method, path).raise_for_status()

    def _is_up(self) -> bool:
        try:
            return self._call("GET", "/api/status").is_success
        except httpx.HTTPError:
            return False

    def _write_setting(self, plugin: str, value: dict[str, Any]) -> Path:
        path = self._home / "settings" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
        return path

    def _sign(self, notebook: nbformat.NotebookNode) -> None:
        store = SQLiteSignatureStore(db_file=str(self._home / "data" / "nbsignatures.db"))
        secret = str(self._home / "data" / "notebook_secret")
        NotebookNotary(store_factory=lambda: store, secret_file=secret).sign(notebook)
        store.close()

    def _options(self) -> list[str]:
        return [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self._address.rpartition(':')[2]}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.notebooks}",
            f"--IdentityProvider.token={self._token}",
            f"--{'LabApp' if self.name == LAB else 'JupyterNotebookApp'}.expose_app_in_browser=True",
        ]

    def environment(self) -> dict[str, str]:
        """Variables for a process that has the same places, and none of the machine's own settings."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "IPYTHON", "ZHIPU")) and not name.lower().endswith("_proxy")
        }
        places = {
            "HOME": "home",
            "IPYTHONDIR": "ipython",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_PATH": "jupyter",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        }
        return inherited | {name: str(self._home / place) for name, place in places.items()} | self._service


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _kernelspec(name: str) -> dict[str, Any]:
    # With a language that there is a kernel for, a front end takes that kernel without a word.
    language = "python" if name == "python3" else name
    return {"kernelspec": {"name": name, "display_name": name, "language": language}}


class OpenNotebook:
    """A notebook that a user has before them."""

    def __init__(self, front_end: FrontEnd, page: Page, path: Path) -> None:
        self.page = page
        self.path = path
        self._front_end = front_end
        self.dialogs: list[str] = []
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))

    # What the user does

    def load(self) -> None:
        """Open it, or open it again."""
        self.page.goto(self._front_end.url(self.path))
        self.page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()

    def wait_for_kernel(self) -> None:
        self._wait_until(
            lambda: self._front_end.has_kernel_for(self.path), "The kernel does not come up.", START_TIMEOUT
        )

    def go_without_kernel(self) -> None:
        """Answer the question that a front end asks when it has no such kernel."""
        self.page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()

    def run(self, index: int) -> None:
        """Shift-Enter in the cell."""
        self.reach(index)
        self.cell(index).locator(".cm-content").click()
        self._forget_runs(self.cell(index))
        self.page.keyboard.press("Shift+Enter")

    def finish(self, *indices: int) -> None:
        """Run the cells one after the other, each to its end."""
        for index in indices:
            self.run(index)
            self.wait_until_ended(index)

    def run_all(self, count: int) -> None:
        """Run > Run All Cells, to the end of them, which are `count`."""
        self._forget_runs(self.page.locator(".jp-Notebook"))
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        for index in range(count):
            self.reach(index)
            self.wait_until_ended(index)

    def edit(self, index: int, source: str) -> None:
        """Write something else in the cell."""
        self.reach(index)
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def press(self, index: int, *keys: str) -> None:
        """Choose the cell, and press keys beside it rather than in it."""
        self.reach(index)
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Escape")
        for key in keys:
            self.page.keyboard.press(key)

    def reach(self, index: int) -> None:
        """Scroll to the cell, which JupyterLab 4.2 has on the page only where it is in sight."""
        editor, asked = self.cell(index).locator(".cm-content"), 0.0

        def is_seen() -> bool:
            nonlocal asked
            if not editor.is_visible() and time.monotonic() - asked > 0.5:
                self.page.evaluate(_SCROLL, index)
                asked = time.monotonic()
            return editor.is_visible()

        self._wait_until(is_seen, f"Cell {index} is nowhere on the page.")

    def open_palette(self) -> None:
        """Ctrl-Shift-C, to the list of commands."""
        palette, pressed = self.page.locator(".lm-CommandPalette-input"), 0.0

        def is_open() -> bool:
            nonlocal pressed
            if time.monotonic() - pressed > 2:  # pressed before the page knows its shortcuts, it does nothing
                self.page.keyboard.press("Control+Shift+c")
                pressed = time.monotonic()
            return palette.is_visible()

        self._wait_until(is_open, "The command palette does not open.")

    def interrupt(self) -> None:
        """The stop button."""
        self.page.locator('[data-command="notebook:interrupt-kernel"]').first.click()

    def restart(self) -> None:
        """The restart button, confirmed; gives when the new kernel is up."""
        self.page.locator('[data-command="notebook:restart-kernel"]').first.click()
        with self.page.expect_response(lambda response: response.url.partition("?")[0].endswith("/restart")):
            self.page.get_by_role("button", name="Confirm Kernel Restart").click()

    def save(self) -> nbformat.NotebookNode:
        """Ctrl-S; gives what is then in the file."""
        before, pressed = self.path.stat().st_mtime_ns, 0.0

        def is_saved() -> bool:
            nonlocal pressed
            if time.monotonic() - pressed > 2:  # pressed while it is being saved, it does nothing
                self.page.keyboard.press("Control+s")
                pressed = time.monotonic()
            return self.path.stat().st_mtime_ns != before and self._is_whole()

        self._wait_until(is_saved, "It is not saved.")
        return nbformat.read(self.path, as_version=4)

    def wait_until_saved(self) -> None:
        """Until the page knows that it is: left before, it would ask."""
        self.page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")

    def _is_whole(self) -> bool:
        """Whether the file can be read: the server writes it in place."""
        try:
            nbformat.read(self.path, as_version=4)
        except nbformat.reader.NotJSONError:
            return False
        return True

    # What the user sees

    def cell(self, index: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)

    def find(self, words: str) -> int:
        """Where the first cell is whose source holds these words."""
        lines = self.page.locator(".jp-Notebook .jp-CodeCell .cm-content").all_inner_texts()
        return next(index for index, source in enumerate(lines) if words in source)

    def outputs(self, index: int) -> Locator:
        return self.cell(index).locator(_OUTPUT)

    def panel(self, index: int) -> Locator:
        return self.cell(index).locator(".zhipu-magic-panel")

    def wait_for(self, index: int, condition: str) -> None:
        """Wait for a moment at which the cell is so: JavaScript on its `prompt`, `words`, `panel` and `live`."""
        from playwright.sync_api import TimeoutError

        test = f"({{prompt, words, panel, live}}) => ({condition})"
        try:
            self.page.wait_for_function(f"index => ({test})(({_SEEN})(index))", arg=index)
        except TimeoutError:
            raise AssertionError(
                f"Cell {index} was never seen with {condition}; at last {self.page.evaluate(_SEEN, index)}"
            ) from None

    def wait_until_ended(self, index: int) -> None:
        self.wait_for(index, r"/^\[\d+\]:$/.test(prompt)")

    def _forget_runs(self, part: Locator) -> None:
        """Blank the numbers of earlier runs, so that the next run's are not taken for them."""
        part.locator(".jp-InputPrompt").evaluate_all("prompts => prompts.forEach(each => each.textContent = ' ')")

    def _wait_until(self, condition: Callable[[], bool], complaint: str, seconds: float = STEP_TIMEOUT) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, complaint
            self.page.wait_for_timeout(50)  # not a plain sleep: the page goes on meanwhile
