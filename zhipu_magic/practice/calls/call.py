"""What these endpoints have in common: a body, an objection or an answer, and the server's load."""

from __future__ import annotations

import asyncio
from typing import Any

from ..body import parsed
from ..disturbed import Disturbable, disturbed
from ..endpoint import Call
from ..script import Fault

Answer = dict[str, Any]


class Calls(Disturbable):
    """`POST` of a body, JSON unless `read` reads another, which `answer` answers or refuses."""

    @disturbed
    async def post(self) -> None:
        body = self.read()
        path = self.request.path.partition("/v4")[2]
        self.service.calls.append(Call(f"POST {path}", dict(self.request.headers), body))
        refusal = self.service.load.enter()
        if refusal is not None:
            return await self.refuse(refusal)
        try:
            await asyncio.sleep(self.service.load.seconds())
            found = self.answer(body) if body is not None else Fault.of("1210")
            await (self.refuse(found) if isinstance(found, Fault) else self.send(found))
        finally:
            self.service.load.leave()

    def read(self) -> dict[str, Any] | None:
        """What was sent; None if it is none of what may be."""
        body = parsed(self.take_body())
        return body if isinstance(body, dict) else None

    def answer(self, body: dict[str, Any]) -> Answer | Fault:
        """What the service says to this body."""
        raise NotImplementedError


def missing(body: dict[str, Any], *members: str) -> Fault | None:
    """The refusal of a body that lacks one of these members."""
    for member in members:
        if body.get(member) in (None, "", []):
            return Fault.of("1213", f"未正常接收到 {member} 参数")
    return None


def illegal(member: str) -> Fault:
    """The refusal of a member with a value that may not be."""
    return Fault.of("1214", f"{member} 参数非法。请检查文档")
