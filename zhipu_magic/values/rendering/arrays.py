"""Arrays and tensors of any library: shape, type, minimum, mean and maximum, and all numbers or those in the corners.

Only what such libraries have in common is used: `shape`, `dtype`, slices, `tolist`, `min`, `mean`, `max`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from ...text.characters import shortened, with_line_ends_escaped
from ...text.languages.messages import _, for_model
from ...text.languages.numbers import in_short
from ...text.left_out import note_cut
from ...text.tokens import INLINE, fenced_within, weight
from .code import function
from .registry import LATE, add, kind_of
from .reprs import repr_of
from .sampling import step

_MOST_SUMMED: Final = 1_000_000
"""Elements that minimum, mean and maximum are taken from; a larger array is sampled."""
_EDGES: Final = (8, 5, 3, 2, 1)
"""Elements at each end of each dimension: the most that fit."""
_CHARACTERS_AN_ELEMENT: Final = 3
_WIDE: Final = 1e-14
_NARROW: Final = 1e-7
"""The precision of the numbers of 64 and of 32 bits: what is less is not theirs."""
_LONGEST_ELEMENT: Final = 60
_LONGEST_TYPE: Final = 200
_FLOATS: Final = re.compile(r"(\w+\.)*b?float[\d_a-z]*")
_NUMBERS: Final = re.compile(r"(\w+\.)*(b?float|u?int|bool)[\d_a-z]*")
_DEVICES: Final = ("cuda", "mps", "xpu", "hpu")


def _array(value: Any, tokens: int) -> str:
    """A small array on one line; otherwise shape, type and summary, and below them the numbers or the corners."""
    shape = tuple(map(int, value.shape))
    heading = for_model("{kind}, shape {shape}, {dtype}", kind=kind_of(value), shape=shape, dtype=_dtype(value))
    heading += _device(value)
    size = math.prod(value.shape)
    elements = _Elements(_WIDE if _dtype(value).endswith("float64") else _NARROW)
    whole = _nested(value, max(value.shape, default=0), 1, elements) if size <= tokens else ""
    if "\n" not in whole and whole and len(f"{heading}: {whole}") <= INLINE:
        return f"{heading}{elements.note}: {whole}"
    above = "\n".join(filter(None, [f"{heading}{elements.note}", summary(value, size)]))
    room = tokens - weight(f"{above}\n```text\n\n```") - 4
    if whole and weight(whole) <= room:
        return f"{above}\n{fenced_within(whole, 'text', tokens)}"
    for edge in _EDGES:
        count = math.prod(min(length, 2 * edge + 1) for length in value.shape)
        if count * _CHARACTERS_AN_ELEMENT / 4 <= room and weight(corners := _nested(value, edge, 1, elements)) <= room:
            note_cut(_("shape {shape}, its corners sent", shape=str(shape)))
            above = "\n".join(filter(None, [f"{heading}{elements.note}", summary(value, size)]))
            return f"{above}\n{fenced_within(corners, 'text', tokens)}"
    note_cut(_("shape {shape}, only a summary sent", shape=str(shape)))
    return above


def _scalar(value: Any, tokens: int) -> Any:
    """A numpy number as Python's own, if Python has such a type."""
    plain = value.item()
    return str(value) if value.dtype.kind in "mM" or type(plain) is type(value) else plain


def _dtype(value: Any) -> str:
    text = str(value.dtype)
    return str(value.dtype.name) if text.startswith("<dtype") else shortened(text, _LONGEST_TYPE)


def _device(value: Any) -> str:
    """Where a tensor is, if not in main memory: many errors with tensors are about that."""
    device = str(getattr(value, "device", ""))
    return for_model(", on {device}", device=device) if device.startswith(_DEVICES) else ""


def summary(value: Any, size: int) -> str:
    """Minimum, mean and maximum of the finite numbers; empty if there are no numbers."""
    dtype = _dtype(value)
    if not size or not _NUMBERS.fullmatch(dtype):
        return ""
    seen = _some(value, size)
    seen = seen.detach() if hasattr(seen, "detach") else seen
    seen = seen if hasattr(seen, "min") else seen.numpy()
    count = math.prod(seen.shape)
    sampled = for_model(" (of {count:,} sampled elements)", count=count) if count < size else ""
    if dtype.endswith("bool"):
        true = int(seen.sum())
        return f"True: {true:,}, False: {count - true:,}{sampled}"
    if _FLOATS.fullmatch(dtype):
        seen = seen[abs(seen) < math.inf]
    finite = math.prod(seen.shape)
    if not finite:
        return for_model("no finite number") + sampled
    numbers = for_model(
        "least {least}, mean {mean}, greatest {greatest}",
        least=_element(seen.min().item()),
        mean=_mean(seen),
        greatest=_element(seen.max().item()),
    )
    others = for_model(", not finite: {count:,}", count=count - finite) if finite < count else ""
    return f"{numbers}{others}{sampled}"


def _some(value: Any, size: int) -> Any:
    """A view of at most so many elements, with strides in the longest dimensions."""
    steps, left = [slice(None)] * len(value.shape), size
    for place in sorted(range(len(steps)), key=lambda place: -int(value.shape[place])):
        if left > _MOST_SUMMED:
            length = int(value.shape[place])
            every = min(length, step(left, _MOST_SUMMED))
            steps[place], left = slice(None, None, every), left // length * -(-length // every)
    return value[tuple(steps)] if left < size else value


def _mean(numbers: Any) -> str:
    try:
        return _element(float(numbers.mean()))
    except (RuntimeError, TypeError):  # torch has no mean of integers
        return _element(float(numbers.sum()) / math.prod(numbers.shape))


@dataclass
class _Elements:
    """Makes the texts of elements, and knows whether any of them is rounded by more than this part of it."""

    precision: float
    is_rounded: bool = False

    @property
    def note(self) -> str:
        """What a heading says of it."""
        return for_model(", rounded") if self.is_rounded else ""

    def __call__(self, value: Any) -> str:
        text = _element(value)
        if isinstance(value, float) and math.isfinite(value):
            self.is_rounded |= abs(float(text) - value) > self.precision * abs(value)
        return text


def _nested(value: Any, edge: int, depth: int, element: _Elements) -> str:
    """The elements in brackets; a longer dimension has only those at its two ends."""
    if not value.shape:
        return element(_listed(value))
    length = int(value.shape[0])
    parts = [value] if length <= 2 * edge else [value[:edge], value[length - edge :]]
    if len(value.shape) == 1:
        ends = [", ".join(map(element, _listed(part))) for part in parts]
        return f"[{', …, '.join(ends)}]"
    between = f",\n{' ' * depth}"
    ends = [
        between.join(_nested(part[place], edge, depth + 1, element) for place in range(part.shape[0])) for part in parts
    ]
    return f"[{f'{between}…{between}'.join(ends)}]"


def _listed(part: Any) -> Any:
    if getattr(part.dtype, "kind", "") in tuple("mM"):  # Python's own types have fewer digits
        part = part.astype(str)
    return part.tolist() if hasattr(part, "tolist") else part.numpy().tolist()


def _element(value: Any) -> str:
    if isinstance(value, float):
        return in_short(value)
    return shortened(with_line_ends_escaped(repr_of(value)), _LONGEST_ELEMENT)


_KINDS: Final[dict[str, dict[str, Callable[[Any, int], Any]]]] = {
    "numpy": {"ndarray": _array, "generic": _scalar, "ufunc": function},
    "torch": {"Tensor": _array},
    "jax": {"Array": _array},
    "tensorflow": {"Tensor": _array, "Variable": _array},
    "cupy": {"ndarray": _array},
}


def _register(module: ModuleType) -> None:
    for name, render_it in _KINDS[module.__name__].items():
        add(module, name, render_it)


LATE.update(dict.fromkeys(_KINDS, _register))
