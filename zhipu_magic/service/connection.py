"""The service that a chat uses: its address, the key, and the connections to it."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from ..text.addresses import origin_of
from ..text.errors import GLMError, SettingsError
from ..text.languages.messages import _, told
from ..text.languages.notice import Notice
from .api_key import ApiKey, Hide
from .endpoint import Endpoint, check_base_url, check_plain_http, resolve, resolve_base_url
from .forks import importing, register_at_fork
from .keys import KEY_VARIABLE, check_key, find_key
from .models import Model
from .profile import Profile, profile_of
from .shown import Shown

if TYPE_CHECKING:
    from ssl import SSLContext

    from .client import Client
    from .quota import Limit
    from .sdk import Completion as Completion

#: Seconds for which a connection is kept for the next cell. Users take longer than httpx's five to write one.
KEEP_ALIVE = 120.0


@dataclass(frozen=True)
class _Idle:
    """A connection that is not in use, and since when."""

    client: Client
    since: float


class Service:
    """The service that a chat asks. If `sealed`, nothing is sent: no client is made and no key is looked up."""

    def __init__(
        self,
        base_url: str | None,
        api_key: ApiKey | None,
        *,
        timeout: float,
        max_retries: int,
        plain_http: str | Iterable[str] = (),
        warn: Callable[[str], None],
    ) -> None:
        self.sealed = False
        self._base_url = base_url
        self._plain_http = check_plain_http(plain_http)
        self._warn = warn
        self._exposed: set[str] = set()
        """The hosts that were said to be sent the key without encryption."""
        self._api_key = api_key
        self._logins: dict[str, ApiKey] = {}
        """The keys that were typed, by the origin that each is for."""
        self._endpoint: Endpoint | None = None
        self._used_keys: set[ApiKey] = set()
        self._shown: dict[str, Shown] = {}
        self._timeout = timeout
        self.max_retries = max_retries
        self._idle: deque[_Idle] = deque()
        self._in_use: set[Client] = set()
        self._generation = 0
        self._certificates: tuple[bool, SSLContext] | None = None
        self._lock = threading.Lock()
        self._hide = Hide()
        register_at_fork(self)

    @property
    def base_url(self) -> str:
        """The service's address."""
        return self._endpoint.base_url if self._endpoint else resolve_base_url(self._base_url)

    @property
    def key_source(self) -> str | None:
        """Where the API key comes from; None if there is none. The key itself is never shown.

        Raises SettingsError for a key that cannot be sent, or read.
        """
        if self._endpoint or self.sealed:  # if sealed, not even a keyring is asked
            return self._endpoint.key_source if self._endpoint else None
        address = self.base_url
        found = find_key(address, self._api_key, self._logins.get(origin_of(address)))
        return found[1] if found else None

    @property
    def practising(self) -> bool:
        """Whether the practice server is in use."""
        return self._endpoint is not None and self._endpoint.practice

    @property
    def profile(self) -> Profile:
        """How the service differs from others."""
        return self._endpoint.profile if self._endpoint else profile_of(self.base_url)

    @property
    def priced(self) -> bool:
        """Whether the price table is about this service."""
        return self.profile.priced

    @property
    def shown(self) -> Shown:
        """What the service at its address has shown of itself."""
        return self.shown_at(self.base_url)

    def shown_at(self, base_url: str) -> Shown:
        """The same of the service at this address, which may have been asked before another one was chosen."""
        return self._shown.setdefault(base_url, Shown())

    def model(self, name: str) -> Model | None:
        """What is known of a model, by the catalogue and from this service."""
        return self.shown.model(name)

    def endpoint(self) -> Endpoint:
        """The address and the key. Raises SettingsError."""
        if self.sealed:
            raise SettingsError(
                "Replay is 'only': the service is not asked.", hint='chat.replay = "off" asks it.', reason="replay.only"
            )
        endpoint = self._endpoint or resolve(self._base_url, self._api_key, self._logins, self._plain_http)
        self._used_keys.add(endpoint.key)
        if endpoint.exposes_key and endpoint.host not in self._exposed:
            self._exposed.add(endpoint.host)
            self._warn(
                Notice(
                    "{host} is sent your API key without encryption: others on the network can read it.",
                    hint="Give it a key that is no secret, or use https://.",
                    reason="key.exposed",
                    host=endpoint.host,
                )
            )
        return endpoint

    def use(self, endpoint: Endpoint | None) -> None:
        """Use this service from now on, whatever the settings say; None goes back to them."""
        self._endpoint = endpoint

    def login(self, key: ApiKey) -> None:
        """Use this key for the host that the settings name, unless the code has given one. Raises SettingsError."""
        address = check_base_url(resolve_base_url(self._base_url), self._plain_http)
        self._logins[origin_of(address)] = check_key(key)

    def configure(
        self,
        *,
        base_url: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        plain_http: str | Iterable[str] | None = None,
    ) -> None:
        """Change the address, the timeout, the retries or the hosts that need no TLS (see `Chat`).

        An empty `base_url` goes back to the default. Raises SettingsError for what is no host.
        """
        self._plain_http = self._plain_http if plain_http is None else check_plain_http(plain_http)
        self._base_url = self._base_url if base_url is None else base_url
        self._timeout = self._timeout if timeout is None else timeout
        self.max_retries = self.max_retries if max_retries is None else max_retries
        self.close()

    def models(self) -> list[str]:
        """The models that the service offers. Raises GLMError."""
        with self.client(self.endpoint()) as client:
            return client.models()

    def plan_limits(self) -> list[Limit]:
        """What is used of the plan that is asked, where it tells it. Raises GLMError."""
        endpoint = self.endpoint()
        with self._lock, importing:
            from .http_client import certificates
            from .quota import limits_of

            context = certificates(endpoint)
        return limits_of(endpoint, context)

    @contextmanager
    def client(self, endpoint: Endpoint) -> Iterator[Client]:
        """A connection for one caller; it is kept for the next, unless it failed or was hung up."""
        client, generation = self._idle_client(endpoint) or self._new_client(endpoint), self._generation
        self._in_use.add(client)
        try:
            yield client
        except GLMError:  # such as a refusal; httpx itself drops a failed connection
            self._put_back(client, generation)
            raise
        except BaseException:
            client.close()
            raise
        else:
            self._put_back(client, generation)
        finally:
            self._in_use.discard(client)

    def _idle_client(self, endpoint: Endpoint) -> Client | None:
        found, others = None, []
        with self._lock:
            while self._idle and found is None:
                client = self._idle.pop().client
                if client.endpoint == endpoint:
                    found = client
                else:
                    others.append(client)
        for client in others:
            client.close()
        return found

    def _new_client(self, endpoint: Endpoint) -> Client:
        """Import and make a client only when it is needed: importing the SDK takes a third of a second."""
        with self._lock, importing:
            try:
                from .client import Client
                from .http_client import certificates
            except ImportError as error:
                raise SettingsError(
                    "The zhipuai SDK (or zai-sdk), or something it needs, cannot be imported.",
                    hint="Reinstall it: pip install --force-reinstall zhipuai",
                    reason="sdk.not_importable",
                    detail=_("({words})", words=error),
                ) from None
            if self._certificates is None or self._certificates[0] != endpoint.is_local:
                self._certificates = (endpoint.is_local, certificates(endpoint))
            context = self._certificates[1]
            return Client(
                endpoint,
                shown=self.shown_at(endpoint.base_url),
                timeout=self._timeout,
                keep_alive=KEEP_ALIVE,
                max_retries=self.max_retries,
                context=context,
            )

    def _put_back(self, client: Client, generation: int) -> None:
        now = time.monotonic()
        with self._lock:
            old = []
            while self._idle and now - self._idle[0].since > KEEP_ALIVE:
                old.append(self._idle.popleft().client)
            if generation == self._generation and not client.was_hung_up:
                self._idle.append(_Idle(client, now))
            else:
                old.append(client)
        for one in old:
            one.close()

    def close(self) -> None:
        """Close the connections, those in use as soon as they are free. The next request makes a new one."""
        with self._lock:
            idle, self._idle = self._idle, deque()
            self._generation += 1
            self._certificates = None
        for one in idle:
            one.client.close()

    def hiding(self) -> Hide:
        """Removes from texts every key that was used or could be, in case a prompt or a reply contains it."""
        given = ApiKey(os.environ.get(KEY_VARIABLE, "").strip())
        keys = {
            key for key in (*self._used_keys, self._api_key, *self._logins.values(), given) if key and key.is_secret
        }
        if keys != self._hide.keys:
            self._hide = Hide(keys)
        return self._hide

    def hide(self, text: str) -> str:
        """The text without any such key."""
        return self.hiding()(text)

    def after_fork(self, *, in_child: bool) -> None:
        """Drop the parent's connections in a child."""
        if in_child:
            self._lock = threading.Lock()
            for shown in self._shown.values():
                shown.after_fork()
            idle, self._idle = self._idle, deque()
            self._generation += 1
            in_use, self._in_use = self._in_use, set()
            for client in (*(one.client for one in idle), *in_use):
                client.forget()

    def __reduce__(self) -> NoReturn:
        unpicklable = _(
            "A chat holds the key and its connections, and cannot be pickled. Make one in the other process: Chat(…) "
            "or Chat.load(PATH)."
        )
        raise TypeError(told(unpicklable))


def build_completion(body: Mapping[str, Any]) -> Completion:
    """The SDK's `Completion` of a reply's body."""
    from .client import build_completion

    return build_completion(body)
