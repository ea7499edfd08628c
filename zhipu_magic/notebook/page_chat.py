"""The chat of a page: made from its settings, and changed with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from ..chat.chat import Chat
    from ..chat.environment import ReplayMode
    from .settings import Settings

_ONLY_ATTRIBUTES = ("value_tokens", "documents", "tool_rounds", "tool_calls")
#: Settings that are attributes of the chat.
OF_THE_CHAT = ("model", "system", "temperature", "stream", "replay", *_ONLY_ATTRIBUTES)
#: Settings of the connection to the service.
OF_THE_SERVICE = ("base_url", "plain_http", "timeout", "max_retries")


def new_chat(settings: Settings, journal: Path | None, warn: Callable[[str], None]) -> Chat:
    """A chat with these settings."""
    from ..chat.chat import Chat
    from .consent import ask_user

    chat = Chat(
        settings.model,
        base_url=settings.base_url,
        plain_http=settings.plain_http,
        system=settings.system,
        temperature=settings.temperature,
        stream=settings.stream,
        timeout=settings.timeout,
        max_retries=settings.max_retries,
        journal=journal,
        replay=cast("ReplayMode", settings.replay),
        warn=warn,
        confirm=ask_user,
    )
    for name in _ONLY_ATTRIBUTES:
        setattr(chat, name, getattr(settings, name))
    return chat


def change(chat: Chat, name: str, value: Any) -> None:
    """Change one of these settings of the chat or of its service."""
    if name in OF_THE_SERVICE:
        chat.service.configure(**{name: value})
    elif getattr(chat, name) != value:
        setattr(chat, name, value)
