"""Documents of a chat: who reads them, what is told of that, and what a replay needs of it: nothing."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from made_documents import pdf, workbook
from other_server import OtherServer
from PIL import Image

from zhipu_magic import Chat, Reply
from zhipu_magic.practice import Drop, Fault, PracticeServer, Raw
from zhipu_magic.text.errors import (
    GLMError,
    InvalidRequest,
    JournalError,
    NotRecorded,
    OverBudget,
    ServiceError,
    SettingsError,
)
from zhipu_magic.values.documents import local

URL = "https://example.com/tea"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("report.pdf").write_bytes(pdf("one", "two", "three"))
    Path("scan.pdf").write_bytes(pdf("", ""))
    Path("prices.xlsx").write_bytes(workbook({"Q1": [["tea", 12]], "Q2": [["tea", 14]]}))


class Talk:
    """A chat with a journal, and the notes that it has given."""

    def __init__(self, server: PracticeServer | None, **settings: Any) -> None:
        self.notes: list[str] = []
        asked = {"api_key": server.api_key, "base_url": server.base_url} if server else {}
        self.chat = Chat("glm-4.7-flash", warn=self.notes.append, **asked, **settings)

    def prompt(self, text: str, **more: Any) -> str:
        """What is sent for this text."""
        reply = self.chat.ask(text, **more)
        assert reply.text
        return reply.request.prompt


@pytest.fixture
def talk(server: PracticeServer) -> Iterator[Callable[..., Talk]]:
    begun: list[Talk] = []

    def begin(*, live: bool = True, **settings: Any) -> Talk:
        begun.append(Talk(server if live else None, journal="talk.jsonl", **settings))
        return begun[-1]

    yield begin
    for each in begun:
        each.chat.close()


def readings() -> list[dict[str, Any]]:
    lines = map(json.loads, Path("talk.jsonl").read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line["event"] == "read"]


def no_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_spec", lambda name: None)


def asked(talk: Talk) -> list[str]:
    """The prompts of a conversation with documents of all kinds."""
    names = {"report": Path("report.pdf")}
    return [
        talk.prompt("What is in {{ report | pages 2-3 }}?", names=names),
        talk.prompt("看看", files=["prices.xlsx | sheets Q2 | 300"]),
        talk.prompt('Read {{ Path("scan.pdf") }}.', names={}),
        talk.prompt('Again {{ Path("scan.pdf") }}.', names={}),
        talk.prompt("And this?", files=[URL]),
        talk.prompt("And now?", files=[URL]),
    ]


def test_documents_are_replayed_without_files_libraries_and_network(
    talk: Callable[..., Talk], server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = talk()
    prompts = asked(recorded)
    assert "report.pdf, pages 2–3 of 3" in prompts[0] and "## Page 2\n\ntwo" in prompts[0]
    assert "one" not in re.sub("[a-z]one|one ", "", prompts[0])
    assert "prices.xlsx，工作表 Q2，共 2 个\n围栏之间" in prompts[1]
    assert "A PDF of" in prompts[2] and prompts[3] == prompts[2].replace("Read", "Again")
    assert f"{URL}\nWhat stands between" in prompts[4]
    kinds = [call.kind for call in server.calls]
    assert kinds == ["POST /layout_parsing", "POST /reader", "POST /reader"]  # a file once, an address each time
    assert [line["reader"] for line in readings()] == ["local", "local", "ocr", "reader", "reader"]
    recorded.chat.close()

    for file in ("report.pdf", "prices.xlsx", "scan.pdf"):
        os.remove(file)
    no_libraries(monkeypatch)
    replayed = talk(live=False, replay="only")
    assert asked(replayed) == prompts
    assert replayed.notes == recorded.notes
    assert [re.sub("127.0.0.1", "HOST", note).split(";")[0] for note in recorded.notes] == [
        "scan.pdf was uploaded to HOST to be read",
        f"{URL} was read by HOST",
        f"{URL} was read by HOST",
    ]


def test_what_was_read_is_kept_once_by_its_hash(talk: Callable[..., Talk]) -> None:
    one = talk()
    one.prompt("{{ a }} {{ b }}", names={"a": Path("report.pdf"), "b": Path("report.pdf").read_bytes()})
    one.prompt("{{ c }}", names={"c": Path("report.pdf")})
    [line] = readings()
    kept = Path("documents") / f"{line['text']}.md"
    assert [*Path("documents").iterdir()] == [kept]
    assert kept.read_text(encoding="utf-8").startswith("## Page 1\n\none")
    assert (line["source"], line["name"], line["total"]) == ("a", "report.pdf", 3)
    one.chat.save("saved/copy.jsonl")
    assert (Path("saved/documents") / kept.name).read_bytes() == kept.read_bytes()
    one.chat.history.records.move(Path("elsewhere/talk.jsonl"))
    assert (Path("elsewhere/documents") / kept.name).read_bytes() == kept.read_bytes()
    other = talk(live=False, replay="only")
    other.chat.history.resume("saved/copy.jsonl", copy=True)


def test_a_text_that_is_not_the_one_recorded_is_not_used(talk: Callable[..., Talk]) -> None:
    one = talk()
    one.prompt("{{ a }}", names={"a": Path("report.pdf")})
    one.chat.close()
    [kept] = Path("documents").iterdir()
    kept.write_text("Obey.", encoding="utf-8")
    with pytest.raises(JournalError, match=r"What was read of report\.pdf is not in the journal's folder"):
        talk(live=False, replay="only").prompt("{{ a }}", names={"a": Path("report.pdf")})
    again = talk(replay="auto")
    assert "## Page 1" in again.prompt("{{ a }}", names={"a": Path("report.pdf")})  # it is read anew
    assert kept.read_text(encoding="utf-8").startswith("## Page 1")


def test_auto_takes_the_recorded_reading_and_fresh_reads_anew(
    talk: Callable[..., Talk], server: PracticeServer
) -> None:
    talk().prompt("x", files=[URL])
    again = talk(replay="auto")
    again.prompt("x", files=[URL])
    assert len(server.calls) == 1 and again.notes == []
    again.prompt("x", files=[URL], fresh=True)
    assert len(server.calls) == 2


def test_the_service_is_not_paid_twice_for_the_same_bytes(talk: Callable[..., Talk], server: PracticeServer) -> None:
    first = talk().prompt('{{ Path("scan.pdf") }}', names={})
    later = talk()  # another kernel, with replay off
    Path("scan.pdf").rename("renamed.pdf")
    assert later.prompt('{{ Path("renamed.pdf") }}', names={}) == first.replace("scan.pdf", "renamed.pdf")
    assert len(server.calls) == 1 and later.notes == []
    later.prompt('{{ Path("renamed.pdf") }}', names={}, fresh=True)
    assert len(server.calls) == 2
    assert [line.get("of") is not None for line in readings()] == [False, True, False]


def test_who_reads_is_the_users_choice(
    talk: Callable[..., Talk], server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = talk()
    one.chat.documents = "service"
    text = one.prompt("x", files=["report.pdf"])
    assert "A PDF file of" in text and server.calls[-1].body == {"tool_type": "prime-sync", "file_type": "PDF"}
    assert "pages 2 to 3" in one.prompt("x", files=["report.pdf | pages 2-3"])
    with pytest.raises(InvalidRequest, match="no pages of it can be chosen"):
        one.prompt("x", files=["prices.xlsx | sheets Q1"])
    one.chat.documents = "local"
    sent = len(server.calls)
    assert "## Page 1" in one.prompt("x", files=["report.pdf"])  # not what the service had read
    for file, says in (("scan.pdf", "has no text"), (URL, "on this machine alone")):
        with pytest.raises(InvalidRequest, match=says):
            one.prompt("x", files=[file])
    no_libraries(monkeypatch)
    with pytest.raises(InvalidRequest, match="Nothing that is installed here"):
        one.prompt("x", files=["prices.xlsx"])
    assert len(server.calls) == sent
    one.chat.documents = "auto"
    assert "A XLSX file of" in one.prompt("x", files=["prices.xlsx"])
    with pytest.raises(SettingsError, match="auto, local or service"):
        one.chat.documents = "cloud"  # type: ignore[assignment]  # what a user may write


def test_nothing_is_uploaded_to_another_server(other_server: OtherServer) -> None:
    chat = Chat("qwen3", base_url=other_server.base_url, api_key="none")
    with pytest.raises(InvalidRequest, match="this service reads none"):
        chat.ask("x", files=["scan.pdf"])
    with pytest.raises(InvalidRequest, match="only ZhiPu AI's own does"):
        chat.ask("x", files=[URL])
    chat.close()


def test_a_preview_uploads_nothing_and_says_so(talk: Callable[..., Talk], server: PracticeServer) -> None:
    one = talk()
    text = one.chat.request("x", files=["scan.pdf", URL, "report.pdf"]).prompt
    assert "[It would be uploaded to the service to be read.]" in text
    assert "[It would be read by the service.]" in text
    assert "## Page 1" in text
    assert server.calls == [] and one.notes == []
    one.prompt("x", files=["scan.pdf"])
    assert "A PDF of" in one.chat.request("x", files=["scan.pdf"]).prompt  # it is known now
    one.chat.close()
    for file in ("scan.pdf", "report.pdf"):
        os.remove(file)
    replayed = talk(live=False, replay="only")
    assert replayed.chat.request("x", files=["scan.pdf", URL, "report.pdf"]).prompt == text


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (Fault.of("1113"), ServiceError, "1113"),
        (Fault(404, "404"), ServiceError, None),
        (Raw((b'{"md_results": 7}',), headers={"Content-Type": "application/json"}), ServiceError, None),
        (Raw((b'{"md_results": " "}',), headers={"Content-Type": "application/json"}), InvalidRequest, "found no text"),
    ],
)
def test_what_the_service_cannot_read_fails_before_anything_is_asked(
    talk: Callable[..., Talk], server: PracticeServer, answer: Any, kind: type[Exception], says: str | None
) -> None:
    server.disturb("POST /layout_parsing", answer)
    with pytest.raises(kind, match=says):
        talk().prompt("x", files=["scan.pdf"])
    assert server.requests == []


@pytest.mark.parametrize(
    ("file", "says", "hint"),
    [
        ("https://example.com/a.pdf | pages 2", "no pages of what is at an address can be chosen", "give the file"),
        ("prices.xlsx | pages Q1", "no pages of it can be chosen", "has it read on this machine"),
        ("letter.doc | pages 2", "no pages of it can be chosen", "Leave the pages out."),
        ("report.pdf | pages 1,3,5,7,9,11,13,15,17,19,21", "11 ranges are too many", "Name at most 10."),
    ],
)
def test_pages_that_the_service_cannot_choose_are_refused_before_anything_goes_out(
    talk: Callable[..., Talk], server: PracticeServer, file: str, says: str, hint: str
) -> None:
    Path("letter.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more")
    one = talk()
    one.chat.documents = "service"
    with pytest.raises(InvalidRequest, match=says) as raised:
        one.prompt("x", files=[file])
    assert hint in str(raised.value)
    assert (server.calls, server.requests) == ([], [])


def test_what_is_uploaded_for_several_models_is_read_once(talk: Callable[..., Talk], server: PracticeServer) -> None:
    replies = talk().chat.compare("x", ["glm-4.7-flash", "glm-4.6"], files=["scan.pdf"], once=True)
    assert all(reply.text for reply in replies.values())
    assert (len(server.calls), len(server.requests)) == (1, 2)


def test_it_is_read_though_one_of_the_models_cannot_be_asked(talk: Callable[..., Talk], server: PracticeServer) -> None:
    Image.new("RGB", (8, 8)).save("a.png")
    both = ["glm-4.7-flash", "glm-4.6v-flash"]
    replies = talk().chat.compare("x", both, files=["scan.pdf"], images=[Path("a.png")])
    with pytest.raises(InvalidRequest, match="cannot see"):
        replies["glm-4.7-flash"].read()
    assert replies["glm-4.6v-flash"].text
    assert (len(server.calls), len(server.requests)) == (1, 1)


def test_the_tokens_that_the_service_counts_are_spent(talk: Callable[..., Talk]) -> None:
    one = talk()
    one.prompt("x", files=["scan.pdf"])
    [entry, _] = one.chat.ledger.entries
    assert (entry.model, entry.prompt, entry.cost) == ("glm-ocr", "scan.pdf", None)
    account = one.chat.account
    assert entry.usage is not None and account.total_tokens > entry.usage.total_tokens > 100
    one.chat.close()
    replayed = talk(live=False, replay="only")
    replayed.prompt("x", files=["scan.pdf"])
    assert replayed.chat.account == account


def test_old_formats_are_read_by_the_service_alone(talk: Callable[..., Talk], server: PracticeServer) -> None:
    Path("letter.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more")
    assert "A DOC file of 17 bytes" in talk().prompt("x", files=["letter.doc"])
    server.disturb(
        "POST /files/parser/sync",
        Raw((b'{"status": "failed", "message": "no"}',), headers={"Content-Type": "application/json"}),
    )
    with pytest.raises(ServiceError, match=r"The service could not read letter\.doc"):
        talk().prompt("x", files=["letter.doc"], fresh=True)


def test_a_replay_says_what_was_not_read(talk: Callable[..., Talk]) -> None:
    talk().prompt("x")
    replayed = talk(live=False, replay="only")
    with pytest.raises(NotRecorded, match="was not read when the page was recorded"):
        replayed.prompt("x", files=[URL])
    with pytest.raises(InvalidRequest, match=r"There is no file gone\.pdf"):
        replayed.prompt("x", files=["gone.pdf"])


def test_documents_and_videos_go_by_address_to_models_that_take_them(server: PracticeServer) -> None:
    notes: list[str] = []
    chat = Chat("glm-4.6v", api_key=server.api_key, base_url=server.base_url, journal="seen.jsonl", warn=notes.append)
    assert chat.ask("x", files=["https://example.com/a.pdf", "https://example.com/b.xlsx"]).text
    assert [part["type"] for part in server.requests[-1].body["messages"][-1]["content"]] == [
        *("file_url", "file_url", "text")
    ]
    assert server.calls == []
    assert notes[0] == "https://example.com/a.pdf was given to the model by its address, which the service fetches."
    with pytest.raises(InvalidRequest, match="does not take what would go to it by address: file, video"):
        chat.ask("x", files=["https://example.com/b.pdf", "https://example.com/film.mp4"])
    assert chat.ask("x", files=["https://example.com/film.mp4"], once=True).text
    # Beside an image, its text is read.
    assert "This page is" in chat.ask("x", files=["https://example.com/a.png", URL + ".pdf"], once=True).request.prompt
    with pytest.raises(InvalidRequest, match=r"glm-4\.7-flash does not take videos"):
        chat.ask("x", files=["https://example.com/film.mp4"], model="glm-4.7-flash")
    chat.documents = "service"
    assert "This page is" in chat.ask("x", files=["https://example.com/a.pdf"], once=True).request.prompt
    chat.close()
    loaded = Chat.load("seen.jsonl")
    [image, other] = loaded.thread().turns[0].images
    assert (image.part, image.url, other.part) == ("file_url", "https://example.com/a.pdf", "file_url")


def test_a_thread_goes_on_after_a_document_by_address(server: PracticeServer) -> None:
    chat = Chat("glm-4.6v", api_key=server.api_key, base_url=server.base_url, journal="seen.jsonl", warn=[].append)

    def parts() -> list[str]:
        messages = server.requests[-1].body["messages"]
        return [part["type"] for one in messages if isinstance(one["content"], list) for part in one["content"]]

    def goes_on(chat: Chat) -> list[Reply]:
        replies = [chat.ask("read", files=["https://example.com/a.pdf"])]
        for ask, file in (("look", "a.png"), ("watch", "film.mp4"), ("what was it?", "")):
            replies.append(chat.ask(ask, files=[f"https://example.com/{file}"] if file else []))
            assert replies[-1].text
        return replies

    replies = goes_on(chat)
    assert parts() == ["image_url", "text", "video_url", "text"]
    assert [reply.request.unseen for reply in replies] == [0, 1, 1, 1]
    assert [reply.progress.first_unseen for reply in replies] == [0, 1, 0, 0]
    asked = len(server.requests)
    chat.close()
    again = Chat("glm-4.6v", journal="seen.jsonl", replay="only", warn=[].append)
    assert [one.text for one in goes_on(again)] == [one.text for one in replies]
    assert len(server.requests) == asked


def test_no_key_goes_into_an_address_or_a_file(talk: Callable[..., Talk], server: PracticeServer) -> None:
    one = talk()
    with pytest.raises(InvalidRequest, match="has your API key in it"):
        one.prompt("x", files=[f"https://example.com/?key={server.api_key}"])
    Path("key.pdf").write_bytes(pdf(f"key {server.api_key}"))
    assert server.api_key not in one.prompt("x", files=["key.pdf"])
    one.chat.close()
    everything = [path.read_bytes() for path in Path().rglob("*") if path.is_file() and path.suffix != ".pdf"]
    assert not [data for data in everything if server.api_key.encode() in data]


def test_a_document_is_shared_by_the_rows_of_a_table(talk: Callable[..., Talk], server: PracticeServer) -> None:
    one = talk()
    mapped = one.chat.map('By {{ Path("scan.pdf") }}: {{ tea }}', [{"tea": "green"}, {"tea": "black"}])
    assert len(list(mapped)) == 2
    assert [call.kind for call in server.calls] == ["POST /layout_parsing"]
    own = one.chat.map("Read {{ file }}", [{"file": Path("report.pdf")}])
    assert "## Page 3" in server.requests[-1].body["messages"][-1]["content"] or len(list(own)) == 1
    with pytest.raises(InvalidRequest, match="a row's own document is read as a whole"):
        one.chat.map("Read {{ file | pages 2 }}", [{"file": Path("report.pdf")}])


def test_all_that_is_wrong_is_told_at_once(talk: Callable[..., Talk]) -> None:
    with pytest.raises(InvalidRequest) as raised:
        talk().prompt(
            '{{ Path("a.pdf") }}\n{{ report | pages 9 }}', names={"report": Path("report.pdf")}, files=["b.pdf"]
        )
    said = str(raised.value)
    assert "Line 1 of the prompt: {{ Path(" in said and "Line 2 of the prompt:" in said
    assert "There is no file b.pdf" in said and "has no page 9" in said


SCAN = 'Read {{ Path("scan.pdf") }}.'
TOKENS, YUAN = "1 tokens", "5 yuan"


@pytest.mark.parametrize(
    ("text", "more", "budget", "reason"),
    [
        (SCAN + " {{ nosuch }}", {}, None, "reference.undefined"),
        (SCAN, {"files": ["scan.pdf", "missing.pdf"]}, None, "file.missing"),
        (SCAN, {"images": ["https://x.com/a.png"]}, None, "model.no_vision"),
        (SCAN, {"effort": "max"}, None, "effort.none"),
        (SCAN, {"tool_choice": "f"}, None, "tool_choice.no_tools"),
        (SCAN, {}, TOKENS, "budget.exceeded"),
        (SCAN, {"model": "glm-4.6"}, YUAN, "budget.unknown_price"),
        ("{{ a }}", {"files": [URL]}, TOKENS, "budget.exceeded"),
    ],
)
def test_nothing_is_uploaded_for_what_cannot_go_out(
    talk: Callable[..., Talk], server: PracticeServer, text: str, more: dict[str, Any], budget: str | None, reason: str
) -> None:
    chat, notes = (it := talk()).chat, it.notes
    chat.budget = budget
    with pytest.raises(GLMError) as raised:
        chat.ask(text, names={"a": 1}, **more)
    assert raised.value.reason == reason
    assert (server.calls, server.requests, notes) == ([], [], [])


@pytest.mark.parametrize("kind", ["map", "compare", "draw"])
def test_nothing_is_uploaded_for_rows_models_or_drawings_that_cannot_go_out(
    talk: Callable[..., Talk], server: PracticeServer, kind: str
) -> None:
    chat = talk().chat
    with pytest.raises(GLMError, match=r"effort|price"):
        if kind == "map":
            chat.map(SCAN + " {{ a }}", [{"a": 1}], effort="max")
        elif kind == "compare":
            chat.compare(SCAN, ["glm-4.7-flash", "glm-4.6"], names={}, effort="max")
        else:
            chat.budget = YUAN
            chat.draw(SCAN, names={}, model="glm-image")
    assert server.calls == []


def test_what_is_read_here_and_recorded_happens_once(talk: Callable[..., Talk], server: PracticeServer) -> None:
    talk().prompt("{{ report }} and the rest", names={"report": Path("report.pdf")}, files=["scan.pdf", URL])
    assert [one["source"] for one in readings()] == ["report", "scan.pdf", URL]
    assert len(server.calls) == 2
    talk(replay="auto").prompt("{{ report }} otherwise", names={"report": Path("report.pdf")}, files=["scan.pdf", URL])
    assert len(server.calls) == 2


def test_an_error_says_what_was_uploaded(talk: Callable[..., Talk], server: PracticeServer) -> None:
    it = talk()
    server.disturb("POST /layout_parsing", Raw((b'{"md_results": "%s"}' % (b"word " * 4_000),), headers=JSON))
    it.chat.budget = "2000 tokens"
    with pytest.raises(OverBudget) as raised:
        it.chat.ask(SCAN, names={})
    uploaded = "scan.pdf was uploaded to 127.0.0.1 to be read; what that costs is billed separately."
    assert f"{uploaded} Nothing more was sent." in str(raised.value)
    assert "Nothing was sent" not in str(raised.value)
    assert it.notes == [uploaded]
    assert server.requests == []


@pytest.mark.parametrize("fault", [Drop(), Raw((b'{"md_results": "", "usage": {}}',), headers=JSON)])
def test_an_upload_that_brings_nothing_is_told(talk: Callable[..., Talk], server: PracticeServer, fault: Any) -> None:
    it = talk()
    server.disturb("POST /layout_parsing", fault)
    with pytest.raises(GLMError) as raised:
        it.chat.ask(SCAN, names={})
    assert "scan.pdf was uploaded to 127.0.0.1" in str(raised.value)
    assert len(it.notes) == 1


def test_a_preview_of_rows_uploads_nothing(talk: Callable[..., Talk], server: PracticeServer) -> None:
    found = talk().chat.map_preview(SCAN + " {{ a }}", [{"a": 1}])
    assert "It would be uploaded" in str(found.first)
    assert server.calls == []
