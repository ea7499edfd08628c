"""What reads documents, over bare HTTP: by the service's own document (docs/protocol.md, "Documents")."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from zhipu_magic.practice import Fault, PracticeServer

PDF = b"%PDF-1.7 none"


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def parse(client: httpx.Client, data: bytes, **fields: str) -> httpx.Response:
    return client.post(
        "/files/parser/sync", files={"file": ("x.pdf", data)}, data={"tool_type": "prime-sync", **fields}
    )


def test_the_parser_says_what_it_got(client: httpx.Client) -> None:
    found = parse(client, PDF, file_type="PDF").json()
    assert (found["status"], found["content"]) == ("succeeded", "A PDF file of 13 bytes (practice).")
    assert parse(client, "你好".encode(), file_type="TXT").json()["content"] == "你好"
    assert parse(client, b"").json()["status"] == "failed"
    assert refusal(parse(client, PDF, file_type="EXE")) == (400, "1214")
    assert refusal(parse(client, PDF, tool_type="lite")) == (400, "1214")
    assert refusal(client.post("/files/parser/sync", json={})) == (400, "1213")


def test_pictures_of_pages_are_read_by_a_model(client: httpx.Client) -> None:
    body: dict[str, Any] = {"model": "glm-ocr", "file": base64.b64encode(PDF).decode()}
    found = client.post("/layout_parsing", json={**body, "start_page_id": 2}).json()
    assert found["md_results"] == "# Practice\n\nA PDF of 13 bytes, pages 2 to the end."
    assert found["usage"]["total_tokens"] == sum(
        found["usage"][name] for name in ("prompt_tokens", "completion_tokens")
    )
    assert "example.com" in client.post("/layout_parsing", json={**body, "file": "https://example.com/a.png"}).text
    for wrong, code in (({"model": "glm-4"}, "1211"), ({"file": "?"}, "1214"), ({"start_page_id": 0}, "1214")):
        assert refusal(client.post("/layout_parsing", json={**body, **wrong})) == (400, code)
    assert refusal(client.post("/layout_parsing", json={"model": "glm-ocr"})) == (400, "1213")


def test_an_address_is_not_fetched(client: httpx.Client) -> None:
    found = client.post("/reader", json={"url": "https://example.com/a?b"}).json()["reader_result"]
    assert (found["title"], found["url"]) == ("example.com/a", "https://example.com/a?b")
    assert refusal(client.post("/reader", json={"url": "file:///etc/passwd"})) == (400, "1214")
    assert refusal(client.post("/reader", json={})) == (400, "1213")


@pytest.mark.parametrize("path", ["/files/parser/sync", "/layout_parsing", "/reader"])
def test_a_test_can_have_any_of_them_fail(client: httpx.Client, server: PracticeServer, path: str) -> None:
    server.disturb(f"POST {path}", Fault.of("1302"))
    assert refusal(client.post(path, json={})) == (429, "1302")


@pytest.mark.parametrize(
    ("model", "kinds", "status"),
    [
        ("glm-4.6v", ("file_url", "file_url"), 200),
        ("glm-4.6v", ("video_url",), 200),
        ("glm-4.6v", ("file_url", "image_url"), 400),
        ("glm-4.6v-flash", ("file_url",), 400),
        ("glm-4.7", ("video_url",), 400),
    ],
)
def test_what_goes_by_address(client: httpx.Client, model: str, kinds: tuple[str, ...], status: int) -> None:
    parts = [{"type": kind, kind: {"url": "https://example.com/x"}} for kind in kinds]
    message = {"role": "user", "content": [*parts, {"type": "text", "text": "?"}]}
    assert client.post("/chat/completions", json={"model": model, "messages": [message]}).status_code == status


def test_a_server_that_is_full_takes_no_file_either(client: httpx.Client, server: PracticeServer) -> None:
    server.load.limit = 0
    assert refusal(parse(client, PDF)) == (429, "1302")
    assert (server.load.refused, server.load.let_in) == (1, 0)
