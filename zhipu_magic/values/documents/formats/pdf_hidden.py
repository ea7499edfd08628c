"""Takes out of a PDF's page the text that nobody sees: not painted, white, tiny, or beside the page.

The page's operations are gone through with the state of the graphics (ISO 32000-1, 8.4 and 9.3), as far as it tells
that. White text is seen on whatever was painted below it before. On a scan, a layer of text that is not painted is what
was recognised: it stays where a page has no other text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot
from typing import Any, Final

#: A matrix: a b c d e f (ISO 32000-1, 8.3.4).
_Matrix = tuple[float, float, float, float, float, float]
_Box = tuple[float, float, float, float]
_UNIT: Final[_Matrix] = (1, 0, 0, 1, 0, 0)
#: Points of the smallest letters that are seen, and how near to white is white.
_SMALLEST: Final = 1.0
_WHITE: Final = 0.97
#: Render modes that paint nothing.
_UNPAINTED: Final = (3, 7)
#: Painted areas that are remembered, and forms within forms.
_MOST_AREAS: Final = 2_000
_DEEPEST: Final = 8
_SHOWS: Final = (b"Tj", b"TJ", b"'", b'"')
_FILLS: Final = (b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*")
_ENDS_PATH: Final = (*_FILLS, b"S", b"s", b"n")


@dataclass(frozen=True)
class _State:
    """The graphics state that matters."""

    matrix: _Matrix = _UNIT
    mode: int = 0
    size: float = 0.0
    leading: float = 0.0
    white: bool = False
    known: bool = True
    """Whether the colour space is one whose numbers say what is white."""
    clear: bool = False
    drawn: bool = False
    """Whether the letters are drawings of any size (Type 3)."""


class Page:
    """A page whose hidden text is taken out by `without_hidden`."""

    def __init__(self, page: Any, reader: Any) -> None:
        self._page = page
        self._reader = reader
        box = [float(side) for side in page.cropbox]
        self._box: _Box = (min(box[0::2]), min(box[1::2]), max(box[0::2]), max(box[1::2]))
        self._areas: list[_Box] = []
        self.unpainted = self.shown = self.hidden = False
        self._keep_unpainted = False
        self._forms = 0

    def without_hidden(self) -> None:
        """Take the hidden text out of the page, unless all that it has is text that is not painted."""
        if "/Contents" not in self._page:
            return
        contents = self._page["/Contents"].get_object()
        kept = self._filtered(contents, self._page, _State(), 0)
        if self.unpainted and not self.shown:
            self._keep_unpainted, self._areas = True, []
            self.hidden = False
            kept = self._filtered(contents, self._page, _State(), 0)
        from pypdf.generic import NameObject

        self._page[NameObject("/Contents")] = kept

    def _filtered(self, stream: Any, owner: Any, state: _State, depth: int) -> Any:
        """The stream without what is hidden; that of forms is taken out of the forms."""
        from pypdf.generic import ContentStream

        content = ContentStream(stream, self._reader, "bytes")
        resources = _object(owner.get("/Resources")) or {}
        walk = _Walk(self, resources, state, depth)
        content.operations = [
            kept for operands, operator in content.operations for kept in walk.kept(operands, operator)
        ]
        return content

    def form(self, form: Any, parents: Any, state: _State, depth: int) -> Any:
        """A form as it stands in this state, without what is hidden."""
        from pypdf.generic import NameObject

        kept = self._filtered(form, form if "/Resources" in form else {"/Resources": parents}, state, depth)
        kept[NameObject("/Resources")] = _object(form.get("/Resources", parents))
        for name in ("/Subtype", "/Matrix", "/BBox"):
            if name in form:
                kept[NameObject(name)] = form[name]
        return kept

    def new_name(self, name: str) -> Any:
        """A name for a form as it stands in one place: in another, other text of it may be seen."""
        from pypdf.generic import NameObject

        self._forms += 1
        return NameObject(f"{name}.{id(self)}.{self._forms}")

    def paint(self, area: _Box) -> None:
        """Remember that something was painted here."""
        if len(self._areas) < _MOST_AREAS:
            self._areas.append(area)

    def is_seen(self, state: _State, text: _Matrix, length: int) -> bool:
        """Whether text of so many characters is seen, which stands there."""
        a, b, c, d, x, y = _times(text, state.matrix)
        height = abs(state.size) * min(hypot(a, b), hypot(c, d))
        if (height < _SMALLEST and not state.drawn) or state.clear:
            return False
        around = abs(state.size) * max(hypot(a, b), hypot(c, d)) * (1.2 * length + 1)
        left, low, right, high = self._box
        if not (left - around < x < right + height and low - around < y < high + around):
            return False
        if state.mode in _UNPAINTED:
            self.unpainted = True
            return self._keep_unpainted
        is_full = len(self._areas) >= _MOST_AREAS
        return not (state.white and state.mode in (0, 4)) or is_full or any(_holds(area, x, y) for area in self._areas)


class _Walk:
    """Goes through the operations of one stream."""

    def __init__(self, page: Page, resources: Any, state: _State, depth: int) -> None:
        self._page = page
        self._resources = resources
        self._state = state
        self._depth = depth
        self._stack: list[_State] = []
        self._text = self._line = _UNIT
        self._path: list[tuple[float, float]] = []

    def kept(self, operands: Any, operator: bytes) -> list[tuple[Any, bytes]]:
        """What is left of an operation."""
        if operator in _SHOWS:
            return self._shown(operands, operator)
        numbers = _numbers(operands)
        if operator == b"Do" and operands:
            return [([self._drawn(operands[0])], operator)]
        self._follow(operands, operator, numbers)
        self._follow_text(operator, numbers, operands)
        self._follow_path(operator, numbers)
        return [(operands, operator)]

    def _shown(self, operands: Any, operator: bytes) -> list[tuple[Any, bytes]]:
        if operator in (b"'", b'"'):
            self._next_line(0, -self._state.leading)
        text = operands[-1] if operands else b""
        length = (
            sum(len(one) for one in text if hasattr(one, "__len__")) if isinstance(text, list) else len(text or b"")
        )
        if not length or self._page.is_seen(self._state, self._text, length):
            self._page.shown = self._page.shown or bool(length)
            return [(operands, operator)]
        self._page.hidden = True
        return [([], b"T*")] if operator in (b"'", b'"') else []

    def _follow(self, operands: Any, operator: bytes, numbers: list[float]) -> None:
        state = self._state
        if operator == b"q":
            self._stack.append(state)
        elif operator == b"Q" and self._stack:
            self._state = self._stack.pop()
        elif operator == b"cm" and len(numbers) == 6:
            self._state = replace(state, matrix=_times(_matrix(numbers), state.matrix))
        elif operator in (b"g", b"rg", b"k"):
            self._state = replace(state, known=True, white=_is_white(numbers))
        elif operator == b"cs":
            self._state = replace(state, known=self._is_known(operands), white=False)
        elif operator in (b"sc", b"scn"):
            self._state = replace(state, white=state.known and _is_white(numbers))
        elif operator == b"gs" and operands:
            self._follow_setting(_object(_object(self._resources.get("/ExtGState") or {}).get(operands[0])))
        elif operator == b"sh":
            self._page.paint(self._page._box)

    def _follow_setting(self, setting: Any) -> None:
        if not setting:
            return
        if "/ca" in setting:
            opacity = _numbers([setting["/ca"]])
            self._state = replace(self._state, clear=bool(opacity) and opacity[0] < 0.05)
        if "/Font" in setting:
            size = _numbers(list(setting["/Font"])[1:])
            self._state = replace(self._state, size=size[0] if size else self._state.size)

    def _is_known(self, operands: Any) -> bool:
        name = operands[0] if operands else ""
        found = _object(_object(self._resources.get("/ColorSpace") or {}).get(name))
        family = _object(found[0]) if isinstance(found, list) and found else name
        return family in ("/DeviceGray", "/DeviceRGB", "/DeviceCMYK", "/CalGray", "/CalRGB", "/ICCBased")

    def _drawn(self, name: Any) -> Any:
        """The name of what is drawn: of a form, of what is seen of it there."""
        objects = _object(self._resources.get("/XObject") or {})
        found = _object(objects.get(name))
        if found is None:
            return name
        if found.get("/Subtype") == "/Image":
            self._page.paint(_around(self._state.matrix, [(0, 0), (1, 0), (0, 1), (1, 1)]))
        elif found.get("/Subtype") == "/Form" and self._depth < _DEEPEST:
            matrix = _numbers(list(found.get("/Matrix") or _UNIT))
            inner = replace(self._state, matrix=_times(_matrix(matrix), self._state.matrix))
            kept, name = self._page.form(found, self._resources, inner, self._depth + 1), self._page.new_name(name)
            objects[name] = kept
        return name

    def _follow_text(self, operator: bytes, numbers: list[float], operands: Any) -> None:
        state = self._state
        if operator == b"BT":
            self._text = self._line = _UNIT
        elif operator == b"Tm" and len(numbers) == 6:
            self._text = self._line = _matrix(numbers)
        elif operator in (b"Td", b"TD") and len(numbers) == 2:
            if operator == b"TD":
                self._state = replace(state, leading=-numbers[1])
            self._next_line(*numbers)
        elif operator == b"T*":
            self._next_line(0, -state.leading)
        elif operator == b"TL" and numbers:
            self._state = replace(state, leading=numbers[0])
        elif operator == b"Tr" and numbers:
            self._state = replace(state, mode=int(numbers[0]))
        elif operator == b"Tf" and len(operands) > 1 and numbers:
            font = _object(_object(self._resources.get("/Font") or {}).get(operands[0])) or {}
            self._state = replace(state, size=numbers[-1], drawn=font.get("/Subtype") == "/Type3")

    def _next_line(self, x: float, y: float) -> None:
        self._text = self._line = _times((1, 0, 0, 1, x, y), self._line)

    def _follow_path(self, operator: bytes, numbers: list[float]) -> None:
        if operator == b"re" and len(numbers) == 4:
            x, y, width, height = numbers
            self._path += [(x, y), (x + width, y + height), (x + width, y), (x, y + height)]
        elif operator in (b"m", b"l", b"c", b"v", b"y"):
            self._path += list(zip(numbers[0::2], numbers[1::2], strict=False))
        elif operator in _ENDS_PATH:
            if operator in _FILLS and not self._state.white and self._path:
                self._page.paint(_around(self._state.matrix, self._path))
            self._path = []


def _object(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value


def _numbers(operands: Any) -> list[float]:
    found: list[float] = []
    for one in operands if isinstance(operands, list) else ():
        try:
            found.append(float(_object(one)))
        except (TypeError, ValueError, OverflowError):  # a name, a text
            continue
    return found


def _matrix(numbers: list[float]) -> _Matrix:
    return (*numbers,) if len(numbers) == 6 else _UNIT  # type: ignore[return-value]  # six numbers


def _times(one: _Matrix, other: _Matrix) -> _Matrix:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _is_white(numbers: list[float]) -> bool:
    """Whether a colour is white: of gray or RGB all light, of CMYK no ink."""
    if len(numbers) == 4:
        return max(numbers) <= 1 - _WHITE
    return len(numbers) in (1, 3) and min(numbers) >= _WHITE


def _around(matrix: _Matrix, points: list[tuple[float, float]]) -> _Box:
    """The upright box around these points."""
    a, b, c, d, e, f = matrix
    xs, ys = [a * x + c * y + e for x, y in points], [b * x + d * y + f for x, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _holds(area: _Box, x: float, y: float) -> bool:
    return area[0] - 1 <= x <= area[2] + 1 and area[1] - 1 <= y <= area[3] + 1
