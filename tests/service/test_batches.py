"""Files and batches at the service, over real sockets: one try where it costs, and odd answers read as they are."""

from __future__ import annotations

import io
import json
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from other_server import OtherServer, Says

from zhipu_magic.practice import CUT, Drop, Fault, PracticeServer, Raw
from zhipu_magic.service.api_key import ApiKey
from zhipu_magic.service.batches.batch import Batch, Mistake, batch_of
from zhipu_magic.service.batches.endpoints import BatchEndpoints
from zhipu_magic.service.batches.results import Asked, lines_of, mistake_of, result_of
from zhipu_magic.service.connection import Service
from zhipu_magic.text.errors import ConnectionFailed, GLMError, ServiceError

ASKED = Asked("https://open.bigmodel.cn/api/paas/v4", "glm-4", str)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhipu_magic.service.client._wait", lambda state: 0.0)


def endpoints_at(base_url: str, key: str) -> Iterator[BatchEndpoints]:
    service = Service(base_url, ApiKey(key), timeout=20, max_retries=0, warn=lambda text: None)
    with service.client(service.endpoint()) as client:
        yield BatchEndpoints(client)
    service.close()


@pytest.fixture
def endpoints(server: PracticeServer) -> Iterator[BatchEndpoints]:
    yield from endpoints_at(server.base_url, server.api_key)


@pytest.fixture
def elsewhere(other_server: OtherServer) -> Iterator[BatchEndpoints]:
    yield from endpoints_at(other_server.base_url, "secret-Key.of-some-32-letters-or-so")


def request(number: int, prompt: str = "你好") -> bytes:
    body = {"model": "glm-4", "messages": [{"role": "user", "content": prompt}]}
    line = {"custom_id": f"request-{number}", "method": "POST", "url": "/v4/chat/completions", "body": body}
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Any]:
    def write(*lines: bytes) -> Any:
        path = tmp_path / "lines.jsonl"
        path.write_bytes(b"".join(lines))
        return path.open("rb")

    return write


def over(endpoints: BatchEndpoints, batch: Batch) -> Batch:
    until = time.monotonic() + 10
    while not batch.is_over:
        assert time.monotonic() < until
        time.sleep(0.01)
        batch = endpoints.retrieve(batch.id)
    return batch


def test_a_batch_is_made_of_a_file_and_its_answers_are_read(
    endpoints: BatchEndpoints, server: PracticeServer, file: Callable[..., Any]
) -> None:
    with file(request(1), request(2, "Why?")) as lines:
        id = endpoints.upload(lines, "a.jsonl")
    batch = endpoints.create(id, {"for": "class 7"})
    assert (batch.status, batch.input_file_id, batch.metadata, batch.total) == (
        "validating",
        id,
        {"for": "class 7"},
        None,
    )
    assert batch.created_at is not None and abs(batch.created_at - time.time()) < 60
    assert batch.expires_at == pytest.approx(batch.created_at + 24 * 3600)
    batch = over(endpoints, batch)
    assert (batch.status, batch.total, batch.completed, batch.failed) == ("completed", 2, 2, 0)
    assert server.files == [f"{batch.id}_output.jsonl"]  # the user's own is gone
    content = io.BytesIO()
    endpoints.content(str(batch.output_file_id), content)
    results = [result_of(line or b"", ASKED) for line in lines_of(content)]
    assert [result and result.custom_id for result in results] == ["request-1", "request-2"]
    assert results[0] and results[0].body and results[0].body["choices"][0]["message"]["content"].startswith("你好")


def test_what_costs_nothing_is_asked_again_and_a_batch_is_created_in_one_try(
    endpoints: BatchEndpoints, server: PracticeServer, file: Callable[..., Any]
) -> None:
    server.disturb("POST /files", Fault.of("500"), Drop())
    with file(request(1)) as lines:
        id = endpoints.upload(lines, "a.jsonl")
    server.disturb("POST /batches", Drop(), takes_effect=True)
    with pytest.raises(ConnectionFailed):
        endpoints.create(id, {})
    assert len(server.batches) == 1
    server.disturb("GET /batches/*", Fault.of("1302"), Drop(), Raw((b'{"id": "ba', CUT)))
    batch = endpoints.retrieve(server.batches[0]["id"])
    assert batch.id == server.batches[0]["id"]
    server.disturb("GET /batches", Fault.of("500"))
    assert [each.id for each in endpoints.batches()] == [batch.id]


def test_an_upload_that_is_tried_again_is_whole(
    endpoints: BatchEndpoints, server: PracticeServer, file: Callable[..., Any]
) -> None:
    server.disturb("POST /files", Drop(), takes_effect=True)
    with file(*map(request, range(50))) as lines:
        batch = over(endpoints, endpoints.create(endpoints.upload(lines, "a.jsonl"), {}))
    assert (batch.status, batch.total) == ("completed", 50)


class Sink(BaseHTTPRequestHandler):
    """Takes a file without keeping it, and sends one as large."""

    def do_POST(self) -> None:
        left = int(self.headers["Content-Length"])
        while left > 0:
            left -= len(self.rfile.read(min(left, 2**16)))
        self._begin()
        self.wfile.write(b'{"id": "file-1"}')

    def do_GET(self) -> None:
        self._begin()
        for _ in range(LARGE // 2**16):
            self.wfile.write(b"x" * 2**16)

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


LARGE = 32 * 2**20


def test_files_are_sent_and_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    path.write_bytes(b"x" * LARGE)
    sink = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=sink.serve_forever, args=(0.02,), daemon=True).start()
    for endpoints in endpoints_at(f"http://127.0.0.1:{sink.server_port}/api/paas/v4", "a.key-of-sixteen-letters"):
        with path.open("rb") as lines, (tmp_path / "back.jsonl").open("w+b") as back:
            tracemalloc.start(1)
            assert endpoints.upload(lines, "large.jsonl") == "file-1"
            endpoints.content("file-1", back)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    sink.shutdown()
    sink.server_close()
    assert (tmp_path / "back.jsonl").stat().st_size == LARGE
    assert peak < LARGE / 8


def test_a_batch_is_cancelled_and_a_file_deleted(server: PracticeServer, file: Callable[..., Any]) -> None:
    with PracticeServer(pace=0, batch_seconds=60) as slow:
        for endpoints in endpoints_at(slow.base_url, slow.api_key):
            with file(request(1)) as lines:
                id = endpoints.upload(lines, "a.jsonl")
            batch = endpoints.create(id, {})
            assert endpoints.cancel(batch.id).status == "cancelling"
            assert over(endpoints, batch).status == "cancelled"
            with pytest.raises(ServiceError, match="does not accept"):
                endpoints.cancel(batch.id)
            with file(request(2)) as lines:
                id = endpoints.upload(lines, "b.jsonl")
            endpoints.delete_file(id)
            assert slow.files == []


def test_all_pages_of_the_list_are_read(
    endpoints: BatchEndpoints, monkeypatch: pytest.MonkeyPatch, file: Callable[..., Any]
) -> None:
    monkeypatch.setattr("zhipu_magic.service.batches.endpoints._A_PAGE", 2)
    made = []
    for number in range(5):
        with file(request(number)) as lines:
            made.append(endpoints.create(endpoints.upload(lines, "a.jsonl"), {}).id)
    assert [batch.id for batch in endpoints.batches()] == made[::-1]


def test_a_list_without_an_end_is_no_list_in_which_something_is_missing(
    endpoints: BatchEndpoints, server: PracticeServer
) -> None:
    page = json.dumps({"data": [{"id": "batch_1", "status": "completed"}], "has_more": True}).encode()
    again = Raw((page,), headers={"Content-Type": "application/json"})
    server.disturb("GET /batches", again, again)
    with pytest.raises(ServiceError) as error:
        list(endpoints.batches())
    assert error.value.reason == "batch.endless_list"


@pytest.mark.parametrize(
    "answer",
    [
        b"{}",
        b"[]",
        b"null",
        b"<html>",
        b'{"id": "../../models", "status": "completed"}',
        b'{"id": 7}',
        b"\xff",
        b'{"id": "' + b"x" * 300,
    ],
)
def test_what_is_no_batch_is_an_error(endpoints: BatchEndpoints, server: PracticeServer, answer: bytes) -> None:
    server.disturb("GET /batches/*", Raw((answer,), headers={"Content-Type": "application/json"}))
    with pytest.raises(GLMError) as error:
        endpoints.retrieve("batch_1")
    assert error.value.reason == "service.not_a_reply"


def test_the_key_is_in_no_error(elsewhere: BatchEndpoints, other_server: OtherServer) -> None:
    key = "secret-Key.of-some-32-letters-or-so"
    other_server.says.append(Says.json({"error": {"code": "1214", "message": f"{key} may not"}}, 400))
    with pytest.raises(ServiceError) as error:
        elsewhere.create("file-1", {})
    assert "may not" in str(error.value) and key.partition(".")[2] not in str(error.value)
    assert error.value.__cause__ is None and error.value.__context__ is None
    line = json.dumps({"custom_id": "request-1", "error": {"code": key, "message": key}}).encode()
    hidden = Asked("https://open.bigmodel.cn", "glm-4", lambda text: text.replace(key, "?"))
    result = result_of(line, hidden)
    assert result and result.error and key not in str(result.error) and key not in result.error.code


def test_times_and_counts_come_in_several_forms() -> None:
    assert batch_of({"id": "batch_1", "status": "validating", "created_at": 1795387443}) == Batch(
        "batch_1", "validating", created_at=1795387443.0
    )
    told = {"created_at": 1795387443000, "expires_at": 1795473843123, "request_counts": None, "total": 3, "failed": "1"}
    batch = batch_of({"id": "batch_1", "status": "in_progress", **told})
    assert batch and (batch.created_at, batch.expires_at) == (1795387443.0, 1795473843.123)
    assert (batch.total, batch.completed, batch.failed) == (3, None, 1)
    odd = batch_of({"id": "batch_1", "status": "resting\x1b[2J", "errors": {"data": [{"line": 2, "message": "no"}, 7]}})
    assert odd and odd.status == "resting [2J" and not odd.is_over and odd.mistakes == (Mistake(2, "", "no"),)
    assert batch_of({"id": "batch_1", "status": "failed", "errors": None}) == Batch("batch_1", "failed")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = ("id", "status", "request_counts", "errors", "metadata", "created_at", "output_file_id", "total")


@given(JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(MEMBERS, JSON)))
def test_any_answer_is_a_batch_or_none(value: Any) -> None:
    batch = batch_of(value)
    assert batch is None or (batch.id and batch.status.isprintable())


RESULT_MEMBERS = {"custom_id": st.text(min_size=1), "response": JSON, "error": JSON}


@given(
    st.binary()
    | st.fixed_dictionaries({}, optional=RESULT_MEMBERS).map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries({"status_code": JSON, "body": JSON}).map(
        lambda response: json.dumps({"custom_id": "row", "response": response}).encode()
    )
)
def test_any_line_is_a_result_or_damaged(line: bytes) -> None:
    result = result_of(line, ASKED)
    assert result is None or (result.body is None) != (result.error is None)


@given(st.lists(st.text(st.characters(exclude_characters="\n"), min_size=1).filter(str.strip)))
def test_a_line_ends_with_a_line_feed_alone(texts: list[str]) -> None:
    lines = [f"{text}\u2028\u0085\r".encode("utf-8", "replace") for text in texts]
    assert [line and line.rstrip(b"\n") for line in lines_of(io.BytesIO(b"\n".join(lines)))] == lines


def test_a_line_that_is_too_long_costs_itself_alone() -> None:
    file = io.BytesIO(b"a\n" + b"x" * 40 + b"\n\n \n" + b"b" * 10 + b"\n" + b"y" * 11)
    assert list(lines_of(file, 11)) == [b"a\n", None, b"b" * 10 + b"\n", b"y" * 11]


@pytest.mark.parametrize(
    ("members", "code", "words"),
    [
        ({"response": {"status_code": 429, "body": {"error": {"code": "1302", "message": "busy"}}}}, "1302", "busy"),
        ({"response": {"status_code": 200, "body": {"error": {"code": "1301", "message": "no"}}}}, "1301", "unsafe"),
        ({"response": None, "error": {"code": "batch_expired", "message": "too late"}}, "batch_expired", "too late"),
        ({"response": {"status_code": 500, "body": "overloaded"}}, "", "overloaded"),
        ({"response": {"status_code": 200, "body": {"usage": {}}}}, "", "is not a reply"),
        ({"response": {}}, "", "is not a reply"),
    ],
)
def test_a_row_that_has_no_answer_says_why(members: dict[str, Any], code: str, words: str) -> None:
    result = result_of(json.dumps({"custom_id": "row-1-of-many", **members}).encode(), ASKED)
    assert result and result.error and result.error.code == code and words in str(result.error)


def test_a_body_may_be_json_within_the_json() -> None:
    body = json.dumps({"choices": [{"message": {"content": "ok"}}]})
    line = json.dumps({"custom_id": "row", "response": {"status_code": 200, "body": body}}).encode()
    result = result_of(line, ASKED)
    assert result and result.body == json.loads(body)


def test_a_mistake_in_a_line_is_told_with_its_code() -> None:
    error = mistake_of("1214", "url 必须为 /v4", ASKED)
    assert error.code == "1214" and "url 必须为" in str(error)


def listed(**members: Any) -> Raw:
    return Raw((json.dumps(members).encode(),), headers={"Content-Type": "application/json"})


def test_a_list_of_ever_new_batches_ends(
    endpoints: BatchEndpoints, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhipu_magic.service.batches.endpoints._MOST_PAGES", 2)
    pages = [listed(data=[{"id": f"batch_{number}", "status": "completed"}], has_more=True) for number in range(2)]
    server.disturb("GET /batches", *pages)
    found = []
    with pytest.raises(ServiceError) as error:
        found.extend(endpoints.batches())
    assert error.value.reason == "batch.endless_list"


def test_a_list_that_is_none_is_told(endpoints: BatchEndpoints, server: PracticeServer) -> None:
    server.disturb("GET /batches", listed(data=7))
    with pytest.raises(ServiceError):
        list(endpoints.batches())


def test_results_beyond_all_bounds_are_not_read_to_their_end(
    endpoints: BatchEndpoints, monkeypatch: pytest.MonkeyPatch, file: Callable[..., Any]
) -> None:
    with file(request(1)) as lines:
        id = endpoints.upload(lines, "a.jsonl")
    monkeypatch.setattr("zhipu_magic.service.batches.endpoints._LARGEST", 10)
    with pytest.raises(ServiceError) as error:
        endpoints.content(id, io.BytesIO())
    assert error.value.reason == "batch.results_too_large"
