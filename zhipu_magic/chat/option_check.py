"""Whether the service and the model take what a turn's options ask for. Other members of a request go unchecked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..service.hosted_tools import Search
from ..service.models import CATALOGUE, Model, find
from ..service.profile import Profile
from ..service.ranges import out_of_range
from ..text.characters import shortened
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.languages.joined import comma
from ..text.languages.notice import Notice
from ..text.suggestions import nearest
from .options import TOOL_CHOICES, function_name

if TYPE_CHECKING:
    from .request import Request


def check_options(request: Request, profile: Profile, warn: Callable[[str], None]) -> None:
    """Raise InvalidRequest for what a service of this profile would refuse, and `warn` of what it would ignore.

    The catalogue is about ZhiPu AI's own hosts: other servers run the same models with abilities of their own.
    """
    known = find(request.model) if profile.is_glm else None
    try:
        _check_contradictions(request)
        if known is not None:
            _check_thinking(request, known, warn)
            _check_effort(request, known)
        if profile.is_glm:
            _check_writes(request)
            _check_ranges(request)
        _check_hosted(request, profile)
        _check_search(request, profile)
        _check_tool_choice(request, profile)
    except InvalidRequest as error:
        error.outcomes = [NOTHING_SENT]
        raise


def _check_writes(request: Request) -> None:
    """Raise InvalidRequest for a model that draws."""
    from ..service.drawing.models import drawing_model  # when something is asked: `Chat` needs no models that draw

    if drawing_model(request.model) is not None:
        raise InvalidRequest(
            "{model} draws pictures, and writes no replies.",
            hint="chat.draw(…, model={model!r}) has it draw.",
            reason="model.draws",
            model=request.model,
        )


def _check_contradictions(request: Request) -> None:
    """Raise InvalidRequest where two of the options cannot both be meant."""
    think, effort = request.options.think, request.options.effort
    if think is False and effort not in (None, "none"):
        raise InvalidRequest(
            "Reasoning is turned off, and wanted with the effort {effort}.",
            hint="Leave out think=False or effort.",
            reason="think.off_with_effort",
            effort=effort,
        )
    if think and effort == "none":
        raise InvalidRequest(
            "Reasoning is turned on, and turned off by the effort none.",
            hint="Leave out think=True or effort.",
            reason="think.on_without_effort",
        )


def _check_thinking(request: Request, known: Model, warn: Callable[[str], None]) -> None:
    options = request.options
    if options.think is False and known.thinking == "always":
        raise InvalidRequest(
            "{model} always thinks: its reasoning cannot be turned off.",
            hint="Leave out think=False, or use another model.",
            reason="think.always",
            model=request.model,
        )
    if (options.think or options.keep_thinking) and known.thinking == "none":
        warn(
            Notice(
                "{model} does not reason, although it was asked to.",
                hint="Leave out think, or use another model.",
                reason="think.never",
                model=request.model,
            )
        )


def _check_effort(request: Request, known: Model) -> None:
    effort = request.options.effort
    if effort is None or effort in known.efforts:
        return
    if not known.efforts:
        raise InvalidRequest(
            "{model} has no reasoning effort to choose.",
            hint="These models have: {models}. think=True and think=False turn reasoning on and off.",
            reason="effort.none",
            model=request.model,
            models=comma(model.name for model in CATALOGUE.values() if model.efforts),
        )
    raise InvalidRequest(
        "{model} does not have the reasoning effort {effort}.",
        hint="It has: {efforts}.",
        reason="effort.not_of_model",
        model=request.model,
        effort=effort,
        efforts=comma(known.efforts),
    )


def _check_ranges(request: Request) -> None:
    for name, value, allowed in out_of_range(request.members):
        raise InvalidRequest(
            "{name} cannot be {value}.",
            hint="The service takes {range}.",
            reason="parameter.range",
            name=name,
            value=shortened(repr(value), 60),
            range=str(allowed),
        )


def _check_hosted(request: Request, profile: Profile) -> None:
    options = request.options
    if not profile.is_glm and (options.search or options.knowledge or options.mcp):
        raise InvalidRequest(
            "This server has no tools of its own: web search, MCP servers and knowledge bases are the GLM service's.",
            hint="Leave out search, mcp and knowledge; {params} sends any member as it is.",
            reason="hosted.elsewhere",
            params="params={'tools': [...]}",
        )


def _check_search(request: Request, profile: Profile) -> None:
    search = request.options.search
    engine = search.engine if isinstance(search, Search) else None
    if engine is not None and profile.search_engines and engine not in profile.search_engines:
        raise InvalidRequest(
            "This service has no search engine {engine}.",
            hint="It has: {engines}.",
            reason="search.engine",
            engine=engine,
            engines=comma(profile.search_engines),
        )


def _check_tool_choice(request: Request, profile: Profile) -> None:
    choice = request.options.tool_choice
    if choice is None:
        return
    tools = request.members.get("tools")
    names = [name for tool in tools if (name := function_name(tool))] if isinstance(tools, list) else []
    if not names:
        raise InvalidRequest(
            "tool_choice was given, and there is no function to call.",
            hint="Pass the functions as tools=[…].",
            reason="tool_choice.no_tools",
        )
    if profile.tool_choices and choice not in profile.tool_choices:
        raise InvalidRequest(
            "This service lets the model choose: it does not take tool_choice {choice!r}.",
            hint="It takes only {choices}.",
            reason="tool_choice.not_taken",
            choice=choice,
            choices=comma(profile.tool_choices),
        )
    if choice not in TOOL_CHOICES and choice not in names:
        raise InvalidRequest(
            "tool_choice names no tool of this turn: {choice}.",
            hint="It is one of {choices}, or one of the tools: {names}.",
            reason="tool_choice.unknown",
            near=nearest(choice, [*TOOL_CHOICES, *names]),
            choice=choice,
            choices=comma(TOOL_CHOICES),
            names=comma(names),
        )
