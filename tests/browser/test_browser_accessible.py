"""What the panel is to those who hear the page, do not see colours or want no motion; and that it is seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from front_end import NOTEBOOK, FrontEnd, OpenNotebook

from zhipu_magic.practice import DONE, Answer, PracticeServer, Raw, chunk, sse

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
NAME = "Usage of this reply"
#: Whatever moves by itself in a cell, or would on a change: its class, and what it is said to do.
MOVING = """cell => {
    const moves = style => style.animationName !== 'none'
        || style.transitionDuration.split(',').some(time => parseFloat(time) > 0);
    return [...cell.querySelectorAll('.jp-OutputArea .zhipu-magic-panel, .jp-OutputArea .zhipu-magic-panel *')]
        .filter(each => [null, '::before', '::after'].some(part => moves(getComputedStyle(each, part))))
        .map(each => each.outerHTML);
}"""
FILLED = "bar.firstElementChild"
#: The boxes around an element in its cell of which only a part is seen.
HIDING = """element => {
    const found = [];
    for (let box = element.parentElement; box && !box.matches('.jp-Cell'); box = box.parentElement) {
        const cuts = getComputedStyle(box).overflowY !== 'visible' && box.scrollHeight > box.clientHeight + 1;
        if (cuts) found.push(`${box.className}: ${box.clientHeight} of ${box.scrollHeight}`);
    }
    return found;
}"""


def growing_and_settled(notebook: OpenNotebook, server: PracticeServer, look: Callable[[], None]) -> None:
    """Look at a panel while its reply grows, and when that is whole and was cut off."""
    notebook.wait_for_kernel()
    notebook.finish(0)
    words = [step for number in range(20) for step in (sse(chunk(f"word {number} ")), 0.1)]
    usage = {"prompt_tokens": 12, "completion_tokens": 345, "total_tokens": 357}
    server.enqueue(Raw((*words, sse(chunk(finish_reason="length", usage=usage)), DONE)))
    notebook.run(1)
    notebook.wait_for(1, "live && panel.includes('tok/s')")
    look()
    notebook.wait_until_ended(1)
    notebook.wait_for(1, "!live && panel.includes('12 + 345 tokens')")
    look()


def test_the_panel_is_a_named_group_whose_parts_say_what_they_are(
    front_end: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    notebook = opened(front_end, front_end.write("named", LOAD, "%%glm -m glm-4\nhi"))
    told: list[str] = []
    growing_and_settled(
        notebook, server, lambda: told.append(notebook.cell(1).get_by_role("group", name=NAME).first.aria_snapshot())
    )
    growing, settled = told
    assert growing.startswith(f'- group "{NAME}"') and "glm-4" in growing
    assert "◦" not in growing, "an ornament is not read out"
    assert settled.startswith(f'- group "{NAME}"')
    assert "- note: " in settled and "Cut off: the answer reached its maximum length" in settled
    assert re.search(r'- img "[\d,]+ of [\d,]+ tokens of the context"', settled)
    notebook.panel(1).locator("summary").press("Enter")
    opened_by_key = notebook.panel(1).aria_snapshot()
    assert "finish reason" in opened_by_key and "finish reason" not in settled


def test_nothing_moves_in_the_panel_for_whoever_wants_no_motion(
    lab: FrontEnd, server: PracticeServer, opened: Open
) -> None:
    notebook = opened(lab, lab.write("still", LOAD, "%%glm -m glm-4\nhi"))
    notebook.page.emulate_media(reduced_motion="reduce")
    moving: list[str] = []
    growing_and_settled(notebook, server, lambda: moving.extend(notebook.cell(1).evaluate(MOVING)))
    assert moving == []


def test_without_colours_the_same_is_told(lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot) -> None:
    from playwright.sync_api import expect

    notebook = opened(lab, lab.write("colourless", LOAD, "%%glm -m glm-4\nhi"))
    notebook.page.emulate_media(forced_colors="active")
    growing_and_settled(notebook, server, lambda: None)
    shoot(notebook.page, "jupyterlab-forced-colours")
    expect(notebook.panel(1).get_by_role("note")).to_contain_text("Cut off")
    bar = notebook.panel(1).get_by_role("img")
    expect(bar).to_have_attribute("title", bar.get_attribute("aria-label") or "")
    whole, filled = (bar.evaluate(f"bar => getComputedStyle({part}).backgroundColor") for part in ("bar", FILLED))
    assert whole != filled


@pytest.mark.parametrize("server", [1_000_000.0], indirect=True, ids=["at once"])
@pytest.mark.parametrize("front_end", [NOTEBOOK], indirect=True)
def test_the_panel_and_its_notes_are_seen_below_a_long_reply(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    """Notebook 7 puts outputs of more than some hundred lines into a box of 24, without our extension."""
    from playwright.sync_api import expect

    server.enqueue(Answer("".join(f"Line {number}.\n\n" for number in range(150)), finish_reason="length"))
    with front_end.setting("zhipu-magic/plugin", {"growing": False}):
        notebook = opened(front_end, front_end.write("long", LOAD, "%%glm\nhi", "print('x\\n' * 150)"))
    notebook.wait_for_kernel()
    notebook.finish(0, 1, 2)
    for index in (1, 2):
        notebook.cell(index).scroll_into_view_if_needed()
        expect(notebook.cell(index)).to_have_class(re.compile("jp-mod-outputsScrolled"))
    assert notebook.outputs(2).first.evaluate(HIDING), "what is not ours stays in its box"
    assert notebook.panel(1).evaluate(HIDING) == []
    assert notebook.panel(1).get_by_role("note").is_visible()
    notebook.panel(1).scroll_into_view_if_needed()
    shoot(notebook.page, "notebook-unboxed")
