"""What a tool may not do: go on with the very chat, or read the very reply, that is calling it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..text.errors import InvalidRequest

#: The chats and replies whose tools run here. A tool's own coroutines inherit it.
_calling: ContextVar[tuple[object, ...]] = ContextVar("zhipu_magic_calling", default=())


@contextmanager
def in_tool(*callers: object) -> Iterator[None]:
    """What is done within is done by a tool of theirs."""
    token = _calling.set((*_calling.get(), *callers))
    try:
        yield
    finally:
        _calling.reset(token)


def check_not_in_tool(caller: object) -> None:
    """Raise InvalidRequest where it is the caller's own tool that asks."""
    if any(one is caller for one in _calling.get()):
        raise InvalidRequest(
            "A tool cannot use the chat that is calling it.",
            hint="Let it ask another one: Chat().ask(…).",
            reason="tool.uses_its_chat",
        )
