"""Where the service is, and the key to it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..text.addresses import host_of, is_loopback, parts_of, without_password
from ..text.errors import SettingsError
from .api_key import ApiKey
from .keys import find_key
from .profile import DEFAULT_BASE_URL, PRACTICE, Profile, profile_of

BASE_URL_VARIABLE = "ZHIPUAI_BASE_URL"


@dataclass(frozen=True)
class Endpoint:
    """A service, the key to it, and where the key came from."""

    base_url: str
    key: ApiKey
    key_source: str
    practice: bool = False

    @property
    def host(self) -> str:
        """Its host name."""
        return host_of(self.base_url)

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, and so is reached without the environment's proxies."""
        return is_loopback(self.host)

    @property
    def profile(self) -> Profile:
        """How the service differs from others."""
        return PRACTICE if self.practice else profile_of(self.base_url)


def resolve(base_url: str | None, api_key: ApiKey | None, saved_key: ApiKey | None) -> Endpoint:
    """Find the service and the key: the argument, then the environment, then a key that was saved.

    Raises SettingsError if there is no key, or if the address is not safe to send one to.
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
    """The argument, then the environment, then the mainland service. It is checked when it is used."""
    return base_url or os.environ.get(BASE_URL_VARIABLE, "").strip() or DEFAULT_BASE_URL


def check_base_url(url: str) -> str:
    """The address, if a key may be sent to it: over TLS, or to this machine. Raises SettingsError."""
    parts = parts_of(url.strip())
    if parts is None:
        raise not_an_address(url)
    if parts.username or parts.password:
        raise SettingsError(
            "base_url contains a user name or a password.",
            hint="Leave them out; the key goes in ZHIPUAI_API_KEY.",
            reason="address.password",
        )
    host = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(host):
        raise SettingsError(
            "base_url would send the key to {host} without encryption.",
            hint="Use https://, or a server on this machine (http://127.0.0.1:…).",
            reason="address.unencrypted",
            host=host,
        )
    return url.strip().rstrip("/")


def not_an_address(url: str) -> SettingsError:
    """The error of a base_url that is none."""
    return SettingsError(
        "base_url is not a valid address: {url}",
        hint="It looks like {example} or http://127.0.0.1:8000/v1.",
        reason="address.invalid",
        url=without_password(url),
        example=DEFAULT_BASE_URL,
    )
