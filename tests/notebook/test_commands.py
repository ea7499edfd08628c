"""The `%glm` commands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from in_process import Page
from IPython.core.error import UsageError
from other_server import OtherServer

from zhipu_magic.notebook.commands.registry import COMMANDS
from zhipu_magic.practice import Answer, Fault, PracticeServer
from zhipu_magic.service.models import CATALOGUE


@pytest.fixture
def typed_key(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has the user type this key when asked."""

    def type_key(key: str) -> None:
        monkeypatch.setattr("getpass.getpass", lambda prompt: key)

    return type_key


def test_alone_it_shows_where_things_stand(page: Page, server: PracticeServer) -> None:
    page.run("%%glm\n你好")
    shown = page.run("%glm").plain()
    for fact in ("glm-4.7-flash", server.base_url, "ZHIPUAI_API_KEY", "| 1 ", "17 (free)", "%glm history"):
        assert fact in shown
    assert server.api_key not in shown


def test_without_a_key_it_says_what_to_do_next(bare_page: Page) -> None:
    bare_page.run("%load_ext zhipu_magic")
    shown = bare_page.run("%glm").plain()
    assert "none yet" in shown
    assert "%glm login" in shown
    assert "%glm practice" in shown


def test_asking_without_a_key_says_how_to_get_one(bare_page: Page) -> None:
    bare_page.run("%load_ext zhipu_magic")
    error = str(bare_page.run("%%glm\n你好").error)
    assert "https://open.bigmodel.cn" in error
    assert "%glm practice" in error


@pytest.mark.parametrize(("typed", "near"), [("hisotry", "history"), ("Help", "help"), ("resett", "reset")])
def test_a_mistyped_command_names_the_nearest_and_is_never_sent(
    page: Page, server: PracticeServer, typed: str, near: str
) -> None:
    cell = page.run(f"%glm {typed} now")
    assert isinstance(cell.error, UsageError)
    assert f"Did you mean %glm {near}?" in str(cell.error)
    assert server.requests == []


def test_ask_is_a_turn_like_any_other(page: Page, server: PracticeServer) -> None:
    text = 'What does {x} in f"{x}" do, $HOME?'
    assert len(page.run(f"%glm ask {text}").outputs) == 2
    assert server.requests[-1].body["messages"] == [{"role": "user", "content": text}]
    assert page.names["_glm"]


@pytest.mark.parametrize(
    "cell",
    [
        "%glm ask {text}",
        "x = 1\n%glm ask {text}\ny = 2",
        "if True:\n    %glm ask {text}\n",
        "%glm ask {text}\n%glm ask {text}",
    ],
)
@pytest.mark.parametrize("text", ["Is x big?", "What is it??", "它是什么?", "it's {x}, (is it?", '"""?', "?"])
def test_a_question_mark_at_the_end_is_no_call_for_help(
    page: Page, server: PracticeServer, cell: str, text: str
) -> None:
    assert page.run(cell.replace("{text}", text)).success
    assert server.requests
    assert all(request.body["messages"][-1]["content"] == text for request in server.requests)


@pytest.mark.parametrize("option", ["--once", "—once", "－b", "--raw=x"])
def test_ask_takes_no_options_whatever_their_dashes(page: Page, server: PracticeServer, option: str) -> None:
    assert "takes no options; a cell does" in str(page.run(f"%glm ask {option} hi").error)
    assert server.requests == []


def test_ask_without_a_text_is_a_clear_error(page: Page, server: PracticeServer) -> None:
    assert "nothing to send" in str(page.run("%glm ask").error)
    assert server.requests == []


def test_model_shows_and_chooses(page: Page, server: PracticeServer) -> None:
    assert "**glm-4.7-flash**" in page.run("%glm model").plain()
    assert "price not known" in page.run("%glm model glm-4").plain()
    page.run("%%glm\n你好")
    assert server.requests[-1].body["model"] == "glm-4"
    assert page.magics.model == "glm-4"


def test_models_lists_what_the_service_offers_with_what_is_known(page: Page) -> None:
    shown = page.run("%glm models").plain()
    assert "glm-4.7-flash ←" in shown
    assert "200K / 128K tokens" in shown
    assert "The service's own list does not have" in shown or "The list is the service's own." in shown
    assert "2026-09-03" in shown and "?" not in shown
    cells = [[cell.strip(" ←") for cell in row.strip("|").split("|")] for row in shown.splitlines() if row]
    rows = {name: facts for name, *facts in cells}
    for name, model in CATALOGUE.items():
        context, thinks, sight, _ = rows[name]
        assert context.startswith("not known" if model.context is None else f"{model.context}"[0])
        assert " / " in context or model.longest_answer is None
        assert thinks == {"none": "", "optional": "yes", "always": "always"}[model.thinking]
        assert sight == ("yes" if model.vision else "")
    assert "glm-5.3, glm-5.3-flash, glm-5.3-flashx: low, high, max" in shown


def test_models_of_a_plan_have_no_price(bare_page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    bare_page.run("%load_ext zhipu_magic")
    for address, said in (
        ("coding", "is billed as a subscription"),
        ("z.ai", "The prices of this service are not known"),
    ):
        monkeypatch.setenv("ZHIPUAI_BASE_URL", address)
        shown = bare_page.run("%glm models").plain()
        assert said in shown and "as there is no key yet" in shown
        assert "glm-5.3-flash" in shown and "¥" not in shown and "yuan" not in shown
    monkeypatch.setenv("ZHIPUAI_BASE_URL", "coding")
    assert "covered by the coding plan" in bare_page.run("%glm model glm-5.3").plain()


def test_models_of_another_server_are_listed_with_their_contexts(page: Page, other_server: OtherServer) -> None:
    other_server.models = [{"id": "qwen3", "max_model_len": 32_768}, {"id": "<b>x</b> | y"}, {"id": "zai-org/GLM-5.3"}]
    page.run(f"%config GLMMagics.base_url = '{other_server.base_url}'")
    page.run("%config GLMMagics.model = 'qwen3'")
    cell = page.run("%glm models")
    assert "| qwen3 ←" in cell.plain() and "| 32K" in cell.plain()
    assert "glm-4.7" not in cell.plain() and "yuan" not in cell.plain()
    assert "<b>" not in cell.markdown()
    other_server.models = [{"id": "local"}]
    assert "context" not in page.run("%glm models").plain()


def test_models_falls_back_on_the_catalogue(page: Page, server: PracticeServer) -> None:
    server.stop()
    page.run("%config GLMMagics.max_retries = 0")
    shown = page.run("%glm models").plain()
    assert "glm-4.7-flash" in shown
    assert "is not available" in shown


def test_system_is_shown_set_and_taken_away(page: Page, server: PracticeServer) -> None:
    assert "no system text" in page.run("%glm system").plain()
    page.run("%glm system You're {brief}.")
    assert "You're {brief}." in page.run("%glm system").plain()
    page.run("%%glm\n你好")
    assert server.requests[-1].body["messages"][0] == {"role": "system", "content": "You're {brief}."}
    page.run('%glm system ""')
    page.run("%%glm --once\n你好")
    assert page.magics.chat.system == ""


def test_a_system_text_between_quotes_is_taken_without_them(page: Page) -> None:
    page.run('%glm system "You\'re a poet"')
    assert page.magics.chat.system == "You're a poet"
    page.run('%glm system Say "yes" or "no"')
    assert page.magics.chat.system == 'Say "yes" or "no"'


def test_a_tab_parts_a_command_from_its_text(page: Page, server: PracticeServer) -> None:
    assert page.run("%glm ask\thello").success
    assert server.requests[-1].body["messages"][-1]["content"] == "hello"


def test_prices_are_not_told_of_another_service(page: Page) -> None:
    page.run("%config GLMMagics.base_url = 'https://api.z.ai/api/paas/v4'")
    assert "price not known" in page.run("%glm model glm-5.3").plain()


def test_history_shows_what_the_model_will_be_told(page: Page, server: PracticeServer) -> None:
    assert "no turns yet" in page.run("%glm history").markdown()
    server.enqueue(Answer("```python\nx = 1\n```"))
    page.run('%%glm -s "Be brief."\nShow code.')
    shown = page.run("%glm history --full")
    for words in ("Be brief.", "Show code.", "x = 1", "````text"):
        assert words in shown.plain()
    assert "<blockquote>&#96;&#96;&#96;python<br>x = 1<br>&#96;&#96;&#96;</blockquote>" in shown.markdown()


def test_undo_takes_the_last_turn_back(page: Page, server: PracticeServer) -> None:
    for text in ("one", "two"):
        page.run(f"%%glm\n{text}")
    assert "two" in page.run("%glm undo").plain()
    page.run("%%glm\nthree")
    sent = [message["content"] for message in server.requests[-1].body["messages"] if message["role"] == "user"]
    assert sent == ["one", "three"]


@pytest.mark.parametrize("line", ["reset please", "retry 2", "models all", "threads 3", "usage now", "version 2"])
def test_a_word_too_many_does_nothing(page: Page, line: str) -> None:
    page.run("%%glm\n你好")
    assert "nothing was done" in str(page.run(f"%glm {line}").error)
    assert len(page.magics.chat.thread().turns) == 1


def test_practice_is_marked_and_costs_nothing(page: Page) -> None:
    page.run("%glm practice")
    shown = page.run("%%glm -m glm-4.7\n你好").html(1)
    assert "glm-4.7 (practice)" in shown
    assert "free: practice" in shown
    assert "≈ ¥2 / 8" in page.run("%glm models").plain()
    assert "¥" not in shown
    assert "(1 turn) is sent along" in page.run("%glm practice off").plain()
    assert "(practice)" not in page.run("%%glm -m glm-4.7\n你好").html(1)


def test_another_service_lists_its_own_models_or_says_that_it_does_not(page: Page) -> None:
    page.run("%config GLMMagics.base_url = 'http://127.0.0.1:9/v1'")
    page.run("%config GLMMagics.max_retries = 0")
    shown = page.run("%glm models").plain()
    assert "does not list its models" in shown
    assert "glm-5.3" not in shown


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("glm4.7", "glm-4.7"),
        ("gml-4.7", "glm-4.7"),
        ("glm-4.7-fash", "glm-4.7-flash"),
        ("glm-9", ""),
        ("zai-org/GLM-4.6-FP8", "glm-4.6"),
        ("gpt-nonsense", ""),
        ("banana", ""),
    ],
)
def test_a_model_that_neither_the_catalogue_nor_the_service_has_changes_nothing(
    page: Page, wrong: str, near: str
) -> None:
    page.run("%glm model glm-4.7")
    error = page.run(f"%glm model {wrong}").error
    assert f"No model {wrong} is known here: glm-4.7 is still asked." in str(error)
    assert (f"Did you mean {near}?" in str(error)) if near else ("Did you mean" not in str(error))
    assert (page.magics.model, page.magics.chat.model) == ("glm-4.7", "glm-4.7")


@pytest.mark.parametrize("name", ["a b", "'a b'", "x\x1b[31m", "a\tb"])
def test_what_cannot_be_a_models_name_changes_nothing(page: Page, name: str) -> None:
    assert "is not a valid model name" in str(page.run(f"%glm model {name}").error)
    assert page.magics.model == "glm-4.7-flash"


def test_without_the_services_list_only_a_slip_is_refused(bare_page: Page) -> None:
    bare_page.run("%load_ext zhipu_magic")
    for setting_up in ("", "%glm practice"):
        bare_page.run(setting_up)
        assert "Did you mean glm-4.7-flash?" in str(bare_page.run("%glm model glm-4.7-fash").error)
        shown = bare_page.run("%glm model glm-6").plain()
        assert "**glm-6**, about which nothing else is known here. The " in shown and "Did you mean" not in shown
        assert "**glm-4.7**: a context of 200K" in bare_page.run("%glm model glm-4.7").plain()


def test_another_servers_models_are_those_it_lists(page: Page, other_server: OtherServer) -> None:
    other_server.models = [{"id": "qwen3:latest"}, {"id": "llama-3\x1b[31m"}]
    page.run(f"%config GLMMagics.base_url = '{other_server.base_url}'")
    assert page.run("%glm model qwen3").success
    error = str(page.run("%glm model lama-3").error)
    assert "No model lama-3 is known here: qwen3 is still asked." in error and "\x1b" not in error
    assert page.magics.model == "qwen3"
    assert page.run("%config GLMMagics.model = 'lama-3'").success


def test_undo_of_nothing_says_so(page: Page) -> None:
    assert "nothing to undo" in page.run("%glm undo").plain()


def test_reset_begins_anew_and_keeps_system_text_and_ledger(page: Page, server: PracticeServer) -> None:
    page.run("%%glm -s brief\none")
    spent = page.magics.chat.ledger.spent.total_tokens
    assert "1 turn" in page.run("%glm reset").plain()
    page.run("%%glm\ntwo")
    assert [message["role"] for message in server.requests[-1].body["messages"]] == ["system", "user"]
    assert page.magics.chat.ledger.spent.total_tokens > spent > 0


WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize(
    ("panel", "kinds"),
    [("settle", {"text/html", "text/plain"}), ("live", {WIDGET, "text/html", "text/plain"})],
)
def test_usage_is_a_dashboard_that_keeps_itself_up_to_date(page: Page, panel: str, kinds: set[str]) -> None:
    page.run(f"%config GLMMagics.panel = '{panel}'")
    page.run("%%glm\n你好")
    shown = page.run("%glm usage").outputs[0]["data"]
    assert set(shown) == kinds
    assert "1 request ·" in shown["text/plain"]
    assert "<svg" in shown["text/html"]
    updates = [message for message in page.run("%%glm\n<b>你好</b>").messages if "2 requests" in str(message["data"])]
    assert len(updates) == 1
    assert "&lt;b&gt;你好" in updates[0]["data"]["text/html"]


def test_login_sets_a_key_that_is_asked_for_and_never_shown(
    bare_page: Page,
    server: PracticeServer,
    typed_key: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    bare_page.run("%load_ext zhipu_magic")
    typed_key(f" {server.api_key}\n")
    shown = bare_page.run("%glm login").plain()
    assert bare_page.run("%%glm\n你好").success
    shown += bare_page.run("%glm").plain() + "".join(capsys.readouterr())
    assert server.api_key not in shown
    assert "%glm login" in shown


def test_a_login_goes_before_the_environment_and_the_status_says_so(
    page: Page, server: PracticeServer, typed_key: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "the environment variable ZHIPUAI_API_KEY" in page.run("%glm").plain()
    monkeypatch.setenv("ZHIPUAI_API_KEY", "another.key")
    typed_key(server.api_key)
    assert "It goes before the one in ZHIPUAI_API_KEY." in page.run("%glm login").plain()
    assert "set in this session (%glm login)" in page.run("%glm").plain()
    assert page.run("%%glm\n你好").success


def test_a_login_is_for_its_host_and_another_is_told_so(
    bare_page: Page, server: PracticeServer, other_server: OtherServer, typed_key: Callable[[str], None]
) -> None:
    bare_page.run(f"%load_ext zhipu_magic\n%config GLMMagics.base_url = '{server.base_url}'")
    typed_key(server.api_key)
    bare_page.run("%glm login")
    bare_page.run(f"%config GLMMagics.base_url = '{other_server.base_url}'")
    error = str(bare_page.run("%%glm\nhi").error)
    assert "is not sent to" in error and "%glm login" in error and server.api_key not in error
    assert "none yet" in bare_page.run("%glm").plain()
    bare_page.run(f"%config GLMMagics.base_url = '{server.base_url}'")
    assert bare_page.run("%%glm\nhi").success


def test_a_key_that_cannot_be_saved_is_set_all_the_same(
    bare_page: Page, server: PracticeServer, typed_key: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
    monkeypatch.setitem(sys.modules, "keyring", None)
    bare_page.run("%load_ext zhipu_magic")
    typed_key(server.api_key)
    shown = bare_page.run("%glm login --save").plain()
    assert "The key is set." in shown and "%pip install keyring, then %glm login --save again" in shown
    assert bare_page.run("%%glm\n你好").success


def test_a_key_that_cannot_be_used_is_told_of_in_the_status(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIPUAI_API_KEY", "two words")
    shown = page.run("%glm").plain()
    assert "none that can be used" in shown and "two words" not in shown


def test_a_key_in_the_cell_is_refused_and_not_repeated(page: Page) -> None:
    error = str(page.run("%glm login secret.key").error)
    assert "Do not write the key in a cell" in error
    assert "secret" not in error


def test_a_key_with_odd_characters_is_refused_and_not_repeated(page: Page, typed_key: Callable[[str], None]) -> None:
    typed_key("密钥.hidden")
    error = str(page.run("%glm login").error)
    assert "no key has" in error
    assert "hidden" not in error


def test_practice_needs_no_key_and_off_goes_back(bare_page: Page) -> None:
    bare_page.run("%load_ext zhipu_magic")
    assert "no model behind it" in bare_page.run("%glm practice").plain()
    assert bare_page.run("%%glm\n你好").plain() == "你好！有什么我可以帮助你的吗？"
    assert "127.0.0.1" in bare_page.run("%glm").plain()
    bare_page.run("%glm practice off")
    assert "open.bigmodel.cn" in bare_page.run("%glm").plain()
    assert "no API key" in str(bare_page.run("%%glm\n你好").error)


def test_practice_takes_its_replies_from_a_file(bare_page: Page, tmp_path: Path) -> None:
    bare_page.run("%load_ext zhipu_magic")
    path = tmp_path / "my lesson.yaml"
    path.write_text("- {when: bikes, reply: There are enough.}")
    assert "in my lesson.yaml" in bare_page.run(f"%glm practice '{path}'").plain()
    assert "There are enough." in bare_page.run("%%glm\nHow many bikes?").plain()
    path.write_text("- {when: bikes, repl: Many.}")
    mistake = bare_page.run(f'%glm practice "{path}"')
    assert not mistake.success and "entry 1: nothing is called 'repl': did you mean `reply`." in str(mistake.error)
    assert "There are enough." in bare_page.run("%%glm\nAnd bikes?").plain()
    bare_page.run("%glm practice")
    assert "There are enough." not in bare_page.run("%%glm --max-tokens 9\nHow many bikes?").plain()


def test_the_conversation_goes_on_from_practice(bare_page: Page) -> None:
    bare_page.run("%load_ext zhipu_magic")
    bare_page.run("%glm practice")
    bare_page.run("%%glm\n你好")
    bare_page.run("%glm practice off")
    assert len(bare_page.magics.chat.thread().turns) == 1


def test_help_knows_every_command(page: Page) -> None:
    shown = page.run("%glm help").plain()
    for name, command in COMMANDS.items():
        assert f"`{command.usage}`" in shown
        assert command.summary in page.run(f"%glm help {name}").plain()


def test_help_names_the_nearest_command(page: Page) -> None:
    assert "Did you mean undo?" in str(page.run("%glm help undoo").error)


def test_the_question_mark_shows_every_command(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    page.run("%pinfo %glm")
    shown = capsys.readouterr().out
    for command in COMMANDS.values():
        assert command.usage in shown


def test_version_names_what_it_stands_on(page: Page) -> None:
    shown = page.run("%glm version").plain()
    for name in ("zhipu_magic", "zhipuai", "ipywidgets"):
        assert name in shown


def test_a_failed_turn_leaves_the_conversation_as_it_was(page: Page, server: PracticeServer) -> None:
    page.run("%%glm\n你好")
    server.enqueue(Fault(401, "1002"))
    page.run("%%glm\nlost")
    assert len(page.magics.chat.thread().turns) == 1


def test_practice_begun_again_while_all_is_replayed_still_answers_afterwards(bare_page: Page) -> None:
    bare_page.run("%load_ext zhipu_magic")
    bare_page.run("%glm practice")
    bare_page.run("%config GLMMagics.replay = 'only'")
    assert bare_page.run("%glm practice").success
    bare_page.run("%config GLMMagics.replay = 'off'")
    assert bare_page.run("%%glm\n你好").success
    bare_page.run("%glm practice off")
