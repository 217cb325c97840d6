"""The whole job on the embedded glyphs: train, evaluate, report."""

from dataclasses import dataclass
from pathlib import Path

from fewbench.progress import Progress, prefixed

from ..baselines.config import load_recipe
from ..baselines.training import TrainBudget
from ..datasets.info import DataError
from ..reports.records import RunResult
from ..reports.result_files import load_results
from .evaluate import find_episodes
from .evaluate_into import ResultFolder, evaluate_into
from .models import Loading, load_model
from .report_folders import report_folders
from .train import TrainingSummary, train_run

PROTOCOLS = ("glyphs-5w1s", "glyphs-5w5s", "glyphs-20w1s")


@dataclass(frozen=True)
class Quickstart:
    """What a quickstart made: a training run, results, and the files of a report."""

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
    """Train a ProtoNet on the glyphs, and score it and the centroid learner on three protocols.

    out: a new or empty folder, for the training run, the results and the report
    Raises DataError when `out` holds anything.
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
    """Raises DataError when `out` is a file, or a folder that holds anything."""
    is_new = not out.exists()
    if is_new or (out.is_dir() and not any(out.iterdir())):
        return
    raise DataError(
        f"{out}: expected a new or empty folder, got one that is not empty. Choose another "
        f"folder with --out, or remove this one."
    )
