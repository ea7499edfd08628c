"""How a value of the notebook reads to a model: one open registry, `render`.

    registry.py     the registry, and `rendered`, which leads from a value to its text or image
    scalars.py      text, numbers, moments, bytes                structures.py   dicts, lists, sets: JSON
    tables.py       DataFrames and Series, with table_rows.py,   records.py      dataclasses, models, attributes
                    table_columns.py, column_statistics.py       arrays.py       arrays and tensors
    code.py         functions, classes, modules                  exceptions.py   exceptions, with stack_frames.py
    files.py        paths                                        fallback.py     anything else
    pictures.py     figures and pictures: images                 sampling.py     samples of what is long

The same value gives the same text in every run: no places in memory or on the disk, no clock, no order of a set.
No library is imported: one that the notebook has not imported has made no values.
"""

from __future__ import annotations

from . import (  # noqa: F401  # each registers what it renders
    arrays,
    code,
    exceptions,
    fallback,
    files,
    pictures,
    scalars,
    structures,
    tables,
)
from .registry import LATE, Rendered, add, render, rendered
from .stack_frames import Frame, named_values, own_frames

__all__ = ["LATE", "Frame", "Rendered", "add", "named_values", "own_frames", "render", "rendered"]
