"""`%config GLMMagics`, and what a setting changes."""

from __future__ import annotations

import pytest
from in_process import Page
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from zhipu_magic.notebook.magics import GLMMagics
from zhipu_magic.notebook.settings import BadSetting
from zhipu_magic.practice import PracticeServer


def test_every_setting_has_help(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    page.run("%config GLMMagics")
    shown = capsys.readouterr().out
    assert page.magics.traits(config=True)
    for name, trait in page.magics.traits(config=True).items():
        assert trait.help
        assert f"GLMMagics.{name}=" in shown


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("model", "", "not a valid model name"),
        ("model", "glm 4", "not a valid model name"),
        ("base_url", "http://example.com/v1", "without encryption"),
        ("base_url", "nonsense", "not a valid address"),
        ("temperature", -0.1, "from 0 to 1"),
        ("timeout", 0, "above 0"),
        ("timeout", float("inf"), "above 0"),
        ("max_retries", -1, "from 0 to 20"),
        ("python_seconds", -1, "or 0 for no limit, not -1"),
        ("python_seconds", float("inf"), "or 0 for no limit"),
        ("above", -1, "a number of cells, or 0 for none"),
        ("language", "fr", "zh, en or auto, not 'fr'"),
        ("journal", " ", "auto, off, or the path of a file"),
    ],
)
def test_a_bad_value_is_refused_with_the_reason(page: Page, name: str, value: object, reason: str) -> None:
    before = getattr(page.magics, name)
    with pytest.raises(BadSetting, match=reason):
        setattr(page.magics, name, value)
    assert getattr(page.magics, name) == before


def test_a_bad_value_in_a_cell_is_refused_in_one_line(
    page: Page, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    page.run("%config GLMMagics.timeout = -1")
    assert "above 0" in caplog.text + capsys.readouterr().out
    assert page.magics.timeout == 60.0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("GLMMagics.model = 5", "expected a unicode string, not the int 5."),
        ("GLMMagics.plain_http = [5]", "contains an Unicode of a List which expected a unicode string, not"),
    ],
)
def test_a_value_of_another_kind_is_refused_in_one_line(
    page: Page, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, line: str, told: str
) -> None:
    page.run(f"%config {line}")
    said = caplog.text + "".join(capsys.readouterr())
    assert told in said and "Traceback" not in said


def test_settings_reach_the_next_request(page: Page, server: PracticeServer) -> None:
    page.run("%%glm\n你好")
    page.run("%config GLMMagics.model = 'glm-4'")
    page.run("%config GLMMagics.temperature = 0.5")
    page.run("%config GLMMagics.system = 'Be brief.'")
    page.run("%config GLMMagics.stream = False")
    page.run("%%glm\n你好")
    body = server.requests[-1].body
    assert (body["model"], body["temperature"], body["stream"]) == ("glm-4", 0.5, False)
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}


def test_an_option_of_the_cell_goes_before_a_setting(page: Page, server: PracticeServer) -> None:
    page.run("%config GLMMagics.temperature = 0.5")
    page.run("%%glm -m glm-4 --temperature 0\n你好")
    body = server.requests[-1].body
    assert (body["model"], body["temperature"]) == ("glm-4", 0)


def test_another_address_is_asked_from_then_on_and_the_conversation_goes_on(page: Page, server: PracticeServer) -> None:
    page.run("%%glm\n你好")
    with PracticeServer(pace=0, api_key=server.api_key) as other:
        page.run(f"%config GLMMagics.base_url = '{other.base_url}'")
        page.run("%%glm\n你好")
        assert len(other.requests[0].body["messages"]) == 3
        page.run("%config GLMMagics.base_url = ''")
        page.run("%%glm\n你好")
    assert len(server.requests) == 2


def test_the_environment_chooses_the_default_model(bare_page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIPU_MAGIC_MODEL", "glm-4-plus")
    bare_page.run("%load_ext zhipu_magic")
    assert "**glm-4-plus**" in bare_page.run("%glm model").markdown()


def test_a_config_file_sets_them_before_the_first_cell(server: PracticeServer) -> None:
    config = Config()
    config.HistoryManager.enabled = False
    config.GLMMagics.model = "glm-4"
    config.GLMMagics.temperature = 0.5
    magics = GLMMagics(InteractiveShell(config=config))
    assert (magics.chat.model, magics.chat.temperature) == ("glm-4", 0.5)


def test_the_panel_can_stay_live_or_be_off(page: Page) -> None:
    page.run("%config GLMMagics.panel = 'live'")
    live = page.run("%%glm\n你好").outputs[1]["data"]
    assert set(live) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    page.run("%config GLMMagics.panel = 'off'")
    assert len(page.run("%%glm\n你好").outputs) == 1


def test_unloading_leaves_nothing_behind(page: Page) -> None:
    page.run("%unload_ext zhipu_magic")
    shell = page.shell
    assert not shell.find_magic("glm", "cell")
    assert not shell.find_magic("glm", "line")
    assert not [configurable for configurable in shell.configurables if isinstance(configurable, GLMMagics)]
    assert page.run("%load_ext zhipu_magic").success
    assert page.run("%%glm\n你好").success
