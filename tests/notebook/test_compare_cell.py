"""Cells that ask several models at once: their replies in columns, and the one that is kept."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from in_process import Notebook, Page
from nasty import ATTACKS
from platforms import needs_signals
from readers import READERS

from zhipu_magic.practice import STALL, Answer, Fault, PracticeServer, Raw, chunk, sse
from zhipu_magic.text.errors import Interrupted

ASK = "%%glm -m glm-5.3 -m glm-4.7-flash"
HOW_TO_KEEP = "%glm keep NAME makes one of these replies a turn of the conversation."
_REPLIES = Path(__file__).parents[1] / "hostile" / "replies"
_NODE = Path(__file__).parents[1] / "node"
#: Replies that open what the next column must not be in.
OPENING = (
    *(
        "```python\nprint(1)",
        "~~~",
        "    code",
        "- a\n\n  - b\n    ```\n    c",
        "> quoted\n> ```",
        "$$\nx",
        "\\[ x",
        "`",
    ),
    *("<div>", "</div></div>", "<!--", "<details><summary>", "<pre>", "\\begin{align}\nx", "| a |\n|-|\n| b", "**bold"),
    *("1. a\n2. b", "[a]:", "<script>", "<![CDATA[", "<?php", "# ", "[^1]: note", "text\n---", "* * *", "<textarea>"),
    *("<table><tr><td>", "<style>", r"\[ x"),
)


@pytest.fixture
def in_order(page: Page, server: PracticeServer) -> Page:
    """A page whose models are asked one after the other, so that each gets the answer that is meant for it."""
    page.magics.chat.limit = 1
    return page


def test_replies_stand_in_columns_above_one_panel(in_order: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("**bold** words"), Answer("other words"))
    cell = in_order.run(f"{ASK} -b both -o texts\nWhy?")
    assert [sorted(output["data"]) for output in cell.outputs] == [
        ["text/markdown", "text/plain"],
        ["text/html", "text/plain"],
    ]
    assert cell.markdown().count("<div") == 3 and "\n\n**bold** words\n\n" in cell.markdown()
    assert cell.plain() == "glm-5.3:\n\n**bold** words\n\nglm-4.7-flash:\n\nother words"
    *_, first, second = cell.plain(1).splitlines()
    assert first.startswith("glm-5.3 · ") and second.startswith("glm-4.7-flash · ") and "tokens" in first
    assert HOW_TO_KEEP in cell.plain(1)
    names = in_order.shell.user_ns
    assert names["texts"] == {"glm-5.3": "**bold** words", "glm-4.7-flash": "other words"}
    assert {model: one.choices[0].message.content for model, one in names["both"].items()} == names["texts"]
    assert names["_glm"] is names["both"]["glm-4.7-flash"]


def test_a_reply_is_seen_to_grow_beside_one_that_waits(in_order: Page, server: PracticeServer) -> None:
    server.enqueue(Raw((sse(chunk("first ")), 0.5, sse(chunk("words", finish_reason="stop")))), Answer("other"))
    cell = in_order.run(f"{ASK}\nWhy?")
    assert cell.success and "first words" in cell.plain()
    before = [str(message["data"]) for message in cell.messages if "first words" not in str(message["data"])]
    assert any("first" in text and "other" not in text for text in before)


def test_where_nothing_can_be_replaced_all_comes_once(in_order: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("one"), Answer("two"))
    cell = in_order.run(f"{ASK}\nWhy?", None)
    assert cell.success and len(cell.messages) == len(cell.outputs) == 2
    kept = in_order.run("%glm keep glm-5", None)
    assert kept.success and all(not message["update"] for message in kept.messages)


def test_a_fault_in_showing_them_costs_no_reply(
    in_order: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*given: Any, **more: Any) -> None:
        raise RuntimeError("no page")

    server.enqueue(Answer("one"), Answer("two"))
    with monkeypatch.context() as patch:
        patch.setattr(in_order.publisher, "publish", failing)
        assert "no page" in str(in_order.run(f"{ASK}\nWhy?").error)
    assert sorted(in_order.magics.chat.compared) == ["glm-4.7-flash", "glm-5.3"]
    assert in_order.run("%glm keep glm-5").success


@needs_signals
def test_an_interrupt_stops_all_and_keeps_what_had_come(page: Page, server: PracticeServer) -> None:
    server.enqueue(*[Raw((sse(chunk("half ")), STALL))] * 2)
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(0.4, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
    cell = page.run(f"{ASK} -b both\nWhy?")
    assert isinstance(cell.error, Interrupted)
    assert {model: one.choices[0].message.content for model, one in page.names["both"].items()} == {
        "glm-5.3": "half ",
        "glm-4.7-flash": "half ",
    }


@pytest.mark.parametrize("fails", [False, True])
def test_in_a_cell_of_other_code_they_stand_below_each_other_too(
    in_order: Page, server: PracticeServer, fails: bool
) -> None:
    server.enqueue(*([Fault.of("1211")] * 2 if fails else [Answer("one"), Answer("two")]))
    line = ASK.removeprefix("%%glm ")
    cell = in_order.run(f"x = 1\nget_ipython().run_cell_magic('glm', '{line}', 'Why?')")
    assert cell.success != fails
    assert [sorted(output["data"])[0] for output in cell.outputs] == ["text/markdown", "text/html"]


def test_the_kept_reply_is_the_turn_of_its_cell(notebook: Notebook, server: PracticeServer) -> None:
    page = notebook.page
    page.magics.chat.limit = 1
    assert notebook.ask("a", "first").success
    server.enqueue(Answer("one"), Answer("two"))
    assert notebook.run("b", f"{ASK}\nWhy?").success
    assert notebook.ask("c", "last").success
    assert len(server.requests[-1].body["messages"]) == 3  # nothing of b is in it
    assert notebook.run("d", "%glm keep glm-4").success
    assert [(turn.cell, turn.reply) for turn in page.magics.chat.thread().turns][1:2] == [("b", "two")]
    assert [link.stale for link in page.magics.chat.thread().links] == [False, False, True]
    assert "another reply kept" not in notebook.run("e", "%glm undo").plain()
    assert [turn.cell for turn in page.magics.chat.thread().turns] == ["a", "c"]


def test_the_note_below_the_replies_follows(notebook: Notebook, server: PracticeServer) -> None:
    page = notebook.page
    page.magics.chat.limit = 1
    server.enqueue(Answer("one"), Answer("two"))
    cell = notebook.run("b", f"{ASK}\nWhy?")
    panel = cell.messages[-1]["transient"]["display_id"]
    notes = []
    for line in ("%glm keep glm-5", "%glm keep glm-4", "%glm undo 2", "%glm redo", "%glm history"):
        shown = notebook.run("c", line)
        told = [one for one in shown.messages if one["update"] and one["transient"]["display_id"] == panel]
        notes += [one["data"]["text/plain"].splitlines()[0] for one in told]
    kept = "The reply of {} is a turn of the conversation; %glm keep NAME puts another in its place."
    assert cell.plain(1).splitlines()[0] == HOW_TO_KEEP
    assert notes == [kept.format("glm-5.3"), kept.format("glm-4.7-flash"), HOW_TO_KEEP, kept.format("glm-5.3")]
    assert "kept: glm-5.3" in shown.plain()


def test_keep_says_which_turns_became_stale(notebook: Notebook, server: PracticeServer) -> None:
    notebook.ask("a", "first")
    assert notebook.run("b", f"{ASK}\nWhy?").success
    assert "stale" not in notebook.run("k", "%glm keep glm-5").plain()
    notebook.run("k", "%glm undo")
    notebook.ask("c", "next")
    assert "Turn 3 is stale now" in notebook.run("k", "%glm keep glm-5").plain()
    notebook.ask("d", "last")
    told = notebook.run("k", "%glm keep glm-4").plain()
    assert "Turn 4 is stale now" in told and "Turn 3" not in told  # which was stale before
    notebook.run("k", "%glm undo 3")
    notebook.ask("c", "next")
    notebook.ask("d", "last")
    assert "2 turns (3 and 4) are stale now" in notebook.run("k", "%glm keep glm-4").plain()


def test_a_cell_that_compares_again_has_no_turn_until_one_is_kept(notebook: Notebook, server: PracticeServer) -> None:
    chat = notebook.page.magics.chat
    for _ in range(2):
        assert notebook.run("b", f"{ASK}\nWhy?").success
        assert chat.thread().turns == ()
        assert notebook.run("d", "%glm keep glm-5").success
        assert [turn.cell for turn in chat.thread().turns] == ["b"]


def test_one_that_fails_fails_the_cell_after_all_is_shown(in_order: Page, server: PracticeServer) -> None:
    server.enqueue(Fault.of("1211"), Answer("fine"))
    cell = in_order.run(f"{ASK} -b both\nWhy?")
    assert str(cell.error).startswith(
        "glm-5.3: The service has no such model.\nglm-4.7-flash answered, as shown above."
    )
    assert cell.plain() == "glm-5.3:\n\nNo reply: the error below says why.\n\nglm-4.7-flash:\n\nfine"
    assert "glm-5.3 · no reply" in cell.plain(1)
    assert [*in_order.shell.user_ns["both"]] == ["glm-4.7-flash"]


def test_one_that_is_not_of_the_type_costs_the_others_nothing(in_order: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("many"), Answer("7"), Answer("very many"))
    server.enqueue(*[Answer("still many")] * 2)
    cell = in_order.run(f"{ASK} --as int -o number\nHow many?")
    assert cell.error is not None and "glm-5.3: " in str(cell.error) and "glm-4.7-flash answered" in str(cell.error)
    assert in_order.shell.user_ns["number"] == {"glm-4.7-flash": 7}


def test_where_all_fail_nothing_is_shown_but_their_errors(in_order: Page, server: PracticeServer) -> None:
    server.enqueue(Fault.of("1211"), Fault.of("1301"))
    cell = in_order.run(f"{ASK} -b both\nWhy?")
    assert cell.error is not None and "glm-5.3: " in str(cell.error) and "glm-4.7-flash: " in str(cell.error)
    assert "answered" not in str(cell.error) and "both" not in in_order.shell.user_ns


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("-m a -m b --bg", "--bg cannot be used with several models"),
        ("-m a -m b -i", "-i cannot be used with several models"),
        ("-m a -m b --each rows", "--each cannot be used with several models"),
        (" ".join(f"-m m{number}" for number in range(7)), "7 models are too many"),
    ],
)
def test_what_means_nothing_for_several_models_is_said(
    page: Page, server: PracticeServer, line: str, said: str
) -> None:
    assert said in str(page.run(f"%%glm {line}\nWhy?").error)
    assert server.requests == []


@pytest.mark.parametrize("line", ["-m glm-4 -m glm-4", "-m glm-5.3 -m glm-4 --model=glm-4", "--draw -m glm-4 -m glm-4"])
def test_a_model_that_is_named_twice_is_an_error(page: Page, server: PracticeServer, line: str) -> None:
    assert "-m names glm-4 twice" in str(page.run(f"%%glm {line}\nWhy?").error)
    assert server.requests == []


def test_a_preview_shows_each_request_and_sends_none(page: Page, server: PracticeServer) -> None:
    shown = page.run(f"{ASK} --preview\nWhy?").plain()
    assert shown.count("Nothing was sent.") == 2 and "glm-5.3: about" in shown and server.requests == []


def test_keep_without_a_name_says_which_there_are(page: Page, server: PracticeServer) -> None:
    assert "no models have been compared yet" in str(page.run("%glm keep").error)
    page.run(f"{ASK}\nWhy?")
    assert "glm-4.7-flash, glm-5.3" in str(page.run("%glm keep").error)
    assert "%glm keep NAME takes one of these" in str(page.run("%glm keep gpt").error)


def test_outside_the_conversation_nothing_is_kept(page: Page, server: PracticeServer) -> None:
    cell = page.run(f"{ASK} --once\nWhy?")
    assert "%glm keep" not in cell.plain(1)
    assert "no models have been compared" in str(page.run("%glm keep").error)


def test_one_that_was_asked_in_another_thread_is_kept_there_and_that_is_said(
    page: Page, server: PracticeServer
) -> None:
    page.run("%%glm\nHere")
    page.run(f"{ASK} -t other\nWhy?")
    told = page.run("%glm keep glm-5").plain()
    assert "a turn of the thread **other** now" in told and "There, `%glm undo`" in told
    chat = page.magics.chat
    assert (chat.thread("main").size, chat.thread("other").size) == (1, 1)


def test_a_link_of_one_column_is_none_of_another(in_order: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("Paris [1].\n\n[1]: https://a.example/"), Answer("Lyon [1].\n\n[1]: https://b.example/"))
    shown = in_order.run(f"{ASK}\nWhere?").markdown()
    for reader in READERS:
        assert ">1</a>" not in reader(shown) and "[1]: " in reader(shown).replace("\\", "")


def test_a_second_interrupt_leaves_a_settled_page(in_order: Page, server: PracticeServer) -> None:
    from zhipu_magic.notebook.display.comparison import PageComparison

    settle, pressed = PageComparison.settle, []

    def impatient(self: PageComparison) -> None:
        if not pressed:
            pressed.append(True)
            raise KeyboardInterrupt
        settle(self)

    server.enqueue(Raw((sse(chunk("half ")), STALL)), Answer("whole"))
    in_order.magics.chat.limit = 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PageComparison, "settle", impatient)
        patch.setattr(PageComparison, "paint", _interrupting(PageComparison.paint))
        cell = in_order.run(f"{ASK}\nWhy?")
    assert "Interrupted." in str(cell.error) and "still being written" not in cell.markdown()


def _interrupting(paint: Any) -> Any:
    def painted(self: Any) -> None:
        paint(self)
        if all(one.progress.has_text for one in self._compared):
            raise KeyboardInterrupt

    return painted


@pytest.mark.parametrize("option", ["", " --no-stream", " -q"])
def test_a_replay_leaves_the_same_outputs(page: Page, server: PracticeServer, tmp_path: Path, option: str) -> None:
    def shown() -> list[Any]:
        page.run("%config GLMMagics.journal = 'off'")
        page.run(f"%config GLMMagics.journal = {str(tmp_path / 'j.jsonl')!r}")
        cells = [f"{ASK}{option}\nWhy?", "%glm keep glm-4.7", "%%glm\nAnd?", "%glm history --full"]
        return [output["data"] for cell in cells for output in page.run(cell).outputs]

    live = shown()
    asked = len(server.requests)
    page.run("%unload_ext zhipu_magic")
    page.run("%load_ext zhipu_magic")
    page.run("%config GLMMagics.replay = 'only'")
    assert shown() == live and len(server.requests) == asked


class Columns(HTMLParser):
    """The text of each column of a comparison, and what stands outside all of them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.columns: list[str] = []
        self.outside = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "hr", "img", "input"):
            return
        self._open.append(tag)
        if len(self._open) == 2:
            self.columns.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Such a tag holds nothing."""

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if len(self._open) >= 2:
            self.columns[-1] += data
        else:
            self.outside += data.strip()


def pages(page: Page, server: PracticeServer) -> dict[str, str]:
    """The pages of comparisons whose first reply opens something, by that reply."""
    page.magics.chat.limit = 1
    page.run("%config GLMMagics.journal = 'off'")
    hostile = [*OPENING, *ATTACKS, *(path.read_text("utf-8") for path in sorted(_REPLIES.glob("*.md")))]
    shown = {}
    for reply in filter(str.strip, hostile):
        server.enqueue(Answer(reply), Answer("$$ y `z` [glm] the second's words"))
        shown[reply] = page.run(f"{ASK} -q --once\nWhy?").markdown()
    return shown


def test_no_reply_leaves_its_column(page: Page, server: PracticeServer) -> None:
    shown = pages(page, server)
    made = {reader.__name__: [reader(text) for text in shown.values()] for reader in READERS}
    if shutil.which("node") and (_NODE / "node_modules").is_dir():
        ran = subprocess.run(
            ["node", "render.js"], cwd=_NODE, input=json.dumps([*shown.values()]), capture_output=True, text=True
        )
        made |= json.loads(ran.stdout)
    wrong = []
    for name, rendered in made.items():
        for reply, html in zip(shown, rendered, strict=True):
            found = Columns(html)
            if len(found.columns) != 2 or found.outside or "the second's words" not in found.columns[1]:
                wrong.append((name, reply, html))
    assert wrong == []
