"""The pages hang together: each is in a table of contents, links lead somewhere, and terms are in both languages.

`make docs` checks this again, with headings and references, and in every language.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Each once: what has a file for Chinese is the same page there.
PAGES = sorted(
    path
    for path in DOCS.rglob("*.md")
    if ".zh-CN" not in path.name and not {"_build", "notebooks"} & set(path.relative_to(DOCS).parts)
)


def _name(path: Path) -> str:
    return path.relative_to(DOCS).as_posix()


def _contents(path: Path) -> set[str]:
    """The pages in the tables of contents of a page."""
    found = set()
    for block in re.findall(r"```\{toctree\}\n(.*?)```", path.read_text("utf-8"), flags=re.DOTALL):
        for line in block.splitlines():
            if line and not line.startswith(":"):
                found.add(((path.parent / line).resolve()).relative_to(DOCS.resolve()).as_posix())
    return found


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = set().union(*map(_contents, PAGES))
    written = {_name(path).removesuffix(".md") for path in PAGES} | {
        f"notebooks/{path.stem}" for path in (ROOT / "notebooks").glob("*.ipynb")
    }
    assert listed | {"index"} == written


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_no_link_between_files_is_dead(path: Path) -> None:
    text = re.sub(r"^(```+).*?^\1", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"``.+?``|`[^`\n]*`", "", text)
    for link in re.findall(r"\]\(([^)\s#]+)(?:#[\w-]+)?\)", text):
        if not re.match(r"[a-z]+:", link):
            assert (path.parent / link).exists(), link


def test_links_of_the_repository_lead_to_the_site() -> None:
    moved = import_module("links").moved
    assert moved("[a](../notebooks/tables.ipynb), [b](../SECURITY.md#how-to-report)") == (
        "[a](/notebooks/tables.ipynb), [b](/security.md#how-to-report)"
    )
    assert moved("[a](notebooks/zh/tables.ipynb), [b](../../docs/tables.md)") == (
        "[a](/notebooks/tables.ipynb), [b](/tables.md)"
    )


@pytest.mark.parametrize(("language", "title"), [("en", "Contributing"), ("zh_CN", "参与贡献")])
def test_how_to_contribute_is_in_the_language_of_the_site(language: str, title: str) -> None:
    whole = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    half = import_module("links").in_one_language(whole, language)
    assert re.findall(r"(?m)^# (.+)$", half) == [title]  # which is what its navigation says
    assert "](#" not in half and len(half) > 500


def test_the_glossary_has_each_term_once_and_in_both_languages() -> None:
    glossary = (DOCS / "glossary.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]*) ?\|$", glossary, re.MULTILINE)
    terms = [(english, chinese) for english, chinese, _ in rows if english not in ("English", "---")]
    assert len(terms) > 60 and len({english for english, _ in terms}) == len(terms)
    assert [chinese for _, chinese in terms if chinese.isascii()] == ["`Completion`", "token"]


def test_the_landing_page_leads_to_each_language_that_there_is() -> None:
    landing = import_module("build_pages").landing
    assert 'href="en/index.html" hreflang="en"' in landing(["en"]) and "zh/index.html" not in landing(["en"])
    assert 'href="zh/index.html" hreflang="zh-CN"' in landing(["en", "zh"])
