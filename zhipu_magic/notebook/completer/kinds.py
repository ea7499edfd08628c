"""What there is of each kind of value that an option or a command takes."""

from __future__ import annotations

import inspect
import os
import types
import typing
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from . import names
from .words import Found

if TYPE_CHECKING:
    from .words import Desk

#: What an option's value is, by the member that it becomes.
OPTIONS = {
    "model": "models",
    "thread": "threads",
    "bind": "variables",
    "output": "variables",
    "as_type": "types",
    "images": "images",
    "tools": "functions",
}


def of(kind: str, desk: Desk, typed: str) -> tuple[int, Found]:
    """How many letters of what is typed stay, and what may follow them. Nothing, for what cannot be looked up."""
    try:
        return KINDS[kind](desk, typed)
    except Exception:
        return 0, ()


def _models(desk: Desk, typed: str) -> tuple[int, Found]:
    from ...service.models import CATALOGUE

    return 0, [(name, "model") for name in (*CATALOGUE, str(desk.model))]


def _threads(desk: Desk, typed: str) -> tuple[int, Found]:
    return 0, [(name, "thread") for name in desk.thread_names()]


def _commands(desk: Desk, typed: str) -> tuple[int, Found]:
    from ..commands.registry import COMMANDS

    return 0, [(name, "command") for name in COMMANDS]


def _tools(desk: Desk, typed: str) -> tuple[int, Found]:
    return _in_list(desk.tool_names(), typed)


def _functions(desk: Desk, typed: str) -> tuple[int, Found]:
    """Functions, and `confirm(` before one that asks the reader first."""
    found = [name for name, value in names.own(desk.shell) if issubclass(type(value), _FUNCTIONS)]
    kept, fitting = _in_list(found, typed)
    inner = "confirm("
    if typed[kept:].startswith(inner):
        return kept + len(inner), fitting
    return kept, [*fitting, (inner, "tool")]


def _in_list(found: list[str], typed: str) -> tuple[int, list[tuple[str, str]]]:
    kept = typed.rfind(",") + 1
    given = [name.strip().removeprefix("confirm(").removesuffix(")") for name in typed[:kept].split(",")]
    return kept, [(name, "tool") for name in found if name not in given]


_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def _variables(desk: Desk, typed: str) -> tuple[int, Found]:
    """Names that a value may be bound to: not those of modules, classes and functions."""
    others = (types.ModuleType, type, *_FUNCTIONS)
    return 0, [(name, "variable") for name, value in names.own(desk.shell) if not issubclass(type(value), others)]


def _types(desk: Desk, typed: str) -> tuple[int, Found]:
    kept = max(map(typed.rfind, "[,| ")) + 1
    if typed[:kept].rpartition("[")[0].endswith("Literal"):
        return 0, ()
    path, dot, _ = typed[kept:].rpartition(".")
    if dot:
        holder = names.resolved(desk.shell, path)
        found = [name for name in names.attributes(holder) if _is_type(inspect.getattr_static(holder, name, None))]
        return kept + len(path) + 1, [(name, "type") for name in found if name[0] != "_"]
    found = [name for name, value in names.own(desk.shell) if _is_type(value)]
    return kept, [(name, "type") for name in (*found, "bool", "float", "int", "str", "list[", "Literal[", "DataFrame[")]


def _is_type(value: object) -> bool:
    return issubclass(type(value), (type, *_SPECIAL))


#: What `list[int]`, `int | str` and typing's own are values of.
_SPECIAL = tuple({type(each) for each in (list[int], int | str, typing.List[int], typing.Literal[0])})  # noqa: UP006  # typing's is another kind


def _images(desk: Desk, typed: str) -> tuple[int, Found]:
    kept, named = names.at_end(desk.shell, typed, _variables(desk, typed)[1])
    found = [(typed[:kept] + text, kind) for text, kind in named]
    with suppress(OSError, RuntimeError):  # what is typed begins no path
        found += [(path, kind) for path, kind in _files(desk, typed)[1] if path.lower().endswith(_PICTURES)]
    return 0, found


_PICTURES = ("/", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")


def _files(desk: Desk, typed: str) -> tuple[int, Found]:
    folder, slash, begun = typed.rpartition("/")
    with os.scandir(Path(folder + slash).expanduser()) as entries:
        inside = sorted((entry.name, entry.is_dir()) for entry in entries if entry.name.startswith(begun))
    found = [name + "/" * is_folder for name, is_folder in inside if begun or not name.startswith(".")]
    return 0, [(folder + slash + name, "path") for name in found]


KINDS: dict[str, Callable[[Desk, str], tuple[int, Found]]] = {
    "models": _models,
    "threads": _threads,
    "commands": _commands,
    "tools": _tools,
    "functions": _functions,
    "variables": _variables,
    "types": _types,
    "images": _images,
    "files": _files,
}
