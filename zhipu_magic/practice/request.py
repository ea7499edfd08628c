"""A chat request as the service reads it: leniently, because scripts also answer malformed ones."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from . import models
from .body import parsed
from .schema import is_schema
from .text import estimate_tokens

_TOKENS_PER_MESSAGE = 4
"""Tokens that a message takes beyond its text, for its role and its borders: the usual allowance."""

_JSON_FENCE = re.compile(r"^```json[ \t]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class ChatRequest:
    """The request's JSON body, with properties for what the service needs from it."""

    body: Any

    def get(self, member: str) -> Any:
        """A top-level member, or None. A null member counts as absent, because the SDK sends some."""
        return self.body.get(member) if isinstance(self.body, dict) else None

    @property
    def model(self) -> str:
        return str(self.get("model") or "")

    @property
    def messages(self) -> list[dict[str, Any]]:
        return objects(self.get("messages"))

    @property
    def images(self) -> int:
        """The number of parts of the messages that are not text: for this service, images."""
        parts = (part for message in self.messages for part in parts_of(message))
        return sum(part.get("type") != "text" for part in parts)

    @property
    def image_addresses(self) -> list[Any]:
        """The contents of the `image_url` parts of all messages, which should be text."""
        return [address for message in self.messages for address in image_addresses(message)]

    @property
    def addresses(self) -> list[Any]:
        """The contents of the `video_url` and `file_url` parts of all messages, which should be addresses."""
        parts = [part for message in self.messages for part in parts_of(message)]
        found = [part.get(str(part.get("type"))) for part in parts if part.get("type") in ("video_url", "file_url")]
        return [one.get("url") if isinstance(one, dict) else one for one in found]

    @property
    def user_texts(self) -> list[str]:
        return [text_of(message) for message in self.messages if message.get("role") == "user"]

    @property
    def last_user_text(self) -> str:
        return self.user_texts[-1] if self.user_texts else ""

    @property
    def last_user_images(self) -> list[str]:
        """The images of the last user message: addresses and base64."""
        of_user = [message for message in self.messages if message.get("role") == "user"]
        return [str(address) for address in image_addresses(of_user[-1])] if of_user else []

    @property
    def last_role(self) -> str:
        return str(self.messages[-1].get("role")) if self.messages else ""

    @property
    def tool_results(self) -> list[str]:
        """The results since the model's last tool call: the messages of role "tool" at the end."""
        last = takewhile(lambda message: message.get("role") == "tool", reversed(self.messages))
        return [text_of(message) for message in last][::-1]

    @property
    def functions(self) -> list[dict[str, Any]]:
        """The functions offered as tools; other tools (web search, retrieval) are not functions."""
        functions = (tool.get("function") for tool in objects(self.get("tools")))
        return [function for function in functions if isinstance(function, dict) and function.get("name")]

    @property
    def thinking(self) -> str:
        """What the request wants: "enabled", "disabled", or nothing."""
        thinking = self.get("thinking")
        return str(thinking.get("type") or "") if isinstance(thinking, dict) else ""

    @property
    def wants_reasoning(self) -> bool:
        """Whether reasoning comes before the answer, by the model and by what the request wants."""
        return models.thinks(self.model, self.thinking, str(self.get("reasoning_effort") or ""))

    @property
    def wants_json(self) -> bool:
        wanted = self.get("response_format")
        return isinstance(wanted, dict) and wanted.get("type") == "json_object"

    @property
    def json_schema(self) -> dict[str, Any] | None:
        """The last JSON Schema in a fence in a system message: the service has no member for it."""
        texts = [text_of(message) for message in self.messages if message.get("role") == "system"]
        for fenced in reversed(_JSON_FENCE.findall("\n".join(texts))):
            schema = parsed(fenced)
            if is_schema(schema):
                return dict(schema)
        return None

    @property
    def search(self) -> dict[str, Any] | None:
        """The members of the `web_search` tool, if it is offered and not disabled."""
        for tool in objects(self.get("tools")):
            wanted = tool.get("web_search")
            if tool.get("type") == "web_search" and isinstance(wanted, dict) and wanted.get("enable") is not False:
                return wanted
        return None

    @property
    def prompt_tokens(self) -> int:
        """The tokens of the prompt, roughly: all messages and tools together."""
        of_messages = sum(estimate_tokens(text_of(m)) + _TOKENS_PER_MESSAGE for m in self.messages)
        tools = self.get("tools")
        return of_messages + (estimate_tokens(json.dumps(tools, ensure_ascii=False)) if tools else 0)


def text_of(message: dict[str, Any]) -> str:
    """The text of a message; a list of parts becomes one line for each, with an image as `[image_url]`."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text") or f"[{part.get('type')}]") for part in parts_of(message))


def parts_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of a message whose content is a list of parts; none if it is text."""
    return objects(message.get("content"))


def image_addresses(message: dict[str, Any]) -> list[Any]:
    """The contents of the message's `image_url` parts."""
    images = (part.get("image_url") for part in parts_of(message) if part.get("type") == "image_url")
    return [image.get("url") if isinstance(image, dict) else image for image in images]


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a JSON array; none for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
