"""The command that lists the turns of a thread: a line each, or in full."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...history.conversation import Thread
from ...history.link import Link
from ...history.markdown import call_and_result, sources
from ...history.rounds import calls_by_round, is_early
from ...history.turn import Turn
from ...text.characters import shorten
from ...text.html import code, quotation
from ...text.languages.joined import comma
from ...text.languages.messages import _
from ...text.languages.numbers import plural
from ...text.markup import Markup
from ...text.tables import table
from .command import Command

if TYPE_CHECKING:
    from ..session import Session

#: Turns that are listed where nothing says which.
_NEWEST = 50
_LONGEST_PROMPT, _LONGEST_SYSTEM = 48, 60
_RANGE = re.compile(r"(\d{1,9})(?:\s*([-‐‑–—−－~～])\s*(\d{1,9})?)?")


def _history(session: Session, text: str) -> None:
    looked = session.look()
    thread = looked.thread
    words = text.split()
    full = "--full" in words
    wanted = " ".join(word for word in words if word != "--full")
    cell = partial(_cell, looked.kernels)
    if wanted and wanted != "--all":
        links = _chosen(thread, wanted)
        session.answer(_in_full(links, cell))
    elif not (thread.system or thread.last):
        session.answer(Markup("There are no turns yet."))
    elif full:
        session.answer(_in_full(thread.links, cell, thread.system))
    else:
        session.answer(_listing(thread, cell, None if wanted else _NEWEST))


def _chosen(thread: Thread, wanted: str) -> list[Link]:
    """The links of this number, or of this range. Raises UsageError if there are none, or it is neither."""
    match = _RANGE.fullmatch(wanted)
    if match is None:
        raise UsageError(
            _(
                "%glm history takes a turn's number (%glm history 12), a range of them (3-8, or 3- for all from there "
                "on), --all for a line each, or --full for all of it; not {wanted}.",
                wanted=shorten(wanted, _LONGEST_PROMPT),
            )
        )
    first, last = int(match[1]), int(match[3] or match[1])
    if match[2] and not match[3]:
        last = max(first, thread.last.number if thread.last else 0)
    if last < first:
        raise UsageError(
            _("A range begins with the lower number: %glm history {last}-{first}.", last=last, first=first)
        )
    links = [link for link in thread.links if first <= link.number <= last]
    if not links:
        raise UsageError(_no_such_turn(thread.last.number if thread.last else 0))
    return links


def _no_such_turn(count: int) -> str:
    """Says which numbers there are."""
    if count > 1:
        return _("There is no such turn: the turns are numbered 1 to {count:,}.", count=count)
    if count:
        return _("There is no such turn: there is only turn 1.")
    return _("There is no such turn: there are none yet.")


# In short


def _listing(thread: Thread, cell: _CellOf, most: int | None) -> Markup:
    """A line for each turn, or for the newest of them, below the system text."""
    parts: list[object] = []
    if thread.system:
        parts.append(Markup("The system text: {text}", text=code(shorten(thread.system, _LONGEST_SYSTEM))))
    links = thread.links
    shown = links if most is None else links[-most:]
    if shown:
        parts.append(_table(shown, cell))
    parts += _legend(shown)
    if len(shown) < len(links):
        parts.append(
            Markup(
                "These are the newest {shown} of {turns}; `%glm history --all` lists every one.",
                shown=str(len(shown)),
                turns=plural(len(links), "turn"),
            )
        )
    if links:
        parts.append(
            Markup(
                "{one} shows a turn in full{several}, `--full` all of them.",
                one=code(f"%glm history {links[-1].number}"),
                several=Markup(", {range} several", range=code(f"1-{links[-1].number}")) if links[1:] else "",
            )
        )
    return Markup("\n\n").join(parts)


_HEADER = (_("turn"), _("cell"), _("prompt"), _("marks"), _("tokens"))


def _table(links: Sequence[Link], cell: _CellOf) -> Markup:
    """The turns as a table, without the columns that are empty."""
    rows = [_HEADER, *(_row(link, cell(link.turn)) for link in links)]
    used = [place for place, column in enumerate(zip(*rows[1:], strict=True)) if any(column)]
    header, *lines = ([row[place] for place in used] for row in rows)
    return table(header, lines)


def _row(link: Link, cell: str) -> tuple[str, ...]:
    turn = link.turn
    usage = f"{turn.usage.prompt_tokens:,} + {turn.usage.completion_tokens:,}" if turn.usage else ""
    prompt = shorten(turn.written or turn.prompt, _LONGEST_PROMPT)
    return str(link.number), cell, prompt, comma(_marks(link)), usage


def _marks(link: Link) -> list[str]:
    turn = link.turn
    calls = sum(len(calls) for _, calls in calls_by_round(turn.tool_messages))
    marks: list[str] = [_("kept: {model}", model=turn.model)] if turn.comparison else []
    marks += _states(link)
    marks += [plural(len(turn.images), "image")] if turn.images else []
    marks += [plural(calls, "call")] if calls else []
    return marks


def _states(link: Link) -> list[str]:
    turn = link.turn
    states = [_("interrupted")] if turn.interrupted else [_("cut off")] if is_early(turn.finish_reason) else []
    return [*states, *([_SET_ASIDE] if link.aside else []), *([_STALE] if link.stale else [])]


_SET_ASIDE, _STALE = _("set aside"), _("stale")


def _legend(links: Sequence[Link]) -> list[Markup]:
    """What the marks in the table mean, for those that are used."""
    lines = []
    if any(link.aside for link in links):
        lines.append(Markup("Set aside: not sent; `%glm restore N` brings the turn back."))
    if any(link.stale for link in links):
        lines.append(
            Markup("Stale: the turns before it have changed since it was asked; its cell, run again, asks it anew.")
        )
    return lines


#: How a turn's cell is named.
_CellOf = Callable[[Turn], str]


def _cell(kernels: Collection[str], turn: Turn) -> str:
    """The cell's number on the page, or in an earlier kernel; the beginning of its id if it has none."""
    if turn.execution_count is None:
        return (turn.cell or "")[:8]
    is_of_this_kernel = turn.id.rpartition("-")[0] in kernels
    return f"[{turn.execution_count}]" if is_of_this_kernel else _("was [{number}]", number=turn.execution_count)


# In full


def _in_full(links: Sequence[Link], cell: _CellOf, system: str = "") -> Markup:
    parts = [_part(Markup("**system**"), quotation(system))] if system else []
    for link in links:
        turn = link.turn
        images = [
            _("image {place}: {what}", place=place, what=image.describe()) for place, image in enumerate(turn.images, 1)
        ]
        number = Markup("**{number} · you**{facts}", number=link.number, facts=_facts(_cell_in_words(cell(turn))))
        parts.append(
            _part(
                number,
                *images,
                quotation(turn.prompt),
                *([_("above: {cells}", cells=turn.above)] if turn.above else []),
                *(_("cut: {what}", what=cut) for cut in turn.cut),
            )
        )
        for words, calls in calls_by_round(turn.tool_messages):
            lines = [*([words] if words else []), *map(call_and_result, calls)]
            parts.append(_part(Markup("**{number} · calls**", number=link.number), quotation("\n".join(lines))))
        facts = _facts(*_facts_of(link))
        answered = Markup("**{number} · {model}**{facts}", number=link.number, model=turn.model, facts=facts)
        reply = [quotation(turn.reply)] if turn.reply else []
        parts.append(_part(answered, *reply, *([sources(turn.sources)] * bool(turn.sources))))
    return Markup("\n\n").join(parts)


def _part(heading: Markup, *pieces: Markup | str) -> Markup:
    return Markup("\n\n").join([heading, *pieces])


def _cell_in_words(cell: str) -> str:
    return _("cell {cell}", cell=cell) if cell and "[" not in cell else cell


_IN_WORDS: Mapping[str, str] = {
    _SET_ASIDE: _("set aside: not sent"),
    _STALE: _("stale: the turns before it have changed since"),
}


def _facts_of(link: Link) -> list[str]:
    usage = link.turn.usage
    tokens: str = ""
    if usage:
        sent, came = usage.prompt_tokens, usage.completion_tokens
        tokens = _("{prompt:,} + {completion:,} tokens", prompt=sent, completion=came)
    return [tokens, *(_IN_WORDS.get(state, state) for state in _states(link))]


def _facts(*facts: str) -> Markup:
    return Markup().join(Markup(" · {fact}", fact=fact) for fact in facts if fact)


COMMANDS = (
    Command(
        "history",
        "%glm history [N]",
        "list the turns, or show some in full",
        _history,
        details="On its own, it lists the newest turns, a line each, and marks those that are no longer sent.",
        arguments={
            "N": "the number of a turn to show in full; 3-8 shows several, and 3- all from there on",
            "--full": "show all turns in full, with the system text",
            "--all": "list all turns, a line each, and not only the newest 50",
        },
        examples=("%glm history", "%glm history 1", "%glm history 1-2", "%glm history --full"),
    ),
)
