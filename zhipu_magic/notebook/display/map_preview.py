"""Shows what a map would ask: the first prompts, and what all of it would take."""

from __future__ import annotations

import json

from ...chat.rows.map_preview import MapPreview
from ...service.models import PRICES_DATE
from ...text.html import block
from ...text.languages.joined import clauses, comma
from ...text.languages.messages import _
from ...text.languages.numbers import money, plural, short_time
from ...text.markup import Markup
from .map_panel import MapNotes, causes_of, notes_text
from .preview import folded_message, listed

#: Tokens of an answer, where none is known yet.
_ANSWER = 100


def map_preview(found: MapPreview, *, priced: bool, without_price: str) -> Markup:
    """The preview for the user to check; `without_price` is what to say where the price table does not speak of it."""
    request = found.request
    system = [str(message["content"]) for message in request.messages if message["role"] == "system"]
    body = {name: value for name, value in request.body.items() if value is not None and name != "messages"}
    prompts = [
        Markup(
            "**Row {row:,}**{images}\n\n{text}", row=index, images=_images(len(prompt.images)), text=block(prompt.text)
        )
        for index, prompt in found.first
    ]
    failing = MapNotes(causes=causes_of(found.failures), would_fail=True)
    return Markup("\n\n").join(
        [
            Markup("**Nothing was sent.** {estimates}", estimates=_estimates(found, priced, without_price)),
            *(Markup("{note}", note=note) for note in notes_text(failing)),
            *(folded_message(_("system"), text) for text in system),
            *prompts,
            folded_message(_("beside the messages"), json.dumps(body, ensure_ascii=False, indent=2)),
        ]
    )


def _images(count: int) -> str:
    return _(" · {images}", images=plural(count, "image")) if count else ""


def _estimates(found: MapPreview, priced: bool, without_price: str) -> str:
    counts = [plural(found.rows, "row"), _("{count:,} distinct", count=found.distinct)]
    if found.known:
        counts += [_("{count:,} known", count=found.known), _("{count:,} to ask", count=found.to_ask)]
    estimates: list[str] = [comma(counts)]
    if found.to_ask:
        estimates += [
            _("about {tokens:,} tokens of prompts for {model}", tokens=found.prompt_tokens, model=found.request.model),
            _cost(found, priced, without_price),
        ]
        if found.seconds is not None:
            time = short_time(found.seconds)
            estimates.append(
                _("about {time} with {limit:,} in flight, the limit that is known", time=time, limit=found.limit)
            )
    return listed(estimates)


def _cost(found: MapPreview, priced: bool, without_price: str) -> str:
    known = found.request.known
    answer = _ANSWER if found.answer_tokens is None else found.answer_tokens
    live = found.cost(known, answer=answer) if known is not None and priced else None
    if live is None or known is None:
        return without_price
    batch = found.cost(known, batch=True, answer=answer)
    cost = clauses([money(live), _("{cost} as a batch", cost=money(batch)) if batch else ""])
    facts = {"cost": cost, "tokens": answer, "date": PRICES_DATE}
    if found.answer_tokens is not None:
        return _("{cost}, with answers of {tokens:,.0f} tokens as those that are known (prices of {date})", **facts)
    return _("{cost}, with answers of {tokens:,.0f} tokens each (prices of {date})", **facts)
