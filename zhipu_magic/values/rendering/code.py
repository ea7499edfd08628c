"""Functions and classes by their source, or by signature and docstring; modules by their public names."""

from __future__ import annotations

import ast
import enum
import functools
import inspect
import linecache
import textwrap
from collections.abc import Iterator
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, Final

from ...text.characters import shortened, with_line_ends_escaped, without_addresses
from ...text.languages.messages import for_model
from ...text.tokens import cut, fenced_within, listed, weight
from .registry import render
from .reprs import repr_of
from .stack_frames import is_cell

_SHARE_OF_DOC: Final = 0.6
"""The share of a module's budget for its docstring."""
_AROUND_NAMES: Final = 4
_LONGEST_GIVEN: Final = 60


@render.register(FunctionType)
@render.register(MethodType)
@render.register(BuiltinFunctionType)
@render.register(MethodDescriptorType)
@render.register(ClassMethodDescriptorType)
@render.register(WrapperDescriptorType)
@render.register(MethodWrapperType)
@render.register(functools._lru_cache_wrapper)
@render.register(staticmethod)
@render.register(classmethod)
def function(value: Any, tokens: int) -> str:
    """The source of the function that the user wrote, with its decorators; a wrapped one is unwrapped."""
    return fenced_within(_source(value) or _described(value), "python", tokens)


@render.register
def _property(value: property, tokens: int) -> Any:
    return value.fget or for_model("a property")


@render.register
def _partial(value: functools.partial, tokens: int) -> Any:  # type: ignore[type-arg]  # the registry wants the class
    """The bound arguments, and the function."""
    given = [*map(_short, value.args), *(f"{name}={_short(one)}" for name, one in value.keywords.items())]
    called = for_model(
        "functools.partial: calls {function} with {arguments}", function=_name(value.func), arguments=", ".join(given)
    )
    heading = cut(f"{called}\n", tokens / 2)
    function = render(value.func, round(tokens - weight(heading)))
    return heading + function if isinstance(function, str) else heading


@render.register
def _class(value: type, tokens: int) -> str:
    """The source, with the signature above it if the class has no `__init__` of its own."""
    source = _class_source(value)
    if not source:
        return fenced_within(_described(value), "python", tokens)
    signature = _signature(value) if _is_made_by_python(value) and "def __init__" not in source else ""
    return fenced_within(f"# {value.__name__}{signature}\n{source}" if signature else source, "python", tokens)


@render.register
def _module(value: ModuleType, tokens: int) -> str:
    """Its docstring and public names, but not its path."""
    version = getattr(value, "__version__", None)
    named = f"{value.__name__} {version}" if isinstance(version, str) else value.__name__
    heading = for_model("module {name}", name=named)
    doc = inspect.getdoc(value) or ""
    text = cut(f"{heading}\n\n{doc}" if doc else heading, tokens * _SHARE_OF_DOC)
    names = listed(_public_names(value), ", ", tokens - weight(text) - _AROUND_NAMES)
    return f"{text}\n\n{for_model('Names: {names}', names=names)}"


def _source(value: Any) -> str:
    try:
        return textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError, SyntaxError):
        return ""


def _described(value: Any) -> str:
    """The signature and docstring of a function or class without source."""
    doc = inspect.getdoc(value)
    return f"{_name(value)}{_signature(value) or '(…)'}" + (f'\n"""{doc}"""' if doc else "")


def _name(value: Any) -> str:
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    return name if isinstance(name, str) else type(value).__name__


def _signature(value: Any) -> str:
    try:
        found = inspect.signature(value)
    except (ValueError, TypeError):
        return ""
    given = [one.replace(annotation=_as_written(one.annotation)) for one in found.parameters.values()]
    gives = found.empty if isinstance(value, type) else _as_written(found.return_annotation)
    return without_addresses(str(found.replace(parameters=given, return_annotation=gives)))


def _as_written(annotation: Any) -> Any:
    """An annotation, without quotes if it is still text."""
    return _Written(annotation) if isinstance(annotation, str) else annotation


class _Written:
    """Its repr is the text itself."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _short(value: Any) -> str:
    return shortened(with_line_ends_escaped(repr_of(value)), _LONGEST_GIVEN)


def _is_made_by_python(value: type) -> bool:
    """Whether the signature of a class shows more than its source does."""
    return isinstance(value.__init__, FunctionType) and not issubclass(value, (enum.Enum, BaseException))  # type: ignore[misc]  # the class is asked on purpose


def _public_names(module: ModuleType) -> list[str]:
    """The names that it declares as public, or else all its names without those of imported modules."""
    declared = getattr(module, "__all__", None)
    if isinstance(declared, (list, tuple)):
        return sorted(name for name in declared if isinstance(name, str))  # some are made from sets
    members = vars(module)
    return [name for name in dir(module) if not name.startswith("_") and not _is_foreign(members.get(name), module)]


def _is_foreign(value: Any, module: ModuleType) -> bool:
    return isinstance(value, ModuleType) and not value.__name__.startswith(f"{module.__name__}.")


def _class_source(value: type) -> str:
    """The source of a class, even from a notebook's cell, where Python itself does not find it."""
    return _source(value) or next(filter(None, (_in_cell(value, name) for name in _cells_of(value))), "")


def _cells_of(value: type) -> Iterator[str]:
    """The cells that may define a class: those of its methods, then all cells, the latest first."""
    for member in vars(value).values():
        code = getattr(inspect.unwrap(member) if callable(member) else member, "__code__", None)
        if code is not None and is_cell(code.co_filename):
            yield code.co_filename
    if value.__module__ == "__main__":
        yield from filter(is_cell, reversed(list(linecache.cache)))


def _in_cell(value: type, name: str) -> str:
    lines = linecache.getlines(name)
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        return ""
    path = [part for part in value.__qualname__.split(".") if part != "<locals>"]
    found = list(_definitions(tree, path))
    if not found:
        return ""
    first = min([found[-1].lineno, *(one.lineno for one in found[-1].decorator_list)])
    return textwrap.dedent("".join(lines[first - 1 : found[-1].end_lineno]))


def _definitions(node: ast.AST, path: list[str]) -> Iterator[ast.ClassDef]:
    """The classes with this qualified name."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _definitions(child, path)
        elif child.name == path[0] and path[1:]:
            yield from _definitions(child, path[1:])
        elif child.name == path[0] and isinstance(child, ast.ClassDef):
            yield child
