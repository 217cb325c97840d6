"""Evaluate a learner and save the results in a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fewbench.files import check_file_places
from fewbench.locks import exclusive
from fewbench.progress import Progress, prefixed

from ..baselines.evaluation.features import Features
from ..baselines.learner import Learner
from ..datasets.info import DataError
from ..reports.document_reader import read_document
from ..reports.name_taken import held_by
from ..reports.records import RunResult, file_stem
from ..reports.result_files import save_result
from .evaluate import make_examiner, run
from .image_shapes import try_images
from .preparing import preparation_record
from .protocols.stream import EpisodeStream
from .stopping import StopRule


@dataclass(frozen=True)
class ResultFolder:
    """The folder for results, and what to do if a result is in it already.

    overwrite: replace the existing result
    skip_existing: keep the existing result and skip its evaluation
    """

    path: Path
    overwrite: bool = False
    skip_existing: bool = False

    def has(self, learner: Learner, stream: EpisodeStream) -> bool:
        """Tell whether to skip an evaluation, because its result exists.

        Raises DataError if the result exists, and neither `overwrite` nor `skip_existing`
        is set. With `skip_existing`, raises it if the images of the existing result were
        prepared in another way.
        """
        existing = self.path / f"{_file_stem(learner, stream)}.json"
        if self.overwrite or not existing.exists():
            return False
        if self.skip_existing and _is_prepared_alike(existing, learner, stream):
            return True
        raise DataError(
            f"{existing}: there is a result of this name already: "
            f"{held_by(existing) or 'a file that is no result'}. Choose another folder "
            f"with --out or another --name, add --overwrite to replace the result, or "
            f"add --skip-existing to keep it if its images were prepared in the same way"
        )


def evaluate_into(
    folder: ResultFolder,
    learner: Learner,
    streams: Sequence[EpisodeStream],
    *,
    stop: StopRule | None = None,
    progress: Progress | None = None,
) -> list[tuple[Path, RunResult]]:
    """Evaluate a learner on several streams, and save each result when it is ready.

    Images that several streams share are embedded once.

    streams: from `find_episodes`, with the same `stop`
    stop: the rule that may stop each evaluation early; None for all episodes
    With `folder.skip_existing`, streams with an existing result are skipped.
    Return the path of the .json file and the result, for each stream that was evaluated.
    Raises DataError, before the first evaluation, if a result exists and `folder` neither
    replaces nor skips it. Raises BaselineError, also before the first one, if the learner
    does not take the images of a stream. Raises Busy if another process is making the same
    result. Also raises the errors of `evaluate`.
    """
    missing = _missing(folder, learner, streams)
    saved = []
    features: Features | None = None
    for stream in missing:
        report = progress
        if progress and len(missing) > 1:
            report = prefixed(progress, stream.protocol.name)
        stem = _file_stem(learner, stream)
        lock = folder.path / f".{stem}.lock"
        with exclusive(lock, f"evaluating {stem} into {folder.path}"):
            # Another process may have saved this result meanwhile.
            if folder.has(learner, stream):
                continue
            examiner = make_examiner(learner, stream, report, features)
            features = examiner.features
            result = run(examiner, stream, stop)
            path = save_result(result, folder.path, overwrite=folder.overwrite)
        saved.append((path, result))
    return saved


def _missing(
    folder: ResultFolder, learner: Learner, streams: Sequence[EpisodeStream]
) -> list[EpisodeStream]:
    """Return the streams to evaluate. What can fail fails here, before the long work."""
    for stream in streams:
        stem = _file_stem(learner, stream)
        check_file_places(folder.path / f"{stem}.json", folder.path / f"{stem}.npz")
    missing = [stream for stream in streams if not folder.has(learner, stream)]
    folder.path.mkdir(parents=True, exist_ok=True)
    try_images(learner, missing)
    return missing


def _file_stem(learner: Learner, stream: EpisodeStream) -> str:
    card = learner.card
    return file_stem(stream.protocol.name, card.name, card.train_seed)


def _is_prepared_alike(existing: Path, learner: Learner, stream: EpisodeStream) -> bool:
    """Tell whether a saved result is of images that were prepared in the same way."""
    saved = read_document(existing).preparation
    return saved == preparation_record(learner, stream.view)
