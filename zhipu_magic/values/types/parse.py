"""The type that a text such as `list[Invoice]` names. The text is parsed, never run."""

from __future__ import annotations

import ast
import builtins
import datetime
import decimal
import inspect
import typing
import warnings
from collections.abc import Mapping
from contextlib import suppress
from types import ModuleType
from typing import Annotated, Any, Literal, Optional, Union

from ...text.characters import shortened
from ...text.errors import InvalidRequest
from ...text.languages.messages import N_, _
from ...text.suggestions import nearest
from .data_frames import DataFrame, FrameType, library_of
from .names import is_type, kind_of
from .typed_dicts import subscripted

#: Characters of a type: more than anybody writes, but few enough to bound the nesting.
_LETTERS = 500

_KNOWN: Mapping[str, Any] = {
    **{name: getattr(builtins, name) for name in ("bool", "int", "float", "str", "list", "dict", "tuple", "set")},
    **{name: getattr(typing, name) for name in ("Literal", "Optional", "Union", "Any", "Annotated")},
    "date": datetime.date,
    "datetime": datetime.datetime,
    "Decimal": decimal.Decimal,
    "DataFrame": DataFrame,
}

_EXAMPLE = N_("Write it as in Python: int, Literal['good', 'bad'], list[Invoice], DataFrame[Invoice].")


def type_from(text: str, names: Mapping[str, Any]) -> Any:
    """The type that the text names; the user's own `names` take precedence over Python's.

    Names, attributes, subscripts, `|` and constants are understood, but no calls. Raises `InvalidRequest`.
    """
    shown = shortened(" ".join(text.split()), 60)
    if len(text) > _LETTERS:
        raise InvalidRequest(
            "{type} is too long for a type.",
            hint="Give it a name first, and use that.",
            reason="type.too_long",
            type=shown,
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InvalidRequest(
            "{type} is not a type.", hint=_EXAMPLE, reason="type.none", type=shown or _("Nothing")
        ) from None
    return _Reading(names).type(tree.body)


class _Reading:
    """Reads a type's syntax tree, with the names that it may use."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def type(self, node: ast.expr) -> Any:
        found = self._found(node)
        written = ast.unparse(node)
        if found is DataFrame or library_of(found):
            raise InvalidRequest(
                "{type} does not say what its rows are.",
                hint="Name their type in brackets: {type}[Invoice].",
                reason="type.rows",
                type=written,
            )
        if found in (Literal, Optional, Union, Annotated):
            raise InvalidRequest(
                "{type} needs something in brackets.", hint=_EXAMPLE, reason="type.brackets", type=written
            )
        if isinstance(found, FrameType) or is_type(found):
            return found
        raise _not_a_type(written, found)

    def _found(self, node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name):
                return self._named(name)
            case ast.Attribute(value=owner, attr=name):
                return self._attribute(owner, name)
            case ast.Subscript(value=base, slice=inside):
                return self._subscript(base, inside)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self._made(node, lambda: subscripted(Union, (self.type(left), self.type(right))))
            case ast.Constant(value=None):
                return None
            case ast.Constant(value=str()):
                raise InvalidRequest(
                    "{type} is a string, not a type.",
                    hint="Write it without quotes.",
                    reason="type.quoted",
                    type=ast.unparse(node),
                )
        raise InvalidRequest(
            "{type} is not a type.", hint=_EXAMPLE, reason="type.none", type=shortened(ast.unparse(node), 60)
        )

    def _named(self, name: str) -> Any:
        if name in self._names:
            return self._names[name]
        if name in _KNOWN:
            return _KNOWN[name]
        if hasattr(builtins, name):
            return getattr(builtins, name)
        types = [each for each, value in self._names.items() if value is not None and is_type(value)]
        near = nearest(name, [*types, *_KNOWN])
        if near:
            raise InvalidRequest("There is no type {name}.", reason="type.mistyped", near=near, name=name)
        raise InvalidRequest("There is no type {name}.", hint="Define it first.", reason="type.undefined", name=name)

    def _attribute(self, owner: ast.expr, name: str) -> Any:
        # Only on modules and classes, and statically: no code of the user's is run.
        holder = self._found(owner)
        if isinstance(holder, (ModuleType, type)) and not name.startswith("__"):
            try:
                return inspect.getattr_static(holder, name)
            except AttributeError:
                pass
            if isinstance(holder, ModuleType):  # many libraries import a name when it is first used
                with suppress(Exception):
                    return getattr(holder, name)
        raise InvalidRequest(
            "{owner} has no type {name}.",
            hint=_EXAMPLE,
            reason="type.no_attribute",
            owner=ast.unparse(owner),
            name=name,
        )

    def _subscript(self, base: ast.expr, inside: ast.expr) -> Any:
        generic = self._found(base)
        parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
        if generic is Literal:
            return self._made(base, lambda: subscripted(Literal, tuple(map(self._constant, parts))))
        if generic is Annotated and len(parts) > 1:
            wanted, *notes = parts
            return self._made(base, lambda: subscripted(Annotated, (self.type(wanted), *map(self._note, notes))))
        if generic is DataFrame or library_of(generic):
            return FrameType(self.type(inside), library_of(generic))
        if not (is_type(generic) or generic in (Optional, Union)):
            raise _not_a_type(ast.unparse(base), generic)
        arguments = tuple(Ellipsis if _is_ellipsis(part) else self.type(part) for part in parts)
        return self._made(base, lambda: generic[arguments if isinstance(inside, ast.Tuple) else arguments[0]])

    def _constant(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=str() | bytes() | bool() | int() | None as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)):
                return -number
            case ast.Attribute(value=owner, attr=name):
                choices = self._found(owner)
                members = getattr(choices, "__members__", {}) if isinstance(choices, type) else {}
                if name in members:
                    return members[name]
        raise InvalidRequest(
            "{value} is not allowed in Literal.",
            hint="Use strings, numbers or enum members.",
            reason="type.literal",
            value=ast.unparse(node),
        )

    def _note(self, node: ast.expr) -> Any:
        return node.value if isinstance(node, ast.Constant) else self._found(node)

    @staticmethod
    def _made(node: ast.expr, make: Any) -> Any:
        try:
            return make()
        except InvalidRequest:
            raise
        except Exception as error:  # the user's own class decides what its brackets may hold
            raise InvalidRequest(
                "{type} cannot be used like that: {error}",
                hint=_EXAMPLE,
                reason="type.misused",
                type=ast.unparse(node),
                error=str(error),
            ) from error


def _not_a_type(written: str, found: Any) -> InvalidRequest:
    return InvalidRequest(
        "{written} is {kind}, not a type.", hint=_EXAMPLE, reason="type.other", written=written, kind=kind_of(found)
    )


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis
