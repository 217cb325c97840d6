"""Train a learner: meta-batches of tasks, validation, the best checkpoint, and exact resume.

Nothing random is carried along: episode i is addressable and weights start from the seed, so the
state of a run is its tensors and a counter. On a CPU a resumed run equals an uninterrupted one bit
by bit.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..datasets.episodes import EpisodeBatch, iterate_episodes, sample_episodes
from ..datasets.view import ImageView
from .catalogue import make_learner
from .checkpoints import load_checkpoint, save_checkpoint
from .config import ADAPTING, TrainConfig, parse_config
from .device.choose import resolve_device, resolve_precision
from .device.images import Pixels
from .device.malloc import keep_large_blocks
from .evaluation.examiner import answer
from .learner import BaselineError, TaskLearner
from .optimizer_state import load_moments, moments, weights_of
from .schedule import diverged, learning_rate

LAST, BEST, LOG = "last.safetensors", "best.safetensors", "train.json"
# Validation episodes come from a stream of their own.
_VALIDATION_SEED = 1 << 40

Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class TrainViews:
    """What a run trains on and what it selects by; no validation when trained on train + val."""

    train: ImageView
    val: ImageView | None


@dataclass(frozen=True)
class TrainBudget:
    """When to stop before the recipe's last step, and where to compute."""

    minutes: float | None = None
    device: str = "auto"
    resume: bool = False


@dataclass
class TrainState:
    """Where a run stands."""

    step: int = 0
    seconds: float = 0.0
    best_accuracy: float = -1.0
    history: list[dict[str, float]] = field(default_factory=list)


class Trainer:
    """One training run in one folder: last and best checkpoint, and a log of its history."""

    def __init__(
        self, config: TrainConfig, views: TrainViews, out: Path, budget: TrainBudget
    ) -> None:
        device = resolve_device(budget.device)
        # Batch norm over the few images of a task makes half of a MAML's gradient out of bf16's
        # rounding (0.5 to 0.75 of its norm on Omniglot at the start): never unless asked for.
        precision = config.precision
        if precision == "auto" and config.learner in ADAPTING:
            precision = "fp32"
        self.config = replace(config, precision=resolve_precision(precision, device))
        self.views, self.out, self.budget = views, out, budget
        self.learner = make_learner(self.config, views.train.image_shape, device)
        self.pixels = Pixels(views.train, device)
        self.parameters = {
            name: parameter
            for name, parameter in self.learner.network.named_parameters()
            if parameter.requires_grad
        }
        # One fused update of all parameters: many small ones would cost more than their arithmetic.
        self.optimizer = torch.optim.Adam(
            self.parameters.values(), lr=config.lr, fused=True
        )
        self.state = TrainState()
        self._started = 0.0
        self._check_episodes()
        self._prepare_folder()

    def run(self, progress: Progress | None = None) -> Path:
        """Train to the end of the recipe or the time budget; returns the selected checkpoint.

        progress: called after every step with step, steps, seconds, loss, val_accuracy
        Raises BaselineError when the training diverges; the last good checkpoint stays.
        """
        keep_large_blocks()
        self._started = time.perf_counter() - self.state.seconds
        losses: list[Tensor] = []
        for tasks in self._meta_batches():
            if self._finished():
                break
            losses.append(self._step(tasks))
            self.state.step += 1
            self.state.seconds = time.perf_counter() - self._started
            if self.state.step % self.config.validate_every == 0:
                self._checkpoint(losses)
            if progress:
                progress(self._report(losses))
        if losses:
            self._checkpoint(losses)
        return self.out / (BEST if self.views.val else LAST)

    def _meta_batches(self) -> Iterator[np.ndarray]:
        """Image indices of each step's tasks, support first, class by class: (n_tasks, n)"""
        size, config = self.config.meta_batch_size, self.config
        start = self.state.step * size
        offsets = self.views.train.class_offsets
        stream = iterate_episodes(offsets, config.train_spec, config.seed, start)
        while True:
            yield np.stack([_in_order(next(stream)) for _ in range(size)])

    def _check_episodes(self) -> None:
        """Draw one episode of each kind: better refused now than at the first validation."""
        if isinstance(self.learner, TaskLearner):
            self.learner.check_way(self.config.way)
            self.learner.check_way(self.config.val_way)
        specs = (
            (self.views.train, self.config.train_spec),
            (self.views.val, self.config.val_spec),
        )
        for view, spec in specs:
            if view:
                sample_episodes(view.class_offsets, spec, 0, 0, 1)

    def _step(self, tasks: np.ndarray) -> Tensor:
        config, learner = self.config, self.learner
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(config, self.state.step)
        learner.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        images = self.pixels.gather(tasks)
        loss = learner.backward(images, config.train_spec, self.state.step)
        if config.clip_value:
            torch.nn.utils.clip_grad_value_(self.parameters.values(), config.clip_value)
        if config.clip_norm:
            torch.nn.utils.clip_grad_norm_(self.parameters.values(), config.clip_norm)
        self.optimizer.step()
        return loss

    def _finished(self) -> bool:
        if self.state.step >= self.config.steps:
            return True
        if self.budget.minutes is None or self.state.step == 0:
            return False
        # The closing validation belongs to the budget.
        validation = (
            self.state.history[-1]["val_seconds"] if self.state.history else 0.0
        )
        return self.state.seconds + validation >= self.budget.minutes * 60

    def _checkpoint(self, losses: list[Tensor]) -> None:
        """Validate, record, and save; a killed run goes on from here."""
        if what := diverged(losses, self.state.history, self.config, self.parameters):
            raise self._divergence(what)
        mean_loss = float(torch.stack(losses).mean())
        losses.clear()
        entry = {
            "step": self.state.step,
            "seconds": self.state.seconds,
            "loss": mean_loss,
        }
        try:
            accuracy, val_seconds = self._validate()
        except BaselineError as error:  # scores that are no numbers
            raise self._divergence(f"validation: {error}") from error
        entry["val_seconds"] = val_seconds
        if self.views.val:
            entry["val_accuracy"] = accuracy
        self.state.seconds = time.perf_counter() - self._started
        self.state.history.append(entry)
        if accuracy > self.state.best_accuracy:
            self.state.best_accuracy = accuracy
            self._save(BEST, self.learner.network.state_dict())
        self._save(LAST, self._tensors())
        _write_json(self.out / LOG, self._card())

    def _divergence(self, what: str) -> BaselineError:
        kept = (
            f" The last good checkpoint is in {self.out}." * (self.out / LAST).exists()
        )
        return BaselineError(
            f"training diverged before step {self.state.step}: {what.rstrip('.')}.{kept} Try "
            f"smaller steps: --set lr=..., for MAML --set inner_lr=... or test_inner_lr=..., or "
            f"--set clip_norm=10"
        )

    def _validate(self) -> tuple[float, float]:
        view, config = self.views.val, self.config
        if view is None:
            return -1.0, 0.0
        started = time.perf_counter()
        episodes = sample_episodes(
            view.class_offsets,
            config.val_spec,
            _VALIDATION_SEED,
            0,
            config.val_episodes,
        )
        predictions = answer(self.learner, view, episodes, _VALIDATION_SEED).predictions
        labels = np.repeat(np.arange(config.val_way), config.val_query)
        return float((predictions == labels).mean()), time.perf_counter() - started

    def _report(self, losses: list[Tensor]) -> dict[str, Any]:
        last = self.state.history[-1] if self.state.history else {}
        return {
            "step": self.state.step,
            "steps": self.config.steps,
            "seconds": self.state.seconds,
            "minutes": self.budget.minutes,
            "loss": losses[-1] if losses else None,
            "val_accuracy": last.get("val_accuracy"),
        }

    def _card(self) -> dict[str, Any]:
        return {
            "config": self.config.flat(),
            "image_shape": list(self.views.train.image_shape),
            "data_fingerprint": self._fingerprints(),
            "device": self.learner.card.device,
            "step": self.state.step,
            "seconds": self.state.seconds,
            "best_accuracy": self.state.best_accuracy,
            "history": self.state.history,
        }

    def _fingerprints(self) -> list[str]:
        return [view.fingerprint for view in (self.views.train, self.views.val) if view]

    def _tensors(self) -> dict[str, Tensor]:
        return self.learner.network.state_dict() | moments(
            self.optimizer, self.parameters
        )

    def _save(self, name: str, tensors: dict[str, Tensor]) -> None:
        save_checkpoint(self.out / name, tensors, self._card())

    def _prepare_folder(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        exists = (self.out / LAST).exists()
        if exists and not self.budget.resume:
            raise BaselineError(
                f"{self.out} holds another run. Go on with it: --resume. Or choose another --out."
            )
        if exists:
            self._load()

    def _load(self) -> None:
        tensors, card = load_checkpoint(self.out / LAST)
        here = {**self.config.flat(), "data_fingerprint": self._fingerprints()}
        saved = parse_config(
            card["config"], str(self.out / LAST)
        )  # fills in keys of later versions
        there = {**saved.flat(), "data_fingerprint": card["data_fingerprint"]}
        for what, value in here.items():
            if what == "tasks_per_chunk":  # of memory alone
                continue
            if there.get(what) != value:
                raise BaselineError(
                    f"{self.out}: cannot resume: {what} differs: there {there.get(what)}, "
                    f"here {value}. Use the same recipe and data, or another --out."
                )
        self.learner.network.load_state_dict(weights_of(tensors))
        load_moments(self.optimizer, self.parameters, tensors)
        names = ("step", "seconds", "best_accuracy", "history")
        self.state = TrainState(**{name: card[name] for name in names})


def _in_order(episode: EpisodeBatch) -> np.ndarray:
    return np.concatenate([episode.support.reshape(-1), episode.query.reshape(-1)])


def _write_json(path: Path, document: dict[str, Any]) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(
        json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )
    partial.replace(path)
