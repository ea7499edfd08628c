"""Puts the front-end extension (`lab/`) where JupyterLab looks for it: plain files, none of which is built.

JupyterLab's server lets browsers keep these files for a year. So their folder is named by what they contain.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_NAME = "zhipu-magic"
_PLACE = f"share/jupyter/labextensions/{_NAME}"


class LabExtension(BuildHookInterface):  # type: ignore[type-arg]  # its argument is a class of hatch's own plugins
    """Adds the extension's files to the wheel's shared data, also to that of an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        lab, shared = Path(self.root, "lab"), build_data["shared_data"]
        sources = sorted((lab / "src").glob("*.js"))
        digest = sha256(b"\0".join(part for one in sources for part in (one.name.encode(), one.read_bytes())))
        static = f"static/{digest.hexdigest()[:16]}"
        package = {
            "name": _NAME,
            "version": self.metadata.version,
            "description": self.metadata.core.description,
            "license": self.metadata.core.license,
            "jupyterlab": {
                "extension": True,
                "schemaDir": "schemas",
                "_build": {"load": f"{static}/remoteEntry.js", "extension": "./extension"},
            },
        }
        install = {
            "packageManager": "python",
            "packageName": "zhipu_magic",
            "uninstallInstructions": "pip uninstall zhipu_magic",
        }
        self._made = Path(tempfile.mkdtemp())
        for name, members in (("package.json", package), ("install.json", install)):
            (self._made / name).write_text(json.dumps(members, indent=2), "utf-8")
            shared[str(self._made / name)] = f"{_PLACE}/{name}"
        for source in sources:
            shared[str(source)] = f"{_PLACE}/{static}/{source.name}"
        for schema in (lab / "schemas").glob("*.json"):
            shared[str(schema)] = f"{_PLACE}/schemas/{_NAME}/{schema.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        shutil.rmtree(self._made)
