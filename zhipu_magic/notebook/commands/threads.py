"""The commands for threads, their system text, and the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...history.budget import Budget
from ...text.characters import shorten
from ...text.html import block, code
from ...text.languages.joined import sentences
from ...text.languages.messages import N_, _, ngettext
from ...text.languages.numbers import plural
from ...text.markup import Markup
from ...text.tables import table
from .. import costs
from ..page.looked_at import OTHER_TURNS
from .command import Command, number, prose, unquoted

if TYPE_CHECKING:
    from ..session import Session


def _thread(session: Session, text: str) -> None:
    chat = session.chat
    if text:
        chat.history.switch(unquoted(text))
        session.reflect_chat()
    thread = chat.thread() if text else session.look().thread
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
    conversation = session.look().state.conversation
    here = conversation.here.name
    rows = []
    for thread in conversation.begun:
        last = shorten(thread.newest.turn.prompt, 40) if thread.newest else ""
        mark = " ←" if thread.name == here else ""
        model = thread.model or chat.model
        rows.append((thread.name + mark, str(thread.size), model, shorten(thread.system, 30), last))
    listing = table((_("thread"), _("turns"), _("model"), _("system text"), _("last prompt")), rows)
    session.answer(
        Markup("{listing}\n\n`%glm thread NAME` switches to one, and starts it if it is new.", listing=listing)
    )


def _fork(session: Session, text: str) -> None:
    words = text.split()
    if len(words) == 3 and words[1] == "--at":
        at = number(words[2], _("%glm fork NAME --at N takes a turn's number in %glm history."))
    elif len(words) == 1 and not words[0].startswith("-"):
        at = None
    else:
        raise UsageError(_("Usage: %glm fork NAME, or %glm fork NAME --at N for the turns up to N in %glm history."))
    source, name = session.chat.thread(), words[0]
    looked = session.look()
    known = None if at is None else looked.number_in(source, at)
    if at is not None and known is None and looked.thread.link(at) is not None:
        raise UsageError(
            _(
                "Turn {number} is not there yet: this page was not run from top to bottom, and its cell is below.",
                number=at,
            )
        )
    session.chat.history.fork(name, at if known is None else known)
    session.reflect_chat()
    forked = session.chat.thread()
    if looked.origin is not None and looked.replies(looked.thread.fork(name, at)) != looked.replies(forked):
        session.notify(OTHER_TURNS)
    session.answer(
        Markup(
            "The thread is now **{name}**, with {turns} from {source}. New turns go here only; {back} goes back.",
            name=name,
            turns=plural(forked.size, "turn"),
            source=source.name,
            back=code(f"%glm thread {source.name}"),
        )
    )


def _system(session: Session, text: str) -> None:
    if text:
        session.change("system", unquoted(prose(text, "%glm system")))
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
        state: str = _("There is no budget.")
        if before:
            state = _("The budget of {budget} was removed.", budget=before.in_words(before.limit))
        session.answer(Markup("{state} `%glm budget 5 yuan` or `%glm budget 200k tokens` sets one.", state=state))
        return
    sums = chat.account
    left = budget.in_words(budget.left(sums))
    estimated = costs.estimated(sums)
    session.answer(
        sentences(
            ngettext(
                "The budget is {budget} for the whole chat; {left} is left.",
                "The budget is {budget} for the whole chat; {left} are left.",
                1 if left == "1 token" else 2,
                budget=budget.in_words(budget.limit),
                left=left,
            ),
            _("It counts {tokens} of replies that the service did not count.", tokens=estimated) if estimated else "",
            _("Answers are kept within it, and a turn without room for a short one is not sent."),
        )
    )


COMMANDS = (
    Command(
        "system",
        "%glm system [TEXT]",
        "show or set the thread's system text",
        _system,
        details="The system text tells the model how to answer, in every turn of this thread.",
        arguments={"TEXT": 'the system text; "" removes it, and without one it is shown'},
        examples=(N_("%glm system Answer in one sentence."), '%glm system ""'),
    ),
    Command(
        "thread",
        "%glm thread [NAME]",
        "show the thread, or switch to another",
        _thread,
        completes="threads",
        details="A thread is a conversation of its own: the model does not see the turns of others. The first one is "
        "called main. Cells ask in the thread that you have switched to.",
        arguments={"NAME": "the thread to switch to; a new one begins empty"},
        examples=("%glm thread drafts", "%glm thread main"),
    ),
    Command(
        "threads",
        "%glm threads",
        "list the threads",
        _threads,
        details="Lists each thread with its number of turns, its model, its system text and its last prompt.",
        examples=("%glm threads",),
    ),
    Command(
        "fork",
        "%glm fork NAME [--at N]",
        "go on in a copy of the thread",
        _fork,
        details="Starts a new thread that begins with the turns of this one, so that you can try something else. This "
        "thread stays as it is.",
        arguments={
            "NAME": "what to call the new thread",
            "--at N": "copy the turns up to number N of %glm history, not all of them",
        },
        examples=("%glm fork variant", "%glm fork shorter --at 1"),
    ),
    Command(
        "budget",
        "%glm budget [AMOUNT]",
        "show or set what may be spent",
        _budget,
        completes="off",
        details="The budget is for the whole conversation, with all its threads. It keeps a turn from spending more "
        "than what is left.",
        arguments={"AMOUNT": "an amount in yuan or in tokens, or off for no budget; without one, shows what is left"},
        examples=("%glm budget 5 yuan", "%glm budget 200k tokens", "%glm budget off"),
    ),
)
