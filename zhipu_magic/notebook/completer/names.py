"""The notebook's variables, with the attributes and keys of their values.

None of the user's code is run: no property, no `__getattr__`, no `__getitem__`. The one exception is `__dir__`, which
exists for this purpose.
"""

from __future__ import annotations

import inspect
import re
import types
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..variables import OF_THE_PAGE
from . import tables
from .words import Found

if TYPE_CHECKING:
    from ..session import Session

_NAME = r"[^\W\d]\w*"
_ITEM = r"""\[\s*(?:-?\d+|"[^"\\]*"|'[^'\\]*')\s*\]"""
_PATH = rf"{_NAME}(?:\.{_NAME}|{_ITEM})*"
_STEP = re.compile(rf"""\.({_NAME})|\[\s*(?:(-?\d+)|"([^"\\]*)"|'([^'\\]*)')\s*\]""")
_ROOT = re.compile(rf"\s*({_NAME})?")
_AFTER_DOT = re.compile(rf"\s*({_PATH})\.(\w*)")
#: Outside a cell over a table.
_NO_ROW: Mapping[str, Any] = types.MappingProxyType({})
_IN_ITEM = re.compile(rf"""\s*({_PATH})\[\s*(?:(["'])([^"'\\]*))?""")


def own(session: Session) -> Iterator[tuple[str, Any]]:
    """The notebook's public variables whose names are identifiers."""
    return ((name, value) for name, value in session.variables.own.items() if name.isidentifier() and name[0] != "_")


def visible(session: Session, typed: str) -> Found:
    """The names that a reference may begin with; those with an underscore only once one is typed."""
    found = [name for name, _ in own(session)]
    if typed.strip().startswith("_"):
        found += [name for name in list(session.shell.user_ns) if type(name) is str and name.startswith("_")]
    return [(name, "variable") for name in (*found, "In", "Out", "_", "error", *OF_THE_PAGE)]


def at_end(session: Session, typed: str, roots: Found, row: Mapping[str, Any] = _NO_ROW) -> tuple[int, Found]:
    """How many of a reference's characters stay, and the names, attributes or keys that may follow.

    In a cell over a table, the columns of its first `row` stand before the notebook's names.
    """
    if match := _ROOT.fullmatch(typed):
        return len(typed) - len(match[1] or ""), roots
    with suppress(Exception):  # the values can be of any type
        if match := _AFTER_DOT.fullmatch(typed):
            found = attributes(resolved(session, match[1], row))
            return match.start(2), [(name, "attribute") for name in found if name[0] != "_" or match[2][:1] == "_"]
        if match := _IN_ITEM.fullmatch(typed):
            quote, begun = match[2] or '"', match[3] or ""
            unfit = re.compile(rf"[{quote}\\{{}}\n]")
            keys = [
                key
                for key in tables.columns(resolved(session, match[1], row))
                if key.startswith(begun) and not unfit.search(key)
            ]
            if match[2]:
                return match.start(3), [(key, "key") for key in keys]
            return len(typed), [(f'"{key}"', "key") for key in keys]
    return len(typed), ()


def resolved(session: Session, path: str, row: Mapping[str, Any] = _NO_ROW) -> Any:
    """The value at a path. Raises LookupError or AttributeError if there is none, or if getting it would run code."""
    root = re.match(_NAME, path)
    name = root[0] if root else path
    value = row[name] if name in row else session.shell.user_ns[name]
    for attribute, number, *key in _STEP.findall(path):
        value = _attribute(value, attribute) if attribute else _item(value, int(number) if number else "".join(key))
    return value


def _attribute(value: Any, name: str) -> Any:
    found = inspect.getattr_static(value, name)
    if type(found) is types.MemberDescriptorType:  # of __slots__
        return found.__get__(value, type(value))
    if any("__get__" in vars(kind) for kind in type(found).__mro__):
        raise LookupError(name)
    return found


def _item(value: Any, key: int | str) -> Any:
    if issubclass(type(value), dict):
        found = dict.get(value, key, _ABSENT)  # unlike `value[key]`, it adds nothing to a defaultdict
        if found is not _ABSENT:
            return found
    elif issubclass(type(value), list):
        return list.__getitem__(value, key)  # type: ignore[index]  # a key of the wrong kind raises, as it should
    elif issubclass(type(value), tuple):
        return tuple.__getitem__(value, key)  # type: ignore[index]  # as above
    raise LookupError(key)


_ABSENT = object()


def attributes(value: Any) -> list[str]:
    """The names of a value's attributes, public ones first."""
    is_class = issubclass(type(value), type)
    kinds = inspect.getmro(value) if is_class else type(value).__mro__
    found = {name for kind in kinds for name in vars(kind)}
    inside = inspect.getattr_static(value, "__dict__", None)
    if not is_class and type(inside) in (types.GetSetDescriptorType, types.MemberDescriptorType):
        found.update(inside.__get__(value))
    if type(inspect.getattr_static(value, "__dir__", None)) is types.FunctionType:
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.update(dir(value))
    names = [name for name in found if type(name) is str and name.isidentifier()]
    return sorted(names, key=lambda name: (name.startswith("_"), name.startswith("__"), name))
