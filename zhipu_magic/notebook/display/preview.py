"""Shows what would be sent, message by message."""

from __future__ import annotations

import json
from typing import Any

from ...chat.request import Request
from ...history.markdown import as_python
from ...history.messages import attached
from ...history.turn import Message
from ...service.models import CHEAPEST_SEARCH, PRICES_DATE, SEARCH_COST
from ...text.characters import shorten
from ...text.html import block, folded
from ...text.markup import Markup
from ...text.numbers import money, plural
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
            folded_message("beside the messages", json.dumps(body, ensure_ascii=False, indent=2)),
        ]
    )


def folded_message(title: str, text: str) -> Markup:
    """A message folded under its title and first words; as plain text, in full."""
    rich = folded(f"{title}: {shorten(text, _LONGEST_OPENING)}", [text]).rich
    shown = Markup("**{title}**\n\n{text}", title=title, text=block(text))
    return Markup.vouched(rich, shown.plain, set_from=shown.typeset)


#: Characters of a folded message that are shown.
_LONGEST_OPENING = 80


def _estimates(request: Request, priced: bool, without_price: str) -> str:
    known = request.known
    count = len(request.messages)
    estimates = [f"{request.model}: about {request.tokens:,} tokens in {plural(count, 'message')}"]
    if known is not None and known.context is not None:
        estimates.append(f"{percent(request.tokens, known.context)} of its context")
    cost = known.cost(request.tokens, 0) if known and priced else None
    estimates.append(without_price if cost is None else f"{money(cost)} for the prompt (prices of {PRICES_DATE})")
    longest = request.longest_answer
    most = known.cost(request.tokens, longest) if known and priced and longest else None
    if most:
        estimates.append(f"{money(most)} with an answer of {longest:,} tokens, the longest")
    if request.searches:
        estimates.append(f"each web search is billed separately, ≈ ¥{CHEAPEST_SEARCH:g} to {SEARCH_COST:g}")
    estimates += [f"above: {request.above}"] if request.above else []
    estimates += [f"cut: {cut}" for cut in request.cut]
    if request.left_out:
        are = "turn does not fit and is" if request.left_out == 1 else "turns do not fit and are"
        estimates.append(f"{request.left_out:,} earlier {are} left out")
    return "; ".join(estimates) + "."


def _text(message: Message) -> str:
    """A message as text: a line for each image, its text, and its tool calls as Python would write them."""
    content: Any = message["content"]
    parts = [content]
    if not isinstance(content, str):
        images = [image for part in content if (image := attached(part)) is not None]
        parts = [
            f"[{image.part.removesuffix('_url')} {number}: {image.describe()}]"
            for number, image in enumerate(images, 1)
        ]
        parts += [part["text"] for part in content if "text" in part]
    functions = [call["function"] for call in message.get("tool_calls", ())]
    parts += [f"{one['name']}({as_python(one['arguments'])})" for one in functions]
    return "\n".join(part for part in parts if part)
