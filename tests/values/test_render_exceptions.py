"""An exception as the model reads it: what went wrong, in the user's own lines, and with which values."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

import pandas as pd
import pytest
from in_process import Page

from zhipu_magic.text.tokens import estimate
from zhipu_magic.values.rendering.renderers import named_values, own_frames, rendered


def text_of(error: BaseException, tokens: int = 1_000) -> str:
    return rendered(error, tokens).text


def failing(page: Page, *cells: str) -> BaseException:
    """The error of the last of these cells, which the others prepare."""
    for cell in cells[:-1]:
        assert page.run(cell).success
    error = page.run(cells[-1]).error
    assert error is not None
    return error


def test_the_users_own_lines_are_told(bare_page: Page) -> None:
    error = failing(
        bare_page,
        "def total(prices):\n    # all of them\n    return prices['sum']",
        "prices = {'a': 1}\n\nfor _ in range(3):\n    total(prices)\n\nprint('never')",
    )
    shown = rendered(error, 1_000)
    assert shown.block
    assert shown.text == (
        "```text\n"
        "Traceback (most recent call last):\n"
        "  cell, line 4, in <module>\n"
        "        2 |\n"
        "        3 | for _ in range(3):\n"
        "    --> 4 |     total(prices)\n"
        "        5 |\n"
        "        6 | print('never')\n"
        "  cell, line 3, in total\n"
        "        1 | def total(prices):\n"
        "        2 |     # all of them\n"
        "    --> 3 |     return prices['sum']\n"
        "KeyError: 'sum'\n"
        "```"
    )


def test_frames_of_libraries_are_counted(bare_page: Page) -> None:
    error = failing(bare_page, "import json, pandas\npandas.DataFrame({'a': [1]})['b']")
    shown = text_of(error)
    assert re.search(r"\n  \d frames? of pandas left out\nKeyError: 'b'\n", shown)
    assert shown.count("KeyError") == 1  # the one within pandas says the same
    assert "\n  3 frames of json left out\n" in text_of(failing(bare_page, "json.loads('{')"))


def test_no_place_on_the_disk_and_no_address_is_told(bare_page: Page) -> None:
    error = failing(bare_page, "import json\ndef f():\n    raise ValueError(object())\nlist(map(lambda x: f(), [1]))")
    shown = text_of(error)
    assert shown.endswith("ValueError: <object object>\n```")
    assert "0x" not in shown
    assert os.sep + "tmp" not in shown
    assert "site-packages" not in shown


def test_an_error_that_was_never_raised_is_one_line() -> None:
    shown = rendered(KeyError("x"), 100)
    assert shown.text == "KeyError: 'x'"
    assert not shown.block


def test_what_an_error_came_of_stands_before_it(bare_page: Page) -> None:
    error = failing(
        bare_page,
        "try:\n    1 / 0\nexcept ZeroDivisionError as cause:\n    raise ValueError('bad') from cause",
    )
    first, second = text_of(error).split("\n\nThe above exception was the direct cause of the following exception:\n\n")
    assert first.endswith("\nZeroDivisionError: division by zero")
    assert second.endswith("\nValueError: bad\n```")
    during = failing(bare_page, "try:\n    1 / 0\nexcept ZeroDivisionError:\n    {}['a']")
    assert "During handling of the above exception, another exception occurred:" in text_of(during)
    alone = failing(bare_page, "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('bad') from None")
    assert "ZeroDivisionError: " not in text_of(alone)


def test_errors_that_came_of_each_other_end() -> None:
    one, two = ValueError("one"), KeyError("two")
    one.__context__, two.__context__ = two, one
    assert text_of(one).count("ValueError: one") == 1


@pytest.mark.parametrize(
    ("code", "line", "caret", "message"),
    [
        ("x = 1\nif x:\n    y = = 2", "    y = = 2", "        ^", "SyntaxError: invalid syntax"),
        ("def f():\nreturn 1", "    return 1", "    ^", "IndentationError: expected an indented block"),
        ("'文字' + + = 1", "    '文字' + + = 1", "             ^", "SyntaxError: invalid syntax"),
    ],
)
def test_a_syntax_error_shows_its_line(bare_page: Page, code: str, line: str, caret: str, message: str) -> None:
    shown = text_of(failing(bare_page, code)).split("\n")
    assert shown[1] == f"  cell, line {code.count(chr(10)) + 1}"
    assert shown[2:4] == [line, caret]
    assert shown[4].startswith(message)
    assert len(shown) == 6


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups came with Python 3.11")
def test_a_group_tells_its_errors(bare_page: Page) -> None:
    error = failing(
        bare_page,
        "errors = []\nfor text in ('a', 'b'):\n    try:\n        int(text)\n"
        "    except ValueError as error:\n        errors.append(error)\nraise ExceptionGroup('bad', errors)",
    )
    shown = text_of(error)
    assert "\nExceptionGroup: bad (2 sub-exceptions)\n  1 of 2:\n    Traceback" in shown
    assert "\n    ValueError: invalid literal for int() with base 10: 'b'\n```" in shown


def test_notes_are_told() -> None:
    error = ValueError("bad")
    error.__notes__ = ["look here"]
    assert text_of(error) == "```text\nValueError: bad\nlook here\n```"


def test_places_that_repeat_are_counted_and_the_innermost_kept(bare_page: Page) -> None:
    bare_page.run("%xmode Minimal")  # IPython's own traceback of so many places takes half a minute
    shown = text_of(failing(bare_page, "def f(n):\n    return f(n + 1)\n\nf(0)"))
    assert re.search(r"  the same \d{3,4} more times\n", shown)
    assert shown.count("in f\n") == 1
    turns = failing(bare_page, "def a(n):\n    return b(n - 1) if n else 1 / 0\ndef b(n):\n    return a(n)\na(200)")
    shown = text_of(turns, 400)
    assert "1 / 0" in shown
    assert re.search(r"\n  \d+ earlier places left out\n", shown)
    assert shown.endswith("ZeroDivisionError: division by zero\n```")
    assert estimate(shown) <= 402


@pytest.mark.parametrize("tokens", [50, 100, 300])
def test_an_error_stays_within_its_budget(bare_page: Page, tokens: int) -> None:
    cells = [
        "import pandas",
        "try:\n    pandas.DataFrame({'a': [1]})['b' * 500]\nfinally:\n    raise OSError('x' * 500)",
    ]
    assert estimate(text_of(failing(bare_page, *cells), tokens)) <= tokens + 2


def test_own_frames_are_found_with_line_and_function(bare_page: Page) -> None:
    error = failing(bare_page, "import json\ndef f(text):\n    return json.loads(text)\n\nf('{')")
    frames = own_frames(error)
    assert [(frame.where, frame.lineno, frame.name) for frame in frames] == [("cell", 5, "<module>"), ("cell", 3, "f")]
    assert frames[-1].frame.f_locals["text"] == "{"
    assert frames[-1].filename.startswith("<ipython-input-")
    assert own_frames(ValueError()) == []


def test_values_that_failing_statements_name_are_found(bare_page: Page) -> None:
    error = failing(
        bare_page,
        "import math\nrate = 2\nclass Shop: ...\ndef due(price, unused):\n    unrelated = 1\n    return math.floor(\n"
        "        price\n        * rate['a'],\n        len, Shop)",
        "orders = [1, 2]\nother = 5\nfor order in orders:\n    total = due(order, other)",
    )
    assert named_values(error, 10) == {"price": 1, "rate": 2, "order": 1, "other": 5}
    assert list(named_values(error, 10)) == ["price", "rate", "order", "other"]
    assert list(named_values(error, 2)) == ["price", "rate"]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("a = 1\nb = 0\na += 1; a / b", ["a", "b"]),
        ("a = 1\nfor x in a:\n    unseen = 1", ["a"]),
        ("a = {}\nwith open(a) as b:\n    unseen = 1", ["a"]),
        ("a = 0\nx = [a, *(\n    1 / n for n in [a])]", ["a", "n"]),
        ("n = 0\nd = {}\nassert not d['k'], f'{n}'", ["d", "n"]),
        ("missing + 1", []),
    ],
)
def test_only_the_head_of_a_statement_with_a_body_counts(bare_page: Page, code: str, names: list[str]) -> None:
    assert list(named_values(failing(bare_page, code), 10)) == names


def test_cells_of_a_kernel_and_files_are_told_by_their_names(tmp_path: Any) -> None:
    code = "1 / 0\n"
    for name, where in [("/tmp/ipykernel_77/1234.py", "cell"), (str(tmp_path / "shop.py"), "shop.py")]:
        with pytest.raises(ZeroDivisionError) as raised:
            exec(compile(code, name, "exec"), {"__name__": "__main__"})
        assert f"\n  {where}, line 1, in <module>\nZeroDivisionError: " in text_of(raised.value)


def test_an_error_within_compiled_code_is_its_librarys() -> None:
    with pytest.raises(KeyError) as raised:
        pd.Index(["a"]).get_loc("b")
    behind = raised.value.__cause__ or raised.value
    assert [frame.where for frame in own_frames(behind)] in ([], ["test_render_failures.py"])
