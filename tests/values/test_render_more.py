"""What reads differently from the usual: errors with parts missing, objects that name no text, classes of cells."""

from __future__ import annotations

import base64
import builtins
import io
import sys
from typing import Any

import pytest
from in_process import Page
from PIL import Image as PIL

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.images.from_value import Image, image_of
from zhipu_magic.values.outputs.output import RESULT, CellOutput, Output
from zhipu_magic.values.rendering.renderers import AsRepr, render, rendered


def picture(kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    PIL.new("RGB", (3, 2)).save(data, kind)
    return data.getvalue()


# Errors


@pytest.mark.parametrize(
    ("error", "reads"),
    [
        (SyntaxError("bad"), "SyntaxError: bad"),
        (SyntaxError("bad", ("f.py", 3, 2, None)), "```text\n  f.py, line 3\nSyntaxError: bad\n```"),
        (SyntaxError("bad", ("f.py", 3, None, "x =\n")), "```text\n  f.py, line 3\n    x =\nSyntaxError: bad\n```"),
    ],
)
def test_an_error_of_syntax_is_told_as_far_as_it_says_where_it_is(error: SyntaxError, reads: str) -> None:
    assert rendered(error, 300).text == reads


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups of errors came with Python 3.11")
def test_of_a_group_of_errors_the_first_are_told_and_so_are_the_first_levels() -> None:
    group: Any = vars(builtins)["ExceptionGroup"]
    many = rendered(group("g", [ValueError(number) for number in range(40)]), 900)
    assert "  10 of 40:\n    ValueError: 9\n  … and 30 more" in many.text
    assert many.left_out == "not all of its traceback sent"
    nested: Exception = KeyError("x")
    for _ in range(9):
        nested = group("g", [ValueError("beside"), nested])
    text = rendered(nested, 900).text
    assert text.count("ValueError: beside") == 3 and text.endswith("with 2 errors\n```")


# Objects


class Silent:
    def __repr__(self) -> str:
        return object.__repr__(self)


class OfArrays(Silent):
    def __init__(self) -> None:
        self.data = [1]

    def __array__(self) -> None:
        raise AssertionError


class WithClassInIt(Silent):
    """`json` is a class there, and no way to read it."""

    json = int

    @property
    def data(self) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (OfArrays(), r"mean of it: \{\{ value\.data \}\}, or a = numpy\.asarray\(value\), then \{\{ a \}\}\."),
        (WithClassInIt(), r"mean of it: \{\{ value\.data \}\}\. \{\{ value \| repr"),
        ([picture()] * 99, r"These are 99 pictures; at most \d+ can be sent"),
    ],
)
def test_what_can_be_named_instead_is_said_and_nothing_is_called(value: Any, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        rendered(value, 300)


class Numbered:
    """Its repr has the number by which Python knows it."""

    def __repr__(self) -> str:
        return f"Numbered(3, id={id(self)})"


def test_the_ids_of_what_a_container_holds_are_not_told() -> None:
    inner = Numbered()
    for value, reads in (({"k": inner}, '{"k": "Numbered(3)"}'), ([[inner]], '[["Numbered(3)"]]')):
        assert rendered(value, 300).text == reads
        assert rendered(AsRepr(value), 300).text == reads.replace('"N', "N").replace(')"', ")").replace('"', "'")
    assert "Numbered(3, id=" in rendered(AsRepr([[[[[inner]]]]]), 300).text  # so deep, nobody looks


class Drawn:
    def __repr__(self) -> str:
        return "a drawing"


@render.register
def _drawn(value: Drawn, tokens: int) -> Image:
    image = image_of(picture())
    assert image is not None
    return image


def test_a_picture_within_a_list_is_named_there() -> None:
    assert rendered(Drawn(), 300).images[0].type == "image/png"
    assert rendered([Drawn(), 1], 300).text == '["[a picture: refer to it by itself]", 1]'


def test_what_was_shown_in_html_stays_words_though_its_value_reads_as_a_picture() -> None:
    found = rendered(output(Drawn(), text__plain="a drawing", text__html="<b>of tea</b>"), 300)
    assert (found.text, found.images) == ("a drawing", ())


# Classes of cells


def test_a_class_of_a_cell_reads_as_it_was_written(page: Page) -> None:
    plain = "class Only:\n    x = 1"
    nested = "class Outer:\n    class Inner:\n        y: int = 2\n\n    def read(self):\n        return 1"
    for cell in (plain, nested, "x = (", "z = 2"):
        page.run(cell)
    names = page.shell.user_ns
    assert rendered(names["Only"], 300).text == f"```python\n{plain}\n```"
    assert rendered(names["Outer"], 300).text == f"```python\n{nested}\n```"
    assert rendered(names["Outer"].Inner, 300).text == "```python\nclass Inner:\n    y: int = 2\n```"
    assert rendered(property(names["Outer"].read), 300).text == "```python\ndef read(self):\n    return 1\n```"
    assert rendered(property(), 300).text == "a property"


# Outputs


def output(value: Any = None, **data: Any) -> CellOutput:
    forms = {name.replace("__", "/"): form for name, form in data.items()}
    return CellOutput((Output(RESULT, data=forms, **({} if value is None else {"value": value})),))


def test_a_result_that_showed_nothing_reads_as_its_value() -> None:
    assert rendered(output([1, 2]), 300).text == "[1, 2]"
    cut = rendered(output("word " * 900), 50)
    assert "tokens sent" in cut.left_out


def test_json_that_is_none_and_an_empty_figure_are_named_by_their_kind() -> None:
    assert rendered(output(application__json={"a": {1}}), 300).text == "[an output that has no text: application/json]"
    for figure in ({"data": [], "layout": {}}, 7):
        found = rendered(output(**{"application/vnd.plotly.v1+json": figure}), 300)
        assert found.text == "[a plotly figure; refer to it by name to send it as an image]"


def test_of_an_output_that_was_abbreviated_what_was_shown_is_sent_as_its_value_may_have_changed() -> None:
    pandas = pytest.importorskip("pandas", reason="makes a table")
    table = pandas.DataFrame({"a": range(500)})
    forms = {"text__plain": repr(table), "text__html": table._repr_html_()}
    assert "| ... | ... |" in rendered(output(table, **forms), 900).text


class Unreadable(list[int]):
    """A value that reads in no other way than by what was shown."""

    def __repr__(self) -> str:
        raise RuntimeError("not now")


def test_a_value_whose_repr_fails_by_now_reads_as_it_was_shown() -> None:
    assert rendered(output(Unreadable(), text__plain="[]", text__html="<b>none</b>"), 300).text == "[]"


def test_pictures_of_outputs_go_along_without_pillow_too(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [output(**{"image/jpeg": base64.b64encode(picture("JPEG")).decode()})]
    assert rendered(shown[0], 300).images[0].type == "image/jpeg"
    png = output(**{"image/png": base64.b64encode(picture()).decode()})
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    assert (rendered(png, 300).images[0].type, rendered(png, 300).images[0].width) == ("image/png", 3)
