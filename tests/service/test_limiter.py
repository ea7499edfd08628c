"""The limiter at services that behave in all the ways that were seen, by simulation."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limiter_simulation import Run, Semaphore, Service, always, lognormal, simulate, steps

from zhipu_magic.service.limiter import MOST, Limiter, Outcome

SEEDS = range(5)


def asked(service: Service, rows: int, *, seed: int, remembered: int | None = None, until: float = 1e5) -> Run:
    limiter = Limiter(remembered=remembered, random=Random(seed).random)
    return simulate(limiter, service, rows, seed=seed, until=until)


def used(service: Service, rows: int, *, remembered: int | None = None) -> tuple[list[float], list[float]]:
    """How quick it is beside a semaphore that is told everything, and the share that is refused, by seed."""
    speeds, shares = [], []
    for seed in SEEDS[: max(2, 3_000 // rows)]:
        run = asked(service, rows, seed=seed, remembered=remembered)
        assert run.answered == rows
        speeds.append(simulate(Semaphore(service), service, rows, seed=seed).seconds / run.seconds)
        shares.append(run.share_refused)
    return speeds, shares


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 10, 17, 20, 33, 50])
def test_a_limit_that_stays_is_used_up_and_seldom_overstepped(limit: int, sigma: float) -> None:
    service = Service(limit=always(limit), latency=lognormal(0.5, sigma))
    speeds, shares = used(service, 100 * limit if limit > 1 else 60)
    assert mean(speeds) >= 0.97
    assert mean(shares) <= (0.01 if limit >= 10 else 0.025)


@pytest.mark.parametrize("seconds", [0.05, 2.0, 10.0])
@pytest.mark.parametrize("limit", [1, 5, 20, 50])
def test_quick_and_slow_answers_are_no_matter(limit: int, seconds: float) -> None:
    service = Service(limit=always(limit), latency=lognormal(seconds, 0.5), trip=0.002)
    speeds, shares = used(service, 100 * limit)
    assert mean(speeds) >= 0.97 - 0.01 * (seconds < 1)  # what growth takes at the least is seen with quick ones
    assert mean(shares) <= 0.025


@pytest.mark.parametrize("changes", [((17, 5), (34, 40)), ((30, 5), (60, 40)), ((20, 5), (80, 40))])
def test_a_limit_that_moves_is_followed(changes: tuple[tuple[float, float], ...]) -> None:
    speeds, shares = used(Service(limit=steps(20, *changes)), 2_000)
    assert mean(speeds) >= 0.9
    assert mean(shares) <= 0.03


def test_a_limit_that_falls_to_one_and_rises_again_is_followed() -> None:
    speeds, _ = used(Service(limit=steps(5, (30, 2), (60, 1), (90, 3))), 700)
    assert mean(speeds) >= 0.9


@pytest.mark.parametrize("limit", [5, 20])
@pytest.mark.parametrize("begins", [0, 5, 20])
def test_a_storm_costs_little_more_than_it_lasts(limit: int, begins: float) -> None:
    service, rows = Service(limit=always(limit), storms=[(begins, begins + 15)]), 100 * limit
    runs = [asked(service, rows, seed=seed) for seed in SEEDS]
    calm = Service(limit=always(limit))
    ideal = [simulate(Semaphore(calm), calm, rows, seed=seed).seconds for seed in SEEDS]
    assert mean(run.seconds for run in runs) <= 1.1 * (mean(ideal) + 15)
    assert max(run.busy for run in runs) <= 70
    assert all(run.answered == rows for run in runs)


@pytest.mark.parametrize(("limit", "late", "least"), [(20, 0.05, 0.8), (20, 0.2, 0.8), (50, 0.2, 0.8), (5, 0.02, 0.9)])
def test_places_that_are_freed_late_do_not_bring_it_down(limit: int, late: float, least: float) -> None:
    service = Service(limit=always(limit), late=lambda random: late * (0.75 + random.random() / 2))
    ideal = 100 * (0.5 + 2 * service.trip + late)
    assert mean(ideal / asked(service, 100 * limit, seed=seed).seconds for seed in SEEDS) >= least


@pytest.mark.parametrize("late", [0.02, 0.1, 0.5])
def test_a_single_place_that_is_freed_late_gets_its_rest(late: float) -> None:
    service = Service(limit=always(1), late=lambda random: late)
    runs = [asked(service, 200, seed=seed) for seed in SEEDS]
    ideal = 200 * (0.5 + 2 * service.trip + late)
    assert mean(ideal / run.seconds for run in runs) >= 0.85
    assert mean(run.share_refused for run in runs) <= 0.15


@pytest.mark.parametrize(("remembered", "limit"), [(20, 20), (5, 20), (5, 50), (20, 5), (100, 20), (1, 20), (50, 1)])
def test_what_is_remembered_may_be_wrong(remembered: int, limit: int) -> None:
    speeds, shares = used(Service(limit=always(limit)), 100 * limit, remembered=remembered)
    assert mean(speeds) >= 0.9
    assert mean(shares) <= (0.07 if limit == 1 else 0.025)


def test_what_is_remembered_is_used_at_once() -> None:
    service = Service(limit=always(20))
    quick = asked(service, 60, seed=1, remembered=20)
    new = asked(service, 60, seed=1)
    assert quick.seconds < 0.95 * new.seconds
    assert quick.refused < new.refused


def test_hours_of_refusals_with_nothing_in_flight_are_waited_for() -> None:
    run = asked(Service(limit=always(3), deaf=[(0, 4 * 3_600)]), 100, seed=1)
    assert run.answered == 100
    late = [when for when in run.begun if 60 < when < 4 * 3_600]
    assert min(after - before for before, after in pairwise(late)) > 3
    assert run.seconds < 4 * 3_600 + 60


def test_a_storm_of_hours_is_waited_for() -> None:
    run = asked(Service(limit=always(20), storms=[(5, 2 * 3_600)]), 1_000, seed=1)
    assert run.answered == 1_000
    assert run.busy < 1_500
    assert run.seconds < 2 * 3_600 + 60


def test_what_the_service_asks_to_wait_is_waited_in_a_storm_and_does_not_stop_others() -> None:
    service = Service(limit=always(20), retry_after=5.0, storms=[(10, 25)])
    runs = [asked(service, 2_000, seed=seed) for seed in SEEDS]
    calm = [asked(Service(limit=always(20)), 2_000, seed=seed).seconds for seed in SEEDS]
    assert max(run.busy for run in runs) < 40
    assert mean(run.seconds for run in runs) <= mean(calm) + 20


@pytest.mark.parametrize(("share", "least"), [(0.02, 0.95), (0.2, 0.8)])
def test_now_and_then_a_busy_service_is_no_storm(share: float, least: float) -> None:
    runs = [asked(Service(limit=always(20), failing=share), 2_000, seed=seed) for seed in SEEDS]
    assert mean(2_000 * 0.52 / 20 / run.seconds for run in runs) >= least


@pytest.mark.parametrize("seconds", [0.5, 5.0, 30.0])
@pytest.mark.parametrize("slots", [1, 4, 16, 64])
def test_a_server_that_queues_is_kept_busy_and_not_flooded(slots: int, seconds: float) -> None:
    service = Service(slots=slots, latency=lognormal(seconds, 0.3))
    rows = 100 * slots + 100
    run = asked(service, rows, seed=1)
    assert run.answered == rows
    assert simulate(Semaphore(service), service, rows, seed=1).seconds / run.seconds >= 0.85
    assert mean(run.waited[-40:]) <= max(6, 30 / seconds) * seconds
    if seconds >= 30:  # what a client waits for at most is five minutes
        assert max(run.waited) < 10 * seconds


def test_a_server_that_takes_all_gets_as_many_as_there_may_be() -> None:
    run = asked(Service(), 10_000, seed=1)
    assert run.most == MOST
    assert run.refused == 0


def test_nothing_is_learned_from_a_server_that_queues() -> None:
    limiter = Limiter()
    simulate(limiter, Service(slots=4), 500, seed=1)
    assert limiter.learned is None


def test_what_was_learned_is_the_limit() -> None:
    limiter = Limiter()
    simulate(limiter, Service(limit=always(7)), 700, seed=1)
    assert limiter.learned in (7, 8)


@pytest.mark.parametrize("outcome", ["answered", "refused", "busy", "failed", "other"])
def test_a_ticket_that_is_unknown_or_has_ended_changes_nothing(outcome: Outcome) -> None:
    limiter, other = Limiter(random=Random(1).random), Limiter(random=Random(1).random)
    for one in (limiter, other):
        ticket = one.begin(0.0)
        one.end(ticket, 0.1, "answered")
    limiter.end(ticket, 0.2, outcome)
    limiter.end(1_000, 0.3, outcome, retry_after=60.0)
    assert limiter.in_flight == other.in_flight == 0
    assert (limiter.limit, limiter.ceiling, limiter.busy_until) == (other.limit, other.ceiling, other.busy_until)


def test_one_that_begins_without_a_place_counts() -> None:
    limiter = Limiter(remembered=1)
    tickets = [limiter.begin(0.0), limiter.begin(0.0)]
    assert limiter.in_flight == 2
    for ticket in tickets:
        assert not limiter.may_begin(0.1)
        limiter.end(ticket, 0.2, "answered")
    assert limiter.may_begin(0.3)


SECONDS = st.floats(0, 60, allow_nan=False)
SHARES = st.floats(0.001, 2.0)


@given(
    limits=st.lists(st.tuples(SECONDS, st.integers(1, 60)), min_size=1, max_size=4),
    mean_latency=st.floats(0.005, 20),
    sigma=st.floats(0.01, 1.5),
    trip=st.floats(0.0005, 0.5),
    storm=st.tuples(SECONDS, SECONDS),
    deaf=st.tuples(SECONDS, SECONDS),
    late=st.floats(0, 3),
    failing=st.floats(0, 0.5),
    retry_after=st.none() | st.floats(0, 100),
    slots=st.none() | st.integers(1, 40),
    remembered=st.none() | st.integers(-5, 1_000),
    seed=st.integers(0, 10_000),
)
def test_every_row_is_answered_whatever_the_service_does(
    limits: list[tuple[float, int]],
    mean_latency: float,
    sigma: float,
    trip: float,
    storm: tuple[float, float],
    deaf: tuple[float, float],
    late: float,
    failing: float,
    retry_after: float | None,
    slots: int | None,
    remembered: int | None,
    seed: int,
) -> None:
    service = Service(
        limit=steps(limits[0][1], *sorted(limits)),
        latency=lognormal(mean_latency, sigma),
        trip=trip,
        storms=[storm],
        deaf=[deaf],
        late=lambda random: late * random.random(),
        failing=failing,
        retry_after=retry_after,
        slots=slots,
    )
    run = asked(service, 120, seed=seed, remembered=remembered)
    assert run.answered == 120
    assert run.most <= MOST
    assert run.asked == 120 + run.refused + run.busy


@given(
    st.lists(
        st.tuples(
            st.floats(0, 5),
            st.booleans(),
            st.sampled_from(["", "answered", "refused", "busy", "failed", "other"]),
            st.integers(0, 200),
            st.none() | st.floats(-10, 1e9),
        ),
        max_size=80,
    )
)
def test_it_always_goes_on_whatever_ends_in_whatever_order(
    steps: list[tuple[float, bool, str, int, float | None]],
) -> None:
    limiter, now, tickets = Limiter(random=Random(1).random), 0.0, []
    for passed, forced, outcome, which, retry_after in steps:
        now += passed
        if forced or limiter.may_begin(now):
            tickets.append(limiter.begin(now))
        if outcome and tickets:
            limiter.end(tickets.pop(which % len(tickets)), now, outcome, retry_after=retry_after)  # type: ignore[arg-type]
        assert limiter.in_flight == len(tickets)
        assert 1 <= limiter.limit <= MOST
    for ticket in tickets:
        limiter.end(ticket, now, "other")
    looks = 0
    while not limiter.may_begin(now):
        look = limiter.next_look(now)
        assert look is not None and look > now
        now, looks = look, looks + 1
        assert looks < 20


def test_what_another_session_learned_is_no_matter_once_this_one_has_learned() -> None:
    limiter = Limiter(remembered=7)
    limiter.recall(3)
    assert (limiter.learned, limiter.ceiling) == (7, 7)
