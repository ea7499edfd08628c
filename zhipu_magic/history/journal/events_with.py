"""The events of a journal that have something in them, whichever session has written them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ...text import regular_files
from ..events.changes import from_json
from ..events.event import Event
from ..events.members import SENSELESS
from .lines import blocks_of, value_of


def events_with(path: Path, text: str) -> Iterator[Event]:
    """The events in whose lines there is this text, which is ASCII. Only those lines are read closer.

    Of a file that cannot be read, there are none.
    """
    mark = text.encode("ascii")
    with suppress(OSError), regular_files.opened(path) as file:
        for lines in blocks_of(file, os.fstat(file.fileno()).st_size):
            for line in lines:
                if mark in line and line.endswith(b"\n"):  # a torn one is not there for whoever writes next
                    with suppress(*SENSELESS):
                        yield from_json(value_of(line), len(line))
