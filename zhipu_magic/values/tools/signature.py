"""A function's signature for the model, and the model's arguments for the function."""

from __future__ import annotations

import copy
import functools
import inspect
import json
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from ...text.characters import shortened, whole_characters
from ...text.errors import InvalidRequest
from ...text.languages.joined import distinct_notes
from ...text.languages.messages import for_model
from ..types.names import type_name
from ..types.problems import problems_of
from ..types.schema import JsonType, object_type
from ..types.typed_dicts import Unsupported

if TYPE_CHECKING:
    from docstring_parser import Docstring


class WrongArguments(ValueError):
    """A model's arguments do not fit. The message is for the model."""


@dataclass(frozen=True)
class Arguments:
    """The arguments of a call: the JSON that was `given`, and the values that it was `taken` as."""

    given: Mapping[str, Any]
    taken: Mapping[str, Any]
    _parameters: tuple[inspect.Parameter, ...]

    def call(self, function: Callable[..., Any]) -> Any:
        """Call the function with them."""
        named = dict(self.taken)
        only = [each for each in self._parameters if each.kind is each.POSITIONAL_ONLY]
        return function(*[named.pop(each.name, each.default) for each in only], **named)


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that names a member twice: what the user sees must be what is used."""
    read: dict[str, Any] = {}
    for name, value in members:
        if name in read:
            raise ValueError(for_model("{name!r} is given more than once", name=shortened(name, 60)))
        read[name] = value
    return read


@dataclass(frozen=True)
class Signature:
    """A function's name, its description, and its parameters as JSON Schema."""

    name: str
    description: str
    schema: Mapping[str, Any]
    _parameters: tuple[inspect.Parameter, ...]
    _taken: JsonType

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Signature:
        """Read it from the signature, the type hints and the docstring.

        Raises `InvalidRequest` for a function that a model could not call.
        """
        name = _name(function)
        docstring = _docstring(function)
        parameters = _parameters(function, name)
        hints = {each.name: _hint(each, function, name) for each in parameters}
        taken = _taken(name, parameters, hints)
        schema = _described(copy.deepcopy(taken.schema), parameters, docstring)
        description = _description(docstring, name)
        return cls(name=name, description=description, schema=schema, _parameters=parameters, _taken=taken)

    def read(self, arguments: str) -> Arguments:
        """The arguments, from their JSON. Raises `WrongArguments`."""
        from pydantic import ValidationError
        from pydantic_core import from_json

        text = whole_characters(arguments).strip() or "{}"
        try:
            data = from_json(text)
            json.loads(text, object_pairs_hook=_each_once)
        except ValueError as error:
            raise WrongArguments(
                for_model(
                    "The arguments of {name} are not JSON: {error}. Give one JSON object.", name=self.name, error=error
                )
            ) from None
        try:
            values = self._taken.adapter.validate_json(text)
        except ValidationError as error:
            problems = distinct_notes(problems_of(error, data))
            raise WrongArguments(
                for_model("The arguments of {name} do not fit: {problems}.", name=self.name, problems=problems)
            ) from None
        return Arguments(data, values, self._parameters)


def _name(function: Callable[..., Any]) -> str:
    inner = _unbound(function)
    name = getattr(inner, "__name__", None)
    if not isinstance(name, str):
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(inner).__name__).lower()
    if name == "<lambda>":
        raise InvalidRequest(
            "A lambda cannot be a tool: it has no name.", hint="Write it with def.", reason="tool.a_lambda"
        )
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
        raise InvalidRequest(
            "{name} cannot be the name of a tool.",
            hint="The service accepts at most 64 letters (a to z), digits, _ and -: define it under another name.",
            reason="tool.bad_name",
            name=name,
        )
    return name


def _unbound(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _written(function: Callable[..., Any]) -> Any:
    """The function as it was written, without partials and wrappers."""
    inner = _unbound(function)
    if not (inspect.isroutine(inner) or hasattr(inner, "__wrapped__")):
        inner = type(inner).__call__
    return inspect.unwrap(getattr(inner, "__func__", inner))


def _parameters(function: Callable[..., Any], name: str) -> tuple[inspect.Parameter, ...]:
    """The parameters that a model fills in, without bound ones, `*args` and `**kwargs`."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except NameError as error:  # from Python 3.14 on, hints are evaluated only now
        raise InvalidRequest(
            "A type hint of {name} cannot be resolved: {error}.", reason="tool.hint", name=name, error=str(error)
        ) from error
    except (TypeError, ValueError):
        raise InvalidRequest(
            "{name} does not say what arguments it takes.",
            hint="Wrap it in a function of your own, with type hints and a docstring.",
            reason="tool.no_signature",
            name=name,
        ) from None
    given, bound = (function.args, function.keywords) if isinstance(function, functools.partial) else ((), {})
    named = [each for each in found if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    if found and found[0].name == "self" and found[0].annotation is found[0].empty:
        raise InvalidRequest(
            "{name} is a method without its object.",
            hint="Pass the method of an object: thing.{name}.",
            reason="tool.unbound",
            name=name,
        )
    for each in found:
        alone = not given and not any(one.kind is not one.KEYWORD_ONLY for one in named)
        if (each.kind is each.VAR_POSITIONAL and alone) or (each.kind is each.VAR_KEYWORD and not (given or named)):
            stars = "*" if each.kind is each.VAR_POSITIONAL else "**"
            raise InvalidRequest(
                "{name} takes {parameter}, but a tool's parameters must have names.",
                hint="Name them, or take one list. In a decorator, functools.wraps keeps them.",
                reason="tool.star_parameter",
                name=name,
                parameter=f"{stars}{each.name}",
            )
    return tuple(each for each in named if each.name not in bound)


def _hint(parameter: inspect.Parameter, function: Callable[..., Any], name: str) -> Any:
    annotation = parameter.annotation
    if annotation is parameter.empty:
        return Any

    def stand_in() -> None: ...

    stand_in.__annotations__ = {parameter.name: annotation}
    try:
        hint = typing.get_type_hints(
            stand_in, globalns=getattr(_written(function), "__globals__", {}), include_extras=True
        )[parameter.name]
    except Exception as error:  # a hint may be any expression
        written = annotation if isinstance(annotation, str) else type_name(annotation)
        raise InvalidRequest(
            "The parameter {parameter} of {name} has the type {type}, which cannot be resolved: {error}.",
            hint="Define the type at the top level of the notebook or module, before you pass the tool.",
            reason="tool.unresolved_type",
            parameter=parameter.name,
            name=name,
            type=written,
            error=str(error),
        ) from error
    return Optional[hint] if parameter.default is None else hint  # noqa: UP045  # `hint | None` fails for some forms


def _taken(name: str, parameters: tuple[inspect.Parameter, ...], hints: Mapping[str, Any]) -> JsonType:
    """The type of a function's parameters together. Raises `InvalidRequest` if JSON cannot hold it."""
    from pydantic import ConfigDict

    try:
        optional = {each.name for each in parameters if each.default is not each.empty}
        members = object_type(name, hints, optional)
        members.__pydantic_config__ = ConfigDict(extra="forbid")
        taken = JsonType(members)
        _ = taken.schema  # pydantic refuses some types only here
        return taken
    except Unsupported as error:
        for each in parameters:
            hint = JsonType(hints[each.name])
            try:
                _ = hint.schema
            except Unsupported as reason:
                raise InvalidRequest(
                    "The parameter {parameter} of {name} has the type {type}, which a model cannot provide: {why}.",
                    hint="Take what JSON can hold (text, numbers, lists, a dataclass, a pydantic model), and create "
                    "the rest inside.",
                    reason="tool.type",
                    parameter=each.name,
                    name=name,
                    type=hint.name,
                    why=reason.why,
                ) from error
        raise InvalidRequest(
            "The parameters of {name} cannot be described to a model: {error}.",
            reason="tool.undescribable",
            name=name,
            error=str(error),
        ) from error


def _described(
    schema: dict[str, Any], parameters: tuple[inspect.Parameter, ...], docstring: Docstring | None
) -> dict[str, Any]:
    """The schema, with the defaults and the docstring's description of each parameter."""
    said = {
        name.strip().lstrip("*"): " ".join(each.description.split())
        for each in (docstring.params if docstring else [])
        for name in each.arg_name.split(",")
        if each.description
    }
    members = schema.setdefault("properties", {})
    for each in parameters:
        member = members.setdefault(each.name, {})
        if each.name in said:
            member.setdefault("description", said[each.name])
        if each.default is not each.empty:
            member.update(_default(each.default))
    return schema


def _default(value: Any) -> dict[str, Any]:
    """The default as a member of a schema; none if JSON cannot hold it."""
    from pydantic_core import to_jsonable_python

    try:
        plain = to_jsonable_python(value)
        json.dumps(plain, allow_nan=False)
    except Exception:  # a serializer of the user's own may raise anything
        return {}
    if isinstance(value, (set, frozenset)):
        plain.sort(key=json.dumps)  # its order changes from run to run
    return {"default": plain}


def _docstring(function: Callable[..., Any]) -> Docstring | None:
    from docstring_parser import ParseError, parse

    called = _class_of(function)
    text = inspect.cleandoc(_written(function).__doc__ or (called.__doc__ if called else "") or "")
    try:
        return parse(text) if text else None
    except ParseError:
        docstring = parse("")
        docstring.short_description = text
        return docstring


def _class_of(function: Any) -> Any:
    """The class of a callable object; None for a function."""
    inner = _unbound(function)
    return None if inspect.isroutine(inner) or hasattr(inner, "__wrapped__") else type(inner)


def _description(docstring: Docstring | None, name: str) -> str:
    parts = [part for part in (docstring.short_description, docstring.long_description) if part] if docstring else []
    return "\n\n".join(parts) or name.replace("_", " ").strip() or name
