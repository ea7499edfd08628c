r"""A model's Markdown as a terminal reads it: CommonMark and tables, and what models mean beyond that.

- Chinese has no spaces beside emphasis: `**注意：**请看` is bold.
- Mathematics is left as it was written, and nothing in it is Markdown: `$…$`, `$$…$$`, `\(…\)` and `\[…\]`.
- `<br>` ends a line, and any other HTML is text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

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
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_CLOSING = {"$$": "$$", "\\[": "\\]"}


def tree(markdown: str, env: dict[str, Any]) -> SyntaxTreeNode:
    """The blocks of a text; `env` keeps the addresses that it defines, for the text after it."""
    return SyntaxTreeNode(_parser().parse(markdown, env))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    inline = _Inline()
    inline.ruler, inline.ruler2 = parser.inline.ruler, parser.inline.ruler2
    parser.inline = inline
    parser.inline.ruler.before("escape", "mathematics", _mathematics)
    parser.inline.ruler.before("autolink", "line_break", _line_break)
    parser.block.ruler.before("fence", "mathematics", _block_of_mathematics)
    return parser


class _Inline(ParserInline):
    """As its base, with states of our own."""

    def parse(self, src: str, md: MarkdownIt, env: Any, tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)
        if len(src) > _LONGEST:
            state.push("text", "", 0).content = src
            return state.tokens
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


class _State(StateInline):
    """Words of one block. Beside a Chinese character, emphasis needs no space."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:
        found = super().scanDelims(start, canSplitWord)
        end = start + found.length
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        if not canSplitWord or not (_is_wide(before) or _is_wide(after)):
            return found
        opens = not after.isspace() and (
            not _is_mark(after) or before.isspace() or _is_mark(before) or _is_wide(before)
        )
        closes = not before.isspace() and (
            not _is_mark(before) or after.isspace() or _is_mark(after) or _is_wide(after)
        )
        return Scanned(opens, closes, found.length)


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "PS"


def _mathematics(state: StateInline, silent: bool) -> bool:
    found = _MATHEMATICS.match(state.src, state.pos, state.posMax)
    return found is not None and _take(state, "mathematics", found, silent=silent)


def _line_break(state: StateInline, silent: bool) -> bool:
    found = _LINE_BREAK.match(state.src, state.pos, state.posMax)
    return found is not None and _take(state, "hardbreak", found, silent=silent)


def _take(state: StateInline, kind: str, found: re.Match[str], *, silent: bool) -> bool:
    if not silent:
        state.push(kind, "", 0).content = found[0]
    state.pos = found.end()
    return True


def _block_of_mathematics(state: StateBlock, startLine: int, endLine: int, silent: bool) -> bool:
    """Lines from `$$` or `\\[` on to its end; while it grows, to the end of the text."""

    def written(line: int) -> str:
        return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]

    opening = written(startLine)
    closing = _CLOSING.get(opening[:2])
    if closing is None or state.is_code_block(startLine) or closing in opening[2:]:
        return False
    lines = [opening]
    for line in range(startLine + 1, endLine):
        lines.append(written(line))
        if not lines[-1].strip() or state.sCount[line] < state.blkIndent:
            return False
        if lines[-1].rstrip().endswith(closing):
            break
    if not silent:
        token = state.push("mathematics", "", 0)
        token.map = [startLine, startLine + len(lines)]
        token.content = "\n".join(lines)
        state.line = startLine + len(lines)
    return True
