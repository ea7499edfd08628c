"""Marks that stand for HTML while a text is fitted and made harmless, one character each.

None of them is a character: Unicode reserves them for use within a program. What each becomes begins with `<`, and
neither ends nor begins anything in the text around it.
"""

from __future__ import annotations

import re

STRONG, END_STRONG = "\ufdd2", "\ufdd3"
EMPHASIS, END_EMPHASIS = "\ufdd4", "\ufdd5"
STRUCK, END_STRUCK = "\ufdd6", "\ufdd7"
CODE, END_CODE = "\ufdd8", "\ufdd9"
BREAK = "\ufdda"
DOLLAR, BACKSLASH = "\ufddb", "\ufddc"
#: Keeps what is before it apart from what is after it; a front end ends an address here, or begins mathematics.
APART = "\ufddd"
#: At the beginning of a heading: a notebook's table of contents leaves it out.
UNLISTED = "\ufdde"

#: All of them, as a part of a class of characters.
HTML = f"{STRONG}-{UNLISTED}"
IN_TEXT = frozenset(map(chr, range(ord(STRONG), ord(UNLISTED) + 1)))

_ENDS = {STRONG: END_STRONG, EMPHASIS: END_EMPHASIS, STRUCK: END_STRUCK, CODE: END_CODE}
_TAGS = {STRONG: "strong", EMPHASIS: "em", STRUCK: "del", CODE: "code"}
#: What is shown for a tag that has lost its partner: a front end would carry it on to the end of the page.
_WRITTEN = {STRONG: "**", EMPHASIS: "*", STRUCK: "~~", CODE: "`"}
_SPANS = {
    BREAK: "<br>",
    DOLLAR: "<span>&#36;</span>",
    BACKSLASH: "<span>&#92;</span>",
    APART: "<span></span>",
    UNLISTED: '<span class="jp-toc-ignore"></span>',
}
_TAG = re.compile(f"[{STRONG}-{END_CODE}]")
_SINGLE = re.compile(f"[{BREAK}-{UNLISTED}]")
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n")


def in_html(text: str) -> str:
    """The text with HTML in place of the marks. A tag without its partner in the same paragraph is shown as written."""
    if text.isascii():
        return text
    text = _SINGLE.sub(lambda mark: _SPANS[mark[0]], text)
    tags: dict[int, str] = {}
    opened: list[re.Match[str]] = []
    for found in _TAG.finditer(text):
        if found[0] in _ENDS:
            opened.append(found)
        elif opened and _ENDS[opened[-1][0]] == found[0]:
            beginning = opened.pop()
            if not _PARAGRAPH_END.search(text, beginning.end(), found.start()):
                tag = _TAGS[beginning[0]]
                tags |= {beginning.start(): f"<{tag}>", found.start(): f"</{tag}>"}
    return _TAG.sub(lambda mark: tags.get(mark.start()) or _as_written(mark[0]), text)


def _as_written(mark: str) -> str:
    beginning = next(each for each, end in _ENDS.items() if mark in (each, end))
    return f"<span>{''.join(f'&#{ord(sign)};' for sign in _WRITTEN[beginning])}</span>"
