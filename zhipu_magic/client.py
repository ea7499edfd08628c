"""The service, through the SDK's own client: authentication, address and proxies are the SDK's; decoding and the
retry policy are not (wire.md, *Traps in the SDK*: 3, 5, 6 and 7).
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

import httpx
from httpx_sse import EventSource
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter
from zhipuai import ZhipuAI
from zhipuai.core import APIConnectionError, APIStatusError, StreamResponse
from zhipuai.types.chat.chat_completion import Completion
from zhipuai.types.chat.chat_completion_chunk import ChatCompletionChunk

from .credentials import Endpoint, host_of, without_password
from .errors import ConnectionFailed, GLMError, ReplyBroken, ServiceError, SettingsError
from .exchange import Emit
from .reply import Retry
from .service_errors import not_a_reply, service_error
from .wire import DONE, Chunk, objects

CONNECT_SECONDS = 8.0
#: Seconds for which a connection is kept for the next cell; httpx's five are less than a reader takes to write one.
KEEP_ALIVE = 120.0
#: A service that asks for a longer wait than this is taken at its word, and the cell fails at once.
LONGEST_WAIT = 60.0

_backoff = wait_exponential_jitter(initial=1, max=20, jitter=1)


def build_completion(body: Mapping[str, Any]) -> Completion:
    """The SDK's `Completion` of a reply's body, made as the SDK makes it, so that unknown members are kept."""
    completion: Completion = Completion.construct(**body)
    return completion


class Client:
    """One connection pool to one service. `timeout` is in seconds without a byte."""

    def __init__(self, endpoint: Endpoint, *, timeout: float, max_retries: int) -> None:
        self.endpoint = endpoint
        self._timeout = timeout
        self._max_retries = max_retries
        self._sockets: set[socket.socket] = set()
        self._exchange = threading.local()
        try:
            self._http = httpx.Client(
                timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
                limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE),
                event_hooks={"request": [self._watch]},
                trust_env=not endpoint.is_local,
            )
        except ImportError:
            raise SettingsError(
                "The environment names a SOCKS proxy, and support for it is not installed.",
                hint='pip install "httpx[socks]", or unset ALL_PROXY.',
            ) from None
        except OSError as error:
            raise SettingsError(
                "The certificates that the environment names cannot be read.",
                hint="Look at SSL_CERT_FILE and SSL_CERT_DIR.",
                detail=f"({error})",
            ) from None
        except (ValueError, httpx.InvalidURL):
            raise SettingsError(
                "The proxy that the environment names cannot be used.",
                hint="Look at HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; they look like http://host:port.",
            ) from None
        self._sdk = ZhipuAI(
            api_key=endpoint.key,
            base_url=endpoint.base_url,
            max_retries=0,
            http_client=self._http,
            timeout=self._http.timeout,
        )

    def send(self, body: Mapping[str, Any], emit: Emit, cancelled: threading.Event) -> None:
        """Ask, and emit the reply's chunks as they come; ask again by `wire`'s table until the first token.

        Raises GLMError. Meant for a thread of its own (see `exchange`).
        """
        self._exchange.cancelled = cancelled

        def before_sleep(state: RetryCallState) -> None:
            assert state.outcome is not None and state.next_action is not None
            error = state.outcome.exception()
            assert isinstance(error, GLMError)
            emit(Retry(state.attempt_number, self._max_retries, state.next_action.sleep, _in_a_word(error)))

        def sleep(seconds: float) -> None:
            cancelled.wait(seconds)

        def again(error: BaseException) -> bool:
            too_long = isinstance(error, ServiceError) and (error.retry_after or 0) > LONGEST_WAIT
            return isinstance(error, GLMError) and error.retryable and not too_long and not cancelled.is_set()

        Retrying(
            stop=stop_after_attempt(self._max_retries + 1),
            wait=_wait,
            retry=retry_if_exception(again),
            before_sleep=before_sleep,
            sleep=sleep,
            reraise=True,
        )(self._ask, body, emit, cancelled)

    def models(self) -> list[str]:
        """The names of the models that the service offers. Raises GLMError."""
        self._exchange.cancelled = threading.Event()
        try:
            answer = self._sdk.get("/models", cast_type=object)
        except Exception as error:
            raise self._told(error, begun=False) from None
        models = objects(answer.get("data")) if isinstance(answer, Mapping) else []
        if not models:
            raise not_a_reply(str(answer))
        return [str(model.get("id")) for model in models]

    def hang_up(self) -> None:
        """Wake every thread that waits in a socket of this client, by shutting the sockets."""
        for connection in list(self._sockets):
            with suppress(OSError):  # closed already
                # The base class's own: that of a TLS socket would take its state away under the reader.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def close(self) -> None:
        self._http.close()

    def _ask(self, body: Mapping[str, Any], emit: Emit, cancelled: threading.Event) -> None:
        if cancelled.is_set():
            return
        begun = False
        try:
            for chunk in self._stream(body):
                if cancelled.is_set():
                    return
                begun = begun or _brings_a_token(chunk)
                emit(chunk)
        except Exception as error:
            if not cancelled.is_set():
                raise self._told(error, begun) from None

    def _stream(self, body: Mapping[str, Any]) -> Iterator[Chunk]:
        # `stream=True` is for the HTTP response, also where a plain reply is asked for: an interrupt can then cut it.
        stream = self._sdk.post(
            "/chat/completions", body=body, cast_type=ChatCompletionChunk, stream=True, stream_cls=_ChunkStream
        )
        with closing(stream.response):
            yield from stream

    def _told(self, error: Exception, begun: bool) -> GLMError:
        """The failure in the reader's words, with the key taken out of whatever the other side said."""
        told = _translate(error, begun=begun, timeout=self._timeout, host=host_of(self.endpoint.base_url))
        for secret in (self.endpoint.key, self.endpoint.key.partition(".")[2]):
            if len(secret) > 3:
                told.detail = _without(secret, told.detail)
                if isinstance(told, ServiceError) and told.request_id:
                    told.request_id = _without(secret, told.request_id)
        return told

    # To hang up needs the sockets, which httpx shows to those who trace a request.

    def _watch(self, request: httpx.Request) -> None:
        cancelled: threading.Event = self._exchange.cancelled

        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
                self._sockets = {known for known in self._sockets if known.fileno() != -1}
                self._sockets.add(info["return_value"].get_extra_info("socket"))
                if cancelled.is_set():
                    info["return_value"].close()
                    raise ConnectionFailed("The reader stopped the request while it was connecting.")

        request.extensions["trace"] = trace


class _ChunkStream(StreamResponse[ChatCompletionChunk]):  # type: ignore[misc]
    """Decodes a reply, streamed or plain, into chunks: a twentieth of the time that the SDK's own loop takes."""

    def __stream__(self) -> Iterator[Chunk]:
        response: httpx.Response = self.response
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            # Asked for plain, or a server that cannot stream: the body is the whole reply.
            yield _checked(_parse_plain(response), response)
            yield DONE
            return
        response.encoding = "utf-8-sig"  # an event stream is always UTF-8, and may begin with its mark
        for event in EventSource(response).iter_sse():
            if event.data == "[DONE]":
                yield DONE
            elif event.data:  # an event may have none, such as a ping
                yield _checked(_loads(event.data), response)


def _parse_plain(response: httpx.Response) -> Any:
    body = response.read()
    try:
        parsed = _loads(body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, Mapping) or not (parsed.get("choices") or parsed.get("error")):
        raise not_a_reply(body, _request_id(response))
    return parsed


def _loads(text: str | bytes) -> Any:
    """JSON, without the NaN and Infinity that Python reads in it and no front end takes."""
    return json.loads(text, parse_constant=lambda name: None)


def _checked(chunk: Any, response: httpx.Response) -> Chunk:
    """The chunk, if it is one and not an error in its place."""
    if not isinstance(chunk, Mapping):
        raise ValueError("not an object")
    if chunk.get("error"):
        raise service_error(200, json.dumps(chunk), request_id=_request_id(response))
    return chunk


def _brings_a_token(chunk: Chunk) -> bool:
    for choice in objects(chunk.get("choices")):
        delta = choice.get("delta") or choice.get("message")
        names = ("content", "reasoning_content", "reasoning", "tool_calls")
        if isinstance(delta, Mapping) and any(delta.get(name) for name in names):
            return True
    return False


def _translate(error: Exception, *, begun: bool, timeout: float, host: str) -> GLMError:
    """Say in the reader's words what the SDK and httpx raise. `begun`: after the first token."""
    if isinstance(error, GLMError):
        return _never_again(error) if begun else error
    if isinstance(error, APIStatusError):
        response = error.response
        return service_error(
            response.status_code,
            response.content,
            request_id=_request_id(response),
            retry_after=_retry_after(response),
            location=without_password(response.headers.get("location", "")),
        )
    cause = error.__cause__ if isinstance(error, APIConnectionError) else error
    name = type(cause).__name__
    if isinstance(cause, (httpx.ReadTimeout, httpx.WriteTimeout)):
        silence = f"The service sent nothing for {timeout:g} seconds."
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
            f"The service at {host} did not answer within {CONNECT_SECONDS:g} seconds.", hint=_REACH
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


def _without(secret: str, text: str) -> str:
    text = text.replace(secret, "…")
    # The text may have been cut short in the middle of it.
    for length in range(len(secret) - 1, 3, -1):
        text = text.replace(f"{secret[:length]}…", "…")
    return text


_REACH = "Check the network, the proxy settings and base_url (%glm shows it), then run the cell again."


def _in_a_word(error: GLMError) -> str:
    """Why it is tried again, for the panel's one line."""
    if not isinstance(error, ServiceError):
        return "no connection"
    return "busy" if error.status in (429, 503) else "service error"


def _never_again(error: GLMError) -> GLMError:
    error.retryable = False
    return error


def _wait(state: RetryCallState) -> float:
    assert state.outcome is not None
    error = state.outcome.exception()
    asked = error.retry_after if isinstance(error, ServiceError) else None
    return _backoff(state) if asked is None else asked


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


def _request_id(response: httpx.Response) -> str | None:
    request_id: str | None = response.headers.get("x-log-id") or response.headers.get("x-request-id")
    return request_id
