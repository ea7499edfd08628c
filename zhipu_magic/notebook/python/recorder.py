"""What code prints and displays while it runs, kept instead of shown, within bounds."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from IPython.core.displaypub import CapturingDisplayPublisher

from ...values.outputs.output import DISPLAY, RESULT, STREAM, Output
from .threads import RunThreads

if TYPE_CHECKING:
    from ..shell import Shell

#: Characters that are kept of what is printed, characters or bytes of what is displayed, and outputs.
MOST_PRINTED, MOST_DISPLAYED, MOST_OUTPUTS = 1_000_000, 20_000_000, 200
#: Characters of the end of what is printed that can be asked for.
MOST_TAIL = 16_000


class Recorder:
    """The outputs of code so far, in order, and how much of them was more than is kept."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._outputs: list[tuple[str, Output]] = []  # each with its display id, if it has one
        self._pieces: list[str] = []  # of the stream that is written to
        self._stream = ""
        self._beyond = ""  # the end of what is not kept
        self._printed = self._displayed = self._not_added = 0
        self._dropped: set[int] = set()  # places of outputs whose newest form is too large
        self.not_kept = 0
        """Characters that were printed, and are not kept."""
        self.of_others = 0
        """How often threads have shown something that are none of this run."""
        self.threads = RunThreads()
        self.bystander: int | None = None
        """The thread that shows what is printed, which is none of the run's, and may print where it shows that."""
        self.publisher = _Publisher(self, shell.display_pub)

    @property
    def outputs(self) -> tuple[Output, ...]:
        self._end_stream()
        return tuple(output for _, output in self._outputs)

    @property
    def not_shown(self) -> int:
        """Outputs that were displayed, and are not kept."""
        return self._not_added + len(self._dropped)

    def tail(self, size: int) -> str:
        """The last characters of what was printed, kept or not, and of the texts of what was displayed.

        The `size` is `MOST_TAIL` at most. Another thread may ask while the code goes on.
        """
        beyond, pieces, outputs = self._beyond, self._pieces, self._outputs[-MOST_OUTPUTS:]
        found: list[str] = []
        for text in chain([beyond], reversed(pieces), (_text_of(output) for _, output in reversed(outputs))):
            found.append(text[-size:])
            size -= len(found[-1])
            if size <= 0:
                break
        return "".join(reversed(found))

    def stream(self, name: str, real: Any) -> Stream:
        """What stands for `sys.stdout` or `sys.stderr`, which is `real`, while code runs."""
        return Stream(lambda text: self.write(name, text), real, self)

    def is_of_others(self) -> bool:
        """Whether this thread is none of the run's, which then counts what it shows."""
        if self.threads.are_here:
            return False
        if self.is_bystander():
            return True
        self.of_others += 1
        return True

    def is_bystander(self) -> bool:
        """Whether this thread is the one that shows what is printed."""
        return threading.get_ident() == self.bystander

    def write(self, name: str, text: str) -> None:
        """Keep what is printed."""
        kept = text[: max(0, MOST_PRINTED - self._printed)]
        self._printed += len(kept)
        if len(kept) < len(text):
            self.not_kept += len(text) - len(kept)
            self._beyond = f"{self._beyond}{text[len(kept) :]}"[-MOST_TAIL:]
        if not kept:
            return
        if name != self._stream:
            self._end_stream()
            self._stream = name
        self._pieces.append(kept)

    def display(self, data: Mapping[str, Any], display_id: str = "", *, update: bool = False) -> None:
        """Keep what is displayed; what has the display id of an earlier output takes its place."""
        self._end_stream()
        if not update:
            self._add(Output(DISPLAY, data=dict(data)), display_id)
            return
        for place, (known, output) in enumerate(self._outputs):
            if known == display_id:
                self._replace(place, replace(output, data=dict(data)))

    def result(self, value: Any) -> None:
        """Keep the value of an expression, as `sys.displayhook`."""
        if value is None:
            return
        self._end_stream()
        data, _ = self._shell.display_formatter.format(value)
        if data:  # else it has displayed itself
            self._add(Output(RESULT, data=data, value=value))

    def clear(self) -> None:
        """Forget what was shown so far, as a cell does."""
        self._end_stream()
        self._outputs.clear()
        self._dropped.clear()
        self._printed = self._displayed = self._not_added = self.not_kept = 0
        self._beyond = ""

    def _add(self, output: Output, display_id: str = "") -> None:
        size = _size_of(output)
        if self._displayed + size > MOST_DISPLAYED or len(self._outputs) >= MOST_OUTPUTS:
            self._not_added += 1
            return
        self._displayed += size
        self._outputs.append((display_id, output))

    def _replace(self, place: int, output: Output) -> None:
        """Put an output in the place of another, which goes even if the new one is too large to be kept."""
        display_id, before = self._outputs[place]
        self._displayed -= _size_of(before)
        self._dropped.discard(place)
        if self._displayed + _size_of(output) > MOST_DISPLAYED:
            output = replace(output, data={})
            self._dropped.add(place)
        self._displayed += _size_of(output)
        self._outputs[place] = display_id, output

    def _end_stream(self) -> None:
        if self._pieces:
            text, self._pieces = "".join(self._pieces), []
            if len(self._outputs) < MOST_OUTPUTS:
                self._outputs.append(("", Output(STREAM, self._stream, text)))
            else:
                self.not_kept += len(text)
        self._stream = ""


def _text_of(output: Output) -> str:
    """What was printed, or stands for what was displayed."""
    if output.kind == STREAM:
        return output.text
    text = output.data.get("text/plain")
    return f"{text}\n" if isinstance(text, str) else ""


def _size_of(output: Output) -> int:
    return sum(len(form) for form in output.data.values() if isinstance(form, (str, bytes)))


class Stream(io.StringIO):
    """Hands on what is written to it; to the stream that it stood for (`real`), if others write, and once it is over: a
    logger may have kept it.
    """

    def __init__(self, write: Callable[[str], None], real: Any, recorder: Recorder) -> None:
        super().__init__()
        self._write = write
        self._recorder = recorder
        self._real = real
        self.is_over = False

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.is_over or self._recorder.is_of_others():
            self._real.write(text)
        else:
            self._write(text)
        return len(text)

    def flush(self) -> None:
        if self.is_over or self._recorder.is_bystander():
            self._real.flush()

    def close(self) -> None:
        """Nobody may close it: the notebook would lose its own."""


class _Publisher(CapturingDisplayPublisher):
    """Stands for the shell's publisher, which is `real`, while code runs."""

    def __init__(self, recorder: Recorder, real: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # IPython's own
        self._recorder = recorder
        self._real = real

    @property
    def is_publishing(self) -> bool:
        """True: IPython then keeps what is printed out of its own store of the cell's outputs."""
        return True

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **more: Any,
    ) -> None:
        if self._recorder.is_of_others():
            self._real.publish(data, metadata, transient=transient, update=update, **more)
            return
        display_id = str((transient or {}).get("display_id") or "")
        self._recorder.display(data, display_id, update=update)

    def clear_output(self, wait: bool = False) -> None:
        if self._recorder.is_of_others():
            self._real.clear_output(wait)
        else:
            self._recorder.clear()
