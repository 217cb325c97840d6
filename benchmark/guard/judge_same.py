"""Judge the same model as the reference's, on the same episodes.

There is no noise from training here: predictions are compared one by one.
"""

from dataclasses import replace

from ...reports.records import RunResult
from ...reports.stats.arrays import IntArray
from ...reports.stats.churn import Churn
from ...reports.stats.non_inferiority import (
    Limits,
    NonInferiority,
    changed,
    no_worse,
    no_worse_than_counts,
)
from .comparable import NotComparable, check_comparable
from .references.key import Key, Machine
from .references.reference_folder import StoredReference
from .verdict import IDENTICAL, Outcome, Rules, Verdict
from .words import percent, points, signed

# Rounding elsewhere changes a few predictions. More than this share is no rounding.
CHURN_LIMIT = 0.01


def judge_same(new: RunResult, stored: StoredReference, rules: Rules) -> Verdict:
    """Judge whether a model still answers as the reference does.

    Where the reference was made on an equal machine, with the same backend and precision,
    every changed prediction fails, except if the accuracy surely rose. Elsewhere, the model
    fails if it surely became worse, or if more than CHURN_LIMIT of the predictions changed.
    Raises NotComparable if data, episodes or protocol differ.
    """
    check_comparable(new, stored)
    reference = stored.result()
    found = no_worse(new, reference, limits_of(rules))
    moved = changed(new, reference)
    others = _other_circumstances(new, stored)
    if rules.fail == "identical" or (rules.fail == "auto" and not others):
        verdict = _identical(found, moved, rules)
    else:
        verdict = _tested(found, moved, rules)
        verdict = replace(verdict, remarks=_about_machine(others))
    if verdict.outcome == "improved":
        verdict = _with_remark(verdict, f"To accept it: {stored.update_command}")
    facts = {
        "accuracy": new.mean,
        "reference_accuracy": reference.mean,
        "changed": moved.n_changed,
        "right_to_wrong": moved.right_to_wrong,
        "wrong_to_right": moved.wrong_to_right,
        "predictions": moved.n,
        "episodes": found.n,
        "other_machine": others,
    }
    return replace(
        verdict,
        difference=found.difference,
        low=found.low,
        high=found.high,
        churn=moved.share,
        facts=facts,
    )


def needs_confirmation(verdict: Verdict, stored: StoredReference) -> bool:
    """Return whether ten times the episodes should confirm a failure of `judge_same`."""
    can_confirm = stored.reference.ten_times is not None
    return verdict.outcome == "fail" and verdict.by_test and can_confirm


def judge_ten_times(
    new: RunResult, first: Verdict, stored: StoredReference, rules: Rules
) -> Verdict:
    """Judge on ten times the episodes whether a failure of `judge_same` is confirmed.

    new: the model's result on ten times the episodes
    first: the verdict to confirm
    Raises NotComparable if data, episodes or protocol differ.
    """
    found = no_worse_than_counts(new, _ten_times_correct(new, stored), limits_of(rules))
    difference = signed(found.difference, found.low, found.high)
    on = f"on {found.n:,} episodes the difference is {difference}"
    if found.dropped:
        return replace(first, reason=f"{first.reason}; confirmed: {on}")
    if rules.fail == "auto" and (first.churn or 0) > CHURN_LIMIT:
        reason = f"{first.reason}; {on}, but {_too_many(first.churn or 0)}"
        return replace(first, reason=reason, by_test=False)
    reason = f"{first.reason}; not confirmed: {on}"
    return replace(first, outcome="undecided", reason=reason)


def limits_of(rules: Rules) -> Limits:
    """Return the limits of the paired test under some rules."""
    if rules.fail == "drop":
        return Limits(margin=rules.drop, drop=rules.drop, alpha=rules.alpha)
    return Limits(margin=rules.margin, alpha=rules.alpha)


def _identical(found: NonInferiority, moved: Churn, rules: Rules) -> Verdict:
    """Demand equal predictions; allow an improvement unless identity is asked for."""
    rule = IDENTICAL
    if not moved.n_changed:
        reason = f"all {moved.n:,} predictions are those of the reference"
        return Verdict("pass", rule, reason)
    difference = signed(found.difference, found.low, found.high)
    if found.improved and rules.fail != "identical":
        reason = f"the accuracy rose: {difference}; {moved}"
        return Verdict("improved", rule, reason, by_test=True)
    reason = (
        f"{moved}; the accuracy changed by {difference}. No prediction may change here"
    )
    return Verdict("fail", rule, reason)


def _tested(found: NonInferiority, moved: Churn, rules: Rules) -> Verdict:
    """Test the difference. By the automatic rule, look at the churn as well."""
    outcome, what = _outcome(found, moved, rules)
    is_churn = outcome == "fail" and not found.dropped
    reason = what
    if moved.n_changed:
        difference = signed(found.difference, found.low, found.high)
        reason = f"{what}: {difference}; {moved}"
    return Verdict(
        outcome,
        _rule_of(rules),
        reason,
        more_episodes=found.more_episodes if outcome == "undecided" else None,
        by_test=bool(moved.n_changed) and not is_churn,
    )


def _outcome(found: NonInferiority, moved: Churn, rules: Rules) -> tuple[Outcome, str]:
    """Return the outcome, and the words for it."""
    limits = found.limits
    if not moved.n_changed:
        return "pass", f"all {moved.n:,} predictions are those of the reference"
    if found.dropped:
        beyond = f" by more than {points(limits.drop)}" if limits.drop else ""
        return "fail", f"the accuracy dropped{beyond}"
    if found.improved:
        return "improved", "the accuracy rose"
    if rules.fail == "auto" and moved.share > CHURN_LIMIT:
        return "fail", _too_many(moved.share)
    if found.outcome == "pass":
        return "pass", f"the accuracy dropped by less than {points(limits.margin)}"
    what = f"a drop of {points(limits.margin)} can be neither shown nor excluded"
    if found.more_episodes is not None:
        what += f" without about {found.more_episodes:,} more episodes"
    return "undecided", what


def _too_many(share: float) -> str:
    return (
        f"{percent(share)} of the predictions changed, and rounding alone changes "
        f"at most {percent(CHURN_LIMIT)}"
    )


def _rule_of(rules: Rules) -> str:
    if rules.fail == "drop":
        return f"no drop beyond {points(rules.drop)}"
    if rules.fail == "significant":
        return "no significant drop"
    return "no worse, under other conditions"


def _other_circumstances(new: RunResult, stored: StoredReference) -> list[str]:
    """Return in what machine, backend and precision differ from the reference's."""
    reference = stored.reference
    differences = Machine.of(new).differences(reference.machine)
    here, there = Key.of(new, ""), reference.key
    for name in ("backend", "precision"):
        ours = getattr(here, name) or "unknown"
        theirs = getattr(there, name) or "unknown"
        if ours != theirs:
            differences.append(f"{name} {theirs} there, {ours} here")
    return differences


def _about_machine(others: list[str]) -> tuple[str, ...]:
    if not others:
        return ()
    listed = ", ".join(others)
    return (f"The reference was made under other conditions: {listed}",)


def _with_remark(verdict: Verdict, remark: str) -> Verdict:
    return replace(verdict, remarks=(*verdict.remarks, remark))


def _ten_times_correct(new: RunResult, stored: StoredReference) -> IntArray:
    """Load the right answers of the reference on the episodes of `new`."""
    correct = stored.ten_times_correct()
    wanted = stored.reference.ten_times
    is_same = wanted is not None and (
        new.protocol.sha256 == wanted.protocol_sha256
        and new.episodes_fingerprint == wanted.episodes_fingerprint
        and new.data_fingerprint == stored.reference.data_fingerprint
    )
    if correct is None or not is_same:
        raise NotComparable(
            f"{stored.folder}: an alarm cannot be confirmed: expected the reference's ten "
            f"times the episodes, got other ones. Make the reference anew: "
            f"{stored.update_command}",
            ["ten times the episodes"],
        )
    return correct
