"""Short texts that commands answer with: Markdown in a notebook, and readable as it stands in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """An answer in Markdown, written so that its source reads well too."""

    markdown: str

    def bundle(self) -> dict[str, str]:
        return {"text/markdown": self.markdown, "text/plain": self.markdown}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns stand under each other in a terminal, Chinese letters counting double."""
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in (header, *rows)]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        return "| " + " | ".join(cell + " " * (widths[i] - _width(cell)) for i, cell in enumerate(row)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(cells[0]), rule, *(line(row) for row in cells[1:])])


def fenced(text: str, language: str = "text") -> str:
    """The text as it is, in a fence that nothing in it can close."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def shorten(text: str, longest: int) -> str:
    """The text on one line, cut where it is longer."""
    words = " ".join(text.split())
    return words if len(words) <= longest else words[: longest - 1] + "…"


def money(yuan: float) -> str:
    """An estimate, and marked as one."""
    if yuan == 0:
        return "free"
    return f"≈ ¥{yuan:.2f}" if yuan >= 1 else f"≈ ¥{yuan:.4f}" if yuan >= 0.0001 else "≈ ¥0.0001"


def _width(text: str) -> int:
    from wcwidth import wcswidth  # large tables, of no use to a notebook until a command answers

    return max(0, wcswidth(text))
