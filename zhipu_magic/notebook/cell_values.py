"""Resolves the names in a cell's options: the functions of `--tool`, the type of `--as`, the images."""

from __future__ import annotations

import builtins
import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from ..chat.options import Options
from ..text.characters import shortened
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.languages.joined import all_of
from ..text.languages.messages import _
from ..text.suggestions import nearest
from ..values.expressions import is_name, value_of
from ..values.given import Given, address, split_file
from .line.cell_line import CellOptions
from .line.values import PYTHON, TRUSTED, unconfirmed


def options_of(
    options: CellOptions, names: Mapping[str, Any], own: Mapping[str, Any], python: PythonTool | None = None
) -> Options:
    """The options of the request, with the tools and the type that the cell names. Raises InvalidRequest.

    `names` are all the names that a reference may use, `own` the variables that the notebook and its calling function
    have defined. `python` makes the tool that runs Python, where there can be one.
    """
    request = options.request
    if options.tools:
        request = replace(request, tools=tuple(tool_of(name, own, python) for name in _each_once(options.tools, own)))
    if options.as_type is not None:
        from ..values.types.answer_type import type_from

        request = replace(request, as_type=type_from(options.as_type, names))
    return request


def image_of(text: str, names: Mapping[str, Any]) -> Any:
    """The variable, the URL or the file that the text names. Raises InvalidRequest."""
    path = Path(os.path.expanduser(text))
    if is_name(text, names) and (
        text.isidentifier() or not _is_file(path)
    ):  # a file photo.jpg wins over a variable photo
        return value_of(text, names)
    if re.match("(https?|data):", text, re.IGNORECASE):  # an incomplete one is refused where the image is made
        return text
    if not _is_file(path):
        raise InvalidRequest(
            "There is neither a variable nor a file named {name}.",
            hint="--image takes a variable, a file or a URL.",
            reason="image.no_value",
            outcomes=[NOTHING_SENT],
            name=shortened(text, 100),
        )
    return path


def files_of(text: str | Given, names: Mapping[str, Any]) -> list[Given]:
    """The file, the variable or the URL that the text names, with the pages that are wanted. Raises InvalidRequest.

    A variable may be a list of paths. A file that is missing is taken for one: a replay may know what was read of it.
    """
    if isinstance(text, Given):
        return [text]
    named = split_file(text)
    path = Path(os.path.expanduser(named.written))
    if url := address(named.written):
        return [named._replace(value=url)]
    if is_name(named.written, names) and (named.written.isidentifier() or not _is_file(path)):
        try:
            value = value_of(named.written, names)
        except InvalidRequest:
            if named.written.isidentifier():
                raise
            return [named._replace(value=path)]  # report.pdf, which is gone, beside a variable report
        if isinstance(value, (list, tuple)) and value and all(isinstance(each, Path) for each in value):
            places = enumerate(value)
            return [named._replace(value=each, written=f"{named.written}[{place}]") for place, each in places]
        if isinstance(value, str):  # it names one, perhaps
            value = address(value) or (Path(value).expanduser() if _is_file(Path(value).expanduser()) else value)
        return [named._replace(value=value)]
    may_be_variable = named.written.isidentifier()
    near = nearest(named.written, (name for name in names if not name.startswith("_"))) if may_be_variable else None
    return [named._replace(value=path, near=near)]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # not a possible file name
        return False


#: Makes the tool that runs Python, trusted or not.
PythonTool = Callable[[bool], Any]


def tool_of(name: str, own: Mapping[str, Any], python: PythonTool | None = None) -> Any:
    """The function of this name, or the tool that `confirm(name)` makes of it. Raises InvalidRequest.

    It must be one of the notebook's `own` functions, or a method of one of its objects. Someone else may have written
    the cell's first line, which must not give the model everything that Python can do.

    A function of the notebook's that is called `python` is meant by that name; without one, the tool is that runs
    Python.
    """
    inner = unconfirmed(name)
    if python is not None and (inner == TRUSTED or (inner == PYTHON and PYTHON not in own)):
        _check_trust(name, own)
        return python(name == TRUSTED)
    found = _own_function(inner, own, [PYTHON] if python not in (None, refuse_for_rows, refuse_for_models) else [])
    from ..values.tools.tool import Tool, confirm
    from . import autoreloaded

    autoreloaded.complete(found.function if isinstance(found, Tool) else found)
    found = found.anew() if isinstance(found, Tool) else found
    return found if inner == name else confirm(found)


def _each_once(names: Sequence[str], own: Mapping[str, Any]) -> list[str]:
    """The names without those that are given twice alike. Raises InvalidRequest for Python as two tools."""
    once = list(dict.fromkeys(names))
    runs = [
        name for name in once if unconfirmed(name) == TRUSTED or (unconfirmed(name) == PYTHON and PYTHON not in own)
    ]
    if len({name == TRUSTED for name in runs}) > 1:
        raise InvalidRequest(
            "{names} are the same tool: the one asks before each run, and the other does not.",
            hint="Leave out one of them.",
            reason="python.twice",
            names=all_of(runs),
        )
    return [name for name in once if name not in runs[1:]]


def refuse_for_rows(trusted: bool) -> Any:
    """Raise InvalidRequest: the rows of a table are asked at once, and by threads."""
    raise InvalidRequest(
        "{name} runs code in the notebook, one piece after the other, and not for the rows of a table.",
        hint="Leave out --tool {name}; a function of your own can be a tool there.",
        reason="python.rows",
        name=TRUSTED if trusted else PYTHON,
    )


def refuse_for_models(trusted: bool) -> Any:
    """Raise InvalidRequest: the code of several models at once would change each other's names."""
    raise InvalidRequest(
        "{name} runs code in the one notebook that all of these models would change.",
        hint="Name one model, or leave out --tool {name}.",
        reason="python.models",
        name=TRUSTED if trusted else PYTHON,
    )


def _check_trust(name: str, own: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for a python! that is not the tool, or not meant as it is written."""
    if unconfirmed(name) == TRUSTED and PYTHON in own:
        raise InvalidRequest(
            "This notebook has a {name} of its own, and python! is for the tool that runs Python.",
            hint="Give yours another name, or say --tool python, which is yours.",
            reason="python.own_name",
            name=PYTHON,
        )
    if name == f"confirm({TRUSTED})":
        raise InvalidRequest(
            "python! runs code without asking, and confirm() asks.",
            hint="--tool python asks before each run.",
            reason="python.both",
        )


def _own_function(name: str, own: Mapping[str, Any], others: Sequence[str] = ()) -> Any:
    """The notebook's function of this name. Raises InvalidRequest, which suggests one of these or of the `others`."""
    root, *attributes = name.split(".")
    if root not in own or _CACHED.fullmatch(root) or not all(map(str.isidentifier, attributes)):
        if not attributes and hasattr(builtins, root):
            raise _not_the_notebooks(name, _PYTHONS)
        functions = [known for known, value in own.items() if inspect.isroutine(value)]
        near = nearest(name, [*others, *functions])
        raise InvalidRequest(
            "There is no function {name} in this notebook.",
            hint="Define it in a cell first.",
            reason="tool.no_function",
            near=near,
            name=name,
        )
    found, module = own[root], None
    for attribute in attributes:
        module = found if _is_module(found) else module
        found = value_of(f"{root}.{attribute}", {root: found})
    if module is not None or _is_module(found):
        raise _not_the_notebooks(name, _("it is a module, or comes from one"))
    if any(found is value for value in vars(builtins).values()):
        raise _not_the_notebooks(name, _PYTHONS)
    return found


def _is_module(value: Any) -> bool:
    return isinstance(value, ModuleType) or any(value is module for module in list(sys.modules.values()))


#: Names under which IPython keeps the results of cells and their source.
_CACHED = re.compile(r"_+|_\d+|_i+|_i\d+|_[iod]h|In|Out")


_PYTHONS = _("it belongs to Python or IPython")


def _not_the_notebooks(name: str, why: str) -> InvalidRequest:
    module, last = name.rpartition(".")[::2]
    instead = (
        _(
            "Import it by its name (from {module} import {last}), or define a function of your own that does only what "
            "the model may do.",
            module=module,
            last=last,
        )
        if module
        else _("Define a function of your own that does only what the model may do.")
    )
    return InvalidRequest(
        "{name} cannot be a tool here: {why}. A tool is a function that the notebook defines or imports by name.",
        hint="{instead}",
        reason="tool.not_the_notebooks",
        name=name,
        why=why,
        instead=instead,
    )
