"""Judge the same model as the reference's, on the same episodes.

There is no noise from training here: predictions are compared one by one.
"""

from ...reports.records import RunResult
from .reference_folder import StoredReference
from .verdict import Rules, Verdict

# On another machine, rounding changes a few predictions. More than this share is no rounding.
CHURN_LIMIT = 0.01


def judge_same(new: RunResult, stored: StoredReference, rules: Rules) -> Verdict:
    """Judge whether a model still answers as the reference does.

    Where the reference was made on an equal machine, every changed prediction fails, except
    if the accuracy surely rose. On another machine, the model fails if it surely became
    worse, or if more than CHURN_LIMIT of the predictions changed.
    Raises NotComparable if data, episodes or protocol differ.
    """
    raise NotImplementedError


def needs_confirmation(verdict: Verdict, stored: StoredReference) -> bool:
    """Return whether ten times the episodes should confirm a failure of `judge_same`."""
    raise NotImplementedError


def judge_ten_times(
    new: RunResult, first: Verdict, stored: StoredReference, rules: Rules
) -> Verdict:
    """Judge on ten times the episodes whether a failure of `judge_same` is confirmed.

    new: the model's result on ten times the episodes
    first: the verdict to confirm
    Raises NotComparable if data, episodes or protocol differ.
    """
    raise NotImplementedError
