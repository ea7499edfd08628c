"""The types and ranges of what a journal's line may hold: one check for each kind of member.

A journal may come from anywhere, so nothing in it is used unchecked. Each field of an event names its check in its
type, as in `thread: Name`; `changes.from_json` runs the checks, so that code which applies an event can rely on them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from ...service.response_members import MOST_COUNTED
from ...text.characters import LONGEST_NAME, is_name
from ...text.characters import is_word as is_one_word
from ...text.errors import JournalError
from ...text.untrusted_json import LARGEST_INTEGER
from ...values.images.image import Image
from ...values.images.stored import from_json as image_from_json
from ...values.tools import ran
from ..rounds import calls_of

#: The longest id, in characters: ids are dictionary keys, so they may not be endless.
LONGEST_ID = 4_000
#: The most cells of a page whose order is kept, and the longest id of one, in characters.
MOST_CELLS, LONGEST_CELL = 10_000, 200
#: The largest amount of yuan or seconds, and the longest side of an image in pixels.
MOST_AMOUNT, _MOST_PIXELS = 1e12, 2**31
#: The fewest bytes that a list or object, an image, and a tool call take in a line; in memory each takes far more.
BYTES_A_CONTAINER, _BYTES_AN_IMAGE, _BYTES_A_CALL = 4, 40, 120
#: What a service says of the content of a picture, at most.
_MOST_VERDICTS = 10
#: What reading or applying an event raises if it is not valid.
SENSELESS = (LookupError, TypeError, ValueError)


def check_size(members: Mapping[str, Any], size: int) -> None:
    """Raise ValueError for members that would take far more memory than their line of `size` bytes, or do not belong
    together.
    """
    if _weight(members.get("members")) > size:
        raise ValueError("more values than such a line can hold")
    calls = sum(len(one.get("calls", ())) for one in (members, *members.get("rounds", ())))
    if calls * _BYTES_A_CALL > size:
        raise ValueError("more calls than such a line can hold")
    if len(members.get("images", ())) * _BYTES_AN_IMAGE > size:
        raise ValueError("more images than such a line can hold")
    if "calls" in members and not _are_first_calls(members["calls"], members.get("completion")):
        raise ValueError("calls that the reply does not have")


def _are_first_calls(calls: Any, completion: Any) -> bool:
    """Whether these are the first calls of this reply, in its order."""
    asked = [] if completion is None else [one["id"] for one in calls_of(completion)]
    return [one["id"] for one in calls] == asked[: len(calls)]


def _weight(value: Any) -> int:
    """The fewest bytes that this value takes in a line. Raises ValueError if it cannot be sent as JSON.

    It is not nested deep: `lines` has seen to that.
    """
    if isinstance(value, (dict, list)):
        inner = value.values() if isinstance(value, dict) else value
        return BYTES_A_CONTAINER + sum(map(_weight, inner))
    if isinstance(value, (int, float)) and not abs(value) <= LARGEST_INTEGER:
        raise ValueError("no number")
    return 1


@lru_cache(maxsize=256)
def is_label(value: Any) -> bool:
    """The name of a thread or a model, as it may be shown."""
    return type(value) is str and is_name(value)


def is_word(value: Any) -> bool:
    """The name of a model as the settings take it."""
    return type(value) is str and is_one_word(value)


def is_flag(value: Any) -> bool:
    """A flag is true or absent."""
    return value is True


def is_temperature(value: Any) -> bool:
    return (type(value) is float or type(value) is int) and 0 <= value <= 2


def is_temperature_or_none(value: Any) -> bool:
    return value is None or is_temperature(value)


def is_limit(value: Any) -> bool:
    return (type(value) is float or type(value) is int) and 0 <= value <= MOST_COUNTED


def is_unit(value: Any) -> bool:
    return value in ("yuan", "tokens")


def is_cells(value: Any) -> bool:
    return type(value) is list and all(type(cell) is str for cell in value)


def is_page_cells(value: Any) -> bool:
    """The ids of cells in the order of their page, each once."""
    if type(value) is not list or len(value) > MOST_CELLS:
        return False
    return all(type(cell) is str and len(cell) <= LONGEST_CELL for cell in value) and len(set(value)) == len(value)


def is_texts(value: Any) -> bool:
    return type(value) is list and all(type(text) is str for text in value)


def is_completion(value: Any) -> bool:
    """A reply in the shape of an unstreamed one; only the parts that are used are checked."""
    try:
        choice = value["choices"][0]
        message = choice["message"]
        words, thoughts, reason = message.get("content"), message.get("reasoning_content"), choice.get("finish_reason")
        return (
            (type(words) is str or words is None)
            and (thoughts is None or type(thoughts) is str)
            and (reason is None or (type(reason) is str and len(reason) <= LONGEST_NAME))
            and ("tool_calls" not in message or _are_tool_calls(message["tool_calls"]))
        )
    except (LookupError, TypeError, AttributeError):
        return False


def _are_tool_calls(value: Any) -> bool:
    return value is None or (type(value) is list and all(map(_is_tool_call, value)))


def _is_tool_call(value: Any) -> bool:
    function = value.get("function") if type(value) is dict else None
    return (
        type(function) is dict
        and type(function.get("name")) is str
        and type(function.get("arguments")) is str
        and (value.get("id") is None or type(value["id"]) is str)
    )


def is_rounds(value: Any) -> bool:
    return type(value) is list and all(map(_is_round, value))


def _is_round(value: Any) -> bool:
    """A reply with calls, each with its result, or with what was wrong with it."""
    if type(value) is not dict or not is_completion(value.get("completion")):
        return False
    calls, wrong = value.get("calls", []), value.get("wrong", "")
    if type(wrong) is not str or type(calls) is not list or not all(map(_is_called, calls)):
        return False
    asked = calls_of(value["completion"])
    return not calls or (len(calls) == len(asked) and {one["id"] for one in calls} == {one["id"] for one in asked})


def is_calls(value: Any) -> bool:
    """Calls with their results, at least one."""
    return type(value) is list and bool(value) and all(map(_is_called, value))


def _is_called(value: Any) -> bool:
    return (
        type(value) is dict
        and type(value.get("id")) is str
        and type(value.get("text")) is str
        and type(value.get("failed", False)) is type(value.get("declined", False)) is bool
        and type(value.get("cut", "")) is str
        and (value.get("seconds") is None or _is_amount(value["seconds"]))
        and ("ran" not in value or _is_ran(value["ran"]))
    )


def _is_ran(value: Any) -> bool:
    """What a run of Python has shown and changed."""
    if type(value) is not dict or type(value.get("seen", False)) is not bool:
        return False
    shown = value.get("shown", [])
    are_names = (_are_names(value.get(which, [])) for which in ("bound", "deleted"))
    return all(are_names) and type(shown) is list and len(shown) <= ran.MOST_SHOWN and all(map(_is_shown, shown))


def _are_names(value: Any) -> bool:
    if type(value) is not list or len(value) > ran.MOST_NAMES:
        return False
    return all(type(name) is str and len(name) <= ran.LONGEST and name.isprintable() for name in value)


def _is_shown(value: Any) -> bool:
    if type(value) is not dict or value.get("kind") not in ran.KINDS:
        return False
    text, source = value.get("text"), value.get("source", "")
    if type(text) is not str or len(text) > ran.MOST_TEXT or type(source) is not str or len(source) > ran.MOST_SOURCE:
        return False
    image = value.get("image")
    if value["kind"] != "image":
        return image is None
    return isinstance(image, Image) or (type(image) is dict and _is_image(image) and not image.get("url"))


def _is_amount(value: Any) -> bool:
    return (type(value) is float or type(value) is int) and 0 <= value <= MOST_AMOUNT


def is_images(value: Any) -> bool:
    return type(value) is list and all(map(_is_image, value))


def _is_image(value: Any) -> bool:
    if type(value) is not dict or not all(
        type(value.get(name, "")) is str for name in ("url", "sha256", "type", "part")
    ):
        return False
    if not all(type(side := value.get(name, 0)) is int and 0 <= side < _MOST_PIXELS for name in ("width", "height")):
        return False
    try:
        image_from_json(value, Path())
    except JournalError:
        return False
    return True


def is_hash(value: Any) -> bool:
    """A SHA-256, in hex. It may become the name of a file."""
    return type(value) is str and re.fullmatch("[0-9a-f]{64}", value) is not None


def is_reader(value: Any) -> bool:
    return value in ("local", "parser", "ocr", "reader")


def is_picture(value: Any) -> bool:
    """A list of one image, which is a file."""
    return is_images(value) and len(value) == 1 and not value[0].get("url")


def is_picture_response(value: Any) -> bool:
    """What a service answers that has drawn a picture: its known members alone."""
    if type(value) is not dict or value.keys() - {"created", "data", "content_filter"}:
        return False
    data, verdicts = value.get("data"), value.get("content_filter", [])
    return (
        (type(created := value.get("created")) is int and 0 <= created <= MOST_COUNTED)
        and type(data) is list
        and len(data) == 1
        and type(data[0]) is dict
        and not data[0].keys() - {"url"}
        and _is_id(data[0].get("url", ""))
        and type(verdicts) is list
        and len(verdicts) <= _MOST_VERDICTS
        and all(map(_is_verdict, verdicts))
    )


def _is_verdict(value: Any) -> bool:
    return (
        type(value) is dict
        and value.keys() == {"role", "level"}
        and _is_id(value["role"])
        and type(value["level"]) is int
        and 0 <= value["level"] <= MOST_COUNTED
    )


def _is_id(value: Any) -> bool:
    return type(value) is str and len(value) <= LONGEST_ID


def is_members(value: Any) -> bool:
    """A request's members beyond model and messages; of its tools, those that are functions have names."""
    if type(value) is not dict:
        return False
    tools = value.get("tools")
    return type(tools) is not list or all(map(_is_tool, tools))


def _is_tool(value: Any) -> bool:
    if type(value) is not dict:
        return False
    function = value.get("function")
    return value.get("type") != "function" or (type(function) is dict and type(function.get("name")) is str)


# The types of fields, each with its check. The first four are checked in bulk, for a journal has many lines.

TEXT, ID, COUNT, AMOUNT = "text", "id", "count", "amount"

Text = Annotated[str, TEXT]
Id = Annotated[str, ID]
"""A text that is looked up: of at most `LONGEST_ID` characters."""
Count = Annotated[int, COUNT]
Amount = Annotated[float, AMOUNT]
"""Yuan or seconds, from 0 on."""
Name = Annotated[str, is_label]
Word = Annotated[str, is_word]
Flag = Annotated[bool, is_flag]
Temperature = Annotated[float, is_temperature]
TemperatureOrNone = Annotated[float | None, is_temperature_or_none]
Limit = Annotated[float, is_limit]
Unit = Annotated[str, is_unit]
Cells = Annotated[Sequence[str], is_cells]
PageCells = Annotated[Sequence[str], is_page_cells]
TextList = Annotated[Sequence[str], is_texts]
Completion = Annotated[Mapping[str, Any], is_completion]
RoundList = Annotated[Any, is_rounds]
CallList = Annotated[Any, is_calls]
ImageList = Annotated[Any, is_images]
Hash = Annotated[str, is_hash]
ReaderName = Annotated[str, is_reader]
Picture = Annotated[Any, is_picture]
PictureResponse = Annotated[Mapping[str, Any], is_picture_response]
Members = Annotated[Mapping[str, Any], is_members]
