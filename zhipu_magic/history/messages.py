"""The messages of a request: a conversation as the service takes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .turn import Message, Turn, user_message

if TYPE_CHECKING:
    from ..values.images.from_value import Image


def request_messages(
    turns: Iterable[Turn],
    prompt: str,
    images: Sequence[Image] = (),
    *,
    system: str = "",
    going: Collection[str] | None = None,
    thinking: bool = False,
) -> list[Message]:
    """The messages that ask `prompt`, with its images, after these turns.

    Of what is attached to the turns, these parts are `going` along (see `attached`); None: all. The model gets their
    reasoning back where that is kept (`thinking`).
    """
    messages = system_message(system)
    for turn in turns:
        messages += turn.messages(going=going, thinking=thinking)
    messages.append(user_message(prompt, images))
    return messages


def system_message(system: str) -> list[Message]:
    """The message that stands before all others; none for an empty text."""
    return [{"role": "system", "content": system}] if system else []


def instructed(system: str, instruction: str) -> str:
    """The system text, with what is added to it for one request."""
    return "\n\n".join(text for text in (system, instruction) if text)


def attached(part: Any) -> Image | None:
    """The image, or what else has an address, that a part of a message is; None for text."""
    kind = part.get("type") if isinstance(part, dict) else "text"
    image: Image | None = None if kind == "text" else part[kind]["url"]
    return image


def as_sent(messages: Sequence[Message], *, data_urls: bool = False) -> list[Message]:
    """The messages as the service takes them: images by their address or in base64, as a data URL where it wants one.

    Raises JournalError for an image that is not there any more.
    """

    def part(one: Message) -> Message:
        image = attached(one)
        if image is None:
            return one
        prefix = f"data:{image.type};base64," if data_urls else ""
        return {"type": image.part, image.part: {"url": image.url or prefix + image.base64()}}

    return [
        {**message, "content": [part(one) for one in message["content"]]}
        if isinstance(message["content"], list)
        else message
        for message in messages
    ]
