"""replies as their reader sees them grow, in Chromium: heights, long tasks, what stays selected and opened

    python -m benchmarks.browser_page            replies of 1,000 and 16,000 tokens at 100 a second: fifteen minutes
    python -m benchmarks.browser_page --quick    only the short one, in JupyterLab

Each reply is read with the front-end extension and without ("alone"). Then what the start of a page costs, and how
soon a reply is stopped. The kernel imports `zhipu_magic` from
PYTHONPATH, so that another version can be measured by the same probe.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, quantiles
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.browser.calm import LINE, Seen, begin_to_watch, what_was_seen
from tests.browser.front_end import LAB, NOTEBOOK, FrontEnd, OpenNotebook
from zhipu_magic.practice import DONE, Raw, chunk, sse

from .contenders import OURS
from .kernel import Bench
from .servers import Practice, Servers
from .table import Row, as_markdown, at_most, differences

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, WebSocket

SHORT, LONG = 1_000, 16_000
PACE = 100.0
#: Milliseconds, and seconds.
LONGEST_TASK, LONGEST_GAP, FRAME_GAP = 100.0, 0.4, 50.0
STOP = 0.3
MEGABYTES = {SHORT: 0.4, LONG: 2.0}
#: Of the whole reply: so many long tasks, and seconds in them; and of a second in the last quarter.
TASKS, IN_TASKS, SHARE = {True: 10, False: 15}, {True: 1.0, False: 1.5}, 0.2
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
#: Gives the seconds from a click on Stop until the page knows that the kernel is idle.
_STOPPED = """() => new Promise(resolve => {
    const button = document.querySelector('.zhipu-magic-bar [data-action=stop]');
    const prompt = button.closest('.jp-Cell').querySelector('.jp-InputPrompt');
    const start = performance.now();
    new MutationObserver(() => /\\d/.test(prompt.textContent) && resolve((performance.now() - start) / 1000))
        .observe(prompt, {childList: true, characterData: true, subtree: true});
    button.click();
})"""
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")


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
                for count, extended in itertools.product((SHORT,) if quick else (SHORT, LONG), (True, False)):
                    with nullcontext() if extended else front_end.without_extension():
                        measured = _watched(browser, front_end, server, count)
                    what = f"{name}{'' if extended else ' alone'}, {count:,} tokens"
                    rows += _rows(what, count, extended, measured)
                rows.append(_start_row(browser, front_end, rounds=3 if quick else 9))
                rows.append(_stop_row(browser, front_end, server, rounds=3 if quick else 9))
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


@dataclass(frozen=True)
class _Measured:
    """What was seen; the megabytes that came; and how busy the page's main thread was, second by second."""

    seen: Seen
    megabytes: float
    shares: list[float]


def _watched(browser: Browser, front_end: FrontEnd, server: Practice, count: int) -> _Measured:
    page = browser.new_page(viewport={"width": 1100, "height": 760})
    bytes_of = _count_bytes(page)
    notebook = OpenNotebook(
        front_end, page, front_end.write(f"page-{count}-{time.time_ns()}", "%load_ext zhipu_magic", "%%glm\nGo on.")
    )
    notebook.load()
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.answer_next(_reply(count))
    before = sum(bytes_of)
    begin_to_watch(page, 1)
    notebook.run(1)
    shares = _shares(page, timeout=60 + 3 * count / PACE)
    seen = what_was_seen(page, timeout=60)
    page.wait_for_timeout(500)
    page.close()
    front_end.shut_kernels_down()
    return _Measured(seen, (sum(bytes_of) - before) / 1e6, shares)


def _shares(page: Page, *, timeout: float) -> list[float]:
    """How busy the main thread is, second by second, until the cell has ended."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    samples, deadline = [], time.monotonic() + timeout
    while not page.evaluate("seen.ended") and time.monotonic() < deadline:
        found = {each["name"]: each["value"] for each in devtools.send("Performance.getMetrics")["metrics"]}
        samples.append((found["Timestamp"], found["TaskDuration"]))
        page.wait_for_timeout(1000)
    return [(used - before) / (at - since) for (since, before), (at, used) in itertools.pairwise(samples)]


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


def _rows(what: str, count: int, extended: bool, measured: _Measured) -> list[Row]:
    seen, quarter = measured.seen, max(1, len(measured.shares) // 4)

    def row(measured: str, unit: str, value: float, *targets: float) -> Row:
        return Row(
            f"{what}: {measured}", unit, {OURS.column: [value]}, [at_most(each, [value], unit) for each in targets]
        )

    return [
        row("falls of the height", "", len(seen.falls)),
        row("largest fall", "px", max(seen.falls, default=0.0), LINE),
        row("long tasks", "", len(seen.tasks), TASKS[extended]),
        row("long tasks in all", "s", sum(seen.tasks), IN_TASKS[extended]),
        row("main thread, first quarter", "s/s", fmean(measured.shares[:quarter])),
        row("main thread, last quarter", "s/s", fmean(measured.shares[-quarter:]), SHARE),
        row("time between frames, 99 %", "ms", 1000 * quantiles(seen.frames, n=100)[-1], FRAME_GAP),
        row("longest task", "ms", 1000 * max(seen.tasks, default=0.0), LONGEST_TASK),
        row("dip while it settles", "px", seen.settling_dip, LINE),
        row("longest task while it settles", "ms", 1000 * max(seen.settling_tasks, default=0.0)),
        row("time between new words, 95 %", "s", quantiles(seen.gaps, n=20)[-1], LONGEST_GAP),
        row("to the page", "MB", measured.megabytes, *([] if extended else [MEGABYTES[count]])),
        row("selection lost", "", "selection" in seen.lost, 0),
        row("opened reasoning closed", "", "details" in seen.lost, 0),
    ]


def _start_row(browser: Browser, front_end: FrontEnd, *, rounds: int) -> Row:
    """How much later the first cell is there with the extension, load by load, of pages that the browser knows."""
    window = browser.new_context(viewport={"width": 1100, "height": 760})
    path = front_end.write(f"start-{time.time_ns()}", "%%glm\nGo on.")
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for number, extended in itertools.product(range(rounds + 1), (True, False)):
        with nullcontext() if extended else front_end.without_extension():
            page = window.new_page()
            began = time.perf_counter()
            OpenNotebook(front_end, page, path).load()
            taken = time.perf_counter() - began
            page.close()
        if number:  # at first the browser fetches what it keeps
            seconds[extended].append(taken)
    window.close()
    front_end.shut_kernels_down()
    later = differences(seconds[True], seconds[False])
    noise = fmean(abs(each - median(seconds[False])) for each in seconds[False])
    what = f"{front_end.name}: start of a page, later than the {median(seconds[False]):.2f} s without the extension"
    return Row(what, "s", {OURS.column: later}, [at_most(noise, later, "s") + ", the noise"])


def _stop_row(browser: Browser, front_end: FrontEnd, server: Practice, *, rounds: int) -> Row:
    page = browser.new_page(viewport={"width": 1100, "height": 760})
    path = front_end.write(f"stop-{time.time_ns()}", "%load_ext zhipu_magic", "%%glm\nGo on.")
    notebook = OpenNotebook(front_end, page, path)
    notebook.load()
    notebook.wait_for_kernel()
    notebook.finish(0)
    seconds: list[float] = []
    for _ in range(rounds):
        server.answer_next(_reply(SHORT))
        notebook.run(1)
        page.locator(".zhipu-magic-bar [data-action=stop]").wait_for(state="attached")
        page.wait_for_timeout(2000)
        seconds.append(page.evaluate(_STOPPED))
    page.close()
    front_end.shut_kernels_down()
    what = f"{front_end.name}: from the click on Stop until the kernel is idle"
    return Row(what, "s", {OURS.column: seconds}, [at_most(STOP, seconds, "s")])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browser_page")
    parser.add_argument("--quick", action="store_true")
    with TemporaryDirectory(prefix="zhipu_magic-bench-") as folder, Servers() as servers:
        print(as_markdown(measure(Bench(servers, Path(folder)), quick=parser.parse_args().quick)))


if __name__ == "__main__":
    main()
