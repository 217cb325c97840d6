"""Compare how often retrained runs were red with the power that the guard prints."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import nctdtr, stdtrit
from scipy.stats import binom, binomtest

from fewbench.reports.stats.retraining import worse_than

ALPHA = 0.05
N_REFERENCES = 10
N_REDRAWN = 2000
LEVEL = 0.95


class Interval(NamedTuple):
    low: float
    high: float


@dataclass(frozen=True)
class Promise:
    """The power for a true drop, and how often runs with this drop were red.

    All accuracies are fractions.

    drop: the mean of all unchanged runs minus the mean of the runs with the defect
    in_spreads: the drop divided by the standard deviation of the unchanged runs
    spread: the standard deviation of the runs with the defect
    power: the power for this drop, from the spread that the guard prints
    n_red: the number of red runs
    expected: the numbers of red runs between which 95 % of cases lie for this power
    fair_power: the power from the spread of all unchanged runs
    fair_share: the share of red runs, over many references drawn from unchanged runs
    """

    drop: float
    in_spreads: float
    spread: float
    power: float
    n_red: int
    n: int
    expected: Interval
    fair_power: float
    fair_share: float

    @property
    def is_kept(self) -> bool:
        low, high = self.expected
        return low <= self.n_red <= high


def power_for(drop: float, spread: float, n_reference: int = N_REFERENCES) -> float:
    """Return the chance that one new run is red, for a true drop.

    It is the function behind the visible drop of `worse_than`.
    """
    df = n_reference - 1
    error = spread * np.sqrt(1 + 1 / n_reference)
    critical = -stdtrit(df, ALPHA)
    return float(1 - nctdtr(df, drop / error, critical))


def red_share(runs: np.ndarray, reference: np.ndarray) -> float:
    """Return the share of runs that are red, each alone, beside reference runs."""
    alarm = worse_than(runs[:1], reference, ALPHA).alarm
    return float(np.mean(reference.mean() - runs > alarm))


def promise(
    runs: Sequence[float],
    n_red: int,
    reference: Sequence[float],
    unchanged: Sequence[float],
) -> Promise:
    """Compare the red runs of a defect with the power for its drop.

    runs: the accuracies of the runs with the defect
    n_red: how many of them the guard called red, each alone
    reference: the accuracies of the reference runs
    unchanged: the accuracies of all runs without a defect, with those of the reference
    """
    accuracies = np.array(runs)
    every = np.array(unchanged)
    drop = float(every.mean() - accuracies.mean())
    spread = float(every.std(ddof=1))
    power = power_for(drop, float(np.std(reference, ddof=1)))
    n = len(runs)
    redrawn = [red_share(accuracies, some) for some, _ in redraws(every)]
    return Promise(
        drop=drop,
        in_spreads=drop / spread,
        spread=float(accuracies.std(ddof=1)),
        power=power,
        n_red=n_red,
        n=n,
        expected=Interval(*binom.interval(LEVEL, n, power)),
        fair_power=power_for(drop, spread),
        fair_share=float(np.mean(redrawn)),
    )


def redraws(unchanged: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Draw reference runs from unchanged runs many times: these, and all others."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(N_REDRAWN):
        order = rng.permutation(len(unchanged))
        chosen, others = order[:N_REFERENCES], order[N_REFERENCES:]
        drawn.append((unchanged[chosen], unchanged[others]))
    return drawn


@dataclass(frozen=True)
class FalseAlarms:
    """How often unchanged runs were red.

    share, interval: beside the reference runs, with its 95 % interval
    fair_share: the mean share over many references drawn from all unchanged runs
    fair_range: the shares between which 90 % of these references lie
    """

    n_red: int
    n: int
    interval: Interval
    fair_share: float
    fair_range: Interval


def false_alarms(
    n_red: int, n: int, reference: Sequence[float], unchanged: Sequence[float]
) -> FalseAlarms:
    """Count false alarms.

    n_red, n: how many of the unchanged runs the guard called red, and their number
    reference, unchanged: the accuracies of the reference runs and of the other runs
    """
    exact = binomtest(n_red, n).proportion_ci(LEVEL)
    every = np.array([*reference, *unchanged])
    shares = [red_share(others, some) for some, others in redraws(every)]
    return FalseAlarms(
        n_red=n_red,
        n=n,
        interval=Interval(exact.low, exact.high),
        fair_share=float(np.mean(shares)),
        fair_range=Interval(*np.quantile(shares, [0.05, 0.95])),
    )
