"""What the SDK and httpx raise, in the reader's words."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from time import time

import httpx
from zhipuai.core import APIConnectionError, APIStatusError

from ..credentials import without_password
from ..errors import ConnectionFailed, GLMError, ReplyBroken, ServiceError
from ..service_errors import service_error
from .decode import request_id


def translate(error: Exception, *, begun: bool, timeout: httpx.Timeout, host: str) -> GLMError:
    """Say in the reader's words what the SDK and httpx raise. `begun`: after the first token."""
    if isinstance(error, GLMError):
        return _never_again(error) if begun else error
    if isinstance(error, APIStatusError):
        response = error.response
        return service_error(
            response.status_code,
            response.content,
            request_id=request_id(response),
            retry_after=_retry_after(response),
            location=without_password(response.headers.get("location", "")),
        )
    cause = error.__cause__ if isinstance(error, APIConnectionError) else error
    name = type(cause).__name__
    if isinstance(cause, (httpx.ReadTimeout, httpx.WriteTimeout)):
        silence = f"The service sent nothing for {timeout.read:g} seconds."
        hint = "Run the cell again, or allow more time: %config GLMMagics.timeout = 180"
        return ReplyBroken(silence, hint=hint) if begun else ConnectionFailed(silence, hint=hint, retryable=False)
    if isinstance(cause, ValueError) and not isinstance(cause, UnicodeError):
        return ReplyBroken("The reply broke off: a part of it is not valid JSON.", detail=f"({cause})")
    if begun:
        return ReplyBroken("The reply broke off: the connection was lost.", detail=f"({name}: {cause})")
    if "CERTIFICATE_VERIFY_FAILED" in str(cause):
        return ConnectionFailed(
            "The service's certificate cannot be trusted.",
            hint="Behind a proxy that looks into TLS, set SSL_CERT_FILE to its certificates.",
            detail=f"({cause})",
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
            detail=f"({cause})",
            retryable=False,
        )
    if isinstance(cause, httpx.TransportError):
        return ConnectionFailed(f"The service at {host} cannot be reached.", hint=_REACH, detail=f"({name}: {cause})")
    return ConnectionFailed("The request failed in an unexpected way.", detail=f"({name}: {cause})", retryable=False)


def without(secret: str, text: str) -> str:
    """The text with the secret taken out, and any beginning of it that a cut has left."""
    text = text.replace(secret, "…")
    for length in range(len(secret) - 1, 3, -1):
        text = text.replace(f"{secret[:length]}…", "…")
    return text


_REACH = "Check the network, the proxy settings and base_url (%glm shows it), then run the cell again."


def in_a_word(error: GLMError) -> str:
    """Why it is tried again, for the panel's one line."""
    if not isinstance(error, ServiceError):
        return "no connection"
    return "busy" if error.status in (429, 503) else "service error"


def _never_again(error: GLMError) -> GLMError:
    error.retryable = False
    return error


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that the service asks to wait: a number, or a date (RFC 9110, section 10.2.3)."""
    value = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except (TypeError, ValueError, OverflowError):
        return None
