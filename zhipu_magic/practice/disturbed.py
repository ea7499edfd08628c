"""Endpoints that a test can have answer otherwise than well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from typing import Any, TypeAlias

from tornado.iostream import StreamClosedError

from . import encode
from .disturbances import Ill
from .endpoint import Receiver
from .script import Drop, Fault, Raw

_Method: TypeAlias = "Callable[..., Awaitable[None]]"


def disturbed(method: _Method) -> _Method:
    """The method of an endpoint, for which a test may want another answer, with or without its effect."""

    @wraps(method)
    async def answered(endpoint: Disturbable, *arguments: str) -> None:
        request = f"{endpoint.request.method} /{endpoint.request.path.partition('/v4/')[2]}"
        found = endpoint.service.disturbances.next_of(request)
        if found is None or found[1]:
            endpoint.instead = found[0] if found else None
            await method(endpoint, *arguments)
        else:
            endpoint.take_body()
            await endpoint.disturb(found[0])

    return answered


class Disturbable(Receiver):
    """What these have in common."""

    instead: Ill | None = None
    """What is sent in place of the answer."""
    _playing: asyncio.Future[None] | None = None

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self._playing is not None:
            self._playing.cancel()

    async def send(self, value: Any) -> None:
        await self.send_data(encode.to_json(value))

    async def send_data(self, data: bytes) -> None:
        """Send the answer, or what a test wants in its place."""
        await (self.finish(data) if self.instead is None else self.disturb(self.instead))

    async def disturb(self, answer: Ill) -> None:
        """Answer with this."""
        match answer:
            case Fault():
                await self.refuse(answer)
            case Raw():
                self._playing = asyncio.ensure_future(self.play(answer))
                with suppress(asyncio.CancelledError, StreamClosedError):  # the client has left
                    await self._playing
            case Drop():
                self.hang_up(reset=answer.reset)
