"""The contenders. Each one's cell asks the same question; `arrived` is then the number of characters that came.

`setup` runs once in each kernel. A cell of ours is a turn of a conversation, so `reset` begins a new one to make every
request the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from .table import Column


@dataclass(frozen=True)
class Contender:
    """One way to ask. The expression `first` is the time of the first word, `arrived` the number of characters."""

    column: Column
    setup: str
    cell: str
    arrived: str = "len(text)"
    first: str = "first"
    reset: str = ""


QUESTION = "How are you?"

OURS = Contender(
    column="%%glm",
    setup="%load_ext zhipu_magic",
    cell=f"%%glm -m glm-4 -b response\n{QUESTION}",
    arrived="len(response.choices[0].message.content)",
    first="None",
    reset="%glm reset",
)

_MESSAGES = [{"role": "user", "content": QUESTION}]

_SDK_SETUP = """\
import time
from zhipuai import ZhipuAI
client = ZhipuAI(max_retries=0)
"""

SDK = Contender(
    column="bare SDK",
    setup=_SDK_SETUP,
    cell=f"""\
text, first = "", None
for chunk in client.chat.completions.create(model="glm-4", messages={_MESSAGES}, stream=True):
    text += chunk.choices[0].delta.content or ""
    if first is None:
        first = time.monotonic()
""",
)

SDK_DISPLAY = Contender(
    column="SDK + display",
    setup=_SDK_SETUP + "from IPython.display import Markdown, display",
    cell=f"""\
text, first = "", None
handle = display(Markdown(text), display_id=True)
for chunk in client.chat.completions.create(model="glm-4", messages={_MESSAGES}, stream=True):
    text += chunk.choices[0].delta.content or ""
    handle.update(Markdown(text))
""",
)

HTTPX = Contender(
    column="raw httpx",
    setup="""\
import json, os, time
import httpx
http = httpx.Client(timeout=60, headers={"Authorization": "Bearer " + os.environ["ZHIPUAI_API_KEY"]})
url = os.environ["ZHIPUAI_BASE_URL"] + "/chat/completions"
""",
    cell=f"""\
texts, first = [], None
with http.stream("POST", url, json={{"model": "glm-4", "messages": {_MESSAGES}, "stream": True}}) as response:
    for line in response.iter_lines():
        if line.startswith("data: {{"):
            texts.append(json.loads(line[6:])["choices"][0]["delta"].get("content") or "")
            if first is None:
                first = time.monotonic()
text = "".join(texts)
""",
)

ALL = (OURS, SDK, SDK_DISPLAY, HTTPX)
