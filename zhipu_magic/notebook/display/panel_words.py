"""Figures as all panels write them."""

from __future__ import annotations

from ...service.wire import Usage
from ...text.languages.messages import _


def elapsed(seconds: float) -> str:
    """How long it has taken."""
    return _("{seconds:.1f} s", seconds=seconds)


def first_token(seconds: float) -> str:
    """When the first token came."""
    return _("first token {seconds:.2f} s", seconds=seconds)


def rate(a_second: float) -> str:
    """Tokens a second."""
    return _("{rate:.0f} tok/s", rate=a_second)


def tokens(usage: Usage) -> str:
    """The tokens of a prompt and of its completion."""
    return _("{prompt:,} + {completion:,} tokens", prompt=usage.prompt_tokens, completion=usage.completion_tokens)


def with_cached(count: int, cached: int) -> str:
    """A count of prompt tokens, and how many of them were in the service's cache."""
    return _("{count:,}, of them {cached:,} cached", count=count, cached=cached) if cached else f"{count:,}"
