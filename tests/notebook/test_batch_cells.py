"""One batch that cannot be looked at, or ended, costs no other: `--batch`, `%glm collect` and `%glm cancel`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from in_process import Cell, Page

from zhipu_magic import Chat
from zhipu_magic.practice import Answer, Drop, Fault, PracticeServer, Raw

NO_BATCHES = Raw((b'{"object": "list", "data": [], "has_more": false}',))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhipu_magic.service.client._wait", lambda state: 0.0)
    monkeypatch.setattr("zhipu_magic.chat.batches.submission.SETTLE", 0.05)
    monkeypatch.setattr("zhipu_magic.chat.batches.submission._BETWEEN_LOOKS", 0.02)


@pytest.fixture(autouse=True)
def names(page: Page) -> dict[str, Any]:
    page.names.update({"many": ["a", "b"], "other": ["c"]})
    return page.names


def submit(page: Page, table: str) -> Cell:
    return page.run(f"%%glm --each {table} --batch -o of_{table}\nSay {{{{ text }}}}")


def wait_for_batches(server: PracticeServer, count: int) -> None:
    until = time.monotonic() + 20
    while [batch["status"] for batch in server.batches] != ["completed"] * count:
        assert time.monotonic() < until
        time.sleep(0.02)


def answers(page: Page, name: str) -> list[bool]:
    return [row["answer"] is not None for row in page.names[name]]


def shown(cell: Cell) -> str:
    return "\n".join(str(output["data"]) for output in cell.outputs)


def lose(page: Page, server: PracticeServer) -> None:
    """Submit the batch of `many`, of which nobody knows whether it has begun."""
    server.disturb("POST /batches", Drop(), takes_effect=True)
    server.disturb("GET /batches", *[NO_BATCHES] * 1000)
    assert not submit(page, "many").success
    wait_for_batches(server, 1)  # its file is gone then
    assert getattr(submit(page, "many").error, "reason", None) == "batch.unknown"
    time.sleep(0.1)


def test_a_batch_of_which_nobody_knows_blocks_no_other_and_is_given_up(page: Page, server: PracticeServer) -> None:
    lose(page, server)
    assert submit(page, "other").success
    wait_for_batches(server, 2)
    collected = page.run("%glm collect")
    assert getattr(collected.error, "reason", None) == "batch.unknown"
    assert answers(page, "of_other") == [True]
    assert "cannot be looked at" in shown(collected)
    assert "of_many" not in page.names
    cancelled = page.run("%glm cancel")
    assert cancelled.success
    assert "1 batch cancelled" in shown(cancelled)
    assert page.run("%glm collect").success
    assert answers(page, "of_many") == [False, False]
    assert "2 requests submitted" in submit(page, "many").plain()


def test_waiting_waits_for_those_that_can_be_looked_at_and_then_says_what_stood_against_the_others(
    page: Page, server: PracticeServer
) -> None:
    lose(page, server)
    assert submit(page, "other").success
    waited = page.run("%glm collect --wait")
    assert getattr(waited.error, "reason", None) == "batch.unknown"
    assert answers(page, "of_other") == [True]


def test_run_again_while_it_is_under_way_it_says_only_that(page: Page, server: PracticeServer) -> None:
    assert "2 requests submitted" in submit(page, "many").plain()
    again = submit(page, "many")
    assert again.plain().startswith("2 under way already, of 2 rows") or answers(page, "of_many") == [True] * 2


def test_each_that_cannot_be_looked_at_is_told_and_all_are_fetched_later(page: Page, server: PracticeServer) -> None:
    assert submit(page, "many").success and submit(page, "other").success
    wait_for_batches(server, 2)
    server.disturb("GET /batches/*", Fault.of("1113"), Fault.of("1301"))
    first = page.run("%glm collect")
    assert "1113" in str(first.error)
    server.disturb("GET /files/*/content", Fault(404, "404"))
    assert page.run("%glm collect").success
    told = page.run("%%glm\nhello")
    said = shown(told) + shown(first)
    assert "1301" in said or "unsafe" in said


def test_results_that_are_gone_are_told_by_collect(page: Page, server: PracticeServer) -> None:
    assert submit(page, "other").success
    wait_for_batches(server, 1)
    server.disturb("GET /files/*/content", Fault(404, "404"))
    said = shown(page.run("%glm collect"))
    assert "1 row came back without an answer: the cell without --batch asks them." in said


@pytest.mark.parametrize("note", [{}, {"line": 5}, {"line": "--each gone"}])
def test_a_batch_that_no_cell_here_has_submitted_is_kept_all_the_same(
    page: Page, server: PracticeServer, note: dict[str, Any]
) -> None:
    page.session.chat.batch("Say {{ text }}", ["a"], note=note)
    wait_for_batches(server, 1)
    said = shown(page.run("%glm collect"))
    assert "1 answer kept (0 failed). The table cannot be shown here" in said


def test_a_batch_of_another_key_is_told_and_can_be_given_up(page: Page, server: PracticeServer) -> None:
    assert submit(page, "many").success
    server.disturb("GET /batches/*", Fault(404, "404"))
    collected = page.run("%glm collect")
    assert getattr(collected.error, "reason", None) == "batch.of_another_key"
    assert "%glm cancel" in str(collected.error)
    server.disturb("GET /batches/*", Fault(404, "404"))
    server.disturb("POST /batches/*/cancel", Fault(404, "404"))
    assert page.run("%glm cancel").success
    assert page.run("%glm collect").success
    assert "2 requests submitted" in submit(page, "many").plain()


def test_a_batch_of_another_key_does_not_stand_in_the_way_of_a_cell(page: Page, server: PracticeServer) -> None:
    assert submit(page, "many").success
    server.disturb("GET /batches/*", Fault(404, "404"))
    assert "1 request submitted" in submit(page, "other").plain()


@pytest.fixture
def elsewhere(server: PracticeServer) -> Iterator[PracticeServer]:
    with PracticeServer(pace=0, api_key=server.api_key, batch_seconds=0.03) as running:
        yield running


def test_a_batch_at_another_address_is_listed_and_fails_no_cell(
    page: Page, server: PracticeServer, elsewhere: PracticeServer
) -> None:
    assert submit(page, "many").success
    page.run(f"%config GLMMagics.base_url = '{elsewhere.base_url}'")
    assert submit(page, "other").success
    wait_for_batches(elsewhere, 1)
    collected = page.run("%glm collect")
    assert collected.success, collected.error
    assert answers(page, "of_other") == [True]
    assert f"at {server.base_url.removesuffix('/').rpartition('/api')[0]}" in shown(collected)
    cancelled = page.run("%glm cancel")
    assert getattr(cancelled.error, "reason", None) == "batch.elsewhere"
    wait_for_batches(server, 1)
    page.run(f"%config GLMMagics.base_url = '{server.base_url}'")
    assert page.run("%glm collect").success
    assert answers(page, "of_many") == [True, True]


def test_cancelling_sends_nothing(page: Page, server: PracticeServer) -> None:
    server.disturb("POST /files", *[Fault.of("1113")] * 3)
    assert not submit(page, "many").success
    assert page.run("%glm cancel").success
    assert server.batches == []


def test_what_another_cell_has_found_to_be_over_is_shown_by_collect(page: Page, server: PracticeServer) -> None:
    assert submit(page, "many").success
    wait_for_batches(server, 1)
    assert submit(page, "other").success
    wait_for_batches(server, 2)
    assert page.run("%glm collect").success
    assert answers(page, "of_many") == [True, True]
    assert answers(page, "of_other") == [True]
    assert "There is no batch to collect" in page.run("%glm collect").plain()


def test_a_cell_that_shows_its_own_batch_leaves_nothing_to_collect(page: Page, server: PracticeServer) -> None:
    assert submit(page, "many").success
    wait_for_batches(server, 1)
    assert submit(page, "many").success
    assert answers(page, "of_many") == [True, True]
    assert "There is no batch to collect" in page.run("%glm collect").plain()


# From Python


@pytest.fixture
def new_chat(server: PracticeServer, tmp_path: Path) -> Callable[[], Chat]:
    journal = tmp_path / "elsewhere" / "notes.jsonl"
    return lambda: Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, journal=journal)


def test_a_batch_is_handed_over_before_the_next_is_looked_at(
    server: PracticeServer, new_chat: Callable[[], Chat]
) -> None:
    def interrupted(one: Any) -> None:
        raise KeyboardInterrupt

    with closing(new_chat()) as chat:
        for row in ("a", "b"):
            chat.batch("Say {{ text }}", [row])
        wait_for_batches(server, 2)
        with pytest.raises(KeyboardInterrupt):
            chat.collect(interrupted)
        assert [one.answered for one in chat.collect()] == [1]
        assert chat.ledger.spent.requests == 2


def test_what_is_collected_is_told_in_a_line(server: PracticeServer, new_chat: Callable[[], Chat]) -> None:
    with closing(new_chat()) as chat:
        rows = [f"row {number}" for number in range(50)]
        assert repr(chat.map_preview("Say {{ text }}", [*rows, None])) == (
            "<MapPreview, 50 requests for 51 rows, 1 not to be sent>"
        )
        chat.batch("Say {{ text }}", rows)
        server.disturb("GET /batches/*", Fault(404, "404"))
        [failed] = chat.collect()
        assert repr(failed) == "<Collected, ServiceError: The service has no batch {} for this key.>".format(
            server.batches[0]["id"]
        )
        assert len(repr(failed.intent)) < 300
        wait_for_batches(server, 1)
        [one] = chat.collect()
        assert repr(one) == "<Collected, 50 answered>"
        assert repr(one.progress) == "<Progress, 50 rows, completed, 50 done>"


# Answers of the wrong type


def test_a_wrong_answer_of_a_batch_is_told_without_a_retry_that_never_was(page: Page, server: PracticeServer) -> None:
    cell = "%%glm --each other --as int --batch -o found\nHow long is {{ text }}?"
    server.enqueue(Answer("nope"))
    assert page.run(cell).success
    wait_for_batches(server, 1)
    collected = shown(page.run("%glm collect"))
    assert "The answer is not a valid int: it is not JSON" in collected
    assert "%glm rows retry" in collected
    server.enqueue(Answer("still nope"), Answer("no"))
    retried = shown(page.run("%glm rows retry"))
    assert "The answer is not a valid int, even after one retry: it is not JSON" in retried
    server.enqueue(Answer("1"))
    page.run("%glm rows retry")
    assert page.names["found"] == [{"text": "c", "answer": 1}]
