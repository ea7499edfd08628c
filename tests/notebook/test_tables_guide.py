"""docs/tables.md: its examples run, in the order in which they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from in_process import Page

from zhipu_magic.practice import PracticeServer

GUIDE = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```(?:python)?\n((?:%%glm|from|import|for) .*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)


def test_the_examples_run(
    page: Page,
    server: PracticeServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for place, example in enumerate(EXAMPLES):
        cell = page.run(example, f"example {place}")
        assert cell.success, (example, cell.error)
    assert list(page.names["labelled"].columns) == ["product", "text", "sentiment", "confidence"]
    assert page.names["labelled"]["sentiment"].notna().all()
    assert list(page.names["mapped"].frame.index) == ["R1", "R2", "R3"]
    assert [error.reason for error in page.names["mapped"].errors] == ["row.missing"]
    assert (tmp_path / "reviews.rows.jsonl").exists()
    page.names["chat"].close()


def test_all_of_its_links_lead_somewhere() -> None:
    folder = Path(__file__).parents[2] / "docs"
    links = set(re.findall(r"\]\(([^)#]+)", GUIDE))
    assert [link for link in links if not (folder / link).exists()] == []
