"""Others' clients, in an environment of their own: they are no part of the project's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ..table import Column

PLACE = Path(__file__).parents[2] / ".venv-peers"
_NEEDED = ("openai", "chatlas")
_PYTHON = PLACE / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def clients() -> dict[Column, tuple[str, str]]:
    """What each column of others' clients is called in `clients`, and the Python that has it.

    The bare SDK is always there. The others are installed the first time, and left out where that is not possible.
    """
    found: dict[Column, tuple[str, str]] = {"bare SDK": ("zhipuai", sys.executable)}
    if _installed():
        found |= {"openai": ("openai", str(_PYTHON)), "chatlas": ("chatlas", str(_PYTHON))}
    return found


def _installed() -> bool:
    ready = PLACE / "ready"
    if ready.exists():
        return True
    pip = (str(_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    try:
        subprocess.run([sys.executable, "-m", "venv", str(PLACE)], check=True)
        subprocess.run([*pip, *_NEEDED], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{' and '.join(_NEEDED)} cannot be installed, and are left out: {error}", file=sys.stderr)
        return False
    ready.touch()
    return True
