"""Write the tables of docs/guard.md from what was measured."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from evaluation_defects import EVALUATION_DEFECTS
from judged import SameModel, SameModelJudge, judge_runs, reference_of
from measured_units import Outcome, read_outcomes
from promised_power import FalseAlarms, Promise, false_alarms, promise
from training_defects import TRAINING_DEFECTS
from trainings import REFERENCE_SEEDS, UNCHANGED_SEEDS

from fewbench.reports.result_files import load_result

# A cost that must be seen, a fraction.
COSTLY = 0.01
# The datasets of the table, with their titles.
TITLES = {"miniimagenet": "miniImageNet", "omniglot": "Omniglot"}


def evaluation_table(folder: Path, titles: dict[str, str] = TITLES) -> str:
    """Return a row for each defect in an evaluation, on each dataset.

    titles: the titles of the datasets, by name
    """
    lines = [
        "| Defect in the evaluation | Data | Cost (points) | Predictions changed "
        "| Red, same machine | Red, other machine |",
        "|---|---|---:|---:|---:|---:|",
    ]
    judged = list(judged_evaluations(folder, titles))
    for one in judged:
        lines.append(_evaluation_row(one, titles[one.dataset]))
    return "\n".join(lines) + f"\n\n{_evaluation_claims(judged)}"


def _evaluation_claims(judged: Sequence[SameModel]) -> str:
    """Return whether what costs is red, and what changes nothing is not."""
    costly = [one for one in judged if not one.is_refused and one.cost >= COSTLY]
    fewest = [min(one.here["fail"], one.elsewhere["fail"]) for one in costly]
    n_equal = sum(one.n_equal for one in judged)
    n_red = sum(one.n_equal_red for one in judged)
    return (
        f"- Rows that cost at least 1 point: {len(costly)}. Red at least "
        f"{min(fewest, default=0)} times, on either machine.\n"
        f"- Runs in which no prediction changed: {n_equal}. {n_red} of them red, on either "
        f"machine.\n"
    )


def judged_evaluations(folder: Path, datasets: Iterable[str]) -> Iterator[SameModel]:
    """Judge all evaluations that were measured, the datasets of a defect together."""
    outcomes = read_outcomes(folder / "evaluations.jsonl")
    judge = SameModelJudge(folder / "evaluations", outcomes)
    measured = {tuple(outcome["unit"]) for outcome in outcomes}
    for name, defect in EVALUATION_DEFECTS.items():
        right = "none" if defect.shot == 1 else f"none-{defect.shot}shot"
        for dataset in datasets:
            if (dataset, name) in measured:
                yield judge.judge(dataset, name, right)


def _evaluation_row(one: SameModel, title: str) -> str:
    cost = changed = "-"
    if not one.is_refused:
        cost = f"{100 * one.cost:.2f}"
        changed = _share(one.changed)
    words = EVALUATION_DEFECTS[one.defect].words
    cells = [words, title, cost, changed]
    cells += [_counted(one.here), _counted(one.elsewhere)]
    return "| " + " | ".join(cells) + " |"


def _share(share: float) -> str:
    if 0 < share < 0.00005:
        return f"{100 * share:.4f} %"
    return f"{100 * share:.2f} %"


def _counted(outcomes: Counter[str]) -> str:
    """Return the number of red runs, and what the others were unless they passed."""
    n = outcomes.total()
    words = f"{outcomes['fail']} of {n}"
    others = [
        f"{outcomes[word]} {word}"
        for word in ("improved", "undecided", "refused")
        if outcomes[word]
    ]
    return f"{words} ({', '.join(others)})" if others else words


class TrainedRuns:
    """The trainings that were measured.

    reference: the verdicts' reference, from the runs of the reference seeds
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "trainings"
        self._outcomes = read_outcomes(folder / "trainings.jsonl")
        chosen = self._of("none", REFERENCE_SEEDS)
        self.references = _accuracies(chosen)
        self._stored = reference_of(self._results(chosen), "retrained")
        self._unchanged = self._of("none", UNCHANGED_SEEDS)
        self.unchanged = _accuracies(self._unchanged)

    def promise(self, defect: str) -> Promise | None:
        """Judge the runs with a defect; None if there are none yet."""
        outcomes = [one for one in self._outcomes if one["unit"][0] == defect]
        if not outcomes:
            return None
        every = [*self.references, *self.unchanged]
        n_red = self._red(outcomes)
        return promise(_accuracies(outcomes), n_red, self.references, every)

    def false_alarms(self) -> FalseAlarms:
        n_red = self._red(self._unchanged)
        n = len(self._unchanged)
        return false_alarms(n_red, n, self.references, self.unchanged)

    def limits(self) -> tuple[float, float]:
        """The drop that alarms and the visible drop, as the guard prints them."""
        verdict = judge_runs(self._results(self._unchanged[:1]), self._stored)[0]
        assert verdict.alarm_drop is not None
        assert verdict.visible_drop is not None
        return verdict.alarm_drop, verdict.visible_drop

    def _red(self, outcomes: Sequence[Outcome]) -> int:
        verdicts = judge_runs(self._results(outcomes), self._stored)
        return sum(verdict.outcome == "fail" for verdict in verdicts)

    def _results(self, outcomes: Sequence[Outcome]):
        return [load_result(self._folder / one["result"]) for one in outcomes]

    def _of(self, defect: str, seeds: range) -> list[Outcome]:
        units = {(defect, str(seed)) for seed in seeds}
        return [one for one in self._outcomes if tuple(one["unit"]) in units]


def _accuracies(outcomes: Sequence[Outcome]) -> list[float]:
    return [one["accuracy"] for one in outcomes]


def training_table(runs: TrainedRuns) -> str:
    """Return a row for each defect in a training."""
    lines = [
        "| Defect in the training | Drop (points) | In spreads | Own spread (points) "
        "| Power printed | Red | Expected | Red, other references | Power for these |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, defect in TRAINING_DEFECTS.items():
        kept = None if name == "none" else runs.promise(name)
        if kept:
            lines.append(_training_row(defect.words, kept))
    return "\n".join(lines) + "\n"


def _training_row(words: str, one: Promise) -> str:
    low, high = one.expected
    expected = f"{low:.0f} to {high:.0f}"
    cells = [
        words,
        f"{100 * one.drop:.2f}",
        f"{one.in_spreads:.1f}",
        f"{100 * one.spread:.2f}",
        f"{100 * one.power:.0f} %",
        f"{one.n_red} of {one.n}",
        expected if one.is_kept else f"{expected}: **not kept**",
        f"{100 * one.fair_share:.0f} %",
        f"{100 * one.fair_power:.0f} %",
    ]
    return "| " + " | ".join(cells) + " |"


def false_alarm_text(runs: TrainedRuns) -> str:
    """Return the numbers about unchanged trainings."""
    found = runs.false_alarms()
    alarm, visible = runs.limits()
    every = np.array([*runs.references, *runs.unchanged])
    means = f"{100 * np.mean(runs.references):.2f} % and {100 * every.mean():.2f} %"
    spreads = (
        f"{100 * np.std(runs.references, ddof=1):.2f} and "
        f"{100 * every.std(ddof=1):.2f} points"
    )
    share = 100 * found.n_red / found.n
    low, high = (100 * one for one in found.interval)
    fair_low, fair_high = (100 * one for one in found.fair_range)
    return (
        f"- Mean of the {len(runs.references)} references and of all {every.size} "
        f"unchanged runs: {means}; their spreads: {spreads}.\n"
        f"- Printed: a drop of {100 * alarm:.2f} points fails, a true drop of "
        f"{100 * visible:.2f} points is seen 8 times in 10.\n"
        f"- Unchanged runs: {found.n_red} of {found.n} red, {share:.1f} % (95 % interval "
        f"{low:.1f} to {high:.1f} %), where alpha is 5 %.\n"
        f"- With other references, drawn from the {every.size} runs: "
        f"{100 * found.fair_share:.1f} % red on average; 90 % of references give "
        f"{fair_low:.1f} to {fair_high:.1f} %.\n"
    )


def document(folder: Path) -> str:
    """Return all tables."""
    parts = []
    if (folder / "evaluations.jsonl").exists():
        parts.append(evaluation_table(folder))
    if (folder / "trainings.jsonl").exists():
        runs = TrainedRuns(folder)
        parts += [training_table(runs), false_alarm_text(runs)]
    return "\n".join(parts)
