"""The names that a cell may use: the notebook's variables, and those of the function that asks."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from .shell import Caller

if TYPE_CHECKING:
    from ..values.outputs.above import Above
    from .cell_tracker import Failure
    from .outputs.shown import ShownOutputs
    from .shell import Shell

#: The names of what cells have shown, where the notebook has no variables of these names.
OF_THE_PAGE = ("out", "cell", "above")


class _Page(Mapping[str, Any]):
    """Names of what is made once it is looked up. They are not gone through: code that gets all names makes nothing."""

    def __init__(self, **makers: Callable[[], Any]) -> None:
        self._makers = makers
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Variables:
    """What names stand for on a page, and in the function that `called_by` says is asking.

    `last_failure` is that of the last exception, if there is one; `shown` is what cells have shown, and `above` the
    cells above.
    """

    def __init__(
        self,
        shell: Shell,
        last_failure: Callable[[], Failure | None],
        *,
        shown: Callable[[], ShownOutputs],
        above: Callable[[], Above],
    ) -> None:
        self._shell = shell
        self._last_failure = last_failure
        self._shown = shown
        self._above = above
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

        The variables of the function that asks, those of IPython's for what cells hold, all of the notebook's, `error`
        for the last exception, and last `out`, `cell` and `above`. Nothing of a hidden cell is among them but what the
        user's own names stand for.
        """
        from .outputs.of_ipython import OfIPython
        from .outputs.shown import Cells

        shown, failure = self._shown(), self._last_failure()

        def error() -> BaseException:
            assert failure is not None
            shown.check_failure(failure)
            return failure.error

        failed: Any = {} if failure is None else _Page(error=error)
        page: Any = _Page(out=shown.last, cell=lambda: Cells(shown), above=self._above)
        names = self._shell.user_ns
        return ChainMap(
            *(dict(self._caller.variables), cast("Any", OfIPython(self._shell, shown)), names, failed, page)
        )

    @contextmanager
    def called_by(self, caller: Caller) -> Iterator[None]:
        """Within this block, the names of the function that called the magic come first."""
        before, self._caller = self._caller, caller
        try:
            yield
        finally:
            self._caller = before
