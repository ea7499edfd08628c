"""For nbval: each kernel is told which notebook it runs, as under Jupyter, and so finds the journal beside it."""

from __future__ import annotations

import os

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Before the kernel of the cell's notebook is started."""
    os.environ["JPY_SESSION_NAME"] = str(item.path)
