"""Asks over a table from a cell: `%%glm --each EXPR`. Shows how far it is, and binds the table with the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..values.frames.kinds import Told
from . import costs
from .each_shown import given, new_painter, show
from .line.cell_line import CellOptions

if TYPE_CHECKING:
    from ..chat.rows.mapped import Mapped
    from .session import Session


def ask_each(session: Session, template: str, options: CellOptions, *, retry: bool = False) -> None:
    """Ask the rows, or show what would be asked. `retry` asks those again that have a wrong answer. Raises GLMError."""
    session.follow_notebook()
    session.renew_tools()
    if options.preview:
        _preview(session, template, options)
        return
    session.last_each = (template, options)
    session.jobs.replace(session.anchor().cell, session.anchor().run)
    if options.batch and not retry:
        from .batch_cell import submit

        if submit(session, template, options, given(session, options)):
            return
    painter, asked = new_painter(session, options), given(session, options)

    def begin() -> Mapped:
        try:
            return session.chat.map(template, **{**asked, "rows": Told(asked["rows"], painter.say)}, retry=retry)
        finally:
            painter.say("")

    if options.background:
        from .each_background import map_in_background

        map_in_background(session, begin, template, options, painter=painter)
    else:
        show(session, begin, options, painter)


def _preview(session: Session, template: str, options: CellOptions) -> None:
    from .display.map_preview import map_preview

    chat = session.chat
    found = chat.map_preview(template, **given(session, options))
    priced = chat.service.priced and not chat.service.practising
    session.answer(map_preview(found, priced=priced, without_price=costs.without_price(chat.service)))
