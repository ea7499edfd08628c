"""The service's business error codes: the HTTP status of each, and its own words (docs.bigmodel.cn, "错误码").

Where the documentation has a placeholder, only the words around it are used, but for the time at which a limit resets.
Statuses are those of docs.z.ai ("Errors"), which lists fewer codes; the words of 1005, 1200 and 1314 to 1321 are
translated from there.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Final

CHINA: Final = timezone(timedelta(hours=8))

_WORDS = {
    401: {
        "401": "令牌已过期或验证不正确",
        "1000": "身份验证失败",
        "1001": "Header 中未收到 Authentication 参数，无法进行身份验证",
        "1002": "Authentication Token 非法，请确认 Authentication Token 正确传递",
        "1003": "Authentication Token 已过期，请重新生成/获取",
        "1004": "通过 Authentication Token 的验证失败",
        "1005": "需要进行双因素认证",
    },
    400: {
        "1210": "API 调用参数有误，请检查文档",
        "1211": "模型不存在，请检查模型代码",
        "1212": "当前模型不支持该调用方式",
        "1213": "未正常接收到参数",
        "1214": "参数非法。请检查文档",
        "1215": "参数不能同时设置，请检查文档",
        "1221": "该 API 已下线",
        "1222": "该 API 不存在",
        "1231": "您已有相同的请求正在处理",
        "1261": "Prompt 超长",
        "1300": "API 调用被策略阻止",
        "1301": "系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语，感谢您的配合",
        "1702": "系统未找到可用的搜索引擎服务，请检查配置或联系管理员",
    },
    403: {
        "1220": "您无权访问该 API",
    },
    404: {
        "404": "请求的 API 不存在",
    },
    429: {
        "1110": "您的账户当前处于非活动状态。请检查账户信息",
        "1111": "您的账户不存在",
        "1112": "您的账户已被锁定，请联系客服解锁",
        "1113": "您的账户已欠费，请充值后重试",
        "1120": "无法成功访问您的账户，请稍后重试",
        "1121": "账户存违规行为，账号已被锁定",
        "1302": "您当前使用该 API 的并发数过高，请降低并发，或联系客服增加限额",
        "1303": "您当前使用该 API 的频率过高，请降低频率，或联系客服增加限额",
        "1304": "该 API 已达今日调用次数限额，如有更多需求，请联系客服购买",
        "1305": "该 API 已触发流量限制",
        "1308": "已达到 5 小时的使用上限。您的限额将在 {in_hours} 重置。",
        "1309": "您的 GLM Coding Plan 套餐已到期，暂无法使用，前往官方续订后即可恢复",
        "1310": "您已达到每周/每月使用上限，您的限额将在 {in_days} 重置。",
        "1311": "当前订阅套餐暂未开放该模型权限",
        "1312": "该模型当前访问量过大，请您稍后再试，或切换其他模型",
        "1313": "您的账户当前使用方式不符合公平使用策略，请求频率已受限制",
        "1314": "您的企业套餐已到期，请联系企业管理员",
        "1315": "该 API Key 仅限企业编程套餐场景使用，请前往官网更换对应产品类型的 API Key",
        "1316": "已达到近 5 小时的使用上限，且额外用量余额不足。您的限额将在 {in_hours} 重置。",
        "1317": "已达到近 7 天的使用上限，且额外用量余额不足。您的限额将在 {in_days} 重置。",
        "1318": "已达到近 5 小时的使用上限，且因每月消费上限无法使用额外用量。您的限额将在 {in_hours} 重置。",
        "1319": "已达到近 7 天的使用上限，且因每月消费上限无法使用额外用量。您的限额将在 {in_days} 重置。",
        "1320": "已达到近 5 小时的使用上限，且因每月消费上限无法使用额外用量。您的限额将在 {in_hours} 重置。",
        "1321": "已达到近 7 天的使用上限，且因每月消费上限无法使用额外用量。您的限额将在 {in_days} 重置。",
        "1701": "网络搜索并发已达上限，请稍后重试或减少并发请求",
    },
    500: {
        "500": "内部错误",
        "1200": "API 调用失败",
        "1230": "API 调用流程出错",
        "1234": "网络错误，请联系客服",
    },
}
"""By HTTP status and code."""

_STATUSES = {code: status for status, words in _WORDS.items() for code in words}

CODES: Final = tuple(_STATUSES)
"""Every code that the service documents."""


def documented_status(code: str) -> int | None:
    """The HTTP status that comes with a code; None for an undocumented one."""
    return _STATUSES.get(code)


def documented_message(code: str) -> str:
    """The service's words for a code, or a sentence with the number of an undocumented code.

    A limit of five hours resets at the first full hour after that, every other one a week from now. As with the
    service, the time is China's.
    """
    status = documented_status(code)
    if status is None:
        return f"未知错误（{code}）"
    return _WORDS[status][code].format(in_hours=_after(timedelta(hours=5)), in_days=_after(timedelta(days=7)))


def documented_extra(code: str) -> dict[str, Any]:
    """What the body of an error has beside `error`: the verdict on unsafe content, and nothing for all other codes."""
    return {"contentFilter": [{"role": "user", "level": 1}]} if code == "1301" else {}


def _after(wait: timedelta) -> str:
    hour = (datetime.now(CHINA) + wait).replace(minute=0, second=0) + timedelta(hours=1)
    return hour.strftime("%Y-%m-%d %H:%M:%S")
