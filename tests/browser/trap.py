"""Attacks on a page, the trap that must stay unvisited, and what of them took effect."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from front_end import STEP_TIMEOUT

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request

#: TRAP stands for a server that must stay without a visitor, RUN for what must not run.
ATTACKS = r"""
<img src="TRAP/img">
<img src=x onerror=RUN>
<IMG SRC=`x` ONERROR=RUN//
<script>RUN</script>
<scr<script>ipt>RUN</scr</script>ipt>
<svg onload=RUN><image href="TRAP/svg"/></svg>
<svg><script>RUN</script></svg>
<svg><style>* { background: url(TRAP/svg-style) }</style></svg>
<style>@import url(TRAP/import); .jp-Notebook { background: url(TRAP/style) }</style>
<link rel=stylesheet href="TRAP/link">
<link rel=prefetch href="TRAP/prefetch">
<meta http-equiv=refresh content="0;url=TRAP/refresh">
<base href="TRAP/base/">
<iframe src="TRAP/iframe"></iframe>
<iframe srcdoc="<script>parent.__pwned=1</script>"></iframe>
<object data="TRAP/object"></object><embed src="TRAP/embed">
<video autoplay poster="TRAP/poster" src="TRAP/video" onerror=RUN></video>
<audio src="TRAP/audio" autoplay></audio>
<form action="TRAP/form"><button>Go on</button><input autofocus onfocus=RUN></form>
<details open ontoggle=RUN><summary>More</summary>hidden</details>
<marquee onstart=RUN>moves</marquee>
<div style="background:url(TRAP/div)">styled</div>
<table background="TRAP/table"><tr><td>x</td></tr></table>
<a href="javascript:RUN">press</a>
<a href="https://evil.invalid" data-commandlinker-command="terminal:create-new">press</a>
<math><mtext><style><img src=x onerror=RUN></style></mtext></math>
<noscript><p title="</noscript><img src=x onerror=RUN>">
<!--><img src=x onerror=RUN>-->
<![CDATA[<img src=x onerror=RUN>]]>
<?php echo "<img src=x onerror=RUN>" ?>
\<img src=x onerror=RUN>
&lt;img src=x onerror=RUN&gt;
![a picture](TRAP/markdown)
![a picture](TRAP/titled "with a title")
![](TRAP/empty)
![a picture][trap]
![trap]
[![a badge](TRAP/badge)](https://evil.invalid)
!![a picture](TRAP/twice)
![a $"$ picture](TRAP/mathematics)
![a picture](<TRAP/pointed brackets>)
![inline](data:image/svg+xml;base64,PHN2Zy8+)
![attached](attachment:none.png)
[press](javascript:RUN)
[press](&#106;avascript:RUN)
[press](java&Tab;script:RUN)
[press](<javascript:RUN>)
[press](data:text/html,<script>RUN</script>)
[press](vbscript:RUN) [press](file:///etc/passwd)
<javascript:RUN>
[press](./javascript:RUN) [press](x/../javascript&colon;RUN) [press](<http://[/../../javascript:RUN>)
http://127.0.0.1:99999/../../javascript:RUN and www.evil:invalid/../../javascript:RUN
https://evil.invalid/$" onmouseover="RUN" style="position:fixed;inset:0" x="$
https://evil.invalid/$" autofocus onfocus="RUN" tabindex="0" x="$
[press](https://evil.invalid/@@0\@@) $" autofocus onfocus="RUN" x="$
[press](https://evil.invalid "$" autofocus onfocus="RUN" x="$")
[press](https://evil.invalid/@&#64;0@@) $" autofocus onfocus="RUN" x="$"
https://evil.invalid/@&#64;0@@ $" autofocus onfocus="RUN" x="$"
<https://evil.invalid/@&commat;0@@> $" autofocus onfocus="RUN" x="$"
$\href{javascript:RUN}{x}$ and \href{javascript:RUN}{x}
$\style{background:url(TRAP/tex-style)}{x}$ $\bbox[background:url(TRAP/tex-box)]{x}$
$\class{x" onclick=RUN}{x}$ $\cssId{main}{x}$ $\unicode[TRAP]{65}$
$\require{html}\includegraphics{TRAP/tex-image}$ $\mmlToken{mi}[href="javascript:RUN"]{x}$
$a<img src=x onerror=RUN>b$ and $$c <script>RUN</script>$$
&#36;\hr&#101;f{javascript:RUN}{x}&#36;
**[press](javascript:RUN)：**x ~~<img src=x onerror=RUN>：~~x
\(\href{javascript:RUN}{x}\) and \[ \style{background:url(TRAP/tex-brackets)}{x} \] $ \href{javascript:RUN}{x} $
https://evil.invalid/，$" onmouseover="RUN" style="position:fixed;inset:0" x="$
<br onclick=RUN><br/ onclick=RUN>
`<img src=x onerror=RUN>` and ``x`<img src=TRAP/code>``
"""
LONG_ATTACKS = r"""
[trap]: TRAP/reference "title"

![trap] ![a picture][trap]
=====
[press]

[press]: javascript:RUN
=====
[press]

[press]: ./javascript:RUN
=====
| a | b |
|---|---|
| `x | <img src=x onerror=RUN>` | `<img src=TRAP/cell|>` |
=====
| a |
|---|
| `x|<img src="TRAP/code-cell" onerror=RUN>` |
=====
# [press](javascript:RUN) **：<img src="TRAP/heading" onerror=RUN>**x
=====
\[
x

- <img src="TRAP/display" onerror=RUN>
\]
=====
1. a
  - ```html
    <img src="TRAP/nested" onerror=RUN>
    ```
=====
```x"><img/src=TRAP/fence-language>
code
```
=====
```x" onmouseover="RUN
code
```
=====
```html
<img src="TRAP/fence" onerror=RUN>
<script>RUN</script>
=====
$$
```html
$$
<img src="TRAP/mathematics-fence" onerror=RUN>
```
=====
~~~
code
~~~	

```html
~~~
<img src="TRAP/tilde" onerror=RUN>
```
=====
- ```html
  <img src="TRAP/list" onerror=RUN>

      <img src="TRAP/deep" onerror=RUN>
=====
> quoted

    <img src="TRAP/indented" onerror=RUN>
=====
<div>

```html
</div><img src="TRAP/block" onerror=RUN>
```
=====
`a code span
<img src="TRAP/span" onerror=RUN>
of three lines`
=====
```mermaid
%%{init: {"themeCSS": "* { background: url(TRAP/mermaid-theme) }"}}%%
graph TD
    A --> B
```
=====
```mermaid
graph TD
    A@{ img: "TRAP/mermaid-image", label: "x", h: 60 }
    A --> B
```
=====
```mermaid
graph TD
    A["<img src='TRAP/mermaid-label' onerror=RUN>"] --> B
    style B fill:url(TRAP/mermaid-style)
    click B "javascript:RUN"
```
=====
```mermaid
---
config:
  themeCSS: "@import url(TRAP/mermaid-front);"
---
graph TD
    A["`![x](TRAP/mermaid-markdown)`"] --> B
```
"""

#: What the outputs hold of what no reply may bring in.
FOREIGN = """() => {
    const kinds = 'script, style, link, meta, base, iframe, object, embed, video, audio, form, button, details, '
        + 'marquee, input, svg, math, noscript, img:not(.jp-RenderedMermaid img), [data-commandlinker-command]';
    const found = [];
    for (const area of document.querySelectorAll('.jp-RenderedMarkdown')) {
        // the mathematics that is beside the typeset one, for those who cannot see it, is MathJax's own
        const ours = '.zhipu-magic-code > button[data-lm-suppress-shortcuts]';
        const own = element => element.closest(`mjx-assistive-mml, .jp-InternalAnchorLink, ${ours}`) !== null;
        for (const element of area.querySelectorAll(kinds)) if (!own(element)) found.push(element.outerHTML);
        for (const element of area.querySelectorAll('*')) {
            if ([...element.attributes].some(each => each.name.startsWith('on') || each.name === 'autofocus'))
                found.push(element.outerHTML);
            if (element.localName === 'a' && !['http:', 'https:', 'mailto:'].includes(element.protocol))
                found.push(element.outerHTML);
            if (/url/.test(element.getAttribute('style') ?? '')) found.push(element.outerHTML);
        }
    }
    return found;
}"""
#: Whatever the page wanted to fetch before this, it has asked for by the end of it.
FETCHED = """() => Promise.all([
    fetch(location.href),
    new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))),
])"""


class Trap(ThreadingHTTPServer):
    """A server that remembers who came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.visits: set[str] = set()
        self.address = f"http://127.0.0.1:{self.server_port}"

    def wait_for(self, path: str, page: Page) -> None:
        """Wait for a visitor, while the page goes on."""
        deadline = time.monotonic() + STEP_TIMEOUT
        while path not in self.visits:
            assert time.monotonic() < deadline, f"Nobody came for {path}, only for {sorted(self.visits)}."
            page.wait_for_timeout(50)


class _Visit(BaseHTTPRequestHandler):
    server: Trap

    def do_GET(self) -> None:
        self.server.visits.add(self.path)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def requested(window: BrowserContext) -> Iterator[set[str]]:
    """The hosts that the window's pages ask for something."""
    hosts: set[str] = set()

    def note(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob"):
            hosts.add(address.netloc)

    window.on("request", note)
    yield hosts
    window.remove_listener("request", note)


def attacks(trap: Trap) -> list[str]:
    found = [*ATTACKS.strip().split("\n"), *LONG_ATTACKS.strip("\n").split("\n=====\n")]
    return [each.replace("TRAP", trap.address).replace("RUN", "(window.__pwned=1,alert(1))") for each in found]
