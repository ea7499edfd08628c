"""`%%glm --draw`: a picture on the page, what it binds, and the same page from the journal."""

from __future__ import annotations

import base64
import re
import signal
import sys
import threading
from typing import Any

import pytest
from in_process import Cell, Page

from zhipu_magic import Chat
from zhipu_magic.notebook.display.display import ShowOptions
from zhipu_magic.notebook.display.drawing_panel import DrawingFigures
from zhipu_magic.notebook.display.terminal import Terminal
from zhipu_magic.practice import STALL, Answer, Fault, PracticeServer, Raw
from zhipu_magic.text.errors import Interrupted

DRAW = "%%glm --draw"
GENERATIONS = "POST /images/generations"


def picture(cell: Cell) -> bytes:
    return base64.b64decode(cell.outputs[0]["data"]["image/png"])


def test_a_cell_leaves_the_picture_and_its_panel(page: Page) -> None:
    cell = page.run(f"{DRAW} 768x1344 --quality hd -m cogview-4 -b answer -o image\na cat")
    assert cell.success
    shown, panel = cell.outputs
    assert set(shown["data"]) == {"image/png", "text/plain"}
    assert shown["data"]["text/plain"] == "<Drawing by cogview-4, PNG, 768 × 1344>"
    assert set(panel["data"]) == {"text/html", "text/plain"}
    for words in ("cogview-4", "768 × 1344", "hd", "price not known"):
        assert words in panel["data"]["text/plain"]
    assert page.names["image"].size == (768, 1344)
    assert type(page.names["answer"]).__name__ == "ImagesResponded"
    assert "_glm" not in page.names
    assert page.magics.chat.thread().size == 0


def test_the_free_model_draws_unless_another_is_named(page: Page, server: PracticeServer) -> None:
    assert page.run(f"{DRAW}\na cat").plain(1).endswith("1024 × 1024 · free")
    assert "cogview-3-flash" in page.run(f"{DRAW}\na cat").plain(1)
    assert page.run("%config GLMMagics.drawing_model = 'glm-image'").success
    assert "glm-image" in page.run(f"{DRAW}\na cat").plain(1)
    assert [call.body["model"] for call in server.calls] == ["cogview-3-flash", "cogview-3-flash", "glm-image"]


def test_values_stand_in_the_prompt_and_raw_leaves_braces(page: Page, server: PracticeServer) -> None:
    page.names["animal"] = "cat"
    assert page.run(f"{DRAW}\na {{{{ animal }}}}").success
    assert page.run(f"{DRAW} --raw\na {{{{ animal }}}}").success
    assert [call.body["prompt"] for call in server.calls] == ["a cat", "a {{ animal }}"]


@pytest.mark.parametrize("cell_id", ["a", None])
@pytest.mark.parametrize("line", [DRAW, f"{DRAW} -q", f"{DRAW} 1440x720 --param 'user_id=\"user-7\"'"])
def test_a_replayed_cell_leaves_what_the_live_one_left(
    page: Page, server: PracticeServer, line: str, cell_id: str | None
) -> None:
    page.names["many"] = "x" * 90_000
    live = page.run(f"{line} -o image\na cat {{{{ many | 50 }}}}", cell_id)
    assert live.success
    before, sent = page.names.pop("image"), len(server.calls)
    assert page.run("%config GLMMagics.replay = 'only'").success
    again = page.run(f"{line} -o image\na cat {{{{ many | 50 }}}}", cell_id)
    assert again.outputs == live.outputs
    assert page.names["image"].tobytes() == before.tobytes()
    assert len(server.calls) == sent
    assert len(again.messages) == len(again.outputs)  # published once


def test_practice_says_so_and_replays(page: Page) -> None:
    assert page.run("%glm practice").success
    live = page.run(f"{DRAW} 512x512\na cat", "a")
    assert "cogview-3-flash (practice)" in live.plain(1)
    assert "practice" in live.plain(1).rpartition(" · ")[2]
    assert page.run("%config GLMMagics.replay = 'only'").success
    assert page.run(f"{DRAW} 512x512\na cat", "a").outputs == live.outputs


def test_where_updates_are_not_shown_everything_is_published_once(page: Page, server: PracticeServer) -> None:
    server.load.latency = lambda: 0.7
    cell = page.run(f"{DRAW}\na cat", None)
    assert len(cell.messages) == len(cell.outputs) == 2


def test_the_line_tells_the_time_meanwhile(page: Page, server: PracticeServer) -> None:
    server.load.latency = lambda: 0.7
    cell = page.run(f"{DRAW}\na cat")
    waiting = [message["data"]["text/plain"] for message in cell.messages if "image/png" not in message["data"]]
    assert re.fullmatch(r"cogview-3-flash · 0\.\d s · drawing", waiting[0])
    assert len(waiting) >= 3


def test_the_line_tells_that_it_tries_again(page: Page, server: PracticeServer) -> None:
    server.disturb(GENERATIONS, Fault(429, "1305", headers={"Retry-After": "0.7"}))
    cell = page.run(f"{DRAW}\na cat")
    assert cell.success
    assert any("busy, trying again" in str(message["data"]["text/plain"]) for message in cell.messages)


def test_usage_says_what_has_no_price(page: Page) -> None:
    page.run(f"{DRAW} -m cogview-4\na cat")
    shown = page.run("%glm usage").plain()
    assert "1 request whose price is not known" in shown
    assert "a cat (a drawing)" in shown


def test_preview_sends_nothing(page: Page, server: PracticeServer) -> None:
    cell = page.run(f"{DRAW} 1024x1024 --preview -m cogview-4\na *cat*")
    assert cell.success
    for words in ("Nothing was sent.", "price not known", "a *cat*", "1024x1024"):
        assert words in cell.plain()
    assert server.calls == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--draw large", "'large' is not a size; it looks like 1024x1024"),
        ("--draw 100x100", "each side is a multiple of 16"),
        ("--draw -m glm-4", "glm-4 does not draw. Nothing was sent"),
        ("--draw --each many", "--each cannot be used with --draw"),
        ("--draw --bg", "--bg cannot be used with --draw"),
        ("--draw -s Brief", "--system cannot be used with --draw"),
        ("--draw --as int", "--as cannot be used with --draw"),
        ("--draw --image a.png", "--image cannot be used with --draw"),
        ("--draw -m cogview-4 -m glm-image", "One model draws a picture"),
        ("--quality hd", "--quality is for a picture"),
    ],
)
def test_what_makes_no_sense_is_told_before_it_is_sent(
    page: Page, server: PracticeServer, line: str, words: str
) -> None:
    cell = page.run(f"%%glm {line}\na cat")
    assert words in str(cell.error).replace("\n", " ")
    assert cell.outputs == []
    assert server.calls == server.requests == []


def test_a_model_that_draws_is_not_asked_for_words(page: Page, server: PracticeServer) -> None:
    cell = page.run("%%glm -m cogview-4\na cat")
    said = str(cell.error)
    assert "cogview-4 draws pictures, and writes no replies." in said
    assert "Nothing was sent. With --draw it does: %%glm --draw -m cogview-4." in said
    assert server.requests == []


def test_sizes_are_read_as_keyboards_write_them(page: Page, server: PracticeServer) -> None:
    for size in ("1024×1024", "１０２４x1024", "1024X1024", "1024*1024"):
        assert page.run(f"{DRAW} {size}\na cat").success
    assert {call.body["size"] for call in server.calls} == {"1024x1024"}


def test_without_pillow_a_name_is_refused_before_it_is_sent(
    page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIL", "PIL.Image"):
        monkeypatch.setitem(sys.modules, name, None)
    cell = page.run(f"{DRAW} -o image\na cat")
    assert "Pillow, which is not installed. %pip install pillow" in str(cell.error).replace("\n", " ")
    assert server.calls == []
    assert page.run(f"{DRAW}\na cat").success


def test_without_a_journal_the_panel_names_no_file(page: Page) -> None:
    assert page.run("%config GLMMagics.journal = 'off'").success
    cell = page.run(f"{DRAW} 512x512\na cat")
    assert cell.success and "images/" not in cell.plain(1) and "512 × 512" in cell.plain(1)


def test_where_the_cell_shows_something_else_a_refusal_leaves_that(page: Page, server: PracticeServer) -> None:
    server.disturb(GENERATIONS, Fault(429, "1305", headers={"Retry-After": "0.7"}), Fault.of("1301"))
    cell = page.run(
        "say = get_ipython().display_pub.print\nsay('mine')\nget_ipython().run_cell_magic('glm', '--draw', 'a cat')"
    )
    assert not cell.success
    assert [output["data"]["text/plain"] for output in cell.outputs] == ["mine", ""]


def test_a_refusal_leaves_nothing_on_the_page(page: Page, server: PracticeServer) -> None:
    server.disturb(GENERATIONS, Fault.of("1301"))
    cell = page.run(f"{DRAW} -o image\na cat")
    assert "unsafe content" in str(cell.error)
    assert cell.outputs == []
    assert "image" not in page.names


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_an_interrupt_says_that_it_may_be_billed(page: Page, server: PracticeServer) -> None:
    server.disturb(GENERATIONS, Raw((STALL,)))
    main = threading.main_thread().ident or 0
    threading.Timer(0.4, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
    cell = page.run(f"{DRAW} -m cogview-4\na cat")
    assert isinstance(cell.error, Interrupted)
    assert "The service may draw the picture all the same, and bill it." in str(cell.error)
    assert cell.outputs == []
    server.enqueue(Answer("fine"))
    assert page.run("%%glm\nhello").success


def test_a_cell_that_draws_leaves_no_turn_and_takes_away_the_one_it_had(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("one"))
    assert page.run("%%glm\nfirst", "a").success
    assert page.magics.chat.thread().size == 1
    assert page.run(f"{DRAW}\na cat", "a").success
    assert page.magics.chat.thread().size == 0


def test_a_model_with_eyes_is_sent_the_bound_picture(page: Page, server: PracticeServer) -> None:
    assert page.run(f"{DRAW} 512x512 -o image\na cat").success
    server.enqueue(Answer("a word"))
    assert page.run("%%glm -m glm-4.6v-flash\nWhat is in {{ image }}?").success
    parts: list[dict[str, Any]] = server.requests[-1].body["messages"][-1]["content"]
    assert [part["type"] for part in parts] == ["image_url", "text"]


def test_sizes_are_completed(page: Page) -> None:
    from zhipu_magic.notebook.completer.kinds import of

    assert ("1024x1024", "word") in of("sizes", page.session, "")[1]


@pytest.mark.parametrize("file", ["/home/me/.glm/images/a.png", ""])
def test_a_terminal_says_where_the_picture_is(chat: Chat, capsys: pytest.CaptureFixture[str], file: str) -> None:
    painter = Terminal().drawing_painter(ShowOptions(panel="settle", streamed=True, alone=True))
    figures = DrawingFigures(model="cogview-4", seconds=1.2, size="512 × 512", cost_text="price not known", file=file)
    painter.paint(figures)
    painter.settle(chat.draw("a cat", size="512x512"), {}, figures)
    where, line = capsys.readouterr().out.splitlines()
    assert where == (f"The picture is {file}" if file else "No journal keeps the picture: -o NAME binds it.")
    assert line == "[cogview-4 · 1.2 s · 512 × 512 · price not known]"
