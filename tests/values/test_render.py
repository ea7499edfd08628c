"""How a value of the notebook reads to a model: short, whole where it fits, and the same in every run."""

from __future__ import annotations

import datetime
import enum
import functools
import io
import json
import linecache
import math
import os
import re
import subprocess
import sys
import textwrap
import types
import uuid
from collections import ChainMap, OrderedDict, UserDict, deque, namedtuple
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PIL
from pydantic import BaseModel, Field, RootModel

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.text.tokens import estimate
from zhipu_magic.values.images.from_value import Image
from zhipu_magic.values.rendering.renderers import AsRepr, render, rendered

BUDGET = 1_000


def text_of(value: Any, tokens: int = BUDGET) -> str:
    return rendered(value, tokens).text


def fresh(program: str, seed: str = "0") -> str:
    """What a fresh interpreter prints."""
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Colour(enum.Enum):
    RED = 1


class Size(enum.IntEnum):
    SMALL = 1


class Mood(str, enum.Enum):
    GOOD = "good"


# Text and plain values


@pytest.mark.parametrize("text", ["hello", "", "two\nlines", "  {{ df }} and {x}, `code`, $a_b$ ", "你好 🌍"])
def test_text_stands_as_it_is(text: str) -> None:
    shown = rendered(text, BUDGET)
    assert shown.text == text
    assert not shown.block
    assert shown.images == ()


def test_long_text_is_cut_at_a_word_and_says_so() -> None:
    shown = text_of("some words " * 10_000, 200)
    assert shown.endswith(" [cut here: about 200 of about 28,000 tokens are shown]")
    assert shown.startswith("some words some words")
    assert shown.partition(" [cut")[0].endswith(("some", "words"))


def test_long_lines_are_cut_at_a_line() -> None:
    shown = text_of("one line of many\n" * 1_000, 200)
    *lines, note = shown.split("\n")
    assert set(lines) == {"one line of many"}
    assert note.startswith("[cut here: about 200 of about 4,300 tokens")


def test_chinese_text_is_cut_by_its_own_measure() -> None:
    shown = text_of("数据科学" * 1_000, 200)
    assert 150 < estimate(shown) <= 200
    assert "of about 2,400 tokens" in shown


def test_halves_of_characters_are_replaced() -> None:
    assert text_of("a\ud83d b") == "a� b"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (-7, "-7"),
        pytest.param(10**5_000, "an integer of about 5,001 digits", id="huge"),
        (0.1, "0.1"),
        (math.nan, "nan"),
        (1 + 2j, "(1+2j)"),
        (Decimal("1.50"), "1.50"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),
        (datetime.timedelta(hours=3), "3:00:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Colour.RED, "Colour.RED (1)"),
        (Size.SMALL, "Size.SMALL (1)"),
        (Mood.GOOD, "good"),
        (range(3), "range(0, 3)"),
        (PurePosixPath("a/b"), "a/b"),
        (np.float64(0.1), "0.1"),
        (np.int32(3), "3"),
        (np.bool_(True), "True"),
        (np.longdouble(1), "1.0"),
        (np.datetime64("2026-01-01T00:00:00.000000001"), "2026-01-01T00:00:00.000000001"),
        (pd.Timestamp("2026-01-02"), "2026-01-02T00:00:00"),
        (pd.NaT, "NaT"),
    ],
)
def test_plain_values_are_short(value: Any, text: str) -> None:
    assert text_of(value) == text
    assert not rendered(value, BUDGET).block


def test_bytes_tell_how_many_and_how_they_begin() -> None:
    assert text_of(b"") == "0 bytes: b''"
    assert text_of("文字".encode()) == "6 bytes of text: 文字"
    assert text_of(bytearray(b"\xff\x00")) == r"2 bytes: b'\xff\x00'"
    assert text_of(b"\xff" * 1_000, 200).startswith(r"1,000 bytes: b'\xff\xff")
    assert "[cut here: about 100 of about 250,000 tokens" in text_of(memoryview(b"word " * 200_000), 100)


# Containers


@dataclass
class Line:
    item: str
    price: Decimal


@dataclass
class Order:
    number: int
    lines: list[Line]
    key: str = field(default="secret", repr=False)


class Invoice(BaseModel):
    number: int
    due: datetime.date
    token: str = Field("secret", repr=False)


class Numbers(RootModel[list[int]]):
    pass


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ([], "[]"),
        ({"a": [1, 2.5, None, True, "文"]}, '{"a": [1, 2.5, null, true, "文"]}'),
        ((1, 2), "[1, 2]"),
        ({3, 1, 2}, "[1, 2, 3]"),
        ({1: "a", None: 2, (1, 2): 3, Colour.RED: 4}, '{"1": "a", "null": 2, "(1, 2)": 3, "Colour.RED (1)": 4}'),
        ([math.nan, math.inf], "[NaN, Infinity]"),
        (Point(1, [2]), '{"x": 1, "y": [2]}'),
        (Invoice(number=1, due=datetime.date(2026, 1, 2)), '{"number": 1, "due": "2026-01-02"}'),
        (Numbers([1, 2]), "[1, 2]"),
        (Order(1, []), '{"number": 1, "lines": []}'),
        (deque([1, 2]), "[1, 2]"),
        (UserDict(a=1), '{"a": 1}'),
        (ChainMap({"a": 1}, {"a": 2}), '{"a": 1}'),
        (types.MappingProxyType({"a": 1}), '{"a": 1}'),
        (OrderedDict(b=1, a=2), '{"b": 1, "a": 2}'),
        ({"a": 1}.keys(), '["a"]'),
        ([np.int64(3), np.float32(0.5), b"x", Path("a/b")], '[3, 0.5, "1 byte of text: x", "a/b"]'),
        ([int, len, json], '["<class \'int\'>", "<built-in function len>", "module json"]'),
        ([10**2_000], '["an integer of about 2,001 digits"]'),
    ],
)
def test_a_small_container_is_json_on_one_line(value: Any, text: str) -> None:
    assert text_of(value) == text
    assert not rendered(value, BUDGET).block


def test_a_larger_container_is_json_in_a_fence() -> None:
    order = Order(7, [Line("paper", Decimal("1.50")), Line("a very long name of a pencil", Decimal("0.25"))] * 2)
    shown = rendered(order, BUDGET)
    assert shown.block
    first, *inner, last = shown.text.split("\n")
    assert (first, last) == ("```json", "```")
    long = {"item": "a very long name of a pencil", "price": "0.25"}
    assert json.loads("\n".join(inner)) == {"number": 7, "lines": [{"item": "paper", "price": "1.50"}, long] * 2}


def test_what_does_not_fit_of_a_list_is_counted() -> None:
    shown = text_of(list(range(10_000)), 200)
    counted = shown.rpartition("… and ")[2]
    told = int(counted.partition(" more items")[0].replace(",", ""))
    assert 9_000 < told < 9_950
    assert f", {10_000 - told - 1}, …" in shown
    assert estimate(shown) <= 200
    assert shown.endswith("\n]\n```")


def test_room_is_shared_between_many_items_and_long_texts() -> None:
    shown = text_of([{"id": number, "text": "word " * 300} for number in range(1_000)], 500)
    assert shown.count('"id"') > 5
    assert shown.count("… (1,500 characters)") == shown.count('"text"')
    assert "more items" in shown


def test_one_long_text_does_not_hide_what_follows() -> None:
    shown = text_of({"text": "word " * 50_000, "id": 7}, 500)
    assert '"id": 7' in shown
    assert "… (250,000 characters)" in shown
    assert estimate(shown) > 350


def test_only_the_beginning_of_a_huge_sequence_is_looked_at() -> None:
    class Huge(Sequence[int]):
        asked = 0

        def __len__(self) -> int:
            return 10**9

        def __getitem__(self, place: Any) -> Any:
            self.asked += 1
            return place

    huge = Huge()
    assert "more items" in text_of(huge, 200)
    assert huge.asked < 10_000


def test_containers_that_hold_themselves_end() -> None:
    knot: list[Any] = [1]
    knot.append({"again": knot})
    assert text_of(knot) == '[1, {"again": "… (circular reference)"}]'
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    assert "… (1 item)" in text_of(deep)


def test_a_value_that_is_met_twice_is_told_twice() -> None:
    shared = {"a": 1}
    assert text_of([shared, shared]) == '[{"a": 1}, {"a": 1}]'


def test_tables_and_arrays_within_a_container_are_told_in_a_line() -> None:
    shown = text_of({"df": pd.DataFrame({"a": [1]}), "x": np.zeros((100, 100)), "at": object()})
    assert "pandas DataFrame, 1 row × 1 column" in shown
    assert "numpy ndarray, shape (100, 100), float64" in shown
    assert "[a value of type object]" in shown


def test_sets_have_the_same_order_in_every_run() -> None:
    program = """
        from zhipu_magic.values.rendering.renderers import rendered
        value = {"b", "a", "c", 1, 2.5, None, frozenset({"x", "y"}), frozenset({"z"}), ("t", 1)}
        print(rendered(value, 500).text)
        print(rendered(set(map(str, range(100_000))), 100).text)
    """
    assert fresh(program, "1") == fresh(program, "2") == fresh(program, "3")


# Functions, classes, modules


def tax(price: float, rate: float = 0.19) -> float:
    """What is due."""
    return price * rate


@functools.lru_cache
def cached(price: float) -> float:
    return price


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*given: Any) -> Any:
        return function(*given)

    return wrapper


@logged
def decorated(price: float) -> float:
    return -price


TAX = '''```python
def tax(price: float, rate: float = 0.19) -> float:
    """What is due."""
    return price * rate
```'''


def test_a_function_is_its_source() -> None:
    assert text_of(tax) == TAX
    assert rendered(tax, BUDGET).block
    assert (
        text_of(cached) == "```python\n@functools.lru_cache\ndef cached(price: float) -> float:\n    return price\n```"
    )
    assert text_of(decorated) == "```python\n@logged\ndef decorated(price: float) -> float:\n    return -price\n```"


def test_a_method_is_its_source_without_the_indent() -> None:
    class Shop:
        def sell(self, price: float) -> float:
            return price

    sold = "```python\ndef sell(self, price: float) -> float:\n    return price\n```"
    assert text_of(Shop().sell) == text_of(Shop.sell) == sold


def test_a_partial_function_tells_what_it_gives() -> None:
    assert text_of(functools.partial(tax, 100, rate=0.07)) == (
        f"functools.partial: calls tax with 100, rate=0.07\n{TAX}"
    )


def test_a_class_is_its_source_with_the_signature_that_it_does_not_show() -> None:
    shown = text_of(Order)
    assert "# Order(number: int, lines: list[Line], key: str = 'secret')\n" in shown
    assert "@dataclass\nclass Order:\n    number: int\n    lines: list[Line]\n    key: str = field(" in shown
    assert text_of(Colour) == "```python\nclass Colour(enum.Enum):\n    RED = 1\n```"


def test_what_is_not_written_in_python_has_signature_and_docstring() -> None:
    assert text_of(len) == '```python\nlen(obj, /)\n"""Return the number of items in a container."""\n```'
    assert text_of(dict.get).startswith("```python\ndict.get(self, key, default=None, /)\n")
    assert text_of(int).startswith('```python\nint(…)\n"""int([x]) -> integer')
    assert text_of(np.add).startswith("```python\nadd(")
    assert "def mean(a, axis=None" in text_of(np.mean)


def test_classes_and_functions_of_cells_are_found(page: Any) -> None:
    cell = (
        "import dataclasses\n\n@dataclasses.dataclass\nclass Ours:\n    name: str = ''\n\ndef ours():\n    return 1\n"
    )
    assert page.run(cell).success
    assert page.run(cell.replace("name", "title")).success
    source = "@dataclasses.dataclass\nclass Ours:\n    title: str = ''\n```"
    assert text_of(page.names["Ours"]).endswith(source)
    assert text_of(page.names["ours"]) == "```python\ndef ours():\n    return 1\n```"


def test_a_long_source_is_cut_within_its_fence() -> None:
    shown = text_of(json.dumps, 100)
    assert shown.startswith("```python\ndef dumps(")
    assert shown.endswith(" tokens are shown]\n```")


def test_a_fence_is_longer_than_those_in_it() -> None:
    module = types.ModuleType("m")
    code = 'def f():\n    """```python\n    1\n    ```"""\n'
    linecache.cache["<ipython-input-1-fence>"] = (len(code), None, code.splitlines(True), "")
    exec(compile(code, "<ipython-input-1-fence>", "exec"), vars(module))
    assert text_of(module.f) == f"````python\n{code}````"


def test_a_module_is_its_docstring_and_its_public_names() -> None:
    shown = text_of(json)
    assert shown.startswith(f"module json {json.__version__}\n\nJSON (JavaScript Object Notation)")
    assert shown.endswith("\n\nNames: JSONDecodeError, JSONDecoder, JSONEncoder, dump, dumps, load, loads")
    bare = types.ModuleType("bare", "What it is for.")
    vars(bare).update(one=1, os=sys.modules["os"], _two=2)
    assert text_of(bare) == "module bare\n\nWhat it is for.\n\nNames: one"
    many = text_of(pd, 200)
    assert " more" in many.rpartition("… and ")[2]
    assert estimate(many) <= 200


# Files


def test_a_path_is_its_text(tmp_path: Path) -> None:
    file = tmp_path / "notes.py"
    file.write_bytes(b"\xef\xbb\xbfprint('\xe6\x96\x87')\n")
    assert text_of(file) == "notes.py:\n```python\nprint('文')\n```"
    assert str(tmp_path) not in text_of(file)


def test_only_as_much_of_a_file_is_read_as_there_is_room_for(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    with file.open("wb") as opened:
        opened.write(b"1,2,3\n" * 10_000)
        opened.truncate(10**9)  # zeros follow, which are no text
    shown = text_of(file, 300)
    assert shown.startswith("large.csv:\n```csv\n1,2,3\n")
    assert shown.endswith("of about 250,000,000 tokens are shown]\n```")
    assert estimate(shown) <= 300


def test_a_cut_file_may_end_within_a_character(tmp_path: Path) -> None:
    file = tmp_path / "text"
    for shift in range(3):
        file.write_text("a" * shift + "数" * 10_000, encoding="utf-8")
        assert "of about 6,000 tokens" in text_of(file, 200)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "a.bin"
    binary.write_bytes(b"\x00\xff\xfe\x01")
    with pytest.raises(InvalidRequest, match=r"a\.bin is not text in UTF-8") as refused:
        rendered(binary, BUDGET)
    assert "images=[…]" in refused.value.hint
    assert str(Path.cwd()) not in str(refused.value)
    with pytest.raises(InvalidRequest, match="There is no file"):
        rendered(tmp_path / "missing", BUDGET)


def test_a_folder_is_its_names(tmp_path: Path) -> None:
    (tmp_path / "b.txt").touch()
    (tmp_path / "a").mkdir()
    assert text_of(tmp_path) == f"{tmp_path.name} holds 2 names:\n```text\na/\nb.txt\n```"
    for number in range(1_000):
        (tmp_path / f"file {number:04}").touch()
    assert "more\n```" in text_of(tmp_path, 100)


# Anything else


class Shown:
    def _repr_markdown_(self) -> str:
        return "**bold**"


class Fails:
    def __repr__(self) -> str:
        return f"{1 / 0}"


def test_a_value_with_markdown_of_its_own_is_that() -> None:
    assert text_of(Shown()) == "**bold**"
    assert "def _repr_markdown_" in text_of(Shown)


def test_anything_else_is_its_repr_without_addresses() -> None:
    assert text_of(AsRepr(object())) == "<object object>"
    assert " at 0x" not in text_of([object(), lambda: 0, Shown().__init__])
    assert text_of(types.SimpleNamespace(text="a\nb")) == r"namespace(text='a\nb')"


def test_a_repr_of_several_lines_is_fenced() -> None:
    class Block:
        def __repr__(self) -> str:
            return "a\nb"

    assert text_of(Block()) == "```text\na\nb\n```"
    assert rendered(Block(), BUDGET).block


@pytest.mark.parametrize("value", [Fails(), [Fails()], {"a": {Fails()}}])
def test_a_value_whose_own_code_fails_is_named(value: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        rendered(value, BUDGET)
    assert f"type {type(value).__name__}" in refused.value.message.replace("test_render.", "")
    assert refused.value.detail == "ZeroDivisionError: division by zero"


# The registry


class Basket:
    pass


class Secret(str):
    pass


@render.register
def _(basket: Basket, tokens: int) -> str:
    return f"a basket of {tokens} tokens {'and more ' * 1_000}"


@render.register
def _(value: Secret, tokens: int) -> str:
    return "(a secret)"


def test_a_user_adds_a_type_of_their_own() -> None:
    assert text_of(Basket(), 100).startswith("a basket of 100 tokens and more")
    assert text_of(Basket(), 100).endswith(" tokens are shown]")
    assert text_of([Basket()], 50).startswith('```json\n[\n  "a basket of 100 tokens')


def test_a_user_may_give_an_image_or_another_value() -> None:
    class Album:
        def __init__(self, content: Any) -> None:
            self.content = content

    @render.register(Album)
    def _(album: Album, tokens: int) -> Any:
        return album.content

    picture = Image("image/png", 1, 1, "00", "https://example.com/a.png")
    assert rendered(Album(picture), BUDGET).images == (picture,)
    assert rendered(Album(picture), BUDGET).text == ""
    assert text_of(Album({"a": Album([1, Album(2)])})) == '{"a": [1, 2]}'
    with pytest.raises(InvalidRequest, match=r"renders test_render\.\S+Album returned None"):
        rendered(Album(None), BUDGET)
    endless = Album(None)
    endless.content = endless
    with pytest.raises(InvalidRequest, match="never becomes text"):
        rendered(endless, BUDGET)
    assert "Album" in text_of([endless])


def test_a_subclass_of_text_may_have_its_own_way() -> None:
    assert text_of(Secret("key")) == "(a secret)"
    assert text_of([Secret("key")]) == '["(a secret)"]'


def test_what_the_user_registered_for_a_librarys_type_stays() -> None:
    program = """
        import pandas
        from zhipu_magic.values.rendering.renderers import render, rendered
        @render.register
        def _(df: pandas.DataFrame, tokens: int) -> str:
            return "mine"
        print(rendered(pandas.DataFrame(), 100).text, rendered(pandas.Series([1]), 100).text.split(",")[0])
    """
    assert fresh(program) == "mine pandas Series\n"


def test_nothing_is_imported_that_the_program_has_not() -> None:
    program = """
        import sys
        from zhipu_magic.values.rendering.renderers import rendered
        rendered({"a": [1]}, 100), rendered(ValueError("x"), 100), rendered(len, 100), rendered(slice(1), 100)
        heavy = "IPython PIL altair bokeh duckdb httpx matplotlib narwhals networkx numpy pandas plotly plotnine polars"
        heavy = f"{heavy} pydantic requests scipy sklearn sqlalchemy statsmodels sympy torch traitlets xarray".split()
        print([name for name in heavy if name in sys.modules])
    """
    assert fresh(program) == "[]\n"


def test_a_library_that_is_half_imported_does_no_harm() -> None:
    program = """
        import sys, types
        from zhipu_magic.values.rendering.renderers import rendered
        sys.modules["pandas"] = types.ModuleType("pandas")
        sys.modules["polars"] = None
        sys.modules["numpy"] = types.ModuleType("numpy")
        sys.modules["numpy"].ndarray = "not yet"
        print(rendered([1], 100).text)
        del sys.modules["pandas"], sys.modules["numpy"]
        import pandas
        print(rendered(pandas.Series([1]), 100).text.split(",")[0])
    """
    assert fresh(program) == "[1]\npandas Series\n"


# Arrays and tensors


def test_a_small_array_is_whole() -> None:
    assert text_of(np.array([1, 2, 3])) == "numpy ndarray, shape (3,), int64: [1, 2, 3]"
    assert text_of(np.arange(4.0).reshape(2, 2) / 3) == (
        "numpy ndarray, shape (2, 2), float64, rounded\nleast 0, mean 0.5, greatest 1\n"
        "```text\n[[0, 0.333333],\n [0.666667, 1]]\n```"
    )
    assert text_of(np.zeros((0, 3))) == "numpy ndarray, shape (0, 3), float64: []"
    assert text_of(np.array(["2026-01-01"], "M8[D]")).endswith("['2026-01-01']")
    assert text_of(np.array(2.5)) == "numpy ndarray, shape (), float64: 2.5"


def test_a_large_array_is_its_summary_and_its_corners() -> None:
    shown = text_of(np.arange(250_000).reshape(500, 500), 300)
    assert "shape (500, 500), int64\nleast 0, mean 124999.5, greatest 249999\n" in shown
    assert "\n …,\n" in shown
    assert shown.endswith("249999]]\n```")
    assert estimate(shown) <= 300


def test_what_is_not_finite_is_counted_apart() -> None:
    shown = text_of(np.array([[1.0, np.nan], [np.inf, 3.0]] * 20))
    assert "least 1, mean 2, greatest 3, not finite: 40\n" in shown
    assert "no finite number" in text_of(np.full((30, 30), np.nan))


def test_a_huge_array_is_summed_up_from_a_sample_that_repeats_nothing() -> None:
    shown = text_of(np.tile(np.array([0, 100], np.uint8), 5_000_000))
    assert "least 0, mean 49.9999, " in shown
    assert "greatest 100 (of 909,091 sampled elements)" in shown


@pytest.mark.parametrize(
    "array",
    [
        np.array([True, False] * 50),
        np.array([1 + 2j] * 50),
        np.array(["text"] * 50),
        np.array([object(), None] * 50),
        np.zeros(50, dtype=[("a", "i4"), ("b", "f8")]),
        np.ma.masked_array([1, 2] * 50, [True, False] * 50),
        np.ones((2,) * 20),
        np.zeros((1, 0, 5)),
        np.array([np.timedelta64(1, "s")] * 50),
    ],
    ids=lambda array: str(array.dtype),
)
def test_arrays_of_every_type_are_told(array: Any) -> None:
    shown = text_of(array, 200)
    assert f"shape {array.shape}" in shown
    assert estimate(shown) <= 200


def test_a_tensor_is_asked_only_for_what_tensors_have() -> None:
    program = """
        import sys, types
        import numpy as np
        torch = types.ModuleType("torch")
        class dtype(str):
            pass
        class Tensor:
            __module__ = "torch"
            device = "cuda:0"
            def __init__(self, array): self.array = np.asarray(array)
            shape = property(lambda self: self.array.shape)
            dtype = property(lambda self: dtype(f"torch.{self.array.dtype}"))
            def __getitem__(self, key): return Tensor(self.array[key.array if isinstance(key, Tensor) else key])
            def __lt__(self, other): return Tensor(self.array < other)
            def __abs__(self): return Tensor(abs(self.array))
            def __float__(self): return float(self.array)
            def __int__(self): return int(self.array)
            def detach(self): return self
            def tolist(self): return self.array.tolist()
            def item(self): return self.array.item()
            def min(self): return Tensor(self.array.min())
            def max(self): return Tensor(self.array.max())
            def sum(self): return Tensor(self.array.sum())
            def mean(self):
                if self.array.dtype.kind != "f":
                    raise RuntimeError("mean(): could not infer output dtype")
                return Tensor(self.array.mean())
        torch.Tensor = Tensor
        sys.modules["torch"] = torch
        from zhipu_magic.values.rendering.renderers import rendered
        print(rendered(Tensor([1.0, 2.5]), 100).text)
        print(rendered(Tensor(np.arange(10_000).reshape(100, 100)), 100).text)
    """
    small, large, summary, *_ = fresh(program).splitlines()
    assert small == "torch Tensor, shape (2,), torch.float64, on cuda:0: [1, 2.5]"
    assert large == "torch Tensor, shape (100, 100), torch.int64, on cuda:0"
    assert summary == "least 0, mean 4999.5, greatest 9999"


# The budget


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates() | st.just(tax)
JSON_LIKE = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.builds(lambda item, times: [item] * times, inner, st.integers(0, 500))
    ),
    max_leaves=20,
)
LONG = st.builds(lambda piece, times: piece * times, st.text(min_size=1), st.integers(1, 3_000))


@settings(deadline=None, max_examples=200)
@given(value=JSON_LIKE | LONG, tokens=st.integers(50, 2_000))
def test_the_text_stays_within_its_budget(value: Any, tokens: int) -> None:
    shown = text_of(value, tokens)
    assert estimate(shown) <= tokens + 2
    assert shown == text_of(value, tokens)
    shown.encode()


@settings(deadline=None, max_examples=100)
@given(value=LONG, tokens=st.integers(50, 2_000))
def test_text_is_cut_only_where_it_must_be_and_then_fills_its_room(value: str, tokens: int) -> None:
    shown = text_of(value, tokens)
    if estimate(value) <= tokens:
        assert shown == value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    else:
        assert "[cut here: about" in shown
        assert estimate(shown) > 0.6 * tokens - 20


@settings(deadline=None, max_examples=100)
@given(value=st.dictionaries(st.text(), st.lists(st.integers() | st.text() | st.none()), max_size=8))
def test_a_container_that_fits_is_json_of_the_same_value(value: dict[str, Any]) -> None:
    shown = text_of(value, 100_000)
    fenced = re.fullmatch(r"(`{3,})json\n(.*)\n\1", shown, re.DOTALL)  # with more backticks than the texts in it
    assert json.loads(fenced[2] if fenced else shown) == value


def all_kinds() -> Iterator[Any]:
    yield from [tax, Order, json, len, functools.partial(tax, 1), Path(__file__), Path(__file__).parent, Shown(), pd]
    yield from [np.arange(10_000.0), np.zeros((50, 50, 50)), b"\x00" * 10_000, b"text" * 10_000, KeyError("x" * 10_000)]


@pytest.mark.parametrize("tokens", [50, 75, 150, 1_000])
def test_every_kind_stays_within_its_budget(tokens: int) -> None:
    for value in all_kinds():
        assert estimate(text_of(value, tokens)) <= tokens + 2, value


# Pictures, and objects that say nothing of themselves


def a_picture(colour: str = "red") -> PIL.Image:
    return PIL.new("RGB", (4, 3), colour)


def as_png(picture: PIL.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_bytes_and_files_of_pictures_read_as_images(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(as_png(a_picture()))
    for value in (a_picture(), as_png(a_picture()), path):
        shown = rendered(value, BUDGET)
        assert (shown.text, [image.width for image in shown.images]) == ("", [4])


def test_a_list_of_pictures_is_all_of_them() -> None:
    shown = rendered([a_picture("red"), a_picture("blue")], BUDGET)
    assert shown.text == ""
    assert len({image.sha256 for image in shown.images}) == 2


def test_a_picture_among_other_things_says_how_to_send_it() -> None:
    assert text_of({"fig": a_picture(), "n": 1}) == '{"fig": "[a picture: refer to it by itself]", "n": 1}'


class Plain:
    def __init__(self) -> None:
        self.name = "Ada"
        self.sizes = [1, 2]
        self._secret = "never told"


class Slotted:
    __slots__ = ("name",)

    def __init__(self) -> None:
        self.name = "Ada"


def test_an_object_that_says_nothing_of_itself_is_its_attributes() -> None:
    assert text_of(Plain()) == 'Plain: {"name": "Ada", "sizes": [1, 2]}'
    assert text_of(Slotted()) == 'Slotted: {"name": "Ada"}'


def test_a_generator_is_not_consumed() -> None:
    values = iter([1, 2])
    counted = (value for value in values)
    with pytest.raises(InvalidRequest, match=r"items = list\(counted\), then \{\{ items \}\}"):
        rendered(counted, BUDGET, called="counted")
    assert list(counted) == [1, 2]


class Parcel:
    """Something that a user teaches `render`, in the wrong way."""


def test_a_render_function_of_the_wrong_kind_is_told_so() -> None:
    @render.register
    def parcel_text(parcel: Parcel) -> str:
        return "never"

    with pytest.raises(InvalidRequest) as refused:
        rendered(Parcel(), BUDGET)
    assert "(value, tokens)" in str(refused.value)
