"""Journals that ask for far more than they look like, of any size: each holds what a few bytes can stand for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

Event = dict[str, Any]


def line(event: Event) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"


def reply(number: int, *, session: str = "a", words: str = "ok", **more: Any) -> Event:
    """The shortest turn that there is."""
    completion = {"choices": [{"message": {"content": words}}]}
    return {
        **{"id": f"{session}-{number}", "event": "turn", "thread": "main", "prompt": "p", "model": "m", "key": "k"},
        **more,
        "completion": completion,
    }


def given_again(count: int) -> Iterator[Event]:
    """A long reply, and many lines that give it again."""
    yield reply(0, words="long " * (4 * count))
    for number in range(1, count):
        yield {"id": f"a-{number}", "event": "replayed", "thread": "main", "of": "a-0", "key": "k"}


def two_given_again(count: int) -> Iterator[Event]:
    """Two long replies given again in turn."""
    for number in (0, 1):
        yield reply(number, words="long " * (2 * count))
    for number in range(2, count):
        yield {"id": f"a-{number}", "event": "replayed", "thread": "main", "of": f"a-{number % 2}", "key": "k"}


def each_given_again(count: int) -> Iterator[Event]:
    """Short replies, each given again once."""
    for number in range(count):
        yield reply(number)
    for number in range(count):
        yield {"id": f"b-{number}", "event": "replayed", "thread": "m", "of": f"a-{number}"}


def rounds_given_again(count: int) -> Iterator[Event]:
    """A reply with many calls of tools, given again and again."""
    calls = [{"id": str(number), "function": {"name": "f", "arguments": ""}} for number in range(count // 10)]
    body = {"choices": [{"message": {"content": "", "tool_calls": calls}}]}
    results = [{"id": call["id"], "text": "text of a result"} for call in calls]
    sources = [{"title": "t", "link": "http://a.example"}] * (count // 10)
    event = reply(0, rounds=[{"completion": body, "calls": results}])
    event["completion"]["web_search"] = sources
    yield event
    for number in range(1, count):
        yield {"id": f"a-{number}", "event": "replayed", "thread": "main", "of": "a-0"}


def forks_and_asides(count: int) -> Iterator[Event]:
    """Many threads that begin with the same turns, and cells that are gone from all of them, one by one."""
    for number in range(count // 3):
        yield reply(number, cell=f"c{number}")
    for number in range(count // 3):
        yield {"id": f"b-{number}", "event": "fork", "thread": "main", "name": f"t{number}"}
    for number in range(count // 3):
        yield {"id": f"c-{number}", "event": "aside", "cells": [f"c{number}"]}


def forks_each_changed(count: int) -> Iterator[Event]:
    """Many threads, in each of which the first turn is set aside."""
    for number in range(count // 3):
        yield reply(number, cell=f"c{number}")
    for number in range(count // 3):
        yield {"id": f"a-f{number}", "event": "fork", "thread": "main", "name": f"t{number}"}
        yield {"id": f"a-s{number}", "event": "aside", "thread": f"t{number}", "cells": ["c0"]}


def asides_and_restores(count: int) -> Iterator[Event]:
    """The first turn of many, set aside and restored again and again."""
    for number in range(count // 2):
        yield reply(number, cell=f"c{number}")
    for number in range(count // 4):
        yield {"id": f"a-s{number}", "event": "aside", "cells": ["c0"]}
        yield {"id": f"a-r{number}", "event": "restore", "thread": "main"}


def restores_of_nothing(count: int) -> Iterator[Event]:
    for number in range(count // 2):
        yield reply(number)
    for number in range(count // 2):
        yield {"id": f"a-r{number}", "event": "restore", "thread": "main"}


def undone_and_redone(count: int) -> Iterator[Event]:
    """All that was done, taken back and done again."""
    for number in range(count // 2):
        yield reply(number)
    for number in range(count // 4):
        yield {"id": f"a-u{number}", "event": "undo", "thread": "main", "count": 10**9}
        yield {"id": f"a-r{number}", "event": "redo", "thread": "main", "count": 10**9}


def two_cells_in_turn(count: int) -> Iterator[Event]:
    """Two cells, each in one run, that ask in turn: each turn goes before those of the other."""
    for number in range(count):
        yield reply(number, cell="ab"[number % 2], run="r")


def first_cell_again(count: int) -> Iterator[Event]:
    """A long page whose first cell is run again and again."""
    for number in range(count // 2):
        yield reply(number, cell=f"c{number}", run="r")
    for number in range(count // 2, count):
        yield reply(number, cell="c0", run=f"r{number}")


def first_turn_asked_again(count: int) -> Iterator[Event]:
    for number in range(count // 2):
        yield reply(number)
    for number in range(count // 2, count):
        yield reply(number, replaces="a-0" if number == count // 2 else f"a-{number - 1}")


def joined_to_a_long_reply(count: int) -> Iterator[Event]:
    """A long reply that goes on by a letter, again and again."""
    yield reply(0, words="long " * (8 * count))
    for number in range(1, count):
        yield reply(number, joins="a-0", words="x")


def threads_begun(count: int) -> Iterator[Event]:
    for number in range(count):
        yield {"id": str(number), "event": "switch", "thread": str(number)}


def sessions_begun(count: int) -> Iterator[Event]:
    for number in range(count):
        yield {"id": f"{number}-", "event": "session", "version": 1}


def sessions_of_one_event(count: int) -> Iterator[Event]:
    for number in range(count):
        yield {"id": f"{number}-", "event": "reset", "thread": "m"}


def sessions_of_one_turn(count: int) -> Iterator[Event]:
    for number in range(count):
        yield reply(0, session=str(number))


def resumed_in_a_chain(count: int) -> Iterator[Event]:
    yield reply(0, session="0")
    for number in range(1, count):
        yield {"id": f"{number}-", "event": "resume", "from": str(number - 1)}


def resumed_from_each_other(count: int) -> Iterator[Event]:
    """Two sessions that each go on from the other, with all that they have done on top."""
    for number in range(count // 4):
        yield reply(number, session="a")
        yield reply(number, session="b")
    for number in range(count // 4):
        yield {"id": f"a-r{number}", "event": "resume", "from": "b"}
        yield {"id": f"b-r{number}", "event": "resume", "from": "a"}


def unknown_kinds(count: int) -> Iterator[Event]:
    for number in range(count):
        yield {"id": str(number), "event": ""}


def many_values(count: int) -> Iterator[Event]:
    """One line that holds empty lists, and short ones that do."""
    yield {**reply(0), "members": {"x": [[]] * (10 * count)}}
    for number in range(1, count // 10):
        yield reply(number, members={"x": [[]] * 200})


def unknown_values(count: int) -> Iterator[Event]:
    """Members that are none of ours, with many values."""
    yield {**reply(0), "x": [{}] * (10 * count)}
    yield {**reply(1), "x": {str(number): 0 for number in range(5 * count)}}
    for number in range(2, count // 10):
        yield {**reply(number), "x": [[]] * 200}


def many_images(count: int) -> Iterator[Event]:
    for number in range(count // 10):
        yield reply(number, images=[{"url": f"http://a/{number}/{place}"} for place in range(12)])


def many_sources(count: int) -> Iterator[Event]:
    for number in range(count // 10):
        event = reply(number)
        event["completion"]["web_search"] = [{"link": "a"}, {}] * 40
        yield event


def many_calls(count: int) -> Iterator[Event]:
    calls = [{"id": str(number), "function": {"name": "f", "arguments": ""}} for number in range(2 * count)]
    body = {"choices": [{"message": {"tool_calls": calls}}]}
    yield reply(0, rounds=[{"completion": body, "calls": [{"id": call["id"], "text": ""} for call in calls]}])


def one_key(count: int) -> Iterator[Event]:
    """The same question from ever other cells."""
    for number in range(count):
        yield reply(number, cell=f"c{number}")


def drawings(count: int) -> Iterator[Event]:
    """Pictures drawn, each given again once."""
    for number in range(count):
        yield {"id": f"a-{number}", "event": "drawn", "key": f"k{number}", "model": "m", "prompt": "p"}
        yield {"id": f"b-{number}", "event": "drawn", "key": "k", "model": "m", "prompt": "p", "of": f"a-{number}"}


def uses(count: int) -> Iterator[Event]:
    """Requests for vectors, the same ones again and again."""
    for number in range(count):
        yield {"id": f"a-{number}", "event": "used", "what": "w", "key": "k", "model": "m", "requests": 1}


KINDS: dict[str, Callable[[int], Iterator[Event]]] = {
    function.__name__: function
    for function in (
        *(given_again, two_given_again, each_given_again, rounds_given_again, forks_and_asides, forks_each_changed),
        *(asides_and_restores, restores_of_nothing, undone_and_redone, two_cells_in_turn, first_cell_again),
        *(first_turn_asked_again, joined_to_a_long_reply, threads_begun, sessions_begun, sessions_of_one_event),
        *(sessions_of_one_turn, resumed_in_a_chain, resumed_from_each_other, unknown_kinds, many_values),
        *(unknown_values, many_images, many_sources, many_calls, one_key, drawings, uses),
    )
}


def journal(kind: str, count: int) -> bytes:
    return b"".join(map(line, KINDS[kind](count)))


def of_size(kind: str, size: int) -> bytes:
    """The journal of this kind that is about so many bytes long."""
    return journal(kind, round(2_000 * size / len(journal(kind, 2_000))))
