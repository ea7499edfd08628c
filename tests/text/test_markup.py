"""Pieces of a page that know whether they are ours or from outside, and that nobody goes past them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from readers import READERS, Elements, as_markdown_it

import zhipu_magic
from zhipu_magic.text.html import block, code, folded, link, quotation
from zhipu_magic.text.markup import Markup, escape, html_bundle, markdown_bundle
from zhipu_magic.text.tables import table

PACKAGE = Path(zhipu_magic.__file__).parent
#: The rooms that take the harm out of a text in a way of their own.
MAY_VOUCH = {
    "text/markup.py",
    "text/html.py",
    "text/tables.py",
    "text/sanitize/pages.py",
    "chat/export/transcript.py",
    "notebook/display/preview.py",
    "notebook/display/map_output.py",  # a DataFrame's own HTML, which its library escapes
    "notebook/commands/turns.py",
}


#: What makes bundles, and what reads those of others.
MAY_PUBLISH = {
    *("text/markup.py", "notebook/display/map_output.py"),
    *("values/rendering/bundles.py", "values/tools/shown.py"),
}


def test_pieces_are_escaped_where_they_are_put_in() -> None:
    piece = Markup("**{name}** has `{{}}` {count:,}", name="<b>*x*", count=1234)
    assert piece.rich == "**&lt;b&gt;&#42;x&#42;** has `{}` 1,234"
    assert piece.plain == "**<b>*x*** has `{}` 1,234"


def test_a_markup_is_put_in_as_it_is() -> None:
    inner = Markup("*{name}*", name="<b>")
    assert Markup("a {inner} b", inner=inner).rich == "a *&lt;b&gt;* b"
    assert Markup(" · ").join([inner, "<i>"]).rich == "*&lt;b&gt;* · &lt;i&gt;"
    assert Markup.of(inner) is inner


def test_what_was_put_in_is_never_a_template() -> None:
    piece = Markup("{text}", text="{0.__class__} {text}")
    assert Markup("{piece} {more}", piece=piece, more="x").plain == "{0.__class__} {text} x"


@pytest.mark.parametrize("reader", READERS)
@example(text=" #")
@given(text=st.text(st.characters(exclude_categories=["Cs"])) | st.text("<>&\"'`*_~[]()|$\\@!#+-=.:1 \n\t"))
def test_a_text_from_outside_is_shown_as_it_is(reader: object, text: str) -> None:
    assert callable(reader)
    for piece in (Markup("x {text}", text=text), Markup.of(text), quotation(text), folded(text, [text]), code(text)):
        page = Elements(reader(piece.rich))
        tags = {part[0] for part in page.parts if isinstance(part, tuple)}
        assert tags <= {"p", "span", "br", "blockquote", "details", "summary", "pre", "code"}


@pytest.mark.parametrize(
    ("text", "is_link"),
    [
        ("see https://a.example/b:c.", True),
        ("http://127.1:8888)", True),
        ("https://例子.中国/x", True),
        ("http://127.0.0.…", False),
        ("http://localhost:{port}/x", False),
        ("www.a.example:99999", False),
        ("http://256.0.0.1/", False),
        ("http://例子.中国/../../javascript:f()", False),
    ],
)
def test_what_a_front_end_would_take_for_a_file_is_no_address(text: str, is_link: bool) -> None:
    assert (escape(text) == text) == is_link
    assert (
        "".join(part for part in Elements(as_markdown_it(escape(text))).parts if isinstance(part, str)).strip() == text
    )


@given(st.text())
def test_nothing_in_a_block_ends_it(text: str) -> None:
    assert block(text).rich.count("<") == 2 + 2 * (text.count("$") + text.count("\\"))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://a.example/b?c=1&d=2#e", "[x](<https://a.example/b?c=1&amp;d=2#e>)"),
        ("https://a.example/你好 ".strip(), "[x](<https://a.example/%E4%BD%A0%E5%A5%BD>)"),
        ('http://a.example/$"onclick="f()"x="$', "[x](<http://a.example/%24%22onclick=%22f%28%29%22x=%22%24>)"),
        ("http://1.2.3.4.5/../../javascript:f()", "x"),
        ("https://a.example/@@0@@", "[x](<https://a.example/%40%400%40%40>)"),
        ("javascript:f()", "x"),
        ("//a.example", "x"),
        ("https://user:word@a.example/", "x"),
        ("https://a.example/b c", "x"),
        ("https://a.example:port/", "x"),
        ("https://", "x"),
        ("", "x"),
    ],
)
def test_a_link_goes_to_the_web_or_nowhere(address: str, shown: str) -> None:
    assert link("x", address).rich == shown


def test_cells_of_a_table_cannot_end_it() -> None:
    made = table(("a|b", "c"), [("x\n\n<b>", Markup("**y**"))])
    assert made.rich.splitlines()[2].count("|") == 3
    assert "**y**" in made.rich
    assert "<b>" not in made.rich


def test_bundles_command_no_terminal() -> None:
    assert "\x1b" not in str(markdown_bundle(Markup.of("\x1b[2J")).values())
    assert "\x1b" not in str(html_bundle(Markup.of("\x1b[2J"), "\x1b[2J").values())


def test_a_terminal_gets_texts_from_outside_letter_by_letter() -> None:
    piece = Markup("The text **is** {text}, see `%glm`: {code}.", text="2**3 `q`", code=code("f(**kw)"))
    assert piece.bare == "The text is 2**3 `q`, see %glm: f(**kw)."


def test_lines_keep_their_indents() -> None:
    assert escape("def g():\n\treturn 1\n   - x") == f"def g():<br>{'&nbsp;' * 4}return 1<br>{'&nbsp;' * 3}- x"


# That nobody goes past them


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
            yield node


def is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.IfExp):
        return is_literal(node.body) and is_literal(node.orelse)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "N_":
        return all(map(is_literal, node.args))
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


SOURCES = {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


@pytest.mark.parametrize("name", SOURCES)
def test_every_markup_is_a_literal_and_few_rooms_vouch_or_publish(name: str) -> None:
    tree = ast.parse(SOURCES[name])
    for call in calls(tree, "Markup"):
        assert all(map(is_literal, call.args)), f"line {call.lineno}: a Markup that was put together"
        for text in (node.value for node in ast.walk(call) if isinstance(node, ast.Constant)):
            inside = str(text).split("`")[1::2]
            assert not any("{" in span for span in inside), f"line {call.lineno}: code(…) puts a text into code"
    if name not in MAY_VOUCH:
        assert not list(calls(tree, "Markup.vouched"))
    if name not in (
        "text/markup.py",
        "notebook/display/map_output.py",
        "values/outputs/output.py",
        "values/tools/shown.py",
    ):  # these read
        constants = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert not constants & {"text/markdown", "text/html"}
