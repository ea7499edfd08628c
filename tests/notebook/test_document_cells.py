"""Documents in a cell: as an option and as a reference, and the same page in a replay."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from in_process import Page
from made_documents import pdf, workbook
from platforms import needs_signals

from zhipu_magic.practice import STALL, PracticeServer, Raw
from zhipu_magic.values.documents import local

JSON = {"Content-Type": "application/json"}
CELLS = (
    'from pathlib import Path\nreport = Path("report.pdf")\nlink = "https://example.com/tea"',
    "%%glm --file 'prices.xlsx | sheets Q2 | 300' --file link\nWhat is in {{ report | pages 2 }}?",
    '%%glm\nRead {{ Path("scan.pdf") }}.',
    '%%glm --preview --file report.pdf\nRead {{ Path("scan.pdf") }}.',
    "%%glm --file scan.pdf --fresh\nAgain.",
)


@pytest.fixture(autouse=True)
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("report.pdf").write_bytes(pdf("one", "two"))
    Path("scan.pdf").write_bytes(pdf(""))
    Path("prices.xlsx").write_bytes(workbook({"Q1": [["tea", 12]], "Q2": [["tea", 14]]}))


def sent(server: PracticeServer) -> str:
    content = server.requests[-1].body["messages"][-1]["content"]
    assert isinstance(content, str)
    return content


def test_a_cell_sends_documents_and_its_panel_says_what_was_uploaded(page: Page, server: PracticeServer) -> None:
    page.run(CELLS[0])
    asked = page.run(CELLS[1])
    text = sent(server)
    assert "https://example.com/tea was read by 127.0.0.1" in asked.plain(1)
    assert (
        text.index("What is in `report, pages 2`?") < text.index("## Page 2") < text.index("prices.xlsx, sheet Q2 of 2")
    )
    assert "https://example.com/tea\nWhat stands between" in text
    done = page.run(CELLS[2])
    assert "scan.pdf was uploaded to 127.0.0.1 to be read" in done.plain(1)


def test_a_document_that_is_cut_is_told_as_all_values_are(page: Page) -> None:
    Path("long.pdf").write_bytes(pdf("word " * 2_000))
    done = page.run("%%glm --file 'long.pdf | 200'\nSum it up.")
    assert "long.pdf: about 170 of about 2,500 tokens sent" in done.plain(1)


def test_a_sheet_is_called_a_sheet_where_it_is_named_and_cut(page: Page, server: PracticeServer) -> None:
    rows = [["tea", number] for number in range(400)]
    Path("p.xlsx").write_bytes(workbook({"五月": rows, "六月": []}))
    page.run('from pathlib import Path\np = Path("p.xlsx")')
    for word in ("sheets", "Sheet"):
        done = page.run(f"%%glm\nWhat is in {{{{ p | {word} 五月 | 200 }}}}?")
        assert f"What is in `p, {word.lower()} 五月`?" in sent(server)
        assert f"p, {word.lower()} 五月: about" in done.plain(1) and "pages" not in done.plain(1)
    page.names["rows"] = [{"a": 1}]
    shown = page.run("%%glm --preview --each rows\n{{ a }} {{ p | sheets 五月 | 200 }}").plain()
    assert "p, sheets 五月: about" in shown


@pytest.mark.parametrize(
    ("cell", "called"),
    [
        ("%%glm\n{{ report | pages 2-5 }}", "report, pages 2-5"),
        ('%%glm\n{{ Path("report.pdf") | pages 1,2-9 | 400 }}', "report.pdf, pages 1,2-9"),
        ("%%glm --file 'report.pdf | pages 2-5'\nx", "report.pdf"),
    ],
)
def test_pages_that_there_are_not_are_told_beside_those_that_there_are(page: Page, cell: str, called: str) -> None:
    page.run(CELLS[0])
    assert f"cut: {called}: it has only 2 pages" in page.run(cell.replace("%%glm", "%%glm --preview", 1)).plain()
    assert f"{called}: it has only 2 pages" in page.run(cell).plain(1)


@pytest.mark.parametrize("pages", ["pages 1-2", "pages 2-", "page 2"])
def test_nothing_is_told_of_pages_that_there_are(page: Page, pages: str) -> None:
    page.run(CELLS[0])
    assert "cut" not in page.run(f"%%glm\n{{{{ report | {pages} }}}}").plain(1)


@pytest.mark.parametrize(
    "cell",
    [
        "%%glm --file nope.pdf\nx",
        "%%glm --file data.bin\nx",
        "%%glm --file things.pkl\nx",
        "%%glm --image nope.png\nx",
        "%%glm --file report.pdf --file nope.pdf\nx",
        '%%glm --preview\n{{ Path("nope.pdf") }}',
        "%%glm --each rows\n{{ a }} {{ Path('data.bin') }}",
        "%%glm --draw\n{{ Path('data.bin') }}",
        "%%glm -m glm-5.3 -m glm-4.7-flash --file nope.pdf\nx",
    ],
)
def test_what_is_wrong_with_a_file_says_that_nothing_was_sent(page: Page, server: PracticeServer, cell: str) -> None:
    Path("data.bin").write_bytes(b"\0\1\2" * 100)
    Path("things.pkl").write_bytes(b"\0\1\2" * 100)
    page.names["rows"], page.names["Path"] = [{"a": 1}], Path
    done = page.run(cell)
    assert str(done.error).count("Nothing was sent.") == 1
    assert not server.requests


def test_the_advice_on_a_budget_fits_where_it_was_written(page: Page) -> None:
    for cell in ("%%glm --file 'prices.xlsx | sheets Q1 | 5'\nx", '%%glm\n{{ Path("prices.xlsx") | 5 }}'):
        error = str(page.run(cell).error)
        assert "Write | " in error and " or more after it, or no number." in error and "{{ …" not in error


def test_whoever_reads_here_alone_is_told_of_auto(page: Page, server: PracticeServer) -> None:
    page.run("%config GLMMagics.documents = 'local'")
    for file in ("scan.pdf", "https://example.com/tea"):
        assert "%config GLMMagics.documents = 'auto'" in str(page.run(f"%%glm --file {file}\nx").error)
    page.run("%config GLMMagics.documents = 'auto'")
    assert page.run("%%glm --file scan.pdf\nx").success


def test_the_same_page_is_replayed_with_nothing_but_its_journal(
    bare_page: Page, server: PracticeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "page.ipynb"))
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    assert bare_page.run("%load_ext zhipu_magic").success
    live = [bare_page.run(cell) for cell in CELLS]
    assert all(cell.success for cell in live)
    assert [call.kind for call in server.calls] == ["POST /reader", "POST /layout_parsing", "POST /layout_parsing"]
    bare_page.run("%unload_ext zhipu_magic")
    for file in tmp_path.glob("*.pdf"):
        file.unlink()
    monkeypatch.setattr(local, "find_spec", lambda name: None)
    monkeypatch.setenv("ZHIPU_MAGIC_REPLAY", "only")
    monkeypatch.delenv("ZHIPUAI_API_KEY")
    replayed = Page()
    try:
        assert replayed.run("%load_ext zhipu_magic").success
        again = [replayed.run(cell) for cell in CELLS]
        assert [cell.error for cell in again] == [None] * len(CELLS)
        for before, after in zip(live, again, strict=True):
            texts = [[output["data"].get("text/plain", "") for output in cell.outputs] for cell in (before, after)]
            assert [len(text) for text in texts] == [len(texts[0])] * 2
            assert texts[0][:1] == texts[1][:1]
    finally:
        replayed.run("%unload_ext zhipu_magic")
        atexit.unregister(replayed.shell.atexit_operations)
        replayed.shell.atexit_operations()
    assert len(server.calls) == 3


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%glm --file nope.pdf\nx", "There is no file nope.pdf"),
        ("%%glm --file rosw\nx", "There is neither a file nor a variable named rosw. Did you mean rows?"),
        ("%%glm --file http://10.0.0.1/x\nx", "in a private network"),
        ("%%glm --file 'report.pdf | pages 9'\nx", "has no page 9"),
        ('%%glm\n{{ Path("report.pdf") | pages 9 }}', "Line 2: {{ Path("),
        ("%%glm --each rows --file report.pdf\n{{ a }}", "--file cannot be used with --each"),
    ],
)
def test_what_cannot_be_sent_fails_the_cell_and_sends_nothing(
    page: Page, server: PracticeServer, cell: str, says: str
) -> None:
    page.names["rows"] = [{"a": 1}]
    done = page.run(cell)
    assert says in str(done.error)
    assert server.requests == [] and server.calls == []


@needs_signals
@pytest.mark.parametrize("cell", ["%%glm --file https://example.com/x\nx", "%%glm --file report.pdf\nx"])
def test_an_interrupt_ends_what_reads(
    page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cell: str
) -> None:
    server.disturb("POST /reader", Raw((STALL,)))
    (tmp_path / "slow.py").write_text("import sys, time\nsys.stdin.buffer.read()\ntime.sleep(30)\n", encoding="utf-8")
    monkeypatch.setattr(local, "_PROGRAM", tmp_path / "slow.py")
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    done = page.run(cell)
    assert "Interrupted before it began." in str(done.error)
    assert time.monotonic() - began < 3 and server.requests == []


def test_hints_are_those_of_a_cell(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.run("%config GLMMagics.documents = 'local'")
    assert "%config GLMMagics.documents = 'auto'" in str(page.run("%%glm --file scan.pdf\nx").error)
    monkeypatch.setattr(local, "find_spec", lambda name: None)
    assert "%pip install pypdf; or" in str(page.run("%%glm --file report.pdf\nx").error)


def test_a_text_that_names_a_file_is_taken_for_it(page: Page, server: PracticeServer) -> None:
    page.names["name"] = "report.pdf"
    page.names["data"] = Path("report.pdf").read_bytes()
    page.names["rows"] = [{"tea": 12}]
    page.names["several"] = [Path("report.pdf"), Path("prices.xlsx")]
    assert page.run("%%glm --file name --file data --file rows --file 'several | 90'\nx").success
    text = sent(server)
    assert "prices.xlsx, 2 sheets" in text
    assert "report.pdf, 2 pages" in text and "data, 2 pages" in text and "`rows`:" in text


def test_an_upload_is_told_in_its_own_cell_and_in_no_other(page: Page, server: PracticeServer) -> None:
    page.run("%glm budget 2000 tokens")
    server.disturb("POST /layout_parsing", Raw((b'{"md_results": "%s"}' % (b"word " * 4_000),), headers=JSON))
    done = page.run('%%glm\nRead {{ Path("scan.pdf") }}.')
    assert "scan.pdf was uploaded to 127.0.0.1 to be read; what that costs is billed separately." in str(done.error)
    assert "Nothing was sent" not in str(done.error)
    page.run("%glm budget off")
    assert "uploaded" not in page.run("%%glm\nhello").plain(1)


@needs_signals
def test_an_interrupted_upload_is_told_in_its_own_cell(page: Page, server: PracticeServer) -> None:
    server.disturb("POST /layout_parsing", Raw((STALL,)))
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    done = page.run('%%glm\nRead {{ Path("scan.pdf") }}.')
    assert "Interrupted before it began. scan.pdf was uploaded" in " ".join(str(done.error).split())
    assert "uploaded" not in page.run("%%glm\nhello").plain(1)


def test_nothing_is_uploaded_for_a_cell_that_cannot_go_out(page: Page, server: PracticeServer) -> None:
    done = page.run('%%glm\nRead {{ Path("scan.pdf") }} {{ nosuch }}.')
    assert "Nothing was sent" in str(done.error)
    assert server.calls == []


def test_a_prompt_that_is_made_again_reads_nothing_again(page: Page, server: PracticeServer) -> None:
    page.run("%%glm\nhello", "a")
    done = page.run('%%glm --above --once --file https://example.com/tea\nRead {{ Path("scan.pdf") }}.', "b")
    assert done.success, done.error
    assert "hello" in str(server.requests[-1].body["messages"])
    assert sorted(call.kind for call in server.calls) == ["POST /layout_parsing", "POST /reader"]
    assert done.plain(1).count("was read by") == 1
