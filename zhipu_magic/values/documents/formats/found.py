"""What a reader has found in a document, and why it cannot be read. Nothing here imports anything of the package."""

from __future__ import annotations

from typing import Final, NamedTuple

#: Characters of a document's text that are kept; more than any model's context has room for.
MOST_CHARACTERS: Final = 8_000_000


class Found(NamedTuple):
    """The text of a document by its parts, which are pages, slides or sheets, each with its label, and their number."""

    parts: tuple[tuple[str, str], ...]
    total: int = 0


class Unreadable(Exception):
    """A document that cannot be read: a word for why, and what the library says."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(why, detail)
        self.why = why
        self.detail = detail


class Parts:
    """Collects the parts of a document, up to the longest text."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, str]] = []
        self._left = MOST_CHARACTERS

    @property
    def is_full(self) -> bool:
        return self._left <= 0

    def add(self, label: str, text: str) -> None:
        self._parts.append((label, text[: max(0, self._left)]))
        self._left -= len(text)

    def found(self, total: int = 0) -> Found:
        return Found(tuple(self._parts), total)


def row_of(cells: list[str]) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def table_of(rows: list[list[str]]) -> str:
    """A Markdown table, whose first row is its head."""
    if not rows:
        return ""
    width = max(map(len, rows))
    whole = [row + [""] * (width - len(row)) for row in rows]
    return "\n".join([row_of(whole[0]), "|" + " --- |" * width, *map(row_of, whole[1:])])
