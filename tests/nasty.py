"""Texts of pieces that some front end could take for more than words."""

from __future__ import annotations

from hypothesis import strategies as st

ATTACKS = r"""
<img src=x onerror=f()>
<script>f()</script>
<script
</script>
<!--
-->
<![CDATA[
]]>
<?x
<!X
<a href=javascript:f()>
<svg/onload=f()>
<details open ontoggle=f()>
<pre>
</pre>
</code>
<x y='
<x y="
<
>
&lt;img src=x&gt;
&#60;img src=x&#62;
&amp;lt;b&gt;
![a](//x)
![a][r]
![](x)
![r]
![
!
[![a](//i)](//l)
[a](javascript:f())
[a](&#106;avascript:f())
[a](<javascript:f()>)
[a](java\script:f())
[a](./javascript:f())
[a](b/../javascript&colon;f())
[a](http://[/../../javascript:f())
[r]: ../javascript:f()
http://x:y/../../javascript:f()
www.x:y/../../javascript:f()
<http://x:y/../../javascript:f()>
[a](
](
[r]: javascript:f()
[r]: //x "$" onclick=f() "
[a](//x "$" onclick=f() "$")
https://x.y/$" onfocus=f() x="$
www.x.y/$" onfocus=f() "$
[a](//x/@@0\@@)
$" onfocus=f() "$
@@0@@
\href
\hr&#101;f
<https://x.y>
<a@b.cd>
<javascript:f()>
https://x.y/
```$
**a](javascript:f())：**b
**[a](javascript:f())：**b
**a：<img src=x onerror=f()>**b
~~<script>f()</script>：~~b
\(\href{javascript:f()}{x}\)
\[ <img src=x onerror=f()> \]
$ \href{javascript:f()}{x} $
https://x.y，$" onfocus=f() x="$
www.x.y/，![a](//x)
<br onclick=f()>
|`a|<img src=x onerror=f()>`|
# [a](//x "
""".strip().splitlines()
ATTACKS += [
    "<div\n",
    "[a](\njavascript:f())",
    "[a](javascript:f\n)",
    "[r]:\n",
    "[r]",
    '```x" onclick=f() "\n',
    "~~~ $\n",
]
MARKDOWN = ["`", "``", "```", "````", "~~~", "$", "$$", "{", "}", '"', "|", "*", "_", "~~", "word", "文", "=", "("]
MARKDOWN += ["\\(", "\\)", "\\[", "\\]", "\\\\[", "\\\\]", "\\begin{a}", "\\end{a}", "\\", "\\\\"]
MARKDOWN += ["```html\n", "```\n", "~~~\n", "```mermaid\n", "``` x", "```~~\n", "```\t\n", "|a|b|\n|-|-|\n", "\n: x\n"]
MARKDOWN += ["\n", "\n", "\n", "\n\n", "\n\n", "\r", "\r\n", " ", "  ", "    ", "\t", "\f", "\v", "\x00", "\u2028"]
MARKDOWN += ["**", "：", "重点", "<br>", "https://x.y", "，", "|-|-|\n", "5", "\\$", "\\|", "  - "]
MARKDOWN += ["\xa0", "- ", "1. ", "> ", "# ", "===\n", "---\n"]
TEXTS = st.lists(st.sampled_from(ATTACKS + MARKDOWN), max_size=24).map("".join)
LINES = st.lists(st.sampled_from([*ATTACKS, *MARKDOWN, "", "", "```", "$$", "<b>", "- a", "  b", ": c"]), max_size=16)
NASTY = TEXTS | LINES.map("\n".join)
