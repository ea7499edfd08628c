"""xarray's arrays and datasets: dimensions, coordinates, variables with statistics, and attributes.

Nothing is read from a file or computed: of what is not in memory, only the shape is told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Final

from ....text.numbers import plural
from ....text.tokens import weight
from ..registry import LATE, add, render
from .parts import block, briefly, library_and_class

_ENDS: Final = 3
_MIDNIGHT: Final = re.compile(r"T00:00:00(\.0+)?$|(?<=:\d\d)\.0+$")
_SMALL: Final = 500
"""Elements of an array that is shown whole."""


def _dataset(value: Any, tokens: int) -> str:
    heading = f"{library_and_class(value)}, {plural(len(value.data_vars), 'variable')}, {_sizes(value)}"
    lines = [*_coordinates(value)]
    lines += [f"variable {briefly(name)} {_variable(one)}" for name, one in value.data_vars.items()]
    return block(heading, [*lines, *_attributes(value.attrs)], tokens)


def _array(value: Any, tokens: int) -> Any:
    name = f" {briefly(value.name)}" if value.name is not None else ""
    heading = f"{library_and_class(value)}{name}, {_sizes(value)}"
    text = block(heading, [_variable(value), *_coordinates(value), *_attributes(value.attrs)], tokens)
    left = round(tokens - weight(text))
    if _is_in_memory(value) and value.size <= _SMALL and left > _SMALL / 5:
        return f"{text}\n{render(value.variable._data, left)}"
    return text


def _sizes(value: Any) -> str:
    return ", ".join(f"{name}: {length}" for name, length in value.sizes.items()) or "no dimensions"


def _coordinates(value: Any) -> Iterator[str]:
    for name, one in value.coords.items():
        yield f"coordinate {briefly(name)} {_variable(one, ends=True)}"


def _variable(value: Any, *, ends: bool = False) -> str:
    """Dimensions, type and unit, and of what is in memory, a coordinate's values or a variable's statistics."""
    dims = f"({', '.join(map(str, value.dims))})"
    unit = f", in {value.attrs['units']}" if "units" in value.attrs else ""
    said = f"{dims} {value.dtype}{unit}"
    if not _is_in_memory(value):
        return f"{said}, not in memory"
    return f"{said}: {_values(value)}" if ends and value.ndim <= 1 else f"{said}{_statistics(value)}"


def _values(value: Any) -> str:
    data = value.variable.values
    is_time = data.dtype.kind in "mM"
    data = data.astype(str) if is_time else data
    if not data.shape:
        return briefly(data.item())
    count = len(data)
    texts = [
        _MIDNIGHT.sub("", str(one)) if is_time else briefly(one)
        for one in ([*data] if count <= 2 * _ENDS else [*data[:_ENDS], *data[-_ENDS:]])
    ]
    return ", ".join(texts) if count <= 2 * _ENDS else ", ".join([*texts[:_ENDS], "…", *texts[_ENDS:]])


def _statistics(value: Any) -> str:
    data = value.variable._data
    if data.dtype.kind not in "biuf" or not data.size:
        return ""
    finite = data[abs(data) < math.inf] if data.dtype.kind == "f" else data
    if not finite.size:
        return ", no finite number"
    numbers = (finite.min().item(), float(finite.mean()), finite.max().item())
    least, mean, greatest = map(briefly, numbers)
    missing = f", not finite: {data.size - finite.size:,}" if finite.size < data.size else ""
    return f", least {least}, mean {mean}, greatest {greatest}{missing}"


def _is_in_memory(value: Any) -> bool:
    """Whether the numbers are here: an array of Dask would be computed, one of a file read."""
    return bool(value.variable._in_memory)


def _attributes(attrs: Mapping[Any, Any]) -> Iterator[str]:
    for name, one in attrs.items():
        yield f"attribute {briefly(name)}: {briefly(one)}"


def _register(module: ModuleType) -> None:
    add(module, "Dataset", _dataset)
    add(module, "DataArray", _array)


LATE.update({"xarray.core.dataset": _register, "xarray.core.dataarray": _register})
