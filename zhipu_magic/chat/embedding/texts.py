"""The texts that are to become vectors: from a list, a Series or an array, each of them looked at before it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...text.characters import class_name, shortened
from ...text.errors import NOTHING_SENT, InvalidRequest
from ...text.languages.messages import _
from ...text.tokens import weight
from .models import EmbeddingModel

#: By how much an estimate of tokens may be too high: what lies in between is left to the service.
_DOUBT = 1.25


def texts_of(values: Any) -> list[str]:
    """The texts in a list, a tuple, a Series or an array of one dimension. Raises InvalidRequest for anything else."""
    is_table = getattr(values, "ndim", 1) != 1 or hasattr(values, "columns") or isinstance(values, dict)
    if isinstance(values, (str, bytes)) or is_table or not isinstance(values, Iterable):
        raise InvalidRequest(
            "The texts must be a list, a Series or an array of texts, not {found}.",
            hint="For a single text, pass a list of one; of a table, pass the column.",
            reason="embedding.no_texts",
            outcomes=[NOTHING_SENT],
            found=_("a single text") if isinstance(values, str) else class_name(values),
        )
    as_list = next((name for name in ("to_pylist", "tolist", "to_list") if hasattr(values, name)), None)
    found: list[Any] = list(values if as_list is None else getattr(values, as_list)())
    for place, text in enumerate(found):
        if not isinstance(text, str) or not text.strip():
            raise InvalidRequest(
                "Text {place} is {found}, and has no vector.",
                hint="Leave such texts out, or put others in their place.",
                reason="embedding.no_text",
                outcomes=[NOTHING_SENT],
                place=place,
                found=_("empty") if isinstance(text, str) else _("no text: {value}", value=shortened(repr(text), 40)),
            )
        _check_characters(text, place)
    return [str(text) for text in found]


def _check_characters(text: str, place: int) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidRequest(
            "Text {place} contains an unpaired surrogate.",
            hint="It stands for no character and cannot be sent: remove it.",
            reason="embedding.surrogate",
            outcomes=[NOTHING_SENT],
            place=place,
        ) from None


def check_lengths(texts: Sequence[tuple[int, str]], model: EmbeddingModel) -> None:
    """Raise InvalidRequest for the first of these texts, each with its place, that is surely too long for the model.

    Tokens are estimated. The service itself refuses what is a little too long.
    """
    if model.longest is None:
        return
    for place, text in texts:
        if (tokens := weight(text)) > _DOUBT * model.longest:
            raise InvalidRequest(
                "Text {place} is too long: it has about {tokens:,} tokens, and {model} takes {longest:,}.",
                hint="Cut it into parts.",
                reason="embedding.too_long",
                outcomes=[NOTHING_SENT],
                place=place,
                tokens=round(tokens),
                model=model.name,
                longest=model.longest,
            )
