"""Tables whose cell does not wait: in the background, and by the Batch API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from in_process import Page

from zhipu_magic.practice import Answer, Fault, PracticeServer, Raw, chunk, sse
from zhipu_magic.text.errors import ServiceError


def slow(text: str = "done", seconds: float = 0.2) -> Raw:
    return Raw((sse(chunk(text)), seconds, sse(chunk("", finish_reason="stop"))))


def until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def many(page: Page) -> list[str]:
    rows = [f"row {number}" for number in range(6)]
    page.names["many"] = rows
    return rows


# In the background


def test_a_map_in_the_background_goes_on_while_other_cells_run(
    page: Page, server: PracticeServer, many: list[str]
) -> None:
    server.enqueue(slow(seconds=1.0), *[slow(seconds=0.0)] * 5)
    began = page.run("%%glm --each many --in-flight 1 --bg -b mapped -o found\n{{ text }}", "table")
    assert began.success
    assert "found" not in page.names
    assert "0/6" in page.run("%glm jobs").plain()
    assert page.run("%glm wait").success
    assert [row["answer"] for row in page.names["found"]] == ["done"] * 6
    assert page.names["mapped"].done


def test_its_end_is_shown_in_its_own_cell(page: Page, server: PracticeServer, many: list[str]) -> None:
    server.enqueue(*[slow()] * 6)
    began = page.run("%%glm --each many --bg\n{{ text }}", "table")
    places = {message["transient"]["display_id"] for message in began.messages}
    assert len(places) == 2
    waited = page.run("%glm wait")
    shown = [message for message in waited.every if message.get("transient", {}).get("display_id") in places]
    assert {message["transient"]["display_id"] for message in shown} == places
    assert any("6 rows" in message["data"]["text/plain"] for message in shown)


def test_a_map_in_the_background_that_is_stopped_keeps_what_it_has(
    page: Page, server: PracticeServer, many: list[str]
) -> None:
    server.enqueue(*[slow(seconds=0.5)] * 6)
    page.run("%%glm --each many --in-flight 1 --bg -o found\n{{ text }}", "table")
    until(lambda: len(server.requests) >= 1)
    assert page.run("%glm stop").success
    assert len(page.names["found"]) == 6
    assert any(row["answer"] is None for row in page.names["found"])


def test_a_failure_in_the_background_is_raised_by_wait(page: Page, server: PracticeServer, many: list[str]) -> None:
    server.enqueue(*[Fault.of("1113")] * 3)
    page.run("%%glm --each many --bg -o found\n{{ text }}", "table")
    assert isinstance(page.run("%glm wait").error, ServiceError)
    assert len(page.names["found"]) == 6


def test_where_no_updates_are_shown_a_later_cell_shows_it(page: Page, server: PracticeServer, many: list[str]) -> None:
    server.enqueue(*[slow(seconds=0.05)] * 6)
    began = page.run("%%glm --each many --bg -o found\n{{ text }}", None)
    assert "Asked in the background: job 1" in began.plain()
    waited = page.run("%glm wait", None)
    assert any("6 rows" in str(output["data"]) for output in waited.outputs)
    assert len(page.names["found"]) == 6


def test_a_replay_of_a_map_in_the_background_is_shown_at_once(
    page: Page, server: PracticeServer, many: list[str]
) -> None:
    server.enqueue(*[Answer("x")] * 6)
    cell = "%%glm --each many --bg -o found\n{{ text }}"
    page.run(cell, "table")
    page.run("%glm wait")
    page.run("%config GLMMagics.replay = 'only'")
    replayed = page.run(cell, "table")
    assert len(replayed.outputs) == 2
    assert "6 rows" in replayed.plain(1)


# By the Batch API


def collected(page: Page) -> Any:
    """Collect until there is nothing under way."""
    ends = time.monotonic() + 20
    while True:
        cell = page.run("%glm collect")
        assert cell.success, cell.error
        if not any("batch about" in str(output["data"]) for output in cell.outputs):
            return cell
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_a_batch_is_submitted_and_collected_and_binds_the_same_table(page: Page, server: PracticeServer) -> None:
    page.names["reviews"] = pd.DataFrame({"text": ["alpha", "beta", "alpha", None]})
    submitted = page.run("%%glm --each reviews --batch -o labelled\nSay {{ text }}")
    assert "2 requests submitted" in submitted.plain()
    assert "1 row cannot be asked" in submitted.plain()
    assert "labelled" not in page.names
    cell = collected(page)
    assert list(page.names["labelled"]["answer"].isna()) == [False, False, False, True]
    assert "4 rows" in cell.plain(1)
    assert not server.requests
    assert page.magics.chat.ledger.spent.requests == 2
    live = page.run("%%glm --each reviews -o again\nSay {{ text }}")
    assert live.success
    assert not server.requests
    assert page.names["again"].equals(page.names["labelled"])


def test_a_batch_costs_half(page: Page, server: PracticeServer) -> None:
    page.run("%config GLMMagics.model = 'glm-4.7'")
    page.names["one"] = ["alpha"]
    page.run("%%glm --each one\nSay {{ text }}")
    live = page.magics.chat.ledger.spent
    page.names["one"] = ["omega"]
    page.run("%%glm --each one --batch\nSay {{ text }}")
    collected(page)
    both = page.magics.chat.ledger.spent
    assert live.cost
    assert both.cost
    assert both.cost - live.cost == pytest.approx(live.cost / 2, rel=0.2)


def lines(server: PracticeServer) -> list[int]:
    """How many lines the file of each batch had, as the server has read it."""
    return [batch["request_counts"]["total"] for batch in server.batches]


def finish(server: PracticeServer) -> None:
    until(lambda: all(batch["status"] == "completed" for batch in server.batches))


AGAIN = "%%glm --each many --batch -o found\nSay {{ text }}"


def test_a_cell_run_again_submits_nothing_that_is_under_way(page: Page, server: PracticeServer) -> None:
    page.names["many"] = ["a", "b"]
    page.run(AGAIN)
    under_way = {"id": server.batches[0]["id"], "status": "in_progress"}
    server.disturb("GET /batches/*", Raw((json.dumps(under_way).encode(),)))
    page.names["many"] = ["a", "b", "c"]
    assert "1 request submitted, 2 under way already, of 3 rows" in page.run(AGAIN).plain()
    finish(server)
    assert lines(server) == [2, 1]


def test_a_cell_run_again_submits_nothing_that_is_answered(page: Page, server: PracticeServer) -> None:
    page.names["many"] = ["a", "b"]
    page.run(AGAIN)
    finish(server)
    page.names["many"] = ["a", "b", "c"]
    assert "1 request submitted, 2 answers known, of 3 rows" in page.run(AGAIN).plain()
    assert "found" not in page.names
    collected(page)
    page.run(AGAIN)
    assert [row["answer"] is not None for row in page.names["found"]] == [True] * 3
    assert lines(server) == [2, 1]


def test_collecting_without_the_table_keeps_the_answers(page: Page, server: PracticeServer) -> None:
    page.names["many"] = ["a", "b"]
    page.run("%%glm --each many --batch -o found\nSay {{ text }}")
    del page.names["many"]
    cell = collected(page)
    assert "2 answers kept" in cell.plain(0)
    page.names["many"] = ["a", "b"]
    assert page.run("%%glm --each many -o found\nSay {{ text }}").success
    assert not server.requests


def test_collecting_runs_no_code_of_the_line_that_the_batch_was_submitted_with(
    page: Page, server: PracticeServer
) -> None:
    calls = page.names["calls"] = []
    page.names["made"] = lambda: calls.append(1) or ["a", "b"]
    page.run("%%glm --each made() --batch -o found\nSay {{ text }}")
    assert calls == [1]
    cell = collected(page)
    assert "2 answers kept" in cell.plain(0)
    assert "Run its cell to have it." in cell.plain(0)
    assert calls == [1]
    assert page.run("%%glm --each made() -o found\nSay {{ text }}").success
    assert not server.requests


def test_nothing_to_collect_or_cancel_is_said(page: Page) -> None:
    assert "There is no batch to collect" in page.run("%glm collect").plain()
    assert "There is no batch to cancel" in page.run("%glm cancel").plain()


def test_batch_is_for_tables(page: Page) -> None:
    assert "--batch is for the rows of a table" in str(page.run("%%glm --batch\nHello").error)
