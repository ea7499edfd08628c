"""Asks from a cell: shows the reply while it grows, and binds its value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from ..text.errors import GLMError, Interrupted
from ..text.languages.messages import _
from ..text.languages.notice import Notice
from ..text.markup import Markup
from . import costs
from .alongside import Alongside
from .asking import Asking, Question
from .cell_lines import as_in_the_editor
from .cell_values import files_of, image_of, options_of, refuse_for_models
from .hints import in_cell
from .line.cell_line import EARLIER_STAYS, CellOptions
from .outputs.store import Asked

if TYPE_CHECKING:
    from ..chat.replies.reply import Reply
    from ..chat.standing import Standing
    from ..values.outputs.above import Above
    from ..values.tools.ran import Ran
    from ..values.tools.tool import Tool
    from .display.panel import PanelMode
    from .session import Session

#: A reference to the cells above.
_REFERS_TO_ABOVE = re.compile(r"\{\{\s*above\s*[|}]")
NO_PYTHON = Markup("The reply contains no Python, so there is nothing to insert.")
_EARLIER_REPLACED = _("This turn has replaced the cell's earlier turn; %glm undo brings that back.")


def ask(
    session: Session, prompt: str, options: CellOptions | None = None, names: Mapping[str, Any] | None = None
) -> None:
    """Ask, or show what would be sent. References are to `names`, else to the notebook's. Raises GLMError."""
    with as_in_the_editor(session.cells.source, prompt):
        try:
            _ask_or_ask_each(session, prompt, options or CellOptions(), names)
        except GLMError as error:
            _say_what_was_sent(session, error)
            raise


def _say_what_was_sent(session: Session, error: GLMError) -> None:
    """Have the error that ends a cell say which documents have gone out: no other cell should have to."""
    from ..chat.documents.uploads import UPLOADS, say_what_was_sent

    uploads = [notice for notice in session.notices if isinstance(notice, Notice) and notice.reason in UPLOADS]
    for notice in uploads:
        session.withdraw(notice)
    say_what_was_sent(error, uploads)


def _ask_or_ask_each(session: Session, prompt: str, options: CellOptions, names: Mapping[str, Any] | None) -> None:
    alone = options.request.once or options.each is not None or options.draw is not None
    most = options.above if options.draw is None and (options.above or 0) > 0 else None
    session.outputs.asking = Asking(options.request.thread, alone, options.preview, most)
    if options.each is not None:
        from .each_cell import ask_each

        ask_each(session, prompt, options)
        return
    if options.draw is not None:
        from .draw_cell import draw

        draw(session, prompt, options)
        return
    thread = options.request.thread
    session.follow_notebook()
    leaves_a_turn = not (options.preview or options.request.once)
    replaced = session.identify_cell(prompt, thread) if leaves_a_turn else ""
    had_earlier_turn = session.had_earlier_turn(thread)
    if replaced:
        session.notify(replaced)
    try:
        _ask(session, prompt, options, session.variables.everything if names is None else names)
    except GLMError as error:
        session.withdraw(replaced)
        if had_earlier_turn:
            error.outcomes.append(EARLIER_STAYS if session.has_earlier_turn(thread) else _EARLIER_REPLACED)
        raise


def _ask(session: Session, prompt: str, options: CellOptions, names: Mapping[str, Any]) -> None:
    question = _question(session, prompt, options, names)
    if options.models:
        from .compare_cell import compare

        compare(session, question, options)
    elif options.preview:
        _preview(session, question)
    else:
        _send(session, question, options)


def _question(session: Session, prompt: str, options: CellOptions, names: Mapping[str, Any]) -> Question:
    """What the cell asks, with what goes along."""
    python = refuse_for_models if options.models else partial(_python_tool, session)
    question = Question(
        prompt=prompt,
        options=options_of(options, names, session.variables.tools, python),
        names=None if options.raw else names,
        images=[image_of(text, names) for text in options.images],
        files=[file for text in options.files for file in files_of(text, names)],
        anchor=session.anchor(),
        above=_above(session, prompt, options, names),
    )
    session.renew_tools()
    return question


def _preview(session: Session, question: Question) -> None:
    from .display.preview import preview

    chat = session.chat
    if not question.options.once:
        session.jobs.make_way(chat.thread(question.options.thread).name)
    request = chat.request(question.prompt, question.options, **question.given)
    session.keep_earlier_turns()
    priced = chat.service.priced and not chat.service.practising
    session.answer(preview(request, priced=priced, without_price=costs.without_price(chat.service)))


def _send(session: Session, question: Question, options: CellOptions) -> None:
    def begin() -> Reply:
        return session.chat.ask(question.prompt, question.options, **question.given)

    anchor = question.anchor
    if not anchor.append:
        session.jobs.replace(anchor.cell, anchor.run)
    if options.background:
        from .background import ask_in_background, check_needs_nobody

        check_needs_nobody(session, question.options)
        ask_in_background(session, begin, question.prompt, options)
    else:
        show(session, begin, options)


def _above(session: Session, prompt: str, options: CellOptions, names: Mapping[str, Any]) -> Above | None:
    """The cells above that go along before the prompt: none where it refers to them itself, which gives as many."""
    if not options.above:
        return None
    if not options.raw and _REFERS_TO_ABOVE.search(prompt):
        from ..values.outputs.above import Above

        if isinstance(names["above"], Above):  # and no variable of that name
            return None
    found = session.outputs.above()
    return found if found.pieces else None


def _python_tool(session: Session, trusted: bool) -> Tool:
    from .python.tool import python_tool

    return python_tool(session, trusted=trusted)


def show(session: Session, begin: Callable[[], Reply], options: CellOptions | None = None) -> None:
    """Ask by `begin`, show the reply while it grows, and bind it. Raises GLMError."""
    options = options or CellOptions()
    reply: Reply | None = None
    earlier = session.chat.asked_by(session.anchor())  # one execution of a cell may ask several times
    try:
        if not options.request.once:
            session.jobs.make_way(session.chat.thread(options.request.thread).name)
        reply = begin()
        _paint(session, reply, options)
    except KeyboardInterrupt:
        session.chat.interrupt(session.anchor())
        if reply is None:
            latest = session.chat.asked_by(session.anchor())
            if latest is None or latest is earlier:
                raise Interrupted("Interrupted before it began.", reason="interrupted.before") from None
            reply = latest
            if reply.progress.has_begun:
                _paint(session, reply, options, interrupted=True)
        raise _interrupted(session, reply) from None
    except GLMError as error:
        if reply is not None and reply.replayed and isinstance(error, Interrupted):
            raise _interrupted(session, reply) from None
        if reply is not None:
            error.outcomes = [_not_told_above(session, reply, outcome) for outcome in error.outcomes]
        raise
    finally:
        if reply is not None:
            _bind(session, reply, options)
        session.reflect_chat()
    value = reply.value  # fails the cell if the answer is not of the type that --as asked for
    if options.output:
        session.shell.push({options.output: value})
    if options.insert:
        words = "\n\n".join([*(one.words for one in reply.rounds if not one.wrong), reply.words])
        if not insert(session, words, is_there=reply.replayed):  # a replayed page already has its new cells
            session.answer(NO_PYTHON)


def _interrupted(session: Session, reply: Reply) -> Interrupted:
    """The error of a cell whose reply the user has stopped, now or when it was recorded."""
    outcome = in_cell(_not_told_above(session, reply, reply.progress.outcome))
    return Interrupted("Interrupted. {outcome}", reason="interrupted.during", outcome=outcome)


def _paint(session: Session, reply: Reply, options: CellOptions, *, interrupted: bool = False) -> None:
    from ..chat.watch import RunPainter, watch
    from .display.display import ShowOptions

    settings = session.settings
    streamed = settings.stream if options.request.stream is None else options.request.stream
    show_options = ShowOptions(
        panel="off" if options.quiet else cast("PanelMode", settings.panel),
        streamed=streamed and not reply.replayed,
        alone=session.cells.is_glm_cell,
        notices=session.notices,
        remote_images=settings.remote_images,
        interrupted=interrupted,
    )

    def standing() -> Standing:
        found = session.chat.standing(reply)
        return found._replace(is_partial=True) if session.jobs.were_running(reply.kept_as) else found

    painter = session.display.painter(reply.progress, standing, show_options)
    before = session.show_run
    session.show_run = partial(painter.paint_run, reply.progress) if isinstance(painter, RunPainter) else None
    try:
        watch(reply, Alongside(painter, session.jobs) if session.jobs.running else painter)
    finally:
        session.show_run = before


def _not_told_above(session: Session, reply: Reply, outcome: str) -> str:
    """What became of the reply, without how to go on from it if a note above says that: an error's text stays for
    ever, also once another cell has gone on.
    """
    if not isinstance(outcome, Notice) or outcome.reason != "outcome.partial":
        return outcome
    return outcome.text if session.display.advises(session.chat.standing(reply).turn) else outcome


def _bind(session: Session, reply: Reply, options: CellOptions) -> None:
    """Bind what has come of the reply, however it ended."""
    progress = reply.progress
    runs = [call.ran for call in progress.all_calls if call.ran is not None]
    _note_runs(session, runs)
    if progress.has_begun:
        session.take_notices()  # they are on the panel
    if progress.is_kept:
        session.outputs.recorder.note_reply(_asked(session, reply))
        completion = reply.so_far()
        session.shell.push({"_glm": completion}, interactive=False)
        if options.bind and not progress.is_invalid:
            session.shell.push({options.bind: completion})
    session.cells.remember(progress.tool_errors)
    _name_pictures(session, runs)
    if reply.replayed and runs:
        from .missing_names import MissingNames

        session.missing_names = session.missing_names or MissingNames()
        session.missing_names.replayed(progress.all_calls, session.shell.user_ns)


def _note_runs(session: Session, runs: Sequence[Ran]) -> None:
    """Note what code of the model's has shown as outputs of the cell."""
    if not runs:
        return
    from ..values.tools.shown import outputs_of

    session.outputs.recorder.note_outputs(output for ran in runs for output in outputs_of(ran.shown))


def _name_pictures(session: Session, runs: Sequence[Ran]) -> None:
    """Say where the figures of the model's Python are, in a terminal, which shows none."""
    from .shell import is_terminal

    files = list(dict.fromkeys(image.file_name for ran in runs for image in ran.images))
    if not files or not is_terminal(session.shell):
        return
    from ..history.journal.checks import images_of

    path = session.chat.history.journal.path
    for file in files:
        session.answer(
            _("The figure is {file}", file=images_of(path) / file) if path else _("No journal keeps the figure.")
        )


def _asked(session: Session, reply: Reply) -> Asked:
    request = reply.request
    return Asked(
        prompt=request.written or request.prompt,
        reply=reply.words,
        thread="" if request.options.once else request.before.name,
        turn=session.chat.standing(reply).turn,
    )


def insert(session: Session, words: str, *, is_there: bool = False) -> bool:
    """Put the Python of a reply into a new cell below, unless it `is_there`, without running it.

    Returns whether there is any.
    """
    from ..text.markdown import python_blocks

    code = "\n\n".join(python_blocks(words))
    if code and not is_there:
        session.shell.set_next_input(code)
    return bool(code)
