"""The commands for threads and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...history.budget import Budget
from ...history.history import turns
from ...text.characters import shorten
from ...text.html import block, code
from ...text.markup import Markup
from ...text.tables import table
from .command import Command, number, unquoted

if TYPE_CHECKING:
    from ..magics import GLMMagics


def _thread(magics: GLMMagics, text: str) -> None:
    chat = magics.chat
    if text:
        chat.history.switch(unquoted(text))
        magics.follow_chat()
    thread = chat.thread()
    system = Markup(", system text {text}", text=code(shorten(thread.system, 60))) if thread.system else Markup()
    magics.tell(
        Markup(
            "The thread is **{name}**: {turns}, {model}{system}.",
            name=thread.name,
            turns=turns(thread.size),
            model=chat.model,
            system=system,
        )
    )


def _threads(magics: GLMMagics, text: str) -> None:
    chat = magics.chat
    here = chat.thread().name
    rows = []
    for thread in chat.history.threads:
        last = shorten(thread.newest.turn.prompt, 40) if thread.newest else ""
        mark = " ←" if thread.name == here else ""
        model = thread.model or chat.model
        rows.append((thread.name + mark, str(thread.size), model, shorten(thread.system, 30), last))
    listing = table(("thread", "turns", "model", "system text", "asked last"), rows)
    magics.tell(Markup("{listing}\n\n`%glm thread NAME` goes to one, and begins it if it is new.", listing=listing))


def _fork(magics: GLMMagics, text: str) -> None:
    words = text.split()
    if len(words) == 3 and words[1] == "--at":
        at = number(words[2], "%glm fork NAME --at N takes a turn's number in %glm history.")
    elif len(words) == 1 and not words[0].startswith("-"):
        at = None
    else:
        raise UsageError(
            "Usage: %glm fork NAME, or %glm fork NAME --at N for the turns up to number N in %glm history."
        )
    source = magics.chat.thread().name
    magics.chat.history.fork(words[0], at)
    magics.follow_chat()
    magics.tell(
        Markup(
            "The thread is now **{name}**, with {turns} of {source}. What comes next stands here alone; {back} goes "
            "back.",
            name=words[0],
            turns=turns(magics.chat.thread().size),
            source=source,
            back=code(f"%glm thread {source}"),
        )
    )


def _system(magics: GLMMagics, text: str) -> None:
    chat = magics.chat  # before the setting, which until it is made is that of all threads
    if text:
        magics.set_trait("system", unquoted(text))
    system = chat.system
    magics.tell(
        Markup("The system text:\n\n{text}", text=block(system)) if system else Markup("There is no system text.")
    )


def _budget(magics: GLMMagics, text: str) -> None:
    chat = magics.chat
    if text:
        chat.budget = None if text.lower() == "off" else Budget.read(text)
        magics.follow_chat()
    budget = chat.budget
    if budget is None:
        magics.tell(Markup("There is no budget: `%glm budget 5 yuan` or `%glm budget 200k tokens` sets one."))
        return
    left = budget.told(budget.left(chat.account))
    magics.tell(
        f"The budget is {budget.told(budget.limit)} for all that this chat asks; {left} are left. A turn that could "
        "exceed it is not sent."
    )


COMMANDS = (
    Command("system", "%glm system [TEXT]", 'show or set the thread\'s system text; "" takes it away', _system),
    Command(
        "thread",
        "%glm thread [NAME]",
        "show the thread, or go to another (a new one begins empty)",
        _thread,
        completes="threads",
    ),
    Command("threads", "%glm threads", "list the threads", _threads),
    Command("fork", "%glm fork NAME [--at N]", "go on in a new thread that begins with these turns", _fork),
    Command(
        "budget",
        "%glm budget [AMOUNT]",
        "show or set what may be spent: 5 yuan, 200k tokens, off",
        _budget,
        completes="off",
    ),
)
