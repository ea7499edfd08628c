"""A conversation as pure data: turns in order, and the messages that a request makes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .wire import Usage

Message = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """One user message and the reply to it. `interrupted` marks a reply that did not come to its end."""

    prompt: str
    reply: str
    model: str
    usage: Usage | None = None
    interrupted: bool = False

    def messages(self) -> list[Message]:
        """The turn as the service takes it. Reasoning is not sent back: the service does not want it."""
        return [{"role": "user", "content": self.prompt}, {"role": "assistant", "content": self.reply}]


@dataclass(frozen=True)
class Thread:
    """One conversation. Every change gives a new thread and leaves the old one as it was."""

    system: str = ""
    turns: tuple[Turn, ...] = ()

    def messages(self, prompt: str) -> list[Message]:
        """The messages of the request that asks `prompt` next."""
        system: list[Message] = [{"role": "system", "content": self.system}] if self.system else []
        past = [message for turn in self.turns for message in turn.messages()]
        return [*system, *past, {"role": "user", "content": prompt}]

    def append(self, turn: Turn) -> Thread:
        return replace(self, turns=(*self.turns, turn))

    def undo(self) -> Thread:
        """Without the last turn."""
        return replace(self, turns=self.turns[:-1])

    def reset(self) -> Thread:
        """Without any turn; the system text stays."""
        return replace(self, turns=())

    def with_system(self, system: str) -> Thread:
        return replace(self, system=system)

    def context_tokens(self) -> int:
        """Tokens that the turns take of the next request, by the service's count of the last turn that it counted."""
        for turn in reversed(self.turns):
            if turn.usage is not None:
                return turn.usage.total_tokens - turn.usage.reasoning_tokens
        return 0
