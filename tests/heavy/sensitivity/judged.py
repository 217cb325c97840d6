"""Let the guard judge what was measured, as it would judge a user's results."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from measured_units import Outcome

from fewbench.benchmark.guard.comparable import NotComparable
from fewbench.benchmark.guard.judge_retrained import judge_retrained
from fewbench.benchmark.guard.judge_same import judge_same
from fewbench.benchmark.guard.references.reference import Kind, Made
from fewbench.benchmark.guard.references.reference_folder import (
    ReferenceFolder,
    StoredReference,
)
from fewbench.benchmark.guard.verdict import Rules, Verdict
from fewbench.reports.records import RunResult
from fewbench.reports.result_files import load_result

RULES = Rules()
MACHINE = {"instruction_set": "AVX2", "threads": "1"}
OTHER_MACHINE = {"instruction_set": "AVX512", "threads": "1"}


def reference_of(results: Sequence[RunResult], kind: Kind) -> StoredReference:
    """Make a reference of results, as `--accuracy-save` does."""
    with tempfile.TemporaryDirectory() as folder:
        made = Made("sensitivity", kind, results)
        stored = ReferenceFolder(Path(folder)).save(made)
    return replace(stored, loaded=results[0])


@dataclass(frozen=True)
class SameModel:
    """The verdicts on one defect in an evaluation, for each seed of the episodes.

    All numbers are fractions.

    cost: how much the mean accuracy dropped
    changed: the share of the predictions that changed; nan if nothing can be compared
    here, elsewhere: how often each outcome was reached, on the machine of the reference
        and on another machine
    n_equal, n_equal_red: the number of runs in which no prediction changed, and how many
        of them were red on any machine
    """

    dataset: str
    defect: str
    cost: float
    changed: float
    here: Counter[str]
    elsewhere: Counter[str]
    n_equal: int
    n_equal_red: int

    @property
    def is_refused(self) -> bool:
        """Whether nothing could be compared."""
        return bool(np.isnan(self.changed))


class SameModelJudge:
    """Judges evaluations beside evaluations without a defect.

    folder: the folder with the results
    outcomes: what `measure` wrote
    """

    def __init__(self, folder: Path, outcomes: Sequence[Outcome]) -> None:
        self._folder = folder
        self._by_unit = {tuple(outcome["unit"]): outcome for outcome in outcomes}
        self._references: dict[tuple[str, str], list[StoredReference]] = {}

    def judge(self, dataset: str, defect: str, right: str) -> SameModel:
        """Judge a defect.

        right: the unit without a defect, on the episodes of the same protocol
        """
        results = self._results(dataset, defect)
        references = self._reference(dataset, right)
        here: Counter[str] = Counter()
        elsewhere: Counter[str] = Counter()
        changed: list[float] = []
        n_equal = n_equal_red = 0
        for result, reference in zip(results, references, strict=True):
            on_same, _ = outcome_of(result, reference, MACHINE)
            on_other, churn = outcome_of(result, reference, OTHER_MACHINE)
            here[on_same] += 1
            elsewhere[on_other] += 1
            changed.append(churn)
            if churn == 0:
                n_equal += 1
                n_equal_red += "fail" in (on_same, on_other)
        return SameModel(
            dataset=dataset,
            defect=defect,
            cost=self._mean(dataset, right) - self._mean(dataset, defect),
            changed=float(np.mean(changed)),
            here=here,
            elsewhere=elsewhere,
            n_equal=n_equal,
            n_equal_red=n_equal_red,
        )

    def _mean(self, dataset: str, defect: str) -> float:
        return float(np.mean(self._by_unit[dataset, defect]["accuracies"]))

    def _results(self, dataset: str, defect: str) -> list[RunResult]:
        paths = self._by_unit[dataset, defect]["results"]
        return [load_result(self._folder / path) for path in paths]

    def _reference(self, dataset: str, right: str) -> list[StoredReference]:
        """Return the reference of each seed."""
        key = dataset, right
        if key not in self._references:
            results = [on(MACHINE, one) for one in self._results(dataset, right)]
            made = [reference_of([one], "same") for one in results]
            self._references[key] = made
        return self._references[key]


def on(machine: dict[str, str], result: RunResult) -> RunResult:
    """Return a result as if it had been computed on a machine."""
    return replace(result, environment={**result.environment, **machine})


def outcome_of(
    result: RunResult, reference: StoredReference, machine: dict[str, str]
) -> tuple[str, float]:
    """Return the outcome on a machine, and the share of the predictions that changed.

    What cannot be compared is "refused", and its share is nan.
    """
    try:
        verdict = judge_same(on(machine, result), reference, RULES)
    except NotComparable:
        return "refused", np.nan
    return verdict.outcome, verdict.churn or 0.0


def judge_runs(
    results: Sequence[RunResult], reference: StoredReference
) -> list[Verdict]:
    """Judge newly trained runs, each alone, as a night with one run does."""
    return [judge_retrained([result], reference, RULES) for result in results]
