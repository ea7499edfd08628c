"""The names that IPython gives to the values and sources of cells, as references have them: without hidden cells.

`Out`, `_oh`, `_`, `__`, `___` and `_8` are values; `In`, `_ih`, `_i`, `_ii`, `_iii` and `_i8` are sources as typed, in
which what looks like a credential is taken out. A name that a hidden cell has bound is the user's own to refer to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from ...text.secrets import without_secrets
from .shown import OutOrShown, ShownOutputs
from .store import Ran

if TYPE_CHECKING:
    from ..shell import Shell

_NAMES: Final = re.compile(r"In|Out|_(?:_{0,2}|\d{1,9}|i{1,3}|i\d{1,9}|ih|oh)")


class OfIPython(Mapping[str, Any]):
    """The names as they stand for values now; those that the user has bound to something else are not among them.

    They are not gone through: code that gets all names makes nothing.
    """

    def __init__(self, shell: Shell, shown: ShownOutputs) -> None:
        self._names = shell.user_ns
        self._history = shell.history_manager
        self._shown = shown

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _NAMES.fullmatch(name) is not None and name in self._names

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        value, values = self._names[name], self._history.output_hist
        if value is values:
            runs = self._runs(values)
            return OutOrShown({n: values[n] for n in values if not self._shown.is_hidden(runs[n])}, self._shown)
        if value is self._history.input_hist_parsed or value is self._history.input_hist_raw:
            return self._typed()
        if name.startswith("_i") or name == "In":
            return self._source(value) if isinstance(value, str) else value
        number = next((number for number in reversed(list(values)) if values[number] is value), None)
        if number is not None:
            self._shown.check(self._runs([number])[number])
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def _runs(self, numbers: Iterable[int]) -> dict[int, Ran]:
        """The executions with these numbers, as far as is known of those that are no longer kept."""
        kept, typed = self._shown.by_number(), self._history.input_hist_raw
        runs: dict[int, Ran] = {}
        for number in numbers:
            source = typed[number] if 0 <= number < len(typed) else None
            run = kept.get(number)
            is_it = run is not None and source in (None, run.source)
            runs[number] = run if run is not None and is_it else Ran(0, None, number, source or "")
        return runs

    def _typed(self) -> Typed:
        sources = self._history.input_hist_raw
        hidden = {number: ran for number, ran in self._runs(range(len(sources))).items() if self._shown.is_hidden(ran)}
        return Typed(sources, hidden, self._shown)

    def _source(self, source: str) -> str:
        """A source under a name of its own."""
        kept = next((ran for ran in reversed(self._shown.ran()) if ran.source.strip() == source.strip()), None)
        self._shown.check(kept or Ran(0, None, None, source))
        return without_secrets(source)[0]


class Typed(list[str]):
    """`In`: the sources of cells by their numbers. Those of hidden cells are empty, and no item."""

    def __init__(self, sources: Iterable[str], hidden: Mapping[int, Ran], shown: ShownOutputs) -> None:
        super().__init__(
            "" if number in hidden else without_secrets(source)[0] for number, source in enumerate(sources)
        )
        self._hidden = hidden
        self._shown = shown

    def __getitem__(self, place: Any) -> Any:
        number = place + len(self) if type(place) is int and place < 0 else place
        if type(number) is int and number in self._hidden:
            self._shown.check(self._hidden[number])
        return super().__getitem__(place)
