"""Web addresses: what counts as one, its host, and how much of it may be shown."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

#: Punctuation that stays as it is in a link's target: no front end reads it as its end, mathematics or markup.
_PLAIN = ":/?#&=+,;%.-"
_LONGEST_TARGET = 2_000
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_LABEL = r"(?![xX][nN]--)[A-Za-z0-9-]{1,63}"
#: A host and port that every browser takes, before a path; a pattern, as the next one.
PLAIN_HOST = (
    rf"(?:(?:{_LABEL}\.){{0,10}}(?=[A-Za-z]){_LABEL}|(?:{_BYTE}\.){{3}}{_BYTE})"
    r"(?::(?:[0-9]{1,4}|[1-5][0-9]{4}))?(?=[/?\#])"
)
#: A part of a path that is a scheme where it stands alone. JupyterLab takes an address that no browser takes, and any
#: relative one, for a path: of `http://[/../../javascript:f()` and `./javascript:f()`, it leaves the end as the link.
SCHEME_IN_PATH = r"[/;][A-Za-z][A-Za-z0-9+.-]*(?::|&(?:colon|\#0*58|\#[xX]0*3[aA]);)"
_PLAIN_HOST, _SCHEME_IN_PATH = re.compile(PLAIN_HOST), re.compile(SCHEME_IN_PATH)
_AUTHORITY = re.compile(r"(?:(?:https?|ftp)://)?([^/?#]*)", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?")
#: What no browser takes in a host, and a last label that makes of it an IPv4 address (URL Standard, 3.5).
_NO_HOST = re.compile(r"[\s\0-\x1f\x7f#/<>?@\[\\\]^|%]")
_NUMBER = re.compile(r"(?P<hexadecimal>0[xX][0-9A-Fa-f]+)|(?P<octal>0[0-7]+)|[1-9][0-9]{0,19}|0")
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)", re.DOTALL)


def parts_of(url: str) -> SplitResult | None:
    """The parts of an http(s) address; None for anything else."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading the port checks it
    except ValueError:
        return None
    if "[" in parts.netloc and not _is_ipv6(parts.hostname or ""):  # Python 3.10 takes anything in the brackets
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def is_web_address(text: str) -> bool:
    """Whether a text is a complete http(s) address, with no spaces or control characters in it."""
    return parts_of(text) is not None and not re.search(r"[\s\0-\x1f]", text)


def is_openable(address: str) -> bool:
    """Whether browsers take an http(s) or ftp address, or one that begins with www., for one: its host and port.

    JupyterLab makes links of others too, to a file of this name.
    """
    authority = _AUTHORITY.match(address)
    parts = _HOST_AND_PORT.fullmatch(authority[1].rpartition("@")[2] if authority else "")
    if parts is None or int((parts[2] or "0")[:9]) > 65_535:
        return False
    host = parts[1].removesuffix(".")
    if host.startswith("["):
        return _is_ipv6(host[1:-1])
    read = unicodedata.normalize("NFKC", host)
    if read != host and ".." in read:  # of an ellipsis
        return False
    host = read
    if not host.isascii():
        return all(letter in ".-_" or unicodedata.category(letter)[0] in "LMN" for letter in host)
    if _ENDS_IN_NUMBER.fullmatch(host):
        return _is_ipv4(host)
    return _NO_HOST.search(host) is None


def _is_ipv4(host: str) -> bool:
    """Whether browsers read it as an IPv4 address, of which they know many forms (URL Standard, 3.5)."""
    found = [_NUMBER.fullmatch(part) for part in host.split(".")]
    if len(found) > 4 or not all(found):
        return False
    bases = {"hexadecimal": 16, "octal": 8}
    numbers = [int(part[0], bases.get(part.lastgroup or "", 10)) for part in found if part]
    return all(number < 256 for number in numbers[:-1]) and numbers[-1] < 256 ** (5 - len(numbers))


def _is_ipv6(host: str) -> bool:
    try:
        return bool(ipaddress.IPv6Address(host))
    except ValueError:
        return False


def leads_elsewhere(address: str) -> bool:
    """Whether a link to an address, here without its scheme, is one in every front end, and never a path."""
    doubtful = _SCHEME_IN_PATH.search(address) and not _PLAIN_HOST.match(address)
    return is_openable(address) and not doubtful


def host_of(url: str) -> str:
    """The host of an http(s) address; empty for anything else."""
    parts = parts_of(url)
    return parts.hostname or "" if parts else ""


def origin_of(url: str) -> str:
    """The scheme, host and port of an http(s) address, as browsers compare them; empty for anything else."""
    parts = parts_of(url)
    if parts is None:
        return ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" if parts.port in (None, usual) else f"{parts.scheme}://{host}:{parts.port}"


def path_of(url: str) -> str:
    """The path of an http(s) address, without a slash at its end; empty for anything else."""
    parts = parts_of(url)
    return parts.path.rstrip("/") if parts else ""


def is_this_machine(host: str) -> bool:
    """Whether this host is this machine, or the one that this container runs on: what it is sent takes no network."""
    if host == "localhost" or host in _AROUND_A_CONTAINER:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


#: By which names Docker and Podman let a container reach its machine.
_AROUND_A_CONTAINER = frozenset({"host.docker.internal", "host.containers.internal"})


def without_password(url: str) -> str:
    """The address without its user name and password, so that it can be shown."""
    before, at, after = url.rpartition("@")
    return f"{before.split('//')[0]}//…@{after}" if at else url


def without_secrets(url: str) -> str:
    """The address without user name, password and query; empty if it is not an address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def link_target(url: str) -> str | None:
    """The address as a link's target in Markdown; None for what a link should not lead to."""
    parts = parts_of(url)
    if parts is None or "@" in parts.netloc:
        return None
    if len(url) > _LONGEST_TARGET or any(letter.isspace() or letter == "\\" for letter in url):
        return None
    if not leads_elsewhere(url.partition("://")[2]):
        return None
    return quote(url, safe=_PLAIN, errors="replace").replace("&", "&amp;")
