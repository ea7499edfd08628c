"""What is left of a coding plan, as its service tells it.

The specification does not have this address: ZhiPu AI's own tools ask it, and so do those of others (docs/protocol.md,
"Endpoint and authentication"). So everything in its answer is doubted, and without it nothing else fails.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from ssl import SSLContext
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import httpx

from ..text.characters import printable, shortened
from ..text.errors import ConnectionFailed
from ..text.languages.messages import N_, Message, _
from ..text.languages.numbers import plural
from ..text.untrusted_json import loads
from .endpoint import Endpoint
from .response_members import objects

_PATH = "/api/monitor/usage/quota/limit"
_SECONDS = 5.0
_LONGEST_BODY = 64 * 1024
_MOST_LIMITS, _LONGEST_NAME = 8, 40


class Limit(NamedTuple):
    """A limit of the plan: what it limits, how much of it is used, in percent, and when it begins anew, if told."""

    name: str
    used: float
    renews: datetime | None


def limits_of(endpoint: Endpoint, context: SSLContext) -> list[Limit]:
    """The limits of the plan that this key belongs to; `context` holds the certificates. Raises ConnectionFailed."""
    try:
        body = _asked(endpoint, context)
        said = loads(body.decode("utf-8-sig", "replace"))
    except (httpx.HTTPError, httpx.InvalidURL, ImportError, ValueError) as error:  # a proxy may need what is not there
        raise _not_told(type(error).__name__) from None
    data = said.get("data") if isinstance(said, Mapping) else None
    found = objects(data.get("limits")) if isinstance(data, Mapping) else []
    limits = [limit for one in found[:_MOST_LIMITS] if (limit := _limit(one)) is not None]
    if not limits:
        raise _not_told(_("it names no limits"))
    return limits


def _not_told(why: str) -> ConnectionFailed:
    return ConnectionFailed("The service does not say what is left of the plan ({why}).", reason="quota.none", why=why)


def _asked(endpoint: Endpoint, context: SSLContext) -> bytes:
    parts = urlsplit(endpoint.base_url)
    address = urlunsplit((parts.scheme, parts.netloc, _PATH, "", ""))
    settings: dict[str, Any] = {"timeout": _SECONDS, "trust_env": not endpoint.is_local, "follow_redirects": False}
    body = b""
    with (
        httpx.Client(verify=context, **settings) as client,
        # The key alone, without "Bearer".
        client.stream(
            "GET", address, headers={"Authorization": endpoint.key, "Accept-Encoding": "identity"}
        ) as response,
    ):
        if response.status_code != httpx.codes.OK:
            raise ValueError
        for piece in response.iter_raw():  # compressed, a few bytes could become any number
            body += piece
            if len(body) > _LONGEST_BODY:
                raise ValueError
    return body


def _limit(one: Mapping[str, Any]) -> Limit | None:
    used, renews = _number(one.get("percentage")), _number(one.get("nextResetTime"))
    kind = one.get("type")
    if used is None or not isinstance(kind, str):
        return None
    try:
        time = datetime.fromtimestamp(renews / 1000) if renews else None
    except (OverflowError, OSError, ValueError):
        time = None
    return Limit(_name(kind, one.get("unit"), one.get("number")), min(max(used, 0.0), 100.0), time)


def _name(kind: str, unit: Any, number: Any) -> str:
    """The limit's name. What the units are has been seen, and is written nowhere."""
    what = Message(_KINDS[kind]) if kind in _KINDS else shortened(printable(kind), _LONGEST_NAME)
    span = _UNITS.get(unit) if isinstance(unit, int) else None
    if span is None or not isinstance(number, int) or not 0 < number < 1_000:
        return what
    return _("{what} in {span}", what=what, span=span(number))


_KINDS = {"TOKENS_LIMIT": N_("tokens"), "TIME_LIMIT": N_("searches and other tools")}
_UNITS: Mapping[int, Callable[[int], str]] = {
    3: lambda number: plural(number, "hour"),
    5: lambda number: plural(number, "month"),
    6: lambda number: plural(number, "week"),
}


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
