"""Full-width and typographic signs on a `%%glm` line are read as they were meant, or named."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from in_process import Page
from IPython.core.error import UsageError

from zhipu_magic.notebook.line import cell_line
from zhipu_magic.notebook.line import words as line_words
from zhipu_magic.notebook.line.options import PARSER
from zhipu_magic.practice import PracticeServer

NAMES = PARSER._option_string_actions


def read(line: str) -> dict[str, Any]:
    """What the line sets, its request's options among it."""
    options = cell_line.parse(line)
    members = {**vars(options), **vars(options.request)}
    return {name: value for name, value in members.items() if value and name != "request"}


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("－b　response —once -s “You're a poet”", """-b response --once -s "You're a poet" """),
        ("––once –b x −m glm-4", "--once -b x -m glm-4"),
        ("–once ‐b x ﹣q ——raw", "--once -b x -q --raw"),
        ("－－ｏｎｃｅ　－ｂ　ｘ", "--once -b x"),
        ("－－max－tokens ５００ --seed −7 --temperature ０．２", "--max-tokens 500 --seed -7 --temperature 0.2"),
        ("-b\u00a0x\u2003-q\u202f--once", "-b x -q --once"),
        ("\u200b--once \ufeff-b\u200b x", "--once -b x"),
        ("-s ‘You’re a poet’ -q", '-s "You’re a poet" -q'),
        ("-s 「简短 些」 -q", '-s "简短 些" -q'),
        ("-s 『简短 些』 --stop ＂# #＂", "-s '简短 些' --stop '# #'"),
        ("-s „Sei kurz“ --stop «a b»", "-s 'Sei kurz' --stop 'a b'"),
        ("-s ”你好 吗“", "-s '你好 吗'"),
        ("-s “他说“你 好”。”", "-s '他说“你 好”。'"),
        ("-s“你好 吗” -q", "-s '你好 吗' -q"),
        ("-s “你好”—once", "-s 你好 --once"),
        ("-s “你好”，—once", "-s 你好 --once"),
        ("-s “你 好”， －－once -q", "-s '你 好' --once -q"),
        ("-s「你好」-t drafts", "-s 你好 -t drafts"),
        ("-s “你好”－b：x", "-s 你好 -b x"),
        ("--stop＝“a b”、--once", "--stop='a b' --once"),
        ('-s "你 好"—once', "-s '你 好' --once"),
        ("-s '你好'，-q", "-s 你好 -q"),
        ("--system＝“Be brief.”", "--system='Be brief.'"),
        ("—model＝glm-4", "--model=glm-4"),
        ("-s：“简短 些” —model：glm-4 -b:x", "-s '简短 些' --model glm-4 -b x"),
        ("-s：简短 -t∶drafts --once：", "-s 简短 -t drafts --once"),
        ("-s： “简短 些”", "-s '简短 些'"),
        ("-s＝简短 --seed﹦7", "-s 简短 --seed 7"),
        ("-b x\u200b \u200e-m\u2066 glm-4\u2069 \ufeff", "-b x -m glm-4"),
        ("-s \u200b“简短 些”\u200b -q", "-s '简短 些' -q"),
        ("--system= -q", "--system '' -q"),
        ("--search “GLM 新闻” recency＝week", "--search 'GLM 新闻' recency=week"),
        ("--tool weather，confirm（send）、f", "--tool weather,confirm(send),f"),
        ("--tool f， g", "--tool f,g"),
        ("--tool=f 、g, h -q", "--tool f,g,h -q"),
        ("--tool f， -q", "--tool f -q"),
        ("-m glm‑4", "-m glm-4"),
        ("-m ｇｌｍ－４", "-m glm-4"),
        ("-m glm-4， -q", "-m glm-4 -q"),
        ("--effort High", "--effort high"),
        ("--effort ｈｉｇｈ", "--effort high"),
        ("--param user_id＝'\"x\"'", "--param user_id='\"x\"'"),
        ("--mcp weather＝https://a.org/sse", "--mcp weather=https://a.org/sse"),
    ],
)
def test_a_sign_of_the_line_is_read_as_it_was_meant(line: str, meant: str) -> None:
    assert read(line) == read(meant)


def test_a_type_is_written_with_any_quotes() -> None:
    assert cell_line.parse("--as Literal[“正 面”，“负面”]").as_type == "Literal['正 面','负面']"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('-s "“x”—y　z － ＝"', "“x”—y　z － ＝"),
        ("-s '—once'", "—once"),
        ("-s —简短", "—简短"),
        ("-s 他说“好”吧", "他说“好”吧"),
        ("-s “重点”请突出", "“重点”请突出"),
        ("-s “重点”——请突出", "“重点”——请突出"),
        ("-s 'A'-level", "A-level"),
        (r"-s C:\Users\x", r"C:\Users\x"),
        (r"-s \n", r"\n"),
        (r"-s \[x\]", r"\[x\]"),
        (r"-s a\ b", "a b"),
        (r"-s \"a\\\'b", "\"a\\'b"),
        (r"-s \“a", "“a"),
        (r'-s "a\n"', r"a\n"),
        ("-s a＝b", "a＝b"),
        ("--system=—once", "—once"),
        ("-sBe—brief", "Be—brief"),
        ("-s a：b", "a：b"),
        ('-s "\u200bx\u200b"', "\u200bx\u200b"),
        ("-s 「a“b”—c　d」", "a“b”—c　d"),
    ],
)
def test_a_value_keeps_its_own_signs(line: str, value: str) -> None:
    assert cell_line.parse(line).request.system == value


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-s “Be brief", "The quote “ on the %%glm line is not closed: ” is missing."),
        ('-s "Be brief”', "” does not close a plain quote"),
        ("-s “重 点”请突出", "'点”请突出'"),
        ("-s “你好”—onse", "Did you mean --once?"),
        ("-s “你好”，—onse", "Did you mean --once?"),
        ("—onse", "Did you mean --once?"),
        ("—max—token 5", "Did you mean --max-tokens?"),
        ("－x", "no option -x"),
        ("--tool ，", "'，' is not the name of a function"),
        ("--effort huge", "huge"),
        ("-b x\u200by", "'x\\u200by'"),
        ("-m glm\u200b-4", "'glm\\u200b-4'"),
        ("—onse：x", "no option --onse. Did you mean --once?"),
        ("–", "'–'"),
    ],
)
def test_what_cannot_be_read_is_named(page: Page, server: PracticeServer, line: str, words: str) -> None:
    assert words in str(page.run(f"%%glm {line}\n你好").error)
    assert server.requests == []


@pytest.mark.parametrize("line", ["-once", "-seed 7", "-bind x", "-model glm-4", "-no-think"])
def test_a_long_option_with_one_dash_is_no_short_one_with_a_value(
    page: Page, server: PracticeServer, line: str
) -> None:
    """`-once` would bind the answer to a variable `nce`."""
    assert f"Did you mean -{line.split()[0]}?" in str(page.run(f"%%glm {line}\n你好").error)
    assert server.requests == []


def test_a_name_is_bound_as_python_reads_it(page: Page) -> None:
    assert page.run("%%glm －ｂ　ｒｅｓｐｏｎｓｅ\n你好").success
    assert page.run("ｒｅｓｐｏｎｓｅ.choices").success


@given(st.lists(st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20), min_size=1)))
def test_plain_words_are_those_of_a_shell(texts: list[str]) -> None:
    assume(not any(re.match(r"-{2,}\w\b", text) for text in texts))  # `--b` is meant as `-b`
    line = shlex.join(texts)
    assert line_words.words(line, NAMES) == texts


@given(st.text(st.sampled_from(list("“”‘’「」＂'\"\\ 　—－-=＝[]，abso你"))))
def test_any_signs_are_read_or_refused(line: str) -> None:
    try:
        cell_line.parse(line)
    except UsageError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("command", "plain"),
    [
        ("history —full", "history --full"),
        ("system “Be brief.”", 'system "Be brief."'),
        ("model ｇｌｍ‑4.7，", "model glm-4.7"),
        ("history\u200b 1\u200b", "history 1"),
    ],
)
def test_commands_read_them_too(page: Page, command: str, plain: str) -> None:
    page.run("%%glm\n你好")
    assert page.run(f"%glm {command}").plain() == page.run(f"%glm {plain}").plain()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("system —clear", "%glm system takes no options such as --clear"),
        ("system --clear", "%glm system takes no options such as --clear"),
        ("system —onse", "Did you mean --once?"),
        ("system —once Be brief.", "%glm system takes no options; a cell does"),
        ("ask ——onse 你好", "Did you mean --once?"),
        ("fix —quiett", "takes no options such as --quiett. Did you mean --quiet?"),
        ("history —ful", "%glm history has no option --ful. Did you mean --full?"),
        ("thread —clear", "%glm thread has no option --clear."),
        ("journal —off", "%glm journal has no option --off."),
        ("fork a ––att 1", "%glm fork has no option --att. Did you mean --at?"),
        ("budget —off", "%glm budget has no option --off."),
    ],
)
def test_an_option_that_a_command_does_not_have_is_no_text(
    page: Page, server: PracticeServer, command: str, words: str
) -> None:
    page.run("1 / 0")
    assert words in str(page.run(f"%glm {command}").error)
    assert server.requests == []
    assert (page.magics.chat.system, page.magics.chat.thread().name) == ("", "main")


@pytest.mark.parametrize(
    ("written", "text"),
    [("“—clear”", "—clear"), ("— clear", "— clear"), ("——简短", "——简短"), ("–5 °C", "–5 °C"), ("- a", "- a")],
)
def test_a_text_may_begin_with_a_dash(page: Page, written: str, text: str) -> None:
    page.run(f"%glm system {written}")
    assert page.magics.chat.system == text


def test_tools_are_listed_with_any_commas(page: Page) -> None:
    page.run("def f(): ...\ndef g(): ...\ndef h(): ...")
    assert page.run("%glm tools add f、g， h").success
    assert [tool.name for tool in page.magics.chat.tools] == ["f", "g", "h"]
    assert page.run("%glm tools remove f，h").success
    assert [tool.name for tool in page.magics.chat.tools] == ["g"]
