"""The replies in the Chinese notebooks, as `answers` has those in the English ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from answers import WEEK, as_json, calls, stops

from zhipu_magic.practice import Answer

ABOVE = (
    Answer("**周日。** 其他几天人均都是 12.00 元，只有周日是 4.00 元，才三分之一。"),
    Answer(
        """\
这个单元格逐行读取 `club`，打印**人均收入**，保留两位小数：

- `itertuples()` 把每一行变成具名元组，所以能写 `row.takings / row.guests`。
- 周五、周六和周一都是 12.00 元，像是统一票价。
- 周日是 4.00 元。公式没有错，可疑的是周日的数字。"""
    ),
    Answer(
        """\
上面的说明里写了：周日**收银机坏了几个小时**。295 位客人按人均 12.00 元算，应该收入 3,540 元，\
账上少了约 2,360 元。这些钱很可能收的是现金，没有入账，并不一定是丢了。"""
    ),
    Answer("第二根柱子，也就是**周六**，远远高于其他几天，是别的任何一天的两倍多。同是周末，周日却很低；周一最低。"),
)

CONTEXT = (
    Answer(
        """\
有。从第 11 周的周四到第 12 周的周三，连续七个夜晚，学校每夜用电 **71 到 75 度**，平常只有 18 到 24 度：

| | 夜数 | 每夜用电（度） |
|:--|--:|--:|
| 平常 | 21 | 21.4 |
| 第 11 周周四到第 12 周周三 | 7 | 73.0 |

- 八个小时多用约 52 度，相当于一直开着 **6.5 千瓦**的设备：不会是一盏灯，更像一台通风机或几台取暖器。
- 周末也开着，所以不是有人每晚手动打开的。
- 白天的用电没有变，说明它只在夜里开。这很像**定时器**设反了。

建议问问：那个周四，以及下一个周四，谁动过定时器。"""
    ),
    Answer(
        """\
这七夜一共用电 511 度，平常七夜是 7 × 22 = 154 度。多用了 357 度，多花 357 × 0.62 = **221.34 元**。"""
    ),
    Answer("多用的电都在夜间，所以只看夜间电价：357 × 0.31 = **110.67 元**，正好少一半。"),
    Answer(
        """\
从**第 11 根**柱子（周四）开始，到**第 17 根**（下一周的周三）结束。开始和结束都很**突然**：\
前后的柱子和其他的一样低，中间七根差不多一样高。所以是有东西被打开、又被关掉，而不是慢慢老化。"""
    ),
    Answer(
        """\
亮的方块是第二行的最后四个和第三行的前三个：正好一周，不过是从周四到下一个周三。\
暗的方块里，每行末尾的还要更暗一点：周六和周日夜里用电略少，大约相当于少了几台待机的设备。"""
    ),
    Answer(
        """\
`extra.sum()` 是浮点数，而格式 `d` 只接受整数。用 `.0f` 可以把浮点数显示成没有小数的样子。

```python
extra = odd["night"] - usual
print(f"多用了 {extra.sum():.0f} 度")
```"""
    ),
)

TOOLS = (
    Answer("先逐天看看有没有车。", tool_calls=calls("free_bikes", *WEEK)),
    Answer(tool_calls=calls("price", {"bikes": 26, "hours": 5}, first=6)),
    Answer(
        """\
有三天车够用。26 辆车骑五个小时，一共 **720 元**（只收 24 辆的钱）：

| 2026 年 6 月 | 可租 | 够 26 人吗 |
|:--|--:|:--|
| 8 日，周一 | 休息 | 不够 |
| 9 日，周二 | 31 | **够** |
| 10 日，周三 | 18 | 不够 |
| 11 日，周四 | 27 | **够** |
| 12 日，周五 | 30 | **够** |"""
    ),
    Answer(tool_calls=calls("forecast", WEEK[1], WEEK[3], WEEK[4], first=7)),
    Answer(
        """\
选 **6 月 11 日，周四**：晴，24 °C。周二下雨；周五 33 °C，骑五个小时太热。不过周四只多出一辆车，最好早点预订。"""
    ),
    Answer(
        """\
- **车**：出校门之前，逐个检查每位学生的刹车、轮胎和座高 [1]。
- **头盔**：戴正，摇头时不会滑动 [2]。
- **路线**：老师先在同一时段骑一遍，记下哪些地方必须下车推行 [1]。""",
        extra={
            "web_search": [
                {
                    "title": "班级骑行安全清单",
                    "link": "https://example.org/class-on-bikes",
                    "media": "校外活动",
                    "publish_date": "2026-03-14",
                    "refer": "ref_1",
                },
                {
                    "title": "头盔怎样才算戴对",
                    "link": "https://example.org/helmets",
                    "media": "安全骑行",
                    "publish_date": "2025-09-02",
                    "refer": "ref_2",
                },
            ]
        },
    ),
)

RESULTS = (
    Answer("小猎犬号从德文波特启航"),
    as_json({"value": "测量"}),
    as_json({"name": "小猎犬号", "captain": "菲茨罗伊", "guns": 10}),
    stops(
        ("德文波特", "1831年12月27日", False),
        ("特内里费岛", "1832年1月6日", True),
        ("普拉亚港", "1832年1月16日", True),
    ),
    stops(
        ("德文波特", "1831-12-27", False),
        ("特内里费岛", "1832-01-06", True),
        ("普拉亚港", "1832-01-16", True),
    ),
    stops(
        ("德文波特", "1831-12-27", False),
        ("特内里费岛", "1832-01-06", True),
        ("普拉亚港", "1832-01-16", True),
        ("圣保罗岛", "1832-02-16", True),
        ("费尔南多-迪诺罗尼亚岛", "1832-02-20", True),
        ("巴伊亚", "1832-02-29", False),
    ),
)

DOCUMENTS = (
    Answer(
        """\
出了三个问题，六月的打算（第 4 页）里都有对策：

| 问题（第 3 页） | 对策 |
|:--|:--|
| 有两个周六，下午四点前绿茶就卖完了 | 绿茶多订三分之一 |
| 洗碗机 5 月 12 日到 15 日坏了，修理花了 1,260 元 | 签维保合同，每年 1,800 元或 2,150 元 |
| 四位客人抱怨柜台等得太久 | 周六 11 点到 17 点，柜台增加一人 |

维保合同比这次的修理费还贵，一年坏不止一次才划算。"""
    ),
    Answer("总体不错，也有成长的烦恼：客人停留得更久，露台接待了 38 % 的客人，但茶叶、洗碗机和柜台没有跟上。"),
    Answer(
        """\
| 茶 | 杯数 | 每杯（元） | 收入（元） |
|:--|--:|--:|--:|
| 龙井 | 1,980 | 18 | **35,640** |
| 铁观音 | 561 | 16 | **8,976** |
| 祁门红茶 | 871 | 12 | **10,452** |

合计 **55,068 元**，与五月报告中的数字一致。"""
    ),
    Answer("它说什么都没有下载：练习服务代替了真正的服务，这个网页是它自己编的。"),
)

AGENT = (
    Answer(
        "先看看表格里有什么。",
        tool_calls=calls(
            "python",
            {
                "code": """\
import pandas as pd

sales = pd.read_csv("data/sales.csv", parse_dates=["date"])
print(f"共 {len(sales)} 行，从 {sales['date'].min():%Y-%m-%d} 到 {sales['date'].max():%Y-%m-%d}")
sales.head(4)"""
            },
        ),
    ),
    Answer(
        "每周、每个门店、每种茶各有一行。下面按月汇总。",
        tool_calls=calls(
            "python",
            {
                "code": """\
import matplotlib.pyplot as plt

monthly = sales.groupby(sales["date"].dt.to_period("M"))["revenue"].sum()
fig, ax = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
ax.bar(monthly.index.strftime("%m"), monthly, color="#3a7d5d")
ax.set_ylabel("revenue (CNY)")  # 默认字体没有汉字
ax.spines[["top", "right"]].set_visible(False)
plt.show()
print(monthly.to_string())"""
            },
            first=2,
        ),
    ),
    Answer(
        """\
2026 年 1 月到 9 月，茶叶店一共收入 **156,046 元**。三月最好，有 22,854 元；\
**七月最差，只有 8,556 元**，才是六月和八月的一半。"""
    ),
    Answer(
        tool_calls=calls(
            "python", {"code": """sales.pivot_table(index="month", columns="store", values="revenue")"""}, first=3
        )
    ),
    Answer(
        "没有这两列：门店在 `shop` 里，月份要从日期里取。",
        tool_calls=calls(
            "python",
            {
                "code": """\
summer = sales[sales["date"].dt.month.between(5, 9)]
by_shop = summer.pivot_table(
    index=summer["date"].dt.strftime("%m"), columns="shop", values="units", aggfunc="sum"
)
by_shop"""
            },
            first=4,
        ),
    ),
    Answer(
        """\
原因在**一家门店**。码头店的七月和平常的夏天差不多；车站店夏天平常每周卖四十份左右，七月的四个星期里\
每周只有**五六份**，每种茶都是这样，八月又恢复了。看起来是这家店七月几乎没有营业，而不是大家的口味变了。"""
    ),
)

ANSWERS: Mapping[str, Sequence[Answer]] = {
    "above": ABOVE,
    "context": CONTEXT,
    "tools": TOOLS,
    "results": RESULTS,
    "documents": DOCUMENTS,
    "agent": AGENT,
}
