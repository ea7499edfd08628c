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
    page,
    references,
    replay,
    row_store,
    speed,
    start,
    tool_turn,
    warm_cell,
)
from .kernel import Bench
from .servers import Servers
from .table import Row, as_markdown


def main() -> int:
    """Run every benchmark. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=benchmarks.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds and no reply of 16,000 tokens")
    quick = parser.parse_args().quick
    rows: list[Row] = []
    with TemporaryDirectory(prefix="zhipu_magic-bench-") as folder, Servers() as servers:
        bench = Bench(servers, Path(folder))
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
            tool_turn,
        ):
            print(f"measuring: {(section.__doc__ or section.__name__).splitlines()[0]}", file=sys.stderr, flush=True)
            rows += section.measure(bench, quick=quick)
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores.")
    print("Each figure: median (lowest–highest). ✓ and ✗: a target met or missed. Ratios are medians of the rounds.\n")
    print(as_markdown(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
