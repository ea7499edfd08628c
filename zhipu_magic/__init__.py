"""Talk to ZhiPu AI's GLM models from a notebook.

In IPython: ``%load_ext zhipu_magic``, then a cell that begins with ``%%glm``. Without IPython, the same engine::

    from zhipu_magic import Chat

    chat = Chat(model="glm-4.7-flash")
    for text in chat.ask("你好"):
        print(text, end="")

Nothing is imported before it is used, so that loading the extension costs a notebook next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .chat.chat import Chat
    from .chat.reply import Reply
    from .text.errors import GLMError
    from .values.rendering.renderers import render
    from .values.tools.tool import confirm
    from .values.types.answer_type import DataFrame

__version__ = "0.1.0"
__all__ = [
    "Chat",
    "DataFrame",
    "GLMError",
    "Reply",
    "__version__",
    "confirm",
    "load_ipython_extension",
    "render",
    "unload_ipython_extension",
]

_HOMES = {
    "Chat": ".chat.chat",
    "DataFrame": ".values.types.answer_type",
    "GLMError": ".text.errors",
    "Reply": ".chat.reply",
    "confirm": ".values.tools.tool",
    "render": ".values.rendering.renderers",
}


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Give `shell` the magics ``%%glm`` and ``%glm`` (called by ``%load_ext zhipu_magic``)."""
    from .notebook.extension import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take them away again (called by ``%unload_ext zhipu_magic``)."""
    from .notebook.extension import unload

    unload(shell)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
