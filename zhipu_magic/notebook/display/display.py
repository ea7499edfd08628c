"""What a session asks of a display, whatever the front end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ...chat.replies.progress import Progress
from ...chat.standing import Standing
from ...chat.watch import ComparisonPainter, Painter
from ...history.turn import Turn
from ...text.markup import Markup
from .panel import PanelMode

if TYPE_CHECKING:
    from .drawing_output import DrawingPainter
    from .map_output import MapPainter


class ShowOptions(NamedTuple):
    """How a reply is shown.

    `streamed` shows it while it grows, otherwise once, when it is complete. `alone` says that the cell shows nothing
    else, so that a waiting mark can be put up and, if no reply comes, be taken away again. `notices` are shown with the
    panel. Of one that was `interrupted` before it was painted, an error below tells.
    """

    panel: PanelMode
    streamed: bool
    alone: bool
    notices: Sequence[str] = ()
    remote_images: bool = False
    interrupted: bool = False


class Compared(NamedTuple):
    """One of several replies to the same question: its model, its progress, and what it costs and where its chat is."""

    model: str
    progress: Progress
    standing: Callable[[], Standing]


class InBackground(NamedTuple):
    """How a reply is shown whose cell does not wait for it, by the `number` of its job.

    `heading` is what it is called where it is shown elsewhere, `ticks` whether it is painted between cells. What finds
    no place in the cell is told by `tell`.
    """

    number: int
    heading: str
    ticks: bool
    tell: Callable[[str], None]


class BackgroundPainter(Painter, Protocol):
    """Paints a reply after its cell has ended: `begin` makes all outputs in the cell, and the rest replaces them."""

    def fail(self, progress: Progress, why: str) -> None:
        """Show what there is of a reply that has failed, and why: no error below its cell tells that."""


class Display(Protocol):
    """Shows replies and the answers to commands."""

    def show_text(self, text: Markup) -> None:
        """Show a command's answer."""

    def show_question(self, text: Markup) -> Callable[[], None]:
        """Show what the user is asked about; returns what takes it away, where the answer's place is ours."""

    def show_turn(self, turn: Turn, page: Markup, notices: Sequence[str], *, reasoning: bool) -> None:
        """Show a reply that was kept, below the notices; `page` has it for a notebook.

        A terminal shows its `reasoning` only if that is asked for.
        """

    def painter(self, progress: Progress, standing: Callable[[], Standing], options: ShowOptions) -> Painter:
        """What paints a reply with this progress; `standing` is what it costs, and where its chat stands by then."""

    def comparison_painter(
        self, compared: Sequence[Compared], options: ShowOptions, note: Callable[[], str]
    ) -> ComparisonPainter:
        """What paints several replies to one question. `note` says how they stand in the conversation by then."""

    def follow(self) -> None:
        """Have the notes of earlier comparisons say how their replies stand by now, where that can still be shown."""

    def map_painter(self, *, panel: bool) -> MapPainter:
        """What paints a map over a table, with a `panel` below or without."""

    def drawing_painter(self, options: ShowOptions) -> DrawingPainter:
        """What paints a drawing, and the panel below it."""

    def background(
        self, progress: Progress, standing: Callable[[], Standing], options: ShowOptions, job: InBackground
    ) -> BackgroundPainter:
        """The same for a reply whose cell does not wait for it."""

    def advises(self, turn: str) -> bool:
        """Whether a note that can be replaced later says how to go on from this turn: the error below need not."""

    def close(self) -> None:
        """Release what outlives a cell."""
