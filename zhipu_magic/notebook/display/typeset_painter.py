"""A reply on a terminal, as typeset Markdown: what is finished stays, and only what may still change is drawn again.

Frames go by time, not by chunk: some ten a second, fewer where they take long, and none where nothing has changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from rich.text import Text

from ...chat.replies.progress import Progress
from ...chat.undisturbed import undisturbed
from ...history.markdown import sources
from ...history.rounds import Round
from ...service.response_members import objects
from . import answer
from .display import ShowOptions
from .figures import Figures
from .panel import line_parts, line_text
from .screen import Screen
from .typeset.rounds import RoundLines, Seen, parts_lines, source_lines
from .typeset.words import clean, lines_of

#: Seconds between two frames, and between two ticks of the clock.
_GAP, _CLOCK = 0.1, 0.25
#: Lines that are shown of what code has printed that still runs.
_PRINTED = 12
#: A frame may take one part in so many of the time until the next.
_SHARE = 10


class TypesetPainter:
    """Paints a reply (see `watch.Painter`)."""

    def __init__(self, figures: Callable[[Sequence[str]], Figures], options: ShowOptions, screen: Screen) -> None:
        self._figures = figures
        self._options = options
        self._screen = screen
        self._rounds = 0
        self._round = RoundLines()
        self._due = 0.0

    def begin(self, progress: Progress) -> None:
        self._screen.show((), [self._status()])

    def patience(self, progress: Progress) -> tuple[float, float]:
        left = self._due - time.monotonic()
        # Until the next frame is due, let more gather; from then on, wait for something to show.
        return (0.0, left) if left > 0 else (_CLOCK, 0.0)

    def paint(self, progress: Progress) -> None:
        began = time.monotonic()
        if began >= self._due or progress.calling is not None:
            self._draw(progress, whole=False)
            self._due = began + max(_GAP, _SHARE * (time.monotonic() - began))

    def paint_run(self, progress: Progress, printed: str) -> bool:
        """Show the last lines that the code which runs has printed so far (see `watch.RunPainter`)."""
        progress.printed = printed
        self._draw(progress, whole=False)
        return True

    def settle(self, progress: Progress) -> None:
        self._end(progress, self._figures(self._options.notices).notes)

    def break_off(self, progress: Progress, *, interrupted: bool) -> None:
        self._end(progress, self._figures(self._options.notices).others)

    def _end(self, progress: Progress, notes: Sequence[str]) -> None:
        below: list[Text] = []
        if progress.has_begun:
            below += source_lines(sources(objects(progress.body().get("web_search"))))
            below += [line for text in notes for line in lines_of(Text(clean(text), end=""), self._screen.columns)]
            if self._options.panel != "off":
                below += parts_lines(line_parts(self._figures(())), self._screen.columns)
        self._draw(progress, whole=True, below=below)

    def _draw(self, progress: Progress, *, whole: bool, below: Sequence[Text] = ()) -> None:
        """Draw what there is. An interrupt in the middle of it would lose lines, or show them twice."""
        columns, now = self._screen.columns, time.monotonic()
        rounds, current, staying = progress.rounds, self._round, list[Text]()
        for one in rounds[self._rounds :]:
            _, lines = current.grown(_seen(one, progress), columns, now)
            staying += lines.finished
            current = RoundLines()
        seen = _seen_last(progress, streamed=self._options.streamed, whole=whole)
        current, lines = current.grown(seen, columns, now)
        staying += [*lines.finished, *below]
        is_waiting = not (whole or seen.words or seen.calling)
        changing = [self._status(), *lines.growing] if is_waiting else [*lines.growing, *self._printed(progress)]

        def show() -> None:
            self._screen.show(staying, changing)
            self._rounds, self._round = len(rounds), current

        undisturbed(show)

    def _printed(self, progress: Progress) -> list[Text]:
        """The last lines of what the code that runs has printed."""
        lines = (progress.printed or "").split("\n")[-_PRINTED:] if progress.printed else []
        return [line for text in lines for line in lines_of(Text(clean(text), end=""), self._screen.columns)][
            -_PRINTED:
        ]

    def _status(self) -> Text:
        """What is happening, on one line."""
        return lines_of(Text(clean(line_text(self._figures(()))), end=""), self._screen.columns)[0]


def _seen(one: Round, progress: Progress) -> Seen:
    """A round that is over."""
    words = "" if one.wrong else progress.words_of(one)
    return Seen(words, reasoned=bool(one.thoughts), calls=one.calls, wrong=one.wrong, whole=True)


def _seen_last(progress: Progress, *, streamed: bool, whole: bool) -> Seen:
    """The round that is under way."""
    ended = bool(whole or progress.calls or progress.calling)
    reasoning = progress.reasoning if streamed or ended else ""
    text, typed = progress.joined_text if progress.has_text else "", bool(progress.request.instruction)
    words = text if ended or (streamed and not typed) else ""
    return Seen(
        words=(answer.value(progress) or answer.written(progress)) if typed and whole and words else words,
        draft=text if typed and streamed and text else reasoning,
        reasoned=bool(reasoning),
        calls=progress.calls,
        calling=progress.calling,
        taken_back=progress.taken_back,
        whole=whole,
    )
