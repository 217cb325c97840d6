"""TODO docstring of fewbench.benchmark.train."""

from pathlib import Path
from typing import Any

from ..baselines.config import TrainConfig
from ..baselines.training import TrainBudget, Trainer, TrainViews
from ..datasets import BUILDERS
from ..datasets.lookup import pick
from ..datasets.root import data_root, open_split
from ..datasets.view import ImageView
from .evaluate_into import Progress


def train_views(config: TrainConfig, root: Path | None) -> TrainViews:
    """The classes that a recipe trains on and selects by. Raises DataError when not built."""
    info = pick("dataset", config.dataset, BUILDERS)
    stores = {
        split: open_split(info, data_root(root), split) for split in ("train", "val")
    }
    if config.train_splits == "train+val":
        return TrainViews(
            ImageView(list(stores.values()), rotations=config.rotations), None
        )
    train, val = (
        ImageView([store], rotations=config.rotations) for store in stores.values()
    )
    return TrainViews(train, val)


def train_run(
    config: TrainConfig,
    out: Path,
    budget: TrainBudget,
    root: Path | None,
    progress: Progress,
) -> dict[str, Any]:
    """Train into `out`; what a user wants to know of it afterwards."""
    trainer = Trainer(config, train_views(config, root), out, budget)

    def show(report: dict[str, Any]) -> None:
        accuracy = report["val_accuracy"]
        remark = f"val {100 * accuracy:.2f} %" if accuracy else ""
        if report["minutes"]:
            done, total = report["seconds"], report["minutes"] * 60
        else:
            done, total = report["step"], report["steps"]
        progress("train", done, total, remark)

    checkpoint = trainer.run(show)
    return {
        "checkpoint": str(checkpoint),
        "out": str(out),
        "dataset": config.dataset,
        "steps": trainer.state.step,
        "seconds": trainer.state.seconds,
        "precision": trainer.config.precision,
        "device": trainer.learner.card.device,
        "val_accuracy": trainer.state.best_accuracy if trainer.views.val else None,
    }
