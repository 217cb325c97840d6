"""Train a learner from a recipe, and write the training run into a folder."""

from pathlib import Path
from typing import TypedDict

from fewbench.files import check_file_places
from fewbench.locks import only_writer
from fewbench.progress import Progress

from ..baselines.config import TrainConfig
from ..baselines.device.choose import resolve_device
from ..baselines.run_folder import RUN_FILES, saved_step
from ..baselines.training import TrainBudget, Trainer, TrainViews
from ..baselines.training_cost import measure_cost
from ..datasets.catalogue import find_dataset
from ..datasets.root import data_root, open_split
from ..datasets.view import ImageView


class TrainingSummary(TypedDict):
    """The main facts about a finished training run.

    checkpoint: the path of the selected checkpoint
    out: the folder of the run
    val_accuracy: the validation accuracy of the checkpoint, as a fraction; None if
        there was no validation
    """

    checkpoint: str
    out: str
    dataset: str
    steps: int
    seconds: float
    precision: str
    device: str
    val_accuracy: float | None


class TrainingEstimate(TypedDict):
    """What the rest of a training run takes, measured on a few steps.

    start: the number of steps that are already done
    seconds: the time for the other steps and their validations
    peak_bytes: the memory; 0 if the system does not report it
    """

    start: int
    steps: int
    seconds: float
    seconds_per_step: float
    seconds_per_validation: float
    peak_bytes: int


def train_views(config: TrainConfig, root: Path | None) -> TrainViews:
    """Return the images for training and the images for selecting a checkpoint.

    root: the folder with the built datasets; None for the default folder of `data_root`
    Raises DataError if the dataset is unknown or not built.
    """
    where = data_root(root)
    info = find_dataset(config.dataset, where)
    train = open_split(info, where, "train")
    val = open_split(info, where, "val")
    if config.train_splits == "train+val":
        view = ImageView([train, val], rotations=config.rotations)
        return TrainViews(view, None)
    return TrainViews(
        ImageView([train], rotations=config.rotations),
        ImageView([val], rotations=config.rotations),
    )


def train_run(
    config: TrainConfig,
    out: Path,
    budget: TrainBudget,
    root: Path | None,
    progress: Progress,
) -> TrainingSummary:
    """Train a learner from a recipe, and write the training run into a folder.

    config: the recipe
    out: the folder of the run
    budget: the time limit and the device
    root: the folder with the built datasets; None for the default folder of `data_root`
    Raises DataError if the dataset is unknown or not built.
    Raises BaselineError if the recipe cannot be used, `out` holds another run, or this
    machine lacks the device.
    Raises Busy if another process is training into `out`. Raises UserError if a folder is
    in the place of a file of the run.
    """
    check_file_places(*(out / name for name in RUN_FILES))
    resolve_device(budget.device)  # an error now leaves no folder
    views = train_views(config, root)
    with only_writer(out, f"training into {out}"):
        trainer = Trainer(config, views, out, budget)
        checkpoint = trainer.run(progress)
    state = trainer.state
    accuracy = None
    if trainer.views.val:
        accuracy = state.best_accuracy
    return {
        "checkpoint": str(checkpoint),
        "out": str(out),
        "dataset": config.dataset,
        "steps": state.step,
        "seconds": state.seconds,
        "precision": trainer.config.precision,
        "device": trainer.learner.card.device,
        "val_accuracy": accuracy,
    }


def estimate_run(
    config: TrainConfig,
    out: Path,
    budget: TrainBudget,
    root: Path | None,
) -> TrainingEstimate:
    """Measure what `train_run` would take with the same arguments. Nothing is written.

    The time limit of `budget` is not considered.
    Raises DataError if the dataset is unknown or not built.
    Raises BaselineError if the recipe cannot be used.
    """
    start = saved_step(out) if budget.resume else 0
    cost = measure_cost(config, train_views(config, root), budget.device)
    return {
        "start": start,
        "steps": config.steps,
        "seconds": cost.total_seconds(config, start),
        "seconds_per_step": cost.seconds_per_step,
        "seconds_per_validation": cost.seconds_per_validation,
        "peak_bytes": cost.peak_bytes,
    }
