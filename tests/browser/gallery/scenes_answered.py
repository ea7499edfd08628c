"""Scenes of what comes back: types, tables, calls, pictures."""

from __future__ import annotations

from scene import Entry, Scene, Telling
from scenes_asked import SALES, SALES_ZH

_STOP = """from datetime import date

import pandas as pd
from pydantic import BaseModel


class Stop(BaseModel):
    place: str
    day: date
    on_an_island: bool


"""
TYPED = Scene(
    "typed",
    en=Telling(
        "An answer as a DataFrame",
        "Say what a row is, in Python's own types. The answer is validated; if it does not fit, the model is "
        "asked once more, with what "
        "was wrong. `stops` is a pandas DataFrame. [Typed answers](guide/answers.md)",
        "A pydantic model, a prompt with --as DataFrame[Stop], and the answer as a table",
        (
            _STOP + 'opening = """Her Majesty\'s ship Beagle sailed from Devonport on the 27th of\n'
            "December, 1831. On the 6th of January we reached Teneriffe; on the 16th\n"
            'of January, 1832, we anchored at Porto Praya, in St. Jago."""',
            "%%glm --as DataFrame[Stop] -o stops\nWhere was the ship, and when?\n{{ opening }}",
        ),
        (
            {
                "reply": '[{"place": "Devonport", "day": "1831-12-27", "on_an_island": false}, '
                '{"place": "Teneriffe", "day": "1832-01-06", "on_an_island": true}, '
                '{"place": "Porto Praya", "day": "1832-01-16", "on_an_island": true}]'
            },
        ),
    ),
    zh_CN=Telling(
        "回答就是 DataFrame",
        "用 Python 自己的类型说明一行是什么。回答会经过校验；不符合时，连同错误再问模型一次。`stops` 是 pandas "
        "的 DataFrame。"
        "[带类型的回答](guide/answers.md)",
        "一个 pydantic 模型，一个带 --as DataFrame[Stop] 的提示词，以及作为表格的回答",
        (
            _STOP + 'opening = """1831 年 12 月 27 日，贝格尔号从德文波特启航。1 月 6 日我们到达\n'
            '特内里费岛；1832 年 1 月 16 日，我们在圣雅戈岛的普拉亚港下锚。"""',
            "%%glm --as DataFrame[Stop] -o stops\n这艘船何时到过哪里？\n{{ opening }}",
        ),
        (
            {
                "reply": '[{"place": "德文波特", "day": "1831-12-27", "on_an_island": false}, '
                '{"place": "特内里费岛", "day": "1832-01-06", "on_an_island": true}, '
                '{"place": "普拉亚港", "day": "1832-01-16", "on_an_island": true}]'
            },
        ),
    ),
)

_REVIEW = """from typing import Literal

import pandas as pd
from pydantic import BaseModel


class Review(BaseModel):
    sentiment: Literal[{words}]
    about: str


texts = [
{texts}
]
reviews = pd.DataFrame({{"text": texts}})"""


def _reviews(words: str, texts: tuple[str, ...]) -> str:
    return _REVIEW.format(words=words, texts="\n".join(f'    "{text}",' for text in texts))


def _labels(labels: dict[str, tuple[str, str]]) -> tuple[Entry, ...]:
    return tuple(
        {"when": text, "reply": f'{{"sentiment": "{sentiment}", "about": "{about}"}}'}
        for text, (sentiment, about) in labels.items()
    )


_LABELS = {
    "Keeps my tea hot through a whole shift.": ("positive", "insulation"),
    "The lid leaks, and my books are wet.": ("negative", "lid"),
    "Pairs in a second.": ("positive", "pairing"),
    "Nice, but it came a week late.": ("mixed", "delivery"),
    "The zip broke on the third day.": ("negative", "zip"),
    "Soft light, and a base that is too light.": ("mixed", "light and base"),
    "The second one that I have bought.": ("positive", "in general"),
    "One earphone has been silent for a week.": ("negative", "sound"),
    "Every seam still holds.": ("positive", "seams"),
    "Smells of plastic, even after washing.": ("negative", "smell"),
}
_LABELS_ZH = {
    "早上灌的热水，晚上回家还烫嘴。": ("好评", "保温"),
    "盖子漏水，书全湿了。": ("差评", "盖子"),
    "一秒就连上了。": ("好评", "连接"),
    "东西不错，就是晚到了一周。": ("中评", "物流"),
    "第三天拉链就坏了。": ("差评", "拉链"),
    "光线柔和，可是底座太轻。": ("中评", "光线和底座"),
    "已经买第二个了。": ("好评", "总体"),
    "一只耳机一周没有声音。": ("差评", "声音"),
    "每条缝线都还结实。": ("好评", "做工"),
    "洗了几遍还有塑料味。": ("差评", "气味"),
}
ROWS = Scene(
    "rows",
    first=1,
    moves=True,
    latency=0.7,
    limit=2,
    en=Telling(
        "A table, row by row",
        "`--each` asks for each row by itself, as many at once as the service takes; the line counts rows, "
        "tokens, cost and the time left. "
        "What was answered is kept: run the cell again, and only what is missing is asked. [Ask over a "
        "table](tables.md)",
        "Reviews labelled row by row: the first rows of the new table, and the line with rows, tokens and cost",
        (
            _reviews('"positive", "mixed", "negative"', tuple(_LABELS)),
            "%%glm --each reviews --as Review -m glm-4.7 -o labelled\nLabel this review of a customer: {{ text }}",
        ),
        _labels(_LABELS),
    ),
    zh_CN=Telling(
        "逐行询问表格",
        "`--each` 逐行提问，服务允许多少就并发多少；下方一行显示行数、token、费用和剩余时间。答过的都会保留："
        "再次运行单元格，"
        "只问缺少的行。[对表格逐行提问](tables.md)",
        "逐行标注的评论：新表格的前几行，以及显示行数、token 和费用的一行",
        (
            _reviews('"好评", "中评", "差评"', tuple(_LABELS_ZH)),
            "%%glm --each reviews --as Review -m glm-4.7 -o labelled\n标注这条顾客评论：{{ text }}",
        ),
        _labels(_LABELS_ZH),
    ),
)

TOOLS = Scene(
    "tools",
    en=Telling(
        "A function, and the question before it runs",
        "A function of the notebook's is lent to the model with `--tool`. `confirm` shows each call in full "
        "and asks first; "
        "without it, the call is a line above the answer that unfolds. [Tools](guide/answers.md)",
        "A function, a prompt that lends it to the model, its call shown in full, and the question whether to run it",
        (
            'def book(table: int, guests: int, hour: int) -> str:\n    """Book a table of the tea house."""\n'
            '    return f"Table {table} is booked for {hour} o\'clock."',
            "%%glm --tool confirm(book)\nBook table 4 for six of us, tonight at seven.",
        ),
        (
            {"tool_calls": [{"name": "book", "arguments": {"table": 4, "guests": 6, "hour": 19}}]},
            {"reply": "Done: table 4 is yours at seven tonight, for six."},
        ),
    ),
    zh_CN=Telling(
        "函数，以及运行前的确认",
        "用 `--tool` 把笔记本里的函数交给模型。`confirm` 会完整显示每次调用并先询问；不用它时，"
        "调用是回复上方可展开的一行。"
        "[工具调用](guide/answers.md)",
        "一个函数，一个把它交给模型的提示词，完整显示的调用，以及是否运行的询问",
        (
            'def book(table: int, guests: int, hour: int) -> str:\n    """预订茶馆的一张桌子。"""\n'
            '    return f"{table} 号桌已订在 {hour} 点。"',
            "%%glm --tool confirm(book)\n今晚七点，我们六个人，订 4 号桌。",
        ),
        (
            {"tool_calls": [{"name": "book", "arguments": {"table": 4, "guests": 6, "hour": 19}}]},
            {"reply": "订好了：今晚七点，4 号桌，六位。"},
        ),
    ),
)

_PLOT = """fig, ax = plt.subplots(figsize=(6, 2.2))
sales.plot.bar(ax=ax, rot=0, ylim=(0, 600)).legend(ncols=2)
plt.show()
(sales / sales.mean()).round(2)"""
_PLOTTED = {"name": "python", "arguments": {"code": _PLOT}}
PYTHON = Scene(
    "python",
    first=1,
    en=Telling(
        "Python by the model",
        "With `--tool python` the model runs code in your kernel: you read each piece before it runs, and say "
        "yes or no. Output, figures "
        "and tables stand in the cell, in their order, and go back to the model. [Python by the "
        "model](guide/answers.md)",
        "Code that a model has run in a cell, with its figure, its table, and what the model says of them",
        (
            f"%matplotlib inline\nimport matplotlib.pyplot as plt\n{SALES}",
            "%%glm --tool python\nPlot the sales, and tell me which month is unusual.",
        ),
        (
            {
                "reply": "I plot them, each against its mean.",
                "tool_calls": [{"name": "python", "arguments": {"code": _PLOT}}],
            },
            {"reply": "**August**: coffee is at 0.36 of its mean, the only bar that breaks the pattern."},
        ),
    ),
    zh_CN=Telling(
        "模型运行 Python",
        "用 `--tool python`，模型可以在你的内核里运行代码：每段代码先给你看，由你决定是否运行。输出、"
        "图形和表格按顺序出现在单元格里，"
        "也会交给模型。[模型运行 Python](guide/answers.md)",
        "模型在单元格里运行的代码，它的图形和表格，以及模型的结论",
        (
            "%matplotlib inline\nimport matplotlib.pyplot as plt\n"
            'plt.rcParams["font.family"] = ["DejaVu Sans", "Noto Sans CJK SC"]\n' + SALES_ZH,
            "%%glm --tool python\n画出销量，并告诉我哪个月不正常。",
        ),
        (
            {
                "reply": "我把它们画出来，并与各自的均值比较。",
                "tool_calls": [{"name": "python", "arguments": {"code": _PLOT}}],
            },
            {"reply": "**8 月**：咖啡只有均值的 0.36 倍，是唯一打破规律的一项。"},
        ),
    ),
)

COMPARED = Scene(
    "compared",
    setup="\nget_ipython().magics_manager.registry['GLMMagics'].chat.limit = 1",  # so each has its own reply
    width=900,
    pace=120.0,
    en=Telling(
        "Models side by side",
        "Name several models, and each answers the same; none is a turn before `%glm keep glm-5.3` makes it one. "
        "[Several models](guide/conversation.md)",
        "Replies of two models in two columns, and a line with time, tokens and cost of each",
        ("%%glm -m glm-5.3 -m glm-4.7-flash\nWhy does the sea look blue? Explain it to a child.",),
        (
            {
                "times": 1,
                "reply": "Sunlight is made of **all colours**. Water swallows the red ones first, like a sponge. "
                "What is left when the light comes back to you is blue.\n\n"
                "- A glass of water: too little to see it\n- A whole sea: blue",
            },
            {
                "reply": "Water takes red light away and sends **blue** back. The deeper the water, the bluer "
                "it looks.\n\n"
                "> Try it: look down a white bathtub that is full."
            },
        ),
    ),
    zh_CN=Telling(
        "多个模型并排",
        "写上几个模型，它们各自回答同一个问题；在 `%glm keep glm-5.3` 选定之前，哪个都不算一轮对话。"
        "[多个模型](guide/conversation.md)",
        "两个模型的回复分列两栏，以及各自的用时、token 和费用",
        ("%%glm -m glm-5.3 -m glm-4.7-flash\n海为什么看起来是蓝的？讲给孩子听。",),
        (
            {
                "times": 1,
                "reply": "阳光里有**所有的颜色**。水像海绵一样，先把红色吸走。剩下回到你眼睛里的，就是蓝色。\n\n"
                "- 一杯水：太少，看不出来\n- 一片海：蓝色",
            },
            {"reply": "水把红光吸走，把**蓝光**送回来。水越深，看起来越蓝。\n\n> 试试看：从上面看一缸装满水的白浴缸。"},
        ),
    ),
)

DRAWN = Scene(
    "drawn",
    en=Telling(
        "A picture",
        "`--draw` has a picture drawn, which `{{ picture }}` then shows to a model that sees. Without a key, "
        "the practice server draws: "
        "its pictures say that they are practice. [Pictures](guide/answers.md)",
        "A prompt with --draw, the picture that the practice server drew, and the line of figures",
        ("%%glm --draw 1440x720 -o picture\nA lighthouse in the rain, watercolour",),
    ),
    zh_CN=Telling(
        "一张图片",
        "`--draw` 绘制图片，之后可用 `{{ picture }}` 给能看图的模型看。没有密钥时由练习服务绘制：图上会写明这是练习。"
        "[绘图](guide/answers.md)",
        "一个带 --draw 的提示词，练习服务绘制的图片，以及用量行",
        ("%%glm --draw 1440x720 -o picture\n雨中的灯塔，水彩画",),
    ),
)
