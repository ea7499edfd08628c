"""The pages as they are written, without Sphinx: `make docs` builds them, and finds what only a build can find."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="session", autouse=True)
def _modules_of_the_pages() -> None:
    """The modules of the pages, of their catalogues and of the gallery's scenes can be imported."""
    root = DOCS.parent
    sys.path[:0] = map(str, (DOCS, DOCS / "_ext", root / "tools", root / "tests" / "browser" / "gallery"))
