"""`python -m zhipu_magic`: `demo` shows the product, `serve` runs the practice server alone, `record` and `replay` run
notebooks: live, and from their journals."""

from __future__ import annotations

import argparse
import errno
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
import webbrowser
from asyncio import CancelledError
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from .practice import PracticeServer, ScriptFileError
from .text.languages.argparse_words import argparse_in_language, headings_in_language
from .text.languages.console import show_all
from .text.languages.joined import comma, sentences
from .text.languages.language import LANGUAGE_VARIABLE, language_named, reader
from .text.languages.messages import N_, _, told
from .text.languages.system_words import why


def main(arguments: list[str] | None = None) -> int:
    """Run one of them; gives the exit status."""
    show_all()
    with argparse_in_language():
        given = _parser().parse_args(arguments)
    try:
        status: int = given.run(given)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read what is printed has ended, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _parser() -> _Parser:
    parser = _Parser(prog="python -m zhipu_magic", description=_help(_ABOUT))
    commands = parser.add_subparsers(required=True, metavar="demo | serve | record | replay")
    demo = commands.add_parser("demo", help=_help("JupyterLab on the quickstart, with the practice server behind it"))
    demo.add_argument(
        "--headless", action="store_true", help=_help("no browser: run the notebook and print the dialogue")
    )
    demo.set_defaults(run=lambda given: run_demo(headless=given.headless))
    serve = commands.add_parser("serve", help=_help("the practice server, until Ctrl-C"))
    serve.add_argument("--port", type=_port, default=0, help=_help("the port on 127.0.0.1 (default: a free one)"))
    serve.add_argument("--pace", type=_pace, default=60.0, help=_help("chunks per second; 0: no limit (default: 60)"))
    serve.add_argument(
        "--limit", type=_limit, help=_help("requests in flight at once; more get 429, code 1302 (default: any)")
    )
    serve.add_argument(
        "--script", metavar="FILE", help=_help("prompts and their replies, in YAML or JSON (docs/practice.md)")
    )
    serve.set_defaults(run=run_server)
    for name, help_text in (
        ("record", N_("run notebooks live; write their journals, and save them with their outputs")),
        ("replay", N_("run notebooks from their journals, without key and network, and compare their outputs")),
    ):
        command = commands.add_parser(name, help=_help(help_text))
        command.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
        command.set_defaults(name=name, run=run_notebooks)
        if name == "replay":
            command.add_argument(
                "--outputs-optional",
                action="store_true",
                help=told(
                    _("cells that were saved without outputs, as nbstripout leaves them, are run and not compared")
                ),
            )
    return parser


_ABOUT = N_(
    "`demo` shows the product, `serve` runs the practice server alone, `record` and `replay` run notebooks: live, and "
    "from their journals."
)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without listing all usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")

    def format_help(self) -> str:
        return headings_in_language(super().format_help())


def _help(template: str) -> str:
    return told(_(template))


def _wrong(template: str, text: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(told(_(template, text=text[:20])))


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) < 2**16):
        raise _wrong("{text!r} is not a valid port: give a number up to 65535, or none for a free one", text)
    return int(text)


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = -1.0
    if not pace >= 0:
        raise _wrong("{text!r} is not a valid pace: give chunks per second, or 0 for no limit", text)
    return pace


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) > 0):
        raise _wrong("{text!r} is not a valid limit: give a number from 1 on, or leave --limit out for no limit", text)
    return int(text)


def run_server(given: argparse.Namespace) -> int:
    """Serve until interrupted, and say how the plain SDK gets here."""
    server = PracticeServer(port=given.port, pace=given.pace, limit=given.limit)
    try:
        server.read_script(given.script)
        server.start()
    except ScriptFileError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        another = _("Give another --port, or none for a free one.")
        print(told(sentences(_no_port(given.port, error), another)), file=sys.stderr)
        return 2
    with server:
        print(told(_("The practice server is listening; there is no model behind it. Ctrl-C ends it. For the SDK:")))
        print()
        print(f"export ZHIPUAI_BASE_URL={server.base_url}")
        print(f"export ZHIPUAI_API_KEY={server.api_key}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()
    return 0


def _no_port(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return _("Port {port} is in use by another program.", port=port)
    if isinstance(error, PermissionError):
        return _("Port {port} is reserved for the system, like most ports below 1024.", port=port)
    return _("Port {port} cannot be used: {why}.", port=port, why=why(error))


def run_notebooks(given: argparse.Namespace) -> int:
    """Record or replay each of them; gives the exit status."""
    from .notebook import runner

    missing = [path for path in given.notebooks if not path.is_file()]
    if missing:
        print(told(_("There is no notebook {missing}.", missing=comma(map(str, missing)))))
        return 2
    try:
        if given.name == "record":
            return max([runner.record(path) for path in given.notebooks])
        return max([runner.replay(path, outputs_optional=given.outputs_optional) for path in given.notebooks])
    except KeyboardInterrupt:
        return 130
    except ModuleNotFoundError as error:
        print(_needs("Running notebooks needs JupyterLab ({name} is missing): pip install jupyterlab notebook", error))
        return 1


def _needs(template: str, missing: ModuleNotFoundError) -> str:
    return told(_(template, name=missing.name))


def run_demo(*, headless: bool) -> int:
    """Show a copy of the quickstart, so that nothing the user tries changes it; it starts its own practice server.

    However the demo ends, it leaves nothing behind: neither files nor programs.
    """
    _end_on_signals()
    with TemporaryDirectory(prefix="zhipu_magic-") as folder:
        notebook = Path(folder, "quickstart.ipynb")
        shutil.copy(_quickstart(), notebook)
        try:
            return _print_dialogue(notebook) if headless else _open_lab(notebook)
        except ModuleNotFoundError as missing:
            print(_needs("The demo needs JupyterLab ({name} is missing): pip install jupyterlab notebook", missing))
            return 1
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


def _quickstart() -> Path:
    """The notebook in the reader's language: inside an installed package, or at the top of the repository."""
    here, is_chinese = Path(__file__).parent, language_named(_locale()) == "zh"
    installed = here / "notebook" / ("quickstart_zh.ipynb" if is_chinese else "quickstart.ipynb")
    notebooks = here.parent / "notebooks"
    return installed if installed.exists() else (notebooks / "zh" if is_chinese else notebooks) / "quickstart.ipynb"


def _locale() -> str:
    """The locale of the demo: our own variable names it, or the user's JupyterLab, or the system."""
    from .notebook.page.jupyterlab_language import chosen

    own = language_named(os.environ.get(LANGUAGE_VARIABLE, ""))
    language = chosen(os.environ) if own is None else ""
    return language or {"zh": "zh_CN", "en": "en"}[own or reader.language]


def _write_settings(folder: Path) -> None:
    """Settings of the demo's own: JupyterLab is shown in its language, and asks nothing about news."""
    plugins = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        # Without its language pack, JupyterLab is shown in English, whatever is set.
        "translation-extension/plugin": {"locale": _locale()},
    }
    for plugin, settings in plugins.items():
        path = folder / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(settings), encoding="utf-8")


def _open_lab(notebook: Path) -> int:
    """Serve JupyterLab until Ctrl-C, in a browser if there is one; say at which address."""
    import_module("jupyterlab")  # fails early if it is missing

    opens = has_browser()
    # The address is ours to print, where nothing stands around it: warnings alone are logged.
    options = ["--ServerApp.ip=127.0.0.1", "--log-level=WARN", "--LabApp.log_level=WARN"]
    options += ["--ServerApp.answer_yes=True"]  # Ctrl-C ends it, as is said, and asks nothing
    options += [] if opens else ["--no-browser"]
    options += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    settings = notebook.parent / ".settings"  # the user's own are left alone, and so is their workspace
    _write_settings(settings)
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
    from .chat.environment import MODEL_VARIABLE, REPLAY_VARIABLE

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

    from .notebook.front_ends import SESSION_VARIABLE

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


if __name__ == "__main__":
    raise SystemExit(main())
