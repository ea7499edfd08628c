"""What the practice server says to whoever runs it, in Chinese."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from zhipu_magic.practice import PracticeServer, ScriptFileError
from zhipu_magic.practice.messages import _, told
from zhipu_magic.text.languages.language import language_of_environment
from zhipu_magic.text.languages.messages import in_language
from zhipu_magic.text.markup import Markup

VARIABLES = ("ZHIPU_MAGIC_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, None),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "Chinese_China.936"}, "zh"),
        ({"LANG": "zha_CN"}, None),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, None),
        ({"LANG": "zh_TW", "LANGUAGE": ""}, "zh"),
        ({"LANG": "zh_CN", "LANGUAGE": ":"}, "zh"),
        ({"LANG": "fr_FR", "LANGUAGE": "fr:zh_CN:en"}, "zh"),
        ({"LANG": "zh_CN", "LANGUAGE": "fr:de"}, None),
        ({"LANG": "en_US.UTF-8", "ZHIPU_MAGIC_LANGUAGE": "zh"}, "zh"),
        ({"LANG": "zh_CN", "ZHIPU_MAGIC_LANGUAGE": "auto"}, "zh"),
        ({"LANG": "zh_CN", "ZHIPU_MAGIC_LANGUAGE": "nonsense"}, "zh"),
        ({"LANG": "zh_CN", "ZHIPU_MAGIC_LANGUAGE": "en:zh"}, "en"),
        ({"LANG": "C", "ZHIPU_MAGIC_LANGUAGE": "fr:zh"}, None),
    ],
)
def test_the_language_is_that_of_the_environment(
    environment: dict[str, str], found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The practice server finds the language by itself, and finds the same one as the notebook."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language_of_environment(environment) == found
    assert told(_("the text")) == ("文本" if found == "zh" else "the text")


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{"when": 3, "reply": "x"}], "，第 1 条：`when` 必须是文本或文本的列表：每个文本请放在引号里。"),
        ([{"whn": "x"}], "，第 1 条：没有名为 'whn' 的成员：是不是想写 `when`。"),
        ({}, " 不是列表：每条请以短横线开头（YAML），或全部放进 [ ]（JSON）。"),
    ],
)
def test_a_mistake_in_a_script_is_told_in_chinese(
    entries: object, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps(entries), "utf-8")
    with pytest.raises(ScriptFileError) as raised:
        PracticeServer().read_script(path)
    error = raised.value
    assert in_language(error, "zh") == f"{path}{said}"
    english = str(error)
    monkeypatch.setenv("ZHIPU_MAGIC_LANGUAGE", "zh")
    assert str(error) == f"{path}{said}" != english == error.happened


def test_what_is_no_yaml_or_json_is_told_in_chinese(tmp_path: Path) -> None:
    for name, text, said in (
        ("a.json", '[{"x"', '：第 1 行第 6 列不是 JSON：缺少分隔符 ":"。'),
        ("a.yaml", "a: b: c", "：第 1 行第 5 列不是 YAML：这里不能有映射的值。含有 * : # - 或引号的文本要放在引号里。"),
    ):
        (tmp_path / name).write_text(text, "utf-8")
        with pytest.raises(ScriptFileError) as raised:
            PracticeServer().read_script(tmp_path / name)
        assert in_language(raised.value, "zh") == f"{tmp_path / name}{said}"
    assert Markup("{error}", error=raised.value).plain == str(raised.value)


def test_the_gate_speaks_the_language_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIPU_MAGIC_LANGUAGE", "zh")
    with PracticeServer() as server:
        answer = httpx.get(f"{server.base_url}/models", headers={"Origin": "https://a.example"}, trust_env=False)
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "练习服务只答复本机的程序，且只在它打印出的地址上，不答复网页。"
