"""Cells over tables that are run again where nothing goes out: each shows what its own page showed."""

from __future__ import annotations

import copy
import os
import signal
import threading
import time
from typing import Any

import pytest
from in_process import Cell, Page
from platforms import needs_signals

from zhipu_magic.practice import Answer, Fault, PracticeServer, Raw, chunk, sse
from zhipu_magic.text.errors import GLMError, Interrupted

ASK = "%%glm --each many --in-flight 2 -o found\n{{ text }}"


@pytest.fixture(autouse=True)
def many(page: Page) -> list[str]:
    rows = [f"row {number}" for number in range(6)]
    page.names["many"] = rows
    return rows


def slow(text: str, seconds: float = 0.3) -> Raw:
    return Raw((sse(chunk(text)), seconds, sse(chunk("", finish_reason="stop"))))


def shown(page: Page, cell: Cell) -> tuple[Any, ...]:
    """What stands under a cell, and what it has bound."""
    return [output["data"] for output in cell.outputs], str(cell.error or ""), copy.deepcopy(page.names["found"])


class Recorded:
    """Cells as they were run, with what they showed."""

    def __init__(self, page: Page, server: PracticeServer) -> None:
        self._page = page
        self._server = server
        self._cells: list[tuple[str, str, tuple[Any, ...]]] = []

    def run(self, name: str, code: str, *replies: Any) -> Cell:
        self._server.enqueue(*replies)
        cell = self._page.run(code, name)
        self._cells.append((name, code, shown(self._page, cell)))
        return cell

    @property
    def answers(self) -> list[list[str | None]]:
        """The answers that each cell has bound."""
        return [[row["answer"] for row in found] for _, _, (_, _, found) in self._cells]

    def same_when_replayed(self) -> None:
        """Run all again, each execution in a session of its own kind, and compare."""
        self._page.magics.chat.history.records.rows.flush()
        sent = len(self._server.requests)
        self._page.run("%config GLMMagics.replay = 'only'")
        for name, code, before in self._cells:
            del self._page.names["found"]
            assert shown(self._page, self._page.run(code, name)) == before, name
        assert len(self._server.requests) == sent


@pytest.fixture
def recorded(page: Page, server: PracticeServer) -> Recorded:
    return Recorded(page, server)


def test_rows_that_failed_have_failed_in_a_replay_though_another_cell_has_retried_them(recorded: Recorded) -> None:
    assert recorded.run("A", ASK, *[Fault.of("1301")] * 3).success
    assert recorded.run("B", "%glm rows retry", *[Answer("later")] * 3).success
    assert recorded.run("C", ASK).success
    first, second, third = recorded.answers
    assert first.count(None) == 3
    assert None not in second
    assert second == third
    recorded.same_when_replayed()


@needs_signals
@pytest.mark.parametrize("second", ["", " --fresh"])
def test_a_cell_that_was_interrupted_is_that_in_a_replay_though_another_has_finished(
    recorded: Recorded, page: Page, second: str
) -> None:
    page.names["many"] = [f"row {number}" for number in range(12)]
    threading.Timer(0.8, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    stopped = recorded.run("A", ASK, *[slow("early")] * 12)
    assert isinstance(stopped.error, Interrupted)
    assert recorded.run("B", ASK.replace(" -o", f"{second} -o"), *[Answer("late")] * 12).success
    assert recorded.run("A too", ASK).success
    first, after, last = recorded.answers
    assert 0 < first.count("early") < 12
    assert first.count(None) == 12 - first.count("early")  # what landed after the stop is not on its page
    assert None not in after
    assert after == last
    recorded.same_when_replayed()


@needs_signals
def test_a_fresh_cell_that_was_interrupted_shows_no_earlier_answers(recorded: Recorded, page: Page) -> None:
    page.names["many"] = [f"row {number}" for number in range(12)]
    fresh = ASK.replace(" -o", " --fresh -o")
    recorded.run("A", ASK, *[Answer("first")] * 12)
    threading.Timer(0.8, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    assert isinstance(recorded.run("B", fresh, *[slow("second")] * 12).error, Interrupted)
    assert "first" not in recorded.answers[1]
    assert {"second", None} == set(recorded.answers[1])
    recorded.same_when_replayed()


def test_other_answers_of_a_later_cell_are_its_own(recorded: Recorded) -> None:
    fresh = ASK.replace(" -o", " --fresh -o")
    recorded.run("A", ASK, *[Answer("old")] * 6)
    recorded.run("B", fresh, *[Answer("new")] * 5, Fault.of("1301"))
    recorded.run("C", ASK)
    recorded.run("D", fresh, *[Answer("newest")] * 6)
    first, second, third, last = recorded.answers
    assert set(first) == {"old"}
    assert (second.count("new"), second.count(None)) == (5, 1)
    assert sorted(filter(None, third)) == [*["new"] * 5, "old"]  # an answer counts before an error
    assert set(last) == {"newest"}
    recorded.same_when_replayed()


def test_a_wrong_answer_that_was_retried_in_vain_is_wrong_in_a_replay(recorded: Recorded) -> None:
    typed = ASK.replace(" -o", " --as int -o")
    recorded.run("A", typed, *[Answer("many")] * 12)
    recorded.run("B", "%glm rows retry", *[Answer("more")] * 12)
    recorded.run("C", "%glm rows retry", *[Answer("7")] * 6)
    assert [answers.count(7) for answers in recorded.answers] == [0, 0, 6]
    recorded.same_when_replayed()


def test_a_cell_that_was_run_again_shows_what_its_last_run_did(
    recorded: Recorded, page: Page, server: PracticeServer
) -> None:
    server.enqueue(*[Fault.of("1301")] * 6)
    page.run(ASK, "A")
    recorded.run("A", ASK, *[Answer("again")] * 6)
    recorded.same_when_replayed()


def test_a_map_that_ended_after_that_of_a_later_cell_finds_its_own_event(
    page: Page, server: PracticeServer, many: list[str]
) -> None:
    apart = ASK.replace(" -o", " --bg -b mapped -o")
    server.enqueue(*[slow("slow")] * 6)
    page.run(apart, "A")
    asked, page.names["many"] = page.names["mapped"], many[:2]
    page.run("%%glm --each many -b mapped -o found\n{{ text }}", "B")  # its rows are in flight already
    waited = page.names["mapped"]
    page.names["many"] = many
    page.run("%%glm --each many -b mapped -o found\n{{ text }}", "C")
    after = page.names["mapped"]
    assert page.run("%glm wait").success
    page.run("%config GLMMagics.replay = 'only'")
    for code, name, before in (
        (apart, "A", asked),
        ("%%glm --each many -b mapped -o found\n{{ text }}", "C", after),
    ):
        page.run(code, name)
        replayed = page.names["mapped"]
        assert replayed.values == before.values
        assert replayed.kept_as == before.kept_as
        assert replayed.figures().requests == before.figures().requests
    assert asked.figures().requests + waited.figures().requests + after.figures().requests == 6


def test_a_map_that_an_account_stopped_is_stopped_so_in_a_replay(recorded: Recorded, page: Page) -> None:
    stopped = recorded.run("A", ASK, *[Answer("x")] * 2, *[Fault.of("1113")] * 4)
    assert isinstance(stopped.error, GLMError)
    recorded.run("B", ASK, *[Answer("y")] * 6)
    page.magics.chat.history.records.rows.flush()
    page.run("%config GLMMagics.replay = 'only'")
    replayed = page.run(ASK, "A")
    assert stopped.error.message in str(replayed.error)
    assert [row["answer"] for row in page.names["found"]] == recorded.answers[0]
    assert [output["data"] for output in replayed.outputs] == [output["data"] for output in stopped.outputs]


def collected(page: Page) -> None:
    """Collect until there is nothing under way."""
    ends = time.monotonic() + 20
    while "batch about" in str([output["data"] for output in page.run("%glm collect").outputs]):
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_a_batch_that_was_submitted_says_so_in_a_replay_and_one_that_was_answered_shows_its_table(
    recorded: Recorded, page: Page, many: list[str]
) -> None:
    batch = ASK.replace(" -o", " --batch -o").replace("--in-flight 2 ", "")
    page.names["found"] = []
    assert "6 requests submitted" in recorded.run("A", batch).plain()
    collected(page)
    recorded.run("B", batch)  # all is known: the table
    many.append("one more")
    page.run(batch, "C")
    collected(page)
    many.pop()
    first, second = recorded._cells
    page.magics.chat.history.records.rows.flush()
    page.run("%config GLMMagics.replay = 'only'")
    for name, code, (outputs, _, found) in (first, second):
        replayed = page.run(code, name)
        assert [output["data"] for output in replayed.outputs] == outputs
        assert name == "A" or page.names["found"] == found
    page.run("%config GLMMagics.replay = 'off'")
    page.run(batch, "A")  # now it has its table
    page.run("%config GLMMagics.replay = 'only'")
    assert "6 rows" in page.run(batch, "A").plain(1)


def test_a_batch_that_was_collected_is_shown_and_bound_in_a_replay(recorded: Recorded, page: Page) -> None:
    batch = ASK.replace(" -o", " --batch -o").replace("--in-flight 2 ", "")
    page.names["found"] = []
    recorded.run("A", batch)
    collect = recorded.run("B", "%glm collect --wait")
    assert "6 rows" in collect.plain(1)
    assert all(row["answer"] for row in page.names["found"])
    assert "no batch to collect" in recorded.run("C", "%glm collect").plain()
    page.magics.chat.history.records.rows.flush()
    page.run("%config GLMMagics.replay = 'only'")
    del page.names["found"]
    for name, code, (outputs, _, found) in recorded._cells:
        replayed = page.run(code, name)
        assert [output["data"] for output in replayed.outputs] == outputs
        assert name == "A" or page.names["found"] == found


def test_a_batch_of_which_nothing_was_collected_says_that_in_a_replay(recorded: Recorded, page: Page) -> None:
    batch = ASK.replace(" -o", " --batch -o").replace("--in-flight 2 ", "")
    page.names["found"] = []
    recorded.run("A", batch)
    page.run("%config GLMMagics.replay = 'only'")
    assert "submitted" in page.run(batch, "A").plain()
    assert "Of the batch about “{{ text }}”, nothing was recorded" in page.run("%glm collect", "B").plain()


def test_in_a_replay_no_batch_is_looked_at_or_cancelled(recorded: Recorded, page: Page, server: PracticeServer) -> None:
    page.names["found"] = []
    page.run("%config GLMMagics.replay = 'off'")
    recorded.run("A", ASK.replace(" -o", " --batch -o").replace("--in-flight 2 ", ""))
    page.run("%config GLMMagics.replay = 'only'")
    asked = len(server.requests)
    assert page.magics.chat.collect() == []
    assert page.run("%glm cancel").success
    assert len(server.requests) == asked
    assert server.batches[0]["status"] != "cancelled"
