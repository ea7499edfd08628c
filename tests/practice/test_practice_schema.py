"""Values that a JSON Schema accepts, as pydantic writes schemas and reads values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, TypeAdapter
from typing_extensions import TypedDict

from zhipu_magic.practice.schema import is_schema, plausible_value


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Item(BaseModel):
    name: str = Field(min_length=20, max_length=30)
    colour: Colour
    price: Decimal


class Node(BaseModel):
    label: str
    parent: Node | None
    children: list[Node]


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


@dataclass
class Point:
    x: float
    y: float


class Movie(TypedDict):
    title: str
    year: int


CASES: list[Any] = [
    str,
    int,
    float,
    bool,
    None,
    date,
    datetime,
    UUID,
    Colour,
    Point,
    Movie,
    Item,
    Node,
    list[Item],
    list[Node],
    list[int],
    dict[str, int],
    tuple[int, str],
    set[int],
    int | None,
    Literal["a", "b"],
    Annotated[list[Item], Field(min_length=3)],
    Annotated[list[Item], Field(max_length=1)],
    Annotated[int, Field(gt=2, lt=4)],
    Annotated[float, Field(gt=0, lt=1)],
    Annotated[int, Field(le=-5)],
    Annotated[Union[Cat, Dog], Field(discriminator="kind")],  # noqa: UP007  # a bar has no place in Annotated on 3.10
]


@pytest.mark.parametrize("kind", CASES, ids=str)
def test_a_value_of_the_schema_is_one_of_the_type(kind: Any) -> None:
    reader: TypeAdapter[Any] = TypeAdapter(kind)
    schema = reader.json_schema()
    assert is_schema(schema)
    value = plausible_value(schema, "as said")
    reader.validate_python(value)
    assert value == plausible_value(schema, "as said")


def test_a_list_of_objects_has_two_that_differ() -> None:
    first, second = plausible_value(TypeAdapter(list[Item]).json_schema(), "as said")
    assert (first["colour"], second["colour"]) == ("red", "blue")
    assert (first["price"], second["price"]) == (1.0, 2.0)


def test_a_tree_ends() -> None:
    assert plausible_value(Node.model_json_schema(), "leaf") == {"label": "leaf", "parent": None, "children": []}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 7}, 7),
        ({"allOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"type": "boolean"}}}, True),
        (
            {
                "allOf": [
                    {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]},
                    {"properties": {"b": {"const": 2}}, "required": ["b"]},
                ]
            },
            {"a": 1, "b": 2},
        ),
        ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ({"anyOf": [{"type": "null"}]}, None),
        ({"type": ["null", "string"]}, "said"),
        ({"type": ["null"]}, None),
        ({"type": "array"}, ["said"]),
        ({"$ref": "#/$defs/gone"}, "said"),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"const": 3}}}, 3),
        ({"$ref": "#"}, None),
        ({"properties": {"a": True}, "required": ["a"]}, {"a": "said"}),
    ],
    ids=str,
)
def test_schemas_that_others_write_are_read_too(schema: dict[str, Any], value: Any) -> None:
    assert plausible_value(schema, "said") == value
