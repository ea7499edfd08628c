"""Talk to ZhiPu AI's GLM models from a notebook.

In IPython: ``%load_ext zhipu_magic``, then a cell that begins with ``%%glm``. Without IPython, the same engine::

    from zhipu_magic import Chat

    chat = Chat(model="glm-4.7-flash")
    for text in chat.ask("你好"):
        print(text, end="")

Every failure is a ``GLMError``, and each kind has a class of its own here, from ``InvalidRequest`` to ``Interrupted``
(``text.errors`` draws the tree).

Nothing is imported before it is used, so that loading the extension costs a notebook next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .chat.chat import Chat
    from .chat.replies.reply import Reply
    from .text.errors import (
        ConnectionFailed,
        GLMError,
        Interrupted,
        InvalidAnswer,
        InvalidRequest,
        JournalError,
        NotRecorded,
        OverBudget,
        ReplyBroken,
        ServiceError,
        SettingsError,
    )
    from .values.rendering.renderers import render
    from .values.tools.tool import confirm
    from .values.types.answer_type import DataFrame

__version__ = "0.1.0"
__all__ = [
    "Chat",
    "ConnectionFailed",
    "DataFrame",
    "GLMError",
    "Interrupted",
    "InvalidAnswer",
    "InvalidRequest",
    "JournalError",
    "NotRecorded",
    "OverBudget",
    "Reply",
    "ReplyBroken",
    "ServiceError",
    "SettingsError",
    "__version__",
    "confirm",
    "load_ipython_extension",
    "render",
    "unload_ipython_extension",
]

_HOMES = {
    "Chat": ".chat.chat",
    "ConnectionFailed": ".text.errors",
    "DataFrame": ".values.types.answer_type",
    "GLMError": ".text.errors",
    "Interrupted": ".text.errors",
    "InvalidAnswer": ".text.errors",
    "InvalidRequest": ".text.errors",
    "JournalError": ".text.errors",
    "NotRecorded": ".text.errors",
    "OverBudget": ".text.errors",
    "Reply": ".chat.replies.reply",
    "ReplyBroken": ".text.errors",
    "ServiceError": ".text.errors",
    "SettingsError": ".text.errors",
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
