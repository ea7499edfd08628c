"""A teacher's own script: prompts and their replies in a file."""

from __future__ import annotations

import builtins
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from zhipu_magic.practice import Answer, PracticeServer, ScriptFileError, script_file

Ask = Callable[..., httpx.Response]
Write = Callable[..., Path]

LESSON = """\
- when: photosynthesis
  reply: Plants turn light into sugar.
  reasoning: The class asks about plants.
- when: [how many * bikes, 几辆*自行车]
  tool_calls:
    - name: free_bikes
      arguments: {day: Tuesday}
    - name: price
- when: bikes
  reply: There are enough.
- when: "try it"
  error: 1302
  times: 2
- when: "try it"
  reply: Now it works.
- when: too much
  error: "1308"
  message: Come back tomorrow.
- when: shut up
  reply: I must not
  finish_reason: sensitive
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str | bytes, name: str = "lesson.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


@pytest.fixture
def lesson(server: PracticeServer, write: Write) -> None:
    server.read_script(write(LESSON))


def choice(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["choices"][0]
    return found


def said(response: httpx.Response) -> str:
    return str(choice(response)["message"]["content"])


@pytest.mark.parametrize("model", ["glm-4", "glm-4.7-flash", "glm-5.3", "glm-4-new"])
def test_a_prompt_gets_its_reply_from_any_model(lesson: None, ask: Ask, model: str) -> None:
    message = choice(ask("What is\n  PHOTOSYNTHESIS, please?", model=model))["message"]
    assert message["content"] == "Plants turn light into sugar."
    assert message["reasoning_content"] == "The class asks about plants."


def test_a_reply_streams_like_any_other(lesson: None, ask: Ask) -> None:
    lines = ask("photosynthesis?", stream=True).text.split("\n\n")
    deltas = [json.loads(line[6:])["choices"][0]["delta"] for line in lines if line.startswith("data: {")]
    assert "".join(delta.get("content", "") for delta in deltas) == "Plants turn light into sugar."
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == "The class asks about plants."
    assert lines[-2:] == ["data: [DONE]", ""]


def test_what_no_entry_is_for_gets_the_usual_reply(lesson: None, ask: Ask) -> None:
    assert said(ask("你好")) == "你好！有什么我可以帮助你的吗？"
    assert "no model is behind it" in said(ask("How many cars?"))


def test_the_request_still_decides_about_thinking_and_length(lesson: None, ask: Ask) -> None:
    assert "reasoning_content" not in choice(ask("photosynthesis", thinking={"type": "disabled"}))["message"]
    cut = choice(ask("photosynthesis", max_tokens=8))
    assert (cut["message"]["content"], cut["finish_reason"]) == ("Plan", "length")


def test_a_request_that_the_service_refuses_is_refused(lesson: None, ask: Ask) -> None:
    assert ask("photosynthesis", temperature=7).json()["error"]["code"] == "1210"


def test_scripts_in_the_queue_come_first(lesson: None, server: PracticeServer, ask: Ask) -> None:
    server.enqueue(Answer("from the queue"))
    assert [said(ask("photosynthesis")) for _ in range(2)] == ["from the queue", "Plants turn light into sugar."]


@pytest.mark.parametrize("prompt", ["How many free bikes on Tuesday?", "周二有几辆空闲的自行车？"])
def test_tools_are_called_once_and_their_results_answered(lesson: None, ask: Ask, prompt: str) -> None:
    calls = choice(ask(prompt))
    assert calls["finish_reason"] == "tool_calls"
    functions = [call["function"] for call in calls["message"]["tool_calls"]]
    assert functions == [
        {"name": "free_bikes", "arguments": '{"day":"Tuesday"}'},
        {"name": "price", "arguments": "{}"},
    ]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "31"} for call in calls["message"]["tool_calls"]]
    after = said(ask([{"role": "user", "content": prompt}, calls["message"], *results]))
    assert after == "There are enough." if "bikes" in prompt else "31" in after


def test_calls_have_ids_of_their_own_in_each_turn(lesson: None, ask: Ask) -> None:
    asked = [{"role": "user", "content": "How many free bikes?"}]
    first, second = (choice(ask([*asked] * n))["message"]["tool_calls"] for n in (1, 2))
    assert len({call["id"] for call in (*first, *second)}) == 4


def test_an_entry_can_be_used_up(lesson: None, ask: Ask) -> None:
    codes = [ask("Try it.").json().get("error", {}).get("code") for _ in range(3)]
    assert codes == ["1302", "1302", None]
    assert said(ask("Try it.")) == "Now it works."


def test_an_error_has_its_status_and_perhaps_words_of_its_own(lesson: None, ask: Ask) -> None:
    response = ask("That is too much.", stream=True)
    assert response.status_code == 429
    assert response.json()["error"] == {"code": "1308", "message": "Come back tomorrow."}


def test_a_finish_reason_can_be_given(lesson: None, ask: Ask) -> None:
    assert choice(ask("Shut up!"))["finish_reason"] == "sensitive"


def test_json_says_the_same_and_an_entry_without_when_is_for_all(
    server: PracticeServer, write: Write, ask: Ask
) -> None:
    server.read_script(write('\ufeff[{"when": "a * c", "reply": "1"}, {"reply": "2"}]', "lesson.JSON"))
    assert [said(ask(prompt)) for prompt in ("a b c", "AC", "c a")] == ["1", "1", "2"]


def test_another_file_takes_the_place_of_the_first_and_none_of_both(
    lesson: None, server: PracticeServer, write: Write, ask: Ask
) -> None:
    server.read_script(write("- {when: photosynthesis, reply: Another.}"))
    assert said(ask("photosynthesis")) == "Another."
    server.read_script(None)
    assert "no model" in said(ask("photosynthesis"))


def test_a_file_with_a_mistake_changes_nothing(lesson: None, server: PracticeServer, write: Write, ask: Ask) -> None:
    with pytest.raises(ScriptFileError):
        server.read_script(write("- {repl: Another.}"))
    assert said(ask("photosynthesis")) == "Plants turn light into sugar."


def test_the_example_in_the_documents_works_and_names_every_member(
    server: PracticeServer, write: Write, ask: Ask
) -> None:
    page = Path(__file__, "../../../docs/practice.md").resolve().read_text(encoding="utf-8")
    server.read_script(write(page.split("```yaml\n")[1].split("```")[0]))
    assert "sugar" in said(ask("What is photosynthesis?"))
    assert choice(ask("How many free bikes?"))["finish_reason"] == "tool_calls"
    assert ask("Try it").status_code == 429
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(script_file._MEMBERS) - {"message"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("reply: x", " is not a list: begin each entry with"),
        ("- x", ", entry 1: is not an object"),
        ("- {reply: a}\n- {replay: b}", ", entry 2: nothing is called 'replay': did you mean `reply`."),
        ('- {reply: a, "\\e[2J": b}', r"nothing is called '\x1b[2J'"),
        ("- {when: a}", "does not say what to answer"),
        ("- {reply: 42}", "`reply` must be text: put it between quotes"),
        ("- {reply: yes}", "`reply` must be text"),
        ("- {reply: a, when: 2026-01-01}", "`when` must be a text"),
        ("- {reply: a, when: []}", "`when` must be a text"),
        ("- {reply: a, when: '* *'}", "`when` must be a text"),
        ("- {reply: a, error: 1302}", "has both `error` and `reply`"),
        ("- {reply: a, message: b}", "has a `message` without an `error`"),
        ("- {error: 9999}", "`error` must be a code of the service's error table: one of 401, 1000"),
        ("- {error: yes}", "`error` must be a code"),
        ("- {reply: a, times: 0}", "`times` must be a whole number from 1 on"),
        ("- {reply: a, times: yes}", "`times` must be"),
        ("- {reply: a, finish_reason: done}", "`finish_reason` must be one of stop, length"),
        ("- {tool_calls: f}", "`tool_calls` must be a list"),
        ("- {tool_calls: [{arguments: {}}]}", "call 1 must have a `name`"),
        ("- {tool_calls: [{name: f, arguments: [1]}]}", "the `arguments` of call 1 must be an object"),
        ("- {tool_calls: [{name: f, arguments: {a: .inf}}]}", "the `arguments` of call 1"),
        ("- {tool_calls: [{name: f, arguments: {a: 2026-01-01}}]}", "the `arguments` of call 1"),
        ("- {tool_calls: [{name: f, arguments: &a {a: *a}}]}", "the `arguments` of call 1"),
        ("- {reply: a\n- b", ", line 2, column 4, is not YAML: expected"),
        ("- {when: *a, reply: b}", ", line 1, column 10, is not YAML: "),
        ("- !!bool x", "is not YAML"),
        ("- 2026-99-99", "is not YAML"),
        ("- !!python/object/apply:os.system [echo]", "is not YAML: could not determine a constructor"),
        ("[" * 5_000, "is nested too deeply"),
        (b"- \xff", "is not UTF-8 text (byte 3)"),
        ("- {reply: " + "a" * 300_000 + "}", "is larger than 256 KiB"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_mistake_is_told_with_its_place_and_what_to_do(write: Write, text: str | bytes, told: str) -> None:
    path = write(text)
    with pytest.raises(ScriptFileError) as error:
        PracticeServer().read_script(path)
    assert str(error.value).startswith(str(path)) and told in str(error.value)
    assert str(error.value).isprintable()


def test_json_is_told_by_line_and_column(write: Write) -> None:
    with pytest.raises(ScriptFileError, match=r"lesson\.json, line 2, column 1, is not JSON"):
        PracticeServer().read_script(write("[\n", "lesson.json"))


@pytest.mark.parametrize("name", ["missing.yaml", "lesson.txt", "\0.yaml"])
def test_a_file_that_cannot_be_read_is_told_of(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScriptFileError, match=r"cannot be read|let it end in \.yaml, \.yml or \.json"):
        PracticeServer().read_script(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lesson.yaml")
    with pytest.raises(ScriptFileError, match="not a regular file"):
        PracticeServer().read_script(tmp_path / "lesson.yaml")


def test_without_pyyaml_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    usual = builtins.__import__

    def without_yaml(name: str, *rest: Any, **more: Any) -> Any:
        if name == "yaml":
            raise ModuleNotFoundError(name=name)
        return usual(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_yaml)
    with pytest.raises(ScriptFileError, match="pip install pyyaml, or write JSON"):
        PracticeServer().read_script(write(LESSON))
    PracticeServer().read_script(write("[]", "lesson.json"))


def test_a_few_lines_that_stand_for_millions_are_refused_at_once(write: Write) -> None:
    levels = [f"- &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    bomb = "\n  ".join(["- tool_calls:", f"- name: f\n    arguments: {{a: [&l0 x, {', '.join(levels)}]}}"])
    flat = bomb.replace("- &l", "&l")
    began = time.monotonic()
    with pytest.raises(ScriptFileError, match="arguments"):
        PracticeServer().read_script(write(flat))
    assert time.monotonic() - began < 5


def test_no_prompt_takes_long_to_match(server: PracticeServer, write: Write, ask: Ask) -> None:
    server.read_script(write(json.dumps([{"when": "a*" * 50 + "b", "reply": "x"}] * 1000), "lesson.json"))
    began = time.monotonic()
    assert ask("a" * 1_000_000, timeout=30).status_code == 200
    assert time.monotonic() - began < 5
