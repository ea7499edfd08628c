"""What a tool may not do: use the chat or read the reply that called it, or wait on its own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    """Run the code in this block as a tool of this reply."""
    token = _calling.set((*_calling.get(), (chat, reply)))
    try:
        yield
    finally:
        _calling.reset(token)


def check_not_in_tool(caller: object) -> None:
    """Raise InvalidRequest if a tool uses the chat or the reply that called it, unless that reply has ended."""
    if any((chat is caller or reply is caller) and reply.ended is None for chat, reply in _calling.get()):
        raise InvalidRequest(
            "A tool cannot use the chat that is calling it.",
            hint="Let it ask another one: Chat().ask(…).",
            reason="tool.uses_its_chat",
        )


def check_loop(loop: asyncio.AbstractEventLoop | None) -> None:
    """Raise InvalidRequest where to wait for a reply would stop this event loop, which runs the reply's tool."""
    if loop is None:
        return
    with suppress(RuntimeError):  # there is no loop here
        if loop is asyncio.get_running_loop():
            raise InvalidRequest(
                "A tool of the turn before, or of this reply, is running on this event loop.",
                hint="Await that reply: to wait for it here would stop its tool. Or ask with once=True, or in another "
                "thread of the conversation.",
                reason="turn.needs_this_loop",
            )
