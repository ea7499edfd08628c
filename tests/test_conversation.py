"""Whatever happens to a thread, its request alternates properly and holds each kept turn once."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from zhipu_magic.conversation import Thread, Turn
from zhipu_magic.wire import Usage

USAGE = st.none() | st.builds(Usage, total_tokens=st.integers(0, 10**6), reasoning_tokens=st.just(0))


class AnyConversation(RuleBasedStateMachine):
    """Compares a thread with a plain list of what should stand in it."""

    def __init__(self) -> None:
        super().__init__()
        self.thread = Thread()
        self.system = ""
        self.kept: list[tuple[str, str]] = []
        self.counts: list[int | None] = []

    @rule(prompt=st.text(min_size=1), reply=st.text(min_size=1), usage=USAGE, interrupted=st.booleans())
    def append(self, prompt: str, reply: str, usage: Usage | None, interrupted: bool) -> None:
        before = self.thread
        self.thread = before.append(Turn(prompt, reply, "glm-4", usage, interrupted))
        assert len(before.turns) == len(self.kept)
        self.kept.append((prompt, reply))
        self.counts.append(usage.total_tokens if usage else None)

    @rule()
    def undo(self) -> None:
        self.thread = self.thread.undo()
        del self.kept[-1:], self.counts[-1:]

    @rule()
    def reset(self) -> None:
        self.thread = self.thread.reset()
        self.kept, self.counts = [], []

    @rule(text=st.text())
    def system_text(self, text: str) -> None:
        self.thread, self.system = self.thread.with_system(text), text

    @invariant()
    def the_request_holds_what_is_kept(self) -> None:
        messages = self.thread.messages("next")
        if self.system:
            assert messages.pop(0) == {"role": "system", "content": self.system}
        assert messages.pop() == {"role": "user", "content": "next"}
        assert [message["role"] for message in messages] == ["user", "assistant"] * len(self.kept)
        assert [message["content"] for message in messages] == [text for turn in self.kept for text in turn]

    @invariant()
    def the_context_is_what_the_service_counted_last(self) -> None:
        counted = [count for count in self.counts if count is not None]
        assert self.thread.context_tokens() == (counted[-1] if counted else 0)


TestAnyConversation = AnyConversation.TestCase
