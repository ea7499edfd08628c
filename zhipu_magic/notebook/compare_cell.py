"""Asks several models from one cell: shows their replies side by side, and binds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from ..chat.watch import watch_all
from ..history.link import back_from
from ..text.errors import NOTHING_SENT, GLMError, Interrupted
from ..text.languages.joined import all_of
from ..text.languages.messages import _
from ..text.languages.notice import Notice
from ..text.markup import Markup
from . import costs
from .asking import Question
from .line.cell_line import CellOptions

if TYPE_CHECKING:
    from ..chat.chat import Chat
    from ..chat.replies.reply import Reply
    from ..chat.standing import Standing
    from .display.panel import PanelMode
    from .session import Session


def compare(session: Session, question: Question, options: CellOptions) -> None:
    """Ask the models that the cell's `options` name, or show what would be sent.

    Raises GLMError: the first of the errors, where not all models have answered, once all have been shown.
    """
    chat = session.chat
    if not question.options.once:
        session.jobs.make_way(chat.thread(question.options.thread).name)
    if options.preview:
        _preview(session, question, options)
        return
    session.jobs.replace(question.anchor.cell, question.anchor.run)
    replies: dict[str, Reply] = {}
    try:
        replies = chat.compare(question.prompt, options.models, question.options, **question.given)
        _show(session, replies, options)
    except KeyboardInterrupt:
        for reply in chat.interrupt(question.anchor):
            replies.setdefault(reply.model, reply)
        kept = any(reply.progress.has_text for reply in replies.values())
        raise Interrupted("Interrupted. {outcome}", reason="interrupted.during", outcome=_OUTCOMES[kept]) from None
    finally:
        _bind(session, replies, options)
        session.reflect_chat()
    values, failed = _ended(replies)
    if options.output and values:
        session.shell.push({options.output: values})
    _raise_failures(failed, [*values])


_OUTCOMES = {
    True: Notice("What had arrived is kept, marked as interrupted.", reason="outcome.partial_once"),
    False: Notice("No answer had begun.", reason="outcome.none_begun"),
}


def _show(session: Session, replies: Mapping[str, Reply], options: CellOptions) -> None:
    from .display.display import Compared, ShowOptions

    def standing(reply: Reply) -> Callable[[], Standing]:
        return lambda: session.chat.standing(reply)

    settings = session.settings
    is_replayed = all(reply.replayed for reply in replies.values())
    streamed = settings.stream if options.request.stream is None else options.request.stream
    show_options = ShowOptions(
        panel="off" if options.quiet else cast("PanelMode", settings.panel),
        streamed=streamed and not is_replayed,
        alone=session.cells.is_glm_cell,
        notices=[*session.notices],
        remote_images=settings.remote_images,
    )
    comparison = next((reply.request.comparison for reply in replies.values() if reply.request.comparison), "")
    thread = session.chat.thread(options.request.thread).name

    def note() -> str:
        return _how_they_stand(session.chat, comparison, thread) if comparison else ""

    compared = [Compared(model, reply.progress, standing(reply)) for model, reply in replies.items()]
    watch_all(list(replies.values()), session.display.comparison_painter(compared, show_options, note))


def _how_they_stand(chat: Chat, comparison: str, thread: str) -> str:
    """Which of the replies is a turn of the thread by now, or how one becomes that.

    It stays where it was shown if the page is opened again without its kernel, so it says nothing of what is not yet.
    """
    turns = (link.turn for link in back_from(chat.thread(thread).last) if not link.aside)
    kept = next((turn for turn in turns if turn.comparison == comparison), None)
    if kept is None:
        return _("%glm keep NAME makes one of these replies a turn of the conversation.")
    return _(
        "The reply of {model} is a turn of the conversation; %glm keep NAME puts another in its place.",
        model=kept.model,
    )


def _bind(session: Session, replies: Mapping[str, Reply], options: CellOptions) -> None:
    """Bind what has come of the replies, however they ended."""
    if any(reply.progress.has_begun for reply in replies.values()):
        session.take_notices()  # they are on the panel
    kept = {model: reply.so_far() for model, reply in replies.items() if reply.progress.is_kept}
    if not kept:
        return
    session.shell.push({"_glm": [*kept.values()][-1]}, interactive=False)
    if options.bind:
        valid = {model: one for model, one in kept.items() if not replies[model].progress.is_invalid}
        session.shell.push({options.bind: valid})
    for reply in replies.values():
        session.cells.remember(reply.progress.tool_errors)


def _ended(replies: Mapping[str, Reply]) -> tuple[dict[str, Any], dict[str, GLMError]]:
    """The values of the replies, and the errors of those that have none: one may be of another type."""
    values: dict[str, Any] = {}
    failed: dict[str, GLMError] = {}
    for model, reply in replies.items():
        try:
            values[model] = reply.value
        except GLMError as error:
            failed[model] = error
    return values, failed


def _raise_failures(failed: Mapping[str, GLMError], answered: list[str]) -> None:
    """Raise the first of the errors, with the others. Says which models have failed, and which have `answered`."""
    if not failed:
        return
    first, *others = failed.values()
    for model, error in failed.items():
        error.context.insert(0, Notice("{model}:", reason="comparison.of", model=model))
    first.also = [*first.also, *others]
    if answered:
        for error in failed.values():  # to this model; but the cell has sent something
            error.outcomes = [one for one in error.outcomes if one != NOTHING_SENT]
        first.outcomes.append(
            Notice("{models} answered, as shown above.", reason="comparison.answered", models=all_of(answered))
        )
    raise first


def _preview(session: Session, question: Question, options: CellOptions) -> None:
    from .display.preview import preview
    from .hints import in_words

    chat = session.chat
    requests = chat.compare_requests(question.prompt, options.models, question.options, **question.given)
    session.keep_earlier_turns()
    priced = chat.service.priced and not chat.service.practising
    shown = [
        Markup("**{model}**\n\n{why}", model=model, why=in_words(one))
        if isinstance(one, GLMError)
        else preview(one, priced=priced, without_price=costs.without_price(chat.service))
        for model, one in requests.items()
    ]
    session.answer(Markup("\n\n").join(shown))
