"""Train, evaluate and report in one call, on the glyphs dataset inside fewbench."""

from dataclasses import dataclass
from pathlib import Path

from fewbench.progress import Progress, prefixed

from ..baselines.recipe_files import load_recipe
from ..baselines.training import TrainBudget
from ..datasets.info import DataError
from ..reports.records import RunResult
from .episodes import find_episodes
from .evaluate_into import ResultFolder, evaluate_into
from .models import Loading, load_model
from .report_folders import report_folders
from .train import TrainingSummary, train_run
from .verification.load import load_results

PROTOCOLS = ("glyphs-5w1s", "glyphs-5w5s", "glyphs-20w1s")


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
    budget: TrainBudget,
    seed: int,
    root: Path | None,
    progress: Progress,
) -> Quickstart:
    """Train a ProtoNet on the glyphs dataset, score it, and write a report.

    The ProtoNet and the untrained centroid learner are scored on three protocols.

    out: a new or empty folder for the training run, the results and the report
    seed: the training seed
    root: the folder with the built datasets; None for the default folder of `data_root`
    Raises DataError if `out` is a file or a folder that is not empty.
    """
    refuse_used_folder(out)
    run_folder = out / "protonet"
    result_folder = out / "results"
    config = load_recipe("protonet-glyphs", [f"seed={seed}"])
    training = train_run(config, run_folder, budget, root, progress)
    for name in ("centroid", str(run_folder)):
        learner = load_model(name, Loading(budget.device))
        evaluate_into(
            ResultFolder(result_folder),
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
    """Raise DataError if `out` is a file or a folder that is not empty."""
    is_new = not out.exists()
    if is_new or (out.is_dir() and not any(out.iterdir())):
        return
    raise DataError(
        f"{out}: expected a new or empty folder, got a file or a folder that is not "
        f"empty. Choose another folder with --out, or remove this file or folder."
    )
