"""The text of a reply while it grows: what is finished stands in outputs of its own, and is not sent again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...chat.replies.progress import Progress
from ...chat.undisturbed import undisturbed
from ...history.markdown import folded_reasoning
from ...text.growing import Cut, cut
from ...text.languages.messages import _
from ...text.markup import Markup, html_bundle, markdown_bundle
from ...values.tools.ran import Shown
from . import answer
from .cell_outputs import CellOutputs
from .growing import (
    UNFINISHED,
    UNFINISHED_PLAIN,
    Above,
    finished_rounds,
    finished_words,
    growing_page,
    growing_reasoning,
    mark,
)
from .markdown import final_parts
from .output import GROWING, NOTHING, Bundle, Output
from .panel import note_line
from .panel_output import PanelOutput
from .shown import shown_bundle

#: Bytes of a finished part. JupyterLab shows at most 50 outputs, so after some parts the next ones are longer.
_PART = 1_800
_PARTS_OF_THIS_SIZE, _GROWTH, _MOST_OUTPUTS = 30, 1.25, 45
#: The line of reasoning is read at a glance, and need not be refreshed as often as its size allows.
_GLANCE = 2_000
#: Characters that may move from one output to the next.
_NEAR = 120


class ReplyText:
    """The text of the reply, as Markdown: what is finished of it, round by round, and below it the tail.

    In the end the cell is cleared, and the text shown in one output. Until then, what the user opens or selects in the
    finished parts stays so. Where it may not go on in more outputs (`in_parts`), or something else is in the cell, all
    that comes is shown in the tail.
    """

    def __init__(
        self,
        new_output: Callable[[], Output],
        panel: PanelOutput,
        cell: CellOutputs,
        *,
        in_parts: bool,
        remote_images: bool,
    ) -> None:
        self._new_output = new_output
        self._panel = panel
        self._cell = cell
        self._in_parts = in_parts
        self._remote_images = remote_images
        self._begin(new_output())

    def _begin(self, first: Output) -> None:
        self._outputs = [first]
        self._begin_round(0)

    def _begin_round(self, number: int) -> None:
        self._above = Above(rounds=number)
        self._reasoning: Output | None = None  # where that of this round stands, if it has an output of its own
        self._is_folded = False
        self._seen = 0  # characters of the words that have been shown
        self._taken_back = 0

    @property
    def shown(self) -> bool:
        return self._outputs[0].shown

    def wait(self, words: str) -> None:
        self._tail.show(markdown_bundle(mark(words), words), GROWING)

    def grow(self, progress: Progress) -> int:
        if progress.taken_back > self._taken_back:  # the words were reasoning
            self._begin(self._joined())
            self._taken_back = progress.taken_back
        if len(progress.rounds) > self._above.rounds and self._has_room:
            self._finish_rounds(progress)
        if len(progress.rounds) == self._above.rounds:
            if self._grow_reasoning(progress):
                return _GLANCE
            return self._grow_words(progress)
        return self._refresh(progress)

    def settle(self, progress: Progress) -> None:
        parts = final_parts(progress, remote_images=self._remote_images)
        last = max(place for place, part in enumerate(parts) if isinstance(part, Markup))

        def show() -> None:
            self._begin(self._joined())
            for place, part in enumerate(parts):
                if place:
                    self._outputs.append(self._panel.move())
                if place == last and isinstance(part, Markup):
                    self._tail.show(markdown_bundle(part, progress.joined_text), _about(progress))
                else:
                    self._tail.show(self._bundle(part))

        undisturbed(show)

    def fail(self, why: str) -> None:
        """Say in its place why there is no text."""
        self._tail.show(html_bundle(note_line(why), why))

    def give_up(self) -> bool:
        if not self.shown or self._cell.clear():
            return True
        for output in self._outputs:
            output.show(NOTHING)
        return False

    # Its outputs

    @property
    def _tail(self) -> Output:
        return self._outputs[-1]

    @property
    def _has_room(self) -> bool:
        """Whether it may go on in another output."""
        return self._in_parts and self._cell.are_ours and len(self._outputs) < _MOST_OUTPUTS

    def _add(self, bundle: Bundle, about: Bundle | None = GROWING) -> None:
        """Go on in a new output, in the panel's place, which shows this at once."""

        def add() -> None:
            if not self._tail.shown:
                self._tail.show(_empty(), GROWING)  # it takes its place above the new one
            self._outputs.append(self._panel.move())
            self._tail.show(bundle, about)

        undisturbed(add)

    def _joined(self) -> Output:
        """One output for all of the text: a new one in a cleared cell or, where that may not be, the first."""
        first, *others = self._outputs
        if not others and not (self._in_parts and self._cell.holds_question):
            return first
        if self._cell.clear(wait=True):
            self._panel.forget()
            return self._new_output()
        for other in others:
            if other.shown:
                other.show(NOTHING)
        return first

    # What it shows

    def _finish_rounds(self, progress: Progress) -> None:
        """Leave the rounds that are over as they are, and go on below them."""
        if self._reasoning is not None and not self._is_folded:
            self._reasoning.show(_folded(progress.rounds[self._above.rounds].thoughts), GROWING)
        finished, parts = self._tail, finished_rounds(progress, self._above, remote_images=self._remote_images)
        for part in parts[1 : _MOST_OUTPUTS - len(self._outputs)]:
            self._add(self._bundle(part), None if isinstance(part, Shown) else GROWING)
        self._add(_empty())
        finished.show(self._bundle(parts[0]), None if isinstance(parts[0], Shown) else GROWING)
        self._begin_round(len(progress.rounds))

    def _bundle(self, part: Markup | Shown) -> Bundle:
        if isinstance(part, Shown):
            return shown_bundle(part, remote_images=self._remote_images)
        return markdown_bundle(part)

    def _grow_reasoning(self, progress: Progress) -> bool:
        """Show the reasoning of this round above its words. Returns whether it is all that there is of it."""
        if not progress.reasoning or self._is_folded:
            return False
        if self._reasoning is None:
            if self._seen or not self._has_room:
                return False  # it stands in the tail
            self._reasoning = self._tail
            self._above = replace(self._above, reasoning=True)
            self._add(_empty())
        self._is_folded = progress.reasoning_is_over
        if self._is_folded:
            self._reasoning.show(_folded(progress.reasoning), GROWING)
        else:
            self._show(self._reasoning, growing_reasoning(progress))
        return not self._is_folded

    def _grow_words(self, progress: Progress) -> int:
        """Show the words so far. What is finished of them stays as it is, if that is enough for a part."""
        words = answer.growing(progress.joined_text, progress) if progress.has_text else ""
        text = self._above.rest(words)
        # What has not been shown yet does not move by being shown elsewhere.
        place = self._place_to_cut(text, near=max(_NEAR, len(words) - self._seen))
        self._seen = len(words)
        if place is None:
            return self._refresh(progress)
        page = finished_words(place.finished, progress, remote_images=self._remote_images)
        finished, more = self._tail, place.end - len(self._above.goes_on)
        self._above = replace(self._above, words=self._above.words + more, goes_on=place.goes_on)
        rest = growing_page(progress, self._above, remote_images=self._remote_images)
        self._add(markdown_bundle(rest, UNFINISHED_PLAIN))
        finished.show(markdown_bundle(page), GROWING)
        return len(rest.rich.encode("utf-8", "replace"))

    def _place_to_cut(self, text: str, *, near: int) -> Cut | None:
        if not self._has_room:
            return None
        longer = _GROWTH ** max(0, len(self._outputs) - _PARTS_OF_THIS_SIZE)
        size = len(text.encode("utf-8", "replace"))
        if size < _PART * longer:
            return None
        return cut(text, least=int(len(text) * _PART * longer / size), near=near)

    def _refresh(self, progress: Progress) -> int:
        return self._show(self._tail, growing_page(progress, self._above, remote_images=self._remote_images))

    def _show(self, output: Output, page: Markup) -> int:
        output.show(markdown_bundle(page, UNFINISHED_PLAIN), GROWING)
        return len(page.rich.encode("utf-8", "replace"))


def _empty() -> Bundle:
    """What stands in the place of words before they begin."""
    return markdown_bundle(UNFINISHED, UNFINISHED_PLAIN)


def _folded(reasoning: str) -> Bundle:
    return markdown_bundle(folded_reasoning(reasoning), _("Reasoning"))


def _about(progress: Progress) -> Bundle:
    """What the page keeps about the reply."""
    about = {
        "model": progress.model,
        "request_id": progress.request_id,
        "finish_reason": progress.finish_reason,
        "usage": progress.body().get("usage"),
    }
    return {"zhipu_magic": {**about, "replayed": True} if progress.replayed else about}
