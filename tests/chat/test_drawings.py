"""Pictures that a model draws, in plain Python: asked for, fetched, kept, and given again from the journal."""

from __future__ import annotations

import base64
import io
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from other_server import OtherServer, Says

from zhipu_magic import Chat
from zhipu_magic.chat.drawing.drawing import Drawing
from zhipu_magic.practice import STALL, Drop, Fault, PracticeServer, Raw
from zhipu_magic.text.errors import ConnectionFailed, GLMError, InvalidRequest, NotRecorded, OverBudget, ServiceError

GENERATIONS = "POST /images/generations"
JSON = {"Content-Type": "application/json"}


def answer(**members: Any) -> Raw:
    return Raw((json.dumps({"created": 1, **members}).encode(),), headers=JSON)


def drawn_at(url: str) -> Raw:
    return answer(data=[{"url": url}])


def encoded(picture: PIL.Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


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


def test_a_drawing_is_an_image_its_bytes_and_the_sdks_answer(chat: Chat, server: PracticeServer) -> None:
    drawing = chat.draw("a cat", size="768x1344", model="cogview-4", quality="hd")
    assert (drawing.width, drawing.height, drawing.type, drawing.size) == (768, 1344, "image/png", "768x1344")
    assert drawing.image.size == (768, 1344)
    assert drawing.png == drawing.data
    assert drawing._repr_mimebundle_()["image/png"] == base64.b64encode(drawing.data).decode()
    assert drawing.response.data[0].url == drawing.url
    assert type(drawing.response).__name__ == "ImagesResponded"
    assert (drawing.model, drawing.cost, drawing.replayed) == ("cogview-4", None, False)
    (call,) = server.calls
    assert call.body == {"model": "cogview-4", "prompt": "a cat", "size": "768x1344", "quality": "hd"}
    assert chat.thread().size == 0


def test_it_counts_in_the_ledger_and_an_unknown_price_is_none(chat: Chat) -> None:
    chat.draw("a cat")
    chat.draw("a cat", model="cogview-4")
    free, billed = chat.ledger.entries
    assert (free.note, free.cost, billed.cost) == ("a drawing", 0.0, None)
    assert (chat.account.requests, chat.account.total_tokens, chat.account.unpriced) == (2, 0, 1)


def test_references_stand_for_values(chat: Chat, server: PracticeServer) -> None:
    chat.draw("a {{ animal }}", names={"animal": "cat"})
    assert server.calls[0].body["prompt"] == "a cat"
    with pytest.raises(InvalidRequest, match="from text alone"):
        chat.draw("like {{ one }}", names={"one": PIL.Image.new("RGB", (8, 8))})


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"size": "1000x1000"}, "cogview-3-flash draws no picture of 1000x1000: each side is a multiple of 16"),
        ({"size": "2048x2048"}, "at most 2,097,152 pixels"),
        ({"size": "large"}, "'large' is not the size of a picture"),
        ({"size": "512x512", "model": "glm-image"}, "a multiple of 32 from 1024 to 2048"),
        ({"quality": "best"}, "cogview-3-flash has no quality 'best'"),
        ({"quality": "standard", "model": "glm-image"}, "It has: hd"),
        ({"model": "glm-4"}, "glm-4 does not draw"),
    ],
)
def test_what_cannot_be_drawn_is_told_before_it_is_sent(
    chat: Chat, server: PracticeServer, how: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words) as found:
        chat.draw("a cat", **how)
    assert "Nothing was sent." in str(found.value)
    assert server.calls == []


def test_a_drawing_is_given_again_from_the_journal(
    new_chat: Callable[..., Chat], journal: Path, server: PracticeServer
) -> None:
    one = new_chat()
    first = one.draw("a cat")
    second = one.draw("a dog", size="1344x768")
    one.close()
    sent = len(server.calls)
    again = new_chat("only")
    assert [same(again.draw("a dog", size="1344x768")), same(again.draw("a cat"))] == [same(second), same(first)]
    assert again.account == one.account
    with pytest.raises(NotRecorded, match=r"This drawing is not in the journal a\.jsonl"):
        again.draw("a bird")
    with pytest.raises(NotRecorded, match="The journal has it once, and this is request number 2"):
        again.draw("a cat")
    auto = new_chat("auto")
    assert auto.draw("a cat").replayed
    assert not auto.draw("a cat", fresh=True).replayed
    assert len(server.calls) == sent + 1
    (file,) = [found for found in (journal.parent / "images").iterdir() if found.stem == first.sha256]
    assert file.read_bytes() == first.data


def same(drawing: Drawing) -> tuple[Any, ...]:
    return (drawing.data, drawing.type, drawing.size, drawing.seconds, drawing.cost, drawing.answer)


def test_equal_drawings_are_numbered_as_they_were_asked(new_chat: Callable[..., Chat], server: PracticeServer) -> None:
    red, blue = (encoded(PIL.Image.new("RGB", (512, 512), colour), "PNG") for colour in ("red", "blue"))
    chat = new_chat()
    for one in (red, blue):
        server.disturb(GENERATIONS, answer(data=[{"b64_json": base64.b64encode(one).decode()}]))
        assert chat.draw("a colour").data == one
    chat.close()
    again = new_chat("only")
    assert [again.draw("a colour").data for _ in range(2)] == [red, blue]


def test_a_picture_that_was_changed_on_the_disk_is_not_given(new_chat: Callable[..., Chat], journal: Path) -> None:
    chat = new_chat()
    drawing = chat.draw("a cat")
    chat.close()
    file = journal.parent / "images" / f"{drawing.sha256}.png"
    file.write_bytes(drawing.data + b"more")
    with pytest.raises(GLMError, match="cannot be read from the journal's folder"):
        new_chat("only").draw("a cat")
    file.unlink()
    with pytest.raises(GLMError, match="cannot be read from the journal's folder"):
        new_chat("only").draw("a cat")


def test_a_drawing_goes_along_where_its_journal_is_saved(new_chat: Callable[..., Chat], tmp_path: Path) -> None:
    chat = new_chat()
    chat.ask("hello").read()
    drawing = chat.draw("a cat")
    chat.save(tmp_path / "other" / "b.jsonl")
    assert (tmp_path / "other" / "images" / f"{drawing.sha256}.png").read_bytes() == drawing.data
    assert Chat(journal=tmp_path / "other" / "b.jsonl", replay="only").draw("a cat").data == drawing.data


def test_pictures_that_are_kept_on_the_disk_take_no_memory(new_chat: Callable[..., Chat], chat: Chat) -> None:
    kept = new_chat()
    for one in (kept, chat):
        one.draw("a cat", size="512x512")
    (image,), (in_memory,) = (list(one.history.state.event.images) for one in (kept, chat))  # type: ignore[union-attr]  # the last event is the drawing's
    assert (image.encoded, "data" in vars(image)) == (b"", False)
    assert in_memory.encoded


def test_webp_becomes_png_and_jpeg_stays(chat: Chat, server: PracticeServer) -> None:
    picture = PIL.Image.effect_noise((512, 512), 50).convert("RGB")
    for kind in ("WEBP", "JPEG"):
        data = encoded(picture, kind)
        server.disturb(GENERATIONS, answer(data=[{"b64_json": base64.b64encode(data).decode()}]))
        drawing = chat.draw("noise")
        assert drawing.type == ("image/png" if kind == "WEBP" else "image/jpeg")
        assert drawing.data == data or kind == "WEBP"
        assert PIL.Image.open(io.BytesIO(drawing.png)).format == "PNG"


@pytest.mark.parametrize("data", [b"<html>", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"RIFF    WEBPVP8 ", b""])
def test_what_is_no_picture_is_refused_and_counts(chat: Chat, server: PracticeServer, data: bytes) -> None:
    server.disturb(GENERATIONS, answer(data=[{"b64_json": base64.b64encode(data or b"x").decode()}]))
    with pytest.raises(ServiceError, match="no picture that can be shown"):
        chat.draw("a cat", model="cogview-4")
    assert chat.ledger.entries[-1].note == "a drawing that did not come"


def test_a_picture_cut_short_is_refused(chat: Chat, server: PracticeServer) -> None:
    whole = encoded(PIL.Image.effect_noise((512, 512), 50), "PNG")
    server.disturb(GENERATIONS, answer(data=[{"b64_json": base64.b64encode(whole[:-1000]).decode()}]))
    with pytest.raises(ServiceError, match="no picture that can be shown"):
        chat.draw("a cat")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/a.png", "it has no https://"),
        ("https://127.0.0.2/a.png", "it is in a private network"),
        ("https://localhost/a.png", "it is in a private network"),
        ("https://10.0.0.1/a.png", "it is in a private network"),
        ("https://[::ffff:10.0.0.1]/a.png", "it is in a private network"),
        ("https://169.254.169.254/latest", "it is in a private network"),
        ("https://user:word@example.com/a.png", "it is no address of the web"),
    ],
)
def test_addresses_that_lead_elsewhere_are_not_asked(chat: Chat, server: PracticeServer, url: str, why: str) -> None:
    server.disturb(GENERATIONS, drawn_at(url))
    with pytest.raises(ServiceError, match="The picture was drawn, but could not be fetched from") as found:
        chat.draw("a cat")
    assert why in str(found.value)
    assert chat.ledger.entries[-1].note == "a drawing that did not come"


def test_a_key_that_the_service_repeats_is_not_told(chat: Chat, server: PracticeServer) -> None:
    server.disturb(GENERATIONS, drawn_at(f"http://a.example/{server.api_key}"))
    with pytest.raises(ServiceError, match="it has no https://") as found:
        chat.draw("a cat")
    assert server.api_key not in f"{found.value} {found.value.facts} {chat.history.state.event!r}"
    assert server.api_key not in json.dumps(chat.history.state.event.to_json())  # type: ignore[union-attr]  # there is one


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "The service has drawn nothing"),
        ([{"url": "javascript:f()"}], "not as a chat service does"),
        ([{"b64_json": "!!!"}], "not as a chat service does"),
        ("x", "not as a chat service does"),
    ],
)
def test_odd_answers_are_errors(chat: Chat, server: PracticeServer, data: Any, words: str) -> None:
    server.disturb(GENERATIONS, answer(data=data, content_filter=[{"role": "user", "level": 0}]))
    with pytest.raises(ServiceError, match=words):
        chat.draw("a cat")


@pytest.mark.parametrize(
    "url",
    [
        f"https://{'a' * 300}.com/x.png",
        "https://xn--.example/x.png",
        "https://a..example/x.png",
        "https://\ud800.example/x.png",
        "https://example.invalid:0/\ud800",
        "https://\u202e.example/\x7f",
        "https://[v1.a]/x.png",
        "http://a.example/" + "x" * 3_900,
        "https://a.example/" + "x" * 5_000,
        "javascript:f()",
    ],
)
def test_whatever_the_address_is_what_may_be_billed_is_in_the_journal(
    new_chat: Callable[..., Chat], server: PracticeServer, journal: Path, url: str
) -> None:
    chat = new_chat()
    server.disturb(GENERATIONS, drawn_at(url))
    with pytest.raises(GLMError):
        chat.draw("a cat", model="cogview-4")
    assert [entry.note for entry in chat.ledger.entries] == ["a drawing that did not come"]
    chat.ask("hello").text  # noqa: B018  # read, so that there is a turn to go on from
    chat.close()
    with closing(Chat.load(journal)) as again:
        assert [entry.note for entry in again.ledger.entries][:1] == ["a drawing that did not come"]


def test_a_fault_of_ours_does_not_lose_what_may_be_billed(
    chat: Chat, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhipu_magic.values.images.drawn.drawn", lambda data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        chat.draw("a cat")
    assert [entry.note for entry in chat.ledger.entries] == ["a drawing that did not come"]


def test_refusals_are_told_and_not_counted(chat: Chat, server: PracticeServer) -> None:
    for code, words in (("1301", "unsafe content"), ("1113", "balance"), ("1211", "no such model")):
        server.disturb(GENERATIONS, Fault.of(code))
        with pytest.raises(ServiceError, match=words):
            chat.draw("a cat")
    assert chat.ledger.entries == ()


def test_a_busy_service_is_asked_again_and_a_lost_connection_is_not(chat: Chat, server: PracticeServer) -> None:
    server.disturb(GENERATIONS, Fault(429, "1305", headers={"Retry-After": "0"}))
    chat.draw("a cat")
    server.disturb(GENERATIONS, Drop())
    with pytest.raises(ConnectionFailed):
        chat.draw("a cat")
    assert len(server.calls) == 1  # those that were disturbed are not among them
    assert [entry.note for entry in chat.ledger.entries] == ["a drawing", "a drawing that did not come"]


def test_another_server_without_the_endpoint_says_so(other_server: OtherServer) -> None:
    other_server.enqueue(Says.json({"detail": "Not Found"}, 404))
    chat = Chat("local", base_url=other_server.base_url, api_key="none")
    with closing(chat), pytest.raises(ServiceError, match="does not have this: there is no /images/generations"):
        chat.draw("a cat", model="some-model", size="64x64")


def test_a_budget_in_yuan_refuses_what_has_no_price(chat: Chat, server: PracticeServer) -> None:
    chat.budget = "1 yuan"
    with pytest.raises(OverBudget, match="The price of cogview-4 is not known"):
        chat.draw("a cat", model="cogview-4")
    assert server.calls == []
    assert chat.draw("a cat").cost == 0.0


def test_a_budget_in_tokens_says_that_it_counts_no_pictures(server: PracticeServer) -> None:
    notes: list[str] = []
    with closing(Chat("glm-4", base_url=server.base_url, api_key=server.api_key, warn=notes.append)) as chat:
        chat.budget = "1000 tokens"
        chat.draw("a cat", model="cogview-4")
    assert notes == ["The budget counts tokens, and a drawing takes none of it."]


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_an_interrupt_leaves_at_once_and_what_may_be_billed_counts(chat: Chat, server: PracticeServer) -> None:
    server.disturb(GENERATIONS, Raw((STALL,)))
    main = threading.main_thread().ident or 0
    timer = threading.Timer(0.3, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        chat.draw("a cat", model="cogview-4")
    assert time.monotonic() - began < 1.5
    until = time.monotonic() + 5
    while not chat.ledger.entries and time.monotonic() < until:
        time.sleep(0.01)
    assert [entry.note for entry in chat.ledger.entries] == ["a drawing that did not come"]
    assert chat.interrupt() == []


def test_a_tool_cannot_draw_with_the_chat_that_calls_it(chat: Chat) -> None:
    from zhipu_magic.chat.replies.in_tool import in_tool

    class Asked:
        ended = None

    with in_tool(chat._scheduler, Asked()), pytest.raises(InvalidRequest, match="A tool cannot use the chat"):
        chat.draw("a cat")


def test_practice_says_so_in_python_too() -> None:
    with PracticeServer(pace=0) as server, closing(Chat(base_url=server.base_url, api_key=server.api_key)) as chat:
        drawing = chat.draw("x", model="cogview-4")
        assert (drawing.practice, drawing.cost) == (True, None)
        chat.ask("x").read()
        assert chat.ledger.latest is not None and chat.ledger.latest.practice


def test_an_answer_that_is_an_error_or_never_ends_draws_nothing(
    chat: Chat, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.disturb(GENERATIONS, answer(error={"code": "1301", "message": "no"}, data=[{"url": "https://x.org/a"}]))
    with pytest.raises(ServiceError, match="no"):
        chat.draw("a cat")
    monkeypatch.setattr("zhipu_magic.service.decode.MOST_BYTES", 100)
    server.disturb(GENERATIONS, answer(data=[{"url": "x" * 500}]))
    with pytest.raises(GLMError, match="the service sent more than"):
        chat.draw("a cat")
