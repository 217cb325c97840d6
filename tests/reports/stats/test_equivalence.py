import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fewbench.reports.records import ResultError
from fewbench.reports.stats.equivalence import reproduced
from fewbench_tests.made_results import with_correct


def test_reproduced_agrees_with_a_hand_calculation(make_result):
    result = with_correct(make_result, [6, 8, 5, 9])
    # Mean 0.7, standard error sqrt(0.1 / 3 / 4); 95 % quantile of T with 3 degrees of freedom.
    error, t = math.sqrt(0.1 / 12), 2.3533634348018264

    found = reproduced(result, 0.68, 0.3)

    assert found.difference == pytest.approx(0.02)
    assert found.low == pytest.approx(0.02 - t * error)
    assert found.high == pytest.approx(0.02 + t * error)
    x = (0.3 - 0.02) / error / math.sqrt(3)
    assert found.p_value == pytest.approx(
        1 / 2 - (math.atan(x) + x / (1 + x * x)) / math.pi, rel=1e-9
    )
    assert found.verdict == "reproduced"


def test_a_published_half_width_counts_as_a_normal_standard_error(make_result):
    result = make_result(0.8, n_episodes=600)
    own = result.accuracies.std(ddof=1) / math.sqrt(600)

    found = reproduced(result, 0.8, 0.02, published_half_width=1.96 * own)
    alone = reproduced(result, 0.8, 0.02)

    # Welch and Satterthwaite: 599 * (2 own^2)^2 / own^4 degrees of freedom.
    half = stats.t.ppf(0.95, 599 * 4) * math.sqrt(2) * own
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=1e-9)
    assert found.difference == alone.difference
    assert found.p_value > alone.p_value


@given(
    published=st.floats(0.3, 1), margin=st.floats(0.001, 0.5), level=st.floats(0.6, 0.99),
    half_width=st.none() | st.floats(0, 0.1),
)  # fmt: skip
def test_the_verdict_is_what_the_interval_shows(
    make_result, published, margin, level, half_width
):
    found = reproduced(make_result(0.8), published, margin, level, half_width)

    if found.verdict == "reproduced":
        assert -margin <= found.low + 1e-9
        assert found.high - 1e-9 <= margin
        assert found.p_value <= 1 - level
    elif found.verdict == "not reproduced":
        assert found.low > margin or found.high < -margin
        assert found.p_value > 0.5
    else:
        border = min(abs(found.low - side) for side in (margin, -margin))
        inside = found.low <= margin <= found.high or found.low <= -margin <= found.high
        assert inside or border < 1e-9


def test_at_the_border_of_the_margin_the_risk_is_what_it_says(make_result):
    # The true accuracy is 1 point below the published one, with a margin of 1 point.
    rng = np.random.default_rng(1)
    runs = rng.binomial(10, 0.8, (2000, 50))
    verdicts = [
        reproduced(with_correct(make_result, run), 0.81, 0.01).verdict for run in runs
    ]
    wide = [
        reproduced(with_correct(make_result, run), 0.9, 0.1).verdict for run in runs
    ]

    # Too few episodes for a margin this narrow: never claimed, never denied more than 5 %.
    assert verdicts.count("reproduced") == 0
    # Four standard errors of 5 % over 2,000 runs are 2 points.
    assert verdicts.count("not reproduced") / 2000 < 0.07
    assert wide.count("reproduced") / 2000 == pytest.approx(0.05, abs=0.02)
    assert wide.count("not reproduced") / 2000 == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    ("published", "margin", "half_width", "complaint"),
    [
        (98.8, 0.01, None, "published mean.*Divide percentages"),
        (0.988, 1.0, None, "margin.*Divide percentages"),
        (0.988, 0, None, "margin"),
        (0.988, float("nan"), None, "margin"),
        (0.988, 0.01, 0.0 - 1, "half-width"),
        (0.988, 0.01, 2, "half-width.*Divide percentages"),
    ],
)
def test_percentages_are_refused_where_fractions_belong(
    make_result, published, margin, half_width, complaint
):
    with pytest.raises(ResultError, match=complaint):
        reproduced(make_result(), published, margin, published_half_width=half_width)


def test_perfect_episodes_reproduce_only_what_they_are_many_enough_for(make_result):
    def verdict(n, published, half_width=None):
        found = reproduced(
            with_correct(make_result, [10] * n), published, 0.01, 0.95, half_width
        )
        if found.verdict == "reproduced":
            assert found.low >= -0.01
            assert found.high <= 0.01
            assert found.p_value <= 0.05
        assert found.difference == pytest.approx(1 - published)
        return found.verdict

    assert verdict(2, 0.999) == "undecided"
    assert verdict(2000, 0.999) == "reproduced"
    assert verdict(2000, 0.999, 0.012) == "undecided"
    assert verdict(2000, 0.9) == "not reproduced"
    assert verdict(2000, 0.9, 0.2) == "undecided"
