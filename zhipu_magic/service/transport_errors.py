"""What the SDK and httpx raise, in the user's words."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from time import time

import httpx
from zhipuai.core import APIConnectionError

from ..text.addresses import without_secrets
from ..text.errors import ConnectionFailed, GLMError, ReplyBroken, ServiceError
from .decode import Refused
from .error_codes import not_a_reply, on_one_line, service_error


def translate(
    error: Exception, *, begun: bool, timeout: httpx.Timeout, host: str, hide: Callable[[str], str]
) -> GLMError:
    """What the SDK or httpx raised, in the user's words. `begun`: after the first token.

    `hide` removes from a text what must not be shown.
    """
    cause = error.__cause__ if isinstance(error, APIConnectionError) else error
    if isinstance(cause, GLMError):
        found: GLMError = cause
    elif isinstance(cause, Refused):
        found = _refusal(cause, hide)
    else:
        words = on_one_line(hide(str(cause)), _LONGEST)
        found = _broken(cause, words, timeout) if begun else _failed(cause, words, timeout, host)
    if begun:
        found.retryable = False
    return found


_SILENCE, _MORE_TIME = "The service sent nothing for {seconds:g} seconds.", "Try again, or allow more: timeout=180."


def _is_not_json(cause: BaseException | None) -> bool:
    return isinstance(cause, ValueError) and not isinstance(cause, UnicodeError)


def _broken(cause: BaseException | None, words: str, timeout: httpx.Timeout) -> GLMError:
    """The error of a reply that had begun."""
    if isinstance(cause, (httpx.ReadTimeout, httpx.WriteTimeout)):
        return ReplyBroken(_SILENCE, hint=_MORE_TIME, reason="service.silent", seconds=timeout.read)
    if _is_not_json(cause):
        return _not_json(words)
    return ReplyBroken(
        "The reply broke off: the connection was lost.",
        reason="reply.lost",
        detail=f"({type(cause).__name__}: {words})",
    )


def _not_json(words: str) -> GLMError:
    return ReplyBroken(
        "The reply broke off: part of it is not valid JSON.", reason="reply.not_json", detail=f"({words})"
    )


def _failed(cause: BaseException | None, words: str, timeout: httpx.Timeout, host: str) -> GLMError:
    """The error of a request that no reply came to."""
    if isinstance(cause, (httpx.ReadTimeout, httpx.WriteTimeout)):
        return ConnectionFailed(
            _SILENCE, hint=_MORE_TIME, reason="service.silent", seconds=timeout.read, retryable=False
        )
    if _is_not_json(cause):
        return _not_json(words)
    if "CERTIFICATE_VERIFY_FAILED" in words:
        return ConnectionFailed(
            "The service's certificate cannot be trusted.",
            hint="Behind a proxy that inspects TLS, set SSL_CERT_FILE to its certificates.",
            reason="connection.certificate",
            detail=f"({words})",
            retryable=False,
        )
    if isinstance(cause, httpx.ConnectTimeout):
        return ConnectionFailed(
            "The service at {host} did not answer within {seconds:g} seconds.",
            hint=_REACH,
            reason="connection.no_answer",
            host=host,
            seconds=timeout.connect,
        )
    if isinstance(cause, httpx.ProxyError):
        return ConnectionFailed(
            "The proxy refused the connection.",
            hint="Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY.",
            reason="connection.proxy_refused",
            detail=f"({words})",
            retryable=False,
        )
    if isinstance(cause, httpx.TransportError):
        return ConnectionFailed(
            "The service at {host} cannot be reached.",
            hint=_REACH,
            reason="connection.unreachable",
            detail=f"({type(cause).__name__}: {words})",
            host=host,
        )
    return ConnectionFailed(
        "The request failed in an unexpected way.",
        reason="connection.unexpected",
        detail=f"({type(cause).__name__}: {words})",
        retryable=False,
    )


def _refusal(refused: Refused, hide: Callable[[str], str]) -> ServiceError:
    response, said = refused.response, refused.said
    # What the service's support asks for, by whichever name the answer bears it.
    request_id: str | None = response.headers.get("x-log-id") or response.headers.get("x-request-id")
    if not refused.is_error and isinstance(said, bytes):
        return not_a_reply(said, request_id, hide=hide)
    return service_error(
        response.status_code,
        said,
        request_id=request_id,
        retry_after=_retry_after(response),
        location=without_secrets(response.headers.get("location", "")),
        hide=hide,
    )


#: Letters of what a library says.
_LONGEST = 300
_REACH = "Check the network, the proxy settings and the address, chat.service.base_url; then try again."


def in_a_word(error: GLMError) -> str:
    """Why it is tried again, for the panel's one line."""
    if not isinstance(error, ServiceError):
        return "no connection"
    return "busy" if error.status in (429, 503) else "service error"


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
