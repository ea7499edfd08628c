"""Responses of requests and httpx: status, address, what they hold. No header that may be a secret, and no clock."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any, Final
from urllib.parse import urlsplit

from ....text.numbers import plural
from ....text.tokens import fenced_within, weight
from ..registry import LATE, add

_HEADERS: Final = ("content-type", "content-language", "location", "retry-after", "x-ratelimit-remaining")

_LONGEST: Final = 1_000_000
"""Characters of a JSON text that is laid out."""


def _response(value: Any, tokens: int) -> str:
    """The text as far as it has been read: nothing is fetched."""
    reason = getattr(value, "reason", None) or getattr(value, "reason_phrase", None) or ""
    lines = [f"{value.status_code} {reason}".strip()]
    if address := _address(str(value.url)):
        lines.append(f"from {address}")
    for name in _HEADERS:
        if found := value.headers.get(name):
            lines.append(f"{name}: {_address(found) if name == 'location' else found}")
    heading = "HTTP response: " + "\n".join(lines)
    content = getattr(value, "_content", None)
    if not isinstance(content, bytes):
        return f"{heading}\nIts content has not been read."
    text = _text(value, content)
    if text is None:
        return f"{heading}\n{plural(len(content), 'byte')}, not text"
    kind = str(value.headers.get("content-type", ""))
    language = next((one for one in ("json", "html", "xml") if one in kind), "text")
    if language == "json":
        text = _indented(text)
    return f"{heading}\n{fenced_within(text, language, tokens - weight(heading))}" if text else f"{heading}\nempty"


def _address(url: str) -> str:
    """An address without what is private in one: user, password and query."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}" if parts.hostname else parts.path


def _text(value: Any, content: bytes) -> str | None:
    kind = str(value.headers.get("content-type", ""))
    if not kind.startswith("text/") and not any(one in kind for one in ("json", "xml", "javascript", "form")):
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return None
        return None if "\0" in text else text
    return str(value.text)


def _indented(text: str) -> str:
    if len(text) > _LONGEST:
        return text
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _register(module: ModuleType) -> None:
    add(module, "Response", _response)


LATE.update(dict.fromkeys(("requests.models", "httpx"), _register))
