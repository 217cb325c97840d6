"""The document of a reference: which accuracy was accepted, of which runs, and why."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass as plain_dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from ....reports.origin import RECORD
from ....reports.records import RunResult, Seed
from ....reports.result_files import array_sha256
from ....reports.stats.accuracies import mean_and_std
from ....reports.stats.retraining import FEWEST_REFERENCES
from .key import Count, Key, Line, Machine, Sha256, TestPath

SCHEMA_VERSION = 1
Kind = Literal["same", "retrained"]


@dataclass(frozen=True, kw_only=True, config=RECORD)
class Run:
    """One training run of a reference."""

    train_seed: Seed
    n_correct: Count
    n_queries: Annotated[int, Field(ge=1)]
    predictions_sha256: Sha256

    @classmethod
    def of(cls, result: RunResult) -> "Run":
        """Return the run of a result."""
        return cls(
            train_seed=result.train_seed,
            n_correct=int(result.correct.sum(dtype=np.int64)),
            n_queries=result.predictions.size,
            predictions_sha256=array_sha256(result.predictions),
        )

    @property
    def accuracy(self) -> float:
        """The share of right answers, a fraction."""
        return self.n_correct / self.n_queries


@dataclass(frozen=True, kw_only=True, config=RECORD)
class TenTimes:
    """Ten times the episodes, which confirm an alarm. Their numbers of right answers are
    in a file beside the reference.

    correct_sha256: the hash of these numbers; see `array_sha256`
    """

    n_episodes: Annotated[int, Field(ge=2)]
    protocol_sha256: Sha256
    episodes_fingerprint: Line
    correct_sha256: Sha256


@dataclass(frozen=True, kw_only=True, config=RECORD)
class Acceptance:
    """One line of a reference's history: what was accepted when, by whom, and why.

    made_from: the commit; see `maker.Maker`
    mean, spread: see `Reference`
    predictions_sha256: see `Reference`
    """

    made_utc: Line
    by: Line
    made_from: Line
    reason: Line
    mean: float
    spread: float | None
    n_runs: Annotated[int, Field(ge=1)]
    predictions_sha256: Sha256


@dataclass(frozen=True, kw_only=True, config=RECORD)
class Reference:
    """The accepted accuracy of one check, with its history.

    kind: "same" for one run, whose model is checked without a new training; "retrained"
        for at least 3 runs of one recipe, with which newly trained runs are compared
    machine: the machine of the first run
    history: all acceptances, the latest last
    test: the test that makes this reference, such as "test_models.py::test_mine",
        relative to the folder of the test file; "" if no test does
    Raises ValueError if the runs do not fit the kind, or if the last line of the history
    is about other runs.
    """

    key: Key
    kind: Kind
    machine: Machine
    data_fingerprint: Line
    episodes_fingerprint: Line
    runs: tuple[Run, ...]
    history: tuple[Acceptance, ...]
    test: TestPath = ""
    ten_times: TenTimes | None = None

    def __post_init__(self) -> None:
        _check_runs(self.kind, self.runs)
        if not self.history:
            raise ValueError("history: expected at least one line, got none")
        latest = self.history[-1]
        if latest.predictions_sha256 != self.predictions_sha256:
            raise ValueError("the last line of the history is about other runs")

    @property
    def accuracies(self) -> list[float]:
        """The accuracy of each run, a fraction."""
        return [run.accuracy for run in self.runs]

    @property
    def mean(self) -> float:
        """The mean accuracy of the runs, a fraction."""
        return mean_of(self.runs)

    @property
    def spread(self) -> float | None:
        """The standard deviation between the runs, a fraction; None for a single run."""
        return spread_of(self.runs)

    @property
    def predictions_sha256(self) -> str:
        """The hash of the predictions of all runs."""
        return runs_sha256(self.runs)


@plain_dataclass(frozen=True)
class Made:
    """Results that are to become a reference.

    name: the name in the key
    results: the result of each run; one for the kind "same"
    ten_times: the result of the first run on ten times the episodes, if there is one
    test: see `Reference`
    """

    name: str
    kind: Kind
    results: Sequence[RunResult]
    ten_times: RunResult | None = None
    test: str = ""


def mean_of(runs: Sequence[Run]) -> float:
    """Return the mean accuracy of runs, a fraction."""
    mean, _ = mean_and_std(np.array([run.accuracy for run in runs]), ddof=0)
    return mean


def spread_of(runs: Sequence[Run]) -> float | None:
    """Return the standard deviation between runs, a fraction; None for a single run."""
    if len(runs) < 2:
        return None
    _, spread = mean_and_std(np.array([run.accuracy for run in runs]))
    return spread


def runs_sha256(runs: Sequence[Run]) -> str:
    """Return one hash for the predictions of all runs."""
    if len(runs) == 1:
        return runs[0].predictions_sha256
    joined = "\n".join(run.predictions_sha256 for run in runs)
    return hashlib.sha256(joined.encode()).hexdigest()


def _check_runs(kind: Kind, runs: Sequence[Run]) -> None:
    if kind == "same" and len(runs) != 1:
        raise ValueError(f"runs: expected 1 run, got {len(runs)}")
    if kind == "retrained" and len(runs) < FEWEST_REFERENCES:
        raise ValueError(
            f"runs: expected at least {FEWEST_REFERENCES} runs, got {len(runs)}"
        )
    seeds = {run.train_seed for run in runs}
    if len(seeds) < len(runs):
        raise ValueError("runs: expected every training seed once")
    for run in runs:
        if run.n_correct > run.n_queries:
            raise ValueError("runs: more right answers than queries")
