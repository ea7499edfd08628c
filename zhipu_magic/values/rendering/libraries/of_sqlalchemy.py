"""SQLAlchemy's rows as records, statements as their SQL. A result is not read: that would use it up."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from ....text.tokens import fenced_within
from ..registry import LATE, AsRepr, SaysNothing, add


def _row(value: Any, tokens: int) -> Any:
    return dict(value._mapping)


def _result(value: Any, tokens: int) -> str:
    raise SaysNothing(value, "{}.all()")


def _connection(value: Any, tokens: int) -> str:
    raise SaysNothing(value, 'pandas.read_sql("SELECT …", {})')


def _session(value: Any, tokens: int) -> str:
    raise SaysNothing(value, "{}.scalars(sqlalchemy.select(…)).all()")


def _statement(value: Any, tokens: int) -> str:
    return fenced_within(str(value), "sql", tokens)


def _table(value: Any, tokens: int) -> Any:
    return AsRepr(value)


_KINDS: Final[dict[str, dict[str, Callable[[Any, int], Any]]]] = {
    "sqlalchemy.engine.row": {"Row": _row},
    "sqlalchemy.engine.base": {"Connection": _connection},
    "sqlalchemy.orm.session": {"Session": _session},
    "sqlalchemy.engine.result": {"Result": _result},
    "sqlalchemy.sql.elements": {"ClauseElement": _statement},
    "sqlalchemy.sql.schema": {"Table": _table},
    "sqlalchemy.orm.query": {"Query": _statement},
}


def _register(module: ModuleType) -> None:
    for name, function in _KINDS[module.__name__].items():
        add(module, name, function)


LATE.update(dict.fromkeys(_KINDS, _register))
