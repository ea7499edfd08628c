"""Names that code of the model's has bound when a page was recorded. A replay runs none of it, so they are missing.

That is said where a cell misses one, and not in the replayed cell, which has to show what it showed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..history.rounds import Called
from ..text.errors import GLMError
from ..text.html import code
from ..text.markup import Markup


class MissingNames:
    """The names that replayed code has bound and the notebook lacks. They are told of once."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def replayed(self, calls: Iterable[Called], names: Mapping[str, Any]) -> None:
        """Note what these calls have bound, which did not run; `names` are those that the notebook has."""
        for call in calls:
            if call.ran is not None:
                self._names.update(name for name in call.ran.bound if name not in names)

    def note_on(self, error: BaseException | None) -> Markup:
        """What to say of this error, if it is that one of them is missing; else nothing."""
        name = _missing(error) if self._names else None
        if name not in self._names:
            return Markup()
        self._names.clear()
        return Markup(
            "{name} was bound by code of a `%%glm --tool python` cell, which ran when this page was recorded: a replay "
            "does not run it. {fresh} in that cell asks anew.",
            name=code(str(name)),
            fresh=code("--fresh"),
        )


def _missing(error: BaseException | None) -> str | None:
    """The name that the notebook has not."""
    if isinstance(error, NameError):
        return getattr(error, "name", None)
    if isinstance(error, GLMError) and error.reason == "reference.undefined":
        return str(error.facts.get("name"))
    return None
