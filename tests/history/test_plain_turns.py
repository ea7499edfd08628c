"""Turns that are read many at a time leave what they leave when they are read one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zhipu_magic.history.conversation import Thread
from zhipu_magic.history.events.event import State
from zhipu_magic.history.events.plain_turns import PlainTurns
from zhipu_magic.history.journal import reader as journal_reader
from zhipu_magic.history.journal.reader import JournalReader
from zhipu_magic.history.journal.sessions import Rebuilding, rebuilt

SESSION = {"id": "a-0", "event": "session", "version": 1, "model": "glm-4", "system": "Be brief."}
OPTIONAL: Mapping[str, Any] = {
    "time": "2026-01-01T00:00:00.000Z",
    "run": "a.1",
    "execution_count": 3,
    "held": 0,
    "written": "{{ x }}",
    "instruction": "as JSON",
    "members": {"max_tokens": 9},
    "practice": True,
    "seconds": 0.25,
    "cost": 0.125,
    "tokens": 7,
    "estimated_tokens": 5,
    "estimated_cost": 0.5,
}
ODD = [None, True, False, 0, -1, 1, 2**60, 0.0, 1e300, "", "x", "\ud800", "x" * 5_000, [], {}, [[]], {"a": 1}]
USAGES = [
    None,
    {},
    3,
    {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7, "prompt_tokens_details": {"cached_tokens": 2}},
    {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 0,
        "completion_tokens_details": {"reasoning_tokens": 1},
    },
    {"prompt_tokens": 2**35, "total_tokens": 2**50, "prompt_tokens_details": {"cached_tokens": "2"}},
    {"prompt_tokens": -1, "completion_tokens": 2.5, "total_tokens": 3},
    {"prompt_tokens": -3, "completion_tokens": 2.5, "completion_tokens_details": {"reasoning_tokens": True}},
]
MEMBERS = ["id", "event", "thread", "cell", "prompt", "model", "completion", "of", "append", "joins", *OPTIONAL]


def row(number: int, members: Mapping[str, Any], usage: Any = None) -> dict[str, Any]:
    """A plain turn with these members besides the usual ones."""
    message = {"role": "assistant", "content": f"answer {number}"}
    return {
        "id": f"a-{number}",
        "event": "turn",
        "thread": "main",
        "cell": f"cell {number}",
        **members,
        "prompt": f"question {number}",
        "completion": {"usage": usage, "choices": [{"finish_reason": "stop", "message": message}]},
        "model": "glm-4",
    }


@st.composite
def journals(draw: st.DrawFn) -> list[Any]:
    """Plain turns, of which some are changed in a way that a kernel, a damaged disk or an attacker could."""
    names = draw(st.sets(st.sampled_from(sorted(OPTIONAL))))
    members = {name: value for name, value in OPTIONAL.items() if name in names}
    usages = draw(st.sampled_from([USAGES, USAGES[3:4], USAGES[3:5], USAGES[3:7:3]]))
    last = draw(st.integers(4, 12))
    rows: list[Any] = [row(number, members, draw(st.sampled_from(usages))) for number in range(1, last)]
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(rows) - 1))
        one = rows[place]
        message = one["completion"]["choices"][0]["message"]
        change = draw(st.integers(0, 9))
        if change == 0:
            one[draw(st.sampled_from(MEMBERS))] = draw(st.sampled_from(ODD))
        elif change == 1:
            message[draw(st.sampled_from(["content", "reasoning_content", "tool_calls"]))] = draw(st.sampled_from(ODD))
        elif change == 2:
            one["completion"][draw(st.sampled_from(["usage", "choices", "web_search"]))] = draw(st.sampled_from(ODD))
        elif change == 3:
            one["completion"]["choices"][0]["finish_reason"] = draw(st.sampled_from(ODD))
        elif change == 4:
            one["id"], one["thread"] = draw(st.sampled_from(["b-1", "a-1", "a-b-1", "a"])), "idea"
        elif change == 5:
            for later in rows[place:]:
                later["thread"] = "idea"
        elif change == 6:
            one["cell"] = draw(st.sampled_from(["cell 1", "cell 2"]))
        elif change == 7:
            one["event"] = draw(st.sampled_from(["partial", "once", "replayed"]))
        elif change == 8:
            del one[draw(st.sampled_from(sorted(one.keys() - {"completion"})))]
        # A change may leave no row behind that the next one could change again.
        if type(one.get("completion")) is not dict or not isinstance(one["completion"].get("choices"), list):
            break
        if not one["completion"]["choices"] or not isinstance(one["completion"]["choices"][0], dict):
            break
    for _ in range(draw(st.integers(0, 2))):
        other = draw(
            st.sampled_from(
                [
                    {"id": "a-100", "event": "undo", "thread": "main", "count": 2},
                    {"id": "a-101", "event": "fork", "thread": "main", "name": "idea", "at": 2},
                    {"id": "a-102", "event": "aside", "cells": ["cell 2"]},
                    {"id": "b-0", "event": "session", "version": 1, "from": "a", "at": "a-2"},
                    {"id": "b-1", "event": "resume", "from": "a"},
                    {"id": "a-103", "event": "system", "thread": "main", "text": "Be long.", "forked": True},
                    3,
                    [],
                ]
            )
        )
        rows.insert(draw(st.integers(0, len(rows))), other)
    return [SESSION, *rows]


def view(state: State) -> dict[str, Any]:
    return {
        "threads": [look(thread) for thread in state.conversation.threads.values()],
        "current": state.conversation.current,
        "entries": [*map(repr, state.ledger.entries)],
        "sums": (state.ledger.spent, state.ledger.replayed),
        "latest": repr(state.ledger.latest),
    }


def look(thread: Thread) -> Any:
    links = [
        (
            repr(link.turn),
            (link.number, link.standing, link.tokens, link.checksum, link.asked_after, link.stale),
            (link.aside, link.latest_aside, link.same_cell and link.same_cell.number),
        )
        for link in thread.links
    ]
    steps, undone = [], thread
    while undone.past is not None:
        steps.append((undone.past.what, undone.past.last and undone.past.last.checksum))
        undone = undone.undo()
    redone = [undone.redo().size, undone.redo().redo().size]
    return thread.name, thread.system, thread.model, sorted(thread.cells), thread.copied, links, steps, redone


@settings(deadline=None, max_examples=300)
@given(lines=journals())
@example(lines=[SESSION, *(row(number, {}) for number in range(1, 9)), *(row(number, {}) for number in range(1, 9))])
@example(lines=[SESSION, *(row(number, {"id": f"a-{'0' * 5_000 * (number == 6)}{number}"}) for number in range(1, 9))])
def test_many_at_a_time_or_one_by_one(lines: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("plain") / "a.jsonl"
    path.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    reader, single = JournalReader(path), JournalReader(path)
    many = Rebuilding(reader)
    reader.read(many.take, many.take_plain)
    reader.note_senseless()
    single.read()
    one_by_one = rebuilt(single)
    assert (reader.raw, reader.numbers, reader.places) == (single.raw, single.numbers, single.places)
    assert sorted(reader.notes) == sorted(single.notes)
    assert list(many.found) == list(one_by_one.found)
    for name, session in many.found.items():
        other = one_by_one.found[name]
        assert (session.events, session.latest, session.worth) == (other.events, other.latest, other.worth)
        assert view(many.state_of(name)) == view(one_by_one.state_of(name))
    assert many.allowance == one_by_one.allowance


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many turns were read at once, each time."""
    counts: list[int] = []
    read = journal_reader.plain_turns

    def counted(rows: Any, sizes: Any) -> PlainTurns | None:
        turns = read(rows, sizes)
        counts.append(len(turns.turns) if turns else 0)
        return turns

    monkeypatch.setattr(journal_reader, "plain_turns", counted)
    return counts


@pytest.mark.parametrize("members", [{}, OPTIONAL], ids=["few", "all"])
def test_plain_turns_are_read_at_once(members: dict[str, Any], at_once: list[int], tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [SESSION, row(1, members), {**row(2, members), "after": "a-1"}]
    rows += [{**row(number, members, USAGES[3]), "after": f"a-{number - 1}"} for number in range(3, 50)]
    path.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in rows))
    reader = JournalReader(path)
    rebuilding = Rebuilding(reader)
    reader.read(rebuilding.take, rebuilding.take_plain)
    assert at_once == [48]
    assert rebuilding.state_of("a").conversation.here.size == 1 + 48
    assert rebuilding.state_of("a").ledger.everything.total_tokens == 47 * 7
