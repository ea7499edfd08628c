"""The file of intents may come from anyone, be torn, or be another's: nothing is paid because of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from batch_rows import key, rows_of
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.chat.batches.batches import Batches
from zhipu_magic.chat.batches.intent import Intent, NewerVersion, fold
from zhipu_magic.chat.batches.intent_file import file_beside
from zhipu_magic.practice import PracticeServer
from zhipu_magic.service.connection import Service
from zhipu_magic.text import regular_files
from zhipu_magic.text.errors import GLMError, JournalError

ID = "0123456789abcdef"


def lines_in(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file_beside(journal).read_bytes().splitlines()]


def planted(service: Service, journal: Path, **state: Any) -> Path:
    """An intent that somebody else has written."""
    intent = Intent(
        id=ID,
        begun=1.0,
        service=service.base_url.removesuffix("/api/paas/v4"),
        model="glm-4",
        digest="",
        parts=(),
    )
    [head] = intent.as_records()
    keys = "".join(key for key, _ in rows_of(3))
    head |= {"digest": hashlib.sha256(keys.encode()).hexdigest()}
    records = [head, {"intent": ID, "part": 0, "keys": keys}]
    if state:
        records.append({"intent": ID, "part": 0, "time": 1.0, **state})
    path = file_beside(journal)
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_requests_of_a_cloned_repository_are_not_sent(
    batches: Batches, service: Service, journal: Path, server: PracticeServer
) -> None:
    planted(service, journal)
    (journal.parent / f"{ID}-0.requests.jsonl").write_text("{}")
    with pytest.raises(GLMError) as error:
        batches.resume(ID)
    assert error.value.reason == "batch.requests_gone" and server.files == []
    new = batches.begin(rows_of(3), model="glm-4", note={}).new  # its rows are asked all the same
    assert new is not None and new.count == 3


@pytest.mark.parametrize("id", ["../models", "a/../../x", "", "x" * 300, "a?b", "a b", 7, None, "file-1\n"])
def test_an_id_leads_nowhere_else(batches: Batches, service: Service, journal: Path, id: Any) -> None:
    planted(service, journal, state="created", batch=id)
    [intent] = batches.open()
    assert intent.parts[0].batch_id in (None, "7") and intent.damaged == (id != 7)


def test_a_torn_line_was_not_done(batches: Batches, journal: Path, server: PracticeServer) -> None:
    new = batches.begin(rows_of(3), model="glm-4", note={}).new
    assert new is not None
    path = file_beside(journal)
    with path.open("ab") as file:
        file.write(b'{"intent": "' + new.id.encode() + b'", "part": 0, "state": "cance')
    assert batches.resume(new.id).is_submitted
    assert batches.open()[0].is_submitted and len(server.batches) == 1


def test_an_intent_that_is_not_whole_was_not_begun(batches: Batches, journal: Path) -> None:
    assert batches.begin(rows_of(3), model="glm-4", note={}).new is not None
    path = file_beside(journal)
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    assert batches.open() == []
    assert batches.begin(rows_of(3), model="glm-4", note={}).new is not None


@pytest.mark.parametrize("lost", [0, 1])
def test_an_intent_that_was_sent_and_whose_rows_are_damaged_is_an_error(
    batches: Batches, journal: Path, sent: Callable[..., str], lost: int
) -> None:
    sent()
    path = file_beside(journal)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:lost], lines[lost][:-20] + b"\n", *lines[lost + 1 :]]))
    for step in (batches.open, lambda: batches.begin(rows_of(3), model="glm-4", note={})):
        with pytest.raises(JournalError) as error:
            step()
        assert error.value.reason == "batch.damaged"


@pytest.mark.parametrize("lost", range(2, 6))
def test_a_state_that_is_damaged_makes_no_second_batch(
    batches: Batches, journal: Path, sent: Callable[..., str], server: PracticeServer, lost: int
) -> None:
    id = sent()
    path = file_beside(journal)
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 6
    path.write_bytes(b"".join([*lines[:lost], *([b"\0" * 20 + b"\n"] * (6 - lost))]))
    assert batches.resume(id).is_submitted
    assert len(server.batches) == 1


def test_a_newer_file_is_left_as_it_is(batches: Batches, service: Service, journal: Path) -> None:
    path = planted(service, journal)
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
    before = path.read_bytes()
    for step in (batches.open, lambda: batches.begin(rows_of(3), model="glm-4", note={})):
        with pytest.raises(JournalError) as error:
            step()
        assert error.value.reason == "batch.newer"
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_is_not_followed(batches: Batches, journal: Path, tmp_path: Path, server: PracticeServer) -> None:
    (tmp_path / "target").write_text("the user's own\n")
    journal.parent.mkdir()
    file_beside(journal).symlink_to(tmp_path / "target")
    with pytest.raises(JournalError) as error:
        batches.begin(rows_of(3), model="glm-4", note={})
    assert error.value.reason == "batch.no_file" and "link" in str(error.value)
    assert (tmp_path / "target").read_text() == "the user's own\n"


def test_a_folder_that_cannot_be_made_sends_nothing(batches: Batches, journal: Path) -> None:
    journal.parent.write_text("a file in its place")
    with pytest.raises(JournalError) as error:
        batches.begin(rows_of(3), model="glm-4", note={})
    assert error.value.reason == "batch.no_file"


def test_a_full_disk_sends_nothing(batches: Batches, server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **more: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("zhipu_magic.text.regular_files.replace", full)
        with pytest.raises(JournalError) as error:
            batches.begin(rows_of(3), model="glm-4", note={})
        assert error.value.reason == "batch.no_room" and "Nothing was sent" in str(error.value)
    new = batches.begin(rows_of(3), model="glm-4", note={}).new
    assert new is not None
    with monkeypatch.context() as patch:
        patch.setattr("zhipu_magic.text.regular_files.write", full)
        with pytest.raises(JournalError) as error:
            batches.resume(new.id)
        assert error.value.reason == "batch.no_file" and server.files == []
    assert batches.resume(new.id).is_submitted


def test_the_key_is_not_written_down(batches: Batches, service: Service, journal: Path) -> None:
    secret = str.__str__(service.endpoint().key)
    note = {"template": f"is {secret} a key?", "options": [secret]}
    assert batches.begin(rows_of(3), model="glm-4", note=note).new is not None
    assert secret.encode() not in file_beside(journal).read_bytes()
    assert lines_in(journal)[0]["note"]["options"] == ["<API key>"]


def test_requests_that_were_never_sent_are_deleted_in_the_end(batches: Batches, tmp_path: Path) -> None:
    assert batches.begin(rows_of(3), model="glm-4", note={}).new is not None
    [old] = (tmp_path / "user data").rglob("*.requests.jsonl")
    os.utime(old, (1.0, 1.0))
    assert batches.begin(rows_of(1, first=9), model="glm-4", note={}).new is not None
    [new] = (tmp_path / "user data").rglob("*.requests.jsonl")
    assert new != old


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
RECORD = st.fixed_dictionaries(
    {"intent": st.just(ID) | JSON},
    optional={
        **dict.fromkeys(("time", "service", "model", "digest", "note", "too_large", "batch", "file"), JSON),
        "version": st.just(1),
        "part": st.integers(0, 3) | JSON,
        "keys": st.just(key("row")) | JSON,
        "state": st.sampled_from(["waiting", "uploading", "uploaded", "creating", "created", "cancelled"]) | JSON,
        "closed": JSON,
    },
)
HEAD = {"intent": ID, "version": 1, "service": "s", "model": "m", "digest": ""}


@given(st.lists(RECORD | JSON))
def test_any_lines_make_intents_or_none(records: list[Any]) -> None:
    intents: dict[str, Intent] = {}
    fold(intents, HEAD)
    fold(intents, {"intent": ID, "part": 0, "keys": key("row")})
    for record in records:
        with suppress(NewerVersion):
            fold(intents, record)
    for intent in intents.values():
        assert intent.count >= 0 and all(part.number == place for place, part in enumerate(intent.parts))
        assert all(part.batch_id for part in intent.parts if part.state == "created")


@pytest.mark.parametrize(
    ("states", "left"),
    [
        (["cancelled", "created"], "cancelled"),
        (["cancelled", "waiting"], "cancelled"),
        (["creating", "created", "creating"], "created"),
        (["creating", "created", "cancelled"], "cancelled"),
    ],
)
def test_what_is_over_does_not_begin_again(states: list[str], left: str) -> None:
    intents: dict[str, Intent] = {}
    assert fold(intents, HEAD) and fold(intents, {"intent": ID, "part": 0, "keys": key("row")})
    for state in states:
        fold(intents, {"intent": ID, "part": 0, "state": state, "file": "f", "batch": "b"})
    assert intents[ID].parts[0].state == left


def test_a_file_that_is_far_too_large_is_not_read(batches: Batches, journal: Path) -> None:
    journal.parent.mkdir(exist_ok=True)
    with file_beside(journal).open("wb") as file:
        file.truncate(1 << 29)
    with pytest.raises(JournalError, match="it is larger than 256 MiB"):
        batches.open()


def test_states_of_odd_types_are_none() -> None:
    intents: dict[str, Intent] = {}
    assert fold(intents, HEAD) and fold(intents, {"intent": ID, "part": 0, "keys": key("row")})
    for state in ([], {}, 7, None, "paid"):
        assert not fold(intents, {"intent": ID, "part": 0, "state": state})


@given(st.lists(st.binary()))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    journal = tmp_path_factory.mktemp("any") / "notes.jsonl"
    file_beside(journal).write_bytes(b"\n".join(lines))
    service = Service("https://open.bigmodel.cn/api/paas/v4", None, timeout=1, max_retries=0, warn=lambda text: None)
    assert Batches(service, journal).open() == []


def test_only_a_file_of_its_own_is_deleted(tmp_path: Path) -> None:
    folder, target = tmp_path / ".glm", tmp_path / "target"
    folder.mkdir()
    (folder / "file").write_text("x")
    regular_files.remove(folder / "file")
    regular_files.remove(folder / "file")
    assert not (folder / "file").exists()
    (folder / "folder").mkdir()
    target.write_text("the user's own")
    names = ["folder"]
    if os.name != "nt":
        (folder / "link").symlink_to(target)
        names.append("link")
    for name in names:
        with pytest.raises(OSError):
            regular_files.remove(folder / name)
        assert (folder / name).exists()
    assert target.read_text() == "the user's own"
