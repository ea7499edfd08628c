"""The calls of a reply from their pieces: the index decides, and no arguments are lost or doubled."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.service.response_members import MOST_MEMBERS
from zhipu_magic.service.tool_calls import ToolCalls

NONE: Any = object()


def piece(index: Any, call_id: str | None, name: str | None, arguments: Any = NONE) -> dict[str, Any]:
    """A piece as it arrives; a member that is None (or NONE for arguments) is missing."""
    function = {} if name is None else {"name": name}
    function |= {} if arguments is NONE else {"arguments": arguments}
    made: dict[str, Any] = {"function": function}
    made |= {} if index is NONE else {"index": index}
    return made if call_id is None else {**made, "id": call_id, "type": "function"}


def calls(*chunks: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Name and arguments of each call, after these chunks."""
    found = ToolCalls()
    for chunk in chunks:
        found.feed(chunk)
    return [(call["function"]["name"], call["function"]["arguments"]) for call in found.to_json()]


F_AND_G = [("f", '{"x": 1}'), ("g", '{"y": 2}')]
F = F_AND_G[:1]
CASES: dict[str, tuple[list[list[dict[str, Any]]], list[tuple[str, str]]]] = {
    "whole, at -1": ([[piece(-1, "a", "f", '{"x": 1}')], [piece(-1, "b", "g", '{"y": 2}')]], F_AND_G),
    "whole, both at 0": ([[piece(0, "a", "f", '{"x": 1}')], [piece(0, "b", "g", '{"y": 2}')]], F_AND_G),
    "whole, the same function twice at 0": (
        [[piece(0, "a", "f", '{"x": 1}')], [piece(0, "b", "f", '{"x": 2}')]],
        [("f", '{"x": 1}'), ("f", '{"x": 2}')],
    ),
    "whole, in one chunk without an index": (
        [[piece(NONE, "a", "f", '{"x": 1}'), piece(NONE, "b", "g", '{"y": 2}')]],
        F_AND_G,
    ),
    "an object": ([[piece(0, "a", "f", {"x": 1})]], F),
    "an object after an empty one": ([[piece(0, "a", "f", {})], [piece(0, "a", None, {"x": 1})]], F),
    "an object once more": ([[piece(0, "a", "f", {"x": 1})], [piece(0, "a", "f", {"x": 1})]], F),
    "in pieces": ([[piece(0, "a", "f", "")], [piece(0, None, None, '{"x"')], [piece(0, None, None, ": 1}")]], F),
    "in pieces without an index": (
        [[piece(NONE, "a", "f", "")], [piece(NONE, None, None, '{"x"')], [piece(NONE, None, None, ": 1}")]],
        F,
    ),
    "in pieces at null": (
        [[piece(None, "a", "f", "")], [piece(None, None, None, '{"x"')], [piece(None, None, None, ": 1}")]],
        F,
    ),
    "another id with the arguments": ([[piece(0, "a", "f")], [piece(0, "b", None, '{"x": 1}')]], F),
    "another id with the arguments, no index": ([[piece(NONE, "a", "f")], [piece(NONE, "b", None, '{"x": 1}')]], F),
    "another id with each piece": (
        [[piece(0, "a", "f", "")], [piece(0, "b", None, '{"x"')], [piece(0, "c", None, ": 1}")]],
        F,
    ),
    "another id and the name with each piece": (
        [
            [piece(0, "a", "f", "")],
            [piece(0, "b", "f", '{"x"')],
            [piece(0, "c", "f", ": 1}")],
            [piece(0, "d", "f", "")],
        ],
        F,
    ),
    "the id and the name with each piece": (
        [[piece(0, "a", "f", "")], [piece(0, "a", "f", '{"x"')], [piece(0, "a", "f", ": 1}")]],
        F,
    ),
    "an id without a name first": ([[piece(0, "a", None)], [piece(0, "a", "f", '{"x": 1}')]], F),
    "arguments before the name": ([[piece(0, None, None, '{"x": 1}')], [piece(0, "a", "f", "")]], F),
    "two indexes under one id": (
        [
            [piece(0, "a", "f", "")],
            [piece(0, "a", None, '{"x": 1}')],
            [piece(1, "a", "g", "")],
            [piece(1, "a", None, '{"y": 2}')],
        ],
        F_AND_G,
    ),
    "two indexes in turns": (
        [
            [piece(0, "a", "f", ""), piece(1, "b", "g", "")],
            [piece(1, None, None, '{"y"'), piece(0, None, None, '{"x"')],
            [piece(0, None, None, ": 1}"), piece(1, None, None, ": 2}")],
        ],
        F_AND_G,
    ),
    "two ids in turns, no index": (
        [
            [piece(NONE, "a", "f", ""), piece(NONE, "b", "g", "")],
            [piece(NONE, "b", None, '{"y": 2}'), piece(NONE, "a", None, '{"x": 1}')],
        ],
        F_AND_G,
    ),
    "both at 0, in pieces": (
        [
            [piece(0, "a", "f", "")],
            [piece(0, None, None, '{"x": 1}')],
            [piece(0, "b", "g", "")],
            [piece(0, None, None, '{"y": 2}')],
        ],
        F_AND_G,
    ),
    "both at 0 under one id": (
        [[piece(0, "a", "f", '{"x": 1}')], [piece(0, "a", "g", '{"y": 2}')]],
        F_AND_G,
    ),
    "whole, once more with other blanks": ([[piece(0, "a", "f", '{"x": 1}')], [piece(0, "a", "f", '{"x":1}')]], F),
    "whole, once more as an object": ([[piece(0, "a", "f", '{"x": 1}')], [piece(0, "a", "f", {"x": 1})]], F),
    "both at 0, and both once more": (
        [
            [piece(0, "a", "f", '{"x": 1}')],
            [piece(0, "b", "g", '{"y": 2}')],
            [piece(0, "a", "f", '{"x": 1}'), piece(0, "b", "g", '{"y": 2}')],
        ],
        F_AND_G,
    ),
    "a list": ([[piece(0, "a", "f", ["x"])]], [("f", '["x"]')]),
    "a number": ([[piece(0, "a", "f", 0)]], [("f", "0")]),
    "no arguments at all": ([[piece(0, "a", "f")], [piece(1, "b", "g", "")]], [("f", ""), ("g", "")]),
}


@pytest.mark.parametrize(("chunks", "expected"), CASES.values(), ids=CASES)
def test_the_index_decides(chunks: list[list[dict[str, Any]]], expected: list[tuple[str, str]]) -> None:
    assert calls(*chunks) == expected


def test_each_call_of_a_whole_message_is_one() -> None:
    found = ToolCalls()
    found.feed_message([piece(NONE, None, "f", ""), piece(NONE, None, "f", ""), piece(None, "a", "g", '{"y": 2}')])
    assert [call["function"]["name"] for call in found.to_json()] == ["f", "f", "g"]


ARGUMENTS = st.dictionaries(st.text(max_size=3), st.text(max_size=5) | st.integers(), min_size=1, max_size=3)


@given(st.data())
def test_pieces_of_any_size_with_ids_and_names_of_any_kind_give_the_call(data: Any) -> None:
    arguments = json.dumps(data.draw(ARGUMENTS), ensure_ascii=False)
    cuts = sorted(data.draw(st.lists(st.integers(1, len(arguments) - 1), max_size=5)))
    parts = [arguments[start:end] for start, end in zip([0, *cuts], [*cuts, len(arguments)], strict=True)]
    ids = data.draw(st.sampled_from(["first", "same", "other", "none"]))
    names, index = data.draw(st.sampled_from(["first", "each"])), data.draw(st.sampled_from([0, -1, None, NONE, 3]))
    chunks = []
    for number, part in enumerate(["", *parts]):
        call_id = {"first": "a" if not number else None, "same": "a", "other": f"a{number}", "none": None}[ids]
        chunks.append([piece(index, call_id, "f" if names == "each" or not number else None, part)])
    assert calls(*chunks) == [("f", arguments)]


def test_of_a_calls_own_members_so_many_are_kept() -> None:
    found = ToolCalls()
    found.feed_message([{**piece(0, "a", "f", "{}"), **{f"m{number}": number for number in range(1_000)}}])
    (call,) = found.to_json()
    assert len(call) == MOST_MEMBERS + 3
