"""The front-end extension as it is installed: where JupyterLab looks for it, whole, and small."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hatch_build import write_extension
from zhipu_magic import __version__

_PLACE = Path("share", "jupyter", "labextensions", "zhipu-magic")
_ROOT = Path(__file__).parents[2]
#: Bytes of all its files together, as they are installed.
_LARGEST = 107_270


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


def test_it_is_what_the_sources_give(installed: Path, tmp_path: Path) -> None:
    about = json.loads((installed / "package.json").read_text("utf-8"))
    written = write_extension(
        _ROOT / "lab", tmp_path, {name: about[name] for name in ("version", "description", "license")}
    )
    wanted = {one.relative_to(tmp_path): one.read_bytes() for one in written}
    assert {one.relative_to(installed): one.read_bytes() for one in _files(installed)} == wanted, (
        "install it again: pip install -e ."
    )
    assert {one.name for one in wanted if one.suffix == ".js"} == {
        one.name for one in (_ROOT / "lab" / "src").iterdir()
    }


def test_it_is_small(installed: Path) -> None:
    assert sum(one.stat().st_size for one in _files(installed)) <= _LARGEST


def _files(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()]


def test_a_wheel_has_it_in_a_folder_that_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns(".git", ".venv*", "node_modules", "tests", "benchmarks", ".*_cache", "__pycache__")
    shutil.copytree(_ROOT, copy, ignore=ignored)
    first = _names_in_wheel(copy, tmp_path / "first")
    assert _names_in_wheel(copy, tmp_path / "again") == first
    script = copy / "lab" / "src" / "index.js"
    script.write_text(script.read_text("utf-8") + "void 0;\n", "utf-8")
    assert _names_in_wheel(copy, tmp_path / "second").isdisjoint(name for name in first if "/static/" in name)
    assert any(name.endswith("/remoteEntry.js") for name in first)


def test_a_comment_changes_nothing_of_what_is_shipped(tmp_path: Path) -> None:
    lab = shutil.copytree(_ROOT / "lab", tmp_path / "lab", ignore=shutil.ignore_patterns("node_modules"))
    first, second = tmp_path / "first", tmp_path / "second"
    write_extension(lab, first, {})
    script = lab / "src" / "index.js"
    script.write_text(f"// what for\n{script.read_text('utf-8')}", "utf-8")
    write_extension(lab, second, {})
    assert [one.relative_to(second) for one in _files(second)] == [one.relative_to(first) for one in _files(first)]


def _names_in_wheel(project: Path, where: Path) -> set[str]:
    """The names of the extension's files in a wheel of the project."""
    build = "from hatchling.build import build_wheel; import sys; build_wheel(sys.argv[1])"
    where.mkdir()
    subprocess.run([sys.executable, "-c", build, str(where)], cwd=project, check=True, capture_output=True)
    (wheel,) = where.glob("*.whl")
    return {name for name in zipfile.ZipFile(wheel).namelist() if "/labextensions/" in name}
