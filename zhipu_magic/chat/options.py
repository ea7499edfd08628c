"""What one turn may ask for beyond its prompt, and the members of the request that this sets."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..service.profile import thinking
from ..text.errors import InvalidRequest
from ..text.suggestions import nearest
from ..text.untrusted_json import cleaned


@dataclass(frozen=True)
class Options:
    """What one turn asks for beyond its prompt. None leaves the choice to the chat, and then to the service.

    `thread` is where the turn stands; `system` holds for this and later turns there. `once` asks outside the
    conversation: the turn sees none of it and leaves none. `think` turns the model's reasoning on or off. `stream` is
    whether the reply comes piece by piece. `fresh` asks the service even where the journal knows the answer. `params`
    are further members of the request, sent as they are.

    `tools` are Python functions that the model may call in this turn, beside those of the chat. `search` has the
    service search the web: for the prompt (True), or for this text. `as_type` is the type of the answer's value.
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
    once: bool = False
    stream: bool | None = None
    fresh: bool = False
    tools: tuple[Any, ...] = ()
    search: bool | str = False
    as_type: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, model: str, members: Mapping[str, Any]) -> Options:
        """The options that set these members of a request."""
        own = {name: value for name, value in members.items() if name in _MEMBERS}
        return cls(model=model, params={name: members[name] for name in members.keys() - own.keys()}, **own)

    def members(self) -> dict[str, Any]:
        """The request's members that these options set. Raises InvalidRequest where one cannot be sent."""
        members: dict[str, Any] = {name: getattr(self, name) for name in _MEMBERS if getattr(self, name) is not None}
        if self.think is not None:
            members |= thinking(self.think)
        if self.as_type is not None:
            members["response_format"] = {"type": "json_object"}
        tools = [tool.member for tool in self.tools] + ([_searching(self.search)] if self.search else [])
        if tools:
            members["tools"] = tools
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
            if (self.params or tools) and cleaned(sent := json.loads(text)) != sent:
                raise ValueError("it is nested too deep, or holds a number that is too large")
        except (TypeError, ValueError, RecursionError) as error:  # a UnicodeEncodeError is a ValueError
            raise InvalidRequest(
                "A parameter cannot be sent as JSON: {error}.", reason="parameter.not_json", error=str(error)
            ) from None
        return members


def _searching(query: bool | str) -> dict[str, Any]:
    """The service's own web search, as a tool that it runs itself; see docs/protocol.md, "Chat request"."""
    asked = {"search_query": query} if isinstance(query, str) else {}
    return {"type": "web_search", "web_search": {"enable": True, **asked, "search_result": True}}


def function_name(tool: Any) -> str | None:
    """The name of the function that this member of `tools` describes; None where it describes something else."""
    function = tool.get("function") if isinstance(tool, Mapping) and tool.get("type") == "function" else None
    name = function.get("name") if isinstance(function, Mapping) else None
    return name if isinstance(name, str) else None


def searched(tool: Mapping[str, Any]) -> bool | str:
    """The option `search` that this member of `tools` was made of; False where it was not."""
    member = tool.get("web_search")
    query: bool | str = member.get("search_query", True) if isinstance(member, Mapping) else False
    return query if query and tool == _searching(query) else False


#: Members of the request that are options of the same name.
_MEMBERS = ("temperature", "top_p", "max_tokens", "seed", "stop")
_OWN_OPTIONS = {
    "messages": "The conversation makes the messages.",
    "model": "Pass it as model=….",
    "stream": "Pass it as stream=….",
}


def with_more(options: Options, more: Mapping[str, Any]) -> Options:
    """The options with some given by name. Raises InvalidRequest, with the nearest name where one is mistyped."""
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
                options=", ".join(known),
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidRequest(
                "{name} must be a number, not {value}.", reason="option.not_a_number", name=name, value=value
            )
    return replace(options, **more)
