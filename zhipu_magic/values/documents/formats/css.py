"""The rules of a page's own style sheets, as far as they say what is seen: a small reader of CSS.

Rules for print, for narrow windows and for what a mouse does are left out; other conditions are taken to hold. Nothing
is fetched: sheets elsewhere are not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

#: Characters of a sheet, rules in it, blocks within blocks, characters of a value, and selectors of a rule.
_LONGEST: Final = 2_000_000
_MOST_RULES: Final = 20_000
_DEEPEST: Final = 8
_LONGEST_VALUE: Final = 300
_MOST_SELECTORS: Final = 200

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_PIECE: Final = re.compile(r"""[{};]|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|\([^()]*\)?|[^{};"'(]+""", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_ELSEWHERE: Final = re.compile(r"\b(?:print|speech)\b|max-width\s*:\s*\d{1,3}(?:\.\d+)?px|max-width\s*:\s*\d{1,2}r?em")
_NEVER: Final = re.compile(r"::|:(?:before|after|hover|focus|active|visited|target|first-line|first-letter|checked)\b")
_VARIABLE: Final = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,([^()]*))?\)")
_COUNTS: Final = tuple(map(re.compile, (r"#[\w-]+", r"\.[\w-]+|\[[^\]]*\]|:[\w-]+", r"(?:^|[\s>+~])[A-Za-z][\w-]*")))

#: How much a declaration weighs against others: important, inline, and the counts of its selector.
Weight = tuple[bool, bool, int, int, int]


class Declaration(NamedTuple):
    """A property and its value, in lower case, and whether it is important."""

    name: str
    value: str
    important: bool = False


class Rule(NamedTuple):
    """A selector of one kind of element, and what is declared for it."""

    selector: str
    declarations: list[Declaration]

    @property
    def weight(self) -> tuple[int, int, int]:
        """How specific the selector is."""
        ids, classes, names = (len(pattern.findall(self.selector)) for pattern in _COUNTS)
        return ids, classes, names


def rules_of(sheet: str) -> list[Rule]:
    """The rules of a style sheet, in their order."""
    found: list[Rule] = []
    pieces = iter(_PIECE.findall(_COMMENT.sub(" ", sheet[:_LONGEST])))
    _block(pieces, _Block([""], found, 0))
    return found[:_MOST_RULES]


def declarations_of(text: str) -> list[Declaration]:
    """The declarations of a `style` attribute, or of a part of a block."""
    found = []
    for one in _COMMENT.sub(" ", text).split(";"):
        name, colon, value = one.partition(":")
        if colon:
            value = _unescaped(value).strip().lower()[:_LONGEST_VALUE]
            bare = re.sub(r"\s*!\s*important$", "", value)
            found.append(Declaration(_unescaped(name).strip().lower(), bare, bare != value))
    return found


def resolved(value: str, variables: dict[str, str]) -> str:
    """The value with the page's variables in it."""
    for _ in range(3):
        if "var(" not in value:
            break
        value = _VARIABLE.sub(lambda found: variables.get(found[1], found[2] or ""), value)[:1_000]
    return value.strip()


class _Block(NamedTuple):
    """A block: the selectors that it is for, where its rules go, and how deep it is within others."""

    selectors: list[str]
    found: list[Rule]
    depth: int


def _block(pieces: Iterator[str], block: _Block) -> None:
    """Read a block to its end."""
    text, own = list[str](), list[Declaration]()
    for piece in pieces:
        if piece == "{":
            _begun("".join(text).strip(), pieces, block)
            text = []
        elif piece in (";", "}"):
            own += declarations_of("".join(text))
            text = []
            if piece == "}":
                break
        else:
            text.append(piece)
    own += declarations_of("".join(text))
    if own and len(block.found) < _MOST_RULES:
        block.found.extend(Rule(selector, own) for selector in block.selectors if selector)


def _begun(head: str, pieces: Iterator[str], block: _Block) -> None:
    """Read the block that has this head."""
    selectors, depth = block.selectors, block.depth + 1
    if depth > _DEEPEST or len(block.found) >= _MOST_RULES:
        _skip(pieces)
    elif not head.startswith("@"):
        own = [one.strip() for one in re.split(r",(?![^(\[]*[)\]])", head) if one.strip()]
        nested = [_nested(parent, one) for parent in selectors for one in own if not _NEVER.search(one)]
        _block(pieces, _Block(nested[:_MOST_SELECTORS], block.found, depth))
    elif re.match(r"@(?:media|supports|layer|container|scope|starting-style)\b", head) and not _ELSEWHERE.search(head):
        _block(pieces, _Block(selectors, block.found, depth))
    else:
        _skip(pieces)


def _nested(parent: str, selector: str) -> str:
    if "&" in selector:
        return selector.replace("&", parent or ":root")
    return f"{parent} {selector}".strip()


def _skip(pieces: Iterator[str]) -> None:
    depth = 1
    for piece in pieces:
        depth += {"{": 1, "}": -1}.get(piece, 0)
        if not depth:
            return


def _unescaped(text: str) -> str:
    def letter(found: re.Match[str]) -> str:
        number = int(found[1], 16) if found[1] else 0
        return (chr(number) if 0 < number < 0x110000 else "") if found[1] else found[2]

    return _ESCAPE.sub(letter, text) if "\\" in text else text
