"""Code out of a reply, and an error in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from in_process import Page
from restarted import Kernels

from zhipu_magic.practice import Answer, Fault, PracticeServer, tool_call

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


def test_that_there_is_no_python_is_replayed(kernels: Kernels) -> None:
    shown = []
    for mode in ("off", "only"):
        page = kernels.start(mode)
        kernels.server.enqueue(*[Answer("No code today.")] * (mode == "off"))
        shown.append([output["data"] for output in page.run("%%glm --insert\nWrite it.", "a").outputs])
    assert shown[0] == shown[1]


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


# Which failure it is


def fixed(page: Page, server: PracticeServer) -> tuple[str, str]:
    """What `%glm fix` sends, and what the panel says of it."""
    cell = page.run("%glm fix")
    assert cell.success, cell.error
    prompt: str = server.requests[-1].body["messages"][-1]["content"]
    return prompt, cell.plain(1)


SCRIPT = "prices = {'tea': 3}\nprint(prices['coffee'])\n"


def test_an_error_in_a_script_is_the_newest_and_its_code_goes_along(
    page: Page, server: PracticeServer, inserted: list[str], tmp_path: Path
) -> None:
    page.run("1 / 0")
    script = tmp_path / "shop.py"
    script.write_text(SCRIPT)
    assert page.run(f"%run {script}").success
    prompt, told = fixed(page, server)
    assert "KeyError: 'coffee'" in prompt and "ZeroDivisionError" not in prompt
    assert f"The script, shop.py:\n\n```python\n{SCRIPT.strip()}\n```" in prompt
    assert "%run" in prompt
    assert "Sent to be fixed: KeyError: 'coffee'" in told


@pytest.mark.filterwarnings("default:To exit")
@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("import sys\nsys.exit('no data')", "SystemExit: no data"),
        ("raise SystemExit(2)", "SystemExit: 2"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("%%time\n{}['x']", "KeyError: 'x'"),
        ("%%capture\n{}['x']", "KeyError: 'x'"),
        ("%time {}['x']", "KeyError: 'x'"),
        ("x = )", "SyntaxError"),
        ("import asyncio\nawait asyncio.wait_for(asyncio.sleep(9), 0.01)", "TimeoutError"),
        ("get_ipython().run_cell('{}[\"x\"]')", "KeyError: 'x'"),
    ],
)
def test_whatever_failed_last_is_sent(
    page: Page, server: PracticeServer, inserted: list[str], code: str, named: str
) -> None:
    page.run("1 / 0")
    page.run(code)
    prompt, told = fixed(page, server)
    assert "ZeroDivisionError" not in prompt
    assert named.partition(":")[0] in prompt
    assert f"Sent to be fixed: {named}" in told


@pytest.mark.parametrize("fault", ["raise RuntimeError('in str')", "return 5"])
def test_an_exception_that_cannot_say_what_it_is_is_sent_with_its_place(
    page: Page, server: PracticeServer, inserted: list[str], fault: str
) -> None:
    page.run(f"class E(Exception):\n    def __str__(self):\n        {fault}")
    page.run("secret = 7\nraise E(secret)")
    prompt, told = fixed(page, server)
    assert "E: <exception str() failed>" in prompt
    assert "--> 2 | raise E(secret)" in prompt
    assert "`secret`: 7" in prompt
    assert "Sent to be fixed: E" in told


def test_a_failure_after_a_script_is_the_newest_again(
    page: Page, server: PracticeServer, inserted: list[str], tmp_path: Path
) -> None:
    script = tmp_path / "shop.py"
    script.write_text(SCRIPT)
    page.run(f"%run {script}")
    page.run("1 / 0")
    page.run("x = 1")
    prompt, told = fixed(page, server)
    assert "ZeroDivisionError" in prompt and "The script" not in prompt
    assert "Sent to be fixed: ZeroDivisionError: division by zero" in told


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_script_that_ends_well_or_says_nothing_changes_nothing(
    page: Page, server: PracticeServer, inserted: list[str], tmp_path: Path
) -> None:
    page.run("1 / 0")
    for code in ("import sys\nsys.exit(0)", "try:\n    {}['x']\nexcept KeyError:\n    pass"):
        (tmp_path / "well.py").write_text(code)
        assert page.run(f"%run {tmp_path / 'well.py'}").success
    page.run("import threading\nthread = threading.Thread(target=lambda: {}['x'])\nthread.start()\nthread.join()")
    assert "ZeroDivisionError" in fixed(page, server)[0]


def test_a_mistake_on_our_own_line_is_none(page: Page, server: PracticeServer, inserted: list[str]) -> None:
    page.run("1 / 0")
    for line in ("%%glm --nonsense\nhi", "%glm histroy", "%%glm\n{{ undefined }}"):
        assert not page.run(line).success
    assert "ZeroDivisionError" in fixed(page, server)[0]


def test_a_cell_that_failed_before_the_extension_was_loaded_goes_along(
    bare_page: Page, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setenv("ZHIPUAI_API_KEY", server.api_key)
    bare_page.run("prices = {'tea': 3}\nprices['coffee']")
    bare_page.run("%load_ext zhipu_magic")
    prompt, told = fixed(bare_page, server)
    assert "The cell:\n\n```python\nprices = {'tea': 3}\nprices['coffee']\n```" in prompt
    assert "Sent to be fixed: KeyError: 'coffee'." in told


def test_the_panel_names_the_exception(page: Page, server: PracticeServer, inserted: list[str]) -> None:
    page.shell.run_cell("1 / 0", store_history=True)
    assert "Sent to be fixed: ZeroDivisionError: division by zero." in fixed(page, server)[1]


def test_what_was_not_sent_is_not_told_later(page: Page, server: PracticeServer, inserted: list[str]) -> None:
    page.run("1 / 0")
    server.enqueue(Fault(400, "1210"))
    assert not page.run("%glm fix").success
    assert "Sent to be fixed" not in page.run("%%glm\nhello").plain(1)


def test_an_exception_that_cannot_be_written_is_named_all_the_same(
    page: Page, server: PracticeServer, inserted: list[str]
) -> None:
    page.run("class Odd(Exception):\n    def __str__(self):\n        raise ValueError\nraise Odd")
    page.run("%glm fix")
    assert "Odd" in str(page.session.cells.failure)


@pytest.mark.parametrize(
    ("before", "text", "chinese"),
    [("", "", False), ("", "请保留循环", True), ("画图", "", True), ("画图", "Keep the loop.", False)],
)
def test_an_exception_is_sent_in_the_language_of_the_conversation(
    page: Page, server: PracticeServer, before: str, text: str, chinese: bool
) -> None:
    if before:
        page.run(f"%%glm\n{before}")
    page.run("1 / 0")
    assert page.run(f"%glm fix {text}").success
    asked = server.requests[-1].body["messages"][-1]["content"]
    assert ("请先用一两句话说明错在哪里" in asked) == ("异常：" in asked) == chinese
    assert "ZeroDivisionError" in asked


def test_a_mistyped_magic_of_ipythons_is_a_failure_too(page: Page, server: PracticeServer, inserted: list[str]) -> None:
    page.run("x = = 1")
    page.run("%nosuch")
    prompt, told = fixed(page, server)
    assert "`%nosuch`" in prompt and "x = = 1" not in prompt
    assert "Sent to be fixed: UsageError" in told


# What there is to fix


def refused(page: Page, server: PracticeServer) -> str:
    """Why `%glm fix` sends nothing."""
    before = len(server.requests)
    cell = page.run("%glm fix")
    assert not cell.success
    assert len(server.requests) == before
    return str(cell.error)


@pytest.mark.parametrize("cell", ["%%glm --nonsense\nhi", "%%glm\n{{ undefined }}", "%glm histroy"])
def test_after_a_message_of_our_own_the_message_itself_says_what_to_do(
    page: Page, server: PracticeServer, cell: str
) -> None:
    failed = page.run(cell)
    told = refused(page, server)
    assert str(failed.error)[:40] in told
    assert "no cell has raised one" not in told


def test_after_a_request_that_was_refused_its_message_is_named(page: Page, server: PracticeServer) -> None:
    server.enqueue(Fault(400, "1210"))
    page.run("%%glm\nhi", "a")
    for _ in range(2):
        assert "1210" in refused(page, server)
    assert page.run("%%glm\nhi", "a").success
    assert "no cell has raised one" in refused(page, server)


def test_a_failure_that_was_put_right_is_not_sent(page: Page, server: PracticeServer, inserted: list[str]) -> None:
    page.run("1 / 0", "a")
    assert page.run("1 / 1", "a").success
    told = refused(page, server)
    assert "ZeroDivisionError: division by zero" in told and "put right" in told and "Nothing was sent" in told
    page.run("1 / 0", "a")
    assert "ZeroDivisionError" in fixed(page, server)[0]


def test_an_older_message_is_not_said_to_have_failed_last(page: Page, server: PracticeServer) -> None:
    assert not page.run("%glm histroy", "m").success
    page.run("1 / 0", "a")
    assert page.run("1 / 1", "a").success
    told = refused(page, server)
    assert "put right" in told and "histroy" not in told


def test_the_cell_that_ran_again_is_named_by_its_number(page: Page, server: PracticeServer) -> None:
    page.shell.run_cell("1 / 0", store_history=True, cell_id="a")
    page.shell.run_cell("1 / 1", store_history=True, cell_id="a")
    count = page.shell.execution_count - 1
    assert f"cell [{count}] ran again" in refused(page, server)


@pytest.mark.parametrize("cell_id", ["a", None])
def test_other_cells_that_succeed_put_nothing_right(
    page: Page, server: PracticeServer, inserted: list[str], cell_id: str | None
) -> None:
    page.run("1 / 0", cell_id)
    page.run("x = 1", "b" if cell_id else None)
    assert "ZeroDivisionError" in fixed(page, server)[0]


def test_without_ids_a_cell_is_the_same_if_its_source_is(page: Page, server: PracticeServer) -> None:
    page.run("1 / n", None)
    page.run("n = 1", None)
    page.run("1 / n", None)
    assert "put right" in refused(page, server)


def test_a_fix_in_the_failed_cell_itself_can_be_asked_again(
    page: Page, server: PracticeServer, inserted: list[str]
) -> None:
    page.run("1 / 0", "a")
    for _ in range(2):
        assert page.run("%glm fix", "a").success


def test_a_script_that_fails_again_is_not_put_right(
    page: Page, server: PracticeServer, inserted: list[str], tmp_path: Path
) -> None:
    script = tmp_path / "shop.py"
    script.write_text(SCRIPT)
    for _ in range(2):
        page.run(f"%run {script}", "a")
    assert "KeyError" in fixed(page, server)[0]
    script.write_text("x = 1")
    page.run(f"%run {script}", "a")
    assert "put right" in refused(page, server)


def test_a_tools_failure_is_put_right_by_a_run_without_it(
    page: Page, server: PracticeServer, inserted: list[str]
) -> None:
    page.run("def weather(city: str):\n    raise ValueError('no ' + city)", "a")
    server.enqueue(Answer(tool_calls=(tool_call("weather", {"city": "Xi'an"}, id="1"),)), Answer("It failed."))
    assert page.run("%%glm --tool weather\nhi", "b").success
    assert "ValueError" in fixed(page, server)[0]
    server.enqueue(Answer("No call this time."))
    assert page.run("%%glm --tool weather\nhi", "b").success
    assert "put right" in refused(page, server)
