"""Runs code in the notebook as the user's own, and keeps what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...chat.undisturbed import undisturbed
from ...text.errors import GLMError
from ...text.languages.joined import distinct_notes
from ...text.languages.messages import N_, _, for_model, ngettext, sent
from ...text.left_out import collecting_cuts
from ...text.tokens import cut
from ...values.outputs.output import ERROR, STREAM, CellOutput, Output
from ...values.tools.ran import Ran
from ...values.tools.shown import shown_of
from ...values.tools.tool import HasRun, Outcome
from .deadline import Deadline
from .live import Live, ShowRun
from .names import Names, changed
from .open_figures import OpenFigures
from .recorder import Recorder
from .surroundings import surroundings

if TYPE_CHECKING:
    from ..shell import Shell

_OF_OTHERS = _("Threads that are not of this run have shown something meanwhile; it is not here.")
_NOTHING = N_("It ran without output.")
_BY_USER = _("The user stopped it here.")


def run(
    shell: Shell, code: str, seconds: float, *, show: ShowRun | None = None, hide: Callable[[str], str] = str
) -> PythonRun:
    """Run the code, for at most so many seconds (0: for ever). However it ends, what it has shown and changed until
    then is returned: also if the user stops it, or something around it fails. Meanwhile, `show` shows what it prints,
    without what `hide` takes out of that.
    """
    before, recorder, deadline = dict(shell.user_ns), Recorder(shell), Deadline(seconds)
    error: BaseException | None = None
    try:
        with Live(recorder, show, hide), surroundings(shell, recorder), deadline:
            figures = OpenFigures()
            try:
                result = shell.run_cell(code, store_history=False)
            finally:
                figures.take(recorder)
        error = result.error_before_exec or result.error_in_exec
    except (Exception, KeyboardInterrupt) as ending:  # a fault around the code, or an interrupt between two statements
        error = ending
    found: list[PythonRun] = []

    def look() -> None:
        is_interrupt = isinstance(error, KeyboardInterrupt)
        too_long = _("Stopped after {seconds:g} s, the time limit.", seconds=seconds) if deadline.passed else ""
        one = PythonRun(
            outputs=recorder.outputs,
            error=None if is_interrupt else error,
            names=changed(before, shell.user_ns),
            notes=_notes(recorder, too_long or (_BY_USER if is_interrupt else "")),
            has_failed=error is not None or deadline.passed,
            interrupted=is_interrupt and not deadline.passed,
        )
        found.append(one)

    try:
        undisturbed(look)
    except KeyboardInterrupt:  # pressed once more, or just after the end
        return replace(found[0], interrupted=True)
    return found[0]


def _notes(recorder: Recorder, stopped: str) -> tuple[str, ...]:
    """What is not in the outputs."""
    printed, displayed = recorder.not_kept, recorder.not_shown
    notes: list[str] = []
    if printed:
        notes.append(_("{count:,} more characters were printed, and are not kept.", count=printed))
    if displayed:
        notes.append(
            ngettext("{count:,} more output was not kept.", "{count:,} more outputs were not kept.", displayed)
        )
    notes += [_OF_OTHERS] if recorder.of_others else []
    notes += [stopped] if stopped else []
    return tuple(notes)


@dataclass(frozen=True)
class PythonRun(HasRun):
    """What a run has shown, the exception that ended it, the `names` that it has changed, and `notes` on the rest.

    It was `interrupted` if the user stopped it.
    """

    outputs: tuple[Output, ...]
    error: BaseException | None
    names: Names
    notes: tuple[str, ...]
    has_failed: bool
    interrupted: bool = False

    def outcome(self, tokens: int, *, seeing: bool) -> Outcome:
        """How it reads to the model, and what is shown of it.

        Reading it runs code of its values, which may fail or be stopped: then it reads as it is shown.
        """
        try:
            shown, interrupted = shown_of(self._all_outputs(), self.notes), self.interrupted
        except KeyboardInterrupt:
            shown, interrupted = shown_of((*self.outputs, *self._error_in_a_word()), self.notes), True
        with collecting_cuts() as left_out:
            try:
                text = self._read(tokens, seeing=seeing)
            except (GLMError, KeyboardInterrupt) as error:
                interrupted = interrupted or isinstance(error, KeyboardInterrupt)
                text = cut("\n\n".join(sent(one.text) for one in shown), tokens)
        return Outcome(
            text="\n\n".join(filter(None, [text, *map(sent, self.notes)])) or for_model(_NOTHING),
            failed=self.has_failed,
            error=self.error,
            left_out=distinct_notes(left_out),
            ran=Ran(shown, self.names.bound, self.names.deleted, seen=seeing and any(one.image for one in shown)),
            interrupted=interrupted,
        )

    def _all_outputs(self) -> tuple[Output, ...]:
        if self.error is None:
            return self.outputs
        return (*self.outputs, Output(ERROR, name=type(self.error).__name__, value=self.error))

    def _error_in_a_word(self) -> Iterator[Output]:
        """The error as text, without any code of its own."""
        if self.error is not None:
            yield Output(STREAM, "stderr", type(self.error).__name__)

    def _read(self, tokens: int, *, seeing: bool) -> str:
        outputs = self._all_outputs()
        return _read(outputs, tokens, seeing=seeing) if outputs else ""


_FOLLOWS = N_("[figure {figure}: it follows as an image, and the user sees it]")
_UNSEEN = N_("[figure {figure}: the user sees it, and you cannot]")


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
        words += [for_model(_FOLLOWS if seeing else _UNSEEN, figure=f"{number}{size}"), piece]
    return "".join(words)
