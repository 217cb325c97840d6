"""Watch one accuracy night after night, without more false alarms for looking often.

A test that is repeated every night alarms sooner or later. Here the evidence of all
nights is one number, the e-value: how much better "it dropped on some night" explains the
accuracies than "nothing changed" does. If nothing changed, the probability that the
e-value ever reaches 1 / alpha is at most alpha, however many nights are looked at
(Ville 1939).

Every new run counts, however many a night has. That number may depend on all earlier
runs: for instance, a second run may be trained only because the first was low. The bound
still holds as long as nothing but chance makes the new run differ from the earlier ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import gammaln

from ..records import ResultError
from .arrays import FloatArray
from .retraining import FEWEST_REFERENCES

# The drops that are considered, in standard deviations between runs, in equal shares.
_DROPS = np.array([0.5, 1.0, 2.0, 4.0])
# The grid of the integral over the standard deviation, in widths of the integrand.
_STEP = 0.5
_GRID = np.arange(-9, 9 + _STEP, _STEP)
_LARGEST_EXPONENT = 700.0
_HUGE_DROP = 1e6
_TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Watch:
    """What the runs since a reference was accepted say together.

    e_values: the e-value after each run: float64 (n_runs,)
    alpha: the risk of ever giving a false alarm while this reference stands
    """

    e_values: FloatArray
    alpha: float

    @property
    def alarm(self) -> bool:
        """Whether the e-value after the last run is at least 1 / alpha."""
        return self.e_value >= 1 / self.alpha

    @property
    def e_value(self) -> float:
        """The e-value after the last run; 1 if there was no run."""
        return float(self.e_values[-1]) if self.e_values.size else 1.0


def watch(
    reference: Sequence[float], runs: Sequence[float], alpha: float = 0.05
) -> Watch:
    """Return the e-value after each run; see `e_value`."""
    values = []
    for n in range(1, len(runs) + 1):
        values.append(e_value(reference, runs[:n]))
    return Watch(np.array(values), alpha)


def e_value(reference: Sequence[float], runs: Sequence[float]) -> float:
    """Return the evidence of all runs for a drop.

    The runs are taken as normal with one unknown mean and one unknown standard deviation,
    as long as nothing changed. A drop may begin with any run: run k has the weight
    1 / (k (k + 1)). The e-value is a ratio of likelihoods of what remains of the
    accuracies if nobody knows their scale and zero, so both unknowns cancel.

    reference: the accuracies of the accepted reference runs, at least 3
    runs: the accuracy of each new run, in order
    Source: Pérez-Ortiz, Lardy, de Heide and Grünwald, E-statistics, group invariance and
    anytime-valid testing (Ann. Statist. 2024).
    Raises ResultError if there are too few reference runs, or if all are equal.
    """
    references = np.asarray(reference, np.float64)
    if references.size < FEWEST_REFERENCES or not np.ptp(references):
        raise ResultError(
            f"cannot watch an accuracy: expected at least {FEWEST_REFERENCES} reference "
            f"runs that are not all equal, got {references.size} runs. Train more "
            f"reference runs"
        )
    news = np.asarray(runs, np.float64)
    return _e_value(references, news) if news.size else 1.0


def is_judged_alone(
    n_earlier: int, n_tonight: int, n_reference: int, alpha: float
) -> bool:
    """Return whether a night is judged by its own t-test, and not by the e-value.

    It is as long as no drop can alarm, and on the first night.

    n_earlier, n_tonight: the number of runs before this night, and of this night
    n_reference, alpha: as in `first_possible_alarm`
    """
    n_runs = n_earlier + n_tonight
    return not n_earlier or n_runs < first_possible_alarm(n_reference, alpha)


@cache
def first_possible_alarm(n_reference: int, alpha: float) -> int:
    """Return how many runs it takes until a drop can alarm, however large it is.

    n_reference: the number of reference runs, at least 3
    alpha: as in `watch`
    """
    # The e-value grows with the drop towards a limit. Here the limit is nearly reached,
    # and the references' own values no longer matter.
    references = np.linspace(0, 1, n_reference)
    n = 1
    while _e_value(references, np.full(n, -_HUGE_DROP)) < 1 / alpha:
        n += 1
    return n


def _e_value(references: FloatArray, runs: FloatArray) -> float:
    """Return the weighted mean of the likelihood ratios over all starts and drops."""
    accuracies = np.concatenate([references, runs])
    n = accuracies.size
    centred = accuracies - accuracies.mean()
    length = np.sqrt(centred @ centred)
    starts = np.arange(1, runs.size + 1)
    # Entry k - 1 is about a drop that began with run k and has lasted until now.
    lean = -_sums_from_each_run(centred, runs.size) / length
    n_low = runs.size + 1 - starts
    n_high = n - n_low
    shift = n_low * n_high / n
    ratios = _likelihood_ratios(lean, shift, n - 1)
    weights = 1 / (starts * (starts + 1))
    later = 1 / (runs.size + 1)  # the weight of a drop that begins with a later run
    mean = weights @ ratios + later
    return float(mean)


def _sums_from_each_run(centred: FloatArray, n_runs: int) -> FloatArray:
    """Return the sum of the values from each run to the last: float64 (n_runs,)"""
    of_runs = centred[-n_runs:]
    backwards = np.cumsum(of_runs[::-1])
    return backwards[::-1]


def _likelihood_ratios(lean: FloatArray, shift: FloatArray, df: int) -> FloatArray:
    """Return the likelihood ratio of each start, averaged over the drops: float64 (n,)

    Each is the mean of exp(drop * lean * r - drop**2 * shift / 2) over a number r that is
    chi-distributed with `df` degrees of freedom.

    lean: float64 (n,) how far the later runs lie below the others
    shift: float64 (n,) how far a drop of one standard deviation would put them
    """
    # Axes: the start, the drop, the point of the grid.
    drops = _DROPS[:, None]
    tilt = lean[:, None, None] * drops
    cost = shift[:, None, None] * drops**2 / 2
    # The integrand is nearly a bell. Its peak and width follow from two derivatives.
    power = df - 1
    root = np.sqrt(tilt**2 + 4 * power)
    peak = (tilt + root) / 2
    width = 1 / np.sqrt(1 + power / peak**2)
    r = peak + width * _GRID
    positive = np.maximum(r, _TINY)
    log_chi = power * np.log(positive) - r**2 / 2
    exponent = log_chi + tilt * r - cost - _log_norm(df)
    bounded = np.minimum(exponent, _LARGEST_EXPONENT)
    values = np.where(r > 0, np.exp(bounded), 0)
    integrals = (values * width * _STEP).sum(axis=-1)
    return integrals.mean(axis=1)


def _log_norm(df: int) -> float:
    """Return the logarithm of the integral of r**(df - 1) * exp(-r**2 / 2)."""
    half = df / 2
    powers_of_two = (half - 1) * np.log(2)
    log_norm = powers_of_two + gammaln(half)
    return float(log_norm)
