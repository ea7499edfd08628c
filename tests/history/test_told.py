"""Texts of ours in journals: written in English, and told in any language when they are read again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.history.change import Change
from zhipu_magic.history.events.changes import SessionEvent, from_json
from zhipu_magic.history.events.drawn_event import DrawnEvent
from zhipu_magic.history.events.map_event import MapEvent
from zhipu_magic.history.events.turn_event import TurnEvent
from zhipu_magic.history.events.used_event import UsedEvent
from zhipu_magic.history.journal.glance import language_in
from zhipu_magic.history.journal.journal import Journal
from zhipu_magic.history.rows.row import Row, RowError, line_of, row_of
from zhipu_magic.text.errors import ReplyBroken
from zhipu_magic.text.languages.joined import sentences
from zhipu_magic.text.languages.language import LANGUAGE_VARIABLE, reader
from zhipu_magic.text.languages.messages import _, told
from zhipu_magic.text.languages.numbers import plural

LEFT = _("There is no turn {number} to fork at.", number=plural(3, "row"))
IN_CHINESE = "没有可以分支的第 3 行轮。"
COMPLETION = {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLED = {"choices": [{"message": {"content": "", "tool_calls": [CALL]}, "finish_reason": "tool_calls"}]}


@pytest.fixture
def chinese() -> Iterator[None]:
    reader.choose("zh")
    yield
    reader.choose("auto")


def written(event: Any) -> dict[str, Any]:
    """The line of an event, as another session reads it."""
    line = Journal()._line(event)
    assert "没有" not in line.decode()
    members: dict[str, Any] = json.loads(line)
    return members


def test_a_change_is_told_whether_it_is_a_text_of_ours_or_a_name(chinese: None) -> None:
    assert told(Change(_("a turn continued"))) == "续写的一轮" and told(Change("{x} of {")) == "{x} of {"
    assert told(Change("", 3)) == "第 3 轮" and Change(_("a turn continued")) == "a turn continued"


def test_what_is_said_of_a_reply_is_told_in_the_language_of_its_reader(chinese: None) -> None:
    rounds = [{"completion": CALLED, "calls": [{"id": "c", "text": "result", "cut": LEFT}]}]
    event = TurnEvent(
        id="a-1",
        event="partial",
        thread="main",
        prompt="p",
        model="m",
        completion=COMPLETION,
        cut=[LEFT, "as it is"],
        above=LEFT,
        broken=ReplyBroken("There is no turn {number} to fork at.", number=plural(3, "row"), reason="test").happened,
        rounds=rounds,
    )
    members = written(event)
    assert members["cut"] == ["There is no turn 3 rows to fork at.", "as it is"]
    assert list(members["told"]) == [str(LEFT)]  # each text once
    again = from_json(members)
    assert isinstance(again, TurnEvent)
    assert [told(text) for text in again.cut or ()] == [IN_CHINESE, "as it is"]
    assert told(again.above) == told(again.broken) == told((again.rounds or [])[0]["calls"][0]["cut"]) == IN_CHINESE
    assert again.cut == [LEFT, "as it is"]  # in English, as ever
    assert written(again) == members | {"cut": list(members["cut"])}


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (MapEvent(id="a-1", key="k", model="m", rows=2, stopped=LEFT), "stopped"),
        (DrawnEvent(id="a-1", key="k", model="m", prompt="p", failed=LEFT), "failed"),
        (UsedEvent(id="a-1", key="k", model="m", requests=1, what=LEFT), "what"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_so_is_what_is_said_of_all_else(event: Any, name: str, chinese: None) -> None:
    members = written(event)
    assert members[name] == LEFT
    assert told(getattr(from_json(members), name)) == IN_CHINESE


def test_so_is_the_error_of_a_row(chinese: None) -> None:
    said = sentences(LEFT, "(HTTP 400)")
    line = line_of(Row("a" * 22, "", error=RowError("r", "1", said)), at=1)
    assert "没有" not in line.decode()
    error = row_of(line).error
    assert error is not None and error.message == "There is no turn 3 rows to fork at. (HTTP 400)"
    assert told(error.message) == f"{IN_CHINESE}(HTTP 400)"


def test_what_must_never_be_written_is_hidden_there_too(chinese: None) -> None:
    journal = Journal(hide=lambda text: text.replace("secret", "***"))
    stopped = _("There is already a thread named {name}.", name="secret")
    line = journal._line(MapEvent(id="a-1", key="k", model="m", rows=2, stopped=stopped))
    assert b"secret" not in line
    event = from_json(json.loads(line))
    assert isinstance(event, MapEvent) and told(event.stopped) == "已有名为 *** 的对话线。"
    row = Row("a" * 22, "", error=RowError("r", "1", stopped))
    assert b"secret" not in line_of(row, journal.hide)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"There is no turn 3 rows to fork at.": {"of": "Nothing was sent.", "with": {}}},
        {str(number): {"of": str(number), "with": {}} for number in range(101)} | {"x": LEFT},
    ],
    ids=["none", "list", "other", "many"],
)
def test_what_a_line_says_of_its_texts_cannot_change_them(data: Any, chinese: None) -> None:
    members = written(MapEvent(id="a-1", key="k", model="m", rows=2, stopped=LEFT)) | {"told": data}
    event = from_json(members)
    assert isinstance(event, MapEvent) and event.stopped is not None
    assert told(event.stopped) == event.stopped == LEFT
    assert "told" not in event.to_json()


def test_texts_that_double_with_each_level_take_no_time(chinese: None) -> None:
    data: Any = "0123456789"
    for _level in range(6):
        data = {"of": "{x}" * 300, "with": {"x": data}}
    members = {"id": "a-1", "event": "map", "key": "k", "model": "m", "rows": 2, "stopped": "x" * 4_000}
    event = from_json({**members, "told": {"x" * 4_000: data}})
    assert isinstance(event, MapEvent) and type(event.stopped) is str


@given(
    st.dictionaries(
        st.sampled_from(["broken", "cut", "x"]),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["of", "with", "parts", "one"]), inner),
        ),
    )
)
def test_whatever_a_line_says_of_its_texts_it_can_be_read(data: Any) -> None:
    members = {"id": "a-1", "event": "turn", "prompt": "p", "model": "m", "broken": "broken", "cut": ["cut", "x"]}
    event = from_json({**members, "told": data})
    assert isinstance(event, TurnEvent)
    assert (event.broken, event.cut) == ("broken", ["cut", "x"])


# The language of a session


def begun(language_: str | None, session: str = "a") -> str:
    said = {} if language_ is None else {"language": language_}
    event = {"id": f"{session}-0", "event": "session", "version": 1, "time": "2026-01-01T00:00:00.000Z", **said}
    return json.dumps(event | {"model": "m"}, ensure_ascii=False) + "\n"


TURN = json.dumps({"id": "a-1", "event": "turn", "prompt": '{"event": "session"} "event": "session"'}) + "\n"
WITHIN = json.dumps({"id": "a-1", "event": "turn", "members": {"event": "session", "language": "zh"}}) + "\n"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("", ""),
        (begun(None), ""),
        (begun("zh"), "zh"),
        (begun("zh") + TURN, "zh"),
        (begun(None) + TURN + WITHIN, ""),
        (begun("zh") + TURN + begun(None, "b"), ""),
        (begun(None) + TURN + begun("zh", "b") + TURN.replace("a-1", "b-1") * 30_000, "zh"),
        (begun("zh") + "x" * 3_000_000, "zh"),
        (begun("zh") + begun(None, "b") + begun("zh", "c") + '{"id": "b-1", "event": "resume", "from": "c"}\n', ""),
        (begun("zh", 'b\\"'), ""),
        ("nothing of ours\n", ""),
    ],
)
def test_the_newest_session_says_its_language(lines: str, found: str, tmp_path: Path) -> None:
    path = tmp_path / "page.jsonl"
    path.write_text(lines, "utf-8")
    assert language_in(path) == found


@pytest.mark.parametrize("before", range((1 << 20) - 120, (1 << 20) + 5, 5))
def test_the_line_of_a_session_may_stand_between_two_blocks(before: int, tmp_path: Path) -> None:
    path = tmp_path / "page.jsonl"
    line = begun("zh")
    path.write_text("x" * 99 + "\n" + line + "y" * (before - len(line)), "utf-8")
    assert language_in(path) == "zh"


def test_there_need_be_no_journal(tmp_path: Path) -> None:
    assert language_in(tmp_path / "none.jsonl") == ""


def test_a_session_says_its_language_unless_it_is_english(chinese: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "language" not in Journal().begin({"model": "m"}).to_json()  # chosen meanwhile, by a cell
    monkeypatch.setenv(LANGUAGE_VARIABLE, "zh")
    reader.look_again()
    journal = Journal()
    assert journal.begin({"model": "m"}).language == "zh"
    journal.fork(None)
    forked = journal.events[-1]
    assert isinstance(forked, SessionEvent) and forked.from_ is not None and forked.language == "zh"
