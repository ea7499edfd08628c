"""The notebooks among the pages: copies of those at the root, which each language has as its own.

Sphinx finds pages in `docs/` alone, and links to elsewhere need rights on Windows. What is copied is the same for all
languages, so that they can be built at once: a copy is made aside and takes its place whole, since another language
may be reading it. The Chinese of a notebook is put in when it is read.
"""

from __future__ import annotations

import os
import shutil
from filecmp import cmp
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config


def _copy(app: Sphinx, _config: Config) -> None:
    into = Path(app.srcdir, "notebooks")
    into.mkdir(exist_ok=True)
    written = {path.name: path for path in Path(app.srcdir).parent.glob("notebooks/*.ipynb")}
    for copy in into.glob("*.ipynb"):
        if copy.name not in written:
            copy.unlink(missing_ok=True)
    for name, path in written.items():
        if not (into / name).exists() or not cmp(path, into / name, shallow=False):
            aside = into / f"{name}.{os.getpid()}.part"
            shutil.copyfile(path, aside)
            os.replace(aside, into / name)


def _read(app: Sphinx, name: str, content: list[str]) -> None:
    if name.startswith("notebooks/") and app.config.language == "zh_CN":
        chinese = Path(app.srcdir).parent / "notebooks" / "zh" / f"{Path(name).name}.ipynb"
        if chinese.exists():
            content[0] = chinese.read_text("utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", _copy)
    app.connect("source-read", _read, priority=400)  # before links are followed
    return {"parallel_read_safe": True, "parallel_write_safe": True}
