"""`%%glm --each TABLE`: a cell that asks over a table, what it shows and binds, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from in_process import Page
from platforms import needs_signals

from zhipu_magic import Chat
from zhipu_magic.chat.rows.run import Run
from zhipu_magic.notebook.jobs import Jobs
from zhipu_magic.practice import Answer, Fault, PracticeServer, Raw, chunk, sse
from zhipu_magic.text.errors import Interrupted, InvalidRequest, OverBudget, ServiceError

GOOD = '{"label": "good", "score": 0.9}'


@pytest.fixture
def reviews(page: Page) -> pd.DataFrame:
    table = pd.DataFrame({"text": ["alpha", "beta", "alpha", None]}, index=[3, 1, 4, 1])
    page.names["reviews"] = table
    return table


def slow(text: str = "done", seconds: float = 0.3) -> Raw:
    return Raw((sse(chunk(text)), seconds, sse(chunk("", finish_reason="stop"))))


# What it binds and shows


def test_o_binds_the_table_with_its_answers_and_b_what_came_of_it(
    page: Page, server: PracticeServer, reviews: pd.DataFrame
) -> None:
    server.enqueue(*[Answer("an answer")] * 2)
    cell = page.run("%%glm --each reviews -b mapped -o labelled\nClassify: {{ text }}")
    assert cell.success
    labelled = page.names["labelled"]
    assert list(labelled.columns) == ["text", "answer"]
    assert list(labelled.index) == [3, 1, 4, 1]
    assert list(labelled["answer"].isna()) == [False, False, False, True]
    [error] = page.names["mapped"].errors
    assert error.reason == "row.missing"
    assert list(page.names["reviews"].columns) == ["text"]


def test_it_settles_to_the_first_rows_and_a_panel(page: Page, server: PracticeServer, reviews: pd.DataFrame) -> None:
    server.enqueue(*[Answer("an answer", prompt_tokens=10, completion_tokens=5)] * 2)
    cell = page.run("%%glm --each reviews -o labelled\nClassify: {{ text }}")
    table, panel = cell.outputs
    assert table["data"].keys() == {"text/html", "text/plain"}
    assert "<table" in table["data"]["text/html"]
    assert "alpha" in cell.plain(0)
    assert cell.plain(1).splitlines()[0].startswith("1 failed (row 3): {{ text }} is missing in this row.")
    assert "4 rows (1 equal) · 1 failed · 20 + 10 tokens" in cell.plain(1)
    assert "row 3" in panel["data"]["text/html"]


def test_a_typed_answer_makes_columns(page: Page, server: PracticeServer, reviews: pd.DataFrame) -> None:
    page.run("import typing\nclass Review(typing.TypedDict):\n    label: str\n    score: float")
    server.enqueue(*[Answer(GOOD)] * 2)
    assert page.run("%%glm --each reviews --as Review -o labelled\n{{ text }}").success
    assert list(page.names["labelled"].columns) == ["text", "label", "score"]


def test_other_values_of_the_notebook_stand_first(page: Page, server: PracticeServer, reviews: pd.DataFrame) -> None:
    page.names["guide"] = "Be strict.\nBe fair."
    page.run("%%glm --each reviews --first 1\n{{ text }}\n\n{{ guide }}")
    [request] = server.requests
    assert request.body["messages"][-1]["content"].startswith("`guide`:\n\nBe strict.\nBe fair.")


def test_a_shared_value_that_is_cut_is_told_in_the_panel_and_in_the_preview(page: Page, server: PracticeServer) -> None:
    page.names["guide"] = "\n".join(f"rule {number}: be kind and thorough" for number in range(5_000))
    page.names["rows"] = ["alpha"]
    note = "All rows get only a part of a value: guide: about 4,000 of about 40,000 tokens"
    assert note in page.run("%%glm --each rows --preview\n{{ text }} by {{ guide }}").plain(0)
    cell = page.run("%%glm --each rows\n{{ text }} by {{ guide }}")
    assert note in cell.plain(len(cell.outputs) - 1)
    known = page.run("%%glm --each rows --batch\n{{ text }} by {{ guide }}")
    assert known.plain(len(known.outputs) - 1).count(note) == 1


def test_what_is_cut_in_some_rows_is_told_and_so_is_an_answer_that_was_cut_off(
    page: Page, server: PracticeServer
) -> None:
    page.names["rows"] = ["short", "a long text of many words " * 40]
    server.enqueue(*[Answer("As much as", finish_reason="length")] * 2)
    cell = page.run("%%glm --each rows --max-tokens 3\nSum up: {{ text | 20 }}")
    assert cell.success
    panel = cell.plain(len(cell.outputs) - 1)
    assert "In 1 row, a value was cut to the budget that the template gives it." in panel
    assert "2 answers reached the maximum length. --max-tokens allows more." in panel
    assert "2 cut off" in panel


def test_the_panel_says_that_practice_costs_nothing(page: Page) -> None:
    page.names["rows"] = ["a"]
    assert page.run("%glm practice").success
    cell = page.run("%%glm --each rows\nSay {{ text }}")
    assert cell.success and "practice" in cell.html(len(cell.outputs) - 1)


def test_a_preview_reckons_with_the_answers_that_are_known_and_of_no_price(page: Page, server: PracticeServer) -> None:
    page.names["rows"] = ["a", "b", "c"]
    server.enqueue(*[Answer("one two", completion_tokens=7)] * 2)
    assert page.run("%%glm -m glm-4.7 --each rows --first 2\nSay {{ text }}").success
    assert "with answers of 7 tokens as those that are known" in page.run(
        "%%glm -m glm-4.7 --each rows --preview\nSay {{ text }}"
    ).plain(0)
    unknown = page.run("%%glm -m my-model --each rows --preview\nSay {{ text }}").plain(0)
    assert "¥" not in unknown and "for my-model" in unknown


def test_a_table_that_shows_itself_as_text_alone_is_shown_so(page: Page, server: PracticeServer) -> None:
    page.names["reviews"] = pd.DataFrame({"text": ["alpha"]})
    with pd.option_context("display.notebook_repr_html", False):
        cell = page.run("%%glm --each reviews -o labelled\nSay {{ text }}")
    assert cell.success and set(cell.outputs[0]["data"]) == {"text/plain"}
    assert "alpha" in cell.plain(0)


def test_a_text_of_the_model_reaches_a_page_escaped_and_a_terminal_without_commands(
    page: Page, server: PracticeServer, reviews: pd.DataFrame
) -> None:
    server.enqueue(*[Answer("<img src=x onerror=alert(1)>\x1b]0;title\x07")] * 2)
    cell = page.run("%%glm --each reviews\n{{ text }}")
    shown = json.dumps(cell.outputs, ensure_ascii=False)
    assert "<img" not in cell.html(0)
    assert "\x1b" not in cell.plain(0)
    assert "\x1b" not in cell.html(0)
    assert "onerror" in shown


def test_the_line_is_updated_in_place_at_most_four_times_a_second(
    page: Page, server: PracticeServer, reviews: pd.DataFrame
) -> None:
    page.names["many"] = [f"row {number}" for number in range(60)]
    server.enqueue(*[slow(seconds=0.05)] * 60)
    began = time.monotonic()
    cell = page.run("%%glm --each many --in-flight 4\n{{ text }}")
    seconds = time.monotonic() - began
    frames = [message for message in cell.messages if "progressbar" in message["data"].get("text/html", "")]
    assert 2 <= len(frames) <= 4 * seconds + 2
    assert any("in flight" in frame["data"]["text/plain"] for frame in frames)
    assert len({frame["transient"]["display_id"] for frame in frames}) == 1
    assert len(cell.outputs) == 2


def test_no_more_than_the_users_own_ceiling_are_said_to_be_possible(page: Page, server: PracticeServer) -> None:
    page.names["many"] = [f"row {number}" for number in range(60)]
    page.names["few"] = page.names["many"][:20]
    server.load.latency = 0.1
    page.run("%%glm --each many\n{{ text }}")  # the limit that this finds is more than two
    assert server.load.most > 2
    cell = page.run("%%glm --each few --in-flight 2\nAgain: {{ text }}")
    said = {part for message in cell.messages for part in cell_parts(message) if part.endswith(" in flight")}
    assert said <= {"1 of 2 in flight", "2 of 2 in flight"}
    assert "2 of 2 in flight" in said


def cell_parts(message: dict[str, Any]) -> list[str]:
    return str(message["data"]["text/plain"]).split(" · ")


def test_where_no_updates_are_shown_only_the_end_is(page: Page, server: PracticeServer, reviews: pd.DataFrame) -> None:
    cell = page.run("%%glm --each reviews\n{{ text }}", None)
    assert [message["kind"] for message in cell.messages] == ["display_data"] * 2


def test_quiet_shows_the_table_and_what_failed(page: Page, server: PracticeServer, reviews: pd.DataFrame) -> None:
    cell = page.run("%%glm --each reviews -q\n{{ text }}")
    assert cell.plain(1).startswith("1 failed")
    assert "tokens" not in cell.plain(1)
    cell = page.run("%%glm --each reviews --first 2 -q\n{{ text }}")
    assert len(cell.outputs) == 1


def test_a_column_that_the_answer_replaces_is_told(page: Page, server: PracticeServer) -> None:
    page.names["table"] = pd.DataFrame({"text": ["a"], "answer": ["old"]})
    cell = page.run("%%glm --each table -o table\n{{ text }}")
    assert "already had answer" in cell.plain(1)
    assert list(page.names["table"].columns) == ["text", "answer"]
    assert page.names["table"]["answer"][0] != "old"


# Endings


def test_run_again_it_asks_nothing_and_leaves_the_conversation_alone(
    page: Page, server: PracticeServer, reviews: pd.DataFrame
) -> None:
    page.run("%%glm\nHello")
    for _ in range(2):
        assert page.run("%%glm --each reviews -o labelled\n{{ text }}", "table").success
    assert len(server.requests) == 3
    assert page.magics.chat.thread().size == 1


@needs_signals
def test_an_interrupt_fails_the_cell_binds_what_there_is_and_the_next_run_asks_the_rest(
    page: Page, server: PracticeServer
) -> None:
    page.names["many"] = [f"row {number}" for number in range(40)]
    server.enqueue(*[slow(seconds=0.2)] * 40)
    threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    cell = page.run("%%glm --each many --in-flight 4 -o found\n{{ text }}")
    assert isinstance(cell.error, Interrupted)
    assert "without an answer" in str(cell.error)
    assert "asks only those" in str(cell.error)
    answered = [row for row in page.names["found"] if row["answer"] is not None]
    assert 0 < len(answered) < 40
    assert page.run("%%glm --each many -o found\n{{ text }}").success
    assert all(row["answer"] is not None for row in page.names["found"])
    assert len(server.requests) == 40


@pytest.fixture
def chat(page: Page, server: PracticeServer) -> Iterator[Chat]:
    """A chat that a cell has made, as `chat`."""
    page.names["chat"] = asking = Chat("glm-4.7", base_url=server.base_url, api_key=server.api_key)
    yield asking
    asking.close()


LOOP = """
for row in {over}:
    if row is not None:
        {body}
"""


@needs_signals
@pytest.mark.parametrize("over", ["mapped", "enumerate(mapped)", "(row for row in mapped)", "kept"])
def test_an_interrupt_in_the_body_of_a_loop_over_a_map_stops_it(page: Page, chat: Chat, over: str) -> None:
    page.names["many"] = [f"row {number}" for number in range(300)]
    assert page.run("mapped = chat.map('Say {{ text }}', many, in_flight=2)\nkept = iter(mapped)").success
    cell = page.run(
        LOOP.format(over=over, body="import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(9)")
    )
    assert isinstance(cell.error, KeyboardInterrupt)
    mapped = page.names["mapped"]
    assert mapped.was_stopped
    assert mapped.figures().done < 300


@pytest.mark.parametrize("body", ["break", "raise ValueError"])
def test_a_loop_over_a_map_that_is_left_otherwise_leaves_it_going_on(page: Page, chat: Chat, body: str) -> None:
    page.names["many"] = [f"row {number}" for number in range(100)]
    page.run("mapped = chat.map('Say {{ text }}', many)")
    page.run(LOOP.format(over="mapped", body=body))
    assert isinstance(page.run("raise KeyboardInterrupt").error, KeyboardInterrupt)  # of a cell that has no such loop
    assert all(value is not None for value in page.names["mapped"].values)


@pytest.mark.parametrize(
    ("line", "place", "name"),
    [
        ("--in-flight 2", Run, "add"),
        ("--in-flight 2", Chat, "map"),
        ("--in-flight 2 --bg", Run, "add"),
        ("--in-flight 2 --bg", Chat, "map"),
        ("--in-flight 2 --bg", Jobs, "add"),
    ],
)
def test_an_interrupt_at_the_beginning_stops_the_map_and_binds_what_there_is(
    page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch, line: str, place: type, name: str
) -> None:
    before = getattr(place, name)

    def interrupted(*args: Any, **more: Any) -> Any:
        found = before(*args, **more)
        while len(server.requests) < 2:
            time.sleep(0.01)
        signal.raise_signal(signal.SIGINT)
        return found

    page.names["many"] = [f"row {number}" for number in range(40)]
    server.enqueue(*[slow(seconds=0.2)] * 40)
    with monkeypatch.context() as patched:
        patched.setattr(place, name, interrupted)
        cell = page.run(f"%%glm --each many {line} -o found -b mapped\n{{{{ text }}}}")
    assert isinstance(cell.error, Interrupted)
    assert "without an answer" in str(cell.error)
    assert len(page.names["found"]) == 40
    assert page.names["mapped"].was_stopped
    assert not page.session.jobs.running
    page.magics.chat.close()
    assert len(server.requests) < 10
    assert page.run("%%glm --each many -o found\n{{ text }}").success
    assert all(row["answer"] is not None for row in page.names["found"])
    assert len(server.requests) == 40


def test_the_budget_fails_the_cell_and_binds_what_there_is(page: Page, server: PracticeServer) -> None:
    page.names["many"] = [f"row {number}" for number in range(40)]
    page.run("%glm budget 9000 tokens")
    server.enqueue(*[Answer("x", prompt_tokens=900, completion_tokens=100)] * 40)
    cell = page.run("%%glm --each many -o found\n{{ text }}")
    assert isinstance(cell.error, OverBudget)
    assert "%glm budget" in str(cell.error)
    assert sum(row["answer"] is not None for row in page.names["found"]) == len(server.requests)
    assert "chat." not in str(cell.error)


def test_a_key_that_is_refused_fails_the_cell(page: Page, server: PracticeServer, reviews: pd.DataFrame) -> None:
    server.enqueue(*[Fault.of("1000")] * 2)
    cell = page.run("%%glm --each reviews -o labelled\n{{ text }}")
    assert isinstance(cell.error, ServiceError)
    assert page.names["labelled"]["answer"].isna().all()


def test_failed_rows_leave_the_cell_green(
    page: Page, server: PracticeServer, reviews: pd.DataFrame, tmp_path: Path
) -> None:
    script = tmp_path / "script.json"
    script.write_text('[{"when": "alpha", "error": "1301"}]')
    server.read_script(script)
    cell = page.run("%%glm --each reviews --in-flight 1\n{{ text }}")
    assert cell.success
    assert "3 failed" in cell.plain(1)  # the first text, the equal one, and the row without
    assert "unsafe content" in cell.plain(1)


# The line


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--first 5", "--first is for the rows of a table"),
        ("--in-flight 5", "--in-flight is for the rows of a table"),
        ("--each reviews -i", "-i cannot be used with --each"),
        ("--each reviews --raw", "--raw cannot be used with --each"),
        ("--each reviews --first 0", "not a positive whole number"),
    ],
)
def test_what_makes_no_sense_is_refused(page: Page, reviews: pd.DataFrame, line: str, message: str) -> None:
    cell = page.run(f"%%glm {line}\n{{{{ text }}}}")
    assert message in str(cell.error)


def test_what_is_no_table_is_refused(page: Page) -> None:
    page.names["number"] = 3
    cell = page.run("%%glm --each number\n{{ text }}")
    assert isinstance(cell.error, InvalidRequest)
    assert page.run("%%glm --each nothing\n{{ text }}").error is not None


def test_each_takes_an_item_or_an_attribute(page: Page, reviews: pd.DataFrame) -> None:
    assert page.run("%%glm --each reviews.text --first 1 -o found\n{{ text }}").success
    assert page.run('%%glm --each reviews["text"] --first 1 -o found\n{{ text }}').success
    assert list(page.names["found"].columns) == ["text", "answer"]


def test_a_picture_of_each_row(page: Page, server: PracticeServer) -> None:
    from PIL import Image

    page.names["photos"] = {"photo": [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]}
    assert page.run("%%glm --each photos --image {{ photo }} -m glm-4.6v-flash\nWhat is it?").success
    assert [part["type"] for part in server.requests[0].body["messages"][-1]["content"]] == ["image_url", "text"]


def test_preview_shows_the_first_prompts_and_what_all_would_take(
    page: Page, server: PracticeServer, reviews: pd.DataFrame
) -> None:
    cell = page.run("%%glm --each reviews --preview\nClassify: {{ text }}")
    assert cell.success
    assert "Nothing was sent" in cell.plain()
    assert "4 rows, 2 distinct" in cell.plain()
    assert "Classify: alpha" in cell.plain()
    assert "is missing in this row" in cell.plain()
    assert not server.requests


def test_preview_of_rows_that_are_all_known_says_that(page: Page, server: PracticeServer) -> None:
    page.names["many"] = ["a", "b"]
    page.run("%%glm --each many\n{{ text }}")
    said = page.run("%%glm --each many --preview\n{{ text }}").plain()
    assert said.startswith("**Nothing was sent.** 2 rows, 2 distinct, 2 known, 0 to ask.\n")


# %glm rows


def test_rows_lists_what_is_kept_and_retries_what_failed(
    page: Page, server: PracticeServer, reviews: pd.DataFrame
) -> None:
    assert "No rows of tables" in page.run("%glm rows").plain()
    assert "No table has been asked" in str(page.run("%glm rows retry").error)
    server.enqueue(*[Fault.of("1301")] * 2)
    page.run("%%glm --each reviews -o labelled\n{{ text }}")
    assert page.names["labelled"]["answer"].isna().all()
    assert page.run("%glm rows retry").success
    assert page.names["labelled"]["answer"].notna().sum() == 3
    listed = page.run("%glm rows").plain()
    assert "2 answers of tables" in listed


def test_undo_says_that_a_table_is_no_turn(page: Page, server: PracticeServer, reviews: pd.DataFrame) -> None:
    page.run("%%glm --each reviews\n{{ text }}")
    assert page.run("%glm undo").plain() == (
        "There is nothing to undo. The table that was asked last is not a turn: its answers stay."
    )
    page.run("%%glm\nHello")
    page.run("%%glm --each reviews\nAgain: {{ text }}")
    undone = page.run("%glm undo").plain()
    assert undone.startswith("Undone: turn 1.")
    assert "its answers stay" in undone
    assert "table" not in page.run("%glm undo").plain()


# Replay


def test_a_replay_leaves_the_same_page(
    page: Page, server: PracticeServer, reviews: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.enqueue(*[Answer("an answer")] * 2)
    cell = "%%glm --each reviews -o labelled\n{{ text }}"
    recorded = page.run(cell, "table")
    page.magics.chat.history.records.rows.flush()
    page.run("%config GLMMagics.replay = 'only'")
    replayed = page.run(cell, "table")
    assert replayed.success
    assert [output["data"] for output in replayed.outputs] == [output["data"] for output in recorded.outputs]
    assert len(server.requests) == 2


def test_a_replay_counts_a_map_once(
    page: Page, server: PracticeServer, reviews: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.enqueue(*[Answer("an answer", prompt_tokens=10, completion_tokens=5)] * 2)
    page.run("%%glm --each reviews\n{{ text }}", "table")
    page.run("%config GLMMagics.replay = 'only'")
    page.run("%%glm --each reviews\n{{ text }}", "table")
    replayed = page.magics.chat.ledger.replayed
    assert (replayed.requests, replayed.prompt_tokens) == (2, 20)


def test_a_preview_in_a_replay_knows_only_what_was_asked_above_it(
    page: Page, server: PracticeServer, reviews: pd.DataFrame
) -> None:
    cell, preview = "%%glm --each reviews\n{{ text }}", "%%glm --each reviews --preview\n{{ text }}"
    recorded = [page.run(source, str(at)).plain() for at, source in enumerate((preview, cell, preview))]
    page.magics.chat.history.records.rows.flush()
    page.run("%config GLMMagics.replay = 'only'")
    replayed = [page.run(source, str(at)).plain() for at, source in enumerate((preview, cell, preview))]
    assert "2 known" in recorded[2]
    assert [text.partition(" with ")[0] for text in replayed] == [text.partition(" with ")[0] for text in recorded]


def test_the_dashboard_and_the_history_know_a_map(page: Page, server: PracticeServer, reviews: pd.DataFrame) -> None:
    server.enqueue(*[Answer("x", prompt_tokens=1_000, completion_tokens=100)] * 2)
    page.run("%%glm --each reviews\nClassify: {{ text }}")
    usage = page.run("%glm usage").plain()
    assert "2 requests" in usage
    assert "2,000" in usage


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("reviews.head(2)", 2),
        ('reviews[reviews.text != "bad"]', 2),
        ("\"reviews.query('n > 1')\"", 2),
        ("[*reviews.text]", 3),
        ("reviews[['text']]", 3),
    ],
)
def test_the_table_is_what_an_expression_gives(page: Page, server: PracticeServer, expression: str, rows: int) -> None:
    page.names["reviews"] = pd.DataFrame({"text": ["good", "bad", "fair"], "n": [1, 2, 3]})
    cell = page.run(f"%%glm --each {expression} -o done\nWhat is {{{{ text }}}}?")
    assert cell.success
    assert len(page.names["done"]) == rows
    assert len(server.requests) == rows


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("reviews.hea(2)", "--each reviews.hea(2) has no value: AttributeError"),
        ("reviews.query('n > 1')", "--each reviews.query(n > 1) has no value: NameError"),
        ("reviews.head(", "is not an expression of Python"),
        ("import", "is not an expression of Python"),
    ],
)
def test_an_expression_that_gives_no_table_says_why(
    page: Page, server: PracticeServer, expression: str, said: str
) -> None:
    page.names["reviews"] = pd.DataFrame({"text": ["good", "bad", "fair"], "n": [1, 2, 3]})
    cell = page.run(f"%%glm --each {expression} -o done\nWhat is {{{{ text }}}}?")
    assert said in str(cell.error)
    assert server.requests == []


def test_first_rows_that_take_the_place_of_their_table_are_told(page: Page, server: PracticeServer) -> None:
    page.names["reviews"] = pd.DataFrame({"text": ["a", "b", "c"]})
    assert "reviews now has the first 2 rows alone" in page.run(
        "%%glm --each reviews --first 2 -o reviews\n{{ text }}"
    ).plain(1)
    assert "alone" not in page.run("%%glm --each reviews --first 2 -o others\n{{ text }}").plain(1)


def test_a_table_that_is_not_there_is_told_as_that(page: Page, server: PracticeServer) -> None:
    page.names["reviews"] = ["a"]
    said = str(page.run("%%glm --each review\n{{ text }}").error)
    assert said.startswith("There is no table named review. Did you mean reviews?")
    assert "--raw" not in said


def test_the_first_rows_of_a_wide_table_show_all_columns_and_no_size_of_their_own(
    page: Page, server: PracticeServer
) -> None:
    for kind in (pd.DataFrame, pl.DataFrame):
        page.names["wide"] = kind({f"column{number}": [f"第{number}列的文字"] * 9 for number in range(30)})
        plain = page.run("%%glm --each wide -o done\n{{ column1 }}").plain(0)
        assert kind is pl.DataFrame or all(f"column{number}" in plain for number in range(30))
        assert "answer" in plain
        assert "shape" not in plain and "columns]" not in plain
    page.names["wide"] = pd.DataFrame({f"column{number}": ["x"] for number in range(900)})
    shown = page.run("%%glm --each wide -o done\n{{ column1 }}").html(0)
    assert "answer" in shown
    assert shown.count("<th>column") == 49  # the answer's is one of fifty
    assert "columns]" in repr(pd.DataFrame({f"column{number}": ["x" * 30] * 90 for number in range(30)}))
