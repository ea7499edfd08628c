"""scikit-learn's estimators, and those of libraries that follow it: chosen parameters, and what was fitted."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

from ....text.languages.messages import for_model
from ..registry import LATE, add
from .parts import block, briefly, library_and_class, quietly, under

_DEEPEST: Final = 6


def estimator(value: Any, tokens: int) -> str:
    """The estimator with the parameters that differ from the default, those within it, and what was fitted."""
    with quietly():
        called, *lines = _lines(value, "", 0)
        library = library_and_class(value).rpartition(" ")[0]
        state = for_model("fitted") if _is_fitted(value) else for_model("not fitted")
        return block(f"{library} {called}, {state}".strip(), lines, tokens)


def _lines(value: Any, indent: str, depth: int) -> Iterator[str]:
    inner = {name: one for name, one in _inner(value).items() if name}
    yield f"{indent}{_called(value, inner)}"
    for name, one in _fitted(value).items():
        if not _is_estimator(one) and not _holds_estimators(one):
            yield f"{indent}  {name}: {under(name, one)}"
    for name, one in inner.items():
        if depth == _DEEPEST or not _is_estimator(one):
            yield f"{indent}- {name}: {briefly(one)}"
            continue
        first, *more = _lines(one, f"{indent}  ", depth + 1)
        yield f"{indent}- {name}: {first.strip()}"
        yield from more


def _called(value: Any, inner: dict[str, Any]) -> str:
    """As it would be written: `LogisticRegression(C=0.5)`, without the estimators in it, which have their own lines."""
    chosen = [f"{name}={under(name, one)}" for name, one in _chosen(value) if not _has_lines(name, one, inner)]
    return f"{type(value).__name__}({', '.join(chosen)})"


def _has_lines(name: str, value: Any, inner: dict[str, Any]) -> bool:
    return name in inner or _holds_estimators(value)


def _chosen(value: Any) -> Iterator[tuple[str, Any]]:
    """The parameters that differ from their defaults."""
    try:
        defaults = inspect.signature(type(value).__init__).parameters
    except (TypeError, ValueError):
        defaults = {}  # type: ignore[assignment]  # a mapping all the same
    for name, one in value.get_params(deep=False).items():
        default = defaults[name].default if name in defaults else inspect.Parameter.empty
        if default is inspect.Parameter.empty or repr(one) != repr(default):
            yield name, one


def _inner(value: Any) -> dict[str, Any]:
    """The estimators within one, by name: steps, transformers with their columns, and what a search tries."""
    fitted = _fitted(value)
    found: dict[str, Any] = {}
    for name, one in value.get_params(deep=False).items():
        if _is_estimator(one):
            # Fitted, it is a copy: a search has `best_estimator_`, a bagging `estimator_`.
            found[name] = fitted.get(f"{name}_", fitted.get(f"best_{name}_", one))
        elif _holds_estimators(one):
            found |= dict(_parts(fitted.get(f"{name}_", one), one))
    return found


def _parts(fitted: Any, given: Any) -> Iterator[tuple[str, Any]]:
    """The steps of a list of (name, estimator) or (name, estimator, columns), fitted where they are."""
    parts = fitted if _holds_named(fitted) else given
    for name, one, *columns in parts:
        yield for_model("{name} on {columns}", name=name, columns=briefly(columns[0])) if columns else name, one


def _holds_estimators(value: Any) -> bool:
    return _holds_named(value) or (isinstance(value, list) and bool(value) and all(map(_is_estimator, value)))


def _holds_named(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, tuple) and len(one) in (2, 3) and isinstance(one[0], str) for one in value)
    )


def _is_estimator(value: Any) -> bool:
    return hasattr(type(value), "get_params") and not isinstance(value, type)


def _fitted(value: Any) -> dict[str, Any]:
    """What fitting has left, by the convention of names: `coef_`. How long it took is another in every run."""
    try:
        own = vars(value)
    except TypeError:
        return {}
    return {name: one for name, one in own.items() if _is_of_fitting(name)}


def _is_of_fitting(name: str) -> bool:
    return name.endswith("_") and not name.startswith("_") and not name.endswith(("_time_", "_times_"))


def _is_fitted(value: Any, depth: int = 0) -> bool:
    """Whether it or anything within it has been fitted: a pipeline itself keeps nothing of it."""
    if _fitted(value) or depth == _DEEPEST:
        return bool(_fitted(value))
    return any(_is_estimator(one) and _is_fitted(one, depth + 1) for one in _inner(value).values())


def _register(module: ModuleType) -> None:
    add(module, "BaseEstimator", estimator)


LATE["sklearn.base"] = _register
