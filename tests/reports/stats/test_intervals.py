import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.reports.records import ResultError
from fewbench.reports.stats.intervals import (
    Interval,
    anytime,
    episodes_t,
    legacy_z,
    open_t,
    result_interval,
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
    with pytest.raises(ResultError, match=r"0\.9, 0\.95, 0\.99, got 0\.8"):
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
    assert mirrored.half_width == pytest.approx(plain.half_width, rel=1e-6, abs=1e-12)


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
    # The exact binomial limit for 0 of n episodes: 1 - 0.025^(1 / n).
    share = 1 - 0.025 ** (1 / n)
    assert result.low == pytest.approx(value * (1 - share), rel=1e-9)
    # Three perfect episodes leave a lot open; bounds that all can trust are about log(n) / n.
    assert result.half_width > 0.5 / n


def test_an_interval_reads_in_percent():
    interval = Interval(0.98414, 0.98274, 0.98554, 0.95, "episodes-t", 600)

    assert str(interval) == "98.41 ± 0.14 %"


def test_a_result_without_an_interval_is_named(make_result):
    with pytest.raises(
        ResultError, match=r"glyphs-5w1s__protonet__seed0: cannot compute"
    ):
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
