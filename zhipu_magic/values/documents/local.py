"""Reads a document on this machine, in a process of its own (see `formats/child`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ...text.errors import NOTHING_SENT, InvalidRequest
from ...text.languages.system_words import why
from .errors import CRASHED, MEMORY, SECONDS, unreadable
from .kinds import Kind
from .reading import Reading, reading_of
from .source import Source

#: How the system ends a process that has taken too long: SIGKILL, SIGXCPU.
_ENDED: Final = (-9, -24)
#: What the process gets of the environment: no key is among it.
_ENVIRONMENT: Final = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "HOME")
_PROGRAM: Final = Path(__file__).parent / "formats" / "child.py"


def can_read(kind: Kind) -> bool:
    """Whether the library for this kind of document is installed."""
    try:
        return bool(kind.module) and find_spec(kind.module) is not None
    except (ImportError, ValueError):
        return False


def read(source: Source) -> Reading | None:
    """What is in a document; None where it has no text, such as a scan.

    Raises InvalidRequest where it cannot be read.
    """
    found = _found(source)
    if "why" in found:
        raise unreadable(source, found)
    parts = [(str(label), str(text)) for label, text in found["parts"]]
    if not any(text.strip() for _, text in parts):
        return None
    return reading_of(source, parts, int(found["total"]), "local")


def _found(source: Source) -> dict[str, Any]:
    """What the other process says."""
    asked = {
        "kind": source.kind.ending,
        "pages": source.pages.parts,
        "path": [folder for folder in sys.path if folder],
        "seconds": SECONDS,
        "bytes": MEMORY,
    }
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        begun = subprocess.Popen(
            [sys.executable or "python", "-I", "-B", "-X", "utf8", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # an interrupt is for us, who end it
        )
    except OSError as error:
        raise InvalidRequest(
            "The process that reads {name} cannot be begun: {why}.",
            hint='chat.documents = "service" has the service read it.',
            reason="document.no_process",
            outcomes=[NOTHING_SENT],
            name=source.name,
            why=why(error),
        ) from None
    with begun:  # which closes the pipes
        try:
            answer, _ = begun.communicate(json.dumps(asked).encode() + b"\n" + source.data, timeout=SECONDS)
            found = json.loads(answer)
            return found if isinstance(found, dict) else {"why": "damaged"}
        except subprocess.TimeoutExpired:
            return {"why": "slow"}
        except ValueError:  # it ended before it had answered
            return {"why": "slow" if begun.returncode in _ENDED else CRASHED}
        finally:
            begun.kill()
            begun.wait()  # `with` does not, after an interrupt
