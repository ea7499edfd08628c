"""Protects the user's text from IPython's own transformations of a cell.

Otherwise IPython would remove prompts such as `>>>` from a `%%glm` cell, and would take a `%glm ask` line that ends
with a question mark as a request for help.
"""

from __future__ import annotations

import re
import tokenize
from typing import TYPE_CHECKING, Any

from IPython.core.inputtransformer2 import EscapedCommand

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_FIRST_LINE = re.compile(r"%%glm(?:[ \t]+(.*))?\n?")
#: The first line of a magic that runs the cell below it, such as `%%time`.
_AROUND = re.compile(r"%%(\w[\w.]*)(?:[ \t]+(.*))?\n?")


def install(shell: InteractiveShell) -> None:
    """Add transformations that go before IPython's own."""
    shell.input_transformers_cleanup.insert(0, cell_as_written)
    shell.input_transformer_manager.token_transformers.insert(0, LineAsWritten)


def uninstall(shell: InteractiveShell) -> None:
    shell.input_transformers_cleanup.remove(cell_as_written)
    shell.input_transformer_manager.token_transformers.remove(LineAsWritten)


def cell_as_written(lines: list[str]) -> list[str]:
    """Turn a `%%glm` cell into a call of its magic, with the text unchanged, also within `%%time` and the like."""
    start = _begins(lines, 0)
    match = _FIRST_LINE.fullmatch(lines[start]) if lines else None
    if match is not None:
        return _call("glm", match[1], lines[start + 1 :])
    # IPython would take the prompts out of the whole cell before the outer magic hands the inner one over.
    around = _AROUND.fullmatch(lines[start]) if lines and _holds_ours(lines, start) else None
    return lines if around is None else _call(around[1], around[2], lines[start + 1 :])


def _call(magic: str, line: str | None, body: list[str]) -> list[str]:
    return [f"get_ipython().run_cell_magic({magic!r}, {line or ''!r}, {''.join(body) or chr(10)!r})\n"]


def _begins(lines: list[str], start: int) -> int:
    """The first line from there on that is not blank; `start` if all are."""
    return next((number for number in range(start, len(lines)) if lines[number].strip()), start)


def _holds_ours(lines: list[str], start: int) -> bool:
    """Whether a `%%glm` cell is all that the magics on these first lines run."""
    while start < len(lines) and _AROUND.fullmatch(lines[start]):
        start = _begins(lines, start + 1)
        if start < len(lines) and _FIRST_LINE.fullmatch(lines[start]):
            return True
    return False


# So that a terminal still checks the cell as it was typed, and an empty line ends it.
cell_as_written.has_side_effects = True  # type: ignore[attr-defined]  # a mark that IPython looks for


class LineAsWritten(EscapedCommand):
    """Makes `%glm` and a word a command, even if the line ends with a question mark."""

    priority = 1  # before IPython's `HelpEnd`, which has 5

    @classmethod
    def find(cls, tokens_by_line: list[list[Any]]) -> LineAsWritten | None:
        for line in tokens_by_line:
            tokens = [token for token in line if token.type not in (tokenize.INDENT, tokenize.DEDENT)]
            if [token.string for token in tokens[:2]] == ["%", "glm"] and tokens[2].string not in ("?", "\n", ""):
                return cls(tokens[0].start)
        return None
