"""`%%glm` and `%glm`: a thin skin over the chat.

`cell_options` reads a cell's first line, `commands` carries out `%glm` lines. Both, and the chat itself, are imported
when they are first needed: `%load_ext` costs a notebook next to nothing.
"""

from __future__ import annotations

import functools
import sys
from collections import ChainMap
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from traitlets import observe

from ..text.errors import GLMError, Interrupted
from ..text.markup import without_controls
from . import front_ends, hints
from .cell_tracker import Page
from .settings import Settings

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..chat.chat import Chat
    from ..chat.reply import Reply
    from ..history.turn import Anchor
    from ..practice import PracticeServer
    from ..text.markup import Markup
    from .cell_line import CellOptions
    from .display.dashboard import Dashboard, Spending
    from .display.notebook import Notebook
    from .display.terminal import Terminal


#: Settings that a chat is not made with, but told.
_PASSED_ON_LATER = ("value_tokens", "tool_rounds", "tool_calls")

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
                with hints.door():
                    function(*arguments)
            except KeyboardInterrupt:
                raise Interrupted("Interrupted.", reason="interrupted") from None
            except UsageError as error:
                # It may name what a journal or a service holds, and IPython prints it as it is.
                raise UsageError(without_controls(str(error))) from None

        magic.getdoc = help_text  # type: ignore[attr-defined]  # a mark that `?` looks for
        marked: _Function = kind("glm")(no_var_expand(magic))
        return marked

    return mark


@magics_class
class GLMMagics(Settings, Magics):
    """How `%%glm` asks and shows. Set with %config GLMMagics.NAME = VALUE, or in an IPython config file."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._practice_server: PracticeServer | None = None
        self._view: Notebook | Terminal | None = None
        self._dashboard: Dashboard | None = None
        self.notices: list[str] = []
        self.page = Page(shell, self)
        self.held_earlier = (0, False)
        self._chat: Chat | None = None
        super().__init__(shell=shell)

    # The magics

    @_magic(cell_magic, "cell_line")
    def ask_cell(self, line: str, cell: str) -> None:
        from . import cell_line

        try:
            given = cell_line.parse(line)
        except UsageError as error:
            if self.chat.history.holds_earlier(self.anchor()):
                raise UsageError(f"{error} {cell_line.EARLIER_STAYS}") from None
            raise
        # IPython ends every cell with a newline, and a terminal ends one by empty lines: they are not the reader's.
        text = cell.rstrip("\n") if self.in_terminal else cell.removesuffix("\n")
        self.ask(text, given)

    @_magic(line_magic, "commands.registry")
    def command(self, line: str) -> None:
        from .commands import registry

        registry.run(self, line)

    def ask(self, prompt: str, given: CellOptions | None = None) -> None:
        """Ask, show the reply while it grows, and bind what is kept of it. Raises GLMError."""
        from . import ask_cell

        ask_cell.ask(self, prompt, given)

    def anchor(self) -> Anchor:
        """The cell that runs, and in which execution."""
        from ..history.turn import Anchor

        page = self.page
        return Anchor(page.cell, page.run, page.execution_count, append=self.rerun == "append")

    def show(self, begin: Callable[[], Reply]) -> None:
        """Show the reply that `begin` asks for while it grows, and bind what is kept of it. Raises GLMError."""
        from . import ask_cell

        ask_cell.show(self, begin)

    def follow_chat(self) -> None:
        """Have settings and dashboard tell what the chat has come to: `-s` and a switch of threads change it too."""
        chat = self.chat
        self.set_trait("system", chat.kept.conversation.here.system)
        self.set_trait("model", chat.model)
        self.set_trait("temperature", chat.temperature)
        if self._dashboard is not None:
            self._dashboard.update(self._spending())

    # What the commands need

    @property
    def chat(self) -> Chat:
        """The engine, made after the settings when it is first needed."""
        if self._chat is None:
            from ..chat.chat import Chat
            from .consent import ask_user

            self._chat = Chat(
                self.model,
                base_url=self.base_url,
                system=self.system,
                temperature=self.temperature,
                stream=self.stream,
                timeout=self.timeout,
                max_retries=self.max_retries,
                journal=self.journal_path(),
                replay=cast(Any, self.replay),
                warn=lambda notice: self.notices.append(hints.in_cell(notice)),
                confirm=ask_user,
            )
            if self.journal == "auto" and front_ends.is_nowhere(self._names):
                self.notices.append("The working directory is gone; %glm journal shows where the journal is kept now.")
            for name in _PASSED_ON_LATER:
                setattr(self._chat, name, getattr(self, name))
        return self._chat

    def journal_path(self) -> Path | None:
        """The journal's file, by the settings."""
        if self.journal in ("auto", "off"):
            return None if self.journal == "off" else front_ends.journal_path(self._names)
        return Path(self.journal)

    @property
    def earlier_journal(self) -> Path | None:
        """Where a journal of this page may be that a user could resume."""
        if self.replay != "off" or self.journal == "off":
            return None
        if self.journal == "auto" and front_ends.notebook_path(self._names) is None and not self.in_terminal:
            return None
        return self.journal_path()

    @property
    def _names(self) -> dict[str, Any]:
        shell: Any = self.shell
        names: dict[str, Any] = shell.user_ns
        return names

    @property
    def names(self) -> Mapping[str, Any]:
        """What a reference can name: the notebook's variables, `In` as it was typed, `error` for the last exception."""
        history, failure = cast(Any, self.shell).history_manager, self.page.failure
        typed = {"In": history.input_hist_raw} if self._names.get("In") is history.input_hist_parsed else {}
        return ChainMap(typed, self._names, {"error": failure.error} if failure else {})

    @property
    def own_names(self) -> dict[str, Any]:
        """The variables that the notebook has made itself, without those that IPython put there."""
        hidden, absent = cast(Any, self.shell).user_ns_hidden, object()
        return {name: value for name, value in self._names.items() if hidden.get(name, absent) is not value}

    def thread_names(self) -> list[str]:
        """The threads that have begun."""
        return list(self._chat.kept.conversation.threads) if self._chat is not None else []

    def tool_names(self) -> list[str]:
        """The functions that the model may call in every turn."""
        return [tool.name for tool in self._chat.tools] if self._chat is not None else []

    @property
    def view(self) -> Notebook | Terminal:
        """Where replies are shown, chosen by the kind of shell."""
        if self._view is None:
            from .display.notebook import Notebook
            from .display.terminal import Terminal

            assert self.shell is not None
            self._view = Terminal() if self.in_terminal else Notebook(self.shell)
        return self._view

    @property
    def in_terminal(self) -> bool:
        # A kernel has not imported it, and to do so would keep its first cell waiting for 0.1 s.
        terminal = sys.modules.get("IPython.terminal.interactiveshell")
        return terminal is not None and isinstance(self.shell, terminal.TerminalInteractiveShell)

    def tell(self, answer: Markup | str) -> None:
        """Answer a command, and tell first what has come up before. A `str` is text from outside, shown as it is."""
        from ..text.markup import Markup

        notices, self.notices[:] = [*self.notices], []
        self.view.tell(Markup("\n\n").join([*notices, answer]))

    def show_usage(self) -> None:
        """Put the dashboard here; in a terminal, its text."""
        from .display.dashboard import Dashboard, dashboard_text

        if self.in_terminal:
            self.tell(dashboard_text(self._spending()))
            return
        if self._dashboard is None:
            assert self.shell is not None
            self._dashboard = Dashboard(self.shell, live=self.panel == "live")
        self._dashboard.show(self._spending())

    def _spending(self) -> Spending:
        from .display.dashboard import Spending

        return Spending(self.chat.kept, as_recorded=self.replay == "only")

    def begin_practice(self) -> None:
        """Start the practice server inside this process, and ask it from now on; in a replay nothing is started."""
        from ..practice import PracticeServer
        from ..service.api_key import ApiKey
        from ..service.endpoint import Endpoint

        address, key = "http://127.0.0.1/practice", "practice"
        if self.replay != "only":
            server = self._practice_server = self._practice_server or PracticeServer().start()
            address, key = server.base_url, server.api_key
        self.chat.service.use(Endpoint(address, ApiKey(key), "the practice server's own", practice=True))

    def end_practice(self) -> None:
        """Stop the practice server, if it runs, and go back to the service."""
        server, self._practice_server = self._practice_server, None
        if self._chat is not None and self._chat.service.practising:
            self._chat.service.use(None)
        if server is not None:
            server.stop()

    def has_asked(self, cell: str) -> bool:
        """Whether this cell may have asked before."""
        return self._chat is not None and self._chat.history.has_asked(cell)

    def set_aside(self, cells: list[str], spare: int | None, why: str) -> None:
        """Take out what these cells asked (but for the run `spare`), and tell so with the next reply."""
        if self._chat is None:
            return
        with suppress(GLMError):
            for name, count in self._chat.history.set_aside(cells, spare=spare).items():
                where, back = "", "%glm restore"
                if name != self._chat.thread().name:
                    where, back = f" of thread {name}", f"%glm thread {name} and then %glm restore"
                told = (
                    f"1 turn{where} was set aside: its cell was"
                    if count == 1
                    else (f"{count} turns{where} were set aside: their cells were")
                )
                self.notices.append(f"{told} {why}. {back} brings {'it' if count == 1 else 'them'} back.")
            if self._dashboard is not None:
                self._dashboard.update(self._spending())

    def close(self) -> None:
        """Let go of all that outlives a cell."""
        self.page.idle.set()  # so that the warm-up comes to its end
        self.end_practice()
        if self._chat is not None:
            self._chat.close()
        if self._dashboard is not None:
            self._dashboard.close()

    # Settings that change under way

    @observe("model", "system", "temperature", "stream", *_PASSED_ON_LATER)
    @hints.door()
    def _pass_on(self, change: Any) -> None:
        if self._chat is not None and getattr(self._chat, change["name"]) != change["new"]:
            setattr(self._chat, change["name"], change["new"])

    @observe("base_url", "timeout", "max_retries")
    def _reconfigure(self, change: Any) -> None:
        if self._chat is not None:
            self._chat.service.configure(**{change["name"]: change["new"]})

    @observe("journal")
    @hints.door()
    def _move_journal(self, change: Any) -> None:
        if self._chat is not None:
            self._chat.history.journal.move(self.journal_path())

    @observe("replay")
    @hints.door()
    def _change_replay(self, change: Any) -> None:
        if self._chat is not None:
            self._chat.replay = change["new"]
            if self._chat.service.practising and self._practice_server is None:
                self.begin_practice()  # which the replay had no need of
