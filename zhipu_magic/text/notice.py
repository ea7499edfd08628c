"""A sentence for the user, with what it is made of, so that another place can say the same thing in its own way."""

from __future__ import annotations

from collections.abc import Mapping


class Notice(str):
    """A text in English, what to do about it in Python, and what both were made of.

    `reason` names the kind of thing that is told, and never changes; `facts` are the values that the sentences name.
    A front end looks `reason` up to say what to do there, and a translation would do the same.
    """

    reason: str
    facts: Mapping[str, object]
    text: str
    hint: str

    def __new__(cls, text: str, *, hint: str = "", reason: str = "", **facts: object) -> Notice:
        """`text` and `hint` are templates that the facts fill, as `str.format` does; without facts, they stay as is."""
        text, hint = filled(text, facts), filled(hint, facts)
        notice = super().__new__(cls, f"{text} {hint}".strip())
        notice.text, notice.hint, notice.reason, notice.facts = text, hint, reason, facts
        return notice


def filled(template: str, facts: Mapping[str, object]) -> str:
    """The template with the facts in it. Without facts it is taken as written, braces and all."""
    return template.format_map(facts) if facts else template
