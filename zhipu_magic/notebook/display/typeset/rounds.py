"""One round of a reply as lines: how it was reasoned, its words, and the calls of tools in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from rich.text import Text

from ....chat.replies.stream import Calling
from ....history.markdown import answer, call_line, call_text, code_in, shown_calls, sources
from ....history.rounds import Called, calls_by_round
from ....history.turn import Turn
from ....text.html import block
from ....text.languages.messages import _
from ....text.markup import Markup
from ....text.wrapping import width, wrapped
from ....values.tools.ran import Shown
from ..answer import WAS_REASONING
from .growing import GrowingWords, Lines
from .page import page_lines
from .words import clean, faint, lines_of

#: Lines of a draft that are shown, and the characters that they are taken from.
_DRAFT_LINES, _DRAFT = 3, 1_000
#: Columns of a part of a line that is kept together.
_LONGEST_FIGURE = 32
_NO_BREAK = "\u00a0"


class Seen(NamedTuple):
    """A round of a reply as it is now; it is `whole` if nothing more comes in it.

    Of a `draft`, such as reasoning, only the end is shown, and only while it grows.
    """

    words: str
    draft: str = ""
    reasoned: bool = False
    calls: Sequence[Called] = ()
    calling: Calling | None = None
    wrong: str = ""
    taken_back: int = 0
    whole: bool = False


@dataclass(frozen=True)
class RoundLines:
    """What has been shown of a round; times are of the monotonic clock."""

    words: GrowingWords = field(default_factory=GrowingWords)
    since: float | None = None
    reasoned: bool = False
    announced: int = 0
    calls: int = 0
    taken_back: int = 0

    def grown(self, seen: Seen, columns: int, now: float) -> tuple[RoundLines, Lines]:
        """The lines that stay from now on, and those below them that may still change."""
        shown, staying = self, list[Text]()
        if seen.taken_back > shown.taken_back:
            staying += [note(WAS_REASONING)] if shown.words.has_begun else []
            shown = replace(shown, words=GrowingWords(), taken_back=seen.taken_back)
        ended = bool(seen.whole or seen.calls or seen.calling)
        if seen.reasoned and not shown.reasoned:
            if ended or seen.words:
                staying.append(_reasoned(shown.since, now))
                shown = replace(shown, reasoned=True)
            elif shown.since is None:
                shown = replace(shown, since=now)
        words, lines = shown.words.grown(seen.words, columns, whole=ended)
        staying += lines.finished
        staying += _calls(shown, seen, columns)
        announced = len(seen.calls) + (seen.calling is not None)
        changing = lines.growing or ([] if ended else draft_lines(seen.draft, columns))
        return replace(shown, words=words, announced=announced, calls=len(seen.calls)), Lines(staying, changing)


def turn_lines(turn: Turn, columns: int) -> list[Text]:
    """The lines of a reply that was kept."""
    rounds = [Seen(words, calls=calls, whole=True) for words, calls in calls_by_round(turn.tool_messages)]
    rounds.append(Seen(answer(turn), reasoned=bool(turn.reasoning), whole=True))
    lines = [line for seen in rounds for line in RoundLines().grown(seen, columns, 0.0)[1].finished]
    return [*lines, *source_lines(sources(turn.sources))]


def reasoning_lines(thoughts: str, columns: int) -> list[Text]:
    """All of a reasoning, apart from what follows."""
    if not thoughts.strip():
        return []
    text = faint(clean(thoughts).strip().replace("\t", "    "))
    return [*(faint("  ") + line for line in lines_of(text, columns - 2)), Text(end="")]


def written_lines(words: str) -> list[Text]:
    """The lines of a text as it was written."""
    return [Text(line, end="") for line in clean(words).split("\n")]


def source_lines(found: Markup) -> list[Text]:
    """What the service found on the web; addresses are not broken, so that they can be followed."""
    return written_lines(f"\n{found.bare}") if found else []


def _reasoned(since: float | None, now: float) -> Text:
    return note(_("reasoned") if since is None else _("reasoned for {seconds:.1f} s", seconds=now - since))


def _calls(shown: RoundLines, seen: Seen, columns: int) -> list[Text]:
    lines = [line for call in seen.calls[shown.calls :] for line in call_lines(call, columns)]
    if seen.wrong:
        lines += note_lines(_("asked to correct its answer"), columns)
    if seen.calling is not None:
        call = call_text(seen.calling.name, seen.calling.arguments)
        if seen.whole:
            lines += note_lines(_("{call} · interrupted", call=call), columns)
        elif shown.announced <= len(seen.calls):
            lines += note_lines(f"{call} …", columns)  # in lines that stay: the tool may print, or ask
    return lines


def call_lines(call: Called, columns: int) -> list[Text]:
    """A call that has come back: code with what it has shown, and any other in a few words."""
    if code_in(call.name, call.arguments) is None:
        return note_lines(call_line(call), columns)
    pieces = [piece.text if isinstance(piece, Shown) else piece for piece in shown_calls([call])]
    page = Markup("\n\n").join(piece if isinstance(piece, Markup) else block(piece) for piece in pieces)
    return page_lines(page, columns)


def note(text: str) -> Text:
    """A line of our own."""
    return faint(f"[{clean(text)}]")


def note_lines(text: str, columns: int) -> list[Text]:
    """The same in so many columns."""
    return [faint(line) for line in wrapped(f"[{clean(text)}]", columns)]


def parts_lines(parts: Sequence[str], columns: int) -> list[Text]:
    """The parts of a line of our own. It is broken between them, so that no figure loses its unit."""
    glued = (part.replace(" ", _NO_BREAK) if width(part) <= _LONGEST_FIGURE else part for part in map(clean, parts))
    lines = wrapped(f"[{' · '.join(glued)}]", columns)
    return [faint(line.replace(_NO_BREAK, " ")) for line in lines]


def draft_lines(draft: str, columns: int) -> list[Text]:
    """The last lines of a draft."""
    start = max(0, len(draft) - _DRAFT) // _DRAFT * _DRAFT  # moves seldom, so that lines break where they did
    text = faint(clean(draft[start:]).strip().replace("\t", " "))
    return [faint("  ") + line for line in lines_of(text, columns - 2)[-_DRAFT_LINES:]] if draft.strip() else []
