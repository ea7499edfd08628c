"""The commands behind `%glm`: each a function of the session and the text after its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.addresses import without_password
from ...text.characters import shorten
from ...text.errors import SettingsError
from ...text.html import block
from ...text.html import code as quoted_code
from ...text.languages.joined import comma, sentences
from ...text.languages.messages import N_, _, told
from ...text.languages.numbers import money
from ...text.markup import Markup
from ...text.own_version import OWN_VERSION
from ...text.suggestions import did_you_mean, nearest
from ...text.tables import table
from .. import ask_cell, costs
from ..hints import door, in_cell
from ..line.words import plain_option, seen, with_plain_options
from . import batches, code, explain, files, history, jobs, language, models, rows, service, threads, tools, turns
from .command import Command, check_options, prose

if TYPE_CHECKING:
    from ...history.conversation import Thread
    from ...history.ledger import Sums
    from ..session import Session


def run(session: Session, line: str) -> None:
    """Run a `%glm` line. A mistyped command is an error, never a prompt."""
    if not line.strip():
        _status(session)
        return
    name, text = (*line.split(None, 1), "")[:2]
    name = seen(name)
    if plain_option(name) in _HELP:
        _help(session, seen(text).strip())
        return
    command = COMMANDS.get(name)
    if command is None:
        near = nearest(name.lower(), COMMANDS)
        raise UsageError(
            sentences(
                _("%glm has no command {name}.", name=name),
                _("Did you mean {near}?", near=f"%glm {near}") if near else "",
                _("To ask the model: %glm ask TEXT. %glm help lists all commands."),
            )
        )
    if "TEXT" not in command.usage:
        text = seen(text)
    text = with_plain_options(text, command.flags)
    if _asks_for_help(command, text):
        _help(session, name)
        return
    if text.strip() and command.usage == f"%glm {name}":
        raise UsageError(_("%glm {command} takes no arguments; nothing was done.", command=name))
    if "TEXT" not in command.usage:
        check_options(command, text)
    try:
        command.run(session, text.strip())
    finally:
        session.reflect_chat()  # an undo, among others, changes which system text is in force


#: What may be written for help, as in a shell.
_HELP = ("-h", "--help")


def _asks_for_help(command: Command, text: str) -> bool:
    """Whether help is asked for. Within a text for the model, a word such as `help` is part of the text."""
    words = [plain_option(word) for word in text.split()]
    return any(word in _HELP for word in words) and (len(words) == 1 or "TEXT" not in command.usage)


def _status(session: Session) -> None:
    chat = session.chat
    thread, sums, journal = session.look().thread, chat.account, chat.history.journal
    key = _key(session)
    filled = chat.context_filled()
    rows: list[tuple[str, object]] = [(_("model"), chat.model)]
    if chat.replay != "only":
        rows.append((_("service"), without_password(chat.service.base_url)))
        rows.append((_("API key"), key or _("none yet")))
    rows += [
        (_("system text"), quoted_code(shorten(chat.system, 60)) if chat.system else _("none")),
        (_("thread"), _one_of(thread, len(chat.history.threads))),
        (_("turns"), _turns(thread)),
        (_("tokens spent"), _spent(sums)),
    ]
    if chat.tools:
        rows.append((_("tools"), comma(session.tool_names())))
    if chat.budget is not None:
        rows.append((_("budget left"), chat.budget.left_in_words(sums)))
    if filled and filled[0]:
        rows.append((_("context"), _("{used:,} of {all:,} tokens", used=filled[0], all=filled[1])))
    rows.append((_("journal"), journal.path.name if journal.path else "off"))
    if chat.replay != "off":
        rows.append((_("replay"), chat.replay))
    if set_there := session.extension.settings_in_force:
        rows.append((_("from JupyterLab's settings"), comma(set_there)))
    if not key and chat.replay != "only":
        following = Markup("`%glm login` sets a key; `%glm practice` needs none.")
    elif not thread.size:
        following = Markup("Begin a cell with `%%glm` and write below it. `%%glm?` shows its options.")
    else:
        following = Markup("Continue with `%%glm`, look back with `%glm history`, start over with `%glm thread NAME`.")
    facts = table(("zhipu_magic", OWN_VERSION), rows)
    session.answer(Markup("{facts}\n\n{following} `%glm help` lists all commands.", facts=facts, following=following))


def _key(session: Session) -> str:
    """Where the key comes from, or why it cannot be used; empty if there is none."""
    try:
        with door():
            return in_cell(session.chat.service.key_source or "")
    except SettingsError as error:
        return _("none that can be used: {why}", why=sentences(error.happened, error.hint))


def _one_of(thread: Thread, count: int) -> str:
    return _("{name}, one of {count}", name=thread.name, count=count) if count > 1 else thread.name


def _spent(sums: Sums) -> str:
    """The tokens so far, and what they have cost as far as that is known."""
    tokens = f"{sums.total_tokens:,}"
    if sums.cost is not None:
        tokens = _("{tokens} ({cost})", tokens=tokens, cost=money(sums.cost))
    uncounted = costs.uncounted(sums)
    return _("{tokens}, and {uncounted}", tokens=tokens, uncounted=uncounted) if uncounted else tokens


def _turns(thread: Thread) -> str:
    """How many turns there are, and how many of them are stale or set aside."""
    set_aside, stale = sum(link.aside > 0 for link in thread.links), sum(link.stale for link in thread.links)
    marks = [_("{count} stale", count=stale)] if stale else []
    marks += [_("{count} set aside", count=set_aside)] if set_aside else []
    return _("{turns}, {marks}", turns=thread.size, marks=comma(marks)) if marks else str(thread.size)


def _ask(session: Session, text: str) -> None:
    ask_cell.ask(session, prose(text, "%glm ask"))


def _usage(session: Session, text: str) -> None:
    session.show_usage()
    service.show_plan(session)


def _help(session: Session, text: str) -> None:
    if not text:
        after = Markup(
            "`%glm help COMMAND` explains one, with examples. `%%glm?` shows the options of a cell, "
            "`%config GLMMagics` the settings."
        )
        session.answer(Markup("\n\n").join([commands_help(), after]))
        return
    command = COMMANDS.get(text)
    if command is None:
        raise UsageError(sentences(_("%glm has no command {name}.", name=text), did_you_mean(text, COMMANDS)))
    session.answer(_explained(command))


def _explained(command: Command) -> Markup:
    """What a command does, what may follow it, and examples."""
    parts = [
        Markup(N_("{usage}: {summary}."), usage=quoted_code(command.usage), summary=_(command.summary)),
        Markup("{details}", details=_(command.details)),
    ]
    if command.arguments:
        rows = [(quoted_code(name), _(meaning)) for name, meaning in command.arguments.items()]
        parts.append(table((_("argument"), _("what it is")), rows))
    return Markup("\n\n").join([*parts, block("\n".join(told(_(example)) for example in command.examples))])


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command(
            "ask",
            "%glm ask TEXT",
            "ask the model, like a one-line cell",
            _ask,
            completes="prose",
            details="The text is sent as the next turn, and all that follows on the line belongs to it. It takes no "
            "options: for these, begin a cell with %%glm.",
            arguments={"TEXT": "what to ask; {{ name }} stands for the value of a variable"},
            examples=(N_("%glm ask What is a p-value?"),),
        ),
        *service.COMMANDS,
        *models.COMMANDS,
        *threads.COMMANDS,
        *history.COMMANDS,
        *turns.COMMANDS,
        *code.COMMANDS,
        *explain.COMMANDS,
        *tools.COMMANDS,
        *rows.COMMANDS,
        *batches.COMMANDS,
        *jobs.COMMANDS,
        *files.COMMANDS,
        *language.COMMANDS,
        Command(
            "usage",
            "%glm usage",
            "show tokens and cost, kept up to date",
            _usage,
            details="Shows a dashboard: each turn's tokens, time and estimated cost, and their sums. "
            "It keeps itself up to date while you go on. For a coding plan it also tells how much of that is used.",
            examples=("%glm usage",),
        ),
        Command(
            "help",
            "%glm help [COMMAND]",
            "list the commands, or explain one",
            _help,
            completes="commands",
            details="On its own, it lists all commands. `%glm COMMAND --help` explains one, too.",
            arguments={"COMMAND": "the command to explain"},
            examples=("%glm help", "%glm help undo"),
        ),
    )
}


def commands_help() -> Markup:
    """All commands as a table."""
    rows = [(quoted_code(command.usage), _(command.summary)) for command in COMMANDS.values()]
    return table((_("command"), _("what it does")), rows)


def help_text() -> str:
    """What `%glm?` shows."""
    rows = "\n".join(f"    {command.usage:<31} {told(_(command.summary))}" for command in COMMANDS.values())
    return _(
        """Manage the conversation of the `%%glm` cells. On its own, `%glm` shows the current state.

{rows}

`%glm help COMMAND` explains one, with examples. `%%glm?` shows the options of a cell, `%config GLMMagics` the settings.
""",
        rows=rows,
    )
