"""The lines of a batch's files of results: each is the answer to a request, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final

from ...text.characters import each_text
from ...text.errors import ServiceError
from ...text.languages.messages import _
from ...text.untrusted_json import loads
from ..decode import MOST_BYTES, says_error
from ..error_codes import on_one_line, service_error
from ..response_members import count_of, name_of

_OK: Final = 200
#: Of a line that is none, so many bytes are looked at, and so many characters told.
_LONGEST_START, _LONGEST_TOLD = 4_096, 160


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the request with this id: the `body` of its reply, as a live one has it, or else the `error`."""

    custom_id: str
    body: Mapping[str, Any] | None = None
    error: ServiceError | None = None


@dataclass(frozen=True)
class Asked:
    """Where a batch was asked, and of which model: its errors say so. `hide` removes the key from whatever comes."""

    base_url: str
    model: str
    hide: Callable[[str], str]


def lines_of(file: IO[bytes], longest: int = MOST_BYTES) -> Iterator[bytes | None]:
    """The lines of a file, None for one that is too long, blank ones left out.

    Only b"\\n" ends a line: answers hold U+2028 and U+0085 as they are.
    """
    while line := file.readline(longest + 1):
        if len(line) > longest:
            while line and not line.endswith(b"\n"):
                line = file.readline(longest + 1)
            yield None
        elif line.strip():
            yield line


def result_of(line: bytes, asked: Asked) -> Result | None:
    """The result in a line; None if the line is damaged, or says nothing of which request it is about."""
    try:
        value = loads(line)
    except ValueError:
        return None
    id = value.get("custom_id") if isinstance(value, Mapping) else None
    if not isinstance(id, str):
        return None
    response = value.get("response")
    response = response if isinstance(response, Mapping) else {}
    status, body = count_of(response.get("status_code")), _parsed(response.get("body"))
    told = value.get("error")  # OpenAI's form, of a request that was never answered
    if told:
        return Result(id, error=_error(status or _OK, {"error": told}, asked))
    if status not in (None, _OK) or (isinstance(body, Mapping) and says_error(body)):
        said = body if isinstance(body, Mapping) else {"message": name_of(body) or ""}
        return Result(id, error=_error(status or _OK, said, asked))
    if not isinstance(body, Mapping) or not body.get("choices"):
        return Result(id, error=_not_a_reply(line, asked))
    return Result(id, each_text(body, asked.hide))


def mistake_of(code: str, message: str, asked: Asked) -> ServiceError:
    """The error of a line that the service could not read as a request."""
    return _error(400, {"error": {"code": code, "message": message}}, asked)


def _not_a_reply(line: bytes, asked: Asked) -> ServiceError:
    words = on_one_line(asked.hide(line[:_LONGEST_START].decode("utf-8", "replace")), _LONGEST_TOLD)
    return ServiceError(
        "What came back for this request is not a reply.",
        hint="Ask it again.",
        reason="batch.not_a_reply",
        detail=_("({words})", words=words),
    )


def _parsed(body: Any) -> Any:
    """The body of a reply, which may be JSON within the JSON."""
    if not isinstance(body, str):
        return body
    try:
        return loads(body)
    except ValueError:
        return body


def _error(status: int, body: Mapping[str, Any], asked: Asked) -> ServiceError:
    return service_error(status, body, base_url=asked.base_url, model=asked.model, hide=asked.hide)
