"""Which part of a thread goes into a request: as many of the newest turns as the model's context has room for.

Past turns are weighed by the service's own counts. Text that it has not counted yet is estimated, and the estimate
calibrated on the last turns that it has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from ..history.attached import ALL, first_left_out, going_along, left_out
from ..history.link import Link, back_from
from ..history.messages import instructed, request_messages
from ..history.turn import Turn
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.tokens import estimate
from .request import Request
from .token_counts import scale, system_tokens

if TYPE_CHECKING:
    from ..values.references import Prompt

#: On the estimate of a new prompt, which had better be too high than too low.
_MARGIN = 1.1
#: Divides the context: at most this share is left free for an answer whose length the user has not set.
_SHARE_FOR_ANSWER = 4
#: Each holds more, and leaves room for fewer turns, until it relies on no others.
_MOST_PROMPTS = 4


def fit(request: Request, limit: int | None = None) -> Request:
    """The request with its messages. Whole turns are left out, the oldest first, where not all fit; what the prompt
    leaves to those goes along with the prompt then.

    `limit` is what all messages may take, in tokens; by default the model's context less room for the answer, and
    none for a model that the catalogue does not know. Raises InvalidRequest for a prompt that cannot fit alone.
    """
    for _ in range(_MOST_PROMPTS):
        fitting, kept = _fitting(request, limit)
        if request.renew is None or request.relies_on <= kept:
            return fitting
        request = _renewed(request, request.renew, kept)
    assert request.renew is not None
    return _fitting(_renewed(request, request.renew, ()), limit)[0]


def _renewed(request: Request, renew: Callable[[Collection[str]], Prompt], turns: Collection[str]) -> Request:
    """The request with the prompt that goes after these turns alone."""
    prompt = renew(turns)
    return replace(
        request,
        prompt=prompt.text,
        written=prompt.written,
        images=prompt.images,
        cut=prompt.cut,
        above=prompt.above,
        relies_on=prompt.relies_on,
    )


def _fitting(request: Request, limit: int | None) -> tuple[Request, set[str]]:
    """The request with its messages, and the ids of the turns in them."""
    thread, known = request.before, request.known
    context = known.context if known else None
    factor = scale(thread)
    system = system_tokens(request.system) + _around(request)
    asked = round(estimate(request.prompt) * factor) + sum(image.tokens for image in request.images)
    if context is not None:
        if system + asked + (request.max_tokens or 0) > context:
            raise _does_not_fit(request, system + asked, context)
        limit = context - room_for_answer(request) if limit is None else limit
    room = None if limit is None else limit - system - round(asked * _MARGIN)
    turns, tokens = _newest(thread.last, room, with_reasoning=request.keeps_thinking)
    going = going_along(turns, request.images, ALL if known is None else known.takes)
    unseen = left_out(turns, going)
    messages = request_messages(
        turns[::-1],
        request.prompt,
        request.images,
        system=request.hide(instructed(request.system, request.instruction)),
        going=going,
        thinking=request.keeps_thinking,
    )
    fitting = replace(
        request,
        messages=messages,
        left_out=thread.size - len(turns),
        unseen=unseen,
        first_unseen=first_left_out(turns, going) if unseen else 0,
        tokens_before=system + tokens,
        tokens=system + tokens + asked,
        scale=factor,
    )
    return fitting, {turn.id for turn in turns}


def fit_smaller(request: Request) -> Request | None:
    """The same request with fewer turns, for a service that found it too long; None with no turn left.

    It is made to fit into the context that is known by now, or else it has about half of its tokens.
    """
    if request.left_out == request.before.size:
        return None
    try:
        fitting = fit(request)
        smaller = fitting if fitting.left_out > request.left_out else fit(request, request.tokens // 2)
    except InvalidRequest:  # the prompt alone is too long
        return None
    return smaller if smaller.left_out > request.left_out else None


def _around(request: Request) -> int:
    """The tokens that this request alone adds to the conversation: its instruction and its tools."""
    tools = request.members.get("tools")
    texts = [request.instruction, json.dumps(tools, ensure_ascii=False) if tools else ""]
    return round(sum(estimate(text) for text in texts if text))


def room_for_answer(request: Request) -> int:
    """Tokens of the context that the turns leave free."""
    known = request.known
    if request.max_tokens is not None or known is None or known.context is None:
        return request.max_tokens or 0
    share = known.context // _SHARE_FOR_ANSWER
    return min(known.longest_answer or share, share)


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


def _newest(last: Link | None, room: int | None, *, with_reasoning: bool) -> tuple[list[Turn], int]:
    """The turns that fit into `room` tokens, the newest first, and what they take."""
    turns, tokens = [], 0
    for link in back_from(last):
        if not link.aside:
            turn = link.turn
            takes = turn.tokens + (_reasoning_tokens(turn) if with_reasoning else 0)
            if room is not None and tokens + takes > room:
                break
            tokens += takes
            turns.append(turn)
    return turns, tokens


def _reasoning_tokens(turn: Turn) -> int:
    """An estimate of the tokens of a turn's reasoning, which its own count leaves out."""
    texts = [turn.reasoning, *(message.get("reasoning_content", "") for message in turn.tool_messages)]
    return round(sum(estimate(text) for text in texts if text))
