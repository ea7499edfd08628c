"""The pages as they are written, without Sphinx: `make docs` builds them, and finds what only a build can find."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="session", autouse=True)
def _modules_of_the_pages() -> None:
    """`from_code` and `translations` can be imported, and of the gallery `scenes`, `pages` and `pictures`."""
    sys.path[:0] = [str(DOCS), str(DOCS / "_ext"), str(DOCS.parent / "tests" / "browser" / "gallery")]
