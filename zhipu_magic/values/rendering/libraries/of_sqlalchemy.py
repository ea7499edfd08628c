"""SQLAlchemy's rows as records, statements as their SQL. A result is not read: that would use it up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from ....text.languages.messages import for_model
from ....text.tokens import cut, fenced_within, listed, weight
from ..records import is_secret, left_out
from ..registry import LATE, AsRepr, SaysNothing, add
from .parts import named, under

_MOST_LISTED: Final = 50
"""Items of a list in a statement that is written out."""
_NUMBER: Final = re.compile(r"(?:_m?\d+)+\Z")
"""What a column's name is followed by in that of a parameter."""
_AROUND: Final = 16
_BETWEEN: Final = "\n"
_SHARE: Final = 0.7
"""The share of a statement's budget for its SQL."""


def _row(value: Any, tokens: int) -> Any:
    """A record; of columns that share a name, each has its number."""
    names = [*map(str, value._fields)]
    if len({*names}) < len(names):
        seen: Counter[str] = Counter()
        for place, name in enumerate(names):
            seen[name] += 1
            names[place] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return dict(zip(names, value, strict=True))


def _result(value: Any, tokens: int) -> str:
    raise SaysNothing(value, "{}.all()")


def _connection(value: Any, tokens: int) -> str:
    raise SaysNothing(value, 'pandas.read_sql("SELECT …", {})')


def _session(value: Any, tokens: int) -> str:
    raise SaysNothing(value, "{}.scalars(sqlalchemy.select(…)).all()")


def _statement(value: Any, tokens: int) -> str:
    """The SQL, and below it, as comments, the values that its parameters have."""
    try:
        lists = [one for one in value.compile().params.values() if isinstance(one, (list, tuple, set))]
        short = all(len(one) <= _MOST_LISTED for one in lists)
        compiled = value.compile(compile_kwargs={"render_postcompile": True} if short else {})
    except Exception:  # a part of a statement, which some can only write out
        return fenced_within(str(value), "sql", tokens)
    given = {name: one for name, one in compiled.params.items() if one is not None or _is_set(compiled, name)}
    if not given:
        return fenced_within(str(compiled), "sql", tokens)
    sql = cut(str(compiled), round(tokens * _SHARE))
    lines = [f"-- {name} = {under(_NUMBER.sub('', name), one)}" for name, one in given.items()]
    return fenced_within(f"{sql}\n{listed(lines, _BETWEEN, tokens - weight(sql) - _AROUND)}", "sql", tokens)


def _is_set(compiled: Any, name: str) -> bool:
    """Whether a parameter that is None is that by the statement, and is not one that is still to be given."""
    found = compiled.binds.get(name)
    return found is not None and not found.required


def _query(value: Any, tokens: int) -> Any:
    return value.statement


def _attribute(value: Any, tokens: int) -> str:
    return str(value)


def _url(value: Any, tokens: int) -> str:
    """An address without its password, nor what may be a secret among its options."""
    query = {name: left_out() if is_secret(name) else one for name, one in value.query.items()}
    address = str(value.set(query={}).render_as_string(hide_password=True))
    return for_model("{address} with {options}", address=address, options=named(query.items())) if query else address


def _table(value: Any, tokens: int) -> Any:
    return AsRepr(value)


_KINDS: Final[dict[str, dict[str, Callable[[Any, int], Any]]]] = {
    "sqlalchemy.engine.row": {"Row": _row},
    "sqlalchemy.engine.base": {"Connection": _connection},
    "sqlalchemy.orm.session": {"Session": _session},
    "sqlalchemy.engine.result": {"Result": _result},
    "sqlalchemy.sql.elements": {"ClauseElement": _statement},
    "sqlalchemy.sql.schema": {"Table": _table},
    "sqlalchemy.orm.query": {"Query": _query},
    "sqlalchemy.orm.attributes": {"QueryableAttribute": _attribute},
    "sqlalchemy.engine.url": {"URL": _url},
}


def _register(module: ModuleType) -> None:
    for name, function in _KINDS[module.__name__].items():
        add(module, name, function)


LATE.update(dict.fromkeys(_KINDS, _register))
