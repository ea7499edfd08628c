"""Web addresses: what counts as one, its host, and how much of it may be shown."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

#: Punctuation that stays as it is in a link's target: no front end reads it as its end, mathematics or markup.
_PLAIN = ":/?#&=+,;%.-"
_LONGEST_TARGET = 2_000


def parts_of(url: str) -> SplitResult | None:
    """The parts of an http(s) address; None for anything else."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading the port checks it
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def is_web_address(text: str) -> bool:
    """Whether a text is a complete http(s) address, with no spaces or control characters in it."""
    return parts_of(text) is not None and not re.search(r"[\s\0-\x1f]", text)


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
    return quote(url, safe=_PLAIN, errors="replace").replace("&", "&amp;")
