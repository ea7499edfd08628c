"""Shows what would be sent, message by message."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...chat.request import Request
from ...history.markdown import as_python
from ...history.messages import attached
from ...history.turn import Message
from ...service.models import CHEAPEST_SEARCH, PRICES_DATE, SEARCH_COST
from ...text.characters import shorten
from ...text.html import block, folded
from ...text.languages.joined import Joined
from ...text.languages.messages import _, ngettext, told
from ...text.languages.numbers import money, plural
from ...text.markup import Markup
from .figures import percent


def preview(request: Request, *, priced: bool, without_price: str) -> Markup:
    """The request for the user to check, with estimates of its tokens and, if it is `priced`, its cost.

    `without_price` is what to say of the cost where the price table does not.

    In a notebook, all messages but the last are folded.
    """
    titles = [f"{number} · {message['role']}" for number, message in enumerate(request.messages, 1)]
    texts = [_text(message) for message in request.messages]
    body = {name: value for name, value in request.body.items() if value is not None and name != "messages"}
    *earlier, (title, text) = zip(titles, texts, strict=True)
    return Markup("\n\n").join(
        [
            Markup("**Nothing was sent.** {estimates}", estimates=_estimates(request, priced, without_price)),
            *(folded_message(title, text) for title, text in earlier),
            Markup("**{title}**\n\n{text}", title=title, text=block(text)),
            folded_message(_("beside the messages"), json.dumps(body, ensure_ascii=False, indent=2)),
        ]
    )


def folded_message(title: str, text: str) -> Markup:
    """A message folded under its title and first words; as plain text, in full."""
    rich = folded(_("{title}: {text}", title=title, text=shorten(text, _LONGEST_OPENING)), [text]).rich
    shown = Markup("**{title}**\n\n{text}", title=title, text=block(text))
    return Markup.vouched(rich, shown.plain, set_from=shown.typeset)


#: What may be attached, by the part of the message that it is.
_KINDS = {"image_url": _("image"), "video_url": _("video"), "file_url": _("file")}
#: Characters of a folded message that are shown.
_LONGEST_OPENING = 80


def _estimates(request: Request, priced: bool, without_price: str) -> str:
    known = request.known
    estimates: list[str] = [
        _(
            "{model}: about {tokens:,} tokens in {messages}",
            model=request.model,
            tokens=request.tokens,
            messages=plural(len(request.messages), "message"),
        )
    ]
    if known is not None and known.context is not None:
        estimates.append(_("{share} of its context", share=percent(request.tokens, known.context)))
    cost = known.cost(request.tokens, 0) if known and priced else None
    estimates.append(
        without_price
        if cost is None
        else _("{cost} for the prompt (prices of {date})", cost=money(cost), date=PRICES_DATE)
    )
    longest = request.longest_answer
    most = known.cost(request.tokens, longest) if known and priced and longest else None
    if most:
        estimates.append(_("{cost} with an answer of {tokens:,} tokens, the longest", cost=money(most), tokens=longest))
    if request.searches:
        estimates.append(
            _(
                "each web search is billed separately, ≈ ¥{least:g} to {most:g}",
                least=CHEAPEST_SEARCH,
                most=SEARCH_COST,
            )
        )
    estimates += [_("above: {cells}", cells=request.above)] if request.above else []
    estimates += [_("cut: {value}", value=cut) for cut in request.cut]
    if request.left_out:
        estimates.append(
            ngettext(
                "{count:,} earlier turn does not fit and is left out",
                "{count:,} earlier turns do not fit and are left out",
                request.left_out,
            )
        )
    return listed(estimates)


def listed(parts: Sequence[str]) -> str:
    """The parts as one sentence."""
    return _("{parts}.", parts=Joined(_("; "), parts))


def _text(message: Message) -> str:
    """A message as text: a line for each image, its text, and its tool calls as Python would write them."""
    content: Any = message["content"]
    parts = [content]
    if not isinstance(content, str):
        images = [image for part in content if (image := attached(part)) is not None]
        parts = [
            told(_("[{kind} {number}: {what}]", kind=_KINDS[image.part], number=number, what=image.describe()))
            for number, image in enumerate(images, 1)
        ]
        parts += [part["text"] for part in content if "text" in part]
    functions = [call["function"] for call in message.get("tool_calls", ())]
    parts += [f"{one['name']}({as_python(one['arguments'])})" for one in functions]
    return "\n".join(part for part in parts if part)
