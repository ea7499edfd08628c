"""What the service refuses: requests without a valid key, and requests that it cannot accept (wire.md)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any

from . import pictures
from .request import ChatRequest
from .script import Fault

_VISION_MODEL = re.compile(r"glm-[\d.]+v\b|glm-5\.3-flash\b")


def refuse_key(authorization: str | None, api_key: str) -> Fault | None:
    """The 401 for an `Authorization` header, or None when it bears the key or a token signed with it."""
    token = (authorization or "").removeprefix("Bearer").strip()
    if not token:
        return Fault(401, "1001")
    if token == api_key:
        return None
    claims = _verified_claims(token, api_key)
    if claims is None:
        return Fault(401, "1002")
    if claims["exp"] < time.time() * 1000:
        return Fault(401, "1003")
    return None


def refuse_request(request: ChatRequest) -> Fault | None:
    """The 400 for a chat request, or None when the service would accept it. Unknown members are accepted."""
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
    if not request.model.startswith("glm-"):
        return Fault(400, "1211")
    if not _acceptable_parameters(request):
        return Fault(400, "1210")
    if not all(map(pictures.is_acceptable, request.image_addresses)):
        return Fault(400, "1210", "图片输入格式/解析错误")
    return None


def _calls_are_answered(messages: list[dict[str, Any]]) -> bool:
    """Whether each call of a tool is answered once, right after the message that made it, and nothing else is.

    [guess]: other services of this protocol refuse a thread where it is not so. Wire.md does not tell.
    """
    open_calls: list[Any] = []
    for message in messages:
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in open_calls:
                return False
            open_calls.remove(message["tool_call_id"])
        elif open_calls:
            return False
        elif message.get("role") == "assistant":
            open_calls = [call.get("id") for call in message.get("tool_calls") or [] if isinstance(call, dict)]
    return not open_calls


def _acceptable_parameters(request: ChatRequest) -> bool:
    temperature, max_tokens = request.get("temperature"), request.get("max_tokens")
    return (
        (temperature is None or (isinstance(temperature, int | float) and 0 <= temperature <= 1))
        and (max_tokens is None or (isinstance(max_tokens, int) and max_tokens > 0))
        and (request.images == 0 or bool(_VISION_MODEL.match(request.model)))
    )


def _verified_claims(token: str, api_key: str) -> dict[str, Any] | None:
    """The claims of a JWT as the SDK makes it (HS256, times in milliseconds), None unless all is right."""
    key_id, _, secret = api_key.partition(".")
    try:
        header, claims, signature = token.split(".")
        signed = hmac.new(secret.encode(), f"{header}.{claims}".encode(), hashlib.sha256).digest()
        genuine = hmac.compare_digest(signed, _base64url(signature))
        kind, told = json.loads(_base64url(header)), json.loads(_base64url(claims))
        if genuine and kind["alg"] == "HS256" and kind["sign_type"] == "SIGN" and told["api_key"] == key_id:
            return {"exp": float(told["exp"]), "timestamp": float(told["timestamp"])}
    except (ValueError, KeyError, TypeError):
        pass
    return None


def _base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
