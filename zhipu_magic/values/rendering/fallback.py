"""Values of types that are not registered: as a dataclass, or by their own Markdown, attributes or `repr`.

A value whose `repr` says nothing either is refused, by `SaysNothing`. `AsRepr` takes any value by its `repr`.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from ...text.tokens import fenced_within, weight
from ..outputs.output import Whole
from ..types.fields import is_dataclass
from .instead import says_nothing, ways_to_read
from .records import attributes
from .registry import AsRepr, SaysNothing, render
from .reprs import repr_of
from .structures import as_json


@render.register(object)
def anything(value: Any, tokens: int) -> Any:
    """The value's own Markdown, else its `repr`, or its attributes if the `repr` says nothing.

    A dataclass becomes JSON, a wrapped function the function itself. Raises SaysNothing where nothing is left.
    """
    if is_dataclass(value):
        return as_json(value, tokens)
    function = getattr(value, "__wrapped__", None)
    if isinstance(function, FunctionType):
        return function
    # Looked up on the type: some objects have every attribute, and a class's own method needs an instance.
    as_markdown = getattr(type(value), "_repr_markdown_", None)
    result = as_markdown(value) if callable(as_markdown) else None
    text = result[0] if isinstance(result, tuple) and result else result
    if isinstance(text, str) and text.strip():
        return text
    if attributes(value):
        name = type(value).__name__
        text = as_json(value, round(tokens - weight(name)) - 1)
        return f"{name}:\n{text}" if "\n" in text else f"{name}: {text}"
    if says_nothing(value, repr(value)):
        raise SaysNothing(value, *ways_to_read(value))
    return _one_or_more_lines(repr_of(value), tokens)


@render.register
def _as_repr(value: AsRepr, tokens: int) -> Any:
    """What `repr` gives, of a set in an order that is the same in every run; of a `Whole`, the value itself."""
    inside = value.value
    if isinstance(inside, Whole):
        return inside
    if type(inside) in (set, frozenset) and inside:
        shown = f"{{{', '.join(sorted(map(repr_of, inside)))}}}"
        return _one_or_more_lines(shown if type(inside) is set else f"frozenset({shown})", tokens)
    return _one_or_more_lines(repr_of(inside), tokens)


def _one_or_more_lines(shown: str, tokens: int) -> str:
    return fenced_within(shown, "text", tokens) if "\n" in shown.strip() else shown
