"""Train, evaluate and report in one call, on the glyphs dataset inside fewbench."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fewbench.progress import Progress, prefixed

from ..baselines.device.choose import resolve_device
from ..baselines.device.threads import fixed_threads
from ..baselines.learner import Learner
from ..baselines.recipe_files import load_recipe
from ..baselines.training import TrainBudget
from ..datasets.info import DataError
from ..reports.document_reader import read_document
from ..reports.records import RunResult
from ..reports.result_files import RESULT_PATTERN
from .episodes import find_episodes
from .evaluate_into import ResultFolder, evaluate_into
from .models import Loading, load_model
from .report_folders import report_folders
from .train import TrainingSummary, train_run
from .verification.load import load_results

PROTOCOLS = ("glyphs-5w1s", "glyphs-5w5s", "glyphs-20w1s")
# About a minute on one core of a CPU. A number of steps, and not a time, gives every machine
# the same learner, except that processors round differently.
STEPS = 300
_FOLDERS = {"protonet", "results", "report"}


@dataclass(frozen=True)
class Quickstart:
    """The output of a quickstart.

    training: a summary of the training run
    page: the path of the report's HTML page
    """

    training: TrainingSummary
    results: list[RunResult]
    report_files: list[Path]
    page: Path


def run_quickstart(
    out: Path,
    settings: Sequence[str],
    device: str,
    root: Path | None,
    progress: Progress,
) -> Quickstart:
    """Train a ProtoNet on the glyphs dataset, score it, and write a report.

    The ProtoNet and the untrained centroid learner are scored on three protocols. A
    quickstart that was stopped goes on in its folder, and repeats nothing that is finished.

    out: the folder for the training run, the results and the report: new, empty or of a
        quickstart
    settings: texts `key=value` that replace values of the recipe
    device: "auto", "cpu" or "cuda"
    root: the folder with the built datasets; None for the default folder of `data_root`
    Raises DataError if `out` is a file or a folder with something else.
    Raises BaselineError, before anything is written, if this machine lacks the device, and
    if the settings are not those of the quickstart in the folder.
    """
    refuse_used_folder(out)
    resolve_device(device)
    run_folder = out / "protonet"
    result_folder = out / "results"
    config = load_recipe("protonet-glyphs", [f"steps={STEPS}", *settings])
    budget = TrainBudget(device=device, resume=True)
    # Training amplifies rounding, and with it the number of threads: 300 steps on two threads
    # answered 20-way 1-shot less accurately by 1.6 points.
    with fixed_threads(1):
        training = train_run(config, run_folder, budget, root, progress)
    for name in ("centroid", str(run_folder)):
        learner = load_model(name, Loading(device))
        outdated = are_outdated(result_folder, learner)
        evaluate_into(
            ResultFolder(result_folder, overwrite=outdated, skip_existing=True),
            learner,
            [find_episodes(protocol, root) for protocol in PROTOCOLS],
            progress=prefixed(progress, learner.card.name),
        )
    progress("report", 0, 1)
    report = report_folders([out], out / "report", root)
    progress("report", 1, 1)
    return Quickstart(
        training=training,
        results=load_results([result_folder]),
        report_files=report.paths,
        page=out / "report" / "index.html",
    )


def refuse_used_folder(out: Path) -> None:
    """Raise DataError if `out` is a file or a folder with something else than a quickstart."""
    if not out.exists():
        return
    if out.is_dir():
        names = {path.name for path in out.iterdir()}
        visible = {name for name in names if not name.startswith(".")}
        is_ours = visible <= _FOLDERS and "protonet" in visible
        if is_ours or not visible:
            return
    raise DataError(
        f"{out}: expected a new or empty folder, or one of an earlier quickstart, got a file "
        f"or a folder with something else. Choose another folder with --out, or remove this "
        f"file or folder."
    )


def are_outdated(folder: Path, learner: Learner) -> bool:
    """Return whether the learner's results are of other weights, as after fewer steps."""
    for path in folder.glob(RESULT_PATTERN):
        saved = read_document(path)
        is_same = saved.checkpoint_sha256 == learner.card.checkpoint_sha256
        if saved.learner == learner.card.name and not is_same:
            return True
    return False
