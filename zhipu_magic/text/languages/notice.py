"""A sentence for the user, with the facts in it, so that a front end can word it differently."""

from __future__ import annotations

from .facts import settled_for_all
from .joined import sentences
from .language import Language
from .messages import Message


class Notice(Message):
    """A text in English, a hint for Python code, and the facts in both.

    `reason` names the kind of notice and never changes; `facts` are the values in the sentences. A front end looks up
    its own hint by the `reason`.
    """

    reason: str
    text: Message
    hint: str

    def __new__(cls, text: str, *, hint: str = "", reason: str = "", **facts: object) -> Notice:
        """`text` and `hint` are templates that the facts fill, as `str.format` does; without facts, they stay as is."""
        facts = settled_for_all(facts, text, hint)
        said, todo = Message(text, **facts), Message(hint, **facts)
        notice = str.__new__(cls, sentences(said, todo))
        notice.template, notice.text, notice.hint = text, said, todo
        notice.reason, notice.facts = reason, facts
        return notice

    def hinted(self, hint: str) -> Notice:
        """The same with this hint."""
        notice = str.__new__(Notice, sentences(self.text, hint))
        notice.__dict__.update(self.__dict__, hint=hint)
        return notice

    def in_language(self, language: Language) -> str:
        return sentences(self.text, self.hint).in_language(language)
