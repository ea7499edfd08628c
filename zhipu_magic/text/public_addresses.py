"""Which web addresses are public: those that anybody could ask for. Only such are given to a service to be read.

An address of this machine or of a private network means something else to the service than to the user, and one with a
password in it would give that away.
"""

from __future__ import annotations

import ipaddress
import re

from .addresses import is_web_address, parts_of, without_password
from .characters import shortened
from .errors import NOTHING_SENT, InvalidRequest

_LONGEST = 2_000
#: Names that are never public (RFC 6761, RFC 6762, RFC 8375, and what routers and offices use).
_PRIVATE = (
    *(".localhost", ".local", ".localdomain", ".internal", ".intranet", ".lan", ".home", ".corp", ".home.arpa"),
    *(".test", ".invalid", ".onion"),
)
#: Browsers read a host whose last part is a number as an IPv4 address, in whatever form.
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)", re.IGNORECASE)


def check_public(url: str) -> None:
    """Raise InvalidRequest for an address that is not public, not complete, or not plain."""
    shown = shortened(without_password(url), 200)
    parts = parts_of(url)
    if parts is None or not is_web_address(url) or len(url) > _LONGEST:
        raise InvalidRequest(
            "“{address}” is not a complete web address.",
            hint="It begins with https://, has a host and no spaces.",
            reason="address.incomplete",
            outcomes=[NOTHING_SENT],
            address=shown,
        )
    if "@" in parts.netloc:
        raise InvalidRequest(
            "{address} has a name or a password in it, which the service would get.",
            hint="Fetch it in Python, and give the file instead.",
            reason="address.has_password",
            outcomes=[NOTHING_SENT],
            address=shown,
        )
    if not is_public(parts.hostname or ""):
        raise InvalidRequest(
            "{address} is on this machine or in a private network, which the service does not reach.",
            hint="Fetch it in Python, and give the file instead.",
            reason="address.private",
            outcomes=[NOTHING_SENT],
            address=shown,
        )


def is_public(host: str) -> bool:
    """Whether a host is of the public network: neither this machine, nor a private address, nor a name of such."""
    host = host.rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        last = host.rpartition(".")[2]
        return "." in host and not host.endswith(_PRIVATE) and not _NUMBER.fullmatch(last)
    every: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            every = [address.ipv4_mapped]
        elif (inner := address.sixtofour or (address.teredo or (None, None))[1]) is not None:
            every.append(inner)
    return all(one.is_global and not one.is_multicast for one in every)
