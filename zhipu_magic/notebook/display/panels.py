"""The newest panels of earlier replies, which may still change after their cells have ended."""

from __future__ import annotations

from collections import deque

from ...chat.replies.progress import Progress
from ...text.languages.messages import _
from .panel_output import PanelOutput
from .widget import LiveHTML

_MOST = 50


class Panels:
    """Keeps the widgets of settled panels, for pages that still show them, and the panels of replies that may go on."""

    def __init__(self) -> None:
        self._widgets: deque[LiveHTML] = deque()
        self._settled: dict[str, PanelOutput] = {}

    def keep(self, widget: LiveHTML) -> None:
        """Keep a widget that its panel does not need any more. The oldest is closed."""
        self._widgets.append(widget)
        if len(self._widgets) > _MOST:
            self._widgets.popleft().close()

    def settled(self, turn: str, panel: PanelOutput, progress: Progress) -> None:
        """Note that this is the panel of a turn; the one before it, which the reply goes on from, says so."""
        earlier = self._settled.pop(turn, None)
        if earlier is not None and progress.request.joins:
            count = progress.request.anchor.execution_count
            earlier.goes_on(
                _("The reply goes on in another cell, where it is shown as a whole.")
                if count is None
                else _("The reply goes on in cell [{number}], where it is shown as a whole.", number=count)
            )
        self._settled[turn] = panel
        if len(self._settled) > _MOST:
            del self._settled[next(iter(self._settled))]

    def advises(self, turn: str) -> bool:
        """Whether the panel of this turn says how to go on from it."""
        panel = self._settled.get(turn)
        return panel is not None and panel.advises

    def close(self) -> None:
        """Close the widgets."""
        while self._widgets:
            self._widgets.popleft().close()
