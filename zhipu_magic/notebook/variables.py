"""The names that a cell may use: the notebook's variables, and those of the function that asks."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .shell import Caller

if TYPE_CHECKING:
    from .shell import Shell


class Variables:
    """What names stand for on a page, and in the function that `called_by` says is asking.

    `last_error` is the last exception, if there is one.
    """

    def __init__(self, shell: Shell, last_error: Callable[[], BaseException | None]) -> None:
        self._shell = shell
        self._last_error = last_error
        self._caller = Caller()

    @property
    def own(self) -> dict[str, Any]:
        """The variables that the notebook has defined, without those that IPython put there."""
        hidden, absent = self._shell.user_ns_hidden, object()
        return {
            name: value
            for name, value in list(self._shell.user_ns.items())
            if type(name) is str and hidden.get(name, absent) is not value
        }

    @property
    def tools(self) -> dict[str, Any]:
        """What `--tool` may name: the notebook's own variables, and first those of its function that asks."""
        return {**self.own, **self._caller.variables} if self._caller.is_own else self.own

    @property
    def everything(self) -> Mapping[str, Any]:
        """The names that a reference may use.

        The variables of the function that asks, all of the notebook's, `In` as typed, and `error` for the last
        exception.
        """
        names, history, error = self._shell.user_ns, self._shell.history_manager, self._last_error()
        typed = {"In": history.input_hist_raw} if names.get("In") is history.input_hist_parsed else {}
        return ChainMap(dict(self._caller.variables), typed, names, {} if error is None else {"error": error})

    @contextmanager
    def called_by(self, caller: Caller) -> Iterator[None]:
        """Within this block, the names of the function that called the magic come first."""
        before, self._caller = self._caller, caller
        try:
            yield
        finally:
            self._caller = before
