"""Texts of ours in a line: each is written in English, and beside them, as `told`, how it was made.

    {"cut": ["3 rows of sales"], "told": {"3 rows of sales": {"of": …, "with": …}}}

So a journal holds no translation, and whoever reads it again can have these texts in any language. A line without
`told` has them in English.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...text.languages.message_data import data_of, told_by

TOLD = "told"
#: The members that hold texts of ours, alone or in a list, and those that hold others with such members.
_OURS = frozenset({"cut", "above", "broken", "failed", "stopped", "what"})
_AROUND = ("rounds", "calls")
#: How many texts of a line are told in other languages.
_MOST = 100


def told_in(members: Mapping[str, Any]) -> dict[str, Any]:
    """How the texts among these members were made that are messages, by what they say in English."""
    told: dict[str, Any] = {}

    def note(text: str) -> str:
        data = data_of(text) if len(told) < _MOST else None
        if data is not None:
            told[str.__str__(text)] = data
        return text

    _with_each(members, note)
    return told


def as_told(members: Mapping[str, Any]) -> dict[str, Any]:
    """These members, with messages where their `told` says how a text was made."""
    told = members.get(TOLD)
    if not isinstance(told, dict) or len(told) > _MOST:
        return dict(members)
    return _with_each(members, lambda text: told_by(text, told[text]) if text in told else text)


def _with_each(members: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """The members, with each text of ours changed."""
    changed = dict(members)
    for name in _OURS & members.keys():
        changed[name] = _changed(members[name], change)
    for name in _AROUND:
        inner = members.get(name)
        if isinstance(inner, (list, tuple)):
            changed[name] = [_with_each(one, change) if isinstance(one, Mapping) else one for one in inner]
    return changed


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    return [_changed(one, change) for one in value] if isinstance(value, (list, tuple)) else value
