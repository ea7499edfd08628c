"""What of a thread goes into a request: as many of the newest turns as the model's context has room for.

Past turns are weighed by the service's own counts. Text that it has not counted yet is estimated, and the estimate
calibrated on the last turns that it has.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from ..history.conversation import Thread
from ..history.link import Link, back_from
from ..history.messages import instructed, request_messages
from ..history.rounds import Round
from ..history.turn import Message, Turn
from ..service.models import CATALOGUE
from ..service.wire import Usage
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.tokens import estimate
from .request import Request

#: On the estimate of a new prompt, which had better be too high than too low.
_MARGIN = 1.1
_CALIBRATED_ON = 8
#: Divides the context: at most this share is left free for an answer whose length the user has not set.
_SHARE_FOR_ANSWER = 4


def fit(request: Request, limit: int | None = None) -> Request:
    """The request with its messages. Whole turns are left out, the oldest first, where not all fit.

    `limit` is what all messages may take, in tokens; by default the model's context less room for the answer, and
    none for a model that the catalogue does not know. Raises InvalidRequest for a prompt that cannot fit alone.
    """
    thread, known = request.before, CATALOGUE.get(request.model)
    factor = scale(thread)
    system = system_tokens(thread) + _around(request)
    asked = round(estimate(request.prompt) * factor) + sum(image.tokens for image in request.images)
    if known is not None:
        if system + asked + (request.max_tokens or 0) > known.context:
            raise _does_not_fit(request, system + asked, known.context)
        limit = known.context - room_for_answer(request.model, request.max_tokens) if limit is None else limit
    turns, tokens = _newest(thread.last, None if limit is None else limit - system - round(asked * _MARGIN))
    seeing = known is None or known.vision
    messages = request_messages(
        turns[::-1],
        request.prompt,
        request.images,
        system=request.hide(instructed(thread.system, request.instruction)),
        seeing=seeing,
    )
    return replace(
        request,
        messages=messages,
        left_out=thread.size - len(turns),
        unseen=0 if seeing else sum(len(turn.images) for turn in turns),
        tokens_before=system + tokens,
        tokens=system + tokens + asked,
        scale=factor,
    )


def check_sight(request: Request) -> None:
    """Raise InvalidRequest for images that the model cannot see."""
    known = CATALOGUE.get(request.model)
    if known is None or known.vision or not request.images:
        return
    seeing = ", ".join(model.name for model in CATALOGUE.values() if model.vision)
    raise InvalidRequest(
        "{model} cannot see images.",
        hint="Use a model that can: {models}.",
        reason="model.no_vision",
        outcomes=[NOTHING_SENT],
        model=request.model,
        models=seeing,
    )


def fit_smaller(request: Request) -> Request | None:
    """The same request with about half of its tokens, for a service that found it too long; None with no turn left."""
    if request.left_out == request.before.size:
        return None
    smaller = fit(request, request.tokens // 2)
    return smaller if smaller.left_out > request.left_out else None


def _around(request: Request) -> int:
    """What this request alone adds to the conversation: how to answer, and what can be called."""
    tools = request.members.get("tools")
    texts = [request.instruction, json.dumps(tools, ensure_ascii=False) if tools else ""]
    return round(sum(estimate(text) for text in texts if text))


def scale(thread: Thread) -> float:
    """The service's counts divided by the estimates, over the last turns; 1 where it has counted none of them."""
    turns = (link.turn for link in islice(back_from(thread.last), _CALIBRATED_ON))
    pairs = [
        (turn.tokens, estimate(turn.prompt) + estimate(turn.reply))
        for turn in turns
        if turn.usage and not turn.images and not turn.tool_messages
    ]
    estimated = sum(guess for _, guess in pairs)
    return min(4.0, max(0.25, sum(tokens for tokens, _ in pairs) / estimated)) if estimated else 1.0


def system_tokens(thread: Thread) -> int:
    """What the system text takes."""
    return round(estimate(thread.system)) if thread.system else 0


def context_tokens(thread: Thread) -> int:
    """What the conversation takes of the next request."""
    return thread.last.tokens + system_tokens(thread) if thread.last and thread.last.tokens else 0


def turn_tokens(request: Request, reply: str, usage: Usage | None, tool_messages: Sequence[Message] = ()) -> int:
    """What a turn takes of a later context: the service's count less what stood before it, or an estimate.

    `usage` is that of its last round, which held the `tool_messages` before it.
    """
    if usage is None:
        texts = [request.prompt, reply, *(json.dumps(message, ensure_ascii=False) for message in tool_messages)]
        images = sum(image.tokens for image in request.images)
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
        prompt = usages[-1].total_tokens + round(sum(map(estimate, added)) * request.scale)
    return usages, prompt


def room_for_answer(model: str, max_tokens: int | None) -> int:
    """Tokens of the context that the turns leave free."""
    known = CATALOGUE.get(model)
    if max_tokens is not None or known is None:
        return max_tokens or 0
    return min(known.longest_answer, known.context // _SHARE_FOR_ANSWER)


def _does_not_fit(request: Request, tokens: int, context: int) -> InvalidRequest:
    if request.max_tokens:
        return InvalidRequest(
            "The prompt is about {tokens:,} tokens long; the context of {model} holds {context:,}, of which "
            "{reserved:,} are reserved for the answer.",
            hint="Shorten it, lower max_tokens, or use a model with a longer context.",
            reason="prompt.no_room",
            outcomes=[NOTHING_SENT],
            tokens=tokens,
            model=request.model,
            context=context,
            reserved=request.max_tokens,
        )
    return InvalidRequest(
        "The prompt is about {tokens:,} tokens long; the context of {model} holds {context:,}.",
        hint="Shorten it, or use a model with a longer context.",
        reason="prompt.too_long",
        outcomes=[NOTHING_SENT],
        tokens=tokens,
        model=request.model,
        context=context,
    )


def _newest(last: Link | None, room: int | None) -> tuple[list[Turn], int]:
    """The turns that fit into `room` tokens, the newest first, and what they take."""
    turns, tokens = [], 0
    for link in back_from(last):
        if not link.aside:
            if room is not None and tokens + link.turn.tokens > room:
                break
            tokens += link.turn.tokens
            turns.append(link.turn)
    return turns, tokens
