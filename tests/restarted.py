"""A notebook whose kernel is started again and again."""

from __future__ import annotations

import atexit
import json
from pathlib import Path
from typing import Any

import pytest
from in_process import Page

from zhipu_magic.practice import PracticeServer


class Kernels:
    """One notebook, `page.ipynb`, whose kernel is started again and again."""

    def __init__(self, folder: Path, server: PracticeServer, patch: pytest.MonkeyPatch) -> None:
        self.journal = folder / ".glm" / "page.jsonl"
        self.server = server
        self._patch = patch
        self._page: Page | None = None
        patch.setenv("JPY_SESSION_NAME", str(folder / "page.ipynb"))

    def start(self, replay: str = "off") -> Page:
        """A new kernel with the extension loaded; in the mode `only` there is neither key nor address."""
        page = self.start_bare(replay)
        assert page.run("%load_ext zhipu_magic").success
        return page

    def start_bare(self, replay: str = "off") -> Page:
        self.end()
        self._patch.setenv("ZHIPU_MAGIC_REPLAY", replay)
        service = {"ZHIPUAI_API_KEY": self.server.api_key, "ZHIPUAI_BASE_URL": self.server.base_url}
        for name, value in service.items():
            if replay == "only":
                self._patch.delenv(name, raising=False)
            else:
                self._patch.setenv(name, value)
        self._page = Page()
        return self._page

    def end(self) -> None:
        page, self._page = self._page, None
        if page is not None:
            if "GLMMagics" in page.shell.magics_manager.registry:
                page.run("%unload_ext zhipu_magic")
            atexit.unregister(page.shell.atexit_operations)
            page.shell.atexit_operations()

    @property
    def asked(self) -> int:
        """How many requests the service has seen."""
        return len(self.server.requests)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.journal.read_bytes().splitlines()]
