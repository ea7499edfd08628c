"""However a batch ends, each row is answered, failed or missing, and none is two of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from batch_rows import rows_of

from zhipu_magic.chat.batches.batches import Batches
from zhipu_magic.chat.batches.progress import Progress
from zhipu_magic.practice import CUT, Answer, Course, Fault, Mistake, PracticeServer, Raw
from zhipu_magic.service.connection import Service
from zhipu_magic.service.models import BATCH_PRICE
from zhipu_magic.text.errors import ServiceError

Collected = Callable[[str], Any]
KEYS = [key for key, _ in rows_of(4)]


def line(custom_id: str, content: str = "ok", status: int = 200, **members: Any) -> bytes:
    body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}], **members}
    result = {"id": "batch_1", "custom_id": custom_id, "response": {"status_code": status, "body": body}}
    return json.dumps(result, ensure_ascii=False).encode() + b"\n"


def test_a_batch_costs_half() -> None:
    assert BATCH_PRICE == 0.5


def test_a_row_that_is_refused_costs_no_other(
    sent: Callable[..., str], server: PracticeServer, collected: Collected
) -> None:
    server.enqueue(Answer("yes"), Fault.of("1301"), Fault.of("1302"), Answer("no"))
    found, outcomes = collected(sent(4))
    assert [found[key].error and found[key].error.code for key in KEYS] == [None, "1301", "1302", None]
    assert found[KEYS[1]].error.reason == "service.unsafe"
    assert found[KEYS[0]].body["choices"][0]["message"]["content"] == "yes" and outcomes.missing == []


def test_a_completed_batch_may_have_errors_alone(
    sent: Callable[..., str], server: PracticeServer, collected: Collected, over: Callable[[str], Progress]
) -> None:
    server.enqueue(*[Fault.of("1301")] * 4)
    id = sent(4)
    found, _ = collected(id)
    assert {outcome.error.code for outcome in found.values()} == {"1301"} and len(found) == 4
    batch = over(id).parts[0].batch
    assert batch and (batch.status, batch.output_file_id, batch.failed) == ("completed", None, 4)


@pytest.mark.parametrize("state", ["expired", "cancelled"])
def test_a_batch_that_ended_early_has_what_was_done_until_then(
    sent: Callable[..., str], server: PracticeServer, collected: Collected, state: str
) -> None:
    server.enqueue_batches(Course(state, answers=2))
    found, outcomes = collected(sent(4))
    assert list(found) == KEYS[:2] and outcomes.missing == KEYS[2:] and outcomes.refusals == []


def test_rows_that_expired_say_so(sent: Callable[..., str], server: PracticeServer, collected: Collected) -> None:
    late = [{"custom_id": key, "response": None, "error": {"code": "batch_expired", "message": "x"}} for key in KEYS]
    errors = b"".join(json.dumps(one).encode() + b"\n" for one in late[3:])
    server.enqueue_batches(Course("expired", answers=3, errors=errors))
    found, outcomes = collected(sent(4))
    assert found[KEYS[3]].error.code == "batch_expired" and outcomes.missing == []


def test_a_failed_batch_tells_of_its_lines(
    sent: Callable[..., str], server: PracticeServer, collected: Collected
) -> None:
    mistakes = (Mistake(2, "该行有误"), Mistake(None, "文件有误"), Mistake(99, "?"))
    server.enqueue_batches(Course("failed", mistakes=mistakes))
    found, outcomes = collected(sent(4))
    assert list(found) == [KEYS[1]] and "该行有误" in str(found[KEYS[1]].error)
    assert outcomes.missing == [KEYS[0], *KEYS[2:]]
    assert ["文件有误" in str(refusal) for refusal in outcomes.refusals] == [True, False]


def test_a_file_that_the_service_refuses_as_a_whole_says_why(
    sent: Callable[..., str], server: PracticeServer, collected: Collected
) -> None:
    server.enqueue_batches(Course("failed"))
    found, outcomes = collected(sent(4))
    assert found == {} and outcomes.missing == KEYS


def test_each_row_counts_once_and_other_rows_not_at_all(
    sent: Callable[..., str], server: PracticeServer, collected: Collected
) -> None:
    odd = line(KEYS[0], "again") + line("somebody-elses") + b"\xff\n{}\n[1]\n\n" + line(KEYS[3], "late")[:-30]
    server.enqueue_batches(Course(answers=3, output=odd, errors=line(KEYS[1], status=500)))
    found, outcomes = collected(sent(4))
    assert list(found) == KEYS[:3] and all(outcome.body for outcome in found.values())
    assert (outcomes.repeated, outcomes.unknown, outcomes.damaged) == (2, 1, 4)
    assert outcomes.missing == KEYS[3:]


def test_an_answer_comes_as_it_is_but_for_the_key(
    sent: Callable[..., str], server: PracticeServer, collected: Collected, service: Service
) -> None:
    secret = str.__str__(service.endpoint().key)
    words = "a\u2028b\u0085c\u2029\r\n \x1b[31m 😀"
    server.enqueue_batches(Course(answers=0, output=line(KEYS[0], words) + line(KEYS[1], f"it is {secret}")))
    found, _ = collected(sent(2))
    assert found[KEYS[0]].body["choices"][0]["message"]["content"] == words
    assert found[KEYS[1]].body["choices"][0]["message"]["content"] == "it is <API key>"


def test_a_lost_connection_costs_no_row(sent: Callable[..., str], server: PracticeServer, collected: Collected) -> None:
    id = sent(4)
    server.disturb("GET /files/*/content", Raw((line(KEYS[0], "half"), 0.05, CUT)), Fault.of("500"))
    found, outcomes = collected(id)
    assert list(found) == KEYS and outcomes.missing == []
    assert found[KEYS[0]].body["choices"][0]["message"]["content"] != "half"


def test_answers_that_are_counted_and_do_not_come_are_told(
    sent: Callable[..., str], server: PracticeServer, collected: Collected
) -> None:
    id = sent(4)
    server.disturb("GET /files/*/content", Raw((line(KEYS[0]),)))
    found, outcomes = collected(id)
    assert len(found) == 1 and outcomes.missing == KEYS[1:]
    assert [refusal.reason for refusal in outcomes.refusals] == ["batch.incomplete"]


def test_a_batch_whose_answers_have_no_file_yet_is_not_over(
    batches: Batches, sent: Callable[..., str], server: PracticeServer
) -> None:
    id = sent(4)
    told = {"id": server.batches[0]["id"], "status": "completed", "request_counts": {"completed": 4}}
    server.disturb("GET /batches/*", Raw((json.dumps(told).encode(),)))
    assert not batches.progress(id).is_over


def test_results_that_are_gone_leave_rows_missing(
    sent: Callable[..., str], server: PracticeServer, collected: Collected
) -> None:
    id = sent(4)
    server.disturb("GET /files/*/content", Fault(404, "404"))
    found, outcomes = collected(id)
    assert found == {} and outcomes.missing == KEYS
    assert {refusal.reason for refusal in outcomes.refusals} == {"batch.results_gone", "batch.incomplete"}


@pytest.mark.parametrize("asked", ["GET /files/*/content", "GET /batches/*"])
def test_what_the_service_does_not_give_now_is_asked_for_again(
    batches: Batches, sent: Callable[..., str], server: PracticeServer, collected: Collected, asked: str
) -> None:
    id = sent(4)
    assert len(collected(id)[0]) == 4
    server.disturb(asked, Fault.of("1113"))
    with pytest.raises(ServiceError, match="1113"), batches.outcomes(id) as outcomes:
        list(outcomes)
    found, again = collected(id)
    assert list(found) == KEYS and again.missing == [] and again.refusals == []


def test_a_batch_that_another_key_has_asked_is_not_lost(
    batches: Batches, sent: Callable[..., str], server: PracticeServer
) -> None:
    id = sent(4)
    server.disturb("GET /batches/*", *[Fault(404, "404")] * 2)
    for step in (lambda: batches.progress(id), lambda: batches.outcomes(id).__enter__()):
        with pytest.raises(ServiceError) as error:
            step()
        assert error.value.reason == "batch.of_another_key"
    again = batches.begin(rows_of(4), model="glm-4", note={})
    assert again.new is None
    server.disturb("POST /batches/*/cancel", Fault(404, "404"))
    assert batches.cancel(id).is_over  # it is given up
    assert batches.begin(rows_of(4), model="glm-4", note={}).new is not None


def test_a_batch_that_is_gone_is_over(
    batches: Batches,
    sent: Callable[..., str],
    server: PracticeServer,
    over: Callable[[str], Progress],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    id = sent(4)
    over(id)
    monkeypatch.setattr("zhipu_magic.chat.batches.progress.KNOWN_SECONDS", -1.0)
    server.disturb("GET /batches/*", *[Fault(404, "404")] * 2)
    progress = batches.progress(id)
    assert progress.is_over and progress.parts[0].state == "gone"
    with batches.outcomes(id) as outcomes:
        assert list(outcomes) == [] and outcomes.missing == KEYS


def test_what_is_not_over_is_pending(
    batches: Batches, sent: Callable[..., str], server: PracticeServer, over: Callable[[str], Progress]
) -> None:
    server.enqueue_batches(Course("resting"))
    id = sent(4)
    while (progress := batches.progress(id)).parts[0].state != "resting":
        assert not progress.is_over
    with batches.outcomes(id) as outcomes:
        assert list(outcomes) == [] and (outcomes.pending, outcomes.missing) == (KEYS, [])


def test_progress_is_told_as_far_as_the_service_tells_it(
    batches: Batches, sent: Callable[..., str], server: PracticeServer, over: Callable[[str], Progress]
) -> None:
    server.enqueue_batches(Course(counted=False, in_seconds=True))
    id = sent(4)
    progress = over(id)
    assert (progress.total, progress.completed, progress.failed) == (4, None, None)
    assert progress.created_at and progress.expires_at == progress.created_at + 24 * 3600
    new = batches.begin(rows_of(2, first=10), model="glm-4", note={}).new
    assert new is not None
    waiting = batches.progress(new.id)
    assert not waiting.is_over and [part.state for part in waiting.parts] == ["waiting"]
    assert (waiting.total, waiting.completed, waiting.created_at) == (2, None, None)


def test_the_answers_are_there_after_the_notebook_was_moved(
    service: Service, sent: Callable[..., str], over: Callable[[str], Progress], journal: Path, tmp_path: Path
) -> None:
    id = sent(4)
    over(id)
    moved = tmp_path / "elsewhere" / ".glm" / "renamed.jsonl"
    moved.parent.mkdir(parents=True)
    journal.with_name("notes.batches.jsonl").rename(moved.with_name("renamed.batches.jsonl"))
    with Batches(service, moved).outcomes(id) as outcomes:
        assert [outcome.key for outcome in outcomes] == KEYS
