"""A cell's text as it is sent: its references resolved, and its images in order.

A reference is `{{ name }}`, with attributes, items and slices, and perhaps a budget: `{{ df.columns | 500 }}`. Code,
mathematics and everything else between braces is left as it stands, and so are the values: nothing is expanded twice.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from .errors import InvalidRequest

if TYPE_CHECKING:
    from .images import Image

_BRACES = re.compile(r"(?<!\{)\{\{(?!\{)[ \t]*([^{}\n]+?)[ \t]*\}\}")
_BUDGET = re.compile(r"(.*?)\s*\|\s*(\d[\d_,]*)", re.DOTALL)
_MATHEMATICS = re.compile(
    r"""
      \$\$ .+? \$\$
    | \\\( .+? \\\) | \\\[ .+? \\\]
    | \\begin\{ (?P<name>[A-Za-z]+\*?) \} .+? \\end\{ (?P=name) \}
    | (?<![\\$]) \$ (?! \s | \{\{ ) (?: [^$\n\\] | \\. )+? (?<! \s ) \$ (?!\d)  # pandoc's rule: $5 and $6 are prices
    | \\[A-Za-z]+\*? (?: \[[^\]\n]*\] )* (?: \{\{ [^{}\n]* \}\} | \{ [^{}\n]* \} )+
    | [\^_] \{\{ [^{}\n]* \}\}
    """,
    re.VERBOSE | re.DOTALL,
)
_ALLOWED = (ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.UnaryOp, ast.USub, ast.Tuple, ast.List)
_CONTEXTS = (ast.Load, ast.Expression)


@dataclass(frozen=True)
class Prompt:
    """What is sent of a text as it was `written`. `notes` are what the reader should know of it."""

    text: str
    written: str = ""
    images: tuple[Image, ...] = ()
    notes: tuple[str, ...] = ()


def resolved(text: str, names: Mapping[str, Any] | None, tokens: int, images: Any = ()) -> Prompt:
    """The text with its references resolved, each value within so many `tokens`, and with `images` after its own.

    `images` are pictures, or one. Without `names` there are no references. Raises InvalidRequest, with the line, for
    one that cannot be resolved, and for an image that is none.
    """
    page = _Page(names, tokens)
    sent = page.expanded(text) if names is not None and "{{" in text else text
    if not (isinstance(images, (list, tuple)) and not images):
        from .images import image_of

        more = images if isinstance(images, (list, tuple)) else [images]
        shown = {image.sha256 for image in page.images}
        page.images += [image for image in map(image_of, more) if image.sha256 not in shown]
    return Prompt(sent, "" if sent == text else text, tuple(page.images), tuple(dict.fromkeys(page.notes)))


def has_references(text: str) -> bool:
    """Whether anything in the text would be resolved."""
    return "{{" in text and any(_expression(match[1]) for match in _outside_code(text))


def value_of(expression: str, names: Mapping[str, Any]) -> Any:
    """The value of what stands between the braces. Raises InvalidRequest for what is no reference, or has no value."""
    tree = _expression(expression)
    if tree is None:
        raise InvalidRequest(f"{expression} is not a name, with attributes and items perhaps.")
    return _value(tree, names, "")


def is_name(expression: str, names: Mapping[str, Any]) -> bool:
    """Whether it begins with one of these names."""
    tree = _expression(expression)
    return tree is not None and _root(tree) in names


@dataclass
class _Page:
    """What comes together while a text is expanded."""

    names: Mapping[str, Any] | None
    tokens: int
    images: list[Image] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    below: dict[str, str] = field(default_factory=dict)

    def expanded(self, text: str) -> str:
        pieces, end = [], 0
        found = list(_outside_code(text))
        # What goes below the text stands there once, with the room of its longest mention.
        room: dict[str, int] = {}
        for wanted, tokens in (_with_budget(match[1], self.tokens) for match in found):
            room[wanted] = max(tokens, room.get(wanted, 0))
        for match in found:
            wanted, tokens = _with_budget(match[1], self.tokens)
            tree = _expression(wanted)
            if tree is None:
                if _names_a_value(wanted, self.names or {}):
                    self.notes.append(
                        f"{match[0]} was sent as it stands: a reference is a name, with attributes, items and slices, "
                        "and no calls. Give the value a name first."
                    )
                continue
            line = text.count("\n", 0, match.start()) + 1
            value = _value(tree, self.names or {}, f"Line {line}: ")
            alone = _is_alone(text, match)
            tokens = tokens if alone else room[wanted]
            pieces += [text[end : match.start()], self._shown(wanted, value, tokens, f"Line {line}: ", alone)]
            end = match.end()
        expanded = "".join([*pieces, text[end:]])
        below = "\n\n".join(self.below.values())
        return f"{expanded.rstrip()}\n\n{below}" if below else expanded

    def _shown(self, wanted: str, value: Any, tokens: int, where: str, alone: bool) -> str:
        """What stands in the place of the reference.

        A value of several lines goes below the text, unless its reference has a line for itself (`alone`).
        """
        from .rendering import rendered

        try:
            shown = rendered(value, tokens)
        except InvalidRequest as error:
            error.message = f"{where}{{{{ {wanted} }}}} cannot be shown. {error.message}"
            error.args = (error.message,)
            raise
        if shown.images:
            numbers = range(len(self.images) + 1, len(self.images) + len(shown.images) + 1)
            self.images += shown.images
            marks = " ".join(f"[image {number}: {wanted}]" for number in numbers)
            return f"{marks}\n{shown.text}" if shown.text else marks
        if not shown.block or alone:
            return shown.text
        self.below[wanted] = f"`{wanted}`:\n\n{shown.text}"
        return f"`{wanted}`"


def _outside_code(text: str) -> Iterator[re.Match[str]]:
    """What stands between two braces, neither in code nor in mathematics."""
    from .markdown_code import code_regions

    code = code_regions(text)
    apart = [*code, *_outside(code, (match.span() for match in _MATHEMATICS.finditer(text)))]
    for match in _BRACES.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in apart):
            yield match


def _outside(regions: Sequence[tuple[int, int]], others: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, end in others:
        if not any(begun <= start < ended for begun, ended in regions):
            yield start, end


def _with_budget(inside: str, tokens: int) -> tuple[str, int]:
    match = _BUDGET.fullmatch(inside)
    return (match[1], int(re.sub("[_,]", "", match[2]))) if match else (inside, tokens)


def _expression(inside: str) -> ast.expr | None:
    """The reference, parsed; None for what is none."""
    inside = _with_budget(inside, 0)[0]
    try:
        tree = ast.parse(inside.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not all(isinstance(node, (*_ALLOWED, *_CONTEXTS)) for node in ast.walk(tree)):
        return None
    return tree if _root(tree) else None


def _names_a_value(inside: str, names: Mapping[str, Any]) -> bool:
    """Whether it is an expression with one of these names: more than a reference can be, and meant as one perhaps."""
    try:
        tree = ast.parse(inside.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(tree))


def _root(tree: ast.expr) -> str:
    """The name that it begins with."""
    while isinstance(tree, (ast.Attribute, ast.Subscript)):
        tree = tree.value
    return tree.id if isinstance(tree, ast.Name) else ""


def _value(tree: ast.expr, names: Mapping[str, Any], where: str) -> Any:
    if isinstance(tree, ast.Name):
        if tree.id not in names:
            raise _undefined(tree.id, names, where)
        return names[tree.id]
    if isinstance(tree, ast.Attribute):
        value = _value(tree.value, names, where)
        if isinstance(value, Mapping) and tree.attr in value and not hasattr(type(value), tree.attr):
            raise InvalidRequest(
                f"{where}{{{{ {ast.unparse(tree)} }}}} has no value: {tree.attr} is a key.",
                hint=f'{ast.unparse(tree.value)}["{tree.attr}"] takes it. {_NOTHING_SENT}',
            )
        return _tried(lambda: getattr(value, tree.attr), tree, where, lambda: dir(value), tree.attr)
    if isinstance(tree, ast.Subscript):
        value, item = _value(tree.value, names, where), _value(tree.slice, names, where)
        return _tried(lambda: value[item], tree, where, lambda: [str(key) for key in value], str(item))
    if isinstance(tree, ast.Slice):
        return slice(*(part and _value(part, names, where) for part in (tree.lower, tree.upper, tree.step)))
    if isinstance(tree, ast.Tuple):
        return tuple(_value(item, names, where) for item in tree.elts)
    if isinstance(tree, ast.List):
        return [_value(item, names, where) for item in tree.elts]
    if isinstance(tree, ast.UnaryOp):
        value = _value(tree.operand, names, where)
        return _tried(lambda: -value, tree, where)
    assert isinstance(tree, ast.Constant)
    return tree.value


def _tried(
    look: Callable[[], Any], tree: ast.expr, where: str, others: Callable[[], list[str]] = list, wanted: str = ""
) -> Any:
    """What a look at the reader's own value gives, whose errors are theirs too."""
    try:
        return look()
    except Exception as error:
        try:
            near = get_close_matches(wanted, others()[:1_000], n=1)
        except Exception:  # a value that cannot be looked through has no near names
            near = []
        meant = f" Did you mean {near[0]}?" if near else ""
        said = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise InvalidRequest(
            f"{where}{{{{ {ast.unparse(tree)} }}}} has no value ({said}).{meant}", hint=_NOTHING_SENT
        ) from None


_NOTHING_SENT = "Nothing was sent. --raw (in Python: no names) sends braces as they stand."


def _undefined(name: str, names: Mapping[str, Any], where: str) -> InvalidRequest:
    if name == "error":
        return InvalidRequest(f"{where}there has been no exception yet that {{{{ error }}}} could tell of.")
    near = get_close_matches(name, [known for known in names if not known.startswith("_")], n=1, cutoff=0.5)
    meant = f" Did you mean {near[0]}?" if near else ""
    said = f"{where}there is no value named {name}.{meant}"
    return InvalidRequest(said[0].upper() + said[1:], hint=_NOTHING_SENT)


def _is_alone(text: str, match: re.Match[str]) -> bool:
    """Whether the reference has a line for itself."""
    before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    after = text[match.end() :].split("\n", 1)[0]
    return not before.strip() and not after.strip()
