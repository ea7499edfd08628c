"""How a value of the notebook reads to a model: one open registry, `render`.

    registry.py     the registry, and `rendered`, which leads from a value to its text or image
    plain.py        text, numbers, moments, bytes                structures.py   dicts, lists, sets: JSON
    tables.py       DataFrames and Series, with columns.py,      records.py      dataclasses, models, attributes
                    measures.py and cells.py                     arrays.py       arrays and tensors
    code.py         functions, classes, modules                  failures.py     exceptions, with frames.py
    files.py        paths                                        other.py        anything else
    pictures.py     figures and pictures: images                 text.py         text within a budget; steps.py: samples

The same value gives the same text in every run: no places in memory or on the disk, no clock, no order of a set.
No library is imported: one that the notebook has not imported has made no values.
"""

from __future__ import annotations

from . import (  # noqa: F401  # they register what they render
    arrays,
    code,
    failures,
    files,
    other,
    pictures,
    plain,
    structures,
    tables,
)
from .frames import Frame, named_values, own_frames
from .registry import LATE, Rendered, add, render, rendered

__all__ = ["LATE", "Frame", "Rendered", "add", "named_values", "own_frames", "render", "rendered"]
