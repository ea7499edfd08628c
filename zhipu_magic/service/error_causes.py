"""What the service's error codes mean: for each, what happened, what to do, and whether to try again.

The codes are those of its own table (docs/protocol.md, "Errors"). Other servers have codes of their own, or none: the
status and the words then say what it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple


class Cause(NamedTuple):
    """What a code means: its reason (see `GLMError`), what to do about it, and whether to try again.

    The facts in a hint are `host`, which was asked; `keys`, where its keys are; `account`, where its accounts are;
    `plan`, the address of its subscription; and `until`, when a limit ends.
    """

    reason: str
    message: str
    hint: str
    retryable: bool = False


TOO_LONG: Final = Cause(
    "service.too_long",
    "The conversation is too long for the model.",
    "Start over with chat.history.switch(NAME) or chat.history.reset(), or use a model with a longer context.",
)
NOT_JSON: Final = Cause(
    "service.not_a_reply",
    "The address answers, but not as a chat service does.",
    "Check the address, chat.service.base_url: a proxy or a website may be answering in its place.",
)
REDIRECT: Final = Cause(
    "service.redirect",
    "The address answers with a redirect, which is not followed, so that the key goes nowhere else.",
    "Set base_url to where the service really is; chat.service.base_url is the current address.",
)
UNKNOWN: Final = Cause("service.refused", "The service refused the request.", "Its own words say more.")

_KEY = Cause(
    "service.key_refused",
    "The service does not accept the API key.",
    "Check ZHIPUAI_API_KEY, or pass another key as Chat(api_key=…); {keys}.",
)
_BUSY = Cause("service.busy", "The service is busy.", "Wait a moment, then try again.", retryable=True)
_FAULT = Cause("service.fault", "The service had an internal error.", "Try again in a while.", retryable=True)
_QUOTA = Cause("service.quota", "The account's quota is used up.", "Wait until {until}, or use another model.")
_ACCOUNT = Cause("service.account", "The service refuses this account.", "Check the account's status at {account}.")
_BALANCE = Cause(
    "service.balance",
    "The account's balance is used up.",
    "Top it up at {account}, or set chat.model to a free model in place of {model}: {free}. A key of the coding plan "
    'needs its address: base_url="{plan}".',
)
_NO_MONEY = Cause(
    "service.billing",
    "The account's quota or balance is used up.",
    "Check the account at {account}, or use another model.",
)
_PARAMETER = Cause(
    "service.parameter",
    "The service does not accept the request.",
    "Check the options of the request: the service's own words, in the brackets, say what is wrong.",
)
_NO_MODEL = Cause(
    "service.no_model", "The service has no such model.", "chat.service.models() lists the models it has."
)
_NOT_PERMITTED = Cause(
    "service.not_permitted",
    "This key is not allowed to use this service.",
    "Check the account's permissions, or use another model.",
)
_NO_SUCH_API = Cause(
    "service.no_such_api",
    "The service no longer offers this, or never did.",
    "Use another model; the service's own words say more.",
)
_PLAN_EXPIRED = Cause("service.plan_expired", "The account's plan has expired.", "Renew it at {account}.")
_SEARCH = Cause(
    "service.search", "The service's web search failed.", "Search for something else, or with another engine."
)


def _each(codes: str, cause: Cause) -> dict[str, Cause]:
    return dict.fromkeys(codes.split(), cause)


CAUSES: Final[Mapping[str, Cause]] = {
    **_each("401 1000 1001 1002 1004", _KEY),
    "1003": Cause(
        "service.key_expired",
        "The API key has expired.",
        "Create a new one, and pass it as Chat(api_key=…) or set ZHIPUAI_API_KEY; {keys}.",
    ),
    "1005": Cause(
        "service.second_factor",
        "The account must be confirmed with a second factor first.",
        "Log in at {account} and confirm it there.",
    ),
    **_each("1110 1111 1112 1114 1115 1116 1117 1118 1119 1120 1121", _ACCOUNT),
    "1113": _BALANCE,
    **_each("1210 1212 1213 1214 1215", _PARAMETER),
    "1211": _NO_MODEL,
    "1220": _NOT_PERMITTED,
    **_each("1221 1222", _NO_SUCH_API),
    **_each("500 1200 1230 1234", _FAULT),
    "1231": Cause(
        "service.request_id", "The service has already seen this request id.", "Leave request_id out, or pass another."
    ),
    "1261": TOO_LONG,
    "1300": Cause("service.policy", "The service's policy does not allow this request.", "Rephrase it."),
    "1301": Cause("service.unsafe", "The service found unsafe content in the request.", "Rephrase it."),
    "1302": Cause(
        "service.too_many",
        "Too many requests are in progress with this key.",
        "Wait for another one to finish, then try again.",
        retryable=True,
    ),
    "1303": Cause(
        "service.too_fast",
        "Requests are coming too fast with this key.",
        "Wait a moment, then try again.",
        retryable=True,
    ),
    "1304": Cause("service.daily_quota", "Today's quota is used up.", "Continue tomorrow, or use another model."),
    **_each("1305 1312", _BUSY),
    **_each("1308 1310 1316 1317 1318 1319 1320 1321", _QUOTA),
    **_each("1309 1314", _PLAN_EXPIRED),
    "1311": Cause(
        "service.not_in_plan",
        "The account's plan does not include this model.",
        "chat.service.models() lists other models.",
    ),
    "1313": Cause(
        "service.fair_use", "The service is limiting this account under its fair-use rules.", "Continue later."
    ),
    "1315": Cause(
        "service.other_product",
        "The API key is for another product of the service.",
        'A key of the coding plan needs its address, base_url="{plan}"; for others, {keys}.',
    ),
    "1701": Cause(
        "service.search_busy", "The service's web search is busy.", "Wait a moment, then try again.", retryable=True
    ),
    **_each("1702 1703", _SEARCH),
    **_each("insufficient_quota billing_hard_limit_reached billing_not_active", _NO_MONEY),
    **_each(
        "context_length_exceeded exceed_context_size_error ContextWindowExceededError model_context_window_exceeded",
        TOO_LONG,
    ),
    **_each("invalid_api_key", _KEY),
    **_each("model_not_found", _NO_MODEL),
}
"""By code. Those in words are other servers'."""

_TOO_EARLY = Cause("service.too_early", "The service was not ready for the request.", "Try again.", retryable=True)
_TOO_LARGE = Cause(
    "service.too_large", "The request is too large for the service.", "Shorten it, or send fewer or smaller images."
)
_STATUSES: Final[Mapping[int, Cause]] = {
    400: _PARAMETER,
    401: _KEY,
    402: _NO_MONEY,
    403: Cause(
        "service.access_denied",
        "The service refuses access.",
        "Check the key's permissions and the address, chat.service.base_url.",
    ),
    404: Cause(
        "service.not_found",
        "There is no chat service at this address.",
        "Check base_url: it ends before /chat/completions, as in https://open.bigmodel.cn/api/paas/v4.",
    ),
    408: _FAULT,
    409: _TOO_EARLY,
    413: _TOO_LARGE,
    422: _PARAMETER,
    425: _TOO_EARLY,
    429: _BUSY,
    **dict.fromkeys((503, 529), _BUSY),
}

#: The statuses of errors that come in a reply and name only their type.
STATUSES_BY_TYPE: Final[Mapping[str, int]] = {
    **dict.fromkeys(("rate_limit_error", "rate_limit_exceeded", "throttling_error"), 429),
    **dict.fromkeys(("server_error", "internal_server_error", "InternalServerError", "api_error"), 500),
    "overloaded_error": 529,
}


def cause_of(status: int, code: str, words: str) -> Cause | None:
    """The cause of an error, by the service's code, else by its words, else by the status; None if none is known."""
    if 300 <= status < 400:
        return REDIRECT
    if code in CAUSES and not _is_status(code):
        return CAUSES[code]
    if status == 429:
        return _of_a_limit(words)
    if _FULL.search(words):
        return TOO_LONG
    if status == 404 and "model" in words.lower():
        return _NO_MODEL
    if status >= 500 and _INVALID.search(words):
        return _PARAMETER
    return _STATUSES.get(status) or CAUSES.get(code) or (_FAULT if status >= 500 else None)


def _is_status(code: str) -> bool:
    """Whether a code is but the status once more, as other servers send it: the words then say more."""
    return len(code) == 3


def _of_a_limit(words: str) -> Cause:
    """The cause of a 429 without a code of its own: a moment's rush passes, an account's limit does not."""
    if _MONEY.search(words):
        return _NO_MONEY
    is_long = _LONG.search(words) or not _RUSH.search(words)
    return _QUOTA if is_long and (_LIMIT.search(words) or _LONG.search(words)) else _BUSY


_FULL = re.compile(
    r"maximum context|context[ _]?(?:length|window|size)[ _]?exceeded|"
    r"exceed\w* [^.]{0,40}context[ _](?:length|window|size)|"
    r"context[ _](?:length|window|size) (?:is|of)\D{0,12}\d|prompt is too long|too many tokens in|"
    r"reduce the length of the (?:messages|prompt|input)|prompt 超长|index out of range in self|"
    r"(?:prompt|inputs?|tokens?|[)\d]) exceeds? (?:the |model )?(?:max|context|limit)|exceeded model token limit|"
    r"exceed context limit|too long for (?:the|this|requested) model|`inputs`[^.]{0,40} must|range of input length",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"insufficient[ _](?:quota|balance|funds|credits?)|\bbalance\b|\bbilling\b|\bcredits?\b|\bpayment\b|欠费|余额|充值",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"\blimits?\b|\bquota|\bplan\b|subscription|套餐|额度|配额|上限|限额", re.IGNORECASE)
_LONG = re.compile(r"per (?:day|week|month)|daily|weekly|monthly|每日|今日|每周|每月", re.IGNORECASE)
_RUSH = re.compile(
    r"rate.?limit|concurren|in flight|too many requests|per (?:second|minute)|cooldown|并发|频率|访问量", re.IGNORECASE
)
#: What is wrong with the request itself, which some servers tell as a fault of their own.
_INVALID = re.compile(r"validation error|not supported|failed to parse", re.IGNORECASE)

_ROOM = re.compile(
    r"(?:context (?:length|window|size)(?: is| of)?|n_ctx|max_model_len)(?! by\b)[^\d.]{0,12}(\d[\d,]{1,12})",
    re.IGNORECASE,
)


def context_in(words: str) -> int | None:
    """The model's context in tokens, where an error tells it."""
    found = _ROOM.search(words)
    return int(found[1].replace(",", "")) or None if found else None
