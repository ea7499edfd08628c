"""What `%config GLMMagics` says of the settings, in any of our languages: traitlets knows English only."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..text.languages.language import reader
from ..text.languages.messages import N_, Message, _, told
from ..text.wrapping import wrapped

_COLUMNS, _INDENT = 76, 4


def heading(text: str) -> str:
    """The help of all settings as traitlets writes it, below a heading in the reader's language."""
    if reader.language == "en":
        return text
    first, _rule, *rest = text.split("\n")
    return "\n".join([told(_("Settings of {name}", name=first.partition("(")[0])), *rest])


def of_setting(write: Callable[[str], str], meaning: str) -> str:
    """The help of a setting: `write` makes it of what the setting means, which is wrapped at spaces."""
    if reader.language == "en":
        return write(meaning)
    first, *rest = write("").split("\n")
    lines = wrapped(told(_(meaning)), _COLUMNS - _INDENT)
    return "\n".join([first, *(" " * _INDENT + line for line in lines), *map(_told_line, rest)])


def not_of_its_kind(said: str) -> str:
    """What traitlets says of a value that is not of the setting's kind; as it is if it says something else."""
    found = _WRONG_KIND.fullmatch(said)
    if found is None:
        return said
    setting, kind, of_type, value = found.groups()
    any_of = re.fullmatch(r"any of (.*)", kind)
    return _(
        "The '{setting}' trait of a GLMMagics instance expected {kind}, not {value}.",
        setting=setting,
        kind=_("any of {values}", values=any_of[1]) if any_of else _(kind),
        value=_("the {type} {value}", type=of_type, value=value),
    )


_WRONG_KIND = re.compile(r"The '(\w+)' trait of a GLMMagics instance expected (.*), not the (\w+) (.*)\.", re.DOTALL)
#: What else a setting may be.
_KINDS = (
    N_("a boolean"),
    N_("an int"),
    N_("a float"),
    N_("a unicode string"),
    N_("a list"),
)


def _told_line(line: str) -> str:
    for pattern, template in _OF_TRAITLETS.items():
        found = re.fullmatch(rf"( *){pattern}", line)
        if found is not None:
            return found[1] + told(Message(template, value=found[2]))
    return line  # pragma: no cover  # another version of traitlets may say it otherwise


_OF_TRAITLETS = {
    r"Choices: any of (.*)": N_("Choices: any of {value}"),
    r"Current: (.*)": N_("Current: {value}"),
    r"Default: (.*)": N_("Default: {value}"),
}
