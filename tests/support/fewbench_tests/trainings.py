"""Short trainings, also in processes of their own, to be stopped at any moment."""

from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from fewbench.baselines import save_times
from fewbench.baselines.config import TrainConfig
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.training import TrainBudget, Trainer, TrainViews
from fewbench.benchmark.train import train_run
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench.signals import Interrupted
from fewbench_tests.fork_server import CONTEXT, start_server

# Two steps on glyphs.
BRIEF = ["steps=2", "validate_every=2", "val_episodes=4", "width=8", "precision=fp32"]
_ON_BARS = [
    "way=6",
    "val_episodes=20",
    "validate_every=4",
    "width=16",
    "lr_step=5",
    "dataset=bars",
]


def config_for_bars(*settings: str) -> TrainConfig:
    """A recipe for the dataset `bars`, with some settings changed."""
    return load_recipe("protonet-glyphs", [*_ON_BARS, *settings])


def views_of(bars: dict[str, SplitStore]) -> TrainViews:
    return TrainViews(ImageView([bars["train"]]), ImageView([bars["val"]]))


def start_training(train: Callable[..., None], *arguments: object) -> BaseProcess:
    """Call one of the functions below in a process of its own, where torch uses one thread."""
    start_server()
    process: Any = CONTEXT.Process(
        target=_on_one_thread, args=(train, *arguments), daemon=True
    )
    process.start()
    return process


def train_stepwise(connection: Connection, root: Path, out: Path) -> None:
    """Train on glyphs, and wait after each step until it may go on."""

    def progress(stage: str, done: int, total: int, remark: str = "") -> None:
        connection.send("step")
        connection.recv()

    config = load_recipe("protonet-glyphs", BRIEF)
    train_run(config, out, TrainBudget(device="cpu"), root, progress)


def train_60_steps(root: Path, out: Path) -> None:
    """Train as a command does that goes on, and is saved often."""
    save_times.SECONDS_BETWEEN_SAVES = 0.02
    budget = TrainBudget(device="cpu", resume=True)
    config = config_for_bars("steps=60", "width=8")
    try:
        Trainer(config, _views_in(root), out, budget).run()
    except KeyboardInterrupt as error:
        raise SystemExit(Interrupted.of(error).exit_code) from None


def train_400_steps(root: Path, out: Path) -> None:
    budget = TrainBudget(device="cpu")
    Trainer(config_for_bars("steps=400"), _views_in(root), out, budget).run()


def _views_in(root: Path) -> TrainViews:
    return views_of(
        {split: SplitStore(root / f"{split}.h5") for split in ("train", "val")}
    )


def _on_one_thread(train: Callable[..., None], *arguments: object) -> None:
    torch.set_num_threads(1)
    train(*arguments)
