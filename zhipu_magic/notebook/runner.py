"""Runs notebooks from the command line: records them live, or replays them and compares the outputs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import unified_diff
from importlib import import_module
from pathlib import Path
from typing import Any

from ..chat.environment import REPLAY_VARIABLE
from ..history.journal.checks import rows_of, vectors_of
from ..text import regular_files
from ..text.characters import shortened, without_controls
from ..text.languages.joined import in_lines, sentences
from ..text.languages.messages import _, ngettext, told
from ..text.languages.system_words import why
from .front_ends import SESSION_VARIABLE, journal_of

#: Seconds that one cell may take.
_TIMEOUT = 600
#: Characters of a cell that are shown to identify it.
_LONGEST_OPENING = 50
#: Lines of a difference that are shown.
_MOST_LINES = 12
#: Characters of a line that are shown; an image is one line.
_LONGEST_LINE = 300
#: nbval's tag and comment for a cell whose outputs differ from run to run.
_IGNORED = ("nbval-ignore-output", "NBVAL_IGNORE_OUTPUT")


def _say(text: str) -> None:
    """Print a text that may quote someone else's notebook, in the language of its reader."""
    print(without_controls(told(text)))


def record(path: Path) -> int:
    """Run the notebook live, write a new journal and save the outputs. Returns the exit status.

    An earlier journal is renamed. If a cell fails, the notebook and its journal stay as they were.
    """
    notebook = _read(path)
    if notebook is None:
        return 1
    import_module("nbclient")  # fails early if it is missing
    journal = journal_of(path.absolute())
    written = (journal, rows_of(journal), vectors_of(journal), path.resolve())  # the notebook may be a symbolic link
    refused = next(filter(None, map(_refused, written)), None)
    if refused is not None:
        _say(_("{notebook}: not recorded: {why}.", notebook=path.name, why=refused))
        return 1
    earlier = _rename(journal)
    error, partial = _run_live(path, notebook, journal, earlier)
    if error is not None:
        _say(_("{notebook}: not recorded and not changed: {error}", notebook=path.name, error=error))
        if partial is not None:
            _say(_("The replies until then are in {journal}.", journal=f"{partial.parent.name}/{partial.name}"))
        return 1
    import_module("nbformat").write(notebook, path)
    recorded = regular_files.status(journal)
    if recorded is not None:
        result = _(
            "{notebook}: recorded in {journal} ({size:,} bytes).",
            notebook=path.name,
            journal=f"{journal.parent.name}/{journal.name}",
            size=recorded.st_size,
        )
    else:
        result = _("{notebook}: run and saved; nothing was asked, so there is no journal.", notebook=path.name)
    _say(sentences(result, _("The earlier journal is now {journal}.", journal=earlier.name) if earlier else ""))
    return 0


def _run_live(path: Path, notebook: Any, journal: Path, earlier: Path | None) -> tuple[str | None, Path | None]:
    """Run all cells. Returns what went wrong, if anything, and where the journal of the failed run is.

    After a failure or an interrupt, the earlier journal is put back.
    """
    error: str | None = _("it was interrupted.")
    partial = None
    try:
        error = _run(path, notebook, replay="off")
    finally:
        if error is not None:
            partial = _rename(journal)
            if earlier is not None:
                _rename_to(earlier, journal.name)
    return error, partial


def _refused(path: Path) -> str | None:
    """The reason why a file cannot be written; None if it can."""
    try:
        regular_files.try_writing(path)
        return None
    except OSError as error:
        return _("{folder} cannot be written ({why})", folder=path.parent.name or path.parent, why=why(error))


def replay(path: Path, *, outputs_optional: bool = False) -> int:
    """Run the notebook from its journal, with no key and no network, and compare outputs. Returns the exit status.

    With `outputs_optional`, a cell that was saved without outputs only has to run: they may have been stripped.
    """
    saved, notebook = _read(path), _read(path)
    if saved is None or notebook is None:
        return 1
    error = _run(path, notebook, replay="only")
    differences, stripped = [] if error is None else [error], 0
    for number, (was, is_now) in enumerate(zip(saved.cells, notebook.cells, strict=True), 1):
        if error is not None or was.cell_type != "code" or _is_ignored(was):
            continue
        if outputs_optional and is_now.outputs and not was.outputs:
            stripped += 1
        else:
            differences += _differences(number, was, is_now)
    for difference in differences:
        _say(_("{notebook}, {difference}", notebook=path.name, difference=difference))
    if not differences:
        count = sum(cell.cell_type == "code" for cell in notebook.cells)
        _say(_("{notebook}: {result}", notebook=path.name, result=_as_recorded(count, stripped)))
    return 1 if differences else 0


def _as_recorded(count: int, stripped: int) -> str:
    """The sentence on a successful replay: how many cells, and how many of them were saved without outputs."""
    if not stripped:
        return _("{count} cells, all as recorded.", count=count)
    return ngettext(
        "{cells} cells ran; {count} was saved without outputs and not compared, the others are as recorded.",
        "{cells} cells ran; {count} were saved without outputs and not compared, the others are as recorded.",
        stripped,
        cells=count,
    )


def _read(path: Path) -> Any:
    """The notebook; None, with a message, if the file is not one."""
    nbformat: Any = import_module("nbformat")
    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeError, AttributeError, LookupError):
        _say(_("{notebook} is not a notebook.", notebook=path.name))
        return None


def _rename(journal: Path) -> Path | None:
    """Rename an earlier journal and the rows beside it, if there are any. Returns the journal's new path."""
    if all(regular_files.status(file) is None for file in (journal, rows_of(journal), vectors_of(journal))):
        return None
    names = (journal.with_name(f"{journal.stem}.{number}.jsonl") for number in range(1, 1_000_000))
    return _rename_to(journal, next(path.name for path in names if not _is_taken(path)))


def _is_taken(journal: Path) -> bool:
    return any(map(os.path.lexists, (journal, rows_of(journal), vectors_of(journal))))


def _rename_to(journal: Path, name: str) -> Path:
    """Rename a journal and the rows beside it, as far as there are any. Returns the journal's new path."""
    path = journal.with_name(name)
    for beside in (Path, rows_of, vectors_of):
        old, new = beside(journal), beside(path)
        if regular_files.status(old) is not None:
            regular_files.rename(old, new.name)
    return path


def _run(path: Path, notebook: Any, *, replay: str) -> str | None:
    """Run all cells in a kernel that knows the notebook's path. Returns what went wrong, if anything."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = None, []
    waits = _waiting_for_background(notebook) if replay == "off" else []
    notebook.cells += waits
    try:
        return _executed(path, notebook, replay=replay, waits=waits)
    finally:
        del notebook.cells[len(notebook.cells) - len(waits) :]


def _waiting_for_background(notebook: Any) -> list[Any]:
    """A last cell that waits for the replies of others that do not, if there may be any."""
    if not any(cell.cell_type == "code" and "--bg" in cell.source for cell in notebook.cells):
        return []
    wait = 'if get_ipython().find_line_magic("glm"):\n    get_ipython().run_line_magic("glm", "wait")'
    return [import_module("nbformat.v4").new_code_cell(wait)]


def _executed(path: Path, notebook: Any, *, replay: str, waits: list[Any]) -> str | None:
    """Execute the cells, of which the last may be ours (`waits`). Returns what went wrong, if anything."""
    nbclient: Any = import_module("nbclient")
    client = nbclient.NotebookClient(
        notebook,
        timeout=_TIMEOUT,
        kernel_name=notebook.metadata.get("kernelspec", {}).get("name", "python3"),
        resources={"metadata": {"path": path.parent}},
        store_widget_state=False,
        record_timing=False,
        extra_arguments=["--Application.log_level=ERROR"],
    )
    environment = {**os.environ, SESSION_VARIABLE: str(path.absolute()), REPLAY_VARIABLE: replay}
    try:
        client.execute(env=environment)
    except nbclient.exceptions.CellExecutionError:
        # The run stops at the cell that failed.
        failed = max(
            (number for number, cell in enumerate(notebook.cells, 1) if cell.get("execution_count")), default=1
        )
        if notebook.cells[failed - 1] in waits:
            return _("what was asked in the background failed: {message}", message=_message(notebook.cells[failed - 1]))
        return _(
            "cell {number} ({opening}) failed: {message}",
            number=failed,
            opening=_opening(notebook.cells[failed - 1]),
            message=_message(notebook.cells[failed - 1]),
        )
    except nbclient.exceptions.CellTimeoutError:
        return _("a cell took longer than {seconds} seconds.", seconds=_TIMEOUT)
    except nbclient.exceptions.DeadKernelError:
        return _("the kernel died.")
    return None


def _message(cell: Any) -> str:
    """The message of a failed cell. Our own errors are just their message; IPython's are on a stream."""
    error = next((output for output in cell.outputs if output.output_type == "error"), None)
    if error is None:
        messages = [output.text.strip() for output in cell.outputs if output.get("name") == "stderr"]
        return messages[-1] if messages else _("there is no message.")
    readable = error.traceback == error.evalue.splitlines()
    return str(error.evalue) if readable else f"{error.ename}: {error.evalue}".removesuffix(": ")


def _opening(cell: Any) -> str:
    """The beginning of the cell: its first line, or the first two for a cell magic."""
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    text = " ".join(lines[: 2 if cell.source.startswith("%%") else 1])
    return shortened(text, _LONGEST_OPENING)


def _is_ignored(cell: Any) -> bool:
    return _IGNORED[0] in cell.metadata.get("tags", ()) or _IGNORED[1] in cell.source


def _differences(number: int, was: Any, is_now: Any) -> Iterator[str]:
    first = _opening(was)
    old, new = _outputs(was), _outputs(is_now)
    if len(old) != len(new):
        yield _(
            "cell {number} ({opening}): {saved} outputs saved, {now} now.",
            number=number,
            opening=first,
            saved=len(old),
            now=len(new),
        )
        return
    for place, (before, after) in enumerate(zip(old, new, strict=True), 1):
        for kind in sorted(before.keys() | after.keys(), key=lambda kind: (kind != "text/plain", kind)):
            if before.get(kind) != after.get(kind):
                yield _(
                    "cell {number} ({opening}): output {place} differs, as {kind}:\n{lines}",
                    number=number,
                    opening=first,
                    place=place,
                    kind=kind,
                    lines=_shown(before, after, kind),
                )
                break


def _outputs(cell: Any) -> list[dict[str, str]]:
    """The contents of each output, by MIME type. Texts written to one stream count as one output."""
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
    shown = [f"    {shortened(line, _LONGEST_LINE)}" for line in lines[:_MOST_LINES]]
    more = [_("    … and {count} more lines", count=len(lines) - _MOST_LINES)] if len(lines) > _MOST_LINES else []
    return in_lines([*shown, *more])
