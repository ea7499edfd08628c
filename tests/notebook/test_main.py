"""`python -m zhipu_magic`: the demo and the practice server alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import httpx
import pytest
from test_cell import DIALOGUE

from zhipu_magic import __main__ as program


def test_serve_prints_what_points_the_plain_sdk_at_it() -> None:
    command = [sys.executable, "-m", "zhipu_magic", "serve", "--pace", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        variables = {}
        while len(variables) < 2:
            name, equals, value = process.stdout.readline().removeprefix("export ").strip().partition("=")
            if equals:
                variables[name] = value
        headers = {"Authorization": f"Bearer {variables['ZHIPUAI_API_KEY']}"}
        with httpx.Client(base_url=variables["ZHIPUAI_BASE_URL"], headers=headers) as service:
            body = {"model": "glm-4", "messages": [{"role": "user", "content": "你好"}]}
            reply = service.post("/chat/completions", json=body).json()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    assert reply["choices"][0]["message"]["content"] == "你好！有什么我可以帮助你的吗？"


def test_the_headless_demo_prints_the_dialogue_and_the_usage() -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "zhipu_magic", "demo", "--headless"]
    shown = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100, check=True).stdout
    for prompt, reply in DIALOGUE:
        assert f"│ {prompt}" in shown
        assert reply in shown
    assert "prompt_tokens=31, completion_tokens=217, total_tokens=248" in shown
    assert "31 + 217 tokens" in shown


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there a screen is taken for granted")
def test_without_a_screen_the_demo_is_headless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not program.has_screen()
    monkeypatch.setenv("DISPLAY", ":0")
    assert program.has_screen()
