"""The commands that look back at turns, take them back, and ask them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...history.conversation import Link, Thread
from ...history.history import turns
from ...history.markdown import call_text, sources, turn_page
from ...history.rounds import exchanged
from ...history.turn import Turn
from ...text.errors import GLMError
from ...text.html import block, code, quotation
from ...text.markup import Markup
from .command import Command, number

if TYPE_CHECKING:
    from ..magics import GLMMagics


def _history(magics: GLMMagics, text: str) -> None:
    thread = magics.chat.thread()
    if thread.system or thread.last:
        magics.tell(_listing(thread))
    else:
        magics.tell(Markup("The conversation has not begun."))


def _listing(thread: Thread) -> Markup:
    parts = [_part(Markup("**system**"), quotation(thread.system))] if thread.system else []
    for link in thread.links:
        turn = link.turn
        images = [f"image {place}: {image.describe()}" for place, image in enumerate(turn.images, 1)]
        number = Markup("**{number} · you**{facts}", number=link.number, facts=_facts(_cell(turn)))
        parts.append(_part(number, *images, quotation(turn.prompt)))
        for words, calls in exchanged(turn.exchange):
            lines = [words] * bool(words) + [f"{call_text(call.name, call.arguments)} → {call.text}" for call in calls]
            parts.append(_part(Markup("**{number} · calls**", number=link.number), quotation("\n".join(lines))))
        facts = _facts(*_marks(link))
        answered = Markup("**{number} · {model}**{facts}", number=link.number, model=turn.model, facts=facts)
        parts.append(_part(answered, quotation(turn.reply), *([sources(turn.sources)] * bool(turn.sources))))
    return Markup("\n\n").join(parts)


def _part(heading: Markup, *pieces: Markup | str) -> Markup:
    return Markup("\n\n").join([heading, *pieces])


def _cell(turn: Turn) -> str:
    """The cell as the page numbers it; where the number is not known, the beginning of its id."""
    if turn.execution_count is not None:
        return f"[{turn.execution_count}]"
    return f"cell {turn.cell[:8]}" if turn.cell else ""


def _marks(link: Link) -> list[str]:
    usage = link.turn.usage
    return [
        f"{usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens" if usage else "",
        "interrupted" if link.turn.interrupted else "cut off" if link.turn.finish_reason == "length" else "",
        "set aside: not sent" if link.aside else "",
        "stale: the turns before it have changed since" if link.stale else "",
    ]


def _facts(*facts: str) -> str:
    return "".join(f" · {fact}" for fact in facts if fact)


def _show(magics: GLMMagics, text: str) -> None:
    turn = wanted_link(magics, text, "%glm show N takes a turn's number in %glm history.").turn
    page = turn_page(turn, remote_images=magics.remote_images)
    magics.tell(Markup.vouched(page.rich, turn.reply))


def wanted_link(magics: GLMMagics, text: str, usage: str) -> Link:
    """The turn of this number, or the newest. Raises UsageError where there is none."""
    thread = magics.chat.thread()
    wanted = number(text, usage)
    link = thread.newest if wanted is None else thread.link(wanted)
    if link is None:
        raise UsageError(
            "There is no such turn; %glm history shows the numbers." if wanted else "There is no turn yet."
        )
    return link


def _undo(magics: GLMMagics, text: str) -> None:
    count = number(text, "%glm undo N takes back the last N changes.", 1)
    before = magics.chat.thread()
    done = magics.chat.history.undo(count or 1)
    after = magics.chat.thread()
    if not done:
        magics.tell(Markup("There is nothing to take back."))
        return
    gone = [turn for turn in before.turns if turn not in after.turns]
    again = code(f"%glm redo {len(done)}" if len(done) > 1 else "%glm redo")
    told = Markup(
        "Taken back: {done}. {standing} {again} does it again.",
        done=", ".join(done),
        standing=_standing(after.size),
        again=again,
    )
    prompts = [block(turn.written or turn.prompt) for turn in gone[-1:]]
    magics.tell(Markup("\n\n").join([told, *prompts]))


def _redo(magics: GLMMagics, text: str) -> None:
    count = number(text, "%glm redo N does the last N undone changes again.", 1)
    done = magics.chat.history.redo(count or 1)
    if not done:
        magics.tell(Markup("There is nothing to do again."))
        return
    magics.tell(f"Done again: {', '.join(done)}. {_standing(magics.chat.thread().size)}")


def _standing(count: int) -> str:
    return f"{turns(count)} {'stands' if count == 1 else 'stand'} now."


def _reset(magics: GLMMagics, text: str) -> None:
    if magics.chat.thread().last is None:
        magics.tell(Markup("The conversation has not begun; there is nothing to take out."))
        return
    count = magics.chat.history.reset()
    magics.tell(
        Markup(
            "The conversation begins anew: {turns} taken out. The system text and the figures stay; `%glm undo` brings "
            "the turns back.",
            turns=turns(count),
        )
    )


def _restore(magics: GLMMagics, text: str) -> None:
    wanted = number(text, "%glm restore N takes a turn's number in %glm history.")
    count = magics.chat.history.restore(wanted)
    if not count:
        magics.tell("No such turn is set aside." if wanted else "No turn is set aside.")
        return
    magics.tell(f"{turns(count)} restored. {_standing(magics.chat.thread().size)}")


def _retry(magics: GLMMagics, text: str) -> None:
    magics.chat.renew_tools(magics.own_names)
    try:
        magics.show(lambda: magics.chat.ask_again(magics.anchor()))
    except GLMError as error:
        newest = magics.chat.thread().newest
        if newest is not None and not newest.turn.interrupted:
            error.outcomes.append("The turn stays in the conversation as it was.")
        raise


def _continue(magics: GLMMagics, text: str) -> None:
    magics.chat.renew_tools(magics.own_names)
    magics.show(lambda: magics.chat.go_on(magics.anchor()))


COMMANDS = (
    Command("history", "%glm history", "show the thread as the model will be told it, and what is set aside", _history),
    Command("show", "%glm show [N]", "show a reply again, by its number in the history", _show),
    Command("retry", "%glm retry", "ask the last turn again; the new reply takes its place", _retry),
    Command("continue", "%glm continue", "have a reply that was cut short go on, and join the two", _continue),
    Command("undo", "%glm undo [N]", "take the last changes back: a turn, a rerun, a reset", _undo),
    Command("redo", "%glm redo [N]", "do undone changes again", _redo),
    Command("reset", "%glm reset", "take all turns out of the thread", _reset),
    Command("restore", "%glm restore [N]", "put a turn back that was set aside", _restore),
)
