"""Runs code in the notebook as the user's own, and keeps what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...text.errors import GLMError
from ...text.left_out import collecting_cuts
from ...text.numbers import plural
from ...text.tokens import cut
from ...values.outputs.output import ERROR, CellOutput, Output
from ...values.tools.ran import Ran
from ...values.tools.shown import shown_of
from ...values.tools.tool import HasRun, Outcome
from .deadline import Deadline
from .names import Names, changed
from .recorder import Recorder
from .surroundings import surroundings

if TYPE_CHECKING:
    from ..shell import Shell

_OF_OTHERS = "Threads that are not of this run have shown something meanwhile; it is not here."
_NOTHING = "It ran without output."


def run(shell: Shell, code: str, seconds: float) -> PythonRun:
    """Run the code, for at most so many seconds (0: for ever). Raises KeyboardInterrupt if the user stops it."""
    before, recorder, deadline = dict(shell.user_ns), Recorder(shell), Deadline(seconds)
    error: BaseException | None = None
    try:
        with surroundings(shell, recorder), deadline:
            result = shell.run_cell(code, store_history=False)
        error = result.error_before_exec or result.error_in_exec
    except KeyboardInterrupt as interrupt:  # between two statements of ours
        error = interrupt
    if isinstance(error, KeyboardInterrupt) and not deadline.passed:
        raise KeyboardInterrupt
    stopped = seconds if deadline.passed else None
    return PythonRun(
        outputs=recorder.outputs,
        error=None if isinstance(error, KeyboardInterrupt) else error,
        names=changed(before, shell.user_ns),
        notes=_notes(recorder, stopped),
        has_failed=error is not None or deadline.passed,
    )


def _notes(recorder: Recorder, stopped: float | None) -> tuple[str, ...]:
    """What is not in the outputs."""
    printed, displayed = recorder.not_kept, recorder.not_shown
    notes = [f"{printed:,} more characters were printed, and are not kept."] if printed else []
    notes += (
        [f"{plural(displayed, 'more output')} {'was' if displayed == 1 else 'were'} not kept."] if displayed else []
    )
    notes += [_OF_OTHERS] if recorder.of_others else []
    notes += [f"Stopped after {stopped:g} s, the time limit."] if stopped is not None else []
    return tuple(notes)


@dataclass(frozen=True)
class PythonRun(HasRun):
    """What a run has shown, the exception that ended it, the `names` that it has changed, and `notes` on the rest."""

    outputs: tuple[Output, ...]
    error: BaseException | None
    names: Names
    notes: tuple[str, ...]
    has_failed: bool

    def outcome(self, tokens: int, *, seeing: bool) -> Outcome:
        """How it reads to the model, and what is shown of it."""
        outputs = self.outputs
        if self.error is not None:
            outputs = (*outputs, Output(ERROR, name=type(self.error).__name__, value=self.error))
        shown = shown_of(outputs, self.notes)
        with collecting_cuts() as left_out:
            try:
                text = _read(outputs, tokens, seeing=seeing) if outputs else ""
            except GLMError:  # a value's own code fails: what the page shows of it can be read all the same
                text = cut("\n\n".join(one.text for one in shown), tokens)
        return Outcome(
            text="\n\n".join(filter(None, [text, *self.notes])) or _NOTHING,
            failed=self.has_failed,
            error=self.error,
            left_out="; ".join(dict.fromkeys(left_out)),
            ran=Ran(shown, self.names.bound, self.names.deleted, seen=seeing and any(one.image for one in shown)),
        )


def _read(outputs: tuple[Output, ...], tokens: int, *, seeing: bool) -> str:
    """The outputs as text, with words for each figure."""
    from ...values.rendering.registry import PICTURE
    from ...values.rendering.renderers import rendered

    read: Any = rendered(CellOutput(outputs), tokens)
    figures = iter(read.images)
    pieces = (read.text if read.text else PICTURE * len(read.images)).split(PICTURE)
    words = [pieces[0]]
    for number, piece in enumerate(pieces[1:], 1):
        figure = next(figures, None)
        size = f", {figure.width} × {figure.height}" if figure is not None else ""
        seen = "it follows as an image, and the user sees it" if seeing else "the user sees it, and you cannot"
        words += [f"[figure {number}{size}: {seen}]", piece]
    return "".join(words)
