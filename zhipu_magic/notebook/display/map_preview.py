"""Shows what a map would ask: the first prompts, and what all of it would take."""

from __future__ import annotations

import json

from ...chat.rows.map_preview import MapPreview
from ...service.models import PRICES_DATE
from ...text.html import block
from ...text.markup import Markup
from ...text.numbers import money, plural, short_time
from .map_panel import MapNotes, causes_of, notes_text
from .preview import folded_message

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
    failing = MapNotes(causes=causes_of(found.failures), failed="would fail")
    return Markup("\n\n").join(
        [
            Markup("**Nothing was sent.** {estimates}", estimates=_estimates(found, priced, without_price)),
            *(Markup("{note}", note=note) for note in notes_text(failing)),
            *(folded_message("system", text) for text in system),
            *prompts,
            folded_message("beside the messages", json.dumps(body, ensure_ascii=False, indent=2)),
        ]
    )


def _images(count: int) -> str:
    return f" · {plural(count, 'image')}" if count else ""


def _estimates(found: MapPreview, priced: bool, without_price: str) -> str:
    counts = [plural(found.rows, "row"), f"{found.distinct:,} distinct"]
    if found.known:
        counts.append(f"{found.known:,} known, {found.to_ask:,} to ask")
    if not found.to_ask:
        return ", ".join(counts) + "."
    estimates = [", ".join(counts), f"about {found.prompt_tokens:,} tokens of prompts for {found.request.model}"]
    estimates.append(_cost(found, priced, without_price))
    if found.seconds is not None:
        estimates.append(f"about {short_time(found.seconds)} with {found.limit:,} in flight, the limit that is known")
    return "; ".join(estimates) + "."


def _cost(found: MapPreview, priced: bool, without_price: str) -> str:
    known = found.request.known
    answer = _ANSWER if found.answer_tokens is None else found.answer_tokens
    live = found.cost(known, answer=answer) if known is not None and priced else None
    if live is None or known is None:
        return without_price
    of = "as those that are known" if found.answer_tokens is not None else "each"
    batch = found.cost(known, batch=True, answer=answer)
    half = f", {money(batch)} as a batch" if batch else ""
    return f"{money(live)}{half}, with answers of {answer:,.0f} tokens {of} (prices of {PRICES_DATE})"
