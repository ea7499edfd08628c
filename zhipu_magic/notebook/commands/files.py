"""The commands for the journal, and for taking the conversation out of the notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...chat.export.formats import FORMS, exported
from ...history.history import turns
from ...history.journal_reader import named, refuse_other
from ...service import endpoint
from ...text import regular_files
from ...text.characters import shorten
from ...text.errors import GLMError, JournalError
from ...text.html import code
from ...text.markup import Markup
from ..hints import in_cell
from .command import Command, unquoted

if TYPE_CHECKING:
    from ...chat.chat import Chat
    from ..magics import GLMMagics

#: Letters of a system text that a resume shows.
_LONGEST_SYSTEM = 60


def _journal(magics: GLMMagics, text: str) -> None:
    if text:
        place = unquoted(text)
        if place not in ("auto", "off"):
            _check(place)
        magics.set_trait("journal", place)
    journal = magics.chat.history.journal
    if journal.path is None:
        magics.tell(Markup("No journal is kept. `%glm journal auto` keeps one beside the notebook."))
        return
    try:
        there = regular_files.status(journal.path)
        size = f"{there.st_size:,} bytes" if there is not None and there.st_size else "not begun yet"
    except OSError as error:
        size = f"it cannot be opened: {error.strerror}"
    magics.tell(Markup("The journal is {path} ({size}).", path=code(_shown(journal.path)), size=size))


def _check(place: str) -> None:
    """Raise JournalError where nothing of ours can be in the file."""
    path = named(place)
    try:
        refuse_other(path)
    except OSError as error:
        raise JournalError(
            "{journal} cannot be written: {why}.",
            hint="Choose another name.",
            reason="journal.unwritable",
            journal=path.name,
            why=error.strerror,
        ) from None


def _shown(path: Path) -> str:
    """The path, from the working directory where it is below that."""
    here = regular_files.here()
    return str(path.relative_to(here) if here is not None and path.is_relative_to(here) else path)


def _resume(magics: GLMMagics, text: str) -> None:
    chat = magics.chat
    words = [word for word in text.split() if word != "--earlier"]
    path = unquoted(" ".join(words)) if words else None
    before = _settings(chat)
    notes = chat.history.resume(path, earlier="--earlier" in text.split())
    if path:
        magics.set_trait("journal", str(chat.history.journal.path))
    magics.set_aside(sorted(cell for cell in magics.page.gone if cell), None, "deleted")
    magics.follow_chat()
    thread = chat.thread()
    others = f", one of {len(chat.history.threads)} threads" if len(chat.history.threads) > 1 else ""
    last = f" The last was asked: “{shorten(thread.newest.turn.prompt, 60)}”." if thread.newest else ""
    told = f"Resumed: {turns(thread.size)} in {thread.name}{others}.{last}"
    brought = [fact for fact, earlier in zip(_settings(chat), before, strict=True) if fact != earlier]
    came = [f"From the journal came: {', '.join(brought)}."] if brought else []
    magics.tell(Markup("\n\n").join([told, *came, *map(in_cell, notes)]))


def _settings(chat: Chat) -> tuple[str, ...]:
    """What the next turn is asked with, beside the turns, in words."""
    model, system, temperature, budget = chat.model, chat.system, chat.temperature, chat.budget
    return (
        f"the model {model}",
        f"the system text “{shorten(system, _LONGEST_SYSTEM)}”" if system else "no system text",
        "no temperature of its own" if temperature is None else f"the temperature {temperature:g}",
        f"a budget of {budget.told(budget.limit)}" if budget else "no budget",
    )


def _export(magics: GLMMagics, text: str) -> None:
    words = text.split()
    force = "--force" in (words[:1] + words[-1:])
    name = text.removeprefix("--force").removesuffix("--force").strip() if force else text
    if not name or name.startswith("-") or (len(name.split()) > 1 and unquoted(name) == name):
        raise UsageError(f"Usage: %glm export FILE [--force]. The extension decides the format: {', '.join(FORMS)}.")
    path = Path(unquoted(name))
    chat = magics.chat
    # The settings' address: that of the practice server ends with it.
    content = exported(
        chat.thread(), path.suffix, model=chat.model, base_url=endpoint.resolve_base_url(magics.base_url)
    )
    try:
        path = regular_files.absolute(path)
        if regular_files.status(path) is not None and not force:
            raise UsageError(
                f"{path.name} already exists and was left unchanged. %glm export {name} --force replaces it."
            )
        regular_files.replace(path, [chat.service.hide(content).encode("utf-8", "replace")])
    except OSError as error:
        raise GLMError(
            "{file} cannot be written: {why}.", reason="export.unwritable", file=path.name, why=error.strerror
        ) from None
    count = turns(chat.thread().size)
    magics.tell(Markup("{count} exported to {path}.", count=count, path=code(_shown(path))))


COMMANDS = (
    Command(
        "journal",
        "%glm journal [PATH]",
        "show the journal's path and size, or choose another file, auto or off",
        _journal,
        completes="auto off files",
    ),
    Command(
        "resume",
        "%glm resume [PATH] [--earlier]",
        "go on from what an earlier session left in the journal",
        _resume,
        completes="files",
    ),
    Command(
        "export",
        "%glm export FILE [--force]",
        "write the thread as .md, .json, .py or .ipynb",
        _export,
        completes="files",
    ),
)
