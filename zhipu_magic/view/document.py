"""Short texts that commands answer with: Markdown in a notebook, and readable as it stands in a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """An answer in Markdown, written whose source reads well too. `rich` is what a notebook shows, if not that."""

    markdown: str
    rich: str = ""

    def bundle(self) -> dict[str, str]:
        return {"text/markdown": self.rich or self.markdown, "text/plain": self.markdown}

    def text(self, columns: int) -> str:
        """For a terminal: without Markdown's marks, and broken between words; tables and fenced texts as they are."""
        lines, inside = [], False
        for line in self.markdown.split("\n"):
            inside ^= line.startswith("```")
            if inside or line.startswith(("|", "```")):
                lines.append(line)
            else:
                lines += textwrap.wrap(line.replace("**", "").replace("`", ""), columns) or [""]
        return without_controls("\n".join(lines))


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
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def in_line(text: str) -> str:
    """The text as it is, as code within a line."""
    mark = "`" * (_longest_run(text) + 1)
    return f"{mark} {text} {mark}" if len(mark) > 1 else f"`{text}`"


def _longest_run(text: str) -> int:
    """Of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)


def without_controls(text: str) -> str:
    """The text without what would command a terminal: to set its title, its clipboard, its colours."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


#: All of C0, DEL and C1, but for tab and the ends of lines.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


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
