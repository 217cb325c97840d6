"""Do a task of the kind "training": train, and publish the selected checkpoint."""

import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from fewbench.progress import report_nothing

from ...baselines.checkpoints import Card, load_checkpoint, save_checkpoint
from ...baselines.learner import BaselineError
from ...baselines.optimizer_state import weights_of
from ...baselines.own_code import source_hashes
from ...baselines.recipe_files import parse_config
from ...baselines.run_folder import BEST, LAST
from ...baselines.training_inputs import TrainBudget
from ..train import train_run
from .place import Place
from .task import Task


def make_training(task: Task, place: Place, attempt: Path) -> Path:
    """Train in the folder of an attempt, and return the selected checkpoint.

    The training goes on from the newest checkpoint of an earlier attempt that can be read.
    All times in the returned checkpoint are 0, so that its bytes are the same each time.
    Raises BaselineError if code of the user differs here from that of the command.
    Raises the errors of `train_run`.
    """
    config = parse_config(dict(task.body["config"]), task.title)
    _check_code(source_hashes(config.flat()), task.body.get("own_code", {}))
    _take_over(place.attempts(task), attempt)
    device = task.conditions.device
    budget = TrainBudget(device=device, resume=(attempt / LAST).exists())
    run = train_run(config, attempt, budget, place.root, report_nothing)
    made = attempt / "published.safetensors"
    return _without_times(Path(run["checkpoint"]), made, device)


def _check_code(here: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """Refuse to train with other code than that which the task was made of."""
    if here != expected:
        raise BaselineError(
            "the code of the learner or of its backbone is not the same here as where "
            f"fewbench grid run began: expected sha256 {dict(expected)}, got {dict(here)}. "
            "Use the same file on all machines, and type the same command again"
        )


def _take_over(attempts: list[Path], attempt: Path) -> None:
    """Copy the checkpoints of the newest earlier attempt that can be read."""
    for earlier in attempts:
        if earlier != attempt and _can_go_on(earlier):
            for name in (BEST, LAST):
                if (earlier / name).exists():
                    shutil.copyfile(earlier / name, attempt / name)
            return


def _can_go_on(earlier: Path) -> bool:
    """Return whether the checkpoints of an attempt are complete and undamaged."""
    try:
        _, card = load_checkpoint(earlier / LAST)
        if card.best_accuracy >= 0:
            load_checkpoint(earlier / BEST)
    except (BaselineError, OSError):
        return False
    return True


def _without_times(checkpoint: Path, made: Path, device: str) -> Path:
    """Write a checkpoint again with its weights alone, and with 0 for all times."""
    tensors, card = load_checkpoint(checkpoint)
    save_checkpoint(made, weights_of(tensors), _timeless(card, device))
    return made


def _timeless(card: Card, device: str) -> dict[str, Any]:
    history = []
    for entry in card.history:
        history.append({**entry, "seconds": 0.0, "val_seconds": 0.0})
    card = replace(card, seconds=0.0, history=history)
    values = asdict(card)  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too
    return {**values, "device": device}
