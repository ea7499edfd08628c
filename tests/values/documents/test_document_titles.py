"""The name of a file that a prompt names stands once above what is read of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhipu_magic.values.frames.python_values import is_missing
from zhipu_magic.values.references import resolved
from zhipu_magic.values.row_template import row_template


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("page.html").write_text("<h1>Tea</h1><p>Green.</p>", encoding="utf-8")
    Path("sums.csv").write_text("a,b\n1,2\n", encoding="utf-8")


@pytest.mark.parametrize("name", ["page.html", "sums.csv"])
def test_a_file_in_a_sentence_has_its_name_once(name: str) -> None:
    sent = resolved(f'Sum up {{{{ Path("{name}") }}}}, please.', {}, 500).text
    assert sent.startswith(f"Sum up `{name}`, please.\n\n{name}")
    assert sent.count(name) == 2


def test_a_file_that_all_rows_share_has_its_name_once() -> None:
    template = row_template('By {{ Path("page.html") }}: {{ tea }}', ("tea",), {}, 4_000, is_missing=is_missing)
    assert template.prompt(["green"]).text.startswith("page.html\n")


def test_a_variable_has_its_own_name_and_the_files() -> None:
    sent = resolved("Sum up {{ report }}, please.", {"report": Path("page.html")}, 500).text
    assert sent.startswith("Sum up `report`, please.\n\n`report`:\n\npage.html")
