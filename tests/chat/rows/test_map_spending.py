"""What a map takes: each round counts when it ends, nothing that was paid is lost, and the budget holds."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from zhipu_magic import Chat
from zhipu_magic.chat.budget_check import Others
from zhipu_magic.chat.options import Options
from zhipu_magic.chat.request import Request
from zhipu_magic.chat.rows.spending import RowInHand, RowSpending
from zhipu_magic.history.budget import Budget
from zhipu_magic.history.conversation import Thread
from zhipu_magic.history.turn import Anchor
from zhipu_magic.practice import Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.service.models import CATALOGUE
from zhipu_magic.service.wire import Usage
from zhipu_magic.text.errors import OverBudget, ServiceError
from zhipu_magic.values.row_prompt import RowPrompt

SAY = "Say {{ text }}"
#: An answer that is no number, and its count of tokens.
WRONG, PAID = Answer("no number", prompt_tokens=1_000, completion_tokens=50), 1_050


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "n.jsonl"


@pytest.fixture
def chat(server: PracticeServer, path: Path) -> Iterator[Chat]:
    asking = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
    yield asking
    asking.close()


def taken(chat: Chat) -> int:
    return chat.ledger.spent.total_tokens


# Each round counts


def test_an_answer_that_could_not_be_corrected_counts_and_is_kept(
    chat: Chat, server: PracticeServer, path: Path
) -> None:
    server.enqueue(WRONG, Fault.of("1301"))
    mapped = chat.map(SAY, ["a"], as_type=int)
    [failed] = mapped.errors
    assert (failed.reason, mapped.usage.total_tokens, taken(chat)) == ("answer.invalid", PAID, PAID)
    again = chat.map(SAY, ["a"], as_type=int)
    assert again.errors == [failed]
    assert len(server.requests) == 2
    chat.close()
    replaying = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path, replay="only")
    replayed = replaying.map(SAY, ["a"], as_type=int)
    assert (replayed.errors, replayed.usage) == (mapped.errors, mapped.usage)
    replaying.close()


def test_what_could_not_be_corrected_is_asked_again_where_that_is_wanted(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(WRONG, Fault.of("1301"))
    chat.map(SAY, ["a"], as_type=int).wait()
    server.enqueue(Answer("7"))
    assert chat.map(SAY, ["a"], as_type=int, retry=True).values == [7]


def test_a_map_that_ends_while_an_answer_is_corrected_loses_nothing(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(WRONG, Fault.of("1113"))
    mapped = chat.map(SAY, ["a"], as_type=int)
    with pytest.raises(ServiceError, match="balance"):
        mapped.wait()
    assert [failed.reason for failed in mapped.errors] == ["answer.invalid"]
    assert (mapped.usage.total_tokens, taken(chat)) == (PAID, PAID)
    server.enqueue(Answer("7"))
    assert chat.map(SAY, ["a", "b"], as_type=int).values == [None, 7]  # the next one asks what was not asked
    assert len(server.requests) == 3


def test_a_round_of_tools_counts_though_the_next_one_ends_the_map(chat: Chat, server: PracticeServer) -> None:
    def look_up(name: str) -> str:
        """Look a name up."""
        return name

    calls = (tool_call("look_up", {"name": "a"}, id="1"),)
    server.enqueue(Answer(tool_calls=calls, prompt_tokens=1_000, completion_tokens=50), Fault.of("1113"))
    mapped = chat.map(SAY, ["a"], tools=[look_up])
    with pytest.raises(ServiceError, match="balance"):
        mapped.wait()
    assert taken(chat) == PAID


def test_a_round_counts_though_its_map_is_stopped_before_the_next_one(chat: Chat, server: PracticeServer) -> None:
    begun: list[Any] = []

    def stop_it(name: str) -> str:
        """Stop what is going on."""
        until(lambda: begun)
        begun[0].stop()
        return name

    calls = (tool_call("stop_it", {"name": "a"}, id="1"),)
    server.enqueue(Answer(tool_calls=calls, prompt_tokens=1_000, completion_tokens=50))
    begun.append(chat.map(SAY, ["a"], tools=[stop_it]))
    until(lambda: begun[0].done)
    until(lambda: taken(chat) == PAID)
    assert len(server.requests) == 1


def test_a_round_that_the_service_did_not_count_is_estimated_and_the_others_are_not(
    chat: Chat, server: PracticeServer
) -> None:
    server.enqueue(WRONG, Raw((sse(chunk("7", finish_reason="stop")),)))
    assert chat.map(SAY, ["a"], as_type=int).values == [7]
    spent = chat.ledger.spent
    assert (spent.total_tokens, spent.uncounted, spent.requests) == (PAID, 1, 2)
    assert PAID < spent.estimated_tokens < PAID + 100  # the first round stands in the second one's prompt


def test_the_budget_holds_where_no_answer_can_be_corrected(chat: Chat, server: PracticeServer) -> None:
    chat.budget = "5000 tokens"
    server.enqueue(*[WRONG, Fault.of("1301")] * 30)
    mapped = chat.map(SAY, [str(number) for number in range(30)], as_type=int, in_flight=1)
    with pytest.raises(OverBudget):
        mapped.wait()
    assert PAID < taken(chat) <= 5_000
    assert len(server.requests) < 12


# The budget holds, whatever the rows' lengths are


def long(words: int) -> str:
    return "word " * words


@pytest.mark.parametrize("order", ["up", "down", "shuffled"])
def test_a_table_of_rows_of_different_lengths_ends_within_its_budget(
    chat: Chat, server: PracticeServer, order: str
) -> None:
    server.load.latency = 0.01
    chat.budget = "20000 tokens"
    rows = [f"{number} {long(8 * 2**number)}" for number in range(13)]
    ordered = {"up": rows, "down": rows[::-1], "shuffled": random.Random(3).sample(rows, len(rows))}[order]
    mapped = chat.map(SAY, ordered)
    with pytest.raises(OverBudget):
        mapped.wait()
    assert taken(chat) <= 20_000


def test_a_row_that_is_longer_than_the_budget_is_not_sent(chat: Chat, server: PracticeServer) -> None:
    chat.budget = "2000 tokens"
    with pytest.raises(OverBudget, match=r"another row takes up to about 1\d,\d\d\d tokens, and 2,000 tokens are left"):
        chat.map(SAY, [f"{number} {long(10_000)}" for number in range(10)]).wait()
    assert not server.requests


def test_a_batch_whose_rows_are_longer_than_the_budget_is_refused(chat: Chat, server: PracticeServer) -> None:
    chat.budget = "10000 tokens"
    rows = ["a short one", *(f"{number} {long(2_000)}" for number in range(5))]
    with pytest.raises(OverBudget, match="its 6 requests may take about 1"):
        chat.batch(SAY, rows)
    assert not server.requests
    assert chat.batch(SAY, rows[:2]).new == 2


def test_rows_of_a_free_model_are_not_held_back_by_a_budget_in_yuan() -> None:
    request = Request(SAY, Options(), Anchor(), Thread("main"), "glm-4.7-flash", known=CATALOGUE["glm-4.7-flash"])
    budget = Budget(1.0, "yuan")
    spending = RowSpending(request, budget, Others, admitting=threading.RLock(), priced=True, practice=False)

    for _ in range(4):
        row = spending.reserve(RowPrompt("Say something"))
        assert isinstance(row, RowInHand)
        row.round_ended(Usage(10, 5, 15), lambda: 0.0, 1)
        row.end()
    assert all(isinstance(spending.reserve(RowPrompt("Say more")), RowInHand) for _ in range(100))


# Maps side by side, and beside replies


def test_maps_side_by_side_keep_the_budget_together(chat: Chat, server: PracticeServer) -> None:
    server.load.latency = lambda: 0.05
    chat.budget = "10000 tokens"
    server.enqueue(*[Answer("x", prompt_tokens=900, completion_tokens=100)] * 160)
    maps = [chat.map(f"{number} {SAY}", [f"row {row}" for row in range(10)]) for number in range(16)]
    for mapped in maps:
        with pytest.raises(OverBudget):
            mapped.wait()
    until(lambda: taken(chat) == 1_000 * len(server.requests))
    assert 8_000 <= taken(chat) <= 11_000


def test_a_map_waits_for_a_reply_that_holds_the_budget_and_then_goes_on(chat: Chat, server: PracticeServer) -> None:
    chat.budget = "4000 tokens"
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    server.enqueue(Raw((sse(chunk("slowly")), 0.5, sse(chunk("", finish_reason="stop", usage=usage)))))
    reply = chat.ask("Say something")
    until(lambda: bool(server.requests))
    assert None not in chat.map(SAY, ["a", "b"]).values
    assert reply.text == "slowly"


def test_a_map_does_not_wait_for_a_reply_that_may_wait_for_its_reader(chat: Chat, server: PracticeServer) -> None:
    def look_up(name: str) -> str:
        """Look a name up."""
        return name

    chat.budget = "4000 tokens"
    server.enqueue(Answer(tool_calls=(tool_call("look_up", {"name": "a"}, id="1"),)))
    reply = chat.ask("Look a up", tools=[look_up])
    with pytest.raises(OverBudget, match="0 tokens are left"):
        chat.map(SAY, ["a", "b"]).wait()
    assert reply.text


def until(done: Callable[[], Any], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.01)
