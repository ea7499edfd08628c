"""sympy's expressions as they are written in Python, which reads as well as a formula and can be run again."""

from __future__ import annotations

from collections import Counter
from types import ModuleType
from typing import Any, Final

from ....text.languages.joined import distinct_notes
from ....text.languages.messages import _, for_model
from ..registry import LATE, add
from ..reprs import without_places

_COMMONPLACE: Final = {"commutative", "complex", "finite", "hermitian", "infinite", "extended_real"}


def _expression(value: Any, tokens: int) -> str:
    """The expression, and what is assumed of its symbols."""
    symbols = sorted(getattr(value, "free_symbols", ()), key=lambda one: (str(one), _assumed(one)))
    value, names = _told_apart(value, symbols)
    text = without_places(value, str(value))
    assumed = [(names[symbol], _assumed(symbol)) for symbol in symbols]
    said = distinct_notes(
        _("{name} is {assumptions}", name=name, assumptions=", ".join(words)) for name, words in assumed if words
    )
    return for_model("{expression}, where {assumptions}", expression=text, assumptions=said) if said else text


def _told_apart(value: Any, symbols: list[Any]) -> tuple[Any, dict[Any, str]]:
    """The expression with a name of its own for each symbol, and these names: different symbols may share one."""
    names = {symbol: str(symbol) for symbol in symbols}
    shared = Counter(names.values())
    taken = {*names.values()}
    seen: Counter[str] = Counter()
    for symbol, name in names.items():
        seen[name] += 1
        if shared[name] > 1 and seen[name] > 1:
            names[symbol] = next(one for one in (f"{name}_{count}" for count in range(2, 10_000)) if one not in taken)
            taken.add(names[symbol])
    changed = {symbol: type(symbol)(name) for symbol, name in names.items() if name != str(symbol)}
    return (value.xreplace(changed) if changed else value), names


def _assumed(symbol: Any) -> list[str]:
    given = getattr(symbol, "_assumptions_orig", None) or getattr(symbol, "assumptions0", {})
    return sorted(name for name, holds in given.items() if holds and name not in _COMMONPLACE)


def _matrix(value: Any, tokens: int) -> str:
    return _expression(value, tokens)


def _register(module: ModuleType) -> None:
    add(module, "Basic", _expression)
    add(module, "MatrixBase", _matrix)


LATE.update(dict.fromkeys(("sympy.core.basic", "sympy.matrices.matrixbase", "sympy.matrices.matrices"), _register))
