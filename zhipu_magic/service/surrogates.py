"""Joins characters that a stream has split between two chunks, each with an escaped half of a surrogate pair."""

from __future__ import annotations

from typing import Any

from ..text.untrusted_json import cleaned, read
from .response_members import objects


class SurrogateJoiner:
    """Reads the chunks of one stream, cleans them, and joins pairs that one chunk begins and the next one ends."""

    def __init__(self) -> None:
        self._pending: dict[str, str] = {}

    def read(self, data: str) -> Any:
        """The value of an event's JSON. Raises ValueError if it is not JSON."""
        chunk, clean = read(data)
        if clean and not self._pending:
            return chunk
        if isinstance(chunk, dict):
            self._join(chunk)
        return cleaned(chunk)

    def _join(self, chunk: dict[str, Any]) -> None:
        before, self._pending = self._pending, {}
        for choice in objects(chunk.get("choices")):
            for delta in (choice.get("delta"), choice.get("message")):
                if not isinstance(delta, dict):
                    continue
                for name in ("content", "reasoning_content", "reasoning"):
                    self._join_text(delta, name, name, before)
                for call in objects(delta.get("tool_calls")):
                    function, index = call.get("function"), call.get("index")
                    if isinstance(function, dict):
                        place = f"call {index}" if isinstance(index, int) else "call"
                        self._join_text(function, "arguments", place, before)
        self._pending = {**before, **self._pending}  # a chunk without this text may come in between

    def _join_text(self, members: dict[str, Any], name: str, place: str, before: dict[str, str]) -> None:
        """Put the half that was held back for this text before it, and hold back a half at its end."""
        text = members.get(name)
        if isinstance(text, list):  # in parts, as some gateways send it
            for part in text:
                if isinstance(part, dict):
                    self._join_text(part, "text", place, before)
        elif isinstance(text, str) and text:
            text = self._pending.pop(place, "") + before.pop(place, "") + text
            if "\ud800" <= text[-1] <= "\udbff":
                text, self._pending[place] = text[:-1], text[-1]
            members[name] = text
