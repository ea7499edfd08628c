"""A page is replayed in the language in which it was recorded, byte for byte, whatever the language is here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from restarted import Kernels

from zhipu_magic import Chat
from zhipu_magic.practice import Answer, Fault, PracticeServer
from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.text.languages.language import LANGUAGE_VARIABLE, reader
from zhipu_magic.text.languages.messages import told

#: Each cell with what the service answers it. The first one shows something before the journal is needed.
PAGE: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("%glm help", ()),
    ("many = [{'text': f'row {number}'} for number in range(4)]; long = list(range(100_000))", ()),
    ("%%glm\nSum up {{ long }}", (Answer("a sum"),)),
    ("%%glm\nand then", (Answer("more"),)),
    ("%glm undo", ()),
    ("%glm budget nothing", ()),
    ("%%glm --each many --in-flight 1 -o found\n{{ text }}", (Fault.of("1301"), *map(Answer, "abc"))),
    ("%glm rows", ()),
    ("%%glm --max-tokens 5 --as bool\nIs it so?", (Answer("ye"), Answer("still no"))),
    ("%glm usage", ()),
    ("%glm usage turns", ()),
    ("%glm history", ()),
    ("%glm show 1", ()),
    ("%glm thread new other", ()),
    ("%glm threads", ()),
)


@pytest.fixture(autouse=True)
def language_of_the_machine() -> Iterator[None]:
    yield
    reader.choose("auto")


def run(kernels: Kernels, cells: Any = PAGE, replay: str = "off") -> list[tuple[Any, str]]:
    page = kernels.start(replay)
    shown = []
    for number, (code, replies) in enumerate(cells):
        if replay == "off":
            kernels.server.enqueue(*replies)
        cell = page.run(code, f"cell-{number}")
        shown.append(([output["data"] for output in cell.outputs], str(cell.error or "")))
    return shown


@pytest.mark.parametrize(("recorded", "here"), [("zh", "en"), ("en", "zh")])
def test_a_page_is_replayed_in_the_language_in_which_it_was_recorded(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch, recorded: str, here: str
) -> None:
    monkeypatch.setenv(LANGUAGE_VARIABLE, recorded)
    before = run(kernels)
    monkeypatch.setenv(LANGUAGE_VARIABLE, here)
    for _again in range(2):  # a replay is recorded as well, and the next one has its session
        after = run(kernels, replay="only")
        for (code, _), was, now in zip(PAGE, before, after, strict=True):
            assert now == was, code
    begun = [event.get("language") for event in kernels.events() if event["event"] == "session"]
    assert begun == [None if recorded == "en" else "zh"] * len(begun)


def test_what_a_cell_chooses_is_chosen_again_and_not_the_language_of_the_recording(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = (
        ("%glm language", ()),
        ("%glm language zh", ()),
        ("%%glm\nhello", (Answer("hi"),)),
        ("%glm fork main", ()),
        ("%glm language en", ()),
        ("%glm fork main", ()),
    )
    before = run(kernels, cells)
    assert before[3][1].startswith("已有名为 main 的对话线。") and before[5][1].startswith("There is already")
    assert "language" not in kernels.events()[0]
    monkeypatch.setenv(LANGUAGE_VARIABLE, "zh")
    assert run(kernels, cells, "only") == before


def test_what_was_set_before_the_first_cell_is_the_language_of_the_recording(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = (("%glm fork main", ()), ("%%glm\nhello", (Answer("hi"),)), ("%glm fork main", ()))
    page = kernels.start_bare()
    page.shell.config.GLMMagics.language = "zh"
    assert page.run("%load_ext zhipu_magic").success
    kernels.server.enqueue(Answer("hi"))
    assert [page.run(code).success for code, _ in cells] == [False, True, False]
    assert kernels.events()[0]["language"] == "zh"
    assert all(error.startswith("已有名为 main 的对话线。") for _, error in run(kernels, cells, "only")[::2])


def test_rows_that_failed_are_told_in_the_language_of_their_reader(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = kernels.start()
    page.names["many"] = ["row 0", "row 1"]
    kernels.server.enqueue(Fault.of("1301"), Answer("a"))
    page.run("%%glm --each many --in-flight 1\n{{ text }}")
    lines = kernels.journal.with_name("page.rows.jsonl").read_text("utf-8").splitlines()
    error = json.loads(lines[1])["error"]
    assert error["message"].startswith("The service found unsafe content in the request.")
    page = kernels.start("only")
    page.names["many"] = ["row 0", "row 1"]
    page.run("%%glm --each many --in-flight 1 -o found\n{{ text }}")
    failed = page.magics.chat.map("{{ text }}", page.names["many"], in_flight=1).errors[0]
    assert failed.message == error["message"]
    reader.choose("zh")
    assert told(failed.message).startswith("服务检测到请求中有不安全或敏感内容。")


def test_without_a_notebook_the_environment_has_the_language(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LANGUAGE_VARIABLE, "zh")
    reader.look_again()
    with pytest.raises(InvalidRequest, match="没有可以发送的内容：提示词是空的。"):
        Chat("glm-4", base_url=server.base_url, api_key=server.api_key).ask(" ")
