"""Batches are sent once: whatever is lost on the way, and whoever goes on."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_rows import body_of, key, rows_of
from other_server import OtherServer

from zhipu_magic.chat.batches import submission
from zhipu_magic.chat.batches.batches import Batches
from zhipu_magic.chat.batches.intent_file import file_beside
from zhipu_magic.chat.batches.progress import Progress
from zhipu_magic.practice import STALL, Drop, Fault, PracticeServer, Raw
from zhipu_magic.service.api_key import ApiKey
from zhipu_magic.service.batches import requests
from zhipu_magic.service.connection import Service
from zhipu_magic.text import regular_files
from zhipu_magic.text.errors import ConnectionFailed, GLMError, JournalError, ServiceError

NOT_FOUND = Raw((b'{"error": {"code": "1214", "message": "input_file_id"}}',), status=400)


def begun(batches: Batches, count: int = 3, **more: Any) -> str:
    new = batches.begin(rows_of(count, **more), model="glm-4", note={}).new
    assert new is not None
    return new.id


def states(batches: Batches, id: str) -> list[str]:
    return [part.state for part in batches.intent(id).parts]


def spooled(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "user data").rglob("*.requests.jsonl"))


def test_rows_are_asked_in_a_batch_and_answered(
    batches: Batches, server: PracticeServer, collected: Callable[[str], Any], tmp_path: Path
) -> None:
    note = {"template": "{{ text }}", "options": {"temperature": 0.2}, "name": "labelled"}
    new = batches.begin(rows_of(3), model="glm-4", note=note).new
    assert new is not None and (new.count, new.model, new.note) == (3, "glm-4", note)
    assert server.files == server.batches == [] and len(spooled(tmp_path)) == 1
    assert not new.is_submitted and batches.resume(new.id).is_submitted
    assert spooled(tmp_path) == []
    found, outcomes = collected(new.id)
    assert list(found) == [key for key, _ in rows_of(3)]
    first = found[key("row 0")].body
    assert first["usage"]["total_tokens"] > 0 and first["choices"][0]["message"]["content"]
    assert (outcomes.missing, outcomes.pending, outcomes.unknown, outcomes.damaged) == ([], [], 0, 0)
    [batch] = server.batches
    assert batch["metadata"] == {"zhipu_magic": new.id, "part": "0"}


def test_it_is_on_the_disk_before_anything_is_sent(batches: Batches, service: Service, journal: Path) -> None:
    id = begun(batches)
    lines = [json.loads(line) for line in (journal.parent / "notes.batches.jsonl").read_bytes().splitlines()]
    assert lines[0]["intent"] == id and lines[0]["count"] == 3 and lines[0]["service"] == service.base_url[:-12]
    assert lines[1]["keys"] == "".join(key for key, _ in rows_of(3))
    assert [intent.id for intent in Batches(service, journal).open()] == [id]


def test_the_answers_are_read_by_another_process_from_the_file_alone(
    service: Service, journal: Path, sent: Callable[..., str], over: Callable[[str], Progress]
) -> None:
    over(sent())
    later = Batches(service, journal)
    [intent] = later.open()
    with later.outcomes(intent.id) as outcomes:
        assert [outcome.key for outcome in outcomes] == list(intent.keys)


def test_rows_under_way_are_not_asked_again(
    batches: Batches, server: PracticeServer, sent: Callable[..., str], collected: Callable[[str], Any]
) -> None:
    first = sent(4)
    again = batches.begin(rows_of(4), model="glm-4", note={})
    assert again.new is None and [intent.id for intent in again.earlier] == [first]
    more = batches.begin(rows_of(6), model="glm-4", note={})
    assert more.new is not None and list(more.new.keys) == [key("row 4"), key("row 5")]
    assert [intent.id for intent in more.earlier] == [first]
    batches.resume(more.new.id)
    collected(first)
    batches.close(first)
    assert [intent.id for intent in batches.open()] == [more.new.id]
    later = batches.begin(rows_of(6), model="glm-4", note={})
    assert later.new is not None and list(later.new.keys) == [key(f"row {number}") for number in range(4)]
    assert len(server.batches) == 2


def test_a_row_that_comes_twice_is_sent_once(batches: Batches, server: PracticeServer) -> None:
    new = batches.begin([*rows_of(3), *rows_of(3)], model="glm-4", note={}).new
    assert new is not None and new.count == 3


def test_no_rows_are_no_batch(batches: Batches, journal: Path) -> None:
    begun = batches.begin([], model="glm-4", note={})
    assert (begun.new, begun.earlier, batches.open()) == (None, (), [])


@pytest.mark.parametrize("bound", ["lines", "bytes"])
def test_rows_are_cut_into_parts_by_lines_and_by_bytes(
    batches: Batches,
    server: PracticeServer,
    collected: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
    bound: str,
) -> None:
    size = len(requests.line_of(key("row 0"), body_of("row 0")))
    monkeypatch.setattr(requests, *(("MOST_LINES", 3) if bound == "lines" else ("MOST_BYTES", 3 * size)))
    new = batches.begin(rows_of(7), model="glm-4", note={}).new
    assert new is not None and [len(part.keys) for part in new.parts] == [3, 3, 1]
    batches.resume(new.id)
    assert len(server.batches) == 3
    found, _ = collected(new.id)
    assert list(found) == [key for key, _ in rows_of(7)]
    progress = batches.progress(new.id)
    assert (progress.total, progress.completed, progress.failed) == (7, 7, 0)
    assert progress.created_at and progress.expires_at and progress.expires_at > progress.created_at


def test_more_rows_than_can_be_kept_are_refused(
    batches: Batches, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(requests, "MOST_LINES", 1)
    monkeypatch.setattr("zhipu_magic.chat.batches.spool.MOST_PARTS", 3)
    with pytest.raises(GLMError) as error:
        begun(batches, 4)
    assert error.value.reason == "batch.too_many_rows" and spooled(tmp_path) == [] and batches.open() == []
    begun(batches, 3)


def test_a_row_that_fits_in_no_file_fails_alone(
    batches: Batches, collected: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "MOST_BYTES", 1_000)
    long = "x" * 2_000
    asked = [*rows_of(2), (key(long), body_of(long)), *rows_of(2, first=2)]
    new = batches.begin(asked, model="glm-4", note={}).new
    assert new is not None and new.count == 5
    batches.resume(new.id)
    found, outcomes = collected(new.id)
    assert found.keys() == {key for key, _ in asked} and outcomes.missing == []
    error = found[key(long)].error
    assert error.reason == "batch.row_too_large" and "bytes" in str(error)


def test_a_line_has_no_sign_that_some_take_for_its_end(
    batches: Batches, server: PracticeServer, collected: Callable[[str], Any]
) -> None:
    odd = "a\u2028b\u0085c\u2029d\re\ud800"
    assert b"\xe2\x80\xa8" not in requests.line_of(key("x"), body_of(odd))
    line = requests.line_of(key("x"), {**body_of(odd), "stream": True, "thinking": None})
    assert line.count(b"\n") == 1 and len(line.decode().splitlines()) == 1
    assert json.loads(line)["body"] == body_of(odd)


def test_a_lost_answer_makes_no_second_batch(batches: Batches, server: PracticeServer) -> None:
    id = begun(batches)
    server.disturb("POST /batches", Drop(), takes_effect=True)
    assert batches.resume(id).is_submitted
    assert len(server.batches) == 1
    assert batches.intent(id).parts[0].batch_id == server.batches[0]["id"]


@pytest.mark.parametrize("answer", [b"{}", b"", b"<html>gateway</html>", b'{"id": 3'])
def test_an_answer_that_says_nothing_makes_no_second_batch(
    batches: Batches, server: PracticeServer, answer: bytes
) -> None:
    id = begun(batches)
    server.disturb("POST /batches", Raw((answer,)), takes_effect=True)
    assert batches.resume(id).is_submitted and len(server.batches) == 1


@pytest.mark.parametrize("fault", [Fault(504, "504"), Fault.of("500"), Fault(400, "1231"), Fault(408, "408")])
def test_an_error_after_the_effect_makes_no_second_batch(
    batches: Batches, server: PracticeServer, fault: Fault
) -> None:
    id = begun(batches)
    server.disturb("POST /batches", fault, takes_effect=True)
    assert batches.resume(id).is_submitted and len(server.batches) == 1


def test_a_batch_that_shows_late_in_the_list_is_waited_for(
    batches: Batches, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "SETTLE", 5)
    id = begun(batches)
    empty = Raw((b'{"object": "list", "data": [], "has_more": false}',))
    server.disturb("POST /batches", Drop(), takes_effect=True)
    server.disturb("GET /batches", empty, empty)
    assert batches.resume(id).is_submitted and len(server.batches) == 1


def test_a_try_without_effect_is_made_again_when_it_is_asked_for_again(
    batches: Batches, server: PracticeServer
) -> None:
    id = begun(batches)
    server.disturb("POST /batches", Drop())
    with pytest.raises(ConnectionFailed):
        batches.resume(id)
    assert states(batches, id) == ["creating"] and server.batches == []
    assert batches.resume(id).is_submitted and len(server.batches) == 1


def test_the_list_is_not_told_of_and_the_file_is_gone_so_nothing_is_made_again(
    batches: Batches, server: PracticeServer
) -> None:
    id = begun(batches)
    empty = Raw((b'{"object": "list", "data": [], "has_more": false}',))
    server.disturb("POST /batches", Drop(), takes_effect=True)
    server.disturb("GET /batches", *[empty] * 100)
    with pytest.raises(ConnectionFailed):
        batches.resume(id)
    while server.batches[0]["status"] != "completed":
        pass
    with pytest.raises(ServiceError) as error:
        batches.resume(id)
    assert error.value.reason == "batch.unknown" and len(server.batches) == 1


def test_a_list_that_cannot_be_read_makes_no_second_batch(batches: Batches, server: PracticeServer) -> None:
    id = begun(batches)
    server.disturb("POST /batches", Drop(), takes_effect=True)
    server.disturb("GET /batches", *[Fault.of("500")] * 8)
    with pytest.raises(ConnectionFailed):
        batches.resume(id)
    with pytest.raises(ServiceError) as error:
        batches.resume(id)
    assert error.value.reason == "service.fault"
    assert batches.resume(id).is_submitted and len(server.batches) == 1


def test_a_try_of_long_ago_is_not_made_again(
    batches: Batches, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = begun(batches)
    server.disturb("POST /batches", Drop())
    with pytest.raises(ConnectionFailed):
        batches.resume(id)
    monkeypatch.setattr(submission, "KNOWN_SECONDS", -1.0)
    with pytest.raises(ServiceError) as error:
        batches.resume(id)
    assert error.value.reason == "batch.unknown" and server.batches == []
    assert batches.cancel(id).is_over


@pytest.mark.parametrize(("code", "state"), [("1113", "uploaded"), ("1302", "uploaded"), ("1214", "waiting")])
def test_a_refused_batch_can_be_tried_again(batches: Batches, server: PracticeServer, code: str, state: str) -> None:
    id = begun(batches)
    server.disturb("POST /batches", Fault.of(code))
    with pytest.raises(ServiceError) as error:
        batches.resume(id)
    assert error.value.code == code and states(batches, id) == [state]
    assert len(server.files) == (state == "uploaded")
    assert batches.resume(id).is_submitted and len(server.batches) == 1


def test_a_file_that_the_service_has_deleted_is_uploaded_again(
    batches: Batches, server: PracticeServer, service: Service
) -> None:
    id = begun(batches)
    server.disturb("POST /batches", Fault.of("1113"))
    with pytest.raises(ServiceError):
        batches.resume(id)
    server.disturb("POST /batches", NOT_FOUND)
    with pytest.raises(ServiceError):
        batches.resume(id)
    assert batches.resume(id).is_submitted and len(server.batches) == 1


def test_a_part_that_fails_costs_no_other(
    batches: Batches, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "MOST_LINES", 2)
    id = begun(batches, 5)
    server.disturb("POST /files", Raw((b'{"id": "file-odd"}',)))
    with pytest.raises(ServiceError):
        batches.resume(id)  # there is no such file
    assert states(batches, id) == ["waiting"] * 3
    batches.resume(id)
    assert sorted(batch["metadata"]["part"] for batch in server.batches) == ["0", "1", "2"]


def test_two_kernels_send_nothing_twice(
    service: Service, journal: Path, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhipu_magic.chat.batches.intent_file._PATIENCE", 0.1)
    one, other = Batches(service, journal), Batches(service, journal)
    id = begun(one)
    server.disturb("POST /files", Raw((1.5, b'{"id": "file-slow"}')))
    failures: list[GLMError] = []

    def send() -> None:
        try:
            one.resume(id)
        except GLMError as error:
            failures.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    while states(other, id) != ["uploading"]:
        pass
    for step in (
        lambda: other.resume(id),
        lambda: other.cancel(id),
        lambda: other.begin(rows_of(3), model="glm-4", note={}),
    ):
        with pytest.raises(JournalError) as error:
            step()
        assert error.value.reason == "batch.in_use"
    assert other.open()[0].id == id
    thread.join()
    assert [error.reason for error in failures] == ["service.parameter"]
    other.resume(id)
    assert len(server.batches) == 1


def test_what_is_asked_while_prompts_are_made_and_fails_leaves_nothing(batches: Batches, tmp_path: Path) -> None:
    def failing() -> Iterator[tuple[str, dict[str, Any]]]:
        yield from rows_of(2)
        raise FileNotFoundError("the user's own")

    with pytest.raises(FileNotFoundError, match="the user's own"):
        batches.begin(failing(), model="glm-4", note={})
    assert batches.open() == [] and spooled(tmp_path) == []


def test_requests_that_are_gone_are_asked_by_asking_for_the_rows_again(
    batches: Batches, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "MOST_LINES", 2)
    id = begun(batches, 4)
    server.disturb("POST /batches", Fault.of("1113"))
    with pytest.raises(ServiceError):
        batches.resume(id)
    for name in spooled(tmp_path):
        regular_files.remove(next((tmp_path / "user data").rglob(name)))
    with pytest.raises(GLMError) as error:
        batches.resume(id)  # the first part was uploaded
    assert error.value.reason == "batch.requests_gone" and len(server.batches) == 1
    again = batches.begin(rows_of(4), model="glm-4", note={})
    assert again.new is not None and list(again.new.keys) == [key("row 2"), key("row 3")]
    batches.resume(again.new.id)
    assert len(server.batches) == 2 and batches.intent(id).is_submitted


def test_a_cancelled_batch_keeps_what_it_has_and_sends_no_more(
    service: Service, journal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(requests, "MOST_LINES", 40)
    with PracticeServer(pace=0, api_key=str.__str__(service.endpoint().key), batch_seconds=1.5) as slow:
        service.configure(base_url=slow.base_url)
        batches = Batches(service, journal)
        id = begun(batches, 100)
        slow.disturb("POST /batches", Drop(), takes_effect=False)
        with pytest.raises(ConnectionFailed):
            batches.resume(id)
        slow.disturb("POST /batches", Fault.of("1113"))
        with pytest.raises(ServiceError):
            batches.resume(id)
        assert states(batches, id) == ["creating", "waiting", "waiting"]
        batches.resume(id)
        assert states(batches, id) == ["created"] * 3
        while not batches.progress(id).completed:
            pass
        progress = batches.cancel(id)
        while not progress.is_over:
            progress = batches.progress(id)
        assert [part.state for part in progress.parts] == ["cancelled"] * 3
        assert batches.cancel(id).is_over
        with batches.outcomes(id) as outcomes:
            found = list(outcomes)
        assert 0 < len(found) < 100 and len(found) + len(outcomes.missing) == 100
        assert len(found) == progress.completed and outcomes.refusals == []


def test_what_was_never_created_is_given_up(batches: Batches, server: PracticeServer, tmp_path: Path) -> None:
    id = begun(batches)
    server.disturb("POST /batches", Fault.of("1113"))
    with pytest.raises(ServiceError):
        batches.resume(id)
    progress = batches.cancel(id)
    assert progress.is_over and progress.total == 0 and states(batches, id) == ["cancelled"]
    assert server.files == [] and spooled(tmp_path) == [] and server.batches == []
    with batches.outcomes(id) as outcomes:
        assert list(outcomes) == []
    assert outcomes.missing == [key for key, _ in rows_of(3)]
    assert batches.resume(id).is_submitted and server.batches == []
    assert batches.cancel(id).is_over, "once more"
    batches.close(id)
    batches.close(id)
    assert batches.begin(rows_of(3), model="glm-4", note={}).new is not None


def test_a_lost_batch_is_cancelled_too(batches: Batches, server: PracticeServer) -> None:
    id = begun(batches)
    server.disturb("POST /batches", Drop(), takes_effect=True)
    server.disturb("GET /batches", *[Fault.of("500")] * 4)
    with pytest.raises(ConnectionFailed):
        batches.resume(id)
    batches.cancel(id)
    assert batches.intent(id).parts[0].batch_id == server.batches[0]["id"]
    assert server.batches[0]["status"] in ("cancelling", "cancelled", "finalizing", "completed")


def test_a_service_that_is_too_busy_to_cancel_is_not_said_to_have_done_it(service: Service, journal: Path) -> None:
    with PracticeServer(pace=0, api_key=str.__str__(service.endpoint().key), batch_seconds=60) as slow:
        service.configure(base_url=slow.base_url)
        batches = Batches(service, journal)
        id = begun(batches)
        batches.resume(id)
        slow.disturb("POST /batches/*/cancel", *[Fault.of("1302")] * 4)
        with pytest.raises(ServiceError) as error:
            batches.cancel(id)
        assert error.value.code == "1302"


def test_a_closed_batch_sends_nothing(batches: Batches, server: PracticeServer) -> None:
    id = begun(batches)
    batches.close(id)
    with pytest.raises(GLMError) as error:
        batches.resume(id)
    assert error.value.reason == "batch.not_there" and server.batches == []


def test_a_file_of_which_all_is_closed_begins_anew(batches: Batches, journal: Path) -> None:
    for number in range(4):
        batches.close(begun(batches, first=10 * number))
    assert file_beside(journal).read_bytes().count(b"version") == 1


def test_a_batch_is_of_the_service_that_it_was_given_to(
    batches: Batches, sent: Callable[..., str], service: Service
) -> None:
    id = sent()
    service.configure(base_url="https://api.z.ai/api/paas/v4")
    for step in (batches.progress, batches.resume, batches.cancel):
        with pytest.raises(GLMError) as error:
            step(id)
        assert error.value.reason == "batch.elsewhere"


def test_a_server_without_batches_is_not_asked(other_server: OtherServer, journal: Path) -> None:
    service = Service(other_server.base_url, ApiKey("none"), timeout=5, max_retries=0, warn=lambda text: None)
    with pytest.raises(GLMError) as error:
        begun(Batches(service, journal))
    assert error.value.reason == "batch.not_offered"
    assert other_server.requests == []


def test_an_address_without_files_has_no_batches(batches: Batches, server: PracticeServer) -> None:
    server.disturb("POST /files", Fault(404, "404"))
    with pytest.raises(GLMError) as error:
        batches.resume(begun(batches))
    assert error.value.reason == "batch.not_offered"


def test_without_a_journal_a_batch_is_kept_with_the_users_data(
    service: Service, tmp_path: Path, collected: Callable[[str], Any]
) -> None:
    id = begun(Batches(service, None))
    assert [intent.id for intent in Batches(service, None).open()] == [id]
    assert list((tmp_path / "user data").rglob("batches.jsonl"))


def test_if_nothing_goes_out_nothing_is_written(batches: Batches, service: Service, journal: Path) -> None:
    service.sealed = True
    with pytest.raises(GLMError) as error:
        begun(batches)
    assert error.value.reason == "replay.only" and not file_beside(journal).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_an_interrupt_makes_no_second_batch(batches: Batches, server: PracticeServer) -> None:
    id = begun(batches)
    server.disturb("POST /batches", Raw((STALL,)), takes_effect=True)

    def interrupt() -> None:
        while not server.batches:
            time.sleep(0.01)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        batches.resume(id)
    thread.join()
    assert states(batches, id) == ["creating"]
    assert batches.resume(id).is_submitted and len(server.batches) == 1
