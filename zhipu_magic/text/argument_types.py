"""Checks the types of the arguments that Python code passes by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any, NamedTuple

from .characters import class_name
from .errors import NOTHING_SENT, InvalidRequest
from .languages.messages import N_, Message


class _Kind(NamedTuple):
    """A kind of value: its name in words, the check for it, and what to pass instead."""

    words: str
    fits: Callable[[Any], bool]
    hint: str = ""


def check_types(given: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for the first of these arguments that has the wrong type. None always passes."""
    for name, value in given.items():
        kind = _KINDS.get(name)
        if kind is None or value is None or kind.fits(value):
            continue
        raise InvalidRequest(
            "{name} must be {kind}, not {found}.",
            hint=kind.hint,
            reason="argument.type",
            name=name,
            kind=Message(kind.words),
            found=class_name(value),
        )


def check_prompt(prompt: Any) -> None:
    """Raise InvalidRequest for a prompt that is not a text."""
    if not isinstance(prompt, str):
        raise InvalidRequest(
            "The prompt must be text, not {found}.",
            hint='Pass str(value), or refer to it by name: ask("{{{{ x }}}}", names={{"x": value}}).',
            reason="prompt.not_text",
            outcomes=[NOTHING_SENT],
            found="None" if prompt is None else class_name(prompt),
        )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_stop(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, (list, tuple)) and all(map(_is_text, value)))


def _is_params(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_text, value))


def _is_series(value: Any) -> bool:
    return isinstance(value, Iterable) or callable(value)  # a single function is taken for a list of one


_TEXT = _Kind(N_("text"), _is_text)
_NUMBER = _Kind(N_("a number"), _is_number)
_WHOLE = _Kind(N_("a whole number"), _is_whole)
_SWITCH = _Kind(N_("True or False"), _is_switch)

_KINDS: Mapping[str, _Kind] = {
    **dict.fromkeys(("model", "thread", "system", "effort", "tool_choice", "base_url"), _TEXT),
    **dict.fromkeys(("temperature", "top_p", "timeout"), _NUMBER),
    **dict.fromkeys(("max_tokens", "seed", "max_retries"), _WHOLE),
    **dict.fromkeys(("think", "keep_thinking", "once", "stream", "fresh"), _SWITCH),
    "stop": _Kind(_TEXT.words, _is_stop),
    "params": _Kind(N_("a dictionary with names as its keys"), _is_params),
    "budget": _Kind(_TEXT.words, _is_text, N_('It looks like "5 yuan" or "200k tokens".')),
    "names": _Kind(N_("a mapping of names to values"), lambda value: isinstance(value, Mapping)),
    "tools": _Kind(N_("a list of functions"), _is_series, N_("Pass it as tools=[…].")),
    "plain_http": _Kind(N_("a list of hosts"), _is_series),
    "journal": _Kind(N_("the path of a file"), lambda value: isinstance(value, (str, os.PathLike))),
}
