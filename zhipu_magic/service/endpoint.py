"""Where the service is, and the key to it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ..text.addresses import host_of, is_this_machine, origin_of, parts_of, without_password
from ..text.errors import SettingsError
from ..text.languages.joined import all_of, comma
from ..text.suggestions import nearest
from .api_key import ApiKey
from .keys import find_key
from .profile import DEFAULT_BASE_URL, NAMED_ADDRESSES, PRACTICE, Profile, profile_of

BASE_URL_VARIABLE = "ZHIPUAI_BASE_URL"
#: What the practice server's own keys begin with: on this machine, they say that it is practice.
_PRACTICE = "practice."


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
        """Whether it is on this machine or, without TLS, on the local network: the environment's proxies, which could
        read the key, are left out.
        """
        return is_this_machine(self.host) or not self.is_encrypted

    @property
    def is_encrypted(self) -> bool:
        """Whether it is asked over TLS."""
        return self.base_url.startswith("https:")

    @property
    def exposes_key(self) -> bool:
        """Whether others on the network could read the key: only where the user has allowed it."""
        return not self.is_encrypted and not is_this_machine(self.host) and self.key.is_secret

    @property
    def profile(self) -> Profile:
        """How the service differs from others."""
        return PRACTICE if self.practice else profile_of(self.base_url)


def resolve(
    base_url: str | None, api_key: ApiKey | None, logins: Mapping[str, ApiKey], plain_http: Collection[str] = ()
) -> Endpoint:
    """Find the service and the key to it.

    `logins` are the keys that were typed in this session, each for one origin; `plain_http` are hosts that may be sent
    a key without TLS. Raises SettingsError if there is no key, or if the address is not safe to send one to.
    """
    address = check_base_url(resolve_base_url(base_url), plain_http)
    found = find_key(address, api_key, logins.get(origin_of(address)))
    if found is None:
        raise _of_another_host(address, logins) if logins else _no_key(address)
    key, source = found
    practice = is_this_machine(host_of(address)) and key.startswith(_PRACTICE)
    return Endpoint(address, key, source, practice=practice)


def _of_another_host(address: str, logins: Mapping[str, ApiKey]) -> SettingsError:
    return SettingsError(
        "The key that was set in this session is for {owner}, and is not sent to {origin}.",
        hint="Set one for {origin} too (service.login, or ZHIPUAI_API_KEY), or go back to the address of the other.",
        reason="key.of_another_host",
        owner=all_of(tuple(logins)),
        origin=origin_of(address),
    )


def _no_key(address: str) -> SettingsError:
    host, page = host_of(address), profile_of(address).key_page
    if is_this_machine(host):
        return SettingsError(
            "There is no API key yet.",
            hint='A server on this machine takes any key: Chat(api_key="none"), or set ZHIPUAI_API_KEY=none.',
            reason="key.missing_for_local",
        )
    if not page:
        return SettingsError(
            "There is no API key yet.",
            hint="Pass the one that {host} expects as Chat(api_key=…), or set ZHIPUAI_API_KEY; for a server that takes "
            "any key, set it to none.",
            reason="key.missing_elsewhere",
            host=host,
        )
    return SettingsError(
        "There is no API key yet.",
        hint="Get one at {page} (API keys), and pass it as Chat(api_key=…) or set ZHIPUAI_API_KEY. To try without a "
        "key: python -m zhipu_magic serve.",
        reason="key.missing",
        page=page,
    )


def resolve_base_url(base_url: str | None) -> str:
    """The argument, then the environment, then the mainland service, with a name such as "coding" as its address.

    It is checked when it is used.
    """
    return _named((base_url or "").strip() or os.environ.get(BASE_URL_VARIABLE, "").strip()) or DEFAULT_BASE_URL


def _named(text: str) -> str:
    return NAMED_ADDRESSES.get(text.lower(), text)


def check_base_url(url: str, plain_http: Collection[str] = ()) -> str:
    """The address, if a key may be sent to it: over TLS, to this machine, or to one of the hosts of `plain_http`.

    Instead of an address, it may be one of `NAMED_ADDRESSES`. Raises SettingsError.
    """
    address = _named(url.strip()).rstrip("/")
    parts = parts_of(address)
    if parts is None:
        raise not_an_address(url)
    if parts.username or parts.password:
        raise SettingsError(
            "base_url contains a user name or a password.",
            hint="Leave them out; the key goes in ZHIPUAI_API_KEY.",
            reason="address.password",
        )
    host = parts.hostname or ""
    if parts.scheme == "http" and not is_this_machine(host) and host not in plain_http:
        raise SettingsError(
            "base_url would send the key to {host} without encryption.",
            hint="Use https://, or a server on this machine (http://127.0.0.1:…). A server of your own on the local "
            "network can be allowed: plain_http=['{host}'].",
            reason="address.unencrypted",
            host=host,
        )
    return address


def check_plain_http(hosts: str | Iterable[str]) -> tuple[str, ...]:
    """The hosts that may be sent a key without TLS, as addresses have them. Raises SettingsError for anything else."""
    given = [hosts] if isinstance(hosts, str) else list(hosts)
    return tuple(_host(str(one)) for one in given)


def _host(text: str) -> str:
    bare = text.strip().lower().removeprefix("[").removesuffix("]")
    is_ipv6 = ":" in bare and host_of(f"http://[{bare}]") == bare
    if not is_ipv6 and not _HOST.fullmatch(bare):
        raise SettingsError(
            "plain_http takes the names or numbers of hosts, without a scheme, a port or a path.",
            hint="It looks like ['10.0.0.5'].",
            reason="plain_http.not_a_host",
        )
    return bare


_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*")


def not_an_address(url: str) -> SettingsError:
    """The error of a base_url that is none."""
    names = comma(NAMED_ADDRESSES)
    return SettingsError(
        "base_url is not a valid address: {url}.",
        hint="It looks like {example} or http://127.0.0.1:8000/v1, or is one of the names {names}.",
        reason="address.invalid",
        near="" if "://" in url else nearest(url.strip().lower(), NAMED_ADDRESSES),
        url=without_password(url),
        example=DEFAULT_BASE_URL,
        names=names,
    )
