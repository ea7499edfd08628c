"""The chat: the one place where prompts become requests, and replies become turns.

It knows nothing of notebooks, widgets or HTTP: `magics` and `view` stand above it, `client` below.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from . import credentials
from .conversation import Thread, Turn
from .credentials import ApiKey, Endpoint
from .errors import InvalidRequest, SettingsError
from .exchange import Emit, Exchange
from .ledger import Entry, Ledger
from .models import CATALOGUE, DEFAULT_MODEL
from .options import Options, with_more
from .reply import Reply

if TYPE_CHECKING:
    from zhipuai.types.chat.chat_completion import Completion

    from .client import Client

MODEL_VARIABLE = "ZHIPU_MAGIC_MODEL"


@dataclass(frozen=True)
class Kept:
    """All that the chat keeps, changed as one: an interrupt sees it before a commit or after, never between."""

    thread: Thread
    ledger: Ledger = field(default_factory=Ledger)
    latest: Reply | None = None


class Chat:
    """A conversation with a model.

    >>> chat = Chat(model="glm-4.7-flash")
    >>> for text in chat.ask("你好"):
    ...     print(text, end="")

    `model` defaults to the environment's ZHIPU_MAGIC_MODEL, then to a free one. `api_key` defaults to
    ZHIPUAI_API_KEY, then to what `%glm login` saved; `base_url` to ZHIPUAI_BASE_URL, then to the mainland service.
    `timeout` is in seconds without a byte; `max_retries` counts the tries after the first.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        system: str = "",
        temperature: float | None = None,
        stream: bool = True,
        timeout: float = 60.0,
        max_retries: int = 3,
    ) -> None:
        self.model = model or default_model()
        self.temperature = temperature
        self.stream = stream
        self._api_key = ApiKey(api_key) if api_key else None
        self._saved_key: ApiKey | None = None
        self._base_url = base_url
        self._endpoint: Endpoint | None = None
        self._timeout = timeout
        self._max_retries = max_retries
        self._client: Client | None = None
        self._client_lock = threading.Lock()
        self._pending: Reply | None = None
        self.kept = Kept(Thread(system=system))

    # Asking

    def ask(self, prompt: str, options: Options | None = None, **more: Any) -> Reply:
        """Send `prompt` as the next turn of the conversation; gives the `Reply` to iterate over or to read.

        `more` are options by name, as in `ask("…", temperature=0.2, once=True)`; see `Options`. The request goes out
        at once; the turn is committed when its reply has been read to the end, which the next `ask` does if nobody
        has (and which then raises what ended it). Raises InvalidRequest or SettingsError where nothing can be sent;
        reading the reply raises `GLMError`.
        """
        options = with_more(options or Options(), more)
        _check(prompt, options.system or self.system)
        self._settle()
        endpoint = self.endpoint()
        request = self._request(prompt, options)

        def send(emit: Emit, cancelled: threading.Event) -> None:
            self._connect(endpoint).send(request, emit, cancelled)

        exchange = Exchange(send, self._hang_up)
        reply = Reply(
            exchange,
            model=request["model"],
            request_id=options.params.get("request_id"),
            commit=lambda reply: self._commit(reply, prompt, options, endpoint),
            build=_build_completion,
        )
        try:
            self._pending = reply
            exchange.start()
        except BaseException:  # an interrupt, or no thread to be had
            reply.interrupt()
            raise
        return reply

    def interrupt(self) -> None:
        """Stop the reply that is under way, if there is one; what has come of it is kept."""
        if self._pending is not None:
            self._pending.interrupt()

    def _request(self, prompt: str, options: Options) -> dict[str, Any]:
        options = replace(
            options,
            temperature=self.temperature if options.temperature is None else options.temperature,
            stream=self.stream if options.stream is None else options.stream,
        )
        thread = Thread(system=options.system or "") if options.once else self._thread_with(options)
        return {
            "model": options.model or self.model,
            "messages": thread.messages(prompt),
            "stream": options.stream,
            # The SDK sends these two with every request (wire.md); so what is sent is what its own call would send.
            "response_format": None,
            "thinking": None,
            **options.members(),
        }

    def _commit(self, reply: Reply, prompt: str, options: Options, endpoint: Endpoint) -> None:
        """The one commit point. Called again for the same reply, it does nothing."""
        kept = self.kept
        if kept.latest is reply:
            return
        thread, ledger = kept.thread, kept.ledger
        if reply.has_words and not options.once:
            turn = Turn(prompt, reply.words, reply.model, reply.counted, reply.state == "interrupted")
            thread = self._thread_with(options).append(turn)
        if reply.has_begun:
            seconds = (reply.ended or reply.started) - reply.started
            note = "once" if options.once else "" if reply.has_words else "no words"
            ledger = ledger.add(
                Entry.of(reply.model, prompt, reply.counted, priced=endpoint.priced, seconds=seconds, note=note)
            )
        self.kept = Kept(thread, ledger, reply)

    def _thread_with(self, options: Options) -> Thread:
        thread = self.kept.thread
        return thread if options.system is None else thread.with_system(options.system)

    def _settle(self) -> None:
        """Read the reply before to its end, so that its turn stands before the next one."""
        pending, self._pending = self._pending, None
        if pending is not None and pending.ended is None:
            _ = pending.text

    # What it keeps (`kept` itself may be looked at while a reply grows; these read that to its end first)

    @property
    def thread(self) -> Thread:
        """The conversation so far."""
        self._settle()
        return self.kept.thread

    @property
    def ledger(self) -> Ledger:
        """What it has cost so far."""
        self._settle()
        return self.kept.ledger

    @property
    def system(self) -> str:
        """The system text that stands before all turns; empty where there is none."""
        return self.thread.system

    @system.setter
    def system(self, text: str) -> None:
        self._keep(self.thread.with_system(text))

    def undo(self) -> Turn | None:
        """Take the last turn out of the conversation; gives that turn, or None where there is none."""
        thread = self.thread
        self._keep(thread.undo())
        return thread.turns[-1] if thread.turns else None

    def reset(self) -> int:
        """Take all turns out; the system text and the ledger stay. Gives their number."""
        thread = self.thread
        self._keep(thread.reset())
        return len(thread.turns)

    def context_filled(self, model: str | None = None) -> tuple[int, int] | None:
        """Tokens that the conversation takes of a model's context, and that context; None where it is not known."""
        known = CATALOGUE.get(model or self.model)
        return (self.kept.thread.context_tokens(), known.context) if known else None

    def _keep(self, thread: Thread) -> None:
        self.kept = replace(self.kept, thread=thread)

    # The service

    @property
    def base_url(self) -> str:
        """The service's address."""
        return self._endpoint.base_url if self._endpoint else credentials.resolve_base_url(self._base_url)

    @property
    def key_source(self) -> str | None:
        """Where the API key comes from; None where there is none. The key itself is never told."""
        if self._endpoint:
            return self._endpoint.key_source
        found = credentials.find_key(self._api_key, self._saved_key)
        return found[1] if found else None

    @property
    def practising(self) -> bool:
        """Whether the practice server of `%glm practice` is asked."""
        return self._endpoint is not None and self._endpoint.practice

    @property
    def priced(self) -> bool:
        """Whether the price table speaks of this service."""
        return self._endpoint.priced if self._endpoint else credentials.is_priced(self.base_url)

    def endpoint(self) -> Endpoint:
        """The service and the key to it. Raises SettingsError."""
        return self._endpoint or credentials.resolve(self._base_url, self._api_key, self._saved_key)

    def use(self, endpoint: Endpoint | None) -> None:
        """Ask this service from now on, whatever the settings say; None goes back to them."""
        self._endpoint = endpoint

    def login(self, key: str) -> None:
        """Use this key from now on, where neither the code nor the environment gives one. Raises SettingsError."""
        self._saved_key = credentials.check_key(key)

    def configure(
        self, *, base_url: str | None = None, timeout: float | None = None, max_retries: int | None = None
    ) -> None:
        """Change the service's address, or how patient to be with it. An empty `base_url` goes back to the default."""
        self._settle()
        self._base_url = self._base_url if base_url is None else base_url
        self._timeout = self._timeout if timeout is None else timeout
        self._max_retries = self._max_retries if max_retries is None else max_retries
        self.close()

    def models(self) -> list[str]:
        """The models that the service offers. Raises GLMError."""
        return self._connect(self.endpoint()).models()

    def close(self) -> None:
        """Let the connections go. The chat can be used on; it connects anew."""
        with self._client_lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connect(self, endpoint: Endpoint) -> Client:
        """The one client, made when it is first needed: importing the SDK takes a third of a second."""
        try:
            from .client import Client
        except ImportError as error:
            raise SettingsError(
                "The zhipuai SDK, or something that it needs, cannot be imported.",
                hint="Install it again: pip install --force-reinstall zhipu_magic",
                detail=f"({error})",
            ) from None
        with self._client_lock:
            if self._client is None or self._client.endpoint != endpoint:
                if self._client is not None:
                    self._client.close()
                self._client = Client(endpoint, timeout=self._timeout, max_retries=self._max_retries)
            return self._client

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.hang_up()

    def __repr__(self) -> str:
        return f"<Chat with {self.model}, {len(self.kept.thread.turns)} turns>"


def default_model() -> str:
    """The environment's choice, else a free model."""
    return os.environ.get(MODEL_VARIABLE, "").strip() or DEFAULT_MODEL


def _check(prompt: str, system: str) -> None:
    if not prompt.strip():
        raise InvalidRequest("There is nothing to send: the prompt is empty.")
    for name, text in (("prompt", prompt), ("system text", system)):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            half = ascii(text[error.start])
            raise InvalidRequest(f"The {name} holds half a character ({half}), which is no text.") from None


def _build_completion(body: Mapping[str, Any]) -> Completion:
    from .client import build_completion

    return build_completion(body)
