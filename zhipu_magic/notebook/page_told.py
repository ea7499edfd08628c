"""What the extension of the front end says of the page (docs/front-end.md): data from outside, read in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .front_ends import without_path

#: The version of what page and kernel tell each other.
VERSION = 1
#: The member of a request's metadata, and the name of the comm.
NAME = "zhipu_magic"
#: How many cells a page may have that ask, and characters of a cell's id, and of a page's name.
MOST_CELLS, LONGEST_CELL, LONGEST_PAGE = 10_000, 200, 1_000


class Told(NamedTuple):
    """What the page says. `cells` are those that ask, in their order, None if it does not say; `gone` are those that
    are no longer there as code, however they went: JupyterLab does not tell which cells a merge removes. `settings` are
    the user's in the front end, by the name of the trait. `page` tells it from other pages on this kernel. `speaks` is
    its version, and all else is empty if that is another one than ours. `said` is all of it as it came.
    """

    cells: tuple[str, ...] | None = None
    gone: tuple[str, ...] = ()
    settings: Mapping[str, object] = {}
    page: str = ""
    speaks: object = VERSION
    said: object = None


def told_with(metadata: Mapping[str, Any], before: Told | None = None) -> Told | None:
    """What a request's metadata says, which is mostly what the one `before` said; None where there is no extension."""
    said = metadata.get(NAME)
    if not isinstance(said, Mapping):
        return None
    if before is not None and said == before.said:
        return before
    version = said.get("version")
    if type(version) is not int or version != VERSION:
        return Told(speaks=version, said=said)
    settings = said.get("settings")
    return Told(
        cells_of(said.get("cells")),
        cells_of(said.get("gone")) or (),
        settings if isinstance(settings, Mapping) else {},
        page_of(said.get("page")),
        said=said,
    )


def page_of(said: object) -> str:
    """The name of a page, its notebook's path; empty if it is none."""
    return said if isinstance(said, str) and len(said) <= LONGEST_PAGE and said.isprintable() else ""


def all_cells_of(said: object) -> tuple[str, ...] | None:
    """The ids in a list of all code cells of a page; None if it is no list, or too long to hold them all."""
    return cells_of(said) if isinstance(said, list) and len(said) <= MOST_CELLS else None


def cells_of(said: object) -> tuple[str, ...] | None:
    """The ids in a list of cells, each once; None if it is no list."""
    if not isinstance(said, list):
        return None
    cells = (without_path(cell) for cell in said[:MOST_CELLS] if isinstance(cell, str) and _may_be_id(cell))
    return tuple(dict.fromkeys(cell for cell in cells if cell is not None))


def _may_be_id(cell: str) -> bool:
    return len(cell) <= LONGEST_CELL and cell.isprintable()
