import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.reports.records import ResultError
from fewbench.reports.stats.betting import BETS, little_spread, log_wealth
from fewbench.reports.stats.bootstrap import (
    class_influence,
    drawn_together,
    image_variance,
)
from fewbench.reports.stats.intervals import (
    Interval,
    anytime,
    class_bootstrap,
    episodes_t,
    legacy_z,
    open_t,
    result_interval,
    train_seeds,
)

fractions = st.lists(st.floats(0, 1), min_size=2, max_size=40)
BOTH = pytest.mark.parametrize("interval", [episodes_t, legacy_z])


def test_episodes_t_agrees_with_a_hand_calculation():
    # Mean 0.7; squared deviations 0.01 0.01 0.04 0.04 sum to 0.1, over n - 1 = 3;
    # the 97.5 % quantile of Student's t with 3 degrees of freedom from a printed table.
    t = 3.1824463052837091
    half = t * math.sqrt(0.1 / 3) / math.sqrt(4)

    interval = episodes_t([0.6, 0.8, 0.5, 0.9])

    assert interval.mean == pytest.approx(0.7, rel=1e-12)
    assert interval.half_width == pytest.approx(half, rel=1e-12)
    assert interval.low == pytest.approx(0.7 - half, rel=1e-12)
    assert interval.high == pytest.approx(0.7 + half, rel=1e-12)
    assert (interval.level, interval.kind, interval.n) == (0.95, "episodes-t", 4)


def test_episodes_t_at_one_degree_of_freedom_is_the_cauchy_quantile():
    # With n = 2 the quantile is tan(pi (p - 1/2)) and the standard error is |a - b| / 2.
    interval = episodes_t([0.2, 0.6], level=0.9)

    assert interval.half_width == pytest.approx(
        math.tan(math.pi * 0.45) * 0.2, rel=1e-12
    )


@pytest.mark.parametrize(
    ("kind", "variance", "n"),
    [
        ("legacy-z", 0.1 / 4, 4),
        ("legacy-z-ddof1", 0.1 / 3, 4),
        ("legacy-z-n1", 0.1 / 4, 5),
    ],
)
def test_legacy_z_agrees_with_a_hand_calculation(kind, variance, n):
    interval = legacy_z([0.6, 0.8, 0.5, 0.9], kind=kind)

    assert interval.half_width == pytest.approx(
        1.96 * math.sqrt(variance / n), rel=1e-12
    )
    assert (interval.kind, interval.n) == (kind, 4)


def test_legacy_z_knows_only_the_customary_factors():
    assert legacy_z([0, 1], level=0.99).half_width == pytest.approx(
        2.576 * 0.5 / math.sqrt(2)
    )
    with pytest.raises(ResultError, match=r"0\.9, 0\.95, 0\.99; got 0\.8"):
        legacy_z([0, 1], level=0.8)


@BOTH
@given(values=fractions)
def test_intervals_hold_the_mean_and_do_not_depend_on_order(interval, values):
    forward, backward = interval(values), interval(values[::-1])

    assert forward.low <= forward.mean <= forward.high
    assert forward.mean == pytest.approx(
        math.fsum(values) / len(values), rel=1e-12, abs=1e-15
    )
    assert forward.half_width == pytest.approx(backward.half_width, rel=1e-9, abs=1e-12)


@BOTH
@given(
    values=st.lists(st.integers(0, 75).map(lambda k: k / 75), min_size=2, max_size=40)
)
def test_mirrored_accuracies_give_the_mirrored_interval(interval, values):
    plain, mirrored = interval(values), interval([1 - value for value in values])

    assert mirrored.mean == pytest.approx(1 - plain.mean, abs=1e-12)
    close = (
        1e-8 if plain.of_little_spread else 1e-12
    )  # limits by betting are found by halving
    assert mirrored.half_width == pytest.approx(plain.half_width, rel=1e-6, abs=close)


@given(values=fractions)
def test_a_higher_level_is_never_narrower_and_t_is_never_narrower_than_z(values):
    widths = [episodes_t(values, level).half_width for level in (0.5, 0.9, 0.95, 0.99)]

    assert widths == sorted(widths)
    # The old factor is rounded up from 1.95996, which t undercuts from about 65,000 episodes on.
    assert episodes_t(values).half_width >= legacy_z(values).half_width


@BOTH
@given(value=st.floats(0, 1), n=st.integers(2, 50))
def test_equal_accuracies_do_not_make_certain(interval, value, n):
    result = interval([value] * n)

    assert (result.kind, result.mean, result.n) == ("little-spread", value, n)
    assert 0 <= result.low <= value <= result.high <= 1
    assert result == replace(anytime([value] * n), kind="little-spread")
    # Three perfect episodes leave a lot open; bounds that all can trust are about log(n) / n.
    assert result.half_width > 0.5 / n


@BOTH
@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ([0.5], "at least 2 episodes"),
        ([], "at least 2 episodes"),
        ([[0.1, 0.2], [0.3, 0.4]], r"shape \(2, 2\)"),
        ([98.1, 97.2], "Divide percentages by 100"),
        ([0.1, float("nan")], "fractions from 0 to 1"),
    ],
)
def test_what_has_no_interval_is_refused(interval, values, complaint):
    with pytest.raises(ResultError, match=complaint):
        interval(values)


@pytest.mark.parametrize("level", [0, 1, 95, float("nan")])
def test_a_level_that_is_no_fraction_is_refused(level):
    with pytest.raises(ResultError, match=r"fraction like 0\.95"):
        episodes_t([0.1, 0.2], level)


@pytest.mark.parametrize(
    ("values", "little"),
    [
        ([1.0] * 300, True),
        ([1.0] * 291 + [0.9] * 9, True),
        ([1.0] * 290 + [0.9] * 10, False),
        ([0.9] * 4 + [1.0, 0.8, 0.7, 0.6], False),  # no majority
        ([0.2, 0.6], False),
    ],
)
def test_few_that_differ_from_the_rest_are_little_spread(values, little):
    rng = np.random.default_rng(1)
    assert little_spread(rng.permutation(values)) == little
    assert episodes_t(values).of_little_spread == little


def test_an_interval_reads_in_percent():
    interval = Interval(0.98414, 0.98274, 0.98554, 0.95, "episodes-t", 600)

    assert str(interval) == "98.41 ± 0.14 %"


def test_a_result_without_an_interval_is_named(make_result):
    with pytest.raises(ResultError, match=r"glyphs-5w1s__protonet__seed0: no interval"):
        result_interval(make_result(n_episodes=1))


@pytest.mark.parametrize(
    "kind", ["legacy-z", "legacy-z-ddof1", "legacy-z-n1", "episodes-t"]
)
def test_the_protocol_picks_the_formula(make_result, kind):
    result = make_result(interval=kind)
    expected = (
        episodes_t(result.accuracies)
        if kind == "episodes-t"
        else legacy_z(result.accuracies, kind=kind)
    )

    assert result_interval(result) == expected
    assert result_interval(make_result(interval="anytime")).kind == "anytime"


def test_open_takes_disjoint_episodes_only(make_result):
    disjoint = make_result(interval="open", sampling="disjoint")
    plain = episodes_t(disjoint.accuracies, 0.9)

    interval = result_interval(disjoint, 0.9)

    assert (interval.low, interval.high) == (plain.low, plain.high)
    assert (interval.kind, interval.level) == ("open", 0.9)
    for sampling in ("independent", "listed"):
        with pytest.raises(ResultError, match=f"got sampling '{sampling}'"):
            open_t(make_result(sampling=sampling))


def test_train_seeds_is_a_t_interval_over_the_means_of_the_runs(make_result):
    runs = [
        make_result(rng_seed=k, train_seed=k, recipe={"seed": k, "lr": 1})
        for k in range(3)
    ]
    means = [run.mean for run in runs]
    mean = sum(means) / 3
    # 97.5 % quantile of Student's t with 2 degrees of freedom from a printed table.
    half = 4.302652729749 * math.sqrt(sum((m - mean) ** 2 for m in means) / 2 / 3)

    interval = train_seeds(runs)

    assert interval.mean == pytest.approx(mean, rel=1e-12)
    assert interval.half_width == pytest.approx(half, rel=1e-9)
    assert (interval.kind, interval.n) == ("train-seeds", 3)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"train_seed": 0}, r"every training seed once; got \[0, 0\]"),
        ({"train_seed": 1, "learner": "maml"}, "Expected learner protonet; got maml"),
        ({"train_seed": 1, "n_shot": 5}, "Expected n_shot 1; got 5"),
        (
            {"train_seed": 1, "episodes_fingerprint": "other"},
            "Expected episodes_fingerprint",
        ),
        ({"train_seed": 1, "recipe": {"lr": 2}}, "Expected recipe lr 1; got 2"),
        (
            {"train_seed": 1, "recipe": {"lr": 1, "steps": 7}},
            r"recipe steps \(missing\); got 7",
        ),
    ],
)
def test_train_seeds_refuses_runs_that_differ_in_more(make_result, changes, complaint):
    first = make_result(recipe={"lr": 1, "seed": 0, "trained_seconds": 1.5})
    other = {"recipe": {"lr": 1, "seed": 1, "trained_seconds": 2.5}} | changes

    with pytest.raises(ResultError, match=complaint):
        train_seeds([first, make_result(**other)])
    with pytest.raises(ResultError, match="at least 2 training runs"):
        train_seeds([first])


@given(
    values=st.lists(st.integers(0, 4), min_size=2, max_size=30),
    level=st.sampled_from([0.5, 0.9, 0.95]),
)
def test_anytime_holds_the_mean_and_mirrors(values, level):
    shares = [value / 4 for value in values]
    plain, mirrored = (
        anytime(shares, level),
        anytime([1 - share for share in shares], level),
    )

    assert 0 <= plain.low <= plain.mean <= plain.high <= 1
    assert mirrored.low == pytest.approx(1 - plain.high, abs=1e-8)
    assert mirrored.high == pytest.approx(1 - plain.low, abs=1e-8)
    backward = anytime(shares[::-1], level)
    assert (backward.low, backward.high) == (plain.low, plain.high)
    wider = anytime(shares, 0.99)
    assert wider.low <= plain.low
    assert plain.high <= wider.high


def test_anytime_ends_where_the_bets_have_multiplied_to_the_threshold():
    shares = [0.6, 0.8, 0.5, 0.9] * 20
    interval = anytime(shares)

    def mean_wealth(values, mean):
        bets = [math.prod(1 + bet * (x / mean - 1) for x in values) for bet in BETS]
        return sum(bets) / len(bets)

    # Each side may use up half of 5 %: its wealth has to reach 1 / 0.025.
    assert mean_wealth(shares, interval.low) == pytest.approx(40, rel=1e-5)
    flipped = [1 - share for share in shares]
    assert mean_wealth(flipped, 1 - interval.high) == pytest.approx(40, rel=1e-5)


@given(mean=st.floats(0.01, 0.99), middle=st.floats(0.02, 0.98))
def test_nobody_gets_rich_on_average_by_betting_against_the_true_mean(mean, middle):
    # All 3^3 outcomes of three episodes that score 0, `middle` or 1, with probabilities that
    # give this mean: the expected wealth of every bet is exactly its stake.
    top = mean / 2
    half = min((mean - top) / middle, 1 - top)
    mean = top + half * middle
    points = {0.0: 1 - top - half, middle: half, 1.0: top}
    expected = sum(
        points[a] * points[b] * points[c]
        * np.exp(log_wealth(np.array([a, b, c]), np.ones(3, np.int64), mean))
        for a in points
        for b in points
        for c in points
    )  # fmt: skip

    assert expected == pytest.approx(np.ones(BETS.size), rel=1e-9)


def test_class_influence_is_what_a_class_moves():
    # Classes of accuracy 1.2, 0.6 and 0 (were that possible), an episode of two scores their mean.
    classes = np.array([[0, 1], [2, 0], [1, 2]])

    influence = class_influence(np.array([0.9, 0.6, 0.3]), classes)

    assert influence == pytest.approx([0.6, 0, -0.6])


def test_class_bootstrap_is_wide_where_classes_differ_and_repeats_by_seed(make_result):
    # Classes of 12: those up to 3 are never answered rightly, all others always.
    plain = make_result(0.99999, n_episodes=400)
    hard = plain.classes < 4
    predictions = plain.predictions.copy().reshape(400, 5, 15)
    predictions[hard] = (predictions[hard] + 1) % 5
    predictions = predictions.reshape(400, -1)
    correct = (15 * (~hard).sum(axis=1)).astype(np.int32)
    result = make_result(
        n_episodes=400, classes=plain.classes, predictions=predictions, correct=correct
    )

    interval = class_bootstrap(result)

    # The true spread: the mean of 12 draws of a class that is hard with probability 1 / 3.
    error = math.sqrt(1 / 3 * 2 / 3 / 11)
    assert (interval.high - interval.low) / 2 == pytest.approx(2.2 * error, rel=0.15)
    assert interval.half_width > 5 * episodes_t(result.accuracies).half_width
    assert (interval.kind, interval.n) == ("open-bootstrap", 12)
    assert class_bootstrap(result) == interval
    assert class_bootstrap(result, seed=1) != interval


def test_class_bootstrap_without_class_effects_is_about_as_wide_as_the_episodes(
    make_result,
):
    result = make_result(0.8, n_episodes=2000)

    ratio = (
        class_bootstrap(result).half_width / episodes_t(result.accuracies).half_width
    )

    assert 0.9 < ratio < 2


def test_image_variance_is_that_of_redrawing_the_query_images(make_result):
    result = make_result(0.7, n_episodes=60)
    rng = np.random.default_rng(3)
    images = rng.integers(20, size=result.predictions.shape)
    hits = result.hits.reshape(60, 5, 15)
    means = []
    for _ in range(2000):
        shares = []
        for c in range(12):
            own = result.classes == c
            asked, right = (
                images.reshape(60, 5, 15)[own].reshape(-1),
                hits[own].reshape(-1),
            )
            times = np.bincount(rng.integers(20, size=20), minlength=20)[asked]
            shares.append((times * right).sum() / times.sum())
        means.append(np.mean(shares))

    # 2,000 resamples know a variance to 3 %, the ratio within a class is linearised.
    assert image_variance(result, images) == pytest.approx(np.var(means), rel=0.15)
    assert (
        class_bootstrap(result, images).half_width > class_bootstrap(result).half_width
    )


def test_turned_copies_of_a_class_are_drawn_with_it(make_result):
    names = np.array([f"a/rotor{c % 3}/rot{90 * (c // 3):03d}" for c in range(12)])
    turned = make_result(0.8, n_episodes=500, rotations=True, class_names=names)
    apart = make_result(0.8, n_episodes=500, class_names=names)

    influence = class_influence(turned.accuracies, turned.classes)

    expected = [influence[[c, c + 3, c + 6, c + 9]].mean() for c in range(3)]
    assert drawn_together(influence, turned) == pytest.approx(expected)
    assert drawn_together(influence, apart) is influence
    assert class_bootstrap(apart).n == 12
    with pytest.raises(ResultError, match="got 3"):  # no more than n_way
        class_bootstrap(turned)


def test_class_bootstrap_says_what_it_cannot_do(make_result):
    result = make_result()
    with pytest.raises(ResultError, match=r"shape \(40, 75\); got \(40, 5\)"):
        class_bootstrap(result, np.zeros((40, 5), np.int64))
    two = make_result(n_way=2, classes=np.tile(np.array([0, 1], np.uint16), (40, 1)))
    with pytest.raises(
        ResultError, match="more than n_way = 2 of them in the episodes; got 2"
    ):
        class_bootstrap(two)
