r"""A model's Markdown as a terminal reads it: CommonMark and tables, and what models mean beyond that.

- Its words are fitted as they are for every other front end: emphasis, prices, addresses, `<br>`, bars in tables.
- Mathematics is shown as TeX, and nothing in it is Markdown. Any HTML is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from ....text.fitting import marks
from ....text.fitting.reply import fitted_lines
from ....text.fitting.tables import begins_table
from ....text.fitting.words import fitted_run
from ....text.markdown import escaped

#: Blocks within blocks: what lies deeper is not parsed.
DEEPEST = 60
#: Characters of a paragraph that is parsed: what makes emphasis and links of it may take the square of its length.
_LONGEST = 20_000
#: Characters of mathematics.
_LONGEST_FORMULA = 2_000
_MATHEMATICS = re.compile(
    rf"\$\$(?:[^$\\]|\\.){{1,{_LONGEST_FORMULA}}}?\$\$"
    rf"|\$(?![\s$])(?:[^$\\]|\\.){{1,{_LONGEST_FORMULA}}}?(?<!\s)\$(?!\d)"  # as pandoc has it: prices are none
    rf"|\\\(.{{1,{_LONGEST_FORMULA}}}?\\\)|\\\[.{{1,{_LONGEST_FORMULA}}}?\\\]",
    re.DOTALL,
)
_CLOSING = {"$$": "$$", "\\[": "\\]"}


def tree(markdown: str, env: dict[str, Any]) -> SyntaxTreeNode:
    """The blocks of a text; `env` keeps the addresses that it defines, for the text after it."""
    return SyntaxTreeNode(_parser().parse(fitted_lines(markdown), env))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    parser.inline.ruler.before("escape", "mathematics", _mathematics)
    parser.core.ruler.before("inline", "fit", _fit)
    parser.core.ruler.after("text_join", "marks", _show_marks)
    parser.core.ruler.after("marks", "tasks", _mark_tasks)
    parser.block.ruler.before("fence", "mathematics", _block_of_mathematics)
    parser.block.ruler.before("table", "table_below", _table_below, {"alt": ["paragraph", "blockquote"]})
    return parser


def _fit(state: StateCore) -> None:
    """The words of each block, as every front end shows them (see `text.fitting`)."""
    for token in state.tokens:
        if token.type == "inline":
            token.content = fitted_run(token.content) if len(token.content) <= _LONGEST else escaped(token.content)


def _show_marks(state: StateCore) -> None:
    """Tokens in place of the fitting's marks, which stand for HTML elsewhere."""
    for token in state.tokens:
        if token.type == "inline" and not marks.IN_TEXT.isdisjoint(token.content):
            token.children = list(_without_marks(token.children or []))


def _without_marks(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type != "text":
            yield token
            continue
        for piece in _MARK.split(token.content):
            if piece in _MARKED:
                yield Token(*_MARKED[piece])
            elif piece:
                yield Token("text", "", 0, content=_WRITTEN.get(piece, piece))


_MARK = re.compile(f"([{marks.HTML}])")
#: What each mark becomes: the type, tag and nesting of its token.
_MARKED: dict[str, tuple[str, str, Literal[-1, 0, 1]]] = {
    marks.STRONG: ("strong_open", "strong", 1),
    marks.END_STRONG: ("strong_close", "strong", -1),
    marks.EMPHASIS: ("em_open", "em", 1),
    marks.END_EMPHASIS: ("em_close", "em", -1),
    marks.STRUCK: ("s_open", "s", 1),
    marks.END_STRUCK: ("s_close", "s", -1),
    marks.BREAK: ("hardbreak", "br", 0),
}
#: What the others become. Those of code are in rows of tables that are fitted whole, as only a page's are.
_WRITTEN = {
    **{marks.DOLLAR: "$", marks.BACKSLASH: "\\", marks.APART: "", marks.UNLISTED: ""},
    **dict.fromkeys((marks.CODE, marks.END_CODE), ""),
}


#: The boxes of tasks, by how they are written at the beginning of an item.
_BOXES = {"[ ] ": "☐", "[x] ": "☑", "[X] ": "☑"}


def _mark_tasks(state: StateCore) -> None:
    """For items that are tasks, the box in place of its letters (in `meta`)."""
    for item, paragraph, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        words = inline.children[0] if inline.children else None
        if item.type == "list_item_open" and paragraph.type == "paragraph_open" and words and words.type == "text":
            box = _BOXES.get(words.content[:4])
            if box:
                item.meta["box"] = box
                words.content = words.content[4:]


def _mathematics(state: StateInline, silent: bool) -> bool:
    found = _MATHEMATICS.match(state.src, state.pos, state.posMax)
    return found is not None and _take(state, "mathematics", found, silent=silent)


def _take(state: StateInline, kind: str, found: re.Match[str], *, silent: bool) -> bool:
    if not silent:
        state.push(kind, "", 0).content = found[0]
    state.pos = found.end()
    return True


def _table_below(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    """A table directly below an item or a quotation ends its words."""
    return silent and startLine + 1 < endLine and begins_table(_line(state, startLine), _line(state, startLine + 1))


def _block_of_mathematics(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    """Lines from `$$` or `\\[` on to its end; while it grows, to the end of the text.

    It ends no paragraph, so nothing asks it in silence.
    """
    opening = _line(state, startLine)
    closing = _CLOSING.get(opening[:2])
    if closing is None or state.is_code_block(startLine) or closing in opening[2:]:
        return False
    lines = [opening]
    for line in range(startLine + 1, endLine):
        lines.append(_line(state, line))
        if not lines[-1].strip() or state.sCount[line] < state.blkIndent:
            return False
        if lines[-1].rstrip().endswith(closing):
            break
    token = state.push("mathematics", "", 0)
    token.map = [startLine, startLine + len(lines)]
    token.content = "\n".join(lines)
    state.line = startLine + len(lines)
    return True


def _line(state: StateBlock, number: int) -> str:
    """A line as it is written within its block."""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
