"""The functions that the model may call: in every turn, and in one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .errors import InvalidRequest
from .options import Options, searched

if TYPE_CHECKING:
    from .tools import Tool
    from .turn import Turn


class Toolbox:
    """A chat's tools, and all that any of its turns has had: a turn that is asked again wants its own."""

    def __init__(self, functions: Iterable[Callable[..., Any]]) -> None:
        self._known: dict[str, Tool] = {}
        self.tools: tuple[Tool, ...] = ()
        self.fill(functions)

    def fill(self, functions: Iterable[Callable[..., Any]]) -> None:
        """Offer these in every turn, and no others. Raises InvalidRequest for one that cannot be a tool."""
        made = self._made(functions)
        for gone in {tool.name for tool in self.tools} - {tool.name for tool in made}:
            self._known.pop(gone, None)  # what was taken away is not called again by a retry either
        self.tools = made

    def renew(self, names: Mapping[str, Any]) -> None:
        """Have the tools be what these names stand for by now: a cell that defines one was run again, perhaps."""
        renewed = {name: _renewed(tool, names) for name, tool in self._known.items()}
        self._known |= renewed
        self.tools = tuple(renewed[tool.name] for tool in self.tools)

    def offered(self, functions: Iterable[Callable[..., Any]]) -> tuple[Tool, ...]:
        """The chat's tools and a turn's own, which go before one of the chat's by the same name."""
        own = self._made(functions)
        return tuple({tool.name: tool for tool in (*self.tools, *own)}.values())

    def options_of(self, turn: Turn) -> Options:
        """The options that asked this turn, with the functions that it had.

        Raises InvalidRequest where one is not known here.
        """
        options = Options.of(turn.model, turn.members)
        asked = options.params.get("tools")
        if not isinstance(asked, list):
            return options
        names = [tool["function"]["name"] for tool in asked if tool.get("type") == "function"]
        missing = [name for name in names if name not in self._known]
        if missing and not turn.exchange:  # given as further members of the request, perhaps: they were never called
            return options
        if missing:
            raise InvalidRequest(
                f"The turn had tools that are not known in this session: {', '.join(missing)}.",
                hint="%glm tools add NAME makes a function known (in Python: chat.tools).",
            )
        others = [tool for tool in asked if tool.get("type") != "function"]
        params = {name: value for name, value in options.params.items() if name != "tools"}
        search = searched(others[0]) if len(others) == 1 else False
        params |= {"tools": others} if others and not search else {}
        return replace(options, params=params, search=search, tools=tuple(self._known[name] for name in names))

    def _made(self, functions: Iterable[Callable[..., Any]]) -> tuple[Tool, ...]:
        functions = (functions,) if callable(functions) else tuple(functions)
        if not functions:  # and nothing is imported
            return ()
        from .tools import Tool, check_names

        made = check_names(Tool.of(function) for function in functions)
        for tool in made:
            # A turn that asked the reader first is asked again so, whatever its function was offered as since.
            asks_first = tool.asks_first or (tool.name in self._known and self._known[tool.name].asks_first)
            self._known[tool.name] = replace(tool, asks_first=asks_first)
        return made


def _renewed(tool: Tool, names: Mapping[str, Any]) -> Tool:
    """What a tool's name stands for by now. Methods and the like stand for themselves: no name is theirs."""
    from .tools import Tool

    found = names.get(tool.name)
    function = found.function if isinstance(found, Tool) else found
    if function is tool.function or not (inspect.isfunction(tool.function) and inspect.isfunction(function)):
        return tool
    return replace(Tool.of(function), asks_first=tool.asks_first)
