"""Make all checks of a result, for `fewbench verify`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fewbench.progress import Progress

from ...baselines.catalogue import UNTRAINED
from ...baselines.learner import Learner, LearnerCard
from ...datasets.catalogue import find_dataset
from ...datasets.info import DataError
from ...datasets.store.manifest import read_manifest
from ...reports.document_reader import NoResultError
from ...reports.records import ResultError, RunResult
from ...reports.result_files import RESULT_PATTERN, load_with_document
from ..protocols.stream import protocol_view
from .checks import Check, failed, not_possible, passed
from .file_checks import check_document
from .load import check_result, with_standing
from .recorded_learner import load_with_settings
from .replay import check_replay

_FILES = "the files"
_BUILD = "the images in your build"
_LEARNER = "the learner"
_REPLAY = "the predictions, replayed"
_CHECKPOINT = "add --checkpoint with its checkpoint or training run"


@dataclass(frozen=True)
class VerifiedResult:
    """A result with all its checks.

    path: the JSON document of the result
    """

    path: Path
    checks: list[Check]

    @property
    def has_passed(self) -> bool:
        """Whether no check failed."""
        return all(check.outcome != "failed" for check in self.checks)


def verify_result(
    path: Path,
    root: Path,
    checkpoint: str | None = None,
    progress: Progress | None = None,
    features: str | None = None,
) -> VerifiedResult:
    """Check whatever can be checked of a result.

    path: the JSON document of the result
    root: the folder with the built datasets; a dataset need not be built
    checkpoint: the learner of the result, as in `load_model`; None if it is not at hand
    features: the member of an encoder's output that holds the features, as in `Loading`
    Raises BaselineError if there is no such checkpoint.
    Raises NoResultError if the document is no result, unless it has the name of one.
    """
    try:
        result, saved = load_with_document(path)
    except ResultError as error:
        is_other_file = isinstance(error, NoResultError)
        if is_other_file and not path.match(RESULT_PATTERN):
            raise
        return VerifiedResult(path, [Check(_FILES, "failed", str(error))])
    result = with_standing(result)
    checks = check_document(saved, result)
    build = _check_build(result, root, build_embedded=checkpoint is not None)
    checks += [*check_result(result), build]
    if checkpoint is None and result.learner in UNTRAINED and not result.recipe:
        checkpoint = result.learner
    if checkpoint is None:
        reason = f"the learner is not at hand: {_CHECKPOINT}"
        checks += [not_possible(_LEARNER, reason), not_possible(_REPLAY, reason)]
        return VerifiedResult(path, checks)
    learner, check = _load(checkpoint, result, features)
    checks.append(check)
    if build.outcome == "passed":
        checks.append(check_replay(result, learner, root, progress))
    else:
        reason = f"the images are not at hand: {build.detail}"
        checks.append(not_possible(_REPLAY, reason))
    return VerifiedResult(path, checks)


def _load(
    checkpoint: str, result: RunResult, features: str | None
) -> tuple[Learner, Check]:
    """Load the learner with the settings of a result, and check that it is the result's."""
    learner, refused = load_with_settings(checkpoint, result, features)
    if refused is not None:
        return learner, failed(_LEARNER, "the recipe of the checkpoint", str(refused))
    return learner, _check_learner(result, learner.card)


def _check_build(result: RunResult, root: Path, *, build_embedded: bool) -> Check:
    """Compare the classes of a result with those of the user's build."""
    protocol = result.protocol
    try:
        info = find_dataset(protocol.dataset, root)
        is_built = read_manifest(root / info.name) is not None
        if not is_built and not (info.embedded and build_embedded):
            return not_possible(_BUILD, f"{info.name} is not built in {root}")
        view = protocol_view(protocol, root)
    except DataError as error:
        return not_possible(_BUILD, str(error))
    if view.fingerprint != result.data_fingerprint:
        reason = f"the build in {root} has other images ({view.fingerprint:.16}…)"
        return not_possible(_BUILD, reason)
    sizes = np.diff(view.class_offsets)
    if list(view.class_names) != result.class_names.tolist():
        return failed(_BUILD, "the class names of the build", "other names or orders")
    if not np.array_equal(sizes, result.class_sizes):
        return failed(_BUILD, "the class sizes of the build", "other sizes")
    return passed(_BUILD, f"the same content hash, classes and sizes in {root}")


def _check_learner(result: RunResult, card: LearnerCard) -> Check:
    """Compare the checkpoint with the hashes that the result records."""
    if result.checkpoint_sha256 is None and not result.recipe:
        return not_possible(_LEARNER, "the result records no checkpoint and no recipe")
    if card.checkpoint_sha256 == result.checkpoint_sha256:
        return passed(
            _LEARNER, f"the checkpoint has the sha256 {card.checkpoint_sha256}"
        )
    weights = result.weights.sha256 if result.weights else None
    if weights is not None and card.weights_sha256 == weights:
        return passed(_LEARNER, f"the weights have the sha256 {weights}")
    expected = f"a checkpoint with sha256 {result.checkpoint_sha256}"
    return failed(_LEARNER, expected, str(card.checkpoint_sha256))
