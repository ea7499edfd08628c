"""a replayed cell, next to the same cell live and to an empty one"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from .contenders import OURS
from .kernel import Bench, Kernel
from .past import prompt_and_reply
from .servers import Practice, reply
from .table import Row, above, at_most_above

OVERHEAD_MS = 5

_TOKENS = 300
_REPLAYING = """\
%config GLMMagics.journal = {journal!r}
%config GLMMagics.replay = "only"
"""
_EMPTY = "pass"


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Measure cells after the first, which reads the journal, as fast as possible."""
    cells = [f"%%glm -m glm-4\n{prompt_and_reply(number)[0]}" for number in range(10 if quick else 40)]
    journal = bench.folder / "recorded.jsonl"
    server = bench.practice()
    with ExitStack() as stack:
        live, replaying = (stack.enter_context(bench.kernel(server)) for _ in range(2))
        live.run(f"{OURS.setup}\n%config GLMMagics.journal = {str(journal)!r}")
        lives = [_live(live, server, cell) for cell in cells][1:]
        replaying.run(f"{OURS.setup}\n{_replaying(journal)}")
        in_kernel, empty = _in_turns(lambda cell: 1e3 * replaying.run(cell).seconds, cells)
    alone, empty_alone = _in_turns(_shell(journal), cells)
    return [
        Row(
            "replayed cell, in a kernel",
            "ms",
            {OURS.column: in_kernel},
            [
                at_most_above(OVERHEAD_MS, in_kernel, empty, "ms", "an empty cell"),
                above(in_kernel, lives, "ms", "the live one"),
            ],
        ),
        Row(f"… the same live, {_TOKENS} chunks at full speed", "ms", {OURS.column: lives}),
        Row("… an empty cell", "ms", {OURS.column: empty}),
        Row(
            "replayed cell, without a kernel",
            "ms",
            {OURS.column: alone},
            [at_most_above(OVERHEAD_MS, alone, empty_alone, "ms", "an empty cell")],
        ),
    ]


def _replaying(journal: Path) -> str:
    return _REPLAYING.format(journal=str(journal))


def _live(kernel: Kernel, server: Practice, cell: str) -> float:
    server.answer_next(reply(_TOKENS))
    return 1e3 * kernel.run(cell).seconds


def _in_turns(run: Callable[[str], float], cells: list[str]) -> tuple[list[float], list[float]]:
    """The times of the cells, and of an empty cell after each, without the first."""
    taken = [(run(cell), run(_EMPTY)) for cell in cells][1:]
    return [cell for cell, _ in taken], [empty for _, empty in taken]


def _shell(journal: Path) -> Callable[[str], float]:
    """Runs cells on a replaying page without a kernel."""
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)  # type: ignore[no-untyped-call]  # IPython has no types
    publisher = shell.display_pub = CapturingDisplayPublisher()  # type: ignore[no-untyped-call]  # IPython has no types
    for line in (OURS.setup, *_replaying(journal).splitlines()):
        shell.run_cell(line).raise_error()  # type: ignore[no-untyped-call]  # IPython has no types

    def run(cell: str) -> float:
        publisher.outputs = []
        began = time.perf_counter()
        result = shell.run_cell(cell)  # type: ignore[no-untyped-call]  # IPython has no types
        taken = time.perf_counter() - began
        result.raise_error()
        if cell != _EMPTY and len(publisher.outputs) != 2:
            raise RuntimeError(f"A replayed cell shows two outputs, not {len(publisher.outputs)}.")
        return 1e3 * taken

    return run
