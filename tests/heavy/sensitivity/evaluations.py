"""Evaluate one checkpoint with each defect, on the same episodes as without a defect."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

from evaluation_defects import EVALUATION_DEFECTS, EvaluationDefect
from measured_units import Outcome

from fewbench.baselines.catalogue import load_learner
from fewbench.baselines.device.choose import resolve_device
from fewbench.baselines.evaluation.ask_again import Answered, ask_again
from fewbench.baselines.evaluation.features import Features
from fewbench.baselines.evaluation.findings import Findings
from fewbench.baselines.learner import Learner
from fewbench.baselines.metric.protonet import ProtoNet
from fewbench.benchmark import results
from fewbench.benchmark.evaluate import make_examiner, run
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.stream import open_stream
from fewbench.reports.protocol import EvalProtocol
from fewbench.reports.records import RunResult
from fewbench.reports.result_files import save_result

EPISODES = 600


def evaluation_units(datasets: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the dataset and the defect of each evaluation."""
    for dataset in datasets:
        for name, defect in EVALUATION_DEFECTS.items():
            if defect.dataset in ("", dataset):
                yield dataset, name


@dataclass(frozen=True)
class Evaluations:
    """Evaluations with defects.

    out: the folder for the results
    root: the folder with the built datasets
    checkpoints: the trained ProtoNet of each dataset
    builds: the folder with other builds of Omniglot, "rebuilt" and "nearest"
    n_seeds: the number of seeds that draw other episodes
    """

    out: Path
    root: Path
    checkpoints: dict[str, Path]
    builds: Path
    n_seeds: int = 20
    episodes: int = EPISODES
    # The features of each dataset without a defect.
    _features: dict[str, Features] = field(default_factory=dict)

    def run(self, dataset: str, name: str) -> Outcome:
        """Evaluate with a defect, on the episodes of each seed."""
        defect = EVALUATION_DEFECTS[name]
        learner = _load(self.checkpoints[dataset])
        features = None if defect.new_features else self._features.get(dataset)
        paths: list[str] = []
        means: list[float] = []
        with defect.patched(learner), _asked_once():
            for seed in range(self.n_seeds):
                protocol = self._protocol(dataset, defect, seed)
                stream = open_stream(defect.protocol(protocol), self.root)
                stream = defect.stream(stream, self.builds)
                examiner = make_examiner(learner, stream, features=features)
                features = examiner.features
                result = run(examiner, stream)
                paths.append(self._save(result, dataset, name))
                means.append(result.mean)
        if features and not defect.new_features:
            self._features[dataset] = features
        return {"accuracies": means, "results": paths}

    def _protocol(
        self, dataset: str, defect: EvaluationDefect, seed: int
    ) -> EvalProtocol:
        named = find_protocol(f"{dataset}-5w{defect.shot}s")
        return replace(named, split="val", n_episodes=self.episodes, seed=seed)

    def _save(self, result: RunResult, dataset: str, name: str) -> str:
        saved = save_result(result, self.out / dataset / name, overwrite=True)
        return str(saved.relative_to(self.out))


@cache
def _load(checkpoint: Path) -> ProtoNet:
    """Load a learner once, so that its features can be used again."""
    learner = load_learner(str(checkpoint), resolve_device("cpu"))
    assert isinstance(learner, ProtoNet), "the defects are patches of a ProtoNet"
    return learner


def _asked_once() -> AbstractContextManager[object]:
    """Ask a learner again after its first evaluation only, which saves half of the time."""
    found: list[Findings] = []

    def ask(learner: Learner, answered: Answered) -> Findings:
        if not found:
            found.append(ask_again(learner, answered))
        return found[0]

    return patch.object(results, "ask_again", ask)
