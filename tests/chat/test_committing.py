"""Events of a chat that repeat recorded ones: by one rule, whatever they are of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zhipu_magic import Chat
from zhipu_magic.chat.committing import committed, repeated
from zhipu_magic.history.events.drawn_event import DrawnEvent
from zhipu_magic.history.events.event import Event
from zhipu_magic.history.events.map_event import MapEvent
from zhipu_magic.history.events.read_event import ReadEvent
from zhipu_magic.history.events.used_event import UsedEvent
from zhipu_magic.history.turn import Anchor

SHA = "0" * 64
EVENTS: list[Event] = [
    DrawnEvent(id="a-1", key="k", model="m", prompt="p", forked=True),
    MapEvent(id="a-2", key="k", model="m", rows=1, forked=True),
    ReadEvent(id="a-3", source="s", name="n", sha256=SHA, text=SHA, reader="local", forked=True),
    UsedEvent(id="a-4", what="w", key="k", model="m", requests=1, forked=True),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.event)
def test_what_is_repeated_is_of_this_cell_and_names_the_first(event: Event) -> None:
    history = Chat("glm-4.7-flash", api_key="k").history
    first: Any = repeated(history, event, Anchor("cell", 3, 7))
    assert first.id == history.next_id() and first.of == event.id and type(first) is type(event)
    assert first.forked is None  # what another session has forked says nothing of this one
    if not isinstance(event, UsedEvent):
        assert (first.cell, first.run, first.execution_count) == ("cell", history.run(3), 7)
    assert repeated(history, first, Anchor()).of == event.id
    assert first.to_json().keys() <= {*event.to_json(), "of", "cell", "run", "execution_count"}


def test_what_was_forked_since_is_told_by_the_next_event(tmp_path: Path) -> None:
    history = Chat("glm-4.7-flash", api_key="k", journal=tmp_path / "a.jsonl").history
    history.after_fork(in_child=False)
    assert repeated(history, EVENTS[0]).forked is True


def test_a_committed_event_is_in_the_state_and_in_the_journal(tmp_path: Path) -> None:
    chat = Chat("glm-4.7-flash", api_key="k", journal=tmp_path / "a.jsonl")
    history, scheduler = chat.history, chat._scheduler
    event = committed(history, scheduler, lambda: repeated(history, EVENTS[0], Anchor("cell", 1)))
    assert history.state.event is event and f'"id": "{event.id}"' in (tmp_path / "a.jsonl").read_text("utf-8")
    chat.close()
