"""Texts of ours that can be told in any of our languages.

A `Message` is a `str` in English, which is what logs and journals keep. It remembers its template and its facts, so
that it can be told in another language wherever it is shown, alone or as a fact of another one:

    _("{rows} of {columns} sent", rows=plural(3, "row"), columns=plural(2, "column"))
    ngettext("{count:,} secret taken out", "{count:,} secrets taken out", count)
    pgettext("tokens", "prompt")     where another language has two words for one of ours

    told(message)     as its reader reads it: the last step before it is shown
    sent(message)     in the language of the prompt: the last step before it goes to a model
    for_model(…)      a message that only a model reads, told in the language of the prompt at once

The template is what is translated. So it is a literal, never an f-string, and says all of its sentence. The one
exception is `numbers.plural`, which makes the two forms of a regular noun; `tools/catalog` makes the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from .facts import as_number, portable, settled
from .language import Language, language_of_prompt, reader


def in_language(fact: object, language: Language) -> object:
    """A fact in this language, if it has words of ours (a method of this name); any other as it is."""
    tell = getattr(type(fact), "in_language", None)
    return fact if tell is None else tell(fact, language)


def told(text: object) -> str:
    """A text as its reader reads it."""
    return str(in_language(text, reader.language))


def sent(text: object) -> str:
    """A text in the language of the prompt, for the model."""
    return str(in_language(text, language_of_prompt()))


def for_model(template: str, /, **facts: object) -> str:
    """A text of ours that only a model reads, in the language of the prompt: `sent(_(…))`, told at once."""
    return _told_in(language_of_prompt(), template, facts)


def _told_in(language: Language, template: str, facts: Mapping[str, object], context: str = "") -> str:
    if language != "en":
        from .catalogue import translated  # with the first message that is not told in English

        template = translated(template, language, context)
    return filled(template, facts, language)


def filled(template: str, facts: Mapping[str, object], language: Language = "en") -> str:
    """The template with the facts in it. Without facts it is taken as written, braces and all."""
    if not facts:
        return template
    if language == "en":
        return template.format_map({name: in_language(fact, language) for name, fact in facts.items()})
    from .spacing import filled_in_chinese

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
    """A text in English with its template and facts. Without facts, the template is taken as written.

    One that is a message already is filled no more, but returned as it is. So subclasses make theirs by `str.__new__`.
    """

    template: str
    facts: Mapping[str, object]

    def __new__(cls, template: str, /, **facts: object) -> Message:
        if isinstance(template, Tellable):
            return template  # type: ignore[return-value]  # a text that can be told stands for itself
        facts = settled(facts, template)
        message = super().__new__(cls, filled(template, facts))
        message.template, message.facts = template, facts
        return message

    def in_language(self, language: Language) -> str:
        if language == "en":
            return str.__str__(self)
        return _told_in(language, self.template, self.facts)


class Contextual(Message):
    """A text that is another one elsewhere: `context` is what translators know it by."""

    context: str

    def __new__(cls, context: str, template: str, /, **facts: object) -> Contextual:
        facts = settled(facts, template)
        message = str.__new__(cls, filled(template, facts))
        message.context, message.template, message.facts = context, template, facts
        return message

    def in_language(self, language: Language) -> str:
        return _told_in(language, self.template, self.facts, self.context)


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
        if language == "en":
            return str.__str__(self)
        from .catalogue import translated_plural

        form = translated_plural(self.template, self.many, self.number, language)
        return filled(form, self.facts, language)


#: The names by which gettext's tools know these.
_ = Message
ngettext = Counted
pgettext = Contextual

_Text = TypeVar("_Text", bound=str)


def N_(text: _Text) -> _Text:  # gettext's name for a text that is told where it is used
    """The text as it is: it is translated where it is told."""
    return text


def as_english(text: object) -> str:
    """A text as it stands in journals and logs."""
    return str(in_language(text, "en"))
