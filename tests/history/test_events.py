"""Events: the type of a journal's line, read and written without loss, and applied in any order that kernels write."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhipu_magic.history.events.changes import SwitchEvent, from_json
from zhipu_magic.history.events.event import State
from zhipu_magic.history.events.told import TOLD, told_in
from zhipu_magic.history.events.turn_event import TurnEvent
from zhipu_magic.history.history import History
from zhipu_magic.history.journal.journal import Journal
from zhipu_magic.history.journal.lines import values_of
from zhipu_magic.history.journal.reader import JournalReader, read
from zhipu_magic.history.journal.sessions import rebuilt

NOTEBOOKS = [
    path for path in sorted((Path(__file__).parents[2] / "notebooks").rglob(".glm/*.jsonl")) if ".rows" not in path.name
]


def completion(reply: str) -> dict[str, Any]:
    return {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": reply}}]}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parents[1].name}/{path.stem}")
def test_what_was_read_is_written_byte_for_byte(path: Path) -> None:
    reader = read(path)
    assert reader.raw
    for place, line in enumerate(reader.raw):
        members = reader.event_at(place).to_json()
        if told := told_in(members):
            members[TOLD] = told
        written = json.dumps(members, ensure_ascii=False)
        assert written.encode() == line.rstrip(b"\n")


def test_a_turn_has_its_members_in_the_order_of_the_format() -> None:
    answer = TurnEvent(
        id="a-1",
        event="turn",
        prompt="q",
        chunks=3,
        seconds=0.5,
        tokens=4,
        model="glm-4",
        completion=completion("r"),
        thread="main",
        forked=True,
    )
    wanted = ["id", "event", "thread", "prompt", "completion", "model", "seconds", "chunks", "tokens", "forked"]
    assert list(answer.to_json()) == wanted
    again = TurnEvent(id="b-1", event="turn", prompt="q", thread="main").repeating(answer)
    wanted = ["id", "event", "thread", "append", "prompt", "model", "completion", "tokens", "seconds", "chunks", "of"]
    assert list(again.to_json()) == wanted
    assert list(again.without_answer().to_json()) == ["id", "event", "thread", "append", "of"]


@pytest.mark.parametrize("name", ["apply", "to_json", "session", "__class__", "_format", "from_", "format"])
def test_no_member_of_a_line_takes_the_place_of_what_an_event_does(name: str) -> None:
    event = from_json({"id": "a-1", "event": "reset", "thread": "main", name: 1})
    assert event.to_json() == {"id": "a-1", "event": "reset", "thread": "main"}
    assert event.session == "a"
    event.apply(State())


def test_an_event_has_all_its_members_and_never_changes() -> None:
    with pytest.raises(TypeError, match="missing or unknown: thraed, thread"):
        SwitchEvent(id="a-1", thraed="main")
    event = SwitchEvent(id="a-1", thread="main")
    with pytest.raises(FrozenInstanceError, match="what has happened does not change"):
        event.thread = "other"
    assert event.thread == "main"


def test_damaged_lines_shift_no_value_to_another_line() -> None:
    lines = [b'{"a": 1}, {"b": 2}\n', b'{"c": [3\n', b"4]}\n", b'{"d": 5}\n']
    assert values_of(lines) == [None, None, None, {"d": 5}]
    assert values_of([b"\n", b'{"d": 5}\n', b"\t"]) == [None, {"d": 5}, None]


def view(state: State) -> dict[str, Any]:
    threads = {
        name: [(link.turn, link.number, link.tokens, link.checksum, link.stale) for link in thread.links]
        for name, thread in state.conversation.threads.items()
    }
    undone = {name: thread.undo().turns for name, thread in state.conversation.threads.items()}
    return {"threads": threads, "undone": undone, "ledger": state.ledger.entries}


STEP = st.tuples(st.integers(0, 1), st.sampled_from(["main", "idea"]), st.sampled_from([None, "A", "B"]))


@settings(deadline=None, max_examples=40)
@given(steps=st.lists(STEP, min_size=1, max_size=14))
def test_turns_of_two_threads_and_two_kernels_in_any_order_are_read_back(
    steps: list[tuple[int, str, str | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("interleaved") / "a.jsonl"
    kernels = [History(Journal(path), {"model": "glm-4"}, lambda thread: None) for _ in range(2)]
    for number, (which, name, cell) in enumerate(steps):
        history = kernels[which]
        before = history.state.conversation.thread(name).before(cell, history.run(number))
        event = TurnEvent(
            id=history.next_id(),
            event="turn",
            thread=name,
            cell=cell,
            run=history.run(number),
            held=before.last.checksum if before.last else 0,
            prompt=f"question {number}",
            completion=completion(f"answer {number}"),
            model="glm-4",
            tokens=number,
        )
        history.commit(event)
        history.write_down()
        reader = JournalReader(path)
        reader.read()
        found = rebuilt(reader)
        assert reader.notes == []
        for kernel in kernels:
            if len(kernel.journal.events) > 1:
                assert view(found.state_of(kernel.journal.session)) == view(kernel.state)
