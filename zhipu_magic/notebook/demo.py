"""The demo: a copy of the quickstart in JupyterLab, or run without a browser; it starts its own practice server."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import webbrowser
from asyncio import CancelledError
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from ..chat.environment import MODEL_VARIABLE, REPLAY_VARIABLE
from ..text.languages.console import has_chinese
from ..text.languages.language import LANGUAGE_VARIABLE, language_named, reader
from ..text.languages.messages import _, told
from .front_ends import SESSION_VARIABLE
from .page.jupyterlab_language import chosen


def run_demo(*, headless: bool) -> int:
    """Show a copy of the quickstart, so that nothing the user tries changes it; gives the exit status.

    That is 130 for a dialogue which did not come to its end, and 0 for a JupyterLab that was ended, since it has no
    other end. However the demo ends, it leaves nothing behind: neither files nor programs. Raises ModuleNotFoundError
    without JupyterLab.
    """
    _end_on_signals()
    locale = _locale()
    if has_chinese():
        reader.choose(locale)  # what is printed reads as the page does
    with TemporaryDirectory(prefix="zhipu_magic-") as folder:
        notebook = Path(folder, "quickstart.ipynb")
        shutil.copy(_quickstart(locale), notebook)
        try:
            return _print_dialogue(notebook) if headless else _open_lab(notebook, locale)
        except (KeyboardInterrupt, CancelledError):
            return 130


def _end_on_signals() -> None:
    """Have whatever asks this program to end do so as Ctrl-C does: a closed terminal too, unless `nohup` ignores it."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def has_browser() -> bool:
    """Whether a browser can open a window here."""
    if sys.platform not in ("win32", "darwin") and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))):
        return False  # a browser for terminals may be there, which cannot show JupyterLab
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _quickstart(locale: str) -> Path:
    """The notebook in the language of the demo: inside an installed package, or at the top of the repository."""
    here, is_chinese = Path(__file__).parent, language_named(locale) == "zh"
    installed = here / ("quickstart_zh.ipynb" if is_chinese else "quickstart.ipynb")
    notebooks = here.parent.parent / "notebooks"
    return installed if installed.exists() else (notebooks / "zh" if is_chinese else notebooks) / "quickstart.ipynb"


def _locale() -> str:
    """The locale of the demo: our own variable names it, or the user's JupyterLab, or the system."""
    own = language_named(os.environ.get(LANGUAGE_VARIABLE, ""))
    language = chosen(os.environ) if own is None else ""
    return language or {"zh": "zh_CN", "en": "en"}[own or reader.language]


def _write_settings(folder: Path, locale: str) -> None:
    """Settings of the demo's own: JupyterLab is shown in the demo's language, and asks nothing about news."""
    plugins = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        # Without its language pack, JupyterLab is shown in English, whatever is set.
        "translation-extension/plugin": {"locale": locale},
    }
    for plugin, settings in plugins.items():
        path = folder / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(settings), encoding="utf-8")


def _open_lab(notebook: Path, locale: str) -> int:
    """Serve JupyterLab until Ctrl-C, in a browser if there is one; say at which address."""
    import_module("jupyterlab")  # fails early if it is missing

    opens = has_browser()
    # The address is ours to print, where nothing stands around it: warnings alone are logged.
    options = ["--ServerApp.ip=127.0.0.1", "--log-level=WARN", "--LabApp.log_level=WARN"]
    options += ["--ServerApp.answer_yes=True"]  # Ctrl-C ends it, as is said, and asks nothing
    options += [] if opens else ["--no-browser"]
    options += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    settings = notebook.parent / ".settings"  # the user's own are left alone, and so is their workspace
    _write_settings(settings, locale)
    # A token in the environment is seen by no other user, unlike one in a command line.
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(24)
    environment = {
        **_surroundings(),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(settings / "workspaces"),
        "JUPYTER_TOKEN": token,
    }
    subprocess.run([sys.executable, "-m", "jupyter", "trust", notebook], stdout=subprocess.DEVNULL)
    if opens:
        said = _("JupyterLab opens in the browser, on a copy of the quickstart …")
    else:
        said = _("JupyterLab starts, on a copy of the quickstart …")
    print(told(said), flush=True)
    lab = [sys.executable, "-m", "jupyter", "lab", *options, notebook.name]
    with subprocess.Popen(lab, cwd=notebook.parent, env=environment) as process:
        try:
            if port := _port_of(notebook.parent, process):
                address = f"http://127.0.0.1:{port}/lab/tree/{notebook.name}?token={token}"
                print(told(_where(address, port, opens=opens)))
                print(told(_("Ctrl-C here ends it, and deletes what was saved there.")), flush=True)
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()  # on which JupyterLab shuts down cleanly
            return 0


def _surroundings() -> dict[str, str]:
    """The environment of the demo: nobody's journal answers, and the practice server knows no model of others."""
    return {name: value for name, value in os.environ.items() if name not in (MODEL_VARIABLE, REPLAY_VARIABLE)}


def _interrupt(*_signal: object) -> NoReturn:
    raise KeyboardInterrupt


def _port_of(folder: Path, process: subprocess.Popen[bytes]) -> int | None:
    """The port of the server of this folder, once it listens; None if it ends before."""
    servers: Any = import_module("jupyter_server.serverapp")
    while process.poll() is None:
        for server in servers.list_running_servers():
            if os.path.realpath(server.get("root_dir", "")) == os.path.realpath(folder):
                return int(server["port"])
        time.sleep(0.1)
    return None


def _where(address: str, port: int, *, opens: bool) -> str:
    """How to get to the page."""
    if opens:
        return _("If no window opens, open this address: {address}", address=address)
    return _(
        "There is no browser here. Open this address on this machine:\n\n    {address}\n\n"
        "To open it on another one, first run this there: ssh -L {port}:127.0.0.1:{port} HOST",
        address=address,
        port=port,
    )


def _print_dialogue(notebook: Path) -> int:
    from nbclient import NotebookClient

    nbformat: Any = import_module("nbformat")  # which has no types
    page = nbformat.read(notebook, as_version=4)
    print(told(_("The quickstart runs without a browser; what it shows follows in a few seconds.")))
    print(flush=True)
    client = NotebookClient(
        page,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": notebook.parent}},
        # Newer kernels warn of connections without encryption; this one is on this machine, for some seconds.
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    # Its journal stands beside it, and so goes with it.
    client.execute(env={**_surroundings(), SESSION_VARIABLE: str(notebook)})
    for cell in page.cells:
        if cell.cell_type == "code":
            print("\n".join(f"│ {line}" for line in cell.source.splitlines()))
            for output in cell.outputs:
                text = output["text"] if output.output_type == "stream" else output["data"]["text/plain"]
                print(f"\n{text.rstrip()}")
            print()
    return 0
