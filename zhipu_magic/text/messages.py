"""Texts of ours that can be told in any of our languages.

A `Message` is a `str` in English, which is what logs and journals keep. It remembers its template and its facts, so
that it can be told in another language wherever it is shown, alone or as a fact of another one:

    _("{rows} of {table} were not sent.", rows=plural(3, "row"), table="sales")
    ngettext("{count} turn was set aside.", "{count} turns were set aside.", count)
    pgettext("tokens", "prompt")     where another language has two words for one of ours

    told(message)     as its reader reads it: the last step before it is shown
    sent(message)     in the language of the prompt: the last step before it goes to a model
    for_model(…)      a message that only a model reads, told in the language of the prompt at once

The template is what is translated. So it is a literal, never an f-string, and says all of its sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from . import language as languages
from .facts import as_number, portable, settled
from .language import Language
from .spacing import filled_in_chinese


def in_language(fact: object, language: Language) -> object:
    """A fact in this language, if it has words of ours (a method of this name); any other as it is."""
    tell = getattr(type(fact), "in_language", None)
    return fact if tell is None else tell(fact, language)


def told(text: object) -> str:
    """A text as its reader reads it."""
    return str(in_language(text, languages.of_reader()))


def sent(text: object) -> str:
    """A text in the language of the prompt, for the model."""
    return str(in_language(text, languages.of_prompt()))


def for_model(template: str, /, **facts: object) -> str:
    """A text of ours that only a model reads, in the language of the prompt: `sent(_(…))`, told at once."""
    language = languages.of_prompt()
    return filled(languages.translated(template, language), facts, language)


def filled(template: str, facts: Mapping[str, object], language: Language = "en") -> str:
    """The template with the facts in it. Without facts it is taken as written, braces and all."""
    if not facts:
        return template
    if language == "en":
        return template.format_map({name: in_language(fact, language) for name, fact in facts.items()})
    return filled_in_chinese(template, facts, lambda fact: in_language(fact, language))


class Tellable(str):
    """A text of ours, which is English as a `str`."""

    def in_language(self, language: Language) -> str:
        """The text in this language: English, where a kind of text has no other."""
        return str.__str__(self)

    def __reduce__(self) -> tuple[object, ...]:
        parts = dict(self.__dict__)
        if "facts" in parts:
            parts["facts"] = portable(parts["facts"])
        return _restored, (type(self), str.__str__(self), parts)

    def __copy__(self) -> Tellable:
        return self  # it never changes

    def __deepcopy__(self, memo: object) -> Tellable:
        return self


def _restored(kind: type[Tellable], text: str, parts: Mapping[str, object]) -> Tellable:
    restored = str.__new__(kind, text)
    restored.__dict__.update(parts)
    return restored


class Message(Tellable):
    """A text in English with its template and facts. Without facts, the template is taken as written."""

    template: str
    facts: Mapping[str, object]

    def __new__(cls, template: str, /, **facts: object) -> Message:
        if isinstance(template, Tellable):  # it is filled
            steady, text = dict[str, object](), _as_english(template)
        else:
            steady = settled(facts, template)
            text = filled(template, steady)
        message = super().__new__(cls, text)
        message.template, message.facts = template, steady
        return message

    def in_language(self, language: Language) -> str:
        if language == "en":
            return str.__str__(self)
        if isinstance(self.template, Tellable):
            return self.template.in_language(language)
        return filled(languages.translated(self.template, language), self.facts, language)


class Contextual(Message):
    """A text that is another one elsewhere: `context` is what translators know it by."""

    context: str

    def __new__(cls, context: str, template: str, /, **facts: object) -> Contextual:
        facts = settled(facts, template)
        message = str.__new__(cls, filled(template, facts))
        message.context, message.template, message.facts = context, template, facts
        return message

    def in_language(self, language: Language) -> str:
        return filled(languages.translated(self.template, language, self.context), self.facts, language)


class Counted(Message):
    """A text that depends on a count: `template` is for one, `many` for any other number."""

    many: str
    number: int

    def __new__(cls, one: str, many: str, count: int, /, **facts: object) -> Counted:
        count = as_number(count)
        facts = settled({"count": count, **facts}, one, many)
        message = str.__new__(cls, filled(one if count == 1 else many, facts))
        message.template, message.many, message.number, message.facts = one, many, count, facts
        return message

    def in_language(self, language: Language) -> str:
        form = languages.translated_plural(self.template, self.many, self.number, language)
        return filled(form, self.facts, language)


class Joined(Tellable):
    """Texts with the same text between them."""

    between: str
    parts: Sequence[str]

    def __new__(cls, between: str, parts: Iterable[str]) -> Joined:
        parts = tuple(part for part in parts if part)
        joined = super().__new__(cls, _as_english(between).join(map(_as_english, parts)))
        joined.between, joined.parts = between, parts
        return joined

    def in_language(self, language: Language) -> str:
        if language == "en":
            return str.__str__(self)
        parts = [str(in_language(part, language)) for part in self.parts]
        if self.between == " ":
            return _sentences(parts)
        between = str(in_language(self.between, language))
        if between == _ITEMS and any(_CLAUSES in part for part in parts):
            between = _CLAUSES  # what has clauses is one
        return between.join(parts)


class Figure(Tellable):
    """A number as each language writes it: `write` does so from the value."""

    write: Callable[[float, Language], object]
    value: float

    def __new__(cls, write: Callable[[float, Language], object], value: float) -> Figure:
        figure = super().__new__(cls, _as_english(write(value, "en")))
        figure.write, figure.value = write, as_number(value)
        return figure

    def in_language(self, language: Language) -> str:
        return str(in_language(self.write(self.value, language), language))


#: The names by which gettext's tools know these.
_ = Message
ngettext = Counted
pgettext = Contextual

_Text = TypeVar("_Text", bound=str)


def N_(text: _Text) -> _Text:  # gettext's name for a text that is told where it is used
    """The text as it is: it is translated where it is told."""
    return text


def joined(between: str, parts: Iterable[str]) -> Joined:
    """The texts that are not empty, with this between them; it is a message if languages have it differently."""
    return Joined(between, parts)


def sentences(*parts: str) -> Joined:
    """Sentences one after the other; those that are empty are left out."""
    return Joined(" ", parts)


def comma(parts: Iterable[str]) -> Joined:
    """Items of a list, as each language separates them."""
    return Joined(_(", "), parts)


def clauses(parts: Iterable[str]) -> Joined:
    """Clauses of a sentence, as each language separates them: Chinese has another comma for these."""
    return Joined(pgettext("clauses", ", "), parts)


def semicolon(parts: Iterable[str]) -> Joined:
    """Notes on one thing, each once."""
    return Joined(_("; "), dict.fromkeys(parts))


def all_of(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return _ended(parts, N_("{most} and {last}"))


def any_of(parts: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return _ended(parts, N_("{most} or {last}"))


def _ended(parts: Sequence[str], template: str) -> str:
    *most, last = parts or [""]
    return Message(template, most=comma(most), last=last) if most else last


#: The comma between the items of a list in Chinese, and that between clauses.
_ITEMS, _CLAUSES = "、", "，"
#: After these, Chinese leaves no space before the next sentence, and none before those that open.
_CLOSE, _OPEN = "。！？；：，、”』」）】…", "“『「（【"


def _sentences(parts: Iterable[str]) -> str:
    text = ""
    for part in filter(None, parts):
        text += part if not text or text[-1] in _CLOSE or part[0] in _OPEN else f" {part}"
    return text


def _as_english(text: object) -> str:
    return str(in_language(text, "en"))
