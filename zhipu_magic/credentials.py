"""Where the service is, and the key to it. The key itself is never shown: not in a repr, not in an error."""

from __future__ import annotations

import functools
import ipaddress
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from .api_key import ApiKey
from .errors import SettingsError

__all__ = ["ApiKey", "Endpoint"]

DEFAULT_BASE_URL = "https://open.bigmodel.cn/api/paas/v4"
KEY_VARIABLE = "ZHIPUAI_API_KEY"
BASE_URL_VARIABLE = "ZHIPUAI_BASE_URL"

_KEYRING_SERVICE = "zhipu_magic"
_KEYRING_USER = "api_key"
_PRICED_HOST = "open.bigmodel.cn"
_SERVICES = (_PRICED_HOST, "api.z.ai")


@dataclass(frozen=True)
class Endpoint:
    """A service, the key to it, and where the key came from."""

    base_url: str
    key: ApiKey
    key_source: str
    practice: bool = False

    @property
    def host(self) -> str:
        """The name of its machine."""
        return host_of(self.base_url)

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, where no proxy of the environment's has any business."""
        return is_loopback(self.host)

    @property
    def takes_data_urls(self) -> bool:
        """Whether images go there as data URLs; the service itself takes their base64 alone (wire.md)."""
        return not (self.practice or self.host in _SERVICES or is_priced(self.base_url))

    @property
    def priced(self) -> bool:
        """Whether the price table speaks of this service."""
        return not self.practice and is_priced(self.base_url)


def resolve(base_url: str | None, api_key: ApiKey | None, saved_key: ApiKey | None) -> Endpoint:
    """Find the service and the key: the argument, then the environment, then what `%glm login` saved.

    Raises SettingsError where there is no key, or the address is not safe to send one to.
    """
    address = check_base_url(resolve_base_url(base_url))
    found = find_key(api_key, saved_key)
    if found is None:
        hint = (
            "Get one at https://open.bigmodel.cn (API keys), then %glm login, or set ZHIPUAI_API_KEY before the kernel "
            "starts. To try without a key: %glm practice."
        )
        if is_loopback(host_of(address)):
            hint = "A server on this machine takes any key: %glm login and type any word, or set ZHIPUAI_API_KEY=none."
        raise SettingsError("There is no API key yet.", hint=hint)
    key, source = found
    return Endpoint(address, key, source)


def find_key(api_key: ApiKey | None, saved_key: ApiKey | None) -> tuple[ApiKey, str] | None:
    """The first key there is, and where it came from."""
    if api_key:
        return check_key(api_key), "given in the code"
    if os.environ.get(KEY_VARIABLE, "").strip():
        return check_key(ApiKey(os.environ[KEY_VARIABLE])), KEY_VARIABLE
    if saved_key:
        return check_key(saved_key), "%glm login, until the kernel ends"
    kept = _from_keyring()
    return (check_key(kept), "%glm login --save, in the system's keyring") if kept else None


def resolve_base_url(base_url: str | None) -> str:
    """The argument, then the environment, then the mainland service; checked when it is used."""
    return base_url or os.environ.get(BASE_URL_VARIABLE, "").strip() or DEFAULT_BASE_URL


def check_key(key: ApiKey) -> ApiKey:
    """A key as it can stand in a header. The error does not repeat it."""
    key = ApiKey(key.strip())
    if not key or not _IN_A_HEADER.fullmatch(key):
        raise SettingsError(
            "The API key holds characters that no key has (spaces, line ends, or letters beyond ASCII).",
            hint="Copy it again from https://open.bigmodel.cn (API keys); it looks like id.secret.",
        )
    return key


_IN_A_HEADER = re.compile("[!-~]+")


def check_base_url(url: str) -> str:
    """An address that a key may be sent to: TLS, or this very machine."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port  # reading the port checks it
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host:
        raise SettingsError(
            f"base_url is not an address of a service: {without_password(url)}",
            hint=f"It looks like {DEFAULT_BASE_URL} or http://127.0.0.1:8000/v1.",
        )
    if parts.username or parts.password:
        raise SettingsError(
            "base_url holds a user name or a password.", hint="Leave them out; the key goes in ZHIPUAI_API_KEY."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise SettingsError(
            f"base_url would send the key to {host} without encryption.",
            hint="Use https://, or a server on this machine (http://127.0.0.1:…).",
        )
    return url.strip().rstrip("/")


def is_priced(base_url: str) -> bool:
    """Whether the price table speaks of this service: the mainland one, or a stand-in for it on this machine."""
    host = host_of(base_url)
    stands_in = is_loopback(host) and urlsplit(base_url).path.rstrip("/") == urlsplit(DEFAULT_BASE_URL).path
    return host == _PRICED_HOST or stands_in


def host_of(url: str) -> str:
    """The address's host; empty where it is no address."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def without_password(url: str) -> str:
    """The address as it may be shown."""
    before, at, after = url.rpartition("@")
    return f"{before.split('//')[0]}//…@{after}" if at else url


def save_to_keyring(key: ApiKey) -> None:
    """Keep the key in the system's keyring. Raises SettingsError where there is none."""
    try:
        import keyring
    except ImportError:
        raise SettingsError(
            "Keeping the key needs the keyring package.", hint='pip install "zhipu_magic[keyring]"'
        ) from None
    with suppress(Exception):  # a keyring of another make raises what it likes, with frames that hold the key
        keyring.set_password(_KEYRING_SERVICE, _KEYRING_USER, key)
        _from_keyring.cache_clear()
        return
    raise SettingsError(
        "This system has no keyring that can keep the key.",
        hint="The key stays until the kernel ends; set ZHIPUAI_API_KEY to have it every time.",
    )


@functools.cache  # a keyring may ask the reader each time
def _from_keyring() -> ApiKey | None:
    try:
        import keyring
    except ImportError:
        return None
    try:
        return ApiKey(keyring.get_password(_KEYRING_SERVICE, _KEYRING_USER) or "")
    except Exception:
        return None
