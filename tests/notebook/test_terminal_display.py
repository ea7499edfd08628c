"""Cells in a terminal, as the terminal's display prints them: on a screen, and where standard output is none."""

from __future__ import annotations

import io
import re
import threading
from contextlib import redirect_stdout
from typing import Any

import pytest
from in_process import Page
from other_server import OtherServer, Says, event

from zhipu_magic.notebook.display.terminal import Terminal
from zhipu_magic.practice import CUT, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call

ASK = "%%glm -m glm-5.3 -m glm-4.7-flash"
PICTURE = "import PIL.Image\nPIL.Image.new('RGB', (4, 3))"


class Standard(io.StringIO):
    """Standard output, which is a screen or is none."""

    def __init__(self, *, is_screen: bool) -> None:
        super().__init__()
        self._is_screen = is_screen

    def isatty(self) -> bool:
        return self._is_screen


class Shown:
    """A page whose display is that of a terminal."""

    def __init__(self, page: Page, *, is_screen: bool) -> None:
        self.page = page
        self.is_screen = is_screen

    def run(self, code: str, *, fails: bool = False, **how: Any) -> str:
        """What a cell prints, without what moves, clears and colours."""
        with redirect_stdout(Standard(is_screen=self.is_screen)) as printed:
            cell = self.page.run(code, **how)
        assert cell.success != fails, cell.error
        return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]|\r", "", printed.getvalue())


@pytest.fixture(params=[True, False], ids=["a screen", "no screen"])
def terminal(request: pytest.FixtureRequest, page: Page, monkeypatch: pytest.MonkeyPatch) -> Shown:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(page.session, "display", Terminal())
    return Shown(page, is_screen=request.param)


def test_several_replies_stand_one_below_the_other(terminal: Shown, server: PracticeServer) -> None:
    terminal.page.magics.chat.limit = 1
    server.enqueue(Raw((sse(chunk("first ")), 0.2, sse(chunk("words", finish_reason="stop")))), Answer("other words"))
    said = terminal.run(f"{ASK}\nWhy?")
    places = [said.rindex(words) for words in ("glm-5.3\n", "first words", "glm-4.7-flash\n", "other words")]
    assert places == sorted(places)
    assert said.rstrip().endswith("%glm keep NAME makes one of these replies a turn of the conversation.")


def test_one_that_fails_or_breaks_off_says_so_in_its_place(terminal: Shown, server: PracticeServer) -> None:
    terminal.page.magics.chat.limit = 1
    server.enqueue(Fault.of("1211"), Raw((sse(chunk("half a ")), 0.05, CUT)))
    said = terminal.run(f"{ASK}\nWhy?", fails=True)
    assert (
        said.index("glm-5.3\n")
        < said.index("No reply: the error below says why.")
        < said.index("glm-4.7-flash\n")
        < said.rindex("half a")
    )


def test_a_reply_is_shown_again_with_its_reasoning(terminal: Shown, server: PracticeServer) -> None:
    server.enqueue(Answer("So it is.", reasoning="Let me\tsee."), Answer("Short."))
    terminal.run("%%glm\nIs it?")
    said = terminal.run("%glm show --reasoning").split()
    assert " ".join(said[:3]) == "Let me see." and " ".join(said[-3:]) == "So it is."
    terminal.run("%%glm\nAnd?")
    said = terminal.run("%glm show --reasoning").splitlines()
    assert (said[0], said[-1]) == ("The service sent no reasoning for this reply.", "Short.")


def test_a_long_reasoning_is_told_by_its_time(terminal: Shown, server: PracticeServer) -> None:
    thoughts = [item for number in range(6) for item in (sse(chunk(reasoning=f"thought {number} ")), 0.1)]
    server.enqueue(Raw((*thoughts, sse(chunk("Done.", finish_reason="stop")))))
    said = terminal.run("%%glm\nThink.")
    assert "Done." in said and ("reasoned for " in said) == terminal.is_screen


def test_words_that_turn_out_to_be_reasoning_are_said_to_be(terminal: Shown, other_server: OtherServer) -> None:
    terminal.run(f"%config GLMMagics.base_url = '{other_server.base_url}'\n%config GLMMagics.model = 'local'")

    def pieces() -> Any:
        yield event({"delta": {"content": "I have to think of tea.\n\nAnd more.\n\n"}})
        threading.Event().wait(0.4)
        yield event({"delta": {"content": "So.</think>It is tea."}})
        yield event({"delta": {}, "finish_reason": "stop"}) + b"data: [DONE]\n\n"

    other_server.enqueue(Says(pieces()))
    said = terminal.run("%%glm\nWhat is it?")
    assert said.rstrip().endswith("tokens") or "It is tea." in said
    assert said.index("I have to think") < said.index("reasoning") < said.rindex("It is tea.")


def test_a_call_that_never_came_whole_is_said_to_be_interrupted(terminal: Shown, server: PracticeServer) -> None:
    terminal.run('def area(side: float) -> float:\n    """The area."""\n    return side**2')
    begun = {"index": 0, "id": "1", "type": "function", "function": {"name": "area", "arguments": '{"si'}}
    server.enqueue(Raw((sse(chunk("I look.", tool_calls=[begun])), 0.3, CUT)))
    terminal.run("%config GLMMagics.max_retries = 0")
    assert "I look." in terminal.run("%%glm --tool area\nHow large?", fails=True)


def test_a_call_that_is_stopped_is_said_to_be_interrupted(terminal: Shown, server: PracticeServer) -> None:
    terminal.run('def stuck() -> str:\n    """Never ends."""\n    raise KeyboardInterrupt')
    server.enqueue(Answer("I look.", tool_calls=(tool_call("stuck", {}, id="1"),)))
    said = terminal.run("%%glm --tool stuck\ngo", fails=True)
    assert "I look." in said
    assert "stuck() · interrupted" in said or not terminal.is_screen


def test_what_was_to_be_told_stands_above_a_reply_that_is_shown_again(terminal: Shown, server: PracticeServer) -> None:
    terminal.run("%%glm\nIs it?", cell_id="a")
    server.enqueue(Answer("Words\n$$\nx^2\n$$\nand `code`\n\n| a | b |\n|---|---|\n| `x \\| y` | 2 |"))
    terminal.run("%%glm\nAnd?", cell_id="b")
    said = terminal.run("%glm show", deleted=["a"])
    below = re.search(r"x \\?\| y", said)
    assert below is not None
    assert said.index("set aside") < said.index("Words") < said.index("x^2") < below.start()


def test_code_and_what_it_has_shown_are_printed(terminal: Shown, server: PracticeServer) -> None:
    server.enqueue(
        Answer(tool_calls=[tool_call("python", {"code": f"print('so far')\n{PICTURE}"}, id="1")]), Answer("Done.")
    )
    said = terminal.run("%%glm --tool python!\ngo")
    assert "print('so far')" in said and said.rindex("so far") < said.rindex("Done.")


@pytest.mark.parametrize("quiet", [False, True])
def test_a_table_is_asked_over(terminal: Shown, server: PracticeServer, quiet: bool) -> None:
    terminal.page.names["cities"] = ["Paris", "Rome"]
    server.load.latency = 0.1
    said = terminal.run(f"%%glm --each cities {'-q' * quiet}\nWhere is {{{{ text }}}}?")
    assert "Paris" in said and "Rome" in said
    assert ("tokens" in said) != quiet


@pytest.mark.parametrize("quiet", [False, True])
def test_a_drawing_says_where_it_is(terminal: Shown, server: PracticeServer, quiet: bool) -> None:
    server.load.latency = lambda: 0.3
    said = terminal.run(f"%%glm --draw {'-q' * quiet}\na cat")
    assert "picture" in said
    assert ("1024 × 1024" in said.rpartition("picture")[2]) != quiet
