"""What the extension of the front end says of the page (docs/front-end.md): data from outside, read in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .front_ends import without_path

#: The version of what page and kernel tell each other.
VERSION = 1
#: The member of a request's metadata, and the name of the comm.
NAME = "zhipu_magic"
#: How many cells a page may have that ask, and characters of a cell's id, and of a page's name.
MOST_CELLS, LONGEST_CELL, LONGEST_PAGE = 10_000, 200, 1_000
#: Of the cells above: how many, and characters of a Markdown cell, of all of them, and of a tag.
MOST_ABOVE, LONGEST_TEXT, LONGEST_ABOVE, LONGEST_TAG = 2_000, 50_000, 1_000_000, 100

_LOCALE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,3}")


class PageCell(NamedTuple):
    """A cell of the page: a code cell by its id, perhaps with its source, or a Markdown cell with its text (`source`).

    `tags` are those of its metadata that say something here.
    """

    id: str
    source: str = ""
    is_code: bool = True
    tags: tuple[str, ...] = ()


class PageSays(NamedTuple):
    """What the page says. `cells` are those that ask, in their order, None if it does not say; `gone` are those that
    are no longer there as code, however they went: JupyterLab does not tell which cells a merge removes. `settings` are
    the user's in the front end, by the name of the trait. `page` tells it from other pages on this kernel. `speaks` is
    its version, and all else is empty if that is another one than ours. `above` are all cells above the running one, in
    their order, None if it does not say. `language` is what the page is shown in, by its locale's name; empty if it
    does not say. `raw` is all of it as it came.
    """

    cells: tuple[str, ...] | None = None
    gone: tuple[str, ...] = ()
    settings: Mapping[str, object] = {}
    page: str = ""
    speaks: object = VERSION
    above: tuple[PageCell, ...] | None = None
    language: str = ""
    raw: object = None


def said_with(metadata: Mapping[str, Any], before: PageSays | None = None) -> PageSays | None:
    """What a request's metadata says, which is mostly what the one `before` said; None where there is no extension."""
    said = metadata.get(NAME)
    if not isinstance(said, Mapping):
        return None
    if before is not None and said == before.raw:
        return before
    version = said.get("version")
    if type(version) is not int or version != VERSION:
        return PageSays(speaks=version, raw=said)
    settings = said.get("settings")
    return PageSays(
        cells_of(said.get("cells")),
        cells_of(said.get("gone")) or (),
        settings if isinstance(settings, Mapping) else {},
        page_of(said.get("page")),
        above=_above_of(said.get("above")),
        language=locale_of(said.get("language")),
        raw=said,
    )


def page_of(said: object) -> str:
    """The name of a page, its notebook's path; empty if it is none."""
    return said if isinstance(said, str) and len(said) <= LONGEST_PAGE and said.isprintable() else ""


def locale_of(said: object) -> str:
    """The name of a locale, such as `zh-CN` or `en`; empty if it is none."""
    return said if isinstance(said, str) and _LOCALE.fullmatch(said) else ""


def all_cells_of(said: object) -> tuple[str, ...] | None:
    """The ids in a list of all code cells of a page; None if it is no list, or too long to hold them all."""
    return cells_of(said) if isinstance(said, list) and len(said) <= MOST_CELLS else None


def cells_of(said: object) -> tuple[str, ...] | None:
    """The ids in a list of cells, each once; None if it is no list."""
    if not isinstance(said, list):
        return None
    cells = (without_path(cell) for cell in said[:MOST_CELLS] if isinstance(cell, str) and _may_be_id(cell))
    return tuple(dict.fromkeys(cell for cell in cells if cell is not None))


def _above_of(said: object) -> tuple[PageCell, ...] | None:
    """The cells above the running one; None if the page does not tell them, or more than are believed."""
    if not isinstance(said, list) or len(said) > MOST_ABOVE:
        return None
    found, left = [], LONGEST_ABOVE
    for one in said:
        text, tags = (one.get("text"), one.get("tags")) if isinstance(one, Mapping) else (None, None)
        [cell] = cells_of([one.get("cell")] if isinstance(one, Mapping) else []) or [""]
        kept = tuple(tag for tag in (tags if isinstance(tags, list) else ())[:20] if isinstance(tag, str))
        kept = tuple(tag for tag in kept if len(tag) <= LONGEST_TAG and tag.isprintable())
        if isinstance(text, str):
            text = text[: min(LONGEST_TEXT, left)]
            left -= len(text)
            found.append(PageCell(cell, text, is_code=False, tags=kept))
        elif cell:
            found.append(PageCell(cell, tags=kept))
    return tuple(found)


def _may_be_id(cell: str) -> bool:
    return len(cell) <= LONGEST_CELL and cell.isprintable()
