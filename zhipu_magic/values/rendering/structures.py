"""Containers as JSON: dicts, lists, sets, dataclasses, pydantic models, and the like.

No more is read than there is room for. If not all of it fits, each container shows its first items and each text its
beginning; bisection finds how many fit.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from types import ModuleType
from typing import Any, Final

from ...text.languages.messages import _, for_model, sent
from ...text.languages.numbers import plural
from ...text.left_out import collecting_cuts, note_cut
from ...text.tokens import INLINE, estimate, fenced_within, weight
from ..images.from_value import Image
from .instead import ways_to_read
from .items import Beginning, Mute, brief, key_text
from .pictures import images_of, in_its_place, is_picture
from .records import parts
from .registry import LATE, SaysNothing, add, is_of_a_library, is_ours, render
from .reprs import repr_of
from .scalars import is_plain, text_of

_WIDTH: Final = 100
"""A shorter container goes on one line."""
_DEEPEST: Final = 30
_CHARACTERS_AN_ITEM: Final = 16
"""If containers show n items, texts show this many times n characters."""
_SHORTEST_TEXT: Final = 32
_STEP: Final = 1.2


@render.register(Mapping)
@render.register(Sequence)
@render.register(Set)
def structure(value: Any, tokens: int) -> Any:
    """A container as JSON: on one line if it is short, otherwise in a fence; what does not fit is counted.

    A list or tuple of pictures only becomes those images. Raises SaysNothing for a list in which no item says anything.
    """
    return images_of(value) or as_json(value, tokens)


def as_json(value: Any, tokens: int) -> str:
    """The JSON of a container or a record."""
    shared = _Shared(max(1, 4 * tokens))
    with collecting_cuts():  # of the attempts, which may not be used
        text, left_out = _longest(value, tokens, shared)
    if shared.mute and not shared.says:
        raise _nothing_in(value, *shared.mute[0])
    if left_out:
        note_cut(left_out)
    return text if "\n" not in text and len(text) <= INLINE else fenced_within(text, "json", tokens)


def _nothing_in(value: Any, item: Any, ways: tuple[str, ...]) -> SaysNothing:
    """The error for a container in which no item says anything: it reads as the class of one, over and over."""
    if not isinstance(value, (Mapping, Sequence, Set)):
        return SaysNothing(value, *ways_to_read(value))
    items = "{}.values()" if isinstance(value, Mapping) else "{}"
    return SaysNothing(item, *(f"[{way.replace('{}', 'one')} for one in {items}]" for way in ways[:1]))


def _longest(value: Any, tokens: int, shared: _Shared) -> tuple[str, str]:
    """The JSON with as many items and characters as fit, and what it leaves out."""
    most = shared.most
    sizes = [most]
    while sizes[-1] > 1:
        sizes.append(min(sizes[-1] - 1, int(sizes[-1] / _STEP)))
    made = _made(value, most, tokens, shared)
    if made is None:
        few, many = len(sizes) - 1, 0
        while few - many > 1:
            middle = (few + many) // 2
            found = _made(value, sizes[middle], tokens, shared)
            made, few, many = (made, few, middle) if found is None else (found, middle, many)
    return made or _made(value, 1, tokens, shared, in_any_case=True) or ("", "")


@dataclass
class _Shared:
    """What the attempts share: the texts of values that are not JSON, and sorted sets.

    `says` is whether anything that was read says something; `mute` are the values that do not, with the ways to read
    each.
    """

    most: int
    texts: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    sets: dict[int, tuple[Any, list[Any]]] = field(default_factory=dict)
    mute: list[tuple[Any, tuple[str, ...]]] = field(default_factory=list)
    says: bool = False


@dataclass(frozen=True)
class _Node:
    """A container: the texts of its items, and the whole of it on one `line` if that is short enough."""

    brackets: str
    items: list[tuple[str, str | _Node]]
    """Each with its key and a colon, which are empty in a list."""
    line: str


class _Full(Exception):
    """There is no room for more."""


def _made(value: Any, size: int, tokens: int, shared: _Shared, *, in_any_case: bool = False) -> tuple[str, str] | None:
    """The JSON with at most `size` items for each container, and what it leaves out.

    None if it does not fit, unless `in_any_case`.
    """
    attempt = _Attempt(size, float("inf") if in_any_case else tokens, shared)
    try:
        node = attempt.read(value, ())
    except _Full:
        return None
    text = node if isinstance(node, str) else "\n".join(_lines(node, ""))
    fits = in_any_case or estimate(f"```json\n{text}\n```") <= tokens
    return (text, attempt.left_out) if fits else None


class _Attempt:
    """Reads a value with one limit on the size of its containers."""

    def __init__(self, size: int, tokens: float, shared: _Shared) -> None:
        self._size = size
        self._longest = max(_SHORTEST_TEXT, _CHARACTERS_AN_ITEM * size)
        self._left = tokens
        self._shared = shared
        self._count_left_out = ""
        self._is_shortened = False

    @property
    def left_out(self) -> str:
        """What of the value is sent, where it is not all of it."""
        return self._count_left_out or (_("what is long in it was shortened") if self._is_shortened else "")

    def read(self, value: Any, around: tuple[int, ...]) -> str | _Node:
        """A value as JSON, or as a container; `around` are the ids of the containers around it."""
        if value is None or value is True or value is False:
            return self._spend(json.dumps(value))
        function = render.dispatch(type(value))
        if isinstance(value, str) and is_ours(function):
            return self._spend(self._quoted(str.__str__(value)))
        if isinstance(value, float) and is_ours(function):
            return self._spend(json.dumps(float(value)))
        if type(value) is int:
            text = text_of(value)
            return self._spend(text if text[-1].isdigit() else self._quoted(text))
        if is_picture(value):
            return self._spend(_json(in_its_place()))
        opened = _opened(value, self._shared) if is_ours(function) else None
        if opened is not None and not is_of_a_library(function):
            return self._container(value, opened, around)
        shown = self._remembered(value, lambda: brief(value, function))
        if opened is not None and isinstance(shown, Beginning):
            return self._container(value, opened, around)
        if isinstance(shown, Mute):
            self._shared.mute.append((value, shown.ways))
            return self._spend(self._quoted(shown), says=False)
        if isinstance(shown, Image):
            return self._spend(_json(in_its_place()))
        if isinstance(shown, str) or shown is value or len(around) >= _DEEPEST:
            self._is_shortened = self._is_shortened or isinstance(shown, Beginning)
            return self._spend(self._quoted(shown if isinstance(shown, str) else repr_of(value)))
        return self.read(shown, (*around, id(value)))

    def _container(self, value: Any, opened: _Opened, around: tuple[int, ...]) -> str | _Node:
        brackets, items, count = opened
        if id(value) in around or len(around) >= _DEEPEST:
            what = _("circular reference") if id(value) in around else plural(count, "item")
            return self._spend(self._quoted(f"… ({sent(what)})"))
        within = (*around, id(value))
        read: list[tuple[str, str | _Node]] = []
        for key, item in islice(items, self._size):
            before = "" if brackets == "[]" else self._spend(f"{self._quoted(key_text(key))}: ", says=False)
            read.append((before, self.read(item, within)))
        if count > len(read):
            self._is_shortened = True
            if not around:
                self._count_left_out = _("{items}, {sent:,} sent", items=plural(count, "item"), sent=len(read))
            more = for_model("… and {items}", items=plural(count - len(read), "more item"))
            read.append(("", self._spend(more, says=False)))
        self._spend(brackets, says=not count)
        return _Node(brackets, read, _on_one_line(brackets, read))

    def _quoted(self, text: str) -> str:
        if len(text) > self._longest:
            self._is_shortened = True
            text = for_model("{text}… ({count:,} characters)", text=text[: self._longest], count=len(text))
        return _json(text)

    def _spend(self, text: str, *, says: bool = True) -> str:
        self._shared.says = self._shared.says or says
        self._left -= weight(text)
        if self._left < 0:
            raise _Full
        return text

    def _remembered(self, value: Any, make: Callable[[], Any]) -> Any:
        known = self._shared.texts.get(id(value))
        if known is None:
            known = self._shared.texts[id(value)] = (
                value,
                make(),
            )  # with the value, so that its id is not reused
        return known[1]


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


#: A container's brackets, its items with their keys, and how many there are.
_Opened = tuple[str, Iterable[tuple[Any, Any]], int]


def _opened(value: Any, shared: _Shared) -> _Opened | None:
    """The contents of a container; None for any other value."""
    if is_plain(value) or isinstance(value, (bytes, bytearray, memoryview)):
        return None
    if isinstance(value, Mapping):
        return "{}", value.items(), len(value)
    names = _names_of_items(value)
    if names is not None:
        return "{}", zip(names, value, strict=False), len(value)
    if isinstance(value, Sequence):
        return "[]", ((None, item) for item in value), len(value)
    if isinstance(value, Set):
        return "[]", ((None, item) for item in _in_order(value, shared)), len(value)
    if getattr(type(value), "__pydantic_root_model__", False):
        return _opened(value.root, shared)
    named = parts(value)
    return None if named is None else ("{}", named.items(), len(named))


def _names_of_items(value: Any) -> Sequence[str] | None:
    """The names of a sequence's items: of a NamedTuple, or of a row from SQLAlchemy or Spark."""
    if not isinstance(value, Sequence):
        return None
    names = getattr(value, "_fields", None) or getattr(value, "__fields__", None)
    return names if isinstance(names, (tuple, list)) and len(names) == len(value) else None


def _in_order(value: Set[Any], shared: _Shared) -> list[Any]:
    """The first items of a set, in the same order in every run."""
    known = shared.sets.get(id(value))
    if known is None:
        first = heapq.nsmallest(shared.most, value, key=lambda item: _place(item, shared))
        known = shared.sets[id(value)] = (value, first)
    return known[1]


def _place(item: Any, shared: _Shared) -> tuple[int, float, str]:
    if isinstance(item, (int, float)) and item == item:
        return 0, item, ""
    if isinstance(item, str):
        return 1, 0, item
    made = _made(item, _SHORTEST_TEXT, 0, shared, in_any_case=True)
    return 1, 0, made[0] if made else ""


def _on_one_line(brackets: str, items: list[tuple[str, str | _Node]]) -> str:
    """The container on one line; empty if that line would be too long."""
    texts, length = [], 0
    for before, item in items:
        text = item if isinstance(item, str) else item.line
        length += len(before) + len(text) + 2
        if length > _WIDTH or not text:
            return ""
        texts.append(before + text)
    return brackets[0] + ", ".join(texts) + brackets[1]


def _lines(node: _Node, indent: str) -> list[str]:
    """A container with one item per line; short ones in a list share lines."""
    if node.line:
        return [node.line]
    inner, lines = f"{indent}  ", [node.brackets[0]]
    shares = False
    for number, (before, item) in enumerate(node.items):
        comma = "," if number < len(node.items) - 1 else ""
        first, *others = [item] if isinstance(item, str) else _lines(item, inner)
        short = not before and isinstance(item, str) and len(item) <= _SHORTEST_TEXT
        if short and shares and len(lines[-1]) + len(first) < _WIDTH:
            lines[-1] += f" {first}"
        else:
            lines += [f"{inner}{before}{first}", *others]
        lines[-1] += comma
        shares = short
    return [*lines, f"{indent}{node.brackets[1]}"]


def _model(module: ModuleType) -> None:
    add(module, "BaseModel", structure)


LATE["pydantic.main"] = _model
