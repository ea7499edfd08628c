"""A long conversation as a journal, whose lines are made from the line of a turn that was really asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from zhipu_magic import Chat
from zhipu_magic.history.turn import Anchor
from zhipu_magic.practice import Answer

from .servers import Practice

MODEL = "glm-short"
"""Not a model of the service: its context has room for about 50 of these turns (see `long_thread`)."""

_PROMPT = "第 {:06} 问：table 里每个 month 都有 missing values，怎样按组求 mean，再画成图？Please show the code."
_REPLY = (
    "第 {:06} 答：先用 `df.groupby('month')['value'].mean()` 按月求均值；它会自动跳过 NaN。"
    "If you would rather fill the gaps first, use `transform`:\n\n"
    "```python\ndf['value'] = df.groupby('month')['value'].transform(lambda s: s.fillna(s.mean()))\n"
    "df.groupby('month')['value'].mean().plot(kind='line')\n```\n\n"
    "这样每个月的空值都由同月的均值补上，整体的 mean 不变，而 variance 会略小；画图之前请确认月份已经排好序。"
)


def prompt_and_reply(number: int) -> tuple[str, str]:
    """The two texts of a turn, of some 80 and 300 characters, and of the same length for every number."""
    return _PROMPT.format(number), _REPLY.format(number)


def write_past(path: Path, turns: int, server: Practice) -> None:
    """Write the journal of a session with so many turns, each from a different cell."""
    session, turn = _asked(server)
    with path.open("wb") as file:
        for event in (session, *_turns(turn, turns)):
            file.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")


def _asked(server: Practice) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two events of a session with one turn."""
    address = server.environment()
    chat = Chat(MODEL, base_url=address["ZHIPUAI_BASE_URL"], api_key=address["ZHIPUAI_API_KEY"])
    prompt, reply = prompt_and_reply(0)
    server.answer_next(Answer(reply))
    _ = chat.ask(prompt, anchor=Anchor("00000000-0000-4000-8000-000000000000", 1)).text
    chat.close()
    session, turn = (json.loads(line) for line in chat.history.journal.lines())
    return session, turn


def _turns(first: dict[str, Any], count: int) -> Iterator[dict[str, Any]]:
    name = first["id"].rpartition("-")[0]
    for number in range(1, count + 1):
        turn = deepcopy(first)
        turn["id"], turn["run"] = f"{name}-{number}", f"{name}.{number}"
        turn["cell"] = f"{number:08}-{first['cell'].partition('-')[2]}"
        if number > 1:
            turn["after"] = f"{name}-{number - 1}"
        turn["prompt"], turn["completion"]["choices"][0]["message"]["content"] = prompt_and_reply(number)
        yield turn
