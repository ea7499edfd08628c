"""Whether enough of the package is covered: of its lines and of its branches, each by itself.

coverage's own `fail_under` has one number for both, in which many lines hide few branches.
Usage: coverage_gate.py FILE, which `coverage json` has written.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

#: Per cent.
LEAST = 97.0
#: How many of the files that lack most are named.
NAMED = 12


def shares(summary: dict[str, Any]) -> dict[str, float]:
    """How much is covered, in per cent, rounded down to hundredths: 96.999 is not 97."""
    counts = {
        "lines": (summary["covered_lines"], summary["num_statements"]),
        "branches": (summary["covered_branches"], summary["num_branches"]),
    }
    return {what: (10_000 * covered // there) / 100 if there else 100.0 for what, (covered, there) in counts.items()}


def lacking(report: dict[str, Any]) -> list[str]:
    """The files that lack most lines and branches."""
    missing = {
        name: (file["summary"]["missing_lines"], file["summary"]["missing_branches"])
        for name, file in report["files"].items()
    }
    worst = sorted(missing, key=lambda name: -sum(missing[name]))[:NAMED]
    return [f"  {name}: {missing[name][0]} lines, {missing[name][1]} branches" for name in worst if any(missing[name])]


def main(path: str) -> int:
    report = json.loads(Path(path).read_text("utf-8"))
    covered = shares(report["totals"])
    print("\n".join(["Not covered:", *lacking(report)]))
    for what, share in covered.items():
        print(f"{what}: {share:.2f} % of {LEAST:g} %")
    return int(min(covered.values()) < LEAST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
