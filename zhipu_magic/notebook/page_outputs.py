"""What the cells of a page have shown, and which of them stand above the one that asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .asking import Asking
from .cell_tracker import CellTracker
from .loaded_by import LoadedBy
from .settings import Settings

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult

    from ..chat.chat import Chat
    from ..history.turn import Anchor
    from ..values.outputs.above import Above
    from .outputs.recorder import OutputRecorder
    from .outputs.shown import ShownOutputs
    from .shell import Shell


class PageOutputs:
    """Has the outputs recorded, and finds them for references. Nothing is imported before it is needed."""

    def __init__(
        self,
        shell: Shell,
        cells: CellTracker,
        settings: Settings,
        *,
        chat: Callable[[], Chat],
        anchor: Callable[[], Anchor],
        notebook: Callable[[], Path | None],
    ) -> None:
        self.asking = Asking()
        """How the running cell asks."""
        self._shell = shell
        self._cells = cells
        self._settings = settings
        self._chat = chat
        self._anchor = anchor
        self._notebook = notebook
        self._loaded_by: LoadedBy | None = None

    @cached_property
    def recorder(self) -> OutputRecorder:
        """Records what the cells show, from the first one after loading on."""
        from .outputs.recorder import OutputRecorder

        recorder = OutputRecorder(self._shell, self._cells)
        if self._loaded_by is not None:
            recorder.loaded(self._loaded_by)
        return recorder

    @cached_property
    def shown(self) -> ShownOutputs:
        """What the cells have shown."""
        from .outputs.shown import ShownOutputs

        return ShownOutputs(self._shell, self._cells, self.recorder, self._notebook)

    def above(self) -> Above:
        """The cells above the running one, for what it asks."""
        from .outputs.page_above import PageAbove

        above = PageAbove(self.shown, self._cells, chat=self._chat, anchor=self._anchor, notebook=self._notebook)
        return above.of(self.asking, self._settings.above_tokens)

    def begin(self) -> None:
        """Note that a cell begins."""
        self.recorder.begin()
        self.asking = Asking()

    def end(self, result: ExecutionResult | None) -> None:
        """Note what the cell has shown that has ended, or that it has loaded the extension."""
        if self._cells.run:
            self.recorder.end(result)
        elif result is not None:
            self._loaded_by = LoadedBy.of(self._shell, result)
            if "recorder" in vars(self):  # it has shown something since
                self.recorder.loaded(self._loaded_by)
