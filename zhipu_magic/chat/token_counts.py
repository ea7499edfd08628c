"""The tokens of turns and rounds: by the service's counts where there are any, else estimates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice

from ..history.conversation import Thread
from ..history.link import back_from
from ..history.rounds import Round, figures_in
from ..history.turn import Message
from ..service.wire import Usage
from ..text.tokens import estimate
from .request import Request

#: How many of the latest turns are looked at, to compare the service's counts with estimates.
_CALIBRATED_ON = 8


def scale(thread: Thread) -> float:
    """The service's counts divided by the estimates, over those of the last turns that it has counted; 1 for none."""
    turns = (link.turn for link in islice(back_from(thread.last), _CALIBRATED_ON))
    pairs = [
        (turn.tokens, estimate(turn.prompt) + estimate(turn.reply))
        for turn in turns
        if turn.usage and not turn.images and not turn.tool_messages
    ]
    estimated = sum(guess for _, guess in pairs)
    return min(4.0, max(0.25, sum(tokens for tokens, _ in pairs) / estimated)) if estimated else 1.0


def system_tokens(system: str) -> int:
    """The tokens of a system text."""
    return round(estimate(system)) if system else 0


def context_tokens(thread: Thread) -> int:
    """The tokens of the conversation in the next request."""
    return thread.last.tokens + system_tokens(thread.system) if thread.last and thread.last.tokens else 0


def turn_tokens(request: Request, reply: str, usage: Usage | None, tool_messages: Sequence[Message] = ()) -> int:
    """What a turn takes of a later context: the service's count less what stood before it, or an estimate.

    `usage` is that of its last round, which held the `tool_messages` before it.
    """
    if usage is None:
        between = [message for message in tool_messages if message["role"] != "user"]  # those hold figures
        texts = [request.prompt, reply, *(json.dumps(message, ensure_ascii=False) for message in between)]
        images = sum(image.tokens for image in (*request.images, *figures_in(tool_messages)))
        return images + round(sum(map(estimate, texts)) * request.scale)
    own = min(usage.prompt_tokens, max(1, usage.prompt_tokens - request.tokens_before))
    return own + max(0, usage.completion_tokens - usage.reasoning_tokens)


def taken(request: Request, rounds: Sequence[Round]) -> tuple[list[Usage], int]:
    """What each round took, by the service's count or else an estimate, and what the next one's prompt would take."""
    usages, prompt = [], request.tokens
    for one in rounds:
        written = round(estimate(one.thoughts + one.words) * request.scale)
        usages.append(one.usage or Usage(prompt, written, prompt + written))
        added = [text for text in (*(call.text for call in one.calls), one.wrong) if text]
        seen = sum(image.tokens for image in one.figures)
        prompt = usages[-1].total_tokens + seen + round(sum(map(estimate, added)) * request.scale)
    return usages, prompt
