"""The notebook in, results out, in real front ends: new cells, folded calls, tables, and the user's word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, PracticeServer, tool_call

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("server", [0], indirect=True)]

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

SETUP = """\
%load_ext zhipu_magic
from pydantic import BaseModel
class Stop(BaseModel):
    place: str
    nights: int
def weather(city: str) -> dict:
    "The weather in a city."
    return {"city": city, "sky": "clear", "wind": 3}
ran = []
def book(place: str) -> str:
    "Book a room."
    ran.append(place)
    return f"booked in {place}"
total = 42
"""
CALL = tool_call("weather", {"city": "Lisbon"}, id="call_1")
BOOK = tool_call("book", {"place": "Lisbon"}, id="call_2")


def test_the_python_of_a_reply_stands_in_a_new_cell_that_has_not_run(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    notebook = opened(front_end, front_end.write("insert", SETUP, "%%glm -i\nTwice {{ total }}, please.", "pass"))
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.enqueue(Answer("Here:\n\n```python\ndouble = 2 * total\nprint(double)\n```\n\nThat is all."))
    notebook.finish(1)
    cells = notebook.page.locator(".jp-Notebook .jp-CodeCell")
    expect(cells).to_have_count(4)
    expect(cells.nth(2)).to_contain_text("double = 2 * total")
    expect(cells.nth(2).locator(".jp-InputPrompt")).to_have_text("[ ]:")
    assert server.requests[-1].body["messages"][-1]["content"] == "Twice 42, please."
    notebook.finish(2)
    expect(cells.nth(2).locator(".jp-OutputArea")).to_contain_text("84")
    shoot(notebook.page, f"insert-{front_end.name}")


def test_calls_are_lines_that_open_and_values_are_tables(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    cells = (
        "%%glm --tool weather\nHow is Lisbon?",
        "%%glm --as list[Stop] -o stops\nThe stops?",
        "stops[1].place",
        "%%glm --search\nWhat is new?",
    )
    notebook = opened(front_end, front_end.write("results", SETUP, *cells), height=1200)
    notebook.wait_for_kernel()
    notebook.finish(0)
    sources = [{"title": "Lisbon <i>today</i>", "link": "https://example.org/lisbon", "media": "Example"}]
    server.enqueue(
        Answer("Let me look.", tool_calls=(CALL,)),
        Answer("It is **clear** in Lisbon."),
        Answer('{"items": [{"place": "Porto | old town", "nights": 2}, {"place": "<b>Lisbon</b>", "nights": 3}]}'),
        Answer("A new tram. [1]", extra={"web_search": sources}),
    )
    for index in range(1, 5):
        notebook.finish(index)
    called = notebook.outputs(1).first
    line = called.locator("summary")
    expect(line).to_contain_text('weather(city="Lisbon")')
    expect(line).to_contain_text('→ {"city": "Lisbon", "sky": "clear", "wind": 3}')
    expect(called.locator("pre").first).to_be_hidden()
    line.click()
    expect(called.locator("pre").first).to_be_visible()
    expect(called.locator("strong")).to_have_text("clear")
    table = notebook.outputs(2).first
    expect(table.locator("th")).to_have_text(["place", "nights"])
    expect(table.locator("td").nth(0)).to_have_text("Porto | old town")
    expect(table.locator("td").nth(2)).to_have_text("<b>Lisbon</b>")
    expect(notebook.outputs(3).first).to_contain_text("<b>Lisbon</b>")
    link = notebook.outputs(4).first.locator("a[href='https://example.org/lisbon']")
    expect(link).to_have_text("Lisbon <i>today</i>")
    shoot(notebook.page, f"results-{front_end.name}")


def test_confirm_asks_in_the_notebook_itself(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    notebook = opened(front_end, front_end.write("confirm", SETUP, "%%glm --tool confirm(book)\nBook it.", "ran"))
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.enqueue(Answer(tool_calls=(BOOK,)), Answer("It is booked."))
    notebook.run(1)
    asked = notebook.cell(1).locator(".jp-Stdin")
    expect(asked).to_contain_text("Run book? [y/N]")
    expect(notebook.outputs(1).first).to_contain_text("Lisbon")  # the whole call stands above the question
    shoot(notebook.page, f"confirm-{front_end.name}")
    asked.locator("input").fill("y")
    asked.locator("input").press("Enter")
    notebook.wait_until_ended(1)
    notebook.finish(2)
    expect(notebook.outputs(2).first).to_have_text("['Lisbon']")
    assert "booked in Lisbon" in server.requests[-1].body["messages"][-1]["content"]
