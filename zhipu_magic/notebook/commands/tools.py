"""The command that looks after the functions that the model may call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.characters import shorten
from ...text.html import code
from ...text.markup import Markup
from ...text.tables import table
from .command import Command

if TYPE_CHECKING:
    from ..magics import GLMMagics

_USAGE = "%glm tools [add/remove NAMES]"
_LONGEST_DESCRIPTION = 60


def _tools(magics: GLMMagics, text: str) -> None:
    action, names = (*text.split(None, 1), "")[:2] if text else ("list", "")
    if action == "list" and not names:
        _list(magics)
        return
    if action not in ("add", "remove") or not names.strip():
        raise UsageError(f"{_USAGE}: %glm tools add weather,confirm(send), %glm tools remove weather")
    wanted = [name.strip() for name in names.replace(" ", ",").split(",") if name.strip()]
    if action == "add":
        _add(magics, wanted)
    else:
        _remove(magics, wanted)


def _add(magics: GLMMagics, names: list[str]) -> None:
    from ...values.tools.tool import Tool
    from ..ask_cell import tool_of

    added = [Tool.of(tool_of(name, magics.own_names)) for name in names]
    replaced = {tool.name for tool in added}
    magics.chat.tools = [*(tool for tool in magics.chat.tools if tool.name not in replaced), *added]
    _list(magics)


def _remove(magics: GLMMagics, names: list[str]) -> None:
    magics.chat.remove_tools(*names)
    _list(magics)


def _list(magics: GLMMagics) -> None:
    tools = magics.chat.tools
    if not tools:
        magics.tell(Markup("The model may call no function. `%glm tools add NAME` lets it call one in every turn."))
        return
    rows = [
        (code(tool.name), shorten(tool.description, _LONGEST_DESCRIPTION), "yes" if tool.asks_first else "")
        for tool in tools
    ]
    magics.tell(table(("tool", "what it does", "asks first"), rows))


COMMANDS = (
    Command(
        "tools",
        _USAGE,
        "list, add or take away the functions that the model may call in every turn",
        _tools,
        completes="add:functions remove:tools list",
    ),
)
