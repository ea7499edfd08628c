"""A client in a process of its own, and the server that it asks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from ..kernel import Bench
from ..servers import Practice
from . import clients
from .clients import Spec

#: Seconds that a client may take to end.
_ENDS = 5.0


class Result(NamedTuple):
    """What came of asking over a table. `seconds` on the clock and `cpu` seconds of the client's process, rows `lost`,
    `megabytes` that its memory has grown by, the requests that the server has let in and refused, and the seconds that
    they were in flight there, together.
    """

    rows: int
    seconds: float
    cpu: float
    lost: int
    megabytes: float
    let_in: int
    refused: int
    in_flight_seconds: float

    @property
    def refused_share(self) -> float:
        """The percentage of all requests that was refused."""
        return 100 * self.refused / (self.refused + self.let_in)

    def used(self, places: int) -> float:
        """The share of so many places that was used, on average."""
        return self.in_flight_seconds / (places * self.seconds)

    @property
    def cpu_us(self) -> float:
        """Processor time a row, in µs."""
        return 1e6 * self.cpu / self.rows


class Client:
    """A client that is ready to ask."""

    def __init__(self, process: subprocess.Popen[str], server: Practice, rows: int) -> None:
        self.process = process
        self._server = server
        self._rows = rows

    def begin(self) -> None:
        """Have it ask."""
        self._server.count_from_here()
        self._pipe(self.process.stdin).write("go\n")
        self._pipe(self.process.stdin).flush()

    def result(self) -> Result:
        """Wait for its end. Raises RuntimeError if it has failed."""
        line = self._pipe(self.process.stdout).readline()
        if not line:
            raise RuntimeError(f"A client has failed: {self.process.args!r}")
        found: dict[str, Any] = json.loads(line)
        let_in, refused = self._server.counts()
        with suppress(subprocess.TimeoutExpired):  # it ends by itself, and with it whatever it has started
            self.process.wait(_ENDS)
        in_flight = self._server.in_flight_seconds()
        return Result(rows=self._rows, let_in=let_in, refused=refused, in_flight_seconds=in_flight, **found)

    def _pipe(self, pipe: Any) -> Any:
        assert pipe is not None
        return pipe


@contextmanager
def client(
    bench: Bench, name: str, server: Practice, spec: Spec, python: Path | str = sys.executable
) -> Iterator[Client]:
    """A fresh process of this client, which knows nothing of any service. It is killed at the end."""
    with TemporaryDirectory(dir=bench.folder) as home:
        environment = {
            **bench.environment(),
            **server.environment(),
            **dict.fromkeys(("HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "OPENAI_API_KEY"), home),
        }
        process = subprocess.Popen(
            [str(python), clients.__file__, name, json.dumps(spec._asdict())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=home,
        )
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"The client {name} cannot begin.")
            yield Client(process, server, spec.rows)
        finally:
            process.kill()
            process.wait()


def asked(bench: Bench, name: str, server: Practice, spec: Spec, python: Path | str = sys.executable) -> Result:
    """What comes of this client in a fresh process."""
    with client(bench, name, server, spec, python) as one:
        one.begin()
        return one.result()
