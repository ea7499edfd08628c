"""What the cells of this session have shown: the newest of them, within bounds. It knows no front end.

An output belongs to the execution that its message names, also if it comes later, from a thread.
"""

from __future__ import annotations

import json
import sys
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from ...text.languages.messages import _
from ...values.outputs.output import JSON, NOT_AT_HAND, PLOTLY, STREAM, WORDS, CellOutput, Output

MOST_CELLS: Final = 200
MOST_BYTES: Final = 50_000_000
LARGEST: Final = 1_000_000
"""Characters of one stream, or of one form of what was displayed; of a longer stream its two ends are kept."""
_LARGEST_PICTURE: Final = 8_000_000
_HEAD: Final = 300_000
#: Outputs of one cell, and of them the first ones that stay if there are more.
_MOST_OUTPUTS, _FIRST_OUTPUTS = 2_000, 100
#: Bytes that a cell and an output take besides what they hold.
_EACH: Final = 500
#: The forms that are read; of all others only their names are kept.
_PICTURES: Final = frozenset({"image/png", "image/jpeg"})
_MOST_FORMS: Final = 20
_LONGEST_NAME: Final = 100


class Asked(NamedTuple):
    """What a cell asked the model, and the reply; `turn` is the id of the turn in the `thread` that it left, if any."""

    prompt: str
    reply: str
    thread: str
    turn: str


@dataclass
class Ran:
    """One execution: the cell's `id` and `source`, its `number` on the page, and what it has shown so far.

    `run` counts the executions, `first` is the one in which this cell first ran, as far as is known. `ours` says that
    the cell is nothing but a command or a prompt of ours, or sets up this extension.
    """

    run: int
    id: str | None
    number: int | None
    source: str
    ours: bool = False
    first: int = 0
    asked: list[Asked] = field(default_factory=list)
    size: int = 0
    """Bytes of what it has shown."""
    around: int = 0
    """Bytes of its source, and of what it asked."""
    display_ids: set[str] = field(default_factory=set)
    _shown: list[_Shown] = field(default_factory=list)
    _clears: bool = False

    @property
    def output(self) -> CellOutput:
        """What it has shown."""
        return CellOutput(tuple(one.output() for one in self._shown), self.number, self.source)

    @property
    def has_output(self) -> bool:
        return bool(self._shown)


class Weakly:
    """A value that this does not keep alive; called, it gives the value, if that still is there."""

    def __init__(self, reference: Callable[[], Any]) -> None:
        self._reference = reference

    @classmethod
    def of(cls, value: Any) -> Any:
        """The value as such; nothing of one to which there is no such reference, as of a number or a list: how it was
        shown is all there is to say of it.
        """
        try:
            return cls(weakref.ref(value))
        except TypeError:
            return NOT_AT_HAND

    def __call__(self) -> Any:
        value = self._reference()
        return NOT_AT_HAND if value is None else value


@dataclass
class _Shown:
    """One output, whose stream may grow."""

    first: Output
    display_id: str = ""
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    lost: int = 0
    _head: str = ""

    def grow(self, text: str) -> None:
        """Add to the stream; once it is too long, its middle goes."""
        self.pieces.append(text)
        self.length += len(text)
        if self.length > 2 * LARGEST:
            whole = "".join(self.pieces)
            if not self._head:
                self._head, whole = whole[:_HEAD], whole[_HEAD:]
            tail = whole[-(LARGEST - _HEAD) :]
            self.lost += len(whole) - len(tail)
            self.pieces, self.length = [tail], len(tail)

    def output(self) -> Output:
        value = self.first.value
        if not self.pieces:
            return replace(self.first, value=value()) if isinstance(value, Weakly) else self.first
        if len(self.pieces) > 1:
            self.pieces = ["".join(self.pieces)]
        between = f"\n{_('[{count:,} characters were not kept]', count=self.lost)}\n" if self.lost else ""
        return replace(self.first, text=f"{self._head}{between}{self.pieces[0]}")


class OutputStore:
    """The executions by the request that each came with, the newest last. Any thread may add to them."""

    def __init__(self) -> None:
        self._ran: OrderedDict[object, Ran] = OrderedDict()
        self._size = 0
        self._lock = threading.RLock()

    def begin(self, request: object, ran: Ran) -> None:
        """Note that a cell begins."""
        with self._lock:
            self._forget(self._ran.pop(request, None))
            self._ran[request] = ran
            self._grow_around(ran, ran.source)
            self._bound()

    def note_asked(self, ran: Ran, asked: Asked) -> None:
        """Note what this execution has asked, and the reply."""
        with self._lock:
            ran.asked.append(asked)
            if any(one is ran for one in self._ran.values()):
                self._grow_around(ran, *asked)
            self._bound()

    def _grow_around(self, ran: Ran, *texts: str) -> None:
        more = _EACH + sum(map(sys.getsizeof, texts))
        ran.around += more
        self._size += more

    def of(self, request: object) -> Ran | None:
        """The execution of this request, if it is kept."""
        return self._ran.get(request)

    def all(self) -> list[Ran]:
        """The executions that are kept, the oldest first."""
        with self._lock:
            return list(self._ran.values())

    def add(self, request: object, output: Output, display_id: str = "") -> None:
        """Add an output to the cell that was run by this request."""
        with self._lock:
            ran = self._ran.get(request)
            if ran is None:
                return
            self._clear_if_due(ran)
            last = ran._shown[-1] if ran._shown else None
            before = ran.size
            if output.kind == STREAM:
                if last is None or last.first.kind != STREAM or last.first.name != output.name:
                    last = _Shown(Output(STREAM, output.name))
                    ran._shown.append(last)
                length = last.length
                last.grow(output.text)
                ran.size += max(0, last.length - length)
            else:
                output = replace(output, data=kept_forms(output.data), text=output.text[-LARGEST:])
                ran._shown.append(_Shown(output, display_id))
                ran.display_ids.add(display_id)
                ran.size += _size_of(output)
                if len(ran._shown) > _MOST_OUTPUTS:
                    gone = ran._shown.pop(_FIRST_OUTPUTS)
                    ran.size -= gone.length if gone.first.kind == STREAM else _size_of(gone.first)
            self._size += ran.size - before
            self._bound()

    def update(self, display_id: str, data: Mapping[str, Any]) -> None:
        """Replace what was displayed under this id, wherever it stands."""
        with self._lock:
            for ran in self._ran.values():
                for one in ran._shown if display_id and display_id in ran.display_ids else ():
                    if one.display_id == display_id:
                        before = _size_of(one.first)
                        one.first = Output(one.first.kind, data=kept_forms(data))
                        ran.size += (change := _size_of(one.first) - before)
                        self._size += change
            self._bound()

    def clear(self, request: object, *, wait: bool) -> None:
        """Clear the outputs of a cell, at once or with the next one."""
        with self._lock:
            ran = self._ran.get(request)
            if ran is not None:
                ran._clears = True
                if not wait:
                    self._clear_if_due(ran)

    def change(self, ran: Ran, kind: str, output: Output) -> bool:
        """Add the value, or another text, to the last output of this kind. Returns whether there was one."""
        with self._lock:
            for one in reversed(ran._shown):
                if one.first.kind == kind:
                    one.first = replace(one.first, value=output.value, text=output.text or one.first.text)
                    return True
        return False

    def _clear_if_due(self, ran: Ran) -> None:
        if ran._clears:
            ran._shown.clear()
            ran.display_ids.clear()
            self._size -= ran.size
            ran.size, ran._clears = 0, False

    def _bound(self) -> None:
        """Forget the oldest executions, until all is within the bounds; the newest stays."""
        while len(self._ran) > MOST_CELLS or (self._size > MOST_BYTES and len(self._ran) > 1):
            self._forget(self._ran.popitem(last=False)[1])

    def _forget(self, ran: Ran | None) -> None:
        self._size -= 0 if ran is None else ran.size + ran.around


def kept_forms(data: Mapping[str, Any]) -> dict[str, Any]:
    """The forms of what was displayed that are read, each within its bound; of others, and larger ones, the name."""
    return {str(kind)[:_LONGEST_NAME]: _kept(kind, form) for kind, form in [*data.items()][:_MOST_FORMS]}


def _kept(kind: str, form: Any) -> Any:
    if kind in _PICTURES:
        return form if isinstance(form, (str, bytes)) and len(form) <= _LARGEST_PICTURE else ""
    if kind in WORDS:
        return form[:LARGEST] if isinstance(form, str) else ""
    if kind == PLOTLY:
        return _plotly(form)
    if kind == JSON:
        try:
            return form if len(json.dumps(form)) <= LARGEST else ""
        except (TypeError, ValueError, RecursionError):
            return ""
    return ""


def _plotly(figure: Any) -> Any:
    """What is read of a figure: its title, and the kinds of its traces; its data may be large."""
    if not isinstance(figure, Mapping):
        return ""
    traces, layout = figure.get("data"), figure.get("layout")
    kinds = [{"type": one.get("type", "scatter")} for one in traces or () if isinstance(one, Mapping)][:100]
    return {"data": kinds, "layout": {"title": layout.get("title")} if isinstance(layout, Mapping) else {}}


def _size_of(output: Output) -> int:
    forms = (form if isinstance(form, (str, bytes)) else repr(form) for form in output.data.values())
    return _EACH + sys.getsizeof(output.text) + sum(map(sys.getsizeof, forms))
