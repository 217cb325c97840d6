"""Judge the newly trained runs of one night, alone or together with all nights before."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...reports.records import RunResult
from ...reports.stats.nightly import Watch, first_possible_alarm, watch
from ...reports.stats.retraining import Retraining
from .history import LookBack
from .judge_retrained import Compared, compare_runs, measured_words, verdict_of
from .references.reference_folder import StoredReference
from .verdict import Outcome, Rules, Verdict
from .words import accuracy, points

_FIRST_LOOK = "retrained, a first look beside the spread of the reference's runs"
_NIGHT_RULE = "retrained, all nights since the reference was accepted"
_LOW_ALONE = (
    "tonight's accuracy is below what chance explains on a single night, but all nights "
    "together do not alarm yet"
)


def judge_first_look(
    new: Sequence[RunResult],
    stored: StoredReference,
    rules: Rules,
    *,
    confirming: bool = False,
) -> Verdict:
    """Judge the runs of a night by a one-sided t-test, without any earlier night.

    If the t-test fails, the verdict is "undecided" with `alarm`, and asks for a second
    seed of this date. It is "fail" only if the t-test of all runs fails as well.

    new: the result of each new run of this night, at least one
    confirming: whether the last run is that second seed
    Raises NotComparable if data, episodes or protocol differ.
    """
    compared = compare_runs(new, stored, rules)
    found = compared.found
    alarm = found.failed or confirming
    outcome: Outcome = "pass"
    words = "first look"
    if found.failed and confirming:
        outcome = "fail"
        words = f"first look: a drop, confirmed by {found.n_new} runs of this date"
    elif confirming:
        outcome = "undecided"
        words = "first look: a drop, but the run with another seed did not confirm it"
    elif found.failed:
        outcome = "undecided"
        words = "first look: a drop; a second seed of this date decides"
    elif found.improved:
        outcome = "improved"
    reason = f"{words}; {measured_words(compared)}. {_single_look(found)}"
    verdict = verdict_of(outcome, _FIRST_LOOK, reason, compared)
    return replace(verdict, alarm=alarm)


def judge_night(
    new: Sequence[RunResult], stored: StoredReference, rules: Rules, past: LookBack
) -> Verdict:
    """Judge the runs of a night together with all nights since the reference was accepted.

    The first run of each night counts in the e-value. If the e-value reaches 1 / alpha, the
    verdict has `alarm`. With a single new run it is then "undecided", and asks for a second
    seed of this date. With several new runs it fails if their t-test fails as well. Without
    an alarm it is "undecided" if the t-test of this night fails.

    new: the result of each new run of this night, at least one
    past: what the history says
    Raises NotComparable if data, episodes or protocol differ.
    """
    compared = compare_runs(new, stored, rules, past.tonight)
    first = past.tonight.get(new[0].train_seed, new[0].mean)
    accuracies = [*past.earlier, first]
    references = stored.reference.accuracies
    low = watch(references, accuracies, rules.alpha)
    high = watch(_mirrored(references), _mirrored(accuracies), rules.alpha)
    outcome, evidence = _night_outcome(low, high, compared.found)
    reason = f"{evidence}; {measured_words(compared)}. {_single_look(compared.found)}"
    verdict = verdict_of(outcome, _NIGHT_RULE, reason, compared)
    remarks = (*verdict.remarks, *_night_remarks(compared, past))
    return replace(verdict, remarks=remarks, e_value=low.e_value, alarm=low.alarm)


def _night_outcome(low: Watch, high: Watch, found: Retraining) -> tuple[Outcome, str]:
    """Return the outcome of a night, and the words for its evidence.

    low, high: the evidence of all nights for a drop and for a rise
    """
    n_nights = low.e_values.size
    limit = 1 / low.alpha
    nights = "1 night" if n_nights == 1 else f"{n_nights} nights"
    evidence = f"e-value {low.e_value:.3g} after {nights} (alarm at {limit:.4g})"
    if not low.alarm and found.failed:
        return "undecided", f"{_LOW_ALONE}: {evidence}"
    if not low.alarm:
        return ("improved" if high.alarm else "pass"), evidence
    if found.n_new == 1:
        return "undecided", f"alarm, {evidence}: a second seed of this date decides"
    if found.failed:
        return (
            "fail",
            f"alarm, {evidence}, confirmed by {found.n_new} runs of this date",
        )
    return "undecided", f"alarm, {evidence}, not confirmed by {found.n_new} runs"


def _mirrored(accuracies: Sequence[float]) -> list[float]:
    """Return the shares of wrong answers, which drop if accuracies rise."""
    return [1 - accuracy for accuracy in accuracies]


def _single_look(found: Retraining) -> str:
    return (
        f"On a single look, a drop of more than {points(found.alarm)} would be beyond "
        f"chance"
    )


def _night_remarks(compared: Compared, past: LookBack) -> Iterator[str]:
    if not past.earlier:
        yield "First night: no earlier night is known since the reference was accepted"
    if past.tonight:
        first = next(iter(past.tonight.values()))
        yield (
            f"this date is in the history already; its first accuracy, "
            f"{accuracy(first)}, counts"
        )
    n_reference = compared.found.n_reference
    first_alarm = first_possible_alarm(n_reference, compared.rules.alpha)
    if len(past.earlier) + 1 < first_alarm:
        yield (
            f"With {n_reference} reference runs, no drop can alarm before night "
            f"{first_alarm}"
        )
