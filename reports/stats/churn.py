"""Count the predictions in which two results on the same episodes differ."""

from dataclasses import dataclass

import numpy as np

from ..records import RunResult


@dataclass(frozen=True)
class Churn:
    """How many predictions of two results `a` and `b` differ.

    n: number of predictions in each result
    n_changed: number of predictions that differ
    right_to_wrong: number of queries that `a` answers right and `b` wrong
    wrong_to_right: number of queries that `a` answers wrong and `b` right
    """

    n: int
    n_changed: int
    right_to_wrong: int
    wrong_to_right: int

    @property
    def share(self) -> float:
        """The fraction of the predictions that differ."""
        return self.n_changed / self.n

    @property
    def both_wrong(self) -> int:
        """The number of queries that both answer wrong, but differently."""
        return self.n_changed - self.right_to_wrong - self.wrong_to_right

    def __str__(self) -> str:
        """Say what changed from `a` to `b`."""
        lost = f"{self.right_to_wrong:,} right to wrong"
        gained = f"{self.wrong_to_right:,} wrong to right"
        return self._said(lost, gained)

    def between(self, first: int, second: int) -> str:
        """Say what differs between two results, of which neither is the newer.

        first, second: the numbers of `a` and `b` in a table
        """
        only_first = f"{self.right_to_wrong:,} right only in {first}"
        only_second = f"{self.wrong_to_right:,} right only in {second}"
        return self._said(only_first, only_second)

    def _said(self, only_a: str, only_b: str) -> str:
        differ = f"{self.n_changed:,} of {self.n:,} predictions differ"
        if not self.n_changed:
            return differ
        share = percent(self)
        both_wrong = f"{self.both_wrong:,} wrong in both"
        return f"{differ} ({share}): {only_a}, {only_b}, {both_wrong}"


def churn(a: RunResult, b: RunResult) -> Churn:
    """Compare the predictions of two results on the same episodes, one by one."""
    differ = (a.predictions != b.predictions).reshape(a.hits.shape)
    return Churn(
        n=a.predictions.size,
        n_changed=int(np.count_nonzero(differ)),
        right_to_wrong=int(np.count_nonzero(a.hits & differ)),
        wrong_to_right=int(np.count_nonzero(b.hits & differ)),
    )


def percent(found: Churn) -> str:
    """Return the share of the predictions that differ in percent, such as "5.48 %"."""
    share = 100 * found.share
    if 0 < share < 0.005:
        return "< 0.01 %"
    return f"{share:.2f} %"


def other_probabilities(a: RunResult, b: RunResult) -> bool:
    """Return whether the probabilities of two results are known to differ.

    A result holds only their calibration table. Without a table, nothing is known.
    """
    if a.calibration is None or b.calibration is None:
        return False
    return not np.array_equal(a.calibration, b.calibration)
