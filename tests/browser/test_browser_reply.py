"""A reply as its user sees it grow, in JupyterLab and in Notebook 7."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import DONE, Answer, Fault, PracticeServer, Raw, chunk, sse

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

LOAD = "%load_ext zhipu_magic"
SENTENCES = [f"This is sentence {number} of a reply that takes its time. " for number in range(1, 31)]
USAGE = {"prompt_tokens": 12, "completion_tokens": 345, "total_tokens": 357}

#: How the panel stands in its cell: its output's height, and from the output's corner to the first word.
PLACE = """panel => {
    const output = panel.closest('.jp-OutputArea-child').getBoundingClientRect();
    const word = panel.querySelector('summary span, div > span:nth-of-type(2)').getBoundingClientRect();
    return {height: output.height, left: word.left - output.left, top: word.top - output.top};
}"""
LITERAL = """details => {
    const inside = details.cloneNode(true);
    inside.querySelector('summary').remove();
    inside.querySelectorAll('br').forEach(end => end.replaceWith('\\n'));
    return inside.textContent;
}"""


def slowly(*texts: str, silence: float) -> Raw:
    """A reply that begins after `silence` seconds, and then has ten pieces a second."""
    steps: list[Any] = [silence]
    for text in texts:
        steps += [sse(chunk(text)), 0.1]
    return Raw((*steps, sse(chunk(finish_reason="stop", usage=USAGE)), DONE))


def test_a_reply_streams_beside_a_live_panel_and_settles(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    notebook = opened(front_end, front_end.write("stream", LOAD, "%%glm\nTell me about the sea."))
    notebook.wait_for_kernel()
    notebook.finish(0)

    server.enqueue(slowly(*SENTENCES, silence=2))
    notebook.run(1)
    notebook.wait_for(
        1, "prompt === '[*]:' && words === '… waiting for glm-4.7-flash' && live && panel.includes('waiting')"
    )
    shoot(notebook.page, f"{front_end.name}-waiting")
    notebook.wait_for(1, "prompt === '[*]:' && words.includes('sentence 3 of') && live && panel.includes('tok/s')")
    expect(notebook.page.locator(".zhipu-magic-panel details")).to_have_count(0)
    growing = notebook.panel(1).evaluate(PLACE)
    shoot(notebook.page, f"{front_end.name}-growing")

    notebook.wait_until_ended(1)
    expect(notebook.outputs(1).nth(0)).to_contain_text("sentence 30 of")
    expect(notebook.panel(1)).to_contain_text("12 + 345 tokens")
    expect(notebook.outputs(1)).to_have_count(2)
    expect(notebook.cell(1).locator(".jupyter-widgets")).to_have_count(0)
    settled = notebook.panel(1).evaluate(PLACE)
    assert settled == pytest.approx(growing, abs=4), "the panel jumps when it settles"

    figures = notebook.panel(1).get_by_text("finish reason")
    expect(figures).not_to_be_visible()
    notebook.panel(1).locator("summary").click()
    expect(figures).to_be_visible()
    shoot(notebook.page, f"{front_end.name}-settled")


def test_an_interrupted_reply_stays_and_the_next_cell_runs(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    path = front_end.write("interrupt", LOAD, "%%glm\nTell me about the sea.", "%%glm\n你好")
    notebook = opened(front_end, path)
    notebook.wait_for_kernel()
    notebook.finish(0)

    server.enqueue(slowly(*SENTENCES * 4, silence=0))
    notebook.run(1)
    notebook.wait_for(1, "prompt === '[*]:' && words.includes('sentence 2 of')")
    notebook.interrupt()
    notebook.wait_until_ended(1)
    text, panel, message = (notebook.outputs(1).nth(index) for index in range(3))
    expect(text).to_contain_text("sentence 2 of")
    expect(text).not_to_contain_text("sentence 30 of")
    expect(panel).not_to_contain_text("Interrupted.")
    expect(message).to_contain_text("Interrupted.")
    expect(panel).to_contain_text("%glm continue goes on from here.")
    expect(message).not_to_contain_text("%glm continue")
    assert "\n" not in message.inner_text().strip()
    expect(notebook.outputs(1)).to_have_count(3)
    shoot(notebook.page, f"{front_end.name}-interrupted")

    notebook.finish(2)
    expect(notebook.outputs(2).nth(0)).to_have_text("你好！有什么我可以帮助你的吗？")
    user, assistant, _ = server.requests[-1].body["messages"]
    assert user["content"] == "Tell me about the sea."
    assert "sentence 2 of" in assistant["content"]


def test_reasoning_is_folded_away_and_cannot_break_out(
    front_end: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    reasoning = (
        "First </details> then `code`, $x$ and \\(y\\), <script>alert(1)</script>\n"
        "<img src=x onerror=alert(2)>\n\n"
        "# no heading\n\n"
        "- no *list*, no [link](javascript:alert(3)), &amp; no entity\n"
        "```\nno fence"
    )
    notebook = opened(front_end, front_end.write("reasoning", LOAD, "%%glm\nHow deep is the sea?"))
    notebook.wait_for_kernel()
    notebook.finish(0)

    server.enqueue(Answer("**Deep**: about $z$ metres.", reasoning=reasoning))
    notebook.run(1)
    notebook.wait_for(1, "prompt === '[*]:' && words.includes('First </details> then') && live")
    shoot(notebook.page, f"{front_end.name}-reasoning")
    notebook.wait_until_ended(1)

    reply = notebook.outputs(1).nth(0)
    expect(reply.locator("p mjx-container")).to_have_count(1)  # the words are typeset, so all is
    folded = reply.locator("details")
    expect(folded).to_have_count(1)
    assert folded.get_attribute("open") is None
    assert folded.locator("summary").inner_text() == "Reasoning"
    folded.locator("summary").click()
    shoot(notebook.page, f"{front_end.name}-reasoning-unfolded")
    assert folded.evaluate(LITERAL) == reasoning
    expect(folded.locator("script, img, a, code, mjx-container")).to_have_count(0)
    assert reply.locator("p strong").inner_text() == "Deep"
    assert notebook.dialogs == []


def test_a_failed_cell_leaves_only_its_message(
    lab: FrontEnd, server: PracticeServer, opened: Open, shoot: Shoot
) -> None:
    from playwright.sync_api import expect

    notebook = opened(lab, lab.write("failure", LOAD, "%%glm\n你好"))
    notebook.wait_for_kernel()
    notebook.finish(0)

    server.enqueue(Fault(401, "1002"))
    notebook.finish(1)
    expect(notebook.outputs(1)).to_have_count(1)
    expect(notebook.outputs(1)).to_contain_text("The service does not accept the API key.")
    expect(notebook.outputs(1)).not_to_contain_text("Traceback")
    shoot(notebook.page, "jupyterlab-failed")
    (output,) = notebook.save().cells[1].outputs
    assert output.output_type == "error"
