"""Files and batches, over bare HTTP and by the service's own SDK."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from key import key_of
from zhipuai import ZhipuAI

from zhipu_magic.practice import CUT, STALL, Answer, Course, Drop, Fault, Mistake, PracticeServer, Raw
from zhipu_magic.practice.batches import files

ENDPOINT = "/v4/chat/completions"
STATES = ["validating", "in_progress", "finalizing", "completed"]
Create = Callable[..., dict[str, Any]]


def line(number: int, prompt: str = "Why?", **more: Any) -> dict[str, Any]:
    body = {"model": "glm-4", "messages": [{"role": "user", "content": prompt}]}
    return {"custom_id": f"request-{number}", "method": "POST", "url": ENDPOINT, "body": body, **more}


def jsonl(*lines: Any) -> bytes:
    return "\n".join(each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in lines).encode()


def refusal(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"
    return response.status_code, response.json()["error"]["code"]


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with PracticeServer(pace=0, batch_seconds=0.06) as server:
        yield server


@pytest.fixture
def upload(client: httpx.Client) -> Callable[..., httpx.Response]:
    def upload(data: bytes, name: str = "requests.jsonl", purpose: str | None = "batch") -> httpx.Response:
        fields = {} if purpose is None else {"purpose": purpose}
        return client.post("/files", files={"file": (name, data)}, data=fields)

    return upload


@pytest.fixture
def create(client: httpx.Client, upload: Callable[..., httpx.Response]) -> Create:
    def create(*lines: Any, **members: Any) -> dict[str, Any]:
        file = upload(jsonl(*lines)).json()
        body = {"input_file_id": file["id"], "endpoint": ENDPOINT, **members}
        response = client.post("/batches", json=body)
        assert response.status_code == 200, response.text
        created: dict[str, Any] = response.json()
        return created

    return create


def ended(client: httpx.Client, batch: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while batch["status"] in ("validating", "in_progress", "finalizing", "cancelling"):
        assert time.monotonic() < deadline
        time.sleep(0.005)
        batch = client.get(f"/batches/{batch['id']}").json()
    return batch


def written(client: httpx.Client, file_id: str) -> dict[str, dict[str, Any]]:
    response = client.get(f"/files/{file_id}/content")
    assert response.headers["Content-Type"] == "application/octet-stream"
    lines = [json.loads(text) for text in response.content.decode().splitlines()]
    assert all(set(each) == {"custom_id", "id", "response"} and each["id"].startswith("batch_") for each in lines)
    return {each["custom_id"]: each["response"] for each in lines}


def test_the_sdk_can_do_all_of_it(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ZhipuAI(api_key=server.api_key, base_url=server.base_url, max_retries=0) as sdk:
        data = jsonl(line(1, "你好"), line(2), line(3, model=None, body={"model": "gpt-4", "messages": []}))
        file = sdk.files.create(file=("requests.jsonl", data), purpose="batch")
        assert (file.object, file.filename, file.purpose, file.bytes) == ("file", "requests.jsonl", "batch", len(data))
        assert [each.id for each in sdk.files.list(purpose="batch").data] == [file.id]
        batch = sdk.batches.create(input_file_id=file.id, endpoint=ENDPOINT, metadata={"for": "class 7"})
        seen = []
        while batch.status != "completed":
            seen += [batch.status] if batch.status not in seen else []
            batch = sdk.batches.retrieve(batch.id)
        assert seen == STATES[:-1]
        assert batch.metadata == {"for": "class 7"}
        assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (3, 2, 1)
        assert [each.id for each in sdk.batches.list()] == [batch.id]
        replies = [json.loads(text) for text in sdk.files.content(batch.output_file_id).content.splitlines()]
        assert replies[0]["response"]["body"]["choices"][0]["message"]["content"] == "你好！有什么我可以帮助你的吗？"
        [failed] = [json.loads(text) for text in sdk.files.content(batch.error_file_id).content.splitlines()]
        assert failed["response"]["body"]["error"]["code"] == "1214"
        assert sdk.files.delete(batch.output_file_id).deleted


def test_a_batch_tells_of_itself_as_the_service_does(client: httpx.Client, create: Create) -> None:
    batch = create(line(1))
    assert batch["status"] == "validating"
    assert batch["request_counts"] is None and batch["output_file_id"] is None and batch["in_progress_at"] is None
    now = time.time() * 1000
    assert abs(batch["created_at"] - now) < 5_000
    assert batch["expires_at"] - batch["created_at"] == 24 * 3_600_000
    batch = ended(client, batch)
    times = [batch[f"{state}_at"] for state in ("created", *STATES[1:])]
    assert times == sorted(times) and times[-1] - times[0] >= 50
    assert batch["error_file_id"] is None and batch["failed_at"] is None and batch["errors"] is None


def test_each_line_is_answered_as_a_live_request_is(
    client: httpx.Client, server: PracticeServer, create: Create, ask: Callable[..., httpx.Response]
) -> None:
    server.enqueue(Answer("scripted"), Fault.of("1302"), Drop(), Answer(object()))
    thinking = line(5)
    thinking["body"]["model"] = "glm-4.7-flash"
    batch = ended(client, create(*map(line, range(1, 5)), thinking))
    answered, failed = (written(client, batch[name]) for name in ("output_file_id", "error_file_id"))
    assert answered["request-1"]["body"]["choices"][0]["message"]["content"] == "scripted"
    assert answered["request-1"]["body"]["object"] == "chat.completion"
    alive = ask("Why?", model="glm-4.7-flash").json()
    assert answered["request-5"]["status_code"] == 200
    assert answered["request-5"]["body"]["choices"] == alive["choices"]
    assert answered["request-5"]["body"]["usage"] == alive["usage"]
    assert {name: (each["status_code"], each["body"]["error"]["code"]) for name, each in failed.items()} == {
        "request-2": (429, "1302"),
        "request-3": (500, "500"),
        "request-4": (500, "500"),
    }


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ("{", None),
        ("[1]", None),
        (line(1, custom_id="short"), "custom_id"),
        (line(1, custom_id=123456), "custom_id"),
        (line(0), "custom_id"),
        (line(1, method="GET"), "method"),
        (line(1, url="/v1/chat/completions"), "url"),
        (line(1, body="Why?"), "body"),
    ],
)
def test_a_file_with_a_bad_line_fails_and_the_line_is_told(
    client: httpx.Client, create: Create, wrong: Any, param: str | None
) -> None:
    batch = ended(client, create(line(0), "", wrong))
    assert batch["status"] == "failed" and batch["failed_at"] and batch["output_file_id"] is None
    [mistake] = batch["errors"]["data"]
    assert (mistake["line"], mistake["param"], mistake["code"]) == (3, param, "1214")
    assert client.get(f"/files/{batch['input_file_id']}/content").status_code == 200  # to be put right


def test_an_empty_file_fails(client: httpx.Client, create: Create) -> None:
    assert ended(client, create(""))["errors"]["data"][0]["line"] is None


def test_too_many_lines_fail(client: httpx.Client, create: Create) -> None:
    batch = ended(client, create(*["{}"] * 50_001))
    assert batch["status"] == "failed" and len(batch["errors"]["data"]) == 100


@pytest.mark.parametrize("deletes", [True, False, None])
def test_the_input_file_is_deleted_unless_it_is_to_stay(
    client: httpx.Client, create: Create, deletes: bool | None
) -> None:
    batch = ended(client, create(line(1), **({} if deletes is None else {"auto_delete_input_file": deletes})))
    gone = client.get(f"/files/{batch['input_file_id']}/content").status_code == 404
    assert gone is (deletes is not False)


def test_a_batch_can_be_cancelled_and_keeps_what_it_has() -> None:
    with (
        PracticeServer(pace=0, batch_seconds=1.2) as server,
        httpx.Client(base_url=server.base_url, headers=key_of(server), trust_env=False) as client,
    ):
        data = jsonl(*map(line, range(8)))
        file = client.post("/files", files={"file": ("a.jsonl", data)}, data={"purpose": "batch"}).json()
        batch = client.post("/batches", json={"input_file_id": file["id"], "endpoint": ENDPOINT}).json()
        while not (batch["request_counts"] or {}).get("completed"):
            batch = client.get(f"/batches/{batch['id']}").json()
        began = time.monotonic()
        batch = client.post(f"/batches/{batch['id']}/cancel").json()
        assert batch["status"] == "cancelling"
        batch = ended(client, batch)
        assert batch["status"] == "cancelled" and time.monotonic() - began < 0.4
        assert batch["cancelling_at"] <= batch["cancelled_at"] and batch["finalizing_at"] is None
        assert 0 < len(written(client, batch["output_file_id"])) == batch["request_counts"]["completed"] < 8
        assert refusal(client.post(f"/batches/{batch['id']}/cancel")) == (400, "1214")


def test_a_server_that_stops_waits_for_no_batch(capfd: pytest.CaptureFixture[str]) -> None:
    with PracticeServer(pace=0, batch_seconds=600) as server:
        with httpx.Client(base_url=server.base_url, headers=key_of(server), trust_env=False) as client:
            file = client.post("/files", files={"file": ("a.jsonl", jsonl(line(1)))}, data={"purpose": "batch"}).json()
            client.post("/batches", json={"input_file_id": file["id"], "endpoint": ENDPOINT})
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert "practice server" not in {thread.name for thread in threading.enumerate()}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"endpoint": "/v1/chat/completions"}, "1214"),
        ({"endpoint": None}, "1213"),
        ({"input_file_id": None}, "1213"),
        ({"input_file_id": "file-1"}, "1214"),
        ({"input_file_id": ["file-1"]}, "1214"),
        ({"metadata": "class 7"}, "1214"),
        ({"metadata": {str(n): "" for n in range(17)}}, "1214"),
        ({"metadata": {"k" * 65: ""}}, "1214"),
        ({"metadata": {"k": "v" * 513}}, "1214"),
        ({"metadata": {"k": 7}}, "1214"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(
    client: httpx.Client, upload: Callable[..., httpx.Response], members: dict[str, Any], code: str
) -> None:
    file = upload(jsonl(line(1))).json()
    body = {"input_file_id": file["id"], "endpoint": ENDPOINT, **members}
    assert refusal(client.post("/batches", json=body)) == (400, code)


def test_metadata_at_its_bounds_is_kept(create: Create) -> None:
    metadata = {f"{n:02}" + "k" * 62: "v" * 512 for n in range(16)}
    assert create(line(1), metadata=metadata)["metadata"] == metadata
    assert create(line(1), metadata=None)["metadata"] is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{"])
def test_a_body_that_is_no_object_is_refused(client: httpx.Client, body: bytes) -> None:
    assert refusal(client.post("/batches", content=body)) == (400, "1210")


@pytest.mark.parametrize(
    ("name", "purpose", "code"),
    [("a.jsonl", None, "1213"), ("a.jsonl", "fun", "1214"), ("a.txt", "batch", "1214")],
)
def test_a_file_that_has_no_use_is_refused(
    upload: Callable[..., httpx.Response], name: str, purpose: str | None, code: str
) -> None:
    assert refusal(upload(b"{}", name, purpose)) == (400, code)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=a", b""),
        ("multipart/form-data; boundary=a", b"--a\r\n\r\n--a--"),
        ("multipart/form-data; boundary=a", b"--a" * 100_000),
        ("multipart/form-data; boundary=\xff", b"--a--"),
        (
            "multipart/form-data; boundary=a",
            b'--a\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n\xff\r\n--a--',
        ),
    ],
)
def test_an_odd_form_is_refused_in_the_services_form(client: httpx.Client, content_type: str, body: bytes) -> None:
    headers = {"Content-Type": content_type.encode("latin-1")}
    assert refusal(client.post("/files", content=body, headers=headers)) == (400, "1213")  # type: ignore[arg-type]


def test_what_is_not_there_is_a_404(client: httpx.Client) -> None:
    for method, path in [
        ("GET", "/files/x/content"),
        ("DELETE", "/files/x"),
        ("GET", "/batches/x"),
        ("POST", "/batches/x/cancel"),
    ]:
        assert refusal(client.request(method, path)) == (404, "404")
    assert refusal(client.get("/batches/x/cancel")) == (405, "405")


def test_files_have_bounds_and_deleting_makes_room(
    client: httpx.Client, create: Create, upload: Callable[..., httpx.Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 5_000)
    first = upload(b"x" * 4_000).json()
    assert refusal(upload(b"x" * 2_000)) == (400, "1214")
    client.delete(f"/files/{first['id']}")
    batch = ended(client, create(*map(line, range(10))))
    assert batch["status"] == "failed" and "输出文件" in batch["errors"]["data"][0]["message"]
    client.delete(f"/files/{batch['input_file_id']}")
    assert upload(b"x" * 5_000).status_code == 200


def test_a_form_where_there_should_be_none_is_answered_in_the_services_form(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=a"}
    assert refusal(client.post("/batches", content=b"--a" * 10, headers=headers)) == (400, "1210")
    assert refusal(client.post("/batches/x/cancel", content=b"--a" * 10, headers=headers)) == (404, "404")
    assert caplog.records == []


def test_lists_come_in_pages_the_newest_first(client: httpx.Client, create: Create) -> None:
    made = [create(line(1), auto_delete_input_file=False)["id"] for _ in range(5)]
    first = client.get("/batches", params={"limit": 3}).json()
    assert [each["id"] for each in first["data"]] == made[:1:-1]
    assert (first["object"], first["has_more"], first["last_id"]) == ("list", True, made[2])
    rest = client.get("/batches", params={"limit": 3, "after": made[2]}).json()
    assert [each["id"] for each in rest["data"]] == made[1::-1] and not rest["has_more"]
    assert client.get("/batches", params={"after": "none"}).json()["data"] == []
    assert refusal(client.get("/batches", params={"limit": 0})) == (400, "1214")
    files = client.get("/files", params={"purpose": "batch", "limit": 2}).json()
    assert len(files["data"]) == 2 and files["has_more"]
    assert refusal(client.get("/files")) == (400, "1213")


def test_others_have_their_turn_while_a_large_batch_runs(
    client: httpx.Client, create: Create, ask: Callable[..., httpx.Response]
) -> None:
    batch = create(*map(line, range(3_000)))
    longest = 0.0  # seconds that another request took
    while (batch := client.get(f"/batches/{batch['id']}").json())["status"] != "completed":
        began = time.monotonic()
        assert ask("你好").status_code == 200
        longest = max(longest, time.monotonic() - began)
    assert longest < 1
    assert batch["request_counts"] == {"total": 3000, "completed": 3000, "failed": 0}


def test_a_batch_goes_as_a_test_wants_it(server: PracticeServer, client: httpx.Client, create: Create) -> None:
    server.enqueue_batches(
        Course("expired", answers=1, output=b"more\n", errors=b"odd\n"),
        Course("failed", mistakes=(Mistake(2, "bad"),)),
        Course(counted=False, in_seconds=True),
    )
    early, failed, untold, usual = (ended(client, create(line(1), line(2))) for _ in range(4))
    assert (early["status"], early["request_counts"]) == ("expired", {"total": 2, "completed": 1, "failed": 0})
    assert client.get(f"/files/{early['output_file_id']}/content").content.endswith(b"}\nmore\n")
    assert client.get(f"/files/{early['error_file_id']}/content").content == b"odd\n"
    assert failed["status"] == "failed" and failed["errors"]["data"][0]["line"] == 2
    assert untold["request_counts"] is None and untold["created_at"] == pytest.approx(time.time(), abs=60)
    assert usual["status"] == "completed" and usual["created_at"] > 1e12


def test_a_batch_can_stay_in_a_state_of_its_own(server: PracticeServer, client: httpx.Client, create: Create) -> None:
    server.enqueue_batches(Course("resting"))
    batch = create(line(1))
    while batch["status"] != "resting":
        batch = client.get(f"/batches/{batch['id']}").json()
    assert batch["output_file_id"]


def test_an_answer_can_be_another_with_or_without_its_effect(server: PracticeServer, client: httpx.Client) -> None:
    file = {"file": ("a.jsonl", jsonl(line(1)))}
    server.disturb("POST /files", Drop(), Fault.of("500"), takes_effect=True)
    server.disturb("POST /files", Drop(reset=True), Raw((b"{", CUT)), Raw((b"{}",)))
    server.disturb("DELETE /files/*", Fault.of("1302"))
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/files", files=file, data={"purpose": "batch"})
    assert refusal(client.post("/files", files=file, data={"purpose": "batch"})) == (500, "500")
    assert server.files == ["a.jsonl"] * 2
    for _ in range(2):
        with pytest.raises(httpx.HTTPError):
            client.post("/files", files=file, data={"purpose": "batch"})
    assert client.post("/files", files=file, data={"purpose": "batch"}).content == b"{}"
    assert server.files == ["a.jsonl"] * 2
    assert refusal(client.delete("/files/x")) == (429, "1302")
    assert refusal(client.delete("/files/x")) == (404, "404")
    assert server.batches == []


def test_a_server_that_stops_waits_for_no_answer_whose_client_has_left() -> None:
    with PracticeServer(pace=0) as server:
        server.disturb("GET /batches", Raw((b"{", STALL)))
        with (
            httpx.Client(base_url=server.base_url, headers=key_of(server), trust_env=False) as client,
            pytest.raises(httpx.ReadTimeout),
        ):
            client.get("/batches", timeout=0.1)


def test_of_many_batches_the_newest_are_known(
    client: httpx.Client, create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhipu_magic.practice.batches.endpoints.MOST_BATCHES", 2)
    made = [create(line(number))["id"] for number in range(3)]
    assert [client.get(f"/batches/{id}").status_code for id in made] == [404, 200, 200]
