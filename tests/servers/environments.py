"""Where servers that others wrote are installed: each in an environment of its own, none in that of the tests.

`make test-servers` runs this. What each needs stands in `requirements-NAME.txt`. A server that cannot be had here gets
its reason instead, and its tests are skipped with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PLACE = HERE.parent.parent / ".venv-servers"
NAMES = ("transformers", "llama_cpp", "llama_server", "litellm", "llmock", "aimock")

#: Of npm; the others are Python's.
_OF_NODE = ("aimock",)
#: There are no wheels of llama.cpp: it is compiled, for any processor of this kind, without what no test needs. That
#: takes some ten minutes, twice.
_BUILD = {
    "CMAKE_ARGS": "-DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=OFF -DMTMD_BUILD=OFF -DLLAVA_BUILD=OFF"
    " -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_OPENSSL=OFF"
    " -DLLAMA_USE_PREBUILT_UI=OFF",
    "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count()),
    "LLAMA_CPP_BUILD_JOBS": str(os.cpu_count()),
}


def why_not(name: str) -> str | None:
    """Why this server cannot run here; None where it can."""
    reason = PLACE / name / "why_not.txt"
    if reason.exists():
        return reason.read_text().strip()
    return None if _is_current(name) else "it is not installed: make test-servers"


def install(name: str) -> None:
    """Make the environment anew, unless it holds what is required already."""
    if _is_current(name):
        return
    place = PLACE / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    print(f"{name}: installing", flush=True)
    try:
        (_install_of_node if name in _OF_NODE else _install_of_python)(place, _requirements(name))
    except (OSError, subprocess.CalledProcessError) as error:
        reason = _reason(error)
        (place / "why_not.txt").write_text(reason)
        print(f"{name}: {reason}", flush=True)
    else:
        _installed(name).write_text(_requirements(name).read_text())


def _is_current(name: str) -> bool:
    mark = _installed(name)
    return mark.exists() and mark.read_text() == _requirements(name).read_text()


def _requirements(name: str) -> Path:
    return HERE / f"requirements-{name}.txt"


def _installed(name: str) -> Path:
    return PLACE / name / "installed.txt"


def _install_of_python(place: Path, requirements: Path) -> None:
    _run(sys.executable, "-m", "venv", str(place))
    pip = (str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run(*pip, "--requirement", str(requirements))


def _install_of_node(place: Path, requirements: Path) -> None:
    _run("npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(place), *_lines(requirements))


def _lines(requirements: Path) -> list[str]:
    return requirements.read_text().split()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, env={**os.environ, **_BUILD}, text=True, stderr=subprocess.PIPE)


def _reason(error: OSError | subprocess.CalledProcessError) -> str:
    if isinstance(error, OSError):
        return f"it cannot be installed here: {error.strerror}: {error.filename}"
    told = [line for line in error.stderr.splitlines() if line.strip()]
    faults = [line for line in told if "error" in line.lower()]
    return "it cannot be installed here: " + (faults or told or [str(error)])[0].strip()[:300]


if __name__ == "__main__":
    for server in NAMES:
        install(server)
