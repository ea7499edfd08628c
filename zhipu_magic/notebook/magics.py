"""`%%glm`, `%glm` and `%config GLMMagics`: a thin layer over a session.

`line` reads a cell's first line, `ask_cell` asks, `commands` run `%glm` lines. Each is imported when it is first
needed, so that `%load_ext` stays fast.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from traitlets import TraitError

from ..text.characters import without_controls
from ..text.errors import Interrupted
from ..text.languages.joined import sentences
from ..text.languages.messages import told
from . import hints, usage_error
from .session import Session
from .settings import BadSetting, Settings
from .shell import caller, is_terminal

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..chat.chat import Chat

_Function = TypeVar("_Function", bound=Callable[..., None])


def _magic(kind: Any, module: str) -> Callable[[_Function], _Function]:
    """Mark a method as the `glm` magic of one kind: its line is taken as written, and `module` has its help."""

    def help_text() -> str:
        return told(import_module(f".{module}", __package__).help_text())

    def mark(function: _Function) -> _Function:
        @functools.wraps(function)
        def magic(self: GLMMagics, *arguments: Any) -> None:
            try:
                with hints.door(), self.session.variables.called_by(caller(self.session.shell)):
                    function(self, *arguments)
            except KeyboardInterrupt:
                raise Interrupted("Interrupted.", reason="interrupted") from None
            except UsageError as error:
                # The message may quote a journal or a service, and goes to a terminal as it is.
                raise usage_error.UsageError(without_controls(told(error.args[0]))) from None

        magic.getdoc = help_text  # type: ignore[attr-defined]  # a mark that `?` looks for
        marked: _Function = kind("glm")(no_var_expand(magic))
        return marked

    return mark


@magics_class
class GLMMagics(Settings, Magics):
    """How `%%glm` asks and shows. Set with %config GLMMagics.NAME = VALUE, or in an IPython config file."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell=shell)
        self.session = Session(shell, self)

    @classmethod
    def class_get_help(cls, inst: Any = None) -> str:
        from . import settings_help

        return settings_help.heading(super().class_get_help(inst))

    @classmethod
    def class_get_trait_help(cls, trait: Any, inst: Any = None, helptext: str | None = None) -> str:
        from . import settings_help

        write = super().class_get_trait_help
        return settings_help.of_setting(lambda text: write(trait, inst, text), helptext or trait.help)

    def update_config(self, config: Any) -> None:
        from . import settings_help

        try:
            super().update_config(config)
        except BadSetting:
            raise
        except TraitError as error:
            raise BadSetting(settings_help.not_of_its_kind(str(error))) from None

    @property
    def chat(self) -> Chat:
        """The chat behind the cells."""
        return self.session.chat

    @_magic(cell_magic, "line.cell_line")
    def ask_cell(self, line: str, cell: str) -> None:
        from dataclasses import replace

        from . import ask_cell
        from .line import cell_line

        try:
            options = cell_line.parse(line)
        except UsageError as error:
            if self.session.has_earlier_turn():
                raise UsageError(sentences(error.args[0], cell_line.EARLIER_STAYS)) from None
            raise
        if options.help:
            self.session.keep_earlier_turns()
            self.session.answer(cell_line.help_page())
            return
        # IPython adds a newline to every cell, and a terminal adds empty lines; the user wrote neither.
        text = cell.rstrip("\n") if is_terminal(self.session.shell) else cell.removesuffix("\n")
        if options.above is None and options.each is None:
            options = replace(options, above=self.above)
        ask_cell.ask(self.session, text, options)

    @_magic(line_magic, "commands.registry")
    def command(self, line: str) -> None:
        from .commands import registry

        registry.run(self.session, line)
