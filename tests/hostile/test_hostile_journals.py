"""Journals from elsewhere: damaged, or made to harm. What makes no sense is left out, and everything else works."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hostile_journals import KINDS, of_size, reply
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_process import Cell, Page
from IPython.core.error import UsageError

from zhipu_magic import Chat
from zhipu_magic.chat.budget_check import Spending, answer_limit
from zhipu_magic.chat.replies.recording import Recording
from zhipu_magic.chat.request import key_of
from zhipu_magic.history.budget import Budget
from zhipu_magic.history.journal.sessions import reopen
from zhipu_magic.practice import PracticeServer
from zhipu_magic.text.errors import GLMError, OverBudget

JOURNALS = sorted((Path(__file__).parent / "journals").glob("*.jsonl"))
#: What a user may do with what was resumed.
COMMANDS = (
    *(
        "history",
        "history --full",
        "",
        "usage",
        "threads",
        "thread",
        "models",
        "budget",
        "system",
        "model",
        "tools",
        "show",
        "show 1",
    ),
    *("export {}.md --force", "export {}.json --force", "export {}.py --force", "export {}.ipynb --force"),
    *("retry", "continue", "undo", "redo", "undo 1000000000", "redo 1000000000", "fork elsewhere", "fork other --at 1"),
    *("thread main", "restore", "restore 1", "history", "budget 5 yuan", "usage", "reset", "undo", "budget off"),
)


@pytest.fixture(scope="module")
def service() -> Iterator[PracticeServer]:
    """Answers whatever a journal may make one ask."""
    with PracticeServer(pace=0) as running:
        yield running


@pytest.fixture(scope="module")
def open_page(service: PracticeServer) -> Iterator[Page]:
    page = Page()
    yield page
    atexit.unregister(page.shell.atexit_operations)
    page.shell.atexit_operations()


def works(cell: Cell) -> Cell:
    """A cell that went well, or said why not as we do."""
    assert cell.error is None or isinstance(cell.error, (GLMError, UsageError)), repr(cell.error)
    return cell


def walk(page: Page, service: PracticeServer, journal: Path, patch: pytest.MonkeyPatch) -> list[str]:
    """Do with this journal whatever can be done; gives what was asked after it was resumed."""
    patch.setenv("ZHIPUAI_BASE_URL", service.base_url)
    patch.setenv("ZHIPUAI_API_KEY", service.api_key)
    assert page.run("%load_ext zhipu_magic").success
    try:
        works(page.run(f"%glm resume {journal}"))
        asked = [turn.prompt for turn in page.magics.chat.thread().turns]
        works(page.run("%%glm\nasked next", "cell-1"))
        works(page.run("%%glm\nasked next", "cell-1"))
        for command in COMMANDS:
            works(page.run(f"%glm {command}".format(journal.with_name("exported")), "cell-2", deleted=["gone"]))
        assert page.run("%%glm -m glm-4 -t fresh\nasked last", "cell-3").success
        page.magics.chat.save(journal.with_name("saved.jsonl"))
        page.magics.chat.save(journal.parent / "elsewhere" / "saved.jsonl")
    finally:
        page.run("%unload_ext zhipu_magic")
    told: list[str] = []
    for file in (journal, journal.with_name("saved.jsonl")):
        try:
            chat = Chat.load(file, base_url=service.base_url, api_key=service.api_key, warn=told.append)
        except GLMError:
            continue
        _ = repr(chat), chat.thread().messages, chat.account, chat.budget
        chat.close()
    replay(service, journal)
    return asked


def replay(service: PracticeServer, journal: Path) -> None:
    """Have the journal answer whatever it can: its lines tell the key `k`."""
    for mode in ("only", "auto"):
        chat = Chat("glm-4", base_url=service.base_url, api_key=service.api_key, warn=lambda note: None)
        key = key_of(chat.request("hello", once=True).body)
        known = journal.with_name("known.jsonl")
        known.write_bytes(journal.read_bytes().replace(b'"k"', json.dumps(key).encode()))
        chat = Chat(
            "glm-4",
            journal=known,
            replay=mode,  # type: ignore[arg-type]
            base_url=service.base_url,
            api_key=service.api_key,
            warn=lambda note: None,
        )
        for _ in range(25):
            try:
                answer = chat.ask("hello", once=True)
                _ = answer.completion, answer.timing, answer.usage, str(answer)
                _ = answer.progress.left_out, answer.progress.first_unseen, answer.progress.cut
                _ = chat.account
            except GLMError:
                break
        with pytest.raises(GLMError):
            if mode == "auto":
                chat.replay = "only"
            _ = chat.ask("nothing of that sort").text
        chat.close()


# A folder of them


@pytest.mark.parametrize("journal", JOURNALS, ids=lambda path: path.stem)
def test_whatever_a_journal_holds_all_that_is_done_after_it_works(
    journal: Path, open_page: Page, service: PracticeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = tmp_path / journal.name
    copy.write_bytes(journal.read_bytes())
    asked = walk(open_page, service, copy, monkeypatch)
    assert asked  # the turns that make sense were kept


def test_a_line_that_makes_no_sense_is_named_and_the_others_are_used(tmp_path: Path) -> None:
    told: list[str] = []
    path = tmp_path / "j.jsonl"
    lines = [reply(1), reply(2, tokens=-5), reply(3, cost="dear"), reply(4)]
    path.write_text("".join(json.dumps(event) + "\n" for event in lines))
    chat = Chat.load(path, warn=told.append)
    assert [turn.id for turn in chat.thread().turns] == ["a-1", "a-4"]
    assert told == ["j.jsonl: lines 2, 3 make no sense there and are left out."]


def session(name: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{name}-0", "event": "session", "version": 1, **more}


def compared(number: int, *, words: str = "r", **more: Any) -> dict[str, Any]:
    """A reply of a comparison that is none of the thread's turns."""
    return {**reply(number, words=words), "event": "compared", "comparison": "c", **more}


def keep(number: int, of: str, thread: str = "main") -> dict[str, Any]:
    return {"id": f"a-{number}", "event": "keep", "thread": thread, "of": of}


@pytest.mark.parametrize(
    ("lines", "replies", "wrong"),
    [
        pytest.param(
            [session("a"), compared(1, words="kept"), keep(2, "a-1"), keep(3, "a-9"), keep(4, "a-1", "other")],
            ["kept"],
            "lines 4, 5 make",
            id="what no comparison has is kept",
        ),
        pytest.param(
            [session("a"), compared(1, words=""), keep(2, "a-1"), {**compared(3), "invalid": True}, keep(4, "a-3")],
            [],
            "lines 3, 5 make",
            id="a reply is kept that can be no turn",
        ),
        pytest.param(
            [
                *(session("a", **{"from": "b", "at": "b-0"}), session("b", **{"from": "a", "at": "a-0"})),
                *(session("c", **{"from": "a", "at": "a-0"}), reply(1, session="c"), reply(1, session="d", words="d")),
            ],
            ["d"],
            "line 4 makes",
            id="sessions forked from each other in a circle",
        ),
        pytest.param(
            [
                *(session("a"), reply(1, words="a")),
                *(session("b"), {"id": "b-1", "event": "resume", "from": "a"}, reply(2, session="b", words="b")),
                *(session("c"), {"id": "c-1", "event": "resume", "from": "b"}, reply(2, session="c", words="c")),
                *({**session("c"), "id": "c-9"}, {**session("a"), "id": "a-9"}),
            ],
            ["b"],
            "",
            id="sessions that begin once more",
        ),
    ],
)
def test_lines_that_point_where_nothing_is_take_nothing_else_along(
    lines: list[dict[str, Any]], replies: list[str], wrong: str, tmp_path: Path
) -> None:
    told: list[str] = []
    path = tmp_path / "j.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in lines))
    chat = Chat.load(path, warn=told.append)
    assert [turn.reply for turn in chat.thread().turns] == replies
    assert [said.partition(" no sense there")[0] for said in told] == ([f"j.jsonl: {wrong}"] if wrong else [])


# Members


#: One sound line of each kind.
SOUND: list[dict[str, Any]] = [
    {"event": "session", "version": 1, "by": "x", "time": "t", "model": "glm-4", "system": "s", "temperature": 0.5},
    {
        **reply(1, cell="c", run="a.1", execution_count=3, append=True, after="a-1", held=0, time="t"),
        **{"members": {"temperature": 0.5, "tools": [{"type": "function", "function": {"name": "f"}}]}},
        **{"host": "h", "practice": True, "seconds": 1.0, "first_token": 0.5, "chunks": 3, "tokens": 5, "left_out": 1},
        **{
            "unseen": 1,
            "first_unseen": 1,
            "cut": ["df: 9 × 9, 3 rows sent"],
            "cost": 0.1,
            "estimated_tokens": 5,
            "estimated_cost": 0.1,
            "written": "w",
            "system": "s",
        },
        **{"images": [{"url": "http://a.example/x.png"}], "instruction": "i", "invalid": True},
        "rounds": [
            {
                "completion": {
                    "choices": [
                        {
                            "message": {
                                "content": "c",
                                "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}],
                            }
                        }
                    ],
                },
                "calls": [{"id": "1", "text": "t", "failed": True, "seconds": 0.1, "cut": "9 items, 3 sent"}],
            },
            {"completion": {"choices": [{"message": {"content": "c"}}]}, "wrong": "w"},
        ],
    },
    reply(2, cell="c", run="a.2", estimated_tokens=5),
    {**reply(3), "event": "partial", "replaces": "a-2"},
    {**reply(4), "event": "once"},
    {**reply(5), "joins": "a-2"},
    {"event": "replayed", "thread": "main", "of": "a-2", "key": "k", "cell": "d", "run": "a.3"},
    *({"event": kind, "thread": "main", "count": 1} for kind in ("undo", "redo")),
    {"event": "aside", "cells": ["c"], "run": "a.2", "thread": "main"},
    {"event": "restore", "thread": "main", "number": 1},
    {"event": "fork", "thread": "main", "name": "f", "at": 1},
    {"event": "switch", "thread": "main"},
    {
        **{
            "event": "drawn",
            "key": "k",
            "model": "cogview-4",
            "prompt": "p",
            "written": "w",
            "thread": "main",
            "cost": 0.1,
        },
        **{"images": [{"sha256": "a" * 64, "type": "image/png", "width": 8, "height": 8}], "members": {"size": "8x8"}},
        "response": {"created": 1, "data": [{"url": "u"}], "content_filter": [{"role": "r", "level": 1}]},
    },
    {"event": "used", "what": "w", "key": "k", "model": "m", "requests": 2, "uncounted": 1, "tokens": 5, "of": "a-1"},
    {"event": "system", "thread": "main", "text": "s"},
    {"event": "model", "thread": "main", "name": "glm-4"},
    {"event": "temperature", "value": 0.5},
    {"event": "budget", "limit": 1e6, "unit": "tokens"},
    {"event": "reset", "thread": "main"},
    {"event": "resume", "from": "a"},
]
DEEP: Any = [[[]]]
for _ in range(90):
    DEEP = [DEEP]
ODD = st.sampled_from(
    [
        *(None, True, False, 0, -1, 10**15, 10**30, 10**400, -(10**400), 0.5, -0.5, 1e300, float("inf"), float("nan")),
        *("", "x", "main", "a-1", "a", "\ud800", "\x1b[2J", "a b", "-x", "y" * 9_000, [], {}, [[]], [{}], {"x": 1}),
        *(DEEP, ["x"], [None], [5], {"type": "function"}, {"choices": []}, {"message": 5}, [{"type": "function"}]),
    ]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a line has a member that can be changed."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield (*path, name)
        yield from places(inner, (*path, name))


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from(SOUND))))
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from(sorted(places(event), key=repr)))
        holder: Any = event
        for name in place[:-1]:
            holder = holder[name]
        if draw(st.booleans()):
            holder[place[-1]] = deepcopy(draw(ODD))
        else:
            del holder[place[-1]]
    return event


@settings(
    deadline=None,
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=st.lists(mutated(), min_size=3, max_size=12), last=st.booleans())
def test_no_member_of_any_line_makes_anything_fail(
    events: list[dict[str, Any]],
    last: bool,
    open_page: Page,
    service: PracticeServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    sound = [reply(1), reply(2, thread="main", cell="c", run="a.0")]
    numbered = [{"id": f"a-{number}", **event} for number, event in enumerate(events, 10)]
    path = tmp_path_factory.mktemp("mutated") / "journal.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in [*sound, *numbered, *[reply(99)] * last]))
    walk(open_page, service, path, monkeypatch)


# The budget


@pytest.mark.parametrize(
    "odd",
    [
        {"cost": -1e9},
        {"cost": -(10**400)},
        {"estimated_cost": -1e9},
        {"estimated_tokens": -(10**9)},
        {"cost": float("-inf")},
        {"cost": float("nan")},
        {"tokens": -(10**9)},
    ],
    ids=str,
)
@pytest.mark.parametrize("unit", ["yuan", "tokens"])
def test_nothing_in_a_journal_lifts_a_budget(odd: dict[str, Any], unit: Any, tmp_path: Path) -> None:
    spent = {"cost": 4.0, "estimated_tokens": 900}
    path = tmp_path / "j.jsonl"
    events = [reply(1, **spent), *(reply(number, **odd) for number in range(2, 5))]
    usage = reply(6)
    usage["completion"]["usage"] = {"prompt_tokens": -(10**9), "completion_tokens": -(10**400), "total_tokens": -5}
    path.write_text("".join(json.dumps(event) + "\n" for event in [*events, usage]))
    chat = Chat.load(path, model="glm-4-plus", warn=lambda note: None)
    budget = Budget(4.0 if unit == "yuan" else 900, unit)
    assert budget.left(chat.account) == 0
    with pytest.raises(OverBudget, match="is spent"):
        answer_limit(budget, chat.request("more", model="glm-4-plus", max_tokens=10), (), Spending(chat.account))


def test_half_a_budget_takes_none_away(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes((Path(__file__).parent / "journals" / "half_a_budget.jsonl").read_bytes())
    assert Chat.load(path, warn=lambda note: None).budget == Budget(100, "tokens")


# Time and memory


def test_the_nearest_request_is_found_soon_whatever_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_text("".join(json.dumps(reply(number, prompt="e" * 500)) + "\n" for number in range(500)))
    chat = Chat("glm-4", journal=path, replay="only", warn=lambda note: None)
    began = time.process_time()
    with pytest.raises(GLMError, match="The closest is the request of line 500"):
        chat.ask("e e e e " * 60)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_reading_takes_time_in_proportion_to_the_file(kind: str, tmp_path: Path) -> None:
    shorter, longer = tmp_path / "shorter.jsonl", tmp_path / "longer.jsonl"
    for path, size in ((shorter, 100_000), (longer, 200_000)):
        path.write_bytes(of_size(kind, size))
    taken = seconds_for(longer)
    if taken >= 0.3:  # else it is short enough, whatever the other takes
        taken = min(taken, *map(seconds_for, [longer] * 2))
        assert taken < 4 * min(map(seconds_for, [shorter] * 3)) + 0.3


def seconds_for(path: Path) -> float:
    began = time.process_time()
    reopen(path, but="")
    Recording(path)
    return time.process_time() - began


#: Imports once, then has a child of its own read each journal in each way; prints how much memory that took.
_MEASURED = """\
import json, os, sys
from pathlib import Path
from zhipu_magic import Chat
from zhipu_magic.chat.budget_check import Spending, answer_limit
from zhipu_magic.chat.replies.recording import Recording
from zhipu_magic.history.journal.sessions import reopen

def highest():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024

def taken(path, what):
    hear, tell = os.pipe()
    if os.fork() == 0:
        try:
            begun = highest()
            held = reopen(path, but="") if what == "resume" else Recording(path)
            os.write(tell, str(highest() - begun).encode())
        finally:
            os._exit(0)
    os.close(tell)
    os.wait()
    return int(os.read(hear, 100))

Chat()
paths = [Path(path) for path in sys.argv[1:]]
small = paths[0].with_name("small.jsonl")  # what all reading takes once
small.write_bytes(b"".join(paths[0].read_bytes().splitlines(keepends=True)[:3]))
reopen(small, but="")
Recording(small)
print(json.dumps({path.stem: [taken(path, "resume"), taken(path, "replay")] for path in paths}))
"""


@pytest.fixture(scope="module")
def bytes_taken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """What it takes to resume and to replay a journal of each kind of 700 kB."""
    folder = tmp_path_factory.mktemp("journals")
    paths = [folder / f"{kind}.jsonl" for kind in sorted(KINDS)]
    for path in paths:
        path.write_bytes(of_size(path.stem, 700_000))
    measure = [sys.executable, "-c", _MEASURED, *map(str, paths)]
    told = subprocess.run(measure, check=True, capture_output=True, timeout=100)
    taken: dict[str, list[int]] = json.loads(told.stdout)
    return taken


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_reading_takes_memory_in_proportion_to_the_file(kind: str, bytes_taken: dict[str, list[int]]) -> None:
    for taken in bytes_taken[kind]:
        assert 100_000 < taken <= 22 * 700_000


def test_what_is_left_out_for_its_size_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    path = tmp_path / "j.jsonl"
    path.write_bytes(of_size("asides_and_restores", 500_000))
    chat = Chat.load(path, warn=told.append)
    assert chat.thread().size > 1_000
    assert len(told) == 1
    assert "asks for more changes than its journal's size allows; the rest of it is left out" in told[0]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([(number % 200, number) for number in range(4_000)], id="200 cells, each 20 times"),
        pytest.param([(number % 1_000, number) for number in range(2_000)], id="1,000 cells, each twice"),
        pytest.param([*((n, n) for n in range(8_000)), *((7_990 + n % 10, 8_000 + n) for n in range(200))], id="late"),
    ],
)
def test_pages_of_any_honest_length_are_read_in_full(lines: list[tuple[int, int]], tmp_path: Path) -> None:
    told: list[str] = []
    path = tmp_path / "j.jsonl"
    with path.open("w") as file:
        for cell, number in lines:
            event = reply(number, cell=f"00000000-0000-4000-8000-{cell:012}", run=f"0123abcd.{number}")
            event |= {"key": "0" * 64, "prompt": "What does it say?", "time": "2026-11-26T04:15:44.496Z", "host": "h"}
            event |= {"members": {"max_tokens": 100}, "seconds": 0.5, "first_token": 0.25, "chunks": 10, "tokens": 100}
            event["completion"] |= {"id": "2026112612154451358", "created": 1795666544, "model": "glm-4.7-flash"}
            event["completion"]["usage"] = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            file.write(json.dumps(event) + "\n")
    chat = Chat.load(path, warn=told.append)
    assert told == []
    assert chat.thread().size == len({cell for cell, _ in lines})
    assert chat.ledger.spent.requests == len(lines)
    assert chat.history.undo(3) == ["a turn run again"] * 3


# What a resume brings


def test_a_resume_says_which_settings_came_along(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    events = [
        {"id": "a-0", "event": "session", "version": 1, "model": "glm-4-plus", "system": "Be a pirate,\n\n" + "x" * 99},
        {"id": "a-1", "event": "budget", "limit": 5, "unit": "yuan"},
        {"id": "a-2", "event": "temperature", "value": 0.3},
        reply(3),
    ]
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    told = page.run(f"%glm resume {path}").plain()
    text = f"Be a pirate, {'x' * 46}…"
    assert (
        f"From the journal: the model glm-4-plus, the system text “{text}”, the temperature 0.3, a budget of ¥5."
        in told.split("\n\n")
    )


def test_a_resume_says_what_it_took_away(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_text(json.dumps({"id": "a-0", "event": "session", "version": 1}) + "\n" + json.dumps(reply(3)) + "\n")
    page.run("%config GLMMagics.system = 'Be kind.'")
    page.run("%config GLMMagics.temperature = 0.5")
    told = page.run(f"%glm resume {path}").plain()
    assert told.split("\n\n")[1] == "From the journal: no system text, the model's own temperature."
