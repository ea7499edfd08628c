"""Which frames of an error are the user's own, and which names their failed statements use."""

from __future__ import annotations

import ast
import functools
import linecache
import os
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import BuiltinFunctionType, FrameType, FunctionType, MethodType, ModuleType, TracebackType
from typing import Any, Final

from ...text.languages.messages import _
from ..outputs.marks import mark_of

_CELL: Final = re.compile(r"<ipython-input-|[/\\](ipykernel_\d+[/\\]\d+|ipython-input-[\w-]+)\.py$")
_PACKAGES: Final = re.compile(r".*[/\\](?:site|dist)-packages[/\\]([^/\\]+)", re.DOTALL)
_STANDARD: Final = tuple(
    {
        os.path.realpath(place) + os.sep
        for place in (sysconfig.get_path("stdlib"), os.path.dirname(os.__file__))
        if place
    }
)
_OURS: Final = str(Path(__file__).resolve().parents[2]) + os.sep
_IN_PYTHON: Final = ("<stdin>", "<string>", "<console>")
_CODE: Final = (ModuleType, type, FunctionType, MethodType, BuiltinFunctionType, functools._lru_cache_wrapper)
_NOTHING: Final = object()
HIDDEN: Final = _("a hidden cell")
_FIRST_LINES: Final = 100
"""Lines among which the first one that is not empty is looked for."""


@dataclass(frozen=True)
class Frame:
    """One entry of a traceback. `filename`, `lineno` and `name` are as in `traceback.FrameSummary`."""

    frame: FrameType
    filename: str
    lineno: int
    name: str
    """Of the function."""
    owner: str
    """The library that it belongs to, or that it is in a hidden cell; empty for the user's other code."""

    @property
    def where(self) -> str:
        """`cell`, or the file's bare name."""
        return place(self.filename)


def own_frames(error: BaseException) -> list[Frame]:
    """The frames of an error's traceback that are the user's own, the innermost last.

    Frames of installed packages, the standard library, IPython and zhipu_magic are left out.
    """
    return [frame for frame in frames(error) if not frame.owner]


def frames(error: BaseException) -> Iterator[Frame]:
    """All frames of an error's traceback, the innermost last."""
    entry: TracebackType | None = error.__traceback__
    while entry is not None:
        code = entry.tb_frame.f_code
        owner = _owner(code.co_filename, entry.tb_frame.f_globals.get("__name__"))
        owner = owner or (HIDDEN if _is_hidden(code.co_filename) else "")
        line = entry.tb_lineno or entry.tb_frame.f_lineno or code.co_firstlineno
        yield Frame(frame=entry.tb_frame, filename=code.co_filename, lineno=line, name=code.co_name, owner=owner)
        entry = entry.tb_next


def named_values(error: BaseException, limit: int) -> dict[str, Any]:
    """At most `limit` values that the failed statements in the user's own frames use, the innermost frame first.

    Modules, functions, classes and builtins are left out.
    """
    found: dict[str, Any] = {}
    for frame in reversed(own_frames(error)):
        local, around = frame.frame.f_locals, frame.frame.f_globals
        for name in _names_at(frame):
            value = local.get(name, around.get(name, _NOTHING))
            if name not in found and len(found) < limit and value is not _NOTHING and not isinstance(value, _CODE):
                found[name] = value
    return found


def is_cell(filename: str) -> bool:
    """Whether this file name is that of a notebook's cell, or of a line in the terminal."""
    return _CELL.search(filename) is not None


def _is_hidden(filename: str) -> bool:
    """Whether this is a cell whose first line keeps it from the model, and so its lines and their values."""
    return is_cell(filename) and mark_of("".join(linecache.getlines(filename)[:_FIRST_LINES])) == "hide"


def place(filename: str) -> str:
    """A file's bare name, or `cell`, without a path or a number that changes from run to run."""
    return "cell" if is_cell(filename) else re.split(r"[/\\]", filename)[-1]


@functools.lru_cache(maxsize=1_000)
def _owner(filename: str, module: object) -> str:
    if is_cell(filename) or filename in _IN_PYTHON:
        return ""
    if filename.startswith("<"):
        return filename.strip("<>").removeprefix("frozen ").partition(".")[0]
    if package := _PACKAGES.match(filename):
        return package[1].removesuffix(".py")
    try:
        real = os.path.realpath(filename)
    except OSError:  # the working directory was deleted
        real = filename
    if real.startswith(_OURS):
        return "zhipu_magic"
    if standard := next((folder for folder in _STANDARD if real.startswith(folder)), ""):
        return real.removeprefix(standard).partition(os.sep)[0].removesuffix(".py")
    # A compiled module has a file name that does not exist.
    is_compiled = isinstance(module, str) and module != "__main__" and not os.path.exists(real)
    return str(module).partition(".")[0] if is_compiled else ""


def _names_at(frame: Frame) -> list[str]:
    """The names that a frame's current statement reads, in the order of its source."""
    lines = linecache.getlines(frame.filename, frame.frame.f_globals)
    try:
        statements = _statements_at(ast.parse("".join(lines)), frame.lineno)
    except (SyntaxError, ValueError):
        return []
    names = [name for statement in statements for name in _names_in(statement)]
    return [name.id for name in sorted(names, key=lambda name: (name.lineno, name.col_offset))]


def _statements_at(node: ast.AST, line: int) -> Iterator[ast.stmt]:
    """The innermost statements on a line; for a compound one, such as a loop, its header."""
    for child in ast.iter_child_nodes(node):
        first = min([getattr(child, "lineno", 0), *(one.lineno for one in getattr(child, "decorator_list", ()))])
        if not first or first <= line <= (getattr(child, "end_lineno", None) or first):
            inner = list(_statements_at(child, line))
            yield from inner or ([child] if isinstance(child, ast.stmt) else [])


def _names_in(node: ast.AST) -> Iterator[ast.Name]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Name) and (isinstance(child.ctx, ast.Load) or isinstance(node, ast.AugAssign)):
            yield child
        elif not isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            yield from _names_in(child)
