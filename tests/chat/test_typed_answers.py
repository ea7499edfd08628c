"""Answers that are values: what is asked, what is bound, what happens when the answer does not fit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from in_process import Page
from pydantic import BaseModel

from zhipu_magic import Chat
from zhipu_magic.chat.replies.typed_answer import value_of
from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.text.errors import InvalidAnswer, InvalidRequest
from zhipu_magic.values.types.answer_type import Shape


class Invoice(BaseModel):
    number: str
    total: float


@dataclass
class Point:
    x: int
    y: int


GOOD = '{"number": "A-1", "total": 12.5}'
BAD = '{"number": "A-1", "total": "twelve"}'

MODEL = "from pydantic import BaseModel\nclass Invoice(BaseModel):\n    number: str\n    total: float"


@pytest.fixture
def typed_page(page: Page) -> Page:
    assert page.run(MODEL).success
    return page


def test_the_request_asks_for_json_with_the_schema_in_the_system_text(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer(GOOD))
    chat.system = "Be brief."
    assert chat.ask("Read it.", as_type=Invoice).value == Invoice(number="A-1", total=12.5)
    body = server.requests[-1].body
    assert body["response_format"] == {"type": "json_object"}
    system, prompt = body["messages"]
    assert system["content"].startswith("Be brief.\n\n")
    assert '"total"' in system["content"]
    assert prompt == {"role": "user", "content": "Read it."}


def test_the_schema_is_for_this_turn_alone(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer(GOOD), Answer("hello"))
    assert chat.ask("Read it.", as_type=Invoice).value
    assert chat.ask("hi").text == "hello"
    body = server.requests[-1].body
    assert body["response_format"] is None
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert chat.system == ""


@pytest.mark.parametrize(
    ("wanted", "answer", "value"),
    [
        (int, '{"value": 3}', 3),
        (bool, '{"value": true}', True),
        (float, '{"value": 0.5}', 0.5),
        (Literal["yes", "no"], '{"value": "yes"}', "yes"),
        (list[Invoice], '{"items": [{"number": "A", "total": 1}]}', [Invoice(number="A", total=1)]),
        (Point, '{"x": 1, "y": 2}', Point(1, 2)),
    ],
)
def test_a_value_of_many_types(chat: Chat, server: PracticeServer, wanted: object, answer: str, value: object) -> None:
    server.enqueue(Answer(answer))
    assert chat.ask("How many?", as_type=wanted).value == value
    assert len(server.requests) == 1


def test_without_a_type_the_value_is_the_text(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("hello"))
    assert chat.ask("hi").value == "hello"


@pytest.mark.parametrize(("prompt", "chinese"), [("读取这张发票。", True), ("Read this 发票 please.", False)])
def test_a_correction_is_asked_for_in_the_language_of_the_prompt(
    chat: Chat, server: PracticeServer, prompt: str, chinese: bool
) -> None:
    server.enqueue(Answer(BAD), Answer(GOOD))
    assert chat.ask(prompt, as_type=Invoice).value == Invoice(number="A-1", total=12.5)
    repair = server.requests[1].body["messages"][-1]["content"]
    assert ("请重新回答一次" in repair) == chinese
    assert "total" in repair and "twelve" in repair


def test_an_answer_that_does_not_fit_is_mended_once_and_the_thread_keeps_the_mended_one(
    chat: Chat, server: PracticeServer
) -> None:
    server.enqueue(Answer(BAD), Answer(GOOD), Answer("fine"))
    reply = chat.ask("Read it.", as_type=Invoice)
    assert reply.value == Invoice(number="A-1", total=12.5)
    *_, wrong, repair = server.requests[1].body["messages"]
    assert wrong == {"role": "assistant", "content": BAD}
    assert repair["role"] == "user"
    assert "total" in repair["content"] and "twelve" in repair["content"]
    assert chat.ask("Thanks").text == "fine"
    contents = [message["content"] for message in server.requests[-1].body["messages"]]
    assert contents == ["Read it.", GOOD, "Thanks"]
    assert reply.usage is not None and len(reply.rounds) == 1


def test_an_answer_that_never_fits_is_an_error_with_its_text_and_no_turn(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer(BAD), Answer(BAD), Answer("fine"))
    reply = chat.ask("Read it.", as_type=Invoice)
    with pytest.raises(InvalidAnswer) as caught:
        _ = reply.value
    assert "total" in str(caught.value)
    assert caught.value.text == BAD
    assert BAD in str(caught.value)
    assert len(server.requests) == 2
    assert chat.thread().turns == ()
    assert len(chat.ledger.entries) == 1
    assert chat.ask("hi").text == "fine"
    assert [message["content"] for message in server.requests[-1].body["messages"]] == ["hi"]


def test_what_is_no_type_is_refused_before_anything_is_sent(chat: Chat, server: PracticeServer) -> None:
    with pytest.raises(InvalidRequest):
        chat.ask("hi", as_type=3)
    assert server.requests == []


# In a cell


def test_a_cell_binds_the_text(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("A slogan"))
    assert page.run("%%glm -o slogan -b response\nOne, please").success
    assert page.names["slogan"] == "A slogan"
    assert page.names["response"].choices[0].message.content == "A slogan"


def test_a_cell_binds_the_value_and_shows_records_as_a_table(typed_page: Page, server: PracticeServer) -> None:
    answer = json.dumps({"items": [{"number": "A|1", "total": 1}, {"number": "<b>", "total": 2}]})
    server.enqueue(Answer(answer))
    cell = typed_page.run("%%glm --as list[Invoice] -o invoices\nRead them.")
    assert cell.success
    assert [invoice.number for invoice in typed_page.names["invoices"]] == ["A|1", "<b>"]
    assert "| number" in cell.markdown()
    assert cell.plain() == answer
    assert len(cell.outputs) == 2


def test_a_table_of_records_can_be_a_dataframe(typed_page: Page, server: PracticeServer) -> None:
    import pandas as pd

    typed_page.names["pd"] = pd
    server.enqueue(Answer('{"items": [{"number": "A", "total": 1.5}]}'))
    assert typed_page.run("%%glm --as DataFrame[Invoice] -o frame\nRead them.").success
    frame = typed_page.names["frame"]
    assert isinstance(frame, pd.DataFrame)
    assert frame.to_dict("records") == [{"number": "A", "total": 1.5}]


def test_a_cell_whose_answer_never_fits_fails_and_binds_nothing(typed_page: Page, server: PracticeServer) -> None:
    typed_page.names["invoice"] = "before"
    typed_page.names["response"] = "before"
    server.enqueue(Answer(BAD), Answer(BAD))
    cell = typed_page.run("%%glm --as Invoice -o invoice -b response\nRead it.")
    assert isinstance(cell.error, InvalidAnswer)
    assert typed_page.names["invoice"] == typed_page.names["response"] == "before"
    assert typed_page.magics.chat.thread().turns == ()


def test_a_mended_answer_is_folded_away_on_the_page(typed_page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer(BAD), Answer(GOOD))
    cell = typed_page.run("%%glm --as Invoice -o invoice\nRead it.")
    assert cell.success
    assert cell.markdown().startswith("<details><summary>Asked to correct its answer")
    assert cell.plain() == GOOD


@pytest.mark.parametrize("line", ["--as Invoise", "--as 3", "--as list[", "--as open('x')"])
def test_a_type_that_is_none_fails_the_cell_before_anything_is_sent(
    typed_page: Page, server: PracticeServer, line: str
) -> None:
    assert not typed_page.run(f"%%glm {line}\nRead it.").success
    assert server.requests == []


# The journal


def test_a_replay_gives_the_same_value_mended_or_not(server: PracticeServer, tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    chat = Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key, journal=path)
    server.enqueue(Answer(BAD), Answer(GOOD), Answer(BAD), Answer(BAD))
    live = chat.ask("Read it.", as_type=Invoice)
    assert live.value
    with pytest.raises(InvalidAnswer):
        _ = chat.ask("Read another.", as_type=Invoice).value
    chat.close()
    again = Chat(model="glm-4", journal=path, replay="only")
    replayed = again.ask("Read it.", as_type=Invoice)
    assert replayed.value == live.value
    assert replayed.rounds == live.rounds
    with pytest.raises(InvalidAnswer):
        _ = again.ask("Read another.", as_type=Invoice).value
    assert again.thread().turns[0].reply == GOOD
    assert len(again.thread().turns) == 1
    loaded = Chat.load(path)
    assert [turn.reply for turn in loaded.thread().turns] == [GOOD]


def test_a_retry_asks_with_the_schema(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer(GOOD), Answer(GOOD))
    assert chat.ask("Read it.", as_type=Invoice).value
    assert chat.ask_again().text == GOOD
    one, two = (received.body for received in server.requests)
    assert one == two


def test_a_type_needs_no_quotes_around_its_brackets(typed_page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer('{"value": "follow up"}'))
    cell = typed_page.run('%%glm --as Literal["good news", "follow up"] -o mood\nWhich?')
    assert cell.success
    assert typed_page.names["mood"] == "follow up"


def test_an_answer_that_was_cut_off_is_not_asked_for_again(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer('{"number": "A-1", ', finish_reason="length"))
    with pytest.raises(InvalidAnswer, match=r"cut off at its maximum length"):
        _ = chat.ask("Read it.", as_type=Invoice, max_tokens=5).value
    assert len(server.requests) == 1


def test_a_retry_of_a_typed_turn_is_typed(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer(GOOD), Answer("no JSON at all"), Answer(GOOD))
    assert chat.ask("Read it.", as_type=Invoice).value
    again = chat.ask_again()
    assert again.value == Invoice(number="A-1", total=12.5)
    assert len(server.requests) == 3
    assert again.value is again.value


def test_an_empty_answer_is_not_quoted() -> None:
    with pytest.raises(InvalidAnswer, match="the answer is empty") as caught:
        value_of(" ", Shape(int), "stop")
    assert "The answer was" not in str(caught.value)
