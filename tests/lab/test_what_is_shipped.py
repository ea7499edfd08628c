"""What browsers get is the extension's sources without comments: read and tested, it is the same code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from platforms import needs_links

from hatch_build import write_extension

_ROOT = Path(__file__).parents[2]
_LAB = _ROOT / "lab"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the modules as they are shipped."""
    if shutil.which("node") is None or not (_LAB / "node_modules").is_dir():
        reason = "needs node and its packages (npm ci --prefix lab)"
        if os.environ.get("CI"):
            pytest.fail(f"What is shipped cannot be tested: it {reason}.", pytrace=False)
        pytest.skip(reason)
    written = write_extension(_LAB, tmp_path_factory.mktemp("shipped"), {"version": "0"})
    return next(one.parent for one in written if one.suffix == ".js")


def test_a_parser_reads_the_same_code(shipped: Path) -> None:
    ours, theirs = _syntax(_LAB / "src"), _syntax(shipped)
    assert set(ours) == set(theirs)
    for name, one in ours.items():
        assert theirs[name] == one, name
        assert one["errors"] == [], name


def test_nothing_but_comments_and_blanks_is_gone(shipped: Path) -> None:
    assert not [one.name for one in shipped.iterdir() if "/**" in one.read_text("utf-8")]


@needs_links
def test_it_passes_the_tests_of_the_sources(shipped: Path, tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    for name in ("test", "schemas"):
        shutil.copytree(_LAB / name, lab / name)
    shutil.copytree(shipped, lab / "src")
    shutil.copy(_LAB / "package.json", lab)
    (lab / "node_modules").symlink_to(_LAB / "node_modules")
    locale = Path("zhipu_magic", "notebook", "locale")
    shutil.copytree(_ROOT / locale, tmp_path / locale)
    ran = subprocess.run(["node", "--test"], cwd=lab, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stdout


def _syntax(folder: Path) -> dict[str, Any]:
    script = str(Path(__file__).with_name("syntax.cjs"))
    ran = subprocess.run(["node", script, str(folder)], cwd=_LAB, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    read: dict[str, Any] = json.loads(ran.stdout)
    return read
