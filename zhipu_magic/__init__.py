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
    from .chat.chat import Chat
    from .chat.replies.reply import Reply
    from .notebook.extension import load_ipython_extension, unload_ipython_extension
    from .service.hosted_tools import McpServer, Search
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

__version__ = "0.9.0"
__all__ = [
    "Chat",
    "ConnectionFailed",
    "DataFrame",
    "GLMError",
    "Interrupted",
    "InvalidAnswer",
    "InvalidRequest",
    "JournalError",
    "McpServer",
    "NotRecorded",
    "OverBudget",
    "Reply",
    "ReplyBroken",
    "Search",
    "ServiceError",
    "SettingsError",
    "__version__",
    "confirm",
    "load_ipython_extension",
    "render",
    "unload_ipython_extension",
]

#: The modules of these names. All others are kinds of errors.
_HOMES = {
    "Chat": ".chat.chat",
    "DataFrame": ".values.types.answer_type",
    "McpServer": ".service.hosted_tools",
    "Reply": ".chat.replies.reply",
    "Search": ".service.hosted_tools",
    "confirm": ".values.tools.tool",
    "load_ipython_extension": ".notebook.extension",
    "render": ".values.rendering.renderers",
    "unload_ipython_extension": ".notebook.extension",
}


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(_HOMES.get(name, ".text.errors"), __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
