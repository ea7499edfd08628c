"""`%%glm` and `%glm`: a thin skin over the chat.

`cell_options` reads a cell's first line, `commands` carries out `%glm` lines. Both, and the chat itself, are imported
when they are first needed: `%load_ext` costs a notebook next to nothing.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, cast

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from traitlets import Bool, Enum, Float, Int, TraitError, Unicode, default, observe, validate

from .errors import GLMError, Interrupted, InvalidRequest

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

    from .chat import Chat
    from .options import Options
    from .practice import PracticeServer
    from .reply import Reply
    from .view.dashboard import Dashboard
    from .view.notebook import Notebook
    from .view.panel import PanelMode
    from .view.terminal import Terminal


_Function = TypeVar("_Function", bound=Callable[..., None])


def _magic(kind: Any, room: str) -> Callable[[_Function], _Function]:
    """Mark a method as the magic `glm` of one kind, whose line is taken as written, and whose help `room` knows."""

    def help_text() -> str:
        text: str = import_module(f".{room}", __package__).help_text()
        return text

    def mark(function: _Function) -> _Function:
        @functools.wraps(function)
        def magic(*arguments: Any) -> None:
            try:
                function(*arguments)
            except KeyboardInterrupt:
                raise Interrupted("Interrupted.") from None

        magic.getdoc = help_text  # type: ignore[attr-defined]  # a mark that `?` looks for
        marked: _Function = kind("glm")(no_var_expand(magic))
        return marked

    return mark


class BadSetting(TraitError):
    """A setting that cannot be; in a notebook it prints as its message alone."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


@magics_class
class GLMMagics(Magics):
    """How `%%glm` asks and shows. Set with %config GLMMagics.NAME = VALUE, or in an IPython config file."""

    model = Unicode(help="The model that is asked. ZHIPU_MAGIC_MODEL changes the default.").tag(config=True)
    base_url = Unicode(
        "", help="The service's address; empty: ZHIPUAI_BASE_URL, then https://open.bigmodel.cn/api/paas/v4."
    ).tag(config=True)
    system = Unicode("", help="The system text that stands before all turns.").tag(config=True)
    stream = Bool(True, help="Show the reply while it is made; otherwise once, when it is whole.").tag(config=True)
    panel = Enum(
        ["settle", "live", "off"],
        "settle",
        help="What stands under a reply: a widget that settles into HTML (settle); one that stays, and the dashboard "
        "too, but cannot be shown once its kernel is gone (live); or nothing (off).",
    ).tag(config=True)
    temperature = Float(
        None, allow_none=True, help="0 to 1: how freely the model picks words; None leaves it to the model."
    ).tag(config=True)
    timeout = Float(60.0, help="Seconds without a byte after which a reply is given up.").tag(config=True)
    max_retries = Int(3, help="How often a busy service is asked again, before the first word.").tag(config=True)

    def __init__(self, shell: InteractiveShell) -> None:
        self._practice_server: PracticeServer | None = None
        self._view: Notebook | Terminal | None = None
        self._dashboard: Dashboard | None = None
        self._cell: ExecutionInfo | None = None
        self.idle = threading.Event()
        self._chat: Chat | None = None
        super().__init__(shell)

    # The magics

    @_magic(cell_magic, "cell_options")
    def ask_cell(self, line: str, cell: str) -> None:
        from . import cell_options

        given = cell_options.parse(line)
        # IPython ends every cell with a newline, and a terminal ends one by empty lines: they are not the reader's.
        text = cell.rstrip("\n") if self._in_terminal else cell.removesuffix("\n")
        self.ask(text, given.asked, bind=given.bind, quiet=given.quiet)

    @_magic(line_magic, "commands")
    def command(self, line: str) -> None:
        from . import commands

        commands.run(self, line)

    def ask(self, prompt: str, options: Options | None = None, *, bind: str | None = None, quiet: bool = False) -> None:
        """Ask, show the reply while it grows, and bind what is kept of it. Raises GLMError."""
        if not prompt.strip():
            raise InvalidRequest(
                "There is nothing to send: the prompt is empty.",
                hint="Write it on the lines below %%glm, or after %glm ask.",
            )
        streamed = options.stream if options is not None else None
        reply: Reply | None = None
        try:
            reply = self.chat.ask(prompt, options)
            self.view.show(
                self.chat,
                reply,
                panel="off" if quiet else cast("PanelMode", self.panel),
                streamed=self.stream if streamed is None else streamed,
                alone=self._is_alone(),
            )
        except KeyboardInterrupt:
            self.chat.interrupt()
            raise Interrupted(f"Interrupted. {reply.outcome}" if reply else "Interrupted before it began.") from None
        finally:
            if reply is not None and reply.is_kept:
                self._bind(reply, bind)
            self._after_turn()

    def _is_alone(self) -> bool:
        """Whether the running cell is a `%%glm` cell and nothing else, so that all on its page is ours."""
        return self._cell is not None and (self._cell.raw_cell or "").lstrip().startswith("%%glm")

    def _bind(self, reply: Reply, name: str | None) -> None:
        shell: Any = self.shell
        completion = reply.so_far()
        shell.push({"_glm": completion}, interactive=False)  # not among the names that %who lists
        if name:
            shell.push({name: completion})

    def _after_turn(self) -> None:
        # `-s` changes the conversation's system text; the setting tells the same.
        self.set_trait("system", self.chat.kept.thread.system)
        if self._dashboard is not None:
            self._dashboard.update(self.chat.kept.ledger)

    # What the commands need

    @property
    def chat(self) -> Chat:
        """The engine, made after the settings when it is first needed."""
        if self._chat is None:
            from .chat import Chat

            self._chat = Chat(
                self.model,
                base_url=self.base_url,
                system=self.system,
                temperature=self.temperature,
                stream=self.stream,
                timeout=self.timeout,
                max_retries=self.max_retries,
            )
        return self._chat

    @property
    def view(self) -> Notebook | Terminal:
        """Where replies are shown, chosen by the kind of shell."""
        if self._view is None:
            from .view.notebook import Notebook
            from .view.terminal import Terminal

            assert self.shell is not None
            self._view = Terminal() if self._in_terminal else Notebook(self.shell)
        return self._view

    @property
    def _in_terminal(self) -> bool:
        # A kernel has not imported it, and to do so would keep its first cell waiting for 0.1 s.
        terminal = sys.modules.get("IPython.terminal.interactiveshell")
        return terminal is not None and isinstance(self.shell, terminal.TerminalInteractiveShell)

    def tell(self, markdown: str) -> None:
        """Answer a command."""
        from .view.document import Document

        self.view.tell(Document(markdown))

    def show_usage(self) -> None:
        """Put the dashboard here; in a terminal, its text."""
        from .view.dashboard import Dashboard, dashboard_text

        if self._in_terminal:
            self.tell(dashboard_text(self.chat.ledger))
            return
        if self._dashboard is None:
            assert self.shell is not None
            self._dashboard = Dashboard(self.shell, live=self.panel == "live")
        self._dashboard.show(self.chat.ledger)

    def begin_practice(self) -> None:
        """Start the practice server inside this process, and ask it from now on."""
        from .credentials import ApiKey, Endpoint
        from .practice import PracticeServer

        if self._practice_server is None:
            self._practice_server = PracticeServer().start()
        server = self._practice_server
        self.chat.use(Endpoint(server.base_url, ApiKey(server.api_key), "the practice server's own", practice=True))

    def end_practice(self) -> None:
        """Stop the practice server, if it runs, and go back to the service."""
        server, self._practice_server = self._practice_server, None
        if server is not None:
            self.chat.use(None)
            server.stop()

    def note_cell(self, info: ExecutionInfo) -> None:
        """Before each cell: remember what it is, for a magic is not told."""
        # The cell on the page, not one that it runs in turn, as %%capture does.
        self._cell = self._cell or info
        self.idle.clear()

    def forget_cell(self, result: ExecutionResult) -> None:
        """After each cell."""
        if self._cell is None or result.info is self._cell:  # none: the cell that loaded the extension
            self._cell = None
            self.idle.set()

    def close(self) -> None:
        """Let go of all that outlives a cell."""
        self.idle.set()  # so that the warm-up comes to its end
        self.end_practice()
        if self._chat is not None:
            self._chat.close()
        if self._dashboard is not None:
            self._dashboard.close()

    # The settings

    @default("model")
    def _default_model(self) -> str:
        from .chat import default_model

        return default_model()

    @validate("model")
    def _check_model(self, proposal: Any) -> str:
        name: str = proposal["value"].strip()
        if not name or len(name.split()) > 1:
            raise BadSetting(f"{proposal['value']!r} is not the name of a model; %glm models lists them.")
        return name

    @validate("base_url")
    def _check_base_url(self, proposal: Any) -> str:
        from .credentials import check_base_url

        try:
            return check_base_url(proposal["value"]) if proposal["value"].strip() else ""
        except GLMError as error:
            raise BadSetting(str(error)) from None

    @validate("temperature")
    def _check_temperature(self, proposal: Any) -> float | None:
        value: float | None = proposal["value"]
        if value is not None and not 0 <= value <= 2:
            raise BadSetting(f"temperature is a number from 0 to 1 (some servers: to 2), not {value:g}.")
        return value

    @validate("timeout")
    def _check_timeout(self, proposal: Any) -> float:
        seconds: float = proposal["value"]
        if not 0 < seconds < float("inf"):
            raise BadSetting(f"timeout is a number of seconds above 0, not {seconds:g}.")
        return seconds

    @validate("max_retries")
    def _check_max_retries(self, proposal: Any) -> int:
        count: int = proposal["value"]
        if not 0 <= count <= 20:
            raise BadSetting(f"max_retries is a number from 0 to 20, not {count}.")
        return count

    @observe("model", "system", "temperature", "stream")
    def _pass_on(self, change: Any) -> None:
        if self._chat is not None and getattr(self._chat, change["name"]) != change["new"]:
            setattr(self._chat, change["name"], change["new"])

    @observe("base_url", "timeout", "max_retries")
    def _reconfigure(self, change: Any) -> None:
        if self._chat is not None:
            self._chat.configure(**{change["name"]: change["new"]})
