"""The lines of a journal that a session builds on: its own, and those of the sessions that it continued.

A journal may hold other conversations too, even those of another notebook that once had the same name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

from .lines import value_of
from .reader import JournalReader

#: Members that name another session, or an event of one: what was resumed, forked from, or answered again.
_POINTERS = {b'"from"': "from", b'"of"': "of"}


def lines_behind(reader: JournalReader, sessions: Iterable[str]) -> dict[str, bytes]:
    """The lines of these sessions and of all that they build on, by the ids of their events, in order."""
    places: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for event_id, place in reader.places.items():
        places[event_id.rpartition("-")[0]].append((event_id, place))
    wanted, left = set[str](), list(sessions)
    while left:
        session = left.pop()
        if session not in wanted:
            wanted.add(session)
            for _, place in places[session]:
                left += _pointed_at(reader.raw[place])
    return {
        event_id: reader.raw[place]
        for event_id, place in reader.places.items()
        if event_id.rpartition("-")[0] in wanted
    }


def _pointed_at(line: bytes) -> Iterable[str]:
    for mark, name in _POINTERS.items():
        if mark in line:
            with suppress(ValueError):
                members = value_of(line)
                found = members.get(name) if isinstance(members, dict) else None
                if isinstance(found, str):
                    yield found if name == "from" else found.rpartition("-")[0]
