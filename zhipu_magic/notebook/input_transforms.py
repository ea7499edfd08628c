"""Protects the user's text from IPython's own transformations of a cell.

Otherwise IPython would remove prompts such as `>>>` from a `%%glm` cell, and would take a `%glm ask` line that ends
with a question mark as a request for help.
"""

from __future__ import annotations

import tokenize
from typing import TYPE_CHECKING, Any

from IPython.core.inputtransformer2 import EscapedCommand

from ..text.cell_options import below_options
from .glm_cell import GlmCell, find

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


#: IPython's own way of asking for help.
_HELP = ["%%glm?\n"]


def install(shell: InteractiveShell) -> None:
    """Add transformations that go before IPython's own."""
    shell.input_transformers_cleanup[:0] = [with_plain_beginning, cell_as_written]
    shell.input_transformer_manager.token_transformers.insert(0, LineAsWritten)


def uninstall(shell: InteractiveShell) -> None:
    for transform in (with_plain_beginning, cell_as_written):
        shell.input_transformers_cleanup.remove(transform)
    shell.input_transformer_manager.token_transformers.remove(LineAsWritten)


def with_plain_beginning(lines: list[str]) -> list[str]:
    """The cell without what stands above its magics, and `%%glm` with its options in one line.

    A terminal, which does not apply `cell_as_written` before the cell is entered, knows it as a cell magic by this.
    """
    cell = find("".join(lines))
    if cell is None:
        return lines
    if cell.outer is not None:
        return cell.source[cell.outermost :].splitlines(keepends=True)
    beginning = _HELP if _asks_for_help(cell) else [f"%%glm {cell.line}".rstrip() + "\n"]
    return [*beginning, *below_options(cell.prompt).splitlines(keepends=True)]


def cell_as_written(lines: list[str]) -> list[str]:
    """Turn a `%%glm` cell into a call of its magic, with the text unchanged, also within `%%time` and the like."""
    cell = find("".join(lines))
    if cell is None:
        return lines
    if cell.outer is not None:
        # IPython would take the prompts out of the whole cell before the outer magic hands the inner one over.
        return _call(*cell.outer)
    if _asks_for_help(cell):  # above a prompt, where IPython would run that as Python
        return _call("glm", "--help", cell.prompt) if cell.prompt.strip() else _HELP
    return _call("glm", cell.line, cell.prompt)


def _call(magic: str, line: str, body: str) -> list[str]:
    return [f"get_ipython().run_cell_magic({magic!r}, {line!r}, {body or chr(10)!r})\n"]


def _asks_for_help(cell: GlmCell) -> bool:
    return cell.line[:1] in ("?", "？")


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
