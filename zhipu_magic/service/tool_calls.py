"""The tool calls of a reply, put together from the pieces of a stream.

The index says which call a piece belongs to (docs/protocol.md, "Other servers of OpenAI's protocol"): some servers
give each piece another id, or repeat the name with each. Where no index tells calls apart, because it is missing, or
the same for all, a call begins with an id and a name, once the one before it is complete.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..text.untrusted_json import loads
from .response_members import MOST_MEMBERS, as_text, count_of, name_of

#: The most calls of one reply that are kept; no model makes so many on purpose.
_MOST_CALLS = 1_000
#: Characters of a call's arguments that are parsed to see if they are complete: at once, and in all.
_LONGEST_LOOKED_AT, _MOST_LOOKED_AT = 1 << 16, 1 << 20
_OWN = {"id", "index", "type", "function"}


@dataclass(eq=False)
class _Call:
    """A call so far, with its arguments in the pieces in which they arrived.

    `follows` is the call before it in its place.
    """

    id: str
    follows: _Call | None = None
    type: str = "function"
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)
    length: int = 0
    looked_at: int = 0

    def take(self, piece: _Piece) -> None:
        self.id = self.id or piece.id
        self.type = name_of(piece.members.get("type")) or self.type
        self.name = piece.name or self.name
        if piece.is_whole:  # as an object, which no other piece adds to
            self.arguments.clear()
            self.length = 0
        self.arguments.append(piece.arguments)
        self.length += len(piece.arguments)
        for other in piece.members.keys() - _OWN:
            if other in self.others or len(self.others) < MOST_MEMBERS:
                self.others[other] = piece.members[other]

    def to_json(self) -> dict[str, Any]:
        function = {"name": self.name, "arguments": "".join(self.arguments)}
        return {"id": self.id, "type": self.type, "function": function, **self.others}

    @property
    def is_complete(self) -> bool:
        """Whether its arguments are complete JSON, as far as that may be looked at."""
        if self.length > _LONGEST_LOOKED_AT or not "".join(self.arguments[-2:]).rstrip().endswith("}"):
            return False
        self.looked_at += self.length
        if self.looked_at > _MOST_LOOKED_AT:
            return False
        try:
            loads("".join(self.arguments))
        except ValueError:
            return False
        return True

    def repeats(self, piece: _Piece) -> bool:
        """Whether the piece is this call once more, with arguments that mean the same however they are written."""
        if self.name != piece.name:
            return False
        arguments = "".join(self.arguments)
        if arguments == piece.arguments:
            return True
        self.looked_at += self.length + len(piece.arguments)
        return self.looked_at <= _MOST_LOOKED_AT and _value(arguments) == _value(piece.arguments) is not None

    @property
    def is_readable(self) -> bool:
        """Whether it can be made: it has a name, and a JSON object of arguments."""
        return bool(self.name) and isinstance(_value("".join(self.arguments)), dict)

    @property
    def is_echo(self) -> bool:
        """Whether it is but the name of the call before it, sent once more after that was complete.

        A second call of a function that takes nothing cannot be told from that.
        """
        before = self.follows
        return before is not None and not self.length and self.name == before.name and before.length > len("{}")


@dataclass(frozen=True)
class _Piece:
    """A piece of a call as it arrived. `place` is its index, None where that says nothing."""

    members: Mapping[str, Any]
    id: str
    name: str
    arguments: str
    is_whole: bool
    place: int | None

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> _Piece:
        function = members.get("function")
        function = function if isinstance(function, Mapping) else {}
        given = function.get("arguments", function.get("parameters"))
        is_whole = given is not None and not isinstance(given, str)
        return cls(
            members,
            id=name_of(members.get("id")) or "",
            name=as_text(function.get("name")),
            arguments=json.dumps(given, ensure_ascii=False) if is_whole else as_text(given),
            is_whole=is_whole and bool(given),
            place=count_of(members.get("index")),
        )


class ToolCalls:
    """The calls of a reply, in the order in which they began."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._latest: _Call | None = None
        self._by_id: dict[str, _Call] = {}
        self._by_place: dict[int | None, _Call] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def feed(self, pieces: Iterable[Mapping[str, Any]]) -> None:
        """Take the pieces of one chunk."""
        fed: set[_Call] = set()
        for members in pieces:
            piece = _Piece.of(members)
            call = self._call_of(piece, fed)
            if call is None:
                continue
            fed.add(call)
            call.take(piece)

    def feed_message(self, calls: Iterable[Mapping[str, Any]]) -> None:
        """Take the calls of a whole message, each of which is one."""
        places = enumerate(calls)
        self.feed({**call, "index": place} if count_of(call.get("index")) is None else call for place, call in places)

    def completed(self, calls: Iterable[Mapping[str, Any]]) -> ToolCalls:
        """These calls, or those of the message that ends the stream if the pieces lacked a part of them."""
        whole = ToolCalls()
        whole.feed_message(calls)
        is_more = len(whole) > len(self) or not self._is_readable
        return whole if whole and is_more and whole._is_readable else self

    @property
    def _is_readable(self) -> bool:
        return all(call.is_readable for call in self._calls)

    def to_json(self) -> list[dict[str, Any]]:
        """The calls in the form of an unstreamed reply."""
        return [call.to_json() for call in self._calls if not call.is_echo]

    def _call_of(self, piece: _Piece, fed: Collection[_Call]) -> _Call | None:
        """The call that the piece belongs to, or a new one; None if it repeats the call that stands there.

        `fed` are those with pieces in the same chunk.
        """
        opened = self._opened(piece)
        if opened is not None and not _begins(piece, opened, fed):
            return opened
        repeated = self._by_id.get(piece.id) if opened is not None else None
        if repeated is not None and repeated.repeats(piece):
            return None
        call = self._latest = _Call(piece.id, opened)
        if len(self._calls) < _MOST_CALLS:
            self._calls.append(call)
            self._by_place[piece.place] = call
            if piece.id:
                self._by_id[piece.id] = call
        return call

    def _opened(self, piece: _Piece) -> _Call | None:
        """The call that stands where the piece does."""
        if piece.place is not None and piece.place in self._by_place:
            return self._by_place[piece.place]
        by_id = self._by_id.get(piece.id) if piece.id else None
        if piece.place is not None and (piece.name or (piece.id and by_id is None)):
            return None
        return by_id or self._by_place.get(None) or (self._latest if not (piece.id and piece.name) else None)


def _value(arguments: str) -> Any:
    """What arguments mean; None if they cannot be read."""
    try:
        return loads(arguments)
    except ValueError:
        return None


def _begins(piece: _Piece, opened: _Call, fed: Collection[_Call]) -> bool:
    """Whether the piece begins another call in the place of this one, and does not continue it."""
    if not piece.name:
        return False
    is_other_id = bool(piece.id and opened.id) and piece.id != opened.id
    # A chunk holds no two pieces of one call with ids of their own, and no call changes its name.
    if is_other_id and (opened in fed or (opened.name and piece.name != opened.name)):
        return True
    begins_anew = piece.arguments.lstrip().startswith("{") or (is_other_id and not piece.arguments)
    return begins_anew and opened.is_complete
