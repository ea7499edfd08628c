"""sympy's expressions as they are written in Python, which reads as well as a formula and can be run again."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

from ....text.characters import without_addresses
from ..registry import LATE, add

_COMMONPLACE: Final = {"commutative", "complex", "finite", "hermitian", "infinite", "extended_real"}


def _expression(value: Any, tokens: int) -> str:
    """The expression, and what is assumed of its symbols."""
    text = without_addresses(str(value))
    symbols = sorted(getattr(value, "free_symbols", ()), key=str)
    assumed = {str(symbol): _assumed(symbol) for symbol in symbols}
    said = "; ".join(f"{name} is {', '.join(words)}" for name, words in assumed.items() if words)
    return f"{text}, where {said}" if said else text


def _assumed(symbol: Any) -> list[str]:
    given = getattr(symbol, "_assumptions_orig", None) or getattr(symbol, "assumptions0", {})
    return sorted(name for name, holds in given.items() if holds and name not in _COMMONPLACE)


def _matrix(value: Any, tokens: int) -> str:
    return without_addresses(str(value))


def _register(module: ModuleType) -> None:
    add(module, "Basic", _expression)
    add(module, "MatrixBase", _matrix)


LATE.update(dict.fromkeys(("sympy.core.basic", "sympy.matrices.matrixbase", "sympy.matrices.matrices"), _register))
