"""With every part of the extension switched off, a page is as if there were none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from front_end import FrontEnd, OpenNotebook

from zhipu_magic.practice import PracticeServer

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

pytestmark = pytest.mark.browser

Open = Callable[..., OpenNotebook]

_SCHEMA = Path(__file__).parents[3] / "lab" / "schemas" / "plugin.json"
CELLS = ("%load_ext zhipu_magic", "%%glm\nIt's **fine**, isn't it?", "%%glm\n- and\n- that?", "1 + 1")
#: The notebook as its elements stand: their names, classes and texts, without what differs from run to run. Whether an
#: output has the icon that folds it hangs on when Jupyter has last measured it.
_PAGE = """() => {
    const UNSEEN = '.zhipu-magic-panel, .cm-cursorLayer, .jp-CommandToolbarButton.lm-mod-hidden, '
        + '.jp-OutputArea-promptOverlay > *';
    const told = element => [...element.childNodes].map(node => {
        if (node.nodeType === Node.TEXT_NODE) return node.textContent;
        if (node.nodeType !== Node.ELEMENT_NODE || node.matches(UNSEEN)) return '';
        const classes = [...node.classList].sort().join('.');
        return `<${node.tagName} ${classes}>${told(node)}</>`;
    }).join('');
    return told(document.querySelector('.jp-Notebook'));
}"""


def parts() -> list[str]:
    """The parts that can be switched off, by their settings."""
    properties: dict[str, Any] = json.loads(_SCHEMA.read_text("utf-8"))["properties"]
    sources = (_SCHEMA.parents[1] / "src" / "parts.js").read_text("utf-8")
    return [name for name, one in properties.items() if one["type"] == "boolean" and f"'./{name}.js'" in sources]


def looked_at(front_end: FrontEnd, path: Path, window: BrowserContext, opened: Open) -> tuple[str, set[str]]:
    """The page after a conversation, and the names in the metadata of its requests to execute."""
    sent: set[str] = set()

    def look(frame: str | bytes) -> None:
        text = frame.decode("utf-8", "replace") if isinstance(frame, bytes) else frame
        if "execute_request" in text:
            sent.update(re.findall(r'"(zhipu_magic|cellId|deletedCells)":', text))

    window.once("page", lambda page: page.on("websocket", lambda socket: socket.on("framesent", look)))
    notebook = opened(front_end, path)
    notebook.wait_for_kernel()
    notebook.finish(*range(len(CELLS)))
    notebook.page.mouse.move(5, 5)
    notebook.page.wait_for_timeout(500)
    page: str = notebook.page.evaluate(_PAGE)
    notebook.page.close()
    front_end.shut_kernels_down()
    return re.sub(r"[\d.]+ s\b|ͼ\w+", "", page), sent


def test_parts_are_listed_by_their_settings() -> None:
    sources = (_SCHEMA.parents[1] / "src" / "parts.js").read_text("utf-8")
    assert len(parts()) == len(re.findall(r"await import\(", sources)) > 0


@pytest.mark.parametrize("server", [0], indirect=True)
def test_with_every_part_off_it_is_the_page_without_the_extension(
    front_end: FrontEnd, server: PracticeServer, window: BrowserContext, opened: Open
) -> None:
    with front_end.without_extension():
        without = looked_at(front_end, front_end.write("without", *CELLS), window, opened)
    with front_end.setting("zhipu-magic/plugin", dict.fromkeys(parts(), False)):
        off = looked_at(front_end, front_end.write("off", *CELLS), window, opened)
    assert without[1] == {"cellId", "deletedCells"}
    assert off == without
