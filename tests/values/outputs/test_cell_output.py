"""What a cell showed reads to a model as its reader saw it."""

from __future__ import annotations

import base64
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.text.tokens import estimate
from zhipu_magic.values.outputs.output import DISPLAY, ERROR, RESULT, STREAM, Cell, CellOutput, Output
from zhipu_magic.values.references import Reader, resolved
from zhipu_magic.values.rendering.renderers import render, rendered


def printed(text: str, name: str = "stdout") -> Output:
    return Output(STREAM, name, text)


def shown(kind: str = DISPLAY, value: object = None, **data: object) -> Output:
    forms = {name.replace("__", "/").replace("_", "-"): form for name, form in data.items()}
    return Output(kind, data=forms) if value is None else Output(kind, data=forms, value=value)


def read(*outputs: Output, tokens: int = 4_000) -> str:
    return rendered(CellOutput(outputs), tokens).text


def png(width: int = 4, colour: str = "red", **how: object) -> str:
    PIL = pytest.importorskip("PIL.Image", reason="draws pictures")
    data = io.BytesIO()
    PIL.new("RGB", (width, 3), colour).save(data, "PNG", **how)
    return base64.b64encode(data.getvalue()).decode()


def test_secrets_are_counted_in_what_is_sent() -> None:
    page = "<script>" + "".join(f"password = 'abcdef{n}'; " for n in range(64)) + "</script><p>ok"
    assert rendered(CellOutput((shown(text__plain="Pipeline()", text__html=page),)), 500).left_out == ""
    found = rendered(CellOutput((printed("password='abc123'\n"), printed("E", "stderr")), source="pass"), 500)
    assert found.left_out == "1 secret taken out"


@pytest.mark.parametrize("magic", ["", "%%javascript\n", "%%bash\n", "%%markdown\n```` and ````````\n"])
def test_a_source_that_fits_is_whole(magic: str) -> None:
    source = magic + "password='abc1234'\n" * 3 + "x = 1\n" * 300
    for outputs in ((), (printed("short"),)):
        found = rendered(Cell(CellOutput(outputs, source=source)), 2_000)
        assert found.left_out == "1 secret taken out" and "cut here" not in found.text


def test_streams_that_follow_each_other_are_one_and_several_lines_are_fenced() -> None:
    assert read(printed("42\n")) == "42"
    assert read(printed("a\n"), printed("b\n")) == "```text\na\nb\n```"
    assert read(printed("a\nb\n"), printed("no\n", "stderr")) == "```text\na\nb\n```\n\nStandard error:\nno"


def test_a_progress_bar_is_its_last_state() -> None:
    bar = (
        printed("\r  0%|          |", "stderr"),
        printed("\r 50%|#####     |", "stderr"),
        printed("\r100%|##########|\n", "stderr"),
    )
    assert read(*bar) == "Standard error:\n100%|##########|"


def test_colours_addresses_and_base64_are_gone() -> None:
    assert read(printed("\x1b[1;31mred\x1b[0m <a.B object at 0x7f00deadbeef>\n")) == "red <a.B object>"
    blob = base64.b64encode(bytes(range(256)) * 4).decode()
    assert read(printed(f"x = {blob}\n")) == f"x = [base64, {len(blob):,} characters]"
    assert read(printed(f"<img src='data:image/png;base64,{blob}'>\n")).startswith("<img src='[data: image/png, ")


def test_of_a_huge_output_its_two_ends_are_sent_and_it_is_said() -> None:
    found = rendered(CellOutput((printed("".join(f"line {n}\n" for n in range(20_000))),)), 500)
    assert "line 0\n" in found.text and "line 19999\n```" in found.text and "line 9000\n" not in found.text
    assert estimate(found.text) <= 520
    assert "tokens sent" in found.left_out


def test_a_small_output_beside_a_huge_one_is_whole() -> None:
    text = read(printed("x\n" * 50_000), shown(text__plain="'the result'"), tokens=300)
    assert text.endswith("'the result'")
    assert estimate(text) <= 330


def test_a_table_at_hand_reads_as_its_variable_does() -> None:
    pandas = pytest.importorskip("pandas", reason="makes a table")
    table = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    forms = {"text__plain": repr(table), "text__html": table._repr_html_()}
    assert read(shown(RESULT, table, **forms)) == rendered(table, 4_000).text
    table.loc[0, "a"] = 99  # no longer what was shown
    assert read(shown(RESULT, table, **forms)).startswith("|  | a | b |\n| --- | --- | --- |\n| 0 | 1 | x |")


def test_html_reads_as_its_words() -> None:
    assert read(shown(text__html="<style>b{}</style><b>Hello</b> &amp; all<ul><li>one<li>two</ul>")) == (
        "Hello & all\n- one\n- two"
    )
    assert read(shown(text__html="<script>alert(1)</script>", text__plain="<IPython.core.display.HTML object>")) == (
        "[an output that has no text: text/html]"
    )


def test_a_text_that_says_nothing_gives_way_and_is_never_taken_for_another() -> None:
    html = "<b>Hello</b>"
    for plain in ("<a.B object at 0x7f00>", "<Figure object; to 'a.B'>", ""):
        assert read(shown(text__html=html, text__plain=plain)) == "Hello"
    assert read(shown(text__html=html, text__plain="<3 rows>")) == "<3 rows>"
    assert read(shown(text__plain="<a.B object at 0x7f00>")) == "<a.B object>"
    assert read(shown(text__plain="<a.B object at 0x7f00>", application__x="{}")) == (
        "[an output that has no text: application/x]"
    )


def test_a_picture_stands_among_the_words() -> None:
    found = resolved("See {{ out }}!", {"out": CellOutput((printed("a\nb\n"), shown(image__png=png())))}, 1_000)
    assert found.text == "See `out`!\n\n`out`:\n\n```text\na\nb\n```\n\n[image 1: out]"
    assert [(one.type, one.width) for one in found.images] == [("image/png", 4)]


def test_a_model_that_cannot_see_is_told_what_is_there() -> None:
    found = resolved("{{ out }}", {"out": CellOutput((shown(image__png=png()),))}, 1_000, reader=Reader(sees=False))
    assert found.text == "[a picture of 4 × 3 pixels, which this model cannot see]"
    assert found.images == ()
    assert found.cut == ("out: 1 picture not sent, which the model cannot see",)


def test_two_references_to_a_picture_in_an_output_send_it_once() -> None:
    found = resolved("{{ out }} and {{ out }}", {"out": CellOutput((printed("a\nb\n"), shown(image__png=png())))}, 900)
    assert len(found.images) == 1


def test_a_picture_is_known_by_its_pixels() -> None:
    pytest.importorskip("PIL", reason="encodes pictures")
    one, other = (rendered(CellOutput((shown(image__png=png(compress_level=level)),)), 99).images for level in (0, 9))
    assert one == other


@pytest.mark.parametrize("data", ["", "%%%", "iVBORw0KGgo=", "AAAA"])
def test_a_picture_that_is_none_is_said(data: str) -> None:
    found = rendered(CellOutput((shown(image__png=data, text__plain="p"),)), 500)
    assert not found.images and found.text


def test_an_error_reads_as_the_exception_does() -> None:
    try:
        {}["price"]
    except KeyError as error:
        output = Output(ERROR, value=error)
        assert read(output) == rendered(error, 4_000).text
    assert (
        read(Output(ERROR, text="\x1b[31mTraceback\x1b[0m\nKeyError: 'price'"))
        == "```text\nTraceback\nKeyError: 'price'\n```"
    )


def test_a_cell_is_its_source_and_what_it_showed() -> None:
    ran = CellOutput((printed("3\n"),), number=8, source="x = 3\nprint(x)")
    assert rendered(Cell(ran), 500).text == "```python\nx = 3\nprint(x)\n```\n\nOutput:\n\n3"
    assert rendered(Cell(CellOutput(source="%%bash\nls")), 500).text == "```bash\n%%bash\nls\n```"


def test_figures_of_javascript_are_said() -> None:
    figure = {"data": [{"type": "bar"}], "layout": {"title": {"text": "Sales"}}}
    output = Output(DISPLAY, data={"application/vnd.plotly.v1+json": figure, "text/html": "<div></div>"})
    assert read(output) == "[a plotly figure, titled “Sales”: bar; refer to it by name to send it as an image]"


def test_very_many_outputs_and_pictures_are_bounded() -> None:
    found = rendered(CellOutput(tuple(shown(text__plain=str(n)) for n in range(1_000))), 2_000)
    assert "[900 outputs left out]" in found.text and found.left_out
    pictures = rendered(CellOutput(tuple(shown(image__png=png(4 + n)) for n in range(13))), 900)
    assert [image.width for image in pictures.images] == [*range(7, 17)]


_KINDS = ["text/plain", "text/html", "text/markdown", "image/png", "image/svg+xml", "application/json", "x/y"]
_FORMS = st.recursive(
    st.none() | st.booleans() | st.text(max_size=30), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)
_OUTPUTS = st.one_of(
    st.builds(Output, st.just(STREAM), st.sampled_from(["stdout", "stderr"]), st.text(max_size=60)),
    st.builds(
        Output, st.sampled_from([DISPLAY, RESULT]), data=st.dictionaries(st.sampled_from(_KINDS), _FORMS, max_size=3)
    ),
    st.builds(Output, st.just(ERROR), text=st.text(max_size=60)),
)


@given(st.lists(_OUTPUTS, max_size=6), st.integers(1, 300))
def test_whatever_a_cell_shows_becomes_text_within_its_budget(outputs: list[Output], tokens: int) -> None:
    found = rendered(CellOutput(tuple(outputs)), tokens)
    assert estimate(found.text) <= max(tokens, 40) + 30
    assert found.text.count("\N{OBJECT REPLACEMENT CHARACTER}") == len(found.images)
    found.text.encode()


def test_a_users_own_rendering_may_have_pictures_in_it() -> None:
    from zhipu_magic.values.images.from_value import image_of
    from zhipu_magic.values.rendering.renderers import Illustrated

    class Report:
        pass

    picture = image_of(base64.b64decode(png()))
    render.register(Report, lambda report, tokens: Illustrated(("before\n", picture, "\nafter \ufffc")))

    found = resolved("{{ report }}", {"report": Report()}, 100)
    assert found.text == "before\n[image 1: report]\nafter "


def test_a_secret_in_several_places_is_one() -> None:
    source = "key = 'a'\npassword = 'hunter2-and-more'\nprint(password)"
    outputs = (printed("hunter2-and-more\npwd: 'other-secret-9'\nhunter2-and-more"),)
    found = rendered(Cell(CellOutput(outputs, source=source)), 500)
    assert found.text.count("[secret taken out]") == 4 and found.left_out == "2 secrets taken out"
