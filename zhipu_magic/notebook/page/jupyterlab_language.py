"""The language that a user has chosen in JupyterLab, from its settings on this machine.

It is a setting of the page, which tells no kernel; our extension does, from the first cell on that asks. Jupyter Server
starts a kernel with the user's own folders, unless another one does so for it. The files are JSON, perhaps with the
comments that JupyterLab writes into them, and may hold anything: only the name of a locale is taken from them.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ...text import regular_files
from ..page_says import locale_of

#: The plugin whose setting it is: its file among a user's settings, and its name among the defaults of an installation.
_FILE = Path("@jupyterlab", "translation-extension", "plugin.jupyterlab-settings")
_PLUGIN = "@jupyterlab/translation-extension:plugin"
#: Bytes of a file that are read.
_LARGEST = 16_384
#: A string, or else a comment; either may lack its end, so that none is looked for twice.
_STRING_OR_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*"?)|//[^\n]*|/\*(?:.*?\*/|.*)', re.DOTALL)
_CHOSEN = re.compile(r'["\']?\blocale["\']?\s*:\s*["\']([\w-]{1,40})["\']')
#: Stands for the language of the server's system.
_OF_THE_SYSTEM = "default"


def chosen(environment: Mapping[str, str]) -> str:
    """The name of the locale, such as `zh_CN`; empty if none was chosen, and so the system's is shown."""
    found = _of_the_user(environment) or _of_the_installation(environment)
    return "" if found == _OF_THE_SYSTEM else locale_of(found)


def _of_the_user(environment: Mapping[str, str]) -> str:
    folder = environment.get("JUPYTERLAB_SETTINGS_DIR") or _config_folder(environment) / "lab" / "user-settings"
    if not os.path.isabs(folder):  # it is the server's working directory that it begins from
        return ""
    found = _CHOSEN.search(_STRING_OR_COMMENT.sub(lambda one: one[1] or " ", _read(Path(folder, _FILE))))
    return found[1] if found is not None else ""


def _config_folder(environment: Mapping[str, str]) -> Path:
    """Where Jupyter keeps what a user has set (`jupyter_core.paths.jupyter_config_dir`)."""
    return Path(environment.get("JUPYTER_CONFIG_DIR") or os.path.expanduser(os.path.join("~", ".jupyter")))


def _of_the_installation(environment: Mapping[str, str]) -> str:
    folder = environment.get("JUPYTERLAB_DIR") or Path(sys.prefix, "share", "jupyter", "lab")
    with suppress(ValueError, RecursionError):
        overrides = json.loads(_read(Path(folder, "settings", "overrides.json")) or "{}")
        settings = overrides.get(_PLUGIN) if isinstance(overrides, dict) else None
        found = settings.get("locale") if isinstance(settings, dict) else None
        return found if isinstance(found, str) else ""
    return ""


def _read(path: Path) -> str:
    """The text of a small file; empty if it cannot be read. It may be a link: people keep their settings elsewhere."""
    with suppress(OSError, ValueError), regular_files.handed_over(path) as file:
        data = regular_files.some(file, _LARGEST + 1)
        return data.decode("utf-8", "replace") if len(data) <= _LARGEST else ""
    return ""
