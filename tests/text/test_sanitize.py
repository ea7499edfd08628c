"""What a reply may not do: nothing in it runs or fetches anything when it is shown, wherever that is."""

from __future__ import annotations

import re
import subprocess
import sys
from time import process_time

import nbformat
import pytest
from growth import grows_as_its_length
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nasty import ATTACKS, NASTY
from nbconvert import HTMLExporter
from readers import READERS, Elements, as_jupyterlab, as_markdown_it

from zhipu_magic.text.markdown import closed
from zhipu_magic.text.sanitize.markdown import harmless


def shown(markdown: str) -> str:
    """What is read on the page that comes of it."""
    return "".join(part for part in Elements(as_markdown_it(markdown)).parts if isinstance(part, str)).strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plain *words*, `code`, $a < b$, x < 5, a << b, 3 <4, <= and ->.",
        '[a](https://x.y/z_(w)?a=1&b=2 "title"), [b](#c), [d](e/f.html), [g](mailto:h@i.jk)\n\n[r]: https://x.y "z"',
        '```python\nfor x in a[1:]:\n    print(f[0](x, y), "a")\nif x < y: pass\n```',
        "> - a\n>   ```js\n>   let x = 1\n\n|a|b|\n|-|-|\n|`c`|$d$|",
        "$$\\begin{matrix} a & b \\\\ c & d \\end{matrix}$$ and \\(x\\), \\[y\\], \\alpha, \\databar",
        "It costs $5, not $6! https://x.y/z or www.x.y",
        "~~~\nan unclosed fence",
        "你好！**世界**",
        "http://localhost:8888, [a](https://x.y/z:a), [b](c.md#d:e) and http://127.0.0.1:1/b/c:d\n\n[r]: http://localhost:1",
        "a\r\nb",
    ],
)
def test_a_harmless_text_is_left_as_it_is(text: str) -> None:
    assert harmless(text) is text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <b>c</b> <!-- d --> <?e?> <!F>", "a <b>c</b> <!-- d --> <?e?> <!F>"),
        ("\\<img src=x>", "<img src=x>"),
        ("# <img src=x>\n\n> <i>", "<img src=x>\n<i>"),
        ("a & <b> &lt;c&gt; &amp; d", "a & <b> <c> & d"),
        ("`<b>`, `` `|<i> ``", "<b>, `|<i>"),
        ("`a\n<b>`", "a <b>"),
        ("!<https://x.y>", "!<https://x.y>"),
        ("see <https://x.y/z_w>, <a@b.cd>", "see https://x.y/z_w, a@b.cd"),
        ("$a<b$ and $$c<d$$", "$a\\lt b$ and $$c\\lt d$$"),
        ("write \\href{https://x.y}{z}", "write \\href{https://x.y}{z}"),
        ("&#36;\\hr&#101;f{a}{b}&#36; &#x5C;href &bsol;url", "$\\hr&#101;f{a}{b}$ &#x5C;href &bsol;url"),
        ("$\\href{https://x.y}{z}$", "$href{https:{/}{/}x.y}{z}$"),
        ("$\\\\\\style{a}{b}$ and $\\stylish$", "$\\\\ style{a}{b}$ and $\\stylish$"),
        ('a ![b](https://x.y "t") c', "a b c"),
        ("![](https://x.y) and ![ ](z)", "image and image"),
        ("[![b](https://x.y/i)](https://x.y/l)", "b"),
        ("![b][r]\n\n[r]: https://x.y", "b"),
        ("Great![r] !![b](c)", "Great![r] !b"),
        ("\\![b](c)", "!b"),
        ("[a](javascript:f())", "[a](javascript:f())"),
        ("[a]: data:text/html,x", "[a]: data:text/html,x"),
        ("[a](./javascript:f())", "[a](./javascript:f())"),
        ("http://a:b/../../javascript:f()", "http://a:b/../../javascript:f()"),
        ("<javascript:f()>", "<javascript:f()>"),
        ("[a](https://x.y '$')", "a"),
        ("https://x.y/$z", "https://x.y/%24z"),
        ("a\x00b\x0cc <d>", "a b c <d>"),
    ],
)
def test_what_is_written_is_what_is_shown(text: str, expected: str) -> None:
    page = as_markdown_it(harmless(text))
    assert shown(harmless(text)) == expected
    assert Elements(page).foreign == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("![a b](https://x.y/z.png)", "[a b](https://x.y/z.png)"),
        ('![a](https://x.y/z "t")', '[a](https://x.y/z "t")'),
        ("[![a](https://x.y/i)](https://x.y/l)", "[a](https://x.y/l)"),
        ("![a][r]", "[a][r]"),
        ("[a](<https://x.y/b c>)", "[a](https://x.y/b%20c)"),
        ("[a](https://x.y/$b$ '@@0@@')", "[a](https://x.y/%24b%24)"),
        ("[a](https://x.y/@@0\\@@)", "[a](https://x.y/@%400@%40)"),
        ("[a](https://x.y/b\\_c\\)d)", "[a](https://x.y/b_c%29d)"),
    ],
)
def test_images_become_links_and_links_go_on_working(text: str, expected: str) -> None:
    assert harmless(text) == expected


def test_an_image_that_holds_its_own_data_does_not_fill_the_page() -> None:
    assert len(harmless(f"![a](data:image/png;base64,{'A' * 9_000})")) < 200


def test_images_stay_where_they_are_allowed() -> None:
    text = '![a](https://x.y/z.png "t") [![b](https://x.y/i)](https://x.y/l) <b>'
    assert harmless(text, remote_images=True) == text.replace("<b", "&lt;b")
    assert harmless(text) != text


@pytest.mark.parametrize(
    "image",
    ['![$" onerror=f() "$](https://x.y)', '![a](https://x.y/$"$)', "![a](data:image/svg+xml,<svg>)", "![a](x:y)"],
)
def test_an_odd_image_is_none_even_where_images_are_allowed(image: str) -> None:
    text = harmless(image, remote_images=True)
    assert "img" not in str(Elements(as_markdown_it(text)).parts)


def test_a_fence_with_html_stays_a_fence_that_nobody_can_take_for_anything_else() -> None:
    assert harmless("See:\n```html\n<b>\n```\nand <i>") == "See:\n\n```html\n<b>\n```\n\nand &lt;i>"
    assert harmless("~~~\n<b>\n\n<i>\n~~~\n") == "```text\n<b>\n\n<i>\n```\n"
    assert harmless('  ```html title="x"\n  <b>\n  ```') == "```html\n<b>\n```"


def test_a_fence_that_is_still_growing_is_closed() -> None:
    assert harmless("```html\n<b>") == "```html\n<b>\n```"
    assert harmless("```html\n<b>\n``") == "```html\n<b>\n``\n```"


@pytest.mark.parametrize(
    "text",
    [
        "- ```html\n  <b>\n  ```",
        "> ```html\n> <b>\n",
        "1. a\n\n   ```html\n   <b>\n   ```\n\n   b",
        "````html\n```\n<b>\n````",
        "$$\n\n```html\n<b>\n```\n\n$$",
        "a \\\\[ b\n\n```html\n<b>\n```",
        "```html\n~~~\n<b>\n```",
    ],
)
def test_code_that_could_be_taken_for_something_else_is_spelled_out(text: str) -> None:
    made = harmless(text)
    assert '<pre><code class="language-html">' in made
    assert "<b>" not in made
    assert "<b>" in shown(made)


def test_indented_code_with_html_keeps_its_lines_and_its_place() -> None:
    made = harmless("- a\n\n      <b>\n\n        <i>\n- c\n\nd\n\n    <u>")
    assert "<b>\n\n  <i>" in shown(made)
    kinds = [part[0] for part in Elements(as_markdown_it(made)).parts if isinstance(part, tuple)]
    assert kinds == ["ul", "li", "p", "pre", "code", "li", "p", "p", "pre", "code"]


def test_a_table_keeps_its_cells_about_code_with_bars() -> None:
    page = as_markdown_it(harmless("| a | b |\n|---|---|\n| `<b>` | `x<i>` |"))
    assert page.count("<td>") == 2
    assert "<code>x&lt;i&gt;</code>" in page


@pytest.mark.parametrize(
    "diagram",
    [
        "graph TD\n    A[Start<br/>here] --> B{x & y?}\n    B -- yes --> C((#quot;End#quot;))\n    style A fill:#f9f",
        "sequenceDiagram\n    Alice->>Bob: How are you?\n    Bob-->>Alice: Great!",
        "classDiagram\n    class Shape {\n        <<interface>>\n        +area() float\n    }\n    Shape <|-- Circle",
    ],
)
def test_a_diagram_that_only_draws_is_drawn(diagram: str) -> None:
    assert harmless(f"```mermaid\n{diagram}\n```") == f"```mermaid\n{diagram}\n```"


@pytest.mark.parametrize(
    "line",
    [
        '%%{init: {"themeCSS": ".x { background: url(x) }"}}%%',
        '---\nconfig:\n  themeCSS: "x"\n---',
        'A@{ img: "x" }',
        "A[<img src=x>]",
        "A[&lt;img src=x&gt;]",
        "A[#lt;img src=x#gt;]",
        "style A fill:url(x)",
        "style A fill:u\\72l(x)",
        "click A callback",
        "A[https://x.y]",
        'click A "javascript:f()"',
        "A[![a](//x.y)]",
    ],
)
def test_a_diagram_that_could_load_or_link_is_shown_as_text(line: str) -> None:
    made = harmless(f"```mermaid\ngraph TD\nA-->B\n{line}\n```")
    assert "mermaid" not in made
    assert "A-->B" in shown(made)


def test_a_diagram_in_a_list_is_shown_as_text() -> None:
    assert "```" not in harmless("- ```mermaid\n  graph TD\n  ```")


@pytest.mark.parametrize("reader", READERS)
@given(text=NASTY)
@settings(max_examples=250, deadline=None)
@example('```x" onclick=f() "\n```')
@example('https://x.y/$" onfocus=f() x="$')
@example('[a](//x/@@0\\@@) $" onclick=f() x="$')
@example("$$ x\n\n```html\n<img src=x>\n```\n\ny $$\n: z")
@example("~~~\na\n~~~\t\n\n```html\n~~~\n<img src=x>\n```")
@example("$$\n```\n$$\n<img src=x>\n```")
@example("> [a](\n> javascript:f())")
@example("[a](javascript:f\n)")
@example("[a](javascript:f\n'b')")
def test_nothing_comes_out_that_markdown_does_not_make(reader: object, text: str) -> None:
    assert callable(reader)
    assert Elements(reader(harmless(text))).foreign == []


@pytest.mark.parametrize("reader", READERS)
def test_the_readers_do_show_what_would_come_out(reader: object) -> None:
    assert callable(reader)
    assert Elements(reader("<img src=x onerror=f()>")).foreign
    assert as_jupyterlab is not reader or Elements(reader('https://x.y/$" onfocus=f() x="$')).foreign


@given(NASTY)
@settings(deadline=None)
def test_images_that_are_allowed_bring_nothing_else_in(text: str) -> None:
    page = Elements(as_jupyterlab(harmless(text, remote_images=True)))
    images = [each for each in page.parts if isinstance(each, tuple) and each[0] == "img"]
    assert all({name for name, _ in attributes} <= {"src", "alt", "title"} for _, attributes in images)
    assert [each for each in page.foreign if each[0] != "img"] == []


GOOD = st.sampled_from(
    [
        "Some *words* and **more** of them, `code` and $a + b$.",
        "# A title with `<b>`",
        "Code `List<int>` and ``a ` <b>``; a link <https://x.y/z>, [b](https://x.y).",
        "- item\n- another `<i>`\n\n  ```html\n  <b>\n\n    x\n  ```\n- last",
        "1. one\n2. two <https://x.y>",
        "> quoted `<b>`\n>\n> ```js\n> a <b>\n> ```",
        "```html\n<div>\n\n  <img src=x>\n</div>\n```",
        "```cpp\n#include <vector>\n\nstd::vector<int> v;\n```",
        "```python\nprint('hello')\n```",
        "    indented <b>\n\n      more",
        "| a | b |\n|---|---|\n| `<b>` | x |",
        "$$\na + b\n$$",
        "Two lines  \nand `<b>`\nmore of them\\\nhere.",
        "---",
        "文字与 `<代码>` 和 `<b>`。",
    ]
)


@given(st.lists(GOOD, max_size=8))
@settings(deadline=None)
def test_markdown_that_means_no_harm_is_rendered_as_ever(parts: list[str]) -> None:
    text = "\n\n".join(parts)
    meant = parts_of(as_markdown_it(text, with_html=False))
    assert parts_of(as_markdown_it(harmless(text))) == meant


def parts_of(page: str) -> list[object]:
    """Elements and texts, but for the ends of lines between them."""
    return [part.strip("\n") if isinstance(part, str) else part for part in Elements(page).parts]


def forget() -> None:
    """Have so many other replies shown that none of the test's is remembered."""
    for number in range(20):
        harmless(f"{number} <b>", growing=True)


@given(NASTY, NASTY, st.lists(st.integers(0, 200), max_size=8))
@settings(deadline=None)
def test_a_reply_that_grew_is_shown_like_one_that_came_whole(first: str, second: str, steps: list[int]) -> None:
    text = f"{first}\n\n{second}"
    forget()
    whole = harmless(text)
    forget()
    for step in sorted(steps):
        harmless(text[:step], growing=True)
    assert harmless(text, growing=True) == whole


def test_a_reply_that_begins_like_another_is_shown_on_its_own() -> None:
    code, more = "    x <b>\n\n", "    y <b>\n"
    forget()
    whole = harmless(code + more)
    forget()
    harmless(f"{code}Words <b>.", growing=True)
    assert harmless(code + more, growing=True) == whole


@given(NASTY)
@settings(deadline=None)
def test_once_is_enough(text: str) -> None:
    made = harmless(text)
    if not re.search("<(?:pre|code|span)", made):
        assert harmless(made) == made


@pytest.mark.parametrize(
    "phrase", ["~", "\\", "!", "www.", "://x", "$a ", "\\[", "`a ``b ", "[a](", "[![", "~~~ ", "- ", "[x]: ", " ", "> "]
)
def test_a_model_that_repeats_itself_does_not_hold_the_page_up(phrase: str) -> None:
    assert Elements(as_markdown_it(harmless(f"<b>{phrase * 8_000}"[:16_000])[:2_000])).foreign == []


UNITS = ["://", "www.", "\\(", "\\[", "$", "$$", "[", "![", "[a](", "[a]: ", "[![a](", "<", "<https://", "`", "``` "]
UNITS += ["~~~", "&#", "\\begin{a}", "- ", "> ", "|", "(", "\\", "://$", "a" * 50 + "://", "[x\n", "===\n", "```x\n"]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("end", ["", "\n\n<b>"], ids=["alone", "with HTML"])
def test_the_time_for_a_reply_grows_as_the_reply_does(unit: str, end: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit)) + end
        forget()
        began = process_time()
        harmless(text)
        closed(text)
        return process_time() - began

    # Below a quarter of a second, a collection of garbage weighs more than the text.
    assert grows_as_its_length(seconds, 30_000, enough=0.25, factor=3.5)


def test_a_notebook_exported_to_html_has_nothing_of_it() -> None:
    attacks = [attack for attack in ATTACKS if attack.strip()]
    cells = [
        nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", {"text/markdown": harmless(text)})])
        for text in [
            *attacks,
            "\n\n".join(attacks),
            "```mermaid\n</pre><script>f()</script>\n```",
            "![a](attachment:x)",
        ]
    ]
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    (made,) = re.findall(r'<div class="jp-Notebook.*?</main>|<body.*?</body>|\A(?!.*<body).*\Z', page, re.DOTALL)[:1]
    assert Elements(made).foreign == []


def test_a_harmless_reply_needs_no_parser() -> None:
    code = (
        "import sys; from zhipu_magic.text.sanitize.markdown import harmless\n"
        "assert harmless('Some *words*, `code`, x < 5.\\n\\n```python\\nx = 1\\n```')\n"
        "assert 'markdown_it' not in sys.modules\n"
        "assert harmless('<b>') == '&lt;b>' and 'markdown_it' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
