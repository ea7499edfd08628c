"""The command for the answers to the rows of tables."""

from __future__ import annotations

from collections import Counter
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
    store = session.chat.history.rows
    store.refresh()
    answers: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for row in store:
        (answers if row.error is None else failed)[row.model] += 1
        tokens[row.model] += sum(row.usage[:2]) if row.usage is not None else 0
    if not answers and not failed:
        session.answer(Markup("No rows of tables have been asked here: `%%glm --each TABLE` asks one for each row."))
        return
    models = dict.fromkeys([*answers, *failed])
    lines = [
        (
            model or "no answer",
            f"{answers[model]:,}",
            f"{failed[model]:,}" if failed[model] else "",
            f"{tokens[model]:,}",
        )
        for model in models
    ]
    path = store.path
    where = f", {plural(store.size, 'byte')} in {path.name}" if path is not None else ", not on disk"
    session.answer(
        Markup("\n\n").join(
            [
                Markup("{rows} of tables{where}.", rows=plural(sum(answers.values()), "answer"), where=where),
                table(("model", "answers", "failed", "tokens"), lines),
            ]
        )
    )


COMMANDS = (
    Command(
        "rows",
        _USAGE,
        "the answers to rows of tables that are kept",
        _rows,
        completes="retry",
        details="Shows how many rows of tables have been answered in this notebook (%%glm --each). They are kept "
        "beside the journal, and are not asked again: of a table that has changed, only the changed rows are asked.",
        arguments={"retry": "ask the rows again that have failed in the last table, those with a wrong answer too"},
        examples=("%glm rows", "%glm rows retry"),
    ),
)
