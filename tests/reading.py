"""What a reader must see of what a model writes, row by row, in whichever front end.

ROWS    the table: a source, and what its reader sees
Read    what a page shows: its words, which of them are bold, struck or links, and its mathematics

In the text of a page a formula stands between ⟦ and ⟧, a line break is ↵, each item of a list is on a line of its own
after as many • as it is deep, and so is each cell, after ¦.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import unquote


@dataclass(frozen=True)
class Row:
    source: str
    text: str
    bold: tuple[str, ...] = ()
    italic: tuple[str, ...] = ()
    struck: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    bare: bool = False  # whether an address in it has no scheme: not every renderer makes a link of it


def row(source: str, text: str, **marked: object) -> Row:
    given = {name: (value,) if isinstance(value, str) else value for name, value in marked.items()}
    return Row(source, text, **given)  # type: ignore[arg-type]


A = "https://a.org"

EMPHASIS = [
    row("**注意：**请看", "注意：请看", bold="注意："),
    row("这是**“重点”**内容", "这是“重点”内容", bold="“重点”"),
    row("**线性回归（OLS）**来", "线性回归（OLS）来", bold="线性回归（OLS）"),
    row("**步骤一：**读取，然后**步骤二。**建模", "步骤一：读取，然后步骤二。建模", bold=("步骤一：", "步骤二。")),
    row("见**《红楼梦》**与**「书名」**的区别", "见《红楼梦》与「书名」的区别", bold=("《红楼梦》", "「书名」")),
    row("他说**“好。”**然后**走了**。", "他说“好。”然后走了。", bold=("“好。”", "走了")),
    row("*注：*请", "注：请", italic="注："),
    row("扩展名**.py**和**.js**", "扩展名.py和.js", bold=(".py", ".js")),
    row("**:hover**伪类和**?x**参数", ":hover伪类和?x参数", bold=(":hover", "?x")),
    row("前**…省略**后", "前…省略后", bold="…省略"),
    row("张**，李**都来了，王**也", "张**，李**都来了，王**也"),
    row("体积：长*宽*高", "体积：长*宽*高"),
    row("单价*数量*折扣率", "单价*数量*折扣率"),
    row("这是*重点*内容", "这是重点内容", italic="重点"),
    row("***重要：***请", "重要：请", bold="重要：", italic="重要："),
    row("**外层*内：*还是外层：**请", "外层内：还是外层：请", bold="外层内：还是外层：", italic="内："),
    row("**含 `a*b` 的代码：**请", "含 a*b 的代码：请", bold="含 a*b 的代码："),
    row(f"**见[文档]({A}/x)：**请", "见文档：请", bold="见文档：", links=f"{A}/x"),
    row("**公式 $x^2$：**请", "公式 ⟦x^2⟧：请", bold="公式 ⟦x^2⟧："),
    row("**公式\\(x^2\\)：**请", "公式⟦x^2⟧：请", bold="公式⟦x^2⟧："),
    row("**价格 $5：**请，另**$6：**请", "价格 $5：请，另$6：请", bold=("价格 $5：", "$6：")),
    row("- **注：**甲\n- **二（2）**乙", "•注：甲\n•二（2）乙", bold=("注：", "二（2）")),
    row("1. **步骤（一）：**甲\n2. 乙", "•步骤（一）：甲\n•乙", bold="步骤（一）："),
    row("### **注：**题", "注：题", bold="注："),
    row(
        "| **甲：**乙 | 丙 |\n|---|---|\n| 丁**（戊）**己 | **辛** |",
        "¦甲：乙\n¦丙\n¦丁（戊）己\n¦辛",
        bold=("甲：", "（戊）", "辛"),
    ),
    row("> **注：**请\n> 看**“这”**里", "注：请 看“这”里", bold=("注：", "“这”")),
    row("**第一行，\n第二行：**结束", "第一行， 第二行：结束", bold="第一行， 第二行："),
    row("**Note:**请看", "Note:请看", bold="Note:"),
    row("**\"x\"**和**'y'**", "\"x\"和'y'", bold=('"x"', "'y'")),
    row("**a)**b", "a)b", bold="a)"),
    row("**중요:**입니다", "중요:입니다", bold="중요:"),
    row("これは**「強調」**です", "これは「強調」です", bold="「強調」"),
    row("**重点😀**内容**✅完成**了", "重点😀内容✅完成了", bold=("重点😀", "✅完成")),
    row("**第一步****第二步：**好", "第一步第二步：好", bold=("第一步", "第二步：")),
    row("**A：** 甲，**B：** 乙", "A： 甲，B： 乙", bold=("A：", "B：")),
    row("__注意：__请看", "注意：请看", bold="注意："),
    row(
        "This is **bold**, *italic* and ***both***.",
        "This is bold, italic and both.",
        bold=("bold", "both"),
        italic=("italic", "both"),
    ),
    row("**bold** (*really*), **“quoted”**.", "bold (really), “quoted”.", bold=("bold", "“quoted”"), italic="really"),
    row("3*4*5=60", "3*4*5=60"),
    row("2**3 和 3**2", "2**3 和 3**2"),
    row("a*b*c 和 x*y*z", "a*b*c 和 x*y*z"),
    row("5 * 3 * 2", "5 * 3 * 2"),
    row("体积=长*宽*高，**注：**单位", "体积=长*宽*高，注：单位", bold="注："),
    row("`__init__` 与 __init__ 和 snake_case_name", "__init__ 与 __init__ 和 snake_case_name"),
    row("密码：****，卡号：6222****1234****", "密码：****，卡号：6222****1234****"),
    row("f(*args, **kwargs) 与 g(*args, **kwargs)", "f(*args, **kwargs) 与 g(*args, **kwargs)"),
    row("他叫__，今年__岁", "他叫__，今年__岁"),
    row("**没有结束：请", "**没有结束：请"),
]
TILDES = [
    row("约 3~5 天，温度 20~25℃", "约 3~5 天，温度 20~25℃"),
    row("~/path and ~/other", "~/path and ~/other"),
    row("H~2~O", "H~2~O"),
    row("~~旧价~~新价", "旧价新价", struck="旧价"),
    row("~~旧价：~~新价，约3~5元，约 6~7 元", "旧价：新价，约3~5元，约 6~7 元", struck="旧价："),
    row("`a~b` 3~5 `c~d` 6~7", "a~b 3~5 c~d 6~7"),
    row(f"{A}/~user 和 {A}/~other", f"{A}/~user 和 {A}/~other", links=(f"{A}/~user", f"{A}/~other")),
]
ADDRESSES = [
    row(f"请访问 {A}，然后继续。", f"请访问 {A}，然后继续。", links=A),
    row(f"{A}。", f"{A}。", links=A),
    row(f"（{A}）", f"（{A}）", links=A),
    row(f"《{A}/x》", f"《{A}/x》", links=f"{A}/x"),
    row(f"**{A}**。", f"{A}。", bold=A, links=A),
    row("www.a.org，然后", "www.a.org，然后", links="http://www.a.org", bare=True),
    row("http://127.0.0.1:8888/lab然后", "http://127.0.0.1:8888/lab然后", links="http://127.0.0.1:8888/lab"),
    row(
        "https://zh.wikipedia.org/wiki/北京，好",
        "https://zh.wikipedia.org/wiki/北京，好",
        links="https://zh.wikipedia.org/wiki/北京",
    ),
    row("邮箱a@b.org，好", "邮箱a@b.org，好", links="mailto:a@b.org", bare=True),
    row(f"[文档]({A}/x)，{A}/y；<{A}/z>。", f"文档，{A}/y；{A}/z。", links=(f"{A}/x", f"{A}/y", f"{A}/z")),
    row(f"| 站点 |\n|---|\n| {A}/x，好 |", f"¦站点\n¦{A}/x，好", links=f"{A}/x"),
    row(f"{A}/a?b=1&c=2 and {A}/d.", f"{A}/a?b=1&c=2 and {A}/d.", links=(f"{A}/a?b=1&c=2", f"{A}/d")),
    row(
        "打开 http://localhost:{port}/docs 或 www.a.org:99999/b",
        "打开 http://localhost:{port}/docs 或 www.a.org:99999/b",
    ),
    row("[见 http://127.0.0.1:8888]", "[见 http://127.0.0.1:8888]", links="http://127.0.0.1:8888"),
    row(f"价格见 {A}，约$5，面积$x^2$。", f"价格见 {A}，约$5，面积⟦x^2⟧。", links=A),
]
MATHEMATICS = [
    row("\\( x^2 \\)", "⟦x^2⟧"),
    row("\\[ x = \\pm 2 \\]", "⟦x = \\pm 2⟧"),
    row("设\\(a\\)与\\(b_1\\)，则\\[a<b_1\\]成立", "设⟦a⟧与⟦b_1⟧，则⟦a\\lt b_1⟧成立"),
    row("\\[\nx = 1\n\n- 2\n= y\n\\]", "⟦x=1 - 2 = y⟧"),
    row(
        "\\[\n\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}\n\\]",
        "⟦\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}⟧",
    ),
    row("1. 设\n\n   \\[\n   x = 2\n   \\]\n\n2. 得 \\(y\\)", "•设\n⟦x = 2⟧\n•得 ⟦y⟧"),
    row("- 由\\(x\\)\n  \\[ x = 2 \\]\n- 完", "•由⟦x⟧ ⟦x = 2⟧\n•完"),
    row("\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}", "⟦\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}⟧"),
    row("$$\n\\sum_{i=1}^n x_i\n$$", "⟦\\sum_{i=1}^n x_i⟧"),
    row("$ x^2 $ 和 $x_1$", "⟦x^2⟧ 和 ⟦x_1⟧"),
    row("第$n$个，5\\(x\\)，$n$th", "第⟦n⟧个，5⟦x⟧，⟦n⟧th"),
    row(
        "| 名 | 式 |\n|---|---|\n| a | $|x|$ |\n| b | \\(\\|y\\|\\) |",
        "¦名\n¦式\n¦a\n¦⟦\\vert{}x\\vert{}⟧\n¦b\n¦⟦\\Vert{}y\\Vert{}⟧",
    ),
    row("\\[ x=1 \\]（1）\n\n$$\ny\n$$，其中\n\n$$z$$；", "⟦x=1⟧（1）\n⟦y⟧，其中\n⟦z⟧；"),
    row("公式：$$\nx=1\n$$\n其中**注：**请", "公式：⟦x=1⟧其中注：请", bold="注："),
    row("令 $$\nx\n$$ 则", "令⟦x⟧则"),
    row("- 甲：$$\nx\n$$\n- 乙", "•甲：⟦x⟧\n•乙"),
    row("- 甲：$$\n  x\n  - y\n  $$\n- 乙", "•甲：⟦x - y⟧\n•乙"),
    row(
        "**公式：** $$\n\\begin{aligned}\na &= b\n\\end{aligned}\n$$\n后",
        "公式：⟦\\begin{aligned}a&=b\\end{aligned}⟧后",
        bold="公式：",
    ),
    row("$$ x $$ 和 $$\ny\n$$", "⟦x⟧和⟦y⟧"),
    row("$$\na\n$$b$$\nc\n$$", "⟦a⟧b⟦c⟧"),
    row("> 由$$\n> a\n> $$得", "由⟦a⟧得"),
    row("甲 $$\n乙 $$\n- A: $$\n- B: $$", "甲 $$ 乙 $$\n•A: $$\n•B: $$"),
    row("费用 $$ 不明。\n\n$$\nx\n$$", "费用 $$ 不明。\n⟦x⟧"),
    row("$$\na\n> b\n$$", "⟦a>b⟧"),
    row("$$\na\n>= b\n$$\n后", "⟦a>=b⟧后"),
    row("> $$\n> a\n> > b\n> $$", "⟦a>b⟧"),
    row("$$\n% 注释 $5\nx\n$$", "⟦x⟧"),
    row("\\[\n% 注释 $5\nx \\\\% 5\n\\]", "⟦x\\\\⟧"),
    row("$|a|$和$|b|$", "⟦|a|⟧和⟦|b|⟧"),
    row("范数$|a|$、$|b|$、$|c|$", "范数⟦|a|⟧、⟦|b|⟧、⟦|c|⟧"),
    row(
        "| 式 |\n|---|\n| $P(A\\|B)$ |\n| $\\{x \\| x\\ne 0\\}$ |\n| $P(A\\|B)P(B\\|C)+2\\|x\\|$ |",
        "¦式\n¦⟦P(A\\vert{}B)⟧\n¦⟦\\{x \\vert{} x\\ne 0\\}⟧\n¦⟦P(A\\vert{}B)P(B\\vert{}C)+2\\Vert{}x\\Vert{}⟧",
    ),
    row("`a`$x$`b`$y$", "a⟦x⟧b⟦y⟧"),
    row("没有结束 \\( x^2", "没有结束 ( x^2"),
    row("`\\(x\\)` 和 `$x$`", "\\(x\\) 和 $x$"),
]
DOLLARS = [
    row("$5 per month, or $50 a year", "$5 per month, or $50 a year"),
    row("| 品 | 价 |\n|---|---|\n| 甲 | $5 |\n| 乙 | $6 |", "¦品\n¦价\n¦甲\n¦$5\n¦乙\n¦$6"),
    row("$HOME and $PATH", "$HOME and $PATH"),
    row("echo $HOME/$USER:${PATH}/bin:${X}", "echo $HOME/$USER:${PATH}/bin:${X}"),
    row("US$5–US$6", "US$5–US$6"),
    row("5$或者6$", "5$或者6$"),
    row("$$", "$$"),
    row("\\$5 and \\$6", "$5 and $6"),
    row("成本$5、售价$8，利润$p = 8-5$", "成本$5、售价$8，利润⟦p = 8-5⟧"),
    row("- $5\n- $6\n- $x$", "•$5\n•$6\n•⟦x⟧"),
    row("# $5 与 $6", "$5 与 $6"),
    row("`$a` costs $5, `$b` costs $6", "$a costs $5, $b costs $6"),
]
THE_REST = [
    row("| a |\n|---|\n| x<br>y<BR/>z<br />w |", "¦a\n¦x↵y↵z↵w"),
    row("`<br>` 和 <br class=x>", "<br> 和 <br class=x>"),
    row("| `a|b` | c |\n|---|---|\n| `x\\|y` | d |\n| `p||q` | e |", "¦a|b\n¦c\n¦x|y\n¦d\n¦p||q\n¦e"),
    row("| a \\| b | c |\n|---|---|\n| **d：**\\| e | [ref_1] |", "¦a | b\n¦c\n¦d：| e\n¦[ref_1]", bold="d："),
    row("a | b\n---|---\n甲，乙 | `c|d`", "¦a\n¦b\n¦甲，乙\n¦c|d"),
    row("**见[ref_1]**后", "见[ref_1]后", bold="见[ref_1]"),
    row("1. 甲\n  - 乙\n  - 丙\n2. 丁", "•甲\n••乙\n••丙\n•丁"),
    row("1. 甲\n - 乙\n   - 丙\n2. 丁", "•甲\n••乙\n•••丙\n•丁"),
    row("1. 甲\n    - 乙\n2. 丁", "•甲\n••乙\n•丁"),
    row("1. 甲\n\n  - 乙\n\n    又\n\n2. 丁\n  1. 戊\n  2. 己", "•甲\n••乙\n又\n•丁\n••戊\n••己"),
    row("> 1. 甲\n>   - 乙\n> 2. 丁", "•甲\n••乙\n•丁"),
    row("1. 甲\n   ```python\n   x = 2**3  # ~1~ $5\n   ```\n2. 乙", "•甲\nx = 2**3  # ~1~ $5\n•乙"),
    row("```\n**注：**请 $5 ~3~ https://a.org，b\n```", "**注：**请 $5 ~3~ https://a.org，b"),
    row("1. 甲\n   ```bash\n   echo $HOME\n   ```\n   得 $x$，$5\n2. 乙", "•甲\necho $HOME\n得⟦x⟧，$5\n•乙"),
    row("# 标题\n\n文字", "标题\n文字"),
    row("小标题\n-----\n\n文字", "小标题\n文字"),
    row("- 甲\n| a | b |\n|---|---|\n| 1 | `x|y` |\n\n文字", "•甲\n¦a\n¦b\n¦1\n¦x|y\n文字"),
    row("1. 甲\n  - 乙\na | b\n--|--\n1 | $5\n\n2. 丙", "•甲\n••乙\n¦a\n¦b\n¦1\n¦$5\n•丙"),
    row("> 引\n| a |\n|---|\n| 1 |", "引\n¦a\n¦1"),
]
#: What a rule for another row would spoil.
AT_ODDS = [
    row("Java**8**和Java**11**都支持，JDK**17**是LTS。", "Java8和Java11都支持，JDK17是LTS。", bold=("8", "11", "17")),
    row("Redis**6**以后，A**4**纸", "Redis6以后，A4纸", bold=("6", "4")),
    row("the**C**language", "theClanguage", bold="C"),
    row("MySQL**B+树：**索引，InnoDB**引擎：**默认", "MySQLB+树：索引，InnoDB引擎：默认", bold=("B+树：", "引擎：")),
    row("状态=*已完成*（见下）", "状态=已完成（见下）", italic="已完成"),
    row("$sin x$ 与 $cos x$；$a$；$log n$", "⟦sin x⟧ 与 ⟦cos x⟧；⟦a⟧；⟦log n⟧"),
    *(
        row(same, same)
        for same in (
            "姓名：__________ 日期：__________",
            "签字：________________ 日期：____年____月____日",
            "使用 **kwargs 传参，**args 同理",
            "定义 def f(*args): 时，*args 是元组。",
            "__dirname 是目录，__filename 是文件",
            "价格A*（*含税）",
            "单价*、数量*、总价*（*为必填）",
            "10**-3 与 10**-6",
            "14:00~~16:00，2020~~2021年",
            "环境变量 $HOME、$PATH",
            "变量：$name、$email、$phone",
            "正则：^a$|^b$",
            "正则：^是$|^否$",
            "[提示]: 请注意",
            "[1]: 张三，《人工智能》，2023。",
        )
    ),
    row("很强[^1]。\n\n[^1]: 来源：官方文档。", "很强[^1]。\n[^1]: 来源：官方文档。"),
]

ROWS = [*EMPHASIS, *TILDES, *ADDRESSES, *MATHEMATICS, *DOLLARS, *THE_REST, *AT_ODDS]

_BLOCKS = {
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "blockquote",
    "pre",
    "table",
    "tr",
    "section",
    "eqn",
    "hr",
}
_KINDS = {"strong": "bold", "b": "bold", "em": "italic", "i": "italic", "del": "struck", "s": "struck"}
_FORMULA = re.compile(
    r"\$\$(.+?)\$\$|\$(.+?)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]|(\\begin\{([a-z]+\*?)\}.+?\\end\{\6\})", re.DOTALL
)


class Read(HTMLParser):
    """What a page shows. Mathematics is what KaTeX or MathJax has made, or what MathJax would find in the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._piece: list[str] = []  # what mathematics would be looked for in as one
        self._tags: list[tuple[str, str, int]] = []  # tag, kind, where its words begin
        self._marked: list[tuple[str, int, int]] = []
        self._code = self._depth = self._hidden = 0
        self.links: list[str] = []
        self.headings = 0
        self.feed(page)
        self.close()
        self._end_piece()
        joined = "".join(self._parts)
        self.text = _tidy(joined)
        self.marked = {
            kind: [_tidy("".join(self._parts[first:last])) for each, first, last in self._marked if each == kind]
            for kind in ("bold", "italic", "struck")
        }

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "br":
            self._piece.append("↵")
            return
        self._end_piece()
        classes = (given.get("class") or "").split()
        kind = _KINDS.get(tag, "")
        if tag == "annotation" or tag == "x-formula":
            kind = "formula"
        elif tag in ("math", "mjx-assistive-mml") or "anchor-link" in classes or "jp-InternalAnchorLink" in classes:
            kind = "hidden"
            self._hidden += 1
        elif tag in ("code", "pre"):
            self._code += 1
        elif tag == "a" and (href := given.get("href")):
            self.links.append(unquote(href).removesuffix("/") if href.count("/") == 3 else unquote(href))
        if tag == "li":
            self._depth = sum(1 for each, _, _ in self._tags if each in ("ul", "ol"))
            self._parts.append("\n" + "•" * self._depth)
        elif tag in ("td", "th"):
            self._parts.append("\n¦")
        elif tag in _BLOCKS:
            self._parts.append("\n")
        self.headings += bool(re.fullmatch("h[1-6]", tag))
        if tag not in ("hr", "img", "input"):
            self._tags.append((tag, kind, len(self._parts)))

    def handle_endtag(self, tag: str) -> None:
        self._end_piece()
        if tag in _BLOCKS:
            self._parts.append("\n")
        for place in range(len(self._tags) - 1, -1, -1):
            if self._tags[place][0] == tag:
                _, kind, first = self._tags.pop(place)
                self._code -= tag in ("code", "pre")
                self._hidden -= kind == "hidden"
                if kind in ("bold", "italic", "struck"):
                    self._marked.append((kind, first, len(self._parts)))
                break

    def handle_data(self, data: str) -> None:
        self._piece.append(data)

    def _end_piece(self) -> None:
        piece, self._piece = "".join(self._piece), []
        if any(kind == "formula" for _, kind, _ in self._tags):
            self._parts.append(f"⟦{piece}⟧".replace("\n", " "))
        elif not self._hidden:
            self._parts.append(piece if self._code else _FORMULA.sub(_as_formula, piece).replace("\n", " "))


def _as_formula(found: re.Match[str]) -> str:
    return f"⟦{next(filter(None, found.groups()))}⟧"


def _tidy(text: str) -> str:
    """The text without what cannot be seen of its spaces, and its formulas without any."""
    text = re.sub("⟦(.*?)⟧", lambda found: f"⟦{re.sub(chr(92) + 's', '', found[1])}⟧", text, flags=re.DOTALL)
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in text.split("\n"))
    text = "\n".join(line for line in lines if line)
    text = re.sub("(•)\n(?=[^•¦])", r"\1", text)  # a paragraph in an item
    # Mathematics is on a line of its own, or within one: that is not compared.
    return re.sub("(?:\n| )*(⟦[^⟧]*⟧)(?: |\n(?![•¦]))*", r"\1", text)


def differences(
    row: Row, page: str, *, addresses: str = "all", mathematics: bool = True, formulas: bool = True
) -> list[str]:
    """What the page does not show as it must.

    `addresses`: which bare ones become links there: all, schemed, none. Without `mathematics`, Markdown takes half of
    the backslashes out of it. Without `formulas`, it does not matter what is in them.
    """
    read = Read(page)
    wanted = {"text": _tidy(row.text), **{kind: sorted(map(_tidy, getattr(row, kind))) for kind in read.marked}}
    shown = {"text": read.text, **{kind: sorted(map(_bare, words)) for kind, words in read.marked.items()}}
    every = addresses == "all" or (addresses == "schemed" and not row.bare)
    if every or not set(read.links) <= set(row.links):
        wanted["links"], shown["links"] = sorted(row.links), sorted(read.links)
    if not formulas:
        for each in (wanted, shown):
            for name, words in each.items():
                each[name] = (
                    re.sub("⟦[^⟧]*⟧", "⟦⟧", words)
                    if isinstance(words, str)
                    else [re.sub("⟦[^⟧]*⟧", "⟦⟧", one) for one in words]
                )
    if not mathematics:
        wanted["text"], shown["text"] = (each["text"].replace("\\", "") for each in (wanted, shown))
    return [f"{name}: {shown[name]!r} and not {wanted[name]!r}" for name in wanted if shown[name] != wanted[name]]


def _bare(words: str) -> str:
    return words.strip("•¦\n ")
