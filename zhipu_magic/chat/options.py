"""What one turn may ask for beyond its prompt, and the members of the request that this sets."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from ..service.hosted_tools import Knowledge, McpServer, Search, hosted_tool, hosted_tools
from ..service.models import EFFORTS
from ..service.profile import thinking
from ..text.argument_types import check_types
from ..text.characters import class_name
from ..text.errors import InvalidRequest
from ..text.languages.joined import comma
from ..text.languages.messages import N_, _
from ..text.suggestions import nearest
from ..text.untrusted_json import cleaned


@dataclass(frozen=True)
class Options:
    """What one turn asks for beyond its prompt. None leaves the choice to the chat, and then to the service.

    `thread` is where the turn stands; `system` holds for this and later turns there. `once` asks outside the
    conversation: the turn sees none of it and leaves none. `stream` is whether the reply comes piece by piece. `fresh`
    asks the service even where the journal knows the answer. `params` are further members of the request, sent as they
    are. `stop` is a text before which the answer ends; the service takes one.

    `think` turns the model's reasoning on or off, `effort` says how much of it there is: "none", "minimal", "low",
    "medium", "high", "xhigh" or "max", of which each model takes some. `keep_thinking` has the model see the reasoning
    of earlier turns too, which the service otherwise leaves out.

    `tools` are Python functions that the model may call in this turn, beside those of the chat. `tool_choice` is
    "auto"; servers other than ZhiPu AI's also take "none", "required" or the name of the function to call. Other tools
    run at the service: `search` looks at the web, for the prompt (True), for this text, or as a `Search` says;
    `knowledge` are the ids of knowledge bases that it looks into; `mcp` are MCP servers that it calls, each by its
    label or as an `McpServer`.

    `as_type` is the type of the answer's value.
    """

    model: str | None = None
    thread: str | None = None
    system: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: str | None = None
    think: bool | None = None
    effort: str | None = None
    keep_thinking: bool = False
    once: bool = False
    stream: bool | None = None
    fresh: bool = False
    tools: tuple[Any, ...] = ()
    tool_choice: str | None = None
    search: bool | str | Search = False
    knowledge: str | Sequence[str] = ()
    mcp: str | McpServer | Sequence[str | McpServer] = ()
    as_type: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, model: str, members: Mapping[str, Any]) -> Options:
        """The options that set these members of a request.

        Of a function they have the description alone: it cannot be called. A member that no option makes again just as
        it is goes into `params`.
        """
        found: dict[str, Any] = {}
        params = {}
        for name, value in members.items():
            plain = name in _MEMBERS and value is not None
            restored = {name: value} if plain else _restored(name, value)
            if restored:
                found |= restored
            else:
                params[name] = value
        return cls(model=model, params=params, **found)

    def members(self) -> dict[str, Any]:
        """The request's members that these options set. Raises InvalidRequest where one cannot be sent."""
        members = self._own_members()
        for name, hint in _OWN_OPTIONS.items():
            if name in self.params:
                raise InvalidRequest(
                    "{name} cannot be a further parameter.", hint=hint, reason=f"parameter.{name}", name=name
                )
        for name in members.keys() & self.params.keys():
            raise InvalidRequest(
                "{name} is given twice: as an option and as a further parameter.", reason="parameter.twice", name=name
            )
        members.update(self.params)
        try:
            text = json.dumps(members, allow_nan=False, ensure_ascii=False)
            text.encode()
            if (self.params or "tools" in members) and cleaned(sent := json.loads(text)) != sent:
                raise ValueError(_TOO_DEEP)
        except (TypeError, ValueError, RecursionError) as error:  # a UnicodeEncodeError is a ValueError
            raise InvalidRequest(
                "A parameter cannot be sent as JSON: {error}.",
                reason="parameter.not_json",
                error=_TOO_DEEP if str(error) == _TOO_DEEP else str(error),
            ) from None
        return members

    def _own_members(self) -> dict[str, Any]:
        members: dict[str, Any] = {name: getattr(self, name) for name in _MEMBERS if getattr(self, name) is not None}
        members |= thinking(self.think, keep=self.keep_thinking)
        if self.effort is not None:
            members["reasoning_effort"] = _checked(self.effort)
        if self.as_type is not None:
            members["response_format"] = {"type": "json_object"}
        tools = [tool.member for tool in (*self.tools, *hosted_tools(self.search, self.knowledge, self.mcp))]
        if tools:
            members["tools"] = tools
        if self.tool_choice is not None:
            choice = self.tool_choice
            members["tool_choice"] = choice if choice in TOOL_CHOICES else _function_choice(choice)
        return members


#: Members of the request that are options of the same name.
_MEMBERS = ("temperature", "top_p", "max_tokens", "seed", "stop")
_OWN_OPTIONS = {
    "messages": N_("The conversation makes the messages."),
    "model": N_("Pass it as model=…."),
    "stream": N_("Pass it as stream=…."),
}
_TOO_DEEP = _("it is nested too deep, or holds a number that is too large")
#: The values of `tool_choice` that are no function's name.
TOOL_CHOICES = ("auto", "none", "required")


def _checked(effort: str) -> str:
    if effort not in EFFORTS:
        raise InvalidRequest(
            "There is no reasoning effort {effort!r}.",
            hint="The efforts are: {efforts}.",
            reason="effort.unknown",
            near=nearest(str(effort), EFFORTS),
            effort=effort,
            efforts=comma(EFFORTS),
        )
    return effort


def _function_choice(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


class _Described(NamedTuple):
    """A function as a request describes it, which cannot be called."""

    member: Mapping[str, Any]


def function_name(tool: Any) -> str | None:
    """The name of the function that this member of `tools` describes; None where it describes something else."""
    function = tool.get("function") if isinstance(tool, Mapping) and tool.get("type") == "function" else None
    name = function.get("name") if isinstance(function, Mapping) else None
    return name if isinstance(name, str) else None


def _restored(name: str, value: Any) -> dict[str, Any] | None:
    """The options that set this member of a request; None where they would set another, or none does."""
    read = _READ.get(name)
    try:
        found = read(value) if read else None
        made = Options(**found)._own_members() if found else {}
        return found if _canonical(made) == _canonical({name: value}) else None
    except (InvalidRequest, TypeError, ValueError, RecursionError):
        return None


def _canonical(value: Any) -> str:
    """The value as text; `==` would take 1 for True."""
    return json.dumps(value, sort_keys=True)


def _read_thinking(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    kept, think = "clear_thinking" in value, value.get("type") == "enabled"
    # To keep earlier reasoning, and nothing else, is to leave it on.
    return {"keep_thinking": kept} if kept and think else {"think": think, "keep_thinking": kept}


def _read_effort(value: Any) -> dict[str, Any] | None:
    return {"effort": value} if isinstance(value, str) else None


def _read_tool_choice(value: Any) -> dict[str, Any] | None:
    choice = value if isinstance(value, str) else function_name(value)
    return {"tool_choice": choice} if choice else None


def _read_tools(value: Any) -> dict[str, Any] | None:
    """Functions, and after them what the service runs itself."""
    if not isinstance(value, list) or not all(isinstance(tool, Mapping) for tool in value):
        return None
    hosted = [found for tool in value if (found := hosted_tool(tool))]
    searches = [one for one in hosted if isinstance(one, Search)]
    return {
        "tools": tuple(_Described(tool) for tool in value if function_name(tool) is not None),
        "search": _plain(searches[0]) if searches else False,
        "knowledge": tuple(one.id for one in hosted if isinstance(one, Knowledge)),
        "mcp": tuple(one for one in hosted if isinstance(one, McpServer)),
    }


def _plain(search: Search) -> bool | str | Search:
    """The search in its shortest form: True or a text, where that means the same."""
    if search == Search(query=search.query):
        return search.query or True
    return search


_READ: Mapping[str, Callable[[Any], dict[str, Any] | None]] = {
    "thinking": _read_thinking,
    "reasoning_effort": _read_effort,
    "tool_choice": _read_tool_choice,
    "tools": _read_tools,
}


def with_more(options: Options, more: Mapping[str, Any]) -> Options:
    """The options with some given by name. Raises InvalidRequest, with the nearest name where one is mistyped."""
    if not isinstance(options, Options):
        raise InvalidRequest(
            "What follows the prompt must be Options, not {found}.",
            hint="Pass options by name: ask(prompt, temperature=0.2).",
            reason="option.not_options",
            found=class_name(options),
        )
    known = [option.name for option in fields(Options)]
    for name, value in more.items():
        if name not in known:
            near = nearest(name, known)
            raise InvalidRequest(
                "There is no option {name}.",
                hint="" if near else "The options are {options}; params takes any other.",
                reason="option.unknown",
                near=near,
                name=name,
                options=comma(known),
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidRequest(
                "{name} must be a number, not {value}.", reason="option.not_a_number", name=name, value=value
            )
    found = replace(options, **more)
    check_types(vars(found))
    return found
