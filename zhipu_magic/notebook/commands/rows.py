"""The command for the answers to the rows of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.languages.messages import _, pgettext
from ...text.languages.numbers import plural
from ...text.markup import Markup
from ...text.tables import table
from .command import Command

if TYPE_CHECKING:
    from ..session import Session

_USAGE = "%glm rows [retry]"


def _rows(session: Session, text: str) -> None:
    if text == "retry":
        _retry(session)
    elif text:
        raise UsageError(_("Usage: {usage}", usage=_USAGE))
    else:
        _list(session)


def _retry(session: Session) -> None:
    from ..each_cell import ask_each

    last = session.last_each
    if last is None:
        raise UsageError(_("No table has been asked in this session: run its %%glm --each cell first."))
    ask_each(session, *last, retry=True)


def _list(session: Session) -> None:
    from ...history.rows.summary import summary_of

    store = session.chat.history.records.rows
    store.refresh()
    found = summary_of(store)
    if not (found.answers or found.errors):
        session.answer(Markup("No rows of tables have been asked here: `%%glm --each TABLE` asks one for each row."))
        return
    lines = [
        (
            _asked(model, batch=batch),
            f"{sums.rows:,}",
            f"{sums.prompt_tokens:,}",
            f"{sums.completion_tokens:,}",
        )
        for (model, batch), sums in found.models.items()
    ]
    path = store.path
    where: str = _("not on disk")
    if path is not None:
        where = _("in {file}, {size}", file=path.name, size=plural(store.size, "byte"))
    kept = Markup(
        "{answers} of tables, and {rows} that failed ({where}). They are not asked again."
        if found.errors
        else "{answers} of tables ({where}). They are not asked again.",
        answers=plural(found.answers, "answer"),
        rows=plural(found.errors, "row"),
        where=where,
    )
    counts = table((_("model"), _("rows"), pgettext("tokens", "prompt"), _("completion")), lines)
    session.answer(Markup("\n\n").join([kept, counts]))


def _asked(model: str, *, batch: bool) -> str:
    """Which model has answered, and how it was asked."""
    name = model or _("none: failed")
    return _("{model} (batch)", model=name) if batch else name


COMMANDS = (
    Command(
        "rows",
        _USAGE,
        "kept answers to rows of tables",
        _rows,
        completes="retry",
        details="Shows how many rows of tables have been answered in this notebook (%%glm --each). They are kept "
        "beside the journal, and are not asked again: of a table that has changed, only the changed rows are asked.",
        arguments={"retry": "ask the rows again that have failed in the last table, those with a wrong answer too"},
        examples=("%glm rows", "%glm rows retry"),
    ),
)
