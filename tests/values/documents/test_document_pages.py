"""Pages are chosen as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.documents.pages import ALL, Pages, pages_of
from zhipu_magic.values.expressions import parsed, path_in
from zhipu_magic.values.forms import split
from zhipu_magic.values.given import given_file, split_file
from zhipu_magic.values.references import resolved

NUMBERS = st.integers(1, 40)
RANGES = st.tuples(NUMBERS, st.none() | st.integers(0, 20)).map(lambda r: (r[0], None if r[1] is None else sum(r)))  # type: ignore[arg-type]  # mypy does not see that it is a number
PAGES = st.lists(RANGES, min_size=1, max_size=6).map(lambda parts: Pages(tuple(parts)))


@given(PAGES)
def test_what_is_written_is_read_again(pages: Pages) -> None:
    assert pages_of(pages.written) == pages
    assert pages_of(pages.written.replace("-", " – ").replace(",", "，")) == pages


@given(PAGES, st.integers(0, 50))
def test_each_page_is_chosen_once_and_is_there(pages: Pages, total: int) -> None:
    wanted = [number for first, last in pages.ranges for number in range(first, (total if last is None else last) + 1)]
    try:
        found = pages.chosen(total)
    except LookupError:
        assert any(first > total for first, _ in pages.ranges)
        return
    assert found == [number for number in dict.fromkeys(wanted) if number <= total]


@given(st.text())
def test_any_other_text_is_refused_or_names_sheets(text: str) -> None:
    try:
        found = pages_of(text)
    except InvalidRequest as error:
        assert "names no pages" in error.message
        return
    assert found.parts


def test_names_are_those_of_sheets() -> None:
    assert pages_of("Q1, 'Q 2', 3").chosen(4, ["a", "Q1", "b", "Q 2"]) == [2, 4, 3]
    assert ALL.chosen(3) == [1, 2, 3]
    assert ALL.chosen(0) == []
    with pytest.raises(InvalidRequest):
        pages_of("5-2")
    with pytest.raises(InvalidRequest):
        pages_of("0")


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("report | pages 2-5", ("report", "2-5", 9)),
        ("report | 600 | pages 2-5", ("report", "2-5", 600)),
        ("report | slides 1,3 | 6_000", ("report", "1,3", 6_000)),
        ('Path("a|b.xlsx") | sheet Q1', ('Path("a|b.xlsx")', "Q1", 9)),
        ("report | 600", ("report", "", 600)),
        ("report", ("report", "", 9)),
        ("report | paged 2", ("report | paged 2", "", 9)),
        ('d["a | pages 2"]', ('d["a | pages 2"]', "", 9)),
    ],
)
def test_pages_stand_behind_a_bar_beside_a_budget(inside: str, expected: tuple[str, str, int]) -> None:
    wanted, tokens, as_repr, pages, _ = split(inside)
    assert (wanted, pages, 9 if tokens is None else tokens) == expected
    assert not as_repr


@pytest.mark.parametrize(
    ("inside", "path"),
    [
        ('Path("r.pdf")', "r.pdf"),
        ("Path('a b.pdf') | pages 2", "a b.pdf"),
        ("Path(name)", None),
        ('Path("a", "b")', None),
        ('Path(f"{a}")', None),
        ('Path("a").read_text()', None),
        ('pathlib.Path("a")', None),
        ('Path(name="a")', None),
        ('Path(b"a")', None),
        ('open("a")', None),
    ],
)
def test_a_path_is_a_form_and_no_call(inside: str, path: str | None) -> None:
    tree = parsed(inside)
    assert (tree and path_in(tree)) == path


def test_a_file_is_named_with_its_pages() -> None:
    found = split_file("a b.pdf | pages 2-5 | 6000")
    assert (found.written, found.pages, found.tokens) == ("a b.pdf", "2-5", 6_000)
    assert split_file("C:\\a.pdf").written == "C:\\a.pdf"
    for text in ("", " | 300", "a | 99999999999"):
        with pytest.raises(InvalidRequest, match="names no file"):
            split_file(text)


def test_a_sheet_that_is_missing_comes_with_the_names_of_those_there() -> None:
    with pytest.raises(LookupError) as raised:
        pages_of("Q9").chosen(12, [f"Q{number}" for number in range(12, 24)])
    assert raised.value.args == ("Q9", 12, [f"Q{number}" for number in range(12, 22)])


def test_pages_of_what_has_none_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="has no pages: it is neither a PDF nor"):
        resolved("{{ text | pages 2 }}", {"text": "words"}, 300)


def test_a_file_may_be_a_path_or_a_value() -> None:
    assert given_file(Path("a|b.pdf"))[:2] == (Path("a|b.pdf"), "a|b.pdf")
    assert given_file(b"%PDF-")[:2] == (b"%PDF-", "bytes")
    assert given_file(given_file("a.pdf")) == given_file("a.pdf")
