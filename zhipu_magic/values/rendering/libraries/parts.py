"""What the texts of several libraries' values have in common: a heading, lines below it, and values in a few words."""

from __future__ import annotations

import math
import struct
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from itertools import chain, islice
from typing import Any, Final

from ....text.characters import class_name, shortened, with_line_ends_escaped
from ....text.languages.messages import _, for_model
from ....text.languages.numbers import plural
from ....text.left_out import note_cut
from ....text.markdown import fenced
from ....text.tokens import weight
from ..instead import says_nothing
from ..records import is_secret, left_out
from ..reprs import repr_of
from ..scalars import is_plain, text_of

_FEW: Final = 8
_LONGEST: Final = 60
_LONGEST_ARRAY: Final = 250
"""Characters of a small array: those of all its digits."""
_AROUND: Final = 12
_NARROW: Final = {"float32": "f", "float16": "e"}


def _lines(count: int, more: bool) -> str:
    return plural(count, "more line") if more else plural(count, "line")


def block(
    heading: str,
    lines: Iterable[str],
    tokens: float,
    *,
    items: Iterable[str] = (),
    count: Callable[[], int] | None = None,
    what: Callable[[int, bool], str] = _lines,
) -> str:
    """A heading, and below it as many of the lines as fit, and then of the items, which may be very many.

    Where not all fit, it says so, and how many items are left out if there is a `count` of them. `what` tells so many,
    and so many more.
    """
    left = tokens - weight(f"{heading}\n```text\n```\n") - _AROUND
    shown: list[str] = []
    of_items = 0
    for is_item, line in chain(((False, one) for one in lines), ((True, one) for one in items)):
        left -= weight(f"{line}\n")
        if left < 0:
            note_cut(_left_out(shown, of_items, count, what))
            break
        shown.append(line)
        of_items += is_item
    return "\n".join([heading, fenced("\n".join(shown))]) if shown else heading


def _left_out(shown: list[str], items: int, count: Callable[[], int] | None, what: Callable[[int, bool], str]) -> str:
    """What is left out, which the last of the lines says too."""
    sent = _("the first {lines} of its description sent", lines=plural(len(shown), "line"))
    more = max(0, count() - items) if count is not None else 0
    shown.append(for_model("… and {items}", items=what(more, True)) if more else for_model("… and more"))
    return _("{items}, {sent:,} sent", items=what(items + more, False), sent=items) if more else sent


def library_and_class(value: Any) -> str:
    """`sklearn Pipeline`; the class alone for one of the notebook's own."""
    library, _, rest = class_name(value).partition(".")
    return f"{library} {rest.rpartition('.')[2]}" if rest else library


def named(pairs: Iterable[tuple[str, Any]], between: str = "=") -> str:
    """Names with their values in a few words: `C=0.5, penalty='l1'`."""
    return ", ".join(f"{name}{between}{under(name, value)}" for name, value in pairs)


def under(name: Any, value: Any) -> str:
    """The value of this name in a few words, unless it may be a secret by its name."""
    return left_out() if is_secret(name) and value is not None and briefly(value) != "''" else briefly(value)


def briefly(value: Any) -> str:
    """A value in a few words: a small array or container whole, a larger one by type and shape.

    Numbers have all of their digits: they may be labels, places and parameters.
    """
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and not isinstance(value, type):
        if dtype is not None and hasattr(value, "tolist") and math.prod(shape) <= _FEW:
            return _one_line(repr(_listed(value.tolist(), str(dtype))), _LONGEST_ARRAY)
        kind = type(value).__name__
        described = for_model("{kind} of shape {shape}", kind=kind, shape=tuple(map(int, shape)))
        return f"{described}, {dtype}" if dtype is not None else described
    if isinstance(value, str):
        return _one_line(repr(value))
    if isinstance(value, float):
        return float.__repr__(value).removesuffix(".0")
    if is_plain(value):
        return _one_line(text_of(value))
    if isinstance(value, type) or hasattr(value, "__qualname__"):
        return str(value.__qualname__)
    if isinstance(value, (Mapping, Sequence, Set)):
        return _container(value)
    return class_name(value) if says_nothing(value, repr(value)) else _one_line(repr_of(value))


def first_of(values: Iterable[Any], most: int = _FEW) -> str:
    """The first of some values in a few words each, and how many more there are."""
    some = list(islice(values, most + 1))
    return f"{', '.join(map(briefly, some[:most]))}{', …' if len(some) > most else ''}"


@contextmanager
def quietly() -> Iterator[None]:
    """Without the warnings of a library that is asked to describe a value: they are not about the user's code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _container(value: Any) -> str:
    if len(value) > _FEW:
        return for_model("{kind} of {what}", kind=type(value).__name__, what=plural(len(value), "item"))
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{briefly(key)}: {under(key, item)}' for key, item in value.items())}}}"
    if isinstance(value, Set):
        return f"{{{', '.join(sorted(map(briefly, value)))}}}"
    return f"({', '.join(map(briefly, value))})" if isinstance(value, tuple) else f"[{', '.join(map(briefly, value))}]"


def _listed(value: Any, dtype: str) -> Any:
    """The numbers of an array, those of a narrow type with the digits that it has: 0.1, not 0.10000000149011612."""
    if isinstance(value, list):
        return [_listed(item, dtype) for item in value]
    form = next((form for name, form in _NARROW.items() if dtype.endswith(name)), "")
    if not form or not isinstance(value, float):
        return value
    with suppress(OverflowError):
        packed = struct.pack(form, value)
        shortest = (float(format(value, f".{digits}g")) for digits in range(1, 10))
        return next((one for one in shortest if struct.pack(form, one) == packed), value)
    return value


def _one_line(text: str, longest: int = _LONGEST) -> str:
    return shortened(with_line_ends_escaped(text), longest)
