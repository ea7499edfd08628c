"""The cells above the one that asks: which they are, and in which order.

The order is the page's where the front end's extension tells it. Elsewhere it is that in which cells first ran: a cell
that runs again stays where it was, with what it shows now, and one that asks again sees what first ran before it.
Markdown cells come from the front end, or else from the notebook's file as it was last saved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ...text.languages.messages import _, ngettext
from ...text.secrets import secrets_in
from ...values.outputs.above import ASKED_APART, CODE, MARKDOWN, QUESTION, Above, Piece, Sent
from ...values.outputs.marks import Mark, mark_of
from ...values.outputs.output import Cell
from .. import glm_cell
from ..asking import Asking
from ..page.identity import is_position
from ..page_says import PageCell
from .recorder import is_cell, is_same_cell
from .setup_lines import told
from .shown import ShownOutputs
from .store import Asked, Ran

if TYPE_CHECKING:
    from ...chat.chat import Chat
    from ...history.turn import Anchor, Turn
    from ..cell_tracker import CellTracker


class _Place(NamedTuple):
    """What stands at a place of the page: a cell that has run, or Markdown, with what its tags or its line say."""

    ran: Ran | None
    text: str = ""
    mark: Mark = ""


class PageAbove:
    """Finds the cells above the running one.

    `chat`, `anchor` and `notebook` give the chat, the cell that asks, and the notebook's file if that is known.
    """

    def __init__(
        self,
        shown: ShownOutputs,
        cells: CellTracker,
        *,
        chat: Callable[[], Chat],
        anchor: Callable[[], Anchor],
        notebook: Callable[[], Path | None],
    ) -> None:
        self._shown = shown
        self._cells = cells
        self._chat = chat
        self._anchor = anchor
        self._notebook = notebook

    def of(self, asking: Asking, tokens: int) -> Above:
        """The cells above for what is asked so, the newest of those with code, within so many tokens.

        Of what is sent, the journal keeps when its Markdown was saved; of a preview, that would be another time in each
        replay.
        """
        chat = self._chat()
        turns = () if asking.once else chat.history.before(asking.thread, self._anchor()).turns
        places, notes = self._places(tells_time=not asking.previews)
        places = [self._marked(place) for place in places]
        hidden = [place for place in places if place.mark == "hide"]
        pieces = [piece for place in places if place.mark != "hide" for piece in self._pieces(place, turns)]
        if asking.most is not None:
            pieces = _newest(pieces, asking.most)
        if hidden:
            notes = (*notes, ngettext("{count:,} cell hidden", "{count:,} cells hidden", len(hidden)))
        ours = [place.ran.source for place in places if place.ran is not None and place.ran.ours]
        return Above(
            pieces=tuple(pieces),
            tokens=tokens,
            sent=tuple(Sent(turn.prompt, turn.images, turn.id) for turn in turns),
            notes=notes,
            known=tuple(secret for source in ours for secret in secrets_in(source)),
        )

    def _marked(self, place: _Place) -> _Place:
        """The place with its mark, hidden where anything that is known of its cell says so."""
        is_hidden = place.ran is not None and self._shown.is_hidden(place.ran)
        return place._replace(mark="hide") if is_hidden else place

    def _places(self, *, tells_time: bool) -> tuple[list[_Place], tuple[str, ...]]:
        """What stands above, in order, and what is to be said of that."""
        page = self._cells.page
        newest = _newest_runs(self._shown.ran())
        if page is not None and page.above is not None:
            unknown = sum(cell.is_code for cell in page.above) - len({cell.id for cell in page.above} & _ids(newest))
            notes = (
                (ngettext("{count:,} cell not run here", "{count:,} cells not run here", unknown),) if unknown else ()
            )
            return list(_as_told(page.above, newest)), notes
        running = self._shown.running
        above = sorted(newest, key=lambda ran: ran.first)
        if running is not None:
            above = [ran for ran in above if ran.first < running.first and not is_same_cell(ran, running)]
        notebook = self._notebook()
        saved = [] if notebook is None else _saved_above(notebook, self._cells.cell, self._cells.source, above)
        if notebook is None or not saved:
            return [_Place(ran, mark=mark_of(ran.source)) for ran in above], ()
        places = _with_markdown(above, saved)
        has_markdown = any(place.ran is None for place in places)
        return places, (_as_saved(notebook, tells_time=tells_time),) if has_markdown else ()

    def _pieces(self, place: _Place, turns: Sequence[Turn]) -> Iterator[Piece]:
        """What goes along of a place: its code and outputs, its question and answer, its words, or a line.

        `turns` are those that the request may hold.
        """
        ran, pinned = place.ran, place.mark == "pin"
        if ran is None:
            if text := place.text.strip():
                yield Piece(MARKDOWN, text, text=text, pinned=pinned)
            return
        asks = glm_cell.find(ran.source)
        if ran.ours and asks is None:
            return  # a command, or what sets us up
        turn = next((turn for turn in turns if _is_turn_of(turn, ran)), None)
        if turn is not None:
            words = turn.written or turn.prompt
            yield Piece(QUESTION, words, text=words, answer=turn.reply, pinned=pinned, turn=turn.id)
        else:
            for asked in filter(self._stands, ran.asked):
                yield Piece(ASKED_APART, asked.prompt, text=asked.prompt, answer=asked.reply, pinned=pinned)
        shown = ran.output if asks is not None else told(ran.output)
        if shown.outputs if asks is not None else shown.source.strip():
            yield Piece(CODE, shown.source, Cell(shown), pinned=pinned)

    def _stands(self, asked: Asked) -> bool:
        """Whether this was asked outside the conversation, or its turn has not been undone."""
        return not asked.thread or any(turn.id == asked.turn for turn in self._chat().thread(asked.thread).turns)


def _newest_runs(ran: Sequence[Ran]) -> list[Ran]:
    """The newest execution of each cell, in the order of time."""
    newest: list[Ran] = []
    for one in reversed(ran):
        if not any(is_same_cell(one, other) for other in newest):
            newest.insert(0, one)
    return newest


def _ids(ran: Sequence[Ran]) -> set[str | None]:
    return {one.id for one in ran}


def _as_told(above: Sequence[PageCell], newest: Sequence[Ran]) -> Iterator[_Place]:
    by_id = {ran.id: ran for ran in newest if ran.id is not None}
    for cell in above:
        if not cell.is_code:
            yield _Place(None, cell.source, mark_of(cell.source, cell.tags))
        elif (ran := by_id.get(cell.id)) is not None:
            yield _Place(ran, mark=mark_of(ran.source, cell.tags))


def _saved_above(notebook: Path, running: str | None, source: str, above: Sequence[Ran]) -> list[PageCell]:
    """The cells of the file above the running one, or down to the last one that has run where the file has it not."""
    from ..page.saved_cells import page_cells

    cells = page_cells(notebook)
    places = [place for place, cell in enumerate(cells) if cell.is_code and is_cell(cell, running, source)]
    if places:
        return cells[: places[-1]]
    ran = [place for place, cell in enumerate(cells) if cell.is_code and any(_is_of(cell, one) for one in above)]
    return cells[: ran[-1] + 1] if ran else []


def _is_of(cell: PageCell, ran: Ran) -> bool:
    return is_cell(cell, ran.id, ran.source)


def _with_markdown(above: Sequence[Ran], saved: Sequence[PageCell]) -> list[_Place]:
    """The cells that have run, in their order, each below the Markdown that stands above it in the file."""
    waiting: list[_Place] = []
    before: dict[int, list[_Place]] = {}
    tags: dict[int, tuple[str, ...]] = {}
    for cell in saved:
        if not cell.is_code:
            waiting.append(_Place(None, cell.source, mark_of(cell.source, cell.tags)))
            continue
        found = next((place for place, ran in enumerate(above) if place not in tags and _is_of(cell, ran)), None)
        if found is not None:
            before[found], waiting = waiting, []
            tags[found] = cell.tags
    places: list[_Place] = []
    for place, ran in enumerate(above):
        places += before.get(place, ())
        places.append(_Place(ran, mark=mark_of(ran.source, tags.get(place, ()))))
    return [*places, *waiting]


def _is_turn_of(turn: Turn, ran: Ran) -> bool:
    named = ran.id is not None and not is_position(ran.id)
    return any(asked.turn == turn.id for asked in ran.asked) or (named and turn.cell == ran.id)


def _newest(pieces: Sequence[Piece], most: int) -> list[Piece]:
    """The last so many pieces that are cells, with what stands between them, and those that are pinned."""
    left, kept = most, list[Piece]()
    for piece in reversed(pieces):
        if piece.pinned:
            kept.append(piece)
        elif left > 0:
            kept.append(piece)
            left -= piece.title != MARKDOWN and not piece.turn
    return kept[::-1]


def _as_saved(notebook: Path, *, tells_time: bool) -> str:
    """What is said of Markdown that is read from the notebook's file."""
    if not tells_time:
        return _("Markdown as last saved")
    with suppress(OSError):
        saved_at = time.strftime("%H:%M", time.localtime(notebook.stat().st_mtime))
        return _("Markdown as saved at {time}", time=saved_at)
    return _("Markdown as saved at an unknown time")
