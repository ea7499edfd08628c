"""What a tool may not do: use the chat, or read the reply, that is calling it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from ...text.errors import InvalidRequest


class Ends(Protocol):
    """A reply, as far as it matters here."""

    @property
    def ended(self) -> float | None: ...


#: The replies whose tools run here, each with its chat. A tool's own coroutines inherit it.
_calling: ContextVar[tuple[tuple[object, Ends], ...]] = ContextVar("zhipu_magic_calling", default=())


@contextmanager
def in_tool(chat: object, reply: Ends) -> Iterator[None]:
    """What is done within is done by a tool of this reply."""
    token = _calling.set((*_calling.get(), (chat, reply)))
    try:
        yield
    finally:
        _calling.reset(token)


def check_not_in_tool(caller: object) -> None:
    """Raise InvalidRequest where it is the caller's own tool that asks, and its turn has not been interrupted."""
    if any((chat is caller or reply is caller) and reply.ended is None for chat, reply in _calling.get()):
        raise InvalidRequest(
            "A tool cannot use the chat that is calling it.",
            hint="Let it ask another one: Chat().ask(…).",
            reason="tool.uses_its_chat",
        )
