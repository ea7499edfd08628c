"""`/images/generations`: has a picture drawn, and says where it is."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...text.addresses import is_web_address
from ...text.errors import ConnectionFailed, GLMError, ServiceError
from ...text.languages.joined import Joined
from ...text.languages.messages import _
from ..client import Client
from ..json_calls import post
from ..response_members import count_of, name_of, objects
from ..transport_errors import in_a_word

PATH = "/images/generations"
#: Characters of an address.
_LONGEST_ADDRESS = 4_000
#: Entries of what the service says of the content.
_MOST_VERDICTS = 10


class Drawn(NamedTuple):
    """What the service has answered: its known members, the address of the picture, and its bytes if it sent those."""

    response: dict[str, Any]
    url: str
    data: bytes = b""


def generate(
    client: Client,
    body: Mapping[str, Any],
    *,
    tries: int,
    cancelled: threading.Event,
    refused: Callable[[str], None],
) -> Drawn:
    """Have a picture drawn. `refused` is called with why, in a word, before it is asked again. Raises GLMError.

    Where the connection is lost the request is not sent again: what was drawn may be billed.
    """

    def again(error: GLMError) -> bool:
        if not _was_not_drawn(error):
            return False
        refused(in_a_word(error))
        return True

    return post(client, PATH, body, _drawn, tries=tries, cancelled=cancelled, again=again)


def _was_not_drawn(error: GLMError) -> bool:
    """Whether the same request may be sent again, as it can have cost nothing."""
    return error.retryable and not (isinstance(error, ConnectionFailed) and error.may_have_arrived)


def _drawn(value: Mapping[str, Any]) -> Drawn | None:
    verdicts = [_verdict(one) for one in objects(value.get("content_filter"))[:_MOST_VERDICTS]]
    if value.get("error"):
        return None
    if isinstance(value.get("data"), list) and not value["data"]:
        raise ServiceError(
            "The service has drawn nothing.",
            hint="It may have found the content sensitive: rephrase the prompt.",
            reason="drawing.nothing",
            detail=_("({words})", words=Joined(_("; "), map(_in_words, verdicts))) if verdicts else "",
        )
    first = next(iter(objects(value.get("data"))), {})
    url, encoded = first.get("url"), first.get("b64_json")
    if isinstance(url, str) and len(url) <= _LONGEST_ADDRESS and is_web_address(url):
        picture: dict[str, Any] | None = {"url": url}
    else:
        url, picture = "", {} if isinstance(encoded, str) and encoded else None
    if picture is None:
        return None
    response = {"created": count_of(value.get("created")) or 0, "data": [picture]}
    if verdicts:
        response["content_filter"] = verdicts
    try:
        return Drawn(response, url, b"" if url else base64.b64decode(str(encoded), validate=True))
    except binascii.Error:
        return None


def _verdict(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": name_of(one.get("role")) or "", "level": count_of(one.get("level")) or 0}


def _in_words(verdict: Mapping[str, Any]) -> str:
    role = verdict["role"] or _("unknown")
    return _("content filter: {role}, level {level}", role=role, level=verdict["level"])
