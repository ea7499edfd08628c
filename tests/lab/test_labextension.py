"""The front-end extension as it is installed: where JupyterLab looks for it, whole, and small."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from zhipu_magic import __version__

_PLACE = Path("share", "jupyter", "labextensions", "zhipu-magic")
_ROOT = Path(__file__).parents[2]
#: Bytes of all its files together.
_LARGEST = 150_000


@pytest.fixture(scope="module")
def installed() -> Path:
    place = Path(sys.prefix) / _PLACE
    assert place.is_dir(), f"pip install -e . puts the extension into {place}"
    return place


def test_jupyterlab_finds_it_enabled() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter", "labextension", "list"], capture_output=True, text=True, check=True
    )
    line = next(line for line in (listed.stdout + listed.stderr).splitlines() if "zhipu-magic" in line)
    assert f"v{__version__}" in line
    assert "enabled" in line
    assert "OK" in line


def test_it_has_every_file_of_the_sources_as_they_are(installed: Path) -> None:
    package = json.loads((installed / "package.json").read_text("utf-8"))
    static = (installed / package["jupyterlab"]["_build"]["load"]).parent
    sources = {one.name: one.read_text("utf-8") for one in (_ROOT / "lab" / "src").glob("*.js")}
    assert {one.name: one.read_text("utf-8") for one in static.iterdir()} == sources, (
        "install it again: pip install -e ."
    )
    schema = installed / "schemas" / "zhipu-magic" / "plugin.json"
    assert schema.read_text("utf-8") == (_ROOT / "lab" / "schemas" / "plugin.json").read_text("utf-8")


def test_it_is_small() -> None:
    files = [*(_ROOT / "lab" / "src").iterdir(), *(_ROOT / "lab" / "schemas").iterdir()]
    assert sum(one.stat().st_size for one in files) <= _LARGEST


def test_a_wheel_has_it_in_a_folder_that_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns(".git", ".venv*", "node_modules", "tests", "benchmarks", ".*_cache", "__pycache__")
    shutil.copytree(_ROOT, copy, ignore=ignored)
    first = _names_in_wheel(copy, tmp_path / "first")
    assert _names_in_wheel(copy, tmp_path / "again") == first
    script = copy / "lab" / "src" / "index.js"
    script.write_text(script.read_text("utf-8") + "\n", "utf-8")
    assert _names_in_wheel(copy, tmp_path / "second").isdisjoint(name for name in first if "/static/" in name)
    assert any(name.endswith("/remoteEntry.js") for name in first)


def _names_in_wheel(project: Path, where: Path) -> set[str]:
    """The names of the extension's files in a wheel of the project."""
    build = "from hatchling.build import build_wheel; import sys; build_wheel(sys.argv[1])"
    where.mkdir()
    subprocess.run([sys.executable, "-c", build, str(where)], cwd=project, check=True, capture_output=True)
    (wheel,) = where.glob("*.whl")
    return {name for name in zipfile.ZipFile(wheel).namelist() if "/labextensions/" in name}
