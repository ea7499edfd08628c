"""Responses and requests of requests and httpx: status, address, what they hold. No secrets, and no clock."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

from ....text.addresses import without_secrets
from ....text.languages.messages import for_model
from ....text.languages.numbers import plural
from ....text.tokens import fenced_within, weight
from ..records import left_out, unless_secret
from ..registry import LATE, SaysNothing, add

_HEADERS: Final = ("content-type", "content-language", "location", "retry-after", "x-ratelimit-remaining")

_PIECES: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|[{}\[\],:]|[^\s{}\[\],:\"]+", re.DOTALL)
"""The texts, signs, and other words of JSON."""
_STEP: Final = "  "
_LONGEST: Final = 1_000_000
"""Characters of a JSON text that is laid out."""


def _response(value: Any, tokens: int) -> str:
    """The text as far as it has been read: nothing is fetched."""
    reason = getattr(value, "reason", None) or getattr(value, "reason_phrase", None) or ""
    status = value.status_code
    lines = [f"{for_model('no status') if status is None else status} {reason}".strip()]
    if address := _address_of(value):
        lines.append(for_model("from {address}", address=address))
    for name in _HEADERS:
        if found := value.headers.get(name):
            lines.append(f"{name}: {without_secrets(found) if name == 'location' else found}")
    heading = for_model("HTTP response: {response}", response="\n".join(lines))
    content = getattr(value, "_content", None)
    if not isinstance(content, bytes):
        return f"{heading}\n{for_model('Its content has not been read.')}"
    text = _text(value, content)
    if text is None:
        return f"{heading}\n{for_model('{bytes}, not text', bytes=plural(len(content), 'byte'))}"
    kind = str(value.headers.get("content-type", ""))
    language = next((one for one in ("json", "html", "xml") if one in kind), "text")
    if language == "json":
        text = _indented(text)
    shown = fenced_within(text, language, tokens - weight(heading)) if text else for_model("empty")
    return f"{heading}\n{shown}"


def _address_of(value: Any) -> str:
    """The address that something is from or for, without what is private in one; empty if there is none."""
    try:
        url = getattr(value, "full_url", None) or value.url  # the first is that of urllib
    except RuntimeError:  # httpx's own for a response that belongs to no request
        return ""
    return without_secrets(str(url)) if url is not None else ""


def _request(value: Any, tokens: int) -> str:
    """Method and address: headers and what is sent may hold secrets."""
    method = value.get_method() if hasattr(value, "get_method") else value.method
    return for_model("HTTP request: {request}", request=f"{method} {_address_of(value)}".rstrip())


def _url(value: Any, tokens: int) -> str:
    return without_secrets(str(value))


def _headers(value: Any, tokens: int) -> Any:
    """Headers, without the secret ones."""
    return unless_secret(dict(value.items()))


def _cookies(value: Any, tokens: int) -> Any:
    return dict.fromkeys(value.keys(), left_out())


def _session(value: Any, tokens: int) -> str:
    raise SaysNothing(value)


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
    """JSON on lines, with all its numbers and keys as they are written."""
    if len(text) > _LONGEST:
        return text
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return text
    return "".join(_laid_out(_PIECES.findall(text)))


def _laid_out(pieces: list[str]) -> Iterator[str]:
    indent = 0
    for place, piece in enumerate(pieces):
        following = pieces[place + 1] if place + 1 < len(pieces) else ""
        if piece in "{[" and following not in ("}", "]"):
            indent += 1
            yield f"{piece}\n{_STEP * indent}"
        elif piece in "}]" and pieces[place - 1] not in ("{", "["):
            indent -= 1
            yield f"\n{_STEP * indent}{piece}"
        elif piece == ",":
            yield f",\n{_STEP * indent}"
        elif piece == ":":
            yield ": "
        else:
            yield _readable(piece) if "\\u" in piece else piece


def _readable(text: str) -> str:
    """A JSON text with its letters instead of their numbers."""
    written = json.dumps(json.loads(text), ensure_ascii=False)
    return written if not re.search(r"[\ud800-\udfff]", written) else text


def _register(module: ModuleType) -> None:
    for name, function in _KINDS.items():
        add(module, name, function)


_KINDS: Final = {
    "Response": _response,
    "Request": _request,
    "PreparedRequest": _request,
    "URL": _url,
    "Headers": _headers,
    "CaseInsensitiveDict": _headers,
    "RequestsCookieJar": _cookies,
    "Cookies": _cookies,
    "Session": _session,
}
_MODULES: Final = (
    "requests.models",
    "requests.structures",
    "requests.cookies",
    "requests.sessions",
    "httpx",
    "urllib.request",
)
LATE.update(dict.fromkeys(_MODULES, _register))
