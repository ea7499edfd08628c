"""The scenes of the gallery: cells, what the model answers, and what is said of them, in English and in Chinese.

One table, `SCENES`, is where both come from: the pages (`gallery_pages`) and the pictures, which a real JupyterLab shows
while the practice server answers (`playing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

#: The languages, as Sphinx and JupyterLab name them; each has a folder in docs/pictures.
LANGUAGES = ("en", "zh_CN")

Entry = dict[str, Any]  # of the practice server's file of scripts (docs/practice.md)


class Telling(NamedTuple):
    """A scene in one language."""

    title: str
    about: str
    """A few sentences of Markdown."""
    alt: str
    """What the picture shows, for who cannot see it."""
    cells: tuple[str, ...]
    replies: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Scene:
    """Cells that run one after the other, below one that loads the extension.

    The picture and the page have those from `first` on. `latency` is in seconds, `pace` in chunks a second, as
    `PracticeServer` has them; `width` in CSS pixels.
    """

    name: str
    en: Telling
    zh_CN: Telling
    first: int = 0
    setup: str = ""
    """Lines that run before all others."""
    moves: bool = False
    """Whether there is a moving picture as well."""
    whole: bool = False
    """Whether the picture is the window rather than its cells."""
    listed: bool = True
    """Whether it is on the gallery's page."""
    latency: float = 0.3
    pace: float = 60.0
    limit: int | None = None
    width: int = 800

    def telling(self, language: str) -> Telling:
        return self.en if language == "en" else self.zh_CN


_STREAMED = Scene(
    "streamed",
    moves=True,
    pace=25.0,
    en=Telling(
        "A reply",
        "It streams in as Markdown, with the model's reasoning folded away above it. The line below counts while it grows, and "
        "then tells model, time, tokens and cost; unfolded, it has all figures. `response` is the SDK's own `Completion`.",
        "A prompt in a cell, the reply with its reasoning folded away, and the line of figures below it",
        ("%%glm -m glm-4.7 -b response\nThree slogans for a tea house by the sea, please.",),
        (
            {
                "reasoning": "They want slogans: short, about tea and the sea, each with an idea of its own.",
                "reply": "1. **Tide and tea**: the day slows down here.\n"
                "2. **Steam meets sea**: warm hands, wide view.\n"
                "3. **Last stop before the waves**: first stop for a cup.\n\n"
                "I would take the second: it says what one *feels* there.",
            },
        ),
    ),
    zh_CN=Telling(
        "一条回复",
        "回复以 Markdown 流式输出，模型的思考折叠在上方。下方一行在生成时计数，结束后显示模型、用时、token 和费用；展开可看全部数字。"
        "`response` 就是 SDK 的 `Completion`。",
        "单元格中的提示词，思考已折叠的回复，以及下方的用量行",
        ("%%glm -m glm-4.7 -b response\n为海边的一家茶馆写三个口号。",),
        (
            {
                "reasoning": "要写口号：简短，有茶有海，每个都有自己的意思。",
                "reply": "1. **潮起茶香**：在这里，时间慢下来。\n"
                "2. **一盏热茶，一片海**：手是暖的，眼前是开阔的。\n"
                "3. **浪前最后一站**：先喝一杯再走。\n\n"
                "我会选第二个：它说出了人在那里的*感受*。",
            },
        ),
    ),
)

_SALES = """import pandas as pd

sales = pd.DataFrame(
    {
        "tea": [310, 290, 240, 160, 155, 300],
        "coffee": [420, 405, 400, 395, 130, 415],
    },
    index=["Jan", "Mar", "Apr", "Jun", "Aug", "Nov"],
)"""
_SALES_ZH = _SALES.replace('"tea"', '"茶"').replace('"coffee"', '"咖啡"')
for _month, _number in {"Jan": 1, "Mar": 3, "Apr": 4, "Jun": 6, "Aug": 8, "Nov": 11}.items():
    _SALES_ZH = _SALES_ZH.replace(f'"{_month}"', f'"{_number} 月"')

_TABLE = Scene(
    "table",
    en=Telling(
        "A table in a prompt",
        "`{{ sales }}` stands for the value of `sales`. A table goes along as its shape, its columns and its rows, within 4,000 "
        "tokens. [What goes along](guide/prompts.md) has all that may stand between braces.",
        "A cell that makes a DataFrame, and a prompt that refers to it by its name, with the reply",
        (_SALES, "%%glm\nWhat stands out in {{ sales }}? Two sentences."),
        (
            {
                "reply": "**Coffee falls to 130 in August**, a third of its usual 400, while tea only follows the summer. "
                "So look for a cause of its own, such as a broken machine, rather than for the season."
            },
        ),
    ),
    zh_CN=Telling(
        "提示词里的表格",
        "`{{ sales }}` 代表变量 `sales` 的值。表格以形状、列和行的形式一同发送，不超过 4,000 个 token。花括号里可以写什么，见"
        "[一同发送的内容](guide/prompts.md)。",
        "一个生成 DataFrame 的单元格，一个按名称引用它的提示词，以及回复",
        (_SALES_ZH, "%%glm\n{{ sales }} 里有什么异常？两句话。"),
        (
            {
                "reply": "**咖啡在 8 月跌到 130**，只有平时约 400 的三分之一，而茶只是随夏季起落。"
                "所以应当找它自身的原因，比如机器坏了，而不是季节。"
            },
        ),
    ),
)

_PREVIEW = Scene(
    "preview",
    first=1,
    en=Telling(
        "What would be sent",
        "`--preview` shows the whole request, with values and an estimate of its tokens, and sends nothing.",
        "A preview: the messages of a request with a table in it, an estimate of tokens, and that nothing was sent",
        (_SALES, '%%glm --preview -s "You are an analyst. Be brief."\nCompare {{ sales["coffee"] }} with {{ sales["tea"] | 300 }}.'),
    ),
    zh_CN=Telling(
        "会发送什么",
        "`--preview` 显示完整的请求，包括其中的值和估算的 token 数，但不发送。",
        "预览：含有表格的请求消息、估算的 token 数，并说明没有发送",
        (_SALES_ZH, '%%glm --preview -s "你是数据分析师，回答要简短。"\n比较 {{ sales["咖啡"] }} 和 {{ sales["茶"] | 300 }}。'),
    ),
)

_STOP = """from datetime import date

from pydantic import BaseModel


class Stop(BaseModel):
    place: str
    day: date
    on_an_island: bool


"""
_TYPED = Scene(
    "typed",
    en=Telling(
        "An answer as a DataFrame",
        "Say what a row is, in Python's own types. The answer is validated; if it does not fit, the model is asked once more, with what "
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
                "reply": '{"rows": [{"place": "Devonport", "day": "1831-12-27", "on_an_island": false}, '
                '{"place": "Teneriffe", "day": "1832-01-06", "on_an_island": true}, '
                '{"place": "Porto Praya", "day": "1832-01-16", "on_an_island": true}]}'
            },
        ),
    ),
    zh_CN=Telling(
        "回答就是 DataFrame",
        "用 Python 自己的类型说明一行是什么。回答会经过校验；不符合时，连同错误再问模型一次。`stops` 是 pandas 的 DataFrame。"
        "[带类型的回答](guide/answers.md)",
        "一个 pydantic 模型，一个带 --as DataFrame[Stop] 的提示词，以及作为表格的回答",
        (
            _STOP + 'opening = """1831 年 12 月 27 日，贝格尔号从德文波特启航。1 月 6 日我们到达\n'
            '特内里费岛；1832 年 1 月 16 日，我们在圣雅戈岛的普拉亚港下锚。"""',
            "%%glm --as DataFrame[Stop] -o stops\n这艘船何时到过哪里？\n{{ opening }}",
        ),
        (
            {
                "reply": '{"rows": [{"place": "德文波特", "day": "1831-12-27", "on_an_island": false}, '
                '{"place": "特内里费岛", "day": "1832-01-06", "on_an_island": true}, '
                '{"place": "普拉亚港", "day": "1832-01-16", "on_an_island": true}]}'
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


reviews = pd.DataFrame({{"text": [
{texts}
]}})"""


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
_EACH = Scene(
    "rows",
    first=1,
    moves=True,
    latency=0.9,
    limit=2,
    en=Telling(
        "A table, row by row",
        "`--each` asks for each row by itself, as many at once as the service takes; the line counts rows, tokens, cost and the time left. "
        "What was answered is kept: run the cell again, and only what is missing is asked. [Ask over a table](tables.md)",
        "Reviews labelled row by row: the first rows of the new table, and the line with rows, tokens and cost",
        (
            _reviews('"positive", "mixed", "negative"', tuple(_LABELS)),
            "%%glm --each reviews --as Review -m glm-4.7 -o labelled\nLabel this review of a customer: {{ text }}",
        ),
        _labels(_LABELS),
    ),
    zh_CN=Telling(
        "逐行询问表格",
        "`--each` 逐行提问，服务允许多少就并发多少；下方一行显示行数、token、费用和剩余时间。答过的都会保留：再次运行单元格，"
        "只问缺少的行。[逐行询问表格](tables.md)",
        "逐行标注的评论：新表格的前几行，以及显示行数、token 和费用的一行",
        (
            _reviews('"好评", "中评", "差评"', tuple(_LABELS_ZH)),
            "%%glm --each reviews --as Review -m glm-4.7 -o labelled\n标注这条顾客评论：{{ text }}",
        ),
        _labels(_LABELS_ZH),
    ),
)

_TOOLS = Scene(
    "tools",
    en=Telling(
        "A function, and the question before it runs",
        "A function of the notebook's is lent to the model with `--tool`. `confirm` shows each call in full and asks first; "
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
        "用 `--tool` 把笔记本里的函数交给模型。`confirm` 会完整显示每次调用并先询问；不用它时，调用是回复上方可展开的一行。"
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

_PLOT = """fig, ax = plt.subplots(figsize=(5, 2))
sales.plot.bar(ax=ax, rot=0)
plt.show()
(sales / sales.mean()).round(2)"""
_PYTHON = Scene(
    "python",
    first=1,
    en=Telling(
        "Python by the model",
        "With `--tool python` the model runs code in your kernel: you read each piece before it runs, and say yes or no. Output, figures "
        "and tables stand in the cell, in their order, and go back to the model. [Python by the model](guide/answers.md)",
        "Code that a model has run in a cell, with its figure, its table, and what the model says of them",
        (
            f"%matplotlib inline\nimport matplotlib.pyplot as plt\n{_SALES}",
            "%%glm --tool python\nPlot the sales, and tell me which month is unusual.",
        ),
        (
            {"reply": "I plot them, each against its mean.", "tool_calls": [{"name": "python", "arguments": {"code": _PLOT}}]},
            {"reply": "**August**: coffee is at 0.36 of its mean, the only bar that breaks the pattern."},
        ),
    ),
    zh_CN=Telling(
        "模型运行 Python",
        "用 `--tool python`，模型可以在你的内核里运行代码：每段代码先给你看，由你决定是否运行。输出、图形和表格按顺序出现在单元格里，"
        "也会交给模型。[模型运行 Python](guide/answers.md)",
        "模型在单元格里运行的代码，它的图形和表格，以及模型的结论",
        (
            "%matplotlib inline\nimport matplotlib.pyplot as plt\n"
            'plt.rcParams["font.family"] = ["DejaVu Sans", "Noto Sans CJK SC"]\n' + _SALES_ZH,
            "%%glm --tool python\n画出销量，并告诉我哪个月不正常。",
        ),
        (
            {"reply": "我把它们画出来，并与各自的均值比较。", "tool_calls": [{"name": "python", "arguments": {"code": _PLOT}}]},
            {"reply": "**8 月**：咖啡只有均值的 0.36 倍，是唯一打破规律的一项。"},
        ),
    ),
)

_COMPARED = Scene(
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
                "reply": "Water takes red light away and sends **blue** back. The deeper the water, the bluer it looks.\n\n"
                "> Try it: look down a white bathtub that is full."
            },
        ),
    ),
    zh_CN=Telling(
        "多个模型并排",
        "写上几个模型，它们各自回答同一个问题；在 `%glm keep glm-5.3` 选定之前，哪个都不算一轮对话。[多个模型](guide/conversation.md)",
        "两个模型的回复分列两栏，以及各自的用时、token 和费用",
        ("%%glm -m glm-5.3 -m glm-4.7-flash\n海为什么看起来是蓝的？讲给孩子听。",),
        (
            {
                "times": 1,
                "reply": "阳光里有**所有的颜色**。水像海绵一样，先把红色吸走。剩下回到你眼睛里的，就是蓝色。\n\n"
                "- 一杯水：太少，看不出来\n- 一片海：蓝色",
            },
            {
                "reply": "水把红光吸走，把**蓝光**送回来。水越深，看起来越蓝。\n\n"
                "> 试试看：从上面看一缸装满水的白浴缸。"
            },
        ),
    ),
)

_DRAWN = Scene(
    "drawn",
    en=Telling(
        "A picture",
        "`--draw` has a picture drawn, which `{{ picture }}` then shows to a model that sees. Without a key, the practice server draws: "
        "its pictures say that they are practice. [Pictures](guide/answers.md)",
        "A prompt with --draw, the picture that the practice server drew, and the line of figures",
        ("%%glm --draw 1440x720 -o picture\nA lighthouse in the rain, watercolour",),
    ),
    zh_CN=Telling(
        "一张图片",
        "`--draw` 绘制图片，之后可用 `{{ picture }}` 给能看图的模型看。没有密钥时由练习服务器绘制：图上会写明这是练习。"
        "[绘图](guide/answers.md)",
        "一个带 --draw 的提示词，练习服务器绘制的图片，以及用量行",
        ("%%glm --draw 1440x720 -o picture\n雨中的灯塔，水彩画",),
    ),
)

_TALK = (
    "%%glm -m glm-4.7\nA name for a tea house by the sea?",
    "%%glm -m glm-5.3\nAnd a slogan for it.",
    "%%glm\nBoth in Chinese, please.",
)
_TALK_REPLIES: tuple[Entry, ...] = (
    {"when": "name for", "reply": "**Tide & Leaf**"},
    {"when": "slogan", "reasoning": "It has to fit the name.", "reply": "“Tide & Leaf: stay until the water turns.”"},
    {"when": "Chinese", "reply": "**潮与叶**：“坐到潮水转头。”"},
)
_TALK_ZH = (
    "%%glm -m glm-4.7\n给海边的茶馆起个名字？",
    "%%glm -m glm-5.3\n再为它写一句口号。",
    "%%glm\n都译成英文。",
)
_TALK_REPLIES_ZH: tuple[Entry, ...] = (
    {"when": "起个名字", "reply": "**潮与叶**"},
    {"when": "口号", "reasoning": "要配得上这个名字。", "reply": "“潮与叶：坐到潮水转头。”"},
    {"when": "英文", "reply": "**Tide & Leaf**: “Stay until the water turns.”"},
)
_USAGE = Scene(
    "usage",
    first=3,
    en=Telling(
        "What it costs",
        "`%glm usage` adds up requests, tokens and money, by model and by turn, with the budget if there is one. It updates itself after "
        "later turns. [Budgets](guide/conversation.md)",
        "The dashboard: requests, tokens and cost by model and by turn, and what is left of the budget",
        (*_TALK, "%glm budget 5 yuan\n%glm usage"),
        _TALK_REPLIES,
    ),
    zh_CN=Telling(
        "花了多少",
        "`%glm usage` 按模型和轮次汇总请求、token 和费用，有预算时也显示预算。之后的轮次会自动更新它。[预算](guide/conversation.md)",
        "用量面板：按模型和轮次的请求、token 和费用，以及剩余预算",
        (*_TALK_ZH, "%glm budget 5 yuan\n%glm usage"),
        _TALK_REPLIES_ZH,
    ),
)
_HISTORY = Scene(
    "history",
    first=3,
    en=Telling(
        "The conversation so far",
        "`%glm history` lists the turns that the model knows; `--full` shows them whole. [Resume and replay](guide/journal.md)",
        "The turns of the conversation, with their prompts and the beginnings of their replies",
        (*_TALK, "%glm history"),
        _TALK_REPLIES,
    ),
    zh_CN=Telling(
        "到目前为止的对话",
        "`%glm history` 列出模型知道的轮次，`--full` 显示全文。[恢复与重放](guide/journal.md)",
        "对话的各轮，包括提示词和回复的开头",
        (*_TALK_ZH, "%glm history"),
        _TALK_REPLIES_ZH,
    ),
)

_ERROR = Scene(
    "error",
    en=Telling(
        "When something fails",
        "What happened, and what to do about it, in a line or two instead of forty frames; the cell fails all the same, so that Run All "
        "stops. The service's own code comes last. [Errors](reference/errors.md)",
        "Two errors, each with what to do: the balance is empty, and a name with a typing mistake",
        (
            "%%glm -m glm-5.3\nWhy do prices end in 99?",
            "totals = [310, 420, 155]",
            "%%glm\nAdd up {{ total }}.",
        ),
        ({"when": "prices", "error": "1113"},),
    ),
    zh_CN=Telling(
        "出错的时候",
        "一两行说明发生了什么、该怎么办，而不是四十层调用栈；单元格仍然算失败，所以“全部运行”会停下。服务自己的错误码放在最后。"
        "[错误](reference/errors.md)",
        "两个错误，各有处理办法：余额不足，以及写错的名称",
        (
            "%%glm -m glm-5.3\n价格为什么总以 99 结尾？",
            "totals = [310, 420, 155]",
            "%%glm\n把 {{ total }} 加起来。",
        ),
        ({"when": "价格", "error": "1113"},),
    ),
)

_RERUN = Scene(
    "rerun",
    moves=True,
    pace=40.0,
    latency=0.2,
    en=Telling(
        "A cell run again",
        "It replaces its own turn: the conversation is what you see on the page. Cells below that were asked after the earlier turn are "
        "marked as stale, until they run again. [The page is the conversation](guide/conversation.md)",
        "Two turns; the first was asked again with other words, and the one below it is marked as stale",
        ("%%glm\nA name for a tea house by the sea?", "%%glm\nA slogan for it, in five words."),
        (
            {"when": "by the sea", "reply": "**Tide & Leaf**: the ebb in the name, and the tea."},
            {"when": "mountains", "reply": "**Cloud & Leaf**: up there, the mist comes in to drink."},
            {"when": "slogan", "reply": "Stay until the water turns.", "times": 1},
            {"when": "slogan", "reply": "Above the clouds, below steam."},
        ),
    ),
    zh_CN=Telling(
        "再次运行单元格",
        "它替换自己那一轮：对话就是页面上看到的内容。下面在旧的一轮之后提问的单元格会标为已过时，直到再次运行。"
        "[页面就是对话](guide/conversation.md)",
        "两轮对话；第一轮换了说法重新提问，下面一轮标为已过时",
        ("%%glm\n给海边的茶馆起个名字？", "%%glm\n再为它写一句五个字的口号。"),
        (
            {"when": "海边", "reply": "**潮与叶**：名字里有潮水，也有茶。"},
            {"when": "山里", "reply": "**云与叶**：山上的雾也进来喝一杯。"},
            {"when": "口号", "reply": "坐到潮水转。", "times": 1},
            {"when": "口号", "reply": "云上一盏茶。"},
        ),
    ),
)

_ABOVE = Scene(
    "above",
    en=Telling(
        "The page above",
        "`--above` sends the cells above along, with what they printed, drew and raised. The line below says what went. "
        "[What goes along](guide/prompts.md)",
        "A cell that fails, a prompt with --above that asks why, and the reply",
        (
            'prices = ["12.50", "8", "n/a", "3.20"]\nsum(float(price) for price in prices)',
            "%%glm --above\nWhy does this fail, and how do I leave such entries out?",
        ),
        (
            {
                "reply": 'The third entry is `"n/a"`, which `float` cannot read. Leave out what is no number:\n\n'
                '```python\nsum(float(price) for price in prices if price != "n/a")\n```'
            },
        ),
    ),
    zh_CN=Telling(
        "上方的页面",
        "`--above` 把上方的单元格连同打印的内容、图形和错误一起发送。下方一行说明发送了什么。[一同发送的内容](guide/prompts.md)",
        "一个出错的单元格，一个用 --above 询问原因的提示词，以及回复",
        (
            'prices = ["12.50", "8", "n/a", "3.20"]\nsum(float(price) for price in prices)',
            "%%glm --above\n为什么会出错？怎样跳过这样的条目？",
        ),
        (
            {
                "reply": '第三项是 `"n/a"`，`float` 无法读取。跳过不是数字的项即可：\n\n'
                '```python\nsum(float(price) for price in prices if price != "n/a")\n```'
            },
        ),
    ),
)

_SLOGAN = (
    "%%glm -m glm-4 -b response\n作为一名营销专家，请为我的产品创作一个吸引人的口号",
    "%%glm -m glm-4 -b response\n智谱AI开放平台",
    "%%glm -m glm-4 -b response\n创作一个更精准且吸引人的口号",
    "response.choices[0].message",
)
_JUPYTERLAB = Scene(
    "jupyterlab",
    whole=True,
    pace=8.0,  # the documented replies claim more tokens than they have pieces; so the figures are a model's
    en=Telling(
        "The side panel",
        "With the extension that comes along, JupyterLab has the conversation beside the page: its threads, turns and usage, each turn a "
        "way to its cell. At a reply are buttons to run it again, to copy it, and to fork from there. "
        "[In JupyterLab](guide/jupyterlab.md)",
        "A conversation in JupyterLab: three prompts and their replies, the line of figures below each, the buttons at a reply, and the "
        "side panel",
        _SLOGAN,
    ),
    zh_CN=Telling(
        "侧边栏",
        "随包附带的扩展让 JupyterLab 在页面旁显示对话：对话线、轮次和用量，点一轮即可跳到它的单元格。回复旁有重新运行、复制和分叉的按钮。"
        "[在 JupyterLab 中](guide/jupyterlab.md)",
        "JupyterLab 中的一段对话：三个提示词和各自的回复，每条回复下方的用量行，回复旁的按钮，以及侧边栏",
        _SLOGAN,
    ),
)
_START = Scene(
    "start",
    listed=False,
    en=Telling(
        "Start",
        "",
        "The first cells in JupyterLab: the extension is loaded, practice begins, and a reply stands below its prompt",
        ("%load_ext zhipu_magic", "%glm practice", "%%glm\nThree slogans for a tea house by the sea, please."),
    ),
    zh_CN=Telling(
        "开始",
        "",
        "JupyterLab 中的头几个单元格：加载扩展，开始练习，回复出现在提示词下方",
        ("%load_ext zhipu_magic", "%glm practice", "%%glm\n作为一名营销专家，请为我的产品创作一个吸引人的口号"),
    ),
)

SCENES = (
    _STREAMED,
    _RERUN,
    _TABLE,
    _PREVIEW,
    _TYPED,
    _EACH,
    _ABOVE,
    _TOOLS,
    _PYTHON,
    _COMPARED,
    _DRAWN,
    _ERROR,
    _HISTORY,
    _USAGE,
    _JUPYTERLAB,
    _START,
)
