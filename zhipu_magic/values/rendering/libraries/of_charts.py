"""Charts that are described rather than drawn: plotnine draws its own, altair where it can, bokeh is told in words."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any, Final

from ....text.addresses import without_secrets
from ....text.errors import InvalidRequest
from ....text.languages.messages import _, for_model
from ....text.left_out import note_cut
from ..records import unless_secret
from ..registry import LATE, SaysNothing, add
from ..structures import as_json
from .parts import block, briefly, library_and_class, quietly

_ROWS: Final = 5
_TOKENS_AROUND: Final = 20


def _plotnine(value: Any, tokens: int) -> bytes:
    """The picture that it draws, in the size that the plot says."""
    drawn = io.BytesIO()
    try:
        with quietly():
            value.save(drawn, format="png", verbose=False)
    except Exception as error:  # whatever plotnine, matplotlib or the user's data raise
        raise InvalidRequest(
            "plotnine cannot draw this figure.", reason="image.plotnine", detail=str(error).strip()
        ) from error
    return drawn.getvalue()


def _altair(value: Any, tokens: int) -> Any:
    """Its picture where vl-convert is installed, else its specification, with the first rows of its data."""
    drawn = io.BytesIO()
    try:
        with quietly():
            value.save(drawn, format="png")
        return drawn.getvalue()
    except ValueError as error:  # altair's own for a missing vl-convert
        if "vl-convert" not in str(error) and "vl_convert" not in str(error):
            raise
    except ImportError:
        pass
    note_cut(_("its specification sent, not its picture: that needs vl-convert-python"))
    with quietly(), _all_rows():
        said = value.to_dict()
    heading = for_model("{chart}, as a Vega-Lite specification:", chart=library_and_class(value))
    return f"{heading}\n{as_json(_without_data(said), tokens - _TOKENS_AROUND)}"


def _all_rows() -> Any:
    """Without altair's bound on the rows of a chart: most of them are left out here all the same."""
    import sys

    return sys.modules["altair"].data_transformers.enable("default", max_rows=None)


def _without_data(said: Any) -> Any:
    """A specification with the first rows of its data, under no name that is made from what it holds."""
    named = said.get("datasets", {}) if isinstance(said, dict) else {}
    return _pruned({name: one for name, one in said.items() if name not in ("datasets", "config", "$schema")}, named)


def _pruned(said: Any, named: dict[str, Any]) -> Any:
    if isinstance(said, list):
        return [_pruned(one, named) for one in said]
    if not isinstance(said, dict):
        return said
    found = {name: _pruned(one, named) for name, one in said.items() if name != "data"}
    data = said.get("data")
    if isinstance(data, dict):
        rows = named.get(data.get("name", ""), data.get("values"))
        found["data"] = {"rows": len(rows), "first": rows[:_ROWS]} if isinstance(rows, list) else _addressed(data)
    return found


def _addressed(data: dict[str, Any]) -> dict[str, Any]:
    """Where data is to be got, without what is private in an address."""
    url = data.get("url")
    return {**data, "url": without_secrets(url)} if isinstance(url, str) else data


def _bokeh(value: Any, tokens: int) -> str:
    """Title, axes, and each glyph with its columns."""
    title = getattr(getattr(value, "title", None), "text", "")
    heading = f"{library_and_class(value)}{f' {briefly(title)}' if title else ''}"
    return block(heading, _of_plot(value), tokens)


def _of_plot(value: Any) -> Iterator[str]:
    for place in ("below", "left", "above", "right"):
        for axis in getattr(value, place, ()):
            if getattr(axis, "axis_label", None):
                yield for_model("axis {place}: {label}", place=place, label=briefly(axis.axis_label))
    for axis in ("x_range", "y_range"):
        found = getattr(value, axis, None)
        ends = getattr(found, "start", None), getattr(found, "end", None)
        factors = getattr(found, "factors", None)
        if factors:
            yield f"{axis}: {briefly(list(factors))}"
        elif all(isinstance(end, (int, float)) and end == end for end in ends):
            yield for_model("{axis}: {first} to {last}", axis=axis, first=briefly(ends[0]), last=briefly(ends[1]))
    yield from _of_glyphs(getattr(value, "renderers", ()))


def _of_glyphs(renderers: Iterable[Any]) -> Iterator[str]:
    """Each glyph with its columns."""
    for one in renderers:
        glyph, source = getattr(one, "glyph", None), getattr(one, "data_source", None)
        if glyph is None:
            continue
        columns = getattr(source, "data", {})
        used = [
            f"{name}={column}"
            for name in ("x", "y", "right", "top", "left", "bottom", "width", "height")
            if (column := _column(glyph, name, columns))
        ]
        yield f"{type(glyph).__name__}({', '.join(used)})"
        for name in columns:
            yield f"  {name}: {briefly(columns[name])}{_ends(columns[name])}"


def _column(glyph: Any, name: str, columns: Any) -> str:
    said = getattr(glyph, name, None)
    said = getattr(said, "field", said)
    return said if isinstance(said, str) and said in columns else ""


def _ends(values: Any) -> str:
    """The least and the greatest of a column that `briefly` does not show."""
    try:
        numbers = [float(one) for one in values] if 8 < len(values) <= 100_000 else []
    except (TypeError, ValueError):
        return ""
    if not numbers:
        return ""
    return for_model(", from {least} to {greatest}", least=briefly(min(numbers)), greatest=briefly(max(numbers)))


def _source(value: Any, tokens: int) -> Any:
    return dict(value.data)


def _glyph(value: Any, tokens: int) -> str:
    return block(library_and_class(value), _of_glyphs([value]), tokens)


def _part_of_bokeh(value: Any, tokens: int) -> Any:
    """Any other thing of bokeh's by what was given to it: its own text is its id, another in each run."""
    given = unless_secret(value.properties_with_values(include_defaults=False))
    if not given:
        raise SaysNothing(value)
    return {type(value).__name__: given}


def _register(module: ModuleType) -> None:
    add(module, "ggplot", _plotnine)
    add(module, "TopLevelMixin", _altair)
    add(module, "Plot", _bokeh)
    add(module, "ColumnDataSource", _source)
    add(module, "GlyphRenderer", _glyph)
    add(module, "Model", _part_of_bokeh)


_BOKEH: Final = ("model.model", "models.plots", "models.sources", "models.renderers.glyph_renderer")
LATE.update(dict.fromkeys(("plotnine.ggplot", "altair", *(f"bokeh.{name}" for name in _BOKEH)), _register))
