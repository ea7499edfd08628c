"""Notebooks run from the command line: recorded live, and checked against what was recorded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import unified_diff
from importlib import import_module
from pathlib import Path
from typing import Any

from ..chat.environment import REPLAY_VARIABLE
from ..text import regular_files
from ..text.characters import shortened
from ..text.markup import without_controls
from .front_ends import SESSION_VARIABLE, journal_of

#: Seconds that one cell may take.
_PATIENCE = 600
#: Characters of a cell that are enough to know it by.
_LONGEST_OPENING = 50
#: Lines of a difference that are shown.
_MOST_LINES = 12
#: Characters of such a line; an image is one line.
_LONGEST_LINE = 300
#: nbval's marks for a cell whose outputs differ from run to run.
_IGNORED = ("nbval-ignore-output", "NBVAL_IGNORE_OUTPUT")


def _say(text: str) -> None:
    """Print what may hold names and outputs of a notebook from elsewhere."""
    print(without_controls(text))


def record(path: Path) -> int:
    """Run the notebook live, write its journal anew and save it with its outputs; gives the exit status.

    An earlier journal is kept beside it. Where a cell fails, the notebook and its journal stay as they were.
    """
    page = _read(path)
    if page is None:
        return 1
    import_module("nbclient")  # to say at once if it is missing
    journal = journal_of(path.absolute())
    refused = _refused(journal) or _refused(path.resolve())  # a notebook may lie behind a link
    if refused is not None:
        _say(f"{path.name}: not recorded, for {refused}.")
        return 1
    kept = _put_aside(journal)
    error: str | None = "it was interrupted."
    try:
        error = _run(path, page, replay="off")
    finally:
        if error is not None:
            partial = _put_aside(journal)
            if kept is not None:
                regular_files.rename(kept, journal.name)
    if error is not None:
        _say(f"{path.name}: not recorded, and left as it was. {error[0].upper()}{error[1:]}")
        if partial is not None:
            _say(f"What was answered until then is in {partial.parent.name}/{partial.name}.")
        return 1
    import_module("nbformat").write(page, path)
    earlier = f" The earlier journal is {kept.name} now." if kept else ""
    if (written := regular_files.status(journal)) is not None:
        size = f"{written.st_size:,} bytes"
        _say(f"{path.name}: recorded in {journal.parent.name}/{journal.name} ({size}).{earlier}")
    else:
        _say(f"{path.name}: run and saved; nothing was asked, so there is no journal.{earlier}")
    return 0


def _refused(path: Path) -> str | None:
    """Why a file cannot be written; None where it can."""
    try:
        regular_files.try_writing(path)
        return None
    except OSError as error:
        return f"{path.parent.name or path.parent} cannot be written ({error.strerror})"


def replay(path: Path) -> int:
    """Run the notebook from its journal, with no key and no network, and compare all outputs; gives the exit status."""
    saved, page = _read(path), _read(path)
    if saved is None or page is None:
        return 1
    error = _run(path, page, replay="only")
    differences = [] if error is None else [error]
    for number, (was, is_now) in enumerate(zip(saved.cells, page.cells, strict=True), 1):
        if error is None and was.cell_type == "code" and not _is_ignored(was):
            differences += _differences(number, was, is_now)
    for told in differences:
        _say(f"{path.name}, {told}")
    if not differences:
        count = sum(cell.cell_type == "code" for cell in page.cells)
        _say(f"{path.name}: {count} cells, all as recorded.")
    return 1 if differences else 0


def _read(path: Path) -> Any:
    """The notebook; None, and a word on it, where it is none."""
    nbformat: Any = import_module("nbformat")
    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeError, AttributeError, LookupError):
        _say(f"{path.name} is not a notebook.")
        return None


def _put_aside(journal: Path) -> Path | None:
    """Rename an earlier journal; gives its new path."""
    if regular_files.status(journal) is None:
        return None
    names = (f"{journal.stem}.{number}.jsonl" for number in range(1, 1_000_000))
    return regular_files.rename(journal, next(name for name in names if not os.path.lexists(journal.with_name(name))))


def _run(path: Path, page: Any, *, replay: str) -> str | None:
    """Run all cells in a kernel that knows the notebook's path; gives what went wrong."""
    nbclient: Any = import_module("nbclient")
    for cell in page.cells:
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = None, []
    client = nbclient.NotebookClient(
        page,
        timeout=_PATIENCE,
        kernel_name=page.metadata.get("kernelspec", {}).get("name", "python3"),
        resources={"metadata": {"path": path.parent}},
        store_widget_state=False,
        record_timing=False,
        extra_arguments=["--Application.log_level=ERROR"],
    )
    environment = {**os.environ, SESSION_VARIABLE: str(path.absolute()), REPLAY_VARIABLE: replay}
    try:
        client.execute(env=environment)
    except nbclient.exceptions.CellExecutionError:
        # The last that ran: the run stops there.
        failed = max((number for number, cell in enumerate(page.cells, 1) if cell.get("execution_count")), default=1)
        return f"cell {failed} ({_opening(page.cells[failed - 1])}) failed: {_message(page.cells[failed - 1])}"
    except nbclient.exceptions.CellTimeoutError:
        return f"a cell took longer than {_PATIENCE} seconds."
    except nbclient.exceptions.DeadKernelError:
        return "the kernel died."
    return None


def _message(cell: Any) -> str:
    """What a failed cell says last: our own errors print as their message alone, IPython's on a stream."""
    error = next((output for output in cell.outputs if output.output_type == "error"), None)
    if error is None:
        told = [output.text.strip() for output in cell.outputs if output.get("name") == "stderr"]
        return told[-1] if told else "it says no more."
    readable = error.traceback == error.evalue.splitlines()
    return str(error.evalue) if readable else f"{error.ename}: {error.evalue}".removesuffix(": ")


def _opening(cell: Any) -> str:
    """How the cell begins: a magic's line and the text below it."""
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    text = " ".join(lines[: 2 if cell.source.startswith("%%") else 1])
    return text if len(text) <= _LONGEST_OPENING else text[: _LONGEST_OPENING - 1] + "…"


def _is_ignored(cell: Any) -> bool:
    return _IGNORED[0] in cell.metadata.get("tags", ()) or _IGNORED[1] in cell.source


def _differences(number: int, was: Any, is_now: Any) -> Iterator[str]:
    first = _opening(was)
    old, new = _outputs(was), _outputs(is_now)
    if len(old) != len(new):
        yield f"cell {number} ({first}): {len(old)} outputs were saved, and there are {len(new)} now."
        return
    for place, (before, after) in enumerate(zip(old, new, strict=True), 1):
        for kind in sorted(before.keys() | after.keys(), key=lambda kind: (kind != "text/plain", kind)):
            if before.get(kind) != after.get(kind):
                yield f"cell {number} ({first}): output {place} differs, as {kind}:\n{_shown(before, after, kind)}"
                break


def _outputs(cell: Any) -> list[dict[str, str]]:
    """What each output shows, by kind; texts written to one stream are one output, however they came."""
    outputs: list[dict[str, str]] = []
    for output in cell.outputs:
        if output.output_type == "stream":
            if outputs and list(outputs[-1]) == [output.name]:
                outputs[-1][output.name] += output.text
            else:
                outputs.append({output.name: output.text})
        elif output.output_type == "error":
            outputs.append({"error": f"{output.ename}: {output.evalue}"})
        else:
            outputs.append({kind: str(data) for kind, data in output.data.items()})
    return outputs


def _shown(before: dict[str, str], after: dict[str, str], kind: str) -> str:
    lines = list(
        unified_diff(
            before.get(kind, "").splitlines(), after.get(kind, "").splitlines(), "saved", "now", lineterm="", n=1
        )
    )
    more = [f"… and {len(lines) - _MOST_LINES} lines more"] if len(lines) > _MOST_LINES else []
    return "\n".join(f"    {shortened(line, _LONGEST_LINE)}" for line in [*lines[:_MOST_LINES], *more])
