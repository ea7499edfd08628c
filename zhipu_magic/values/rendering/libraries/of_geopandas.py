"""geopandas' tables: as tables, with geometries as WKT with all their digits, and the coordinate system."""

from __future__ import annotations

import sys
from collections import Counter
from types import ModuleType
from typing import Any, Final

from ....text.characters import shortened
from ....text.languages.messages import for_model
from ....text.tokens import weight
from ..registry import LATE, add, render
from .parts import briefly

_LONGEST: Final = 60
_MOST: Final = 20_000
"""Rows of a table whose geometries are written out; of a longer one, only their kinds and bounds are told."""
_FIRST: Final = 5
_AROUND: Final = 8


def _frame(value: Any, tokens: int) -> str:
    """The table, whose geometries are short texts, below what kinds of them there are, where, and in which system."""
    pandas = sys.modules["pandas"]
    places = [place for place, dtype in enumerate(value.dtypes) if str(dtype) == "geometry"]
    heading = "\n".join(["geopandas GeoDataFrame", *(_of_column(value.iloc[:, place]) for place in places)])
    plain = pandas.DataFrame(value).copy(deep=False)
    if len(value) <= _MOST:
        for place in places:
            plain.isetitem(place, _texts(value.iloc[:, place]))
    else:
        plain = plain.iloc[:, [place for place in range(len(value.columns)) if place not in places]]
    return f"{heading}\n{render(plain, round(tokens - weight(heading)) - _AROUND)}"


def _series(value: Any, tokens: int) -> str:
    heading = f"geopandas GeoSeries\n{_of_column(value)}"
    if len(value) > _MOST:
        first = "\n".join(map(str, _texts(value.iloc[:_FIRST])))
        which = for_model("The first of {count:,}:", count=len(value))
        return f"{heading}\n{which}\n{first}"
    return f"{heading}\n{render(_texts(value), round(tokens - weight(heading)) - _AROUND)}"


def _of_column(column: Any) -> str:
    kinds = Counter(str(kind) for kind in column.geom_type if isinstance(kind, str))
    missing = int(column.isna().sum())
    said = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    bounds = ", ".join(briefly(float(one)) for one in column.total_bounds)
    crs = column.crs.to_string() if column.crs is not None else for_model("none")
    absent = for_model(", {count:,} missing", count=missing) if missing else ""
    return for_model(
        "{name}: {kinds}; coordinate system {crs}; bounds {bounds}",
        name=column.name or "geometry",
        kinds=f"{said}{absent}",
        crs=crs,
        bounds=bounds,
    )


def _texts(column: Any) -> Any:
    """Each geometry as a short text."""
    pandas = sys.modules["pandas"]
    texts = [None if one is None else _text(one) for one in column]
    return pandas.Series(texts, index=column.index, name=column.name, dtype=object)


def _text(geometry: Any) -> str:
    if getattr(geometry, "is_empty", False):
        return str(geometry.wkt)
    shapely = sys.modules["shapely"]
    count = int(shapely.get_num_coordinates(geometry))
    if count > _LONGEST:
        return for_model("{kind} of {count:,} points", kind=geometry.geom_type, count=count)
    return shortened(str(shapely.to_wkt(geometry, rounding_precision=-1, trim=True)), _LONGEST)


def _geometry(value: Any, tokens: int) -> str:
    return str(value.wkt)


def _register(module: ModuleType) -> None:
    add(module, "GeoDataFrame", _frame)
    add(module, "GeoSeries", _series)
    add(module, "BaseGeometry", _geometry)


LATE.update(dict.fromkeys(("geopandas.geodataframe", "geopandas.geoseries", "shapely.geometry.base"), _register))
