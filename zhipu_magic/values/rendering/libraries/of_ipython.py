"""What a notebook displays: IPython's display objects by their data, widgets by their value."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

from ....text.addresses import without_secrets
from ....text.languages.messages import for_model
from ....text.languages.numbers import plural
from ....text.tokens import fenced_within
from ..registry import LATE, SaysNothing, Secret, add
from .parts import library_and_class

_LANGUAGES: Final = {"HTML": "html", "SVG": "xml", "Javascript": "javascript", "Latex": "latex", "Math": "latex"}


def _shown(value: Any, tokens: int) -> Any:
    """The data of a display object: HTML and SVG by their source, JSON as such, a sound or film by its size."""
    data, address = getattr(value, "data", None), getattr(value, "url", None) or getattr(value, "src", None)
    if isinstance(data, str) and data.strip():
        language = next((_LANGUAGES[kind.__name__] for kind in type(value).__mro__ if kind.__name__ in _LANGUAGES), "")
        return fenced_within(data, language, tokens) if language else data
    if isinstance(data, (bytes, bytearray)) and data:
        return for_model("{kind} of {what}", kind=library_and_class(value), what=plural(len(data), "byte"))
    if isinstance(address, str) and address:
        return for_model("{kind} of {what}", kind=library_and_class(value), what=without_secrets(address))
    if isinstance(data, str) or not data:
        raise SaysNothing(value)
    return data


def _place(value: Any, tokens: int) -> str:
    raise SaysNothing(value)


def _widget(value: Any, tokens: int) -> Any:
    """The value of a widget; without its model id."""
    if not value.has_trait("value"):
        if value.has_trait("children") and value.children:
            return list(value.children)
        raise SaysNothing(value, *(["{}.outputs"] if value.has_trait("outputs") else []))
    if any(kind.__name__ == "Password" for kind in type(value).__mro__):
        raise Secret(value)
    label = getattr(value, "description", "")
    shown = value.value
    if hasattr(shown, "shape") or isinstance(shown, (list, tuple, dict, set)):
        return shown
    return f"{type(value).__name__}{f' {label!r}' if label else ''}: {shown!r}"


def _register(module: ModuleType) -> None:
    for name in ("DisplayObject", "Audio", "IFrame"):
        add(module, name, _shown)
    add(module, "Widget", _widget)
    add(module, "DisplayHandle", _place)


LATE.update(
    dict.fromkeys(
        ("IPython.core.display", "IPython.core.display_functions", "IPython.lib.display", "ipywidgets.widgets.widget"),
        _register,
    )
)
