"""Which pages of a document are wanted: `2-5`, `1,3-4`, `7-`, or the names of sheets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from ...text.characters import shortened
from ...text.errors import NOTHING_SENT, InvalidRequest

#: Parts of a list of pages, and the largest number of one.
_MOST_PARTS: Final = 200
#: Names of sheets that an error gives.
_MOST_NAMED: Final = 10
LARGEST: Final = 1_000_000

_RANGE: Final = re.compile(r"(\d{1,7})(?:\s*-\s*(\d{1,7})?)?")
_PLAIN: Final = str.maketrans("，、；–—－～~０１２３４５６７８９", ",,,-----0123456789")


class Pages(NamedTuple):
    """What is wanted, in order: pages by their numbers, as ranges that include both ends, and sheets by their names.

    The end of an open range is None.
    """

    parts: tuple[tuple[int, int | None] | str, ...] = ()

    @property
    def written(self) -> str:
        """How users write it; empty for all of a document."""
        return ",".join(part if isinstance(part, str) else _written(*part) for part in self.parts)

    @property
    def ranges(self) -> list[tuple[int, int | None]]:
        """What is wanted by number."""
        return [part for part in self.parts if not isinstance(part, str)]

    def chosen(self, total: int, names: Sequence[str] = ()) -> list[int]:
        """The numbers of the pages that are wanted of so many, each once.

        A range may go beyond the last page, and ends there. Raises LookupError for one that is missing, with how many
        there are and the first of their names.
        """
        found: dict[int, None] = {}
        for part in self.parts or ((1, None),):
            if isinstance(part, str):
                if part not in names:
                    raise LookupError(part, total, list(names[:_MOST_NAMED]))
                found[names.index(part) + 1] = None
                continue
            first, last = part
            if first > total and not (total == 0 and not self.parts):
                raise LookupError(_written(first, last), total, list(names[:_MOST_NAMED]))
            found |= dict.fromkeys(range(first, min(total if last is None else last, total) + 1))
        return list(found)


ALL: Final = Pages()


def pages_of(written: str) -> Pages:
    """What a user has written. Raises InvalidRequest."""
    pieces = [piece.strip() for piece in written.translate(_PLAIN).split(",") if piece.strip()]
    parts: list[tuple[int, int | None] | str] = []
    for piece in pieces[:_MOST_PARTS]:
        found = _RANGE.fullmatch(piece)
        if found is None:
            parts.append(_unquoted(piece))
            continue
        first = int(found[1])
        last = int(found[2]) if found[2] else (None if "-" in piece else first)
        if first < 1 or (last is not None and last < first):
            raise _not_pages(written)
        parts.append((first, last))
    if not parts or len(pieces) > _MOST_PARTS or not all(parts):
        raise _not_pages(written)
    return Pages(tuple(parts))


def _unquoted(name: str) -> str:
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'" else name


def _written(first: int, last: int | None) -> str:
    return f"{first}-" if last is None else f"{first}" if first == last else f"{first}-{last}"


def _not_pages(written: str) -> InvalidRequest:
    return InvalidRequest(
        "“{written}” names no pages.",
        hint="Pages are numbers and ranges, such as 2-5 or 1,3-4,7-; a workbook's sheets have names too.",
        reason="document.pages",
        outcomes=[NOTHING_SENT],
        written=shortened(written, 60),
    )
