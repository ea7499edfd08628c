"""`%%glm --bg`: a cell that does not wait for its reply, which goes on as a job of the page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from ..chat.reading_alone import read_alone
from ..text.characters import shorten
from ..text.errors import GLMError, Interrupted, InvalidRequest
from ..text.languages.messages import _
from . import hints
from .display.display import InBackground, ShowOptions
from .jobs import LOOK
from .ticker import Ticker

if TYPE_CHECKING:
    from ..chat.options import Options
    from ..chat.replies.reply import Reply
    from .display.display import BackgroundPainter
    from .display.panel import PanelMode
    from .line.cell_line import CellOptions
    from .session import Session

#: Characters of the prompt by which a job is known.
_LONGEST_TITLE = 40
#: Seconds between two looks at a reply that grows, at most.
_LONGEST_GAP = 0.25
_STATES = {
    "waiting": _("waiting"),
    "streaming": _("streaming"),
    "complete": _("complete"),
    "interrupted": _("interrupted"),
    "failed": _("failed"),
}


def ask_in_background(session: Session, begin: Callable[[], Reply], prompt: str, options: CellOptions) -> None:
    """Ask by `begin`, and return: the reply is painted, bound and ended as a job of the page. Raises GLMError.

    A reply that is whole from the start, as in a replay, is shown at once.
    """
    try:
        if not options.request.once:
            session.jobs.make_way(session.chat.thread(options.request.thread).name)
        reply = begin()
    except KeyboardInterrupt:
        session.chat.interrupt(session.anchor())
        raise Interrupted("Interrupted before it began.", reason="interrupted.before") from None
    if options.bind:
        session.shell.push({options.bind: reply})
    title = shorten(" ".join(prompt.split()), _LONGEST_TITLE)
    work = ReplyWork(session, reply, title, options)
    job = session.jobs.add(work)
    if not work.done:
        work.begin()
        Ticker(job.step).start(LOOK)
    job.step()


def check_needs_nobody(session: Session, options: Options) -> None:
    """Raise InvalidRequest if a tool asks the user before each call, who may be doing something else by then."""
    from ..values.tools.tool import Tool

    asking = {tool.name for tool in session.chat.known_tools if tool.asks_first}
    for tool in (*options.tools, *session.chat.tools):
        made = tool if isinstance(tool, Tool) else Tool.of(tool)
        if made.code:
            raise InvalidRequest(
                "{tool} runs code in the notebook, which has to wait for it, and does not in the background.",
                hint="Leave out --bg.",
                reason="background.code",
                tool=made.name,
            )
        if made.asks_first or made.name in asking:
            raise InvalidRequest(
                "{tool} asks you before each call, which it cannot do in the background.",
                hint="Leave out --bg; or, to let it run without asking: %glm tools remove {tool}, and give it without "
                "confirm().",
                reason="background.asks",
                tool=made.name,
            )


class ReplyWork:
    """A reply as the work of a job (see `jobs.Work`)."""

    def __init__(self, session: Session, reply: Reply, title: str, options: CellOptions) -> None:
        self.title = title
        self._session = session
        self._reply = reply
        self._options = options
        anchor = reply.request.anchor
        self.cell, self.run = anchor.cell, anchor.run
        self.thread = None if options.request.once else reply.request.before.name
        self._shown_by = session.cells.cell, session.cells.run
        self._invalid: Exception | None = None
        self._told = self._forgotten = False
        self._painter: BackgroundPainter | None = self._new_painter()
        self._thread = None if reply.is_settled else read_alone(reply)

    def _new_painter(self) -> BackgroundPainter:
        session, reply, options = self._session, self._reply, self._options
        settings = session.settings
        streamed = settings.stream if options.request.stream is None else options.request.stream
        show_options = ShowOptions(
            panel="off" if options.quiet else cast("PanelMode", settings.panel),
            streamed=streamed,
            alone=False,
            notices=session.take_notices(),
            remote_images=settings.remote_images,
        )
        job = InBackground(
            number=session.jobs.next_number,
            heading=self.title,
            ticks=Ticker.is_possible(),
            tell=session.notify,
        )
        return session.display.background(reply.progress, partial(session.chat.standing, reply), show_options, job)

    # What it is

    @property
    def state(self) -> str:
        return _STATES["failed" if self.error is not None else self._reply.state]

    @property
    def seconds(self) -> float:
        return self._reply.timing.seconds

    @property
    def tokens(self) -> int | None:
        usage = self._reply.progress.usage
        return None if usage is None else usage.prompt_tokens + usage.completion_tokens

    @property
    def done(self) -> bool:
        return self._reply.is_settled or self._thread is None or not self._thread.is_alive()

    @property
    def kept_as(self) -> str:
        return self._reply.kept_as

    @property
    def error(self) -> Exception | None:
        return self._reply.error or self._invalid

    @property
    def told(self) -> bool:
        return self._told or self._reply.error_was_raised

    # What is done with it

    def begin(self) -> None:
        """Make its places in the cell that runs."""
        self._paint(lambda painter: painter.begin(self._reply.progress))

    def stop(self) -> None:
        self._reply.interrupt()

    def paint(self) -> float:
        with self._reply.held() as held:
            if held:
                self._paint(lambda painter: painter.paint(self._reply.progress))
        wanted = _LONGEST_GAP if self._painter is None else max(self._painter.patience(self._reply.progress))
        return min(max(LOOK, wanted), _LONGEST_GAP)

    def finish(self) -> None:
        reply, session = self._reply, self._session
        value = self._value()
        if not self._forgotten:
            self._bind(value)
            session.cells.remember(reply.progress.tool_errors, self._shown_by)
            self._paint(self._settle)
        session.reply_has_ended(self.cell)

    def fail(self) -> None:
        self._told = True
        if self.error is not None:
            self._reply.error_was_raised = True
            raise self.error

    def forget(self) -> None:
        self._forgotten = self._told = self._reply.error_was_raised = True

    def _value(self) -> Any:
        """The value of a reply that has come to its end; one that is not of the type asked for is its error."""
        if self._reply.error is None and self._reply.state == "complete":
            try:
                return self._reply.progress.value
            except GLMError as error:
                self._invalid = error
        return None

    def _bind(self, value: Any) -> None:
        progress, shell = self._reply.progress, self._session.shell
        if progress.is_kept:
            shell.push({"_glm": self._reply.so_far()}, interactive=False)
        if self._options.output and self.state == "complete":
            shell.push({self._options.output: value})

    def _settle(self, painter: BackgroundPainter) -> None:
        if self.error is not None:
            painter.fail(self._reply.progress, hints.in_words(self.error))
        elif self._reply.state == "failed":
            painter.break_off(self._reply.progress, interrupted=True)
        else:
            painter.settle(self._reply.progress)

    def _paint(self, paint: Callable[[BackgroundPainter], None]) -> None:
        """Paint; an error in that ends the painting and nothing else."""
        if self._painter is None:
            return
        try:
            paint(self._painter)
        except Exception as error:
            self._painter = None
            self._session.notify(
                _(
                    "A reply ({title}) could not be shown: {error} %glm show has it.",
                    title=self.title,
                    error=hints.in_words(error),
                )
            )
