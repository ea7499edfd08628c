"""Facts of a message, as they were when it was made: it may be told later, in another process, or never."""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from typing import Any

from ..characters import message_of


class Written(str):
    """A fact as it stands in the English text; `shown` is what `repr` says of it."""

    shown: str

    def __new__(cls, text: str, shown: str) -> Written:
        written = super().__new__(cls, text)
        written.shown = shown
        return written

    def __repr__(self) -> str:
        return self.shown

    def __reduce__(self) -> tuple[Any, ...]:
        return Written, (str.__str__(self), self.shown)


#: What never changes, and is the same in any process.
_PLAIN = frozenset({str, int, float, bool, type(None), Written})
_STEADY = frozenset({"datetime", "decimal", "fractions"})


def settled(facts: dict[str, object], *templates: str) -> dict[str, object]:
    """The facts with a text for each that may be another later, or cannot be copied, as these templates show it.

    An error becomes what it says, even if its own code fails at that: it would keep its frames alive.
    """
    if all(type(fact) in _PLAIN for fact in facts.values()):
        return facts
    return {name: _settled(name, fact, "".join(templates)) for name, fact in facts.items()}


def settled_for_all(facts: dict[str, object], *templates: str) -> dict[str, object]:
    """The facts settled for these templates, and for others that may be filled with them later."""
    return {name: _settled(name, fact, "".join(templates), for_all=True) for name, fact in facts.items()}


def portable(facts: Mapping[str, object]) -> dict[str, object]:
    """The facts as another process can read them."""
    return {name: fact if _is_steady(fact) else _written(fact) for name, fact in facts.items()}


def _settled(name: str, fact: object, templates: str, *, for_all: bool = False) -> object:
    if isinstance(fact, BaseException):
        # One of ours says in any language what happened.
        happened = getattr(fact, "happened", None) if hasattr(type(fact), "in_language") else None
        return happened or _written(fact)
    if _is_steady(fact):
        return fact
    number = _whole_number(fact)
    if number is not None:
        return number
    if f"{{{name}:" in templates or f"{{{name}!r:" in templates:
        return fact  # it is written as the template says
    if for_all:
        return _written(fact)
    return _written(fact, shown=f"{{{name}!r" in templates) if f"{{{name}" in templates else ""


def _is_steady(fact: object) -> bool:
    if type(fact) is tuple:
        return all(type(item) in _PLAIN for item in fact)
    return type(fact) in _PLAIN or type(fact).__module__ in _STEADY or hasattr(type(fact), "in_language")


def _written(fact: object, *, shown: bool = True) -> Written:
    if isinstance(fact, BaseException):
        return Written(message_of(fact), message_of(fact))
    try:
        text = format(fact, "")
        return Written(text, repr(fact) if shown else text)
    except Exception:  # the code of an object from outside
        return Written(f"<{type(fact).__name__}>", f"<{type(fact).__name__}>")


def as_number(number: Any) -> Any:
    """A whole number as Python's own, such as one of NumPy's; any other as it is."""
    try:
        return number if type(number) in (int, float) else index(number)
    except TypeError:
        return number


def _whole_number(fact: object) -> int | None:
    """The number of a library's, such as NumPy's, if it is written as Python writes it."""
    if isinstance(fact, int) or not hasattr(type(fact), "__index__"):
        return None
    number = index(fact)  # type: ignore[arg-type]  # it has the method
    return number if format(fact, "") == str(number) else None
