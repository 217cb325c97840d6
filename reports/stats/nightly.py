"""Watch one accuracy night after night, without more false alarms for looking often.

A test that is repeated every night alarms sooner or later. Here the evidence of all
nights is one number, the e-value: how much better "it dropped" explains the accuracies
than "nothing changed" does. If nothing changed, the e-value ever reaches 1 / alpha with a
probability of at most alpha, however many nights are looked at (Ville 1939).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import gammaincinv

from ..records import ResultError
from .arrays import FloatArray
from .retraining import FEWEST_REFERENCES

# The drops that are considered, in standard deviations between runs. Equal shares.
_DROPS = np.array([0.5, 1.0, 2.0, 4.0])
# Points of the quadrature over the standard deviation.
_POINTS = 400


@dataclass(frozen=True)
class Watch:
    """What the nights since a reference was accepted say together.

    e_values: the e-value after each night: float64 (n_nights,)
    alpha: the risk of ever giving a false alarm
    """

    e_values: FloatArray
    alpha: float

    @property
    def alarm(self) -> bool:
        """Whether the e-value has ever reached 1 / alpha."""
        return bool((self.e_values >= 1 / self.alpha).any())

    @property
    def e_value(self) -> float:
        """The e-value after the last night; 1 if there was none."""
        return float(self.e_values[-1]) if self.e_values.size else 1.0


def watch(
    reference: Sequence[float], nights: Sequence[float], alpha: float = 0.05
) -> Watch:
    """Return the e-value after each night.

    Accuracies of runs are taken as normal with an unknown mean and standard deviation. The
    e-value is a ratio of likelihoods of their maximal invariant under shift and scale, in
    which both unknowns cancel. The drop begins with the first night.

    reference: the accuracies of the accepted reference runs, at least 3
    nights: the accuracy of each night's new run, in order
    Source: Perez-Ortiz, Lardy, de Heide and Grünwald, E-statistics, group invariance and
    anytime-valid testing (Ann. Statist. 2024).
    Raises ResultError if there are too few reference runs, or if all are equal.
    """
    references = np.asarray(reference, np.float64)
    if references.size < FEWEST_REFERENCES or not references.std():
        raise ResultError(
            f"cannot watch: expected at least {FEWEST_REFERENCES} reference runs that "
            f"are not all equal, got {references.size}. Train more reference runs"
        )
    values: list[float] = []
    for n in range(1, len(nights) + 1):
        values.append(_e_value(references, np.asarray(nights[:n], np.float64)))
    return Watch(np.array(values), alpha)


def _e_value(references: FloatArray, nights: FloatArray) -> float:
    """Return the mean likelihood ratio over the drops that are considered."""
    accuracies = np.concatenate([references, nights])
    is_new = np.arange(accuracies.size) >= references.size
    centred = accuracies - accuracies.mean()
    pattern = is_new - is_new.mean()
    spread = np.sqrt(centred @ centred)
    # How strongly the new runs are below the others, from -1 to 1 times sqrt(shift).
    lean = -(pattern @ centred) / spread
    shift = pattern @ pattern
    scales = _chi_points(accuracies.size - 1)
    ratios = [
        np.exp(drop * lean * scales - shift * drop**2 / 2).mean() for drop in _DROPS
    ]
    return float(np.mean(ratios))


@cache
def _chi_points(df: int) -> FloatArray:
    """Return equally probable values of a chi-distributed number: float64 (_POINTS,)"""
    shares = (np.arange(_POINTS) + 0.5) / _POINTS
    return np.sqrt(2 * gammaincinv(df / 2, shares))
