"""The steps behind the commands: train into a folder, evaluate into a folder."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..baselines import Learner, load_learner
from ..baselines.config import TrainConfig
from ..baselines.devices import resolve_device, resolve_precision
from ..baselines.training import TrainBudget, Trainer, TrainViews
from ..datasets import BUILDERS
from ..datasets.build import data_root, open_split
from ..datasets.info import DataError
from ..datasets.names import pick
from ..datasets.view import ImageView
from ..reports.records import EvalProtocol, RunResult
from ..reports.result_files import save_result
from .drawing import Drawn
from .evaluate import evaluate, evaluate_drawn
from .until import Goal, evaluate_until, until_protocol

Progress = Callable[..., None]


def load(learner: str, device: str, precision: str, settings: Sequence[str] = ()) -> Learner:
    """A learner by name or path, on a device and in a precision given as words.

    settings: `key=value` of what a recipe says about the test
    """
    chosen = resolve_device(device)
    return load_learner(learner, chosen, resolve_precision(precision, chosen), settings)


def train_views(config: TrainConfig, root: Path | None) -> TrainViews:
    """The classes that a recipe trains on and selects by. Raises DataError when not built."""
    info = pick("dataset", config.dataset, BUILDERS)
    stores = {split: open_split(info, data_root(root), split) for split in ("train", "val")}
    if config.train_splits == "train+val":
        return TrainViews(ImageView(list(stores.values()), rotations=config.rotations), None)
    train, val = (ImageView([store], rotations=config.rotations) for store in stores.values())
    return TrainViews(train, val)


def train_run(
    config: TrainConfig, out: Path, budget: TrainBudget, root: Path | None, progress: Progress
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


def evaluate_run(
    model: Learner,
    test: EvalProtocol | Drawn,
    out: Path,
    overwrite: bool,
    where: tuple[Path | None, Progress | None],
    goal: Goal | None = None,
) -> tuple[Path, RunResult]:
    """Evaluate and save into `out`, up to the goal if there is one. Raises DataError when the
    result is there already."""
    root, progress = where
    started = time.perf_counter()
    card = test.protocol if isinstance(test, Drawn) else test
    if goal:
        card = until_protocol(card, goal)
    existing = out / f"{card.name}__{model.card.name}__seed{model.card.train_seed}.json"
    if existing.exists() and not overwrite:
        raise DataError(
            f"{existing}: there is a result of this name already. Choose another --out, or "
            f"replace it: --overwrite"
        )
    out.mkdir(parents=True, exist_ok=True)  # better refused now than after the evaluation
    if isinstance(test, Drawn):
        result = evaluate_drawn(model, test, started, progress)
    elif goal:
        result = evaluate_until(model, test, goal, root=root, progress=progress)
    else:
        result = evaluate(model, test, root=root, progress=progress)
    return save_result(result, out), result


def refuse_used_folder(out: Path) -> None:
    """Raises DataError when `out` holds anything."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} is not empty. Choose another folder with --out, or remove it.")
