"""What the last lines of a run say of the tests that were left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_the_last_lines_say_what_was_left_out_for_want_of_node(tmp_path: Path) -> None:
    tests = Path(__file__).parent
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests / "lab" / "test_what_is_shipped.py"],
        cwd=tests.parent,
        capture_output=True,
        text=True,
        env={**environment, "PATH": str(tmp_path)},
        timeout=100,
    )
    told = " tests that run node did not run: needs node and its packages (npm ci --prefix lab)"
    assert any(told in line for line in ran.stdout.splitlines()[-2:]), ran.stdout
