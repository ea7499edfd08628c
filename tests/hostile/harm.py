"""What in an output could run, fetch or command: found in the page that each front end makes of it.

Every attack bears the letters `pwn` in the part of it that must not take effect, so that an attribute or a tag that
holds them is one that came from outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

from readers import MARKDOWN_MAKES, READERS, Elements, allowed

from zhipu_magic.notebook.display.panel import UNBOXED

#: What our own pieces add to what Markdown makes.
OURS = {"details", "summary", "svg", "rect"}
SVG = {"role", "aria-label", "aria-hidden", "width", "height", "viewbox", "x", "y", "open"}
#: What mathematics in the finished page would be looked for, and could link or load with.
MACRO = re.compile(r"\\(?:href|url|style|class|cssId|data|includegraphics|unicode|require|bbox|mmlToken)(?![A-Za-z])")
#: What commands a terminal.
COMMANDS = re.compile(r"[\x05\x07\x08\x0e\x0f\x1b\x84\x88\x8d-\x90\x96-\x9f]")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

#: What pandas puts around a frame.
_OF_PANDAS = re.compile(
    r"<style scoped>[\s.\w-]*tbody tr th:only-of-type {[^<]*</style>|(?<=<table) border=\"1\" class=\"dataframe\"(?=>)"
)

#: Each within one line; those with a letter of `CONTROLS` are for terminals.
ATTACKS = [
    "<img src=x onerror=pwn()>",
    '"><svg onload=pwn()>',
    "</pre></code></summary></details></td></blockquote><script>pwn()</script>",
    "<style>*{background:url(http://pwn.invalid/)}</style>",
    "![pwn](http://pwn.invalid/image)",
    "[press](javascript:pwn())",
    "[press]: javascript:pwn()",
    'http://a.example/$"style="background:url(//pwn.invalid)"onmouseover="pwn()"x="$',
    '$"style="x:pwn"onmouseover="pwn()"x="$',
    "$\\href{javascript:pwn()}{x}$",
    "&#36;\\hr&#101;f{javascript:pwn()}{x}&#36;",
    "\\\\(\\href{javascript:pwn()}{x}\\\\)",
    '@@0@@ $" onclick=pwn() "$',
    "` <img src=x onerror=pwn()> ``",
    "$$ <!-- <img src=x onerror=pwn()>",
    "```x <img src=x onerror=pwn()>",
    "|<img src=x onerror=pwn()>|",
    "**[press](javascript:pwn())：**\\(\\href{javascript:pwn()}{x}\\)<br onclick=pwn()>",
    'https://a.example，$"style="x:pwn"onmouseover="pwn()"x="$ ~~<svg onload=pwn()>：~~x',
    "&lt;img src=x onerror=pwn()&gt;",
    "java\tscript:pwn() <a href=javascript:pwn()>x</a>",
    "{0.__class__} {pwn} <b onclick=pwn()>",
    "\x1b]52;c;cHdu\x07 \x9b31m pwn \x1b[2J\x08\x0e",
]


def harm_in(bundle: Mapping[str, Any]) -> list[object]:
    """What could do harm in one output, whichever of its forms a front end shows."""
    found: list[object] = []
    if "text/markdown" in bundle:
        for reader in READERS:
            found += _foreign(reader(bundle["text/markdown"]))
    if "text/html" in bundle:
        page = bundle["text/html"].replace(UNBOXED.rich, "")  # the one style of ours, to the letter
        found += _foreign(_OF_PANDAS.sub("", page))
    found += [kind for kind, text in bundle.items() if isinstance(text, str) and COMMANDS.search(text)]
    return found


def _foreign(page: str) -> Iterator[object]:
    elements = Elements(page)
    for part in elements.parts:
        if isinstance(part, tuple):
            tag, attributes = part
            if tag not in MARKDOWN_MAKES | OURS:
                yield part
            for name, value in attributes:
                if name == "href":
                    if not allowed(name, value or ""):
                        yield part
                elif name not in SVG and (not allowed(name, value or "") or "pwn" in f"{name}{value}"):
                    yield part
    yield from (each for each in elements.foreign if each[0] == "")  # comments and declarations
    yield from (text for text in _Texts(page).texts if MACRO.search(text))


class _Texts(HTMLParser):
    """The texts of a page in which mathematics is looked for: each between two tags, and none in code."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = [""]
        self._code = 0
        self._ignored = 0
        """How deep in `<div>` this is, from the first on that says so."""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in ("code", "pre")
        is_first = ("class", "tex2jax_ignore mathjax_ignore") in attrs
        self._ignored += tag == "div" and (is_first or bool(self._ignored))
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "pre")
        self._ignored -= tag == "div" and bool(self._ignored)
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        if not (self._code or self._ignored):
            self.texts[-1] += data
