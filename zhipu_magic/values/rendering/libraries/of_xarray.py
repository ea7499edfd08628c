"""xarray's arrays and datasets: dimensions, coordinates, variables with statistics, and attributes.

Nothing is read from a file or computed: of what is not in memory, only the shape is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from types import ModuleType
from typing import Any, Final

from ....text.languages.messages import for_model
from ....text.languages.numbers import plural
from ....text.tokens import weight
from ..arrays import summary
from ..registry import LATE, add, render
from .parts import block, briefly, library_and_class, under

_ENDS: Final = 3
_MIDNIGHT: Final = re.compile(r"T00:00:00(\.0+)?$|(?<=:\d\d)\.0+$")
_SMALL: Final = 500
"""Elements of an array that is shown whole."""


def _dataset(value: Any, tokens: int) -> str:
    heading = for_model(
        "{kind}, {variables}, {sizes}",
        kind=library_and_class(value),
        variables=plural(len(value.data_vars), "variable"),
        sizes=_sizes(value),
    )
    variables = (
        for_model("variable {name} {said}", name=briefly(name), said=_variable(one))
        for name, one in value.data_vars.items()
    )
    return block(heading, chain(_coordinates(value), variables, _attributes(value.attrs)), tokens)


def _array(value: Any, tokens: int) -> Any:
    name = f" {briefly(value.name)}" if value.name is not None else ""
    heading = f"{library_and_class(value)}{name}, {_sizes(value)}"
    text = block(heading, [_variable(value), *_coordinates(value), *_attributes(value.attrs)], tokens)
    left = round(tokens - weight(text))
    if _is_in_memory(value) and value.size <= _SMALL and left > _SMALL / 5:
        return f"{text}\n{render(value.variable._data, left)}"
    return text


def _sizes(value: Any) -> str:
    return ", ".join(f"{name}: {length}" for name, length in value.sizes.items()) or for_model("no dimensions")


def _coordinates(value: Any) -> Iterator[str]:
    for name, one in value.coords.items():
        yield for_model("coordinate {name} {said}", name=briefly(name), said=_variable(one, ends=True))


def _all_coordinates(value: Any, tokens: int) -> str:
    sizes = ", ".join(f"{name}: {length}" for name, length in value.sizes.items())
    heading = for_model("xarray coordinates, {sizes}", sizes=sizes)
    lines = (f"{briefly(name)} {_variable(one, ends=True)}" for name, one in value.items())
    return block(heading, lines, tokens)


def _variable(value: Any, *, ends: bool = False) -> str:
    """Dimensions, type and unit, and of what is in memory, a coordinate's values or a variable's statistics."""
    dims = f"({', '.join(map(str, value.dims))})"
    unit = for_model(", in {unit}", unit=value.attrs["units"]) if "units" in value.attrs else ""
    said = f"{dims} {value.dtype}{unit}"
    if not _is_in_memory(value):
        return for_model("{array}, not in memory", array=said)
    data = value.variable._data
    return (
        f"{said}: {_values(value)}"
        if ends and value.ndim <= 1
        else ", ".join(filter(None, [said, summary(data, data.size)]))
    )


def _values(value: Any) -> str:
    """A coordinate's values, of many the first and the last."""
    data = value.variable.values.reshape(-1)
    if len(data) <= 2 * _ENDS:
        return ", ".join(_texts(data))
    return ", ".join([*_texts(data[:_ENDS]), "…", *_texts(data[-_ENDS:])])


def _texts(data: Any) -> list[str]:
    if data.dtype.kind in "mM":  # Python's own types have fewer digits
        return [_MIDNIGHT.sub("", str(one)) for one in data.astype(str)]
    return [*map(briefly, data.tolist() if data.dtype == "float64" else data)]


def _is_in_memory(value: Any) -> bool:
    """Whether the numbers are here: an array of Dask would be computed, one of a file read."""
    return bool(value.variable._in_memory)


def _attributes(attrs: Mapping[Any, Any]) -> Iterator[str]:
    for name, one in attrs.items():
        yield for_model("attribute {name}: {value}", name=briefly(name), value=under(name, one))


def _register(module: ModuleType) -> None:
    add(module, "Dataset", _dataset)
    add(module, "DataArray", _array)
    add(module, "Coordinates", _all_coordinates)


LATE.update(dict.fromkeys(("xarray.core.dataset", "xarray.core.dataarray", "xarray.core.coordinates"), _register))
