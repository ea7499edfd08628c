"""The `repr` of a value as it can be sent: the same in every run, and without a library's credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from ...text.characters import without_addresses
from ...text.left_out import note_cut
from ...text.numbers import plural
from ...text.secrets import without_secrets

_OWN: Final = ("builtins", "__main__")
"""The modules whose values hold what the user has written himself."""
_ID: Final = re.compile(
    r"(?:[,;]?\s?\b(?:id|at|address)\s?[=:]?\s?)?(?P<quote>['\"]?)(?<![\w.])"
    r"(?:0[xX])?(?P<digits>[0-9A-Fa-f]{6,20})(?![\w.])(?P=quote)"
)
_MOST: Final = 1_000
_DEEPEST: Final = 3


def repr_of(value: Any) -> str:
    """The `repr` of a value without addresses and ids, and of a library's without what looks like a credential."""
    shown = without_places(value, repr(value))
    return shown if type(value).__module__ in _OWN else without_credentials(shown)


def without_places(value: Any, shown: str) -> str:
    """What `repr` has given for a value, without where in memory it and what it holds are.

    Texts keep their words: an address of other things is a part of them.
    """
    if isinstance(value, (str, bytes, bytearray)):
        return shown
    shown = without_addresses(shown)
    if _ID.search(shown) is None:
        return shown
    ids = set(_ids(value, 0))
    return _ID.sub(lambda found: "" if _number(found, ids) else found[0], shown)


def without_credentials(text: str) -> str:
    """A library's text without what looks like a credential, which is noted."""
    text, count = without_secrets(text)
    if count:
        note_cut(f"{plural(count, 'secret')} taken out")
    return text


def _number(found: re.Match[str], ids: set[int]) -> bool:
    digits = found["digits"]
    return int(digits, 16) in ids or (digits.isdecimal() and int(digits) in ids)


def _ids(value: Any, depth: int) -> Iterator[int]:
    yield id(value)
    items: Any = ()
    if type(value) in (list, tuple, set, frozenset):
        items = value
    elif type(value) is dict:
        items = [part for pair in islice(value.items(), _MOST) for part in pair]
    if depth < _DEEPEST:
        for item in islice(items, _MOST):
            yield from _ids(item, depth + 1)
