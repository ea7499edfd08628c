"""statsmodels' results as their summary, and models that are not fitted by what they are of."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from ....text.languages.messages import for_model
from ....text.tokens import fenced_within, weight
from ..registry import LATE, add
from .parts import library_and_class, quietly

_MOST_NAMES: Final = 20
#: A cell of a summary that says when it was made, which differs from run to run.
_MOMENT: Final = re.compile(r"(?P<before>^|  )(?:Date|Time): {2,}\S(?:\S| (?! ))*", re.MULTILINE)


def results(value: Any, tokens: int) -> Any:
    """What was fitted to what, and the summary of it."""
    with quietly():
        found = value.summary()
    heading = for_model(
        "{results}: {model} of {what}",
        results=library_and_class(value).replace("ResultsWrapper", "Results"),
        model=type(value.model).__name__,
        what=_of(value.model),
    )
    heading += "\n"
    return heading + summary(found, round(tokens - weight(heading)))


def summary(value: Any, tokens: int) -> str:
    """The text of a summary, without when it was made."""
    text = value.as_text() if hasattr(value, "as_text") else str(value)
    text = _MOMENT.sub(lambda found: found["before"] + " " * (len(found[0]) - len(found["before"])), text)
    lines = [line.rstrip() for line in text.splitlines()]
    return fenced_within("\n".join(lines), "text", tokens)


def _model(value: Any, tokens: int) -> str:
    """A model before it is fitted: what it explains by what."""
    return for_model("{model}, not fitted: of {what}", model=library_and_class(value), what=_of(value))


def _of(model: Any) -> str:
    """The names of what is explained, and of what explains it, and how many observations there are."""
    with quietly():
        explained, by = (_names(getattr(model, name, None)) for name in ("endog_names", "exog_names"))
        shape = getattr(getattr(model, "endog", None), "shape", ())
    count = for_model(", {count:,} observations", count=shape[0]) if shape else ""
    of = for_model("{explained} by {names}", explained=explained, names=by) if by else explained
    return f"{of}{count}"


def _names(names: Any) -> str:
    names = [names] if isinstance(names, str) else names if isinstance(names, (list, tuple)) else []
    more = len(names) - _MOST_NAMES
    return ", ".join(
        [*map(str, names[:_MOST_NAMES]), *([for_model("and {count} more", count=more)] if more > 0 else [])]
    )


_KINDS: Final[dict[str, dict[str, Callable[[Any, int], Any]]]] = {
    "statsmodels.base.wrapper": {"ResultsWrapper": results},
    "statsmodels.base.model": {"Results": results, "Model": _model},
    "statsmodels.iolib.summary": {"Summary": summary},
    "statsmodels.iolib.summary2": {"Summary": summary},
    "statsmodels.iolib.table": {"SimpleTable": summary},
}


def _register(module: ModuleType) -> None:
    for name, function in _KINDS[module.__name__].items():
        add(module, name, function)


LATE.update(dict.fromkeys(_KINDS, _register))
