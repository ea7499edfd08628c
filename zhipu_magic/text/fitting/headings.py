"""Keeps the headings of replies out of the notebook's table of contents.

JupyterLab and Notebook list the headings of outputs too, but for those with an element that is marked as none. Older
ones also take a rule for a heading that stands right below words, such as an item of a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..markdown import Structure
from . import marks
from .edits import Edit

_HASHES = re.compile(r" {0,3}#{1,6}[ \t]+(?=\S)")
_LINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*\Z")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_RULE = re.compile(r" {0,3}-{2,}[ \t]*\Z")


def headings(text: str, found: Structure) -> Iterator[Edit]:
    """A mark in each heading that would be listed; those in lists and quotations are not."""
    for kind, start, end in found.marks:
        if kind == "hr":
            if _RULE.match(text, start, end) and text[text.rfind("\n", 0, max(0, start - 1)) + 1 : start].strip():
                yield Edit(start, end, "***")
        elif kind == "#":
            if opening := _HASHES.match(text, start, end):
                yield Edit(opening.end(), opening.end(), marks.UNLISTED)
        elif _LINE.match(text, start, end):
            words = text.rfind("\n", 0, start - 1) + 1
            if _ITEM.match(text, words):
                continue
            words += len(text[words:start]) - len(text[words:start].lstrip())
            yield Edit(words, words, marks.UNLISTED)
