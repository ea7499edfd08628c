"""Where the service is, and the key to it."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..text.errors import SettingsError
from .api_key import ApiKey
from .keys import find_key

DEFAULT_BASE_URL = "https://open.bigmodel.cn/api/paas/v4"
BASE_URL_VARIABLE = "ZHIPUAI_BASE_URL"

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
    """Find the service and the key: the argument, then the environment, then a key that was saved.

    Raises SettingsError where there is no key, or the address is not safe to send one to.
    """
    address = check_base_url(resolve_base_url(base_url))
    found = find_key(api_key, saved_key)
    if found is None:
        if is_loopback(host_of(address)):
            raise SettingsError(
                "There is no API key yet.",
                hint='A server on this machine takes any key: Chat(api_key="none"), or set ZHIPUAI_API_KEY=none.',
                reason="key.missing_for_local",
            )
        raise SettingsError(
            "There is no API key yet.",
            hint="Get one at https://open.bigmodel.cn (API keys), and pass it as Chat(api_key=…) or set "
            "ZHIPUAI_API_KEY. To try without a key: python -m zhipu_magic serve.",
            reason="key.missing",
        )
    key, source = found
    return Endpoint(address, key, source)


def resolve_base_url(base_url: str | None) -> str:
    """The argument, then the environment, then the mainland service; checked when it is used."""
    return base_url or os.environ.get(BASE_URL_VARIABLE, "").strip() or DEFAULT_BASE_URL


def check_base_url(url: str) -> str:
    """An address that a key may be sent to: TLS, or this very machine."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port  # reading the port checks it
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host:
        raise SettingsError(
            "base_url is not a valid address: {url}",
            hint="It looks like {example} or http://127.0.0.1:8000/v1.",
            reason="address.invalid",
            url=without_password(url),
            example=DEFAULT_BASE_URL,
        )
    if parts.username or parts.password:
        raise SettingsError(
            "base_url contains a user name or a password.",
            hint="Leave them out; the key goes in ZHIPUAI_API_KEY.",
            reason="address.password",
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise SettingsError(
            "base_url would send the key to {host} without encryption.",
            hint="Use https://, or a server on this machine (http://127.0.0.1:…).",
            reason="address.unencrypted",
            host=host,
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
