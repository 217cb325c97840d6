"""Judge newly trained runs beside the spread of the reference's runs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from fewbench.errors import UserError

from ...reports.records import RunResult
from ...reports.stats.nightly import Watch, watch
from ...reports.stats.retraining import ENOUGH_REFERENCES, Retraining, worse_than
from .comparable import check_comparable
from .references.reference_folder import StoredReference
from .verdict import Outcome, Rules, Verdict
from .words import accuracy, points

_RULE = "retrained, beside the spread of the reference's runs"
_NIGHT_RULE = "retrained, all nights since the reference was accepted"


def judge_retrained(
    new: Sequence[RunResult], stored: StoredReference, rules: Rules
) -> Verdict:
    """Judge by a one-sided t-test whether newly trained runs became worse.

    new: the result of each new run, at least one
    Raises NotComparable if data, episodes or protocol differ.
    """
    found = _compared(new, stored, rules)
    outcome: Outcome = "pass"
    if found.failed:
        outcome = "fail"
    elif found.improved:
        outcome = "improved"
    return _verdict(outcome, _RULE, _reason(found, stored), found, new, stored)


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
    found = _compared(new, stored, rules)
    accuracies = [*nights, new[0].mean]
    references = stored.reference.accuracies
    low = watch(references, accuracies, rules.alpha)
    high = watch(_mirrored(references), _mirrored(accuracies), rules.alpha)
    outcome, evidence = _night_outcome(low, high, found)
    reason = f"{evidence}; {_reason(found, stored)}"
    verdict = _verdict(outcome, _NIGHT_RULE, reason, found, new, stored)
    if not nights:
        remark = (
            "First look: no earlier night is known since the reference was accepted"
        )
        verdict = replace(verdict, remarks=(*verdict.remarks, remark))
    return replace(verdict, e_value=low.e_value, alarm=low.alarm)


def _compared(
    new: Sequence[RunResult], stored: StoredReference, rules: Rules
) -> Retraining:
    """Compare new runs with the reference's runs by a t-test."""
    for result in new:
        check_comparable(result, stored)
    if stored.reference.kind != "retrained":
        raise UserError(
            f"{stored.folder}: expected a reference of several training runs, got one of "
            f"a single run. Make one of at least 3 runs: {stored.update_command}"
        )
    seeds = [result.train_seed for result in new]
    if len(set(seeds)) < len(seeds) or not seeds:
        raise UserError(
            f"{stored.reference.key.name}: expected new runs with different training "
            f"seeds, got {seeds}. Leave out runs with a seed that is there twice"
        )
    return worse_than(
        [result.mean for result in new],
        stored.reference.accuracies,
        rules.alpha,
        rules.drop if rules.fail == "drop" else 0.0,
    )


def _night_outcome(low: Watch, high: Watch, found: Retraining) -> tuple[Outcome, str]:
    """Return the outcome of a night, and the words for its evidence.

    low, high: the evidence of all nights for a drop and for a rise
    """
    n_nights = low.e_values.size
    limit = 1 / low.alpha
    nights = "1 night" if n_nights == 1 else f"{n_nights} nights"
    evidence = f"e-value {low.e_value:.3g} after {nights} (alarm at {limit:.4g})"
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


def _reason(found: Retraining, stored: StoredReference) -> str:
    reference = stored.reference
    mean = reference.mean - found.drop
    direction = "below" if found.drop > 0 else "above"
    runs = "1 new run has" if found.n_new == 1 else f"{found.n_new} new runs have"
    return (
        f"{runs} {accuracy(mean)}, {points(found.drop)} {direction} the mean "
        f"{accuracy(reference.mean)} of {found.n_reference} reference runs (standard "
        f"deviation {points(found.spread)}). A drop of more than {points(found.alarm)} "
        f"fails; a true drop of {points(found.visible_drop)} is seen 8 times in 10"
    )


def _verdict(
    outcome: Outcome,
    rule: str,
    reason: str,
    found: Retraining,
    new: Sequence[RunResult],
    stored: StoredReference,
) -> Verdict:
    remarks = list(_remarks(found, new, stored))
    if outcome == "improved":
        remarks.append(f"To accept it: {stored.update_command}")
    return Verdict(
        outcome,
        rule,
        reason,
        difference=-found.drop,
        alarm_drop=found.alarm,
        visible_drop=found.visible_drop,
        by_test=True,
        remarks=tuple(remarks),
        facts=_facts(found, new, stored),
    )


def _facts(
    found: Retraining, new: Sequence[RunResult], stored: StoredReference
) -> dict[str, Any]:
    return {
        "accuracy": stored.reference.mean - found.drop,
        "accuracies": [result.mean for result in new],
        "train_seeds": [result.train_seed for result in new],
        "reference_accuracy": stored.reference.mean,
        "reference_accuracies": stored.reference.accuracies,
        "spread": found.spread,
        "p_value": found.p_value,
    }


def _remarks(
    found: Retraining, new: Sequence[RunResult], stored: StoredReference
) -> Iterator[str]:
    if found.n_reference < ENOUGH_REFERENCES:
        yield (
            f"The reference has {found.n_reference} runs; with {ENOUGH_REFERENCES}, "
            f"smaller drops are seen"
        )
    old_seeds = {run.train_seed for run in stored.reference.runs}
    repeated = [one.train_seed for one in new if one.train_seed in old_seeds]
    if repeated:
        listed = ", ".join(map(str, repeated))
        yield (
            f"Runs of the reference have the same training seed ({listed}), so they are "
            f"no independent runs. Train with other seeds"
        )
