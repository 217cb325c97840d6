"""The steps behind the commands: train into a folder, evaluate into a folder, report folders."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..baselines import Learner, load_learner
from ..baselines.config import TrainConfig
from ..baselines.devices import resolve_device, resolve_precision
from ..baselines.training import LOG, TrainBudget, Trainer, TrainViews
from ..datasets import BUILDERS
from ..datasets.build import data_root, open_split
from ..datasets.contact_sheet import contact_sheet
from ..datasets.info import DataError
from ..datasets.names import pick
from ..datasets.view import ImageView
from ..reports.records import EvalProtocol, RunResult
from ..reports.result_files import RESULT_PATTERN, load_results, save_result
from .evaluate import evaluate

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
    model: object,
    protocol: EvalProtocol,
    out: Path,
    overwrite: bool,
    where: tuple[Path | None, Progress | None],
) -> tuple[Path, RunResult]:
    """Evaluate and save into `out`. Raises DataError when the result is there already."""
    root, progress = where
    existing = out / f"{protocol.name}__{_name(model)}.json"
    if existing.exists() and not overwrite:
        raise DataError(
            f"{existing}: there is a result of this name already. Choose another --out, or "
            f"replace it: --overwrite"
        )
    out.mkdir(parents=True, exist_ok=True)  # better refused now than after the evaluation
    result = evaluate(model, protocol, root=root, progress=progress)
    return save_result(result, out), result


def report_folders(folders: Sequence[Path], out: Path, root: Path | None) -> list[Path]:
    """Report every result found in or below the folders, with learning curves and samples."""
    from ..reports.report import write_report  # it brings matplotlib

    found = sorted({path for folder in folders for path in folder.rglob(RESULT_PATTERN)})
    results = load_results(found or folders)
    samples = _samples(results, data_root(root))
    return write_report(results, out, samples, _histories(folders))


def refuse_used_folder(out: Path) -> None:
    """Raises DataError when `out` holds anything."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} is not empty. Choose another folder with --out, or remove it.")


def _histories(folders: Sequence[Path]) -> dict[str, list[dict[str, Any]]]:
    """Learning curves of the training runs in or below the folders, by the name of their folder."""
    histories: dict[str, list[dict[str, Any]]] = {}
    for path in sorted({path for folder in folders for path in folder.rglob(LOG)}):
        name = re.sub(r"[^a-z0-9]+", "-", path.parent.name.lower()).strip("-") or "run"
        if name in histories:
            name = f"{name}-{len(histories) + 1}"
        histories[name] = _history(path)
    return histories


def _history(path: Path) -> list[dict[str, Any]]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))["history"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: not the log of a training run ({error!r}). Move it to another folder."
        ) from error


def _name(model: object) -> str:
    card = getattr(model, "card", None)
    return f"{card.name}__seed{card.train_seed}" if card else ""


def _samples(results: Sequence[RunResult], root: Path) -> dict[str, bytes]:
    """Contact sheets of the evaluated splits, where the build at hand is the one evaluated."""
    sheets = {}
    evaluated = {(r.protocol.dataset, r.protocol.split, r.data_fingerprint) for r in results}
    for dataset, split, fingerprint in sorted(evaluated):
        try:
            info = pick("dataset", dataset, BUILDERS)
            store = open_split(info, root, split)
        except DataError:
            continue
        if store.fingerprint == fingerprint:
            title = f"{info.title}: {split} classes"
            sheets[title] = contact_sheet(ImageView([store]), 16, 8)
    return sheets
