"""What the texts of several libraries' values have in common: a heading, lines below it, and values in a few words."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, Final

from ....text.characters import class_name, shortened, with_line_ends_escaped, without_addresses
from ....text.left_out import note_cut
from ....text.markdown import fenced
from ....text.numbers import plural
from ....text.tokens import weight
from ..instead import says_nothing
from ..scalars import is_plain, text_of

_FEW: Final = 8
_LONGEST: Final = 60
_AROUND: Final = 12


def block(heading: str, lines: Iterable[str], tokens: float, *, items: Iterable[str] = ()) -> str:
    """A heading, and below it as many of the lines as fit, and then of the items, which may be very many."""
    left = tokens - weight(f"{heading}\n```text\n```\n") - _AROUND
    shown: list[str] = []
    for line in chain(lines, items):
        left -= weight(f"{line}\n")
        if left < 0:
            note_cut(f"the first {plural(len(shown), 'line')} of its description sent")
            shown.append("… and more")
            break
        shown.append(line)
    return "\n".join([heading, fenced("\n".join(shown))]) if shown else heading


def library_and_class(value: Any) -> str:
    """`sklearn Pipeline`; the class alone for one of the notebook's own."""
    library, _, rest = class_name(value).partition(".")
    return f"{library} {rest.rpartition('.')[2]}" if rest else library


def named(pairs: Iterable[tuple[str, Any]], between: str = "=") -> str:
    """Names with their values in a few words: `C=0.5, penalty='l1'`."""
    return ", ".join(f"{name}{between}{briefly(value)}" for name, value in pairs)


def briefly(value: Any) -> str:
    """A value in a few words: a small array or container whole, a larger one by type and shape."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and not isinstance(value, type):
        if dtype is not None and hasattr(value, "tolist") and math.prod(shape) <= _FEW:
            return _one_line(repr(_rounded(value.tolist())))
        kind = type(value).__name__
        return f"{kind} of shape {tuple(map(int, shape))}{f', {dtype}' if dtype is not None else ''}"
    if isinstance(value, str):
        return _one_line(repr(value))
    if isinstance(value, float):
        return format(value, ".6g")
    if is_plain(value):
        return _one_line(text_of(value))
    if isinstance(value, type) or hasattr(value, "__qualname__"):
        return str(value.__qualname__)
    if isinstance(value, (Mapping, Sequence, Set)):
        return _container(value)
    shown = without_addresses(repr(value))
    return class_name(value) if says_nothing(value, repr(value)) else _one_line(shown)


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
        return f"{type(value).__name__} of {plural(len(value), 'item')}"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{briefly(key)}: {briefly(item)}' for key, item in value.items())}}}"
    if isinstance(value, Set):
        return f"{{{', '.join(sorted(map(briefly, value)))}}}"
    return f"({', '.join(map(briefly, value))})" if isinstance(value, tuple) else f"[{', '.join(map(briefly, value))}]"


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(format(value, ".6g")) if isinstance(value, float) else value


def _one_line(text: str) -> str:
    return shortened(with_line_ends_escaped(text), _LONGEST)
