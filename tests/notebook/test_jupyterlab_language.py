"""The language in which JupyterLab is shown: as its extension says with a cell, or as its settings do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Page
from platforms import needs_links

from zhipu_magic.notebook.page.jupyterlab_language import chosen
from zhipu_magic.notebook.page_says import said_with
from zhipu_magic.text.languages.language import reader

#: As JupyterLab writes it when a language is chosen in its menu.
WRITTEN = """{
    // Language
    // @jupyterlab/translation-extension:plugin
    // Language settings. "locale": "fr_FR"
    // ****************************************

    // Language locale
    /* Set the interface display language. */
    "locale": "%s",
    "stringsPrefix": "// !!",
}
"""
FILE = Path("@jupyterlab", "translation-extension", "plugin.jupyterlab-settings")


@pytest.fixture
def jupyter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a user's settings and an installation's defaults, for a kernel that Jupyter Server has started."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTERLAB_DIR", str(tmp_path / "lab"))
    monkeypatch.delenv("JUPYTERLAB_SETTINGS_DIR", raising=False)
    monkeypatch.delenv("ZHIPU_MAGIC_LANGUAGE")
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "page.ipynb"))
    return tmp_path


def choose(jupyter: Path, text: str, place: str = "config/lab/user-settings") -> Path:
    path = jupyter / place / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def of_an_installation(jupyter: Path, text: str) -> None:
    path = jupyter / "lab" / "settings" / "overrides.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def found(jupyter: Path, **more: str) -> str:
    return chosen({"JUPYTER_CONFIG_DIR": str(jupyter / "config"), "JUPYTERLAB_DIR": str(jupyter / "lab"), **more})


# The settings


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        (WRITTEN % "zh_CN", "zh_CN"),
        (WRITTEN % "default", ""),
        ('{"locale": "zh-Hans"}', "zh-Hans"),
        ("{locale: 'zh_CN'}", "zh_CN"),
        ('{/* "locale": "fr" */ "a": "/*", "locale": "en"}', "en"),
        ('{"a": "\\"locale\\": \\"fr\\""}', ""),
        ("{}", ""),
        ("", ""),
        ('{"locale": 3}', ""),
        ('{"locale": "../../x"}', ""),
        ('{"locale": "' + "z" * 60 + '"}', ""),
        ("\x00\xff{", ""),
        ('{"locale": "zh_CN"' + " " * 20_000 + "}", ""),
    ],
)
def test_the_users_setting_is_read_as_jupyterlab_writes_it(tmp_path: Path, text: str, locale: str) -> None:
    choose(tmp_path, text)
    assert found(tmp_path) == locale


@given(st.text(alphabet="{}\"\\/*locale:zh_CN, \n'", max_size=300))
def test_any_text_is_read(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    choose(folder, text)
    assert len(found(folder)) <= 40


@pytest.mark.parametrize("piece", ["/*", '"', '\\"', "/", ",", "{"])
def test_hostile_text_takes_no_time(tmp_path: Path, piece: str) -> None:
    choose(tmp_path, '"' + piece * (16_000 // len(piece)))
    assert found(tmp_path) == ""


def test_the_settings_of_an_installation_are_its_defaults(tmp_path: Path) -> None:
    of_an_installation(tmp_path, json.dumps({"@jupyterlab/translation-extension:plugin": {"locale": "zh_CN"}}))
    assert found(tmp_path) == "zh_CN"
    choose(tmp_path, '{"locale": "en"}')
    assert found(tmp_path) == "en"
    choose(tmp_path, '{"locale": "default"}')
    assert found(tmp_path) == ""


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 9_999, '{"@jupyterlab/translation-extension:plugin": [1]}', "3"])
def test_other_defaults_say_nothing(tmp_path: Path, text: str) -> None:
    of_an_installation(tmp_path, text)
    assert found(tmp_path) == ""


def test_the_folder_of_the_settings_can_be_another(tmp_path: Path) -> None:
    choose(tmp_path, '{"locale": "zh_CN"}', "elsewhere")
    assert found(tmp_path, JUPYTERLAB_SETTINGS_DIR=str(tmp_path / "elsewhere")) == "zh_CN"
    assert found(tmp_path, JUPYTERLAB_SETTINGS_DIR="elsewhere") == ""  # of the server's folder, which is not ours


def test_where_there_is_no_file_nothing_was_chosen(tmp_path: Path) -> None:
    assert found(tmp_path / "none") == ""
    (tmp_path / "config" / "lab" / "user-settings" / FILE).mkdir(parents=True)
    assert found(tmp_path) == ""


@needs_links
def test_settings_that_are_kept_elsewhere_are_followed(tmp_path: Path) -> None:
    path = choose(tmp_path, '{"locale": "zh_CN"}')
    path.rename(tmp_path / "kept")
    path.symlink_to(tmp_path / "kept")
    assert found(tmp_path) == "zh_CN"


# On a page


def test_a_page_of_jupyterlab_speaks_its_language(jupyter: Path, page: Page) -> None:
    choose(jupyter, WRITTEN % "zh_CN")
    reader.look_again()
    assert "还没有提问。" in page.run("%glm usage").plain()


def test_a_kernel_that_jupyter_server_has_not_started_reads_no_settings(
    jupyter: Path, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(jupyter, WRITTEN % "zh_CN")
    monkeypatch.delenv("JPY_SESSION_NAME")
    reader.look_again()
    assert "Nothing has been asked yet." in page.run("%glm usage").plain()


def test_what_the_extension_says_counts_first_and_our_own_settings_before_it(
    jupyter: Path, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(jupyter, WRITTEN % "zh_CN")

    def usage(language: object = None) -> str:
        told: dict[str, Any] = {"version": 1, "language": language}
        return page.run("%glm usage", told=told if language else None).plain()

    assert usage("en") == "Nothing has been asked yet."
    assert usage() == "Nothing has been asked yet."  # a request that says nothing takes nothing back
    assert usage("zh-CN") == "还没有提问。"
    assert usage("fr-FR") == "Nothing has been asked yet."  # the system's: LANG
    assert usage("zh-CN") == "还没有提问。"
    monkeypatch.setenv("ZHIPU_MAGIC_LANGUAGE", "en")
    reader.look_again()
    assert usage("zh-TW") == "Nothing has been asked yet."
    assert page.run("%config GLMMagics.language = 'zh'").success
    assert usage("en") == "还没有提问。"


def test_the_cell_that_loads_the_extension_says_it_too(jupyter: Path, bare_page: Page) -> None:
    assert bare_page.run("%load_ext zhipu_magic", told={"version": 1, "language": "zh-CN"}).success
    assert bare_page.run("%glm usage").plain() == "还没有提问。"


@pytest.mark.parametrize("said", ["", "zh CN", "z", "zh-" + "x" * 30, 3, None, ["zh"], "zh\n", "../zh"])
def test_what_is_no_locale_is_not_taken(said: object) -> None:
    told = said_with({"zhipu_magic": {"version": 1, "language": said}})
    assert told is not None and told.language == ""


def test_nothing_is_looked_for_before_the_first_message(jupyter: Path) -> None:
    code = """if True:
        import sys
        from IPython.core.interactiveshell import InteractiveShell
        InteractiveShell().run_line_magic("load_ext", "zhipu_magic")
        assert "zhipu_magic.notebook.page.jupyterlab_language" not in sys.modules
    """
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
