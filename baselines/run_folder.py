"""Write and read the folder of a training run, with its checkpoints and its log."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fewbench.files import write_json, write_text

from .checkpoints import load_checkpoint, save_checkpoint
from .learner import BaselineError
from .optimizer_state import PROGRESS_PREFIX
from .outputs import described
from .run_facts import RunFacts

# The checkpoint of the last step that is saved. A resumed run continues from it.
LAST = "last.safetensors"
# The checkpoint with the best validation accuracy.
BEST = "best.safetensors"
LOG = "train.json"
# The history of the log as a table, for spreadsheets and scripts.
TABLE = "train.csv"
RUN_FILES = (BEST, LAST, LOG, TABLE)
_COLUMNS = ("step", "seconds", "loss", "val_accuracy", "val_seconds")
# The tensor of LAST with the losses of the steps since the last validation.
_LOSSES = f"{PROGRESS_PREFIX}losses"


@dataclass
class TrainState:
    """The progress of a training run.

    step: the number of finished steps
    seconds: the time spent so far
    best_accuracy: the best validation accuracy, a fraction; -1 if there was none
    history: an entry for each validation, with "step", "seconds", "loss" (the mean
        since the last entry), "val_seconds" and, if there are validation images,
        "val_accuracy"
    losses: the mean loss of each step since the last validation
    """

    step: int = 0
    seconds: float = 0.0
    best_accuracy: float = -1.0
    history: list[dict[str, float]] = field(default_factory=list)
    losses: list[Tensor] = field(default_factory=list)


class RunFolder:
    """The folder with the files of one training run."""

    def __init__(self, path: Path, facts: RunFacts) -> None:
        self.path = path
        self.facts = facts

    @property
    def has_run(self) -> bool:
        """Whether the folder contains the last checkpoint of a run."""
        return (self.path / LAST).exists()

    def prepare(self, resume: bool) -> None:
        """Create the folder.

        Raises BaselineError if the folder contains a run and `resume` is False, or if it
        contains other files of a run without the last checkpoint.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if not self.has_run:
            self._refuse_kept_files()
        elif not resume:
            raise BaselineError(
                f"{self.path}: holds another run: expected a folder without a training "
                f"run. Continue the other run with --resume, or choose another folder "
                f"with --out"
            )

    def _refuse_kept_files(self) -> None:
        """Raise BaselineError for a file that somebody kept, or that is of somebody else.

        A run that was stopped has its last checkpoint before any of these.
        """
        for name in (BEST, LOG, TABLE):
            path = self.path / name
            if os.path.lexists(path):
                raise BaselineError(
                    f"{path}: would be overwritten: expected a folder without a training "
                    f"run, got this file without {LAST}, from which a run goes on. Move "
                    f"it away, or choose another folder with --out"
                )

    def save(
        self,
        file_name: str,
        tensors: dict[str, Tensor],
        state: TrainState,
    ) -> None:
        """Write a checkpoint.

        tensors: the tensors of the network and, for LAST, of the optimiser
        Raises BaselineError if the file cannot be written.
        """
        if state.losses:
            tensors = {**tensors, _LOSSES: torch.stack(state.losses)}
        save_checkpoint(self.path / file_name, tensors, self._card(state))

    def write_log(self, state: TrainState) -> None:
        """Write the log (train.json), with the facts of the run and its progress.

        The table (train.csv) has a row for each validation.
        """
        write_json(self.path / LOG, self._card(state))
        write_text(self.path / TABLE, _as_csv(state.history))

    def load(self) -> tuple[dict[str, Tensor], TrainState]:
        """Read the tensors and the progress from the last checkpoint.

        Raises BaselineError if the checkpoint is damaged, or was trained with another
        recipe or other data.
        """
        tensors, card = load_checkpoint(self.path / LAST)
        self.facts.check_same_run(self.path / LAST, card)
        state = TrainState(
            step=card.step,
            seconds=card.seconds,
            best_accuracy=card.best_accuracy,
            history=card.history,
            losses=self._losses(tensors),
        )
        return tensors, state

    def _losses(self, tensors: dict[str, Tensor]) -> list[Tensor]:
        losses = tensors.get(_LOSSES)
        if losses is None:
            return []
        if losses.ndim != 1 or not losses.is_floating_point():
            raise BaselineError(
                f"{self.path / LAST}: damaged checkpoint: {_LOSSES}: expected a list of "
                f"decimal numbers, got {described(losses)}. Train again in another folder: "
                f"--out DIR"
            )
        return list(losses.to(self.facts.device))

    def _card(self, state: TrainState) -> dict[str, Any]:
        card = {
            "config": self.facts.config.flat(),
            "image_shape": list(self.facts.image_shape),
            "data_fingerprint": self.facts.data_fingerprint,
            "device": self.facts.device,
            "step": state.step,
            "seconds": state.seconds,
            "best_accuracy": state.best_accuracy,
            "history": state.history,
        }
        if self.facts.own_code:
            card["own_code"] = self.facts.own_code
        return card


def _as_csv(history: Sequence[Mapping[str, float]]) -> str:
    """Return a history as CSV. A value that is not there, such as an accuracy, is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for entry in history:
        row = [entry.get(column, "") for column in _COLUMNS]
        writer.writerow(row)
    return text.getvalue()


def saved_step(path: Path) -> int:
    """Return the step at which a run continues; 0 if the folder holds no run.

    Raises BaselineError if the checkpoint is damaged.
    """
    if not (path / LAST).exists():
        return 0
    return load_checkpoint(path / LAST)[1].step
