"""Spark's rows as records. A session holds no value: what it reads is asked for by SQL. Tables are in `tables`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from ..registry import LATE, SaysNothing, add


def _row(value: Any, tokens: int) -> Any:
    return value.asDict()


def _session(value: Any, tokens: int) -> str:
    raise SaysNothing(value, '{}.sql("SELECT …").limit(20).toPandas()')


def _register(module: ModuleType) -> None:
    add(module, "Row", _row)
    add(module, "SparkSession", _session)


LATE.update(dict.fromkeys(("pyspark.sql.types", "pyspark.sql.session"), _register))
