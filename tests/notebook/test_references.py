"""References: what `{{ name }}` in a cell's text stands for, and what is left as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Page

from zhipu_magic import Chat
from zhipu_magic.practice import Answer, PracticeServer, tool_call
from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.references import has_references, resolved

NAMES: dict[str, Any] = {
    "x": 7,
    "name": "Ada",
    "lines": "one\ntwo",
    "curly": "{{ x }} and {y}",
    "table": {"rows": [{"n": number} for number in range(30)]},
    "numbers": list(range(10)),
    "nested": {"a": {"b": "deep"}, "x|y": "bar"},
    "grid": {("a", 1): "one"},
    "数据": "中文",
}


def sent(text: str) -> str:
    return resolved(text, NAMES, 4_000).text


# What is one


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ x }}", "7"),
        ("{{x}}", "7"),
        ("a {{ x }} b {{ name }} c", "a 7 b Ada c"),
        ("{{ numbers[2] }}", "2"),
        ("{{ numbers[-1] }}", "9"),
        ("{{ numbers[1:3] }}", "[1, 2]"),
        ('{{ nested["a"]["b"] }}', "deep"),
        ("{{ x.real }}", "7"),
        ("{{ 数据 }}", "中文"),
        ("{{ name | 500 }}", "Ada"),
        ("{{ name|1,000 }}", "Ada"),
        ('{"n": {{ x }}}', '{"n": 7}'),
        ("${{ x }} and ${{ x }}", "$7 and $7"),
        ("{{ numbers[x] }}", "7"),
        ('{{ grid["a", 1] }}', "one"),
        (r"\[ and \[ open {{ x }}", r"\[ and \[ open 7"),
    ],
)
def test_a_reference_stands_for_its_value(text: str, expected: str) -> None:
    assert sent(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{x} and {name}",
        "{{}} {{ }} {{ 2 }} {{ 'text' }} {{ 2 + 2 }} {{ y + 1 }} {{ f(y) }} {{ not a name }} {{ x: 1 }}",
        "{{{ x }}}",
        "{{ x",
        "x }}",
        "{{ x\n}}",
        r"\frac{{x}}{{name}} and \mathbf{{x}}",
        "$e^{{x}}$ and $x_{{name}}$ and e^{{x}}",
        r"$$\sum {{ x }}$$ \({{ x }}\) \[{{ x }}\]",
        r"\begin{align}{{ x }}\end{align}",
        "`{{ x }}` and ``{{ x }} ` {{ x }}``",
        "```jinja\n{{ x }}\n```",
        "~~~\n{{ x }}\n~~~",
        "- a list\n\n  ```\n  {{ x }}\n  ```",
        "```\n{{ x }} in a fence that is never closed",
        "{{ y | upper }}",
        "{{ y > 4 }}",
        "{% for x in y %}{{ loop.index | safe }}{% endfor %}",
        '{"a": {"b": {}}}',
        "f'{{literal}}' is not a name here".replace("literal", "1"),
    ],
)
def test_everything_else_is_sent_as_it_stands(text: str) -> None:
    assert sent(text) == text


def test_a_value_with_braces_is_not_expanded_again() -> None:
    assert sent("{{ curly }}") == "{{ x }} and {y}"


def test_prices_are_no_mathematics() -> None:
    assert sent("$5 and {{ x }} is $6") == "$5 and 7 is $6"


def test_a_call_is_refused_with_what_to_write_and_is_never_run() -> None:
    class Loud:
        def upper(self) -> str:
            raise AssertionError("was run")

    with pytest.raises(InvalidRequest) as refused:
        resolved("{{ x }}\n{{ loud.upper() | 60 }}", {"x": 7, "loud": Loud()}, 100)
    assert str(refused.value).splitlines() == [
        "Line 2 of the prompt: {{ loud.upper() | 60 }} is code, which is not run from a prompt. Run u = loud.upper() "
        "first, then write {{ u | 60 }}.",
        "Nothing was sent. Braces within `backticks` are sent as they stand.",
    ]


@pytest.mark.parametrize("inside", ["x + 1", "table[x > 4]", "x if x else y", "-x", "not x", "len(x)", "f(x)", "x, y"])
def test_so_is_what_else_is_more_than_a_reference(inside: str) -> None:
    with pytest.raises(InvalidRequest, match=r"is code, which is not run from a prompt. Run .* first") as refused:
        sent(f"{{{{ {inside} }}}}")
    assert inside in str(refused.value)


@pytest.mark.parametrize("code", ["numbers.count(1)", "len(numbers)", "name.upper()", "name.x(name.name())"])
def test_the_name_that_is_proposed_is_free(code: str) -> None:
    taken = {**NAMES, "c": 1, "u": 1, "l": 1, "value": 1}
    with pytest.raises(InvalidRequest) as refused:
        resolved(f"{{{{ {code} }}}}", taken, 100)
    assert refused.value.facts["name"] not in taken
    assert refused.value.facts["name"] != "len"


#: What cannot stand after the bar, and what was probably meant.
SLIPS = [
    ("x | upper", "upper", ""),
    ("x | tojson | 500", "tojson", ""),
    ("x | 500 | tojson", "tojson", ""),
    ("x | 5a", "5a", ""),
    ("x | 5oo", "5oo", "500"),
    ("x | l00 | repr", "l00", "100"),
    ("x | 1O0 | repr", "1O0", "100"),
    ("x |", "nothing after a bar", ""),
    ("x | -5", "-5", ""),
    ("x | pgaes 2-3", "pgaes 2-3", "pages 2-3"),
    ("x | shets 五月", "shets 五月", "sheets 五月"),
    ("x | seite 2", "seite 2", ""),
    ("x | rerp", "rerp", "repr"),
    ("Path('x.pdf') | seite 2", "seite 2", ""),
    ('nested["a"]["b"] | first 5', "first 5", ""),
    ("numbers[1:3] | 5 tokens", "5 tokens", ""),
    ("above | x", "x", ""),
    ("out | 5oo", "5oo", "500"),
    ("_ | 5oo", "5oo", "500"),
    ("x | pages Bob's", "pages Bob's", ""),
]


@pytest.mark.parametrize(("inside", "form", "near"), SLIPS)
def test_what_cannot_stand_after_the_bar_is_refused_with_what_can(inside: str, form: str, near: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        resolved(f"one\n{{{{ {inside} }}}}", {**NAMES, "above": 1, "out": 1, "_": 1}, 4_000)
    assert str(refused.value).startswith(
        f"Line 2 of the prompt: {{{{ {inside} }}}} has no value: {form} is no way to send one."
    )
    assert (refused.value.reason, refused.value.near) == ("reference.form", near)
    assert "a number of tokens, {{" in refused.value.hint and "sheets NAME" in refused.value.hint


@pytest.mark.parametrize("inside", ["x | 500 | 600", "x | repr | repr", "x | pages 2 | 60 | sheets 3"])
def test_so_is_what_is_said_twice(inside: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        sent(f"{{{{ {inside} }}}}")
    assert refused.value.reason == "reference.form_twice"


def test_an_export_has_it_sent_as_it_stands() -> None:
    assert has_references("{{ x | 5oo }}") and not has_references("{{ x || y }}")


@pytest.mark.parametrize(
    "line", ["%%glm", "%%glm --once --above", "%%glm --draw", "%%glm --each rows", "%%glm --preview"]
)
def test_a_cell_with_a_slip_sends_nothing(page: Page, server: PracticeServer, line: str) -> None:
    page.run("sales, rows = 'words ' * 9, [{'a': 1}]")
    for inside, says in (
        ("sales | 5oo", "Did you mean 500?"),
        ("above | x", "x is no way"),
        ("out | 5oo", "5oo is no"),
    ):
        error = page.run(f"{line}\n{{{{ {inside} }}}}{' {{ a }}' if 'each' in line else ''}").error
        assert isinstance(error, InvalidRequest) and says in str(error)
        assert "Nothing was sent. After the bar stands" in str(error) and "--raw or a code fence" in str(error)
    assert server.requests == []


def test_an_unknown_name_is_the_error_where_what_follows_is_no_filter() -> None:
    for inside in ("nmae | 5oo", "nmae | pgaes 2"):
        with pytest.raises(InvalidRequest, match=r"no value named nmae\. Did you mean name"):
            sent(f"{{{{ {inside} }}}}")


@pytest.mark.parametrize(
    "words",
    [
        "x || name",
        "x || 'a'",
        "x | 500 || 600",
        "y | upper",
        "y | date('Y')",
        "y | z > 0",
        "2 | 5oo",
        "'a' | 5oo",
        "| x",
    ],
)
def test_what_is_plainly_no_reference_stays_text(words: str) -> None:
    assert sent(f"{{{{ {words} }}}}") == f"{{{{ {words} }}}}"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("lines | repr", r"'one\ntwo'"),
        ("lines|repr 500", r"'one\ntwo'"),
        ("lines | repr | 500", r"'one\ntwo'"),
        ("lines | 500 | repr", r"'one\ntwo'"),
        ("a_set | repr", "{'a', 'b', 'c'}"),
        ("thing | repr", "<object object>"),
    ],
)
def test_a_value_may_be_sent_as_its_repr(form: str, expected: str) -> None:
    names = {**NAMES, "a_set": {"b", "c", "a"}, "thing": object()}
    assert resolved(f"{{{{ {form} }}}}", names, 4_000).text == expected
    assert has_references(f"{{{{ {form} }}}}")


def test_without_names_there_are_no_references() -> None:
    assert resolved("{{ x }}", None, 100).text == "{{ x }}"


# Where a value stands


def test_a_text_of_several_lines_stands_where_it_is_written_if_its_line_ends_there() -> None:
    assert sent("Translate into {{ name }}: {{ lines }}  \nNow.") == "Translate into Ada: one\ntwo  \nNow."
    assert sent("翻译：{{ lines }}") == "翻译：one\ntwo"


BELOW = "`lines`:\n\n```text\none\ntwo\n```"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {{ lines }} b", "a `lines` b"),
        ("比较{{ lines }}和{{ x }}。", "比较`lines`和7。"),
        ("{{ lines }} {{ lines }}", "`lines` `lines`"),
        ("{{ lines }}{{ lines }}", "`lines` `lines`"),
        ("- {{ lines }}\n- more", "- `lines`\n- more"),
        ("1. {{ lines }}", "1. `lines`"),
        ("# {{ lines }}", "# `lines`"),
        ("> {{ lines }}", "> `lines`"),
        ("| {{ lines }} |", "| `lines` |"),
        ("`code`{{ lines }}`more`", "`code` `lines` `more`"),
    ],
)
def test_else_it_goes_below_so_that_nothing_is_glued_to_it(text: str, expected: str) -> None:
    assert sent(text) == f"{expected}\n\n{BELOW}"


def test_functions_share_a_sentence_and_are_told_apart() -> None:
    names = {"resolved": resolved, "has": has_references}
    text = resolved("Compare {{ resolved }}{{ has }}, and {{ has }}.", names, 4_000).text
    first, *below = re.split(r"\n\n`(?=resolved`:|has`:)", text)
    assert first == "Compare `resolved` `has`, and `has`."
    assert [part.partition("(")[0] for part in below] == [
        "resolved`:\n\n```python\ndef resolved",
        "has`:\n\n```python\ndef has_references",
    ]
    assert "resolved(text" not in first and text.count("def has_references") == 1


def test_a_value_may_stand_below_both_whole_and_as_its_repr() -> None:
    names = {"table": NAMES["table"], "block": type("Block", (), {"__repr__": lambda self: "a\nb"})()}
    text = resolved("Is {{ block }} the same as {{ block | repr }}?", names, 100).text
    assert text.startswith("Is `block` the same as `repr(block)`?\n\n`block`:\n\n```text\na\nb\n```")


def test_a_value_of_several_lines_within_a_sentence_goes_below_once() -> None:
    text = sent("What stands out in {{ table }}, and is {{ table }} long?\n\nBe brief.")
    first, rest = text.split("\n\nBe brief.\n\n`table`:\n\n")
    assert first == "What stands out in `table`, and is `table` long?"
    assert rest.startswith("```json\n{")
    assert text.count("```json") == 1


def test_the_largest_room_of_several_mentions_counts() -> None:
    assert sent("{{ table | 60 }} or {{ table }}?") == sent("{{ table }} or {{ table | 60 }}?")
    assert "more" not in sent("{{ table | 60 }} or {{ table }}?")


def test_a_value_on_a_line_of_its_own_stands_there() -> None:
    text = sent("Look:\n\n{{ table }}\n\nWhat is it?")
    assert text.startswith("Look:\n\n```json\n{")
    assert text.endswith("```\n\nWhat is it?")


def test_a_budget_cuts_and_the_text_says_so() -> None:
    whole = sent("{{ table }}")
    cut = sent("{{ table | 60 }}")
    assert len(cut) < len(whole)
    assert "more" in cut or "cut" in cut


# What cannot be resolved


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one\ntwo {{ nmae }}", "Line 2 of the prompt: There is no value named nmae. Did you mean name?"),
        ("{{ nested.a }}", 'Write nested["a"]'),
        ("{{ x.reel }}", "Line 1 of the prompt: {{ x.reel }} has no value (AttributeError"),
        ('{{ nested["aa"] }}', "KeyError"),
        ("{{ numbers[99] }}", "IndexError"),
        ("{{ x[0] }}", "TypeError"),
        ("{{ error }}", "no exception yet"),
    ],
)
def test_an_error_names_the_line_and_the_nearest_name(text: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        sent(text)
    assert said in str(caught.value)


def test_a_value_that_cannot_be_shown_is_named() -> None:
    class Shy:
        def __repr__(self) -> str:
            raise ZeroDivisionError("never")

    with pytest.raises(InvalidRequest, match=r"Line 1 of the prompt: \{\{ shy \}\} cannot be shown"):
        resolved("{{ shy }}", {"shy": Shy()}, 100)


@given(st.text(alphabet="{}x `$\\\n|[]().ab\"'~^_", max_size=60))
def test_any_text_is_sent_or_refused_with_a_message(text: str) -> None:
    names = {"x": "X", "a": "A", "b": "B", "ab": "{{ x }}", "xx": [1]}
    try:
        found = resolved(text, names, 100).text
    except InvalidRequest as error:
        assert "Line" in str(error)
        return
    if not has_references(text):
        assert found == text


@given(st.text(max_size=80).filter(lambda text: "{{" not in text))
def test_a_text_without_double_braces_is_sent_as_it_is(text: str) -> None:
    assert resolved(text, NAMES, 100).text == text


@given(st.text(max_size=60), st.text(max_size=20).filter(lambda text: "`" not in text and "~" not in text))
def test_a_text_value_stands_as_it_is(value: str, before: str) -> None:
    before = "a" + before.replace("{", "").replace("$", "").replace("\\", "").replace("\n", " ")
    assert resolved(f"{before} {{{{ x }}}}", {"x": value}, 10_000).text == f"{before} {value}"


# In a cell, and in Python


def test_a_cell_sends_the_values_and_remembers_what_was_written(page: Page, server: PracticeServer) -> None:
    page.run("total = 42")
    server.enqueue(Answer("Yes."), Answer("Still."))
    assert page.run("%%glm\nIs {{ total }} even?").success
    assert server.requests[-1].body["messages"] == [{"role": "user", "content": "Is 42 even?"}]
    page.run("total = 43")
    assert page.run("%%glm\nSure?").success
    assert server.requests[-1].body["messages"][0]["content"] == "Is 42 even?"
    (turn, _) = page.magics.chat.thread().turns
    assert (turn.prompt, turn.written) == ("Is 42 even?", "Is {{ total }} even?")
    assert "Is {{ total }} even?" in page.run("%glm usage").plain()


def test_in_and_out_and_the_last_value_can_be_named(page: Page, server: PracticeServer) -> None:
    page.shell.run_cell("6 * 7", store_history=True)
    page.names["_"] = 42
    assert page.run("%%glm\n{{ _ }} came of {{ In[1] }}").success
    assert server.requests[-1].body["messages"][-1]["content"] == "42 came of 6 * 7"


def test_raw_turns_references_off(page: Page, server: PracticeServer) -> None:
    assert page.run("%%glm --raw\n{{ undefined }}").success
    assert server.requests[-1].body["messages"][-1]["content"] == "{{ undefined }}"


def test_an_undefined_name_fails_the_cell_before_anything_is_sent(page: Page, server: PracticeServer) -> None:
    page.run("frame = 1")
    cell = page.run("%%glm\nLook at\n{{ fram }}")
    assert not cell.success
    assert "Line 3: There is no value named fram. Did you mean frame?" in str(cell.error)
    assert "--raw" in str(cell.error)
    assert server.requests == []


#: What may stand above a prompt, and on which line of the cell the prompt begins.
ABOVE = [
    ("%%glm\n", 2),
    ("\n\n# asked each week\n%%time\n%%glm --once\n", 6),
    ("%%glm --once \\\n  --no-stream\n", 3),
    ("%%glm\n#| label: question\n#| echo: false\n", 4),
    ("  %%glm\n", 2),
    ("%%glm\n\n\n", 4),
    ("%%glm\r\n", 2),
    ("%%glm --each rows -o answers\n{{ text }}\n", 3),
    ("%%glm --preview\n", 2),
    ("%%glm --bg\n", 2),
]


@pytest.mark.parametrize(("above", "first"), ABOVE)
def test_an_error_in_a_cell_names_the_line_that_an_editor_shows(
    page: Page, server: PracticeServer, above: str, first: int, capsys: pytest.CaptureFixture[str]
) -> None:
    page.run("rows = [{'text': 'a'}]")
    error = page.run(f"{above}One\n  and {{{{ undefinedd }}}}\nthree").error
    # In IPython 8, `%%time` shows an error and ends well.
    assert str(error or capsys.readouterr().out).startswith(f"Line {first + 1}: There is ")
    assert server.requests == []


@pytest.mark.parametrize(
    "cell",
    [
        "1 + 1\n%glm ask Is {{ undefinedd }} even?",
        "get_ipython().run_cell_magic('glm', '', 'Is {{ undefinedd }} even?')",
    ],
)
def test_where_no_line_of_the_cell_is_meant_it_is_said_what_is(page: Page, cell: str) -> None:
    assert str(page.run(cell).error).startswith("Line 1 of the prompt: There is no value named undefinedd.")


def test_all_that_cannot_be_resolved_is_told_at_once(page: Page, server: PracticeServer) -> None:
    page.run("frame = 1\nprices = {'net': 1}")
    lines = ["{{ fram }} {{ frame }}", "{{ prices.net }}", "{{ zzz }}", "{{ frame.imaag }}", "{{ zzz }} {{ fram }}"]
    cell = page.run("%%glm\n" + "\n".join(lines))
    assert isinstance(cell.error, InvalidRequest)
    assert str(cell.error).splitlines() == [
        "Lines 2 and 6: There is no value named fram. Did you mean frame?",
        "Line 3: {{ prices.net }} has no value: net is a key.",
        "Lines 4 and 6: There is no value named zzz.",
        "Line 5: {{ frame.imaag }} has no value (AttributeError: 'int' object has no attribute 'imaag'). "
        "Did you mean imag?",
        'Nothing was sent. --raw or a code fence sends braces as they stand. Write prices["net"]. --raw or a code '
        "fence sends braces as they stand.",
    ]
    assert server.requests == []


def test_of_very_many_the_first_are_told_and_the_others_counted(page: Page) -> None:
    error = str(page.run("%%glm\n" + "\n".join(f"{{{{ zzz{number} }}}}" for number in range(200))).error)
    assert error.count("There is no value") == 10
    assert "190 more cannot be resolved. Nothing was sent." in error


def test_the_last_exception_can_be_named(page: Page, server: PracticeServer) -> None:
    page.run("price = 0\n1 / price")
    assert page.run("%%glm\nWhat is this? {{ error }}").success
    content = server.requests[-1].body["messages"][-1]["content"]
    assert "ZeroDivisionError: division by zero" in content
    assert "1 / price" in content
    assert "site-packages" not in content and "/tmp" not in content


def test_a_variable_named_error_goes_before_the_last_exception(page: Page, server: PracticeServer) -> None:
    page.run("1 / 0")
    page.run("error = 'mine'")
    assert page.run("%%glm\n{{ error }}").success
    assert server.requests[-1].body["messages"][-1]["content"] == "mine"


def test_our_own_messages_are_not_the_last_exception(page: Page, server: PracticeServer) -> None:
    page.run("%%glm\n{{ undefined }}")
    cell = page.run("%%glm\n{{ error }}")
    assert "no exception yet" in str(cell.error)


def test_a_reply_with_references_is_never_expanded(page: Page, server: PracticeServer) -> None:
    page.run("secret = 'do not tell'")
    server.enqueue(Answer("Say {{ secret }}"), Answer("Well."))
    assert page.run("%%glm\nhello").success
    assert page.run("%%glm\nGo on").success
    assert "do not tell" not in str(server.requests[-1].body)


def test_an_asked_command_resolves_references_too(page: Page, server: PracticeServer) -> None:
    page.run("total = 42")
    assert page.run("%glm ask Is {{ total }} even?").success
    assert server.requests[-1].body["messages"][-1]["content"] == "Is 42 even?"


def test_python_gives_the_names(chat: Chat, server: PracticeServer) -> None:
    assert chat.ask("Is {{ n }} even?", names={"n": 42}).text
    assert chat.ask("Is {{ n }} even?").text
    contents = [message["content"] for message in server.requests[-1].body["messages"] if message["role"] == "user"]
    assert contents == ["Is 42 even?", "Is {{ n }} even?"]


def test_a_retry_asks_with_the_values_of_then(page: Page, server: PracticeServer) -> None:
    page.run("total = 42")
    assert page.run("%%glm\nIs {{ total }} even?").success
    page.run("total = 43")
    assert page.run("%glm retry").success
    assert server.requests[-1].body["messages"][-1]["content"] == "Is 42 even?"


def test_the_users_budget_for_values_is_a_setting(page: Page, server: PracticeServer) -> None:
    page.run("words = 'word ' * 5000")
    page.run("%config GLMMagics.value_tokens = 100")
    assert page.run("%%glm\n{{ words }}").success
    assert len(server.requests[-1].body["messages"][-1]["content"]) < 1_000
    assert page.run("%%glm\n{{ words | 9000 }}").success
    assert len(server.requests[-1].body["messages"][-1]["content"]) == 25_000


# Preview


def test_a_preview_shows_the_messages_and_sends_nothing(page: Page, server: PracticeServer) -> None:
    page.run("total = 42")
    server.enqueue(Answer("hello"))
    assert page.run("%%glm -s 'Be brief.'\nhi").success
    before = page.magics.chat.thread().turns
    cell = page.run("%%glm --preview -m glm-4.7 --temperature 0.2\nIs {{ total }} even?")
    assert cell.success
    text = cell.plain()
    for part in ("Nothing was sent", "Is 42 even?", "Be brief.", "hello", "about", "tokens", "¥", "temperature"):
        assert part in text
    assert "4 · user" in text
    assert len(server.requests) == 1
    assert page.magics.chat.thread().turns == before


def test_a_preview_fails_as_the_cell_would(page: Page, server: PracticeServer) -> None:
    assert not page.run("%%glm --preview\n{{ undefined }}").success


def test_a_value_that_holds_the_key_does_not_tell_it(monkeypatch: pytest.MonkeyPatch, bare_page: Page) -> None:
    secret = "0123456789abcdef.verysecretpart"
    with PracticeServer(pace=0, api_key=secret) as server:
        monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
        monkeypatch.setenv("ZHIPUAI_API_KEY", secret)
        assert bare_page.run("%load_ext zhipu_magic\nimport os\nsettings = dict(os.environ)").success
        bare_page.run("def read() -> dict:\n    return settings")
        shown = [bare_page.run("%%glm --preview\n{{ settings | 9000 }}")]
        server.enqueue(Answer(tool_calls=(tool_call("read", {}, id="1"),)), Answer("Well."))
        shown += [bare_page.run("%%glm --tool read\n{{ settings | 9000 }}"), bare_page.run("%glm history --full")]
        assert all(cell.success for cell in shown)
        told = str([shown, [received.body for received in server.requests]])
        assert "ZHIPUAI_API_KEY" in told
        assert secret not in told


def test_a_cell_is_referred_to_as_it_was_typed(page: Page, server: PracticeServer) -> None:
    page.shell.run_cell("%time 1", store_history=True)
    assert page.run("%%glm\n{{ In[1] }}").success
    assert server.requests[-1].body["messages"][-1]["content"] == "%time 1"


def test_a_command_takes_no_options_of_a_cell(page: Page, server: PracticeServer) -> None:
    page.run("1 / 0")
    for line in ("%glm ask -i write it", "%glm ask --model=glm-4 hi", "%glm fix --preview"):
        cell = page.run(line)
        assert "takes no options" in str(cell.error)
    assert page.run("%glm ask - a list").success
    assert len(server.requests) == 1


def test_a_preview_of_a_cell_that_has_asked_leaves_its_turn(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer("one"), Answer("two"))
    assert page.run("%%glm\na", "a").success
    assert page.run("%%glm\nb", "b").success
    assert page.run("%%glm --preview\na", "a").success
    assert [turn.prompt for turn in page.magics.chat.thread().turns] == ["a", "b"]


# In a function


def asked(server: PracticeServer) -> str:
    """The last prompt."""
    text: str = server.requests[-1].body["messages"][-1]["content"]
    return text


CELL = "get_ipython().run_cell_magic('glm', '--once', '{{ city }}')"


@pytest.mark.parametrize(
    "body",
    [
        CELL,
        "%glm ask {{ city }}",
        "%time get_ipython().run_line_magic('glm', 'ask {{ city }}')",
        "[get_ipython().run_line_magic('glm', 'ask {{ city }}') for city in [city]]",
        "(lambda city: get_ipython().run_line_magic('glm', 'ask {{ city }}'))(city)",
        f"for _ in range(2):\n        {CELL}",
    ],
)
def test_a_functions_own_variable_goes_before_the_notebooks(page: Page, server: PracticeServer, body: str) -> None:
    assert page.run(f"city = 'Rome'\ndef ask(city):\n    {body}\nask('Paris')").success
    assert asked(server) == "Paris"
    assert page.run(f"{CELL}").success
    assert asked(server) == "Rome"


def test_what_a_function_does_not_have_is_the_notebooks(page: Page, server: PracticeServer) -> None:
    assert page.run(f"city = 'Rome'\ndef ask():\n    {CELL}\nask()").success
    assert asked(server) == "Rome"


def test_a_closure_has_what_it_uses_as_python_has_it(page: Page, server: PracticeServer) -> None:
    uses = f"def outer(city):\n    def ask():\n        city\n        {CELL}\n    ask()\nouter('Paris')"
    assert page.run(f"city = 'Rome'\n{uses}").success
    assert asked(server) == "Paris"
    assert page.run(uses.replace("        city\n", "")).success
    assert asked(server) == "Rome"


def test_within_another_magic_a_cell_has_the_notebooks(page: Page, server: PracticeServer) -> None:
    page.run("city = 'Rome'")
    for around in ("%%time", "%%capture"):
        assert page.run(f"{around}\n%%glm --once\n{{{{ city }}}}").success
        assert asked(server) == "Rome"


def test_the_variables_of_a_script_are_its_own(page: Page, server: PracticeServer, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"city = 'Paris'\n{CELL}\n")
    page.run("city = 'Rome'")
    assert page.run(f"%run {script}").success
    assert asked(server) == "Paris"


def test_a_functions_own_tool_image_and_type_may_be_named(page: Page, server: PracticeServer) -> None:
    server.enqueue(Answer(tool_calls=(tool_call("weather", {"city": "Paris"}, id="1"),)), Answer("[1]"))
    cell = (
        "def weather(city: str) -> str:\n    'The notebook\\'s.'\n    return 'sun'\n"
        "def ask():\n"
        "    def weather(city: str) -> str:\n        'The function\\'s.'\n        return 'rain'\n"
        "    Row = int\n"
        "    get_ipython().run_cell_magic('glm', '--tool weather --as list[Row] -o rows -b reply', 'Is it raining?')\n"
        "ask()"
    )
    assert page.run(cell).success
    described, result = server.requests[0].body["tools"][0]["function"], server.requests[1].body["messages"][-1]
    assert (described["description"], result["content"]) == ("The function's.", "rain")
    assert page.names["rows"] == [1]
    assert page.names["reply"].choices[0].message.content == "[1]"


def test_a_tool_of_every_turn_stays_what_the_notebook_has_defined(page: Page, server: PracticeServer) -> None:
    page.run("def weather() -> str:\n    'The notebook\\'s.'\n    return 'sun'")
    page.run("%glm tools add weather")
    ask = f"def ask():\n    def weather() -> str:\n        'Another.'\n        return 'rain'\n    {CELL}\nask()"
    assert page.run(f"city = 'Rome'\n{ask}").success
    assert server.requests[-1].body["tools"][0]["function"]["description"] == "The notebook's."


# Whatever stands in a sentence


def test_a_text_in_its_place_gets_no_space_beside_it() -> None:
    assert resolved("{{ a }}{{ a }}`b`", {"a": "`c`"}, 100).text == "`c``c``b`"


@given(
    st.lists(
        st.sampled_from(["{{ name }}", "{{ lines }}", "{{ table }}", "{{ x }}", "words", "，", "- ", "| ", "`c`", " "]),
        min_size=1,
        max_size=8,
    )
)
def test_a_sentence_keeps_its_words_and_every_value_is_told_whole(pieces: list[str]) -> None:
    line = "".join(pieces)
    found = sent(f"{line}\nafter")
    first, _, rest = found.partition("\nafter")
    spaced = first.replace(" ", "")
    if line.strip() in ("{{ lines }}", "{{ table }}"):
        return  # alone, it stands in its place
    stays = line.rstrip().endswith("{{ lines }}") and "one\ntwo" in first
    for piece, value in (("{{ name }}", "Ada"), ("{{ x }}", "7"), ("words", "words"), ("`c`", "`c`")):
        assert spaced.count(value) >= pieces.count(piece)
    if "{{ lines }}" in line:
        assert stays or "`lines`:\n\n```text\none\ntwo\n```" in rest
    if "{{ table }}" in line:
        assert rest.count("`table`:\n\n```json\n{") == 1
    assert first.count("``") <= line.count("``")


def test_names_that_nobody_has_chosen_do_not_make_code_of_a_template(page: Page, server: PracticeServer) -> None:
    page.run("'a result'")
    text = "{{ _('Sign in') }} {{ out(1) }} {{ cell() + above }} {{ get_ipython() }} {{ quit() }}"
    assert page.run(f"%%glm\n{text}").error is None
    assert server.requests[-1].body["messages"][-1]["content"] == text
    page.run("out = 3")
    assert isinstance(page.run("%%glm\n{{ out + 1 }}").error, InvalidRequest)
