"""Takes out of a page of HTML what nobody sees, by its attributes, its `style` attributes and its own style sheets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from .css import Rule, Weight, declarations_of, resolved, rules_of

_NUMBER: Final = re.compile(r"(-?\d*\.?\d+)(px|pt|r?em|ex|ch|%|v[wh]|cm|mm|in|)(?![\w.])")
#: Pixels in a unit, roughly: what has a width of the window, or more, to the left of it is beside it.
_PIXELS: Final = {
    **{"": 1.0, "px": 1.0, "pt": 1.33, "em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0},
    **{"%": 4.0, "vw": 4.0, "vh": 4.0, "cm": 38.0, "mm": 3.8, "in": 96.0},
}
#: Pixels of letters that nobody reads, of boxes that hold nothing, and how far beside the page is beside it.
_TINY: Final = 2.5
_NO_ROOM: Final = 1.5
_BESIDE: Final = 400.0
_NOTHING: Final = re.compile(
    r"scale(?:[xy]|3d)?\(\s*-?(?:0+(?:\.0*|\.0+[1-4])?|\.0+[1-4]?)\s*[,)]|matrix\(\s*0\s*,|rotate[xy]\(\s*-?90deg"
    r"|opacity\(\s*(?:0|0?\.0\d*|0%)\s*\)"
)
_MOVED: Final = re.compile(r"translate[xyz3]?d?\(([^)]*)\)")
_CLIPPED: Final = re.compile(
    r"rect\((?:[\s,]*[01](?:px)?){4}[\s,]*\)|inset\(\s*(?:5\d|[6-9]\d|100)%|circle\(\s*0|polygon\([0\s,px%]*\)"
)
_COLOUR: Final = re.compile(r"#([0-9a-f]{3,8})\b|rgba?\(([^)]*)\)|\b(white|black|transparent)\b")
_NAMED: Final = {
    "white": (255.0, 255.0, 255.0, 1.0),
    "black": (0.0, 0.0, 0.0, 1.0),
    "transparent": (0.0, 0.0, 0.0, 0.0),
}
#: What is not seen in any page.
_ATTRIBUTES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "hidden": lambda tag: str(tag["hidden"]).lower() != "until-found",
    "popover": lambda tag: True,
}
#: Percents of opacity, and of a scale, at which nothing is left.
_FAINT: Final = 5.0
_Colour = tuple[float, float, float, float]


class _Seen(NamedTuple):
    """What an element has from those around it."""

    tiny: bool = False
    invisible: bool = False
    colour: _Colour | None = None
    behind: _Colour | None = None
    """What is behind it; None where that is not known."""


def take_out_hidden(page: Any) -> None:
    """Take the elements and texts out of a page (of BeautifulSoup) that are hidden."""
    styles = _styles_of(page)
    has_sheets = bool(page.find("link", rel="stylesheet"))
    first = _Seen(behind=None if has_sheets else _NAMED["white"])
    waiting: list[tuple[Any, _Seen]] = [(child, first) for child in page.find_all(recursive=False)]
    while waiting:
        tag, around = waiting.pop()
        style = styles.get(id(tag), {})
        if _is_hidden(tag, style):
            tag.extract()
            continue
        seen = _seen(tag, style, around)
        if seen.tiny or seen.invisible or _is_like_behind(seen):
            for text in tag.find_all(string=True, recursive=False):
                text.extract()
        waiting += [(child, seen) for child in tag.find_all(recursive=False)]


def _styles_of(page: Any) -> dict[int, dict[str, str]]:
    """What is declared for each element, by the id of its object: the weightiest of each property."""
    rules = [rule for sheet in page.find_all("style") for rule in rules_of(sheet.get_text()) if _is_relevant(rule)]
    inline = [(tag, declarations_of(str(tag["style"]))) for tag in page.find_all(style=True)]
    variables = {
        one.name: one.value
        for declarations in (*(rule.declarations for rule in rules), *(found for _, found in inline))
        for one in declarations
        if one.name.startswith("--")
    }
    found: dict[int, dict[str, tuple[Weight, str]]] = {}
    words = _by_words(page)
    for rule in rules:
        ids, classes, names = rule.weight
        for tag in _selected(rule.selector, words):
            own = found.setdefault(id(tag), {})
            for one in rule.declarations:
                _put(own, one.name, (one.important, False, ids, classes, names), resolved(one.value, variables))
    for tag, declarations in inline:
        own = found.setdefault(id(tag), {})
        for one in declarations:
            _put(own, one.name, (one.important, True, 0, 0, 0), resolved(one.value, variables))
    return {key: {name: value for name, (_, value) in own.items()} for key, own in found.items()}


def _put(own: dict[str, tuple[Weight, str]], name: str, weight: Weight, value: str) -> None:
    if name not in own or own[name][0] <= weight:
        own[name] = weight, value


#: Properties that can hide.
_HIDING: Final = frozenset(
    {
        *(
            "display",
            "visibility",
            "opacity",
            "content-visibility",
            "filter",
            "clip",
            "clip-path",
            "transform",
            "scale",
        ),
        *("font-size", "font", "height", "width", "max-height", "max-width", "overflow", "overflow-x", "overflow-y"),
        *("position", "left", "right", "top", "bottom", "margin-left", "margin-top", "text-indent", "translate"),
        *("color", "background", "background-color", "background-image"),
    }
)


def _is_relevant(rule: Rule) -> bool:
    return any(one.name in _HIDING or one.name.startswith("--") for one in rule.declarations)


def _by_words(page: Any) -> dict[str, list[Any]]:
    """The elements of a page by their classes, ids and names, as selectors have these."""
    found: dict[str, list[Any]] = {"": page.find_all(True)}
    for tag in found[""]:
        names = tag.get("class") or ()
        words = {f".{name}" for name in (names if isinstance(names, list) else str(names).split())}
        for word in (*words, f"#{tag.get('id') or ''}", tag.name):
            found.setdefault(word, []).append(tag)
    return found


def _selected(selector: str, by_words: Mapping[str, list[Any]]) -> Iterable[Any]:
    """The elements that a selector finds; none for one that is not understood."""
    import soupsieve

    bare = re.sub(r":[\w-]+(?:\([^()]*\))*|\[[^\]]*\]", "", selector)
    words = [] if "\\" in bare or "(" in bare else re.findall(r"[.#][\w-]+", bare)
    if not all(word in by_words for word in words):
        return ()
    last = re.findall(r"[.#]?[\w-]+|\*", re.split(r"[\s>+~]+", bare.strip())[-1]) if words or "\\" not in bare else []
    candidates = min((by_words.get(word, []) for word in last if word != "*"), key=len, default=by_words[""])
    try:
        compiled = soupsieve.compile(selector)
        return [tag for tag in candidates if compiled.match(tag)]
    except Exception:  # whatever a selector that nobody can read raises
        return ()


def _is_hidden(tag: Any, style: Mapping[str, str]) -> bool:
    """Whether an element is hidden with all that is in it."""
    if any(name in tag.attrs and is_so(tag) for name, is_so in _ATTRIBUTES.items()):
        return style.get("display", "none") in ("none", "")
    if tag.name == "dialog" and "open" not in tag.attrs and style.get("display", "none") == "none":
        return True
    return bool(style) and (
        style.get("display") == "none"
        or style.get("content-visibility") == "hidden"
        or _first(style.get("opacity"), 100.0) < _FAINT
        or any(_NOTHING.search(style.get(name, "")) for name in ("transform", "filter"))
        or abs(_first(style.get("scale"), 100.0)) < _FAINT
        or any(_CLIPPED.search(style.get(name, "")) for name in ("clip", "clip-path"))
        or _has_no_room(style)
        or _is_beside(style)
    )


def _has_no_room(style: Mapping[str, str]) -> bool:
    cuts = any(
        value.split()[0] not in ("visible", "inherit", "initial", "unset")
        for name in ("overflow", "overflow-x", "overflow-y")
        if (value := style.get(name, ""))
    )
    sizes = ("height", "width", "max-height", "max-width")
    return cuts and any(0 <= _pixels(style.get(name), 100.0) <= _NO_ROOM for name in sizes)


def _is_beside(style: Mapping[str, str]) -> bool:
    """Whether an element stands beside the page."""
    sides = ("left", "right", "top", "bottom") if style.get("position", "static") != "static" else ()
    moved = [_pixels(style.get(name), 0.0) for name in (*sides, "margin-left", "margin-top", "text-indent")]
    translations = [style.get("translate", ""), *_MOVED.findall(style.get("transform", ""))]
    # There, a percentage is one of the element's own size.
    moved += [_pixels(one, 0.0) for text in translations for one in re.split(r"[\s,]+", text) if "%" not in one]
    return any(one <= -_BESIDE or one >= 10 * _BESIDE for one in moved)


def _seen(tag: Any, style: Mapping[str, str], around: _Seen) -> _Seen:
    """What the texts of an element have."""
    size = style.get("font-size") or (_font_size(style["font"]) if "font" in style else "")
    tiny = around.tiny
    if size and _NUMBER.match(size):
        is_relative = re.search(r"(?:(?<!r)em|%)$", size) is not None
        pixels = _first(size, 100.0) * 0.16 if size.endswith("%") else _pixels(size, 16.0)
        tiny = (tiny and is_relative) or pixels <= _TINY
    visibility = style.get("visibility", "")
    invisible = visibility in ("hidden", "collapse") or (around.invisible and visibility != "visible")
    behind, colour = around.behind, around.colour
    if style.get("background-image", "none") != "none" or tag.has_attr("background"):
        behind = None
    elif background := style.get("background-color") or style.get("background") or str(tag.get("bgcolor") or ""):
        given = _colour(background)
        if given is None or "url(" in background or "gradient" in background:
            behind = None if background not in ("none", "inherit", "initial") else behind
        elif given[3] > 0:
            behind = given if given[3] == 1 else None
    if text := style.get("color") or (str(tag.get("color") or "") if tag.name == "font" else ""):
        colour = _colour(text.lower())
    return _Seen(tiny, invisible, colour, behind)


def _is_like_behind(seen: _Seen) -> bool:
    """Whether letters have no colour, or that of what is behind them."""
    if seen.colour is None:
        return False
    if seen.colour[3] < 0.05:
        return True
    return (
        seen.behind is not None and max(abs(a - b) for a, b in zip(seen.colour[:3], seen.behind[:3], strict=True)) < 8
    )


def _font_size(font: str) -> str:
    found = re.search(r"(?:^|\s)(\d*\.?\d+(?:px|pt|r?em|%))", font)
    return found[1] if found else ""


def _first(text: str | None, default: float) -> float:
    """A number as percent."""
    found = re.match(r"\s*(-?\d*\.?\d+)(%?)", text or "")
    return default if found is None else float(found[1]) * (1 if found[2] else 100)


def _pixels(text: str | None, default: float) -> float:
    """A length in pixels; the default for what is none."""
    found = _NUMBER.match((text or "").strip())
    if found is None:
        return default
    return float(found[1]) * _PIXELS[found[2]]


def _colour(text: str) -> _Colour | None:
    """Red, green and blue up to 255, and how opaque a colour is; None for one that is not known."""
    found = _COLOUR.search(text)
    if found is None:
        return None
    if found[3]:
        return _NAMED[found[3]]
    if found[1]:
        digits = "".join(2 * one for one in found[1]) if len(found[1]) in (3, 4) else found[1]
        if len(digits) not in (6, 8):
            return None
        parts = [float(int(digits[place : place + 2], 16)) for place in range(0, len(digits), 2)]
        return parts[0], parts[1], parts[2], (parts[3] / 255 if len(parts) == 4 else 1.0)
    numbers = [float(one) * (2.55 if unit else 1) for one, unit in re.findall(r"(\d*\.?\d+)(%?)", found[2])]
    if len(numbers) not in (3, 4):
        return None
    return numbers[0], numbers[1], numbers[2], (numbers[3] if len(numbers) == 4 else 1.0)
