"""The practice server's own words in English and Chinese, as Markdown templates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The texts of one language; each begins by saying that no model is behind it."""

    account: str
    """The usual reply: {turn}, {message} and {parameters} as received, and {roles} as rows of a table."""
    reasoning: str
    tool_result: str
    note: str
    """The same in one sentence, for a reply that is a JSON object."""
    images: str
    """The images of the message: their {count}, and each of the {images} in a few words."""
    picture: str
    """An image that came with the message: its {form}, {width}, {height} and {bytes}."""
    code: str
    """The reply to Python in the message, with the {code} unchanged."""
    search: str
    """The reply to a web search for {query}; it refers to the sources."""
    sources: tuple[tuple[str, str, str, str], ...]
    """The sources for any search: title, link, medium and content of each."""


FORMULA = r"$$t \approx \sum_{i=1}^{n} \left( \frac{c_i}{1.6} + \frac{l_i}{4} + 4 \right)$$"
"""How the tokens of a prompt are estimated: `text.estimate_tokens`, and 4 for each message's borders."""

ENGLISH = Words(
    account="""\
This is the practice server: **no model is behind it**, and this reply is made from your request alone.

It is turn {turn} of the conversation. Your message arrived as:

{message}

The whole request held these messages:

| role | messages |
|:-----|---------:|
{roles}

and, besides them, these parameters:

```json
{parameters}
```

Tokens are only estimated here. For $n$ messages with $c_i$ Chinese and $l_i$ other characters each,

{formula}

which comes to about **{tokens} tokens** for this prompt. Chinese is read just as well: 让创新触手可及。

There is more to practise with:

- offer a function in `tools`, and it is called;
- turn `thinking` on or off: with it, reasoning comes before the answer;
- set `max_tokens`, and the answer stops there, its `finish_reason` being `length`.

For a model's own words, send the same request to the GLM service with your own key.""",
    reasoning="""\
This is turn {turn}. There is no model here that could think about it: I say so first, and then show what arrived.""",
    tool_result="""\
This is the practice server: **no model is behind it**. The tool gave back:

{results}

A model would now answer your question from this.""",
    note="This is the practice server: no model is behind it.",
    code="""\
This is the practice server: **no model is behind it**. A model would correct or change the code; here it is unchanged:

```python
{code}
```""",
    images="\n\nIt came with {count} image(s): {images}.",
    picture="{form} {width} × {height} ({bytes:,} bytes)",
    search="""\
This is the practice server: **no model is behind it**, and nothing was searched. The web would have been asked for:

{query}

A reply refers to what was found like this: addresses such as `example.org` are kept free for examples[ref_1], and \
nobody answers there[ref_2].""",
    sources=(
        (
            "Names for examples",
            "https://example.org/names?for=examples&more=yes",
            "Practice News",
            "Some names are kept free, so that an example leads nobody astray.",
        ),
        ("Nobody <at> home", "https://www.example.com/nobody", "Practice Weekly", "Nobody answers at these addresses."),
    ),
)

CHINESE = Words(
    account="""\
这里是练习服务：**背后没有任何模型**，这段回复完全由这个请求拼成。

这是对话的第 {turn} 轮。收到的消息是：

{message}

整个请求包含以下消息：

| 角色 | 消息数 |
|:-----|-------:|
{roles}

除消息之外，还有这些参数：

```json
{parameters}
```

这里的 token 数只是估算。设共有 $n$ 条消息，第 $i$ 条含 $c_i$ 个汉字和 $l_i$ 个其他字符，则

{formula}

这次的提示词约为 **{tokens} 个 token**。

还可以练习：

- 在 `tools` 中提供一个函数，它就会被调用；
- 启用或关闭 `thinking`：启用时，回答之前会先有思考过程；
- 设置 `max_tokens`，回答就会到此为止，`finish_reason` 为 `length`。

想得到模型真正的回答，请用自己的密钥把同样的请求发给 GLM 服务。""",
    reasoning="""\
这是第 {turn} 轮。这里没有模型可以思考：先如实说明这一点，再展示收到的内容。""",
    tool_result="""\
这里是练习服务：**背后没有任何模型**。工具返回了：

{results}

真正的模型会据此回答问题。""",
    note="这里是练习服务，背后没有任何模型。",
    code="""\
这里是练习服务：**背后没有任何模型**。真正的模型会修改这段代码；这里原样返回：

```python
{code}
```""",
    images="\n\n随消息收到 {count} 张图片：{images}。",
    picture="{form} {width} × {height}（{bytes:,} 字节）",
    search="""\
这里是练习服务：**背后没有任何模型**，也没有进行搜索。本应在网上搜索：

{query}

回复会这样引用搜索结果：`example.org` 之类的地址专供示例使用[ref_1]，那里没有人应答[ref_2]。""",
    sources=(
        (
            "示例专用的域名",
            "https://example.org/names?for=examples&more=yes",
            "练习新闻",
            "有些域名专门留作示例，以免误导他人。",
        ),
        ("无人<应答>", "https://www.example.com/nobody", "练习周刊", "这些地址没有人应答。"),
    ),
)
