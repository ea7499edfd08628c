"""Which dollars and brackets in a text are mathematics.

The rule for dollars is pandoc's: mathematics begins before and ends after something that is no space, and no digit
follows it. Prices, variables of a shell, cells of a spreadsheet and plain words are none.
"""

from __future__ import annotations

import re

from .emphasis import CJK

#: A formula between dollars, on its own: what closes it comes before anything else that could.
DOLLARS = re.compile(r"\$(?=[^\s$])((?:[^$\\]|\\.)*?)(?<!\s)\$(?![\d$])", re.DOTALL)
SPACED_DOLLARS = re.compile(r"\$[ \t]{1,9}([^\s$](?:[^$\\\n]|\\.){0,300}?)[ \t]{1,9}\$(?![\d$])")
TWO_DOLLARS = re.compile(r"\$\$(?!\$)((?:[^$\\]|\\.)+?)\$\$(?!\$)", re.DOTALL)

#: A bar of a formula that ends no cell.
BAR = "\\vert{}"

_TEX = re.compile(r"\\[A-Za-z{}|,;! ]|[\^_={}]")
_WORD = re.compile(r"[A-Za-z]{2,}")
#: What can stand in a formula without any command: letters one by one, numbers, operators.
_TERMS = re.compile(
    r"(?:(?<![A-Za-z])[A-Za-z](?![A-Za-z])|[\d\s.,+\-*/<>()\[\]|!':=^_{}]|[\u0370-\u03ff\u2200-\u22ff±×÷·])+"
)
_SENTENCE = re.compile(r"\s*[a-z]{2,}\s*|\s*(?=.*\b[a-z]{3})[A-Za-z]+(?:,?\s+[A-Za-z]+)+[.,]?\s*")
#: Names that mathematics writes out.
_FUNCTION = re.compile(
    r"\b(?:arc)?(?:sin|cos|tan)h?\b|\b(?:cot|sec|csc|log|ln|lg|exp|max|min|sup|inf|lim|arg|det|dim|ker|gcd|mod|deg)\b"
)
_PUNCTUATION = "、，。；：！？“”‘’《》"
#: Between variables of a shell, a full-width mark is punctuation of the sentence; so it is beside a formula.
_NOT_MATHEMATICS = re.compile(rf"{CJK.pattern}|[{_PUNCTUATION}]")
_OUTSIDE = re.compile(rf"\A\s*[{_PUNCTUATION}]|[{_PUNCTUATION}]\s*\Z")
_CURRENCY = re.compile("[¥￥€£]")
_PRICE = re.compile(r"\d.*(?:\s[A-Za-z]{2}|[A-Za-z]{2,}\s)", re.DOTALL)
_UNFINISHED = re.compile(r"[-+*/:;,<>(&|]\Z")
_OF_A_NAME = re.compile(rf"\s|{CJK.pattern}|{_UNFINISHED.pattern}")
_AFTER_A_PRICE = re.compile(r"(?![\\({\[|])[\W_]")
_CERTAIN = re.compile(r"\\[A-Za-z]|[\^=]")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%.*")
_NUMBERS = re.compile(r"[\d\s,，、–-]*|[xX√✓]|ref_\d+")


def is_between_dollars(text: str, start: int, end: int, inside: str) -> bool:
    """Whether what stands `inside` the dollars of text[start:end] is a formula."""
    before, after = text[start - 1 : start], text[end : end + 1]
    bars = inside[0] == "|" and inside.count("|") % 2 == 0 and not before.isascii()
    if before.isalnum() and inside[0] in "|/" and not bars:
        return False  # ^a$|^b$; but 和$|a|$
    if before.isdigit() and _AFTER_A_PRICE.match(inside):
        return False  # 5$, or 6$
    if re.match(r"[A-Za-z_{]", after) and _OF_A_NAME.search(inside):
        return False  # $HOME/$USER
    return is_formula(inside)


def is_formula(inside: str) -> bool:
    """Whether this can be mathematics, and is not just words or a price."""
    if not inside.strip() or _CURRENCY.search(inside):
        return False
    if _TEX.search(inside) and not _OUTSIDE.search(inside):
        return True
    words = _FUNCTION.sub("", inside)
    return not (_NOT_MATHEMATICS.search(inside) or _PRICE.match(inside) or _SENTENCE.fullmatch(words))


def is_clearly_formula(inside: str) -> bool:
    """Whether this is certainly mathematics."""
    if re.search(r"\\[A-Za-z]|\^", inside):
        return True
    finished = not _UNFINISHED.search(inside) and re.search(r"[^\W\d_]", inside)
    return bool(finished and _TERMS.fullmatch(inside))


def is_between_brackets(inside: str) -> bool:
    """Whether what stands between `\\(` and `\\)` is a formula, rather than words in escaped brackets."""
    return "$" not in re.sub(r"\\.", "", inside) and is_formula(inside)


def is_displayed(inside: str, *, alone: bool) -> bool:
    """Whether what stands between `\\[` and `\\]` is a formula, rather than an escaped `[1]`, `[x]` or `[TODO]`."""
    if not is_between_brackets(inside):
        return False
    return alone or not (_NUMBERS.fullmatch(inside) or _WORD.fullmatch(inside.strip()))


def is_begun_after_words(inside: str) -> bool:
    """Whether lines between two dollars and two dollars, the first of them after words, are a formula.

    They are not where the dollars rate something: `- A: $$`, `- B: $$`.
    """
    bare = without_comments(inside)
    if "`" in bare or "$" in re.sub(r"\\.", "", bare) or not is_formula(bare):
        return False
    first, *_, last = bare.split("\n")
    return not (first.strip() or last.strip()) or _CERTAIN.search(bare) is not None


def in_a_cell(formula: str) -> str:
    """The formula without bars, which would end the cell.

    There `\\|` is how a table has a bar, and also how TeX has a norm: it is a norm where two of them go around
    something, and a bar where it stands alone, or apart from the next by a bracket.
    """
    parts = re.split(r"\\\|", formula)
    shown = parts[0]
    opened = False
    for number, part in enumerate(parts[1:], 1):
        closes, opened = opened, not opened and number + 1 < len(parts) and _is_balanced(part)
        shown += ("\\Vert{}" if closes or opened else BAR) + part
    return shown.replace("|", BAR)


def _is_balanced(formula: str) -> bool:
    """Whether it has no bracket without its partner."""
    depth = 0
    for bracket in re.findall(r"[()\[\]{}]", formula):
        depth += 1 if bracket in "([{" else -1
        if depth < 0:
            return False
    return depth == 0


def without_comments(formula: str) -> str:
    """The formula without what TeX takes for comments."""
    return _COMMENT.sub(r"\1", formula)


def on_one_line(formula: str, *, quoted: bool = False) -> str:
    """The formula without line ends and comments, so that no line of it begins a list or ends a paragraph."""
    lines = formula.split("\n")
    if quoted:
        lines = [lines[0], *(re.sub(r"^[ \t]*(?:>[ \t]?)+", "", line) for line in lines[1:])]
    return " ".join(filter(None, (without_comments(line).strip() for line in lines)))
