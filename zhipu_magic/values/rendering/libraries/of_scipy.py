"""scipy's results of optimisers and tests, distributions, and sparse matrices."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final

from ....text.languages.messages import for_model
from ....text.languages.numbers import estimated, plural
from ..registry import LATE, add
from .parts import block, briefly, library_and_class, named, quietly

_SMALL: Final = 100
"""Elements of a sparse matrix that is shown as a dense one."""


def result(value: Any, tokens: int) -> str:
    """The result of an optimiser or a test: its fields, arrays by shape where they are long."""
    fields = dict(value.items()) if isinstance(value, dict) else _fields(value)
    return block(library_and_class(value), (f"{name}: {briefly(one)}" for name, one in fields.items()), tokens)


def _fields(value: Any) -> dict[str, Any]:
    names = [*getattr(value, "_fields", ()), *getattr(value, "_extra_fields", ())]
    return {name: getattr(value, name) for name in names if hasattr(value, name)}


def _distribution(value: Any, tokens: int) -> str:
    """A distribution with its parameters."""
    given = ", ".join([*map(briefly, value.args), *filter(None, [named(value.kwds.items())])])
    return f"scipy.stats {value.dist.name}({given})"


def _sparse(value: Any, tokens: int) -> Any:
    """Its shape, how full it is, and the first of what it stores; a small one whole."""
    size = math.prod(value.shape)
    stored = int(value.nnz)
    heading = for_model(
        "{kind}, shape {shape}, {dtype}, {elements}",
        kind=library_and_class(value),
        shape=tuple(map(int, value.shape)),
        dtype=value.dtype,
        elements=plural(stored, "stored element"),
    )
    heading += for_model(" ({share} of all)", share=estimated(stored / size)) if size else ""
    if size <= _SMALL:
        return block(heading, _dense(value.toarray()), tokens)
    return block(heading, _statistics(value), tokens, items=_elements(value), count=lambda: stored, what=_counted)


def _counted(count: int, more: bool) -> str:
    return plural(count, "more element") if more else plural(count, "element")


def _dense(value: Any) -> list[str]:
    """The rows of a small matrix, each number with all of its digits."""
    import sys

    numpy = sys.modules["numpy"]
    return str(numpy.array2string(value, floatmode="unique", suppress_small=False)).splitlines()


def _statistics(value: Any) -> Iterator[str]:
    """Statistics of what is stored."""
    data = _as_coordinates(value).data
    if data.dtype.kind in "biuf" and len(data):
        least, mean, greatest = data.min().item(), float(data.mean()), data.max().item()
        yield for_model(
            "stored: least {least}, mean {mean}, greatest {greatest}",
            least=briefly(least),
            mean=estimated(mean),
            greatest=briefly(greatest),
        )


def _elements(value: Any) -> Iterator[str]:
    """What is stored, and where."""
    numbers = _as_coordinates(value)
    data = numbers.data
    axes = numbers.coords if hasattr(numbers, "coords") else (numbers.row, numbers.col)
    for place in range(len(data)):
        where = ", ".join(str(int(axis[place])) for axis in axes)
        yield f"({where}): {briefly(data[place].item())}"


def _as_coordinates(value: Any) -> Any:
    with quietly():
        return value.tocoo()


def _tests(module: ModuleType) -> None:
    """Each test has a result of its own class, and nothing tells them but their names."""
    members = object.__getattribute__(module, "__dict__")
    for name, kind in list(members.items()):
        if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields") and name.endswith("Result"):
            add(module, name, result)


_KINDS: Final[dict[str, dict[str, Callable[[Any, int], Any]]]] = {
    "scipy._lib._util": {"_RichResult": result},
    "scipy.optimize": {"OptimizeResult": result},
    "scipy.stats._distn_infrastructure": {"rv_frozen": _distribution},
    "scipy.sparse": {"spmatrix": _sparse, "sparray": _sparse},
}


def _register(module: ModuleType) -> None:
    for name, function in _KINDS[module.__name__].items():
        add(module, name, function)


LATE.update(dict.fromkeys(_KINDS, _register))
LATE.update(dict.fromkeys(("scipy.stats._stats_py", "scipy.stats._mannwhitneyu", "scipy.stats.contingency"), _tests))
