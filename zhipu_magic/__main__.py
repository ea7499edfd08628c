"""`python -m zhipu_magic`: `demo` shows the product, `serve` runs the practice server alone, `record` and `replay` run
notebooks: live, and from their journals."""

from __future__ import annotations

import argparse
import errno
import os
import sys
import threading
from pathlib import Path
from typing import NoReturn

from .practice import PracticeServer, ScriptFileError
from .text.languages.argparse_words import argparse_in_language, headings_in_language
from .text.languages.console import show_all
from .text.languages.joined import comma, sentences
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
    demo.set_defaults(run=show_demo)
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


def show_demo(given: argparse.Namespace) -> int:
    """Show the quickstart; gives the exit status."""
    from .notebook.demo import run_demo

    try:
        return run_demo(headless=given.headless)
    except ModuleNotFoundError as missing:
        print(_needs("The demo needs JupyterLab ({name} is missing): pip install jupyterlab notebook", missing))
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
