"""Do what a job asks: find the data, train each seed, evaluate, and judge."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fewbench.files import check_file_places, check_folder_places
from fewbench.locks import only_writer
from fewbench.progress import Progress, prefixed

from ...baselines.learner import Learner
from ...baselines.run_folder import LAST, RUN_FILES
from ...baselines.training_inputs import TrainBudget
from ...datasets import BUILDERS
from ...datasets.build import build
from ...datasets.info import Request
from ...datasets.root import data_root
from ...datasets.store.manifest import read_manifest
from ...reports.records import RunResult
from ...reports.reproduction import Reproduction, judge_reproduction
from ...reports.result_files import RESULT_PATTERN
from ..episodes import find_episodes
from ..evaluate_into import ResultFolder, evaluate_into
from ..models import Loading, load_model
from ..train import train_run
from ..verification.load import load_results, with_standing
from .job import Job, Training

SUMMARY = "reproduction.json"  # the file with the answer of the command


@contextmanager
def only_process(job: Job) -> Iterator[None]:
    """Keep other processes out of the folder of a job during the `with` block.

    Raises Busy if another process is writing it. Raises UserError or ResultError if
    something in the folder is in the way, or damaged.
    """
    with only_writer(job.out, f"reproducing {job.cell.id} in {job.out}"):
        _check_folder(job)
        yield


def _check_folder(job: Job) -> None:
    """Check what an earlier call has left, before hours of training.

    Raises ResultError if a result is damaged, and UserError if something else is in the
    place of a file or folder of the job.
    """
    runs = [training.folder for training in job.all_trainings()]
    check_folder_places(job.results, *runs)
    check_file_places(job.out / SUMMARY)
    for run in runs:
        check_file_places(*(run / name for name in RUN_FILES))
    for kind in ("*.json", "*.npz"):
        check_file_places(*job.results.glob(kind))
    _saved_results(job)


def prepare_data(job: Job, source: Path | None, progress: Progress) -> None:
    """Build the dataset of a job, unless it is built already.

    source: a folder or an archive with the data; None to download it
    Raises DataError if the data cannot be downloaded or is not what it should be.
    """
    info = BUILDERS[job.dataset]
    root = data_root(job.root)
    if read_manifest(root / info.name) is None:
        build(info, root, Request(source), progress=progress)


def reproduce(job: Job, progress: Progress) -> Reproduction:
    """Train each seed, evaluate it under the paper's protocol, and judge the results.

    What an earlier call with the same folder has finished is kept, and what it has begun
    is continued. Call it inside `only_process`.
    Raises BaselineError if the folder holds training runs of another recipe or other
    data.
    """
    cell = job.cell
    results: list[RunResult] = []
    for seed in range(job.n_seeds):
        report = prefixed(progress, f"seed {seed}") if job.n_seeds > 1 else progress
        trainings = job.trainings(seed)
        for training in trainings:
            _train(training, job, report)
        results.append(_evaluate(trainings[-1].folder, job, report))
    return judge_reproduction(
        results,
        cell.published,
        cell.tolerance / 100,
        cell.reruns,
    )


def _train(training: Training, job: Job, progress: Progress) -> None:
    """Train a run to its last step. Continue it if it was begun.

    A finished run is opened too. This checks that it has this recipe and these data, and
    makes up for a last validation that was interrupted.
    """
    budget = TrainBudget(
        device=job.device,
        resume=(training.folder / LAST).exists(),
        last_step=training.last_step,
    )
    train_run(training.config, training.folder, budget, job.root, progress)


def _evaluate(run_folder: Path, job: Job, progress: Progress) -> RunResult:
    """Return the result of a training run. Evaluate it unless its result is saved."""
    learner = load_model(str(run_folder), Loading(job.device))
    saved = _saved_result(learner, job)
    if saved is not None:
        return saved
    stream = find_episodes(job.protocol, job.root)
    # A result of this name is of other weights, such as those of a shorter training.
    folder = ResultFolder(job.results, overwrite=True)
    [(_, result)] = evaluate_into(folder, learner, [stream], progress=progress)
    return with_standing(result)


def _saved_results(job: Job) -> list[RunResult]:
    if not any(job.results.glob(RESULT_PATTERN)):
        return []
    return load_results([job.results])


def _saved_result(learner: Learner, job: Job) -> RunResult | None:
    """Return the saved result of exactly these weights; None if there is none."""
    for result in _saved_results(job):
        same_weights = result.checkpoint_sha256 == learner.card.checkpoint_sha256
        if same_weights and result.protocol == job.protocol:
            return result
    return None
