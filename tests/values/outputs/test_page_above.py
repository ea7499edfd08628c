"""Which of the cells above go along, and in which order, whatever they are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.text.tokens import estimate
from zhipu_magic.values.outputs.above import Above, Piece, Sent
from zhipu_magic.values.outputs.output import STREAM, Cell, CellOutput, Output
from zhipu_magic.values.rendering.renderers import rendered


def cell(number: int, printed: str = "", *, pinned: bool = False) -> Piece:
    outputs = (Output(STREAM, "stdout", printed),) if printed else ()
    return Piece(
        f"Code cell {number}", f"run({number})", Cell(CellOutput(outputs, number, f"run({number})")), pinned=pinned
    )


def titles(text: str) -> list[str]:
    return [line.rstrip(":") for line in text.split("\n") if line.startswith("Code cell ") and line.endswith(":")]


PIECES = st.lists(
    st.tuples(st.integers(0, 3_000), st.booleans()).map(lambda drawn: ("x y " * drawn[0], drawn[1])), max_size=16
)


@given(PIECES, st.integers(100, 3_000))
def test_they_fit_the_oldest_go_first_and_the_pinned_stay(drawn: list[tuple[str, bool]], tokens: int) -> None:
    pieces = tuple(cell(number, text, pinned=pinned) for number, (text, pinned) in enumerate(drawn))
    found = rendered(Above(pieces, tokens), tokens)
    there = titles(found.text)
    numbers = [int(title.split()[-1]) for title in there]
    assert numbers == sorted(numbers)
    pinned = [number for number, (_, is_pinned) in enumerate(drawn) if is_pinned]
    stay = [number for number in pinned if number in numbers]
    assert stay == pinned[len(pinned) - len(stay) :]
    others = [number for number in numbers if number not in pinned]
    assert stay == pinned or not others
    if tokens >= 45 + 70 * len(pinned):
        assert stay == pinned
    loose = [number for number in range(len(drawn)) if number not in pinned]
    assert others == loose[len(loose) - len(others) :]
    assert estimate(found.text) <= tokens + 40
    if drawn:
        left_out = len(drawn) - len(numbers)
        assert (f"{left_out:,} left out" in found.left_out) is bool(left_out)
        assert found.left_out.startswith(f"{len(numbers)} cell")


@given(PIECES, st.integers(500, 3_000))
def test_what_was_sent_is_not_sent_again(drawn: list[tuple[str, bool]], tokens: int) -> None:
    pieces = tuple(cell(number, text) for number, (text, _) in enumerate(drawn))
    first = rendered(Above(pieces, tokens), tokens)
    second = rendered(Above((*pieces, cell(99, "new")), tokens, (Sent(f"{first.text}\n\nask"),)), tokens)
    assert titles(second.text)[-1] == "Code cell 99"
    assert not {title for title in titles(first.text) if title in titles(second.text)} - _cut(first.text)


def _cut(text: str) -> set[str]:
    """The cells that were shortened: with another budget they read differently, and go again."""
    return {part.split(":")[0] for part in text.split("\n\nCode cell ") if "left out here" in part} and set(
        titles(text)
    )


def test_a_long_cell_does_not_drive_out_the_others() -> None:
    pieces = (cell(1, "small"), cell(2, "huge " * 50_000), cell(3, "small too"))
    found = rendered(Above(pieces, 1_000), 1_000)
    assert titles(found.text) == ["Code cell 1", "Code cell 2", "Code cell 3"]
    assert "1 shortened" in found.left_out


def test_pinned_cells_share_the_budget() -> None:
    found = rendered(Above(tuple(cell(n, "word " * 6_000, pinned=True) for n in range(8)), 8_000), 8_000)
    assert len(titles(found.text)) == 8
    assert 5_000 < estimate(found.text) <= 8_000


def test_a_turn_is_a_line_and_markdown_is_its_text() -> None:
    pieces = (
        Piece("Markdown", text="# Why"),
        Piece("Question", "Why\nnot?", text="Why\nnot?\n\nThe answer:\n\nSo.", turn="t"),
        cell(3),
    )
    above = Above(pieces, 500, (Sent("Why\nnot?", turn="t"),))
    found = rendered(above, 500)
    assert (
        "Markdown:\n\n# Why\n\nQuestion, an earlier turn of this conversation: “Why not?”\n\nCode cell 3:" in found.text
    )
    assert found.left_out.startswith("2 cells, ")
    alone = rendered(above.after(()), 500)
    assert "Question:\n\nWhy\nnot?\n\nThe answer:\n\nSo." in alone.text
    assert alone.left_out.startswith("3 cells, ")


def test_the_same_cells_read_the_same() -> None:
    pieces = (cell(1, "<a.B object at 0x7f0011223344>"), cell(2, "\x1b[31mred\x1b[0m"))
    one, other = (rendered(Above(pieces, 900), 900) for _ in range(2))
    assert one == other and "0x7f" not in one.text


def test_without_cells_it_says_so() -> None:
    assert rendered(Above((), 500), 500).text == "(No cell above this one has run in this session.)"
