"""The tool calls of a reply, put together from the pieces of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..text.untrusted_json import loads
from .response_members import MOST_MEMBERS, as_text, name_of

#: The most calls of one reply that are kept; no model makes so many on purpose.
_MOST_CALLS = 1_000
#: Characters of a call's arguments that are parsed to see if they are complete: at once, and in all.
_LONGEST_LOOKED_AT, _MOST_LOOKED_AT = 1 << 16, 1 << 20
_OWN = {"id", "index", "type", "function"}


@dataclass(eq=False)
class _Call:
    """A call so far, with its arguments in the pieces in which they arrived."""

    id: str
    type: str = "function"
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)
    length: int = 0
    looked_at: int = 0

    def take(self, piece: Mapping[str, Any], name: str, arguments: str) -> None:
        self.type = name_of(piece.get("type")) or self.type
        self.name = name or self.name
        self.arguments.append(arguments)
        self.length += len(arguments)
        for other in piece.keys() - _OWN:
            if other in self.others or len(self.others) < MOST_MEMBERS:
                self.others[other] = piece[other]

    def to_json(self) -> dict[str, Any]:
        function = {"name": self.name, "arguments": "".join(self.arguments)}
        return {"id": self.id, "type": self.type, "function": function, **self.others}

    def is_followed_by(self, arguments: str) -> bool:
        """Whether these arguments belong to another call, because this call's own are complete."""
        begins = arguments.lstrip().startswith("{")
        if not (begins and self.length <= _LONGEST_LOOKED_AT and "".join(self.arguments[-2:]).rstrip().endswith("}")):
            return False
        self.looked_at += self.length
        if self.looked_at > _MOST_LOOKED_AT:  # they have been checked often enough
            return False
        try:
            loads("".join(self.arguments))
        except ValueError:
            return False
        return True


class ToolCalls:
    """The calls of a reply. A new id or name begins a call; a piece without either continues the last one at its index.

    The index alone decides nothing: some servers send 0 or -1 for all calls, and some give two calls the same id.
    """

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._latest: _Call | None = None
        self._by_id: dict[str, _Call] = {}
        self._by_index: dict[int | None, _Call] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def feed(self, pieces: Iterable[Mapping[str, Any]]) -> None:
        """Take the pieces of one chunk."""
        begun: set[_Call] = set()
        for piece in pieces:
            begun.add(self._feed(piece, begun))

    def to_json(self) -> list[dict[str, Any]]:
        """The calls in the form of an unstreamed reply."""
        return [call.to_json() for call in self._calls]

    def _feed(self, piece: Mapping[str, Any], begun: set[_Call]) -> _Call:
        """Take a piece. Returns its call. `begun` are the calls with earlier pieces in the same chunk."""
        call_id, index, function = name_of(piece.get("id")) or "", piece.get("index"), piece.get("function")
        function = function if isinstance(function, Mapping) else {}
        name, arguments = as_text(function.get("name")), _arguments(function.get("arguments"))
        index = index if isinstance(index, int) else None
        call = self._by_id.get(call_id) if call_id else None
        if call is not None and name:
            is_new_place = index is not None and index not in self._by_index
            call = None if is_new_place or call in begun or call.is_followed_by(arguments) else call
        if call is None and not call_id and not name:
            call = self._by_index.get(index, self._latest)
        if call is None:
            call = self._latest = _Call(call_id)
            if len(self._calls) < _MOST_CALLS:
                self._calls.append(call)
                self._by_id[call_id] = self._by_index[index] = call
        call.take(piece, name, arguments)
        return call


def _arguments(value: Any) -> str:
    """A call's arguments as JSON text; some servers send an object instead."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else as_text(value)
