"""The candidates for each kind of value that an option or a command takes."""

from __future__ import annotations

import inspect
import os
import types
import typing
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from . import names, tables
from .words import Found

if TYPE_CHECKING:
    from ..session import Session

#: The kind of each option's value, by the option's destination in argparse.
OPTIONS = {
    "models": "models",
    "thread": "threads",
    "bind": "variables",
    "output": "variables",
    "each": "tables",
    "as_type": "types",
    "images": "images",
    "files": "documents",
    "tools": "offered",
    "tool_choice": "choices",
    "search": "search",
    "draw": "sizes",
}


def of(kind: str, session: Session, typed: str) -> tuple[int, Found]:
    """How many of the typed characters stay, and the candidates to put after them; none if the look-up fails."""
    try:
        return KINDS[kind](session, typed)
    except Exception:
        return 0, ()


def _models(session: Session, typed: str) -> tuple[int, Found]:
    from ...service.models import CATALOGUE

    return 0, [(name, "model") for name in (*CATALOGUE, session.settings.model)]


def _threads(session: Session, typed: str) -> tuple[int, Found]:
    return 0, [(name, "thread") for name in session.thread_names()]


def _compared(session: Session, typed: str) -> tuple[int, Found]:
    return 0, [(name, "model") for name in session.chat.compared]


def _commands(session: Session, typed: str) -> tuple[int, Found]:
    from ..commands.registry import COMMANDS

    return 0, [(name, "command") for name in COMMANDS]


def _jobs(session: Session, typed: str) -> tuple[int, Found]:
    return 0, [(str(job.number), "job") for job in session.jobs.all]


def _tools(session: Session, typed: str) -> tuple[int, Found]:
    return _in_list(session.tool_names(), typed)


def _functions(session: Session, typed: str) -> tuple[int, Found]:
    """Functions, and `confirm(`, which makes one ask the user first."""
    found = [name for name, value in names.own(session) if issubclass(type(value), _FUNCTIONS)]
    start, fitting = _in_list(found, typed)
    inner = "confirm("
    if typed[start:].startswith(inner):
        return start + len(inner), fitting
    return start, [*fitting, (inner, "tool")]


def _offered(session: Session, typed: str) -> tuple[int, Found]:
    """Functions, and the tool that runs Python."""
    from ..line.values import PYTHON, TRUSTED

    start, found = _functions(session, typed)
    if start and typed[:start].endswith("("):
        return start, found
    known = {name for name, _ in found}
    return start, [*found, *((name, "tool") for name in (PYTHON, TRUSTED) if name not in known)]


def _choices(session: Session, typed: str) -> tuple[int, Found]:
    """What `tool_choice` can be: a word, or the name of a function."""
    from ...chat.options import TOOL_CHOICES

    found = [name for name, value in names.own(session) if issubclass(type(value), _FUNCTIONS)]
    return 0, [*((word, "word") for word in TOOL_CHOICES), *((name, "tool") for name in found)]


def _sizes(session: Session, typed: str) -> tuple[int, Found]:
    """The sizes that the drawing model's documents recommend."""
    from ...service.drawing.models import drawing_model

    known = drawing_model(session.settings.drawing_model)
    return 0, [(size, "word") for size in (known.sizes if known else ())]


def _search(session: Session, typed: str) -> tuple[int, Found]:
    """The settings of a search, and the values of those that have a list."""
    from ...service.hosted_tools import ENGINES, RECENCIES, SEARCH_SETTINGS, SIZES

    name, equals, _ = typed.partition("=")
    if not equals:
        return 0, [(f"{setting}=", "word") for setting in SEARCH_SETTINGS]
    values = {"engine": ENGINES, "recency": RECENCIES, "size": SIZES}.get(name, {})
    return len(name) + 1, [(value, "word") for value in values]


def _in_list(found: list[str], typed: str) -> tuple[int, list[tuple[str, str]]]:
    start = typed.rfind(",") + 1
    given = [name.strip().removeprefix("confirm(").removesuffix(")") for name in typed[:start].split(",")]
    return start, [(name, "tool") for name in found if name not in given]


_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def _variables(session: Session, typed: str) -> tuple[int, Found]:
    """Variables that a value can be bound to: no modules, classes or functions."""
    return 0, [(name, "variable") for name, value in names.own(session) if not issubclass(type(value), _OTHERS)]


_OTHERS = (types.ModuleType, type, *_FUNCTIONS)


def _tables(session: Session, typed: str) -> tuple[int, Found]:
    """Variables, the tables among them first; and what is in them."""
    found = [(name, value) for name, value in names.own(session) if not issubclass(type(value), _OTHERS)]
    found.sort(key=lambda each: not tables.is_table(each[1]))
    return names.at_end(session, typed, [(name, "variable") for name, _ in found])


def _types(session: Session, typed: str) -> tuple[int, Found]:
    start = max(map(typed.rfind, "[,| ")) + 1
    if typed[:start].rpartition("[")[0].endswith("Literal"):
        return 0, ()
    path, dot, _ = typed[start:].rpartition(".")
    if dot:
        holder = names.resolved(session, path)
        found = [name for name in names.attributes(holder) if _is_type(inspect.getattr_static(holder, name, None))]
        return start + len(path) + 1, [(name, "type") for name in found if name[0] != "_"]
    found = [name for name, value in names.own(session) if _is_type(value)]
    return start, [
        (name, "type") for name in (*found, "bool", "float", "int", "str", "list[", "Literal[", "DataFrame[")
    ]


def _is_type(value: object) -> bool:
    return issubclass(type(value), (type, *_SPECIAL))


#: The types of `list[int]`, `int | str` and typing's own generics.
_SPECIAL = tuple({type(each) for each in (list[int], int | str, typing.List[int], typing.Literal[0])})  # noqa: UP006  # typing's own type differs


def _images(session: Session, typed: str) -> tuple[int, Found]:
    return _named_or_files(session, typed, _PICTURES)


def _documents(session: Session, typed: str) -> tuple[int, Found]:
    return _named_or_files(session, typed, "")


def _named_or_files(session: Session, typed: str, endings: str | tuple[str, ...]) -> tuple[int, Found]:
    start, named = names.at_end(session, typed, _variables(session, typed)[1])
    found = [(typed[:start] + text, kind) for text, kind in named]
    with suppress(OSError, RuntimeError):  # what was typed is not a path
        found += [(path, kind) for path, kind in _files(session, typed)[1] if path.lower().endswith(endings)]
    return 0, found


_PICTURES = ("/", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")


def _files(session: Session, typed: str) -> tuple[int, Found]:
    folder, slash, begun = typed.rpartition("/")
    with os.scandir(Path(folder + slash).expanduser()) as entries:
        inside = sorted((entry.name, entry.is_dir()) for entry in entries if entry.name.startswith(begun))
    found = [name + "/" * is_folder for name, is_folder in inside if begun or not name.startswith(".")]
    return 0, [(folder + slash + name, "path") for name in found]


KINDS: dict[str, Callable[[Session, str], tuple[int, Found]]] = {
    "models": _models,
    "threads": _threads,
    "compared": _compared,
    "commands": _commands,
    "jobs": _jobs,
    "tools": _tools,
    "offered": _offered,
    "functions": _functions,
    "choices": _choices,
    "search": _search,
    "sizes": _sizes,
    "variables": _variables,
    "tables": _tables,
    "types": _types,
    "images": _images,
    "documents": _documents,
    "files": _files,
}
