"""Whether a release is whole: built, checked, installed where nothing of the checkout is, and run there.

Usage: release_check.py FOLDER, into which the sdist and the wheel go. It needs `build` and `twine`, and an index.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
from fnmatch import fnmatch
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
#: What a wheel has besides the modules, as patterns each of which matches at least one of its files.
WANTED = [
    "zhipu_magic/py.typed",
    "zhipu_magic/notebook/quickstart*.ipynb",
    "zhipu_magic/notebook/locale/zh_CN/LC_MESSAGES/*.json",
    "*/share/jupyter/labextensions/zhipu-magic/package.json",
    "*/share/jupyter/labextensions/zhipu-magic/install.json",
    "*/share/jupyter/labextensions/zhipu-magic/schemas/zhipu-magic/plugin.json",
    "*/share/jupyter/labextensions/zhipu-magic/static/*/remoteEntry.js",
    "*.dist-info/licenses/LICENSE",
]
#: What neither has.
UNWANTED = ["*node_modules/*", "*/.venv*", "*__pycache__*", "*.ci/*", "*/.glm/*.lock"]
#: What the demo prints of the documented dialogue, and of what it took.
SHOWN = ["以AI绘蓝图 — 智谱AI，让创新的每一刻成为可能。", "completion_tokens=217"]


def main(folder: Path) -> int:
    version = version_of_the_sources()
    require(version == version_of_the_changelog(), f"CHANGELOG.md begins with another version than {version}.")
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    require(not unreleased(text), "CHANGELOG.md has entries under Unreleased: give them this version, or another one.")
    run(sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT))
    wheel, sdist = folder / f"zhipu_magic-{version}-py3-none-any.whl", folder / f"zhipu_magic-{version}.tar.gz"
    run(sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(sdist))
    check_wheel(wheel)
    check_sdist(sdist)
    with tempfile.TemporaryDirectory() as elsewhere:
        check_installed(wheel, Path(elsewhere), version)
    print(f"{version}: {wheel.name} and {sdist.name} are whole.")
    return 0


def version_of_the_sources() -> str:
    return found(r'^__version__ = "(.+)"$', ROOT / "zhipu_magic" / "__init__.py")


def version_of_the_changelog() -> str:
    return found(r"^## \[(\d.*?)\] - \d{4}-\d\d-\d\d$", ROOT / "CHANGELOG.md")


def unreleased(changelog: str) -> str:
    """What stands under no version yet."""
    return changelog.partition("## [Unreleased]")[2].partition("\n## [")[0].strip()


def found(pattern: str, path: Path) -> str:
    match = re.search(pattern, path.read_text("utf-8"), flags=re.MULTILINE)
    require(match is not None, f"{path.name} names no version.")
    assert match is not None
    return match[1]


def check_wheel(wheel: Path) -> None:
    """All modules, all that is not Python, a catalogue for each translation, and nothing else."""
    with ZipFile(wheel) as file:
        names = file.namelist()
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "zhipu_magic").rglob("*.py")}
    require(not (missing := sources - set(names)), f"{wheel.name} lacks {sorted(missing)}.")
    for pattern in WANTED:
        require(any(fnmatch(name, pattern) for name in names), f"{wheel.name} has no {pattern}.")
    for path in (ROOT / "zhipu_magic").rglob("*.po"):
        catalogue = path.with_suffix(".mo").relative_to(ROOT).as_posix()
        require(catalogue in names, f"{wheel.name} has no {catalogue}.")
    require(not any(name.endswith(".po") for name in names), f"{wheel.name} has the sources of its catalogues.")
    check_nothing_unwanted(wheel, names)
    made = [name for name in names if name.endswith(".mo") or fnmatch(name, WANTED[1])]  # by the build
    check_known(wheel, [name for name in names if name.startswith("zhipu_magic/") and name not in made])
    outside = [name for name in names if not name.startswith(("zhipu_magic/", "zhipu_magic-"))]
    require(not outside, f"{wheel.name} has {outside[:3]}.")


def check_sdist(sdist: Path) -> None:
    """The wheel was built from it, so it has all of that; and what is read beside the package."""
    with tarfile.open(sdist) as file:
        names = [member.name for member in file.getmembers() if member.isfile()]
    for name in ("README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", "tests/conftest.py", "docs/protocol.md"):
        require(any(each.partition("/")[2] == name for each in names), f"{sdist.name} has no {name}.")
    check_nothing_unwanted(sdist, names)
    check_known(sdist, [name.partition("/")[2] for name in names if not name.endswith("/PKG-INFO")])


def check_known(archive: Path, paths: list[str]) -> None:
    """No file that git does not know, such as notes, keys and journals beside the sources."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        unknown = sorted(set(paths) - set(listed.decode().split("\0")))
        require(not unknown, f"{archive.name} has what git does not know: {unknown[:3]}.")


def check_nothing_unwanted(archive: Path, names: list[str]) -> None:
    unwanted = [name for name in names if any(fnmatch(name, pattern) for pattern in UNWANTED)]
    require(not unwanted, f"{archive.name} has {unwanted[:3]}.")


def check_installed(wheel: Path, elsewhere: Path, version: str) -> None:
    """In an environment of its own, and in a folder in which nothing of the checkout is found."""
    venv.create(elsewhere / "venv", with_pip=True)
    python = str(elsewhere / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{wheel}[lab]")
    run(python, "-m", "pip", "check", "--disable-pip-version-check")
    work = elsewhere / "work"
    work.mkdir()
    about = said(python, work, "-c", "import zhipu_magic as z; print(z.__version__, z.__file__)")
    require(about.startswith(f"{version} {elsewhere.resolve()}"), f"What is installed is {about}.")
    demo = said(python, work, "-m", "zhipu_magic", "demo", "--headless")
    for words in SHOWN:
        require(words in demo, f"The demo does not show {words}:\n{demo}")
    extensions = said(python, work, "-m", "jupyter", "labextension", "list")
    require(re.search(rf"zhipu-magic v{re.escape(version)}\b.*enabled", extensions) is not None, extensions)


def run(*command: str) -> None:
    print("$", *command, flush=True)
    subprocess.run(command, check=True, env=surroundings())


def said(python: str, work: Path, *arguments: str) -> str:
    """What a program printed, on either stream."""
    print("$", python, *arguments, flush=True)
    done = subprocess.run(
        [python, *arguments], cwd=work, env=surroundings(), text=True, encoding="utf-8", capture_output=True
    )
    require(done.returncode == 0, f"It ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def surroundings() -> dict[str, str]:
    """The environment, without what would lead a Python to this checkout or to a user's own settings."""
    ours = ("PYTHONPATH", "PYTHONHOME", "ZHIPU", "JUPYTER", "IPYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {"PYTHONUTF8": "1"}


def require(holds: bool, complaint: str) -> None:
    if not holds:
        raise SystemExit(complaint)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
