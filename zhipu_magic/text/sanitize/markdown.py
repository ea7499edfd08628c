r"""Makes the Markdown of a model's reply harmless: showing it runs nothing and fetches nothing in any front end.

Front ends disagree about what in a text is code, mathematics or words, so nothing here relies on one reading.
Whatever could do harm (`DANGER`) is removed from every part of the text, in the way in which the most likely reading of
that part still shows what was written. It may stay only in a fence that every front end reads as one:

- at the left margin, alone between blank lines, closed, with a plain word after its opening;
- with nothing in it like a fence, so that it cannot close an earlier one that a front end still considers open;
- with no mathematics above it that a front end could continue into it.

Three dangers are less obvious than HTML and images. JupyterLab puts mathematics back as it was written once Markdown
has become HTML: a quotation mark in it ends the attribute of an address or a title. JupyterLab also puts the words
after a fence into an attribute as they are. And a search for mathematics in the resulting page sees `\href` where an
entity hid it in the Markdown. Nothing is cleaned after us: JupyterLab trusts what a cell has just shown.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

from ..markdown import CodeBlock, Structure, structure
from ..settled import SeenTexts, Settled, is_settled_alike
from .dangers import CONTROL, DANGER, INFO
from .paragraphs import paragraph, spelled

__all__ = ["harmless"]

_CONTROLS = re.compile(f"[{CONTROL}]")
_FENCE = re.compile(r"`{3}|~{3}")
_WORD = re.compile(r"[\w+#.-]+", re.ASCII)
_BLANK_LINE = re.compile(r"(\n[ \t]*\n)")
#: Mathematics that some front ends continue across blank lines: with an end that all agree on, or `open`.
_LONG_MATHEMATICS = re.compile(
    r"""
      (?=[$\\])  # most characters fail here at once
    (?: (?:\A|(?<=\n\n))\$\$(?:[^$\\\n]|\\[^\n]|\n(?![ \t]*(?:\n|`{3}|~{3})))+(?<!\\)\$\$(?=[ \t]*(?:\n|\Z))
      | (?<![\\$])\$\$(?:[^$\\\n]|\\[^$\n])+(?<!\\)\$\$(?!\$)
      | (?P<open>\$\$|\\\\\[|\\begin\{)
    )
    """,
    re.VERBOSE,
)
#: What a diagram can load or link with, and any HTML that diagrams do not need.
_UNDRAWABLE = re.compile(
    r"""
      \\ | \S\ *\t | /\s*/ | \$\$ | %%\s*\{ | @\s*\{ | ^\s*---\s*$ | &[\#\w]+; | \#(?!quot;)\w+; | url\s*\( | @import
    | \b(?:https?|ftp|\w*script)\s*: | (?:^|;)\s*click\b | \bhref\b
    | <(?!br\s*/?>|(?<=<<)(?:interface|abstract|enumeration|service|fork|join|choice)>>)[A-Za-z/!?]
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)


#: By whether images are allowed. A page may have more below the text that grows, so that it does not begin the next.
_seen = {False: SeenTexts(is_settled_alike), True: SeenTexts(is_settled_alike)}


def harmless(markdown: str, *, remote_images: bool = False, growing: bool = False) -> str:
    """The Markdown with nothing in it that a front end could run or fetch; unchanged if there is nothing.

    HTML is shown as text, an image as a link unless `remote_images`. A `growing` text that begins as an earlier one did
    is continued where that was.
    """
    danger = DANGER[remote_images]
    if not danger.search(markdown):
        return markdown
    text = _CONTROLS.sub(" ", markdown.replace("\r\n", "\n").replace("\r", "\n"))
    seen = _seen[remote_images]
    before = seen.before(text) if growing else Settled()
    reply = _Reply(text, structure(text, before.end), danger)
    settled = reply.found.settled
    shown = reply.shown(before.end, settled, before.shown)
    if growing:
        seen.replace(before, Settled(text, settled, shown))
    return reply.shown(settled, len(text), shown)


@dataclass(frozen=True)
class _Reply:
    """A text with something harmful in it."""

    text: str
    found: Structure
    danger: re.Pattern[str]

    def shown(self, start: int, end: int, shown: str) -> str:
        """What is shown for the text up to `end`, given what is `shown` for it up to `start`."""
        for block in self.found.blocks:
            if not start <= block.start < end or not self._is_harmful(block):
                continue
            if self._can_stay_a_fence(block):
                shown += self._words(start, self.text.rfind("\n", 0, block.start) + 1)
                shown += _fence(block) if not shown or shown.endswith("\n\n") else f"\n{_fence(block)}"
                if self.text.startswith("\n", block.end) and self.text[block.end + 1 : block.end + 2] not in ("", "\n"):
                    shown += "\n"
            else:
                shown += self._words(start, block.start) + _listing(block)
            start = block.end
        return shown + self._words(start, end)

    def _is_harmful(self, block: CodeBlock) -> bool:
        return bool(self.danger.search(block.code) or (block.fenced and re.search(INFO, block.info)))

    def _can_stay_a_fence(self, block: CodeBlock) -> bool:
        agreed = block.fenced and not block.contained and not _FENCE.search(block.code)
        return agreed and block.start < self._mathematics_left_open

    @cached_property
    def _mathematics_left_open(self) -> int:
        """Where the first formula begins whose end front ends may disagree about."""
        found = (each.start() for each in _LONG_MATHEMATICS.finditer(self.text) if each["open"])
        return next(found, len(self.text))

    def _words(self, start: int, end: int) -> str:
        """The text outside blocks of code, paragraph by paragraph."""
        if not self.danger.search(self.text, start, end):
            return self.text[start:end]
        runs, shown = self.found.runs, []
        for part in _BLANK_LINE.split(self.text[start:end]):
            if self.danger.search(part):
                within = runs[bisect_left(runs, (start, 0)) : bisect_left(runs, (start + len(part), 0))]
                shown.append(paragraph(part, sorted({edge - start for run in within for edge in run}), self.danger))
            else:
                shown.append(part)
            start += len(part)
        return "".join(shown)


def _fence(block: CodeBlock) -> str:
    language = _language(block)
    if block.info.lower().startswith("mermaid"):
        language = "text" if _UNDRAWABLE.search(block.code) else "mermaid"
    end = "" if not block.code or block.code.endswith("\n") else "\n"
    return f"```{language or 'text'}\n{block.code}{end}```"


def _listing(block: CodeBlock) -> str:
    language = _language(block)
    kind = f' class="language-{language}"' if language else ""
    return f"<pre><code{kind}>{spelled(block.code).replace(chr(10), '&#10;')}</code></pre>"


def _language(block: CodeBlock) -> str:
    return block.language if _WORD.fullmatch(block.language) else ""
