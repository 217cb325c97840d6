"""Evaluate the checkpoints of a bundle again: on its episodes, and on fresh ones.

The episodes of the bundle show whether the checkpoint gave these answers. The fresh ones show
whether it knows the answers to episodes that nobody could prepare for, since their seed is
drawn only now.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fewbench.errors import UserError
from fewbench.files import file_digest
from fewbench.progress import Progress

from ...baselines.catalogue import UNTRAINED
from ...baselines.learner import BaselineError, Learner
from ...datasets.info import DataError
from ...reports.protocol import EvalProtocol
from ...reports.records import RunResult, count_correct
from ...reports.stats.accuracies import mean_and_std
from ...reports.stats.little_spread import Allowance, MeanError
from ..evaluate import answer_range, make_examiner
from ..protocols.names import named_by_changes
from ..protocols.stream import EpisodeStream
from ..verification.recorded_learner import load_same_checkpoint
from ..verification.replay import (
    TOLERANCE,
    Replay,
    as_evaluated,
    compare_predictions,
)
from .bundle import unpacked
from .bundle_bytes import changed_meanwhile
from .check import CheckedSubmission
from .contents import checkpoint_name
from .findings import Finding, warning
from .one_result import SubmittedResult
from .rerun_record import Rerun

N_FRESH = 600
LEVEL = 0.999
_TAIL = (1 - LEVEL) / 2
_SEEDS = 2**32
Labels = NDArray[np.uint8]


class NotRerun(UserError):
    """A result that cannot be evaluated again. The text says why."""


def rerun_submission(
    path: Path,
    checked: CheckedSubmission,
    root: Path,
    checkpoints: Sequence[Path] = (),
    progress: Progress | None = None,
) -> tuple[list[Rerun], list[Finding]]:
    """Evaluate each result of a bundle again.

    Return what was found, and a warning for each result that cannot be evaluated again.

    root: the folder with the built datasets
    checkpoints: checkpoints that are not in the bundle; their SHA-256 tells whose they are
    Raises UserError if the bundle is no longer the one that was checked.
    """
    others = {file_digest(one, "sha256"): one for one in checkpoints}
    reruns: list[Rerun] = []
    findings: list[Finding] = []
    with unpacked(path) as bundle:
        if bundle.sha256 != checked.sha256:
            raise changed_meanwhile(path, checked.sha256)
        for submitted in checked.results:
            own = bundle.folder / checkpoint_name(submitted.result.train_seed)
            try:
                what = _checkpoint(submitted.result, own, others)
                found = rerun(submitted, what, root, progress)
            except (NotRerun, BaselineError, DataError) as refused:
                advice = "Without it, the submission stays re-scored"
                findings.append(
                    warning("not-rerun", submitted.name, str(refused), advice)
                )
                continue
            reruns.append(found)
    return reruns, findings


def rerun(
    submitted: SubmittedResult,
    what: str,
    root: Path,
    progress: Progress | None = None,
) -> Rerun:
    """Evaluate one result again.

    what: the checkpoint, as in `load_model`
    Raises NotRerun, BaselineError or DataError if this is not possible.
    """
    result = submitted.result
    learner = load_same_checkpoint(what, result)
    n_way = result.protocol.n_way
    stream, learner = as_evaluated(result, learner, root)
    if stream.view.fingerprint != result.data_fingerprint:
        raise NotRerun(f"the images in {root} are other ones")
    again = _answer(stream, learner, progress)
    replayed = compare_predictions(result.predictions, again, n_way)
    protocol = _fresh(result.protocol)
    stream, learner = as_evaluated(result, learner, root, protocol)
    fresh = _accuracies(_answer(stream, learner, progress), n_way)
    limits = difference_limits(result.accuracies, fresh)
    return _record(submitted.name, replayed, protocol.seed, fresh, limits)


def _record(
    file: str,
    replayed: Replay,
    fresh_seed: int,
    fresh: NDArray[np.float64],
    limits: tuple[float, float],
) -> Rerun:
    """Return the record of a result that was evaluated again.

    fresh: float64 (n_fresh,) the accuracy in each fresh episode
    limits: of the submitted accuracy minus the fresh one
    """
    low, high = limits
    fault = _fault(replayed, low)
    return Rerun(
        file=file,
        n_predictions=replayed.n_predictions,
        n_differ=replayed.n_differ,
        n_lost=replayed.n_lost,
        n_gained=replayed.n_gained,
        fresh_seed=fresh_seed,
        n_fresh=fresh.size,
        fresh_mean=float(fresh.mean()),
        low=low,
        high=high,
        level=LEVEL,
        has_passed=not fault,
        reason=fault or f"{replayed}; {TOLERANCE:.0%} may",
    )


def _checkpoint(result: RunResult, own: Path, others: dict[str, Path]) -> str:
    """Return the checkpoint of a result, as `load_model` takes it.

    own: its place in the bundle, where it may be missing
    Raises NotRerun if there is none, or if the answers cannot be repeated.
    """
    if result.protocol.sampling == "listed":
        raise NotRerun("its episodes come from a file")
    if result.deterministic is False:
        raise NotRerun("the learner's answers are random")
    if result.preparation is not None and result.preparation.transform is not None:
        raise NotRerun(
            f"its images were transformed by {result.preparation.transform}, which is not "
            f"known here"
        )
    if own.is_file():
        return str(own)
    wanted = result.checkpoint_sha256
    if wanted in others:
        return str(others[wanted])
    if wanted is None and result.learner in UNTRAINED and not result.recipe:
        return result.learner
    raise NotRerun(
        "its checkpoint is not in the bundle, and no --checkpoint has the SHA-256 that the "
        "result records"
    )


def _answer(
    stream: EpisodeStream, learner: Learner, progress: Progress | None
) -> Labels:
    """Answer all episodes of a stream: uint8 (n_episodes, n_way * n_query)."""
    examiner = make_examiner(learner, stream, progress)
    _, answers = answer_range(examiner, stream, 0, len(stream))
    return answers.predictions


def _fresh(protocol: EvalProtocol) -> EvalProtocol:
    """Return a protocol with episodes of a seed that is drawn now."""
    changed = replace(
        protocol,
        seed=secrets.randbelow(_SEEDS),
        n_episodes=N_FRESH,
        sampling="independent",
        interval="episodes-t",
    )
    return named_by_changes(changed)


def _accuracies(predictions: Labels, n_way: int) -> NDArray[np.float64]:
    correct = count_correct(predictions, n_way)
    return correct / predictions.shape[1]


def difference_limits(
    submitted: NDArray[np.float64], fresh: NDArray[np.float64]
) -> tuple[float, float]:
    """Return limits of the difference between two means over different episodes.

    They are -1 and 1 if one of them has a single episode. Nearly perfect answers get an
    allowance for a kind of episode that was not drawn. The degrees of freedom are those of
    the smaller sample, which is careful.

    submitted, fresh: float64 (n_episodes,) accuracies
    """
    fewest = min(submitted.size, fresh.size)
    if fewest < 2:
        return -1.0, 1.0
    own_mean, own_error = _mean_and_error(submitted)
    fresh_mean, fresh_error = _mean_and_error(fresh)
    known = MeanError(
        error=float(np.hypot(own_error, fresh_error)),
        df=fewest - 1,
        allowance=Allowance.of(submitted),
    )
    unseen = Allowance.of(fresh).share(_TAIL)
    # The difference is smaller if the submitted mean is lower and the fresh one higher.
    below = known.width(_TAIL, own_mean) + unseen * (1 - fresh_mean)
    above = known.width(_TAIL, 1 - own_mean) + unseen * fresh_mean
    difference = own_mean - fresh_mean
    return max(difference - below, -1.0), min(difference + above, 1.0)


def _mean_and_error(accuracies: NDArray[np.float64]) -> tuple[float, float]:
    """Return a mean and its standard error."""
    mean, std = mean_and_std(accuracies)
    return mean, std / accuracies.size**0.5


def _fault(replayed: Replay, low: float) -> str:
    """Say why a result fails; "" if it does not."""
    if replayed.too_many_differ:
        return f"{replayed}; expected at most {TOLERANCE:.0%} that differ"
    if replayed.is_one_sided:
        return f"{replayed}; expected differences in both directions"
    if low > 0:
        return (
            f"the submitted accuracy is at least {100 * low:.2f} points above that on "
            f"{N_FRESH} fresh episodes"
        )
    return ""
