"""A reply while it grows: in parts that are not sent again, and once at the end where updates are not shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from typing import Any, ClassVar

import pytest
from in_process import Cell, Page, folded
from IPython.core.displaypub import DisplayPublisher

from zhipu_magic.notebook.display import painter
from zhipu_magic.practice import DONE, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call

WIDGET = "application/vnd.jupyter.widget-view+json"
MARK = "… still being written"
#: Longer than a finished part must be.
SECTIONS = [(f"## Section {number}\n", "It goes on for a while. " * 85 + "\n\n") for number in range(1, 6)]
PIECES = [piece for section in SECTIONS for piece in section]
TEXT = "".join(PIECES)


class OneByOne(tuple[Any, ...]):
    """The steps of a reply; each goes out once the page has shown the one before."""

    page: ClassVar[Page]

    def __iter__(self) -> Iterator[Any]:
        yield from self._until_there_are(1)
        for step in super().__iter__():
            before = self._shown()
            yield step
            yield from self._until_there_are(before + 1)

    def _shown(self) -> int:
        return sum("text/markdown" in message["data"] for message in list(self.page.publisher.outputs))

    def _until_there_are(self, count: int) -> Iterator[float]:
        for _ in range(MOST_LOOKS):
            if self._shown() >= count:
                return
            yield LOOK
        raise AssertionError(f"The page has shown {self._shown()} of {count} steps, and no more for a while.")


#: Seconds between two looks whether a page shows a step, and how many there are at most.
LOOK, MOST_LOOKS = 0.005, 200


@pytest.fixture(autouse=True)
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a page show each step as soon as it has come, rather than by time."""
    monkeypatch.setattr(painter, "_SHORTEST_GAP", 0.0)
    monkeypatch.setattr(painter, "_BYTES_A_SECOND", 1e9)
    if "page" in request.fixturenames:
        OneByOne.page = request.getfixturevalue("page")


def slowly(*pieces: str, reasoning: tuple[str, ...] = (), ending: Any = None, seen: bool = True) -> Raw:
    """A reply that comes so slowly that each piece would be shown; if it is to be `seen`, no faster than it is."""
    steps = [*(sse(chunk(reasoning=thought)) for thought in reasoning), *(sse(chunk(piece)) for piece in pieces)]
    paced = OneByOne(steps) if seen else [part for step in steps for part in (step, 4 * LOOK)]
    end = (ending,) if ending else (sse(chunk(finish_reason="stop")), DONE)
    return Raw(Then((paced, end)))


class Then(tuple[Any, ...]):
    """Steps after steps, of which no more are made than are asked for."""

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(super().__iter__())


def in_sections(*, seen: bool = True) -> Raw:
    return slowly(*PIECES, seen=seen)


def frames(cell: Cell) -> list[list[str]]:
    """What the reply's own outputs showed, one after the other, frame by frame."""
    shown: dict[str, list[str]] = {}
    for message in cell.messages:
        if "text/markdown" in message["data"]:
            shown.setdefault(message["transient"]["display_id"], []).append(message["data"]["text/markdown"])
    return list(shown.values())


def when(page: Page, words: str, do: Callable[[], object]) -> None:
    """Do something once, as soon as these words are shown."""
    publish, done = type(page.publisher)._send, []

    def publishing(self: Any, kind: str, **content: Any) -> None:
        publish(self, kind, **content)
        if words in str(content.get("data")) and not done:
            done.append(True)
            do()

    page.publisher._send = publishing.__get__(page.publisher)  # type: ignore[method-assign]


# In parts


def test_a_finished_part_is_not_sent_again(page: Page, server: PracticeServer) -> None:
    server.enqueue(in_sections())
    cell = page.run("%%glm\ngo on")
    *parts, _whole = frames(cell)
    assert len(parts) > 3
    for part, later in pairwise(parts):
        assert MARK not in part[-1]
        assert re.findall(r"Section \d", later[-1])[0] not in part[-1]
    ended = [part[-1] for part in parts]
    assert re.findall(r"Section (\d)", "".join(ended)) == ["1", "2", "3", "4", "5"]


def test_the_panel_stays_below_the_parts_all_the_time(page: Page, server: PracticeServer) -> None:
    server.enqueue(in_sections())
    messages = page.run("%%glm\ngo on").messages
    assert sum(WIDGET in message["data"] and not message["update"] for message in messages) > 3
    for end in range(2, len(messages) - 1):
        assert WIDGET in folded(messages[:end])[-1]["data"]


@pytest.mark.parametrize("line", ["%glm ask go on", "%glm retry", "  %glm continue\n"])
def test_a_reply_to_a_command_comes_in_parts_too(page: Page, server: PracticeServer, line: str) -> None:
    server.enqueue(Answer("Begun. ", finish_reason="length"), in_sections())
    page.run("%%glm\ngo on")
    cell = page.run(line)
    assert len(frames(cell)) > 4
    assert len(cell.outputs) == 2 and "Section 5" in cell.plain()


def test_what_was_shown_in_parts_is_whole_in_the_end(page: Page, server: PracticeServer) -> None:
    server.enqueue(in_sections(), Answer(TEXT))
    in_parts, at_once = page.run("%%glm --once\ngo on"), page.run("%%glm --once --no-stream\ngo on")
    assert len(in_parts.outputs) == 2
    assert in_parts.outputs[0]["data"] == at_once.outputs[0]["data"]
    assert set(in_parts.outputs[1]["data"]) == {"text/html", "text/plain"}


def test_an_interrupted_reply_in_parts_is_one_too(page: Page, server: PracticeServer) -> None:
    server.enqueue(slowly(*PIECES, ending=b"data: {oops\n\n"))
    cell = page.run("%%glm\ngo on")
    assert not cell.success
    assert len(frames(cell)) > 3
    assert len(cell.outputs) == 2
    assert cell.plain() == TEXT


def test_each_frame_says_that_it_is_not_whole_and_the_last_does_not(page: Page, server: PracticeServer) -> None:
    server.enqueue(slowly("one ", "two ", "```python\nx = 1\n", "y = 2\n```", reasoning=("Hm.", "Ah.")))
    cell = page.run("%%glm\ngo on")
    reasoning, words, whole = frames(cell)
    assert len(words) > 3
    assert all(MARK in frame for frame in words)
    assert all(frame.rstrip().endswith("</div>") for frame in words)
    assert MARK not in whole[-1] and MARK not in cell.plain()
    assert not any(MARK in frame for frame in reasoning[1:])


def test_the_reasoning_is_a_line_and_then_folded_for_good(page: Page, server: PracticeServer) -> None:
    server.enqueue(slowly("one ", "two ", "three", reasoning=("First\n\n", "# then `so`\n", "<b>and</b> on")))
    cell = page.run("%%glm\ngo on")
    reasoning = frames(cell)[0]
    *lines, last = reasoning[1:]
    assert lines
    assert all("▸ Reasoning" in line and "\n" not in line and "<b>" not in line for line in lines)
    assert last.startswith("<details><summary>Reasoning</summary>")
    words = [place for place, message in enumerate(cell.messages) if "two" in message["data"].get("text/markdown", "")]
    folds = [place for place, message in enumerate(cell.messages) if message["data"].get("text/markdown") == last]
    assert max(folds) < min(words)


def test_words_that_were_reasoning_are_taken_back(page: Page, server: PracticeServer) -> None:
    server.enqueue(slowly(*PIECES, "</think>\n\nThe answer.", " At last."))
    cell = page.run("%%glm\ngo on")
    assert len(cell.outputs) == 2
    assert cell.plain() == "The answer. At last."
    assert "Section 5" in cell.markdown()
    place = next(place for place, message in enumerate(cell.every) if "The answer." in str(message["data"]))
    reasoning, words, *_ = folded(cell.every[: place + 1])
    assert "Section 5" in reasoning["data"]["text/markdown"] and "Section" not in words["data"]["text/markdown"]


TOOL = "def look() -> str:\n    'Look.'\n    return 'all is well'"


def looking(words: str = "", reasoning: str = "") -> Answer:
    return Answer(words, reasoning=reasoning, tool_calls=(tool_call("look", {}, id="1"),))


def test_what_came_before_the_calls_of_tools_is_not_sent_again(page: Page, server: PracticeServer) -> None:
    page.run(TOOL)
    server.enqueue(looking("Let me look.", reasoning="Hm."), looking("Once more."), in_sections())
    cell = page.run("%%glm --tool look\ngo on")
    reasoning, first, second, *parts, whole = frames(cell)
    assert "Hm." in reasoning[-1] and "<details>" in reasoning[-1]
    assert "Let me look." in first[-1] and "all is well" in first[-1] and MARK not in first[-1]
    assert "Once more." in second[-1] and "Let me look." not in second[-1]
    assert len(parts) > 3
    assert not any("look" in frame for part in parts for frame in part)
    assert all(text in whole[-1] for text in ("Hm.", "Let me look.", "Once more.", "Section 5"))
    assert len(cell.outputs) == 2


def test_words_that_were_reasoning_are_taken_back_after_calls_too(page: Page, server: PracticeServer) -> None:
    page.run(TOOL)
    server.enqueue(looking("Let me look."), slowly(*PIECES, "</think>\n\nThe answer.", " At last."))
    cell = page.run("%%glm --tool look\ngo on")
    assert cell.plain() == "The answer. At last."
    place = next(place for place, message in enumerate(cell.every) if "The answer." in str(message["data"]))
    shown = folded(cell.every[: place + 1])
    assert [
        next(text for text in ("Let me look.", "Section 5", "The answer.") if text in str(output["data"]))
        for output in shown
    ] == ["Let me look.", "Section 5", "The answer."]


def test_what_a_tool_prints_keeps_the_reply_together(page: Page, server: PracticeServer) -> None:
    page.run("def look() -> str:\n    'Look.'\n    get_ipython().display_pub.print('printed')\n    return 'ok'")
    server.enqueue(looking("Let me look."), in_sections())
    cell = page.run("%%glm --tool look\ngo on")
    (only,) = frames(cell)
    assert "Let me look." in only[-2] and "Section 5" in only[-2] and MARK in only[-2]
    assert cell.plain() == TEXT
    assert "printed" in [output["data"].get("text/plain") for output in cell.outputs]


@pytest.mark.parametrize("tries", [1, 2])
def test_a_typed_answer_grows_in_parts_of_code(page: Page, server: PracticeServer, tries: int) -> None:
    page.run("from dataclasses import dataclass\n@dataclass\nclass Names:\n    names: list[str]")
    lines = [f'  "number {number} of the names that are to be found",\n' for number in range(200)]
    right = ['{"names": [\n', *("".join(lines[start : start + 25]) for start in range(0, 200, 25)), '  "end"]}']
    server.enqueue(*[slowly(*right[:-1], "  7]}")] * (tries - 1), slowly(*right))
    cell = page.run("%%glm --as Names\ngo on")
    assert cell.success
    *parts, whole = frames(cell)
    assert len(parts) > 3 * tries
    assert all(part[-1].startswith("````````json\n") for part in parts[: len(parts) // tries])
    assert "number 199" in whole[-1]
    assert sum("Asked to correct its answer" in part[-1] for part in parts) == tries - 1
    assert len(cell.outputs) == 2


# What others show in the cell


def test_what_a_thread_prints_meanwhile_is_not_lost(page: Page, server: PracticeServer) -> None:
    server.enqueue(in_sections())
    when(page, "Section 4", lambda: page.publisher.print("printed"))
    cell = page.run("%%glm\ngo on")
    assert cell.success
    whole, *others = [output["data"] for output in cell.outputs]
    assert whole["text/plain"] == TEXT
    assert [data["text/plain"] for data in others if data["text/plain"] and "text/html" not in data] == ["printed"]
    assert sum("zhipu-magic-panel" in data.get("text/html", "") for data in others) == 1


def test_what_stood_in_the_cell_before_is_not_lost(page: Page, server: PracticeServer) -> None:
    page.shell.events.callbacks["pre_run_cell"].insert(0, lambda info: page.publisher.print("printed"))
    server.enqueue(in_sections(), Fault(400, "1211"))
    cell = page.run("%%glm\ngo on")
    assert [output["data"]["text/plain"][:7] for output in cell.outputs[:2]] == ["printed", TEXT[:7]]
    assert len(cell.outputs) == 3
    failed = page.run("%%glm\ngo on")
    assert not failed.success
    assert [output["data"]["text/plain"] for output in failed.outputs] == ["printed", "", ""]


def test_where_the_kernel_tells_nothing_of_its_messages_the_reply_is_not_cut(
    page: Page, server: PracticeServer
) -> None:
    class Untold(DisplayPublisher):
        def publish(self, data: Any, metadata: Any = None, **more: Any) -> None:
            page.publisher.publish(data, metadata, transient=more.get("transient"), update=more.get("update", False))

        def clear_output(self, wait: bool = False) -> None:
            page.publisher.clear_output(wait)

    page.shell.display_pub = Untold()
    page.run("%unload_ext zhipu_magic\n%load_ext zhipu_magic")
    server.enqueue(in_sections())
    cell = page.run("%%glm\ngo on")
    assert len(frames(cell)) == 1
    assert cell.plain() == TEXT


# Where updates are not shown


def test_without_the_name_of_a_cell_it_is_shown_once(page: Page, server: PracticeServer) -> None:
    server.enqueue(in_sections(seen=False))
    cell = page.run("%%glm\ngo on", None)
    assert [message["update"] for message in cell.messages] == [False, False]
    assert cell.plain() == TEXT
    assert WIDGET not in str(cell.messages)


def test_what_came_before_a_failure_is_shown_once_too(page: Page, server: PracticeServer) -> None:
    server.enqueue(slowly("half a ", "reply", ending=b"data: {oops\n\n", seen=False), Fault(400, "1211"))
    cell = page.run("%%glm\ngo on", None)
    assert not cell.success
    assert [message["update"] for message in cell.messages] == [False, False]
    assert cell.plain() == "half a reply"
    assert page.run("%%glm\ngo on", None).messages == []


def test_what_an_output_widget_takes_is_shown_once(page: Page, server: PracticeServer) -> None:
    server.enqueue(in_sections(seen=False), in_sections())
    page.run("from ipywidgets import Output\nout = Output()")
    taken = (
        "out.msg_id = get_ipython().get_parent()['header']['msg_id']\nget_ipython().run_cell_magic('glm', '', 'go on')"
    )
    cell = page.run(taken)
    assert [message["update"] for message in cell.messages] == [False, False]
    assert len(page.run("%%glm\ngo on").messages) > 5, "the next cell is not the widget's"


# The panel's widget


def test_a_page_that_was_saved_too_early_says_so(page: Page, server: PracticeServer, live: list[str]) -> None:
    server.enqueue(slowly("one"), Fault(400, "1211"))
    page.run("%%glm\ngo on")
    assert "saved or reloaded before the reply was whole: %glm show 1 shows all of it" in live[-1]
    assert "tok/s" in live[-1]
    assert not page.run("%%glm\ngo on").success
    assert "ended without a reply" in live[-1]


def test_the_widgets_of_the_newest_replies_live_on(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    from ipywidgets.widgets.widget import _instances

    before = set(_instances)

    def of_panels() -> int:
        return sum(type(_instances[key]).__name__ == "HTML" for key in set(_instances) - before)

    for _ in range(53):
        assert page.run("%%glm --once\n你好").success
    assert of_panels() == 50
    page.run("%unload_ext zhipu_magic")
    assert of_panels() == 0


def test_the_kernel_sends_as_before_when_the_session_has_ended(bare_page: Page) -> None:
    send = bare_page.publisher.session.send
    bare_page.run("%load_ext zhipu_magic")
    assert bare_page.publisher.session.send != send
    bare_page.run("%unload_ext zhipu_magic")
    assert bare_page.publisher.session.send == send
