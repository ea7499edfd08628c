"""Code out of a reply, and an error in."""

from __future__ import annotations

from typing import Any

import pytest
from in_process import Page

from zhipu_magic.practice import Answer, PracticeServer

REPLY = """Here it is:

```python
total = 1
```

and then

```py
print(total)
```

not this

```text
no code
```
"""


@pytest.fixture
def inserted(page: Page) -> list[str]:
    """What was put into new cells."""
    cells: list[str] = []

    def set_next_input(text: str, replace: bool = False) -> None:
        assert not replace
        cells.append(text)

    page.shell.set_next_input = set_next_input
    return cells


def test_the_python_of_a_reply_goes_into_one_new_cell_and_does_not_run(
    page: Page, server: PracticeServer, inserted: list[str]
) -> None:
    server.enqueue(Answer(REPLY))
    cell = page.run("%%glm -i\nWrite it.")
    assert cell.success
    assert inserted == ["total = 1\n\nprint(total)"]
    assert "total" not in page.names
    assert cell.plain() == REPLY
    assert len(cell.outputs) == 2


def test_a_reply_without_python_says_so(page: Page, server: PracticeServer, inserted: list[str]) -> None:
    server.enqueue(Answer("No code today."))
    cell = page.run("%%glm --insert\nWrite it.")
    assert cell.success
    assert inserted == []
    assert "no Python" in cell.plain(2)


def test_insert_takes_a_turn_by_its_number(page: Page, server: PracticeServer, inserted: list[str]) -> None:
    server.enqueue(Answer(REPLY), Answer("No code."))
    assert page.run("%%glm\nWrite it.").success
    assert page.run("%%glm\nThanks").success
    assert "no Python" in page.run("%glm insert").plain()
    assert page.run("%glm insert 1").success
    assert inserted == ["total = 1\n\nprint(total)"]
    assert not page.run("%glm insert 9").success
    assert not page.run("%glm insert one").success


def test_fix_sends_the_error_its_cell_and_the_values_that_it_names(
    page: Page, server: PracticeServer, inserted: list[str]
) -> None:
    page.run("prices = {'tea': 3}\nunused = 'never told'")
    page.run("drink = 'coffee'\nprint(prices[drink])")
    server.enqueue(Answer("The key is missing.\n\n```python\nprint(prices['tea'])\n```"))
    cell = page.run("%glm fix Use what there is.")
    assert cell.success
    prompt = server.requests[-1].body["messages"][-1]["content"]
    for part in ("print(prices[drink])", "KeyError", "Use what there is.", '"tea"', "coffee"):
        assert part in prompt
    assert "never told" not in prompt
    assert inserted == ["print(prices['tea'])"]


def test_braces_in_an_error_are_harmless(page: Page, server: PracticeServer, inserted: list[str]) -> None:
    page.run("raise ValueError('{{ undefined }} {x} ```')")
    assert page.run("%glm fix").success
    assert "{{ undefined }} {x}" in server.requests[-1].body["messages"][-1]["content"]


def test_a_syntax_error_can_be_fixed(page: Page, server: PracticeServer, inserted: list[str]) -> None:
    page.run("for x in range(3)\n    print(x)")
    assert page.run("%glm fix").success
    prompt = server.requests[-1].body["messages"][-1]["content"]
    assert "SyntaxError" in prompt
    assert "for x in range(3)\n    print(x)" in prompt


def test_fix_needs_an_error_and_our_own_are_none(page: Page, server: PracticeServer) -> None:
    assert not page.run("%glm fix").success
    page.run("%%glm\n{{ undefined }}")
    cell = page.run("%glm fix")
    assert "no exception" in str(cell.error)
    assert server.requests == []


def test_a_fix_that_fails_leaves_the_error_to_be_fixed_again(
    page: Page, server: PracticeServer, inserted: list[str]
) -> None:
    from zhipu_magic.practice import Fault

    page.run("1 / 0")
    server.enqueue(Fault(400, "1210"), Answer("```python\n1 / 1\n```"))
    assert not page.run("%glm fix").success
    assert page.run("%glm fix").success
    assert inserted == ["1 / 1"]


def test_the_same_error_makes_the_same_request(page: Page, server: PracticeServer, inserted: list[str]) -> None:
    asked: list[Any] = []
    for _ in range(2):
        page.run("value = object()\nvalue.missing")
        assert page.run("%glm fix").success
        asked.append(server.requests[-1].body["messages"][-1]["content"])
    assert asked[0] == asked[1]
