"""What cells have shown, by the names that references have for it: `out`, `Out[8]` and `cell[8]`.

A cell that is deleted, hidden, or no longer kept has a message of its own, since each is put right in another way.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...text.errors import NOTHING_SENT, InvalidRequest
from ...text.languages.messages import _
from ...values.outputs.marks import mark_of
from ...values.outputs.output import Cell, CellOutput, Whole
from .hidden import HiddenCells
from .recorder import OutputRecorder, from_ipython
from .setup_lines import only_sets_up, told
from .store import MOST_CELLS, Ran

if TYPE_CHECKING:
    from ..cell_tracker import CellTracker, Failure
    from ..shell import Shell

#: Numbers of cells that an error names.
_MOST_NAMED: Final = 8


class ShownOutputs:
    """Looks up what the cells of this session have shown, and of those that ran before it what IPython has kept."""

    def __init__(
        self, shell: Shell, cells: CellTracker, recorder: OutputRecorder, notebook: Callable[[], Path | None]
    ) -> None:
        """`notebook` gives the notebook's file, where it is known."""
        self._shell = shell
        self._hidden = HiddenCells(cells, notebook)
        self._cells = cells
        self._recorder = recorder

    @property
    def running(self) -> Ran | None:
        """The execution of the running cell."""
        return self._recorder.running

    def ran(self) -> list[Ran]:
        """The executions that are kept, but for the running one and those of deleted cells; the oldest first."""
        running = self._recorder.running
        return [one for one in self._recorder.store.all() if one is not running and not self._is_deleted(one)]

    def last(self) -> CellOutput:
        """The output of the last cell that had any. Raises InvalidRequest if none had."""
        for one in reversed(self.ran()):
            if one.has_output and not self.is_hidden(one):
                return one.output
        raise InvalidRequest(
            "No cell of this session has printed or shown anything yet.",
            hint="{{ out }} is what the last cell printed or showed.",
            reason="output.none",
            outcomes=[NOTHING_SENT],
        )

    def of(self, number: int) -> CellOutput:
        """What the cell with this number has shown. Raises InvalidRequest if it showed nothing."""
        found = self.cell(number).ran
        if found.outputs:
            return found
        numbers = [one.number for one in self.ran() if one.has_output and one.number is not None]
        named = ", ".join(map(str, numbers[-_MOST_NAMED:])) or "none"
        raise InvalidRequest(
            "Cell {number} has no value and no output.",
            hint="The newest cells with output: {named}.",
            reason="output.of_no_cell",
            outcomes=[NOTHING_SENT],
            number=number,
            named=named,
        )

    def cell(self, number: int) -> Cell:
        """The cell with this number on the page; a negative one counts from the last that ran. Raises InvalidRequest
        if there is none.
        """
        found = self._found(number)
        if isinstance(found, Ran):
            return self.checked(found)
        self.check(Ran(0, None, number, found.source))
        return _told(found)

    def checked(self, ran: Ran) -> Cell:
        """The cell of this execution. Raises InvalidRequest for a hidden one, and for one that only sets up."""
        self.check(ran)
        return _told(ran.output)

    def check(self, ran: Ran) -> None:
        """Raise InvalidRequest for a hidden cell."""
        if self._hidden.has(ran):
            raise InvalidRequest(
                "{cell} is hidden from the model: its first line or a tag says so.",
                hint="Take out its line # glm: hide, or its tag glm-hide, save the notebook and run it again.",
                reason="output.hidden",
                outcomes=[NOTHING_SENT],
                cell=_("The cell") if ran.number is None else _("Cell {number}", number=ran.number),
            )

    def is_hidden(self, ran: Ran) -> bool:
        """Whether nothing of this execution goes to the model."""
        return self._hidden.has(ran)

    def check_failure(self, failure: Failure) -> None:
        """Raise InvalidRequest for an exception that was raised in a hidden cell, or passed through one with the tag.

        (Of those with the comment, no traceback has lines.)
        """
        kept = self._recorder.store.all()
        run = next((one for one in kept if one.run == failure.run and one.source == failure.source), None)
        self.check(run or Ran(failure.run, failure.cell, None, failure.source))
        for source in _cells_in(failure.error):
            for ran in kept:
                if ran.source.strip() == source and mark_of(source) != "hide":
                    self.check(ran)

    def by_number(self) -> dict[int, Ran]:
        """The newest executions that are kept, by their numbers.

        What runs a notebook from top to bottom may give its cells no numbers, as nbval does: then they are counted from
        the one that has loaded the extension.
        """
        kept = self._recorder.store.all()
        has_numbers = any(one.number is not None for one in kept)
        numbered = ((one.number if has_numbers else one.run + 1, one) for one in kept)
        return {number: one for number, one in numbered if number is not None}

    def _found(self, number: int) -> Ran | CellOutput:
        if number < 0:
            ran = [one for one in self.ran() if not one.ours]
            if len(ran) >= -number:
                return ran[number]
        found = self.by_number().get(number)
        if found is not None and found is not self._recorder.running:
            if self._is_deleted(found):
                raise InvalidRequest(
                    "Cell {number} has been deleted from the page.",
                    reason="output.deleted",
                    outcomes=[NOTHING_SENT],
                    number=number,
                )
            return found
        if found is None and (before := self._before_us(number)) is not None:
            return before
        last = (self._cells.execution_count or self._shell.execution_count) - 1
        if 0 < number <= last:
            raise InvalidRequest(
                "What cell {number} showed is no longer kept: that of the newest {most} cells is, 50 MB at most.",
                hint="Run it again.",
                reason="output.forgotten",
                outcomes=[NOTHING_SENT],
                number=number,
                most=MOST_CELLS,
            )
        raise InvalidRequest(
            "No cell with the number {number} has run in this session.",
            hint="The number stands in brackets beside each cell that has run.",
            reason="output.no_cell",
            outcomes=[NOTHING_SENT],
            number=number,
        )

    def _before_us(self, number: int) -> CellOutput | None:
        """A cell that ran before this session began, as far as IPython has kept it."""
        first = next((one.number for one in self._recorder.store.all() if one.number is not None), None)
        history = self._shell.history_manager
        typed = history.input_hist_raw
        if number < 1 or number >= len(typed) or (first is not None and number >= first) or not typed[number]:
            return None
        kept = getattr(history, "outputs", {})
        found = kept.get(number, ()) if isinstance(kept, dict) else ()
        return CellOutput(tuple(filter(None, map(from_ipython, found))), number, typed[number])

    def _is_deleted(self, ran: Ran) -> bool:
        return ran.id is not None and ran.id in self._cells.deleted


def _told(ran: CellOutput) -> Cell:
    if only_sets_up(ran.source):
        raise InvalidRequest(
            "Cell {number} only sets up zhipu_magic: there is nothing in it for a model.",
            reason="output.only_sets_up",
            outcomes=[NOTHING_SENT],
            number=ran.number,
        )
    return Cell(told(ran))


def _cells_in(error: BaseException) -> Iterator[str]:
    """The sources of the cells that an exception and those behind it have passed through."""
    from ...values.rendering.stack_frames import frames, is_cell

    met: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if id(current) in met:
            continue
        met.add(id(current))
        files = dict.fromkeys(frame.filename for frame in frames(current) if is_cell(frame.filename))
        yield from ("".join(linecache.getlines(file)).strip() for file in files)
        behind = [current.__cause__, current.__context__, *getattr(current, "exceptions", ())]
        waiting += [one for one in behind if isinstance(one, BaseException)]


class OutOrShown(dict[Any, Any]):
    """`Out` without the values of hidden cells, where a cell that has no value stands for what it has shown."""

    def __init__(self, values: Mapping[Any, Any], shown: ShownOutputs) -> None:
        super().__init__(values)
        self._shown = shown

    def __missing__(self, number: Any) -> Any:
        if type(number) is not int:
            raise KeyError(number)
        return self._shown.of(number)


class Cells(Whole):
    """`cell`, whose items are the cells by their numbers."""

    def __init__(self, shown: ShownOutputs) -> None:
        self._shown = shown

    def __getitem__(self, number: int) -> Cell:
        if type(number) is not int:
            raise _no_number()
        return self._shown.cell(number)

    def _repr_markdown_(self) -> str:
        raise _no_number()


def _no_number() -> InvalidRequest:
    return InvalidRequest(
        "{{ cell }} takes the number of a cell.",
        hint="The number stands beside the cell: {{ cell[8] }}.",
        reason="output.number",
        outcomes=[NOTHING_SENT],
    )
