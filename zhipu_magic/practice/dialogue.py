"""What the practice server says without a script: always the same words for the same request."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any

from . import pictures
from .encode import tool_call
from .request import ChatRequest, text_of
from .schema import plausible_value
from .script import Answer
from .text import clip, estimate_tokens, first_tokens, is_chinese
from .words import CHINESE, ENGLISH, FORMULA, Words

_DOCUMENTED = {
    "作为一名营销专家，请为我的产品创作一个吸引人的口号": Answer(
        "当然，要创作一个吸引人的口号，请告诉我一些关于您产品的信息",
    ),
    "智谱AI开放平台": Answer("点燃未来，智谱AI绘制无限，让创新触手可及！"),
    "创作一个更精准且吸引人的口号": Answer(
        "以AI绘蓝图 — 智谱AI，让创新的每一刻成为可能。",
        id="8239375684858666781",
        created=1703487403,
    ),
    "你好": Answer("你好！有什么我可以帮助你的吗？"),
}
"""The service's documented conversation, and a greeting. Each is recognised by the last user text alone."""

_FIRST, _SECOND, _THIRD, _GREETING = _DOCUMENTED
_TWO_TURNS = (_FIRST, _DOCUMENTED[_FIRST].content, _SECOND, _DOCUMENTED[_SECOND].content)
_USAGE = {
    _TWO_TURNS[:1]: (8, 9),
    _TWO_TURNS[:3]: (20, 7),
    (*_TWO_TURNS, _THIRD): (31, 217),
    (_THIRD,): (31, 217),
    (_GREETING,): (7, 10),
}
"""The tokens of prompt and completion, by the texts of all messages. 31 + 217 are documented, and what was told before
shares the 31 by its length; among other messages, all is estimated."""

_NOT_SHOWN = {"messages", "stream", "stream_options", "request_id"}
"""Members that a reply does not show, so that it says the same whether streamed or not."""


_GO_ON = re.compile(r"\b(go on|continue)\b|继续", re.IGNORECASE)
"""What a request to continue says."""


_PYTHON, _END = re.compile(r"^```python\n", re.MULTILINE), re.compile(r"\n```$", re.MULTILINE)
"""Around code in a message, as when it is sent to be corrected."""

_REPAIR = re.compile(r"^(?:This notebook cell (?:raised|ran a script)|这个笔记本单元格(?:抛出|运行))", re.MULTILINE)
"""How a message begins that has code corrected, as `%glm fix` sends it."""


def answer(request: ChatRequest) -> Answer:
    """The reply to an acceptable request without a script. Raises ValueError for an invalid schema."""
    return limited(_rest(request) or _whole(request), request)


def limited(reply: Answer, request: ChatRequest) -> Answer:
    """The reply within the request's `max_tokens`, if it has any; reasoning comes first, and counts."""
    limit = request.get("max_tokens")
    if limit is None:
        return reply
    reasoning = first_tokens(reply.reasoning or "", limit)
    content = first_tokens(reply.content, limit - estimate_tokens(reasoning))
    if content == reply.content and reasoning == (reply.reasoning or ""):
        return reply
    reply = replace(reply, reasoning=reasoning or None, content=content)
    return replace(reply, finish_reason="length", completion_tokens=None)


def _rest(request: ChatRequest) -> Answer | None:
    """The rest of a reply that was cut short, if the request asks for it."""
    if request.last_role != "user" or len(request.messages) < 3 or not _GO_ON.search(request.last_user_text):
        return None
    *earlier, cut, _ = request.messages
    said, whole = text_of(cut), _whole(ChatRequest({**request.body, "messages": earlier})).content
    if not said or not whole.startswith(said) or whole == said:
        return None
    return Answer(whole[len(said) :], reasoning=_reasoning(request))


def _words(request: ChatRequest) -> Words:
    return CHINESE if is_chinese(request.last_user_text) else ENGLISH


def _reasoning(request: ChatRequest) -> str | None:
    """What comes before a reply, if the request and its model have it."""
    return _words(request).reasoning.format(turn=len(request.user_texts)) if request.wants_reasoning else None


def _whole(request: ChatRequest) -> Answer:
    words = _words(request)
    documented = _DOCUMENTED.get(request.last_user_text.strip())
    if request.tool_results:
        reply = Answer(words.tool_result.format(results="\n\n".join(map(_fenced, request.tool_results))))
    elif request.functions and request.last_role == "user":
        reply = Answer(tool_calls=(_call(request),))
    elif request.wants_json:
        reply = Answer(_json_object(request, words))
    elif request.search is not None:
        reply = Answer(words.search.format(query=_fenced(_searched(request))))
    elif documented:
        usage = _USAGE.get(tuple(text_of(message).strip() for message in request.messages), (None, None))
        reply = documented = replace(documented, prompt_tokens=usage[0], completion_tokens=usage[1])
    elif code := _to_repair(request.last_user_text):
        reply = Answer(words.code.format(code=code))
    else:
        reply = Answer(_account(request, words))
    if reply is not documented:
        reply = replace(reply, reasoning=_reasoning(request))
    if request.search and request.search.get("search_result") and not reply.tool_calls:
        reply = replace(reply, extra={"web_search": _sources(words)})
    return reply


def _to_repair(text: str) -> str:
    """The Python code in a text that has it repaired; nothing in another, which may show code for any reason."""
    asked = _REPAIR.search(text)
    return _python(text[asked.start() :]) if asked else ""


def _python(text: str) -> str:
    """The first Python code in a text, searched for in two steps that each go through the text once."""
    begin = _PYTHON.search(text)
    end = _END.search(text, begin.end()) if begin else None
    return text[begin.end() : end.start()] if begin and end else ""


def _account(request: ChatRequest, words: Words) -> str:
    """An account of the request, as Markdown with a table, code and mathematics."""
    roles = Counter(str(message.get("role")) for message in request.messages)
    return words.account.format(
        turn=len(request.user_texts),
        message=_fenced(clip(request.last_user_text, 200)) + _images(request, words),
        roles="\n".join(f"| {role} | {count} |" for role, count in roles.items() if role.isidentifier()),
        parameters=json.dumps(_parameters(request), ensure_ascii=False, indent=2),
        formula=FORMULA,
        tokens=request.prompt_tokens,
    )


def _images(request: ChatRequest, words: Words) -> str:
    images = [pictures.described(address, words.picture) for address in request.last_user_images]
    return words.images.format(count=len(images), images=", ".join(images)) if images else ""


def _searched(request: ChatRequest) -> str:
    return clip(str((request.search or {}).get("search_query") or request.last_user_text), 200)


def _sources(words: Words) -> list[dict[str, str]]:
    """The sources of a search, in the service's form (docs/protocol.md, "Plain reply")."""
    return [
        {
            "icon": "",
            "title": title,
            "link": link,
            "media": media,
            "publish_date": "2026-01-01",
            "content": content,
            "refer": f"ref_{number}",
        }
        for number, (title, link, media, content) in enumerate(words.sources, 1)
    ]


def _json_object(request: ChatRequest, words: Words) -> str:
    if (schema := request.json_schema) is not None:
        return json.dumps(plausible_value(schema, clip(request.last_user_text, 60)), ensure_ascii=False)
    said = clip(request.last_user_text, 200)
    reply = {"note": words.note, "turn": len(request.user_texts), "message": said}
    return json.dumps(reply, ensure_ascii=False)


def _call(request: ChatRequest) -> dict[str, Any]:
    """A call of the first function offered, with its required arguments filled in."""
    function = request.functions[0]
    said = clip(request.last_user_text, 60)
    arguments = plausible_value(function.get("parameters") or {"type": "object"}, said)
    return tool_call(function["name"], arguments, id=call_id(request))


def call_id(request: ChatRequest, index: int = 0) -> str:
    """The id of a call in the reply to a request: always the same, and another in each turn."""
    told = json.dumps(request.messages) + (str(index) if index else "")
    return f"call_{hashlib.sha256(told.encode()).hexdigest()[:20]}"


def _parameters(request: ChatRequest) -> dict[str, Any]:
    shown = {k: v for k, v in request.body.items() if v is not None and k not in _NOT_SHOWN}
    return {name: _short(value) for name, value in shown.items()}


def _short(value: Any) -> Any:
    as_json = json.dumps(value, ensure_ascii=False)
    return value if len(as_json) <= 100 else clip(as_json, 100)


def _fenced(text: str) -> str:
    """The text as a Markdown code block that nothing in it can close."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"
