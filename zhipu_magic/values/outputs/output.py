"""What a cell printed and showed, as data: the outputs that a notebook's file would have, in nbformat's terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

STREAM: Final = "stream"
DISPLAY: Final = "display_data"
RESULT: Final = "execute_result"
ERROR: Final = "error"

Kind = Literal["stream", "display_data", "execute_result", "error"]
KINDS: Final[dict[str, Kind]] = {"stream": STREAM, "display_data": DISPLAY, "execute_result": RESULT, "error": ERROR}

#: Forms of what was displayed, by MIME type.
PLAIN: Final = "text/plain"
HTML: Final = "text/html"
MARKDOWN: Final = "text/markdown"
LATEX: Final = "text/latex"
SVG: Final = "image/svg+xml"
JSON: Final = "application/json"
PLOTLY: Final = "application/vnd.plotly.v1+json"
WORDS: Final = (PLAIN, HTML, MARKDOWN, LATEX, SVG)
"""Those that are text."""


class _NotAtHand:
    """Stands for the value of an output of which only what was shown is known; None is a value."""

    def __repr__(self) -> str:
        return "NOT_AT_HAND"


NOT_AT_HAND: Final = _NotAtHand()


class Whole:
    """What a reference sends as a whole alone, as it is rendered: in its parts, or its `repr`, secrets would stand."""


@dataclass(frozen=True)
class Output(Whole):
    """One output of a cell.

    `text` is what a stream of this `name` got (stdout or stderr), or an error's traceback; both may hold a terminal's
    escapes. `data` is what was displayed, by MIME type: text, base64 of what is binary, or JSON. `value` is the object
    that was displayed, or the exception, where it is at hand.
    """

    kind: Kind
    name: str = ""
    text: str = field(default="", repr=False)
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    value: Any = field(default=NOT_AT_HAND, repr=False)


@dataclass(frozen=True)
class CellOutput(Whole):
    """What a cell showed, in order. `number` is the cell's on the page, where it has one, and `source` its text."""

    outputs: tuple[Output, ...] = ()
    number: int | None = None
    source: str = field(default="", repr=False)


@dataclass(frozen=True)
class Cell(Whole):
    """A cell for a model: its source, and below it what it showed."""

    ran: CellOutput
