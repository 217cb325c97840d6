import numpy as np
import pytest

from fewbench.reports.records import ResultError, count_correct
from fewbench.reports.stats.intervals import anytime, episodes_t
from fewbench.reports.stats.planning import (
    anytime_episodes,
    cheapest,
    plan,
    seconds,
    spread,
)
from fewbench.reports.stats.precision_target import PrecisionTarget


def with_hits(make_result, hits, **changes):
    """A result with these right answers: bool (n_episodes, n_way, n_query)."""
    n, way, n_query = hits.shape
    labels = np.arange(way)[:, None]
    predictions = (
        np.where(hits, labels, (labels + 1) % way).reshape(n, -1).astype(np.uint8)
    )
    card = {"n_way": way, "n_query": n_query, "n_episodes": n}
    arrays = {"predictions": predictions, "correct": count_correct(predictions, way)}
    return make_result(**card, **arrays, **changes)


def test_spread_agrees_with_a_hand_calculation(make_result):
    # Two classes, two queries: right answers (2, 1), (0, 1), (1, 1) of 2 each.
    hits = np.array([[[1, 1], [1, 0]], [[0, 0], [0, 1]], [[1, 0], [0, 1]]], bool)

    found = spread(with_hits(make_result, hits))

    # Of six pairs four are split, each with a variance of 1/2 (over 2 - 1).
    assert found.within == pytest.approx(4 * 0.5 / 6)
    # Accuracies 3/4, 1/4, 1/2: variance 1/16; the queries explain (1/3) / 4 of it, more than all.
    assert found.total == pytest.approx(1 / 16)
    assert found.between == 0
    assert found.variance(2) == found.total
    assert found.variance(8) == pytest.approx(found.within / 16)


def test_spread_foretells_what_fewer_queries_would_have_shown(make_result):
    rng = np.random.default_rng(2)
    shares = (
        0.5
        + 0.3 * rng.uniform(-1, 1, (300, 5, 1))
        + 0.15 * rng.uniform(-1, 1, (300, 1, 1))
    )
    hits = rng.random((300, 5, 15)) < shares
    # The variance with 3 of the 15 queries, averaged over ways to choose them.
    seen = [
        np.take_along_axis(
            hits, rng.random(hits.shape).argsort(axis=2)[:, :, :3], axis=2
        )
        .mean(axis=(1, 2))
        .var(ddof=1)
        for _ in range(400)
    ]

    foretold = spread(with_hits(make_result, hits)).variance(3)

    tolerance = 4 * float(np.std(seen)) / 20
    assert foretold == pytest.approx(np.mean(seen), abs=tolerance)


def test_spread_is_unbiased(make_result):
    # Between: uniform of width 0.4 per episode; within: its mean p (1 - p).
    rng, found = np.random.default_rng(4), []
    for _ in range(500):
        shares = rng.uniform(0.4, 0.8, (40, 1, 1))
        found.append(spread(with_hits(make_result, rng.random((40, 3, 4)) < shares)))

    between = 0.4**2 / 12
    within = 0.6 * 0.4 - between
    assert np.mean([one.within for one in found]) == pytest.approx(within, rel=0.02)
    assert np.mean([one.between for one in found]) == pytest.approx(between, rel=0.1)


def test_a_paired_spread_is_that_of_the_difference(make_result):
    rng = np.random.default_rng(6)
    shares = rng.uniform(0.3, 0.9, (200, 1, 1))
    a, b = (with_hits(make_result, rng.random((200, 5, 15)) < shares) for _ in range(2))

    found = spread(a, b)

    differences = a.accuracies - b.accuracies
    assert found.total == pytest.approx(differences.var(ddof=1))
    # What the episodes have in common is gone.
    assert found.between < 0.1 * spread(a).between
    with pytest.raises(ResultError, match="not scored on the same episodes"):
        spread(a, make_result())


def test_one_query_per_class_cannot_be_split(make_result):
    result = make_result(n_query=1)
    found = spread(result)

    assert (found.between, found.within) == (found.total, 0)
    assert [row.n_query for row in plan(result, PrecisionTarget(half_width=0.01))] == [
        1
    ]


def test_a_plan_offers_queries_that_the_classes_hold(make_result):
    result = make_result(0.8, n_episodes=200)  # classes of 20, one of them shown
    rows = plan(result, PrecisionTarget(half_width=0.002))

    assert [row.n_query for row in rows] == [1, 5, 10, 15]
    episodes = [row.n_episodes for row in rows if row.n_episodes is not None]
    assert episodes == sorted(episodes, reverse=True)
    found = spread(result)
    assert episodes == [
        PrecisionTarget(half_width=0.002).episodes(
            found.variance(q), found.differing, found.room
        )
        for q in (1, 5, 10, 15)
    ]
    best = cheapest(rows)
    assert best is not None
    durations = [row.seconds for row in rows if row.seconds is not None]
    assert len(durations) == len(rows)
    assert best.seconds == min(durations)


def test_an_unpaired_difference_takes_twice_the_variance(make_result):
    result = make_result(0.8, n_episodes=200)
    row = plan(result, PrecisionTarget(difference=0.01))[-1]

    assert row.n_episodes == PrecisionTarget(difference=0.01).episodes(
        2 * spread(result).total
    )


def test_what_needs_too_many_episodes_is_not_planned(make_result):
    rows = plan(make_result(), PrecisionTarget(half_width=1e-9))

    assert {(row.n_episodes, row.seconds) for row in rows} == {(None, None)}
    assert cheapest(rows) is None


def test_seconds_go_by_images_and_embedding_by_distinct_images(make_result):
    spent = {
        "sample": 1.0,
        "embed": 100.0,
        "classify": 3.0,
        "probe": 0.5,
        "total": 104.5,
    }
    result = make_result(n_episodes=2000, seconds=spent)

    # The pilot has met all 240 images: ten times the episodes embed no more of them.
    assert seconds(result, 20_000, 15) == pytest.approx(100 + 0.5 + 10 * 4.0, rel=1e-6)
    # 1 + 7 images a class instead of 1 + 15.
    assert seconds(result, 20_000, 7) == pytest.approx(100 + 0.5 + 5 * 4.0, rel=1e-6)
    taskwise = make_result(n_episodes=10, seconds={"adapt": 8.0})
    assert seconds(taskwise, 5, 15) == pytest.approx(4.0)


def test_a_pilot_that_tells_nothing_is_refused(make_result):
    with pytest.raises(ResultError, match="at least 2 episodes, got 1"):
        spread(make_result(n_episodes=1))
    with pytest.raises(ResultError, match="same score"):
        spread(with_hits(make_result, np.ones((5, 2, 3), bool)))
    with pytest.raises(ResultError, match="half-width or a difference"):
        plan(make_result(), PrecisionTarget())


@pytest.mark.parametrize("wanted", [0.001, 0.003, 0.01])
def test_a_pilot_of_little_spread_plans_what_the_episodes_are_then_given(
    make_result, wanted
):
    # One query is wrong in 2 of 100 episodes. The variance alone would ask for 42
    # episodes for 0.1 points, and 42 such episodes get several points.
    hits = np.ones((100, 5, 15), bool)
    hits[[10, 60], 0, 0] = False
    pilot = with_hits(make_result, hits)

    row = plan(pilot, PrecisionTarget(half_width=wanted))[-1]

    n = row.n_episodes
    assert n is not None
    imperfect = round(n * 0.02)
    shares = np.r_[np.ones(n - imperfect), np.full(imperfect, 74 / 75)]
    assert episodes_t(shares).half_width == pytest.approx(wanted, rel=0.2)
    # Half of these episodes would not do.
    imperfect = round(n // 2 * 0.02)
    shares = np.r_[np.ones(n // 2 - imperfect), np.full(imperfect, 74 / 75)]
    assert episodes_t(shares).half_width > 1.2 * wanted


def test_the_episodes_of_an_interval_at_any_time_are_counted(make_result):
    result = make_result(0.8, n_episodes=200)
    wanted = anytime(np.tile(result.accuracies, 4)).half_width

    # The same accuracies four times over are 800 episodes.
    assert anytime_episodes(result, wanted) in (800, 801)
    assert anytime_episodes(result, 1e-9) is None
    # Near 100 % the factor is not the usual 3.
    perfect = with_hits(make_result, np.arange(75 * 400).reshape(400, 5, 15) % 700 > 0)
    row = plan(perfect, PrecisionTarget(half_width=0.002))[-1]
    stopped = anytime_episodes(perfect, 0.002)
    assert stopped is not None
    assert row.n_episodes is not None
    assert stopped > 4 * row.n_episodes
