"""Asks over a table by the Batch API: `--batch` submits the rows, `%glm collect` fetches what came of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..text.characters import shorten
from ..text.errors import GLMError, Interrupted, NotRecorded
from ..text.markup import Markup
from ..text.numbers import plural
from ..text.tables import table
from . import hints
from .line.cell_line import parse

if TYPE_CHECKING:
    from ..chat.rows.row_batches import Collected
    from .line.cell_line import CellOptions
    from .session import Session

#: Seconds between two looks at batches that are waited for: at first, and at most.
_FIRST_GAP, _LONGEST_GAP = 1.0, 10.0
_TICK = 0.25
#: Characters of a template by which a batch is known.
_LONGEST_TITLE = 40
_NOTHING = Markup("There is no batch to collect: `%%glm --each TABLE --batch` submits one.")


def submit(session: Session, template: str, options: CellOptions, given: Mapping[str, Any]) -> bool:
    """Submit the rows that have no answer. Returns False if there are none: the cell can show the table."""
    chat = session.chat
    if chat.replay != "only":
        chat.collect()  # what is over is known from now on, and not submitted again
    asked = {name: value for name, value in given.items() if name != "in_flight"}
    submitted = chat.batch(template, note={"line": options.line}, **asked)
    if not (submitted.new or submitted.earlier):
        return False
    if chat.replay == "only":
        session.submitted[template, options.line] = None
    counts = [f"{plural(submitted.new, 'request')} submitted" if submitted.new else ""]
    counts += [f"{submitted.earlier:,} under way already" if submitted.earlier else ""]
    counts += [f"{plural(submitted.known, 'answer')} known" if submitted.known else ""]
    counts += [f"{plural(submitted.failed, 'row')} cannot be asked" if submitted.failed else ""]
    session.answer(
        Markup(
            "{counts}, of {rows}: a batch costs half, and takes up to a day. `%glm collect` fetches what is done, also "
            "after a restart; `%glm cancel` ends it.",
            counts=", ".join(filter(None, counts)),
            rows=plural(submitted.rows, "row"),
        )
    )
    return True


def collect(session: Session, *, wait: bool) -> None:
    """Fetch what is done, show how far the rest is, and bind the tables. `wait` until all is. Raises GLMError."""
    session.follow_notebook()
    if session.chat.replay == "only":
        _collect_again(session)
        return
    found = session.chat.collect()
    if not found:
        session.answer(_NOTHING)
        return
    gap = _FIRST_GAP
    while True:
        for one in found:
            if one.is_over:
                _bind(session, one)
        left = [one for one in found if not one.is_over]
        if not (wait and left):
            break
        _pause(gap)
        gap = min(_LONGEST_GAP, 2 * gap)
        found = session.chat.collect()
    if left:
        session.answer(_progress(left))


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
    """End all batches early. Raises GLMError."""
    before = session.chat.collect()
    left = [one for one in before if not one.is_over]
    for one in before:
        if one.is_over:
            _bind(session, one)
    session.chat.cancel_batches()
    if left:
        batches = "1 batch" if len(left) == 1 else f"{len(left):,} batches"
        session.answer(
            Markup("{batches} cancelled. `%glm collect` fetches what was answered until then.", batches=batches)
        )
    elif not before:
        session.answer(Markup("There is no batch to cancel."))


def _bind(session: Session, one: Collected) -> None:
    """Say what came of a batch, and bind the table that its cell would have bound, if that is still there."""
    for refusal in one.refusals:
        session.notify(hints.in_words(refusal))
    if one.missing:
        session.notify(f"{plural(one.missing, 'row')} came back without an answer: the cell without --batch asks them.")
    template, line = one.note.get("template"), one.note.get("line")
    try:
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


def _show(session: Session, template: str, line: str) -> None:
    from .each_shown import given, new_painter, show

    options = parse(line)
    asked = given(session, options, runs=False)  # the line is from a file, which may be somebody else's
    mapped = session.chat.map(template, **asked, ask=False)
    show(session, mapped, options, new_painter(session, options))


def _progress(found: list[Collected]) -> Markup:
    rows = []
    for one in found:
        progress = one.progress
        states = ", ".join(dict.fromkeys(part.state.replace("_", " ") for part in progress.parts))
        done = "" if progress.completed is None else f"{progress.completed:,}"
        template = shorten(" ".join(str(one.note.get("template", "")).split()), _LONGEST_TITLE)
        rows.append((template, states, f"{progress.total:,}", done))
    return table(("batch about", "state", "rows", "done"), rows)
