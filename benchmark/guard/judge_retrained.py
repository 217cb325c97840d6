"""Judge newly trained runs beside the spread of the reference's runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fewbench.errors import UserError

from ...reports.records import RunResult
from ...reports.stats.retraining import ENOUGH_REFERENCES, Retraining, worse_than
from .comparable import check_comparable
from .references.reference_folder import StoredReference
from .verdict import Outcome, Rules, Verdict
from .words import accuracy, points

_RULE = "retrained, beside the spread of the reference's runs"
_NOT_IDENTICAL = (
    "identical predictions cannot be asked of a new training; the t-test decides"
)


@dataclass(frozen=True)
class Compared:
    """New runs, their reference, and what the t-test found.

    accuracies: the accuracy that counts, of each new run
    """

    found: Retraining
    new: Sequence[RunResult]
    stored: StoredReference
    rules: Rules
    accuracies: Sequence[float]


def judge_retrained(
    new: Sequence[RunResult], stored: StoredReference, rules: Rules
) -> Verdict:
    """Judge by a one-sided t-test whether newly trained runs became worse.

    new: the result of each new run, at least one
    Raises NotComparable if data, episodes or protocol differ.
    """
    compared = compare_runs(new, stored, rules)
    found = compared.found
    outcome: Outcome = "pass"
    if found.failed:
        outcome = "fail"
    elif found.improved:
        outcome = "improved"
    reason = (
        f"{measured_words(compared)}. A drop of more than {points(found.alarm)} fails; a true "
        f"drop of {points(found.visible_drop)} is seen 8 times in 10"
    )
    return verdict_of(outcome, _RULE, reason, compared)


def compare_runs(
    new: Sequence[RunResult],
    stored: StoredReference,
    rules: Rules,
    recorded: Mapping[int, float] = MappingProxyType({}),
) -> Compared:
    """Compare new runs with the reference's runs by a t-test.

    recorded: training seed -> its accuracy in the history; the lower one counts
    Raises NotComparable if data, episodes or protocol differ.
    Raises UserError if a seed is there twice, or the reference has a single run.
    """
    for result in new:
        check_comparable(result, stored)
    if stored.reference.kind != "retrained":
        raise UserError(
            f"{stored.folder}: expected a reference of several training runs, got one of "
            f"a single run. Make one of at least 3 runs: {stored.update_command}"
        )
    check_seeds(new, stored)
    accuracies = []
    for result in new:
        old = recorded.get(result.train_seed, result.mean)
        accuracies.append(min(old, result.mean))
    found = worse_than(
        accuracies,
        stored.reference.accuracies,
        rules.alpha,
        rules.drop if rules.fail == "drop" else 0.0,
    )
    return Compared(found, new, stored, rules, accuracies)


def check_seeds(new: Sequence[RunResult], stored: StoredReference) -> None:
    """Raise UserError if there is no run, or a training seed is there twice."""
    seeds = [result.train_seed for result in new]
    if len(set(seeds)) < len(seeds) or not seeds:
        raise UserError(
            f"{stored.reference.key.name}: expected new runs with different training "
            f"seeds, got {seeds}. Leave out runs with a seed that is there twice"
        )


def measured_words(compared: Compared) -> str:
    """Say what was measured, beside the reference."""
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


def verdict_of(outcome: Outcome, rule: str, reason: str, compared: Compared) -> Verdict:
    """Return a verdict with the numbers and remarks of a comparison."""
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


def _facts(compared: Compared) -> dict[str, Any]:
    found = compared.found
    reference = compared.stored.reference
    return {
        "accuracy": reference.mean - found.drop,
        "accuracies": compared.accuracies,
        "train_seeds": [result.train_seed for result in compared.new],
        "reference_accuracy": reference.mean,
        "reference_accuracies": reference.accuracies,
        "spread": found.spread,
        "p_value": found.p_value,
    }


def _remarks(compared: Compared) -> Iterator[str]:
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
