"""Takes what looks like credentials out of a text: a model has no use for them, and a request is kept by others.

It knows tokens by their prefixes, and values by the names in front of them. Hashes, UUIDs and other long words stay.
"""

from __future__ import annotations

import re
from typing import Final

MARK: Final = "[secret taken out]"

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


def without_secrets(text: str) -> tuple[str, int]:
    """The text with a few words in the place of each secret, and how many there were."""
    count = 0
    for pattern in _PATTERNS:
        text, found = pattern.subn(_said, text)
        count += found
    return text, count


def _said(found: re.Match[str]) -> str:
    groups = found.groupdict()
    return f"{groups.get('before') or ''}{MARK}{groups.get('after') or ''}"
