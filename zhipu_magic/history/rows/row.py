"""The answer to one row of a table, and the line that holds it.

A line begins with the key, and then says whether it has an answer or an error: so both are found in the bytes, without
reading the JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from ...service.error_codes import ended_badly
from ...service.response_members import MOST_COUNTED
from ...text.characters import LONGEST_NAME, each_text, printable, shortened, whole_characters
from ...text.languages.joined import sentences
from ...text.languages.message_data import data_of, told_by
from ..events.members import MOST_AMOUNT
from ..journal.lines import value_of
from ..rounds import broke_off

#: How a line begins: its key, and its next member.
BEGINNING: Final = rb'\{"key":"([\w-]{22})","(text|error)":'
_KEY, _NEXT = slice(8, 30), slice(33, 38)


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row has no answer: the reason as errors have it, the service's own code, and the message, in English."""

    reason: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """The answer to a row. `usage` counts tokens of all its rounds: of the prompt, of the answer, and the cached ones.

    `batch` says that it came at the price of a batch. A row with an `error` has failed; its `text` is half an answer or
    one of the wrong type, if there was one. `at` is when it came, in milliseconds since 1970: 0 where nobody knows, and
    None until a store has it.
    """

    key: str
    text: str
    usage: tuple[int, int, int] | None = None
    reasoning: str = ""
    finish: str = "stop"
    model: str = ""
    seconds: float = 0.0
    rounds: int = 1
    batch: bool = False
    error: RowError | None = None
    at: int | None = field(default=None, compare=False)


def as_ended(row: Row, words: str = "") -> Row:
    """The row, failed if the service broke its answer off: half an answer is none. `words` say what it said of it."""
    if row.error is not None or not broke_off(row.finish):
        return row
    error = ended_badly(row.finish, words)
    return replace(row, error=RowError(reason=error.reason, code="", message=sentences(error.happened, error.detail)))


def newest_of(rows: Iterable[Row]) -> Row | None:
    """The last answer among the rows of one key, else the last error."""
    newest = None
    for row in rows:
        if newest is None or newest.error is not None or row.error is None:
            newest = row
    return newest


def came_between(rows: Iterable[Row], since: int, until: int) -> Row | None:
    """The last of these rows that came later than `since` and not later than `until`, an answer or an error."""
    return _latest(row for row in rows if since < (row.at or 0) <= until)


def answer_until(rows: Iterable[Row], moment: int) -> Row | None:
    """The last answer among these rows that did not come later than this moment."""
    return _latest(row for row in rows if row.error is None and (row.at or 0) <= moment)


def _latest(rows: Iterable[Row]) -> Row | None:
    latest = None
    for row in rows:
        if latest is None or (row.at or 0) >= (latest.at or 0):
            latest = row
    return latest


def key_in(line: bytes) -> bytes:
    """The key at the beginning of a line."""
    return line[_KEY]


def is_error(line: bytes) -> bool:
    """Whether a line holds an error rather than an answer."""
    return line[_NEXT] == b"error"


def line_of(row: Row, hide: Callable[[str], str] = lambda text: text, *, at: int | None = None) -> bytes:
    """The row's line, with its end; it came `at` this time, unless it has one of its own.

    `hide` removes from a text what must never be written.
    """

    def words(text: str) -> str:
        return whole_characters(hide(text))

    error, text = row.error, words(row.text)
    members: dict[str, Any] = {"key": row.key}
    if error is not None:
        said: dict[str, Any] = {"reason": _name(error.reason), "code": _name(error.code)}
        said["message"] = words(error.message)
        if (data := data_of(error.message)) is not None:
            said["told"] = each_text(data, words)
        members |= {"error": said} | ({"text": text} if text else {})
    else:
        members["text"] = text
    if row.usage is not None:
        members["usage"] = row.usage
    others = (
        *(words(row.reasoning), _name(row.finish), _name(row.model)),
        *(round(row.seconds, 3), row.rounds, row.batch),
    )
    members |= {name: value for name, value in zip(_OTHERS, others, strict=True) if value != _USUAL[name]}
    if came := at if row.at is None else row.at:
        members["at"] = came
    return f"{_ENCODER.encode(members)}\n".encode()


def row_of(line: bytes) -> Row:
    """The row in a line, as it ended (see `as_ended`). Raises one of `SENSELESS` (see `members`) for any other line."""
    members = value_of(line)
    if type(members) is not dict:
        raise ValueError("no line of ours")
    for name, value in members.items():
        check = _CHECKS.get(name)
        if check is not None and not check(value):
            raise ValueError(name)
    key, usage, error = members["key"], members.get("usage"), members.get("error")
    if key.encode() != line[_KEY] or (error is not None) != is_error(line):
        raise ValueError("a line that is not what it begins with")
    row = Row(
        key=key,
        text=members.get("text", ""),
        usage=None if usage is None else tuple(usage),
        error=None if error is None else _row_error(error),
        at=members.get("at", 0),
        **{name: members[name] for name in _OTHERS if name in members},
    )
    return row if row.finish == "stop" else as_ended(row)


def _row_error(members: Mapping[str, Any]) -> RowError:
    """The error in a line; its message can be told in any language, if the line says how it was made."""
    message = told_by(members["message"], members["told"]) if "told" in members else members["message"]
    return RowError(members["reason"], members["code"], message)


def _name(text: str) -> str:
    """A text as it is kept where a name belongs."""
    return shortened(printable(whole_characters(text)), LONGEST_NAME)


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_name(value: Any) -> bool:
    return type(value) is str and len(value) <= LONGEST_NAME and value.isprintable()


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST_COUNTED


def _is_usage(value: Any) -> bool:
    return type(value) is list and len(value) == 3 and all(map(_is_count, value))


def _is_amount(value: Any) -> bool:
    return (type(value) is float or type(value) is int) and 0 <= value <= MOST_AMOUNT


def _is_flag(value: Any) -> bool:
    return value is True


def _is_row_error(value: Any) -> bool:
    return (
        type(value) is dict
        and _is_name(value.get("reason"))
        and _is_name(value.get("code"))
        and type(value.get("message")) is str
    )


_CHECKS: Final[dict[str, Callable[[Any], bool]]] = {
    **{"key": _is_text, "text": _is_text, "reasoning": _is_text, "finish": _is_name, "model": _is_name},
    **{"usage": _is_usage, "seconds": _is_amount, "rounds": _is_count, "batch": _is_flag, "error": _is_row_error},
    "at": _is_count,
}
#: What a line leaves out, if it is usual.
_USUAL: Final = asdict(Row("", ""))
_OTHERS: Final = ("reasoning", "finish", "model", "seconds", "rounds", "batch")
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
