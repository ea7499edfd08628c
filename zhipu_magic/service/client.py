"""One connection to the service, through the SDK's client. Authentication, address and proxies are the SDK's; decoding
and retries are our own (docs/protocol.md, "Traps in the SDK", 3 and 5).
"""

from __future__ import annotations

import json
import random
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from typing import Any, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from ..text.errors import ConnectionFailed, GLMError, ServiceError
from .api_key import Hide
from .decode import brings_a_token, chunks_of, finish_reason
from .endpoint import Endpoint, not_an_address
from .error_causes import CAUSES, TOO_LONG
from .error_codes import too_long
from .exchange import Emit
from .http_client import CONNECT_SECONDS, Line, http_client
from .model_list import listed_models
from .models import find
from .places import Places, places_of
from .profile import LONG_TIMEOUT, USUAL_TIMEOUT
from .sdk import Completion, ZhipuAI
from .shown import Shown
from .stream import Chunk, Retry
from .transport_errors import Asked, in_a_word, translate

Found = TypeVar("Found")

#: Characters: removing a shorter key would take pieces of words out of a message.
_SHORTEST_KEY = 4

_LONGEST_BACKOFF = 20.0
_backoff = wait_exponential(max=_LONGEST_BACKOFF)
#: Spreads the tries of many clients. The generator of `random` is the user's, who may have seeded it.
_jitter = random.Random()


def build_completion(body: Mapping[str, Any]) -> Completion:
    """The SDK's `Completion` of a reply's body, made as the SDK makes it, so that unknown members stay."""
    completion: Completion = Completion.construct(**_without_reserved(body))
    return completion


def _without_reserved(value: Any) -> Any:
    """The value without members whose names are arguments of the SDK's constructors, which get members by name."""
    if isinstance(value, Mapping):
        return {name: _without_reserved(member) for name, member in value.items() if name not in _RESERVED}
    return [_without_reserved(item) for item in value] if isinstance(value, list) else value


_RESERVED = frozenset({"cls", "self", "_fields_set"})


class Client:
    """One connection to one service, for one exchange at a time, so that hanging up ends no other.

    What the service shows of itself is kept in `shown`. `timeout` is in seconds without a byte, `keep_alive` in seconds
    without a request. `context` holds the certificates, which are shared because they take long to load.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        shown: Shown,
        timeout: float,
        keep_alive: float,
        max_retries: int,
        context: ssl.SSLContext,
    ) -> None:
        self.endpoint = endpoint
        self.was_hung_up = False
        self._waits_for: Places | None = None
        self._first: httpx.Request | None = None
        self._max_retries = max_retries
        self._timeout = timeout
        self._shown = shown
        self._line = Line(secure=endpoint.base_url.startswith("https:"), seconds=timeout)
        # In errors even a key that may be a word is hidden: a refusal is often about the key.
        self._hide = Hide([endpoint.key] if len(endpoint.key) >= _SHORTEST_KEY else [])
        self._http = http_client(endpoint, timeout=timeout, keep_alive=keep_alive, context=context, watch=self._watch)
        try:
            self._sdk = ZhipuAI(
                api_key=endpoint.key,
                base_url=endpoint.base_url,
                max_retries=0,
                http_client=self._http,
                timeout=self._http.timeout,
            )
        except (ValueError, httpx.InvalidURL):
            raise not_an_address(endpoint.base_url) from None

    def send(self, body: Mapping[str, Any], emit: Emit, cancelled: threading.Event) -> None:
        """Send the request, and emit the chunks as they come. Until the first token, retry what `error_codes` allows.

        Raises GLMError. Meant for a separate thread (see `exchange`).
        """
        self._line.cancelled = cancelled

        def before_sleep(state: RetryCallState) -> None:
            assert state.outcome is not None and state.next_action is not None
            error = state.outcome.exception()
            assert isinstance(error, GLMError)
            emit(Retry(state.attempt_number, self._max_retries, state.next_action.sleep, in_a_word(error)))

        def sleep(seconds: float) -> None:
            cancelled.wait(seconds)

        def again(error: BaseException) -> bool:
            return isinstance(error, GLMError) and error.retryable and not cancelled.is_set()

        Retrying(
            stop=stop_after_attempt(self._max_retries + 1),
            wait=_wait,
            retry=retry_if_exception(again),
            before_sleep=before_sleep,
            sleep=sleep,
            reraise=True,
        )(self._ask_in_a_place, body, emit, cancelled)

    def try_once(self, body: Mapping[str, Any], emit: Emit, cancelled: threading.Event) -> None:
        """Send the request once, and emit the chunks as they come. Raises GLMError. Meant for a separate thread.

        The caller has taken a place for it (see `places`).
        """
        self._line.cancelled = cancelled
        self._ask(body, emit, cancelled)

    def models(self, cancelled: threading.Event | None = None) -> list[str]:
        """The models that the service offers; the contexts that it tells are known from now on. Raises GLMError."""

        def listed(response: httpx.Response) -> list[str]:
            return listed_models(response, self._shown, self._hide)

        return self.call(
            lambda sdk: sdk.get("/models", cast_type=httpx.Response, stream=True), listed, cancelled=cancelled
        )

    def call(
        self,
        send: Callable[[ZhipuAI], httpx.Response],
        read: Callable[[httpx.Response], Found],
        *,
        tries: int = 1,
        seconds: float | None = None,
        cancelled: threading.Event | None = None,
        again: Callable[[GLMError], bool] = lambda error: error.retryable,
        model: str = "",
    ) -> Found:
        """What `read` makes of the response to a request that `send` makes with the SDK. Raises GLMError.

        It is sent again where the error is one to try `again` after, up to so many `tries`, and as long as it is not
        `cancelled`. `seconds` is how long the service may be silent, if that is longer than usual; `model` is the one
        that is asked.
        """
        self._line.cancelled = stopped = cancelled or threading.Event()
        self._line.seconds = max(self._timeout, seconds or 0.0)

        def sleep(seconds: float) -> None:
            stopped.wait(seconds)

        def to_try_again(error: BaseException) -> bool:
            return isinstance(error, GLMError) and not stopped.is_set() and again(error)

        found: Found = Retrying(
            stop=stop_after_attempt(tries),
            wait=_wait,
            retry=retry_if_exception(to_try_again),
            sleep=sleep,
            reraise=True,
        )(self._call, send, read, model)
        return found

    def _call(
        self, send: Callable[[ZhipuAI], httpx.Response], read: Callable[[httpx.Response], Found], model: str
    ) -> Found:
        try:
            with closing(send(self._sdk)) as response:
                return read(response)
        except Exception as error:
            failure: BaseException = self._translated(error, begun=False, model=model)
        except BaseException as error:
            failure = type(error)()
        raise failure  # raised here, without the SDK's frames, which hold the request's headers

    def learn_context(self, model: str, refusal: ServiceError, cancelled: threading.Event) -> None:
        """Find out how long the model's context is, from the refusal or else from the list of models."""
        if refusal.context_tokens is not None:
            self._shown.learn(model, context=refusal.context_tokens)
        else:
            with suppress(GLMError):
                self.models(cancelled)

    def hang_up(self) -> None:
        """Wake the thread that waits in the connection's socket, by shutting it. The client is of no use afterwards."""
        self.was_hung_up = True
        self._line.shut()
        if (places := self._waits_for) is not None:
            places.wake()

    def close(self) -> None:
        self._http.close()
        self._line.close()

    def forget(self) -> None:
        """Leave the connections to the process that this one was forked from.

        Nothing is sent on them: closing a descriptor here leaves the parent's open, and does not end a TLS session.
        The pool is not used, because a thread that only the parent has may hold its lock.
        """
        self._line.close()

    def _ask_in_a_place(self, body: Mapping[str, Any], emit: Emit, cancelled: threading.Event) -> None:
        """Send the request as one of those that the service takes at once, before all that wait for a place."""
        self._waits_for = places = places_of(self.endpoint, str(body["model"]))
        place = places.take(first=True, given_up=cancelled.is_set)
        self._waits_for = None
        if place is None:
            return
        with place:
            self._ask(body, emit, cancelled)
            place.end("other" if cancelled.is_set() else "answered")

    def _ask(self, body: Mapping[str, Any], emit: Emit, cancelled: threading.Event) -> None:
        """Send the request, and once more in a simpler form where the server cannot take it (see `Profile`)."""
        profile = self.endpoint.profile
        sent = body if self._shown.counts else profile.uncounted(body)
        try:
            came = self._receive(sent, emit, cancelled)
        except ServiceError as error:
            if error.status not in (400, 422) or not any(name in error.detail for name in _COUNTING):
                raise
            uncounted = profile.uncounted(sent)
            if len(uncounted) == len(sent):
                raise
            self._shown.counts = False
            came = self._receive(uncounted, emit, cancelled)
        if not came and body.get("stream") and not profile.is_glm:
            # Some servers end a stream that they cannot begin, and say why only without one.
            whole = profile.unstreamed(body)
            try:
                self._receive(whole, emit, cancelled)
            except ConnectionFailed:  # the server has closed the connection as well; this takes a new one
                self._receive(whole, emit, cancelled)

    def _receive(self, body: Mapping[str, Any], emit: Emit, cancelled: threading.Event) -> bool:
        """Send the request, and emit what comes. Returns whether anything came, or nothing more is wanted."""
        if cancelled.is_set():
            return True
        begun = came = False
        self._line.seconds = _first_byte_within(body, self._timeout)
        try:
            for chunk in self._stream(body):
                if cancelled.is_set():
                    return True
                if not came and body.get("stream"):
                    self._line.seconds = self._timeout
                came, begun = True, begun or brings_a_token(chunk)
                if not begun and _has_no_room(chunk, body):
                    raise too_long(str(finish_reason(chunk)))
                emit(chunk)
        except Exception as error:
            if cancelled.is_set():
                return True
            raise self._translated(error, begun, str(body["model"])) from None
        return came

    def _stream(self, body: Mapping[str, Any]) -> Iterator[Chunk]:
        with closing(self._post(body)) as response:
            yield from chunks_of(response)

    def _post(self, body: Mapping[str, Any]) -> httpx.Response:
        """The response, read as a stream even for a plain reply, so that an interrupt can end it.

        The SDK makes the first request. The others differ in their body and their token alone: making each from nothing
        would be a tenth of all that a row of a table takes.
        """
        first = self._first
        if first is None:
            response: httpx.Response = self._sdk.post(
                "/chat/completions", body=body, cast_type=httpx.Response, stream=True
            )
            self._first = response.request
            return response
        headers = first.headers.copy()
        del headers["Content-Length"]
        headers.update(self._sdk.auth_headers)
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        request = httpx.Request("POST", first.url, headers=headers, content=content, extensions=first.extensions)
        return self._http.send(request, stream=True)

    def _translated(self, error: Exception, begun: bool, model: str = "") -> GLMError:
        """The failure in the user's words, with the key removed from whatever the other side said."""
        asked = Asked(self.endpoint.base_url, CONNECT_SECONDS, self._line.seconds, model)
        return translate(error, asked, begun=begun, hide=self._hide)

    def _watch(self, request: httpx.Request) -> None:
        request.extensions["trace"] = self._line.trace


#: The option that has a server count a stream's tokens, as refusals name it.
_COUNTING = ("stream_options", "include_usage")


def _first_byte_within(body: Mapping[str, Any], timeout: float) -> float:
    """Seconds that a reply has to begin: longer where all of it, or its reasoning, may come before the first byte.

    A shorter timeout than usual, which the user has set, holds unless the model surely thinks.
    """
    known, asked = find(str(body.get("model"))), body.get("thinking")
    kind = asked.get("type") if isinstance(asked, Mapping) else None
    thinks = kind == "enabled" or (known is not None and known.thinking == "always")
    may_think = kind != "disabled" and (known is None or known.thinking == "optional") and timeout >= USUAL_TIMEOUT
    return max(timeout, LONG_TIMEOUT) if thinks or may_think or not body.get("stream") else timeout


def _has_no_room(chunk: Chunk, body: Mapping[str, Any]) -> bool:
    """Whether a reply that has no word yet ends with this chunk because the context is full."""
    reason, is_limited = finish_reason(chunk), not _LIMITS.isdisjoint(body)
    return (reason in CAUSES and CAUSES[str(reason)] is TOO_LONG) or (reason == "length" and not is_limited)


#: Members of a request that limit the answer.
_LIMITS = {"max_tokens", "max_completion_tokens", "n_predict"}


def _wait(state: RetryCallState) -> float:
    assert state.outcome is not None
    error = state.outcome.exception()
    asked = error.retry_after if isinstance(error, ServiceError) else None
    return min(_LONGEST_BACKOFF, _backoff(state) + _jitter.random()) if asked is None else asked
