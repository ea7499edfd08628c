"""The commands for the journal, and for exporting the conversation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...chat.export.formats import FORMS, exported
from ...history.journal.checks import named, refuse_other
from ...service import endpoint
from ...text import regular_files
from ...text.characters import shorten
from ...text.errors import GLMError, JournalError
from ...text.html import code
from ...text.languages.joined import comma, sentences
from ...text.languages.messages import _
from ...text.languages.numbers import plural
from ...text.languages.system_words import why
from ...text.markup import Markup
from ..hints import in_cell
from .command import Command, unquoted

if TYPE_CHECKING:
    from ...chat.chat import Chat
    from ...history.conversation import Thread
    from ..session import Session

#: Characters of the system text that a resume shows.
_LONGEST_SYSTEM = 60
_EARLIER = re.compile(r"(?<!\S)--earlier(?!\S)")


def _journal(session: Session, text: str) -> None:
    if text:
        place = unquoted(text)
        if place not in ("auto", "off"):
            _check(place)
        session.settings.journal = place
    journal = session.chat.history.journal
    if journal.path is None:
        session.answer(Markup("No journal is kept. `%glm journal auto` keeps one beside the notebook."))
        return
    try:
        status = regular_files.status(journal.path)
        written = status.st_size if status is not None else 0
        size: str = _("{count:,} bytes", count=written) if written else _("nothing in it yet")
    except OSError as error:
        size = _("cannot be opened: {why}", why=error.strerror)
    session.answer(Markup("The journal is {path} ({size}).", path=code(_shown(journal.path)), size=size))


def _check(place: str) -> None:
    """Raise JournalError if this file cannot be our journal."""
    path = named(place)
    try:
        refuse_other(path)
    except OSError as error:
        raise JournalError(
            "{journal} cannot be written: {why}.",
            hint="Choose another name.",
            reason="journal.unwritable",
            journal=path.name,
            why=why(error),
        ) from None


def _shown(path: Path) -> str:
    """The path, relative to the working directory if it is in there."""
    here = regular_files.here()
    return str(path.relative_to(here) if here is not None and path.is_relative_to(here) else path)


def _resume(session: Session, text: str) -> None:
    chat = session.chat
    named = _EARLIER.sub("", text).strip()
    path = unquoted(named) if named else None
    before = _settings(chat)
    page = session.page_journal
    copied = page.named(path) if path else None
    earlier = _EARLIER.search(text) is not None
    notes = chat.history.resume(copied or path, earlier=earlier, copy=copied is not None, is_mine=page.is_mine())
    page.settle()
    if path and copied is None:
        session.settings.journal = str(chat.history.journal.path)
    session.set_aside_deleted(session.cells.deleted)
    session.reflect_chat()
    thread = chat.thread()
    said = [_resumed(thread, len(chat.history.threads))]
    if copied is not None and copied != chat.history.journal.path:
        said.append(_("They were copied from {file}, which stays as it is.", file=copied.name))
    resumed = sentences(*said)
    changed = [setting for setting, earlier in zip(_settings(chat), before, strict=True) if setting != earlier]
    settings = [_("From the journal: {settings}.", settings=comma(changed))] if changed else []
    session.answer(Markup("\n\n").join([resumed, *settings, *map(in_cell, notes)]))


def _resumed(thread: Thread, count: int) -> str:
    """Says what is there again: the thread, which is one of so many, and where it stopped."""
    turns = plural(thread.size, "turn")
    resumed = _("Resumed: {turns} in {thread}.", turns=turns, thread=thread.name)
    if count > 1:
        resumed = _(
            "Resumed: {turns} in {thread}, one of {count} threads.", turns=turns, thread=thread.name, count=count
        )
    if not thread.newest:
        return resumed
    return sentences(resumed, _("The last prompt: “{prompt}”.", prompt=shorten(thread.newest.turn.prompt, 60)))


def _settings(chat: Chat) -> tuple[str, ...]:
    """The settings of the next turn, in words."""
    model, system, temperature, budget = chat.model, chat.system, chat.temperature, chat.budget
    return (
        _("the model {model}", model=model),
        _("the system text “{text}”", text=shorten(system, _LONGEST_SYSTEM)) if system else _("no system text"),
        _("the model's own temperature")
        if temperature is None
        else _("the temperature {temperature:g}", temperature=temperature),
        _("a budget of {budget}", budget=budget.in_words(budget.limit)) if budget else _("no budget"),
    )


def _export(session: Session, text: str) -> None:
    words = text.split()
    force = "--force" in (words[:1] + words[-1:])
    name = text.removeprefix("--force").removesuffix("--force").strip() if force else text
    if not name or name.startswith("-") or (len(name.split()) > 1 and unquoted(name) == name):
        raise UsageError(
            _("Usage: %glm export FILE [--force]. The extension decides the format: {forms}.", forms=comma(FORMS))
        )
    path = Path(unquoted(name))
    chat = session.chat
    # The address in the settings: the practice server's own is gone once the kernel ends.
    content = exported(
        chat.thread(),
        path.suffix,
        model=chat.model,
        base_url=endpoint.resolve_base_url(session.settings.base_url),
        plain_http=session.settings.plain_http,
    )
    try:
        path = regular_files.absolute(path)
        if regular_files.status(path) is not None and not force:
            raise UsageError(
                _(
                    "{file} already exists and was left unchanged. %glm export {name} --force replaces it.",
                    file=path.name,
                    name=name,
                )
            )
        regular_files.replace(path, [chat.service.hide(content).encode("utf-8", "replace")])
    except OSError as error:
        raise GLMError(
            "{file} cannot be written: {why}.", reason="export.unwritable", file=path.name, why=why(error)
        ) from None
    count = plural(chat.thread().size, "turn")
    session.answer(Markup("{count} exported to {path}.", count=count, path=code(_shown(path))))


COMMANDS = (
    Command(
        "journal",
        "%glm journal [PATH]",
        "show where the journal is, or move it",
        _journal,
        completes="auto off files",
        details="The journal is a file with all that happened in the conversation, so that %glm resume can bring it "
        "back. The API key is never in it.",
        arguments={"PATH": "another file for the journal; auto puts it beside the notebook, off keeps none"},
        examples=("%glm journal", "%glm journal talk.jsonl", "%glm journal auto"),
    ),
    Command(
        "resume",
        "%glm resume [NAME] [--earlier]",
        "continue an earlier conversation",
        _resume,
        completes="files",
        details="Brings back what an earlier session left in the journal: threads, settings, what can be undone, and "
        "what was spent. Functions are not in it: add tools again.",
        arguments={
            "NAME": "the journal of another notebook, by that notebook's name, or a journal's path",
            "--earlier": "the conversation before the last one in the journal",
        },
        examples=("%glm resume", "%glm resume analysis.ipynb", "%glm resume --earlier"),
    ),
    Command(
        "export",
        "%glm export FILE [--force]",
        "export as .md, .json, .py or .ipynb",
        _export,
        completes="files",
        details="Writes the thread to a file whose extension decides what it is: a transcript to read (.md), the "
        "messages (.json), a Python script that asks the last turn (.py), or a notebook (.ipynb) whose cells ask again "
        "and, until then, show the replies.",
        arguments={"FILE": "the file's name, with its extension", "--force": "replace a file that exists"},
        examples=("%glm export talk.md", "%glm export talk.ipynb --force"),
    ),
)
