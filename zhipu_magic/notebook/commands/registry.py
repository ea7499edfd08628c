"""The commands behind `%glm`: each a function of the session and the text after its name."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.addresses import without_password
from ...text.characters import shorten
from ...text.errors import SettingsError
from ...text.html import code as quoted_code
from ...text.markup import Markup
from ...text.numbers import money
from ...text.suggestions import did_you_mean, nearest
from ...text.tables import table
from .. import ask_cell
from ..hints import door, in_cell
from . import code, files, history, models, service, threads, tools, turns
from .command import Command, prose

if TYPE_CHECKING:
    from ...history.conversation import Thread
    from ..session import Session


def run(session: Session, line: str) -> None:
    """Run a `%glm` line. A mistyped command is an error, never a prompt."""
    if not line.strip():
        _status(session)
        return
    name, text = (*line.split(None, 1), "")[:2]
    command = COMMANDS.get(name)
    if command is None:
        near = nearest(name.lower(), COMMANDS)
        meant = f"Did you mean %glm {near}? " if near else ""
        raise UsageError(
            f"%glm has no command {name}. {meant}To ask the model: %glm ask TEXT. %glm help lists all commands."
        )
    if text.strip() and command.usage == f"%glm {name}":
        raise UsageError(f"%glm {name} takes no arguments; nothing was done.")
    try:
        command.run(session, text.strip())
    finally:
        session.reflect_chat()  # an undo, among others, changes which system text is in force


def _status(session: Session) -> None:
    chat = session.chat
    thread, sums, journal = chat.thread(), chat.account, chat.history.journal
    tokens = f"{sums.total_tokens:,}" + (f" ({money(sums.cost)})" if sums.cost is not None else "")
    key = _key(session)
    filled = chat.context_filled()
    rows: list[tuple[str, object]] = [("model", chat.model)]
    if chat.replay != "only":
        rows.append(("service", without_password(chat.service.base_url)))
        rows.append(("API key", key or "none yet"))
    rows += [
        ("system text", quoted_code(shorten(chat.system, 60)) if chat.system else "none"),
        (
            "thread",
            f"{thread.name}, one of {len(chat.history.threads)}" if len(chat.history.threads) > 1 else thread.name,
        ),
        ("turns", _turns(thread)),
        ("tokens spent", tokens),
    ]
    if chat.tools:
        rows.append(("tools", ", ".join(session.tool_names())))
    if chat.budget is not None:
        rows.append(("left of the budget", chat.budget.left_in_words(sums)))
    if filled and filled[0]:
        rows.append(("context", f"{filled[0]:,} of {filled[1]:,} tokens"))
    rows.append(("journal", journal.path.name if journal.path else "off"))
    if chat.replay != "off":
        rows.append(("replay", chat.replay))
    if not key and chat.replay != "only":
        following = Markup("`%glm login` sets a key; `%glm practice` needs none.")
    elif not thread.size:
        following = Markup("Begin a cell with `%%glm` and write below it. `%%glm?` shows its options.")
    else:
        following = Markup("Continue with `%%glm`, look back with `%glm history`, start over with `%glm thread NAME`.")
    facts = table(("zhipu_magic", version("zhipu_magic")), rows)
    session.answer(Markup("{facts}\n\n{following} `%glm help` lists all commands.", facts=facts, following=following))


def _key(session: Session) -> str:
    """Whose key is used, or why none can be; empty if there is none."""
    try:
        with door():
            return in_cell(session.chat.service.key_source or "")
    except SettingsError as error:
        return f"none that can be used: {error.message} {error.hint}"


def _turns(thread: Thread) -> str:
    """How many turns there are, and how many of them are stale or set aside."""
    set_aside, stale = sum(link.aside > 0 for link in thread.links), sum(link.stale for link in thread.links)
    parts = [str(thread.size)]
    parts += [f"{stale} stale"] if stale else []
    parts += [f"{set_aside} set aside"] if set_aside else []
    return ", ".join(parts)


def _ask(session: Session, text: str) -> None:
    ask_cell.ask(session, prose(text, "%glm ask"))


def _usage(session: Session, text: str) -> None:
    session.show_usage()
    service.show_plan(session)


def _help(session: Session, text: str) -> None:
    if not text:
        after = Markup("`%%glm?` shows the options of a cell, `%config GLMMagics` the settings.")
        session.answer(Markup("\n\n").join([commands_help(), after]))
        return
    command = COMMANDS.get(text)
    if command is None:
        raise UsageError(f"%glm has no command {text}. {did_you_mean(text, COMMANDS)}".rstrip())
    session.answer(Markup("{usage}: {summary}", usage=quoted_code(command.usage), summary=command.summary))


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command("ask", "%glm ask TEXT", "ask the model, like a one-line cell", _ask, completes="prose"),
        *service.COMMANDS,
        *models.COMMANDS,
        *threads.COMMANDS,
        *history.COMMANDS,
        *turns.COMMANDS,
        *code.COMMANDS,
        *tools.COMMANDS,
        *files.COMMANDS,
        Command("usage", "%glm usage", "show a dashboard of tokens and cost that stays up to date", _usage),
        Command("help", "%glm help [COMMAND]", "list the commands, or explain one", _help, completes="commands"),
    )
}


def commands_help() -> Markup:
    """All commands as a table."""
    rows = [(quoted_code(command.usage), command.summary) for command in COMMANDS.values()]
    return table(("command", "what it does"), rows)


def help_text() -> str:
    """What `%glm?` shows."""
    rows = "\n".join(f"    {command.usage:<30} {command.summary}" for command in COMMANDS.values())
    return f"""Manage the conversation of the `%%glm` cells. On its own, `%glm` shows the current state.

{rows}

`%%glm?` shows the options of a cell; `%config GLMMagics` lists the settings.
"""
