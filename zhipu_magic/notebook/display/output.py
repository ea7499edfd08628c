"""One output of a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from ...chat.undisturbed import undisturbed
from .cell_outputs import OURS

Bundle = dict[str, Any]

#: Shows nothing, where an output cannot be taken away.
NOTHING: Bundle = {"text/plain": ""}
#: The metadata of what is shown of a reply that grows, for a front end that renders only what has changed.
GROWING: Bundle = {"zhipu_magic": {"growing": True}}


class Output:
    """Shown first, then replaced in place. `publish` is the publisher's of the cell."""

    def __init__(self, publish: Callable[..., None]) -> None:
        self._publish = publish
        self._transient = {"display_id": f"{OURS}{uuid4().hex}"}
        self.shown = False

    def show(self, bundle: Bundle, metadata: Bundle | None = None) -> None:
        """Publish it and note that it is shown, or an interrupt in between would leave it on the page for good."""

        def publish() -> None:
            self._publish(bundle, metadata or {}, transient=self._transient, update=self.shown)
            self.shown = True

        undisturbed(publish)
