"""A reply on the page: Markdown that grows, and the panel under it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...chat.replies.progress import Progress
from ...chat.standing import Standing
from ...chat.watch import ComparisonPainter, Painter
from ...history.turn import Turn
from ...text.markup import Markup, markdown_bundle
from . import updates
from .background import ElsewherePainter, NoPanel, PlacePainter
from .cell_outputs import CellOutputs
from .display import BackgroundPainter, Compared, InBackground, ShowOptions
from .figures import Figures
from .output import NOTHING, Output
from .painter import PagePainter
from .panel_output import PanelOutput
from .panels import Panels
from .reply_text import ReplyText

if TYPE_CHECKING:
    from ..shell import Shell
    from .comparison import PageComparison
    from .drawing_output import DrawingPainter
    from .map_output import MapPainter

#: Comparisons whose notes may still change.
_MOST_COMPARISONS = 8


class Notebook:
    """Shows replies in a front end that takes display messages."""

    def __init__(self, shell: Shell, cell: CellOutputs) -> None:
        self._shell = shell
        self._cell = cell
        self._panels = Panels()
        self._comparisons: deque[PageComparison] = deque(maxlen=_MOST_COMPARISONS)

    def show_text(self, text: Markup) -> None:
        """Show a command's answer."""
        with self._cell.speaking():
            self._shell.display_pub.publish(markdown_bundle(text))

    def show_question(self, text: Markup) -> Callable[[], None]:
        """Show what the user is asked about, as an output of ours; what takes it away leaves nothing of it."""
        output = Output(self._shell.display_pub.publish)
        output.show(markdown_bundle(text))
        self._cell.note_question()
        are_shown = updates.are_shown(self._shell)
        return lambda: output.show(NOTHING) if are_shown else None

    def show_turn(self, turn: Turn, page: Markup, notices: Sequence[str], *, reasoning: bool) -> None:
        """Show a reply that was kept, below the notices."""
        self.show_text(Markup("\n\n").join([*notices, page]))

    def painter(self, progress: Progress, standing: Callable[[], Standing], options: ShowOptions) -> Painter:
        """What paints a reply with this progress; it leaves the reply and the settled panel.

        What code has shown stands between its words, in outputs of its own.

        Where updates are not shown, it paints once, when the reply is complete.
        """
        publish = self._shell.display_pub.publish  # as it is for this cell: %%capture puts another in its place

        def new_output() -> Output:
            return Output(publish)

        are_shown = updates.are_shown(self._shell)
        streamed = options.streamed and are_shown

        def figures() -> Figures:
            found = Figures.of(standing(), progress, options.notices)
            advised = are_shown and options.panel != "off"
            return found.told_below(except_advice=advised) if options.interrupted else found

        panel = PanelOutput(new_output, figures, options.panel, self._panels.keep, changes_later=are_shown)
        in_parts = streamed and options.alone
        text = ReplyText(new_output, panel, self._cell, in_parts=in_parts, remote_images=options.remote_images)

        def settled() -> None:
            if are_shown and (turn := standing().turn):
                self._panels.settled(turn, panel, progress)

        return PagePainter(text, panel, settled, streamed=streamed, alone=options.alone)

    def comparison_painter(
        self, compared: Sequence[Compared], options: ShowOptions, note: Callable[[], str]
    ) -> ComparisonPainter:
        """What paints several replies to one question; it leaves two outputs, the replies in columns and the panel."""
        from .comparison import PageComparison

        publish = self._shell.display_pub.publish
        are_shown = updates.are_shown(self._shell)
        streamed = options.streamed and are_shown
        painter = PageComparison(compared, lambda: Output(publish), options._replace(streamed=streamed), note)
        if are_shown or updates.come_later(self._shell):
            self._comparisons.append(painter)
        return painter

    def follow(self) -> None:
        """Have the notes of the newest comparisons say how their replies stand by now."""
        for one in self._comparisons:
            one.follow()

    def map_painter(self, *, panel: bool) -> MapPainter:
        """What paints a map; it leaves two outputs, the first rows of its table and the panel."""
        from .map_output import PageMapPainter

        publish = self._shell.display_pub.publish
        return PageMapPainter(lambda: Output(publish), panel=panel, updates=updates.are_shown(self._shell))

    def drawing_painter(self, options: ShowOptions) -> DrawingPainter:
        """What paints a drawing; it leaves two outputs, the picture and the panel."""
        from .drawing_output import PageDrawingPainter

        publish = self._shell.display_pub.publish
        outputs = Output(publish), Output(publish)
        clear = self._cell.clear if options.alone else lambda: False
        are_shown = updates.are_shown(self._shell)
        return PageDrawingPainter(outputs, clear, panel=options.panel != "off", updates=are_shown)

    def background(
        self, progress: Progress, standing: Callable[[], Standing], options: ShowOptions, job: InBackground
    ) -> BackgroundPainter:
        """The same for a reply whose cell does not wait for it: no output is added once that has ended."""
        are_shown = updates.are_shown(self._shell)
        if not (are_shown or updates.come_later(self._shell)):
            return ElsewherePainter(self.show_text, lambda: self.painter(progress, standing, options), job)
        job = job._replace(ticks=job.ticks and are_shown)
        publish, notes = self._shell.display_pub.publish, [*options.notices]

        def figures() -> Figures:
            return Figures.of(standing(), progress, notes).apart

        def settled() -> None:
            if are_shown and (turn := standing().turn):
                self._panels.settled(turn, panel, progress)

        panel = PanelOutput(lambda: Output(publish), figures, options.panel, self._panels.keep)
        text = ReplyText(
            lambda: Output(publish), panel, self._cell, in_parts=False, remote_images=options.remote_images
        )
        placed = NoPanel(figures, job.tell) if options.panel == "off" else panel
        page = PagePainter(text, placed, settled, streamed=options.streamed and job.ticks, alone=False)
        return PlacePainter(page, text, placed, notes=notes, job=job)

    def advises(self, turn: str) -> bool:
        """Whether the panel of this turn says how to go on from it, and can be replaced later."""
        return self._panels.advises(turn)

    def close(self) -> None:
        """Close the widgets of earlier replies."""
        self._panels.close()
