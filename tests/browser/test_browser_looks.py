"""How it looks in JupyterLab: light, dark, narrow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import Answer, PracticeServer

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
#: Everything that is ours to colour.
OURS = ".zhipu-magic-panel, .zhipu-magic-dashboard"
READABLE = 4.5  # WCAG 2.2, 1.4.3: the contrast of text to its ground

#: The contrast of every piece of text to what lies under it, transparent colours mixed as they are seen.
CONTRASTS = """root => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const seen = colours => {
        canvas.clearRect(0, 0, 1, 1);
        for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = rgb => {
        const [r, g, b] = rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const grounds = element => {
        const layers = [];
        for (let e = element; e; e = e.parentElement) layers.unshift(getComputedStyle(e).backgroundColor);
        return ['white', ...layers];
    };
    const found = [];
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode.textContent.trim(), element = texts.currentNode.parentElement;
        if (!text || element.closest('svg')) continue;
        const under = grounds(element);
        const [a, b] = [luminance(seen(under)), luminance(seen([...under, getComputedStyle(element).color]))];
        found.push({text, contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)});
    }
    return found;
}"""


def fill(notebook: OpenNotebook, server: PracticeServer) -> None:
    """Run the cells of `write`: Chinese, reasoning, money, a note, a dashboard."""
    notebook.wait_for_kernel()
    notebook.finish(0)
    server.enqueue(
        Answer(
            "让创新触手可及，让每一刻成为可能。" * 6,
            reasoning="The reader wants a slogan. Let me see what they have told me, and keep it short.",
            prompt_tokens=12_345,
            completion_tokens=678,
            cached_tokens=10_000,
        ),
        Answer("A long answer that is cut off", finish_reason="length"),
    )
    notebook.finish(1, 2, 3)
    notebook.panel(1).locator("summary").click()
    notebook.cell(1).locator(".jp-RenderedMarkdown summary").click()


def write(lab: FrontEnd, name: str) -> Path:
    return lab.write(
        name,
        LOAD,
        "%%glm -m glm-4.7\n作为一名营销专家，请为我的产品创作一个吸引人的口号，要简短有力，适合在各种场合使用，谢谢",
        "%%glm\nGo on.",
        "%glm usage",
    )


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_every_text_of_ours_stands_out_from_its_ground(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot, theme: str
) -> None:
    with lab.setting("@jupyterlab/apputils-extension/themes", {"theme": f"JupyterLab {theme}"}):
        notebook = opened(lab, write(lab, theme), height=1000)
        fill(notebook, server)
        notebook.page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
        shoot(notebook.page, f"jupyterlab-{theme.lower()}")
        found: list[dict[str, Any]] = []
        for ours in notebook.page.locator(OURS).all():
            found += ours.evaluate(CONTRASTS)
    assert len(found) > 20
    assert [each for each in found if each["contrast"] < READABLE] == []


def test_nothing_of_ours_is_wider_than_a_narrow_window(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    notebook = opened(lab, write(lab, "narrow"), width=420, height=1000)
    fill(notebook, server)
    shoot(notebook.page, "jupyterlab-narrow")
    everything = notebook.page.locator(".jp-OutputArea-output")
    expect(everything).to_have_count(5)
    for output in everything.all():
        width = output.evaluate("output => [output.scrollWidth, output.clientWidth]")
        assert width[0] <= width[1], output.inner_text()
        box = output.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 420
