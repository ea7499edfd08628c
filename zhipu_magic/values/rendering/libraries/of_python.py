"""Python's own handles: an archive by its names, a buffer by what it holds. A file is not read: that would move it."""

from __future__ import annotations

import io
from types import ModuleType
from typing import Any

from ....text.numbers import plural
from ..registry import LATE, SaysNothing, add, render
from .parts import block


@render.register
def _buffer(value: io.StringIO, tokens: int) -> Any:
    return value.getvalue()


@render.register
def _bytes(value: io.BytesIO, tokens: int) -> Any:
    return value.getvalue()


@render.register
def _file(value: io.IOBase, tokens: int) -> str:
    raise SaysNothing(value, "pathlib.Path({}.name)", "{}.read()")


def _archive(value: Any, tokens: int) -> str:
    """The names in an archive, with their sizes; nothing is unpacked."""
    files = [one for one in value.infolist() if not one.is_dir()]
    lines = (f"{one.filename}: {plural(one.file_size, 'byte')}" for one in files)
    return block(f"ZIP archive of {plural(len(files), 'file')}", lines, tokens)


def _element(value: Any, tokens: int) -> Any:
    """XML as it is written."""
    import xml.etree.ElementTree as ElementTree

    return ElementTree.tostring(value, encoding="unicode")


def _not_computed(value: Any, tokens: int) -> str:
    raise SaysNothing(value, "{}.compute()")


def _register(module: ModuleType) -> None:
    add(module, "ZipFile", _archive)
    add(module, "Element", _element)
    add(module, "Delayed", _not_computed)


LATE.update(dict.fromkeys(("zipfile", "xml.etree.ElementTree", "dask.delayed"), _register))
