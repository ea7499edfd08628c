"""Scenes of what is asked, and of what goes along with it."""

from __future__ import annotations

from scene import Scene, Telling

STREAMED = Scene(
    "streamed",
    moves=True,
    pace=25.0,
    en=Telling(
        "A reply",
        "It streams in as Markdown, with the model's reasoning folded away above it. The line below counts "
        "while it grows, and "
        "then tells model, time, tokens and cost; unfolded, it has all figures. `response` is the SDK's own "
        "`Completion`.",
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
        "回复以 Markdown 流式输出，模型的思考折叠在上方。下方一行在生成时计数，结束后显示模型、用时、token "
        "和费用；展开可看全部数字。"
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

SALES = """import pandas as pd

sales = pd.DataFrame(
    {
        "tea": [310, 290, 240, 160, 155, 300],
        "coffee": [420, 405, 400, 395, 130, 415],
    },
    index=["Jan", "Mar", "Apr", "Jun", "Aug", "Nov"],
)"""
SALES_ZH = SALES.replace('"tea"', '"茶"').replace('"coffee"', '"咖啡"')
for _month, _number in {"Jan": 1, "Mar": 3, "Apr": 4, "Jun": 6, "Aug": 8, "Nov": 11}.items():
    SALES_ZH = SALES_ZH.replace(f'"{_month}"', f'"{_number} 月"')

TABLE = Scene(
    "table",
    en=Telling(
        "A table in a prompt",
        "`{{ sales }}` stands for the value of `sales`. A table goes along as its shape, its columns and its "
        "rows, within 4,000 "
        "tokens. [What goes along](guide/prompts.md) has all that may stand between braces.",
        "A cell that makes a DataFrame, and a prompt that refers to it by its name, with the reply",
        (SALES, "%%glm\nWhat stands out in {{ sales }}? Two sentences."),
        (
            {
                "reply": "**Coffee falls to 130 in August**, a third of its usual 400, while tea only follows "
                "the summer. "
                "So look for a cause of its own, such as a broken machine, rather than for the season."
            },
        ),
    ),
    zh_CN=Telling(
        "提示词里的表格",
        "`{{ sales }}` 代表变量 `sales` 的值。表格以形状、列和行的形式一同发送，不超过 4,000 个 token。"
        "花括号里可以写什么，见"
        "[一起发送的内容](guide/prompts.md)。",
        "一个生成 DataFrame 的单元格，一个按名称引用它的提示词，以及回复",
        (SALES_ZH, "%%glm\n{{ sales }} 里有什么异常？两句话。"),
        (
            {
                "reply": "**咖啡在 8 月跌到 130**，只有平时约 400 的三分之一，而茶只是随夏季起落。"
                "所以应当找它自身的原因，比如机器坏了，而不是季节。"
            },
        ),
    ),
)

PREVIEW = Scene(
    "preview",
    first=1,
    width=860,
    en=Telling(
        "What would be sent",
        "`--preview` shows the whole request, with values and an estimate of its tokens, and sends nothing.",
        "A preview: the messages of a request with a table in it, an estimate of tokens, and that nothing was sent",
        (
            SALES,
            '%%glm --preview -s "You are an analyst."\nCompare {{ sales["coffee"] }} with {{ sales["tea"] | 300 }}.',
        ),
    ),
    zh_CN=Telling(
        "会发送什么",
        "`--preview` 显示完整的请求，包括其中的值和估算的 token 数，但不发送。",
        "预览：含有表格的请求消息、估算的 token 数，并说明没有发送",
        (
            SALES_ZH,
            '%%glm --preview -s "你是数据分析师。"\n比较 {{ sales["咖啡"] }} 和 {{ sales["茶"] | 300 }}。',
        ),
    ),
)

RERUN = Scene(
    "rerun",
    moves=True,
    pace=40.0,
    latency=0.2,
    en=Telling(
        "A cell run again",
        "It replaces its own turn: the conversation is what you see on the page. Cells below that were asked "
        "after the earlier turn are "
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
        "它替换自己那一轮：对话就是页面上看到的内容。下面在旧的一轮之后提问的单元格会标为过期，直到再次运行。"
        "[页面就是对话](guide/conversation.md)",
        "两轮对话；第一轮换了说法重新提问，下面一轮标为过期",
        ("%%glm\n给海边的茶馆起个名字？", "%%glm\n再为它写一句五个字的口号。"),
        (
            {"when": "海边", "reply": "**潮与叶**：名字里有潮水，也有茶。"},
            {"when": "山里", "reply": "**云与叶**：山上的雾也进来喝一杯。"},
            {"when": "口号", "reply": "坐到潮水转。", "times": 1},
            {"when": "口号", "reply": "云上一盏茶。"},
        ),
    ),
)

ABOVE = Scene(
    "above",
    en=Telling(
        "The page above",
        "`--above` sends the cells above along, with what they printed, drew and raised. The line below says "
        "what went. "
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
        "`--above` 把上方的单元格连同打印的内容、图形和错误一起发送。下方一行说明发送了什么。"
        "[一起发送的内容](guide/prompts.md)",
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
