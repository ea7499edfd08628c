"""Typed answers: the type described to the model, and the model's answer read as a value of that type.

Shape(list[Invoice])
  ├─ instruction ──▶ system text          JSON only, of this schema
  ├─ read(text) ───▶ the value            or Mismatch: request_for_repair(mismatch) ──▶ another round ──▶ read
  └─ markdown(value) ──▶ how it is shown
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...text.characters import whole_characters, without_addresses
from ...text.errors import InvalidRequest
from ...text.languages.messages import _, for_model, sent
from .data_frames import DataFrame, Frame, FrameType, frame_rows, library_of
from .json_pieces import Piece, is_last_meant, pieces
from .markdown import ROWS, table, value_markdown
from .names import is_type, kind_of, type_name
from .parse import type_from
from .problems import problems_of
from .schema import JsonType, object_type, resolved
from .typed_dicts import Unsupported

__all__ = ["DataFrame", "Mismatch", "Shape", "type_from"]


class Mismatch(ValueError):
    """An answer that is not of the wanted type: its `text` as it came, and the `problems` in plain words."""

    def __init__(self, text: str, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.text = text
        self.problems = problems


class Shape:
    """The type that an answer should have: anything that pydantic reads from JSON, or `DataFrame[Model]`.

    `name` is the type as a user would write it, `instruction` what is added to the system text, in the language of the
    prompt; both are the same in every run. Raises `InvalidRequest` for anything else.
    """

    def __init__(self, wanted: Any) -> None:
        self.name = type_name(wanted)
        if wanted is DataFrame or library_of(wanted):
            raise InvalidRequest(
                "{type} does not say what its rows are.",
                hint="Name their type in brackets: {type}[Invoice].",
                reason="type.rows",
                type="DataFrame",
            )
        row = JsonType(wanted.record) if isinstance(wanted, FrameType) else None
        self._frame = Frame(wanted, row) if row else None
        self._type = JsonType(list.__class_getitem__(row.wanted)) if row else JsonType(wanted)
        if not is_type(self._type.wanted):
            raise InvalidRequest(
                "{written} is {kind}, not a type.", reason="type.other", written=self.name, kind=kind_of(wanted)
            )
        try:
            self._key = _key(self._type.schema)
            answer = {self._key: self._type.wanted}
            self._wrapper = JsonType(object_type("Answer", answer)) if self._key else self._type
            schema = self._wrapper.schema
        except Unsupported as error:
            raise InvalidRequest(
                "A reply cannot be read as {type}: {error}.",
                hint="Use what JSON can hold: text, numbers, lists, a pydantic model, a dataclass, a TypedDict.",
                reason="type.unreadable",
                type=self.name,
                error=error.why,
            ) from error
        self.instruction = for_model(
            "Answer with JSON only, with no words around it: one object that fits this JSON Schema.\n{schema}",
            schema=f"```json\n{json.dumps(schema, ensure_ascii=False)}\n```",
        )

    def read(self, text: str) -> Any:
        """The value. Raises `Mismatch`.

        The JSON may be in a fenced block or surrounded by words, and a value may come without the object around it. Of
        several values that fit, the last is the answer if the words say so; otherwise there is none.
        """
        whole = whole_characters(text)
        problems: tuple[str, ...] = ()
        fitting: list[tuple[Piece, Any]] = []
        for piece in pieces(whole):
            try:
                fitting.append((piece, self._validated(piece.json, piece.data)))
            except _WrongType as wrong:
                problems = problems or wrong.problems
        if not fitting:
            raise Mismatch(text, problems or (_no_json(whole),))
        if not is_last_meant(whole, [piece for piece, _ in fitting]):
            problem = _(
                "it contains {count} matching values and does not say which one is the answer", count=len(fitting)
            )
            raise Mismatch(text, (problem,))
        value = fitting[-1][1]
        return value if self._frame is None else self._frame.of(value)

    def request_for_repair(self, mismatch: Mismatch) -> str:
        """The message that asks the model to correct its answer, once."""
        return for_model(
            "That answer does not fit the JSON Schema:\n{problems}\n"
            "Answer once more, with the corrected JSON only, and all of it.",
            problems="\n".join(f"- {sent(problem)}" for problem in mismatch.problems),
        )

    def markdown(self, value: Any) -> str:
        """The value as Markdown: records as a table, short values as they are, the rest as JSON."""
        if self._frame is not None:
            return table(*frame_rows(value, ROWS))
        return value_markdown(value, is_record=self._type.fields is not None)

    def _validated(self, piece: str, data: Any) -> Any:
        from pydantic import ValidationError

        try:
            if self._key and isinstance(data, dict) and data.keys() == {self._key}:
                return self._wrapper.adapter.validate_json(piece)[self._key]
            return self._type.adapter.validate_json(piece)
        except ValidationError as error:
            raise _WrongType(problems_of(error, data)) from error
        except Exception as error:  # a type's own check may raise anything
            words = without_addresses(f"{type(error).__name__}: {error}")
            problem = _("its check failed: {error}", error=words)
            raise _WrongType((problem,)) from error


class _WrongType(Exception):
    """This piece of JSON is not of the wanted type."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__()
        self.problems = problems


def _key(schema: Mapping[str, Any]) -> str:
    """The member that holds the answer, as JSON mode returns an object; empty if the answer is one itself."""
    kind = resolved(schema, schema).get("type")
    return "" if kind == "object" else "items" if kind == "array" else "value"


def _no_json(text: str) -> str:
    from pydantic_core import from_json

    if not text.strip():
        return _("the answer is empty")
    try:
        from_json(text.strip())
    except ValueError as error:
        return _("it is not JSON: {error}", error=error)
    return _("it is not JSON")
