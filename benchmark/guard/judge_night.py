"""Judge the newly trained runs of a night, in two stages.

The first stage asks for an alarm: by the e-value of all runs since the reference was
accepted, or by a t-test of this night's runs alone if there is no history, on the first
night, and as long as no e-value can alarm. The second stage is a t-test of runs with
other seeds, and of these alone: together with the low runs that gave the alarm, they
would nearly always look low.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...reports.records import RunResult
from ...reports.stats.nightly import e_value, first_possible_alarm, is_judged_alone
from ...reports.stats.retraining import Retraining
from .judge_retrained import (
    Compared,
    check_seeds,
    compare_runs,
    measured_words,
    verdict_of,
)
from .look_back import LookBack
from .references.reference_folder import StoredReference
from .verdict import Outcome, Rules, Verdict, worse_of
from .words import accuracy, points

_FIRST_LOOK = "retrained, a first look beside the spread of the reference's runs"
_ALONE = "retrained, this night alone beside the spread of the reference's runs"
_TOGETHER = "retrained, all nights since the reference was accepted"
_LOW_ALONE = (
    "tonight's accuracy is below what chance explains on a single night, but all nights "
    "together do not alarm yet"
)
_NOTHING = LookBack([], {})


@dataclass(frozen=True)
class _FirstStage:
    """What the runs of a night say, before others confirm it.

    outcome: the outcome if there is no alarm
    words: what the stage looked at
    e_value: None without a history
    """

    alarm: bool
    outcome: Outcome
    rule: str
    words: str
    e_value: float | None = None


def judge_night(
    new: Sequence[RunResult],
    stored: StoredReference,
    rules: Rules,
    past: LookBack | None = None,
    second: Sequence[RunResult] = (),
) -> Verdict:
    """Judge the runs of a night by itself, or together with all earlier nights.

    Without an alarm the verdict is "pass" or "improved"; or "undecided", if all nights
    together do not alarm but the t-test of this night fails. An alarm is "undecided" until
    there are runs with other seeds, and "fail" if their t-test fails as well. The verdict
    of a repeated night is never better than it was.

    new: the result of each new run of this night, at least one
    past: what the history says; None without a history
    second: the results of as many runs with other seeds, trained because of an alarm
    Raises NotComparable if data, episodes or protocol differ.
    """
    known = past or _NOTHING
    compared = compare_runs(new, stored, rules, known.tonight)
    stage = _first_look(compared)
    if past is not None:
        stage = _with_history(compared, past)
    confirming = _second_stage(compared, known, second) if second else None
    outcome, words = stage.outcome, stage.words
    if stage.alarm:
        outcome, words = _after_alarm(stage, confirming)
    if worse_of(outcome, known.outcome) != outcome:
        outcome = known.outcome
        words = f"this date was judged '{outcome}' before, which stays; {words}"
    reason = f"{words}; {measured_words(compared)}. {_single_look(compared.found)}"
    verdict = verdict_of(outcome, stage.rule, reason, compared)
    return replace(
        verdict,
        remarks=(*verdict.remarks, *_night_remarks(compared, past)),
        e_value=stage.e_value,
        alarm=stage.alarm,
        facts={**(verdict.facts or {}), **_second_facts(confirming)},
    )


def _first_look(compared: Compared) -> _FirstStage:
    """Judge a night alone, without a history."""
    found = compared.found
    outcome: Outcome = "improved" if found.improved else "pass"
    return _FirstStage(found.failed, outcome, _FIRST_LOOK, "first look")


def _with_history(compared: Compared, past: LookBack) -> _FirstStage:
    found = compared.found
    alpha = compared.rules.alpha
    references = compared.stored.reference.accuracies
    runs = [*past.earlier, *compared.accuracies]
    low = e_value(references, runs)
    n_runs = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    words = f"e-value {low:.3g} after {n_runs} (alarm at {1 / alpha:.4g})"
    if is_judged_alone(len(past.earlier), found.n_new, found.n_reference, alpha):
        look = _first_look(compared)
        return replace(look, rule=_ALONE, words="this night alone", e_value=low)
    alarm = low >= 1 / alpha
    high = e_value(_mirrored(references), _mirrored(runs))
    outcome: Outcome = "improved" if high >= 1 / alpha else "pass"
    if found.failed and not alarm:
        outcome = "undecided"
        words = f"{_LOW_ALONE}: {words}"
    return _FirstStage(alarm, outcome, _TOGETHER, words, low)


def _second_stage(
    compared: Compared, past: LookBack, second: Sequence[RunResult]
) -> Compared:
    """Test the runs with other seeds, without those that gave the alarm."""
    check_seeds([*compared.new, *second], compared.stored)
    return compare_runs(second, compared.stored, compared.rules, past.tonight)


def _after_alarm(
    stage: _FirstStage, confirming: Compared | None
) -> tuple[Outcome, str]:
    """Return the outcome of a night with an alarm, and the words for its evidence."""
    words = f"{stage.words}: a drop"
    if confirming is None:
        return "undecided", f"{words}; runs with other seeds decide"
    found = confirming.found
    mean = confirming.stored.reference.mean - found.drop
    n_runs = "1 run with another seed"
    if found.n_new > 1:
        n_runs = f"{found.n_new} runs with other seeds"
    if found.failed:
        return "fail", f"{words}, confirmed by {n_runs} ({accuracy(mean)})"
    return "undecided", f"{words}, not confirmed by {n_runs} ({accuracy(mean)})"


def _second_facts(confirming: Compared | None) -> dict[str, object]:
    if confirming is None:
        return {}
    return {
        "second_accuracies": confirming.accuracies,
        "second_train_seeds": [one.train_seed for one in confirming.new],
        "second_p_value": confirming.found.p_value,
    }


def _mirrored(accuracies: Sequence[float]) -> list[float]:
    """Return the shares of wrong answers, which drop if accuracies rise."""
    return [1 - accuracy for accuracy in accuracies]


def _single_look(found: Retraining) -> str:
    return (
        f"On a single look, a drop of more than {points(found.alarm)} is beyond chance, and "
        f"a true drop of {points(found.visible_drop)} is seen 8 times in 10"
    )


def _night_remarks(compared: Compared, past: LookBack | None) -> Iterator[str]:
    if past is None:
        return
    if not past.earlier:
        yield (
            "First night: no earlier night is known since the reference was accepted, so "
            "this night was judged alone"
        )
    if past.tonight:
        yield (
            "this date is in the history already: for each seed, the lower of the recorded "
            "and the new accuracy counts"
        )
    n_reference = compared.found.n_reference
    n_runs = first_possible_alarm(n_reference, compared.rules.alpha)
    if len(past.earlier) + compared.found.n_new < n_runs:
        yield (
            f"With {n_reference} reference runs, no e-value of fewer than {n_runs} runs can "
            f"alarm, so this night was judged alone"
        )
