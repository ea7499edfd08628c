"""Keeps the reader's text from what IPython does to a cell before it runs.

Left alone, IPython takes prompts such as `>>>` out of a `%%glm` cell, and reads a `%glm ask` line that ends with a
question mark as a call for help.
"""

from __future__ import annotations

import re
import tokenize
from typing import TYPE_CHECKING, Any

from IPython.core.inputtransformer2 import EscapedCommand

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_FIRST_LINE = re.compile(r"%%glm(?:[ \t]+(.*))?\n?")


def install(shell: InteractiveShell) -> None:
    """Go before IPython's own transformations."""
    shell.input_transformers_cleanup.insert(0, cell_as_written)
    shell.input_transformer_manager.token_transformers.insert(0, LineAsWritten)


def uninstall(shell: InteractiveShell) -> None:
    shell.input_transformers_cleanup.remove(cell_as_written)
    shell.input_transformer_manager.token_transformers.remove(LineAsWritten)


def cell_as_written(lines: list[str]) -> list[str]:
    """Turn a `%%glm` cell into its call, with its text as it stands."""
    start = next((number for number, line in enumerate(lines) if line.strip()), 0)
    match = _FIRST_LINE.fullmatch(lines[start]) if lines else None
    if match is None:
        return lines
    return [f"get_ipython().run_cell_magic('glm', {match[1] or ''!r}, {''.join(lines[start + 1 :]) or chr(10)!r})\n"]


# Completeness is judged by the cell as it is typed: a terminal ends a cell magic at an empty line.
cell_as_written.has_side_effects = True  # type: ignore[attr-defined]  # a mark that IPython looks for


class LineAsWritten(EscapedCommand):
    """`%glm` and a word after it is a command, also where the line ends with a question mark."""

    priority = 1  # before IPython's `HelpEnd`, which has 5

    @classmethod
    def find(cls, tokens_by_line: list[list[Any]]) -> LineAsWritten | None:
        for line in tokens_by_line:
            tokens = [token for token in line if token.type not in (tokenize.INDENT, tokenize.DEDENT)]
            if [token.string for token in tokens[:2]] == ["%", "glm"] and tokens[2].string not in ("?", "\n", ""):
                return cls(tokens[0].start)
        return None
