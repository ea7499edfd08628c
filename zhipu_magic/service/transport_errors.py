"""Turns what the SDK and httpx raise into errors for the user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, NamedTuple

import httpx

from ..text.addresses import host_of, without_secrets
from ..text.errors import ConnectionFailed, GLMError, ReplyBroken, ServiceError
from ..text.languages.messages import N_, Message, _
from .decode import Refused
from .error_codes import not_a_reply, on_one_line, service_error
from .sdk import APIConnectionError


class Asked(NamedTuple):
    """What was asked: the service's address, the seconds that it had to connect and to send the next byte, a model."""

    base_url: str
    connect: float
    read: float
    model: str = ""


def translate(error: Exception, asked: Asked, *, begun: bool, hide: Callable[[str], str]) -> GLMError:
    """The error for what the SDK or httpx raised. `begun` says whether the first token had come.

    `hide` removes from a text what must not be shown.
    """
    cause = error.__cause__ if isinstance(error, APIConnectionError) else error
    if isinstance(cause, GLMError):
        found: GLMError = cause
    elif isinstance(cause, Refused):
        found = _refusal(cause, asked, hide)
    else:
        words = on_one_line(hide(str(cause)), _LONGEST)
        failure = _failure(cause, words, begun=begun)
        seconds = asked.connect if failure is _NO_ANSWER else asked.read
        known: dict[str, Any] = {"host": host_of(asked.base_url), "seconds": seconds, "longer": 3 * seconds}
        found = (ReplyBroken if begun or failure is _NOT_JSON else ConnectionFailed)(
            failure.message,
            hint=failure.hint,
            reason=failure.reason,
            detail=Message(failure.detail, kind=type(cause).__name__, words=words) if failure.detail else "",
            **{name: value for name, value in known.items() if f"{{{name}" in failure.message + failure.hint},
        )
        found.retryable = failure.retryable
        if isinstance(found, ConnectionFailed):
            found.may_have_arrived = isinstance(cause, httpx.TransportError) and not isinstance(cause, _NEVER_SENT)
    if begun:
        found.retryable = False
        if isinstance(found, ServiceError):
            found.begun = True
    return found


@dataclass(frozen=True)
class _Failure:
    """What went wrong on the way: its reason (see `GLMError`), what to do about it, and whether to try again."""

    reason: str
    message: str
    hint: str = ""
    detail: str = N_("({kind}: {words})")
    """With the class of what was raised, and its words."""
    retryable: bool = False


def _failure(cause: BaseException | None, words: str, *, begun: bool) -> _Failure:
    if isinstance(cause, (httpx.ReadTimeout, httpx.WriteTimeout)):
        return _SILENCE
    if isinstance(cause, ValueError) and not isinstance(cause, UnicodeError):
        return _NOT_JSON
    if begun:
        return _LOST
    if "CERTIFICATE_VERIFY_FAILED" in words:
        return _CERTIFICATE
    if isinstance(cause, httpx.ConnectTimeout):
        return _NO_ANSWER
    if isinstance(cause, httpx.ProxyError):
        return _PROXY
    return _UNREACHABLE if isinstance(cause, httpx.TransportError) else _UNEXPECTED


#: Where these are raised, the service has not had the request.
_NEVER_SENT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout),
    *(httpx.ProxyError, httpx.UnsupportedProtocol, httpx.LocalProtocolError),
)
_REACH = N_("Check the network, the proxy settings and the address, chat.service.base_url; then try again.")
_OWN_WORDS = N_("({words})")
_SILENCE = _Failure(
    "service.silent",
    "The service sent nothing for {seconds:g} seconds.",
    "Try again, or allow more: timeout={longer:g}.",
    detail="",
)
_NOT_JSON = _Failure("reply.not_json", "The reply broke off: part of it is not valid JSON.", detail=_OWN_WORDS)
_LOST = _Failure("reply.lost", "The reply broke off: the connection was lost.")
_CERTIFICATE = _Failure(
    "connection.certificate",
    "The service's certificate cannot be trusted.",
    "Behind a proxy that inspects TLS, set SSL_CERT_FILE to its certificates.",
    detail=_OWN_WORDS,
)
_NO_ANSWER = _Failure(
    "connection.no_answer",
    "The service at {host} did not answer within {seconds:g} seconds.",
    _REACH,
    detail="",
    retryable=True,
)
_PROXY = _Failure(
    "connection.proxy_refused",
    "The proxy refused the connection.",
    "Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY.",
    detail=_OWN_WORDS,
)
_UNREACHABLE = _Failure("connection.unreachable", "The service at {host} cannot be reached.", _REACH, retryable=True)
_UNEXPECTED = _Failure("connection.unexpected", "The request failed in an unexpected way.")


def _refusal(refused: Refused, asked: Asked, hide: Callable[[str], str]) -> ServiceError:
    response, said = refused.response, refused.said
    # What the service's support asks for, under whichever name the response has it.
    request_id: str | None = response.headers.get("x-log-id") or response.headers.get("x-request-id")
    if not refused.is_error and isinstance(said, bytes):
        return not_a_reply(said, request_id, hide=hide)
    return service_error(
        response.status_code,
        said,
        base_url=asked.base_url,
        model=asked.model,
        request_id=request_id,
        retry_after=_retry_after(response),
        location=without_secrets(response.headers.get("location", "")),
        hide=hide,
    )


#: Characters of a library's own message.
_LONGEST = 300


def in_a_word(error: GLMError) -> str:
    """Why the request is sent again, for the panel's one line."""
    if not isinstance(error, ServiceError):
        return _("no connection")
    return _("service error") if error.reason == "service.fault" else _("busy")


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that the service asks to wait: a number, or a date (RFC 9110, section 10.2.3)."""
    value = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
