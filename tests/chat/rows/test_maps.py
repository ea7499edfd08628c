"""Asking over a table: every row answered, in order, and none asked twice."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from zhipu_magic import Chat
from zhipu_magic.chat.options import Options
from zhipu_magic.chat.rows import caller
from zhipu_magic.history.budget import Budget
from zhipu_magic.history.events.map_event import MapEvent
from zhipu_magic.history.turn import Anchor
from zhipu_magic.practice import Answer, Drop, Fault, PracticeServer, Raw, chunk, sse
from zhipu_magic.service.models import CATALOGUE
from zhipu_magic.text.errors import (
    ConnectionFailed,
    InvalidRequest,
    NotRecorded,
    OverBudget,
    ServiceError,
    SettingsError,
)


class Review(BaseModel):
    label: Literal["good", "bad"]
    score: float


GOOD = '{"label": "good", "score": 0.9}'


def answers_by_prompt(server: PracticeServer, folder: Path, **replies: Any) -> None:
    """Answer a prompt that has this word with this text, or with this error's code; others with their last word."""
    entries = [
        {"when": word, **({"error": reply[1:]} if str(reply).startswith("!") else {"reply": reply})}
        for word, reply in replies.items()
    ]
    path = folder / "script.json"
    path.write_text(json.dumps([*entries, {"reply": "another"}]))
    server.read_script(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "n.jsonl"


@pytest.fixture
def chat(server: PracticeServer, path: Path) -> Iterator[Chat]:
    asking = Chat("glm-4.7", base_url=server.base_url, api_key=server.api_key, journal=path)
    yield asking
    asking.close()


def again(chat: Chat, server: PracticeServer, **settings: Any) -> Chat:
    """A chat of another session on the same journal."""
    chat.close()
    journal = chat.history.journal.path
    return Chat("glm-4.7", base_url=server.base_url, api_key=server.api_key, journal=journal, **settings)


def until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.01)


def prompts(server: PracticeServer) -> list[str]:
    return [request.body["messages"][-1]["content"] for request in server.requests]


def told(asked: Callable[[], Any]) -> str:
    """What a chat warns of meanwhile."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asked()
    return "\n".join(str(one.message) for one in caught)


# The result


def test_each_row_gets_its_own_answer_in_order_beside_its_columns(
    chat: Chat, server: PracticeServer, tmp_path: Path
) -> None:
    answers_by_prompt(server, tmp_path, alpha="A", beta="B", gamma="C")
    table = pd.DataFrame({"text": ["alpha", "beta", "gamma"], "other": [1, 2, 3]}, index=[30, 10, 20])
    mapped = chat.map("Say {{ text }}", table)
    assert mapped.frame.to_dict() == {**table.to_dict(), "answer": {30: "A", 10: "B", 20: "C"}}
    assert list(mapped.frame.columns) == ["text", "other", "answer"]
    assert list(table.columns) == ["text", "other"]
    assert mapped.values == ["A", "B", "C"]
    assert mapped.errors == []


def test_a_typed_answer_makes_a_column_of_each_field_with_a_fitting_dtype(
    chat: Chat, server: PracticeServer, tmp_path: Path
) -> None:
    answers_by_prompt(server, tmp_path, alpha=GOOD, beta='{"label": "bad", "score": 1}')
    frame = chat.map("{{ text }}", pl.DataFrame({"text": ["alpha", "beta"]}), as_type=Review).frame
    assert isinstance(frame, pl.DataFrame)
    assert frame.to_dict(as_series=False) == {"text": ["alpha", "beta"], "label": ["good", "bad"], "score": [0.9, 1.0]}
    assert frame["score"].dtype == pl.Float64


def test_equal_rows_are_asked_once_and_known_ones_not_at_all(chat: Chat, server: PracticeServer) -> None:
    mapped = chat.map("Say {{ text }}", ["a", "b", "a", "a"])
    assert len(mapped.values) == 4
    assert len(server.requests) == 2
    assert (mapped.figures().equal, mapped.figures().known) == (2, 0)
    later = again(chat, server)
    mapped = later.map("Say {{ text }}", ["a", "b", "c"])
    assert len(mapped.values) == 3
    assert prompts(server)[2:] == ["Say c"]
    assert mapped.figures().known == 2
    later.close()


def test_another_prompt_type_or_option_asks_anew(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[Answer(GOOD)] * 5)
    chat.map("{{ text }}", ["a"]).wait()
    chat.map("{{ text }}!", ["a"]).wait()
    chat.map("{{ text }}", ["a"], temperature=0.5).wait()
    chat.map("{{ text }}", ["a"], as_type=Review).wait()
    chat.map("{{ text }}", ["a"], fresh=True).wait()
    assert len(server.requests) == 5


def test_a_row_is_asked_outside_the_conversation(chat: Chat, server: PracticeServer) -> None:
    chat.ask("Hello").read()
    chat.map("Say {{ text }}", ["a"], system="Be brief.").wait()
    assert [message["role"] for message in server.requests[-1].body["messages"]] == ["system", "user"]
    assert chat.thread().size == 1
    assert chat.system == ""


def test_what_failed_and_what_it_took_are_told_of_all_rows(chat: Chat, server: PracticeServer) -> None:
    server.load.latency = 0.05
    server.enqueue(*[Fault.of("1301")] * 3)
    assert len(chat.map("Say {{ text }}", ["a", "b", "c"]).errors) == 3
    assert chat.map("Now {{ text }}", ["a", "b", "c"]).usage.completion_tokens > 0
    begun = chat.map("Later {{ text }}", ["a", "b", "c"])
    assert begun.errors_so_far() == []
    assert begun.cost is not None


def test_rows_come_as_they_end_and_a_map_can_be_awaited(chat: Chat) -> None:
    seen = {row.row: row.value for row in chat.map("Say {{ text }}", ["a", "b", "c"])}
    assert seen.keys() == {0, 1, 2}

    async def ask() -> Any:
        return (await chat.map("Say {{ text }}", ["d", "e"])).frame

    assert len(asyncio.run(ask())) == 2


def test_the_first_rows_alone(chat: Chat, server: PracticeServer) -> None:
    mapped = chat.map("Say {{ text }}", pd.Series(list("abcdef"), name="text"), first=2)
    assert len(mapped.frame) == 2
    assert len(server.requests) == 2


# Failures


def test_a_row_that_fails_costs_no_other(chat: Chat, server: PracticeServer, tmp_path: Path) -> None:
    answers_by_prompt(server, tmp_path, unsafe="!1301", alpha="A", beta="B")
    table = pd.DataFrame({"text": ["alpha", "unsafe", None, "beta"]})
    mapped = chat.map("Say {{ text }}", table)
    assert list(mapped.frame["answer"].isna()) == [False, True, True, False]
    unsafe, missing = mapped.errors
    assert (unsafe.row, unsafe.code, unsafe.tries, unsafe.reason) == (1, "1301", 1, "service.unsafe")
    assert (missing.row, missing.tries, missing.reason) == (2, 0, "row.missing")
    assert "missing in this row" in missing.message


def test_failed_rows_are_asked_again_and_answered_ones_are_not(
    chat: Chat, server: PracticeServer, tmp_path: Path
) -> None:
    answers_by_prompt(server, tmp_path, unsafe="!1301", alpha="A")
    chat.map("Say {{ text }}", ["alpha", "unsafe"]).wait()
    answers_by_prompt(server, tmp_path, unsafe="now it is fine", alpha="never")
    assert chat.map("Say {{ text }}", ["alpha", "unsafe"]).values == ["A", "now it is fine"]
    assert len(server.requests) == 3


def test_a_wrong_answer_is_mended_once_and_then_its_rows_error(
    chat: Chat, server: PracticeServer, tmp_path: Path
) -> None:
    answers_by_prompt(server, tmp_path, alpha=GOOD, wrong="no JSON at all")
    mapped = chat.map("{{ text }}", ["alpha", "wrong"], as_type=Review)
    assert mapped.values == [Review(label="good", score=0.9), None]
    [error] = mapped.errors
    assert (error.row, error.reason, error.tries) == (1, "answer.invalid", 2)
    assert len(server.requests) == 3


def test_a_wrong_answer_was_paid_and_is_asked_again_only_by_retry(
    chat: Chat, server: PracticeServer, tmp_path: Path
) -> None:
    answers_by_prompt(server, tmp_path, wrong="no JSON at all")
    chat.map("{{ text }}", ["wrong"], as_type=Review).wait()
    assert chat.map("{{ text }}", ["wrong"], as_type=Review).values == [None]
    assert len(server.requests) == 2
    answers_by_prompt(server, tmp_path, wrong=GOOD)
    assert chat.map("{{ text }}", ["wrong"], as_type=Review, retry=True).values == [Review(label="good", score=0.9)]


def test_an_answer_that_was_mended_is_known_by_its_own_key(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("no JSON"), Answer(GOOD))
    mapped = chat.map("{{ text }}", ["alpha"], as_type=Review)
    assert mapped.values == [Review(label="good", score=0.9)]
    assert mapped.figures().requests == 2
    assert chat.map("{{ text }}", ["alpha"], as_type=Review).values == mapped.values
    assert len(server.requests) == 2


@pytest.mark.parametrize("script", [Fault.of("1302"), Fault.of("1305"), Fault(503, "x"), Fault.of("500"), Drop()])
def test_refusals_and_faults_lose_no_row(chat: Chat, server: PracticeServer, script: Any) -> None:
    server.enqueue(*[script] * 4)
    mapped = chat.map("Say {{ text }}", [f"row {number}" for number in range(12)])
    assert None not in mapped.values
    assert mapped.errors == []


def test_a_row_that_always_meets_a_fault_fails_alone(
    chat: Chat, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "PATIENCE_ALONE", 1.0)
    answers_by_prompt(server, tmp_path, poison="!500", alpha="A")
    chat.service.configure(max_retries=1)
    mapped = chat.map("Say {{ text }}", ["poison", *(f"alpha {number}" for number in range(8))])
    seen = 0
    for _ in mapped:  # others go on being answered, so that it is this row's own fault
        seen += 1
    assert seen == 9
    assert [error.row for error in mapped.errors] == [0]


@pytest.mark.parametrize(("code", "reason"), [("1113", "service.balance"), ("1000", "service.key_refused")])
def test_an_account_that_is_refused_stops_the_map_and_what_was_answered_stays(
    chat: Chat, server: PracticeServer, tmp_path: Path, code: str, reason: str
) -> None:
    chat.map("Say {{ text }}", ["a"]).wait()
    answers_by_prompt(server, tmp_path, Say=f"!{code}")
    mapped = chat.map("Say {{ text }}", ["a", *(f"row {number}" for number in range(50))])
    with pytest.raises(ServiceError) as failed:
        _ = mapped.frame
    assert failed.value.reason == reason
    assert mapped.frame[0]["answer"] is not None  # it has been raised, and there is what there is
    assert len(server.requests) < 30


def test_what_the_service_refuses_of_every_row_is_not_tried_for_all(
    chat: Chat, server: PracticeServer, tmp_path: Path
) -> None:
    answers_by_prompt(server, tmp_path, Say="!1210")
    mapped = chat.map("Say {{ text }}", [f"row {number}" for number in range(500)])
    with pytest.raises(ServiceError):
        mapped.wait()
    assert len(server.requests) < 150


def test_many_unsafe_rows_at_the_beginning_cost_no_other(chat: Chat, server: PracticeServer, tmp_path: Path) -> None:
    answers_by_prompt(server, tmp_path, unsafe="!1301")
    mapped = chat.map("Say {{ text }}", [*(f"unsafe {number}" for number in range(70)), "fine"])
    assert mapped.values[-1] == "another"
    assert len(mapped.errors) == 70


def test_a_value_whose_own_code_fails_the_second_time_fails_its_row_alone(chat: Chat) -> None:
    class Once:
        def __init__(self) -> None:
            self.seen = 0

        def __repr__(self) -> str:
            self.seen += 1
            if self.seen > 1:
                raise RuntimeError("no more")
            return "once"

    mapped = chat.map("Say {{ value }}", {"value": [Once(), "fine"]})
    assert mapped.values[1] is not None
    assert mapped.done


def test_without_a_key_the_error_is_the_usual_one(path: Path, server: PracticeServer) -> None:
    chat = Chat("glm-4.7", base_url="https://open.bigmodel.cn/api/paas/v4", journal=path)
    with pytest.raises(SettingsError):
        chat.map("Say {{ text }}", ["a"]).wait()


def test_where_all_is_known_no_key_is_needed(chat: Chat, server: PracticeServer) -> None:
    chat.map("Say {{ text }}", ["a"]).wait()
    chat.close()
    keyless = Chat("glm-4.7", base_url="https://open.bigmodel.cn/api/paas/v4", journal=chat.history.journal.path)
    assert len(keyless.map("Say {{ text }}", ["a"]).values) == 1
    keyless.close()


# Stopping


def slow(text: str = "done", seconds: float = 0.3) -> Raw:
    return Raw((sse(chunk(text)), seconds, sse(chunk("", finish_reason="stop"))))


def test_what_is_in_flight_when_it_is_stopped_lands_and_is_kept(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[slow()] * 4)
    mapped = chat.map("Say {{ text }}", [f"row {number}" for number in range(100)], in_flight=4)
    until(lambda: mapped.figures().in_flight > 0)
    began = time.monotonic()
    mapped.stop()
    assert mapped.done
    assert time.monotonic() - began < 0.2
    sent = len(server.requests)
    assert mapped.frame[0].keys() == {"text", "answer"}
    until(lambda: not chat._scheduler.maps_under_way)
    known = chat.map("Say {{ text }}", [f"row {number}" for number in range(100)])
    assert None not in known.values
    assert len(server.requests) == 100
    assert known.figures().known >= min(sent, 1)


@pytest.mark.parametrize(("raised", "goes_on"), [(KeyboardInterrupt, False), (ValueError, False), (None, True)])
def test_what_is_raised_in_a_with_block_stops_its_map_and_a_break_does_not(
    chat: Chat, server: PracticeServer, raised: type[BaseException] | None, goes_on: bool
) -> None:
    def go_through() -> None:
        with mapped:
            for _ in mapped:
                if raised is not None:
                    raise raised
                break

    rows = [str(number) for number in range(300)]
    mapped = chat.map("Say {{ text }}", rows, in_flight=2)
    if raised is None:
        go_through()
    else:
        with pytest.raises(raised):
            go_through()
    until(lambda: mapped.done)
    assert mapped.was_stopped is not goes_on
    assert (mapped.figures().done == 300) is goes_on


def test_the_ledger_has_what_landed_after_the_stop(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[slow()] * 3)
    mapped = chat.map("Say {{ text }}", list("abc"), in_flight=3)
    until(lambda: len(server.requests) == 3 or mapped.figures().in_flight >= 1)
    mapped.stop()
    until(lambda: not chat._scheduler.maps_under_way)
    assert chat.ledger.spent.requests == len(server.requests)


# Money


def test_one_event_has_the_sums_and_the_ledger_counts_them(chat: Chat, server: PracticeServer, path: Path) -> None:
    chat.ask("Hello").read()
    before = chat.ledger.spent
    server.enqueue(*[Answer("x", prompt_tokens=1_000, completion_tokens=100)] * 2)
    mapped = chat.map("Say {{ text }}", ["a", "b", "a"])
    mapped.wait()
    assert (mapped.usage.prompt_tokens, mapped.usage.completion_tokens) == (2_000, 200)
    assert chat.ledger.spent.requests == before.requests + 2
    assert chat.ledger.spent.total_tokens == before.total_tokens + 2_200
    events = [json.loads(line) for line in path.read_text().splitlines() if '"map"' in line]
    assert len(events) == 1
    assert {name: events[0][name] for name in ("rows", "equal", "answered", "requests")} == {
        "rows": 3,
        "equal": 1,
        "answered": 3,
        "requests": 2,
    }
    restored = Chat.load(path)
    assert restored.ledger.spent == chat.ledger.spent


def test_a_map_stops_before_its_budget_and_keeps_what_it_has(chat: Chat, server: PracticeServer) -> None:
    chat.budget = "12000 tokens"
    server.enqueue(*[Answer("x", prompt_tokens=900, completion_tokens=100)] * 50)
    mapped = chat.map("Say {{ text }}", [f"row {number}" for number in range(50)])
    with pytest.raises(OverBudget) as failed:
        mapped.wait()
    assert failed.value.reason == "budget.rows"
    assert 5_000 <= chat.ledger.spent.total_tokens <= 12_000
    assert sum(row["answer"] is not None for row in mapped.frame) == len(server.requests)
    chat.budget = None
    assert None not in chat.map("Say {{ text }}", [f"row {number}" for number in range(50)]).values
    assert len(server.requests) == 50


def test_a_budget_in_yuan_needs_a_price(server: PracticeServer, path: Path) -> None:
    chat = Chat("some-model", base_url=server.base_url, api_key=server.api_key, journal=path)
    chat.budget = "1 yuan"
    with pytest.raises(OverBudget, match="price of some-model"):
        chat.map("Say {{ text }}", ["a"])
    chat.close()


# Options


def test_a_tool_runs_for_each_row(chat: Chat, server: PracticeServer) -> None:
    called: list[str] = []

    def look_up(name: str) -> str:
        """Look a name up."""
        called.append(name)
        return f"found {name}"

    mapped = chat.map("Call look_up for {{ text }}", ["a"], tools=[look_up])
    assert mapped.values[0]
    assert called
    assert mapped.figures().requests == 2


def test_a_tool_that_asks_first_is_refused(chat: Chat, server: PracticeServer) -> None:
    from zhipu_magic import confirm

    asking = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, confirm=lambda name, call: True)

    def send(text: str) -> str:
        """Send a text."""
        return text

    with pytest.raises(InvalidRequest, match="asks before each call"):
        asking.map("{{ text }}", ["a"], tools=[confirm(send)])
    asking.close()


def test_each_row_can_have_its_own_picture(chat: Chat, server: PracticeServer) -> None:
    from PIL import Image

    pictures = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue", "red")]
    mapped = chat.map("What is it?", {"photo": pictures}, images="{{ photo }}", model="glm-4.6v-flash")
    assert len(mapped.values) == 3
    assert len(server.requests) == 2
    kinds = [[part["type"] for part in request.body["messages"][-1]["content"]] for request in server.requests]
    assert kinds == [["image_url", "text"]] * 2


def test_pictures_need_a_model_that_sees(chat: Chat) -> None:
    with pytest.raises(InvalidRequest, match="cannot see images"):
        chat.map("{{ photo }}", {"photo": ["x.png"]}, images="{{ photo }}", model="glm-4.7")


def test_a_picture_in_the_text_fails_its_row_where_the_model_does_not_see(chat: Chat, server: PracticeServer) -> None:
    from PIL import Image

    mapped = chat.map("What is {{ it }}?", {"it": ["a word", Image.new("RGB", (4, 4))]}, model="glm-4.7")
    assert [value is None for value in mapped.values] == [False, True]
    [error] = mapped.errors
    assert (error.reason, error.tries) == ("model.no_vision", 0)
    assert len(server.requests) == 1


@pytest.mark.parametrize("wrong", [{"first": 0}, {"first": "5"}, {"in_flight": True}, {"in_flight": -1}])
def test_numbers_that_mean_nothing_are_refused(chat: Chat, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="whole number of at least 1"):
        chat.map("{{ text }}", ["a"], **wrong)


@pytest.mark.parametrize("option", [{"once": False}, {"stream": True}, {"thread": "x"}])
def test_what_no_row_can_be_asked_with_is_refused_alike_everywhere(
    chat: Chat, server: PracticeServer, option: dict[str, Any]
) -> None:
    for ask in (chat.map, chat.map_preview, chat.map_batches, chat.batch):
        with pytest.raises(InvalidRequest, match=r"no (once=False|stream=True|thread='x') for them") as failed:
            ask("{{ text }}", ["a"], **option)
        assert failed.value.reason == "rows.option"
    with pytest.raises(InvalidRequest, match="for them"):
        chat.map("{{ text }}", ["a"], Options(thread="x"))
    assert chat.map("{{ text }}", ["a"], once=True, stream=False, thread=None).errors == []
    assert len(server.requests) == 1


def test_a_preview_knows_the_limit_that_this_process_has_learned_and_a_replay_none(tmp_path: Path) -> None:
    rows = [str(number) for number in range(60)]
    with PracticeServer(pace=0, limit=6, latency=0.02) as server:
        journal = tmp_path / "n.jsonl"
        chat = Chat("glm-4.7", base_url=server.base_url, api_key=server.api_key, journal=journal)
        assert chat.map_preview("{{ text }}", rows).seconds is None
        assert chat.map("{{ text }}", rows).errors == []
        more = [*rows, "another"]
        found = chat.map_preview("{{ text }}", more)
        assert found.limit in range(3, 8)  # at this moment
        assert found.seconds is not None
        assert chat.map_preview("{{ text }}", more, in_flight=2).limit == 2
        replayed = again(chat, server, replay="only")
        assert replayed.map_preview("{{ text }}", more).limit is None
        replayed.close()


def test_a_preview_of_the_first_rows_and_one_of_what_is_known_already(chat: Chat, server: PracticeServer) -> None:
    rows = ["a", "b", "c"]
    assert chat.map("Say {{ text }}", rows, first=2).errors == []
    assert [chat.map_preview("Say {{ text }}", rows, first=count).to_ask for count in (1, 2, 3)] == [0, 0, 1]
    model = CATALOGUE["glm-4.7"]
    known, left = (chat.map_preview("Say {{ text }}", rows, first=count) for count in (2, 3))
    assert known.cost(model) == known.cost(model, batch=True) == 0
    assert (left.cost(model) or 0) > 0
    assert len(server.requests) == 2


def test_a_prompt_that_is_too_long_fails_its_row_with_the_count(chat: Chat, server: PracticeServer) -> None:
    mapped = chat.map("Say {{ text }}", ["a", "很" * 400_000])
    assert mapped.values[0] is not None
    [error] = mapped.errors
    assert error.reason == "prompt.too_long"
    assert "240,0" in error.message
    assert len(server.requests) == 1


# Many tables


def test_a_shared_value_that_is_cut_is_told_by_a_map_its_preview_and_a_stream(chat: Chat) -> None:
    names = {"guide": "\n".join(f"rule {number}: be kind and thorough" for number in range(5_000))}
    template = "{{ text }} by {{ guide }}"
    for ask in (
        lambda: chat.map(template, ["a"], names=names).wait(),
        lambda: chat.map_preview(template, ["a"], names=names),
        lambda: list(chat.map_batches(template, [["a"], ["b"]], names=names)),
    ):
        assert told(ask).count("All rows get only a part of a value: guide: about 4,000 of about 40,000 tokens") == 1
    assert told(lambda: chat.map("{{ text }} by {{ guide | 50000 }}", ["a"], names=names).wait()) == ""


def test_what_another_map_has_answered_meanwhile_is_not_asked(chat: Chat, server: PracticeServer) -> None:
    server.load.latency = 0.05
    slow = chat.map("Say {{ text }}", [*(f"row {number}" for number in range(8)), "last"], in_flight=1)
    until(lambda: slow.figures().prepared == 9)
    assert chat.map("Say {{ text }}", ["last"]).values == slow.values[-1:]
    assert prompts(server).count("Say last") == 1 and slow.errors == []


def test_no_more_threads_ask_than_may(chat: Chat, server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhipu_magic.chat.rows.workers._MOST", 2)
    monkeypatch.setattr("zhipu_magic.chat.rows.figures._WINDOW", 0.05)
    server.load.latency = 0.03
    mapped = chat.map("Say {{ text }}", [str(number) for number in range(16)])
    seen: list[float | None] = []
    while not mapped.done:
        seen.append(mapped.figures().eta)
        time.sleep(0.01)
    assert mapped.errors == [] and server.load.most <= 2
    assert any(eta is not None and eta < 10 for eta in seen)


def test_all_that_is_under_way_can_be_stopped(chat: Chat, server: PracticeServer) -> None:
    server.load.latency = 0.1
    mapped = chat.map("Say {{ text }}", [str(number) for number in range(40)], in_flight=2, anchor=Anchor("A", 1))
    reply = chat.ask("hello")
    until(lambda: len(server.requests) > 0)
    assert chat.interrupt(Anchor("B", 1)) == []
    assert not mapped.was_stopped
    assert chat.interrupt() == [reply]
    assert mapped.was_stopped and mapped.done
    until(lambda: not chat._scheduler.maps_under_way)
    assert len(server.requests) < 41


def test_a_row_that_is_changed_before_an_equal_one_is_looked_at_changes_only_itself(
    chat: Chat, server: PracticeServer, tmp_path: Path
) -> None:
    answers_by_prompt(server, tmp_path, changed="new", same="old", other="else")
    server.load.latency = 0.05

    class Changes(Cell):
        """Changes the row before it, while that waits to be asked."""

        def __repr__(self) -> str:
            cells[1].text = "changed"
            time.sleep(0.03)
            return super().__repr__()

    cells = [Cell("other"), Cell("same"), *(Changes("other") for _ in range(8)), Cell("same")]
    mapped = chat.map("Say {{ text }}", {"text": cells}, in_flight=1)
    assert mapped.values == ["else", "new", *["else"] * 8, "old"]


def test_a_typed_answer_that_reached_the_maximum_length_is_not_mended(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer(GOOD[:20], finish_reason="length"))
    mapped = chat.map("Rate {{ text }}", ["tea"], as_type=Review)
    assert mapped.values == [None]
    [error] = mapped.errors
    assert len(server.requests) == 1, error


def test_two_maps_at_once_ask_an_equal_row_once(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[slow(seconds=0.1)] * 40)
    rows = [f"row {number}" for number in range(40)]
    found: list[list[Any]] = []
    threads = [threading.Thread(target=lambda: found.append(chat.map("Say {{ text }}", rows).values)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert all(None not in values for values in found)
    assert len(server.requests) == 40


def test_a_stream_of_frames_comes_back_in_order(chat: Chat, server: PracticeServer, tmp_path: Path) -> None:
    given = (pd.DataFrame({"text": [f"row {number % 7}", f"own {number}"]}) for number in range(12))
    frames = list(chat.map_batches("Say {{ text }}", given))
    assert [frame["text"][1] for frame in frames] == [f"own {number}" for number in range(12)]
    assert all(frame["answer"].notna().all() for frame in frames)
    assert len(server.requests) == 12 + 7


def frames_of_one(taken: list[int]) -> Iterator[list[str]]:
    for number in range(1_000):
        taken.append(number)
        yield [f"row {number}"]


@pytest.mark.parametrize("ended", ["stopped", "let go"])
def test_a_stream_that_nobody_reads_on_asks_no_more(chat: Chat, server: PracticeServer, ended: str) -> None:
    taken: list[int] = []
    frames = chat.map_batches("Say {{ text }}", frames_of_one(taken))
    next(frames)
    if ended == "stopped":
        frames.stop()
        assert frames.done
        assert len([*frames]) <= len(taken)
    del frames
    until(lambda: not chat._scheduler.maps_under_way)
    asked = len(server.requests)
    assert asked <= len(taken) <= 129
    time.sleep(0.2)
    assert len(server.requests) == asked


def test_a_stream_tells_what_failed_over_all_its_tables_and_what_it_took(
    chat: Chat, server: PracticeServer, tmp_path: Path
) -> None:
    answers_by_prompt(server, tmp_path, bad="!1301", good="fine")
    frames = chat.map_batches("Say {{ text }}", iter([["good 1", "bad 2"], ["good 3"], ["good 4", None]]))
    assert not frames.done
    said = told(lambda: [*frames])
    assert [failed.row for failed in frames.errors] == [1, 4]
    assert [failed.reason for failed in frames.errors] == ["service.unsafe", "row.missing"]
    assert "2 of 5 rows failed (rows 1, 4): The service found unsafe content" in said
    assert frames.done
    assert frames.usage == chat.map("Say {{ text }}", ["good 1", "good 3", "good 4"], fresh=True).usage
    assert frames.cost is not None
    assert frames.cost > 0
    assert repr(frames) == "<MappedFrames, 3 tables with 5 rows, 2 failed>"


def test_a_stream_that_fails_in_many_rows_names_the_first(chat: Chat) -> None:
    frames = chat.map_batches("Say {{ text }}", [["good", *[None] * 4], [None] * 3])
    said = told(lambda: [*frames])
    assert "7 of 8 rows failed (rows 1, 2, 3, 4, 5 and 2 more)" in said


def test_a_stream_that_was_stopped_before_it_began_asks_nothing(chat: Chat, server: PracticeServer) -> None:
    frames = chat.map_batches("Say {{ text }}", [["a"], ["b"]])
    assert (frames.usage.total_tokens, frames.cost, frames.done) == (0, 0.0, False)
    frames.stop()
    assert frames.done and [*frames] == [] and server.requests == []


def test_a_stream_that_is_stopped_while_it_is_waited_for_ends(chat: Chat, server: PracticeServer) -> None:
    server.load.latency = 0.3
    frames = chat.map_batches("Say {{ text }}", ([str(number)] * 1 for number in range(1_000)), in_flight=1)
    threading.Timer(0.2, frames.stop).start()
    assert len([*frames]) <= 2
    assert frames.done and len(server.requests) <= 3


def test_a_replayed_stream_took_what_it_did(chat: Chat, server: PracticeServer) -> None:
    tables = [["a", "b"], ["c"]]
    live = chat.map_batches("Say {{ text }}", tables)
    before = [*live]
    replayed = again(chat, server, replay="only")
    frames = replayed.map_batches("Say {{ text }}", tables)
    assert [*frames] == before
    assert (frames.usage, frames.cost) == (live.usage, live.cost) and live.usage.total_tokens > 0
    replayed.close()


def test_a_stream_takes_the_same_options_for_rows_as_a_map(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[Answer("no JSON")] * 2, *[Answer(GOOD)] * 2)
    tables = [["a"], ["b", "c"], ["d"]]
    template = "Rate {{ text }}"
    with pytest.warns(UserWarning, match=r"1 of 1 row failed \(row 0\)"):
        [frame] = chat.map_batches(template, tables, as_type=Review, first=1)
    assert frame[0]["label"] is None
    frames = [*chat.map_batches(template, tables, as_type=Review, first=2, retry=True)]
    assert [[row["label"] for row in frame] for frame in frames] == [["good"], ["good"]]
    assert len(server.requests) == 4
    unasked = chat.map_batches(template, tables, as_type=Review, ask=False)
    with pytest.warns(UserWarning, match=r"2 of 4 rows failed \(rows 2, 3\)"):
        assert [len(frame) for frame in unasked] == [1, 2, 1]
    assert [failed.reason for failed in unasked.errors] == ["row.unanswered"] * 2
    assert len(server.requests) == 4


def test_what_stops_a_stream_is_raised_where_the_next_table_would_come(
    chat: Chat, server: PracticeServer, tmp_path: Path
) -> None:
    chat.map("Say {{ text }}", ["alpha"]).wait()
    answers_by_prompt(server, tmp_path, beta="!1113")
    frames = chat.map_batches("Say {{ text }}", [["alpha"], ["beta"]])
    assert next(frames)[0]["answer"]
    with pytest.raises(ServiceError, match="1113"):
        next(frames)
    assert frames.done
    assert [*frames] == []


@pytest.mark.parametrize("ends", ["a table without the column", "what makes the tables"])
def test_tables_before_one_that_cannot_be_asked_come_first(chat: Chat, ends: str) -> None:
    def tables() -> Iterator[Any]:
        yield [{"text": "a"}]
        yield [{"text": "b"}]
        if ends == "what makes the tables":
            raise InvalidRequest("no more", reason="test")
        yield [{"other": 1}]
        yield [{"text": "c"}]

    frames = chat.map_batches("Say {{ text }}", tables())
    assert [next(frames)[0]["text"] for _ in range(2)] == ["a", "b"]
    with pytest.raises(InvalidRequest):
        next(frames)
    assert [*frames] == []


def test_tables_of_one_row_use_as_many_places_as_there_are(tmp_path: Path) -> None:
    with PracticeServer(pace=0, limit=12, latency=0.1) as server:
        chat = Chat("glm-4.7", base_url=server.base_url, api_key=server.api_key)
        taken: list[int] = []
        frames = chat.map_batches("Say {{ text }}", frames_of_one(taken))
        for back in range(1, 201):
            next(frames)
            assert len(taken) - back <= 128  # in memory
        frames.stop()
        assert server.load.most >= 10
        chat.close()


# Replay


def test_a_replay_answers_the_whole_map_and_sends_nothing(chat: Chat, server: PracticeServer, tmp_path: Path) -> None:
    answers_by_prompt(server, tmp_path, unsafe="!1301", alpha="A")
    first = chat.map("Say {{ text }}", ["alpha", "unsafe", "alpha"])
    first.wait()
    sent = len(server.requests)
    replaying = again(chat, server, replay="only")
    mapped = replaying.map("Say {{ text }}", ["alpha", "unsafe", "alpha"])
    assert mapped.values == first.values
    assert mapped.errors == first.errors
    recorded, shown = first.figures(), mapped.figures()
    assert (shown.requests, shown.prompt_tokens, shown.known) == (recorded.requests, recorded.prompt_tokens, 0)
    assert len(server.requests) == sent
    assert replaying.ledger.spent.requests == 0
    with pytest.raises(NotRecorded, match="1 of the 1 rows have no answer"):
        replaying.map("Say {{ text }}", ["gamma"])
    replaying.close()


def test_a_replay_spends_nothing_of_a_budget(chat: Chat, server: PracticeServer) -> None:
    values = chat.map("Say {{ text }}", ["alpha", "beta"]).values
    replayed = again(chat, server, replay="only")
    replayed.budget = Budget.read("1 tokens")
    assert replayed.map("Say {{ text }}", ["alpha", "beta"]).values == values
    replayed.close()


def test_the_journal_reads_a_map_event_back(chat: Chat, path: Path) -> None:
    from zhipu_magic.history.events.changes import from_json

    chat.map("Say {{ text }}", ["a"]).wait()
    [line] = [line for line in path.read_text().splitlines() if '"map"' in line]
    event = from_json(json.loads(line))
    assert isinstance(event, MapEvent)
    assert event.to_json() == json.loads(line)


# What cannot be reached, and what is down


def test_a_service_that_cannot_be_reached_is_told_as_that_and_not_as_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "PATIENCE_ALONE", 1.5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        asking = Chat("glm-4.7", base_url=f"http://127.0.0.1:{taken.getsockname()[1]}/v4", api_key="a.key")
        mapped = asking.map("Say {{ text }}", ["a", "b"])
        until(lambda: "cannot be reached" in mapped.figures().trouble)
        with pytest.raises(ConnectionFailed, match="cannot be reached"):
            mapped.wait()
    assert mapped.values == [None, None]
    assert mapped.errors == []
    asking.close()


def test_a_service_that_has_nothing_but_faults_is_waited_for_and_given_up(
    chat: Chat, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"row {number}" for number in range(6)]
    first = chat.map("Say {{ text }}", rows[:2]).values
    monkeypatch.setattr(caller, "PATIENCE", 1.5)
    answers_by_prompt(server, tmp_path, Say="!500")
    mapped = chat.map("Say {{ text }}", rows)
    with pytest.raises(ServiceError):
        mapped.wait()
    assert mapped.values == [*first, None, None, None, None]
    assert mapped.errors == []  # no row is at fault
    answers_by_prompt(server, tmp_path, Say="done")
    assert chat.map("Say {{ text }}", rows).values == [*first, *["done"] * 4]


# Whatever the rows are

KNOWN = {"a": 1, "b": 2, "c": 3}
WRONG = {"unsafe": "service.unsafe", "wrong": "answer.invalid", "odd": "answer.invalid", None: "row.missing"}
ROWS = st.lists(st.sampled_from([*KNOWN, *WRONG]), max_size=12)


@given(rows=ROWS, more=ROWS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_has_its_own_answer_or_error_and_equal_ones_are_asked_once(
    server: PracticeServer, tmp_path: Path, rows: list[str | None], more: list[str | None]
) -> None:
    answers_by_prompt(
        server, tmp_path, unsafe="!1301", wrong="nothing", **{f"({text})": str(value) for text, value in KNOWN.items()}
    )
    asking = Chat("glm-4.7", base_url=server.base_url, api_key=server.api_key)
    known: set[str | None] = {None}
    try:
        for table in (rows, rows + more):
            before = len(server.requests)
            mapped = asking.map("Say ({{ text }})", {"text": table}, as_type=int)
            assert mapped.values == [KNOWN.get(text or "") for text in table]
            assert [(error.row, error.reason) for error in mapped.errors] == [
                (index, WRONG[text]) for index, text in enumerate(table) if text not in KNOWN
            ]
            bodies = [request.body["messages"] for request in server.requests[before:]]
            first = [messages[-1]["content"] for messages in bodies if messages[-2]["role"] == "system"]
            assert sorted(first) == sorted(f"Say ({text})" for text in {*table} - known)
            known |= {*table} - {"unsafe"}
    finally:
        asking.close()


# A table that changes while it is asked


class Cell:
    """A value that can be changed, and is looked at each time anew."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        if self.text == "gone":
            raise ValueError("gone")
        return self.text


@pytest.mark.parametrize("becomes", ["changed", "gone"])
def test_a_value_that_changes_in_one_row_changes_no_row_that_was_equal(
    chat: Chat, server: PracticeServer, tmp_path: Path, becomes: str
) -> None:
    answers_by_prompt(server, tmp_path, changed="new", same="old", other="else")
    server.load.latency = 0.1
    cells = [*(Cell(f"other {number}") for number in range(30)), *(Cell("same") for _ in range(3))]
    mapped = chat.map("Say {{ text }}", {"text": cells}, in_flight=2)
    until(lambda: mapped.figures().prepared == 33)
    cells[30].text = becomes
    assert mapped.values[-2:] == ["old", "old"]
    assert mapped.values[30] == ("new" if becomes == "changed" else None)
    assert [error.row for error in mapped.errors] == ([] if becomes == "changed" else [30])


def test_records_that_are_changed_meanwhile_are_asked_as_they_were(
    chat: Chat, server: PracticeServer, tmp_path: Path
) -> None:
    answers_by_prompt(server, tmp_path, changed="new", same="old")
    records = [{"text": f"same {number}"} for number in range(30)]
    server.load.latency = 0.1
    mapped = chat.map("Say {{ text }}", records, in_flight=2)
    for record in records:
        record["text"] = "changed"
    assert mapped.frame == [{"text": f"same {number}", "answer": "old"} for number in range(30)]


def test_the_last_row_that_always_meets_a_fault_fails_alone_the_second_time_too(
    chat: Chat, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "PATIENCE_ALONE", 1.0)
    answers_by_prompt(server, tmp_path, poison="!500", alpha="A")
    chat.service.configure(max_retries=1)
    for _ in range(2):
        mapped = chat.map("Say {{ text }}", ["poison", *(f"alpha {number}" for number in range(4))])
        assert mapped.values == [None, *["A"] * 4]
        assert [error.row for error in mapped.errors] == [0]
