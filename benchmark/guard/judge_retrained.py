"""Judge newly trained runs beside the spread of the reference's runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from fewbench.errors import UserError

from ...reports.records import RunResult
from ...reports.stats.nightly import Watch, first_possible_alarm, watch
from ...reports.stats.retraining import ENOUGH_REFERENCES, Retraining, worse_than
from .comparable import check_comparable
from .history import LookBack
from .references.reference_folder import StoredReference
from .verdict import Outcome, Rules, Verdict
from .words import accuracy, points

_RULE = "retrained, beside the spread of the reference's runs"
_FIRST_LOOK = "retrained, a first look beside the spread of the reference's runs"
_NIGHT_RULE = "retrained, all nights since the reference was accepted"
_NOT_IDENTICAL = (
    "identical predictions cannot be asked of a new training; the t-test decides"
)
_LOW_ALONE = (
    "tonight's accuracy is below what chance explains on a single night, but all nights "
    "together do not alarm yet"
)


@dataclass(frozen=True)
class _Compared:
    """New runs, their reference, and what the t-test found."""

    found: Retraining
    new: Sequence[RunResult]
    stored: StoredReference
    rules: Rules


def judge_retrained(
    new: Sequence[RunResult], stored: StoredReference, rules: Rules
) -> Verdict:
    """Judge by a one-sided t-test whether newly trained runs became worse.

    new: the result of each new run, at least one
    Raises NotComparable if data, episodes or protocol differ.
    """
    compared = _compare(new, stored, rules)
    found = compared.found
    outcome: Outcome = "pass"
    if found.failed:
        outcome = "fail"
    elif found.improved:
        outcome = "improved"
    reason = (
        f"{_measured(compared)}. A drop of more than {points(found.alarm)} fails; a true "
        f"drop of {points(found.visible_drop)} is seen 8 times in 10"
    )
    return _verdict(outcome, _RULE, reason, compared)


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
    compared = _compare(new, stored, rules)
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
    reason = f"{words}; {_measured(compared)}. {_single_look(found)}"
    verdict = _verdict(outcome, _FIRST_LOOK, reason, compared)
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
    compared = _compare(new, stored, rules, past.tonight)
    first = past.tonight.get(new[0].train_seed, new[0].mean)
    accuracies = [*past.earlier, first]
    references = stored.reference.accuracies
    low = watch(references, accuracies, rules.alpha)
    high = watch(_mirrored(references), _mirrored(accuracies), rules.alpha)
    outcome, evidence = _night_outcome(low, high, compared.found)
    reason = f"{evidence}; {_measured(compared)}. {_single_look(compared.found)}"
    verdict = _verdict(outcome, _NIGHT_RULE, reason, compared)
    remarks = (*verdict.remarks, *_night_remarks(compared, past))
    return replace(verdict, remarks=remarks, e_value=low.e_value, alarm=low.alarm)


def _compare(
    new: Sequence[RunResult],
    stored: StoredReference,
    rules: Rules,
    counted: Mapping[int, float] = MappingProxyType({}),
) -> _Compared:
    """Compare new runs with the reference's runs by a t-test.

    counted: training seed -> the accuracy that counts instead of that of the new run
    """
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
    found = worse_than(
        [counted.get(result.train_seed, result.mean) for result in new],
        stored.reference.accuracies,
        rules.alpha,
        rules.drop if rules.fail == "drop" else 0.0,
    )
    return _Compared(found, new, stored, rules)


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


def _measured(compared: _Compared) -> str:
    found = compared.found
    reference = compared.stored.reference
    mean = reference.mean - found.drop
    direction = "below" if found.drop > 0 else "above"
    runs = "1 new run has" if found.n_new == 1 else f"{found.n_new} new runs have"
    return (
        f"{runs} {accuracy(mean)}, {points(found.drop)} {direction} the mean "
        f"{accuracy(reference.mean)} of {found.n_reference} reference runs (standard "
        f"deviation {points(found.spread)})"
    )


def _single_look(found: Retraining) -> str:
    return (
        f"On a single look, a drop of more than {points(found.alarm)} would be beyond "
        f"chance"
    )


def _verdict(outcome: Outcome, rule: str, reason: str, compared: _Compared) -> Verdict:
    found = compared.found
    remarks = list(_remarks(compared))
    if outcome == "improved":
        remarks.append(f"To accept it: {compared.stored.update_command}")
    return Verdict(
        outcome,
        rule,
        reason,
        difference=-found.drop,
        alarm_drop=found.alarm,
        visible_drop=found.visible_drop,
        by_test=True,
        remarks=tuple(remarks),
        facts=_facts(compared),
    )


def _facts(compared: _Compared) -> dict[str, Any]:
    found = compared.found
    reference = compared.stored.reference
    return {
        "accuracy": reference.mean - found.drop,
        "accuracies": [result.mean for result in compared.new],
        "train_seeds": [result.train_seed for result in compared.new],
        "reference_accuracy": reference.mean,
        "reference_accuracies": reference.accuracies,
        "spread": found.spread,
        "p_value": found.p_value,
    }


def _remarks(compared: _Compared) -> Iterator[str]:
    found = compared.found
    if compared.rules.fail == "identical":
        yield _NOT_IDENTICAL
    if found.n_reference < ENOUGH_REFERENCES:
        yield (
            f"The reference has {found.n_reference} runs; with {ENOUGH_REFERENCES}, "
            f"smaller drops are seen"
        )
    old_seeds = {run.train_seed for run in compared.stored.reference.runs}
    repeated = [one.train_seed for one in compared.new if one.train_seed in old_seeds]
    if repeated:
        listed = ", ".join(map(str, repeated))
        yield (
            f"Runs of the reference have the same training seed ({listed}), so they are "
            f"no independent runs. Train with other seeds"
        )


def _night_remarks(compared: _Compared, past: LookBack) -> Iterator[str]:
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
