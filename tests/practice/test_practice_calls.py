"""Pictures, vectors, rankings and counts of the practice server, as the service's documents have them."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator
from typing import Any

import httpx
import PIL.Image
import pytest

from zhipu_magic.practice import Fault, PracticeServer


@pytest.fixture
def client(server: PracticeServer) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {server.api_key}"}
    with httpx.Client(base_url=server.base_url, headers=headers) as found:
        yield found


def draw(client: httpx.Client, **members: Any) -> httpx.Response:
    return client.post("/images/generations", json={"model": "cogview-4", "prompt": "a cat", **members})


def test_a_picture_has_the_size_that_was_asked_for_and_needs_no_key(client: httpx.Client) -> None:
    answer = draw(client, size="864x1152").json()
    assert answer.keys() == {"created", "data", "content_filter"}
    (one,) = answer["data"]
    found = httpx.get(one["url"])
    assert found.headers["Content-Type"] == "image/png"
    picture = PIL.Image.open(io.BytesIO(found.content))
    picture.load()
    assert picture.size == (864, 1152)
    assert len(picture.getcolors() or ()) == 2  # a ground, and letters


def test_a_picture_is_the_same_for_the_same_prompt(client: httpx.Client) -> None:
    pictures = [httpx.get(draw(client, prompt=prompt).json()["data"][0]["url"]).content for prompt in "aab"]
    assert pictures[0] == pictures[1] != pictures[2]


def test_a_picture_whose_address_was_sent_the_key_is_refused(client: httpx.Client) -> None:
    url = draw(client).json()["data"][0]["url"]
    assert client.get(url).status_code == 400


def test_pictures_expire(client: httpx.Client) -> None:
    first = draw(client, size="512x512").json()["data"][0]["url"]
    for number in range(20):
        draw(client, prompt=str(number), size="512x512")
    assert httpx.get(first).status_code == 404


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"model": "glm-4"}, "1211"),
        ({"prompt": ""}, "1213"),
        ({"size": "1000x1000"}, "1214"),
        ({"size": "2048x2048"}, "1214"),
        ({"size": "1024×1024"}, "1214"),
        ({"quality": "best"}, "1214"),
        ({"model": "glm-image", "quality": "standard"}, "1214"),
        ({"model": "glm-image", "size": "512x512"}, "1214"),
    ],
)
def test_what_no_model_draws_is_refused(client: httpx.Client, members: dict[str, Any], code: str) -> None:
    assert draw(client, **members).json()["error"]["code"] == code


def test_equal_texts_have_equal_vectors_and_like_ones_near_ones(client: httpx.Client) -> None:
    texts = ["the cat sat", "the cat sat", "the cat ran", "quarterly revenue"]
    answer = client.post("/embeddings", json={"model": "embedding-3", "input": texts, "dimensions": 256}).json()
    a, b, c, d = (one["embedding"] for one in answer["data"])
    assert a == b
    assert math.isclose(sum(x * x for x in a), 1.0, abs_tol=1e-4)

    def likeness(one: list[float], other: list[float]) -> float:
        return sum(x * y for x, y in zip(one, other, strict=True))

    assert likeness(a, c) > 0.5 > likeness(a, d)
    assert answer["usage"]["total_tokens"] == answer["usage"]["prompt_tokens"] > 0


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"model": "embedding-9"}, "1211"),
        ({"input": []}, "1213"),
        ({"input": [""]}, "1214"),
        ({"input": ["a"] * 65}, "1214"),
        ({"input": ["word " * 4_000]}, "1261"),
        ({"dimensions": 100}, "1214"),
    ],
)
def test_what_is_no_text_for_a_vector_is_refused(client: httpx.Client, members: dict[str, Any], code: str) -> None:
    body = {"model": "embedding-3", "input": ["a"], **members}
    assert client.post("/embeddings", json=body).json()["error"]["code"] == code


def test_documents_are_ranked_by_the_words_of_the_query(client: httpx.Client) -> None:
    documents = ["a dog", "a black cat", "a cat"]
    body = {"model": "rerank", "query": "black cat", "documents": documents, "top_n": 2}
    results = client.post("/rerank", json=body).json()["results"]
    assert [(one["index"], one["relevance_score"]) for one in results] == [(1, 1.0), (2, 0.5)]


def test_tokens_are_counted_as_a_reply_counts_them(client: httpx.Client) -> None:
    body = {"model": "glm-4.6", "messages": [{"role": "user", "content": "How many are these?"}]}
    counted = client.post("/tokenizer", json=body).json()["usage"]["prompt_tokens"]
    assert counted == client.post("/chat/completions", json=body).json()["usage"]["prompt_tokens"]


def test_a_call_can_be_disturbed_and_refused_by_load(client: httpx.Client, server: PracticeServer) -> None:
    server.disturb("POST /rerank", Fault.of("1301"))
    body = {"model": "rerank", "query": "a", "documents": ["a"]}
    assert client.post("/rerank", json=body).status_code == 400
    server.load.storm = Fault.of("1305")
    assert client.post("/rerank", json=body).status_code == 429
    server.load.storm = None
    assert client.post("/rerank", json=body).status_code == 200
    assert [call.kind for call in server.calls] == ["POST /rerank"] * 2


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"query": None}, "1213"),
        ({"model": "glm-4"}, "1211"),
        ({"query": "x" * 5_000}, "1214"),
        ({"documents": "a"}, "1214"),
        ({"documents": ["a"] * 129}, "1214"),
        ({"documents": [7]}, "1214"),
        ({"documents": ["x" * 5_000]}, "1214"),
    ],
)
def test_what_cannot_be_ranked_is_refused(client: httpx.Client, members: dict[str, Any], code: str) -> None:
    body = {"model": "rerank", "query": "a", "documents": ["a"], **members}
    assert client.post("/rerank", json=body).json()["error"]["code"] == code


def test_a_ranking_has_the_documents_where_they_are_wanted(client: httpx.Client) -> None:
    body = {"model": "rerank", "query": "a", "documents": ["b", "a"], "return_documents": True}
    results = client.post("/rerank", json=body).json()["results"]
    assert [one["document"] for one in results] == ["a", "b"]


@pytest.mark.parametrize("messages", [None, "hi", [7]])
def test_what_cannot_be_counted_is_refused(client: httpx.Client, messages: Any) -> None:
    assert client.post("/tokenizer", json={"model": "glm-4", "messages": messages}).status_code == 400


def test_a_document_is_a_picture_or_a_pdf(client: httpx.Client) -> None:
    def read(file: Any) -> httpx.Response:
        return client.post("/layout_parsing", json={"model": "glm-ocr", "file": file})

    assert "A picture of 6 bytes" in read(base64.b64encode(b"\x89PNG..").decode()).json()["md_results"]
    assert {read(file).status_code for file in (7, "%%", base64.b64encode(b"GIF8").decode())} == {400}
