"""Puts the front-end extension (`lab/`) where JupyterLab looks for it, and compiles the catalogues of messages.

The extension is plain modules, none of which is built. JupyterLab's server lets browsers keep these files for a year.
So their folder is named by what they contain.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import datetime, timezone
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from babel.messages.mofile import write_mo
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from rjsmin import jsmin

_NAME = "zhipu-magic"
#: The same catalogue makes the same bytes, whenever it is compiled.
_NEVER = datetime(1980, 1, 1, tzinfo=timezone.utc)
_PLACE = f"share/jupyter/labextensions/{_NAME}"


def _loaded(path: Path) -> ModuleType:
    """A module that stands in no package. It leaves the builder's process, which is another's, without a new path."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


po_files = _loaded(Path(__file__).parent / "tools" / "po_files.py")


class Built(BuildHookInterface):  # type: ignore[type-arg]  # its argument is a class of hatch's own plugins
    """Adds the extension's files to the wheel's shared data, also to that of an editable install.

    The compiled catalogues stand beside their sources, where the wheel takes them (`artifacts` in pyproject.toml).
    """

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_catalogues(Path(self.root, "zhipu_magic"))
        core = self.metadata.core
        about = {"version": self.metadata.version, "description": core.description, "license": core.license}
        self._made = Path(tempfile.mkdtemp())
        for written in write_extension(Path(self.root, "lab"), self._made, about):
            build_data["shared_data"][str(written)] = f"{_PLACE}/{written.relative_to(self._made).as_posix()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        shutil.rmtree(self._made)


def compile_catalogues(package: Path) -> list[Path]:
    """Make the .mo file beside each .po file of a package. Returns them."""
    made = []
    for path in sorted(package.glob("text/locale/*/LC_MESSAGES/*.po")):
        catalog = po_files.read(path, path.parent.parent.name)
        catalog.creation_date = catalog.revision_date = _NEVER
        made.append(path.with_suffix(".mo"))
        with made[-1].open("wb") as target:
            write_mo(target, catalog)
    return made


def write_extension(lab: Path, place: Path, about: dict[str, str]) -> list[Path]:
    """Write into a folder what JupyterLab takes for an extension. Returns its files.

    The modules keep their names and all their code; comments and blanks that a browser does not need are left out.
    """
    modules = {one.name: jsmin(one.read_text("utf-8")).encode() for one in sorted((lab / "src").glob("*.js"))}
    digest = sha256(b"\0".join(part for name, code in modules.items() for part in (name.encode(), code)))
    static = f"static/{digest.hexdigest()[:16]}"
    build = {"load": f"{static}/remoteEntry.js", "extension": "./extension"}
    package = {
        "name": _NAME,
        **about,
        "jupyterlab": {"extension": True, "schemaDir": "schemas", "_build": build},
    }
    install = {
        "packageManager": "python",
        "packageName": "zhipu_magic",
        "uninstallInstructions": "pip uninstall zhipu_magic",
    }
    schemas = {one.name: json.loads(one.read_text("utf-8")) for one in (lab / "schemas").glob("*.json")}
    files = {f"{static}/{name}": code for name, code in modules.items()}
    files |= {f"schemas/{_NAME}/{name}": _compact(schema) for name, schema in schemas.items()}
    files |= {"package.json": _compact(package), "install.json": _compact(install)}
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return [place / name for name in files]


def _compact(members: dict[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
