"""Python's own handles: an archive by its names, a buffer by what it holds. A file is not read: that would move it."""

from __future__ import annotations

import io
import re
from types import CodeType, FrameType, ModuleType
from typing import Any, Final

from ....text.languages.messages import for_model, sent
from ....text.languages.numbers import plural
from ..instead import ways_to_read
from ..registry import LATE, SaysNothing, add, render
from ..reprs import repr_of
from ..stack_frames import place
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


@render.register
def _frame(value: FrameType, tokens: int) -> str:
    return for_model("frame of {function}, {place}, line {line}", **_of(value.f_code, value.f_lineno))


@render.register
def _code(value: CodeType, tokens: int) -> str:
    return for_model("code of {function}, {place}, line {line}", **_of(value, value.co_firstlineno))


def _of(code: CodeType, line: int) -> dict[str, Any]:
    return {"function": code.co_name, "place": place(code.co_filename), "line": line}


def _thread(value: Any, tokens: int) -> str:
    """Its name and state, without its number, which is another in each run."""
    return repr_of(value).replace(f" {value.ident})>", ")>")


def _to_be_awaited(value: Any, tokens: int) -> str:
    raise SaysNothing(value, *ways_to_read(value))


def _socket(value: Any, tokens: int) -> str:
    return re.sub(r"\bfd=-?\d+, ", "", repr_of(value))


def _archive(value: Any, tokens: int) -> str:
    """The names in an archive, with their sizes; nothing is unpacked."""
    files = [one for one in value.infolist() if not one.is_dir()]
    lines = (f"{one.filename}: {sent(plural(one.file_size, 'byte'))}" for one in files)
    return block(for_model("ZIP archive of {files}", files=plural(len(files), "file")), lines, tokens)


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
    add(module, "Thread", _thread)
    add(module, "socket", _socket)


def _of_asyncio(module: ModuleType) -> None:
    add(module, "Future", _to_be_awaited)
    add(module, "Task", _to_be_awaited)


_MODULES: Final = ("zipfile", "xml.etree.ElementTree", "dask.delayed", "threading", "socket")
LATE.update(dict.fromkeys(_MODULES, _register))
LATE.update(dict.fromkeys(("asyncio.futures", "asyncio.tasks"), _of_asyncio))
