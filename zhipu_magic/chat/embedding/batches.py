"""Cuts texts into requests. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...text.tokens import weight
from .models import EmbeddingModel


def batches_of(texts: Sequence[str], model: EmbeddingModel) -> Iterator[list[str]]:
    """The texts in order, in lists that the model takes at once: of so many texts and, by an estimate, tokens."""
    batch: list[str] = []
    tokens = 0.0
    for text in texts:
        own = weight(text)
        is_full = model.most_tokens is not None and tokens + own > model.most_tokens
        if batch and (len(batch) == model.most_texts or is_full):
            yield batch
            batch, tokens = [], 0.0
        batch.append(text)
        tokens += own
    if batch:
        yield batch
