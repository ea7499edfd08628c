"""A turn as pure data, and the messages that it is sent as."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from ..service.wire import Usage
from ..text.joining import joined
from ..values.tools.ran import Changed

if TYPE_CHECKING:
    from ..values.images.from_value import Image

Message = dict[str, Any]


@dataclass(frozen=True)
class Anchor:
    """The cell that asks, and its execution: `run` distinguishes executions, `execution_count` is shown on the page.

    `append` adds a turn whatever the cell asked before.
    """

    cell: str | None = None
    run: int = 0
    execution_count: int | None = None
    append: bool = False


class SystemText(NamedTuple):
    """A system text that a cell gave with its prompt, for this and later turns; `number` counts those of its thread."""

    text: str
    number: int = 0


class Turn(NamedTuple):
    """One user message and the reply to it.

    `cell` is the cell that asked, `run` distinguishes its executions, and `execution_count` is its number on the page.
    `tokens` is what the turn takes of a later request's context; `members` are the request's beyond model and
    messages. `finish_reason` is the service's word, or "interrupted" for a reply that did not come to its end.

    `prompt` is what was sent, `written` what the cell holds where that is another text (it has references), `images` go
    with the prompt, `cut` says what of the values in it was not sent, and `above` which cells of the page did.
    `instruction` was added to the system text for this turn alone; `system_given` is the system text that came with
    it, in force for as long as the turn stands. `tool_messages` are the tool calls and their results, between
    prompt and reply; `sources` is what the service found on the web. One that is `appended` went last whatever the
    place of its cell, and one that was kept of a `comparison` has the name of that. `changed` are the names that
    its code has changed in this notebook.
    """

    prompt: str
    reply: str
    model: str
    usage: Usage | None = None
    finish_reason: str | None = None
    id: str = ""
    cell: str | None = None
    run: str = ""
    tokens: int = 0
    reasoning: str = ""
    members: Mapping[str, Any] = MappingProxyType({})
    execution_count: int | None = None
    written: str = ""
    images: tuple[Image, ...] = ()
    instruction: str = ""
    tool_messages: tuple[Message, ...] = ()
    sources: tuple[Mapping[str, Any], ...] = ()
    system_given: SystemText | None = None
    cut: tuple[str, ...] = ()
    above: str = ""
    appended: bool = False
    changed: Changed = Changed()
    comparison: str = ""

    @property
    def exchange(self) -> tuple[Message, ...]:
        """The same as `tool_messages`, by its earlier name."""
        return self.tool_messages

    @property
    def session(self) -> str:
        """The session in which it was asked."""
        return self.id.rpartition("-")[0]

    @property
    def interrupted(self) -> bool:
        return self.finish_reason == "interrupted"

    @property
    def bytes(self) -> int:
        """About how many bytes of memory it takes with its reply, but without what it shares with its event."""
        return 300 + 2 * len(self.reply) + 8 * len(self.tool_messages)

    def messages(self, *, going: Collection[str] | None = None, thinking: bool = False) -> list[Message]:
        """The turn as it is sent, with or without its reasoning. Of what is attached to it, these parts are `going`
        along; None: all.
        """
        asked = user_message(self.prompt, [image for image in self.images if going is None or image.part in going])
        answer = {"role": "assistant", "content": self.reply}
        has_figures = going is None or "image_url" in going
        between = [message for message in self.tool_messages if has_figures or message["role"] != "user"]
        # A reply that ended after its code had run may have no answer: services refuse an empty one.
        answered = [answer] if self.reply or not between else []
        if not thinking:
            return [asked, *map(_without_reasoning, between), *answered]
        if self.reasoning:
            answer["reasoning_content"] = self.reasoning
        return [asked, *between, *answered]

    def joined(self, more: Turn) -> Turn:
        """This turn with the reply of `more`, which went on from its end, perhaps with calls in between."""
        rounds, reply = more.tool_messages, more.reply
        if rounds:
            rounds = ({**rounds[0], "content": joined(self.reply, str(rounds[0].get("content") or ""))}, *rounds[1:])
        else:
            reply = joined(self.reply, reply)
        return more._replace(
            id=self.id,
            prompt=self.prompt,
            written=self.written,
            images=self.images,
            instruction=self.instruction,
            tool_messages=(*self.tool_messages, *rounds),
            reply=reply,
            reasoning=self.reasoning or more.reasoning,
            cell=self.cell,
            run=self.run,
            execution_count=self.execution_count,
            tokens=self.tokens + more.tokens,
            sources=_both(self.sources, more.sources),
            system_given=self.system_given,
            cut=self.cut,
            above=self.above,
            appended=self.appended,
            comparison=self.comparison,
            changed=self.changed.joined(more.changed) if self.changed else more.changed,
        )


def _both(first: tuple[Mapping[str, Any], ...], more: tuple[Mapping[str, Any], ...]) -> tuple[Mapping[str, Any], ...]:
    """The sources of two replies, without numbers: each has counted from 1, so `[ref_1]` would be ambiguous."""
    if not first or not more:
        return first or more
    return tuple({name: fact for name, fact in one.items() if name != "refer"} for one in (*first, *more))


def _without_reasoning(message: Message) -> Message:
    if "reasoning_content" not in message:
        return message
    return {name: value for name, value in message.items() if name != "reasoning_content"}


def user_message(prompt: str, images: Sequence[Image] = ()) -> Message:
    """A prompt as a message; its images stand in it as they are until `as_sent` makes text of them."""
    if not images:
        return {"role": "user", "content": prompt}
    parts: list[Message] = [{"type": image.part, image.part: {"url": image}} for image in images]
    return {"role": "user", "content": [*parts, {"type": "text", "text": prompt}]}
