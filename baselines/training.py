"""Train a learner on batches of tasks, with validation, checkpoints and exact resume.

Every episode can be drawn directly by its number, so checkpoints save no random state.
They save tensors and the number of steps. On a CPU, a resumed run gives exactly the
same weights as an uninterrupted run.
"""

import time
from pathlib import Path

import torch

from fewbench.documents import shown
from fewbench.progress import Progress
from fewbench.signals import Interrupted, StopRequest, held_signals

from .config import TrainConfig
from .device.choose import resolve_device
from .device.malloc import KeptBlocks
from .learner import BaselineError
from .own_code import source_hashes
from .run_facts import RunFacts
from .run_folder import BEST, LAST, RunFolder, TrainState
from .save_times import SaveTimes
from .schedule import divergence
from .training_inputs import TrainBudget as TrainBudget
from .training_inputs import TrainViews as TrainViews
from .training_inputs import check_episodes
from .updater import Updater
from .validation import validate


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
        self.updater = Updater(config, views.train, resolve_device(budget.device))
        self.config = self.updater.config
        self.learner = self.updater.learner
        self.views = views
        self.out = out
        self.budget = budget
        self.state = TrainState()
        self._started = 0.0
        self._stop = StopRequest()
        self._saves = SaveTimes()
        self._saved_step = 0
        facts = RunFacts(
            config=self.config,
            image_shape=views.train.image_shape,
            data_fingerprint=views.fingerprints,
            device=self.learner.card.device,
            own_code=source_hashes(self.config.flat()),
        )
        self._folder = RunFolder(out, facts)
        check_episodes(self.learner, self.config, views)
        self._folder.prepare(budget.resume)
        if self._folder.has_run:
            self._resume()

    def run(self, progress: Progress | None = None) -> Path:
        """Train until the last step of the recipe or until the time limit.

        progress: called after every step. The stage is "train". The counts are steps, or
            seconds if there is a time limit. The remark changes with each validation: it has
            the mean loss since the validation before, and the accuracy.
        Returns the path of the selected checkpoint.
        Raises BaselineError if the training diverges. The last good checkpoint is kept.
        Raises Interrupted, after the run is saved, if a signal asks the process to end or
        if `progress` raises KeyboardInterrupt.
        """
        with held_signals() as self._stop, KeptBlocks() as blocks:
            try:
                self._train(progress, blocks)
                # A signal that came while the last checkpoint was written.
                self._stop.check()
            except KeyboardInterrupt as error:
                raise self._interrupted(Interrupted.of(error).number) from None
        selected = BEST if self.views.val else LAST
        return self.out / selected

    def _train(self, progress: Progress | None, blocks: KeptBlocks) -> None:
        state = self.state
        self._started = time.perf_counter() - state.seconds
        if self._validation_is_due():
            # The run was stopped during this validation.
            self._validate_and_save()
        for batch in self.updater.batches(state.step):
            if self._finished():
                break
            loss = self.updater.update(batch, state.step)
            state.losses.append(loss)
            state.step += 1
            state.seconds = time.perf_counter() - self._started
            self._stop.check()
            blocks.give_back_if_short()
            if self._validation_is_due():
                self._validate_and_save()
            elif self._saves.is_due() and not self._divergence():
                self._save()
            if progress:
                self._report(progress)
        if state.losses:
            self._validate_and_save()
            if progress:
                self._report(progress)

    def _resume(self) -> None:
        tensors, self.state = self._folder.load()
        try:
            self.updater.load(tensors)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise BaselineError(
                f"{self.out}: cannot resume: the weights in {LAST} do not match the "
                f"recipe that is stored with them ({shown(error)}). Train again in "
                f"another folder: --out DIR"
            ) from error
        self._saved_step = self.state.step
        if self.state.history:
            # A run that was killed may have written its last checkpoint without the log.
            self._folder.write_log(self.state)

    def _finished(self) -> bool:
        if self.state.step >= self._last_step:
            return True
        if self.budget.minutes is None or self.state.step == 0:
            return False
        # The time limit includes the validation at the end.
        seconds = self.state.seconds + self._seconds_of_validation()
        return seconds >= self.budget.minutes * 60

    @property
    def _last_step(self) -> int:
        wanted = self.budget.last_step
        return self.config.steps if wanted is None else min(wanted, self.config.steps)

    def _validation_is_due(self) -> bool:
        step = self.state.step
        is_last = step == self._last_step
        at_interval = step % self.config.validate_every == 0
        return (is_last or at_interval) and bool(self.state.losses)

    def _seconds_of_validation(self) -> float:
        """Return the duration of the last validation; 0 if there was none."""
        if not self.state.history:
            return 0.0
        return self.state.history[-1]["val_seconds"]

    def _validate_and_save(self) -> None:
        """Validate, then write the checkpoints and the log."""
        state = self.state
        what = self._divergence()
        if what:
            raise self._diverged(what)
        if self._saves.is_due(self._seconds_of_validation()):
            self._save()
        mean_loss = torch.stack(state.losses).mean()
        entry = {
            "step": state.step,
            "seconds": state.seconds,
            "loss": float(mean_loss),
        }
        accuracy, val_seconds = self._validate()
        if not self._folder.has_run:
            # The best checkpoint must never be there without the last one.
            self._save()
        entry["val_seconds"] = val_seconds
        if self.views.val:
            entry["val_accuracy"] = accuracy
        state.seconds = time.perf_counter() - self._started
        state.losses.clear()
        state.history.append(entry)
        if accuracy > state.best_accuracy:
            state.best_accuracy = accuracy
            self._folder.save(BEST, self.updater.weights(), state)
        self._save()
        self._folder.write_log(state)

    def _validate(self) -> tuple[float, float]:
        """Return the validation accuracy and its duration in seconds.

        The accuracy is -1 if there are no validation images.
        """
        if self.views.val is None:
            return -1.0, 0.0
        started = time.perf_counter()
        try:
            accuracy = validate(
                self.learner, self.views.val, self.config, self._check_stop
            )
        except BaselineError as error:
            # Some scores are not finite.
            raise self._diverged(f"validation: {error}") from error
        return accuracy, time.perf_counter() - started

    def _check_stop(self, stage: str, done: int, total: int, remark: str = "") -> None:
        del stage, done, total, remark
        self._stop.check()

    def _save(self) -> None:
        """Write the checkpoint from which the run goes on."""
        tensors = self.updater.tensors()
        self._saves.measure(lambda: self._folder.save(LAST, tensors, self.state))
        self._saved_step = self.state.step

    def _interrupted(self, number: int) -> Interrupted:
        """Save the run where it stands, and return the error that says so."""
        if self.state.losses and not self._divergence():
            self._save()
        step = f"step {self._saved_step} of {self.config.steps}"
        what = f"training stopped: {step} is saved in {self.out / LAST}"
        if not self._folder.has_run:
            what = "training stopped: nothing is saved yet"
        return Interrupted(number, what)

    def _divergence(self) -> str:
        """Return why the training has diverged; "" if it has not."""
        return divergence(
            self.state.losses,
            self.state.history,
            self.config,
            self.updater.parameters,
            starts_from_guessing=self.learner.starts_from_guessing,
        )

    def _diverged(self, what: str) -> BaselineError:
        kept = ""
        if self._folder.has_run:
            kept = f" The last good checkpoint is in {self.out}; choose another --out."
        return BaselineError(
            f"training diverged before step {self.state.step}: "
            f"{what.rstrip('.')}.{kept} Try smaller steps: --set lr=..., for MAML "
            f"--set inner_lr=... or --set test_inner_lr=..., or --set clip_norm=10"
        )

    def _report(self, progress: Progress) -> None:
        remark = ""
        if self.state.history:
            remark = self._last_validation()
        if self.budget.minutes is None:
            done = self.state.step
            total = self.config.steps
        else:
            total = max(1, round(self.budget.minutes * 60))
            # The validation at the end may take longer than was left.
            done = min(int(self.state.seconds), total)
        progress("train", done, total, remark)

    def _last_validation(self) -> str:
        """Return the last entry of the log in words."""
        entry = self.state.history[-1]
        words = f"loss {entry['loss']:.3f}"
        accuracy = entry.get("val_accuracy")
        if accuracy is not None:
            words += f", val {100 * accuracy:.2f} %"
        if self.budget.minutes is None:
            return words
        # The counts of the progress are seconds.
        return f"step {entry['step']}, {words}"
