"""The service as a chat's settings name it: its address, the key, the one client."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from ..text.errors import SettingsError
from .api_key import ApiKey, Hide
from .endpoint import Endpoint, is_priced, resolve, resolve_base_url
from .forks import importing, tell_of_forks
from .keys import KEY_VARIABLE, check_key, find_key

if TYPE_CHECKING:
    from zhipuai.types.chat.chat_completion import Completion as Completion

    from .client import Client


class Service:
    """Whom a chat asks, and how patiently. `sealed`, it lets nothing out: no client is made, no key looked for."""

    def __init__(self, base_url: str | None, api_key: ApiKey | None, *, timeout: float, max_retries: int) -> None:
        self.sealed = False
        self._base_url = base_url
        self._api_key = api_key
        self._saved_key: ApiKey | None = None
        self._endpoint: Endpoint | None = None
        self._used_keys: set[ApiKey] = set()
        self._timeout = timeout
        self._max_retries = max_retries
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._hide = Hide()
        tell_of_forks(self)

    @property
    def base_url(self) -> str:
        """The service's address."""
        return self._endpoint.base_url if self._endpoint else resolve_base_url(self._base_url)

    @property
    def key_source(self) -> str | None:
        """Where the API key comes from; None where there is none. The key itself is never told."""
        if self._endpoint or self.sealed:  # sealed, not even a keyring is asked
            return self._endpoint.key_source if self._endpoint else None
        found = find_key(self._api_key, self._saved_key)
        return found[1] if found else None

    @property
    def practising(self) -> bool:
        """Whether the practice server of `%glm practice` is asked."""
        return self._endpoint is not None and self._endpoint.practice

    @property
    def priced(self) -> bool:
        """Whether the price table speaks of this service."""
        return self._endpoint.priced if self._endpoint else is_priced(self.base_url)

    def endpoint(self) -> Endpoint:
        """The address and the key. Raises SettingsError."""
        if self.sealed:
            raise SettingsError("Replay is 'only': the service is not asked.", hint="%config GLMMagics.replay = 'off'")
        endpoint = self._endpoint or resolve(self._base_url, self._api_key, self._saved_key)
        self._used_keys.add(endpoint.key)
        return endpoint

    def use(self, endpoint: Endpoint | None) -> None:
        """Ask this service from now on, whatever the settings say; None goes back to them."""
        self._endpoint = endpoint

    def login(self, key: ApiKey) -> None:
        """Use this key from now on, where neither the code nor the environment gives one. Raises SettingsError."""
        self._saved_key = check_key(key)

    def configure(
        self, *, base_url: str | None = None, timeout: float | None = None, max_retries: int | None = None
    ) -> None:
        """Change the address, or how patient to be with it. An empty `base_url` goes back to the default."""
        self._base_url = self._base_url if base_url is None else base_url
        self._timeout = self._timeout if timeout is None else timeout
        self._max_retries = self._max_retries if max_retries is None else max_retries
        self.close()

    def models(self) -> list[str]:
        """The models that the service offers. Raises GLMError."""
        return self.client(self.endpoint()).models()

    def client(self, endpoint: Endpoint) -> Client:
        """The one client, made when it is first needed: importing the SDK takes a third of a second."""
        with self._lock, importing:
            try:
                from .client import Client
            except ImportError as error:
                raise SettingsError(
                    "The zhipuai SDK, or something that it needs, cannot be imported.",
                    hint="Install it again: pip install --force-reinstall zhipu_magic",
                    detail=f"({error})",
                ) from None
            if self._client is None or self._client.endpoint != endpoint:
                if self._client is not None:
                    self._client.close()
                self._client = Client(endpoint, timeout=self._timeout, max_retries=self._max_retries)
            return self._client

    def hang_up(self) -> None:
        """Wake who waits for the service."""
        if self._client is not None:
            self._client.hang_up()

    def close(self) -> None:
        """Let the connections go; the next request makes new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def hiding(self) -> Hide:
        """What takes out of texts any key that was used or could be, should a prompt or a reply hold it."""
        given = ApiKey(os.environ.get(KEY_VARIABLE, "").strip())
        keys = {key for key in (*self._used_keys, self._api_key, self._saved_key, given) if key and key.is_secret}
        if keys != self._hide.keys:
            self._hide = Hide(keys)
        return self._hide

    def hide(self, text: str) -> str:
        """The text without any such key."""
        return self.hiding()(text)

    def after_fork(self, *, in_child: bool) -> None:
        """A child connects anew."""
        if in_child:
            self._lock = threading.Lock()
            client, self._client = self._client, None
            if client is not None:
                client.forget()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "A chat holds the key and its connections, and cannot be pickled. Make one in the other process: Chat(…) "
            "or Chat.load(PATH)."
        )


def build_completion(body: Mapping[str, Any]) -> Completion:
    """The SDK's `Completion` of a reply's body."""
    from .client import build_completion

    return build_completion(body)
