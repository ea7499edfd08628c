"""The clients that `python -m benchmarks tables` sets side by side can all ask."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zhipu_magic.practice import PracticeServer

CLIENTS = Path(__file__).parents[3] / "benchmarks" / "rows" / "clients.py"


@pytest.mark.parametrize("client", ["ours", "oracle", "zhipuai"])
def test_a_client_of_the_benchmark_asks_every_row(client: str, server: PracticeServer, tmp_path: Path) -> None:
    spec = {"rows": 4, "at_once": 2, "schedule": [[0.0, 2]], "journal": None}
    environment = {
        **os.environ,
        **{"ZHIPUAI_BASE_URL": server.base_url, "ZHIPUAI_API_KEY": server.api_key},
        **dict.fromkeys(("HOME", "XDG_DATA_HOME", "LOCALAPPDATA"), str(tmp_path)),
        "PYTHONPATH": str(CLIENTS.parents[2]),
    }
    done = subprocess.run(
        [sys.executable, str(CLIENTS), client, json.dumps(spec)],
        input="go\n",
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.partition("ready\n")[2])["lost"] == 0
    assert len(server.requests) == 24  # twenty to warm up with
