"""Rankings of documents and counts of tokens: one request each, whose answer the store keeps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ...history.rows.row import Row
from ...service.client import Client
from ...service.connection import Service
from ...service.endpoint import Endpoint
from ...service.exchange import Exchange
from ...service.text_calls import Ranked, count, rerank
from ...text.errors import NOTHING_SENT, REPLAY_ONLY, InvalidRequest, NotRecorded, ServiceError
from ...text.languages.messages import _
from ...text.languages.notice import Notice
from ...text.languages.numbers import plural
from ...text.tokens import weight
from ..dispatch import Dispatch
from ..replies.in_tool import check_not_in_tool
from ..scheduler import Scheduler
from .embedding import Embedding
from .kept import count_in, json_row, key_of, ranking_in
from .texts import texts_of

_Found = TypeVar("_Found")

#: What the service ranks at once: documents, and characters of each and of the query (docs/protocol.md).
_MOST_DOCUMENTS, _LONGEST = 128, 4_096
#: The models for which the service counts, by its documents.
_COUNTED_FOR = "glm-4.6, glm-4.6v, glm-4.5, glm-4.5-air, glm-4-0520, glm-4-long, glm-4-air, glm-4-flash"
_TICK = 0.1


@dataclass(frozen=True)
class Ranking:
    """A document's place in the list that was given, its score (the higher, the more relevant), and its text."""

    index: int
    score: float
    document: str

    def __iter__(self) -> Iterator[int | float | str]:
        """For `for index, score, document in …`."""
        return iter((self.index, self.score, self.document))


class Lookups:
    """Ranks documents, and counts tokens."""

    def __init__(
        self,
        service: Service,
        scheduler: Scheduler,
        dispatch: Dispatch,
        embedding: Embedding,
        *,
        warn: Callable[[str], None],
    ) -> None:
        self._service = service
        self._scheduler = scheduler
        self._dispatch = dispatch
        self._embedding = embedding
        self._warn = warn

    def ranked(self, query: str, values: Any, *, model: str, top_n: int | None, fresh: bool) -> list[Ranking]:
        """The documents by their relevance to the query (see `Chat.rerank`)."""
        check_not_in_tool(self._scheduler)
        query = self._service.hide(_query(query))
        documents = [self._service.hide(text) for text in texts_of(values)]
        if not documents:
            raise InvalidRequest(
                "There are no documents to rank.",
                hint="Pass a list, a Series or an array of at least one text.",
                reason="ranking.no_documents",
                outcomes=[NOTHING_SENT],
            )
        if top_n is not None and (type(top_n) is not int or top_n < 1):
            raise InvalidRequest(
                "top_n must be a whole number of at least 1, not {given}.",
                reason="ranking.top_n",
                outcomes=[NOTHING_SENT],
                given=repr(top_n),
            )
        key = key_of("rerank", model, query, documents, top_n)
        found = None if fresh else ranking_in(self._kept(key), len(documents))
        if found is None:
            self._check_recorded("ranking")
            self._check_sizes(query, documents)
            found = self._rank(key, query, documents, model=model, top_n=top_n)
        else:
            self._embedding.repeat(key)
        wanted = len(documents) if top_n is None else min(top_n, len(documents))
        if len(found) < wanted:
            self._warn(
                Notice(
                    "{model} has ranked {count} of {documents}: the others have no place.",
                    reason="ranking.fewer",
                    model=model,
                    count=f"{len(found):,}",
                    documents=plural(wanted, "document"),
                )
            )
        return [Ranking(place, score, documents[place]) for place, score in found[:wanted]]

    def _rank(
        self, key: str, query: str, documents: list[str], *, model: str, top_n: int | None
    ) -> list[tuple[int, float]]:
        texts = [query, *documents]
        self._embedding.check_budget(model, texts)
        endpoint, begun = self._service.endpoint(), time.monotonic()
        body = {"model": model, "query": query, "documents": documents, **({} if top_n is None else {"top_n": top_n})}

        def ask(client: Client, cancelled: threading.Event) -> Ranked:
            return rerank(client, body, tries=self._service.max_retries + 1, cancelled=cancelled)

        ranked = self._asked(endpoint, ask)
        self._keep(json_row(key, ranked.places, model))
        counted = {"tokens": ranked.tokens}
        if ranked.tokens is None:
            counted = {"uncounted": 1, "estimated_tokens": round(sum(map(weight, texts)))}
        self._embedding.record(
            endpoint,
            what=_("{documents} ranked", documents=plural(len(documents), "document")),
            key=key,
            model=model,
            requests=1,
            seconds=round(time.monotonic() - begun, 3),
            **counted,
        )
        return ranked.places

    def counted(self, asked: Mapping[str, Any], to_send: Callable[[Endpoint], Mapping[str, Any]], *, key: str) -> int:
        """The tokens of what `to_send` makes for the service; `asked` is that of which a journal knows the `key`."""
        check_not_in_tool(self._scheduler)
        model = str(asked["model"])
        short = key_of("tokens", key)
        found = count_in(self._kept(short))
        if found is None:
            self._check_recorded(_("count of tokens"))
            endpoint = self._service.endpoint()
            body = to_send(endpoint)
            found = self._asked(endpoint, lambda client, cancelled: self._count(client, body, cancelled))
            self._keep(json_row(short, found, model))
        return found

    def _count(self, client: Client, body: Mapping[str, Any], cancelled: threading.Event) -> int:
        try:
            return count(client, body, tries=self._service.max_retries + 1, cancelled=cancelled)
        except ServiceError as error:
            if error.reason != "service.no_model":
                raise
            raise ServiceError(
                "The service does not count tokens for {model}.",
                hint="By its documents it does for: {models}. Pass one as model=….",
                reason="tokens.no_model",
                detail=error.detail,
                status=error.status,
                code=error.code,
                model=body["model"],
                models=_COUNTED_FOR,
            ) from None

    # What both have in common

    def _asked(self, endpoint: Endpoint, ask: Callable[[Client, threading.Event], _Found]) -> _Found:
        """What the service answers, in another thread, so that an interrupt need not wait for it."""
        found: list[_Found] = []

        def send(exchange: Exchange) -> None:
            with self._service.client(endpoint) as client, exchange.waiting_on(client):
                found.append(ask(client, exchange.cancelled))

        exchange = Exchange(send)
        try:
            self._scheduler.start(exchange, lambda exchange: None)
            while not exchange.is_over:
                exchange.wait(linger=_TICK)
        except BaseException:  # an interrupt
            exchange.close()
            raise
        exchange.take()  # raises what has ended it
        return found[0]

    def _kept(self, key: str) -> Row | None:
        return self._embedding.store.find(key)

    def _keep(self, row: Row) -> None:
        self._embedding.store.add(row)

    def _check_recorded(self, what: str) -> None:
        """Raise NotRecorded where nothing goes out."""
        if self._dispatch.mode == "only":
            raise NotRecorded(
                "This {what} is not in the vectors file beside the journal.",
                hint='chat.replay = "auto" asks the service, and records the answer.',
                reason="replay.lookup_not_recorded",
                outcomes=[REPLAY_ONLY],
                what=what,
            )

    def _check_sizes(self, query: str, documents: Sequence[str]) -> None:
        """Raise InvalidRequest for what the service refuses by its documents; other servers have other bounds."""
        if not self._service.profile.is_glm:
            return
        if len(documents) > _MOST_DOCUMENTS:
            raise InvalidRequest(
                "There are {count:,} documents, and the service ranks at most {most} at once.",
                hint="Rank in parts, then rank the best of each together.",
                reason="ranking.too_many",
                outcomes=[NOTHING_SENT],
                count=len(documents),
                most=_MOST_DOCUMENTS,
            )
        named = ((_("Document {place}", place=place), text) for place, text in enumerate(documents))
        for name, text in ((_("The query"), query), *named):
            if len(text) > _LONGEST:
                raise InvalidRequest(
                    "{name} has {length:,} characters, and may have {most:,}.",
                    hint="Cut it into parts.",
                    reason="ranking.too_long",
                    outcomes=[NOTHING_SENT],
                    name=name,
                    length=len(text),
                    most=_LONGEST,
                )


def _query(query: Any) -> str:
    if not isinstance(query, str) or not query.strip():
        raise InvalidRequest("The query must be a text.", reason="ranking.no_query", outcomes=[NOTHING_SENT])
    return query
