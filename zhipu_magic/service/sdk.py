"""What is used of the SDK: `zhipuai`, or its successor `zai-sdk` where only that is installed.

The two have the same types and the same client; an environment that pins a newer pyjwt may hold the successor alone
(docs/protocol.md, "Traps in the SDK", 10).
"""

from __future__ import annotations

try:
    from zhipuai import ZhipuAI
    from zhipuai.core import APIConnectionError
    from zhipuai.core._request_opt import FinalRequestOptions
    from zhipuai.types.chat.chat_completion import Completion
    from zhipuai.types.chat.chat_completion_chunk import ChatCompletionChunk
    from zhipuai.types.image import ImagesResponded
except ImportError as missing:
    try:
        from zai import ZhipuAiClient as ZhipuAI
        from zai.core._errors import APIConnectionError
        from zai.core._request_opt import FinalRequestOptions
        from zai.types.chat.chat_completion import Completion
        from zai.types.chat.chat_completion_chunk import ChatCompletionChunk
        from zai.types.image import ImagesResponded
    except ImportError:
        raise missing from None  # it is the one that is declared

__all__ = [
    "APIConnectionError",
    "ChatCompletionChunk",
    "Completion",
    "FinalRequestOptions",
    "ImagesResponded",
    "ZhipuAI",
]
