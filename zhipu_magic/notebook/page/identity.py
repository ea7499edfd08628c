"""Which cell of the conversation a cell of the page is.

Its id says so, in most front ends. But nbstripout numbers a notebook's cells, and VS Code does whenever one is opened:
there an id is a mere position, and once a cell was put in above, it is another cell's. So a cell with such an id is the
one whose text it has; only if no cell has it, the one of its id, whose text was edited.
"""

from __future__ import annotations

import re
from collections.abc import Set
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from ...text.characters import shorten
from ...text.languages.messages import _

if TYPE_CHECKING:
    from ...history.conversation import Thread

#: A number as nbstripout gives; a handle in base 7 with the base64 of a URI's scheme, as VS Code does, after a letter
#: that makes handles sort; and either of them with the mark that tells two cells apart.
_POSITION = re.compile(r"(?:[0-9]{1,4}|[A-Za-z][0-6]+s[\w+/=%-]+)(?:~.*)?")
#: Characters of two texts that are compared, how alike they are if one is an edit of the other, and the fewest that
#: the other may begin or end with.
_COMPARED, _ALIKE, _LEAST = 200, 0.6, 4
#: Characters of a turn's words in a notice.
_LONGEST_WORDS = 60


def is_position(cell: str) -> bool:
    """Whether a cell's id may be no more than its place on the page."""
    return _POSITION.fullmatch(cell) is not None


class Identified(NamedTuple):
    """The cell of the conversation, and the words of its turn if they are entirely other ones.

    `among` is how many cells it could be, as all of them have asked this.
    """

    cell: str
    replaces: str = ""
    among: int = 1

    @property
    def notice(self) -> str:
        """What the user should know of it."""
        if self.among > 1:
            return _(
                "{count} cells have asked this, and the turn of the nearest was replaced: %glm history shows it, %glm "
                "undo brings it back.",
                count=self.among,
            )
        if not self.replaces:
            return ""
        words = shorten(self.replaces, _LONGEST_WORDS)
        return _(
            "The cell's earlier turn had other words (“{words}”) and was replaced: %glm undo brings it back.",
            words=words,
        )


class CellIdentity:
    """Knows the cells that have asked from a page whose ids are positions."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._run = (0, "")

    def known(self, cell: str | None) -> str | None:
        """The cell of the conversation, if an id says so, or a run of it has shown it."""
        return self._known.get(cell) if cell is not None and is_position(cell) else cell

    def on_page(self, cell: str) -> str | None:
        """The id that this cell of the conversation has on the page; None if that is not known."""
        if not is_position(cell):
            return cell
        return next((page for page, known in self._known.items() if known == cell), None)

    def of_run(self, run: int, cell: str | None) -> str | None:
        """The same for the cell of this run: what it was identified as, or else its id."""
        return self._run[1] if self._run[0] == run else self.known(cell) or cell

    def identify(self, cell: str, text: str, thread: Thread, run: int) -> Identified:
        """The cell of the conversation that asks this in the thread, in the execution with this number.

        The first thing that an execution asks decides.
        """
        if not is_position(cell) or self._run[0] == run:
            return Identified(self.of_run(run, cell) or cell)
        taken = {known for page, known in self._known.items() if page != cell}
        own = self._known.get(cell) or (cell if cell not in taken else None)
        asked = _asked(thread)
        found = _identified(own, text, [turn for turn in asked if turn[0] not in taken])
        found = found or Identified(_unused(cell, taken.union(other for other, _ in asked)))
        self._known[cell] = found.cell
        self._run = (run, found.cell)
        return found


def _unused(cell: str, used: Set[str]) -> str:
    """A name for one more cell with this id."""
    numbers = (f"{cell}~{number}" for number in count(2))
    return next(name for name in numbers if name not in used)


def _asked(thread: Thread) -> list[tuple[str, str]]:
    """The cells that have asked in a thread, and their texts."""
    turns = [link.turn for link in thread.links]
    return [(turn.cell, (turn.written or turn.prompt).strip()) for turn in turns if turn.cell is not None]


def _identified(own: str | None, text: str, asked: list[tuple[str, str]]) -> Identified | None:
    text = text.strip()
    mine = [words for cell, words in asked if cell == own]
    if own is not None and text in mine:
        return Identified(own)
    same = list(dict.fromkeys(cell for cell, words in asked if words == text))
    if same:
        return Identified(_nearest(same, own), among=len(same))
    if own is None:
        return None
    return Identified(own, "" if any(is_edit(words, text) for words in mine) or not mine else mine[-1])


def _nearest(cells: list[str], place: str | None) -> str:
    """The one of these cells that is nearest to a place, if these are numbers; else the last."""
    numbers = [cell.partition("~")[0] for cell in cells]
    if place is None or not all(map(str.isdecimal, (place, *numbers))):
        return cells[-1]
    return min(zip(numbers, cells, strict=True), key=lambda one: abs(int(one[0]) - int(place)))[1]


def is_edit(old: str, new: str) -> bool:
    """Whether one text is the other, edited."""
    from difflib import SequenceMatcher

    short, long = sorted((old, new), key=len)
    if len(short) >= _LEAST and (long.startswith(short) or long.endswith(short)):
        return True
    return SequenceMatcher(None, old[:_COMPARED], new[:_COMPARED], autojunk=False).ratio() >= _ALIKE
