"""Takes what looks like credentials out of a text: a model has no use for them, and a request is kept by others.

It knows tokens by their prefixes, and values by the names in front of them. Hashes, UUIDs and other long words stay.
A value that it has taken out at one place is taken out wherever else it stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from .languages.joined import Joined, distinct_notes
from .languages.messages import N_, Tellable, for_model, ngettext

MARK: Final = N_("[secret taken out]")

#: Names, or ends of names, of what is secret in any text.
_NAMES: Final = (
    r"(?:passw(?:or)?d|passphrase|pwd|(?:[_-]|\bclient|\bapp)secret"
    r"|(?:api|access|account|secret|private|auth|encryption|signing)[_-]?key)"
)
#: What begins a value that is looked up or made, and so no secret: `os.environ[…]`, `read_key(…)`.
_NO_CODE: Final = r"(?![A-Za-z_][\w.]{0,200}[(\[])"

#: Whole matches are taken out, but for a group named `before`, and one named `after`.
_PATTERNS: Final = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
        r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",  # JSON web tokens
        r"(?<![\w-])(?:sk|rk|pk)-[\w-]{16,}",  # OpenAI, Anthropic and those that write theirs so
        r"(?<![\w-])(?:sk|rk)_(?:live|test)_\w{16,}",
        r"(?<!\w)gh[oprsu]_[A-Za-z0-9]{20,}|(?<!\w)github_pat_\w{20,}|(?<!\w)glpat-[\w-]{16,}",
        r"(?<!\w)(?:AKIA|ASIA)[A-Z0-9]{16}(?!\w)",
        r"(?<!\w)AIza[\w-]{30,}",
        r"(?<!\w)xox[abeoprs]-[A-Za-z0-9-]{10,}",
        r"(?<!\w)hf_[A-Za-z0-9]{20,}|(?<!\w)npm_[A-Za-z0-9]{30,}|(?<!\w)pypi-[\w-]{30,}",
        r"(?<!\w)[0-9a-f]{32}\.[A-Za-z0-9]{16}(?!\w)",  # the service's own: id.secret
        r"(?<![\w.])ya29\.[\w-]{20,}",  # Google, for a while
        r"(?P<before>(?i:\bcookie)[\"']?\s{0,9}[:=]\s{0,9}[\"']?)[\w.-]{1,99}=[^\r\n\"']{8,4000}",
        r"(?P<before>(?i:authorization)[\"']?\s{0,9}[:=]\s{0,9}[\"']?(?i:bearer|basic|token)\s{1,9})[^\s\"',]{8,}",
        r"(?P<before>\b(?i:bearer)\s{1,9})(?=[^\s\"']{0,99}\d)[\w.~+/=-]{20,}",
        r"(?P<before>\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@\"']{0,200}:)(?!\*+@)[^\s/@\"']{1,200}(?P<after>@)",
        r"(?P<before>(?i:passw(?:or)?d|pwd|passphrase|secret|(?:api|access|secret|private|auth)[_-]?key)"
        r"(?:[\"']\]?)?\s{0,9}[:=]\s{0,9}(?P<quote>[\"']))(?![*.x•]+[\"'])[^\s\"'<>{}$]{6,200}(?P<after>(?P=quote))",
        # A token may also be a word of a text.
        r"(?P<before>(?i:token|credentials?)(?:[\"']\]?)?\s{0,9}[:=]\s{0,9}(?P<quote>[\"']))"
        r"(?=[^\s\"']{0,199}\d)[^\s\"'<>{}$]{12,200}(?P<after>(?P=quote))",
        # Without quotes: with a digit in it, one long word, or as the environment has it.
        rf"(?P<before>(?i:{_NAMES})\s{{0,9}}[:=]\s{{0,9}}){_NO_CODE}"
        r"(?:(?=[^\s\"']{0,199}\d)[^\s\"'<>{}$,;()\[\]]{8,200}|[A-Za-z]{12,200}(?![\w.(\[]))",
        rf"(?P<before>\b[A-Z][A-Z0-9_]{{0,60}}(?:SECRET|PASSWORD|PASSWD|PASSPHRASE)=){_NO_CODE}[^\s\"'<>{{}}$\[\]]{{8,200}}",
        rf"(?P<before>\b[A-Z][A-Z0-9_]{{0,60}}(?:KEY|TOKEN)=){_NO_CODE}(?=[^\s\"']{{0,199}}\d)[^\s\"'<>{{}}$\[\]]{{8,200}}",
    )
)


#: A shorter value, or one more than so many, is not looked for elsewhere.
_SHORTEST: Final = 6
_MOST_KNOWN: Final = 200
#: A password that is a name of one says nothing, and what it names would be lost.
_SAYS_NOTHING: Final = re.compile(rf"(?i:{_NAMES}|password|secret|credentials?|\w*token)")
_TAKEN_OUT: Final = re.compile(r"[\d,]+ secrets? taken out")
#: The values that are being collected; outside of that, they go nowhere.
_collected: Final[ContextVar[set[str]]] = ContextVar("secrets")


def without_secrets(text: str, known: Iterable[str] = ()) -> tuple[str, int]:
    """The text with a few words in the place of each secret, and how many there were: one that stands in several
    places is one.

    `known` are values that are secret although nothing here tells so (see `secrets_in`).
    """
    values = dict.fromkeys(known)
    with collecting_secrets() as different:
        for pattern in _PATTERNS:
            text = pattern.sub(lambda found: _said(found, values), text)
        mark = for_model(MARK)
        for value in sorted(values, key=len, reverse=True)[:_MOST_KNOWN]:
            if value in text:
                text, count = _anywhere(value).subn(mark, text)
                different.update([value] if count else [])
    return text, len(different)


@contextmanager
def collecting_secrets() -> Iterator[set[str]]:
    """Collect the different values that are taken out meanwhile, of whatever texts."""
    values: set[str] = set()
    outer = _collected.get(None)
    token = _collected.set(values)
    try:
        yield values
    finally:
        _collected.reset(token)
        if outer is not None:
            outer.update(values)


def taken_out_of(texts: Iterable[str], values: Collection[str]) -> str:
    """What the user is told of the secrets in these texts, whose `values` were collected: what was cut has others."""
    return taken_out(min(sum(map(_marks, texts)), len(values)))


def secrets_in(text: str) -> tuple[str, ...]:
    """The values that are taken out of a text, to be taken out of what goes with it too."""
    values = dict[str, None]()
    for pattern in _PATTERNS:
        text = pattern.sub(lambda found: _said(found, values), text)
    return tuple(values)


def taken_out(count: int) -> str:
    """What the user is told of so many secrets; empty for none."""
    return ngettext("{count:,} secret taken out", "{count:,} secrets taken out", count) if count else ""


def of_other_than_secrets(note: str) -> str:
    """What a note on what is left out says besides `taken_out`."""
    one = [note] if isinstance(note, Tellable) else note.split("; ")  # one of an earlier journal
    parts = note.parts if isinstance(note, Joined) else one
    return distinct_notes(part for part in parts if not _TAKEN_OUT.fullmatch(part))


def _said(found: re.Match[str], values: dict[str, None]) -> str:
    """What stands in the place of a secret, whose value is added to the others."""
    groups = found.groupdict()
    before, after = groups.get("before") or "", groups.get("after") or ""
    value = found[0][len(before) : len(found[0]) - len(after)]
    is_new = not _marks(value)
    if is_new and (collected := _collected.get(None)) is not None:
        collected.add(value)
    if len(value) >= _SHORTEST and is_new and value not in MARK and not _SAYS_NOTHING.fullmatch(value):
        values[value] = None
    return f"{before}{for_model(MARK)}{after}"


def _marks(text: str) -> int:
    """How many secrets were taken out of a text: when it was kept, or for this prompt."""
    return sum(text.count(mark) for mark in {MARK, for_model(MARK)})


def _anywhere(value: str) -> re.Pattern[str]:
    """The value wherever it stands; if it may be a word, where it is a whole one."""
    return re.compile(rf"(?<!\w){re.escape(value)}(?!\w)" if value.isalpha() else re.escape(value))
