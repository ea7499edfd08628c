"""Whether a `repr` says anything of its value, and what can be named instead: found on its type, nothing is called."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from types import FunctionType, MethodDescriptorType
from typing import Any, Final

from ...text.languages.joined import Joined
from ...text.languages.messages import _
from .reprs import without_places

_ADDRESS: Final = re.compile(r" at 0x[0-9A-Fa-f]+")
_WORD: Final = r"[\w.<>-]+"
_WORDS: Final = re.compile(rf"{_WORD}(?: {_WORD})*(?:; (?:to|dead)(?: [(']?{_WORD}[)']?)*)?")
_NAMED: Final = (
    "summary", "describe", "get_params", "to_pandas", "to_dataframe", "to_df", "to_frame", "df", "to_dict", "as_dict",
    "model_dump", "to_markdown", "to_string", "to_text", "as_text", "as_string", "getvalue", "fetchall", "scalars",
    "text", "html", "outputs", "data", "frame", "content", "to_json", "json", "to_list", "tolist", "result", "results",
    "value", "values", "params", "sheet_names", "columns", "items", "keys", "names", "name",
)  # fmt: skip
"""What libraries call the parts of a value that can be read, the most telling first."""
_MOST_WAYS: Final = 3
_LONGEST: Final = 500
_RESULTS: Final = {
    "all": "rows", "await": "result", "compute": "result", "fetchall": "rows", "len": "sizes", "list": "items",
    "Path": "path", "read": "text", "read_sql": "rows", "result": "result",
}  # fmt: skip
_CALLED: Final = re.compile(r"(?:(?:pandas|pathlib|numpy)\.)?(\w+)[( ]")


def says_nothing(value: Any, shown: str) -> bool:
    """Whether the `repr` of a value says no more than its class, where it is in memory, and what that is part of.

    Of a value that is equal to others of its class, such as a type of a column, the class is all that there is to say.
    """
    given = shown.strip()
    shown = without_places(value, given)
    kind = type(value)
    bare = (kind.__name__, f"<{kind.__name__}>", f"<{kind.__module__}.{kind.__qualname__}>")
    if shown != given and shown.rstrip("()@# ") in bare:
        return True
    if not shown or shown in bare:
        return not (shown and _is_its_class(value))
    if not (given.startswith("<") and given.endswith(">")) or len(given) > _LONGEST:
        return False
    inside = _ADDRESS.sub("", given[1:-1])
    is_named_by_place = inside != given[1:-1] or " object" in inside
    return is_named_by_place and _WORDS.fullmatch(inside) is not None


def _is_its_class(value: Any) -> bool:
    kind: Any = type(value)
    own = getattr(value, "__dict__", None)
    has_parts = isinstance(own, dict) and any(isinstance(name, str) and not name.startswith("_") for name in own)
    return kind.__eq__ is not object.__eq__ and kind.__hash__ is not None and not has_parts


def ways_to_read(value: Any) -> tuple[str, ...]:
    """Expressions of what can be referred to instead of a value, with `{}` for it; the most telling first."""
    return tuple(_ways(value))[:_MOST_WAYS]


def told_ways(ways: Sequence[str], called: str) -> str:
    """What to write for a value that the notebook refers to like this."""
    told = [_told(way.replace("{}", called)) for way in ways]
    if not told:
        return _("Refer to a part of it, or define how it reads: from zhipu_magic import render; @render.register. ")
    return _("Refer to what you mean of it: {ways}. ", ways=Joined(_(", or "), told))


def _told(way: str) -> str:
    if not set("([ ") & set(way):
        return f"{{{{ {way} }}}}"
    called = _CALLED.match(way) or re.search(r"\.(\w+)\(", way)
    word = "" if called is None else called[1]
    name = _RESULTS.get(word, word[:1].lower() or "parts")
    return _("{name} = {way}, then {{{{ {name} }}}}", name=name, way=way)


def _ways(value: Any) -> Iterator[str]:
    kind = type(value)
    if hasattr(kind, "__await__"):
        yield "await {}"
    if hasattr(kind, "__anext__"):
        yield "[one async for one in {}]"
    if hasattr(kind, "__next__"):
        yield "list({})"
    if hasattr(kind, "execute") and hasattr(kind, "commit"):
        yield 'pandas.read_sql("SELECT …", {})'
        return
    own = getattr(value, "__dict__", None)
    for name in _NAMED:
        member = inspect.getattr_static(kind, name, None)
        if member is None:
            if isinstance(own, dict) and name in own:
                yield f"{{}}.{name}"
        elif isinstance(member, (FunctionType, MethodDescriptorType)):
            if _takes_nothing(member):
                yield f"{{}}.{name}()"
        elif not callable(member):
            yield f"{{}}.{name}"
    if hasattr(kind, "__array__"):
        yield "numpy.asarray({})"
    if hasattr(kind, "__iter__") and not hasattr(kind, "__next__"):
        yield "list({})"


def _takes_nothing(method: Any) -> bool:
    """Whether a method can be called with no arguments, as far as Python knows its signature."""
    try:
        inspect.signature(method).bind(None)
    except TypeError:
        return False
    except ValueError:
        return True
    return True
