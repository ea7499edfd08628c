"""The command for the functions that the model may call in every turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.characters import shorten
from ...text.html import code
from ...text.languages.messages import _
from ...text.markup import Markup
from ...text.tables import table
from .command import Command

if TYPE_CHECKING:
    from ..session import Session

_USAGE = "%glm tools [add/remove NAMES]"
_LONGEST_DESCRIPTION = 60


def _tools(session: Session, text: str) -> None:
    action, names = (*text.split(None, 1), "")[:2] if text else ("list", "")
    if action == "list" and not names:
        _list(session)
        return
    if action not in ("add", "remove") or not names.strip():
        raise UsageError(
            _(
                "Usage: {usage}, as in %glm tools add weather,confirm(send) or %glm tools remove weather",
                usage=_USAGE,
            )
        )
    from ..line.values import listed

    wanted = listed(",".join(names.split()))
    if action == "add":
        _add(session, wanted)
    else:
        _remove(session, wanted)


def _add(session: Session, names: list[str]) -> None:
    from ...values.tools.tool import Tool
    from ..cell_values import tool_of
    from ..python.tool import refuse_in_every_turn

    refuse_in_every_turn(names, session.variables.tools)
    added = [Tool.of(tool_of(name, session.variables.tools)) for name in names]
    replaced = {tool.name for tool in added}
    session.chat.tools = [*(tool for tool in session.chat.tools if tool.name not in replaced), *added]
    _list(session)


def _remove(session: Session, names: list[str]) -> None:
    session.chat.remove_tools(*names)
    _list(session)


def _list(session: Session) -> None:
    session.renew_tools()  # as the next turn will have them
    tools = session.chat.tools
    if not tools:
        session.answer(Markup("The model has no tools. `%glm tools add NAME` lets it call a function in every turn."))
        return
    rows = [
        (code(tool.name), shorten(tool.description, _LONGEST_DESCRIPTION), _("yes") if tool.asks_first else "")
        for tool in tools
    ]
    session.answer(table((_("tool"), _("what it does"), _("asks first")), rows))


COMMANDS = (
    Command(
        "tools",
        _USAGE,
        "functions that the model may call",
        _tools,
        completes="add:functions remove:tools list",
        details="Lists, adds or removes Python functions of this notebook that the model may call, in every turn from "
        "now on. For one turn only, give a cell --tool NAMES.",
        arguments={
            "add": "let the model call these functions, too",
            "remove": "do not let it call them any more",
            "NAMES": "names of functions, with commas between them; confirm(name) asks you before each call",
        },
        examples=("%glm tools", "%glm tools add weather,confirm(send)", "%glm tools remove weather"),
    ),
)
