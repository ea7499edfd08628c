"""The lines of a cell that only set up this extension, which say nothing to a model.

Whoever opens a page puts such lines in, or changes them: `%config GLMMagics.replay = "only"`. What is asked on the page
must stay the same, or it would not be known again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from ...text.secrets import secrets_in
from ...values.outputs.output import CellOutput

_SETS_UP: Final = re.compile(
    r"[ \t]*%?(?:(?:re|un)?load_ext[ \t]+zhipu_magic[ \t]*$|config[ \t]+GLMMagics(?:[ \t]*$|\.\w))", re.MULTILINE
)
#: Magics of a cell whose text is still Python.
_OF_PYTHON: Final = re.compile(r"\s*%%(?:time|timeit|capture|prun)\b")
_CELL_MAGIC: Final = re.compile(r"\s*%%\w")
_COMMENTS: Final = re.compile(r"[ \t]*#.*")


def without_setup(source: str) -> str:
    """The cell without these lines; empty if nothing but comments is left."""
    if not _SETS_UP.search(source) or (_CELL_MAGIC.match(source) and not _OF_PYTHON.match(source)):
        return source
    kept: list[str] = []
    goes_on = False
    quotes = {'"""': 0, "'''": 0}
    for line in source.splitlines(keepends=True):
        in_text = any(count % 2 for count in quotes.values())
        if goes_on or (not in_text and _SETS_UP.match(line)):
            goes_on = line.rstrip("\r\n").endswith("\\")
            continue
        kept.append(line)
        for quote in quotes:
            quotes[quote] += line.count(quote)
    if len(kept) == len(source.splitlines()):
        return source
    return "".join(kept) if any(line.strip() and not _COMMENTS.fullmatch(line.strip()) for line in kept) else ""


def only_sets_up(source: str) -> bool:
    """Whether the cell does nothing else."""
    return bool(source.strip()) and not without_setup(source)


def told(ran: CellOutput) -> CellOutput:
    """The cell as it goes to a model. What such a line names as a secret is still taken out of what the cell showed."""
    source = without_setup(ran.source)
    return ran if source == ran.source else replace(ran, source=source, known=(*ran.known, *secrets_in(ran.source)))
