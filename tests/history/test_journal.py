"""The journal: all that happened, a line an event, whatever happens to the file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from journals import events_of, latest

from zhipu_magic import Chat
from zhipu_magic.chat.replies.recording import Recording
from zhipu_magic.history.budget import Budget
from zhipu_magic.history.events.changes import SwitchEvent
from zhipu_magic.history.events.event import State
from zhipu_magic.history.journal.file import torn_file
from zhipu_magic.history.journal.journal import Journal
from zhipu_magic.history.journal.reader import read
from zhipu_magic.history.journal.sessions import rebuilt
from zhipu_magic.history.turn import Anchor
from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.text.errors import JournalError

NewChat = Callable[..., Chat]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".glm" / "page.jsonl"


@pytest.fixture
def new_chat(server: PracticeServer) -> Iterator[NewChat]:
    """Begins a chat as another kernel would."""
    chats: list[Chat] = []

    def begin(**more: Any) -> Chat:
        chats.append(Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, **more))
        return chats[-1]

    yield begin
    for chat in chats:
        chat.close()


def ask(chat: Chat, *prompts: str, **options: Any) -> None:
    for prompt in prompts:
        assert chat.ask(prompt, **options).text


def prompts(chat: Chat, thread: str | None = None) -> list[str]:
    return [turn.prompt for turn in chat.thread(thread).turns]


def events(path: Path) -> list[dict[str, Any]]:
    """Every line of the file, each of which must be whole."""
    return [json.loads(line) for line in path.read_bytes().decode().splitlines()]


def view(state: State) -> dict[str, Any]:
    """All that is kept, as plain values."""
    threads = {
        name: {
            "system": thread.system,
            "model": thread.model,
            "links": [(link.turn, link.number, link.tokens, link.aside > 0, link.stale) for link in thread.links],
            "undone": [turn.prompt for turn in thread.undo().turns],
            "redone": [turn.prompt for turn in thread.redo().turns],
        }
        for name, thread in state.conversation.threads.items()
    }
    entries = [*state.ledger.entries, state.ledger.spent, state.ledger.replayed]
    return {"threads": threads, "here": state.conversation.current, "ledger": entries, "budget": state.budget}


@pytest.fixture
def eventful(new_chat: NewChat, server: PracticeServer, path: Path) -> Chat:
    """A chat to which nearly everything has happened."""
    chat = new_chat(journal=path, system="Be brief.")
    ask(chat, "one", "two", "three", temperature=0.2)
    ask(chat, "in a cell", anchor=Anchor("A", 1))
    ask(chat, "in a cell, again", anchor=Anchor("A", 2))
    chat.history.set_aside(["A"])
    chat.history.fork("idea", at=2)
    chat.system, chat.model, chat.temperature = "Be wild.", "glm-4-plus", 0.9
    ask(chat, "elsewhere", max_tokens=1000)
    ask(chat, "by the way", once=True)
    assert chat.ask_again().text
    server.enqueue(Answer("Well, ", finish_reason="length"))
    ask(chat, "tell me all")
    assert chat.go_on().text
    chat.history.undo(2)
    chat.history.redo()
    chat.budget = Budget(50_000, "tokens")
    return chat


# What it says


def test_what_is_read_is_what_was_written(eventful: Chat, path: Path) -> None:
    lines = read(path)
    assert lines.notes == []
    assert events_of(lines) == [event.to_json() for event in eventful.history.journal.events]
    assert [event["event"] for event in events_of(lines)] == [
        *("session", "turn", "turn", "turn", "turn", "turn", "aside", "fork", "system", "model", "temperature"),
        *("turn", "once", "turn", "turn", "turn", "undo", "redo", "budget"),
    ]


def test_a_session_rebuilt_is_what_the_chat_keeps(eventful: Chat, path: Path) -> None:
    found = latest(read(path), but="")
    assert found is not None
    assert view(found[1]) == view(eventful.state)


def test_a_line_holds_its_own_message_and_reply_alone(new_chat: NewChat, path: Path) -> None:
    chat = new_chat(journal=path)
    ask(chat, "the first question", "the second question")
    first, second = events(path)[1:]
    assert "the first question" not in json.dumps(second)
    assert second["after"] == first["id"]


def test_a_chat_that_only_began_leaves_no_file(new_chat: NewChat, path: Path) -> None:
    chat = new_chat(journal=path)
    assert chat.thread().size == 0
    assert not path.parent.exists()


def test_a_reply_is_in_the_file_before_it_is_given(new_chat: NewChat, path: Path) -> None:
    chat = new_chat(journal=path)
    for count, prompt in enumerate(("one", "two"), 1):
        ask(chat, prompt)
        assert len(events(path)) == 1 + count


def test_the_key_is_never_written(new_chat: NewChat, server: PracticeServer, path: Path, tmp_path: Path) -> None:
    key = server.api_key
    server.enqueue(Answer(f"Your key is {key}."))
    chat = new_chat(journal=path)
    ask(chat, f"my key is {key}", params={"note": key})
    assert key not in path.read_text()
    assert "Your key is <API key>." in path.read_text()
    chat.save(tmp_path / "copy")
    assert key not in (tmp_path / "copy").read_text()


def test_the_key_is_not_written_before_it_is_used_either(new_chat: NewChat, server: PracticeServer, path: Path) -> None:
    chat = new_chat(journal=path, system=f"Old: {server.api_key}")
    chat.system = f"Never tell {server.api_key}."
    assert server.api_key not in path.read_text()


def test_nor_is_a_key_that_was_used_before(
    new_chat: NewChat, server: PracticeServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    chat = Chat(model="glm-4", base_url=server.base_url, journal=path)
    ask(chat, "one")
    with PracticeServer(pace=0, api_key="another.practice.key") as other:
        monkeypatch.setenv("ZHIPUAI_API_KEY", other.api_key)
        chat.service.configure(base_url=other.base_url)
        ask(chat, f"keys: {server.api_key} {other.api_key}")
    chat.close()
    assert "keys:" in path.read_text()
    assert other.api_key not in path.read_text()
    assert server.api_key not in path.read_text()


def test_no_path_and_no_header_is_written(eventful: Chat, path: Path, tmp_path: Path) -> None:
    text = path.read_text()
    for hidden in (str(tmp_path), str(Path.home()), str(Path.cwd()), "Authorization", "Bearer", "http://", "/api/"):
        assert hidden not in text
    assert {event["host"] for event in events(path) if event["event"] == "turn"} == {"127.0.0.1"}


# Going on after a restart


def test_a_resumed_chat_goes_on_as_if_nothing_had_happened(
    eventful: Chat, new_chat: NewChat, server: PracticeServer, path: Path
) -> None:
    before = view(eventful.state)
    chat = new_chat(journal=path)
    assert chat.history.resume() == []
    assert view(chat.state) == before
    assert (chat.system, chat.model, chat.temperature) == ("Be wild.", "glm-4-plus", 0.9)
    ask(chat, "next")
    assert server.requests[-1].body["messages"][:-1] == eventful.thread().messages
    assert server.requests[-1].body["model"] == "glm-4-plus"

    chat.history.switch("main")
    ask(chat, "once more", anchor=Anchor("A", 1))
    assert prompts(chat) == ["one", "two", "three", "once more"]


def test_load_and_save_give_the_same_chat(eventful: Chat, new_chat: NewChat, path: Path, tmp_path: Path) -> None:
    bytes_before = path.read_bytes()
    copy = tmp_path / "elsewhere" / "copy.jsonl"
    loaded = Chat.load(path)
    assert view(loaded.state) == view(eventful.state)
    loaded.save(copy)
    assert view(Chat.load(copy).state) == view(eventful.state)
    eventful.save(copy)
    assert view(Chat.load(copy).state) == view(eventful.state)
    assert path.read_bytes() == bytes_before


def test_a_chat_without_a_journal_can_be_saved(chat: Chat, tmp_path: Path) -> None:
    ask(chat, "one")
    chat.save(tmp_path / "saved.jsonl")
    assert view(Chat.load(tmp_path / "saved.jsonl").state) == view(chat.state)


def test_another_kind_of_file_is_not_overwritten(chat: Chat, tmp_path: Path) -> None:
    file = tmp_path / "thesis.txt"
    file.write_text("Chapter 1\n")
    ask(chat, "one")
    with pytest.raises(JournalError, match="another kind"):
        chat.save(file)
    assert file.read_text() == "Chapter 1\n"


def test_turns_of_this_kernel_stand_on_top_of_what_is_resumed(new_chat: NewChat, path: Path) -> None:
    ask(new_chat(journal=path), "one", "two")
    chat = new_chat(journal=path)
    ask(chat, "meanwhile")
    chat.history.resume()
    assert prompts(chat) == ["one", "two", "meanwhile"]
    again = new_chat(journal=path)
    again.history.resume()
    assert view(again.state) == view(chat.state)


def test_a_turn_that_was_asked_before_the_resume_is_stale_after_it(new_chat: NewChat, path: Path) -> None:
    ask(new_chat(journal=path), "one")
    chat = new_chat(journal=path)
    ask(chat, "meanwhile", "and then")
    chat.history.resume()
    assert [(link.turn.prompt, link.stale) for link in chat.thread().links] == [
        ("one", False),
        ("meanwhile", True),
        ("and then", True),
    ]


def test_to_resume_twice_is_refused(new_chat: NewChat, path: Path) -> None:
    ask(new_chat(journal=path), "one")
    chat = new_chat(journal=path)
    chat.history.resume()
    with pytest.raises(JournalError, match="already been resumed"):
        chat.history.resume()
    assert prompts(chat) == ["one"]


def test_where_there_is_nothing_to_resume_that_is_said(new_chat: NewChat, path: Path) -> None:
    with pytest.raises(JournalError, match=r"there is no journal page\.jsonl yet"):
        new_chat(journal=path).history.resume()
    chat = new_chat(journal=path)
    ask(chat, "mine alone")
    with pytest.raises(JournalError, match="nothing to resume"):
        chat.history.resume()


def test_a_line_that_is_found_twice_counts_once(eventful: Chat, path: Path) -> None:
    whole = path.read_bytes()
    for repeated in (whole, whole.partition(b"\n")[2]):
        path.write_bytes(whole + repeated)
        assert view(Chat.load(path).state) == view(eventful.state)


# Damage


def test_a_torn_last_line_is_skipped_with_a_note_and_kept_aside(new_chat: NewChat, path: Path) -> None:
    ask(new_chat(journal=path), "one", "two")
    whole, torn = path.read_bytes()[:-40], path.read_bytes().splitlines()[-1][:-39]
    path.write_bytes(whole)
    chat = new_chat(journal=path)
    (note,) = chat.history.resume()
    assert "the last line was torn off" in note
    assert prompts(chat) == ["one"]
    ask(chat, "three")
    assert torn_file(path).name == "page.jsonl.torn"
    assert torn_file(path).read_bytes() == torn + b"\n"
    assert [event.get("prompt") for event in events(path)] == [None, "one", None, None, "three"]
    again = new_chat(journal=path)
    assert again.history.resume() == []
    assert prompts(again) == ["one", "three"]


def test_a_damaged_line_is_told_by_its_number_and_the_rest_is_used(new_chat: NewChat, path: Path) -> None:
    ask(new_chat(journal=path), "one", "two", "three")
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:30] + b"\xff\xfe" + lines[2][50:]
    path.write_bytes(b"".join(lines))
    chat = new_chat(journal=path)
    (note,) = chat.history.resume()
    assert "line 3 is damaged" in note
    assert prompts(chat) == ["one", "three"]


@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")])
def test_a_journal_from_a_newer_version_is_refused_and_left_as_it_is(
    new_chat: NewChat, path: Path, separators: tuple[str, str]
) -> None:
    ask(new_chat(journal=path), "one")
    newer = json.dumps({"id": "ffffffff-0", "event": "session", "version": 2}, separators=separators)
    path.write_bytes(path.read_bytes() + newer.encode() + b"\n")
    before = path.read_bytes()

    with pytest.raises(JournalError, match="newer zhipu_magic"):
        new_chat(journal=path).history.resume()
    with pytest.raises(JournalError, match="newer zhipu_magic"):
        Chat.load(path)
    warned: list[str] = []
    chat = new_chat(journal=path, warn=warned.append)
    ask(chat, "two", "three")
    assert prompts(chat) == ["two", "three"]
    (warning,) = warned
    assert "newer zhipu_magic" in warning
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_written_gives_one_warning_and_the_chat_goes_on(
    new_chat: NewChat, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    warned: list[str] = []
    chat = new_chat(journal=tmp_path / "file" / "page.jsonl", warn=warned.append)
    ask(chat, "one", "two", "three")
    (warning,) = warned
    assert "page.jsonl cannot be written" in warning
    assert "goes on without" in warning
    assert prompts(chat) == ["one", "two", "three"]


_ON_A_FULL_DISK = """
import resource, sys
from zhipu_magic import Chat
url, key, path = sys.argv[1:]
warned = []
chat = Chat("glm-4", base_url=url, api_key=key, journal=path, warn=warned.append)
chat.ask("one").text
resource.setrlimit(resource.RLIMIT_FSIZE, (2500, resource.RLIM_INFINITY))
for prompt in ("two", "three", "four"):
    chat.ask(prompt).text
assert len(warned) == 1 and "page.jsonl cannot be written" in warned[0], warned
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
chat.ask("five").text
assert len(warned) == 1 and chat.thread().size == 5, (warned, chat)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for a file's size")
def test_a_full_disk_gives_one_warning_and_once_there_is_room_again_nothing_is_missing(
    server: PracticeServer, path: Path
) -> None:
    run = [sys.executable, "-c", _ON_A_FULL_DISK, server.base_url, server.api_key, str(path)]
    subprocess.run(run, check=True)
    assert [event.get("prompt") for event in events(path)] == [None, "one", "two", "three", "four", "five"]
    assert prompts(Chat.load(path)) == ["one", "two", "three", "four", "five"]


_ANOTHER_KERNEL = """
import sys
from zhipu_magic import Chat
url, key, path, name = sys.argv[1:]
chat = Chat("glm-4", base_url=url, api_key=key, journal=path)
for number in range(25):
    chat.ask(f"{name} {number}").text
"""


def test_two_kernels_that_write_to_one_journal_interleave_whole_lines(
    server: PracticeServer, new_chat: NewChat, path: Path
) -> None:
    run = [sys.executable, "-c", _ANOTHER_KERNEL, server.base_url, server.api_key, str(path)]
    for process in [subprocess.Popen([*run, name]) for name in ("left", "right")]:
        assert process.wait() == 0
    assert len(events(path)) == 2 * 26
    lines = read(path)
    assert lines.notes == []
    rebuilding = rebuilt(lines)
    found = [[turn.prompt for turn in rebuilding.state_of(name).conversation.here.turns] for name in rebuilding.found]
    assert sorted(found) == [[f"{name} {number}" for number in range(25)] for name in ("left", "right")]

    (first, second) = rebuilding.found
    for but, other in ((first, second), (second, first)):
        resumed = latest(lines, but=but)
        assert resumed is not None
        assert resumed[0] == other


# Any file at all


def use(file: Path) -> None:
    """Do with a journal all that is done with one."""
    try:
        lines = read(file)
    except JournalError:
        return
    Recording(file)
    rebuilding = rebuilt(lines)
    for name in rebuilding.found:
        kept = rebuilding.state_of(name)
        assert isinstance(kept.conversation.here.messages, list)
        view(kept)
    latest(lines, but="")


MEMBER = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["k-0", "A", "main"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
KINDS = [
    *("session", "turn", "partial", "replayed", "once", "undo", "redo", "reset", "aside", "restore"),
    *("fork", "switch", "system", "model", "temperature", "budget", "resume"),
]
NAMES = [
    *("thread", "cell", "run", "append", "replaces", "joins", "after", "prompt", "system", "key", "completion", "of"),
    *("model", "members", "tokens", "left_out", "cost", "seconds", "count", "cells", "number", "name", "at", "text"),
    *("value", "limit", "unit", "from"),
]
COMPLETION = {
    "choices": [{"finish_reason": "stop", "message": {"content": "re", "role": "assistant"}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
TURN = {"thread": "main", "prompt": "one", "model": "glm-4", "tokens": 3, "completion": COMPLETION}
ODD_EVENT = st.builds(
    lambda kind, number, changed: {"event": kind, "id": f"k-{number}", **TURN, **changed},
    st.sampled_from(KINDS),
    st.integers(1, 9),
    st.dictionaries(st.sampled_from([*NAMES, "id", "event"]), MEMBER, max_size=3),
)
SESSION = b'{"id": "k-0", "event": "session", "version": 1}\n'


@settings(deadline=None, max_examples=200)
@given(content=st.binary(max_size=200))
@example(content=b"[" * 100_000 + b"\n")
@example(content=b"\xef\xbb\xbf{}\n\x00\n")
def test_any_bytes_are_a_journal_that_can_be_read(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "any bytes"
    file.write_bytes(content)
    use(file)
    file.write_bytes(SESSION + content + b"\n" + SESSION)
    use(file)


@settings(deadline=None, max_examples=300)
@given(odd=st.lists(ODD_EVENT, max_size=5))
@example(odd=[{"event": "undo", "id": "k-1", "thread": "main", "count": 10**15}])
def test_events_that_make_no_sense_are_left_out(
    odd: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "odd events"
    sound = {"event": "turn", "id": "k-10", **TURN, "prompt": "sound", "append": True}
    text = "".join(json.dumps(event) + "\n" for event in [*odd, sound])
    file.write_bytes(SESSION + text.encode())
    use(file)


def test_of_any_beginning_of_a_journal_exactly_the_whole_lines_are_used(
    eventful: Chat, path: Path, tmp_path: Path
) -> None:
    data, all_events = path.read_bytes(), [event.to_json() for event in eventful.history.journal.events]
    beginning = tmp_path / "beginning"
    for end in {*range(0, len(data), 97), *(place for place, byte in enumerate(data) if byte == 10)}:
        for cut in (end, end + 1):
            beginning.write_bytes(data[:cut])
            lines = read(beginning)
            assert events_of(lines) == all_events[: data[:cut].count(b"\n")]
            assert len(lines.notes) == (data[:cut][-1:] not in (b"", b"\n"))
            rebuilt(lines)
            assert len(lines.notes) <= 1


def test_a_journal_in_memory_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    journal = Journal()
    journal.begin({})
    journal.add(SwitchEvent(id=journal.next_id(), thread="idea"))
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_a_chat_loads_and_keeps_does_not_grow_by_what_is_there(
    server: PracticeServer, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    chat = Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
    for prompt in ("one", "two"):
        chat.ask(prompt).read()
    chat.close()
    for number in range(4):
        chat = Chat.load(path, journal=path, base_url=server.base_url, api_key=server.api_key)
        assert [turn.prompt for turn in chat.thread().turns] == ["one", "two"]
        chat.close()
        assert len(path.read_bytes().splitlines()) == 3 + 2 * (number + 1)


def test_a_journal_in_more_folders_than_anybody_has_is_not_written(server: PracticeServer, tmp_path: Path) -> None:
    told: list[str] = []
    path = tmp_path.joinpath(*["a"] * 600, "x.jsonl")
    chat = Chat(journal=path, base_url=server.base_url, api_key=server.api_key, warn=told.append)
    chat.system = "Be brief."
    chat.close()
    assert "The journal x.jsonl cannot be written (x.jsonl is in too many folders)." in told[0]
