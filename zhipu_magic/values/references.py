"""A prompt as it is sent: its references resolved, and its images in order.

A reference is `{{ name }}`, with attributes, items and slices, and perhaps a budget: `{{ df.columns | 500 }}`. Code,
mathematics and everything else between braces is left as it stands, and so are the values: nothing is expanded twice.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ..text.characters import shortened
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.notice import Notice
from ..text.suggestions import nearest
from .braces import Found, between_braces

if TYPE_CHECKING:
    from .images.from_value import Image

_BUDGET = re.compile(r"\s*(\d[\d_,]*)\s*")
#: Of a reference: its characters, and the names and items in it. Of a budget: tokens, more than any context holds.
_LONGEST, _MOST_PARTS, _LARGEST_BUDGET = 1_000, 200, 10_000_000
#: In one text: references, and notes about those that look like one.
_MOST_REFERENCES, _MOST_NOTES = 1_000, 10
_ALLOWED = (ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.UnaryOp, ast.USub, ast.Tuple, ast.List)
_CONTEXTS = (ast.Load, ast.Expression)


@dataclass(frozen=True)
class Prompt:
    """What is sent of a text as it was `written`. `notes` are what the user should know of it."""

    text: str
    written: str = ""
    images: tuple[Image, ...] = ()
    notes: tuple[str, ...] = ()


def resolved(text: str, names: Mapping[str, Any] | None, tokens: int, images: Any = ()) -> Prompt:
    """The text with its references resolved, each value within so many `tokens`, and with `images` after its own.

    `images` is one picture or several. Without `names` there are no references. Raises InvalidRequest, with the line,
    for a reference that cannot be resolved, and for an image that is not one.
    """
    page = _Page(names, tokens)
    sent = page.expanded(text) if names is not None and "{{" in text else text
    if not (isinstance(images, (list, tuple)) and not images):
        from .images.from_value import image_of

        more = images if isinstance(images, (list, tuple)) else [images]
        shown = {image.sha256 for image in page.images}
        page.images += [image for image in map(image_of, more) if image.sha256 not in shown]
    return Prompt(sent, "" if sent == text else text, tuple(page.images), tuple(page.first_notes()))


def has_references(text: str) -> bool:
    """Whether anything in the text would be resolved."""
    return "{{" in text and any(_expression(found.inside) for found in between_braces(text))


def value_of(expression: str, names: Mapping[str, Any]) -> Any:
    """The value of what stands between the braces. Raises InvalidRequest if it is not a reference, or has none."""
    tree = _expression(expression)
    if tree is None:
        raise InvalidRequest(
            "{expression} is not a name, nor an attribute or item of one.",
            reason="reference.not_a_name",
            expression=expression,
        )
    return _value(tree, names)


def is_name(expression: str, names: Mapping[str, Any]) -> bool:
    """Whether the expression begins with one of these names."""
    tree = _expression(expression)
    return tree is not None and _root(tree) in names


class _Reference(NamedTuple):
    """A value that is to be shown within so many tokens."""

    wanted: str
    tokens: int
    tree: ast.expr
    place: Found


@dataclass
class _Page:
    """What is collected while a text is expanded."""

    names: Mapping[str, Any] | None
    tokens: int
    images: list[Image] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    below: dict[str, str] = field(default_factory=dict)

    def expanded(self, text: str) -> str:
        references = list(self._references(text))
        if len(references) > _MOST_REFERENCES:
            raise InvalidRequest(
                "The text has {count:,} references; at most {most:,} are allowed.",
                hint="Put the values into one, such as a list or a table.",
                reason="references.too_many",
                outcomes=[NOTHING_SENT],
                count=len(references),
                most=_MOST_REFERENCES,
            )
        # What goes below the text stands there once, with the largest budget of its mentions.
        room: dict[str, int] = {}
        for one in references:
            room[one.wanted] = max(one.tokens, room.get(one.wanted, 0))
        pieces, end, line = list[str](), 0, 1
        for one in references:
            line += text.count("\n", end, one.place.start)
            try:
                shown = self._shown(one, room[one.wanted], alone=_is_alone(text, one.place))
            except InvalidRequest as error:
                error.context.insert(0, Notice("Line {line}:", reason="reference.line", line=line))
                raise
            pieces += [text[end : one.place.start], shown]
            end = one.place.end
        expanded = "".join([*pieces, text[end:]])
        below = "\n\n".join(self.below.values())
        return f"{expanded.rstrip()}\n\n{below}" if below else expanded

    def first_notes(self) -> list[str]:
        """The notes, each once, and only the first of many."""
        notes = list(dict.fromkeys(self.notes))
        more = len(notes) - _MOST_NOTES
        return (
            notes
            if more <= 0
            else [*notes[:_MOST_NOTES], Notice("So were {count:,} more.", reason="reference.more_sent", count=more)]
        )

    def _references(self, text: str) -> Iterator[_Reference]:
        for place in between_braces(text):
            wanted, tokens = _with_budget(place.inside, self.tokens)
            tree = _expression(wanted)
            if tree is not None:
                yield _Reference(wanted, tokens, tree, place)
            elif _names_a_value(wanted, self.names or {}):
                written = shortened(text[place.start : place.end], 100)
                self.notes.append(
                    Notice(
                        "{written} was sent as it stands: a reference is a name, with attributes, items and slices, "
                        "and no calls.",
                        hint="Give the value a name first.",
                        reason="reference.sent_as_it_stands",
                        written=written,
                    )
                )

    def _shown(self, reference: _Reference, room: int, *, alone: bool) -> str:
        """What stands in the place of the reference.

        A value of several lines goes below the text, within `room` tokens, unless its reference has a line for itself
        (`alone`).
        """
        from .rendering.renderers import rendered

        wanted, tokens = reference.wanted, reference.tokens
        if tokens > _LARGEST_BUDGET:
            raise InvalidRequest(
                "The budget of {{{{ {reference} }}}} is too large.",
                hint="It is a number of tokens, at most {most:,}.",
                reason="reference.budget",
                outcomes=[NOTHING_SENT],
                reference=wanted,
                most=_LARGEST_BUDGET,
            )
        value = _value(reference.tree, self.names or {})
        try:
            shown = rendered(value, tokens if alone else room)
        except InvalidRequest as error:
            error.context.append(
                Notice("{{{{ {reference} }}}} cannot be shown.", reason="reference.not_shown", reference=wanted)
            )
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


def _with_budget(inside: str, tokens: int) -> tuple[str, int]:
    wanted, bar, budget = inside.rpartition("|")
    match = _BUDGET.fullmatch(budget) if bar else None
    if match is None:
        return inside, tokens
    digits = re.sub("[_,]", "", match[1])
    return wanted.rstrip(), int(digits) if len(digits) <= len(str(_LARGEST_BUDGET)) else _LARGEST_BUDGET + 1


def _expression(inside: str) -> ast.expr | None:
    """The reference, parsed; None if it is not one."""
    inside = _with_budget(inside, 0)[0]
    if len(inside) > _LONGEST:
        return None
    try:
        tree = ast.parse(inside.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    nodes = list(islice(ast.walk(tree), _MOST_PARTS + 1))
    if len(nodes) > _MOST_PARTS or not all(isinstance(node, (*_ALLOWED, *_CONTEXTS)) for node in nodes):
        return None
    return tree if _root(tree) else None


def _names_a_value(inside: str, names: Mapping[str, Any]) -> bool:
    """Whether it is an expression with one of these names: more than a reference can be, but perhaps meant as one."""
    if len(inside) > _LONGEST:
        begun = re.match(r"\s*([^\W\d]\w*)", inside)
        return begun is not None and begun[1] in names
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


def _value(tree: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(tree, ast.Name):
        if tree.id not in names:
            raise _undefined(tree.id, names)
        return names[tree.id]
    if isinstance(tree, ast.Attribute):
        value = _value(tree.value, names)
        if isinstance(value, Mapping) and tree.attr in value and not hasattr(type(value), tree.attr):
            raise InvalidRequest(
                "{{{{ {reference} }}}} has no value: {key} is a key.",
                hint='Write {owner}["{key}"]. ' + _AS_THEY_STAND,
                reason="reference.key",
                outcomes=[NOTHING_SENT],
                reference=ast.unparse(tree),
                owner=ast.unparse(tree.value),
                key=tree.attr,
            )
        return _tried(lambda: getattr(value, tree.attr), tree, lambda: dir(value), tree.attr)
    if isinstance(tree, ast.Subscript):
        value, item = _value(tree.value, names), _value(tree.slice, names)
        return _tried(lambda: value[item], tree, lambda: map(str, value), str(item))
    if isinstance(tree, ast.Slice):
        return slice(*(part and _value(part, names) for part in (tree.lower, tree.upper, tree.step)))
    if isinstance(tree, ast.Tuple):
        return tuple(_value(item, names) for item in tree.elts)
    if isinstance(tree, ast.List):
        return [_value(item, names) for item in tree.elts]
    if isinstance(tree, ast.UnaryOp):
        value = _value(tree.operand, names)
        return _tried(lambda: -value, tree)
    assert isinstance(tree, ast.Constant)
    return tree.value


def _tried(
    look: Callable[[], Any], tree: ast.expr, others: Callable[[], Iterable[str]] = list, wanted: str = ""
) -> Any:
    """What a look at the user's own value gives, whose errors are theirs too."""
    try:
        return look()
    except Exception as error:
        try:
            near = nearest(wanted, others())
        except Exception:  # a value that cannot be looked through has no near names
            near = ""
        raise InvalidRequest(
            "{{{{ {reference} }}}} has no value ({error}).",
            hint=_AS_THEY_STAND,
            reason="reference.no_value",
            outcomes=[NOTHING_SENT],
            near=near,
            reference=ast.unparse(tree),
            error=f"{type(error).__name__}: {error}".removesuffix(": "),
        ) from None


_AS_THEY_STAND = "Without names, braces are sent as they stand."


def _undefined(name: str, names: Mapping[str, Any]) -> InvalidRequest:
    if name == "error":
        return InvalidRequest(
            "There has been no exception yet for {{ error }} to show.", reason="reference.no_exception"
        )
    near = nearest(name, (known for known in names if not known.startswith("_")))
    return InvalidRequest(
        "There is no value named {name}.",
        hint=_AS_THEY_STAND,
        reason="reference.undefined",
        outcomes=[NOTHING_SENT],
        near=near,
        name=name,
    )


def _is_alone(text: str, place: Found) -> bool:
    """Whether the reference has a line for itself."""
    before, after = place.start - 1, place.end
    while before >= 0 and text[before] != "\n" and text[before].isspace():
        before -= 1
    while after < len(text) and text[after] != "\n" and text[after].isspace():
        after += 1
    return (before < 0 or text[before] == "\n") and (after == len(text) or text[after] == "\n")
