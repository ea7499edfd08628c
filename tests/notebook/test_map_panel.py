"""What the line of a map says while its rows are asked and when they are done, and how failures are named."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from zhipu_magic.chat.rows.asked import FailedRow
from zhipu_magic.chat.rows.figures import MapFigures
from zhipu_magic.notebook.display.map_panel import (
    MapNotes,
    causes_of,
    line_html,
    line_text,
    line_within,
    notes_text,
    panel_html,
)
from zhipu_magic.notebook.display.pace import Pace
from zhipu_magic.text.languages.numbers import rough_money

RUNNING = MapFigures(
    rows=2_000,
    prepared=2_000,
    done=312,
    equal=40,
    known=120,
    failed=3,
    cut_off=0,
    cut=0,
    prompt_tokens=1_234_567,
    completion_tokens=890_123,
    cached_tokens=0,
    estimated_tokens=0,
    requests=152,
    cost=1.234,
    seconds=9.0,
    in_flight=18,
    limit=20,
    expected_cost=12.6,
    eta=52.0,
)
OVER = replace(RUNNING, done=2_000, in_flight=0, eta=None, is_over=True)


def test_the_line_tells_how_far_it_is_what_goes_on_and_what_it_takes() -> None:
    assert line_text(RUNNING) == (
        "312/2,000 (40 equal, 120 known) · 18 of 20 in flight · 3 failed · 1.2M+890k tokens · "
        "≈ ¥1.23 of ≈ ¥13 · ETA 0:52"
    )
    assert line_text(OVER) == "2,000 rows (40 equal, 120 known) · 3 failed · 1.2M + 890k tokens · ≈ ¥1.23 · 0:09"


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (len(line_text(RUNNING)), line_text(RUNNING)),
        (
            len(line_text(RUNNING)) - 1,
            "312/2,000 (40 equal, 120 known) · 18 of 20 in flight · 3 failed · ≈ ¥1.23 of ≈ ¥13 · ETA 0:52",
        ),
        (80, "312/2,000 (40 equal, 120 known) · 18 of 20 in flight · 3 failed · ETA 0:52"),
        (60, "312/2,000 · 18 of 20 in flight · 3 failed · ETA 0:52"),
        (50, "312/2,000 · 18 of 20 in flight · ETA 0:52"),
        (10, "312/2,000 · ETA 0:52"),
    ],
)
def test_in_few_columns_the_line_is_without_what_matters_least(columns: int, line: str) -> None:
    assert line_within(RUNNING, columns) == line


def test_a_busy_service_stands_in_the_place_of_what_is_in_flight_and_of_the_time_left() -> None:
    busy = line_text(replace(RUNNING, busy_for=5.2))
    assert "(40 equal, 120 known) · service busy, next try in 6 s · 3 failed" in busy
    assert "in flight" not in busy
    assert "ETA" not in busy


def test_rows_that_are_waited_for_stand_beside_what_is_in_flight_and_nobody_knows_the_time_left() -> None:
    waiting = replace(RUNNING, waits_for="waiting for Dask's workers")
    assert "18 of 20 in flight · waiting for Dask's workers · 3 failed" in line_text(waiting)
    assert "ETA" not in line_text(waiting)
    assert "waiting" not in line_text(replace(waiting, is_over=True))


def test_a_fault_that_all_requests_meet_is_told_in_its_words() -> None:
    down = replace(RUNNING, trouble="The service at a.example cannot be reached.")
    assert "known) · The service at a.example cannot be reached, next try in 2 s" in line_text(
        replace(down, busy_for=1.5)
    )
    assert "known) · The service at a.example cannot be reached · 3 failed" in line_text(down)
    assert "ETA" not in line_text(down)


def test_what_costs_nothing_is_free_once() -> None:
    assert " · free · ETA" in line_text(replace(RUNNING, cost=0.0, expected_cost=0.0))
    assert "free" not in line_text(replace(RUNNING, cost=None, expected_cost=None))


def test_where_nothing_was_asked_it_took_no_time() -> None:
    known = replace(OVER, known=2_000, equal=0, failed=0, requests=0, prompt_tokens=0, completion_tokens=0, cost=0.0)
    assert line_text(known) == "2,000 rows (2,000 known)"


def test_the_bar_is_as_long_as_what_is_done_and_has_the_failed_rows_at_its_end() -> None:
    html = line_html(replace(RUNNING, rows=200, prepared=200, done=100, failed=10)).rich
    assert 'aria-valuemax="200" aria-valuenow="100"' in html
    assert "width:45.0%" in html
    assert "width:5.0%" in html
    assert "progressbar" not in panel_html(OVER, MapNotes()).rich


@pytest.mark.parametrize(
    ("yuan", "said"),
    [
        (0.0, "free"),
        (0.00004, "≈ ¥0.0001"),
        (0.00312, "≈ ¥0.0031"),
        (0.0996, "≈ ¥0.10"),
        (0.3468, "≈ ¥0.35"),
        (2.0, "≈ ¥2.0"),
        (9.96, "≈ ¥10"),
        (12.6, "≈ ¥13"),
        (1_260.0, "≈ ¥1,300"),
    ],
)
def test_an_expected_amount_has_two_digits(yuan: float, said: str) -> None:
    assert rough_money(yuan) == said


def failed(row: int, reason: str, code: str = "") -> FailedRow:
    return FailedRow(row=row, code=code, reason=reason, message="It did not work.", tries=1)


def test_failures_are_told_by_cause_the_most_frequent_first() -> None:
    failures = [failed(7, "service.unsafe", "1301"), *(failed(row, "answer.invalid") for row in range(10, 18))]
    failing = causes_of(failures)
    assert notes_text(MapNotes(["A note."], failing)) == [
        "A note.",
        "8 failed (rows 10, 11, 12, 13, 14 and 3 more): It did not work. %glm rows retry asks again.",
        "1 failed (row 7): It did not work. Rephrase what is sent.",
    ]
    assert notes_text(MapNotes(causes=failing, would_fail=True))[1].startswith("1 would fail (row 7): ")


def test_of_many_causes_the_rest_is_counted() -> None:
    failures = [failed(row, f"reason.{row}") for row in range(8)]
    assert notes_text(MapNotes(causes=causes_of(failures)))[-1] == "3 rows failed for other reasons: see .errors."


def frames(seconds: float, *, storm: tuple[float, float] = (-1.0, -1.0)) -> list[float]:
    """When the line was shown, of a map that is looked at ten times a second."""
    pace, shown = Pace(), []
    for tenth in range(int(10 * seconds)):
        now = tenth / 10
        busy = 5.0 if storm[0] <= now < storm[1] else 0.0
        if pace.is_time(1_000 + now, replace(RUNNING, seconds=now, busy_for=busy)):
            shown.append(now)
    return shown


def test_the_line_is_shown_less_often_the_longer_it_takes() -> None:
    assert 3 < len(frames(1)) <= 5
    assert len(frames(167)) < 110  # a hundred thousand rows, as fast as one process asks
    assert max(b - a for a, b in pairwise(frames(3_600))) == pytest.approx(5.0, abs=0.2)


def test_that_the_service_is_busy_is_shown_at_once_and_that_it_is_not_any_more() -> None:
    shown = frames(1_000, storm=(500.3, 520.4))
    assert any(500.3 <= moment < 500.7 for moment in shown)
    assert any(520.4 <= moment < 520.8 for moment in shown)
    assert not any(520.8 <= moment < 525 for moment in shown)
