"""What is a `%%glm` cell, and where its options and its prompt are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Page
from IPython.core.inputtransformer2 import TransformerManager

from zhipu_magic.notebook import glm_cell
from zhipu_magic.notebook.input_transforms import cell_as_written, with_plain_beginning
from zhipu_magic.practice import PracticeServer


def sent(server: PracticeServer) -> list[str]:
    return [request.body["messages"][-1]["content"] for request in server.requests]


ABOVE = [
    "# a comment\n",
    "#| label: poem\n#| echo: false\n",
    "\n  \n",
    "\n# one\n\n   # two\n",
    "#%% [markdown]\n",
    "#!x\r\n",
]


@pytest.mark.parametrize("around", ["", "%%time\n", "%%capture kept\n# between\n\n", "%%time\n%%capture kept\n"])
@pytest.mark.parametrize("above", ABOVE)
def test_what_is_written_above_is_not_sent(page: Page, server: PracticeServer, above: str, around: str) -> None:
    assert page.run(f"{above}{around}%%glm --once\n>>> 你好\n# too").success
    assert sent(server) == [">>> 你好\n# too"]


@pytest.mark.parametrize("above", ABOVE)
def test_a_cell_below_a_comment_is_a_cell_of_ours(page: Page, above: str) -> None:
    """All of its output is painted by us, and run again it replaces its turn."""
    alone: list[bool] = []
    page.shell.events.register("pre_run_cell", lambda info: alone.append(page.session.cells.is_glm_cell))
    page.run("%%glm\n你好", "a")
    page.run(f"{above}%%glm\n你好", "a")
    page.run(f"{above}%%time\n%%glm --once\n你好")
    page.run(f"{above}%glm ask 你好")
    page.run(f"{above}%glm ask 你好\nprint(1)")
    assert alone[:3] == [True, True, False] and alone[-2:] == [True, False]
    assert page.magics.chat.thread().size == 3


def test_many_lines_above_code_take_no_long_time(page: Page) -> None:
    alone: list[bool] = []
    page.shell.events.register("pre_run_cell", lambda info: alone.append(page.session.cells.is_glm_cell))
    for end in ("\n", "\r\n"):
        page.run(f"# a comment{end}" * 2_000 + "x = 1")
        page.run(f"# a comment{end}" * 2_000 + "%glm ask 你好")
    assert alone == [False, True, False, True]


@pytest.mark.parametrize("line", ["%%glm --once", "%%glm --once \\\n-q"])
def test_cell_options_below_the_line_are_not_sent(page: Page, server: PracticeServer, line: str) -> None:
    assert page.run(f"{line}\n#| label: poem\n  #| echo: false\n# A heading\n#| a comment in the prompt").success
    assert sent(server) == ["# A heading\n#| a comment in the prompt"]


def test_a_bare_mark_ends_the_cell_options(page: Page, server: PracticeServer) -> None:
    assert page.run("%%glm\n#| echo: false\n#| \n#| a comment in the prompt\n#|\n#| and another").success
    assert sent(server) == ["#| a comment in the prompt\n#|\n#| and another"]


def test_a_cell_of_options_alone_has_nothing_to_send(page: Page, server: PracticeServer) -> None:
    assert "nothing to send" in str(page.run("# c\n%%glm\n#| label: poem\n").error)
    assert server.requests == []


@pytest.mark.parametrize("end", ["\\\n", "\\  \t\n", "\\\u3000\n", "\\\r\n", "＼\n"])
def test_options_go_on_in_the_next_line(page: Page, server: PracticeServer, end: str) -> None:
    assert page.run(f'%%glm -b reply {end}   --temperature 0.5 {end}-s{end}"Be brief."\n你好 \\\nund so').success
    body = server.requests[-1].body
    assert body["temperature"] == 0.5
    assert [message["content"] for message in body["messages"]] == ["Be brief.", "你好 \\\nund so"]
    assert "reply" in page.names


def test_within_another_magic_options_go_on_too(page: Page, server: PracticeServer) -> None:
    assert page.run("%%time\n%%glm --once \\\n  -b reply\n>>> 你好").success
    assert sent(server) == [">>> 你好"] and "reply" in page.names


def test_a_prompt_that_has_become_options_is_refused_with_the_reason(page: Page, server: PracticeServer) -> None:
    error = str(page.run("%%glm -q \\\n写一首诗").error)
    assert "'写一首诗'" in error and "one after a \\ is still of options" in error
    assert server.requests == []


def test_two_backslashes_are_one_of_the_value(page: Page, server: PracticeServer) -> None:
    assert page.run("%%glm -s C:\\\\\n你好").success
    assert [message["content"] for message in server.requests[-1].body["messages"]] == ["C:\\", "你好"]


@pytest.mark.parametrize("percent", ["％％", "%％", "％%"])
def test_wide_percent_signs_are_read(page: Page, server: PracticeServer, percent: str) -> None:
    assert page.run(f"# c\n{percent}glm　--once\n>>> 你好").success
    assert sent(server) == [">>> 你好"]


def test_a_cell_that_is_indented_as_a_whole_is_sent_without_the_indent(page: Page, server: PracticeServer) -> None:
    assert page.run("    %%glm --once\n    >>> a\n\n      b").success
    assert sent(server) == [">>> a\n\n  b"]


@pytest.mark.parametrize(
    "beginning",
    ["%%glm", "# c\n\n%%glm -q", "％％glm", "%%glm -q \\\n--once", "%%time\n# c\n%%glm", "%%glm\n#| a: b", "%%glm?"],
)
def test_an_empty_line_ends_it_in_a_terminal(page: Page, beginning: str) -> None:
    check = page.shell.input_transformer_manager.check_complete
    assert [check(f"{beginning}{below}")[0] for below in ("", "\n你好", "\n你好\n\n")] == ["incomplete"] * 2 + [
        "complete"
    ]


@pytest.mark.parametrize(
    "code",
    [
        'x = "%%glm"',
        'x = """\n%%glm\n你好"""',
        '# c\n"""\n%%glm\n你好"""',
        "# %%glm\nx = 1",
        "x = 1  # %%glm",
        "%%writefile notes.md\nAbout\n%%glm",
    ],
)
def test_code_that_mentions_it_is_none(page: Page, server: PracticeServer, code: str) -> None:
    assert glm_cell.find(code) is None
    assert page.shell.transform_cell(code) == TransformerManager().transform_cell(code)


@pytest.mark.parametrize(
    "source", ["", "\n", "# c", "%%time", "%%time\n", "%%glmx\ny", "%%glm-b\ny", "%glm\n%%glm", "%%%glm\nx"]
)
def test_what_is_nearly_one_is_none(source: str) -> None:
    assert glm_cell.find(source) is None


@given(
    st.lists(st.sampled_from(["# c", "", "  ", "%%time", "#| x", "%%capture y"])),
    st.lists(st.sampled_from(["-q", "-s 'a  b'", "--once", "-b 好"]), min_size=1),
    st.lists(st.sampled_from(["#| x", "#| y: 1"])),
    st.text(),
)
def test_every_cell_is_taken_apart(above: list[str], options: list[str], below: list[str], prompt: str) -> None:
    prompt = f"Say: {prompt}"
    source = "\n".join([*above, "%%glm " + " \\\n".join(options), *below, prompt])
    cell = glm_cell.find(source)
    assert cell is not None
    assert cell.line.split() == " ".join(options).split()
    assert cell.prompt == prompt
    assert [f"%%{name}" for name in cell.around] == [line.split()[0] for line in above if line.startswith("%%")]


@given(st.text(st.sampled_from(list("%％glm \\\n\r#|?-bx'\"\u3000\u2028"))))
def test_any_cell_is_read_and_its_plain_beginning_means_the_same(text: str) -> None:
    for source in (text, f"%%glm{text}", f"# c\n%%glm {text}"):
        lines = f"{source}\n".splitlines(keepends=True)  # as IPython ends every cell
        plain = with_plain_beginning(lines)
        assert with_plain_beginning(plain) == plain
        assert cell_as_written(plain) == cell_as_written(lines)
