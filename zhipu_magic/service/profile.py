"""How services differ, by address. Nothing else in the package distinguishes hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ..text.addresses import host_of, is_loopback

DEFAULT_BASE_URL: Final = "https://open.bigmodel.cn/api/paas/v4"

NULL_MEMBERS: Final[Mapping[str, Any]] = {"response_format": None, "thinking": None}
"""Members that the SDK sends with every request and that set nothing (docs/protocol.md, "Chat request")."""


@dataclass(frozen=True)
class Profile:
    """How one service differs from others that speak the same protocol."""

    data_urls: bool = False
    """Whether images are sent as data URLs; the service itself takes their base64 alone."""
    priced: bool = False
    """Whether the price table is about it."""


PRACTICE: Final = Profile()
_STAND_IN: Final = Profile(priced=True)
_OTHER: Final = Profile(data_urls=True)
_BY_HOST: Final = {"open.bigmodel.cn": Profile(priced=True), "api.z.ai": Profile()}


def profile_of(base_url: str) -> Profile:
    """The profile of the service at this address. A server on this machine at the service's path stands in for it."""
    host = host_of(base_url)
    if is_loopback(host) and urlsplit(base_url).path.rstrip("/") == urlsplit(DEFAULT_BASE_URL).path:
        return _STAND_IN
    return _BY_HOST.get(host, _OTHER)


def thinking(enabled: bool) -> dict[str, Any]:
    """The members of a request that turn the model's reasoning on or off."""
    return {"thinking": {"type": "enabled" if enabled else "disabled"}}
