"""The practice server: a stand-in for the GLM service that needs no key and no network.

It speaks the service's wire protocol over real HTTP on 127.0.0.1. By itself it answers every chat request sensibly and
says that no model is behind it. Scripts make it play any reply, fault or broken connection, byte for byte::

    with PracticeServer() as server:
        server.enqueue(Answer("你好"), Fault(429, "1302"), Raw((sse(chunk("half a rep")), CUT)))
        client = ZhipuAI(api_key=server.api_key, base_url=server.base_url)

It imports nothing from the client's side, so that the two cannot share a misreading of the protocol.
"""

from .batches.course import Course
from .batches.lines import Mistake
from .encode import DONE, chunk, sse, tool_call
from .endpoint import Received
from .script import CUT, RESET, STALL, Answer, Drop, Fault, Raw, Script
from .script_file import ScriptFileError
from .server import PracticeServer

__all__ = [
    "CUT",
    "DONE",
    "RESET",
    "STALL",
    "Answer",
    "Course",
    "Drop",
    "Fault",
    "Mistake",
    "PracticeServer",
    "Raw",
    "Received",
    "Script",
    "ScriptFileError",
    "chunk",
    "sse",
    "tool_call",
]
