"""The models that a service lists, and what it tells of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from ..text.characters import LONGEST_NAME, is_name
from ..text.untrusted_json import loads
from .decode import Refused, says_error, whole_body
from .response_members import count_of, name_of, objects
from .shown import Shown

#: The most models that are listed.
_MOST_MODELS = 1_000


def listed_models(response: httpx.Response, shown: Shown, hide: Callable[[str], str]) -> list[str]:
    """The names of the models in a list; `shown` learns the contexts that it tells. Raises Refused if it is none."""
    body = whole_body(response)
    try:
        answer = loads(body)
    except ValueError:
        answer = None
    models = objects(answer.get("data")) if isinstance(answer, Mapping) else []
    found: list[str] = []
    for model in models[:_MOST_MODELS]:
        given = model.get("id")
        name = None if isinstance(given, str) and len(given) > LONGEST_NAME else name_of(given)
        if name and is_name(name):
            found.append(hide(name))
            shown.learn(name, context=_context_of(model))
    if not found:
        raise Refused(response, body, is_error=isinstance(answer, Mapping) and says_error(answer))
    return list(dict.fromkeys(found))


def _context_of(model: Mapping[str, Any]) -> int | None:
    """The context that a list of models tells: vLLM's name for it, llama.cpp's, and those of others."""
    meta = model.get("meta")
    named = [model.get(name) for name in ("max_model_len", "context_length", "context_window", "max_context_length")]
    named.append(meta.get("n_ctx") if isinstance(meta, Mapping) else None)
    return next(filter(None, map(count_of, named)), None)
