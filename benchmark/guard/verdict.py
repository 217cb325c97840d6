"""The rules of a check, and its verdict."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from fewbench.errors import UserError

Outcome = Literal["pass", "improved", "undecided", "fail"]
Fail = Literal["auto", "significant", "identical", "drop"]
# The name of the rule that compares predictions one by one.
IDENTICAL = "identical predictions"
_BADNESS: dict[Outcome, int] = {"improved": 0, "pass": 0, "undecided": 1, "fail": 2}


@dataclass(frozen=True)
class Rules:
    """What a check calls a failure. All numbers are fractions.

    margin: a drop of at most `margin` is of no interest
    alpha: the risk of a false alarm of this check. It is the risk of the whole run,
        divided by the number of checks.
    fail: "auto" for the rule that fits the machine; "identical" to fail for any changed
        prediction; "significant" to fail for a drop that chance does not explain; "drop"
        to fail only for a drop that is surely larger than `drop`
    drop: see `fail`
    Raises UserError for numbers out of range.
    """

    margin: float = 0.005
    alpha: float = 0.05
    fail: Fail = "auto"
    drop: float = 0.0

    def __post_init__(self) -> None:
        _check("margin", self.margin)
        _check("alpha", self.alpha, 0.5)
        if self.fail == "drop":
            _check("drop", self.drop)


@dataclass(frozen=True)
class Verdict:
    """What a check found. All numbers are fractions; None means not applicable.

    outcome: "pass", "fail", "undecided" (neither is sure), or "improved" (passes, and
        the reference should be updated)
    rule: the name of the rule that was used, in words
    reason: one sentence that says why, the same in all outputs
    difference: the new accuracy minus that of the reference
    low, high: one-sided limits of the difference, each with the risk alpha
    churn: the share of the predictions that changed
    alarm_drop: the smallest measured drop that fails; of a night: that is beyond chance on
        a single look
    visible_drop: the true drop that is larger than `alarm_drop` in 8 of 10 cases
    e_value: the evidence of all nights for a drop; see `reports.stats.nightly`
    more_episodes: about how many more episodes would decide
    alarm: whether the first stage of a night points to a drop, by the e-value or by the
        t-test of this night alone. Runs with other training seeds have to confirm it.
    by_test: whether a statistical test decided. Only then can a failure be a false alarm.
    remarks: further sentences for the reader, such as a warning
    facts: further numbers for --json
    """

    outcome: Outcome
    rule: str
    reason: str
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    churn: float | None = None
    alarm_drop: float | None = None
    visible_drop: float | None = None
    e_value: float | None = None
    more_episodes: int | None = None
    alarm: bool = False
    by_test: bool = False
    remarks: tuple[str, ...] = ()
    facts: dict[str, Any] | None = None

    def passes(self, *, strict: bool = False) -> bool:
        """Return whether the check passes.

        strict: whether "undecided" counts as a failure
        """
        if self.outcome == "undecided":
            return not strict
        return self.outcome != "fail"

    def document(self) -> dict[str, Any]:
        """Return the verdict as JSON."""
        return asdict(self)


def worse_of(one: Outcome, other: Outcome) -> Outcome:
    """Return the worse of two outcomes; `one` if they are equally bad."""
    return max(one, other, key=_BADNESS.__getitem__)


def _check(name: str, value: float, end: float = 1) -> None:
    if not 0 < value < end:
        raise UserError(
            f"{name}: expected a fraction above 0 and below {end:g}, such as 0.005 for "
            f"half a percentage point, got {value}. Divide percentages by 100"
        )
