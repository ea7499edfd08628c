"""The functions that the model may call: in every turn, and in one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..text.errors import InvalidRequest
from ..text.languages.joined import comma
from ..text.languages.notice import Notice
from .options import Options, function_name

if TYPE_CHECKING:
    from ..history.turn import Turn
    from ..values.tools.consent import Ask
    from ..values.tools.tool import Tool


class Toolbox:
    """A chat's tools, and the tools that any of its turns had, which a turn that is asked again needs.

    A tool that asks the user before each call (see `confirm`) keeps asking until it is removed, even if a plain
    function of its name is offered later; `warn` is called then. `confirm` is the function that asks.
    """

    def __init__(
        self, functions: Iterable[Callable[..., Any]], warn: Callable[[str], None], confirm: Ask | None = None
    ) -> None:
        if inspect.iscoroutinefunction(confirm):
            raise InvalidRequest(
                "confirm is an async function, and a tool that waits for an answer cannot await one.",
                hint="Pass a plain function: f(name, call) shows the call, and returns True to run it.",
                reason="tool.async_confirm",
            )
        self._known: dict[str, Tool] = {}
        self._warn = warn
        self._confirm = confirm
        self.tools: tuple[Tool, ...] = ()
        self.fill(functions)

    @property
    def known(self) -> tuple[Tool, ...]:
        """All tools that a turn has had, and that were not removed since."""
        return tuple(self._known.values())

    def fill(self, functions: Iterable[Callable[..., Any]]) -> None:
        """Offer these in every turn, and no others. Raises InvalidRequest for one that cannot be a tool."""
        made = self._made(functions)
        dropped = {tool.name for tool in self.tools} - {tool.name for tool in made}
        # Those that ask stay known: their names may be offered again.
        self._known = {name: tool for name, tool in self._known.items() if name not in dropped or tool.asks_first}
        self.tools = made

    def remove(self, names: Collection[str]) -> None:
        """Forget these tools: no turn is offered them, not even a retry. Raises InvalidRequest for an unknown one."""
        for missing in (name for name in names if name not in self._known):
            raise InvalidRequest(
                "There is no tool {name} to remove.",
                hint="The tools are: {tools}." if self._known else "There are no tools.",
                reason="tool.none_to_remove",
                name=missing,
                tools=comma(self._known),
            )
        self._known = {name: tool for name, tool in self._known.items() if name not in names}
        self.tools = tuple(tool for tool in self.tools if tool.name not in names)

    def renew(self, names: Mapping[str, Any]) -> None:
        """Make the tools what these names stand for now: a cell that defines one may have been run again."""
        renewed = {name: _renewed(tool, names) for name, tool in self._known.items()}
        self._known |= renewed
        self.tools = tuple(renewed[tool.name] for tool in self.tools)

    def offered(self, functions: Iterable[Callable[..., Any]]) -> tuple[Tool, ...]:
        """The chat's tools and a turn's own, in the language of the prompt; of two with one name, the turn's."""
        own = self._made(functions)
        return tuple({tool.name: tool.told() for tool in (*self.tools, *own)}.values())

    def options_of(self, turn: Turn) -> Options:
        """The options that asked this turn, with the functions that it had.

        Raises InvalidRequest where one is not known here.
        """
        options = Options.of(turn.model, turn.members)
        names = [str(function_name(tool.member)) for tool in options.tools]
        missing = [name for name in names if name not in self._known]
        if missing and not turn.tool_messages:  # they were never called: further members of the request, perhaps
            params = {**options.params, "tools": turn.members["tools"]}
            return replace(options, tools=(), search=False, knowledge=(), mcp=(), params=params)
        if missing:
            raise InvalidRequest(
                "The turn had tools that are not known in this session: {tools}.",
                hint="Add the functions to chat.tools first.",
                reason="tool.unknown",
                tools=comma(missing),
            )
        return replace(options, tools=tuple(self._known[name] for name in names))

    def _made(self, functions: Iterable[Callable[..., Any]]) -> tuple[Tool, ...]:
        functions = (functions,) if callable(functions) else tuple(functions)
        if not functions:  # and nothing is imported
            return ()
        from ..values.tools.tool import Tool, check_names

        made = check_names(Tool.of(function) for function in functions)
        tools = tuple(self._with_consent(self._asking_on(tool)) for tool in made)
        self._known |= {tool.name: _asking(tool) for tool in tools}
        return tools

    def _with_consent(self, tool: Tool) -> Tool:
        if tool.asks_first and self._confirm is None:
            raise InvalidRequest(
                "{name} asks before each call, and this chat has no way to ask.",
                hint="Chat(confirm=f) gives it one: f(name, call) shows the call, and returns True to run it.",
                reason="tool.no_way_to_ask",
                name=tool.name,
            )
        return tool if tool.ask is not None else replace(tool, ask=self._confirm)

    def _asking_on(self, tool: Tool) -> Tool:
        known = self._known.get(tool.name)
        if tool.asks_first or tool.trusted or known is None or not known.asks_first:
            return tool
        self._warn(
            Notice(
                "{tool} still asks you before each call: it was given with confirm().",
                hint="To let it run without asking, remove it first: chat.remove_tools({tool!r}).",
                reason="tool.still_asks",
                tool=tool.name,
            )
        )
        return replace(tool, asks_first=True)


def _asking(tool: Tool) -> Tool:
    """The tool as later turns have it: trust is given for one turn."""
    return replace(tool, asks_first=True, trusted=False) if tool.trusted else tool


def _renewed(tool: Tool, names: Mapping[str, Any]) -> Tool:
    """The tool that this one's name refers to now. Methods and the like are not looked up: no name is theirs.

    Where the name is that of a tool by now, which `confirm` made, it asks first. A function may have changed in place.
    """
    from ..values.tools.tool import Tool

    found = names.get(tool.name)
    function, asks_first = (found.function, found.asks_first) if isinstance(found, Tool) else (found, False)
    if not (inspect.isfunction(tool.function) and inspect.isfunction(function)):
        function = tool.function
    return replace(tool, function=function, asks_first=tool.asks_first or asks_first).anew()
