"""The conversation is the page: whatever happens to it, each turn that stands is held once, in the page's order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from journals import applied, latest

from zhipu_magic.history.conversation import Conversation, Thread
from zhipu_magic.history.events.changes import ResumeEvent, from_json
from zhipu_magic.history.events.event import State
from zhipu_magic.history.journal.journal import Journal
from zhipu_magic.history.journal.reader import read
from zhipu_magic.history.turn import Turn

# The rules, one by one


def asked(prompt: str, cell: str | None = None, run: str = "1", reply: str = "", **more: Any) -> Turn:
    reply = reply or f"re {prompt}"
    return Turn(prompt, reply, "glm-4", cell=cell, run=run, id=f"{prompt}.{run}", tokens=len(prompt + reply), **more)


def page(*turns: Turn) -> Thread:
    thread = Thread()
    for turn in turns:
        thread = thread.commit(turn)
    return thread


def prompts(thread: Thread) -> list[str]:
    return [turn.prompt for turn in thread.turns]


def stale(thread: Thread) -> list[str]:
    return [link.turn.prompt for link in thread.links if link.stale]


@pytest.fixture
def three() -> Thread:
    """Three cells, run from top to bottom."""
    return page(asked("one", "A", "1"), asked("two", "B", "2"), asked("three", "C", "3"))


def test_a_cell_that_is_run_again_replaces_its_own_turn_in_place(three: Thread) -> None:
    assert prompts(three.commit(asked("TWO", "B", "4"))) == ["one", "TWO", "three"]


def test_its_request_holds_the_turns_before_it_and_neither_its_own_nor_later_ones(three: Thread) -> None:
    assert prompts(three.before("B", "4")) == ["one"]
    assert prompts(three.before("new", "4")) == ["one", "two", "three"]


def test_later_turns_stay_and_are_stale_until_they_are_run_again(three: Thread) -> None:
    changed = three.commit(asked("ONE", "A", "4"))
    assert stale(changed) == ["two", "three"]
    assert stale(changed.commit(asked("TWO", "B", "5"))) == ["three"]
    assert stale(changed.commit(asked("TWO", "B", "5")).commit(asked("THREE", "C", "6"))) == []


def test_what_is_as_it_was_again_is_not_stale(three: Thread) -> None:
    assert stale(three.commit(asked("ONE", "A", "4")).undo()) == []
    assert stale(three.set_aside(["A"])) == ["two", "three"]
    assert stale(three.set_aside(["A"]).restore()) == []


def test_two_questions_of_one_cell_are_two_turns_and_are_replaced_together() -> None:
    thread = page(asked("one", "A", "1"), asked("first", "B", "2"), asked("second", "B", "2"), asked("end", "C", "3"))
    assert prompts(thread) == ["one", "first", "second", "end"]
    thread = thread.commit(asked("FIRST", "B", "4"))
    assert prompts(thread) == ["one", "FIRST", "end"]
    assert prompts(thread.before("B", "4")) == ["one", "FIRST"]
    assert prompts(thread.commit(asked("SECOND", "B", "4"))) == ["one", "FIRST", "SECOND", "end"]


def test_where_the_front_end_names_no_cell_every_run_appends() -> None:
    thread = page(asked("one"), asked("one", run="2"), asked("two"))
    assert prompts(thread) == ["one", "one", "two"]
    assert prompts(thread.before(None, "3")) == ["one", "one", "two"]


def test_on_wish_a_cell_that_is_run_again_appends(three: Thread) -> None:
    assert prompts(three.commit(asked("again", "A", "4"), append=True)) == ["one", "two", "three", "again"]


def test_a_deleted_cells_turn_is_set_aside_in_its_place(three: Thread) -> None:
    without = three.set_aside(["B", "unknown"])
    assert prompts(without) == ["one", "three"]
    assert [(link.number, link.turn.prompt, link.aside) for link in without.links] == [
        (1, "one", 0),
        (2, "two", 1),
        (3, "three", 0),
    ]
    assert prompts(without.commit(asked("four", "D", "4"))) == ["one", "three", "four"]


def test_it_comes_back_by_restore_by_undo_or_when_its_cell_runs_again(three: Thread) -> None:
    without = three.set_aside(["B"]).set_aside(["A", "C"])
    assert prompts(without) == []
    assert prompts(without.restore()) == ["one", "three"]
    assert prompts(without.restore().restore()) == ["one", "two", "three"]
    assert prompts(without.restore(2)) == ["two"]
    assert prompts(without.undo()) == ["one", "three"]
    assert prompts(three.set_aside(["B"]).commit(asked("TWO", "B", "4"))) == ["one", "TWO", "three"]


def test_nothing_to_set_aside_or_to_restore_is_no_change(three: Thread) -> None:
    assert three.set_aside(["unknown"]) is three
    assert three.restore() is three
    assert three.restore(1) is three


def test_undo_takes_back_a_turn_a_rerun_and_a_reset_and_redo_makes_them_again(three: Thread) -> None:
    thread = three.commit(asked("ONE", "A", "4")).reset()
    assert [prompts(thread := thread.undo()) for _ in range(3)] == [
        ["ONE", "two", "three"],
        ["one", "two", "three"],
        ["one", "two"],
    ]
    assert [prompts(thread := thread.redo()) for _ in range(3)] == [
        ["one", "two", "three"],
        ["ONE", "two", "three"],
        [],
    ]
    assert thread.redo() is thread


def test_a_reply_that_is_gone_on_from_is_one_turn_of_its_cell_and_as_stale_as_before(three: Thread) -> None:
    thread = three.commit(asked("ONE", "A", "4"))
    more = asked("go on", reply=" and more")
    joined = thread.replace_turn("three.3", lambda old: old.joined(more), what="a turn continued", asked_again=False)
    assert joined is not None
    assert [(turn.prompt, turn.reply) for turn in joined.turns][-1] == ("three", "re three and more")
    assert stale(joined) == ["two", "three"]
    assert prompts(joined.commit(asked("end", "C", "3"))) == ["ONE", "two", "three", "end"]


def test_a_turn_that_is_asked_again_is_fresh_and_stays_in_its_place(three: Thread) -> None:
    thread = three.commit(asked("ONE", "A", "4"))
    again = thread.replace_turn(
        "two.2", lambda old: old._replace(reply="new"), what="a turn asked again", asked_again=True
    )
    assert again is not None
    assert [turn.reply for turn in again.turns] == ["re ONE", "new", "re three"]
    assert stale(again) == ["three"]


def test_a_fork_goes_its_own_way(three: Thread) -> None:
    fork = three.fork("idea", at=2)
    assert prompts(fork) == ["one", "two"]
    assert prompts(fork.commit(asked("other", "D", "4"))) == ["one", "two", "other"]
    assert prompts(three) == ["one", "two", "three"]
    assert prompts(fork.undo()) == ["one"]


def test_each_thread_has_its_own_system_text_and_begins_empty(three: Thread) -> None:
    conversation = (
        Conversation(Thread(own_system="Be brief.")).with_thread(replace(three, own_system="")).switched("other")
    )
    assert conversation.here.messages == [{"role": "system", "content": "Be brief."}]
    assert prompts(conversation.switched("main").here) == ["one", "two", "three"]


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(0, 2)), max_size=20))
def test_a_page_whose_cells_are_run_in_any_order_is_the_thread(runs: list[tuple[str, int]]) -> None:
    shown: dict[str, list[str]] = {}  # a dict keeps the place of a key that is set again
    thread = Thread()
    for run, (cell, questions) in enumerate(runs):
        texts = [f"{cell}{run}{question}" for question in range(questions)]
        for text in texts:
            thread = thread.commit(asked(text, cell, str(run)))
        thread = thread.set_aside([cell], except_run=str(run))
        if texts or cell in shown:
            shown[cell] = texts
    assert prompts(thread) == [text for texts in shown.values() for text in texts]


def test_a_hundred_thousand_turns_can_be_built_looked_at_and_dropped() -> None:
    thread = Thread()
    for number in range(100_000):
        thread = thread.commit(asked(str(number), f"cell {number}"))
    assert (thread.size, len(thread.turns)) == (100_000, 100_000)
    assert thread.undo().size == 99_999
    del thread


def test_a_long_conversation_can_be_shown_at_the_prompt() -> None:
    state = State()
    for number in range(2_000):
        choice = {"finish_reason": "stop", "message": {"content": "yes"}}
        event = {"id": f"k-{number}", "event": "turn", "thread": "main", "prompt": "and?", "model": "glm-4"}
        state = applied(state, {**event, "completion": {"choices": [choice]}})
    for shown in (state.conversation.here, state.ledger, state):
        assert type(shown).__name__ in repr(shown)


# Anything, in any order


@dataclass(frozen=True)
class Row:
    """A turn as a reader would note it down; `held` are the turns that its request held."""

    id: str
    prompt: str
    reply: str
    finish: str
    cell: str | None
    run: str | None
    held: tuple[str, ...]
    tokens: int
    aside: int = 0
    gone: bool = False
    appended: bool = False
    told: tuple[str, int] | None = None


def standing(rows: list[Row]) -> list[Row]:
    return [row for row in rows if not row.aside]


def ids(rows: list[Row]) -> tuple[str, ...]:
    return tuple(row.id for row in standing(rows))


@dataclass
class Notes:
    """A thread on paper: its rows now, and whole copies of them for each step back and forth."""

    own: str = ""
    rows: list[Row] = field(default_factory=list)
    past: list[tuple[list[Row], Row | None]] = field(default_factory=list)
    future: list[tuple[list[Row], Row | None]] = field(default_factory=list)
    kept: Row | None = None
    page: tuple[str, ...] = ()
    tellings: int = 0
    overruled: int = 0

    def step(self, rows: list[Row], kept: Row | None) -> None:
        if rows != self.rows or kept != self.kept:
            self.past.append((self.rows, self.kept))
            self.rows, self.kept, self.future = rows, kept, []

    @property
    def teller(self) -> Row | None:
        telling = [row for row in standing(self.rows) if row.told and row.told[1] > self.overruled]
        return telling[-1] if telling else self.kept

    @property
    def system(self) -> str:
        teller = self.teller
        return teller.told[0] if teller is not None and teller.told else self.own

    def kept_but(self, cells: Collection[str | None], run: str | None) -> Row | None:
        """What a reset has kept, if no other run of these cells made it."""
        kept = self.kept
        return None if kept and kept.cell is not None and kept.cell in cells and kept.run != run else kept

    def still(self, kept: Row | None) -> Row | None:
        return None if kept and kept.told and kept.told[1] <= self.overruled else kept

    def arrange(self, page: tuple[str, ...]) -> None:
        """Each listed cell takes those behind it along that are not listed, or were added last whatever the page; but
        none of these comes before another of them that was before it.
        """
        self.page = page
        parts: list[list[Row]] = [[] for _ in ("", *page)]
        listed = other = 0
        for row in self.rows:
            if row.cell in page and row.cell and not row.appended:
                listed = page.index(row.cell) + 1
                parts[listed].append(row)
            else:
                other = max(other, listed)
                parts[other].append(row)
        self.rows = [row for part in parts for row in part]

    def take_in(self, cell: str | None) -> None:
        """What a listed cell added last counts as standing in its place, before another turn may replace it."""
        if cell in self.page:
            self.rows = [replace(row, appended=row.appended and row.cell != cell) for row in self.rows]
            self.arrange(self.page)

    def above(self, cell: str) -> int:
        """The place of a new turn of a listed cell: before the first that a later cell asked."""
        later = self.page[self.page.index(cell) + 1 :]
        places = [place for place, row in enumerate(self.rows) if row.cell in later and not row.appended]
        return min(places, default=len(self.rows))

    def place(self, cell: str | None, run: str | None) -> int:
        mine = [place for place, row in enumerate(self.rows) if cell is not None and row.cell == cell]
        earlier = [place for place in mine if self.rows[place].run != run]
        if earlier or mine:
            return earlier[0] if earlier else mine[-1] + 1
        return self.above(cell) if cell in self.page and cell else len(self.rows)

    def undo(self) -> None:
        if self.past or standing(self.rows):
            self.future.append((self.rows, self.kept))
            if self.past:
                self.rows, kept = self.past.pop()
                self.kept = self.still(kept)
            else:
                self.rows = self.rows[: self.rows.index(standing(self.rows)[-1])]
            self.arrange(self.page)

    def redo(self) -> None:
        if self.future:
            self.past.append((self.rows, self.kept))
            self.rows, kept = self.future.pop()
            self.kept = self.still(kept)
            self.arrange(self.page)


CELL = st.sampled_from("ABCD")
NAME = st.sampled_from(["main", "idea", "other"])
FINISH = st.sampled_from(["stop", "interrupted", "length"])
TOLD = st.none() | st.sampled_from(["", "Be a pirate.", "Be a poet."])


class AnyConversation(RuleBasedStateMachine):
    """Lets events happen, and compares what is kept with the same noted down on plain lists."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.journal = Journal()
        self.state = self.journal.begin({"model": "glm-4", "system": "begin"}).state()
        self.notes = {"main": Notes("begin")}
        self.here = "main"
        self.page: tuple[str, ...] = ()
        self.running: tuple[str | None, str | None] = (None, None)
        self.count = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    @property
    def current(self) -> Notes:
        return self.notes[self.here]

    def tell(self, kind: str, **members: Any) -> None:
        event = from_json({"id": self.journal.next_id(), "event": kind, **members})
        self.state = event.applied_to(self.state)
        self.journal.add(event)

    def new_run(self) -> str:
        self.count += 1
        return f"{self.journal.session}.{self.count}"

    def answered(self, name: str, before: list[Row], finish: str, *, words: bool = True, **more: Any) -> Row:
        """A reply comes to its end; gives its row."""
        self.count += 1
        prompt, reply, tokens = f"question {self.count}", f"answer {self.count}" * words, self.count % 7
        choice = {"finish_reason": finish, "message": {"content": reply}}
        event = {"thread": name, "prompt": prompt, "model": "glm-4", "tokens": tokens, **more}
        event |= {"completion": {"choices": [choice]}, "after": before[-1].id if before else None}
        row = Row(self.journal.next_id(), prompt, reply, finish, more.get("cell"), more.get("run"), ids(before), tokens)
        told = {member: value for member, value in event.items() if value is not None}
        self.tell("partial" if finish == "interrupted" else "turn", **told)
        return row

    @rule(cell=st.none() | CELL, name=st.none() | NAME, finish=FINISH, append=st.booleans(), told=TOLD)
    def run_a_cell(self, cell: str | None, name: str | None, finish: str, append: bool, told: str | None) -> None:
        self.running = cell, self.new_run() if cell else None
        self.ask_once_more(name, finish, append, told)

    @rule(name=st.none() | NAME, finish=FINISH, append=st.booleans(), told=TOLD)
    def ask_once_more(self, name: str | None, finish: str, append: bool, told: str | None) -> None:
        """Ask in the cell that runs, after whatever it has done before."""
        (cell, run), name = self.running, name or self.here
        notes = self.thread(name)
        thread, was = self.state.conversation.thread(name), notes.rows
        if not append:
            notes.take_in(cell)
        rows, place = notes.rows, len(notes.rows) if append else notes.place(cell, run)
        notes.rows = was
        request = thread if append else thread.before(cell, run or "")
        assert prompts(request) == [row.prompt for row in standing(rows[:place])]
        row = self.answered(name, rows[:place], finish, cell=cell, run=run, append=append or None, system=told)
        if told is not None:
            notes.tellings += 1
            row = replace(row, told=(told, notes.tellings))
        row = replace(row, appended=append)
        replaced = [] if append else [old for old in rows if cell and old.cell == cell and old.run != run]
        kept = notes.kept if append else notes.kept_but({cell}, run)
        notes.step([*rows[:place], row, *(old for old in rows[place:] if old not in replaced)], kept)

    @rule(cell=CELL)
    def fail(self, cell: str) -> None:
        self.answered(self.here, [], "interrupted", words=False, cell=cell, run=self.new_run())

    def thread(self, name: str) -> Notes:
        return self.notes.setdefault(name, Notes("begin", page=self.page))

    @rule(cells=st.lists(CELL, unique=True))
    def arrange(self, cells: list[str]) -> None:
        self.tell("order", cells=cells)
        self.page = tuple(cells)
        for notes in self.notes.values():
            notes.arrange(self.page)

    @rule(cells=st.sets(CELL, min_size=1))
    def bring_cells_back(self, cells: set[str]) -> None:
        self.tell("back", cells=sorted(cells))
        for notes in self.notes.values():
            rows = [replace(row, aside=0, gone=False) if row.gone and row.cell in cells else row for row in notes.rows]
            notes.step(rows, notes.kept)

    @rule(text=st.sampled_from(["", "Be brief.", "Be kind."]), name=NAME)
    def system_text(self, text: str, name: str) -> None:
        self.tell("system", thread=name, text=text)
        notes = self.thread(name)
        notes.own, notes.overruled, notes.kept = text, notes.tellings, None

    @precondition(lambda self: standing(self.current.rows))
    @rule(finish=FINISH)
    def retry(self, finish: str) -> None:
        rows = self.current.rows
        old = standing(rows)[-1]
        place = rows.index(old)
        row = self.answered(self.here, rows[:place], finish, replaces=old.id)
        again = replace(row, cell=old.cell, run=old.run, told=old.told, appended=old.appended)
        self.current.step([*rows[:place], again, *rows[place + 1 :]], self.current.kept)

    @precondition(lambda self: standing(self.current.rows) and standing(self.current.rows)[-1].finish != "stop")
    @rule(finish=FINISH)
    def go_on(self, finish: str) -> None:
        rows = self.current.rows
        old = standing(rows)[-1]
        more = self.answered(self.here, rows, finish, joins=old.id)
        reply, tokens = old.reply + more.reply, old.tokens + more.tokens
        joined = replace(old, reply=reply, finish=finish, tokens=tokens)
        self.current.step([joined if row is old else row for row in rows], self.current.kept)

    @rule(cells=st.sets(CELL, min_size=1))
    def delete_cells(self, cells: set[str]) -> None:
        self.tell("aside", cells=sorted(cells))
        self.set_aside(cells, gone=True)

    @rule(cell=CELL)
    def run_a_cell_that_asks_no_more(self, cell: str) -> None:
        self.tell("aside", cells=[cell], run=self.new_run())
        self.set_aside({cell})

    def set_aside(self, cells: set[str], *, gone: bool = False) -> None:
        for notes in self.notes.values():
            mark = 1 + max((row.aside for row in notes.rows), default=0)
            aside = {row.id for row in notes.rows if row.cell in cells and not row.aside}
            rows = [replace(row, aside=mark, gone=gone) if row.id in aside else row for row in notes.rows]
            notes.step(rows, notes.kept_but(cells, None))

    @rule(number=st.none() | st.integers(1, 6))
    def restore(self, number: int | None) -> None:
        self.tell("restore", thread=self.here, **({} if number is None else {"number": number}))
        rows = self.current.rows
        mark = max((row.aside for row in rows), default=0)
        chosen = [row for row in rows if row.aside == mark] if number is None else rows[number - 1 : number]
        self.current.step(
            [replace(row, aside=0, gone=False) if row in chosen else row for row in rows], self.current.kept
        )

    @rule()
    def reset(self) -> None:
        self.tell("reset", thread=self.here)
        if self.current.rows:
            self.current.step([], self.current.teller)

    @rule(count=st.integers(1, 3))
    def undo(self, count: int) -> None:
        self.tell("undo", thread=self.here, count=count)
        for _ in range(count):
            self.current.undo()

    @rule(count=st.integers(1, 3))
    def redo(self, count: int) -> None:
        self.tell("redo", thread=self.here, count=count)
        for _ in range(count):
            self.current.redo()

    @rule(name=NAME, at=st.none() | st.integers(1, 5))
    def fork(self, name: str, at: int | None) -> None:
        if name not in self.notes and (at is None or at <= len(self.current.rows)):
            self.tell("fork", thread=self.here, name=name, **({} if at is None else {"at": at}))
            here = self.current
            self.notes[name] = replace(here, rows=here.rows[:at], past=[], future=[])
            self.here = name

    @rule(name=NAME)
    def switch(self, name: str) -> None:
        self.tell("switch", thread=name)
        self.thread(name)
        self.here = name

    @rule()
    def restart_and_resume(self) -> None:
        path = Path(self.folder.name) / "journal.jsonl"
        self.journal.move(path)
        lines = read(path) if path.exists() else None
        found = latest(lines, but="") if lines else None
        if lines is None or found is None:
            return
        assert lines.notes == []
        assert found[0] == self.journal.session
        self.running = (None, None)
        self.journal = Journal()
        self.journal.begin({"model": "another"})
        self.journal.add(ResumeEvent(id=self.journal.next_id(), from_=found[0]))
        self.state = found[1]

    @invariant()
    def each_thread_is_as_noted(self) -> None:
        assert self.state.conversation.current == self.here
        for name, notes in self.notes.items():
            thread = self.state.conversation.thread(name)
            texts = [text for row in standing(notes.rows) for text in (row.prompt, row.reply)]
            messages = thread.messages
            if notes.system:
                assert messages.pop(0) == {"role": "system", "content": notes.system}
            assert [message["role"] for message in messages] == ["user", "assistant"] * len(standing(notes.rows))
            assert [message["content"] for message in messages] == texts
            assert max(Counter(turn.id for turn in thread.turns).values(), default=1) == 1

    @invariant()
    def numbers_and_marks_agree_with_a_recount(self) -> None:
        for name, notes in self.notes.items():
            for number, (link, row) in enumerate(
                zip(self.state.conversation.thread(name).links, notes.rows, strict=True), 1
            ):
                until = standing(notes.rows[:number])
                tokens = sum(row.tokens for row in until)
                assert (link.number, link.standing, link.tokens) == (number, len(until), tokens)
                assert link.stale == (not row.aside and row.held != ids(notes.rows[: number - 1]))
                assert (link.aside > 0, link.turn.interrupted) == (row.aside > 0, row.finish == "interrupted")

    @invariant()
    def what_listed_cells_asked_stands_in_the_order_of_the_page(self) -> None:
        for thread in self.state.conversation.threads.values():
            listed = [turn.cell for turn in thread.turns if turn.cell in self.page and not turn.appended]
            assert listed == sorted(listed, key=self.page.index)

    @invariant()
    def undo_and_redo_is_the_identity(self) -> None:
        thread = self.state.conversation.here
        if thread.undo() is not thread:
            assert thread.undo().redo().last is thread.last


TestAnyConversation = AnyConversation.TestCase
TestAnyConversation.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
