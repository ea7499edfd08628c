"""Where a bare address ends.

Renderers let it run on to the next space, and Chinese has none: `https://a.org，然后继续。` would be one address.
"""

from __future__ import annotations

import re

from .flanking import is_punctuation

_ENDS = frozenset(' \t\n<>"`\\^{}|[]')
#: After these, a letter of another script belongs to the address: a page's name, a word that is searched for.
_JOINS = frozenset("/=_-#&?+")
_TRAILING = re.compile(r"[?!.,:;*_'\"~]+\Z")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}\Z")
_LONGEST = 3_000
_HOST_GOES_ON = re.compile(r"[^\s</?#]{0,300}[^\s</?#?!.,:;*_'\"~()]")
_RUNS_ON = re.compile(rf"[^\s<]{{0,{_LONGEST}}}")


def end_of_address(text: str, start: int, host: int) -> int:
    """Where the address at `start` ends, whose host begins at `host`."""
    at, end = host, min(len(text), start + _LONGEST)
    in_host = True
    while at < end and text[at] not in _ENDS:
        letter = text[at]
        if letter in "/?#":
            in_host = False
        if not letter.isascii() and not _belongs(text, start, at, in_host):
            break
        if letter == "(" and at + 1 < end and not text[at + 1].isascii() and text[at - 1] not in _JOINS:
            break
        at += 1
    return _without_trailing(text, start, at)


def _belongs(text: str, start: int, at: int, in_host: bool) -> bool:
    """Whether a letter that is not ASCII is a part of the address before it."""
    if is_punctuation(text[at]) or text[at].isspace():
        return False
    before = text[at - 1]
    if not before.isascii():
        return True
    if before == "(":
        return text[at - 2] in _JOINS
    if before == "." and in_host:
        return not text[start:at].isascii()
    return before in _JOINS or _ESCAPED.search(text, max(start, at - 3), at) is not None


def _without_trailing(text: str, start: int, end: int) -> int:
    while True:  # the slashes of the scheme stay
        address = text[start:end]
        kept = _TRAILING.sub("", address)
        if kept.endswith(")") and kept.count(")") > kept.count("("):
            kept = kept[:-1]
        if kept == address:
            return end
        end = start + len(kept)


def runs_on(text: str, start: int, end: int) -> bool:
    """Whether a renderer would take more into the address at text[start:end] than belongs to it."""
    following = _RUNS_ON.match(text, end)
    return following is not None and not following[0].isascii()


def host_goes_on(text: str, host: int, end: int) -> str:
    """The character with which a renderer would go on in the host, which ends there; empty if it would not.

    In `[http://localhost:8888]` that is the bracket, and in `http://localhost:{port}` the colon.
    """
    if host == end or any(mark in text[host:end] for mark in "/?#"):
        return ""
    following = _HOST_GOES_ON.match(text, end)
    return following[0][0] if following and following[0].isascii() else ""
