"""Messages as data beside their English text, so that a journal needs no other language and a page can have any.

    {"of": template, "with": facts}                          a message
    {"of": template, "in": context, "with": facts}           one that is told otherwise elsewhere
    {"one": …, "many": …, "count": 3, "with": facts}         one that depends on a count
    {"between": ", ", "parts": [text or data, …]}            messages with the same text between them; a space is what
                                                             stands between sentences, in any language
    {"figure": "compact", "value": 12300}                    a number as each language writes it

A journal may come from anywhere. So what is read is used only if it says in English what the text beside it says: it
can then say nothing else in another language, since only templates of ours have translations.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

from ..untrusted_json import LARGEST_INTEGER
from . import numbers
from .joined import Joined, Sentences
from .messages import Contextual, Counted, Message, filled, in_language
from .notice import Notice
from .numbers import Figure

#: Bounds of what is taken from a journal.
_DEEPEST, _MOST_PARTS, _MOST_FACTS = 6, 200, 40
_LONGEST, _LONGEST_TEMPLATE = 4_000, 1_000
#: What stands between sentences, whose language then decides.
_SPACE = " "
#: The figures that are written differently, by name.
_FIGURES = {"compact": numbers.compact, "about": numbers.about}
_NAMES = {type_of.write: name for name, make in _FIGURES.items() if isinstance(type_of := make(0), Figure)}


def data_of(text: str) -> dict[str, Any] | None:
    """How the text was made, as JSON; None for one that is the same in all languages."""
    if isinstance(text, Counted):
        return {"one": text.template, "many": text.many, "count": text.number, "with": _used(text)}
    if isinstance(text, (Joined, Sentences)):
        if len(text.parts) == 1:
            return data_of(text.parts[0])
        between = _part(text.between) if isinstance(text, Joined) else _SPACE
        return {"between": between, "parts": [_part(part) for part in text.parts]}
    if isinstance(text, Figure):
        name = _NAMES.get(text.write)
        return None if name is None else {"figure": name, "value": text.value}
    if isinstance(text, Notice):
        return {"between": _SPACE, "parts": [_part(text.text), _part(text.hint)]}
    if isinstance(text, Message):
        context = {"in": text.context} if isinstance(text, Contextual) else {}
        return {"of": text.template, **context, "with": _used(text)}
    return None


def _used(text: Message) -> dict[str, Any]:
    """The facts that stand in the text, but for its count."""
    count, form = ("count", text.many) if isinstance(text, Counted) else ("", "")
    used = f"{text.template}{form}"
    return {name: _part(fact) for name, fact in text.facts.items() if name != count and f"{{{name}" in used}


def _part(fact: object) -> Any:
    if isinstance(fact, str):
        return data_of(fact) or str(fact)
    if isinstance(fact, float) and not isfinite(fact):  # no JSON
        return str(fact)
    return fact if fact is None or isinstance(fact, (bool, int, float)) else str(in_language(fact, "en"))


def told_by(text: str, data: object) -> str:
    """The text as a message, if the data say the same in English; else the text as it is."""
    if len(text) > _LONGEST:
        return text
    try:
        message = _made(data, _DEEPEST, len(text))
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError):
        return text
    return message if str.__str__(message) == text else text


def _made(data: object, deepest: int, longest: int) -> str:
    made = _made_of(data, deepest, longest)
    if len(made) > longest:  # it is part of a text that is no longer
        raise ValueError
    return made


def _made_of(data: object, deepest: int, longest: int) -> str:
    if isinstance(data, str):
        return data
    if not isinstance(data, dict) or deepest == 0:
        raise ValueError
    if "figure" in data:
        return _FIGURES[data["figure"]](_number(data["value"]))
    if "parts" in data:
        parts = data["parts"]
        if not isinstance(parts, list) or len(parts) > _MOST_PARTS:
            raise ValueError
        made_parts = [_made(part, deepest - 1, longest) for part in parts]
        if data["between"] == _SPACE:
            return Sentences(made_parts)
        return Joined(_made(data["between"], deepest - 1, longest), made_parts)
    facts = data["with"]
    if not isinstance(facts, dict) or len(facts) > _MOST_FACTS or not all(map(str.isidentifier, facts)):
        raise ValueError
    made = {name: _fact(fact, deepest, longest) for name, fact in facts.items()}
    if "one" in data:
        if "count" in made:  # it would be another than the one that decides the form
            raise ValueError
        one, many, count = _text(data["one"]), _text(data["many"]), _number(data["count"])
        for form in (one, many):  # either may be the one whose translation is told
            filled(form, {"count": count, **made})
        return Counted(one, many, count, **made)
    if "in" in data:
        return Contextual(_text(data["in"]), _text(data["of"]), **made)
    return Message(_text(data["of"]), **made)


def _fact(fact: object, deepest: int, longest: int) -> object:
    if fact is None or isinstance(fact, (bool, float)):
        return fact
    return _number(fact) if isinstance(fact, int) else _made(fact, deepest - 1, longest)


def _text(member: object) -> str:
    """A template of ours: it fills in facts, and looks at nothing within them."""
    if not isinstance(member, str) or len(member) > _LONGEST_TEMPLATE or _reaches(member) or _KEYED.search(member):
        raise ValueError
    return member


def _number(member: object) -> int:
    if isinstance(member, bool) or not isinstance(member, int):
        raise TypeError
    if abs(member) > LARGEST_INTEGER:
        raise ValueError
    return member


def _reaches(template: str) -> bool:
    """Whether a template looks into a fact (`{x.y}`, `{x[0]}`), or asks for a width, which could be any."""
    from string import Formatter

    return any(
        name is not None and (not name.isidentifier() or conversion not in (None, "r") or spec not in _SPECS)
        for _, name, spec, conversion in Formatter().parse(template)
    )


#: What joins two texts into one key of a catalogue.
_KEYED = re.compile("[\0\4]")
#: How our templates write numbers.
_SPECS = ("", ",", ".0f", ".1f", ".2f", ",.0f", "g")
