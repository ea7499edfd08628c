"""What an earlier turn has is not sent twice; and what no turn of the request has is sent, whatever became of it."""

from __future__ import annotations

import pytest
from in_process import Notebook
from test_shown_outputs import numbered, sent  # noqa: F401  # a fixture

from zhipu_magic.practice import Fault, PracticeServer
from zhipu_magic.service import models

CODE = "say('the words of six')"
ALREADY = "already sent, unchanged"
TURN = "an earlier turn of this conversation"


@pytest.fixture
def asked(numbered: Notebook) -> Notebook:  # noqa: F811  # the fixture
    """A page with a cell, and a turn that has sent it."""
    numbered.run("six", CODE)
    assert CODE in sent(numbered, "First?", "%%glm --above", "first")
    return numbered


def messages(notebook: Notebook) -> list[str]:
    return [str(message["content"]) for message in notebook.server.requests[-1].body["messages"]]


def test_it_goes_again_once_its_turn_has_no_room(asked: Notebook) -> None:
    asked.page.run("long = 'words ' * 60_000")
    for number in range(9):
        sent(asked, "{{ long | 20000 }}", cell=f"long {number}")
    found = asked.run("last", "%%glm --above\nLast?", "ok")
    text = asked.sent()[-1]
    assert "First?" not in messages(asked)[0] and "left out" in found.plain(1)
    assert f"Code cell:\n\n```python\n{CODE}\n```" in text and ALREADY not in text
    assert "Question:\n\nFirst?\n\nThe answer:\n\nok" in text
    held = " ".join(messages(asked)[:-1])
    for line in text.split("\n\n"):  # what is said to be a turn of the request is one
        if TURN in line and "{{" not in line:
            assert line.partition("“")[2].rstrip("”…") in held, line


def test_each_line_on_a_cell_is_true_of_the_request_that_it_stands_in(asked: Notebook) -> None:
    asked.run("seven", "say('seven')")
    second = sent(asked, "Second?", "%%glm --above", "second")
    assert ALREADY in second and TURN in second
    asked.command("undo 2")
    text = sent(asked, "Third?", "%%glm --above", "third")
    assert CODE in text and ALREADY not in text and TURN not in text


def test_a_turn_that_was_set_aside_holds_nothing(asked: Notebook) -> None:
    sent(asked, "Second?", "%%glm --above", "second")
    asked.run("first", "x = 1")  # it asks no more
    text = sent(asked, "Third?", "%%glm --above", "third")
    assert f"```python\n{CODE}\n```" in text and "“First?”" not in text


@pytest.mark.parametrize("line", ["%%glm --once", "%%glm -t other", "%%glm --draw", "%%glm --each rows"])
def test_what_goes_out_without_the_turns_has_all_of_it(asked: Notebook, line: str) -> None:
    asked.page.run("rows = ['row']")
    asked.server.enqueue()
    prompt = "{{ above }} {{ text }}" if "each" in line else "{{ above }}"
    assert asked.page.run(f"{line}\n{prompt}").success
    bodies = [one.body for one in asked.server.requests if isinstance(one.body, dict)]
    drawn = getattr(asked.page.magics.chat.state.event, "prompt", None)
    text = drawn if "draw" in line else bodies[-1]["messages"][-1]["content"]
    assert CODE in text and ALREADY not in text and TURN not in text


def test_a_smaller_request_has_what_its_turns_no_longer_do(
    asked: Notebook, server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.enqueue(Fault(400, "1261"))
    monkeypatch.setattr(asked.page.magics.chat, "model", models.find("glm-4").name)  # type: ignore[union-attr]  # it is there
    text = sent(asked, "Second?", "%%glm --above", "second")
    assert len(messages(asked)) == 1
    assert CODE in text and ALREADY not in text and TURN not in text
    assert asked.turns()[-1][0] == text
    assert ALREADY in sent(asked, "Third?", "%%glm --above", "third")


def test_a_variable_of_that_name_is_no_page(asked: Notebook) -> None:
    asked.page.run("above = ['words ' * 9_000] * 3")
    found = asked.run("q", "%%glm --above\n{{ above | 50 }}?", "ok")
    assert "The cells of the notebook above" in asked.sent()[-1]
    assert "above: 1 cell, 2 already sent, " in found.plain(1)
    full = asked.command("history 2")
    assert "\n\nabove: 1 cell, 2 already sent, " in full and "\n\ncut: above: " in full


@pytest.mark.parametrize(("before", "after"), [("0.95", "0.9"), ("0.9", "0.95"), ("an error", ""), ("", "something")])
def test_what_is_the_beginning_of_what_was_sent_is_another_output(
    numbered: Notebook,  # noqa: F811  # the fixture
    before: str,
    after: str,
) -> None:
    numbered.page.names["words"] = before
    numbered.run("six", "if words: say(words)")
    assert f"Output:\n\n{before}" in sent(numbered, "First?", "%%glm --above", "first") or not before
    numbered.page.names["words"] = after
    numbered.run("six", "if words: say(words)")
    text = sent(numbered, "Second?", "%%glm --above", "second")
    again = f"Code cell, {ALREADY}: “if words: say(words)”"
    assert again not in text and "```python\nif words: say(words)\n```" in text
    assert again in sent(numbered, "Third?", "%%glm --above", "third")


PNG = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFElEQVR4nGP8z8Dwn4GBgYGJAQoAHxcCAk+Uzr4AAAAASUVORK5CYII="
FIGURE = "show('blue')"
SHOW = f"show = lambda what: get_ipython().display_pub.publish({{'image/png': {PNG!r}, 'text/plain': what}})"
BLIND, EYES = "%%glm -m glm-4.7-flash --above", "%%glm -m glm-4.6v-flash --above"
WORDS = "[a picture of 2 × 2 pixels, which this model cannot see]"


def test_a_figure_is_sent_once_to_a_model_that_cannot_see_and_later_to_one_that_does(
    numbered: Notebook,  # noqa: F811  # the fixture
) -> None:
    numbered.page.run(SHOW)
    numbered.run("six", FIGURE)
    again = f"Code cell, {ALREADY}: “{FIGURE}”"
    found = numbered.run("first", f"{BLIND}\nFirst?", "ok")
    assert WORDS in numbered.sent()[-1]
    assert found.plain(1).count("picture") == 1
    assert "1 picture not sent, which the model cannot see" in found.plain(1)
    second = sent(numbered, "Second?", BLIND, "second")
    assert again in second and WORDS not in second
    third = sent(numbered, "Third?", EYES, "third")
    assert "[image 1: above]" in third and again not in third
    for number, line in enumerate((BLIND, EYES)):
        assert again in sent(numbered, "More?", line, f"more {number}")


def test_a_figure_that_a_model_has_seen_is_not_told_in_words_to_one_that_cannot(
    numbered: Notebook,  # noqa: F811  # the fixture
) -> None:
    numbered.page.run(SHOW)
    numbered.run("six", FIGURE)
    assert "[image 1: above]" in sent(numbered, "First?", EYES, "first")
    text = sent(numbered, "Second?", BLIND, "second")
    assert f"Code cell, {ALREADY}: “{FIGURE}”" in text and WORDS not in text


@pytest.mark.parametrize("line", ["%%glm --above 2", "%%glm --once --above 2"])
def test_as_many_go_where_the_prompt_refers_to_them(numbered: Notebook, line: str) -> None:  # noqa: F811  # the fixture
    for name in ("six", "seven", "eight"):
        numbered.run(name, f"say('{name}')")
    text = sent(numbered, "{{ above }}\n\nWhat?", line, "first")
    assert "say('eight')" in text and "say('seven')" in text and "say('six')" not in text
    text = sent(numbered, "{{ above | 4000 }}\n\nWhat?", "%%glm --once --above", "first")
    assert "say('six')" in text


def test_a_setting_says_how_many_where_the_line_does_not(numbered: Notebook) -> None:  # noqa: F811  # the fixture
    for name in ("six", "seven"):
        numbered.run(name, f"say('{name}')")
    numbered.page.run("%config GLMMagics.above = 1")
    text = sent(numbered, "{{ above }}\n\nWhat?", "%%glm --once")
    assert "say('seven')" in text and "say('six')" not in text
    assert "say('six')" in sent(numbered, "{{ above }}\n\nWhat?", "%%glm --once --above")
