"""The stories and the start run as they are written, with the practice server in the model's place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from in_process import Page

DOCS = Path(__file__).parents[2] / "docs"


def _cells(page: str) -> list[tuple[str, str]]:
    """The blocks of a page, with their languages; those that show how a shell or another file looks are none."""
    blocks = re.findall(r"^```(\w*)\n(.*?)\n```$", (DOCS / page).read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [(kind, text) for kind, text in blocks if kind in ("python", "yaml") or (not kind and text[0] == "%")]


@pytest.mark.parametrize("name", ["start.md", "stories/table.md", "stories/extract.md", "stories/class.md"])
def test_its_cells_run(name: str, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cells = _cells(name)
    assert len(cells) > 2
    for kind, text in cells:
        if kind == "yaml":
            Path("lesson.yaml").write_text(text, encoding="utf-8")
        else:
            assert page.run(text).success, text
