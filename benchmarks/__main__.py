"""`python -m benchmarks`: measure everything and print one table."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import benchmarks

from . import (
    browser_page,
    first_cell,
    journal,
    long_thread,
    many,
    outputs,
    page,
    references,
    replay,
    row_store,
    speed,
    start,
    tables,
    tool_turn,
    warm_cell,
)
from .kernel import Bench
from .servers import Servers
from .table import as_markdown

_SECTIONS = {
    section.__name__.rpartition(".")[2]: section
    for section in (
        start,
        first_cell,
        warm_cell,
        speed,
        page,
        browser_page,
        many,
        long_thread,
        journal,
        replay,
        row_store,
        references,
        outputs,
        tool_turn,
        tables,
    )
}


def main() -> int:
    """Run the benchmarks that are asked for. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=benchmarks.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds and no reply of 16,000 tokens")
    parser.add_argument("section", nargs="*", help=f"of: {', '.join(_SECTIONS)}", metavar="NAME")
    given = parser.parse_args()
    found = []
    with TemporaryDirectory(prefix="zhipu_magic-bench-") as folder, Servers() as servers:
        bench = Bench(servers, Path(folder))
        for name in given.section or _SECTIONS:
            section = _SECTIONS[name]
            print(f"measuring: {(section.__doc__ or name).splitlines()[0]}", file=sys.stderr, flush=True)
            found.append((section is tables, section.measure(bench, quick=given.quick)))
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores.")
    print("Each figure: median (lowest–highest). ✓ and ✗: a target met or missed. Ratios are medians of the rounds.\n")
    for of_tables in (False, True):
        rows = [row for is_of_tables, rows in found if is_of_tables == of_tables for row in rows]
        if rows:
            print(f"{as_markdown(rows)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
