"""Scenes of what stands around the conversation: errors, history, costs, JupyterLab."""

from __future__ import annotations

from scene import Entry, Scene, Telling

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
USAGE = Scene(
    "usage",
    first=3,
    en=Telling(
        "What it costs",
        "`%glm usage` adds up requests, tokens and money, by model and by turn, with the budget if there is "
        "one. It updates itself after "
        "later turns. [Budgets](guide/conversation.md)",
        "The dashboard: requests, tokens and cost by model and by turn, and what is left of the budget",
        (*_TALK, "%glm budget 5 yuan\n%glm usage"),
        _TALK_REPLIES,
    ),
    zh_CN=Telling(
        "花了多少",
        "`%glm usage` 按模型和轮次汇总请求、token 和费用，有预算时也显示预算。之后的轮次会自动更新它。"
        "[预算](guide/conversation.md)",
        "用量总览：按模型和轮次的请求、token 和费用，以及剩余预算",
        (*_TALK_ZH, "%glm budget 5 yuan\n%glm usage"),
        _TALK_REPLIES_ZH,
    ),
)
HISTORY = Scene(
    "history",
    first=3,
    en=Telling(
        "The conversation so far",
        "`%glm history` lists the turns that the model knows; `--full` shows them whole. [Resume and "
        "replay](guide/journal.md)",
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

ERROR = Scene(
    "error",
    width=860,
    en=Telling(
        "When something fails",
        "What happened, and what to do about it, in a line or two instead of forty frames; the cell fails all "
        "the same, so that Run All "
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
        "一两行说明发生了什么、该怎么办，而不是四十层调用栈；单元格仍然算失败，所以“全部运行”会停下。"
        "服务自己的错误码放在最后。"
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

_SLOGAN = (
    "%%glm -m glm-4.7 -b response\n作为一名营销专家，请为我的产品创作一个吸引人的口号",
    "%%glm -m glm-4.7 -b response\n智谱AI开放平台",
    "%%glm -m glm-4.7 -b response\n创作一个更精准且吸引人的口号",
    "response.choices[0].message",
)
JUPYTERLAB = Scene(
    "jupyterlab",
    whole=True,
    pace=8.0,  # the documented replies claim more tokens than they have pieces; so the figures are a model's
    en=Telling(
        "The side panel",
        "With the extension that comes along, JupyterLab has the conversation beside the page: its threads, "
        "turns and usage, each turn a "
        "way to its cell. At a reply are buttons to run it again, to copy it, and to fork from there. "
        "[In JupyterLab](guide/jupyterlab.md)",
        "A conversation in JupyterLab: three prompts and their replies, the line of figures below each, the "
        "buttons at a reply, and the "
        "side panel",
        _SLOGAN,
    ),
    zh_CN=Telling(
        "侧边栏",
        "随包附带的扩展让 JupyterLab 在页面旁显示对话：对话线、轮次和用量，点一轮即可跳到它的单元格。"
        "回复旁有重新运行、复制和分叉的按钮。"
        "[在 JupyterLab 和 Notebook 7 中](guide/jupyterlab.md)",
        "JupyterLab 中的一段对话：三个提示词和各自的回复，每条回复下方的用量行，回复旁的按钮，以及侧边栏",
        _SLOGAN,
    ),
)
START = Scene(
    "start",
    listed=False,
    en=Telling(
        "Start",
        "",
        "The first cells in JupyterLab: the extension is loaded, practice begins, and a reply stands below its prompt",
        ("%load_ext zhipu_magic", "%glm practice", "%%glm\n作为一名营销专家，请为我的产品创作一个吸引人的口号"),
    ),
    zh_CN=Telling(
        "开始",
        "",
        "JupyterLab 中的头几个单元格：加载扩展，开始练习，回复出现在提示词下方",
        ("%load_ext zhipu_magic", "%glm practice", "%%glm\n作为一名营销专家，请为我的产品创作一个吸引人的口号"),
    ),
)
