"""Markdown: the code in a text, and a text as code.

code_blocks     its blocks of code, fenced and indented
code_regions    where code is in it, for those who must leave code alone
python_blocks   the Python code in it
structure       its blocks of code and its runs of words
closed          the text, with an open fence at its end closed
fenced          a text as a block of code
escaped         a text in which nothing is Markdown

This follows CommonMark with one exception: HTML counts as words, so that it never hides the code after it.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_PYTHON = frozenset({"python", "python2", "python3", "py", "py2", "py3", "ipython", "ipython2", "ipython3"})

#: What ends a line for CommonMark, in whose readers all three count alike.
LINE_END = re.compile(r"\r\n?|\n")
_FENCE = re.compile(r"`{3}|~{3}")
#: An indent wide enough for code, perhaps after what opens a list item or a quotation.
_INDENT = re.compile(r"^[ >*+\-\d.)]*?(?: {4}|\t)", re.MULTILINE)
_FIRST_WORD = re.compile(r"[\s{.]*([^\s{},:;=]*)")
_BACKTICKS = re.compile(r"`+")
_ESCAPED_OR_BACKTICKS = re.compile(r"\\.|`+", re.DOTALL)

#: The nodes of plain values: code with no others is not worth running.
_VALUES = (ast.Name, ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.unaryop, ast.expr_context)


@dataclass(frozen=True)
class CodeBlock:
    """A block of code at text[start:end]: with its fences, but without list or quotation marks before it."""

    language: str  # the first word after the fence, in lower case; empty if there is none
    info: str  # all that is written after the fence
    code: str  # without the list or quotation marks before each line
    fenced: bool
    contained: bool  # in a list or a quotation
    start: int
    end: int


@dataclass(frozen=True)
class Structure:
    """The parts of a text, in order. Blank lines, rules and definitions belong to neither."""

    blocks: list[CodeBlock]
    runs: list[tuple[int, int]]  # paragraphs, headings, cells: where there can be emphasis and inline code
    settled: int  # the position up to which nothing changes when the text grows
    rows: set[tuple[int, int]]  # those of the runs that are rows of a table
    marks: list[tuple[str, int, int]]  # lines that make a heading (`#`, `=`, `-`), and rules (`hr`)
    breaks: list[int]  # where something begins that reads the same without what is before it, but for link definitions
    openings: set[int]  # the starts of lines in which a block begins


def code_blocks(text: str) -> list[CodeBlock]:
    """The text's blocks of code, in order. A fence that is not closed runs to the end of its container."""
    if not (_FENCE.search(text) or _INDENT.search(text)):
        return []
    return structure(text).blocks


def code_regions(text: str) -> list[tuple[int, int]]:
    """Where fenced blocks and code between backticks begin and end, in order. Indented blocks are not among them."""
    if "`" not in text and "~~~" not in text:
        return []
    return regions_in(text, structure(text))


def regions_in(text: str, found: Structure, *, indented: bool = False) -> list[tuple[int, int]]:
    """The same of a text whose structure is known; with its `indented` blocks, if they count."""
    blocks = [(block.start, block.end) for block in found.blocks if block.fenced or indented]
    return sorted([*blocks, *inline_code(text, found)])


def inline_code(text: str, found: Structure) -> Iterator[tuple[int, int]]:
    """The code between backticks in all runs of words of a text."""
    if "`" in text:
        for start, end in found.runs:
            yield from code_spans(text, start, end)


def outside_code(text: str, pattern: re.Pattern[str], found_in: Structure | None = None) -> Iterator[re.Match[str]]:
    """Where a pattern is found in the words of a text, and not in its code; `found_in` is its structure, if known."""
    if not pattern.search(text):
        return
    for start, end in (found_in or structure(text)).runs:
        spans = list(code_spans(text, start, end))
        for found in pattern.finditer(text, start, end):
            if not any(first < found.end() and found.start() < last for first, last in spans):
                yield found


def python_blocks(text: str) -> list[str]:
    """The code of the blocks labelled as Python, or else of the unlabelled ones that must be Python.

    An unlabelled block is Python if it can be parsed and is more than a value: a name or a list is probably output.
    Lines that only IPython knows, such as `!pip install x`, may stand beside it.
    """
    blocks = [block for block in code_blocks(text) if block.fenced]
    labelled = [block for block in blocks if block.language in _PYTHON]
    chosen = labelled or [block for block in blocks if not block.language and _is_python(block.code)]
    return [block.code.removesuffix("\n") for block in chosen]


def structure(text: str, start: int = 0) -> Structure:
    """The text's blocks of code and runs of words, from `start`, which an earlier call found to be settled."""
    line_ends = list(LINE_END.finditer(text, start))
    lines = [start, *(end.end() for end in line_ends)]
    ends = [*(end.start() for end in line_ends), len(text)]
    blocks: list[CodeBlock] = []
    runs: dict[tuple[int, int], None] = {}  # the cells of a row are one run
    rows: set[tuple[int, int]] = set()
    marks: list[tuple[str, int, int]] = []
    settled = start
    breaks: list[int] = []
    openings: set[int] = set()
    tokens = [token for token in _parser().parse(text[start:]) if token.map is not None]
    for token, is_item in zip(tokens, _outer_items(tokens), strict=True):
        assert token.map is not None
        first, last = token.map[0], min(token.map[1], len(lines)) - 1
        openings.add(lines[first])
        if token.level == 0 and first > 0 and not text[lines[first - 1] : ends[first - 1]].strip(" \t"):
            settled = lines[first]
            breaks.append(settled)
        elif is_item and lines[first] not in (start, *breaks[-1:]):
            breaks.append(lines[first])
        if token.type in ("fence", "code_block"):
            opening = lines[first] + _start(token, text[lines[first] : ends[first]])
            blocks.append(_block(token, opening, max(opening, ends[last])))
        elif token.type == "inline":
            runs[lines[first], ends[last]] = None
        elif token.type == "tr_open":
            rows.add((lines[first], ends[first]))
        elif token.type == "heading_open":
            line = first if token.markup[0] == "#" else last
            marks.append((token.markup[0], lines[line], ends[line]))
        elif token.type == "hr":
            marks.append(("hr", lines[first], ends[first]))
    return Structure(blocks, list(runs), settled, rows=rows, marks=marks, breaks=breaks, openings=openings)


def _outer_items(tokens: Iterable[Token]) -> Iterator[bool]:
    """For each token, whether it begins an item of a list that is in nothing else, and has the number of its place."""
    number = 0
    for token in tokens:
        if token.level == 0:
            number = int(token.attrs.get("start", 1))
        is_item = token.level == 1 and token.type == "list_item_open"
        yield is_item and token.info in ("", str(number))
        number += is_item


def code_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The code between backticks in one run of words, text[start:end]."""
    runs: dict[int, list[int]] = {}
    for run in _BACKTICKS.finditer(text, start, end):
        runs.setdefault(len(run[0]), []).append(run.start())
    at = start
    while opening := _ESCAPED_OR_BACKTICKS.search(text, at, end):
        at = opening.end()
        length = at - opening.start()
        if opening[0][0] == "\\" or length not in runs:
            continue
        later = bisect_right(runs[length], opening.start())
        if later < len(runs[length]):
            at = runs[length][later] + length
            yield opening.start(), at


def _block(token: Token, start: int, end: int) -> CodeBlock:
    word = _FIRST_WORD.match(token.info)
    return CodeBlock(
        language=word[1].lower() if word else "",
        info=token.info.strip(),
        code=token.content,
        fenced=token.type == "fence",
        contained=token.level > 0,
        start=start,
        end=end,
    )


def _start(token: Token, line: str) -> int:
    """Where in its first line a block begins, after the marks of lists and quotations."""
    if token.type == "fence":
        return line.index(token.markup)
    if token.level == 0:
        return 0
    code = token.content.partition("\n")[0]
    before = line.removesuffix(code if line.endswith(code) else code.lstrip())  # part of a tab may belong to the code
    return len(before.removesuffix("\t") if before.endswith("\t") else before.removesuffix("    "))


def _is_python(code: str) -> bool:
    statements = _statements(code)
    if statements is None and _OF_IPYTHON.search(code):
        # What they leave behind is no value, and no reason to take the rest for Python.
        statements = _statements(_OF_IPYTHON.sub(r"\g<indent>\g<target>...", code))
    return statements is not None and not all(map(_is_a_value, statements))


def _statements(code: str) -> list[ast.stmt] | None:
    """The statements of Python code; None if it is not Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the reply's code, which is not ours to judge
        try:
            return ast.parse(code).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


#: A shell command or a magic on a line of its own, or assigned, with the lines that a backslash continues it on; or the
#: first line of a cell that a magic runs as Python. A `![` is an image of Markdown, a `% ` is text.
_OF_IPYTHON = re.compile(
    r"(?:\A\s*%%(?:time|timeit|capture|prun)\b.*"
    r"|^(?P<indent>[ \t]*)(?P<target>[^\W\d][\w., ]*=[ ]*)?"
    r"(?:!{1,2}[ ]?[\w./~$\"'({]|%[^\W\d])(?:[^\n]*\\\n)*[^\n]*)",
    re.MULTILINE,
)


def _is_a_value(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AnnAssign):
        return statement.value is None  # `host: localhost` is not a declaration
    return isinstance(statement, ast.Expr) and all(isinstance(node, _VALUES) for node in ast.walk(statement.value))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).disable("html_block").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


@lru_cache(maxsize=16)  # the earlier parts of a growing page are requested again and again
def closed(text: str) -> str:
    """The text with an open fence at its end closed, which would otherwise take in what follows."""
    blocks = code_blocks(text)
    if not blocks or blocks[-1].contained or not blocks[-1].fenced:
        return text  # the end of a list or a quotation closes what is in it
    block = text[blocks[-1].start :]
    fence = _FENCE_LINE.match(block)
    if fence is None or text[blocks[-1].end :].strip():
        return text
    lines = block.rstrip().split("\n")
    end = re.fullmatch(rf" {{0,3}}{fence[0][0]}{{{len(fence[0])},}}[ \t]*", lines[-1]) if len(lines) > 1 else None
    indent = " " * (blocks[-1].start - text.rfind("\n", 0, blocks[-1].start) - 1)
    return text if end else f"{text}\n{indent}{fence[0]}"


_FENCE_LINE = re.compile(r"`{3,}|~{3,}")


def backticks(text: str, least: int) -> str:
    """A run of at least so many backticks that is longer than any in the text."""
    return "`" * max(least, 1 + max(map(len, _BACKTICKS.findall(text)), default=0))


def fenced(text: str, language: str = "text") -> str:
    """The text as it is, in a fence that nothing in it can close."""
    fence = backticks(text, 3)
    return f"{fence}{language}\n{text}\n{fence}"


def escaped(text: str) -> str:
    """A text on one line as words, with no Markdown, no mathematics and no end of a table cell."""
    if text.count("$") > 1 or _MATHEMATICS.search(text):
        # Front ends also look for mathematics in the finished page, which has no escapes any more, but not in code.
        mark = backticks(text, 1)
        return f"{mark} {text} {mark}".replace("|", r"\|")
    return _SPECIAL.sub(r"\\\g<0>", text)


_MATHEMATICS = re.compile(r"\\[(\[]")
#: An underscore within a word is harmless.
_SPECIAL = re.compile(r"[\\`*|$\[\]~]|(?<!\w)_|_(?!\w)")
