"""Train a learner on batches of tasks, with validation, checkpoints and exact resume.

Every episode can be drawn directly by its number, so checkpoints save no random state.
They save tensors and the number of steps. On a CPU, a resumed run gives exactly the
same weights as an uninterrupted run.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from fewbench.documents import shown
from fewbench.progress import Progress

from ..datasets.episodes import EpisodeSpec, sample_episodes
from ..datasets.view import ImageView
from .catalogue import make_learner
from .config import TrainConfig
from .device.choose import resolve_device, resolve_precision
from .device.images import Pixels
from .device.malloc import keep_large_blocks
from .families import class_on_backend
from .learner import BaselineError, TaskLearner
from .optimizer_state import load_moments, moments, trained_parameters, weights_of
from .run_folder import BEST, LAST, RunFacts, RunFolder, TrainState
from .schedule import divergence, learning_rate
from .training_batches import TrainingBatch
from .validation import validate


@dataclass(frozen=True)
class TrainViews:
    """The images of a training run.

    train: the images for training
    val: the images for validation, which selects the best checkpoint; None if the run
        trains on train + val
    """

    train: ImageView
    val: ImageView | None

    @property
    def fingerprints(self) -> list[str]:
        """The fingerprints of the training images and of any validation images."""
        if self.val is None:
            return [self.train.fingerprint]
        return [self.train.fingerprint, self.val.fingerprint]


@dataclass(frozen=True)
class TrainBudget:
    """The time limit and the device of a training run, and whether to resume it.

    minutes: the time limit; None for no limit
    device: "auto", "cpu" or "cuda"
    resume: whether to continue the run in the output folder
    """

    minutes: float | None = None
    device: str = "auto"
    resume: bool = False


class Trainer:
    """A training run, which writes its checkpoints and its log into a folder.

    Raises BaselineError or DataError if the recipe cannot be trained on these images.
    Raises BaselineError if the folder contains another run.
    """

    def __init__(
        self,
        config: TrainConfig,
        views: TrainViews,
        out: Path,
        budget: TrainBudget,
    ) -> None:
        device = resolve_device(budget.device)
        self.config = _with_precision(config, device)
        self.views = views
        self.out = out
        self.budget = budget
        image_shape = views.train.image_shape
        self.learner = make_learner(self.config, image_shape, device)
        self.pixels = Pixels(views.train, device)
        self.parameters = trained_parameters(self.learner.network)
        # One fused operation updates all parameters. Many small operations would take
        # longer to start than to compute.
        self.optimizer = torch.optim.Adam(
            self.parameters.values(),
            lr=config.lr,
            fused=True,
        )
        self.state = TrainState()
        self._started = 0.0
        facts = RunFacts(
            config=self.config,
            image_shape=image_shape,
            data_fingerprint=views.fingerprints,
            device=self.learner.card.device,
        )
        self._folder = RunFolder(out, facts)
        self._check_episodes()
        self._folder.prepare(budget.resume)
        if self._folder.has_run:
            self._resume()

    def run(self, progress: Progress | None = None) -> Path:
        """Train until the last step of the recipe or until the time limit.

        progress: called after every step. The stage is "train". The counts are steps, or
            seconds if there is a time limit. The remark is the last validation accuracy.
        Returns the path of the selected checkpoint.
        Raises BaselineError if the training diverges. The last good checkpoint is kept.
        """
        keep_large_blocks()
        state = self.state
        self._started = time.perf_counter() - state.seconds
        losses = []
        offsets = self.views.train.class_offsets
        for batch in self.learner.batches(offsets, self.config, state.step):
            if self._finished():
                break
            loss = self._step(batch)
            losses.append(loss)
            state.step += 1
            state.seconds = time.perf_counter() - self._started
            if state.step % self.config.validate_every == 0:
                self._checkpoint(losses)
            if progress:
                self._report(progress)
        if losses:
            self._checkpoint(losses)
        selected = BEST if self.views.val else LAST
        return self.out / selected

    def _check_episodes(self) -> None:
        """Raise an error, before training, if the episodes cannot be drawn or answered.

        Otherwise the run might fail only at its first validation.
        Raises DataError if there are too few classes or images.
        Raises BaselineError if the learner cannot answer with this number of classes.
        """
        config = self.config
        if isinstance(self.learner, TaskLearner):
            self.learner.check_way(config.way)
            self.learner.check_way(config.val_way)
        _draw_one_episode(self.views.train, config.train_spec)
        if self.views.val:
            _draw_one_episode(self.views.val, config.val_spec)

    def _resume(self) -> None:
        tensors, self.state = self._folder.load()
        try:
            self.learner.network.load_state_dict(weights_of(tensors))
            load_moments(self.optimizer, self.parameters, tensors)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise BaselineError(
                f"{self.out}: cannot resume: the weights in {LAST} do not match the "
                f"recipe that is stored with them ({shown(error)}). Train again in "
                f"another folder: --out DIR"
            ) from error

    def _step(self, batch: TrainingBatch) -> Tensor:
        """Update the network once. Return the mean loss of the batch."""
        config = self.config
        rate = learning_rate(config, self.state.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.learner.network.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._backward(batch)
        parameters = self.parameters.values()
        if config.clip_value:
            torch.nn.utils.clip_grad_value_(parameters, config.clip_value)
        if config.clip_norm:
            torch.nn.utils.clip_grad_norm_(parameters, config.clip_norm)
        self.optimizer.step()
        return loss

    def _backward(self, batch: TrainingBatch) -> Tensor:
        images = self.pixels.gather(batch.images)
        labels = None
        if batch.labels is not None:
            labels = torch.from_numpy(batch.labels).to(images.device)
        spec = self.config.train_spec
        return self.learner.backward(images, spec, self.state.step, labels)

    def _finished(self) -> bool:
        if self.state.step >= self.config.steps:
            return True
        if self.budget.minutes is None or self.state.step == 0:
            return False
        # The time limit includes the validation at the end.
        seconds = self.state.seconds
        if self.state.history:
            last_entry = self.state.history[-1]
            seconds += last_entry["val_seconds"]
        return seconds >= self.budget.minutes * 60

    def _checkpoint(self, losses: list[Tensor]) -> None:
        """Validate, then write the checkpoints and the log."""
        state = self.state
        what = divergence(
            losses,
            state.history,
            self.config,
            self.parameters,
            starts_from_guessing=self.learner.starts_from_guessing,
        )
        if what:
            raise self._diverged(what)
        mean_loss = torch.stack(losses).mean()
        losses.clear()
        entry = {
            "step": state.step,
            "seconds": state.seconds,
            "loss": float(mean_loss),
        }
        accuracy, val_seconds = self._validate()
        entry["val_seconds"] = val_seconds
        if self.views.val:
            entry["val_accuracy"] = accuracy
        state.seconds = time.perf_counter() - self._started
        state.history.append(entry)
        weights = self.learner.network.state_dict()
        if accuracy > state.best_accuracy:
            state.best_accuracy = accuracy
            self._folder.save(BEST, weights, state)
        tensors = weights | moments(self.optimizer, self.parameters)
        self._folder.save(LAST, tensors, state)
        self._folder.write_log(state)

    def _validate(self) -> tuple[float, float]:
        """Return the validation accuracy and its duration in seconds.

        The accuracy is -1 if there are no validation images.
        """
        if self.views.val is None:
            return -1.0, 0.0
        started = time.perf_counter()
        try:
            accuracy = validate(self.learner, self.views.val, self.config)
        except BaselineError as error:
            # Some scores are not finite.
            raise self._diverged(f"validation: {error}") from error
        return accuracy, time.perf_counter() - started

    def _diverged(self, what: str) -> BaselineError:
        kept = ""
        if self._folder.has_run:
            kept = f" The last good checkpoint is in {self.out}."
        return BaselineError(
            f"training diverged before step {self.state.step}: "
            f"{what.rstrip('.')}.{kept} Try smaller steps: --set lr=..., for MAML "
            f"--set inner_lr=... or --set test_inner_lr=..., or --set clip_norm=10"
        )

    def _report(self, progress: Progress) -> None:
        remark = ""
        if self.views.val and self.state.history:
            last_entry = self.state.history[-1]
            accuracy = last_entry.get("val_accuracy", 0.0)
            remark = f"val {100 * accuracy:.2f} %"
        if self.budget.minutes is None:
            done = self.state.step
            total = self.config.steps
        else:
            done = int(self.state.seconds)
            total = max(1, round(self.budget.minutes * 60))
        progress("train", done, total, remark)


def _with_precision(config: TrainConfig, device: torch.device) -> TrainConfig:
    """Return the recipe with the precision "auto" replaced by fp32 or bf16."""
    precision = config.precision
    preferred = class_on_backend(config.learner, config.backend).auto_precision
    if precision == "auto" and preferred is not None:
        precision = preferred
    resolved = resolve_precision(precision, device)
    return replace(config, precision=resolved)


def _draw_one_episode(view: ImageView, spec: EpisodeSpec) -> None:
    sample_episodes(
        view.class_offsets,
        spec,
        seed=0,
        start=0,
        count=1,
    )
