"""The text of a reply in several outputs while it grows: what is finished is not sent again, and stays as it is."""

from __future__ import annotations

from collections.abc import Callable

from ...chat.replies.progress import Progress
from ...chat.undisturbed import undisturbed
from ...history.markdown import folded_reasoning
from ...text.growing import Cut, cut
from ...text.markup import Markup, markdown_bundle
from .cell_outputs import CellOutputs
from .markdown import UNFINISHED_PLAIN, finished_words, growing_page, growing_reasoning, growing_words, links_of
from .output import NOTHING, Output
from .panel_output import PanelOutput
from .whole_text import settled, waiting

#: Bytes of a finished part. JupyterLab shows at most 50 outputs, so after some parts the next ones are longer.
_PART = 2_000
_PARTS_OF_THIS_SIZE, _GROWTH, _MOST_OUTPUTS = 28, 1.25, 45
#: The line of reasoning is read at a glance, and need not be refreshed as often as its size allows.
_GLANCE = 2_000
#: Characters that may move from one output to the next.
_NEAR = 120


class BlockText:
    """The text of the reply, as Markdown: the reasoning, finished parts of the words, and the tail, which grows.

    In the end the cell is cleared, and the text shown in one output. Until then, what the user opens or selects in the
    finished parts stays so.
    """

    def __init__(
        self, new_output: Callable[[], Output], panel: PanelOutput, cell: CellOutputs, *, remote_images: bool
    ) -> None:
        self._new_output = new_output
        self._panel = panel
        self._cell = cell
        self._remote_images = remote_images
        self._taken_back = 0
        self._begin(new_output())

    def _begin(self, first: Output) -> None:
        self._outputs = [first]
        self._reasoning: Output | None = None
        self._is_folded = self._has_words = False
        self._done = 0  # characters of the words that stand in finished parts
        self._seen = 0  # characters of the words that have been shown
        self._goes_on = ""  # what the tail begins with, to go on from them

    @property
    def shown(self) -> bool:
        return self._outputs[0].shown

    @property
    def _tail(self) -> Output:
        return self._outputs[-1]

    def wait(self) -> None:
        self._tail.show(waiting())

    def grow(self, progress: Progress) -> int:
        if progress.taken_back > self._taken_back:  # the words were reasoning
            self._taken_back = progress.taken_back
            self._begin(self._joined())
        if len(self._outputs) == 1 and not self._cell.are_ours:
            return self._show(self._tail, growing_page(progress, remote_images=self._remote_images))
        return self._grow_reasoning(progress) + self._grow_words(progress)

    def settle(self, progress: Progress) -> None:
        shown = settled(progress, remote_images=self._remote_images)

        def show() -> None:
            self._begin(self._joined())
            self._tail.show(*shown)

        undisturbed(show)

    def give_up(self) -> bool:
        if not self.shown or self._cell.clear():
            return True
        for output in self._outputs:
            output.show(NOTHING)
        return False

    def _joined(self) -> Output:
        """One output for all of the text: a new one in a cleared cell or, where that may not be, the first."""
        first, *others = self._outputs
        if not others:
            return first
        if self._cell.clear(wait=True):
            self._panel.forget()
            return self._new_output()
        for other in others:
            if other.shown:
                other.show(NOTHING)
        return first

    def _add(self) -> None:
        """Go on in a new output, in the panel's place."""
        undisturbed(lambda: self._outputs.append(self._panel.move()))

    # What it shows

    def _grow_reasoning(self, progress: Progress) -> int:
        if not progress.reasoning or self._is_folded or (self._has_words and self._reasoning is None):
            return 0
        output = self._reasoning or self._tail
        self._is_folded = progress.has_text
        if self._is_folded:
            output.show(markdown_bundle(folded_reasoning(progress.reasoning), "Reasoning"))
        else:
            self._show(output, growing_reasoning(progress))
        if self._reasoning is None:
            self._reasoning = output
            self._add()
            self._tail.show(waiting())
        return 0 if self._is_folded else _GLANCE

    def _grow_words(self, progress: Progress) -> int:
        if not progress.has_text:
            return 0
        self._has_words = True
        links, images = links_of(progress), self._remote_images
        words = progress.joined_text
        text = self._goes_on + words[self._done :]
        # What has not been shown yet does not move by being shown elsewhere.
        place = self._place_to_cut(text, near=max(_NEAR, len(words) - self._seen))
        self._seen = len(words)
        if place is None:
            return self._show(self._tail, growing_words(text, links, remote_images=images))
        finished = self._tail
        self._add()
        self._done += place.end - len(self._goes_on)
        self._goes_on = place.goes_on
        rest = growing_words(place.goes_on + text[place.end :], links, remote_images=images)
        size = self._show(self._tail, rest)
        page = finished_words(place.finished, links, remote_images=images)
        finished.show(markdown_bundle(page))
        return size

    def _place_to_cut(self, text: str, *, near: int) -> Cut | None:
        if len(self._outputs) >= _MOST_OUTPUTS or not self._cell.are_ours:
            return None
        longer = _GROWTH ** max(0, len(self._outputs) - _PARTS_OF_THIS_SIZE)
        size = len(text.encode("utf-8", "replace"))
        if size < _PART * longer:
            return None
        return cut(text, least=int(len(text) * _PART * longer / size), near=near)

    def _show(self, output: Output, page: Markup) -> int:
        output.show(markdown_bundle(page, UNFINISHED_PLAIN))
        return len(page.rich.encode("utf-8", "replace"))
