"""A program that serves on this machine, for as long as a test needs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

#: Seconds that a server has for its start: some import a third of a gigabyte, on a machine that tests keep busy.
_START = 180.0
_STOP = 10.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str | os.PathLike[str]],
    *,
    ready: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[psutil.Process]:
    """The server, once it answers at the address `ready`; it is gone afterwards, with all that it started.

    What it prints goes to `log`, and into the error if it does not start.
    """
    with log.open("wb") as printed:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    try:
        _wait(process, ready, log)
        yield psutil.Process(process.pid)
    finally:
        _stop(process)


def _wait(process: subprocess.Popen[bytes], ready: str, log: Path) -> None:
    deadline = time.monotonic() + _START
    # Past any proxy: the server is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while not _answers(opener, ready):
        if process.poll() is not None or time.monotonic() > deadline:
            ended = f"ended with {process.returncode}" if process.returncode is not None else "does not answer"
            raise AssertionError(f"The server {ended}. It printed:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.1)


def _answers(opener: urllib.request.OpenerDirector, address: str) -> bool:
    try:
        with opener.open(address, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        with error:
            return False
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)  # the group: some have children, which outlive them
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP)


def is_at_rest(process: psutil.Process, within: float) -> bool:
    """Whether the program stops working within so many seconds: for half a second it takes next to no time of a CPU."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        before = _seconds_of_cpu(process)
        time.sleep(0.5)
        if _seconds_of_cpu(process) - before < 0.1:
            return True
    return False


def _seconds_of_cpu(process: psutil.Process) -> float:
    seconds = 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            seconds += times.user + times.system
    return seconds
