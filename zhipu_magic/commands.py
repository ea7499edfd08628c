"""The commands behind `%glm`: each a function of the magics and the text after its name."""

from __future__ import annotations

import getpass
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import version
from typing import TYPE_CHECKING

from IPython.core.error import StdinNotImplementedError, UsageError

from . import credentials
from .errors import GLMError, SettingsError
from .models import CATALOGUE, FREE, PRICES_DATE, Model
from .view.document import fenced, in_line, money, shorten, table

if TYPE_CHECKING:
    from .chat import Chat
    from .magics import GLMMagics


@dataclass(frozen=True)
class Command:
    """A word after `%glm`, how it is used, and what it does."""

    name: str
    usage: str
    summary: str
    run: Callable[[GLMMagics, str], None]


def run(magics: GLMMagics, line: str) -> None:
    """Carry out a `%glm` line. A mistyped command is an error, never a prompt."""
    if not line.strip():
        _status(magics)
        return
    name, text = (*line.split(None, 1), "")[:2]
    command = COMMANDS.get(name)
    if command is None:
        near = get_close_matches(name.lower(), list(COMMANDS), n=1, cutoff=0.5)
        meant = f"Did you mean %glm {near[0]}? " if near else ""
        raise UsageError(f"%glm has no command {name}. {meant}To ask the model: %glm ask TEXT. %glm help lists all.")
    if text.strip() and command.usage == f"%glm {name}":
        raise UsageError(f"%glm {name} takes nothing after it, and nothing was done.")
    command.run(magics, text.strip())


def _status(magics: GLMMagics) -> None:
    chat = magics.chat
    ledger = chat.ledger
    tokens = f"{ledger.total_tokens:,}" + (f" ({money(ledger.cost)})" if ledger.cost is not None else "")
    key = chat.key_source
    filled = chat.context_filled()
    rows = [
        ("model", chat.model),
        ("service", credentials.without_password(chat.base_url)),
        ("API key", key or "none yet"),
        ("system text", in_line(shorten(chat.system, 60)) if chat.system else "none"),
        ("turns", str(len(chat.thread.turns))),
        ("tokens spent", tokens),
    ]
    if filled and filled[0]:
        rows.append(("context", f"{filled[0]:,} of {filled[1]:,} tokens"))
    if key is None:
        following = "`%glm login` sets a key; `%glm practice` needs none."
    elif not chat.thread.turns:
        following = "Begin a cell with `%%glm` and write below it. `%%glm?` shows its options."
    else:
        following = "Go on with `%%glm`, look back with `%glm history`, begin anew with `%glm reset`."
    facts = table(("zhipu_magic", version("zhipu_magic")), rows)
    magics.tell(f"{facts}\n\n{following} `%glm help` lists all commands.")


def _ask(magics: GLMMagics, text: str) -> None:
    magics.ask(text)


def _login(magics: GLMMagics, text: str) -> None:
    if text.startswith("-") and text != "--save":
        raise UsageError(f"%glm login has no option {text}. Did you mean --save?")
    if text not in ("", "--save"):
        raise UsageError("The key is never written in a cell, where it would be saved: %glm login asks for it.")
    try:
        key = credentials.check_key(getpass.getpass("API key (it is not shown): "))
    except (StdinNotImplementedError, EOFError):
        raise SettingsError(
            "There is nobody here to type a key.", hint="Set ZHIPUAI_API_KEY before the kernel starts."
        ) from None
    magics.chat.login(key)
    if text:
        credentials.save_to_keyring(key)
    told = "It is kept in the system's keyring." if text else "It stays until the kernel ends; --save keeps it."
    source = magics.chat.key_source or ""
    if not source.startswith("%glm login"):
        told += f" But another goes first ({source}): take that away to use this one."
    magics.tell(f"The key is set. {told}")


def _practice(magics: GLMMagics, text: str) -> None:
    if text not in ("", "off"):
        raise UsageError("%glm practice starts the practice server; %glm practice off goes back to the service.")
    if text == "off":
        magics.end_practice()
        address = credentials.without_password(magics.chat.base_url)
        magics.tell(f"Practice is over: `%%glm` asks {address} again.{_carried_over(magics)}")
        return
    magics.begin_practice()
    magics.tell(
        "Practice: `%%glm` now asks a server inside this kernel. There is **no model behind it**, its replies are "
        f"written in advance, and nothing leaves this machine. `%glm practice off` goes back.{_carried_over(magics)}"
    )


def _carried_over(magics: GLMMagics) -> str:
    """What the other side will be told of the conversation so far."""
    count = len(magics.chat.thread.turns)
    return f" The conversation so far ({_turns(count)}) goes along; `%glm reset` begins anew." if count else ""


def _model(magics: GLMMagics, text: str) -> None:
    if text:
        magics.set_trait("model", _unquoted(text))
    chat = magics.chat
    known = CATALOGUE.get(chat.model)
    near = get_close_matches(chat.model, CATALOGUE, n=1) if _is_listed(chat) else []
    price = _price(known, _is_listed(chat))
    facts = f": {_context(known)}, {price}" if known else ", of which nothing more is known here"
    meant = f" Did you mean {near[0]}?" if near and known is None else ""
    magics.tell(f"The model is **{chat.model}**{facts}.{meant}")


def _is_listed(chat: Chat) -> bool:
    """Whether the catalogue speaks of the service, or of the one that practice stands in for."""
    return chat.priced or chat.practising


def _models(magics: GLMMagics, text: str) -> None:
    if not _is_listed(magics.chat):
        _other_models(magics)
        return
    offered, note = list(CATALOGUE), "The service was not asked, for there is no key yet."
    if magics.chat.key_source is not None:
        try:
            offered, note = magics.chat.models(), "The list is the service's own."
        except GLMError as error:
            note = f"The service's own list could not be had: {error.message}"
    rows = []
    for name in offered:
        known = CATALOGUE.get(name)
        mark = " ←" if name == magics.chat.model else ""
        rows.append((name + mark, _context(known), _price(known, True), "yes" if known and known.vision else ""))
    listing = table(("model", "context / longest answer", "yuan per million tokens: in / out", "sees images"), rows)
    tiers = (
        "Several prices are for a short prompt and answer, a short prompt and a long answer, and a prompt of 32K "
        "tokens or more."
    )
    magics.tell(f"{listing}\n\n{note} Prices are estimates of {PRICES_DATE}. {tiers} `%glm model NAME` chooses one.")


def _other_models(magics: GLMMagics) -> None:
    """The list of a service that the catalogue does not speak of."""
    try:
        names = magics.chat.models()
    except GLMError as error:
        magics.tell(f"This service gives no list of its models: {error.message}")
        return
    rows = [(name + (" ←" if name == magics.chat.model else ""),) for name in names]
    magics.tell(f"{table(('model',), rows)}\n\n`%glm model NAME` chooses one.")


def _context(known: Model | None) -> str:
    return f"{_tokens(known.context)} / {_tokens(known.longest_answer)} tokens" if known else "not known"


def _tokens(count: int) -> str:
    return f"{count // 1_000_000}M" if count >= 1_000_000 else f"{count // 1_000}K"


def _price(known: Model | None, priced: bool) -> str:
    if known is None or not known.prices or not priced:
        return "price not known"
    if known.prices == FREE:
        return "free"
    shown = "≈ ¥" + " · ".join(f"{price.prompt:g} / {price.completion:g}" for price in known.prices)
    last = known.prices[-1]
    return shown if last.prompt_below is None else f"{shown} (prompts under {_tokens(last.prompt_below)})"


def _system(magics: GLMMagics, text: str) -> None:
    if text:
        magics.set_trait("system", _unquoted(text))
    system = magics.chat.system
    magics.tell(f"The system text:\n\n{fenced(system)}" if system else "There is no system text.")


def _unquoted(text: str) -> str:
    """The text without the quotes around it, if it is one quoted word, as an option's value is."""
    try:
        words = shlex.split(text)
    except ValueError:
        return text
    return words[0] if len(words) == 1 and text[0] in "\"'" else text


def _history(magics: GLMMagics, text: str) -> None:
    thread = magics.chat.thread
    parts = [f"**system**\n\n{fenced(thread.system)}"] if thread.system else []
    for number, turn in enumerate(thread.turns, 1):
        mark = " · interrupted" if turn.interrupted else ""
        parts.append(f"**{number} · you**\n\n{fenced(turn.prompt)}")
        parts.append(f"**{number} · {turn.model}**{mark}\n\n{fenced(turn.reply)}")
    magics.tell("\n\n".join(parts) or "The conversation has not begun.")


def _undo(magics: GLMMagics, text: str) -> None:
    turn = magics.chat.undo()
    if turn is None:
        magics.tell("There is no turn to take back.")
        return
    left = len(magics.chat.thread.turns)
    magics.tell(f"Taken back, with {_turns(left)} left:\n\n{fenced(turn.prompt)}")


def _reset(magics: GLMMagics, text: str) -> None:
    count = magics.chat.reset()
    magics.tell(f"The conversation begins anew: {_turns(count)} taken out. The system text and the figures stay.")


def _turns(count: int) -> str:
    return f"{count} turn{'' if count == 1 else 's'}"


def _usage(magics: GLMMagics, text: str) -> None:
    magics.show_usage()


def _help(magics: GLMMagics, text: str) -> None:
    if not text:
        magics.tell(f"{commands_help()}\n\n`%%glm?` shows the options of a cell, `%config GLMMagics` the settings.")
        return
    command = COMMANDS.get(text)
    if command is None:
        near = get_close_matches(text, list(COMMANDS), n=1, cutoff=0.5)
        raise UsageError(f"%glm has no command {text}." + (f" Did you mean {near[0]}?" if near else ""))
    magics.tell(f"`{command.usage}`: {command.summary}")


def _version(magics: GLMMagics, text: str) -> None:
    packages = ("zhipu_magic", "zhipuai", "httpx", "ipython", "ipywidgets")
    magics.tell(" · ".join(f"{name} {version(name)}" for name in packages))


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command("ask", "%glm ask TEXT", "ask the model, as a cell of one line", _ask),
        Command("login", "%glm login [--save]", "set the API key; --save keeps it in the system's keyring", _login),
        Command("practice", "%glm practice [off]", "ask a server in this kernel: no key, no model behind", _practice),
        Command("model", "%glm model [NAME]", "show or choose the model", _model),
        Command("models", "%glm models", "list the models, with their context and price", _models),
        Command("system", "%glm system [TEXT]", 'show or set the system text; "" takes it away', _system),
        Command("history", "%glm history", "show the conversation as the model will be told it", _history),
        Command("undo", "%glm undo", "take the last turn back", _undo),
        Command("reset", "%glm reset", "begin the conversation anew", _reset),
        Command("usage", "%glm usage", "a dashboard of tokens and money that keeps itself up to date", _usage),
        Command("help", "%glm help [COMMAND]", "list the commands, or explain one", _help),
        Command("version", "%glm version", "the versions of this extension and what it stands on", _version),
    )
}


def commands_help() -> str:
    """All commands as a table."""
    rows = [(f"`{command.usage}`", command.summary) for command in COMMANDS.values()]
    return table(("command", "what it does"), rows)


def help_text() -> str:
    """What `%glm?` shows."""
    rows = "\n".join(f"    {command.usage:<22} {command.summary}" for command in COMMANDS.values())
    return f"""Look after the conversation that `%%glm` cells hold. Alone, it shows where things stand.

{rows}

`%%glm?` shows the options of a cell; `%config GLMMagics` lists the settings.
"""
