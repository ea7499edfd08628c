"""A sentence for the user, with the facts in it, so that a front end can word it differently."""

from __future__ import annotations

from collections.abc import Mapping


class Notice(str):
    """A text in English, a hint for Python code, and the facts in both.

    `reason` names the kind of notice and never changes; `facts` are the values in the sentences. A front end looks up
    its own hint by the `reason`, and a translation would do the same.
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
