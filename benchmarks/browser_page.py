"""replies as their reader sees them grow, in Chromium: heights, long tasks, what stays selected and opened

    python -m benchmarks.browser_page            replies of 1,000 and 16,000 tokens at 100 a second: six minutes
    python -m benchmarks.browser_page --quick    only the short one

The kernel imports `zhipu_magic` from PYTHONPATH, so that another version can be measured by the same probe.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.browser.front_end import LAB, NOTEBOOK, FrontEnd, OpenNotebook
from zhipu_magic.practice import DONE, Raw, chunk, sse

from .contenders import OURS
from .kernel import Bench
from .servers import Practice, Servers
from .table import Row, as_markdown, at_most

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, WebSocket

SHORT, LONG = 1_000, 16_000
PACE = 100.0
#: Pixels: a line of text.
LINE = 24.0
LONGEST_TASK = 100.0
MEGABYTES = {SHORT: 0.4, LONG: 8.0}
_REASONING = 600
_THOUGHTS = ("Let me", " think", " about", " the depth", " of the sea", ".\n\n", "So: ", "x = 3", "\n")
_SECTION = """\
## Section {number}

The sea is deep, **and** it is _wide_; what is written here about `depth` is the same in every section, so that a
probe can compare. Its words go on for a while, as those of a model do, and end at last.

- The first point is about fish, and takes one line.
- The second point is about ships, with `code` in it, and takes a line too.
- The third is the last.

```python
def depth(x: float) -> float:
    return 3.0 * x + {number}
```

| name | value |
|------|-------|
| fish | {number} |
| ship | 12 |

"""
_TOKEN = 4
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")

#: Watches the cell of this index, frame by frame, until its prompt has a number.
_PROBE = """index => {
    const cell = document.querySelectorAll('.jp-Notebook .jp-CodeCell')[index];
    const seen = window.seen =
        {heights: [], changes: [], tasks: [], selected: null, opened: null, lost: {}, grew: 0, ended: 0};
    new PerformanceObserver(list => list.getEntries().forEach(task => seen.tasks.push([task.startTime, task.duration])))
        .observe({type: 'longtask'});
    const area = cell.querySelector('.jp-OutputArea');
    let last = 0, length = 0, details = null;
    const select = () => {
        const done = [...area.querySelectorAll('h2')].find(each => each.textContent.startsWith('Section 1'));
        if (!done || !area.textContent.includes('Section 6')) return;
        const range = document.createRange();
        range.selectNodeContents(done);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        seen.selected = performance.now();
    };
    const open = () => {
        details = area.querySelector('details');
        if (!details || length < 1500) return;
        details.open = true;
        seen.opened = performance.now();
    };
    const look = now => {
        const ended = /\\[\\d+\\]/.test(cell.querySelector('.jp-InputPrompt').textContent);
        const height = area.getBoundingClientRect().height;
        if (height !== last) seen.heights.push([now, last = height]);
        const words = [...area.querySelectorAll('.jp-RenderedMarkdown')].map(each => each.textContent.length);
        const growing = words.reduce((sum, each) => sum + each, 0);
        if (growing !== length) { length = growing; seen.changes.push(now); }
        if (ended) { seen.ended = now; return; }
        if (area.querySelector('.jupyter-widgets .zhipu-magic-panel')) seen.grew = now;
        else if (seen.grew) { requestAnimationFrame(look); return; }  // it settles
        if (seen.selected === null) select();
        else if (getSelection().toString().length < 5) seen.lost.unselected = 1;
        if (seen.opened === null) open();
        else if (!(details.isConnected && details.open)) seen.lost.closed = 1;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Measure in JupyterLab, and without `quick` in Notebook 7 too; nothing where there is no browser."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        return []
    from playwright.sync_api import sync_playwright

    rows: list[Row] = []
    server = bench.practice(pace=PACE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_QUIET)
        for name in (LAB,) if quick else (LAB, NOTEBOOK):
            with _served(name, bench.folder / name, server) as front_end:
                for count in (SHORT,) if quick else (SHORT, LONG):
                    rows += _rows(f"{name}, {count:,} tokens", count, _watched(browser, front_end, server, count))
        browser.close()
    return rows


@contextmanager
def _served(name: str, home: Path, server: Practice) -> Iterator[FrontEnd]:
    front_end = FrontEnd(name, home, server.environment())
    front_end.start()
    try:
        yield front_end
    finally:
        front_end.stop()


def _watched(browser: Browser, front_end: FrontEnd, server: Practice, count: int) -> dict[str, Any]:
    page = browser.new_page(viewport={"width": 1100, "height": 760})
    bytes_of = _count_bytes(page)
    notebook = OpenNotebook(front_end, page, front_end.write(f"page-{count}", "%load_ext zhipu_magic", "%%glm\nGo on."))
    notebook.load()
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.answer_next(_reply(count))
    before = sum(bytes_of)
    page.evaluate(_PROBE, 1)
    notebook.run(1)
    page.wait_for_function("seen.ended > 0", timeout=1000 * (60 + 3 * count / PACE))
    page.wait_for_timeout(500)
    seen: dict[str, Any] = page.evaluate("seen")
    page.close()
    front_end.shut_kernels_down()
    return {**seen, "bytes": sum(bytes_of) - before}


def _count_bytes(page: Page) -> list[int]:
    """The sizes of what the page's sockets receive; the list grows."""
    sizes: list[int] = []

    def received(frame: str | bytes) -> None:
        sizes.append(len(frame.encode() if isinstance(frame, str) else frame))

    def opened(socket: WebSocket) -> None:
        socket.on("framereceived", received)

    page.on("websocket", opened)
    return sizes


def _reply(count: int) -> Raw:
    """Reasoning, and then so many tokens of words, at the pace of a model."""
    steps: list[bytes | float] = []
    for number in range(_REASONING):
        steps += [sse(chunk(reasoning=_THOUGHTS[number % len(_THOUGHTS)])), 1 / PACE]
    sections = (_SECTION.format(number=number) for number in itertools.count(1))
    text = ""
    while len(text) < count * _TOKEN:
        text += next(sections)
    for place in range(0, count * _TOKEN, _TOKEN):
        steps += [sse(chunk(text[place : place + _TOKEN])), 1 / PACE]
    usage = {"prompt_tokens": 9, "completion_tokens": count, "total_tokens": count + 9}
    return Raw((*steps, sse(chunk(finish_reason="stop", usage=usage)), DONE))


def _rows(what: str, count: int, seen: dict[str, Any]) -> list[Row]:
    heights = [height for at, height in seen["heights"] if at <= seen["grew"]]
    falls = [before - after for before, after in itertools.pairwise(heights) if before - after > 1]
    tasks = [task for at, task in seen["tasks"] if task > 50 and at <= seen["grew"]]
    gaps = [after - before for before, after in itertools.pairwise(seen["changes"])]
    column = OURS.column
    worst, largest = max(tasks, default=0.0), max(falls, default=0.0)
    megabytes = seen["bytes"] / 1e6
    limit = [at_most(MEGABYTES[count], [megabytes], "MB")]
    return [
        Row(f"{what}: falls of the height", "", {column: [float(len(falls))]}),
        Row(f"{what}: largest fall", "px", {column: [largest]}, [at_most(LINE, [largest], "px")]),
        Row(f"{what}: long tasks", "", {column: [float(len(tasks))]}),
        Row(f"{what}: long tasks in all", "s", {column: [sum(tasks) / 1000]}),
        Row(f"{what}: longest task", "ms", {column: [worst]}, [at_most(LONGEST_TASK, [worst], "ms")]),
        Row(f"{what}: time between new words, 95 %", "s", {column: [quantiles(gaps, n=20)[-1] / 1000]}),
        Row(f"{what}: to the page", "MB", {column: [megabytes]}, limit),
        Row(f"{what}: selection lost", "", {column: [float("unselected" in seen["lost"])]}),
        Row(f"{what}: opened reasoning closed", "", {column: [float("closed" in seen["lost"])]}),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browser_page")
    parser.add_argument("--quick", action="store_true")
    with TemporaryDirectory(prefix="zhipu_magic-bench-") as folder, Servers() as servers:
        print(as_markdown(measure(Bench(servers, Path(folder)), quick=parser.parse_args().quick)))


if __name__ == "__main__":
    main()
