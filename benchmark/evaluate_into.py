"""Evaluate a learner and save the results into a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fewbench.progress import Progress, prefixed

from ..baselines.evaluation.features import Features
from ..baselines.learner import Learner
from ..datasets.info import DataError
from ..reports.records import RunResult, file_stem
from ..reports.result_files import save_result
from .evaluate import make_examiner, run
from .protocols.stream import EpisodeStream
from .stopping import StopRule


@dataclass(frozen=True)
class ResultFolder:
    """Where results are saved, and what happens to one that is there already.

    overwrite: whether a result with the same name is replaced
    skip_existing: whether the evaluation is left out then
    """

    path: Path
    overwrite: bool = False
    skip_existing: bool = False

    def has(self, learner: Learner, stream: EpisodeStream) -> bool:
        """Whether this evaluation is left out, because its result is there.

        Raises DataError if it is there, and may be neither replaced nor left out.
        """
        card = learner.card
        stem = file_stem(stream.protocol.name, card.name, card.train_seed)
        existing = self.path / f"{stem}.json"
        if self.overwrite or not existing.exists():
            return False
        if self.skip_existing:
            return True
        raise DataError(
            f"{existing}: there is a result of this name already. Choose another folder with "
            f"--out, replace the result with --overwrite, or keep it with --skip-existing"
        )


def evaluate_into(
    folder: ResultFolder,
    learner: Learner,
    streams: Sequence[EpisodeStream],
    *,
    stop: StopRule | None = None,
    progress: Progress | None = None,
) -> list[tuple[Path, RunResult]]:
    """Evaluate on each stream in turn, and save each result as soon as it is there.

    stop: when to stop before the end of a stream; see `find_episodes`
    Images that several streams share are embedded once.
    Returns the path and the result of each evaluation that was not left out.
    Raises DataError, before anything is evaluated, for a result that is there already.
    """
    missing = [stream for stream in streams if not folder.has(learner, stream)]
    # Now, so that an unusable folder is refused before the evaluation and not after it.
    folder.path.mkdir(parents=True, exist_ok=True)
    saved = []
    features: Features | None = None
    for stream in missing:
        report = progress
        if progress and len(missing) > 1:
            report = prefixed(progress, stream.protocol.name)
        examiner = make_examiner(learner, stream, report, features)
        features = examiner.features
        result = run(examiner, stream, stop)
        saved.append((save_result(result, folder.path), result))
    return saved
