"""Python functions as tools: their description for the model, and a call, from its JSON to a text for the model."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...text.characters import class_name, each_text, shortened, whole_characters, without_addresses
from ...text.errors import InvalidRequest
from ...text.languages.messages import Message, _, for_model, sent
from .awaiting import RunCoroutine, whole
from .consent import Ask, refusal
from .ran import Ran
from .signature import Signature, WrongArguments

#: Characters of an error's message for the model.
_MESSAGE = 2000


@dataclass(frozen=True)
class Tool:
    """A function that a model may call. `parameters` is the JSON Schema of an object.

    With `asks_first`, the function `ask` asks the user before each call (see `confirm`); without it, no call runs. The
    tool can still be called as a function.

    `code` names the argument that holds Python code, which the user is then asked about as code. A tool that is
    `trusted` runs without asking in one turn, and asks in all others.
    """

    name: str
    description: str
    parameters: Mapping[str, Any] = field(hash=False)
    function: Callable[..., Any]
    asks_first: bool = False
    ask: Ask | None = field(default=None, repr=False, compare=False)
    code: str = ""
    trusted: bool = False
    _signature: Signature | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, function: Any) -> Tool:
        """The function as a tool; a tool is returned as it is.

        Name, parameters and description come from the signature, the type hints and the docstring (Google, NumPy or
        Sphinx style). Raises `InvalidRequest` for what a model could not call.
        """
        if isinstance(function, Tool):
            return function
        if isinstance(function, staticmethod):
            function = function.__func__
        if isinstance(function, type):
            raise InvalidRequest(
                "{name} is a class; a tool must be a function.",
                hint="Pass a function that creates one and does the work.",
                reason="tool.a_class",
                name=function.__name__,
            )
        if not callable(function):
            raise InvalidRequest(
                "A tool must be a function, and this is a value of type {type}.",
                hint="Pass the function itself, without calling it.",
                reason="tool.not_a_function",
                type=type(function).__name__,
            )
        signature = Signature.of(function)
        return cls(signature.name, signature.description, signature.schema, function, _signature=signature)

    def anew(self) -> Tool:
        """The tool as its function is by now: a module that was reloaded changes its functions in place."""
        if self._signature is None:  # it was not made from its function
            return self
        return replace(Tool.of(self.function), asks_first=self.asks_first, ask=self.ask)

    def told(self) -> Tool:
        """The tool with what is said of it in the language of the prompt, where that is ours."""
        if not isinstance(self.description, Message):
            return self
        return replace(self, description=sent(self.description), parameters=each_text(self.parameters, sent))

    @property
    def member(self) -> dict[str, Any]:
        """The tool as a member of a request's `tools`."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}

    @property
    def signature(self) -> Signature:
        """What reads a model's arguments."""
        return self._signature or Signature.of(self.function)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.function(*arguments, **named)


def confirm(function: Any) -> Tool:
    """The function as a tool that asks the user before each call."""
    return replace(Tool.of(function), asks_first=True)


def check_names(tools: Iterable[Tool]) -> tuple[Tool, ...]:
    """The tools, each once. Raises `InvalidRequest` if two share a name: the model could not tell them apart."""
    seen: dict[str, Tool] = {}
    for tool in tools:
        known = seen.setdefault(tool.name, tool)
        if known.function is not tool.function:
            raise InvalidRequest(
                "Two tools have the name {name}.",
                hint="Define one of them under another name.",
                reason="tool.same_name",
                name=tool.name,
            )
        seen[tool.name] = tool if tool.asks_first else known
    return tuple(seen.values())


@dataclass(frozen=True)
class Outcome:
    """The outcome of a call: the text for the model, whether it `failed`, and the seconds that the function took.

    `error` is what the function raised, `declined` that the user did not agree to the call, and `left_out` what of its
    result the text has, where it is not all of it. `ran` is what a run of code has shown and changed, and `interrupted`
    that the user stopped it.
    """

    text: str
    failed: bool = False
    seconds: float = 0.0
    declined: bool = False
    error: BaseException | None = field(default=None, repr=False)
    left_out: str = ""
    ran: Ran | None = None
    interrupted: bool = False


class HasRun(ABC):
    """The result of a tool that runs code, however that ended: it knows how it reads, and what it has shown."""

    @abstractmethod
    def outcome(self, tokens: int, *, seeing: bool) -> Outcome:
        """How it reads within so many tokens, to a model that is `seeing` images or not."""


def call(
    tools: Sequence[Tool],
    name: str,
    arguments: str,
    tokens: int,
    *,
    run_coroutine: RunCoroutine | None = None,
    seeing: bool = False,
) -> Outcome:
    """Call the tool of that name with arguments in JSON. Returns the result as text of at most so many `tokens`.

    `run_coroutine` runs an async tool's coroutine and returns its result; without it, a separate thread does. The model
    is `seeing` images or not.
    A failure is an outcome too, whose text tells the model what went wrong, and so is a run of code that the user has
    stopped. Only another KeyboardInterrupt is raised, once whatever was running has been stopped.
    """
    tool = next((each for each in tools if each.name == name), None)
    if tool is None:
        said = for_model(
            "There is no tool {name!r}. Available tools: {tools}.",
            name=shortened(name, 64),
            tools=", ".join(each.name for each in tools) or _("none"),
        )
        return Outcome(said, failed=True)
    try:
        given = tool.signature.read(arguments)
    except WrongArguments as error:
        return Outcome(str(error), failed=True)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a type's own check may raise anything
        return Outcome(
            for_model("The arguments of {name} do not fit: {problems}", name=name, problems=_words(error)), failed=True
        )
    if tool.asks_first and (refused := refusal(tool.ask, name, given.given, given.taken, code=tool.code)):
        return Outcome(refused.text, failed=True, declined=refused.declined)
    began = time.perf_counter()
    try:
        result, note = whole(given.call(tool.function), run_coroutine)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a tool must not end the session
        return Outcome(_words(error), failed=True, seconds=_since(began), error=error)
    seconds = _since(began)
    try:
        if isinstance(result, HasRun):
            return replace(result.outcome(tokens, seeing=seeing), seconds=seconds)
        text, left_out = _text(result, tokens)
        return Outcome(text + note, seconds=seconds, left_out=left_out)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a result's own repr may raise anything
        said = for_model("{name} ran, but its result cannot be shown: {error}", name=name, error=_words(error))
        return Outcome(said, failed=True, seconds=seconds)


def _text(result: Any, tokens: int) -> tuple[str, str]:
    """The result as text, and what of it that has."""
    from ..rendering.renderers import rendered

    try:
        shown = rendered(result, tokens)
    except InvalidRequest as error:
        if error.reason != "render.says_nothing":
            raise
        return for_model("[a value of type {type}, whose text would say nothing]", type=class_name(result)), ""
    if shown.images:
        return for_model("[an image: it cannot be returned to the model]"), ""
    return shown.text or for_model("[an empty text]"), shown.left_out


def _words(error: BaseException) -> str:
    """An error in its own words, without its frames, which hold paths of this machine."""
    try:
        message = without_addresses(sent(error)).strip()
        if isinstance(error, ImportError) and error.path:
            message = message.removesuffix(f" ({error.path})")
    except Exception:  # the user's own exception may raise another
        message = ""
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return whole_characters(shortened(text, _MESSAGE))


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 3)
