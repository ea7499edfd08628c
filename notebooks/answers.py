"""The replies in the English notebooks whose model is this file, and what replies are made of; `answers_zh` has the
Chinese ones, and `record` gives them.

There is no model behind them: they were written by hand, as a good model would answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from zhipu_magic.practice import Answer, tool_call


def calls(name: str, *arguments: Mapping[str, Any], first: int = 1) -> tuple[dict[str, Any], ...]:
    """Calls of one function in one reply, with numbers from `first` on."""
    return tuple(tool_call(name, each, id=f"call_{number}") for number, each in enumerate(arguments, first))


def as_json(value: Any) -> Answer:
    return Answer(json.dumps(value, ensure_ascii=False))


ABOVE = (
    Answer(
        """\
**Sunday.** On the other days each guest left exactly 12.00, and on Sunday only 4.00, a third of that."""
    ),
    Answer(
        """\
The cell goes through the rows of `club` and prints **takings per guest**, with two decimals:

- `itertuples()` gives each row as a named tuple, hence `row.takings / row.guests`.
- Friday, Saturday and Monday give 12.00, as if everybody paid one price.
- Sunday gives 4.00. The formula is right; it is the number for Sunday that looks wrong."""
    ),
    Answer(
        """\
The note above says it: on Sunday **the till was out of order for some hours**. 295 guests at 12.00 would have
been 3,540, so about 2,360 are missing from the count. They may well have been paid in cash and are not lost."""
    ),
    Answer(
        """\
The second bar, **Saturday**, is by far the highest, more than twice as high as any other. Sunday's is low, although
the weekend's other day is the highest; Monday's is the lowest."""
    ),
)

CONTEXT = (
    Answer(
        """\
Yes. For seven nights in a row, from Thursday of week 11 to Wednesday of week 12, the school took **71 to 75 kWh** a
night instead of the usual 18 to 24:

| | nights | kWh a night |
|:--|--:|--:|
| usual | 21 | 21.4 |
| Thursday, week 11, to Wednesday, week 12 | 7 | 73.0 |

- The excess is about 52 kWh in eight hours, a steady **6.5 kW**: a ventilation unit or a few heaters, not a lamp.
- It ran at the weekend too, so nobody switched it by hand each evening.
- The days did not change, so it was on at night alone. That looks like a **timer** that was set the wrong way round.

I would ask who touched a timer on that Thursday, and on the Thursday after."""
    ),
    Answer(
        """\
Those seven nights took 511 kWh in all, and seven usual ones take 7 × 22 = 154 kWh. So 357 kWh were too many, and they
cost 357 × 0.62 = **221.34 yuan**."""
    ),
    Answer(
        """\
All of it was used at night, so only the second price counts: 357 × 0.31 = **110.67 yuan**, half as much."""
    ),
    Answer(
        """\
It began with the **11th bar**, a Thursday night, and ended with the **17th**, the Wednesday after. It came and went
**at once**: the bars before and behind are as low as all others, and the seven between them are about equally high.
So something was switched on and off; nothing wore out slowly."""
    ),
    Answer(
        """\
The bright squares are the last four of the second row and the first three of the third: a week, but one that goes from
Thursday to Wednesday. Of the dark squares, those at the end of a row are a shade darker still: on Saturdays and Sundays
a night takes a little less, about what a few machines on standby would."""
    ),
    Answer(
        """\
`extra.sum()` is a float, and the format `d` takes whole numbers only. `.0f` shows a float without decimals.

```python
extra = odd["night"] - usual
print(f"{extra.sum():.0f} kWh too many")
```"""
    ),
)

WEEK = [{"day": f"2026-06-{day:02}"} for day in range(8, 13)]

TOOLS = (
    Answer("Let me look at each of the days first.", tool_calls=calls("free_bikes", *WEEK)),
    Answer(tool_calls=calls("price", {"bikes": 26, "hours": 5}, first=6)),
    Answer(
        """\
There are enough bikes on three days, and 26 of them for five hours cost **720 yuan** (you pay for 24):

| June 2026 | free bikes | enough for 26 |
|:--|--:|:--|
| Monday 8 | closed | no |
| Tuesday 9 | 31 | **yes** |
| Wednesday 10 | 18 | no |
| Thursday 11 | 27 | **yes** |
| Friday 12 | 30 | **yes** |"""
    ),
    Answer(tool_calls=calls("forecast", WEEK[1], WEEK[3], WEEK[4], first=7)),
    Answer(
        """\
**Thursday 11 June**: sun and 24 °C. It rains on Tuesday, and Friday's 33 °C is too hot for five hours of riding. On
Thursday only one bike is to spare, so I would book soon."""
    ),
    Answer(
        """\
- **The bikes.** Brakes, tyres and saddle height, for each pupil, before you leave the yard [1].
- **The heads.** A helmet that sits level and does not slip when its wearer shakes the head [2].
- **The road.** Ride the route yourself first, at the same time of day, and note where all must get off [1].""",
        extra={
            "web_search": [
                {
                    "title": "A class on bikes: the checklist",
                    "link": "https://example.org/class-on-bikes",
                    "media": "School Trips",
                    "publish_date": "2026-03-14",
                    "refer": "ref_1",
                },
                {
                    "title": "How a helmet should fit",
                    "link": "https://example.org/helmets",
                    "media": "Safe Cycling",
                    "publish_date": "2025-09-02",
                    "refer": "ref_2",
                },
            ]
        },
    ),
)


def stops(*rows: tuple[str, str, bool]) -> Answer:
    return as_json({"items": [{"place": place, "day": day, "on_an_island": island} for place, day, island in rows]})


RESULTS = (
    Answer("The Beagle Sails from Devonport"),
    as_json({"value": "survey"}),
    as_json({"name": "Beagle", "captain": "Fitz Roy", "guns": 10}),
    stops(
        ("Devonport", "27 December 1831", False),
        ("Teneriffe", "6 January 1832", True),
        ("Porto Praya", "16 January 1832", True),
    ),
    stops(
        ("Devonport", "1831-12-27", False),
        ("Teneriffe", "1832-01-06", True),
        ("Porto Praya", "1832-01-16", True),
    ),
    stops(
        ("Devonport", "1831-12-27", False),
        ("Teneriffe", "1832-01-06", True),
        ("Porto Praya", "1832-01-16", True),
        ("St. Paul's", "1832-02-16", True),
        ("Fernando Noronha", "1832-02-20", True),
        ("Bahia", "1832-02-29", False),
    ),
)

DOCUMENTS = (
    Answer(
        """\
Three things went wrong, and each has an answer in the plans (page 4):

| what went wrong (page 3) | what is planned |
|:--|:--|
| green tea ran out on two Saturdays before four | a third more of it is ordered |
| the dishwasher failed from 12 to 15 May: 1,260 yuan | a service contract, for 1,800 or 2,150 yuan a year |
| four complaints about waiting at the counter | a second person there on Saturdays, 11 to 5 |

The contract costs more than the repair did, so it pays only if the machine fails more than once a year."""
    ),
    Answer(
        """\
Yes, with growing pains: guests stayed longer and the terrace drew 38 % of them, but tea, dishwasher and counter did not
keep up."""
    ),
    Answer(
        """\
| 茶 | 杯数 | 每杯（元） | 收入（元） |
|:--|--:|--:|--:|
| 龙井 | 1,980 | 18 | **35,640** |
| 铁观音 | 561 | 16 | **8,976** |
| 祁门红茶 | 871 | 12 | **10,452** |

合计 **55,068 元**，与五月报告中的数字一致。"""
    ),
    Answer(
        "It says that nothing was fetched: the practice server stands in for the service, and made this page itself."
    ),
)


AGENT = (
    Answer(
        "I look at the table first.",
        tool_calls=calls(
            "python",
            {
                "code": """\
import pandas as pd

sales = pd.read_csv("data/sales.csv", parse_dates=["date"])
print(f"{len(sales)} rows, from {sales['date'].min():%d %B} to {sales['date'].max():%d %B %Y}")
sales.head(4)"""
            },
        ),
    ),
    Answer(
        "One row for each week, branch and tea. Now the months.",
        tool_calls=calls(
            "python",
            {
                "code": """\
import matplotlib.pyplot as plt

monthly = sales.groupby(sales["date"].dt.to_period("M"))["revenue"].sum()
fig, ax = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
ax.bar(monthly.index.strftime("%b"), monthly, color="#3a7d5d")
ax.set_ylabel("revenue in yuan")
ax.spines[["top", "right"]].set_visible(False)
plt.show()
print(monthly.to_string())"""
            },
            first=2,
        ),
    ),
    Answer(
        """\
From January to September 2026 the shop took **156,046 yuan**. March was the best month, with 22,854, and **July the
weakest by far: 8,556**, half of what June and August brought."""
    ),
    Answer(
        tool_calls=calls(
            "python", {"code": """sales.pivot_table(index="month", columns="store", values="revenue")"""}, first=3
        )
    ),
    Answer(
        "There is no such column: the branches are in `shop`, and the months have to be made from the date.",
        tool_calls=calls(
            "python",
            {
                "code": """\
summer = sales[sales["date"].dt.month.between(5, 9)]
by_shop = summer.pivot_table(
    index=summer["date"].dt.strftime("%m %b"), columns="shop", values="units", aggfunc="sum"
)
by_shop"""
            },
            first=4,
        ),
    ),
    Answer(
        """\
Because of **one branch**. At the harbour July was a usual summer month. At the station some 37 packets a week became
**five or six**, in all four weeks of July and with every tea, and in August it was as before. That looks like a branch
that was all but closed for the month, rather than like a change in what people drink."""
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
