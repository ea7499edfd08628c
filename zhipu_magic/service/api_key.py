"""The API key and how it stays hidden: a value that does not show itself, and its removal from texts."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

HIDDEN = "<API key>"
#: Characters: a shorter piece of a key gives nothing away, and may be a word.
_REVEALING = 12
#: Characters: the service's own keys have a dot; a shorter key of another server may be a word, such as "none".
_LONG = 16


class ApiKey(str):
    """A key that does not show itself where values are printed, and that is not pickled.

    Only formatting shows it, because that is how a header is made. A piece of it is made an ApiKey too before it is
    assigned to a name, because tracebacks can show the value of every name.
    """

    __slots__ = ()

    def __new__(cls, text: str = "") -> ApiKey:
        return super().__new__(cls, str.__str__(text))  # the str() of an ApiKey is hidden

    def __repr__(self) -> str:
        return HIDDEN

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return str.__str__(self).__format__(spec)

    def __reduce_ex__(self, protocol: Any) -> tuple[type[ApiKey], tuple[()]]:
        return ApiKey, ()

    @property
    def is_secret(self) -> bool:
        """Whether it should be hidden in all texts, rather than in errors alone."""
        return "." in self or len(self) >= _LONG


class Hide:
    """Removes keys from texts: as they are, in base64, quoted for an address, and long pieces from either end.

    Pieces, because whatever showed a key may have cut it. Of a key `id.secret`, the secret alone is removed too.
    """

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self.keys = frozenset(key for key in keys if key)
        self._needles = [_needles(key) for key in self.keys]
        self._shortest = min([_REVEALING, *map(len, self.keys)])

    def __call__(self, text: str) -> str:
        if not self._needles or len(text) < self._shortest:
            return text
        shown = self._out_of(text)
        if "\\u00" in shown:  # JSON within the text, which may spell the key with escapes
            spelled = _ESCAPED.sub(_letter, shown)
            hidden = self._out_of(spelled)
            shown = shown if hidden == spelled else hidden
        return text if shown == text else shown  # a message stays one

    def _out_of(self, text: str) -> str:
        for needles in self._needles:
            text = needles.out_of(text)
        return text

    def __reduce__(self) -> tuple[type[Hide], tuple[()]]:
        return Hide, ()

    def growing(self) -> Growing:
        """The same for a text that arrives in pieces."""
        return Growing(tuple(self._needles))


_ESCAPED = re.compile(r"\\u00([2-7][0-9a-fA-F])")


def _letter(escaped: re.Match[str]) -> str:
    """The character of a JSON escape; one with a meaning in JSON stays escaped."""
    letter = chr(int(escaped[1], 16))
    return escaped[0] if letter in '"\\\x7f' else letter


class Growing:
    """Removes keys from a text that arrives in pieces.

    What may be the beginning of a key, or of its secret, is held back until more arrives. Other forms, and long ends,
    are found only within one piece.
    """

    def __init__(self, needles: tuple[_Needles, ...]) -> None:
        self._needles = needles
        self._may_begin = _looker(needles)
        self.pending = ""
        """What is held back."""

    def add(self, piece: str) -> str:
        """Take the next piece. Returns what can be shown now."""
        if not self.pending and (self._may_begin is None or self._may_begin(piece) is None):
            return piece
        text = self.pending + piece
        for needles in self._needles:
            text = needles.forms_out_of(text)
        whole = len(text) - max(_begun(text, form) for needles in self._needles for form in needles.plain)
        text, self.pending = text[:whole], text[whole:]
        for needles in self._needles:
            text = needles.out_of(text)
        return text

    def rest(self) -> str:
        """What was held back, at the end of the text."""
        rest, self.pending = self.pending, ""
        return rest


def _begun(text: str, form: ApiKey) -> int:
    """How many characters at the end of the text are the beginning of the form, but not all of it."""
    most = min(len(text), len(form) - 1)
    return next((length for length in range(most, 0, -1) if form.startswith(text[-length:])), 0)


@lru_cache(maxsize=64)
def _looker(needles: tuple[_Needles, ...]) -> Callable[[str], Any] | None:
    """A search for where any key may be. It sees every chunk of a reply, so it has to be quick."""
    if not needles:
        return None
    found = {ApiKey(form[:2]) for one in needles for form in one.forms}
    found |= {_turned(tail) for one in needles for tail, _ in one.endings}
    waits = {rf"{re.escape(form[:1])}\Z" for one in needles for form in one.plain}
    return re.compile("|".join(sorted({re.escape(form) for form in found} | waits))).search


class _Needles(NamedTuple):
    """What is searched for one key: its forms, and the beginnings of it and its secret, also read backwards."""

    plain: tuple[ApiKey, ...]
    forms: tuple[ApiKey, ...]
    beginnings: tuple[tuple[ApiKey, ApiKey], ...]
    endings: tuple[tuple[ApiKey, ApiKey], ...]

    def forms_out_of(self, text: str) -> str:
        for form in self.forms:
            text = text.replace(form, HIDDEN)
        return text

    def out_of(self, text: str) -> str:
        text = self.forms_out_of(text)
        for head, whole in self.beginnings:
            text = _without_beginnings(text, head, whole, HIDDEN)
        for tail, whole in self.endings:
            if _turned(tail) in text:
                text = _without_beginnings(text[::-1], tail, whole, HIDDEN[::-1])[::-1]
        return text


@lru_cache(maxsize=64)
def _needles(key: ApiKey) -> _Needles:
    secret = ApiKey(key.partition(".")[2])
    plain = {key, *(form for form in (ApiKey(quote(key, safe="")), secret) if len(form) >= _REVEALING)}
    encoded = {form for form in _in_base64(key) if len(form) >= _REVEALING}
    return _Needles(
        tuple(plain),
        tuple(sorted(plain | encoded, key=len, reverse=True)),
        tuple(_begins(whole) for whole in (key, secret) if len(whole) > _REVEALING),
        tuple(_begins(_turned(whole)) for whole in (key,) if len(whole) > _REVEALING),
    )


def _begins(whole: ApiKey) -> tuple[ApiKey, ApiKey]:
    return ApiKey(whole[:_REVEALING]), whole


def _in_base64(key: ApiKey) -> set[ApiKey]:
    """The key in base64, for each of its possible positions in a longer text."""
    found = set()
    for before in range(3):
        encode = base64.b64encode, base64.urlsafe_b64encode
        first, last = -(-before * 8 // 6), (before + len(key)) * 8 // 6
        found |= {ApiKey(one(b"\0" * before + key.encode()).decode()[first:last]) for one in encode}
    return found


def _without_beginnings(text: str, head: ApiKey, key: ApiKey, mark: str) -> str:
    """The text with the mark in place of whatever begins with the head and continues like the key."""
    parts, start, place = [], 0, text.find(head)
    while place >= 0:
        length, most = len(head), min(len(key), len(text) - place)
        while length < most and text[place + length] == key[length]:
            length += 1
        parts += [text[start:place], mark]
        start = place + length
        place = text.find(head, start)
    return "".join([*parts, text[start:]])


def _turned(key: ApiKey) -> ApiKey:
    return ApiKey(key[::-1])
