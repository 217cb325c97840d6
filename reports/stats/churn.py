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
        differ = f"{self.n_changed:,} of {self.n:,} predictions differ"
        if not self.n_changed:
            return differ
        return (
            f"{differ} ({percent(self)}): {self.right_to_wrong:,} right to wrong, "
            f"{self.wrong_to_right:,} wrong to right, {self.both_wrong:,} wrong in both"
        )


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
