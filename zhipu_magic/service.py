"""The service as a chat's settings name it: its address, the key, the one client."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import credentials
from .credentials import ApiKey, Endpoint
from .errors import SettingsError

if TYPE_CHECKING:
    from zhipuai.types.chat.chat_completion import Completion

    from .client import Client


#: Characters; the service's own keys have a dot as well.
_LONG = 16
_PIECE = 12
_HIDDEN = "<API key>"


class Service:
    """Whom a chat asks, and how patiently. `sealed`, it lets nothing out: no client is made, no key looked for."""

    def __init__(self, base_url: str | None, api_key: str | None, *, timeout: float, max_retries: int) -> None:
        self.sealed = False
        self._base_url = base_url
        self._api_key = ApiKey(api_key) if api_key else None
        self._saved_key: ApiKey | None = None
        self._endpoint: Endpoint | None = None
        self._used_keys: set[ApiKey] = set()
        self._timeout = timeout
        self._max_retries = max_retries
        self._client: Client | None = None
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """The service's address."""
        return self._endpoint.base_url if self._endpoint else credentials.resolve_base_url(self._base_url)

    @property
    def key_source(self) -> str | None:
        """Where the API key comes from; None where there is none. The key itself is never told."""
        if self._endpoint or self.sealed:  # sealed, not even a keyring is asked
            return self._endpoint.key_source if self._endpoint else None
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
        """The address and the key. Raises SettingsError."""
        if self.sealed:
            raise SettingsError("Replay is 'only': the service is not asked.", hint="%config GLMMagics.replay = 'off'")
        endpoint = self._endpoint or credentials.resolve(self._base_url, self._api_key, self._saved_key)
        self._used_keys.add(endpoint.key)
        return endpoint

    def use(self, endpoint: Endpoint | None) -> None:
        """Ask this service from now on, whatever the settings say; None goes back to them."""
        self._endpoint = endpoint

    def login(self, key: str) -> None:
        """Use this key from now on, where neither the code nor the environment gives one. Raises SettingsError."""
        self._saved_key = credentials.check_key(key)

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
        try:
            from .client import Client
        except ImportError as error:
            raise SettingsError(
                "The zhipuai SDK, or something that it needs, cannot be imported.",
                hint="Install it again: pip install --force-reinstall zhipu_magic",
                detail=f"({error})",
            ) from None
        with self._lock:
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

    def hide(self, text: str) -> str:
        """The text without any key that was used or could be, should a prompt or a reply hold it."""
        given = os.environ.get(credentials.KEY_VARIABLE, "").strip()
        for key in (*self._used_keys, self._api_key, self._saved_key, given):
            if key and ("." in key or len(key) >= _LONG):  # a word such as "none", for a local server, is no secret
                text = _without(text, key)
        return text


def _without(text: str, key: str) -> str:
    """The text without the key, and without a long beginning or end of it: what shows a value may have cut it."""
    text = text.replace(key, _HIDDEN)
    for pieces in ([key[:size] for size in range(_PIECE, len(key))], [key[-size:] for size in range(_PIECE, len(key))]):
        if pieces and pieces[0] in text:
            for piece in reversed(pieces):
                text = text.replace(piece, _HIDDEN)
    return text


def build_completion(body: Mapping[str, Any]) -> Completion:
    """The SDK's `Completion` of a reply's body."""
    from .client import build_completion

    return build_completion(body)
