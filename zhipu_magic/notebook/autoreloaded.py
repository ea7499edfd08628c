"""Functions that IPython's autoreload has changed in place.

It gives an old function the new one's code, defaults and docstring, but, in many versions, not its annotations, which a
tool's description is made of.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from collections.abc import Iterator
from contextlib import suppress
from types import CodeType, FunctionType, ModuleType
from typing import Any

_AUTORELOAD = "IPython.extensions.autoreload"


def complete(function: Any) -> None:
    """Give the function the annotations of its module's source, if it is at that version and autoreload is in use."""
    if _AUTORELOAD in sys.modules and callable(function):
        with suppress(Exception):  # the source may be anything by now, and the function then stays as it is
            _complete(inspect.unwrap(getattr(function, "__func__", function)))


def _complete(function: Any) -> None:
    module = sys.modules[function.__module__]
    if not isinstance(function, FunctionType) or module.__name__ == "__main__" or module.__file__ is None:
        return
    linecache.checkcache(module.__file__)
    tree = ast.parse("".join(linecache.getlines(module.__file__)))
    written = next(_found(tree, function.__qualname__.split(".")))
    if _parameters(written) == _taken(function.__code__):
        function.__annotations__ = _annotations(tree, written, module)


_Def = ast.FunctionDef | ast.AsyncFunctionDef


def _found(tree: ast.Module | ast.ClassDef, names: list[str]) -> Iterator[_Def]:
    """The last definition of this qualified name."""
    for node in reversed(tree.body):
        if isinstance(node, ast.ClassDef) and len(names) > 1 and node.name == names[0]:
            yield from _found(node, names[1:])
        elif isinstance(node, _Def) and names == [node.name]:
            yield node


def _parameters(written: _Def) -> list[str]:
    given = written.args
    stars = [one for one in (given.vararg, given.kwarg) if one is not None]
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs, *stars)]


def _taken(code: CodeType) -> list[str]:
    stars = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + stars])


def _annotations(tree: ast.Module, written: _Def, module: ModuleType) -> dict[str, Any]:
    """The annotations, evaluated in the module; of the definition nothing else runs again."""
    given = written.args
    given.defaults = [ast.Constant(None) for _ in given.defaults]
    given.kw_defaults = [one and ast.Constant(None) for one in given.kw_defaults]
    written.decorator_list, written.body = [], [ast.Pass()]
    futures = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    alone = ast.fix_missing_locations(ast.Module([*futures, written], []))
    made: dict[str, Any] = {}
    exec(compile(alone, "<annotations>", "exec", dont_inherit=True), {**vars(module)}, made)
    found: dict[str, Any] = made[written.name].__annotations__
    return found
