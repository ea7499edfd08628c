"""Records what the cells of this session show.

In a kernel, every message that goes to the front end is looked at, so that what is printed, what threads show and what
replaces other outputs is known too. Elsewhere IPython itself keeps the outputs of its cells (from version 9 on); before
that, only their results and errors are known. What %%capture takes is not shown, and not recorded. A reply is a turn of
the conversation, and no output; what it has drawn, or run, is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ...text.errors import GLMError
from ...values.outputs.output import DISPLAY, ERROR, KINDS, PLAIN, RESULT, STREAM, Output
from ..display.cell_outputs import OURS
from ..page.identity import is_edit, is_position
from ..shell import request_id
from ..usage_error import UsageError
from .setup_lines import only_sets_up
from .store import Asked, OutputStore, Ran, Weakly

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionResult

    from ..cell_tracker import CellTracker
    from ..loaded_by import LoadedBy
    from ..page_says import PageCell
    from ..shell import Shell

#: What IPython calls what was written to a stream.
_STREAMS: Final = {"out_stream": "stdout", "err_stream": "stderr"}


def is_same_cell(one: Ran, other: Ran) -> bool:
    """Whether two executions are of one cell.

    Their ids say so; where ids may be mere places, the same place with a text that may be an edit of the other, or the
    same text at another place. Without ids, as in a terminal, each execution is a cell of its own: the same text is
    typed again to see what has become of it.
    """
    ids = {one.id, other.id}
    if None in ids:
        return one.run == other.run
    if not any(is_position(each) for each in ids if each is not None):
        return len(ids) == 1
    return one.source == other.source or (len(ids) == 1 and is_edit(one.source, other.source))


def is_cell(cell: PageCell, name: str | None, source: str) -> bool:
    """Whether a cell of the page is the one with this id and source."""
    if name is not None and not is_position(name):
        return cell.id == name
    return cell.source.strip() == source.strip()


class OutputRecorder:
    """Fills the `store` with what the cells show that `cells` follows."""

    def __init__(self, shell: Shell, cells: CellTracker) -> None:
        self.store = OutputStore()
        self._shell = shell
        self._cells = cells
        self._running: Ran | None = None
        self._failed: tuple[Ran, BaseException] | None = None
        self._has_session = hasattr(shell.display_pub, "session")

    @property
    def running(self) -> Ran | None:
        """The execution of the running cell."""
        return self._running

    def loaded(self, by: LoadedBy) -> None:
        """Note which cell has loaded the extension. Of what it has shown, nothing is known."""
        self.store.begin(None, Ran(0, by.id, by.number, by.source, ours=only_sets_up(by.source)))

    def begin(self) -> None:
        """Note that the cell that `cells` has begun begins."""
        cells = self._cells
        is_ours = cells.is_glm_cell or only_sets_up(cells.source)
        ran = Ran(cells.run, cells.cell, cells.execution_count, cells.source, ours=is_ours)
        earlier = next((one for one in reversed(self.store.all()) if is_same_cell(one, ran)), None)
        ran.first = ran.run if earlier is None else earlier.first
        self._running = ran
        self.store.begin(self._request, ran)

    def end(self, result: ExecutionResult | None) -> None:
        """Note that it has ended, with what IPython says of it."""
        ran, self._running = self._running, None
        if ran is None or result is None:
            return
        if not self._has_session:
            if not ran.ours:
                self._take_from_ipython(ran, result)
            return
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            self._failed_with(ran, error)
        elif result.result is not None:
            self.store.change(ran, RESULT, Output(RESULT, value=Weakly.of(result.result)))

    def look(self, kind: str, request: object, content: Mapping[str, Any]) -> None:
        """Look at a message for the front end that belongs to this request."""
        if kind == "stream":
            name, text = str(content.get("name", "stdout")), str(content.get("text", ""))
            ran = self.store.of(request)
            if ran is not None and not (ran.ours and text.startswith(f"{UsageError.__name__}:")):
                self.store.add(request, Output(STREAM, name, text))
        elif kind in (DISPLAY, RESULT, "update_display_data"):
            display_id = str(content.get("transient", {}).get("display_id") or "")
            if display_id.startswith(OURS):  # what of it is an output, `note_outputs` is told
                return
            if kind == "update_display_data":
                self.store.update(display_id, content["data"])
            else:
                self.store.add(request, Output(KINDS[kind], data=content["data"]), display_id)
        elif kind == ERROR:
            if content.get("ename") not in _OURS:
                text = "\n".join(map(str, content.get("traceback") or ()))
                self.store.add(request, Output(ERROR, text=text or str(content.get("evalue", ""))))
        elif kind == "clear_output":
            self.store.clear(request, wait=bool(content.get("wait")))

    def note_reply(self, asked: Asked) -> None:
        """Note what the running cell has asked, and the reply."""
        if self._running is not None:
            self.store.note_asked(self._running, asked)

    def note_outputs(self, outputs: Iterable[Output]) -> None:
        """Note what the running cell shows in outputs of ours: a drawing, or what code of the model's has shown."""
        for output in outputs:
            self.store.add(self._request, output)

    @property
    def _request(self) -> object:
        return (request_id(self._shell) if self._has_session else None) or self._cells.run

    def _failed_with(self, ran: Ran, error: BaseException) -> None:
        """Keep the error until the next one: its frames hold all that the cell's functions held."""
        if isinstance(error, (GLMError, UsageError)):
            return
        self._settle_error()
        if not self.store.change(ran, ERROR, Output(ERROR, value=error)):
            self.store.add(self._request, Output(ERROR, value=error))
        self._failed = ran, error

    def _settle_error(self) -> None:
        """Put the text of the last error in its place."""
        if self._failed is None:
            return
        from ...values.rendering.renderers import rendered

        (ran, error), self._failed = self._failed, None
        try:
            text = rendered(error, _ERROR_TOKENS).text
        except GLMError:
            text = type(error).__name__
        self.store.change(ran, ERROR, Output(ERROR, text=text))

    def _take_from_ipython(self, ran: Ran, result: ExecutionResult) -> None:
        """Take the outputs of a cell from IPython's own store, or else what it has returned."""
        history = self._shell.history_manager
        kept = getattr(history, "outputs", {})
        found = kept.get(ran.number, ()) if isinstance(kept, dict) and ran.number is not None else ()
        for output in map(from_ipython, found):
            if output is not None:
                self.store.add(self._request, output)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            self._failed_with(ran, error)
        elif result.result is not None:
            value = Weakly.of(result.result)
            if not self.store.change(ran, RESULT, Output(RESULT, value=value)):
                self.store.add(self._request, Output(RESULT, data=self._plain(result.result), value=value))

    def _plain(self, value: Any) -> dict[str, str]:
        """How a value reads, where nothing else has kept it."""
        text = self._shell.display_formatter.formatters[PLAIN](value)
        return {PLAIN: text} if isinstance(text, str) else {}


#: Our own errors by their names, which is what is sent of them.
_KINDS_OF_OURS: Final[list[type[Exception]]] = [UsageError, GLMError, *GLMError.__subclasses__()]
_OURS: Final = frozenset(kind.__name__ for kind in _KINDS_OF_OURS)
_ERROR_TOKENS: Final = 4_000


def from_ipython(kept: Any) -> Output | None:
    """An output as IPython keeps it; None if it is of no kind that is known."""
    kind, bundle = getattr(kept, "output_type", ""), getattr(kept, "bundle", None)
    if not isinstance(bundle, Mapping):
        return None
    if kind in _STREAMS:
        written = bundle.get("stream", "")
        return Output(STREAM, _STREAMS[kind], "".join(map(str, written if isinstance(written, list) else [written])))
    return Output(KINDS[kind], data=dict(bundle)) if kind in (DISPLAY, RESULT) else None
