"""The service's HTTP endpoints, by their paths."""

from __future__ import annotations

from typing import Any

from tornado.web import Application

from . import encode
from .batches.endpoints import Batches, BatchList, CancelBatch, FileContent, FileList, OneBatch, OneFile
from .calls.documents import LayoutParsing, Parser, Reader
from .calls.drawing import PICTURES, Generations, Picture
from .calls.texts import Embeddings, Rerank, Tokenizer
from .completions import ChatCompletions
from .endpoint import Endpoint, NotFound, Service
from .models import MODELS, is_served
from .script import Fault

BASE_PATH = "/api/paas/v4"


def application(service: Service, batches: Batches) -> Application:
    """The service's paths; any other is a 404 in the service's form. Nothing is logged."""
    shared = {"service": service}
    return Application(
        [
            (f"{BASE_PATH}/chat/completions", ChatCompletions, shared),
            (f"{BASE_PATH}/models", Models, shared),
            (f"{BASE_PATH}/models/([^/]+)", Models, shared),
            (f"{BASE_PATH}/images/generations", Generations, shared),
            (f"{BASE_PATH}{PICTURES}([^/]+)", Picture, shared),
            (f"{BASE_PATH}/embeddings", Embeddings, shared),
            (f"{BASE_PATH}/rerank", Rerank, shared),
            (f"{BASE_PATH}/tokenizer", Tokenizer, shared),
            (f"{BASE_PATH}/files/parser/sync", Parser, shared),
            (f"{BASE_PATH}/layout_parsing", LayoutParsing, shared),
            (f"{BASE_PATH}/reader", Reader, shared),
            (f"{BASE_PATH}/files", FileList, shared),
            (f"{BASE_PATH}/files/([^/]+)", OneFile, shared),
            (f"{BASE_PATH}/files/([^/]+)/content", FileContent, shared),
            (f"{BASE_PATH}/batches", BatchList, shared),
            (f"{BASE_PATH}/batches/([^/]+)", OneBatch, shared),
            (f"{BASE_PATH}/batches/([^/]+)/cancel", CancelBatch, shared),
        ],
        default_handler_class=NotFound,
        default_handler_args=shared,
        log_function=lambda _: None,
        batches=batches,
    )


class Models(Endpoint):
    """`GET /models`, the list of models, and `GET /models/NAME`, one of them: both in OpenAI's form."""

    async def get(self, name: str | None = None) -> None:
        if name is None:
            await self.finish(encode.to_json({"object": "list", "data": [_entry(model) for model in MODELS]}))
        elif is_served(name):
            await self.finish(encode.to_json(_entry(name)))
        else:
            await self.refuse(Fault(404, "1211"))


def _entry(model: str) -> dict[str, Any]:
    return {"id": model, "object": "model", "created": 1703487403, "owned_by": "z-ai"}
