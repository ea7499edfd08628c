"""What a service sends, however odd: it costs itself at most, and the conversation goes on.

Each file in `bodies/` is an answer's body. It is played as a plain reply, as the chunks of a stream, and as an error.
"""

from __future__ import annotations

import gzip
import json
import math
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_process import Page
from story import JSON

from zhipu_magic import Chat
from zhipu_magic.history.events.changes import TemperatureEvent
from zhipu_magic.practice import DONE, STALL, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.service.client import build_completion
from zhipu_magic.service.decode import MOST_BYTES
from zhipu_magic.service.error_codes import service_error
from zhipu_magic.service.wire import Assembly
from zhipu_magic.text.errors import GLMError, InvalidRequest, ReplyBroken, ServiceError
from zhipu_magic.text.untrusted_json import LARGEST_INTEGER, MOST_LEVELS, loads

BODIES = sorted((Path(__file__).parent / "bodies").glob("*.json"))
ERRORS = [path for path in BODIES if path.stem.startswith("error")]
REPLIES = [path for path in BODIES if path not in ERRORS]
AT_ONCE = {**JSON, "Retry-After": "0"}


def names(paths: list[Path]) -> list[str]:
    return [path.stem for path in paths]


def as_event(body: bytes) -> bytes:
    """The body as a chunk of a stream: JSON may have line ends between its members, but an event's line may not."""
    return b"data: " + body.replace(b"\n", b"").replace(b'"message": {', b'"delta": {', 1) + b"\n\n"


def check_value(value: Any, levels: int = MOST_LEVELS + 8) -> None:
    """What nothing can fail on."""
    assert levels
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, int):
        assert abs(value) <= LARGEST_INTEGER
    elif isinstance(value, float):
        assert math.isfinite(value)
    elif isinstance(value, dict):
        for name, member in value.items():
            check_value(name)
            check_value(member, levels - 1)
    elif isinstance(value, list):
        for item in value:
            check_value(item, levels - 1)
    else:
        assert value is None


def check_completion(completion: Any) -> None:
    """The SDK's object works as of any other reply."""
    message = completion.choices[0].message
    assert isinstance(message.content, str) and isinstance(message.role, str)
    for call in message.tool_calls or ():
        assert all(isinstance(text, str) for text in (call.id, call.type, call.function.name, call.function.arguments))
    assert repr(completion) and str(completion)
    told = completion.model_dump()
    check_value(told)
    json.dumps(told, allow_nan=False)
    assert completion.model_dump_json()
    assert completion.model_copy().choices[0].message.content == message.content


def check_it_goes_on(page: Page, server: PracticeServer, tmp_path: Path) -> None:
    """All that comes after it works: the page's commands, the next cell, a resume and a replay."""
    server.enqueue(Answer("three"))
    cell = page.run("%%glm -b third\nthird")
    assert cell.success and cell.plain() == "three"
    for command in (
        "history",
        "history --full",
        "usage",
        "threads",
        "",
        *(f"export x.{form} --force" for form in ("md", "py", "ipynb")),
    ):
        assert page.run(f"%glm {command}").success, command
    assert page.run("%glm export x.json --force").success
    check_value(json.loads((tmp_path / "x.json").read_text(encoding="utf-8")))
    journal = page.magics.chat.history.journal.path
    assert journal is not None
    for line in journal.read_text(encoding="utf-8").splitlines():
        check_value(json.loads(line, parse_constant=lambda name: pytest.fail(name)))
    turns = [(turn.prompt, turn.reply) for turn in page.magics.chat.thread().turns]
    told: list[str] = []
    again = Chat.load(journal, warn=told.append)
    assert [(turn.prompt, turn.reply) for turn in again.thread().turns] == turns
    replayed = Chat(model="glm-4", journal=journal, replay="only", warn=told.append)
    for prompt, reply in turns:
        given = replayed.ask(prompt)
        assert given.text == reply
        check_completion(given.completion)
    assert told == []


class Answering:
    """A service that gives each request these very bytes, and hangs up."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v4"

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    request = b""
                    while not (request.endswith(b"}") or (request[:3] == b"GET" and request.endswith(b"\r\n\r\n"))):
                        request += connection.recv(65536)
                    connection.sendall(self._answer)


def service_of_models(answer: Any) -> Answering:
    body = json.dumps(answer).encode()
    return Answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))


@pytest.fixture
def talk(page: Page, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A conversation with a turn and a journal; after the test, it goes on."""
    monkeypatch.chdir(tmp_path)
    page.run("%config GLMMagics.journal = 'a.jsonl'")
    page.run("%config GLMMagics.model = 'glm-4'")
    server.enqueue(Answer("one"))
    assert page.run("%%glm\nfirst").success
    yield page
    check_it_goes_on(page, server, tmp_path)


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "plain"])
@pytest.mark.parametrize("path", REPLIES, ids=names(REPLIES))
def test_an_odd_reply_costs_itself_at_most(talk: Page, server: PracticeServer, path: Path, streamed: bool) -> None:
    body = path.read_bytes()
    server.enqueue(Raw((as_event(body), DONE)) if streamed else Raw((body,), headers=JSON))
    cell = talk.run("%%glm -b response\nsecond")
    assert cell.success or isinstance(cell.error, GLMError)
    assert "unexpected" not in str(cell.error)
    if cell.success:
        check_completion(talk.names["response"])
        assert talk.run("print(response)\nresponse").success
    if '"words"' in body.decode() and "10000" not in path.stem and "another_type" not in path.stem:
        assert cell.success == ("an_object" not in path.stem), cell.error


@pytest.mark.parametrize("status", [200, 400, 429, 500])
@pytest.mark.parametrize("path", ERRORS, ids=names(ERRORS))
def test_an_error_is_asked_again_by_its_code_whatever_stands_beside_it(
    talk: Page, server: PracticeServer, path: Path, status: int
) -> None:
    if status == 200 and "10000" in path.stem:
        pytest.skip("in a 200 that cannot be read there is no error to be seen")
    server.enqueue(Raw((path.read_bytes(),), status, AT_ONCE), Answer("two"))
    cell = talk.run("%%glm -b response\nsecond")
    assert cell.success, cell.error
    assert cell.plain() == "two"


@pytest.mark.parametrize("path", ERRORS, ids=names(ERRORS))
def test_an_error_in_a_stream_is_one_too(talk: Page, server: PracticeServer, path: Path) -> None:
    if "10000" in path.stem:
        pytest.skip("an event that cannot be read")
    server.enqueue(Raw((as_event(path.read_bytes()),)), Answer("two"))
    assert talk.run("%%glm\nsecond").success or "1302" in str(talk.run("%tb"))


@pytest.mark.parametrize("status", [400, 429, 500])
@pytest.mark.parametrize("path", REPLIES, ids=names(REPLIES))
def test_a_reply_as_an_error_is_told(
    server: PracticeServer, path: Path, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, max_retries=0)
    server.enqueue(Raw((path.read_bytes(),), status, JSON))
    with pytest.raises(ServiceError) as told:
        _ = chat.ask("first").text
    assert told.value.status == status
    assert len(str(told.value)) < 1_000 and all(letter.isprintable() or letter == "\n" for letter in str(told.value))
    assert "first" in chat.ask("first").text
    chat.close()


# Errors that no file holds


ODD_ERRORS: dict[str, tuple[bytes, dict[str, str]]] = {
    "not UTF-8": ('{"error": {"code": "1302", "message": "忙"}}'.encode("gbk"), {}),
    "a byte-order mark": (b'\xef\xbb\xbf{"error": {"code": "1302"}}', {}),
    "cut short": (b'{"error": {"code": "1302", "message": "bu', {}),
    "a gigabyte": (b'{"error": {"code": "1302", "message": "' + b"x" * 3_000_000, {}),
    "a name of a megabyte": (b'{"' + b"x" * 1_000_000 + b'": 1, "error": {"code": "1302"}}', {}),
    "line ends in its words": (b'{"error": {"code": "1302", "message": "a\nb"}}', {}),
    "compressed": (gzip.compress(b'{"error": {"code": "1302"}}'), {"Content-Encoding": "gzip"}),
    "badly compressed": (b'{"error": {"code": "1302"}}', {"Content-Encoding": "gzip"}),
    "compressed twice": (
        gzip.compress(gzip.compress(b'{"error": {"code": "1302"}}')),
        {"Content-Encoding": "gzip, gzip"},
    ),
}


@pytest.mark.parametrize("name", ODD_ERRORS)
def test_an_odd_error_of_a_busy_service_is_asked_again(chat: Chat, server: PracticeServer, name: str) -> None:
    body, headers = ODD_ERRORS[name]
    server.enqueue(Raw((body,), 429, {**AT_ONCE, **headers}), Answer("two"))
    assert chat.ask("second").text == "two"


def refused(headers: str, body: str = '{"error": {"code": "1113"}}', status: str = "429 Busy") -> ServiceError:
    """The error of a service that answers with these headers, which no proper server would send."""
    answer = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n\r\n{body}"
    with Answering(answer.encode("latin-1")) as address:
        chat = Chat(model="glm-4", base_url=address, api_key="a.key", max_retries=0)
        with pytest.raises(ServiceError) as told:
            _ = chat.ask("second").text
        chat.close()
    assert all(letter.isprintable() or letter == "\n" for letter in str(told.value))
    return told.value


@pytest.mark.parametrize(
    "value",
    ["nan", "inf", "-1", "1e999", "9" * 5_000, "x" * 5_000, "\x01", "Thu, 99 Xxx 0 0:0:0", "Mon, 1 Jan 99999999", ","],
)
def test_a_wait_that_is_none_is_told_or_taken(value: str) -> None:
    waits = refused(f"Retry-After: {value}").retry_after
    assert waits is None or waits >= 0


def test_odd_headers_are_shown_in_few_letters_that_do_nothing() -> None:
    told = refused("X-LOG-ID: 7\x1b]52;c;Zm9v\x07\x9b2J\xff" + "x" * 5_000)
    assert told.request_id is not None and told.request_id.startswith("7")
    assert len(told.request_id) <= 100 and told.request_id.isprintable()


def test_a_redirect_shows_where_it_points_and_nothing_more() -> None:
    place = "https://reader:hidden@example.org:8443/v4/\x1b[2J?token=hidden#hidden"
    told = refused(f"Location: {place}", "", "302 Found")
    assert "https://example.org:8443/v4/" in str(told)
    assert "hidden" not in str(told)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = st.dictionaries(
    st.sampled_from(["error", "code", "message", "msg", "detail", "id", "request_id"]), ANY, max_size=5
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(body=MEMBERS, error=MEMBERS | ANY, status=st.sampled_from([200, 302, 400, 401, 404, 429, 500]))
def test_whatever_an_error_holds_its_members_are_texts(body: dict[str, Any], error: Any, status: int) -> None:
    for parsed in ({**body, "error": error}, body):
        for given_as in (json.dumps(parsed), parsed):
            told = service_error(status, given_as)
            assert isinstance(told.code, str)
            assert told.request_id is None or isinstance(told.request_id, str)
            assert all(letter.isprintable() or letter == "\n" for letter in str(told))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(error=MEMBERS, beside=MEMBERS)
def test_a_busy_service_is_asked_again_whatever_else_it_says(error: dict[str, Any], beside: dict[str, Any]) -> None:
    body = json.dumps({**beside, "error": {**error, "code": "1302"}})
    assert service_error(400, body).retryable


# Size


def growing(text: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}}]}


def test_a_stream_without_end_is_ended_and_kept(talk: Page, server: PracticeServer) -> None:
    piece = sse({**growing("x"), "padding": "x" * 500_000})
    server.enqueue(Raw((*[piece] * 140, STALL)))
    cell = talk.run("%%glm -b response\nsecond")
    assert isinstance(cell.error, ReplyBroken)
    assert "more than 64 MB" in str(cell.error)
    assert set(talk.names["response"].choices[0].message.content) == {"x"}
    talk.run("%glm undo")  # a reply that was cut short is not given again


@pytest.mark.parametrize("headers", [JSON, None], ids=["plain", "event"])
def test_a_body_that_is_too_large_is_told(chat: Chat, server: PracticeServer, headers: dict[str, str] | None) -> None:
    body = b'{"choices": [{"message": {"content": "' + b"x" * MOST_BYTES + b'"}}]}'
    server.enqueue(Raw((body,), headers=headers) if headers else Raw((b"data: " + body + b"\n\n",)))
    with pytest.raises(ReplyBroken, match="more than 16 MB"):
        _ = chat.ask("second").text
    assert "first" in chat.ask("first").text


def test_a_few_bytes_that_become_many_are_not_read(chat: Chat, server: PracticeServer) -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1_000_000)
    bomb = b"".join(squeeze.compress(zeros) for _ in range(200)) + squeeze.flush()
    server.enqueue(Raw((bomb,), headers={**JSON, "Content-Encoding": "gzip"}))
    with pytest.raises(ReplyBroken, match="more than 16 MB"):
        _ = chat.ask("second").text
    server.enqueue(Raw((gzip.compress(bomb),), headers={**JSON, "Content-Encoding": "gzip, gzip"}))
    with pytest.raises(ServiceError, match="not as a chat service does"):
        _ = chat.ask("second").text
    server.enqueue(
        Raw((gzip.compress(sse(growing("words")) + DONE),), headers={"Content-Type": "text/event-stream"} | GZIP)
    )
    assert chat.ask("second").text == "words"


GZIP = {"Content-Encoding": "gzip"}


def test_a_call_in_very_many_pieces_is_put_together_in_time_that_grows_with_it() -> None:
    def seconds(count: int) -> float:
        pieces = [tool_call("f", "", id="a"), *[{"index": 0, "function": {"arguments": "x" * 5}}] * count]
        assembly, began = Assembly(), time.perf_counter()
        assembly.feed(chunk(tool_calls=pieces))
        assert len(assembly.body()["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]) == 5 * count
        return time.perf_counter() - began

    assert seconds(200_000) < 40 * seconds(20_000)


def test_so_many_calls_that_none_can_be_meant_are_not_kept() -> None:
    assembly = Assembly()
    for number in range(3):
        assembly.feed(chunk(tool_calls=[tool_call("f", "{}", id=f"{number} {call}") for call in range(2_000)]))
    assert len(assembly.body()["choices"][0]["message"]["tool_calls"]) <= 1_000


def test_members_that_nobody_knows_are_kept_up_to_a_number() -> None:
    assembly = Assembly()
    for start in range(0, 10_000, 100):
        odd = {f"m{number}": number for number in range(start, start + 100)}
        assembly.feed({"id": "7", **odd, "choices": [{"delta": {"content": "a", **odd}, **odd}]})
    body = assembly.body()
    assert body["m1"] == body["choices"][0]["m1"] == body["choices"][0]["message"]["m1"] == 1
    assert len(body) < 300 and len(body["choices"][0]) < 300 and len(body["choices"][0]["message"]) < 300
    check_completion(build_completion(body))


# Halves of characters, which JSON may split between two chunks


def escaped(event: Any) -> bytes:
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def test_characters_are_put_together_wherever_a_text_goes_on(chat: Chat, server: PracticeServer) -> None:
    high, low = "\ud83d", "\ude00"
    call = {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": "' + high}}
    steps = [
        {"choices": [{"delta": {"reasoning_content": "think" + high}}]},
        {"choices": [{"delta": {"reasoning_content": low + "ing"}}]},
        growing("a" + high),
        {"choices": [], "usage": None},
        growing(low + "b" + high),
        {"choices": [{"delta": {"content": [{"type": "text", "text": low}]}}]},
        {"choices": [{"delta": {"tool_calls": [call]}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": low + '"}'}}]}}]},
    ]
    server.enqueue(Raw((*map(escaped, steps), sse(chunk(finish_reason="stop")), DONE)))
    reply = chat.ask("second")
    assert (reply.text, reply.reasoning) == ("a😀b😀", "think😀ing")
    assert reply.completion.choices[0].message.tool_calls[0].function.arguments == '{"x": "😀"}'


def test_a_half_that_stays_alone_is_replaced_or_left_out(chat: Chat, server: PracticeServer) -> None:
    high, low = "\ud83d", "\ude00"
    for pieces, whole in (
        ((high, "b"), "\ufffdb"),
        (("a", low, "b"), "a\ufffdb"),
        ((high, high, low), "\ufffd😀"),
        (("a" + high,), "a"),
    ):
        server.enqueue(Raw((*(escaped(growing(piece)) for piece in pieces), DONE)))
        assert chat.ask("second", once=True).text == whole


# The list of models


def test_of_a_list_of_models_only_names_are_taken(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = [{"id": 7}, {"id": None}, {"id": ["a"]}, {"id": "a\x1b[2J"}, {"id": "x" * 1_000_000}, {}, 5, {"id": "glm-4"}]
    with service_of_models({"data": [*odd, *({"id": f"m{number}"} for number in range(5_000))]}) as address:
        chat.service.configure(base_url=address)
        found = chat.service.models()
        assert found[:2] == ["7", "glm-4"]
        assert len(found) <= 1_000
    for nothing in ({"data": []}, {"data": {"id": "a"}}, [], "a", {"error": {"code": "1302"}}, {"data": [{"id": []}]}):
        with service_of_models(nothing) as address:
            chat.service.configure(base_url=address)
            with pytest.raises(ServiceError):
                chat.service.models()


# The journal


def test_a_line_that_cannot_be_written_is_told_once_and_left_out(server: PracticeServer, tmp_path: Path) -> None:
    told: list[str] = []
    journal = tmp_path / "a.jsonl"
    chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, journal=journal, warn=told.append)
    for number in range(2):
        assert chat.ask(f"{number}").text
    with pytest.raises(InvalidRequest):  # what is known beforehand is refused
        chat.history.do("temperature", value=object())
    kept = chat.history.journal
    kept.add(TemperatureEvent(id=kept.next_id(), event="temperature", value=object()))
    chat.history.do("temperature", value=0.5)
    assert chat.ask("2").text
    chat.save(tmp_path / "b.jsonl")
    assert len(told) == 1 and "temperature cannot be written" in told[0]
    for file in (journal, tmp_path / "b.jsonl"):
        again = Chat.load(file, warn=told.append)
        assert [turn.prompt for turn in again.thread().turns] == ["0", "1", "2"]
        assert again.temperature == 0.5
    assert len(told) == 1
    chat.close()


def test_a_fault_costs_no_more_than_the_reply_that_it_is(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1210"))
    with pytest.raises(ServiceError):
        _ = chat.ask("second").text
    assert "third" in chat.ask("third").text


@pytest.mark.parametrize("text", ["[" * 1_000_001, '{"a": ' * 1_000_001, "[[]" + ",{}" * 1_000_001 + "]"])
def test_json_of_more_containers_than_anybody_sends_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="too many lists and objects"):
        loads(text)
