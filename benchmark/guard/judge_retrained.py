"""Judge newly trained runs beside the spread of the reference's runs."""

from collections.abc import Sequence

from ...reports.records import RunResult
from .reference_folder import StoredReference
from .verdict import Rules, Verdict


def judge_retrained(
    new: Sequence[RunResult], stored: StoredReference, rules: Rules
) -> Verdict:
    """Judge by a one-sided t-test whether newly trained runs became worse.

    new: the result of each new run, at least one
    Raises NotComparable if data, episodes or protocol differ.
    """
    raise NotImplementedError


def judge_night(
    new: Sequence[RunResult],
    stored: StoredReference,
    rules: Rules,
    nights: Sequence[float],
) -> Verdict:
    """Judge the runs of a night together with all nights since the reference was accepted.

    The first run of each night counts in the e-value. If the e-value reaches 1 / alpha, the
    verdict has `alarm`. With a single new run it is then "undecided", and asks for a second
    seed of this date. With several new runs it fails if their t-test fails as well.

    new: the result of each new run of this night, at least one
    nights: the accuracies of the earlier nights; see `history.earlier_accuracies`
    Raises NotComparable if data, episodes or protocol differ.
    """
    raise NotImplementedError
