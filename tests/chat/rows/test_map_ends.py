"""How rows and maps end that do not end well: broken off, stopped, closed, interrupted."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from zhipu_magic import Chat
from zhipu_magic.chat.rows import caller
from zhipu_magic.chat.rows.part import Part
from zhipu_magic.chat.rows.run import Run
from zhipu_magic.history.rows.row import line_of, row_of
from zhipu_magic.practice import Answer, Fault, PracticeServer, Raw, Script
from zhipu_magic.text.errors import Interrupted, ServiceError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "n.jsonl"


@pytest.fixture
def chat(server: PracticeServer, path: Path) -> Iterator[Chat]:
    asking = chat_of(server, path)
    yield asking
    asking.close()


def chat_of(server: PracticeServer, path: Path, **settings: Any) -> Chat:
    return Chat("glm-4.7", base_url=server.base_url, api_key=server.api_key, journal=path, **settings)


def until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.01)


# Answers that the service breaks off


@pytest.mark.parametrize("reason", ["network_error", "error", "ABORT", "timeout"])
def test_an_answer_that_a_fault_breaks_off_is_asked_for_again_and_both_are_counted(
    chat: Chat, server: PracticeServer, reason: str
) -> None:
    half = Answer("Half an", finish_reason=reason, prompt_tokens=10, completion_tokens=2)
    server.enqueue(half, Answer("A whole answer.", prompt_tokens=10, completion_tokens=5))
    mapped = chat.map("{{ text }}", ["a"])
    assert mapped.values == ["A whole answer."]
    assert (mapped.usage.prompt_tokens, mapped.usage.completion_tokens) == (20, 7)
    assert chat.map("{{ text }}", ["a"]).values == ["A whole answer."]
    assert len(server.requests) == 2


def test_a_row_whose_answer_is_always_broken_off_fails_after_its_tries(chat: Chat, server: PracticeServer) -> None:
    chat.service.configure(max_retries=1)
    half = Answer("Half an", finish_reason="network_error", prompt_tokens=10, completion_tokens=2)
    server.enqueue(half, half)
    mapped = chat.map("{{ text }}", ["a"])
    [error] = mapped.errors
    assert (error.reason, error.tries) == ("reply.ended_badly", 2)
    assert "'network_error'" in error.message
    assert mapped.usage.total_tokens == 24


@pytest.mark.parametrize("reason", ["sensitive", "content_filter", "refusal", "model_context_window_exceeded"])
def test_an_answer_that_was_filtered_or_found_no_room_is_none_and_its_row_is_asked_again(
    chat: Chat, server: PracticeServer, reason: str
) -> None:
    server.enqueue(Answer("Half an", finish_reason=reason, prompt_tokens=10, completion_tokens=2))
    mapped = chat.map("{{ text }}", ["a"])
    assert mapped.values == [None]
    [error] = mapped.errors
    assert (error.reason, error.tries) == ("reply.ended_badly", 1)
    assert f"'{reason}'" in error.message
    assert (mapped.figures().cut_off, mapped.usage.total_tokens) == (0, 12)
    server.enqueue(Answer("A whole answer."))
    assert chat.map("{{ text }}", ["a"]).values == ["A whole answer."]


@pytest.mark.parametrize("reason", ["length", "max_tokens"])
def test_an_answer_of_the_maximum_length_stays_one(chat: Chat, server: PracticeServer, reason: str) -> None:
    server.enqueue(Answer("As much as fits", finish_reason=reason))
    mapped = chat.map("{{ text }}", ["a"])
    assert (mapped.values, mapped.errors, mapped.figures().cut_off) == (["As much as fits"], [], 1)
    known = chat.map("{{ text }}", ["a"])
    assert (known.values, known.figures().cut_off) == (["As much as fits"], 1)
    assert len(server.requests) == 1


@pytest.mark.parametrize("reason", ["network_error", "sensitive"])
def test_half_an_answer_from_a_batch_is_paid_and_is_none(path: Path, reason: str) -> None:
    with PracticeServer(pace=0, batch_seconds=0.1) as server:
        chat = chat_of(server, path)
        server.enqueue(
            Answer("Half an", finish_reason=reason, prompt_tokens=10, completion_tokens=2),
            Answer("A whole answer.", prompt_tokens=10, completion_tokens=5),
        )
        chat.batch("{{ text }}", ["a", "b"])
        while not (collected := chat.collect())[0].is_over:
            time.sleep(0.05)
        assert (collected[0].answered, collected[0].failed) == (1, 1)
        assert chat.account.total_tokens == 27
        shown = chat.map("{{ text }}", ["a", "b"], ask=False)
        assert shown.values == [None, "A whole answer."]
        server.enqueue(Answer("Whole as well."))
        assert chat.map("{{ text }}", ["a", "b"]).values == ["Whole as well.", "A whole answer."]
        chat.close()


def test_an_answer_of_a_batch_without_words_is_none(path: Path) -> None:
    with PracticeServer(pace=0, batch_seconds=0.3) as server:
        chat = chat_of(server, path)
        server.enqueue(Answer(""), Answer("fine"))
        chat.batch("{{ text }}", ["a", "b"])
        collected = chat.collect()
        while not collected[-1].is_over:
            time.sleep(0.05)
            collected += chat.collect()
        assert [repr(one)[:20] for one in collected[:-1]] == ["<Collected, not over"] * (len(collected) - 1)
        assert repr(collected[-1]) == "<Collected, 1 answered, 1 failed>"
        assert chat.map("{{ text }}", ["a", "b"], ask=False).values == [None, "fine"]
        chat.close()


def test_half_an_answer_that_an_earlier_version_kept_is_asked_for_again(server: PracticeServer, path: Path) -> None:
    chat = chat_of(server, path)
    server.enqueue(Answer("Half an"))
    assert chat.map("{{ text }}", ["a"]).values == ["Half an"]
    chat.close()
    kept = path.with_suffix(".rows.jsonl")
    head, line = kept.read_bytes().splitlines(keepends=True)
    kept.write_bytes(head + line.replace(b'"Half an"', b'"Half an","finish":"sensitive"'))
    chat = chat_of(server, path)
    server.enqueue(Answer("A whole answer."))
    assert chat.map("{{ text }}", ["a"]).values == ["A whole answer."]
    chat.close()


def test_a_line_with_half_an_answer_is_read_as_that_of_a_failure_and_stays_one() -> None:
    line = b'{"key":"AAAAAAAAAAAAAAAAAAAAAA","text":"Half an","usage":[10,2,0],"finish":"content_filter"}\n'
    row = row_of(line)
    assert row.error is not None
    assert (row.error.reason, row.text, row.usage) == ("reply.ended_badly", "Half an", (10, 2, 0))
    assert row_of(line_of(row)) == row


# Bodies that are no reply


JSON = {"Content-Type": "application/json"}
SLOW = Raw((0.3, b'{"choices": [{"finish_reason": "stop", "message": {"content": "done"}}]}'), headers=JSON)
STRAYS = {
    "an empty body": Raw((b"",), headers=JSON),
    "half of JSON": Raw((b'{"choices":[{"fin',), headers=JSON),
    "a web page": Raw((b"<html>",), headers={"Content-Type": "text/html"}),
    "not found": Raw((b"x",), status=404),
    "forbidden": Raw((b"x",), status=403),
    "no such model": Fault.of("1211"),
}


@pytest.mark.parametrize("stray", STRAYS.values(), ids=STRAYS)
def test_a_stray_body_among_answers_is_a_fault_of_that_request_alone(
    chat: Chat, server: PracticeServer, stray: Script
) -> None:
    server.enqueue(Answer("A"), stray, stray)
    mapped = chat.map("{{ text }}", ["a", "b", "c"], in_flight=1)
    assert None not in mapped.values
    assert (mapped.errors, len(server.requests)) == ([], 5)


@pytest.mark.parametrize("stray", STRAYS.values(), ids=STRAYS)
def test_where_nobody_was_ever_answered_it_ends_the_map_at_once(
    chat: Chat, server: PracticeServer, stray: Script
) -> None:
    server.enqueue(stray)
    mapped = chat.map("{{ text }}", ["a", "b", "c"], in_flight=1)
    with pytest.raises(ServiceError):
        mapped.wait()
    assert len(server.requests) == 1


def test_an_account_that_is_refused_ends_the_map_at_once_though_others_were_answered(
    chat: Chat, server: PracticeServer
) -> None:
    server.enqueue(Answer("A"), Fault.of("1113"))
    mapped = chat.map("{{ text }}", ["a", "b", "c"], in_flight=1)
    with pytest.raises(ServiceError):
        mapped.wait()
    assert (mapped.values.count(None), len(server.requests)) == (2, 2)


def test_an_address_that_has_nothing_else_any_more_ends_the_map_in_the_end(
    chat: Chat, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "PATIENCE", 0.5)
    server.enqueue(Answer("A"), *[STRAYS["not found"]] * 40)
    mapped = chat.map("{{ text }}", ["a", "b", "c"], in_flight=1)
    with pytest.raises(ServiceError) as ended:
        mapped.wait()
    assert ended.value.reason == "service.not_found"
    assert mapped.values.count(None) == 2


# What the type's own code raises


class Counted(BaseModel):
    """A number, whose own check fails like this for a 3, once it is told to."""

    n: int

    @field_validator("n")
    @classmethod
    def check(cls, n: int) -> int:
        if n == 3 and raised:
            raise raised[0]("three")
        return n


raised: list[type[BaseException]] = []


@pytest.fixture(params=[SystemExit, KeyboardInterrupt, GeneratorExit])
def told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The check fails like this; what is told of it."""
    reported: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    raised.append(request.param)
    yield reported
    raised.clear()


def test_whatever_a_type_of_ones_own_raises_fails_that_row_alone(
    chat: Chat, server: PracticeServer, told: list[Any]
) -> None:
    server.enqueue(*(Answer(f'{{"n": {number}}}') for number in range(6)))
    mapped = chat.map("{{ text }}", [f"row {number}" for number in range(6)], as_type=Counted, in_flight=1)
    assert mapped.wait(20)
    [error] = mapped.errors
    assert (error.reason, mapped.values.count(None)) == ("row.fault", 1)
    assert raised[0].__name__ in error.message
    assert [one.exc_type for one in told] == raised


def test_so_does_one_whose_answer_is_known(chat: Chat, server: PracticeServer, told: list[Any]) -> None:
    kind = raised.pop()
    server.enqueue(*(Answer(f'{{"n": {number}}}') for number in range(6)))
    rows = [f"row {number}" for number in range(6)]
    assert None not in chat.map("{{ text }}", rows, as_type=Counted).values
    raised.append(kind)
    mapped = chat.map("{{ text }}", rows, as_type=Counted)
    assert mapped.wait(20)
    assert [error.reason for error in mapped.errors] == ["row.fault"]
    assert (mapped.values.count(None), len(server.requests)) == (1, 6)


# Interrupted in the beginning


def test_an_interrupt_while_a_map_begins_stops_it(
    chat: Chat, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, begun = Run.add, list[Run]()

    def add_and_interrupt(run: Run, part: Part) -> None:
        add(run, part)
        begun.append(run)
        until(lambda: len(server.requests) > 1)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Run, "add", add_and_interrupt)
    server.enqueue(*[SLOW] * 100)
    with pytest.raises(KeyboardInterrupt):
        chat.map("{{ text }}", [f"row {number}" for number in range(100)], in_flight=2)
    assert begun[0].stopped
    chat.close()
    assert len(server.requests) < 10
    monkeypatch.undo()
    assert None not in chat.map("{{ text }}", [f"row {number}" for number in range(100)]).values
    assert len(server.requests) == 100


# Closed in the middle


def test_whoever_reads_a_map_whose_chat_was_closed_is_told_once(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[SLOW] * 100)
    mapped = chat.map("{{ text }}", [f"row {number}" for number in range(100)], in_flight=2)
    until(lambda: len(server.requests) > 1)
    chat.close()
    with pytest.raises(Interrupted) as told:
        _ = mapped.frame
    assert told.value.reason == "rows.closed"
    assert len(mapped.frame) == 100
    assert mapped.values.count(None) > 50


def test_whoever_stops_a_map_is_told_nothing(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[SLOW] * 100)
    mapped = chat.map("{{ text }}", [f"row {number}" for number in range(100)], in_flight=2)
    until(lambda: len(server.requests) > 1)
    mapped.stop()
    chat.close()
    assert mapped.values.count(None) > 50
    assert mapped.error is None
