"""What the SDK and httpx raise, in the reader's words."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from time import time
from urllib.parse import urlsplit, urlunsplit

import httpx
from zhipuai.core import APIConnectionError

from ..text.errors import ConnectionFailed, GLMError, ReplyBroken, ServiceError
from .decode import Refused
from .error_codes import not_a_reply, on_one_line, service_error


def translate(
    error: Exception, *, begun: bool, timeout: httpx.Timeout, host: str, hide: Callable[[str], str]
) -> GLMError:
    """Say in the reader's words what the SDK and httpx raise. `begun`: after the first token.

    `hide` takes out of a text what must not be shown.
    """
    told = _told(error.__cause__ if isinstance(error, APIConnectionError) else error, begun, timeout, host, hide)
    if begun:
        told.retryable = False
    return told


def _told(
    cause: BaseException | None, begun: bool, timeout: httpx.Timeout, host: str, hide: Callable[[str], str]
) -> GLMError:
    if isinstance(cause, GLMError):
        return cause
    if isinstance(cause, Refused):
        return _refusal(cause, hide)
    words = on_one_line(hide(str(cause)), _LONGEST)
    name = type(cause).__name__
    if isinstance(cause, (httpx.ReadTimeout, httpx.WriteTimeout)):
        silence = f"The service sent nothing for {timeout.read:g} seconds."
        hint = "Run the cell again, or allow more time: %config GLMMagics.timeout = 180"
        return ReplyBroken(silence, hint=hint) if begun else ConnectionFailed(silence, hint=hint, retryable=False)
    if isinstance(cause, ValueError) and not isinstance(cause, UnicodeError):
        return ReplyBroken("The reply broke off: a part of it is not valid JSON.", detail=f"({words})")
    if begun:
        return ReplyBroken("The reply broke off: the connection was lost.", detail=f"({name}: {words})")
    if "CERTIFICATE_VERIFY_FAILED" in words:
        return ConnectionFailed(
            "The service's certificate cannot be trusted.",
            hint="Behind a proxy that looks into TLS, set SSL_CERT_FILE to its certificates.",
            detail=f"({words})",
            retryable=False,
        )
    if isinstance(cause, httpx.ConnectTimeout):
        return ConnectionFailed(
            f"The service at {host} did not answer within {timeout.connect:g} seconds.", hint=_REACH
        )
    if isinstance(cause, httpx.ProxyError):
        return ConnectionFailed(
            "The proxy refused the connection.",
            hint="Look at HTTPS_PROXY, HTTP_PROXY and ALL_PROXY.",
            detail=f"({words})",
            retryable=False,
        )
    if isinstance(cause, httpx.TransportError):
        return ConnectionFailed(f"The service at {host} cannot be reached.", hint=_REACH, detail=f"({name}: {words})")
    return ConnectionFailed("The request failed in an unexpected way.", detail=f"({name}: {words})", retryable=False)


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
        location=_place(response.headers.get("location", "")),
        hide=hide,
    )


def _place(location: str) -> str:
    """Where a redirect points to, without what may be secret: a name, a password, the query."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


#: Letters of what a library says.
_LONGEST = 300
_REACH = "Check the network, the proxy settings and base_url (%glm shows it), then run the cell again."


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
