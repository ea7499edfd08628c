"""The models that make vectors, and what each takes (docs/protocol.md, "Vectors, rankings, counts")."""

from __future__ import annotations

from typing import Final, NamedTuple

from ...text.errors import NOTHING_SENT, InvalidRequest
from ...text.languages.joined import comma

DEFAULT_EMBEDDING_MODEL: Final = "embedding-3"


class EmbeddingModel(NamedTuple):
    """A model that makes vectors. A text has at most `longest` tokens, a request at most so many texts, and so many
    tokens in all; None where that is not known. The vectors have one of these `dimensions`, the last by default; of a
    model whose dimensions are not known, whatever the service gives.
    """

    name: str
    longest: int | None = None
    most_texts: int = 64
    most_tokens: int | None = None
    dimensions: tuple[int, ...] = ()
    fixed: bool = False
    """Whether a request does not name the dimensions."""


_MODELS: Final = {
    model.name: model
    for model in (
        EmbeddingModel("embedding-3", 3_072, dimensions=(256, 512, 1024, 2048)),
        EmbeddingModel("embedding-2", 512, most_tokens=8_000, dimensions=(1024,), fixed=True),
    )
}


def embedding_model(name: str) -> EmbeddingModel:
    """What is known of a model of this name."""
    return _MODELS.get(name.lower()) or EmbeddingModel(name)


def dimensions_of(model: EmbeddingModel, asked: int | None) -> int | None:
    """How many dimensions the vectors have; None where only the service knows. Raises InvalidRequest."""
    is_count = isinstance(asked, int) and not isinstance(asked, bool) and asked > 0
    if asked is None:
        return model.dimensions[-1] if model.dimensions else None
    if not is_count or (model.dimensions and asked not in model.dimensions):
        raise InvalidRequest(
            "{model} makes no vectors of {asked} dimensions.",
            hint="It makes them of {known}." if model.dimensions else "It is a whole number.",
            reason="embedding.dimensions",
            outcomes=[NOTHING_SENT],
            model=model.name,
            asked=repr(asked),
            known=comma(map(str, model.dimensions)),
        )
    return asked
