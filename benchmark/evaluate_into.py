"""Evaluate a learner and save the result into a folder."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fewbench.progress import Progress

from ..baselines.catalogue import load_learner
from ..baselines.device.choose import resolve_device, resolve_precision
from ..baselines.learner import Learner
from ..datasets.info import DataError
from ..reports.records import EvalProtocol, RunResult
from ..reports.result_files import save_result
from .evaluate import evaluate, evaluate_drawn
from .protocols.draw import Drawn
from .stopping import StopRule, evaluate_with_stopping, stopping_protocol


@dataclass(frozen=True)
class Evaluation:
    """What a learner is scored on.

    episodes: a protocol, or episodes that are drawn already
    stop: when to stop before the end of the protocol
    root: where the datasets are built; see `data_root`
    """

    episodes: EvalProtocol | Drawn
    stop: StopRule | None = None
    root: Path | None = None

    @property
    def protocol(self) -> EvalProtocol:
        """The protocol of the result."""
        if isinstance(self.episodes, Drawn):
            return self.episodes.protocol
        if self.stop:
            return stopping_protocol(self.episodes, self.stop)
        return self.episodes


def load_on_device(
    learner: str, device: str, precision: str, settings: Sequence[str] = ()
) -> Learner:
    """A learner by name or path, on a device and in a precision as users name them.

    settings: `key=value` in place of what a recipe says about the test
    Raises BaselineError for an unknown learner, device or precision.
    """
    chosen = resolve_device(device)
    return load_learner(learner, chosen, resolve_precision(precision, chosen), settings)


def evaluate_run(
    learner: Learner,
    evaluation: Evaluation,
    out: Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[Path, RunResult]:
    """Evaluate and save the result in `out`. Returns the path of the file and the result.

    Raises DataError when `out` holds a result of this name and `overwrite` is not set.
    """
    started = time.perf_counter()
    existing = out / _result_file_name(learner, evaluation.protocol)
    if existing.exists() and not overwrite:
        raise DataError(
            f"{existing}: there is a result of this name already. Choose another folder with "
            f"--out, or replace the result: --overwrite"
        )
    # Now, so that an unusable folder is refused before the evaluation and not after it.
    out.mkdir(parents=True, exist_ok=True)
    result = _evaluate(learner, evaluation, started, progress)
    return save_result(result, out), result


def _evaluate(
    learner: Learner,
    evaluation: Evaluation,
    started: float,
    progress: Progress | None,
) -> RunResult:
    episodes = evaluation.episodes
    root = evaluation.root
    if isinstance(episodes, Drawn):
        return evaluate_drawn(learner, episodes, started, progress)
    if evaluation.stop:
        return evaluate_with_stopping(
            learner, episodes, evaluation.stop, root=root, progress=progress
        )
    return evaluate(learner, episodes, root=root, progress=progress)


def _result_file_name(learner: Learner, protocol: EvalProtocol) -> str:
    card = learner.card
    return f"{protocol.name}__{card.name}__seed{card.train_seed}.json"
