"""Asks over a table by the Batch API: `--batch` submits the rows, `%glm collect` fetches what came of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..text.characters import shorten
from ..text.errors import GLMError, Interrupted, NotRecorded
from ..text.languages.joined import clauses, comma
from ..text.languages.messages import _, ngettext
from ..text.languages.numbers import plural
from ..text.markup import Markup
from ..text.tables import table
from . import hints
from .line.cell_line import parse

if TYPE_CHECKING:
    from ..chat.rows.collected import Collected
    from .line.cell_line import CellOptions
    from .session import Session

#: Seconds between two looks at batches that are waited for: at first, and at most.
_FIRST_GAP, _LONGEST_GAP = 1.0, 10.0
_TICK = 0.25
#: The reason of a batch at another service, which is none to fail: it goes on there, and is listed.
_ELSEWHERE = "batch.elsewhere"
#: Characters of a template by which a batch is known.
_LONGEST_TITLE = 40
_NOTHING = Markup("There is no batch to collect: `%%glm --each TABLE --batch` submits one.")


def submit(session: Session, template: str, options: CellOptions, given: Mapping[str, Any]) -> bool:
    """Submit the rows that have no answer. Returns False if there are none: the cell can show the table."""
    chat = session.chat
    if chat.replay != "only":
        _keep_what_is_over(session)
    asked = {name: value for name, value in given.items() if name != "in_flight"}
    submitted = chat.batch(template, note={"line": options.line}, **asked)
    if not (submitted.new or submitted.earlier):
        session.submitted.pop((template, options.line), None)
        for id in [id for id, one in session.unshown.items() if _cell_of(one) == (template, options.line)]:
            del session.unshown[id]
        return False
    if chat.replay == "only":
        session.submitted[template, options.line] = None
    counts: list[str] = []
    if submitted.new:
        counts.append(_("{requests} submitted", requests=plural(submitted.new, "request")))
    if submitted.earlier:
        counts.append(_("{count:,} under way already", count=submitted.earlier))
    if submitted.known:
        counts.append(_("{answers} known", answers=plural(submitted.known, "answer")))
    if submitted.failed:
        counts.append(_("{rows} cannot be asked", rows=plural(submitted.failed, "row")))
    session.answer(
        Markup(
            "{counts}, of {rows}: a batch costs half, and takes up to a day. `%glm collect` fetches what is done, also "
            "after a restart; `%glm cancel` ends it.",
            counts=clauses(counts),
            rows=plural(submitted.rows, "row"),
        )
    )
    return True


def _keep_what_is_over(session: Session) -> None:
    """Keep the answers of batches that are over: they are not asked for again. What stands against others, `%glm
    collect` says; it shows the tables, too.
    """

    def keep(one: Collected) -> None:
        if one.is_over:
            session.unshown[one.intent.id] = one

    session.chat.collect(keep, send=False)


def collect(session: Session, *, wait: bool) -> None:
    """Fetch what is done, show how far the rest is, and bind the tables. `wait` until all is.

    Raises GLMError, after all else, for a batch that could not be looked at, so that Run All does not go on without it.
    """
    session.follow_notebook()
    if session.chat.replay == "only":
        _collect_again(session)
        return
    shown = _Shown(session)
    found = session.chat.collect(shown.add)
    if not (found or shown.ids):
        session.answer(_NOTHING)
        return
    gap = _FIRST_GAP
    while wait and any(not one.is_over and one.error is None for one in found):
        _pause(gap)
        gap = min(_LONGEST_GAP, 2 * gap)
        found = session.chat.collect(shown.add)
    left = [one for one in found if not one.is_over]
    errors = [one.error for one in left if one.error is not None and one.error.reason != _ELSEWHERE]
    for message in dict.fromkeys(hints.in_words(error) for error in errors[1:]):
        session.notify(message)
    if left:
        session.answer(_progress(left))
    if errors:
        raise errors[0]


class _Shown:
    """The batches that are over, each shown once and at once: whoever is interrupted later has had them."""

    def __init__(self, session: Session) -> None:
        self.ids = set[str]()
        self._session = session
        for id, one in list(session.unshown.items()):
            self.add(one)
            session.unshown.pop(id, None)

    def add(self, one: Collected) -> None:
        """Show a batch if it is over, and bind its table."""
        if one.is_over and one.intent.id not in self.ids:
            self.ids.add(one.intent.id)
            _bind(self._session, one)


def _collect_again(session: Session) -> None:
    """Show and bind what had come of the batches of this page when it was recorded."""
    if not session.submitted:
        session.answer(_NOTHING)
    for template, line in list(session.submitted):
        try:
            _show(session, template, line)
        except NotRecorded:
            about = shorten(" ".join(template.split()), _LONGEST_TITLE)
            session.answer(Markup("Of the batch about “{about}”, nothing was recorded here.", about=about))
        else:
            del session.submitted[template, line]


def _pause(seconds: float) -> None:
    ends = time.monotonic() + seconds
    try:
        while (seconds := ends - time.monotonic()) > 0:
            time.sleep(min(seconds, _TICK))
    except KeyboardInterrupt:
        raise Interrupted("Interrupted: nothing waits any more, and the batches go on.", reason="batch.waits") from None


def cancel(session: Session) -> None:
    """End all batches early, and show those that were over. Raises GLMError for one that cannot be ended."""
    shown = _Shown(session)
    # Nothing is sent that is about to be cancelled, and what cannot be looked at can be cancelled all the same.
    session.chat.collect(shown.add, send=False)
    ended: list[str] = []
    try:
        session.chat.cancel_batches(lambda intent: ended.append(intent.id))
    finally:
        if left := len([id for id in ended if id not in shown.ids]):
            batches = ngettext("{count:,} batch", "{count:,} batches", left)
            session.answer(
                Markup("{batches} cancelled. `%glm collect` fetches what was answered until then.", batches=batches)
            )
    if not (ended or shown.ids):
        session.answer(Markup("There is no batch to cancel."))


def _bind(session: Session, one: Collected) -> None:
    """Say what came of a batch, and bind the table that its cell would have bound, if that is still there."""
    for refusal in one.refusals:
        session.notify(hints.in_words(refusal))
    if one.missing:
        session.notify(
            _(
                "{rows} came back without an answer: the cell without --batch asks them.",
                rows=plural(one.missing, "row"),
            )
        )
    try:
        template, line = _cell_of(one)
        if not (isinstance(template, str) and isinstance(line, str)):
            raise ValueError("no cell")
        _show(session, template, line)
    except Exception as error:  # the table or its type may be gone; the answers are kept all the same
        why = hints.in_words(error) if isinstance(error, GLMError) else str(error)
        session.answer(
            Markup(
                "{answers} kept ({failed} failed). The table cannot be shown here: {why} Run its cell to have it.",
                answers=plural(one.answered, "answer"),
                failed=f"{one.failed:,}",
                why=why,
            )
        )


def _cell_of(one: Collected) -> tuple[Any, Any]:
    """The template and the line of the cell that has submitted it, as they are noted."""
    return one.note.get("template"), one.note.get("line")


def _show(session: Session, template: str, line: str) -> None:
    from .each_shown import given, new_painter, show

    options = parse(line)
    asked = given(session, options, runs=False)  # the line is from a file, which may be somebody else's
    show(session, lambda: session.chat.map(template, **asked, ask=False), options, new_painter(session, options))


def _progress(found: list[Collected]) -> Markup:
    rows = []
    for one in found:
        progress = one.progress
        done = "" if progress is None or progress.completed is None else f"{progress.completed:,}"
        template = shorten(" ".join(str(one.note.get("template", "")).split()), _LONGEST_TITLE)
        total = one.intent.count if progress is None else progress.total
        rows.append((template, _state(one), f"{total:,}", done))
    return table((_("batch about"), _("state"), _("rows"), _("done")), rows)


def _state(one: Collected) -> str:
    if one.error is not None:
        return (
            _("at {service}", service=one.intent.service)
            if one.error.reason == _ELSEWHERE
            else _("cannot be looked at")
        )
    return comma([_STATES.get(state, state) for state in one.progress.states]) if one.progress is not None else ""


#: What the service says of a batch, or its intent.
_STATES = {
    "waiting": _("waiting"),
    "uploading": _("uploading"),
    "uploaded": _("uploaded"),
    "creating": _("creating"),
    "created": _("created"),
    "validating": _("validating"),
    "in progress": _("in progress"),
    "finalizing": _("finalizing"),
    "completed": _("completed"),
    "failed": _("failed"),
    "expired": _("expired"),
    "cancelling": _("cancelling"),
    "cancelled": _("cancelled"),
}
