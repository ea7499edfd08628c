"""What the service refuses: a request without a valid key, or one it cannot accept (docs/protocol.md, "Errors")."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from typing import Any

from . import models, pictures
from .request import ChatRequest, objects, parts_of
from .script import Fault


def refuse_key(authorization: str | None, api_key: str) -> Fault | None:
    """The 401 for an `Authorization` header, or None if it has the key or a token signed with it."""
    token = (authorization or "").removeprefix("Bearer").strip()
    if not token:
        return Fault(401, "1001")
    if hmac.compare_digest(token.encode(), api_key.encode()):
        return None
    expires = _expiry(token, api_key)
    if expires is None:
        return Fault(401, "1002")
    return None if expires > time.time() * 1000 else Fault(401, "1003")


def refuse_request(request: ChatRequest) -> Fault | None:
    """The 400 for a chat request, or None if the service would accept it. Unknown members are accepted."""
    if not isinstance(request.body, dict):
        return Fault(400, "1210")
    for member in ("model", "messages"):
        if request.get(member) is None:
            return Fault(400, "1213", f"未正常接收到 {member} 参数")
    messages = request.get("messages")
    if not messages or not isinstance(messages, list) or len(request.messages) < len(messages):
        return Fault(400, "1214", "messages 参数非法。请检查文档")
    if not _calls_are_answered(request.messages):
        return Fault(400, "1214", "messages 参数非法：tool 消息与 tool_calls 不对应")
    if not models.is_served(request.model):
        return Fault(400, "1211")
    if request.thinking == "disabled" and models.must_think(request.model):
        return Fault(400, "1210", "thinking 参数有误：该模型不支持关闭思考")
    if not _acceptable_parameters(request):
        return Fault(400, "1210")
    if not _acceptable_addresses(request):
        return Fault(400, "1210", "文件或视频输入有误：该模型不支持，或不能与图片同时输入")
    if not all(map(pictures.is_acceptable, request.image_addresses)):
        return Fault(400, "1210", "图片输入格式/解析错误")
    return None


def _acceptable_addresses(request: ChatRequest) -> bool:
    """Whether videos and documents come by address, to a model that takes them, and documents beside nothing else."""
    kinds = {str(part.get("type")) for message in request.messages for part in parts_of(message)} - {"text"}
    if not kinds & {"video_url", "file_url"}:
        return True
    if "file_url" in kinds and (len(kinds) > 1 or not models.takes_files(request.model)):
        return False
    return models.sees(request.model) and all(map(pictures.is_remote, request.addresses))


def _calls_are_answered(messages: list[dict[str, Any]]) -> bool:
    """Whether each tool call is answered exactly once, right after its message, and there are no other answers.

    [guess]: other services of this protocol refuse any other thread; docs/protocol.md does not say.
    """
    open_calls: Counter[str] = Counter()
    for message in messages:
        if message.get("role") == "tool":
            answered = repr(message.get("tool_call_id"))
            if not open_calls[answered]:
                return False
            open_calls[answered] -= 1
            if not open_calls[answered]:
                del open_calls[answered]
        elif open_calls:
            return False
        elif message.get("role") == "assistant":
            open_calls = Counter(repr(call.get("id")) for call in objects(message.get("tool_calls")))
    return not open_calls


def _acceptable_parameters(request: ChatRequest) -> bool:
    temperature, max_tokens = request.get("temperature"), request.get("max_tokens")
    return (
        (temperature is None or (isinstance(temperature, int | float) and 0 <= temperature <= 1))
        and (max_tokens is None or (isinstance(max_tokens, int) and max_tokens > 0))
        and (request.images == 0 or models.sees(request.model))
    )


def _expiry(token: str, api_key: str) -> float | None:
    """When a JWT of the SDK (HS256, times in milliseconds) expires; None unless it is signed with the key."""
    key_id, _, secret = api_key.partition(".")
    try:
        header, claims, signature = token.split(".")
        signed = hmac.new(secret.encode(), f"{header}.{claims}".encode(), hashlib.sha256).digest()
        # The signature comes first: nothing that a stranger wrote is parsed.
        if not secret or not hmac.compare_digest(signed, _base64url(signature)):
            return None
        kind, payload = json.loads(_base64url(header)), json.loads(_base64url(claims))
        if kind["alg"] == "HS256" and kind["sign_type"] == "SIGN" and payload["api_key"] == key_id:
            return float(payload["exp"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        pass
    return None


def _base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
