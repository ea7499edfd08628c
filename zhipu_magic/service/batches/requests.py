"""The lines of a batch's file: each is a request, by a name of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

#: What each line asks. The SDK's types say /v1/…, and the service refuses that.
ENDPOINT: Final = "/v4/chat/completions"
#: The most lines and bytes of one file. A megabyte is taken as the smaller one.
MOST_LINES: Final = 50_000
MOST_BYTES: Final = 100 * 10**6

#: How a reply is delivered, which a batch does in its own way.
_OF_A_STREAM: Final = frozenset({"stream", "stream_options", "tool_stream"})
#: What some programs take for the end of a line, and JSON may hold as it is.
_LINE_ENDS: Final = tuple((end.encode(), f"\\u{ord(end):04x}".encode()) for end in "\u0085\u2028\u2029")


def line_of(custom_id: str, body: Mapping[str, Any]) -> bytes:
    """The line of a request, with its end."""
    asked = {name: value for name, value in body.items() if value is not None and name not in _OF_A_STREAM}
    request = {"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": asked}
    # An unpaired surrogate becomes an escape, as JSON has it.
    line = json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
    for end, escaped in _LINE_ENDS:
        line = line.replace(end, escaped)
    return line + b"\n"
