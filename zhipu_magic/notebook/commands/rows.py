"""The command for the answers to the rows of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.markup import Markup
from ...text.numbers import plural
from ...text.tables import table
from .command import Command

if TYPE_CHECKING:
    from ..session import Session

_USAGE = "%glm rows [retry]"


def _rows(session: Session, text: str) -> None:
    if text == "retry":
        _retry(session)
    elif text:
        raise UsageError(f"Usage: {_USAGE}")
    else:
        _list(session)


def _retry(session: Session) -> None:
    from ..each_cell import ask_each

    last = session.last_each
    if last is None:
        raise UsageError("No table has been asked in this session: run its %%glm --each cell first.")
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
            f"{model or 'none: failed'}{' (batch)' if batch else ''}",
            f"{sums.rows:,}",
            f"{sums.prompt_tokens:,}",
            f"{sums.completion_tokens:,}",
        )
        for (model, batch), sums in found.models.items()
    ]
    path = store.path
    where = f"in {path.name}, {plural(store.size, 'byte')}" if path is not None else "not on disk"
    failed = f", and {plural(found.errors, 'row')} that failed" if found.errors else ""
    session.answer(
        Markup("\n\n").join(
            [
                Markup(
                    "{answers} of tables{failed} ({where}). They are not asked again.",
                    answers=plural(found.answers, "answer"),
                    failed=failed,
                    where=where,
                ),
                table(("model", "rows", "prompt", "completion"), lines),
            ]
        )
    )


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
