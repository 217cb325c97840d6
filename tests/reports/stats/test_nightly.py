import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from fewbench.reports.records import ResultError
from fewbench.reports.stats.nightly import first_possible_alarm, watch

REFERENCE = [0.5, 0.51, 0.505, 0.495, 0.49]
DROPS = (0.5, 1, 2, 4)


def density(values: list[float], shifts: np.ndarray) -> float:
    """The density of values, up to a factor: normal, shifted, with a flat mean and log sd."""

    def at(log_sd: float) -> float:
        sd = np.exp(log_sd)
        moved = np.array(values) - shifts * sd
        squares = ((moved - moved.mean()) ** 2).sum()
        return sd ** (1 - len(values)) * np.exp(-squares / sd**2 / 2)

    middle = np.log(np.std(values))
    return quad(at, middle - 4, middle + 6, limit=200)[0]


def test_one_night_agrees_with_an_integral_over_mean_and_deviation() -> None:
    values = [*REFERENCE, 0.47]
    before = density(values, np.zeros(6))
    ratios = []
    for drop in DROPS:
        shifts = np.zeros(6)
        shifts[-1] = -drop
        ratios.append(density(values, shifts) / before)

    # Half of the weight is on a drop on the first night, and half on later ones.
    assert watch(REFERENCE, [0.47]).e_value == pytest.approx(
        0.5 * np.mean(ratios) + 0.5, rel=1e-4
    )


def test_two_nights_agree_with_the_integral() -> None:
    values = [*REFERENCE, 0.5, 0.47]
    before = density(values, np.zeros(7))
    expected = 1 / 3
    for start, weight in ((5, 1 / 2), (6, 1 / 6)):
        for drop in DROPS:
            shifts = np.where(np.arange(7) >= start, -drop, 0.0)
            expected += weight * density(values, shifts) / before / len(DROPS)

    assert watch(REFERENCE, [0.5, 0.47]).e_value == pytest.approx(expected, rel=1e-4)


@settings(max_examples=30)
@given(
    scale=st.floats(0.1, 1.5),
    shift=st.floats(-0.1, 0.1),
    nights=st.lists(st.floats(0.4, 0.6), min_size=1, max_size=5),
)
def test_zero_and_scale_of_accuracies_do_not_matter(scale, shift, nights) -> None:
    def moved(values: list[float]) -> list[float]:
        return [shift + scale * value for value in values]

    found = watch(moved(REFERENCE), moved(nights)).e_values

    assert found == pytest.approx(watch(REFERENCE, nights).e_values, rel=1e-6)


def test_the_e_value_is_1_on_average_if_nothing_changes() -> None:
    rng = np.random.default_rng(1)
    values = [
        watch(list(rng.normal(0.5, 0.01, 3)), list(rng.normal(0.5, 0.01, 2))).e_value
        for _ in range(800)
    ]

    assert abs(np.mean(values) - 1) < 4 * stats.sem(values)


def test_alarms_are_rare_however_many_nights_are_looked_at() -> None:
    rng = np.random.default_rng(4)
    n = 30
    alarms = 0
    for _ in range(n):
        nights = rng.normal(0.5, 0.01, 30)
        found = watch(list(rng.normal(0.5, 0.01, 10)), list(nights), alpha=0.1)
        alarms += bool((found.e_values >= 10).any())

    assert alarms <= stats.binom.ppf(0.9999, n, 0.1)


def test_a_drop_is_seen_soon_even_after_quiet_nights() -> None:
    rng = np.random.default_rng(6)
    quiet = list(rng.normal(0.5, 0.01, 60))
    low = list(rng.normal(0.46, 0.01, 6))
    reference = list(rng.normal(0.5, 0.01, 10))

    found = watch(reference, quiet + low)

    assert (found.e_values[:60] < 20).all()
    assert found.alarm
    assert found.e_value > 1000
    assert not watch(reference, quiet).alarm


def test_many_nights_do_not_overflow() -> None:
    found = watch(REFERENCE, [0.3] * 150)

    assert np.isfinite(found.e_values).all()
    assert found.alarm


def test_without_nights_there_is_no_evidence() -> None:
    found = watch(REFERENCE, [])

    assert (found.e_value, found.alarm, found.e_values.shape) == (1.0, False, (0,))


@pytest.mark.parametrize("reference", [[0.5, 0.6], [0.5, 0.5, 0.5]])
def test_references_without_a_spread_are_refused(reference) -> None:
    with pytest.raises(ResultError, match="at least 3 reference runs"):
        watch(reference, [0.5])


@pytest.mark.parametrize(("n_reference", "night"), [(3, 3), (4, 2), (5, 1), (10, 1)])
def test_the_first_night_on_which_a_drop_can_alarm(n_reference, night) -> None:
    reference = list(np.random.default_rng(n_reference).normal(0.5, 0.01, n_reference))
    found = watch(reference, [-1e4] * night).e_values

    assert first_possible_alarm(n_reference, 0.05) == night
    assert (found[:-1] < 20).all()
    assert found[-1] >= 20


def test_a_smaller_alpha_makes_the_first_alarm_later() -> None:
    assert first_possible_alarm(3, 0.05) < first_possible_alarm(3, 0.005)
