"""An error of the service: its body is read, whatever its form, and told by its cause (see `error_causes`)."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..text.addresses import host_of
from ..text.characters import printable, shortened
from ..text.errors import ReplyBroken, ServiceError
from ..text.languages.joined import comma, dotted
from ..text.languages.messages import Message, _
from ..text.languages.numbers import duration
from ..text.untrusted_json import loads
from .error_causes import CAUSES, NOT_JSON, STATUSES_BY_TYPE, TOO_LONG, UNKNOWN, Cause, cause_of, context_in
from .models import CATALOGUE, FREE
from .profile import DEFAULT_BASE_URL, profile_of
from .response_members import count_of, name_of, objects
from .wire import is_fault

#: Seconds: if a service asks for a longer wait than this, the request fails at once.
LONGEST_WAIT = 60.0


def service_error(
    status: int,
    body: str | bytes | Mapping[str, Any],
    *,
    base_url: str = DEFAULT_BASE_URL,
    model: str = "",
    request_id: str | None = None,
    retry_after: float | None = None,
    location: str | None = None,
    hide: Callable[[str], str] = str,
) -> ServiceError:
    """The error of an HTTP response that is not a reply (docs/protocol.md, "Errors").

    `base_url` and `model` are what was asked, `location` where a redirect points to; `retry_after` is in seconds.
    `hide` removes from a text what must not be shown. Each member is checked by type, so that an odd one does not
    affect the others.
    """
    parsed = body if isinstance(body, Mapping) else _parsed(body)
    error = _error_in(parsed or {})
    code = on_one_line(hide(name_of(error.get("code")) or ""), _LONGEST_CODE)
    words = hide(_words_of(error))
    kind = hide(name_of(error.get("type")) or "")
    cause = _cause(_status_of(status, error), code, kind, words) or (NOT_JSON if parsed is None else UNKNOWN)
    shown: str = on_one_line(words, _LONGEST_WORDS)
    if not words and location and 300 <= status < 400:
        shown = _("to {location}", location=on_one_line(hide(location), _LONGEST_WORDS))
    support = on_one_line(hide(_request_id(error, parsed or {}) or request_id or ""), _LONGEST_ID)
    shared: dict[str, Any] = {
        "detail": _detail(status, code, support, shown),
        "status": status,
        "code": code,
        "request_id": support or None,
        "retry_after": retry_after,
        "context_tokens": (count_of(error.get("n_ctx")) or context_in(words)) if cause is TOO_LONG else None,
    }
    wait = min(retry_after or 0.0, _LONGEST_TOLD)
    if cause.retryable and wait > LONGEST_WAIT:
        return ServiceError(
            "{said} It asks to wait {wait}, until {time}.",
            hint="Try again then.",
            reason="service.wait",
            said=Message(cause.message),
            wait=duration(wait),
            time=_time_after(wait),
            **shared,
        )
    shared |= {**_facts(base_url, model), "until": _end_of_limit(words)}
    return ServiceError(cause.message, hint=cause.hint, reason=cause.reason, retryable=cause.retryable, **shared)


def _status_of(status: int, error: Mapping[str, Any]) -> int:
    """The status of an error; where it comes in a reply, the one that it names itself, by number or by its type."""
    if status != 200:
        return status
    numbers = (count_of(error.get(name)) for name in ("code", "status", "status_code"))
    named = (STATUSES_BY_TYPE.get(name_of(error.get(name)) or "") for name in ("code", "type"))
    return next((found for found in (*numbers, *named) if found is not None and 400 <= found < 600), status)


def _cause(status: int, code: str, kind: str, words: str) -> Cause | None:
    return cause_of(status, kind if kind in CAUSES and code not in CAUSES else code, words)


def _facts(base_url: str, model: str) -> dict[str, str]:
    """Where the keys and accounts of the service at this address are, and what else could be asked than this model."""
    profile, host = profile_of(base_url), host_of(base_url)
    page = profile.key_page
    if page:
        keys = _("keys are created at {page} (API keys)", page=page)
    else:
        keys = _("it must be the one that {host} expects", host=host)
    free = comma(name for name, known in CATALOGUE.items() if known.prices == FREE and name != model.lower())
    known = {"host": host, "keys": keys, "account": page or host, "plan": profile.plan_name}
    return {**known, "model": model or _("the one that was asked"), "free": free}


def _time_after(seconds: float) -> str:
    """The time of day after so many seconds, with the date if that is another day."""
    now = datetime.now()
    then = now + timedelta(seconds=seconds)
    return then.strftime("%H:%M" if then.date() == now.date() else "%Y-%m-%d %H:%M")


def _end_of_limit(words: str) -> str:
    """When a limit ends, as the service's words have it."""
    found = _TIME.search(words)
    return _("{time} (the service's time)", time=found[0]) if found else _("it renews")


_LONGEST_TOLD = 10 * 365 * 86_400.0
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?")


def _request_id(*members: Mapping[str, Any]) -> str | None:
    """The request id, which the service's support asks for; the last of these members that has it counts."""
    found = (name_of(one.get("request_id")) or name_of(one.get("id")) for one in reversed(members))
    return next(filter(None, found), None)


def _detail(status: int, code: str, request_id: str, words: str) -> str:
    """The service's own code and words, for the last line of the message."""
    signs = (
        f"HTTP {status}" if status != 200 else "",
        _("code {code}", code=code) if code else "",
        _("request id {id}", id=request_id) if request_id else "",
    )
    detail = dotted(signs)
    if detail and words:
        return _("({signs}: {words})", signs=detail, words=words)
    return _("({words})", words=detail or words) if detail or words else ""


def _parsed(body: str | bytes) -> Mapping[str, Any] | None:
    """The members of an error's body; None if it has none.

    A body that is cut off, nested too deep or not JSON may still contain its code, which decides whether to retry; or
    it is a text, or a page with a title.
    """
    text = body.decode("utf-8-sig", "replace") if isinstance(body, bytes) else body
    try:
        parsed = loads(text)
    except ValueError:
        start = text.lstrip()[:1]
        if start in ("{", "["):
            code = _CODE.search(text, 0, _WHERE_A_CODE_IS)
            return {"code": code[1] if code else None, "message": text}
        title = _TITLE.search(text, 0, _WHERE_A_CODE_IS)
        words = (html.unescape(title[1]) if title else "") if start == "<" else text.strip()
        return {"message": words} if words else None
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
    if isinstance(errors := parsed.get("errors"), list) and errors:
        return {"code": parsed.get("code"), **next(iter(objects(errors)), {"message": errors})}
    if name_of(error) is not None:
        return {"code": error, **{name: value for name, value in parsed.items() if value is not None}}
    return parsed


def _words_of(error: Mapping[str, Any]) -> str:
    """The error's message, under the first of its names that has a value."""
    said = next((error[name] for name in ("message", "msg", "detail") if error.get(name)), "")
    if isinstance(said, str):
        return said
    if isinstance(said, list) and said:
        return "; ".join(map(_problem, said[:_MOST_PROBLEMS]))
    return json.dumps(said, ensure_ascii=False)


def _problem(said: Any) -> str:
    """One of several problems: a text, or what FastAPI says of a member."""
    if not (isinstance(said, Mapping) and isinstance(said.get("msg"), str)):
        return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    place = said.get("loc")
    where = ".".join(filter(None, map(name_of, place))) if isinstance(place, list) else ""
    return f"{where}: {said['msg']}" if where else said["msg"]


def not_a_reply(body: str | bytes, request_id: str | None = None, *, hide: Callable[[str], str] = str) -> ServiceError:
    """The error of a 200 that contains neither a reply nor a readable error."""
    text = hide(body.decode("utf-8", "replace") if isinstance(body, bytes) else body)
    start = on_one_line(" ".join(text[:_WHERE_A_CODE_IS].split()), _LONGEST_START)
    return ServiceError(
        NOT_JSON.message,
        hint=NOT_JSON.hint,
        reason=NOT_JSON.reason,
        detail=_("(HTTP 200, beginning: {start})", start=start) if start else _("(HTTP 200 with nothing in it)"),
        request_id=on_one_line(hide(request_id or ""), _LONGEST_ID) or None,
    )


def on_one_line(words: str, longest: int) -> str:
    """At most so many characters, on one line, and all of them printable."""
    return printable(shortened(words.strip(), longest))


_LONGEST_CODE, _LONGEST_ID, _LONGEST_WORDS, _LONGEST_START = 64, 100, 500, 120
_WHERE_A_CODE_IS = 64 * 1024
_MOST_PROBLEMS = 5
_CODE = re.compile(r'"code"\s*:\s*"?(\w{1,20})')
_TITLE = re.compile(r"<title[^>]{0,100}>([^<]{1,200})", re.IGNORECASE)


def ended_badly(reason: str, words: str = "") -> ReplyBroken:
    """The error of a reply that the service ended for this reason before the model was done; `words` are its own."""
    found = ReplyBroken(
        "The reply broke off: the service ended it with {finish_reason!r}.",
        hint="Try again; if it happens again, rephrase the prompt.",
        detail=_("({words})", words=words) if words else "",
        reason="reply.ended_badly",
        finish_reason=reason,
    )
    found.retryable = is_fault(reason)
    return found


def too_long(reason: str) -> ServiceError:
    """The error of a reply that ended before its first word because the context is full."""
    detail = _("(the reply ended with: {reason})", reason=reason)
    return ServiceError(TOO_LONG.message, hint=TOO_LONG.hint, reason=TOO_LONG.reason, detail=detail, code=reason)
