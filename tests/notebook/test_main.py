"""`python -m zhipu_magic`: the demo and the practice server alone."""

from __future__ import annotations

import argparse
import errno
import gettext
import json
import os
import re
import signal
import socket
import subprocess
import sys
import webbrowser
from pathlib import Path

import httpx
import pytest
from english import english_in
from platforms import needs_signals
from test_cell import DIALOGUE

from zhipu_magic import __main__ as program
from zhipu_magic.notebook import demo
from zhipu_magic.text.languages.language import reader


@needs_signals
def test_serve_prints_what_points_the_plain_sdk_at_it(tmp_path: Path) -> None:
    script = tmp_path / "lesson.json"
    script.write_text('[{"when": "lesson", "reply": "From the file."}]')
    command = [sys.executable, "-m", "zhipu_magic", "serve", "--pace", "0", "--limit", "1", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        variables = {}
        while len(variables) < 2:
            name, equals, value = process.stdout.readline().removeprefix("export ").strip().partition("=")
            if equals:
                variables[name] = value
        headers = {"Authorization": f"Bearer {variables['ZHIPUAI_API_KEY']}"}
        with httpx.Client(base_url=variables["ZHIPUAI_BASE_URL"], headers=headers) as service:
            replies = []
            for prompt in ("你好", "The lesson?"):
                body = {"model": "glm-4", "messages": [{"role": "user", "content": prompt}]}
                reply = service.post("/chat/completions", json=body).json()
                replies.append(reply["choices"][0]["message"]["content"])
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    assert replies == ["你好！有什么我可以帮助你的吗？", "From the file."]


@pytest.mark.parametrize("limit", ["0", "-1", "many", ""])
def test_a_limit_that_is_none_is_told_in_a_line(capsys: pytest.CaptureFixture[str], limit: str) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(["serve", f"--limit={limit}"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "is not a valid limit: give a number from 1 on" in told and told.count("\n") == 1


def test_help_and_mistakes_are_told_in_chinese(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPU_MAGIC_LANGUAGE", "zh")
    reader.look_again()
    outputs = []
    for words in (["--help"], ["serve", "--port", "x"], ["record"], ["serve", "--pac"], ["demo", "more"]):
        with pytest.raises(SystemExit):
            program.main(words)
        outputs.append("".join(capsys.readouterr()))
    assert program.main(["record", "none.ipynb"]) == 2
    assert capsys.readouterr().out == "没有笔记本 none.ipynb。\n"
    assert outputs[0].startswith("用法：python -m zhipu_magic [-h] ") and "\n选项：\n" in outputs[0]
    assert "    serve               运行练习服务，直到按下 Ctrl-C\n" in outputs[0]
    assert not english_in(outputs[0].replace("python -m zhipu_magic", ""))
    assert outputs[1:] == [
        "python -m zhipu_magic serve: 参数 --port："
        "'x' 不是有效的端口：请给出不超过 65535 的数字，不写则用任一空闲端口\n",
        "python -m zhipu_magic record: 缺少参数：NOTEBOOK\n",
        "python -m zhipu_magic serve: 参数 --pace：需要一个参数\n",
        "python -m zhipu_magic: 无法识别的参数：more\n",
    ]
    assert argparse._ is gettext.gettext  # type: ignore[attr-defined]  # argparse's own name for it


def test_a_mistake_in_a_script_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lesson.yaml"
    path.write_text("- when: hello")
    assert program.main(["serve", "--script", str(path)]) == 2
    assert capsys.readouterr() == (
        "",
        f"{path}, entry 1: does not say what to answer: give it a `reply`, `tool_calls` or an `error`.\n",
    )


@pytest.mark.timeout(300)  # it starts a program, a kernel and a server, all from nothing
def test_the_headless_demo_prints_the_dialogue_and_the_usage(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    environment |= {"ZHIPU_MAGIC_REPLAY": "only", "ZHIPU_MAGIC_MODEL": "mine", "XDG_DATA_HOME": str(tmp_path)}
    environment["JPY_SESSION_NAME"] = str(tmp_path / "of the user.ipynb")
    command = [sys.executable, "-m", "zhipu_magic", "demo", "--headless"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=280, check=True)
    shown = done.stdout
    assert done.stderr == ""
    assert shown.startswith("The quickstart runs without a browser")
    for prompt, reply in DIALOGUE:
        assert f"│ {prompt}" in shown
        assert reply in shown
    assert "prompt_tokens=31, completion_tokens=217, total_tokens=248" in shown
    assert "31 + 217 tokens" in shown
    assert list(tmp_path.iterdir()) == []  # its journal was in the folder that is gone


@needs_signals
def test_a_demo_that_is_asked_to_end_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "zhipu_magic", "demo", "--headless"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("The quickstart runs")
        assert len(list(tmp_path.iterdir())) > 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 130
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("zhipu_magic-")] == []


@needs_signals
def test_a_reader_that_has_ended_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "zhipu_magic", "replay", "none.ipynb"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait(timeout=30)) == ("", 1)


@pytest.mark.skipif(sys.platform == "win32", reason="no signal there asks a program to end")
def test_without_a_browser_the_demo_serves_and_says_where(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "TMPDIR": str(tmp_path)}
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "JUPYTER_TOKEN"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "zhipu_magic", "demo"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        said = []
        while "Ctrl-C" not in "".join(said[-1:]):
            said.append(process.stdout.readline())
            assert said[-1], said
        [address] = re.findall(
            r"^    (http://127\.0\.0\.1:\d+/lab/tree/quickstart\.ipynb\?token=\w+)$", "".join(said), re.M
        )
        assert "LabApp] " not in "".join(said)  # what JupyterLab has loaded is of no interest
        port = httpx.URL(address).port
        assert f"ssh -L {port}:127.0.0.1:{port} HOST" in "".join(said)
        page = httpx.get(address, follow_redirects=True)
        assert page.status_code == 200 and "jupyter-config-data" in page.text
        assert httpx.get(address.partition("?")[0]).status_code != 200
        [folder] = tmp_path.glob("zhipu_magic-*")
        workspace = {"data": {}, "metadata": {"id": "default"}}
        httpx.put(
            f"http://127.0.0.1:{port}/lab/api/workspaces/default",
            json=workspace,
            headers={"Authorization": f"token {address.partition('token=')[2]}"},
        ).raise_for_status()
        assert list(folder.glob(".settings/workspaces/*"))  # and the user's own stays as it was
        process.send_signal(signal.SIGHUP)  # its terminal was closed
        assert process.wait(timeout=30) == 0
    assert not folder.exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


@pytest.mark.parametrize(
    ("own", "chosen", "system", "locale"),
    [
        ("", "zh_CN", "C.UTF-8", "zh_CN"),
        ("", "fr_FR", "zh_CN.UTF-8", "fr_FR"),
        ("", "default", "zh_CN.UTF-8", "zh_CN"),
        ("", "", "en_GB.UTF-8", "en"),
        ("en", "zh_CN", "zh_CN.UTF-8", "en"),
        ("zh", "en", "en_GB.UTF-8", "zh_CN"),
    ],
)
def test_the_demo_is_in_the_language_of_its_users_jupyterlab(
    own: str, chosen: str, system: str, locale: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZHIPU_MAGIC_LANGUAGE", own)
    monkeypatch.setenv("LANG", system)
    monkeypatch.setenv("JUPYTERLAB_SETTINGS_DIR", str(tmp_path / "user"))
    reader.look_again()
    setting = Path("@jupyterlab", "translation-extension", "plugin.jupyterlab-settings")
    if chosen:
        (tmp_path / "user" / setting).parent.mkdir(parents=True)
        (tmp_path / "user" / setting).write_text(json.dumps({"locale": chosen}))
    found = demo._locale()
    demo._write_settings(tmp_path / "demo", found)
    assert json.loads((tmp_path / "demo" / setting).read_text()) == {"locale": locale}
    title = json.loads(demo._quickstart(found).read_text("utf-8"))["cells"][0]["source"][0]
    assert ("五分钟" in title) is (locale == "zh_CN")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there a screen is taken for granted")
def test_a_browser_needs_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("w3m"))
    assert not demo.has_browser()
    monkeypatch.setenv("DISPLAY", ":0")
    assert demo.has_browser()


def test_a_screen_is_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    def get() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "get", get)
    assert not demo.has_browser()


def test_a_console_that_lacks_characters_shows_all_that_is_said() -> None:
    for arguments, how in (
        *((one, "ascii") for one in (["--help"], ["serve", "--help"], ["replay", "茶.ipynb"], [])),
        (["replay", "茶.ipynb"], "ascii:surrogateescape"),  # that of a C locale
    ):
        environment = {**os.environ, "LANG": "zh_CN.UTF-8", "PYTHONIOENCODING": how}
        environment.pop("ZHIPU_MAGIC_LANGUAGE", None)
        ran = subprocess.run(
            [sys.executable, "-m", "zhipu_magic", *arguments], capture_output=True, text=True, env=environment
        )
        assert "Traceback" not in ran.stderr
        assert ran.returncode == (0 if "--help" in arguments else 2), ran.stderr
        assert "usage: " in ran.stdout or "argument" in ran.stderr or "\\u8336.ipynb" in ran.stdout


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "Port 80 is reserved for the system"),
        (OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"), "Port 80 cannot be used: "),
    ],
)
def test_a_port_that_the_system_refuses_is_told_in_a_line(
    refusal: OSError, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def bind(*_: object) -> None:
        raise refusal

    monkeypatch.setattr(socket.socket, "bind", bind)
    assert program.main(["serve", "--port", "80"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(says) and "Give another --port" in told and told.count("\n") == 1


#: Stands in for JupyterLab: it says that it listens, as a server of Jupyter's does, or ends at once with 3.
JUPYTER = """
import json, os, pathlib, sys, time
if sys.argv[1] == "lab" and "LISTENS" in os.environ:
    found = {"pid": os.getppid(), "root_dir": os.getcwd(), "port": 8899, "url": "", "token": ""}
    pathlib.Path(os.environ["JUPYTER_RUNTIME_DIR"], "jpserver-2.json").write_text(json.dumps(found))
    while not pathlib.Path(os.environ["JUPYTER_RUNTIME_DIR"], "is told").exists():
        time.sleep(0.05)
sys.exit(3 if sys.argv[1] == "lab" else 0)
"""


@pytest.mark.parametrize("chosen", ["zh_CN", "fr_FR"])
def test_what_the_demo_prints_is_in_its_language(tmp_path: Path, chosen: str) -> None:
    (tmp_path / "jupyter.py").write_text(JUPYTER)
    setting = tmp_path / "user" / "@jupyterlab" / "translation-extension" / "plugin.jupyterlab-settings"
    setting.parent.mkdir(parents=True)
    setting.write_text(json.dumps({"locale": chosen}))
    environment = {
        **os.environ,
        **{"LANG": "en_US.UTF-8", "LC_ALL": "", "LANGUAGE": "", "ZHIPU_MAGIC_LANGUAGE": "", "PYTHONUTF8": "1"},
        **{"JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "user"), "JUPYTER_RUNTIME_DIR": str(tmp_path)},
        **{"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
    }
    command = [sys.executable, "-m", "zhipu_magic", "demo"]
    ran = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
    assert ran.returncode == 3, ran.stderr
    assert ran.stdout.startswith("JupyterLab 正在" if chosen == "zh_CN" else "JupyterLab ")
    assert bool(english_in(ran.stdout)) is (chosen == "fr_FR")


@pytest.mark.parametrize("listens", [True, False])
def test_with_a_browser_the_demo_opens_it(tmp_path: Path, listens: bool) -> None:
    (tmp_path / "jupyter.py").write_text(JUPYTER)
    elsewhere = {"pid": os.getpid(), "root_dir": "/elsewhere", "port": 1, "url": "", "token": ""}
    (tmp_path / "jpserver-1.json").write_text(json.dumps(elsewhere))
    environment = {
        **os.environ,
        **{"DISPLAY": ":0", "BROWSER": sys.executable, "JUPYTER_RUNTIME_DIR": str(tmp_path), "JUPYTER_TOKEN": "t"},
        **{"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
        **({"LISTENS": "1"} if listens else {}),
    }
    command = [sys.executable, "-m", "zhipu_magic", "demo"]
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line.rstrip("\n"))
            if "Ctrl-C" in line:
                (tmp_path / "is told").touch()
    assert process.returncode == 3
    opens, *more = said
    assert opens == "JupyterLab opens in the browser, on a copy of the quickstart …"
    address = "http://127.0.0.1:8899/lab/tree/quickstart.ipynb?token=t"
    assert more[:1] == ([f"If no window opens, open this address: {address}"] if listens else [])
