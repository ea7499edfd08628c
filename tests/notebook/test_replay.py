"""Replay: what the journal knows is answered from it, and the page is the same, byte for byte."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Cell, Notebook
from journals import latest
from restarted import Kernels
from story import plain

from zhipu_magic import Chat
from zhipu_magic.chat.options import Options
from zhipu_magic.chat.request import key_of
from zhipu_magic.history.journal.reader import read
from zhipu_magic.history.turn import Anchor
from zhipu_magic.practice import CUT, DONE, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.service.models import CATALOGUE, Model
from zhipu_magic.text.errors import GLMError, NotRecorded, OverBudget, SettingsError

HALF = Raw((sse(chunk("half a reply")), 0.05, CUT))
TOO_LONG = Fault(400, "1261")
NewChat = Callable[..., Chat]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.jsonl"


@pytest.fixture
def new_chat(server: PracticeServer, path: Path) -> Iterator[NewChat]:
    """Begins a chat on the same journal as another kernel would; in the mode `only` without a key."""
    chats: list[Chat] = []

    def begin(replay: Any = "off", **more: Any) -> Chat:
        service = {} if replay == "only" else {"base_url": server.base_url, "api_key": server.api_key}
        chats.append(Chat("glm-4", journal=path, replay=replay, **service, **more))
        return chats[-1]

    yield begin
    for chat in chats:
        chat.close()


def record(new_chat: NewChat, server: PracticeServer, *replies: Any, prompt: str = "hello", **options: Any) -> None:
    """A session in which the prompt is asked outside the conversation, once for each reply."""
    chat = new_chat()
    server.enqueue(*(Answer(reply) if isinstance(reply, str) else reply for reply in replies))
    for _ in replies:
        assert chat.ask(prompt, once=True, **options).text


def again(chat: Chat, count: int, prompt: str = "hello", **options: Any) -> list[str]:
    return [chat.ask(prompt, once=True, **options).text for _ in range(count)]


def missed(chat: Chat, prompt: str, **options: Any) -> str:
    """What a request that the journal does not know is told."""
    with pytest.raises(NotRecorded) as caught:
        chat.ask(prompt, **options)
    return str(caught.value)


# The modes


def test_by_default_nothing_is_answered_from_the_journal(new_chat: NewChat, server: PracticeServer) -> None:
    record(new_chat, server, "one")
    server.enqueue(Answer("two"))
    reply = new_chat().ask("hello", once=True)
    assert (reply.text, reply.replayed) == ("two", False)
    assert len(server.requests) == 2


def test_in_auto_what_is_known_is_replayed_and_the_rest_goes_out_and_is_recorded(kernels: Kernels) -> None:
    page = kernels.start()
    kernels.server.enqueue(Answer("one"))
    page.run("%%glm\nfirst")
    page = kernels.start("auto")
    assert page.run("%%glm\nfirst").plain() == "one"
    assert kernels.asked == 1
    kernels.server.enqueue(Answer("two"))
    assert page.run("%%glm\nsecond").plain() == "two"
    assert kernels.asked == 2
    page = kernels.start("only")
    assert [page.run(f"%%glm\n{prompt}").plain() for prompt in ("first", "second")] == ["one", "two"]
    assert kernels.asked == 2


@pytest.mark.parametrize("mode", ["auto", "only", " Only "])
def test_the_mode_comes_from_the_environment_or_from_the_setting(kernels: Kernels, mode: str) -> None:
    kernels.server.enqueue(Answer("one"))
    kernels.start().run("%%glm\nfirst")
    page = kernels.start(mode)
    assert page.run("%%glm\nfirst").outputs[0]["metadata"]["zhipu_magic"]["replayed"] is True
    page = kernels.start()
    assert page.run(f"%config GLMMagics.replay = {mode!r}").success
    assert page.run("%%glm\nfirst").plain() == "one"
    assert kernels.asked == 1


def test_the_setting_goes_before_the_environment(kernels: Kernels) -> None:
    page = kernels.start("only")
    page.run("%config GLMMagics.replay = 'off'")
    cell = page.run("%%glm\nfirst")
    assert isinstance(cell.error, SettingsError)
    assert "no API key" in str(cell.error)


def test_a_chat_in_python_takes_the_mode_from_the_environment_too(
    new_chat: NewChat, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(new_chat, server, "one")
    monkeypatch.setenv("ZHIPU_MAGIC_REPLAY", "only")
    assert new_chat(None).replay == "only"
    assert again(new_chat(None), 1) == ["one"]
    assert new_chat("off").replay == "off"


def test_a_mode_that_there_is_not_is_refused(
    kernels: Kernels, new_chat: NewChat, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SettingsError, match="replay must be off, auto or only, not 'always'"):
        new_chat("always")
    page = kernels.start()
    page.run("%config GLMMagics.replay = 'always'")
    assert "off, auto or only, not 'always'" in caplog.text
    assert page.magics.replay == "off"
    cell = kernels.start("always").run("%%glm\nfirst")
    assert isinstance(cell.error, SettingsError)
    assert "ZHIPU_MAGIC_REPLAY" in str(cell.error)


def test_the_mode_can_be_changed_under_way(kernels: Kernels) -> None:
    page = kernels.start()
    kernels.server.enqueue(Answer("one"), Answer("two"))
    page.run("%%glm --once\nfirst")
    page.run("%config GLMMagics.replay = 'only'")
    assert page.run("%%glm --once\nfirst").plain() == "one"
    assert isinstance(page.run("%%glm\nsecond").error, NotRecorded)
    page.run("%config GLMMagics.replay = 'off'")
    assert page.run("%%glm --once\nfirst").plain() == "two"
    assert kernels.asked == 2


def test_the_status_tells_the_mode(kernels: Kernels) -> None:
    assert "replay" not in kernels.start().run("%glm").plain()
    for mode in ("auto", "only"):
        shown = kernels.start(mode).run("%glm").plain()
        assert re.search(r"^\| replay +\| (\w+) +\|$", shown, re.MULTILINE)[1] == mode  # type: ignore[index]  # None fails it too


def test_fresh_asks_anew_in_auto_and_records_the_new_answer(kernels: Kernels) -> None:
    page = kernels.start("auto")
    kernels.server.enqueue(Answer("old"), Answer("new"))
    page.run("%%glm\nfirst", "A")
    assert page.run("%%glm --fresh\nfirst", "A").plain() == "new"
    assert kernels.asked == 2
    assert page.run("%%glm\nfirst", "A").plain() == "new"
    assert kernels.start("only").run("%%glm\nfirst").plain() == "new"
    assert kernels.asked == 2


def test_fresh_means_nothing_in_only(kernels: Kernels) -> None:
    kernels.server.enqueue(Answer("one"))
    kernels.start().run("%%glm\nfirst")
    page = kernels.start("only")
    assert page.run("%%glm --fresh\nfirst").plain() == "one"
    assert isinstance(page.run("%%glm --fresh\nsecond").error, NotRecorded)
    assert kernels.asked == 1


# Nothing goes out


OFFLINE = """
import gc, os, sys
opened = []
sys.addaudithook(lambda event, about: opened.append(event) if event in WATCHED else None)
WATCHED = {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
for line in ("%load_ext zhipu_magic", "%glm practice", "%%glm -b response\\nfirst", "%glm models", "%%glm\\nsecond"):
    print("RAN", shell.run_cell(line).success)
assert shell.user_ns["response"].choices[0].message.content == "one"

from zhipuai import ZhipuAI
gc.collect()
print("OPENED", opened, "CLIENTS", sum(isinstance(thing, ZhipuAI) for thing in gc.get_objects()))
import socket
with socket.socket() as seen:
    seen.bind(("127.0.0.1", 0))
print("WATCHING", opened)
"""


def test_in_only_no_socket_is_opened_no_key_is_needed_and_no_client_is_built(kernels: Kernels, tmp_path: Path) -> None:
    kernels.server.enqueue(Answer("one"))
    kernels.start().run("%%glm\nfirst")
    kernels.start("only")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", OFFLINE], capture_output=True, text=True, timeout=100, cwd=tmp_path
    )
    assert done.stdout.count("RAN True") == 4, done.stdout + done.stderr
    assert "This request is not in the journal" in done.stdout + done.stderr
    assert "OPENED [] CLIENTS 0" in done.stdout, done.stdout + done.stderr
    assert "WATCHING ['socket.bind']" in done.stdout
    assert kernels.asked == 1


def test_in_only_practice_starts_nothing_until_the_mode_ends(kernels: Kernels) -> None:
    page = kernels.start("only")
    assert "no model behind it" in page.run("%glm practice").plain()
    assert page.session._practice.server is None
    page.run("%config GLMMagics.replay = 'off'")
    assert page.run("%%glm\n你好").plain() == "你好！有什么我可以帮助你的吗？"
    assert "Practice is over" in page.run("%glm practice off").plain()


def test_a_page_made_with_the_practice_server_replays_without_it(kernels: Kernels) -> None:
    cells = ("%glm practice", "%%glm\n你好", "%glm practice off", "%glm practice", "%%glm -m glm-4-plus\n你好")
    pages = []
    for mode in ("off", "only"):
        page = kernels.start(mode)
        kernels._patch.delenv("ZHIPUAI_BASE_URL", raising=False)
        pages.append([[output["data"] for output in page.run(cell).outputs] for cell in cells])
    assert pages[0] == pages[1]
    assert "(practice)" in pages[1][1][1]["text/plain"]
    assert kernels.asked == 0


def test_in_only_the_list_of_models_comes_from_nowhere(kernels: Kernels, monkeypatch: pytest.MonkeyPatch) -> None:
    page = kernels.start("only")
    monkeypatch.setenv("ZHIPUAI_API_KEY", "id.secret")
    assert "glm-4-plus" in page.run("%glm models").plain()
    monkeypatch.setenv("ZHIPUAI_BASE_URL", kernels.server.base_url)
    assert "as replay is 'only'" in page.run("%glm models").plain()
    assert not page.magics.chat.service._idle


def test_in_only_a_model_that_was_taken_is_taken_again_though_no_list_has_it_here(kernels: Kernels) -> None:
    page = kernels.start("only")
    shown = page.run("%glm model glm-4.7-fash").plain()
    assert shown.strip() == "The model is **glm-4.7-fash**, about which nothing else is known here."


def test_in_only_no_line_is_written(kernels: Kernels) -> None:
    kernels.server.enqueue(Answer("one"))
    kernels.start().run("%%glm\nfirst")
    before = kernels.journal.read_bytes()
    page = kernels.start("only")
    for cell in ("%%glm\nfirst", "%%glm\nsecond", "%glm undo", "%glm model glm-4-plus", "%glm reset"):
        page.run(cell)
    kernels.end()
    assert kernels.journal.read_bytes() == before
    assert [file.name for file in kernels.journal.parent.iterdir()] == ["page.jsonl"]


def test_in_only_without_a_journal_none_is_made(kernels: Kernels) -> None:
    cell = kernels.start("only").run("%%glm\nfirst")
    assert isinstance(cell.error, NotRecorded)
    assert cell.outputs == []
    assert not kernels.journal.exists()
    page = kernels.start("only")
    page.run("%config GLMMagics.journal = 'off'")
    cell = page.run("%%glm\nfirst")
    assert isinstance(cell.error, NotRecorded)
    assert "no journal" in str(cell.error) or "there is none" in str(cell.error)


def test_in_auto_what_is_not_known_needs_a_key(kernels: Kernels, monkeypatch: pytest.MonkeyPatch) -> None:
    kernels.server.enqueue(Answer("one"))
    kernels.start().run("%%glm\nfirst")
    page = kernels.start("auto")
    monkeypatch.delenv("ZHIPUAI_API_KEY")
    assert page.run("%%glm\nfirst").plain() == "one"
    assert "no API key" in str(page.run("%%glm\nsecond").error)


# The same page


def outputs(cell: Cell) -> list[Any]:
    """What stands on the page; the mark of a replay is taken out."""
    for output in cell.outputs:
        output["metadata"].get("zhipu_magic", {}).pop("replayed", None)
    return cell.outputs


REPLIES = {
    "words": Answer("one **reply**\n\n$x$"),
    "reasoning": Answer("so", reasoning="first </details>, then\n\nthat"),
    "length": Answer("cut", finish_reason="length"),
    "sensitive": Answer("cut", finish_reason="sensitive"),
    "a tool": Answer("", tool_calls=(tool_call("weather", {"city": "北京"}, id="call_1"),)),
    "counted": Answer("so", reasoning="hm", prompt_tokens=900, cached_tokens=300, completion_tokens=70),
    "members": Answer("found", extra={"web_search": [{"title": "a", "link": "b"}], "content_filter": [{"level": 3}]}),
    "uncounted": Raw((sse(chunk("a")), 0.02, sse(chunk("b")), sse(chunk(finish_reason="stop")), DONE)),
}


@pytest.mark.parametrize("mode", ["auto", "only"])
@pytest.mark.parametrize("line", ["%%glm -b response", "%%glm -b response --no-stream -m glm-4-plus"])
@pytest.mark.parametrize("reply", list(REPLIES))
def test_a_replayed_cell_leaves_what_the_live_one_left(kernels: Kernels, reply: str, line: str, mode: str) -> None:
    if reply == "uncounted" and "--no-stream" in line:
        pytest.skip("a stream is no answer to a request for none")
    kernels.server.enqueue(REPLIES[reply])
    page = kernels.start()
    live = page.run(f"{line}\nfirst")
    bound = page.names["response"].model_dump()
    page = kernels.start(mode)
    replayed = page.run(f"{line}\nfirst")
    assert kernels.asked == 1
    assert replayed.outputs[0]["metadata"]["zhipu_magic"]["replayed"] is True
    assert len(live.outputs) == 2
    assert outputs(replayed) == outputs(live)
    assert [message["update"] for message in replayed.messages] == [False, False]
    assert page.names["response"].model_dump() == bound
    assert page.names["_glm"] is page.names["response"]


@pytest.mark.parametrize("settings", ["stream = False", "panel = 'off'", "panel = 'live'"])
def test_whatever_the_settings_each_output_is_published_once(kernels: Kernels, settings: str, live: list[str]) -> None:
    shown = []
    for mode in ("off", "only"):
        page = kernels.start(mode)
        page.run(f"%config GLMMagics.{settings}")
        shown.append(page.run("%%glm\nfirst"))
    assert len(shown[1].messages) == len(shown[0].outputs)
    for before, after in zip(outputs(shown[0]), outputs(shown[1]), strict=True):
        before["data"].pop("application/vnd.jupyter.widget-view+json", None)
        after["data"].pop("application/vnd.jupyter.widget-view+json", None)
        assert after == before


def test_a_whole_page_is_replayed(kernels: Kernels) -> None:
    cells = (
        *("%%glm\nfirst", '%%glm -s "Be brief."\nsecond', "%%glm --once --temperature 0.2\nby the way"),
        *("%%glm --max-tokens 3 -m glm-4-plus\nat length", "%glm continue", "%glm retry", "%glm undo", "%glm redo"),
        *(
            "%glm fork idea --at 1",
            "%%glm\nelsewhere",
            "%%glm -t main\nthere",
            "%glm threads",
            "%glm history",
            "%glm history --full",
        ),
        *("%glm thread main", "%glm reset", "%glm ask anew", "%glm show", "%glm usage"),
    )
    pages = []
    for mode in ("off", "only", "auto"):
        page = kernels.start(mode)
        ran = [page.run(cell) for cell in cells]
        assert all(cell.success for cell in ran)
        pages.append([outputs(cell) for cell in ran])
    assert kernels.asked == 9
    assert pages[1] == pages[0]
    assert pages[2][:-1] == pages[0][:-1], "but for the dashboard, which tells the replayed"


def test_a_streamed_reply_answers_an_unstreamed_request_and_the_other_way_round(kernels: Kernels) -> None:
    lines = ("%%glm --once", "%%glm --no-stream --once")
    page = kernels.start()
    live = [outputs(page.run(f"{line}\n{number}")) for number, line in enumerate(lines)]
    page = kernels.start("only")
    assert [outputs(page.run(f"{line}\n{number}")) for number, line in enumerate(reversed(lines))] == live


def test_a_refusal_for_the_budget_is_replayed(kernels: Kernels) -> None:
    cells = ("%%glm\nfirst", "%glm budget 1k tokens", "%%glm\nsecond", "%%glm --max-tokens 50\nsecond", "%glm usage")
    told = []
    for mode in ("off", "only"):
        page = kernels.start(mode)
        ran = [page.run(cell) for cell in cells]
        assert isinstance(ran[2].error, OverBudget)
        told.append((str(ran[2].error), [outputs(cell) for cell in ran]))
    assert told[0] == told[1]
    assert kernels.asked == 2


def test_a_refusal_is_replayed_where_the_same_was_asked_later_without_a_budget(kernels: Kernels) -> None:
    cells = ("%glm budget 500 tokens", "%%glm\nfirst", "%glm budget off", "%%glm\nfirst")
    for mode in ("off", "only"):
        page = kernels.start(mode)
        ran = [page.run(cell) for cell in cells]
        assert isinstance(ran[1].error, OverBudget)
        assert ran[3].success
    assert kernels.asked == 1


# Where the window left turns out


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATALOGUE, "glm-4", Model("glm-4", context=200, longest_answer=50))


def test_what_the_window_left_out_is_left_out_again(kernels: Kernels, small: None) -> None:
    kernels.server.enqueue(
        *(Answer(f"re {number}", prompt_tokens=25 + 50 * number, completion_tokens=25) for number in range(4))
    )
    pages = []
    for mode in ("off", "only"):
        page = kernels.start(mode)
        page.run("%glm model glm-4")
        pages.append([outputs(page.run(f"%%glm\nturn {number}")) for number in range(5)])
    assert pages[0] == pages[1]
    assert "left out" in pages[1][4][1]["data"]["text/plain"]
    assert kernels.asked == 5


def test_a_request_that_was_too_long_is_replayed_with_what_was_left_out(kernels: Kernels) -> None:
    kernels.server.enqueue(
        *(Answer(f"re {number}", prompt_tokens=25 + 50 * number, completion_tokens=25) for number in range(3)),
        *(TOO_LONG, Answer("at last", prompt_tokens=90, completion_tokens=5)),
    )
    pages = []
    for mode in ("off", "only"):
        page = kernels.start(mode)
        pages.append([outputs(page.run(f"%%glm\nturn {number}")) for number in range(5)])
    assert pages[0] == pages[1]
    assert "left out" in pages[1][3][1]["data"]["text/plain"]
    assert kernels.asked == 6


# What it cost


def test_replayed_tokens_are_not_spent(kernels: Kernels) -> None:
    kernels.server.enqueue(Answer("one", prompt_tokens=100, completion_tokens=50))
    kernels.start().run("%%glm -m glm-4-plus\nfirst")
    page = kernels.start("auto")
    page.run("%%glm -m glm-4-plus\nfirst")
    kernels.server.enqueue(Answer("two", prompt_tokens=7, completion_tokens=3))
    page.run("%%glm --once\nsecond")
    ledger = page.magics.chat.ledger
    assert (ledger.spent.requests, ledger.spent.total_tokens) == (1, 10)
    assert (ledger.replayed.requests, ledger.replayed.total_tokens) == (1, 150)
    for shown in (page.run("%glm usage").plain(), page.run("%glm usage").html(0)):
        assert "1 request · 7 prompt + 3 completion tokens" in shown
        assert "1 replayed (150 tokens): free" in shown
        assert "first (replayed)" in shown
    assert re.search(r"tokens spent +\| 10 ", page.run("%glm").plain())


def test_a_replay_takes_nothing_of_the_budget(kernels: Kernels) -> None:
    kernels.server.enqueue(Answer("one", prompt_tokens=4_000, completion_tokens=900))
    kernels.start().run("%%glm\nfirst")
    page = kernels.start("auto")
    page.run("%glm budget 5k tokens")
    assert page.run("%%glm\nfirst").success
    assert page.run("%%glm --once --max-tokens 4000\nsecond").success


def test_in_only_the_dashboard_shows_what_was_recorded(kernels: Kernels) -> None:
    shown = []
    for mode in ("off", "only"):
        page = kernels.start(mode)
        page.run("%%glm\nfirst")
        cell = page.run("%glm usage")
        shown.append((cell.plain(), cell.html(0)))
    assert shown[0] == shown[1]
    assert "replayed" not in shown[1][0]
    assert page.magics.chat.ledger.spent.requests == 0


# In the journal


def test_a_replayed_turn_is_a_short_line(kernels: Kernels) -> None:
    kernels.server.enqueue(Answer("a long reply " * 100))
    kernels.start().run("%%glm\nfirst", "A")
    kernels.start("auto").run("%%glm\nfirst", "A")
    *_, turn, _, replayed = kernels.events()
    assert (replayed["event"], replayed["of"], replayed["key"]) == ("replayed", turn["id"], turn["key"])
    assert len(json.dumps(replayed)) < 400
    assert "long reply" not in json.dumps(replayed)


def test_an_auto_session_is_resumed_as_it_was(kernels: Kernels) -> None:
    page = kernels.start()
    page.run("%%glm\nfirst", "A")
    page.run("%%glm\nsecond", "B")
    page = kernels.start("auto")
    for cell, name in (("first", "A"), ("second", "B"), ("third", "C")):
        page.run(f"%%glm\n{cell}", name)
    page.run("%glm undo")
    kept = page.magics.chat.state
    page = kernels.start()
    page.run("%glm resume")
    resumed = page.magics.chat.state
    assert resumed.ledger.entries == kept.ledger.entries
    assert (resumed.ledger.spent, resumed.ledger.replayed) == (kept.ledger.spent, kept.ledger.replayed)
    assert resumed.conversation.here.turns == kept.conversation.here.turns
    assert resumed.conversation.here.redo().turns == kept.conversation.here.redo().turns
    page.run("%%glm\nin other words", "A")
    assert [turn.prompt for turn in page.magics.chat.thread().turns] == ["in other words", "second"]


def test_a_replayed_turn_is_resumed_in_the_place_it_had(new_chat: NewChat, path: Path) -> None:
    assert new_chat().ask("hello", anchor=Anchor("A", 1, append=True)).text
    chat = new_chat("auto")
    for prompt, anchor in (("hello", Anchor("A", 1)), ("second", Anchor("B", 2)), ("hello", Anchor("A", 3))):
        assert chat.ask(prompt, anchor=anchor).text
    assert [turn.prompt for turn in chat.thread().turns] == ["hello", "second"]
    found = latest(read(path), but="")
    assert found is not None
    assert found[1].conversation.here.turns == chat.thread().turns


def test_a_page_recorded_in_a_front_end_that_names_cells_is_replayed_in_one_that_names_none(kernels: Kernels) -> None:
    cells = {"A": "%%glm\nfirst", "B": "%%glm\nsecond", "C": "%glm history", "D": "%glm usage"}
    page = kernels.start()
    live = [outputs(page.run(cell, name)) for name, cell in cells.items()]
    page = kernels.start("only")
    assert [outputs(page.run(cell, None)) for cell in cells.values()] == live


def test_a_journal_moved_under_way_holds_whole_replies(kernels: Kernels, tmp_path: Path) -> None:
    kernels.server.enqueue(Answer("one"))
    kernels.start().run("%%glm\nfirst")
    page = kernels.start("auto")
    page.run("%%glm\nfirst")
    elsewhere = tmp_path / "elsewhere.jsonl"
    page.run(f"%glm journal {elsewhere}")
    kernels.journal.unlink()
    page = kernels.start("only")
    page.run(f"%glm journal {elsewhere}")
    assert page.run("%%glm\nfirst").success
    page = kernels.start()
    page.run(f"%glm resume {elsewhere}")
    assert [turn.reply for turn in page.magics.chat.thread().turns] == ["one"]


# The key


BODY = {
    "model": "glm-4",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
    "temperature": 0.2,
}
BESIDE = {"stream": True, "stream_options": {"include_usage": True}, "tool_stream": True, "request_id": "a"}
WORDS = st.text('ab "\\é中🌍', max_size=4)
JSON = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=4,
)
MEMBERS = st.dictionaries(st.sampled_from(["tools", "top_p", "stop", "response_format", "thinking", "x"]), JSON)


@given(MEMBERS, st.randoms(use_true_random=False))
def test_the_key_is_the_same_however_the_request_is_written_and_delivered(members: Any, random: Any) -> None:
    written = list({**BODY, **members, **BESIDE, "user_id": "b", "do_sample": None}.items())
    random.shuffle(written)
    assert key_of(dict(written)) == key_of({**BODY, **members})


@given(MEMBERS, st.sampled_from(["model", "messages", "tools", "top_p", "stop", "thinking", "x", "seed"]), JSON)
def test_the_key_is_another_for_anything_that_decides_the_answer(members: Any, name: str, value: Any) -> None:
    body = {**BODY, **members}
    other = {**body, name: value}
    same = json.dumps(body, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (key_of(body) == key_of(other)) is same


@given(st.lists(WORDS, min_size=1, max_size=4), st.integers(0, 3), WORDS)
def test_the_key_is_another_for_another_message(texts: list[str], place: int, text: str) -> None:
    def key(texts: list[str]) -> str:
        return key_of({"model": "glm-4", "messages": [{"role": "user", "content": text} for text in texts]})

    changed = [text if number == place else old for number, old in enumerate(texts)]
    assert (key(texts) == key(changed)) is (texts == changed)
    assert key(texts) != key([*texts, text])


def test_the_key_knows_neither_host_nor_ids(new_chat: NewChat, server: PracticeServer) -> None:
    record(new_chat, server, "one", params={"request_id": "mine-7", "user_id": "reader-7"})
    replayed = new_chat("only").ask("hello", once=True, stream=False, params={"user_id": "reader-8"})
    assert replayed.text == "one"


def test_what_decides_the_answer_decides_the_replay(new_chat: NewChat, server: PracticeServer) -> None:
    record(new_chat, server, "one", temperature=0.2, params={"tools": [{"type": "web_search"}]})
    chat = new_chat("only")
    asked: dict[str, Any] = {"temperature": 0.2, "params": {"tools": [{"type": "web_search"}]}}
    for other in ({"temperature": 0.3}, {"params": {}}, {"model": "glm-4-plus"}, {"system": "x"}, {"think": False}):
        assert missed(chat, "hello", once=True, **{**asked, **other})
    assert chat.ask("hello", once=True, **asked).text == "one"


# Which occurrence


def test_identical_requests_are_answered_in_the_order_they_were_asked(
    new_chat: NewChat, server: PracticeServer
) -> None:
    record(new_chat, server, "one", "two", "three")
    chat = new_chat("only")
    assert again(chat, 3) == ["one", "two", "three"]
    assert "has this very request 3 times, and this is request number 4" in missed(chat, "hello", once=True)
    assert again(new_chat("only"), 2) == ["one", "two"]


def test_a_cell_run_again_asks_the_same_occurrence(kernels: Kernels) -> None:
    page = kernels.start("auto")
    notebook = Notebook(page, kernels.server)
    cell = "%%glm --once\nhello"
    assert notebook.run("A", cell, "for A").plain() == "for A"
    assert notebook.run("B", cell, "for B").plain() == "for B"
    for name in "ABBA":
        assert page.run(cell, name).plain() == f"for {name}"
    page = kernels.start("only")
    assert [page.run(cell, name).plain() for name in "XYX"] == ["for A", "for B", "for A"]
    page = kernels.start("only")
    assert [page.run(cell).plain() for _ in "XY"] == ["for A", "for B"]
    assert kernels.asked == 2


def test_of_a_cell_that_was_run_again_the_last_answer_is_the_pages(kernels: Kernels) -> None:
    page = kernels.start()
    notebook = Notebook(page, kernels.server)
    notebook.ask("A", "one")
    notebook.ask("B", "two")
    notebook.ask("A", "three")
    assert notebook.run("B", "%%glm\nabout B", "four").plain() == "four"
    page = kernels.start("only")
    assert [page.run(f"%%glm\nabout {name}").plain() for name in "AB"] == ["three", "four"]


def test_two_identical_questions_of_one_cell_are_two_occurrences(kernels: Kernels) -> None:
    page = kernels.start()
    cell = "%glm reset\n%glm ask hello\n%glm reset\n%glm ask hello"
    replies = ("one", "two", "three", "four")
    notebook = Notebook(page, kernels.server)
    notebook.run("A", cell, *replies[:2])
    notebook.run("A", cell, *replies[2:])
    ran = kernels.start("only").run(cell)
    assert [output["data"]["text/plain"] for output in ran.outputs if "text/markdown" in output["data"]][1::2] == [
        "three",
        "four",
    ]


def test_a_retry_cell_that_was_run_again_is_replayed_with_its_last_answer(kernels: Kernels) -> None:
    page = kernels.start()
    notebook = Notebook(page, kernels.server)
    notebook.ask("A", "one")
    assert notebook.run("B", "%glm retry", "two").plain() == "two"
    assert notebook.run("B", "%glm retry", "three").plain() == "three"
    page = kernels.start("only")
    assert [page.run(cell).plain() for cell in ("%%glm\nabout A", "%glm retry")] == ["one", "three"]


def test_the_answers_of_a_later_session_go_first(new_chat: NewChat, server: PracticeServer) -> None:
    record(new_chat, server, "old one", "old two")
    record(new_chat, server, "new one")
    assert again(new_chat("only"), 2) == ["new one", "old two"]


def test_an_answer_that_was_replayed_takes_its_place_in_the_order(new_chat: NewChat, server: PracticeServer) -> None:
    record(new_chat, server, "one")
    chat = new_chat("auto")
    server.enqueue(Answer("two"))
    assert again(chat, 2) == ["one", "two"]
    assert again(new_chat("only"), 2) == ["one", "two"]


# What is never replayed as whole


@pytest.mark.parametrize("mode", ["auto", "only"])
def test_an_interrupted_reply_is_not_replayed(kernels: Kernels, mode: str) -> None:
    kernels.server.enqueue(HALF)
    assert not kernels.start().run("%%glm\nfirst").success
    page = kernels.start(mode)
    kernels.server.enqueue(Answer("whole"))
    cell = page.run("%%glm\nfirst", "A")
    if mode == "auto":
        assert cell.plain() == "whole"
        assert page.run("%%glm\nfirst", "A").plain() == "whole"
    else:
        assert isinstance(cell.error, NotRecorded)
        assert cell.outputs == []


def test_a_reply_interrupted_in_this_session_is_asked_anew(kernels: Kernels) -> None:
    page = kernels.start("auto")
    kernels.server.enqueue(HALF, Answer("whole"))
    assert not page.run("%%glm\nfirst", "A").success
    assert page.run("%%glm\nfirst", "A").plain() == "whole"


@pytest.mark.parametrize("fault", [Fault(400, "1301"), plain({"choices": []})])
def test_a_failed_reply_is_not_replayed(kernels: Kernels, fault: Any) -> None:
    page = kernels.start("auto")
    kernels.server.enqueue(Answer("zero"), fault, Answer("whole"))
    page.run("%%glm\nfirst", "A")
    assert isinstance(page.run("%%glm --no-stream\nsecond", "B").error, GLMError)
    assert page.run("%%glm --no-stream\nsecond", "B").plain() == "whole"
    assert kernels.asked == 3


# What a miss says


def test_a_miss_fails_the_cell_and_leaves_all_as_it_was(kernels: Kernels) -> None:
    kernels.server.enqueue(Answer("one"), Answer("two"))
    page = kernels.start()
    page.run("%%glm\nfirst")
    page.run("%%glm\nsecond")
    page = kernels.start("only")
    page.run("%%glm -b response\nfirst")
    bound = page.names["response"]
    cell = page.run("%%glm -b response\nsecond?")
    assert isinstance(cell.error, NotRecorded)
    assert cell.outputs == []
    assert page.names["response"] is page.names["_glm"] is bound
    assert str(cell.error).splitlines() == [
        "This request is not in the journal page.jsonl.",
        "Nothing was sent, because replay is 'only'. To record it anew: python -m zhipu_magic record NOTEBOOK",
        "The closest is the request of line 3: message 3 differs. Recorded (user): 'second'; now: 'second?'",
    ]
    assert cell.error._render_traceback_() == str(cell.error).splitlines()
    assert page.run("%%glm\nsecond").plain() == "two"


@pytest.fixture
def recorded(new_chat: NewChat, server: PracticeServer) -> Path:
    """Two turns with a system text, lines 2 and 3."""
    chat = new_chat(system="You are a poet.")
    server.enqueue(Answer("Roses."), Answer("Violets."))
    for prompt in ("Name a flower.", "And another one."):
        assert chat.ask(prompt, temperature=0.2, params={"top_k": 5}).text
    assert chat.history.journal.path is not None
    return chat.history.journal.path


OPTIONS = Options(temperature=0.2, params={"top_k": 5})


@pytest.mark.parametrize(
    ("prompt", "options", "told"),
    [
        ("Name a tree.", {}, "line 2: message 2 differs. Recorded (user): 'Name a flower.'; now: 'Name a tree.'"),
        ("Name a flower.", {"temperature": 0.3}, "line 2: temperature differs. Recorded: 0.2; now: 0.3"),
        ("Name a flower.", {"model": "glm-4-plus"}, 'line 2: model differs. Recorded: "glm-4"; now: "glm-4-plus"'),
        ("Name a flower.", {"params": {"top_k": 6}}, "line 2: top_k differs. Recorded: 5; now: 6"),
        ("Name a flower.", {"system": "You are a chemist."}, "line 2: message 1 differs. Recorded (system): "),
        ("Name a flower.", {"once": True}, "line 2: message 1 differs. Recorded: from the system; now: from the user"),
        (
            "And another one.",
            {},
            "line 3: message 2 differs. Recorded (user): 'Name a flower.'; now: 'And another one.'",
        ),
    ],
)
def test_a_miss_shows_the_nearest_request_and_what_differs_first(
    recorded: Path, new_chat: NewChat, prompt: str, options: dict[str, Any], told: str
) -> None:
    chat = new_chat("only", system="You are a poet.")
    said = missed(chat, prompt, **{"temperature": 0.2, "params": {"top_k": 5}, **options})
    assert f"The closest is the request of {told}" in said


def test_a_miss_tells_of_an_earlier_reply_that_differs(recorded: Path, new_chat: NewChat) -> None:
    told = recorded.read_text(encoding="utf-8")
    chat = new_chat("only", system="You are a poet.")
    recorded.write_text(told.replace("Roses.", "Lilies."), encoding="utf-8")
    assert chat.ask("Name a flower.", OPTIONS).text == "Lilies."
    chat.replay = "off"
    recorded.write_text(told, encoding="utf-8")
    chat.replay = "only"
    with pytest.raises(
        NotRecorded, match=r"line 3: message 3 differs\. Recorded .assistant.: 'Roses\.'; now: 'Lilies\.'"
    ):
        chat.ask("And another one.", OPTIONS)


def test_a_miss_tells_of_a_turn_more_or_less(recorded: Path, new_chat: NewChat) -> None:
    chat = new_chat("only", system="You are a poet.")
    for prompt in ("Name a flower.", "And another one."):
        assert chat.ask(prompt, OPTIONS).replayed
    said = missed(chat, "And another one.", temperature=0.2, params={"top_k": 5})
    assert "line 3: it has 4 messages, this one 6." in said


def test_a_parameter_that_was_not_given_is_not_told_as_null(recorded: Path, new_chat: NewChat) -> None:
    chat = new_chat("only", system="You are a poet.")
    more = missed(chat, "Name a flower.", temperature=0.2, seed=3, params={"top_k": 5})
    assert "seed differs. Recorded: none; now: 3" in more
    less = missed(chat, "Name a flower.", temperature=0.2)
    assert "top_k differs. Recorded: 5; now: none" in less


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a" * 200, "a" * 200 + " and more"),
        ("a" * 200 + " and less", "a" * 200),
        ("x" + "a" * 200, "y" + "a" * 200),
        ("a" * 200 + "old" + "a" * 200, "a" * 200 + "new" + "a" * 200),
    ],
)
def test_in_long_messages_the_place_that_differs_is_shown(
    new_chat: NewChat, server: PracticeServer, old: str, new: str
) -> None:
    record(new_chat, server, "one", prompt=old)
    said = missed(new_chat("only"), new, once=True)
    before, now = said.split("Recorded (user): ")[1].split("; now: ")
    assert before != now
    assert len(said.splitlines()[-1]) < 300


def test_a_miss_after_a_session_in_auto(new_chat: NewChat, server: PracticeServer) -> None:
    record(new_chat, server, "one")
    assert again(new_chat("auto"), 1) == ["one"]
    assert "The closest is the request of line 2: message 1 differs." in missed(new_chat("only"), "hi", once=True)


def test_a_miss_of_a_request_whose_reply_was_interrupted_says_so(new_chat: NewChat, server: PracticeServer) -> None:
    server.enqueue(HALF)
    with pytest.raises(GLMError):
        assert new_chat().ask("hello").text
    said = missed(new_chat("only"), "hello")
    assert "no difference" not in said
    assert "line 2" in said.lower()
    assert "interrupted" in said


def test_a_miss_in_a_journal_with_no_request(new_chat: NewChat, path: Path) -> None:
    said = missed(new_chat("only"), "hello")
    assert "chat.jsonl" in said.splitlines()[0], "so that the user sees where it was looked for"
    new_chat().temperature = 0.5
    assert "The journal has no requests at all." in missed(new_chat("only"), "hello")


def test_a_miss_in_a_damaged_journal_is_a_miss(new_chat: NewChat, server: PracticeServer, path: Path) -> None:
    record(new_chat, server, "one")
    _, turn = path.read_bytes().splitlines()
    path.write_bytes(b"damaged\n" + turn + b"\n")
    notes: list[str] = []
    chat = new_chat("only", warn=notes.append)
    assert again(chat, 1) == ["one"]
    assert missed(chat, "something else", once=True)
    assert ["line 1 is damaged" in note for note in notes] == [True]
