"""Texts as vectors, documents in an order, and tokens counted: in plain Python, and again from what was kept."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from other_server import OtherServer, Says

from zhipu_magic import Chat
from zhipu_magic.chat.embedding.batches import batches_of
from zhipu_magic.chat.embedding.models import EmbeddingModel, embedding_model
from zhipu_magic.history.rows.summary import summary_of
from zhipu_magic.practice import Answer, Drop, Fault, PracticeServer, Raw
from zhipu_magic.text.errors import InvalidRequest, NotRecorded, OverBudget, ServiceError
from zhipu_magic.text.tokens import weight

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "a.jsonl"


@pytest.fixture
def new_chat(server: PracticeServer, journal: Path) -> Iterator[Callable[..., Chat]]:
    chats: list[Chat] = []

    def new(replay: Any = "off", **more: Any) -> Chat:
        service = {} if replay == "only" else {"base_url": server.base_url, "api_key": server.api_key}
        chats.append(Chat("glm-4", journal=journal, replay=replay, **{**service, **more}))
        return chats[-1]

    yield new
    for chat in chats:
        chat.close()


def asked(server: PracticeServer) -> list[list[str]]:
    """The texts of each request for vectors."""
    return [call.body["input"] for call in server.calls if call.kind == "POST /embeddings"]


def says(value: Any) -> Raw:
    return Raw((json.dumps(value).encode(),), headers=JSON)


# Vectors


def test_a_row_for_each_text_in_their_order(chat: Chat, server: PracticeServer) -> None:
    found = chat.embed(["one cat", "two dogs", "one cat"], dimensions=256)
    assert (found.shape, found.dtype) == ((3, 256), numpy.float32)
    assert (found[0] == found[2]).all()
    assert not (found[0] == found[1]).all()
    assert asked(server) == [["one cat", "two dogs"]]
    assert chat.embed(["one cat"]).shape == (1, 2048)
    assert chat.embed([]).shape == (0, 2048)


@pytest.mark.parametrize(
    "values",
    [
        ("a b", "c d"),
        pandas.Series(["a b", "c d"], index=[7, 3]),
        polars.Series(["a b", "c d"]),
        pyarrow.chunked_array([["a b"], ["c d"]]),
        numpy.array(["a b", "c d"]),
        numpy.array(["a b", "c d"], dtype=object),
        (text for text in ("a b", "c d")),
    ],
)
def test_any_series_of_texts_will_do(chat: Chat, server: PracticeServer, values: Any) -> None:
    assert chat.embed(values, dimensions=256).shape == (2, 256)
    assert asked(server) == [["a b", "c d"]]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("a text", "not a single text"),
        (pandas.DataFrame({"a": ["x"]}), "not pandas.DataFrame"),
        (polars.DataFrame({"a": ["x"]}), "not polars.DataFrame"),
        (numpy.array([["x"]]), "not numpy.ndarray"),
        ({"a": "x"}, "not dict"),
        (7, "not int"),
        (["a", ""], "Text 1 is empty"),
        (["a", None], "Text 1 is no text: None"),
        (["a", "\ud800"], "Text 1 contains an unpaired surrogate"),
        (["a", "b", "word " * 5_000, "word " * 6_000], "Text 2 is too long: it has about 6,250 tokens"),
    ],
)
def test_what_is_no_text_is_told_by_its_place_before_anything_is_sent(
    chat: Chat, server: PracticeServer, values: Any, words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words):
        chat.embed(values)
    assert server.calls == []


@pytest.mark.parametrize(
    ("model", "dimensions", "words"),
    [
        ("embedding-3", 100, "makes no vectors of 100"),
        ("embedding-2", 512, "of 1024"),
        ("m", 0, "of 0"),
        ("m", True, "True"),
    ],
)
def test_dimensions_that_a_model_does_not_have_are_refused(chat: Chat, model: str, dimensions: int, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        chat.embed(["a"], model=model, dimensions=dimensions)


def test_batches_go_out_together_and_within_the_limit(server: PracticeServer) -> None:
    server.load.latency = lambda: 0.1
    with closing(Chat("glm-4", base_url=server.base_url, api_key=server.api_key)) as chat:
        found = chat.embed([f"text {number}" for number in range(384)], dimensions=256)
        assert found.shape == (384, 256)
        assert server.load.most > 2
        server.load.most = 0
        chat.embed([f"other {number}" for number in range(200)], dimensions=256, in_flight=1)
        assert server.load.most == 1
    assert all(len(batch) <= 64 for batch in asked(server))


def test_refusals_and_faults_are_tried_again(chat: Chat, server: PracticeServer) -> None:
    server.disturb("POST /embeddings", Fault(429, "1302", headers={"Retry-After": "0"}), Drop())
    assert chat.embed(["a", "b"], dimensions=256).shape == (2, 256)


def test_an_error_leaves_what_landed_and_the_same_call_asks_for_the_rest(
    new_chat: Callable[..., Chat], server: PracticeServer
) -> None:
    chat, texts = new_chat(), [f"text {number}" for number in range(150)]
    server.disturb("POST /embeddings", Fault.of("1301"))
    with pytest.raises(ServiceError, match="unsafe content"):
        chat.embed(texts, dimensions=256, in_flight=1)
    landed = sum(map(len, asked(server)))
    assert chat.embed(texts, dimensions=256).shape == (150, 256)
    assert sum(map(len, asked(server))) == 150
    assert landed < 150


def test_several_errors_at_once_are_one(chat: Chat, server: PracticeServer) -> None:
    server.load.latency = 0.05
    server.disturb("POST /embeddings", *[Fault.of("1113")] * 8)
    with pytest.raises(ServiceError, match="1113"):
        chat.embed([f"text {number}" for number in range(500)], dimensions=256)
    assert chat.account.requests == 0


def test_nothing_is_asked_twice_in_another_session_or_a_replay(
    new_chat: Callable[..., Chat], server: PracticeServer, journal: Path
) -> None:
    texts = ["a", "b", "a", "c"]
    first = new_chat()
    before = first.embed(texts, dimensions=512)
    first.close()
    sent = len(server.calls)
    again, only = new_chat(), new_chat("only")
    assert (again.embed(pandas.Series(texts), dimensions=512) == before).all()
    assert (only.embed(texts, dimensions=512) == before).all()
    assert len(server.calls) == sent
    assert only.account == first.account
    assert again.account.requests == 0
    with pytest.raises(NotRecorded, match="1 of the 2 texts have no vector"):
        only.embed(["a", "z"], dimensions=512)
    with pytest.raises(NotRecorded, match="2 of the 2"):
        only.embed(["a", "b"], dimensions=1024)
    assert (again.embed(texts, dimensions=512, fresh=True) == before).all()
    assert len(server.calls) == sent + 1


def test_vectors_are_no_rows_of_tables(new_chat: Callable[..., Chat], journal: Path) -> None:
    chat = new_chat()
    chat.embed(["a"], dimensions=256)
    chat.close()
    assert summary_of(chat.history.records.rows).answers == 0
    assert {file.name for file in journal.parent.iterdir()} == {"a.jsonl", "a.vectors.jsonl"}


def test_vectors_go_along_where_the_journal_goes(new_chat: Callable[..., Chat], tmp_path: Path) -> None:
    chat = new_chat()
    chat.ask("hello").read()
    before = chat.embed(["a"], dimensions=256)
    chat.save(tmp_path / "other" / "b.jsonl")
    chat.close()
    with closing(Chat(journal=tmp_path / "other" / "b.jsonl", replay="only")) as other:
        assert (other.embed(["a"], dimensions=256) == before).all()


@pytest.mark.parametrize("text", ["", "AAAA", "!!!!", "AACAfw==" * 128, "AAAAAA=="])
def test_a_kept_vector_that_is_none_is_asked_for_anew(
    new_chat: Callable[..., Chat], journal: Path, server: PracticeServer, text: str
) -> None:
    chat = new_chat()
    chat.embed(["a"], dimensions=256)
    chat.close()
    file = journal.with_name("a.vectors.jsonl")
    header, line = file.read_bytes().splitlines()
    changed = {**json.loads(line), "text": text}
    file.write_bytes(header + b"\n" + json.dumps(changed, separators=(",", ":")).encode() + b"\n")
    assert new_chat().embed(["a"], dimensions=256).shape == (1, 256)
    assert len(server.calls) == 2


def one(index: Any = 0, embedding: Any = None) -> dict[str, Any]:
    return {"index": index, "embedding": [0.5] * 256 if embedding is None else embedding}


@pytest.mark.parametrize(
    "data",
    [
        [],
        None,
        [one()],
        [one(0), one(0)],
        [one(0), one(2)],
        [one(0), one(1), one(2)],
        [one(0), one(1, [0.5] * 255)],
        [one(0), one(1, [1e39] * 256)],
        [one(0), one(1, [None] * 256)],
        [one(0), one(1, [True] * 256)],
        [one(0), one("x")],
        [one(0), one(1, "AAAA")],
    ],
)
def test_odd_vectors_are_no_answer(chat: Chat, server: PracticeServer, data: Any) -> None:
    server.disturb("POST /embeddings", *[says({"data": data, "usage": {"total_tokens": 1}})] * 4)
    with pytest.raises(ServiceError, match="not as a chat service does"):
        chat.embed(["a", "b"], dimensions=256)
    assert chat.account.requests == 0


def test_vectors_come_in_any_order(chat: Chat, server: PracticeServer) -> None:
    data = [one(1, [1.0] * 256), one(0, [0] * 256)]
    server.disturb("POST /embeddings", says({"data": data}))
    found = chat.embed(["a", "b"], dimensions=256)
    assert found[:, 0].tolist() == [0.0, 1.0]
    assert (chat.account.uncounted, chat.account.estimated_tokens) == (1, 0)  # the server has not counted them


def test_a_budget_in_tokens_holds_and_one_in_yuan_is_refused(chat: Chat, server: PracticeServer) -> None:
    chat.budget = "100 tokens"
    with pytest.raises(OverBudget, match="These texts have about 125 tokens, and 100 tokens of 100 tokens are left"):
        chat.embed(["word " * 100])
    assert chat.embed(["word " * 50]).shape == (1, 2048)
    assert chat.account.total_tokens > 0
    chat.budget = "1 yuan"
    with pytest.raises(OverBudget, match="The price of embedding-3 is not known"):
        chat.embed(["b"])
    assert len(server.calls) == 1


def test_without_numpy_it_says_so_before_it_sends(
    chat: Chat, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(InvalidRequest, match="numpy is not installed"):
        chat.embed(["a"])
    assert server.calls == []


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_an_interrupt_leaves_at_once_and_what_is_in_flight_lands(chat: Chat, server: PracticeServer) -> None:
    server.load.latency = lambda: 0.5
    main = threading.main_thread().ident or 0
    threading.Timer(0.25, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
    texts, began = [f"text {number}" for number in range(640)], time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        chat.embed(texts, dimensions=256, in_flight=2)
    assert time.monotonic() - began < 0.5
    until = time.monotonic() + 5
    while not chat.ledger.entries and time.monotonic() < until:
        time.sleep(0.01)
    sent = sum(map(len, asked(server)))
    server.load.latency = 0.0
    assert chat.embed(texts, dimensions=256).shape == (640, 256)
    assert sum(map(len, asked(server))) == 640
    assert 0 < sent < 640


def test_another_server_makes_vectors_of_its_own(other_server: OtherServer) -> None:
    data = [{"index": place, "embedding": [float(place)] * 3} for place in range(2)]
    other_server.enqueue(Says.json({"data": data, "usage": {"prompt_tokens": 4, "total_tokens": 4}}))
    with closing(Chat("local", base_url=other_server.base_url, api_key="none")) as chat:
        assert chat.embed(["a", "b"], model="nomic").tolist() == [[0.0] * 3, [1.0] * 3]
        assert other_server.requests[-1] == {"model": "nomic", "input": ["a", "b"]}
        assert chat.account.total_tokens == 4
        other_server.enqueue(Says.json({"detail": "Not Found"}, 404))
        with pytest.raises(ServiceError, match="does not have this: there is no /embeddings"):
            chat.embed(["c"], model="nomic")
        other_server.enqueue(Says.json({"data": [{"index": 0, "embedding": [0.5] * 4}]}))
        with pytest.raises(InvalidRequest, match="vectors of different dimensions: 3 and 4"):
            chat.embed(["a", "d"], model="nomic")
        assert chat.embed([], model="nomic").shape[0] == 0


def test_another_server_ranks_as_many_as_it_takes(other_server: OtherServer) -> None:
    ranked = [{"index": place, "relevance_score": place / 200} for place in range(200)]
    other_server.enqueue(Says.json({"results": ranked}))
    with closing(Chat("local", base_url=other_server.base_url, api_key="none")) as chat:
        assert [one.index for one in chat.rerank("a", list(map(str, range(200))), model="bge")][:2] == [199, 198]


@given(st.lists(st.text("ab ", min_size=1, max_size=400), max_size=80), st.integers(1, 5), st.integers(10, 200))
def test_batches_hold_all_texts_in_order_within_the_bounds(texts: list[str], most: int, tokens: int) -> None:
    model = EmbeddingModel("m", most_texts=most, most_tokens=tokens)
    batches = list(batches_of(texts, model))
    assert [text for batch in batches for text in batch] == texts
    assert all(0 < len(batch) <= most for batch in batches)
    assert all(len(batch) == 1 or sum(map(weight, batch)) <= tokens for batch in batches)
    assert all(len(batch) == 64 for batch in list(batches_of(texts, embedding_model("embedding-3")))[:-1])


@settings(max_examples=25)
@given(st.lists(st.sampled_from([f"text {number}" for number in range(150)]), min_size=1, max_size=200))
def test_duplicates_are_asked_once_and_the_order_stays(texts: list[str]) -> None:
    server, chat = _SHARED
    before = len(asked(server))
    found = chat.embed(texts, dimensions=256)
    for text, vector in zip(texts, found, strict=True):
        _SEEN.setdefault(text, vector)
        assert (_SEEN[text] == vector).all()
    sent = [text for batch in asked(server)[before:] for text in batch]
    assert len(sent) == len(set(sent))
    _ASKED.extend(sent)
    assert len(_ASKED) == len(set(_ASKED))


_SEEN: dict[str, Any] = {}
_ASKED: list[str] = []


@pytest.fixture(scope="module", autouse=True)
def shared() -> Iterator[None]:
    """A server and a chat for all examples of a test."""
    global _SHARED
    with PracticeServer(pace=0) as server:
        _SHARED = server, Chat("glm-4", base_url=server.base_url, api_key=server.api_key)
        yield
        _SHARED[1].close()


_SHARED: tuple[PracticeServer, Chat]


# Rankings


def test_documents_come_by_their_relevance(chat: Chat, server: PracticeServer) -> None:
    found = chat.rerank("black cat", ["a dog", "a black cat", "a cat"])
    assert [(one.index, one.document) for one in found] == [(1, "a black cat"), (2, "a cat"), (0, "a dog")]
    assert [score for _, score, _ in found] == [1.0, 0.5, 0.0]
    assert [one.index for one in chat.rerank("black cat", ["a dog", "a black cat", "a cat"], top_n=1)] == [1]
    assert chat.ledger.entries[0].prompt == "3 documents ranked"
    assert chat.account.total_tokens > 0


def test_a_ranking_has_as_many_documents_as_were_wanted(server: PracticeServer) -> None:
    notes: list[str] = []
    three = [{"index": place, "relevance_score": score} for place, score in ((2, 0.1), (0, 0.3), (1, 0.2))]
    with closing(Chat("glm-4", base_url=server.base_url, api_key=server.api_key, warn=notes.append)) as chat:
        server.disturb("POST /rerank", says({"results": three}))
        for _ in range(2):  # the second is what was kept
            assert [one.index for one in chat.rerank("a", ["a", "b", "c"], top_n=2)] == [0, 1]
        assert notes == []
        server.disturb("POST /rerank", says({"results": three[:1]}))
        assert [one.index for one in chat.rerank("fewer", ["a", "b", "c"])] == [2]
        chat.rerank("fewer", ["a", "b", "c"])
    assert notes == ["rerank has ranked 1 of 3 documents: the others have no place."] * 2


def test_a_ranking_is_kept_and_replayed(new_chat: Callable[..., Chat], server: PracticeServer) -> None:
    first = new_chat()
    before = first.rerank("a cat", ["a", "cat"])
    assert first.rerank("a cat", ["a", "cat"]) == before
    first.close()
    assert len(server.calls) == 1
    only = new_chat("only")
    assert only.rerank("a cat", ["a", "cat"]) == before
    assert only.account.total_tokens == first.account.total_tokens
    with pytest.raises(NotRecorded, match="This ranking is not in the vectors file"):
        only.rerank("a cat", ["cat", "a"])


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "[[0]]", "[[2, 1.0]]", "[[true, 1.0]]", '[[0, "x"]]', "[[0, 1e999]]", "[[0, 1], [0, 1]]"]
)
def test_a_kept_ranking_that_is_none_is_asked_for_anew(
    new_chat: Callable[..., Chat], journal: Path, server: PracticeServer, text: str
) -> None:
    chat = new_chat()
    before = chat.rerank("a cat", ["a", "cat"])
    chat.close()
    file = journal.with_name("a.vectors.jsonl")
    header, line = file.read_bytes().splitlines()
    changed = {**json.loads(line), "text": text}
    file.write_bytes(header + b"\n" + json.dumps(changed, separators=(",", ":")).encode() + b"\n")
    assert new_chat().rerank("a cat", ["a", "cat"]) == before
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("query", "documents", "how", "words"),
    [
        ("", ["a"], {}, "The query must be a text"),
        ("a", [], {}, "There are no documents to rank"),
        ("a", ["a"] * 129, {}, "There are 129 documents"),
        ("a", ["a", "b" * 4_097], {}, "Document 1 has 4,097 characters"),
        ("a" * 4_097, ["a"], {}, "The query has 4,097 characters"),
        ("a", "text", {}, "not a single text"),
        ("a", ["a"], {"top_n": 0}, "top_n must be a whole number"),
    ],
)
def test_what_cannot_be_ranked_is_told_before_it_is_sent(
    chat: Chat, server: PracticeServer, query: str, documents: Any, how: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words):
        chat.rerank(query, documents, **how)
    assert server.calls == []


@pytest.mark.parametrize(
    "results",
    [
        None,
        [],
        [{"index": 2, "relevance_score": 1}],
        [{"index": 0, "relevance_score": "x"}],
        [{"index": 0, "relevance_score": 1}] * 2,
        [{"relevance_score": 1}],
    ],
)
def test_odd_rankings_are_no_answer(chat: Chat, server: PracticeServer, results: Any) -> None:
    server.disturb("POST /rerank", says({"results": results}))
    with pytest.raises(ServiceError, match="not as a chat service does"):
        chat.rerank("a", ["a", "b"])


# Tokens


def test_tokens_are_those_of_what_ask_would_send(chat: Chat, server: PracticeServer) -> None:
    chat.system = "Be brief."
    server.enqueue(Answer("one two three"))
    chat.ask("first").read()
    counted = chat.count_tokens("second", model="glm-4.6")
    assert counted == server_counts(server, chat, "second")
    assert len(server.calls[-1].body["messages"]) == 4
    alone = chat.count_tokens("second", model="glm-4.6", once=True)
    assert alone < counted
    assert chat.count_tokens([{"role": "user", "content": "second"}], model="glm-4.6") == alone
    assert chat.account.requests == 2  # of chat: no count is among them
    assert chat.thread().size == 1


def server_counts(server: PracticeServer, chat: Chat, prompt: str) -> int:
    """The prompt's tokens as a reply counts them."""
    reply = chat.ask(prompt, model="glm-4.6")
    reply.read()
    chat.history.undo()
    usage = reply.completion.usage
    assert usage is not None
    return int(usage.prompt_tokens)


@pytest.mark.parametrize("nothing", ["", []])
def test_nothing_is_not_counted(chat: Chat, server: PracticeServer, nothing: Any) -> None:
    with pytest.raises(InvalidRequest):
        chat.count_tokens(nothing)
    assert server.calls == []


def test_a_count_is_kept_and_replayed(new_chat: Callable[..., Chat], server: PracticeServer) -> None:
    first = new_chat()
    counted = first.count_tokens("hello {{ name }}", model="glm-4.6", names={"name": "you"})
    assert first.count_tokens("hello you", model="glm-4.6") == counted
    first.close()
    assert len(server.calls) == 1
    only = new_chat("only")
    assert only.count_tokens("hello you", model="glm-4.6") == counted
    with pytest.raises(NotRecorded, match="This count of tokens is not in the vectors file"):
        only.count_tokens("hello", model="glm-4.6")


def test_a_model_for_which_the_service_does_not_count_is_told(chat: Chat, server: PracticeServer) -> None:
    server.disturb("POST /tokenizer", Fault.of("1211"))
    with pytest.raises(ServiceError, match=r"does not count tokens for glm-5\.3") as found:
        chat.count_tokens("hello", model="glm-5.3")
    assert "glm-4.6" in str(found.value)


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": -1}, {"total_tokens": "many"}])
def test_odd_counts_are_no_answer(chat: Chat, server: PracticeServer, usage: Mapping[str, Any] | None) -> None:
    server.disturb("POST /tokenizer", says({"usage": usage}))
    with pytest.raises(ServiceError, match="not as a chat service does"):
        chat.count_tokens("hello", model="glm-4.6")


def test_nothing_of_it_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, zhipu_magic; zhipu_magic.Chat; "
        "print([name for name in sys.modules if '.embedding' in name or '.drawing' in name or name == 'numpy'])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
