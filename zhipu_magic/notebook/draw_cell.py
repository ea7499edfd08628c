"""Has a picture drawn from a cell: `%%glm --draw`. Shows it, and binds it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from ..text.errors import Interrupted
from ..text.html import block
from ..text.languages.messages import _
from ..text.markup import Markup
from . import costs
from .line.cell_line import CellOptions
from .shell import is_terminal

if TYPE_CHECKING:
    from ..chat.drawing.draw import Draw
    from ..chat.drawing.drawing import Drawing
    from .display.drawing_output import DrawingPainter
    from .display.drawing_panel import DrawingFigures
    from .display.panel import PanelMode
    from .session import Session

#: Seconds between two looks.
_TICK = 0.05


def draw(session: Session, prompt: str, options: CellOptions) -> None:
    """Have a picture drawn, or show what would be sent. Raises GLMError."""
    session.follow_notebook()
    how = _how(session, options)
    if options.preview:
        session.keep_earlier_turns()
        session.answer(_preview(session, session.chat.draw_request(prompt, **how).body))
        return
    if options.output:
        from ..chat.drawing.drawing import check_pillow

        check_pillow()
    drawing = _drawn(session, prompt, options, how)
    if options.bind:
        session.shell.push({options.bind: drawing.response})
    if options.output:
        session.shell.push({options.output: drawing.image})


def _how(session: Session, options: CellOptions) -> dict[str, Any]:
    """What the cell's options mean for `Chat.draw`."""
    return {
        "size": options.draw or None,
        "model": options.request.model or session.settings.drawing_model,
        "quality": options.quality,
        "names": None if options.raw else session.variables.everything,
        "anchor": session.anchor(),
        "fresh": options.request.fresh,
        "params": options.request.params,
    }


def _drawn(session: Session, prompt: str, options: CellOptions, how: dict[str, Any]) -> Drawing:
    """The drawing, once it has been shown."""
    painter = _painter(session, options)
    draw: Draw | None = None
    try:
        draw = session.chat.begin_drawing(prompt, **how)
        while not draw.wait(_TICK):
            painter.paint(_under_way(draw))
            session.jobs.step()
        drawing = draw.drawing()
    except BaseException as error:
        session.reflect_chat()
        if isinstance(error, KeyboardInterrupt) and draw is not None and draw.event is not None:
            _settle(session, painter, draw, draw.drawing())
            raise Interrupted("Interrupted. The picture had come, and is kept.", reason="interrupted.drawn") from None
        if draw is not None:
            draw.stop()
        painter.give_up()
        if isinstance(error, KeyboardInterrupt):
            raise _interrupted(draw) from None
        raise
    session.reflect_chat()
    _settle(session, painter, draw, drawing)
    return drawing


def _settle(session: Session, painter: DrawingPainter, draw: Draw, drawing: Drawing) -> None:
    from ..values.outputs.output import DISPLAY, Output

    bundle = drawing._repr_mimebundle_()
    painter.settle(drawing, bundle, _figures(session, draw, drawing))
    session.outputs.recorder.note_outputs([Output(DISPLAY, data=bundle)])


def _painter(session: Session, options: CellOptions) -> DrawingPainter:
    from .display.display import ShowOptions

    panel = "off" if options.quiet else cast("PanelMode", session.settings.panel)
    return session.display.drawing_painter(ShowOptions(panel=panel, streamed=True, alone=session.cells.is_glm_cell))


def _interrupted(draw: Draw | None) -> Interrupted:
    if draw is None:
        return Interrupted("Interrupted before it began.", reason="interrupted.before")
    return Interrupted(
        "Interrupted while {model} was drawing.",
        hint="The service may draw the picture all the same, and bill it.",
        reason="interrupted.drawing",
        model=draw.request.model,
    )


def _under_way(draw: Draw) -> DrawingFigures:
    from .display.drawing_panel import DrawingFigures

    return DrawingFigures(model=draw.request.model, seconds=draw.seconds, doing=draw.doing)


def _figures(session: Session, draw: Draw, drawing: Drawing) -> DrawingFigures:
    from .display.drawing_panel import DrawingFigures

    cost_text = costs.OF_PRACTICE if drawing.practice else costs.with_date(drawing.cost)
    found = DrawingFigures(
        model=_("{model} (practice)", model=drawing.model) if drawing.practice else drawing.model,
        seconds=drawing.seconds,
        size=f"{drawing.width} × {drawing.height}",
        quality=str(draw.request.members.get("quality", "")),
        cost=drawing.cost,
        cost_text=cost_text,
        cut=draw.request.cut,
        notes=tuple(session.take_notices()),
    )
    return replace(found, file=_file(session, drawing))


def _file(session: Session, drawing: Drawing) -> str:
    """Where the journal keeps the picture: on the page from its folder on, as that may be another one tomorrow."""
    from ..history.journal.checks import images_of

    path = session.chat.history.journal.path
    if path is None:
        return ""
    file = images_of(path) / drawing.file_name
    return str(file) if is_terminal(session.shell) else f"{file.parent.name}/{file.name}"


def _preview(session: Session, body: dict[str, Any]) -> Markup:
    """What would be sent."""
    from ..service.drawing.models import drawing_model

    known, service = drawing_model(body["model"]), session.chat.service
    price = known.price if known and service.priced and not service.practising else None
    members = {name: value for name, value in body.items() if name != "prompt"}
    return Markup("\n\n").join(
        [
            Markup(
                "**Nothing was sent.** {model}: {cost}.",
                model=body["model"],
                cost=costs.OF_PRACTICE if service.practising else costs.with_date(price),
            ),
            block(body["prompt"]),
            block(json.dumps(members, ensure_ascii=False, indent=2)),
        ]
    )
