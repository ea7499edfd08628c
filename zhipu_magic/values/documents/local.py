"""Reads a document on this machine, in a process of its own (see `formats/child`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ...text.characters import printable, shortened
from ...text.errors import NOTHING_SENT, InvalidRequest
from ...text.numbers import plural
from .kinds import Kind
from .reading import Reading, reading_of
from .source import Source

#: Seconds that reading may take, and bytes of memory.
SECONDS: Final = 60
_MEMORY: Final = 3 << 30
_LONGEST_DETAIL: Final = 200
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
        raise _cannot(source, str(found["why"]), found.get("detail"))
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
        "bytes": _MEMORY,
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
            why=error.strerror or type(error).__name__,
        ) from None
    try:
        answer, _ = begun.communicate(json.dumps(asked).encode() + b"\n" + source.data, timeout=SECONDS)
        found = json.loads(answer)
        return found if isinstance(found, dict) else {"why": "damaged"}
    except subprocess.TimeoutExpired:
        return {"why": "slow"}
    except ValueError:  # it ended before it had answered
        return {"why": "slow" if begun.returncode in _ENDED else "damaged", "detail": "its reader has crashed"}
    finally:
        begun.kill()
        begun.wait()
        for pipe in (begun.stdin, begun.stdout):
            if pipe is not None:
                pipe.close()


def _cannot(source: Source, why: str, detail: object) -> InvalidRequest:
    """The error that says why a document cannot be read."""
    error = _error(source, why, detail)
    error.outcomes.append(NOTHING_SENT)
    if why == "damaged" and detail:
        error.detail = shortened(printable(str(detail)), _LONGEST_DETAIL)
    return error


def _error(source: Source, why: str, detail: object) -> InvalidRequest:
    name, kind = source.name, source.kind.name
    if why == "missing":
        unit = source.kind.unit
        return InvalidRequest(
            "{name} has no {unit} {wanted}.",
            hint="Leave the {unit}s out to have all of it read.",
            reason="document.no_such_page",
            name=name,
            unit=unit,
            wanted=shortened(printable(str(detail)), 60),
        )
    if why == "no_pages":
        return InvalidRequest(
            "{kind} documents have no pages to choose: {name} is read as a whole.",
            hint="A budget says how much of it is sent: | 6000.",
            reason="document.no_pages",
            name=name,
            kind=kind,
        )
    if why == "encrypted":
        return InvalidRequest(
            "{name} is protected by a password.",
            hint="Save a copy of it without one.",
            reason="document.encrypted",
            name=name,
        )
    if why == "slow":
        return InvalidRequest(
            "{name} was not read within {seconds}.",
            hint="Choose pages: | pages 1-20.",
            reason="document.slow",
            name=name,
            seconds=plural(SECONDS, "second"),
        )
    if why == "too_large":
        return InvalidRequest(
            "{name} takes more memory than a document may.",
            hint="Choose pages, or take out of it what the model is to read.",
            reason="document.memory",
            name=name,
        )
    if why == "library":
        return no_library(source)
    return InvalidRequest(
        "{name} cannot be read: it is not a sound {kind} document.",
        hint="Open it in the program that it is from, and save it again.",
        reason="document.damaged",
        name=name,
        kind=kind,
    )


def no_library(source: Source) -> InvalidRequest:
    """The error that says what reads such a document."""
    if not source.kind.module:
        return InvalidRequest(
            "Nothing on this machine reads {kind} documents, such as {name}.",
            hint='Save it in a newer format; or chat.documents = "service" has the service read it.',
            reason="document.old_format",
            outcomes=[NOTHING_SENT],
            name=source.name,
            kind=source.kind.name,
        )
    return InvalidRequest(
        "Nothing that is installed here reads {kind} documents, such as {name}.",
        hint='Run pip install "zhipu_magic[docs]"; or chat.documents = "service" has the service read it.',
        reason="document.no_library",
        outcomes=[NOTHING_SENT],
        name=source.name,
        kind=source.kind.name,
    )


def no_text(source: Source) -> InvalidRequest:
    """The error for a document that shows pictures of text only."""
    return InvalidRequest(
        "{name} has no text: it is a scan, perhaps.",
        hint='chat.documents = "service" has the service read its pictures.',
        reason="document.no_text",
        outcomes=[NOTHING_SENT],
        name=source.name,
    )
