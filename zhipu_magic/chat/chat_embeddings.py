"""Vectors, rankings and counts of tokens, as a part of a chat. Nothing of it is imported before it is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..history.history import History
from ..service.connection import Service
from .dispatch import Dispatch
from .request import Request, key_of
from .scheduler import Scheduler

if TYPE_CHECKING:
    from ..service.endpoint import Endpoint
    from .embedding.embedding import Embedding
    from .embedding.lookups import Lookups, Ranking


class ChatEmbeddings:
    """What a chat has for texts that are no prompts."""

    service: Service
    history: History
    _dispatch: Dispatch
    _scheduler: Scheduler
    _warn: Callable[[str], None]

    def request(self, prompt: str, **how: Any) -> Request:
        """The request that `ask` would send."""
        raise NotImplementedError

    @property
    def model(self) -> str:
        """The model that the current thread asks."""
        raise NotImplementedError

    def embed(
        self,
        texts: Any,
        *,
        model: str = "embedding-3",
        dimensions: int | None = None,
        in_flight: int | None = None,
        fresh: bool = False,
    ) -> Any:
        """The vectors of the texts: a numpy array of float32, a row for each text in their order.

        `texts` is a list, a tuple, a Series of any library or an array of one dimension. `dimensions` are 256, 512,
        1,024 or 2,048 (the default) for embedding-3. The texts go out 64 at a time, equal ones once, and as many
        requests at once as the service takes: that is found out; `in_flight` is a ceiling. Vectors are kept beside the
        journal, and none is asked for twice, but with `fresh`. After a lost connection a request is sent again, as
        those of tables are: the service may bill it twice. Tokens are counted in the ledger; no price is known.

        Raises InvalidRequest for what is no text, or surely too long for the model (3,072 tokens for embedding-3), by
        its place and before anything is sent; OverBudget, NotRecorded, SettingsError; else GLMError. Of what was sent
        until an error or an interrupt, all that lands is kept, and the same call asks only for the rest.
        """
        return self._embedding.vectors(texts, model=model, dimensions=dimensions, in_flight=in_flight, fresh=fresh)

    def rerank(
        self,
        query: str,
        documents: Any,
        *,
        model: str = "rerank",
        top_n: int | None = None,
        fresh: bool = False,
    ) -> list[Ranking]:
        """The documents by their relevance to the query, the best first: `.index`, `.score` and `.document` of each.

        At most 128 documents of 4,096 characters; `top_n` gives at most so many. Where the service ranks fewer than are
        wanted, `warn` says so. The answer is kept beside the journal, and not asked for twice, but with `fresh` and
        after a lost connection. Raises as `embed` does.
        """
        return self._lookups.ranked(query, documents, model=model, top_n=top_n, fresh=fresh)

    def count_tokens(self, prompt: str | Sequence[Mapping[str, Any]], *, model: str | None = None, **more: Any) -> int:
        """The tokens of the request that `ask` would send for this prompt, exactly as the model counts them.

        The conversation before it counts too, as it goes along, and so do tools; `once=True` counts the prompt alone.
        `more` are the options of `ask`, `names` and `images` among them. Instead of a prompt it may be a list of
        messages in the service's form, which are counted as they are. By its documents the service counts for glm-4.6,
        glm-4.5 and earlier models: others have to be counted as one of these.

        The count is kept beside the journal, and not asked for twice. It is not in the ledger, as nothing tells that
        it is billed. Raises GLMError.
        """
        if isinstance(prompt, str):
            request = self.request(prompt, model=model, **more)
            asked = {name: request.body[name] for name in _COUNTED if name in request.body}

            def to_send(endpoint: Endpoint) -> dict[str, Any]:
                body = request.to_send(endpoint.profile)
                return {name: body[name] for name in _COUNTED if name in body}

            return self._lookups.counted(asked, to_send, key=key_of(asked))
        asked = {"model": model or self.model, "messages": [dict(message) for message in prompt]}
        return self._lookups.counted(asked, lambda endpoint: asked, key=key_of(asked))

    @cached_property
    def _embedding(self) -> Embedding:
        from .embedding.embedding import Embedding

        return Embedding(self.service, self.history, self._scheduler, dispatch=self._dispatch)

    @cached_property
    def _lookups(self) -> Lookups:
        from .embedding.lookups import Lookups

        return Lookups(self.service, self._scheduler, self._dispatch, self._embedding, warn=self._warn)


#: The members of a request that are counted.
_COUNTED = ("model", "messages", "tools")
