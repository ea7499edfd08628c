"""How a value of the notebook reads to a model: one open registry, `render`.

    registry.py     the registry, and `rendered`, which turns a value into text or an image
    scalars.py      text, numbers, moments, bytes                structures.py   dicts, lists, sets: JSON
    tables.py       DataFrames and Series, with table_rows.py,   records.py      dataclasses, models, attributes
                    table_columns.py, column_statistics.py       arrays.py       arrays and tensors
    code.py         functions, classes, modules                  exceptions.py   exceptions, with stack_frames.py
    files.py        paths                                        fallback.py     anything else
    pictures.py     figures and pictures: images                 sampling.py     samples of what is long
    items.py        what stands in a container on one line       reprs.py        reprs without ids and credentials
    libraries/      what single libraries make, one file each    instead.py      what a value that says nothing has
    cell_outputs.py what a cell printed and showed               bundles.py      one displayed thing, by MIME type
    page_above.py   the cells above the one that asks

The same value gives the same text in every run: no memory addresses, no paths, no clock, no order of a set. No library
is imported: a value can only come from one that the notebook has imported.
"""

from __future__ import annotations

from . import (  # noqa: F401  # each registers what it renders
    arrays,
    cell_outputs,
    code,
    exceptions,
    fallback,
    files,
    page_above,
    pictures,
    scalars,
    structures,
    tables,
)
from .libraries import (  # noqa: F401  # as above
    of_charts,
    of_geopandas,
    of_http,
    of_ipython,
    of_networkx,
    of_pandas,
    of_python,
    of_scipy,
    of_sklearn,
    of_spark,
    of_sqlalchemy,
    of_statsmodels,
    of_sympy,
    of_torch,
    of_xarray,
)
from .registry import LATE, AsRepr, Illustrated, Rendered, add, render, rendered
from .stack_frames import Frame, named_values, own_frames

__all__ = [
    "LATE",
    "AsRepr",
    "Frame",
    "Illustrated",
    "Rendered",
    "add",
    "named_values",
    "own_frames",
    "render",
    "rendered",
]
