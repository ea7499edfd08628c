"""Watches a cell while its reply grows, frame by frame: its height, what is selected and opened in it, long tasks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: Pixels: a line of text.
LINE = 24.0

#: Watches the cell of this index until half a second after its prompt has a number. Once the heading "Section 1" has
#: been above the last text for half a second, it is selected, and the first details are opened. The reply grows as
#: long as its panel is a widget; after that it settles.
_WATCH = """index => {
    const cell = document.querySelectorAll('.jp-Notebook .jp-CodeCell')[index];
    const area = cell.querySelector('.jp-OutputArea');
    const seen = window.seen = {frames: [], heights: [], words: [], tasks: [], done: false,
        lost: [], grew: 0, ended: false};
    let numbered = 0;
    new PerformanceObserver(list => list.getEntries().forEach(task => seen.tasks.push([task.startTime, task.duration])))
        .observe({type: 'longtask'});
    let details = null, height = 0, length = 0, since = 0;
    const use = () => {
        const first = [...area.querySelectorAll('h2')].find(each => each.textContent.startsWith('Section 1'));
        const texts = [...area.querySelectorAll('.jp-RenderedMarkdown')];
        const isLast = texts.length > 1 && texts[texts.length - 1].contains(first);
        if (!first || isLast || length < 1500) return;
        since = since || performance.now();
        if (performance.now() < since + 500) return;
        details = area.querySelector('details');
        if (details) details.open = true;
        document.activeElement.blur();  // as by the mouse: an editor that has the focus takes the selection back
        getSelection().selectAllChildren(first);
        seen.done = true;
    };
    const look = now => {
        if (/\\[\\d+\\]/.test(cell.querySelector('.jp-InputPrompt').textContent)) numbered = numbered || now;
        if (numbered && now > numbered + 500) { seen.ended = true; return; }
        requestAnimationFrame(look);
        seen.frames.push(now);
        const lives = area.querySelector('.jupyter-widgets .zhipu-magic-panel') !== null;
        if (lives) seen.grew = now;
        const tall = area.getBoundingClientRect().height;
        if (tall !== height) seen.heights.push([now, height = tall]);
        if (!lives && seen.grew) return;  // it settles
        const texts = [...area.querySelectorAll('.jp-RenderedMarkdown')];
        const long = texts.reduce((sum, each) => sum + each.textContent.length, 0);
        if (long !== length) { length = long; seen.words.push(now); }
        if (!seen.done) { use(); return; }
        const selected = getSelection().rangeCount ? getSelection().getRangeAt(0).toString() : '';
        if (!selected.startsWith('Section 1') && !seen.lost.includes('selection')) seen.lost.push('selection');
        const opened = !details || (details.isConnected && details.open);
        if (!opened && !seen.lost.includes('details')) seen.lost.push('details');
    };
    requestAnimationFrame(look);
}"""


@dataclass(frozen=True)
class Seen:
    """What was seen while the reply grew, and while it settled. Heights are in pixels, times in seconds.

    `gaps` are between new words, `frames` between frames; `lost` names what did not stay selected or opened.
    """

    heights: list[float]
    settling: list[float]
    tasks: list[float]
    settling_tasks: list[float]
    gaps: list[float]
    frames: list[float]
    used: bool
    lost: list[str]

    @property
    def falls(self) -> list[float]:
        """By how much the cell became lower, each time that it did."""
        return [before - after for before, after in pairwise(self.heights) if before - after > 1]

    @property
    def settling_dip(self) -> float:
        """By how much the cell was lower while it settled than in the end, when what was opened has closed."""
        return self.settling[-1] - min(self.settling) if self.settling else 0.0


def begin_to_watch(page: Page, index: int) -> None:
    page.evaluate(_WATCH, index)


def what_was_seen(page: Page, *, timeout: float) -> Seen:
    """Wait for the end of the cell."""
    page.wait_for_function("seen.ended", timeout=1000 * timeout)
    seen: dict[str, Any] = page.evaluate("seen")
    return Seen(
        heights=[height for at, height in seen["heights"] if at <= seen["grew"]],
        settling=[height for at, height in seen["heights"] if at > seen["grew"]],
        tasks=[task / 1000 for at, task in seen["tasks"] if at <= seen["grew"] and task > 50],
        settling_tasks=[task / 1000 for at, task in seen["tasks"] if at > seen["grew"] and task > 50],
        gaps=[(after - before) / 1000 for before, after in pairwise(seen["words"])],
        frames=[(after - before) / 1000 for before, after in pairwise(seen["frames"])],
        used=seen["done"],
        lost=seen["lost"],
    )
