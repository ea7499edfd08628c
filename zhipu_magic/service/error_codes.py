"""The service's error codes: for each, what happened, what to do, and whether to retry."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..text.characters import printable, shortened
from ..text.errors import ServiceError
from ..text.untrusted_json import loads
from .response_members import name_of, objects


@dataclass(frozen=True)
class _Cause:
    """What a business code means: its reason (see `GLMError`), what to do about it, and whether to try again."""

    reason: str
    message: str
    hint: str
    retryable: bool = False


_KEY = _Cause(
    "service.key_refused",
    "The service does not accept the API key.",
    "Check ZHIPUAI_API_KEY, or pass another key as Chat(api_key=…); keys are created at https://open.bigmodel.cn "
    "(API keys).",
)
_BUSY = _Cause("service.busy", "The service is busy.", "Wait a moment, then try again.", retryable=True)
_NETWORK = _Cause("service.fault", "The service had an internal error.", "Try again in a while.", retryable=True)
_QUOTA = _Cause("service.quota", "The account's quota is used up.", "Wait until it renews, or use another model.")
_ACCOUNT = _Cause(
    "service.account", "The service refuses this account.", "Check the account's status at https://open.bigmodel.cn."
)
_PARAMETER = _Cause(
    "service.parameter",
    "The service does not accept the request.",
    "Check the options of the request; the service's own words say which.",
)

_CAUSES: dict[str, _Cause] = {
    **dict.fromkeys(("401", "1000", "1001", "1002", "1004"), _KEY),
    "1003": _Cause(
        "service.key_expired",
        "The API key has expired.",
        "Create a new one at https://open.bigmodel.cn, and pass it as Chat(api_key=…) or set ZHIPUAI_API_KEY.",
    ),
    **dict.fromkeys((str(code) for code in range(1110, 1122)), _ACCOUNT),
    "1113": _Cause(
        "service.balance",
        "The account's balance is used up.",
        'Top it up at https://open.bigmodel.cn, or use a free model: chat.model = "glm-4.7-flash".',
    ),
    **dict.fromkeys(("1210", "1212", "1213", "1214", "1215"), _PARAMETER),
    "1211": _Cause(
        "service.no_model", "The service has no such model.", "chat.service.models() lists the models it has."
    ),
    **dict.fromkeys(
        ("1220", "1221", "1222"),
        _Cause(
            "service.not_permitted",
            "This key is not allowed to use this service.",
            "Check the account's permissions, or use another model.",
        ),
    ),
    "1230": _NETWORK,
    "1231": _Cause(
        "service.request_id", "The service has already seen this request id.", "Leave request_id out, or pass another."
    ),
    "1234": _NETWORK,
    "1261": _Cause(
        "service.too_long",
        "The conversation is too long for the model.",
        "Start over with chat.history.switch(NAME) or chat.history.reset(), or use a model with a longer context.",
    ),
    "1300": _Cause("service.policy", "The service's policy does not allow this request.", "Rephrase it."),
    "1301": _Cause("service.unsafe", "The service found unsafe content in the request.", "Rephrase it."),
    "1302": _Cause(
        "service.too_many",
        "Too many requests are in progress with this key.",
        "Wait for another one to finish, then try again.",
        retryable=True,
    ),
    "1303": _Cause(
        "service.too_fast",
        "Requests are coming too fast with this key.",
        "Wait a moment, then try again.",
        retryable=True,
    ),
    "1304": _Cause("service.daily_quota", "Today's quota is used up.", "Continue tomorrow, or use another model."),
    "1305": _BUSY,
    "1308": _QUOTA,
    "1309": _Cause("service.plan_expired", "The account's plan has expired.", "Renew it at https://open.bigmodel.cn."),
    "1310": _QUOTA,
    "1311": _Cause(
        "service.not_in_plan",
        "The account's plan does not include this model.",
        "chat.service.models() lists other models.",
    ),
    "1312": _BUSY,
    "1313": _Cause(
        "service.fair_use", "The service is limiting this account under its fair-use rules.", "Continue later."
    ),
}

#: Codes and finish reasons of a request that is too long for the model's context.
TOO_LONG = frozenset({"1261", "model_context_window_exceeded"})

_STATUSES: dict[int, _Cause] = {
    400: _PARAMETER,
    401: _KEY,
    403: _Cause(
        "service.access_denied",
        "The service refuses access.",
        "Check the key's permissions and the address, chat.service.base_url.",
    ),
    404: _Cause(
        "service.not_found",
        "There is no chat service at this address.",
        "Check base_url: it ends before /chat/completions, as in https://open.bigmodel.cn/api/paas/v4.",
    ),
    429: _BUSY,
    **dict.fromkeys((500, 502, 504), _NETWORK),
    503: _BUSY,
}

_NO_MODEL = _CAUSES["1211"]
_REDIRECT = _Cause(
    "service.redirect",
    "The address answers with a redirect, which is not followed, so that the key goes nowhere else.",
    "Set base_url to where the service really is; chat.service.base_url is the current address.",
)
_UNKNOWN = _Cause("service.refused", "The service refused the request.", "Its own words say more.")
NOT_JSON = _Cause(
    "service.not_a_reply",
    "The address answers, but not as a chat service does.",
    "Check the address, chat.service.base_url: a proxy or a website may be answering in its place.",
)


def service_error(
    status: int,
    body: str | bytes | Mapping[str, Any],
    *,
    request_id: str | None = None,
    retry_after: float | None = None,
    location: str | None = None,
    hide: Callable[[str], str] = str,
) -> ServiceError:
    """The error of an HTTP response that is not a reply (docs/protocol.md, "Errors").

    `location` is where a redirect points to; `retry_after` is in seconds. `hide` removes from a text what must not be
    shown. Each member is checked by type, so that an odd one does not affect the others.
    """
    parsed = body if isinstance(body, Mapping) else _parsed(body)
    error = _error_in(parsed or {})
    code = on_one_line(hide(name_of(error.get("code")) or ""), _LONGEST_CODE)
    words = hide(_words_of(error, ("message", "msg", "detail")))
    if not words and location and _is_redirect(status):
        words = f"to {hide(location)}"
    cause = _cause(status, code, words) or (NOT_JSON if parsed is None else _UNKNOWN)
    support = on_one_line(hide(_request_id(error, parsed or {}) or request_id or ""), _LONGEST_ID)
    return ServiceError(
        cause.message,
        hint=cause.hint,
        reason=cause.reason,
        detail=_detail(status, code, support, words),
        status=status,
        code=code,
        request_id=support or None,
        retry_after=retry_after,
        retryable=cause.retryable,
    )


def _is_redirect(status: int) -> bool:
    return 300 <= status < 400


def _cause(status: int, code: str, words: str) -> _Cause | None:
    """The cause, by the service's code or else by the status; None if neither is known."""
    if _is_redirect(status):
        return _REDIRECT
    if code in _CAUSES:
        return _CAUSES[code]
    return _NO_MODEL if status == 404 and "model" in words.lower() else _STATUSES.get(status)


def _request_id(*members: Mapping[str, Any]) -> str | None:
    """The request id, which the service's support asks for; the last of these members that has it counts."""
    found = (name_of(one.get("request_id")) or name_of(one.get("id")) for one in reversed(members))
    return next(filter(None, found), None)


def _detail(status: int, code: str, request_id: str, words: str) -> str:
    """The service's own code and words, for the last line of the message."""
    signs = {f"HTTP {status}": status != 200, f"code {code}": code, f"request id {request_id}": request_id}
    detail = " · ".join(sign for sign, is_known in signs.items() if is_known)
    detail += f": {on_one_line(words, _LONGEST_WORDS)}" if words else ""
    return f"({detail})" if detail else ""


def _parsed(body: str | bytes) -> Mapping[str, Any] | None:
    """The members of an error's body; None if it has none.

    A body that is cut off, nested too deep or not JSON may still contain its code, which decides whether to retry.
    """
    text = body.decode("utf-8-sig", "replace") if isinstance(body, bytes) else body
    try:
        parsed = loads(text)
    except ValueError:
        code = _CODE.search(text, 0, _WHERE_A_CODE_IS) if text.lstrip()[:1] in ("{", "[") else None
        return {"code": code[1]} if code else None
    if isinstance(parsed, list):
        parsed = next(iter(objects(parsed)), {"message": parsed})
    return parsed if isinstance(parsed, Mapping) else {"message": parsed}


def _error_in(parsed: Mapping[str, Any]) -> Mapping[str, Any]:
    """The error's own members. Other servers put them at the top level, or have only a text."""
    error = parsed.get("error")
    if isinstance(error, list):
        error = next(iter(objects(error)), {"message": error} if error else None)
    if isinstance(error, Mapping) and error:
        return {"code": parsed.get("code"), **{name: value for name, value in error.items() if value is not None}}
    if isinstance(error, str) and error:
        return {"code": parsed.get("code"), "message": error}
    if name_of(error) is not None:
        return {"code": error, **{name: value for name, value in parsed.items() if value is not None}}
    return parsed


def _words_of(error: Mapping[str, Any], names: Iterable[str]) -> str:
    """The error's message, under the first of these names that has a value; as JSON if it is not text."""
    said = next((error[name] for name in names if error.get(name)), "")
    return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)


def not_a_reply(body: str | bytes, request_id: str | None = None, *, hide: Callable[[str], str] = str) -> ServiceError:
    """The error of a 200 that contains neither a reply nor a readable error."""
    text = hide(body.decode("utf-8", "replace") if isinstance(body, bytes) else body)
    start = on_one_line(" ".join(text[:_WHERE_A_CODE_IS].split()), _LONGEST_START)
    return ServiceError(
        NOT_JSON.message,
        hint=NOT_JSON.hint,
        reason=NOT_JSON.reason,
        detail=f"(HTTP 200, beginning: {start})" if start else "(HTTP 200 with nothing in it)",
        request_id=on_one_line(hide(request_id or ""), _LONGEST_ID) or None,
    )


def on_one_line(words: str, longest: int) -> str:
    """At most so many characters, on one line, and all of them printable."""
    return printable(shortened(words.strip(), longest))


_LONGEST_CODE, _LONGEST_ID, _LONGEST_WORDS, _LONGEST_START = 64, 100, 500, 120
_WHERE_A_CODE_IS = 64 * 1024
_CODE = re.compile(r'"code"\s*:\s*"?(\w{1,20})')


def too_long(reason: str) -> ServiceError:
    """The error of a reply that ended before its first word because the context is full."""
    cause = _CAUSES["1261"]
    detail = f"(the reply ended with: {reason})"
    return ServiceError(cause.message, hint=cause.hint, reason=cause.reason, detail=detail, code=reason)
