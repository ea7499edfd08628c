"""A command's answer as lines: Markdown of our own, in which nothing is mended, as a model wrote none of it."""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from rich.text import Text

from ....text.markdown import LINE_END
from ....text.markup import Markup
from .blocks import Setter, is_apart, units_of


def page_lines(page: Markup, columns: int) -> list[Text]:
    """The lines of a page in so many columns."""
    source = LINE_END.sub("\n", page.typeset)  # as the parser counts lines
    setter = Setter(source.split("\n"))
    lines: list[Text] = []
    before = ""
    for unit in units_of(SyntaxTreeNode(_parser().parse(source))):
        if before and (setter.has_gap(unit.first) or is_apart(before, unit.kind)):
            lines.append(Text(end=""))
        lines += setter.unit(unit, columns)
        before = unit.kind
    return lines


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")
