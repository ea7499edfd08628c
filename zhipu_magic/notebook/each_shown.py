"""What a cell over a table asks, shows and binds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..text.characters import message_of, shortened
from ..text.errors import NOTHING_SENT, GLMError, Interrupted, InvalidRequest
from ..text.languages.joined import comma
from ..text.languages.messages import _
from ..text.languages.numbers import plural
from ..text.suggestions import nearest
from ..values.expressions import parsed, root_of, value_of
from .cell_values import image_of, options_of, refuse_for_rows
from .line.cell_line import CellOptions

if TYPE_CHECKING:
    from ..chat.rows.mapped import Mapped
    from .display.map_output import MapPainter
    from .session import Session

#: Rows that are shown below the cell.
_SHOWN = 5
#: Characters of an expression in an error.
_LONGEST_EXPRESSION = 80
#: Seconds between two looks.
_TICK = 0.1
#: Seconds that the first rows may take on their way from other processes: at the end, and after an interrupt.
_IN_TIME, _AT_ONCE = 3.0, 0.2


def new_painter(session: Session, options: CellOptions) -> MapPainter:
    """What paints a map in the running cell."""
    return session.display.map_painter(panel=not options.quiet and session.settings.panel != "off")


def show(session: Session, begin: Callable[[], Mapped], options: CellOptions, painter: MapPainter) -> None:
    """Begin a map and wait for it, and show how far it is. Raises what stopped it."""
    mapped: Mapped | None = None
    earlier = session.chat.mapped_by(session.anchor())  # one execution of a cell may ask over several tables
    try:
        mapped = begin()
        session.extension.asks_table(mapped, options.each or "")
        painter.paint(mapped.figures())
        while not mapped.wait(_TICK):
            painter.paint(mapped.figures())
            session.extension.changed()
            session.jobs.step()
        if mapped.was_stopped:  # when it was recorded
            raise interrupted(mapped)
    except BaseException as error:
        mapped = begun_after(session, earlier) if mapped is None else mapped
        if mapped is not None:
            mapped.stop()
        if isinstance(error, KeyboardInterrupt):
            raise interrupted(mapped) from None
        raise
    finally:
        if mapped is not None:
            session.extension.table_is_over(mapped)
            gone = settle(session, mapped, options, painter)
            if gone is not None and mapped.error is None:
                raise gone


def begun_after(session: Session, earlier: Mapped | None) -> Mapped | None:
    """The map that this execution has begun after the `earlier` one, though its beginning was interrupted."""
    latest = session.chat.mapped_by(session.anchor())
    return None if latest is earlier else latest


def interrupted(mapped: Mapped | None) -> Interrupted:
    """The error of a cell whose map was interrupted; None if it was before that began."""
    if mapped is None:
        return Interrupted("Interrupted before it began.", reason="interrupted.before")
    left = len(mapped) - mapped.figures().done
    return Interrupted(
        "Interrupted: {rows} without an answer.",
        hint="Run the cell again: it asks only those.",
        reason="interrupted.rows",
        rows=plural(left, "row"),
    )


def given(session: Session, options: CellOptions, *, runs: bool = True) -> dict[str, Any]:
    """What the cell's options mean for `Chat.map`. Unless it `runs`, no code is run for its table."""
    assert options.each is not None
    names = session.variables.everything
    return {
        "rows": _table(options.each, names, runs=runs),
        "options": options_of(options, names, session.variables.tools, refuse_for_rows),
        "names": names,
        "images": [text if text.lstrip().startswith("{{") else image_of(text, names) for text in options.images],
        "anchor": session.anchor(),
        "first": options.first,
        "in_flight": options.in_flight,
    }


def _table(expression: str, names: Mapping[str, Any], *, runs: bool) -> Any:
    """The value of the expression. Raises InvalidRequest if it has none."""
    tree = parsed(expression)
    if tree is not None and (name := root_of(tree)) not in names:
        raise InvalidRequest(
            "There is no table named {name}.",
            near=nearest(name, names),
            reason="rows.no_table",
            outcomes=[NOTHING_SENT],
            name=shortened(name, _LONGEST_EXPRESSION),
        )
    if not runs or tree is not None:
        return value_of(expression, names)
    try:
        return eval(compile(expression.strip(), "<--each>", "eval"), {**names})
    except Exception as error:
        raise InvalidRequest(
            "--each {expression} has no value: {error}.",
            hint="Give the table a name in a cell above; or put the expression in double quotes, if it has quotes.",
            reason="rows.expression",
            outcomes=[NOTHING_SENT],
            expression=shortened(expression, _LONGEST_EXPRESSION),
            error=f"{type(error).__name__}: {shortened(message_of(error), _LONGEST_EXPRESSION)}".rstrip(": "),
        ) from None


def settle(
    session: Session, mapped: Mapped, options: CellOptions, painter: MapPainter, *, is_bound: bool = False
) -> GLMError | None:
    """Bind the table, and the map unless it `is_bound` already, and show the table and the panel.

    Returns why there is no table, if it cannot be had any more, or that the reader did not wait for its first rows.
    """
    from .display.map_output import first_rows
    from .display.map_panel import MapNotes, causes_of

    figures = mapped.figures()
    bound: dict[str | None, Any] = {} if is_bound else {options.bind: mapped}
    shown = None
    are_awaited = False
    gone = mapped.error if mapped.error is not None and mapped.error.reason == _GONE else None
    try:
        if gone is None:
            bound[options.output] = mapped.so_far()
        if gone is None and figures.done:
            head = mapped.head(_SHOWN, _AT_ONCE if mapped.was_stopped else _IN_TIME)
            are_awaited = head is None
            shown = None if head is None else first_rows(head, session.shell.display_formatter.format)
    except GLMError as error:  # its rows are in other processes
        bound.pop(options.output, None)
        gone = error
    except KeyboardInterrupt:
        are_awaited = True
        gone = Interrupted("Interrupted before the first rows were shown.", reason="interrupted.first_rows")
    notes = [*dict.fromkeys(session.take_notices()), *_notes(mapped, options)]  # a known batch has told them already
    notes += [_AWAITED] if are_awaited else []
    painter.settle(figures, shown, MapNotes(notes, causes_of(mapped.errors_so_far())))
    session.shell.push({name: value for name, value in bound.items() if name is not None})
    session.reflect_chat()
    return gone


#: Why a map has stopped whose rows cannot be had any more: a table of them could not be computed.
_GONE = "rows.dask"
_AWAITED = _("The first rows are not shown, because the workers have not sent them in time. The table has the answers.")


def _notes(mapped: Mapped, options: CellOptions) -> list[str]:
    notes: list[str] = []
    if options.first is not None and options.each is not None and options.output == options.each.strip():
        rows = plural(len(mapped), "row")
        notes.append(_("{name} now has the first {rows} alone, as --first says.", name=options.output, rows=rows))
    if mapped.replaced:
        columns = comma(mapped.replaced)
        notes.append(_("The table already had {columns}: the answers stand in its place.", columns=columns))
    figures = mapped.figures()
    if figures.cut:
        rows = plural(figures.cut, "row")
        notes.append(_("In {rows}, a value was cut to the budget that the template gives it.", rows=rows))
    if figures.cut_off:
        answers = plural(figures.cut_off, "answer")
        notes.append(_("{answers} reached the maximum length. --max-tokens allows more.", answers=answers))
    return notes
