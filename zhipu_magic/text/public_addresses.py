"""Which web addresses are public: those that anybody could ask for. Only such are given to a service to be read.

An address of this machine or of a private network means something else to the service than to the user, and one with a
password in it would give that away. A host is looked at as whoever asks for it reads it (UTS 46, RFC 4291), and is not
looked up: a public name may lead anywhere.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import Final

from .addresses import is_web_address, parts_of, without_password
from .characters import shortened
from .errors import NOTHING_SENT, InvalidRequest

_LONGEST = 2_000
#: Names that are never public (RFC 6761, RFC 6762, RFC 8375, RFC 9476), and what routers, offices and clusters use.
_PRIVATE: Final = (
    *(".localhost", ".local", ".localdomain", ".internal", ".intranet", ".lan", ".home", ".corp", ".home.arpa"),
    *(".test", ".invalid", ".onion", ".alt", ".private", ".domain", ".workgroup", ".fritz.box"),
    *(".svc", ".pod", ".cluster", ".consul", ".docker", ".containers"),
)
#: Browsers read a host whose last part is a number as an IPv4 address, in whatever form.
_NUMBER: Final = re.compile(r"(?:\d+|0x[0-9a-f]*)", re.IGNORECASE)
#: Characters of a host and of each part of it (RFC 1035).
_LONGEST_HOST, _LONGEST_PART = 253, 63
#: Marks that are not seen, and that IDNA takes out of a name (UTS 46).
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
#: What a name is made of: letters, digits and marks of any script, and these.
_PLAIN: Final = "-_"
#: Those that are given out (RFC 4291), and one that is not.
_GIVEN_OUT, _NONE = ipaddress.IPv6Network("2000::/3"), ipaddress.IPv6Address("::")
#: Networks of IPv6 whose last 32 bits are an IPv4 address: mapped, translated (RFC 2765), NAT64 (RFC 6052).
_AROUND_IPV4: Final = tuple(map(ipaddress.IPv6Network, ("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")))
#: Bits 64 to 95 of an address by ISATAP (RFC 5214), whose last 32 are an IPv4 address.
_ISATAP: Final = (0x0000_5EFE, 0x0200_5EFE)


def check_public(url: str) -> None:
    """Raise InvalidRequest for an address that is not public, not complete, or not plain."""
    shown = shortened(without_password(url), 200)
    parts = parts_of(url)
    if parts is None or not is_web_address(url) or len(url) > _LONGEST or not plain_host(parts.hostname or ""):
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


def plain_host(host: str) -> str:
    """The host as whoever asks for it reads it, in lower case and without a dot at its end; empty for what is none."""
    try:
        return str(ipaddress.ip_address(host.partition("%")[0] if ":" in host else host))
    except ValueError:
        pass
    host = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", host).casefold()).replace("\u3002", ".")
    host = host.removesuffix(".")
    is_plain = len(host) <= _LONGEST_HOST and all(
        part and len(_ascii(part)) <= _LONGEST_PART and all(map(_is_plain, part)) for part in host.split(".")
    )
    return host if is_plain and not _UNSEEN.search(host) else ""


def is_public(host: str) -> bool:
    """Whether a host is of the public network: neither this machine, nor a private address, nor a name of such."""
    host = plain_host(host)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        return "." in host and not host.endswith(_PRIVATE) and not _NUMBER.fullmatch(last)
    return all(one.is_global and not one.is_multicast for one in _meant_by(address))


def _is_plain(letter: str) -> bool:
    return letter in _PLAIN or unicodedata.category(letter)[0] in "LMN"


def _ascii(part: str) -> bytes:
    """A part of a name as it is looked up."""
    return part.encode() if part.isascii() else b"xn--" + part.encode("punycode")


def _meant_by(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The addresses that have to be public for this one to be: those of IPv4 that it holds, and itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    last = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if any(address in network for network in _AROUND_IPV4):
        return [last]
    if address not in _GIVEN_OUT:  # what else stands for this machine, or is of no public network
        return [_NONE]
    inner = [address.sixtofour, *(address.teredo or ())]
    if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        inner.append(last)
    return [address, *(one for one in inner if one is not None)]
