"""Reads one run of words from left to right: a paragraph, a heading or a cell of a table.

Code, mathematics, links, addresses and tags are found first, so that nothing in them is taken for anything else. What
is left are the delimiters of emphasis, which are paired afterwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from ..addresses import is_openable
from ..inline import TARGET, Words, as_entities, code_in
from . import marks
from .addresses import end_of_address, host_goes_on, runs_on
from .code import Spans
from .emphasis import emphasised
from .flanking import Delimiter
from .formulas import (
    DOLLARS,
    SPACED_DOLLARS,
    TWO_DOLLARS,
    in_a_cell,
    is_between_brackets,
    is_between_dollars,
    is_clearly_formula,
    is_displayed,
    is_formula,
    on_one_line,
)
from .links import PICTURE, links
from .names import DUNDERS

#: Whether a run can have anything in it that is fitted.
_NEEDS = re.compile(r"[*$~@\\]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|<[bB]|&(?:#|dollar)|://|[wW]{3}\.|`[^`]*\|")
_STEP = re.compile(
    r"""
    (?: ^(?P<alone>[ \t>]*<[bB][rR][ ]?/?>)(?=[ \t]*$)
      | (?=[\\`<!\[\]:wW@$&*~_])  # most characters fail here at once
    (?: (?P<brackets>\\{1,2}(?P<bracket>[(\[]))
      | (?P<environment>\\begin\{[A-Za-z]+\*?\})
      | (?P<escape>\\[!-/:-@\[-`{-~])
      | (?P<code>`+)
      | (?P<break><[bB][rR][ ]?/?>)
      | (?P<tag><(?:/?[A-Za-z][^<>\n`$]{0,300}|https?://[^\s<>]{1,2000})>)
      | (?P<image>!\[(?=[^\[\]$]*\]\())
      | (?P<link>[\[\]])
      | (?P<address>://(?=[^\s<>])|(?<![\w./@-])[wW]{3}\.(?=[A-Za-z0-9]))
      | (?P<mail>(?<=[A-Za-z0-9_%+-])@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)
      | (?P<dollars>\$\$?)
      | (?P<entity>&(?:\#0*36|\#[xX]0*24|dollar);)
      | (?P<dunder>(?<![A-Za-z0-9_])__(?P<python>[a-z][a-z_]{0,22}[a-z])__(?![A-Za-z0-9_]))
      | (?P<delimiter>\*+|~+|(?<![A-Za-z0-9_])_+|_+(?![A-Za-z0-9_]))
    ))
    """,
    re.VERBOSE | re.MULTILINE,
)
_SCHEME = re.compile(r"(?<![A-Za-z0-9])(?:https?|ftp)\Z", re.IGNORECASE)
_BEFORE_ALONE, _AFTER_ALONE = re.compile(r"(?:\A|\n)[ \t>*+-]*\Z"), re.compile(r"[ \t]*(?:\n|\Z)")
_WORD, _WORD_OR_CODE = re.compile(r"[A-Za-z0-9_]"), re.compile(r"[A-Za-z0-9_`]")


def fitted_run(text: str, *, quoted: bool = False) -> str:
    """The words as every renderer shows them; `quoted`, if the lines after the first begin with a quotation's marks."""
    return _Run(text, quoted=quoted).fitted() if _NEEDS.search(text) else text


def fitted_row(text: str) -> str:
    """A row of a table, each cell on its own."""
    if not _NEEDS.search(text):
        return text
    return "|".join(_Run(cell, in_cell=True).fitted() for cell in re.split(r"(?<!\\)\|", text))


@dataclass
class _Run:
    text: str
    in_cell: bool = False
    quoted: bool = False
    shown: list[str] = field(default_factory=list)
    length: int = 0  # of what is shown
    delimiters: list[Delimiter] = field(default_factory=list)
    scopes: list[int] = field(default_factory=lambda: [0])  # the links that are open here

    def fitted(self) -> str:
        at = 0
        while step := _STEP.search(self.text, at):
            self._show(self.text[at : step.start()])
            at = getattr(self, f"_{step.lastgroup}")(step)  # the outermost group closes last
        self._show(self.text[at:])
        return emphasised("".join(self.shown), self.delimiters)

    def _show(self, piece: str) -> None:
        self.shown.append(piece)
        self.length += len(piece)

    def _as_written(self, step: re.Match[str]) -> int:
        self._show(step[0])
        return step.end()

    _tag = _as_written

    # Code

    @cached_property
    def _words(self) -> Words:
        return Words(self.text)

    @cached_property
    def _code_between(self) -> Spans:
        return Spans(self._words.code.items())

    def _code(self, step: re.Match[str]) -> int:
        end = self._words.code.get(step.start())
        if end is None:
            return self._as_written(step)
        code = self.text[step.start() : end]
        self._show(_without_bars(code) if self.in_cell and "|" in code else code)
        return end

    # Mathematics

    def _brackets(self, step: re.Match[str]) -> int:
        """`\\(x\\)` and `\\[x\\]`, which Markdown would take for escaped brackets."""
        found = self._words.end_of_mathematics(step[0], step.end())
        if found is None:
            return self._as_written(step)
        end, after = found
        display, inside = step["bracket"] == "[", self.text[step.end() : end]
        if display:
            alone = _BEFORE_ALONE.search(self.text, max(0, step.start() - 50), step.start())
            alone = alone and _AFTER_ALONE.match(self.text, after)
            formula = is_displayed(inside, alone=alone is not None) and not self.text.startswith("(", after)
        else:
            formula = is_between_brackets(inside)
        if not formula or self._holds_code(step.end(), end):
            return self._as_written(step)
        self._formula("$$" if display else "$", inside, after)
        return after

    def _environment(self, step: re.Match[str]) -> int:
        found = self._words.end_of_mathematics(step[0], step.end())
        if found is None:
            return self._as_written(step)
        formula = self.text[step.start() : found[1]]
        self._show(in_a_cell(formula) if self.in_cell else formula)
        return found[1]

    def _dollars(self, step: re.Match[str]) -> int:
        start = step.start()
        if step[0] == "$$":
            double = TWO_DOLLARS.match(self.text, start)
            if double and is_formula(double[1]) and not self._holds_code(start, double.end()):
                self._as_it_is("$$", double)
                return double.end()
        elif single := DOLLARS.match(self.text, start):
            formula = is_between_dollars(self.text, start, single.end(), single[1])
            if formula and not self._holds_code(start, single.end()):
                self._as_it_is("$", single)
                return single.end()
        elif (spaced := SPACED_DOLLARS.match(self.text, start)) and is_clearly_formula(spaced[1]):
            self._formula("$", spaced[1], spaced.end())
            return spaced.end()
        self._show(marks.DOLLAR * len(step[0]))
        return step.end()

    def _holds_code(self, start: int, end: int) -> bool:
        return "`" in self.text and self._code_between.begin_between(start, end)

    def _as_it_is(self, dollars: str, found: re.Match[str]) -> None:
        """A formula between dollars: as it was written, but in a cell without bars."""
        if self.in_cell and "|" in found[1]:
            self._formula(dollars, found[1], found.end())
        else:
            self._mathematics(found[0], found.end())

    def _formula(self, dollars: str, inside: str, after: int) -> None:
        formula = on_one_line(inside, quoted=self.quoted).strip()
        self._mathematics(f"{dollars}{in_a_cell(formula) if self.in_cell else formula}{dollars}", after)

    def _mathematics(self, formula: str, after: int) -> None:
        """The formula, kept apart from letters, digits and code: beside them some front ends see only dollars."""
        before = next((piece[-1] for piece in reversed(self.shown) if piece), " ")
        # A line that begins with a display and goes on is one that VS Code takes for the beginning of a longer one.
        goes_on = before.isspace() and formula.startswith("$$") and not _AFTER_ALONE.match(self.text, after)
        if goes_on or _WORD.match(before):
            self._show(marks.APART)
        self._show(formula)
        if _WORD_OR_CODE.match(self.text, after):
            self._show(marks.APART)

    def _escape(self, step: re.Match[str]) -> int:
        if step[0] == "\\$":  # a front end looks for mathematics in the finished page too, which has no escapes
            self._show(marks.DOLLAR)
            return step.end()
        return self._as_written(step)

    def _entity(self, step: re.Match[str]) -> int:
        self._show(marks.DOLLAR)
        return step.end()

    # Links and addresses

    @cached_property
    def _links(self) -> dict[int, int]:
        return links(self.text)

    @cached_property
    def _link_ends(self) -> set[int]:
        return set(self._links.values())

    def _image(self, step: re.Match[str]) -> int:
        picture = PICTURE.match(self.text, step.start())
        self._show(picture[0] if picture else step[0][0])
        return picture.end() if picture else step.start() + 1

    def _link(self, step: re.Match[str]) -> int:
        at = step.start()
        if step[0] == "[":
            if at in self._links:
                self.scopes.append(at + 1)
        elif at in self._link_ends and len(self.scopes) > 1:
            self.scopes.pop()
            target = TARGET.match(self.text, at)
            if target:
                self._show(target[0])
                return target.end()
        return self._as_written(step)

    def _address(self, step: re.Match[str]) -> int:
        start = step.start()
        if step[0] == "://":
            scheme = _SCHEME.search(self.text, max(0, start - 6), start)
            if scheme is None:
                return self._as_written(step)
            start = scheme.start()
        end = end_of_address(self.text, start, step.end())
        goes_on = host_goes_on(self.text, step.end(), end)
        if goes_on == ":" or not is_openable(self.text[start:end]):
            # A front end would take it for the name of a file.
            self._show(step[0][:-3] + marks.APART + step[0][-3:])
            return step.end()
        return self._until(step.start(), end, apart=bool(goes_on))

    def _mail(self, step: re.Match[str]) -> int:
        return self._until(step.start(), step.end())

    def _until(self, start: int, end: int, *, apart: bool = False) -> int:
        """The rest of an address, up to its end."""
        self._show(self.text[start:end])
        if len(self.scopes) == 1 and (apart or runs_on(self.text, start, end)):
            self._show(marks.APART)
        return end

    # The rest

    def _break(self, step: re.Match[str]) -> int:
        self._show(marks.BREAK)
        return step.end()

    def _alone(self, step: re.Match[str]) -> int:
        """A line break on a line of its own, which would begin a block of HTML."""
        self._show(f"{step[0].partition('<')[0]}{marks.APART}{marks.BREAK}")
        return step.end()

    def _dunder(self, step: re.Match[str]) -> int:
        if step["python"] not in DUNDERS:
            return self._as_delimiter(step.start(), step.start() + 2)
        self._show(step[0].replace("__", r"\_\_"))
        return step.end()

    def _delimiter(self, step: re.Match[str]) -> int:
        return self._as_delimiter(step.start(), step.end())

    def _as_delimiter(self, start: int, end: int) -> int:
        began = self.length
        self._show(self.text[start:end])
        self.delimiters.append(Delimiter(self.text[start], began, self.length, self.scopes[-1]))
        return end


def _without_bars(span: str) -> str:
    """Code in a cell, as HTML without bars: renderers differ about what an escaped one in code is."""
    code = code_in(span).replace("\\|", "|")
    return f"{marks.CODE}{marks.BACKSLASH.join(map(as_entities, code.split(chr(92))))}{marks.END_CODE}"
