"""The commands for threads, their system text, and the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...history.budget import Budget
from ...text.characters import shorten
from ...text.html import block, code
from ...text.markup import Markup
from ...text.numbers import plural
from ...text.tables import table
from .command import Command, number, unquoted

if TYPE_CHECKING:
    from ..session import Session


def _thread(session: Session, text: str) -> None:
    chat = session.chat
    if text:
        chat.history.switch(unquoted(text))
        session.reflect_chat()
    thread = chat.thread()
    system = Markup(", system text {text}", text=code(shorten(thread.system, 60))) if thread.system else Markup()
    session.answer(
        Markup(
            "The thread is **{name}**: {turns}, {model}{system}.",
            name=thread.name,
            turns=plural(thread.size, "turn"),
            model=chat.model,
            system=system,
        )
    )


def _threads(session: Session, text: str) -> None:
    chat = session.chat
    here = chat.thread().name
    rows = []
    for thread in chat.history.threads:
        last = shorten(thread.newest.turn.prompt, 40) if thread.newest else ""
        mark = " ←" if thread.name == here else ""
        model = thread.model or chat.model
        rows.append((thread.name + mark, str(thread.size), model, shorten(thread.system, 30), last))
    listing = table(("thread", "turns", "model", "system text", "last prompt"), rows)
    session.answer(
        Markup("{listing}\n\n`%glm thread NAME` switches to one, and starts it if it is new.", listing=listing)
    )


def _fork(session: Session, text: str) -> None:
    words = text.split()
    if len(words) == 3 and words[1] == "--at":
        at = number(words[2], "%glm fork NAME --at N takes a turn's number in %glm history.")
    elif len(words) == 1 and not words[0].startswith("-"):
        at = None
    else:
        raise UsageError("Usage: %glm fork NAME, or %glm fork NAME --at N for the turns up to N in %glm history.")
    source = session.chat.thread().name
    session.chat.history.fork(words[0], at)
    session.reflect_chat()
    session.answer(
        Markup(
            "The thread is now **{name}**, with {turns} from {source}. New turns go here only; {back} goes back.",
            name=words[0],
            turns=plural(session.chat.thread().size, "turn"),
            source=source,
            back=code(f"%glm thread {source}"),
        )
    )


def _system(session: Session, text: str) -> None:
    if text:
        session.change("system", unquoted(text))
    system = session.chat.system
    session.answer(
        Markup("The system text:\n\n{text}", text=block(system)) if system else Markup("There is no system text.")
    )


def _budget(session: Session, text: str) -> None:
    chat, written = session.chat, unquoted(text)
    before = chat.budget
    if written:
        chat.budget = None if written.lower() == "off" else Budget.read(written)
        session.reflect_chat()
    budget = chat.budget
    if budget is None:
        removed = f" any more: {before.in_words(before.limit)} was removed" if before else ""
        session.answer(
            Markup(
                "There is no budget{removed}. `%glm budget 5 yuan` or `%glm budget 200k tokens` sets one.",
                removed=removed,
            )
        )
        return
    left = budget.in_words(budget.left(chat.account))
    be = "is" if left == "1 token" else "are"
    session.answer(
        f"The budget is {budget.in_words(budget.limit)} for the whole chat; {left} {be} "
        "left. Answers are kept within it, and a turn without room for a short one is not sent."
    )


COMMANDS = (
    Command("system", "%glm system [TEXT]", 'show or set the thread\'s system text; "" removes it', _system),
    Command(
        "thread",
        "%glm thread [NAME]",
        "show the thread, or switch to another (a new one is empty)",
        _thread,
        completes="threads",
    ),
    Command("threads", "%glm threads", "list the threads", _threads),
    Command("fork", "%glm fork NAME [--at N]", "continue in a new thread that begins with these turns", _fork),
    Command(
        "budget",
        "%glm budget [AMOUNT]",
        "show or set what may be spent: 5 yuan, 200k tokens, off",
        _budget,
        completes="off",
    ),
)
