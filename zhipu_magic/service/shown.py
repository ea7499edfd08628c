"""What a service has shown of itself while the session lasts, beyond what the catalogue knows."""

from __future__ import annotations

import threading
from typing import NamedTuple

from .models import Model, find

#: The contexts that are believed, in tokens: others would have no room for a prompt, or are no model's.
_CONTEXTS = range(64, 10**9)


class _OfModel(NamedTuple):
    """What a service has shown of one of its models (see `Model`)."""

    context: int | None = None
    thinks_unopened: bool = False


class Shown:
    """What the service at one address has shown. Several threads may learn at once.

    `counts` is whether it takes the option that has it count the tokens of a stream.
    """

    def __init__(self) -> None:
        self.counts = True
        self._models: dict[str, _OfModel] = {}
        self._lock = threading.Lock()

    def model(self, name: str) -> Model | None:
        """What is known of a model, by the catalogue and from here."""
        known, shown = find(name), self._models.get(name)
        if shown is None:
            return known
        known = known or Model(name, context=None, longest_answer=None)
        return known._replace(context=shown.context or known.context, thinks_unopened=shown.thinks_unopened)

    def learn(self, model: str, *, context: int | None = None, thinks_unopened: bool | None = None) -> None:
        """Know this of a model from now on; None leaves what is known."""
        with self._lock:
            before = self._models.get(model, _OfModel())
            unopened = before.thinks_unopened if thinks_unopened is None else thinks_unopened
            # Whether None is in a range takes a look at every number in it.
            context = context if context is not None and context in _CONTEXTS else before.context
            self._models[model] = _OfModel(context, unopened)

    def after_fork(self) -> None:
        """In a child, whose parent may have held the lock."""
        self._lock = threading.Lock()
